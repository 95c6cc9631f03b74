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
from ...text.decisions import stop_words
from ...text.faults import SILENT, cause_words, problem_words
from ...text.format import address, duration, lost_unread, plural, reach, short_id, woke
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
    cause: str
    """What kind of thing, in a word or two."""
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
        level="detail" if cause_words(error.cause) == SILENT else "problem",
        cause=safe_text(cause_words(error.cause), 24),
        where=safe_text(address(error.addr), 40),
        text=safe_text(problem_words(error.text)),
        addr=error.addr,
        links=(_at(error.addr),),
    )


def event_line(happened: Happened, unix: float) -> LogLine:
    """Something that changed."""
    event = happened.event
    level, cause, text, links = _told(event)
    addr = getattr(event, "addr", None)
    where = safe_text(address(addr) if addr else getattr(event, "ip", ""), 40)
    return LogLine(("event", happened.number), event.at, unix, level, cause, where, text, addr, links)


def _at(addr: Addr) -> Link:
    return Link("address", addr, safe_text(f"the node at {address(addr)}"))


def _id(node_id: bytes) -> Link:
    return Link("node", node_id, f"the node {short_id(node_id)}")


_Told = tuple[Level, str, str, tuple[Link, ...]]


def _told(event: StateEvent) -> _Told:
    match event:
        case NodeAdded(id=node_id, addr=addr, bucket=bucket):
            text = f"{short_id(node_id)} entered the table, bucket {bucket}"
            return "detail", "node in", text, (_id(node_id), _at(addr))
        case NodeRemoved(id=node_id, addr=addr, why=why):
            text = f"{short_id(node_id)} left the table: {safe_text(why)}"
            return "detail", "node out", text, (_id(node_id), _at(addr))
        case LookupStarted() | LookupFinished():
            return _lookup(event)
        case Stored(what=what, target=target, addr=addr):
            return _stored(what, target, addr)
        case Banned(at=at, until=until, why=why):
            # Not a problem: the user wants it so.
            done = f"ignored for {duration(until - at)}" if until > at else "let in again"
            return "notable", "banned", f"{done}: {safe_text(why)}", ()
        case BootstrapProgress(text=text):
            return "notable", "bootstrap", safe_text(text), ()
        case _:
            return _about_us(event)


def _about_us(event: AddressChanged | IdChanged | ReachabilityChanged | DatagramsLost | Woke) -> _Told:
    match event:
        case AddressChanged(old=old, new=new, voters=voters):
            before = f", before {address(old)}" if old else ""
            return "notable", "our address", f"{plural(voters, 'voter')} see us as {address(new)}{before}", ()
        case IdChanged(old=old_id, new=new_id, why=why):
            text = f"{short_id(new_id)} instead of {short_id(old_id)}, {safe_text(why)}"
            return "notable", "our id", text, (_id(new_id), _id(old_id))
        case ReachabilityChanged(reachable=reachable, why=why):
            words = reach("reachable") if reachable else f"{reach('unknown')} any more"
            return ("notable" if reachable else "problem"), "reachable", f"{words}: {safe_text(why)}", ()
        case DatagramsLost(lost=lost, total=total):
            return "problem", "lost", lost_unread(lost, total), ()
        case Woke(away=away):
            return "notable", "woke", woke(away), ()


def _lookup(event: LookupStarted | LookupFinished) -> _Told:
    name = f"{safe_text(event.kind, 24)}#{event.number} {short_id(event.target)}"
    what: LinkKind = "infohash" if about(event.kind) == "infohash" else "target"
    links = (
        Link("lookup", event.number, f"the lookup {name}"),
        Link(what, event.target, f"its target {event.target.hex()}"),
    )
    if isinstance(event, LookupStarted):
        owner = "asked by you" if event.owner == "user" else f"for {safe_text(event.owner, 40)}"
        return "detail", "lookup", f"{name} began, {owner}", links
    why = stop_words(event.stopped, closest=event.closest, asked=event.asked)
    course = f"{event.answered} of {event.asked} answered; {why}"
    return ("notable" if event.answered else "problem"), "lookup", f"{name} ended: {course}", links


def _stored(what: str, target: bytes, addr: Addr) -> _Told:
    if what == "peer":
        link, thing = Link("infohash", target, f"the infohash {short_id(target)}"), "a peer of"
    else:
        link, thing = Link("target", target, f"the item {short_id(target)}"), f"the {safe_text(what, 20)} item"
    return "detail", "stored", f"{thing} {short_id(target)} is kept here now", (link, _at(addr))


# ---- packets ----------------------------------------------------------------------------------------------


def packet_of(line: LogLine, packets: PacketRing) -> Packet | None:
    """The packet that a line goes back to, while it is kept: what came at that moment from there, or what ended."""
    if line.addr is None:
        return None
    for packet in reversed(packets):
        if packet.addr != line.addr:
            continue
        if line.cause == SILENT:
            ending = packets.ending(packet)
            if packet.direction == "out" and ending is not None and ending.at == line.at:
                return packet
        elif packet.at == line.at:
            # What we answered at that moment was an answer to what brought it about.
            return packet.query if packet.direction == "out" and packet.query is not None else packet
    return None


# ---- counters ---------------------------------------------------------------------------------------------


def causes(snapshot: Snapshot) -> list[tuple[str, int]]:
    """What went wrong so far and how often, the most frequent first."""
    counts = list(snapshot.methods.values())
    named = [
        (SILENT, sum(count.timed_out for count in counts)),
        ("error replies", sum(count.errors for count in counts)),
        ("not sent", snapshot.traffic.send_failures),
        ("lost unread", snapshot.traffic.overflowed or 0),
        ("banned now", snapshot.banned),
        ("muted now", snapshot.muted),
        *((safe_text(cause, 24), count) for cause, count in snapshot.drops.items()),
    ]
    return sorted(((cause, count) for cause, count in named if count), key=lambda one: (-one[1], one[0]))


def only(lines: Iterable[LogLine], least: Level) -> list[LogLine]:
    """The lines of that level and above."""
    order: tuple[Level, ...] = ("detail", "notable", "problem")
    wanted = order[order.index(least) :]
    return [line for line in lines if line.level in wanted]
