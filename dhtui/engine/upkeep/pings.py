"""Pings for the table: to its questionable nodes, and to nodes that have queried us."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from random import Random

from ..defence.guard import ReplyBudget
from ..defence.shares import net_of
from ..lookup.running import Sender
from ..queries import TID_LENGTH, Answer, InFlight
from ..table import Contact, Table
from ..unresponsive import UnresponsiveNodes
from ..views.statistics import Level
from ..wire.compact import Addr, is_local
from ..wire.krpc import Ping, encode_query

MAX_CHECKS = 64
"""Most pings in flight to questionable nodes of the table."""
MAX_NEWCOMERS = 128
"""Most pings in flight to nodes that have queried us. The bound is separate, so that a flood of forged queriers does
not block the checks of the table. Beyond it a random one is given up, so that the flood does not block other
queriers."""
PING_BYTES = len(encode_query(bytes(TID_LENGTH), Ping(bytes(20)), True)[1])
CHECK, NEWCOMER = "ping", "newcomer"
"""Owners of these queries."""


class Pings:
    """The pings of one engine."""

    def __init__(
        self,
        sender: Sender,
        table: Table,
        budget: ReplyBudget,
        rng: Random,
        *,
        timeout: float,
        give_up: Callable[[InFlight, float], None],
    ) -> None:
        """`timeout` is in seconds. `give_up` ends a query before its time."""
        self._sender, self._table, self._budget, self._rng = sender, table, budget, rng
        self._timeout, self._give_up = timeout, give_up
        self._checks: set[Addr] = set()
        self._newcomers: dict[Addr | str, InFlight] = {}
        """By network; local addresses each by itself."""
        self.unmet = UnresponsiveNodes(enough=1)
        """Queriers that did not answer. Separate, so that forged ones don't evict what lookups have recorded."""
        self._unchecked: deque[Addr] = deque()
        """Nodes of the table that are to be checked after a suspension..."""
        self._doubted: set[Addr] = set()
        """...and those of them that are pinged a second time if they don't answer."""

    @property
    def checks(self) -> Level:
        """How many questionable nodes are being pinged."""
        return Level(len(self._checks), MAX_CHECKS)

    @property
    def newcomers(self) -> Level:
        """How many queriers are being pinged."""
        return Level(len(self._newcomers), MAX_NEWCOMERS)

    def check(self, contact: Contact, now: float) -> None:
        """Ping a questionable node. Its answer or timeout updates the table."""
        addr = contact.addr
        if addr in self._checks or len(self._checks) >= MAX_CHECKS or self._sender.blocked(addr, now):
            return
        self._checks.add(addr)

        def done(query: InFlight, answer: Answer | None, now: float) -> None:
            self._checks.discard(addr)
            if addr in self._doubted:
                self._doubted.discard(addr)
                if answer is None:
                    self._unchecked.append(addr)
            self._check_next(now)

        self._ping(addr, contact.id, CHECK, now, done)

    def check_all(self, now: float) -> None:
        """Ping every node of the table, twice if it does not answer: after a suspension all have aged by the clock."""
        self._unchecked = deque(contact.addr for contact in self._table)
        self._doubted = set(self._unchecked)
        self._check_next(now)

    def _check_next(self, now: float) -> None:
        while self._unchecked and len(self._checks) < MAX_CHECKS:
            if contact := self._table.find(self._unchecked.popleft()):
                self.check(contact, now)

    def meet(self, addr: Addr, claimed: bytes, now: float) -> None:
        """Ping a node that has queried us. It enters the table only under the id that it claimed in the query.

        Otherwise it could pick its id after the ping.
        """
        place = addr if is_local(addr[0]) else net_of(addr[0])
        if place in self._newcomers or self.unmet.why(addr, now) or self._sender.blocked(addr, now):
            return
        if not (is_local(addr[0]) or self._budget.afford(addr[0], PING_BYTES, now)):
            return
        if len(self._newcomers) >= MAX_NEWCOMERS:
            self._give_up(self._rng.choice(list(self._newcomers.values())), now)

        def done(query: InFlight, answer: Answer | None, now: float) -> None:
            del self._newcomers[place]

        self._newcomers[place] = self._ping(addr, claimed, NEWCOMER, now, done)

    def _ping(
        self,
        addr: Addr,
        expected: bytes,
        owner: str,
        now: float,
        done: Callable[[InFlight, Answer | None, float], None],
    ) -> InFlight:
        return self._sender.send(
            addr,
            Ping(self._sender.id),
            owner,
            now,
            expected=expected,
            soft=None,
            hard=self._timeout,
            done=done,
            stalled=None,
        )
