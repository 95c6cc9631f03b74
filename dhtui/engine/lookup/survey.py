"""The survey: one collection of nodes all over the network, so that every later lookup opens with a long step.

The bootstrap is a lookup of our own id: it finds our neighbours, and few nodes in the rest of the space, where nearly
every target lies. Filling buckets by lookups of random ids (BEP 5) does not help much, because most queries of a lookup
go to the nodes around its target. A survey queries each node for the id opposite to its own. The answer is the widest
bucket of the node, 8 nodes from anywhere in the other half, which are queried next. So every query checks one node and
names 8, spread as evenly as ids are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from ..defence.shares import net_of
from ..queries import Answer, InFlight
from ..wire.compact import Addr, NodeInfo, is_local, is_private_referral
from ..wire.ids import bep42_valid
from ..wire.krpc import FindNode, Response
from .policy import Policy
from .running import Sender

ALPHA = 32
"""Most queries in flight that have not stalled."""


class Survey:
    """One running survey. Responders enter the table, or the memory of known nodes, as usual."""

    def __init__(
        self, sender: Sender, nodes: Iterable[NodeInfo], *, policy: Policy, done: Callable[[Survey, float], None]
    ) -> None:
        """It begins with `nodes` and ends after the number of queries in `policy`; `done` is then called with the
        time."""
        self._sender, self._policy, self._done = sender, policy, done
        self._left = self._most_waiting = policy.survey
        self._halves: tuple[deque[NodeInfo], deque[NodeInfo]] = deque(), deque()
        """Nodes to query, by the first bit of their ids."""
        self._seen: set[Addr | str] = set()
        self._holding: set[InFlight] = set()
        self.answered = 0
        self.fitting = 0
        """How many responders have ids that fit their addresses (BEP 42): an even sample of the network."""
        self._running = True
        self._add(nodes)

    def _add(self, nodes: Iterable[NodeInfo], named_by: str | None = None) -> None:
        for node in nodes:
            ip = node.addr[0]
            if node.id == self._sender.id or (named_by is not None and is_private_referral(ip, named_by)):
                continue
            # One node a /24: an attacker names its own nodes, and addresses all over the world are not cheap.
            place = node.addr if is_local(ip) else net_of(ip)
            half = self._halves[node.id[0] >> 7]
            if place not in self._seen and len(half) < self._most_waiting:
                self._seen.add(place)
                half.append(node)

    def pump(self, now: float) -> None:
        """Send the queries that may be sent; end when no node is left."""
        while self._running and any(self._halves) and self._left and len(self._holding) < ALPHA:
            if self._sender.full:
                self._sender.wait(self)
                return
            # Nodes of one half name nodes of the other: by turns both get equally known.
            here, there = self._halves[self._left % 2], self._halves[self._left % 2 - 1]
            node = (here or there).popleft()
            if not (self._sender.blocked(node.addr, now) or self._sender.silent(node.addr, now)):
                self._ask(node, now)
        if self._running and not self._holding:
            self._running = False
            self._done(self, now)

    def _ask(self, node: NodeInfo, now: float) -> None:
        self._left -= 1
        query = self._sender.send(
            node.addr,
            FindNode(self._sender.id, bytes(byte ^ 0xFF for byte in node.id)),
            "survey",
            now,
            expected=node.id,
            soft=self._sender.soft_for(node.addr),
            hard=self._policy.hard,
            done=self._finished,
            stalled=self._stalled,
        )
        self._holding.add(query)

    def _stalled(self, query: InFlight, now: float) -> None:
        self._holding.discard(query)
        self.pump(now)

    def _finished(self, query: InFlight, answer: Answer | None, now: float) -> None:
        self._holding.discard(query)
        if isinstance(answer, Response) and answer.id == query.expected:
            self.answered += 1
            self.fitting += bep42_valid(answer.id, query.addr[0])
            self._add(answer.nodes, query.addr[0])
        self.pump(now)
