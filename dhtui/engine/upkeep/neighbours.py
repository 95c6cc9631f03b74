"""The nodes of the table: what they did is recorded, changes are told, and questionable ones are pinged."""

from __future__ import annotations

from collections.abc import Callable, Container
from sys import intern

from ..queries import InFlight
from ..table import Change, Table
from ..views import events
from ..views.details import DetailKind
from ..views.events import Listeners
from ..wire.compact import Addr, NodeInfo
from ..wire.krpc import Response
from .other_family import OtherFamily
from .pings import Pings


class Neighbours:
    """The table of one engine as answers and timeouts change it. Times are seconds on the engine's clock."""

    def __init__(
        self, table: Table, pings: Pings, listeners: Listeners, other: OtherFamily, routers: Container[Addr]
    ) -> None:
        """`routers` are addresses that get no place in the table."""
        self._table, self._pings, self._listeners, self._other = table, pings, listeners, other
        self._routers = routers

    def answered(self, query: InFlight, answer: Response, addr: Addr, rtt: float, now: float) -> None:
        """A node answered. Under another id than expected it gets no place in the table.

        It loses its place only if it gave us another id itself before. The expected id may come from a false referral,
        made to have an honest node evicted.
        """
        if addr in self._routers:
            return
        if query.expected is not None and answer.id != query.expected:
            known = self._table.id_at(addr)
            if known is None:
                return
            if known != answer.id:
                self.drop(addr, DetailKind.OTHER_ID, now)
                return
        self._other.hand_on(query, answer, addr, now)
        self._changed(self._table.answered(NodeInfo(answer.id, addr), rtt, answer.version, now), now)
        if contact := self._table.find(addr):
            contact.last = _told(query.method, answer)

    def failed(self, addr: Addr, asked_at: float, now: float) -> None:
        """A node did not answer a query that was sent at `asked_at`."""
        self._changed(self._table.failed(addr, now, asked_at), now)

    def drop(self, addr: Addr, why: str, now: float) -> None:
        """Take a node out of the table."""
        self._changed(self._table.drop(addr, now, why), now)

    def drop_hosts(self, which: Callable[[str], bool], why: str, now: float) -> None:
        """Take the nodes out whose IP is one of `which`."""
        for contact in [contact for contact in self._table if which(contact.addr[0])]:
            self.drop(contact.addr, why, now)

    def _changed(self, change: Change, now: float) -> None:
        for contact in change.to_check:
            self._pings.check(contact, now)
        if not self._listeners:
            return
        if change.removed:
            self._listeners.tell(events.NodeRemoved(now, change.removed.id, change.removed.addr, change.why))
        if change.added:
            depth = self._table.bucket_of(change.added.number).depth
            self._listeners.tell(events.NodeAdded(now, change.added.id, change.added.addr, depth))


def _told(method: str, answer: Response) -> str:
    """What an answer contained, in this program's words."""
    said = [f"{len(answer.nodes)} nodes"] if answer.nodes else []
    said += [f"{len(answer.peers)} peers"] if answer.peers else []
    said += ["a value"] if answer.item.v is not None else []
    said += [f"seq {answer.item.seq}"] if answer.item.seq is not None else []
    said += ["a token"] if answer.token else []
    return intern(f"{method}: {', '.join(said) or 'alive'}")
