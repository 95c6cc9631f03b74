"""The lines of the log: what happened, in words, and which packet it goes back to."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from itertools import takewhile
from typing import Final, Literal

from ...engine.views.events import (
    AddressChanged,
    Banned,
    BootstrapProgress,
    DatagramsLost,
    IdChanged,
    LinkChanged,
    LookupFinished,
    LookupStarted,
    NodeAdded,
    NodeRemoved,
    ReachabilityChanged,
    StateEvent,
    Stored,
    Woke,
)
from ...engine.views.snapshot import ErrorView, Snapshot
from ...engine.wire.compact import Addr
from ...engine.wire.methods import about
from ...packets.packet import Packet
from ...packets.parts import Link, LinkKind
from ...packets.ring import PacketRing
from ...sources.event_ring import EventRing, Happened
from ...sources.source import Source
from ...text.faults import cause_words, problem_words
from ...text.format import LONGEST_ADDRESS, address, short_id
from ...text.happenings import Cause, cause_of, cause_of_error, event_words, lookup_name
from ...text.safe import safe_text

ERRORS_KEPT: Final = 300

Level = Literal["detail", "notable", "problem"]
"""What goes on all the time; what one wants to have seen; what went wrong."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """Something that happened. All texts are safe."""

    key: Hashable
    at: float
    """The engine's clock."""
    unix: float
    """The same as unix time."""
    level: Level
    cause: Cause
    label: str
    """The cause in a word or two; of an error with its code."""
    where: str
    """An address, or empty."""
    text: str
    addr: Addr | None = None
    links: tuple[Link, ...] = ()
    """What it leads to, but for its packet."""


class Log:
    """Follows the events and errors of one source. Bounded by the event ring and `ERRORS_KEPT`."""

    def __init__(self) -> None:
        self._ring: EventRing | None = None
        self._newest = 0
        self._events: dict[int, LogLine] = {}
        self._errors: deque[LogLine] = deque(maxlen=ERRORS_KEPT)
        self._last: ErrorView | None = None
        self._lines: list[LogLine] = []
        self.came = 0
        """Lines that were new at the last `follow`."""

    def follow(self, source: Source, snapshot: Snapshot) -> list[LogLine]:
        """All lines, newest first. The very list of the last time, if nothing happened."""
        if source.events is not self._ring:
            self._ring, self._newest, self._last, self._lines = source.events, 0, None, []
            self._events = {}
            self._errors.clear()
        fresh = self._fresh(snapshot)
        self.came = len(fresh) + self._ring.newest - self._newest
        if self.came:
            self._errors.extend(error_line(error, source.wall(error.at)) for error in reversed(fresh))
            self._last = snapshot.errors[0] if snapshot.errors else None
            known, kept = self._events, self._ring.latest()
            self._newest = kept[0].number if kept else self._newest
            self._events = {
                one.number: known.get(one.number) or event_line(one, source.wall(one.event.at)) for one in kept
            }
            lines = [*self._events.values(), *reversed(self._errors)]
            self._lines = sorted(lines, key=lambda line: line.at, reverse=True)
        return self._lines

    def _fresh(self, snapshot: Snapshot) -> list[ErrorView]:
        return list(takewhile(lambda error: error != self._last, snapshot.errors))

    def left_out(self, snapshot: Snapshot) -> int:
        """How many of the events and of all that went wrong up to `snapshot` have no line, or none any more."""
        events = self._newest - len(self._events)
        return max(0, events) + max(0, snapshot.noted - len(self._errors))

    def missed(self, source: Source, newest: Snapshot) -> int:
        """How many events and errors came since `follow`; of the errors, 50 at most."""
        return source.events.newest - self._newest + len(self._fresh(newest))


def error_line(error: ErrorView, unix: float) -> LogLine:
    """Something that went wrong. Silence is what every fourth query meets with, so it is a mere detail."""
    return LogLine(
        key=("error", error.at, error.addr, error.cause, error.text),
        at=error.at,
        unix=unix,
        level="detail" if error.cause == Cause.TIMED_OUT else "problem",
        cause=cause_of_error(error.cause),
        label=safe_text(cause_words(error.cause), 24),
        where=safe_text(address(error.addr), LONGEST_ADDRESS),
        text=safe_text(problem_words(error.text)),
        addr=error.addr,
        links=(_at(error.addr),),
    )


def event_line(happened: Happened, unix: float) -> LogLine:
    """Something that changed."""
    event = happened.event
    cause, addr = cause_of(event), getattr(event, "addr", None)
    return LogLine(
        key=("event", happened.number),
        at=event.at,
        unix=unix,
        level=_level(event),
        cause=cause,
        label=cause.value,
        where=safe_text(address(addr) if addr else getattr(event, "ip", ""), LONGEST_ADDRESS),
        text=event_words(event),
        addr=addr,
        links=_links(event),
    )


def _at(addr: Addr) -> Link:
    return Link("address", addr, safe_text(f"the node at {address(addr)}"))


def _id(node_id: bytes) -> Link:
    return Link("node", node_id, f"the node {short_id(node_id)}")


_NOTABLE = (
    LookupFinished,
    Banned,
    BootstrapProgress,
    AddressChanged,
    IdChanged,
    ReachabilityChanged,
    Woke,
    LinkChanged,
)


def _level(event: StateEvent) -> Level:
    """How much it matters. What the user did, such as a ban, is no problem."""
    match event:
        case LookupFinished(answered=0) | ReachabilityChanged(reachable=False) | DatagramsLost():
            return "problem"
        case _:
            return "notable" if isinstance(event, _NOTABLE) else "detail"


def _links(event: StateEvent) -> tuple[Link, ...]:
    """What an event leads to."""
    match event:
        case NodeAdded(id=node_id, addr=addr) | NodeRemoved(id=node_id, addr=addr):
            return _id(node_id), _at(addr)
        case LookupStarted() | LookupFinished():
            what: LinkKind = "infohash" if about(event.kind) == "infohash" else "target"
            return (
                Link("lookup", event.number, f"the lookup {lookup_name(event)}"),
                Link(what, event.target, f"its target {event.target.hex()}"),
            )
        case Stored(what="peer", target=target, addr=addr):
            return Link("infohash", target, f"the infohash {short_id(target)}"), _at(addr)
        case Stored(target=target, addr=addr):
            return Link("target", target, f"the item {short_id(target)}"), _at(addr)
        case IdChanged(old=old_id, new=new_id):
            return _id(new_id), _id(old_id)
        case _:
            return ()


# ---- packets ----------------------------------------------------------------------------------------------


def packet_of(line: LogLine, packets: PacketRing) -> Packet | None:
    """The packet that a line goes back to, while it is kept: what came at that moment from there, or what ended."""
    if line.addr is None:
        return None
    for packet in reversed(packets):
        if packet.addr != line.addr:
            continue
        if line.cause is Cause.TIMED_OUT:
            ending = packets.ending(packet)
            if packet.direction == "out" and ending is not None and ending.at == line.at:
                return packet
        elif packet.at == line.at:
            # What we answered at that moment was an answer to what brought it about.
            return packet.query if packet.direction == "out" and packet.query is not None else packet
    return None


def only(lines: Iterable[LogLine], least: Level) -> list[LogLine]:
    """The lines of that level and above."""
    order: tuple[Level, ...] = ("detail", "notable", "problem")
    wanted = order[order.index(least) :]
    return [line for line in lines if line.level in wanted]
