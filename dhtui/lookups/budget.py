"""The time budget of a lookup: its critical path, walked backwards, with a reason for every gap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from ..engine.lookup.decisions import EARLY
from ..engine.views.snapshot import LookupDetail, StepView
from ..engine.wire.compact import Addr
from .critical import critical_path, round_trip
from .query_status import answering, responded

_SLOW_SHARE, _SLOW_TIMES = 0.4, 2.0
"""A node is called slow if it took this share of the whole time, and this multiple of the usual round trip."""


class Reason(StrEnum):
    """Why time passed."""

    TRIP = "round_trip"
    """A query of the critical path, from sending to answer."""
    SLOW = "slow_node"
    """The same if it stalled or took much longer than usual; or others waited until such a query stalled."""
    LOST = "lost_packet"
    """A live node did not answer: the query or its answer was lost."""
    UNANSWERED = "no_answer"
    """A node that never answered held a slot, or the end waited for it."""
    BEHIND = "behind_others"
    """Other nodes were queried first, and answered: they held all slots, or the node was kept in reserve."""
    DOUBT = "doubt"
    """The node is distrusted: others were queried first."""
    OTHERS = "others"
    """At the end: the lookup waited for other nodes that might have been among the closest."""
    TURN = "turn"
    """It waited for its turn: other lookups were running."""
    ROOM = "room"
    """All lookups together had so many queries in flight that there was no room for another one."""
    START = "start"
    """No query had been sent yet: there was no candidate before the names of bootstrap hosts were resolved."""
    OWN = "own_program"
    """This program was busy: an answer was received and not read, or a query made and not sent."""
    OPEN = "open"
    """Queries were in flight when it was stopped, or still are."""
    WRITES = "writes"
    """The writes of a put or an announce to the closest nodes, after the lookup."""


AVOIDABLE = (Reason.LOST, Reason.UNANSWERED)


@dataclass(frozen=True, slots=True)
class Part:
    """An interval of a lookup's time, and its reason."""

    reason: Reason
    since: float
    """Seconds since the lookup was requested."""
    seconds: float
    places: tuple[int, ...] = ()
    """The queries that caused it, as indexes in `steps`."""
    node: Addr | None = None
    """The node of the first of them."""


@dataclass(frozen=True, slots=True)
class _Event:
    """A query was answered, given up, or stalled."""

    at: float
    place: int
    silent: bool


def budget(detail: LookupDetail) -> tuple[Part, ...]:
    """The parts of a lookup's time in their order. They follow each other without a gap and add up to the whole.

    The time of a put or an announce includes that of its writes.
    """
    looked, view = tuple(reversed(list(_Walk(detail).parts()))), detail.view
    return (*looked, Part(Reason.WRITES, view.elapsed, view.wrote)) if view.wrote > 0 else looked


def unanswered(detail: LookupDetail) -> float:
    """Seconds that were lost to lost packets and to nodes that did not answer."""
    return sum(part.seconds for part in budget(detail) if part.reason in AVOIDABLE)


class _Walk:
    """The walk from the end of a lookup to its start. The time after `at` is explained already."""

    def __init__(self, detail: LookupDetail) -> None:
        self.detail, self.steps = detail, detail.steps
        self.at = detail.view.elapsed
        self.events = sorted(_events(detail), key=lambda event: event.at)
        self.answered = answering(detail)
        self.alive = {step.addr for step in self.steps if responded(step)}
        trips = [round_trip(step) for step in self.steps if responded(step)]
        self.usual = median(trips) if trips else 0.0

    def parts(self) -> Iterator[Part]:
        path = critical_path(self.detail)
        sent: int | None = None
        for place in reversed(path):
            step = self.steps[place]
            yield from self._waited(step.ended or 0.0, sent)
            yield from self._part(Reason.SLOW if self._slow(step, path) else Reason.TRIP, step.sent, place)
            sent = self._first_to(step.addr)
            if sent != place:
                lost = not responded(self.steps[sent])
                yield from self._part(Reason.LOST if lost else Reason.TRIP, self.steps[sent].sent, sent)
        yield from self._waited(self.detail.began, sent)
        yield from self._part(Reason.TURN, 0.0)

    def _part(self, reason: Reason, since: float, *places: int) -> Iterator[Part]:
        """The part from `since` to `at`."""
        since = max(0.0, since)
        if since < self.at:
            node = self.steps[places[0]].addr if places else None
            yield Part(reason, since, self.at - since, places, node)
            self.at = since

    def _first_to(self, addr: Addr) -> int:
        return next(place for place, step in enumerate(self.steps) if step.addr == addr)

    def _slow(self, step: StepView, path: tuple[int, ...]) -> bool:
        took = round_trip(step)
        much = took >= _SLOW_SHARE * self.detail.view.elapsed and took >= _SLOW_TIMES * self.usual
        return step.stalled is not None or (len(path) > 1 and much)

    def _waited(self, since: float, sent: int | None) -> Iterator[Part]:
        """Explain the gap from `since` until the query `sent` was sent, or until the lookup was over.

        The event at the end of the gap is what the lookup waited for. The next gap is the one before the query of that
        event.
        """
        while self.at > since:
            if sent is not None and (held := self.steps[sent].held) is not None:
                yield from self._part(Reason.ROOM, max(since, held))
                sent = None
                continue
            while self.events and self.events[-1].at > self.at:
                self.events.pop()
            last = self.events[-1].at if self.events else 0.0
            if last <= since or last < self.at:
                yield from self._part(self._nothing_happened(sent), max(since, last))
                continue
            there = [event for event in self.events if event.at == last]
            silent = [event for event in there if event.silent]
            # A timeout comes first: an answer at the same time would have come anyway.
            blamed = min(silent or there, key=lambda event: self.steps[event.place].sent)
            reason = self._why(blamed, sent)
            together = (e.place for e in silent if e is not blamed and self._why(e, sent) is reason)
            yield from self._part(reason, max(since, self.steps[blamed.place].sent), blamed.place, *together)
            sent = blamed.place

    def _why(self, event: _Event, sent: int | None) -> Reason:
        step = self.steps[event.place]
        if event.silent:
            if responded(step):
                return Reason.SLOW
            return Reason.LOST if step.addr in self.alive else Reason.UNANSWERED
        if sent is None:
            return Reason.OTHERS
        return Reason.BEHIND if self.steps[sent].doubt is None else Reason.DOUBT

    def _nothing_happened(self, sent: int | None) -> Reason:
        """The reason if no answer came and no query stalled or was given up at the end of the gap."""
        if all(step.sent >= self.at for step in self.steps):
            return Reason.START
        unfinished = self.detail.view.running or self.detail.view.stopped in EARLY
        return Reason.OPEN if sent is None and unfinished else Reason.OWN


def _events(detail: LookupDetail) -> Iterator[_Event]:
    elapsed = detail.view.elapsed
    for place, step in enumerate(detail.steps):
        if step.stalled is not None and step.sent < step.stalled <= elapsed:
            yield _Event(step.stalled, place, True)
        if step.ended is not None and step.sent < step.ended <= elapsed:
            yield _Event(step.ended, place, not responded(step))
