"""A node that this program is attached to, as the screens read it: what it was told last."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ..engine import clock
from ..engine.node import NodeError
from ..engine.views.events import Event
from ..engine.views.snapshot import Ban, ContactDetail, Holdings, LookupDetail, Snapshot
from ..engine.wire.compact import Addr
from ..keyring import Keyring
from ..packets.ring import PacketRing
from ..sources.event_ring import EventRing
from ..sources.lines import ContactAt, EventLine, HoldingsAt, LookupAt, Messages, State, event_of
from ..sources.source import Player
from .messages import BansAt, Hello

if TYPE_CHECKING:
    from ..engine.commands import NodeCommands

K = TypeVar("K")
V = TypeVar("V")

LATEST_WALL = 2.0**32
"""The latest Unix time that is shown, as of a recording."""
MOST_KEPT = 2048
"""Most lookups, and nodes of the table, of which the details are kept."""
FARTHEST = 366 * 86_400.0
"""Most seconds from the hello to a line: invalid times would break clocks and calendars."""


class AttachedSource:
    """What a node tells of itself. `hear` takes its lines."""

    player: Player | None = None
    keyring: Keyring | None = None

    def __init__(self, hello: Hello, now: Callable[[], float] = clock.now) -> None:
        """`now` gives seconds on this program's clock, of which the node's may be another machine's."""
        self.packets, self.events = PacketRing(), EventRing()
        self.commands: NodeCommands | None = None
        self.lost = ""
        """Why nothing is told any more, a clause."""
        self._hello, self._now = hello, now
        self._ahead = hello.clock - now()
        """How far the node's clock is ahead of ours, at least: a line takes its time."""
        self._snapshot: Snapshot | None = None
        self._lookups: dict[int, LookupDetail] = {}
        self._contacts: dict[Addr, ContactDetail] = {}
        self._holdings = Holdings((), (), ())
        self._bans = BansAt(hello.clock, ())
        self._messages = Messages()
        self._listeners: list[Callable[[Event], None]] = []

    # ---- what it is told ---------------------------------------------------------------------------

    def hear(self, line: EventLine | State | BansAt) -> bool:
        """Take a line. Returns whether it is of a possible time: if not, it is left out."""
        if abs(line.at - self._hello.clock) > FARTHEST:
            return False
        match line:
            case Snapshot():
                self._take(line)
            case LookupAt():
                _keep(self._lookups, line.detail.view.number, line.detail)
            case ContactAt():
                _keep(self._contacts, line.detail.contact.addr, line.detail)
            case HoldingsAt():
                self._holdings = line.holdings
            case BansAt():
                self._bans = line
            case _:
                self._happened(line)
        return True

    def _take(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._ahead = max(self._ahead, snapshot.at - self._now())
        shown = {view.number for view in snapshot.lookups}
        self._lookups = {number: detail for number, detail in self._lookups.items() if number in shown}
        buckets = snapshot.table.buckets
        nodes = {node.addr for bucket in buckets for node in (*bucket.nodes, *bucket.replacements)}
        self._contacts = {addr: detail for addr, detail in self._contacts.items() if addr in nodes}

    def _happened(self, line: EventLine) -> None:
        event = self._messages.joined(*event_of(line))
        self.packets.hear(event)
        self.events.hear(event)
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception as error:
                context = {"message": "a listener of an attached node has failed", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)

    def expect_ban(self, ip: str, seconds: float) -> None:
        """A ban that was just asked for, or for 0 seconds its end: shown until the node tells."""
        others = tuple(ban for ban in self.bans() if ban.ip != ip)
        self._bans = BansAt(self.clock(), (Ban(ip, seconds), *others) if seconds > 0 else others)

    # ---- as a source -------------------------------------------------------------------------------

    @property
    def told(self) -> bool:
        """Whether there was a snapshot."""
        return self._snapshot is not None

    @property
    def latest(self) -> Snapshot:
        """The snapshot that was told last, also of a node that is gone. Raises `NodeError` before the first."""
        if self._snapshot is None:
            raise NodeError(self.lost or "the node has told nothing yet")
        return self._snapshot

    def snapshot(self) -> Snapshot:
        """The state of everything, as told last. Raises `NodeError` if the node is gone."""
        if self.lost:
            raise NodeError(self.lost)
        return self.latest

    def lookup(self, number: int) -> LookupDetail | None:
        """A lookup as told last."""
        return self._lookups.get(number)

    def contact(self, addr: Addr) -> ContactDetail | None:
        """A node of the table as told last."""
        return self._contacts.get(addr)

    def holdings(self) -> Holdings:
        """The stores as told last."""
        return self._holdings

    def bans(self) -> tuple[Ban, ...]:
        """The bans as told last, without those that have ended since."""
        passed = max(0.0, self.clock() - self._bans.at)
        return tuple(ban._replace(left=ban.left - passed) for ban in self._bans.bans if ban.left > passed)

    def clock(self) -> float:
        """Now, in seconds on the node's clock, as far as it is known."""
        return self._now() + self._ahead

    def wall(self, at: float) -> float:
        """The Unix time of a time on the node's clock."""
        return min(LATEST_WALL, max(0.0, self._hello.wall + at - self._hello.clock))

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` for every event that is told. Returns the function that ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def close(self) -> None:
        """The rings stay readable."""


def _keep(kept: dict[K, V], key: K, value: V) -> None:
    """Note the latest, and forget the oldest of too many: a node tells of no more than its snapshot has."""
    kept[key] = value
    if len(kept) > MOST_KEPT:
        del kept[next(iter(kept))]
