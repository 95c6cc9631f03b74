"""A node's events and states as lines of JSON: of a recording, and to those who are attached to the node.

A line is a `Line`. A datagram that was read late is told later than its time of receipt. No line holds private keys or
the secret of write tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal, Protocol, TypeAlias, get_args

from ..engine.views.events import (
    Event,
    LookupFinished,
    LookupStarted,
    PacketReceived,
    PacketSent,
    QueryFinished,
    StateEvent,
)
from ..engine.views.snapshot import ContactDetail, Holdings, LookupDetail, Snapshot
from ..engine.wire.compact import Addr
from ..engine.wire.krpc import MalformedDatagram, Message, RefusedQuery, parse
from .codec import Coder, coder

LONGEST_EVENT: Final = 256 * 1024
"""Most bytes of the line of an event: twice those of a datagram, which is in hex."""
LONGEST_STATE: Final = 8 * 1024 * 1024
"""Most bytes of the line of a state: full stores, 2000 swarms and 1400 items, take 6 MiB."""

SNAPSHOT_SECONDS = 1.0
DETAILS_SECONDS = 10.0
"""Holdings, and the details of the nodes in the table, are told this often."""
MAX_CONTACTS = 1024
"""Most nodes whose details are told at a time. A table holds some 200."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A `PacketReceived` without its message, which is parsed again from the bytes."""

    at: float
    addr: Addr
    data: bytes
    parsed: Literal["no", "yes", "again"]
    """Whether it had a message; ``again``: the one of the previous event, a query that was parsed and then refused."""
    problem: str


@dataclass(frozen=True, slots=True)
class LookupAt:
    """A lookup at a time."""

    at: float
    detail: LookupDetail


@dataclass(frozen=True, slots=True)
class ContactAt:
    """A node of the table at a time."""

    at: float
    detail: ContactDetail


@dataclass(frozen=True, slots=True)
class HoldingsAt:
    """The stores at a time."""

    at: float
    holdings: Holdings


@dataclass(frozen=True, slots=True)
class End:
    """The last line. A file without it is cut off."""

    at: float
    why: str


EventLine: TypeAlias = Heard | PacketSent | QueryFinished | StateEvent
"""All events, `PacketReceived` as `Heard`."""
State: TypeAlias = Snapshot | LookupAt | ContactAt | HoldingsAt
Line: TypeAlias = EventLine | State | End
STATES: Final = get_args(State)

LINE: Final[Coder[Line]] = coder(Line)


def longest(line: Line) -> int:
    """The most bytes of a line of that kind."""
    return LONGEST_STATE if isinstance(line, STATES) else LONGEST_EVENT


class EventLines:
    """Makes lines of events, in their order."""

    def __init__(self) -> None:
        self._message: Message | None = None

    def of(self, event: Event) -> EventLine:
        """The line of the next event."""
        if not isinstance(event, PacketReceived):
            return event
        message = event.message
        parsed: Literal["no", "yes", "again"] = (
            "no" if message is None else "again" if message is self._message else "yes"
        )
        self._message = message
        return Heard(event.at, event.addr, event.data, parsed, event.problem)


def event_of(line: EventLine) -> tuple[Event, bool]:
    """The event of a line, and whether its message is that of the event before. See `Messages`."""
    if not isinstance(line, Heard):
        return line, False
    message: Message | None = None
    if line.parsed != "no":
        with suppress(MalformedDatagram, RefusedQuery):
            message = parse(line.data)
    return PacketReceived(line.at, line.addr, line.data, message, line.problem), line.parsed == "again"


class Messages:
    """Gives two events in a row about one datagram the same message, as the engine does."""

    def __init__(self) -> None:
        self._message: Message | None = None

    def joined(self, event: Event, again: bool) -> Event:
        """The next event as the engine reported it; the arguments are those of `event_of`."""
        if isinstance(event, PacketReceived):
            if again and self._message is not None:
                event = event._replace(message=self._message)
            self._message = event.message
        return event


class Stated(Protocol):
    """What has states: a node, or a source."""

    def snapshot(self) -> Snapshot:
        """The state of everything."""

    def lookup(self, number: int) -> LookupDetail | None:
        """One of the lookups of the snapshot; `None` if it is not remembered any more."""

    def contact(self, addr: Addr) -> ContactDetail | None:
        """All that is known about the node at an address, if it is in the table."""

    def holdings(self) -> Holdings:
        """The stores."""


class StateLines:
    """Makes lines of the states of a node: at intervals, and of a lookup only what has changed."""

    def __init__(
        self,
        node: Stated,
        put: Callable[[State], None],
        now: float,
        *,
        every: float = SNAPSHOT_SECONDS,
        details: float = DETAILS_SECONDS,
        at_once: int | None = None,
    ) -> None:
        """`every` and `details` are seconds between two snapshots, and two states of nodes and stores.

        `at_once`: most lookups that are told in one `tick`, the latest first; the others have their turn later.
        """
        self._node, self._put, self._every, self._at_once = node, put, every, at_once
        self.details = details
        self._owed: set[int] = set()
        self._finished: set[int] = set()
        self._snapshot_at = self._details_at = now

    def hear(self, event: Event) -> None:
        """Note which lookups have changed."""
        if isinstance(event, LookupStarted | LookupFinished):
            self._owed.add(event.number)

    def tick(self, now: float) -> bool:
        """Tell what is due at `now`, on the engine's clock. Returns whether that was a snapshot."""
        if now >= self._snapshot_at:
            self.tell(now)
            return True
        if self._owed:
            self._tell_lookups(now)
        return False

    def last(self, now: float) -> None:
        """Tell all states as they are now."""
        self._details_at = now
        self.tell(now)

    def tell(self, now: float) -> None:
        """Tell the snapshot, due or not, and what else is due."""
        self._snapshot_at = now + self._every
        snapshot = self._node.snapshot()
        self._put(snapshot)
        running = {view.number for view in snapshot.lookups if view.running}
        finished = {view.number for view in snapshot.lookups} - running
        self._owed |= running | finished - self._finished
        self._finished = finished
        self._tell_lookups(now)
        if now >= self._details_at:
            self._details_at = now + self.details
            self._tell_details(snapshot, now)

    def _tell_details(self, snapshot: Snapshot, now: float) -> None:
        self._put(HoldingsAt(now, self._node.holdings()))
        nodes = (node for bucket in snapshot.table.buckets for node in bucket.nodes)
        for node in islice(nodes, MAX_CONTACTS):
            contact = self._node.contact(node.addr)
            if contact is not None:
                self._put(ContactAt(now, contact))

    def _tell_lookups(self, now: float) -> None:
        if self._at_once is None or len(self._owed) <= self._at_once:
            told, self._owed = sorted(self._owed), set()
        else:
            told = sorted(self._owed)[-self._at_once :]
            self._owed.difference_update(told)
        for number in told:
            detail = self._node.lookup(number)
            if detail is not None:
                self._put(LookupAt(now, detail))
