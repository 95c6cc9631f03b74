"""Which queries of a capture are one lookup: those for one target, by one method, from one address, within seconds."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from ....engine.wire.compact import Addr
from ....engine.wire.krpc import Response
from ....engine.wire.methods import GivenItem, GivenPeers, is_write
from ..message import Captured

QUIET: Final = 15.0
"""Seconds without a query or an answer after which a lookup is over. The clients in use wait up to 10 to 15 s for a
node, and none looks for the same target again so soon of its own accord."""
REPEAT_QUIET: Final = 1.0
"""Seconds of quiet after which a query to a node that has answered begins another lookup, as few clients ask a node
twice; at once where no query is in flight."""
MOST_OPEN: Final = 4096
"""Most lookups that are under way at a time; beyond, the one that was quiet for longest is over."""
MOST_STEPS: Final = 2048
"""Most queries of a lookup that are kept one by one; the others are counted."""
MOST_STEPS_OPEN: Final = 131_072
"""The same of all lookups that are under way."""

_Key: TypeAlias = tuple[Addr, str, bytes]


@dataclass(slots=True, eq=False)
class Step:
    """A query of a lookup."""

    walk: Walk
    query: int
    """Its number."""
    dest: Addr
    sent: float
    """Unix time, seconds."""
    answer: int | None = None
    """The number of the first answer."""
    ended: float | None = None
    """When that came."""


@dataclass(slots=True, eq=False)
class Walk:
    """A lookup, as far as the capture shows it."""

    number: int
    """From 1 on, in the order of their beginning."""
    source: Addr
    """Who looked."""
    method: str
    """One that this program knows, or any other: hostile."""
    target: bytes
    started: float
    """Unix time, as the following."""
    last: float
    """When its last query or answer came."""
    steps: list[Step] = field(default_factory=list)
    queries: int = 0
    answers: int = 0
    """Queries that were answered, with errors too."""
    first: float | None = None
    """When the first answer came."""
    complete: float | None = None
    """When the last answer came."""
    found: float | None = None
    """When the first peers, or the first value, came."""
    asked: dict[Addr, bool] = field(default_factory=dict)
    """The nodes that were asked, and whether they have answered; at most `MOST_STEPS`."""
    over: bool = False

    @property
    def is_lookup(self) -> bool:
        """Whether several nodes were asked. A node that asks a single one may look, but only that one sees it."""
        return len(self.asked) > 1


class Walks:
    """Groups queries. A lookup is handed out once when it begins, and once when it is over."""

    def __init__(self) -> None:
        self.begun = 0
        self._open: OrderedDict[_Key, Walk] = OrderedDict()
        """The one that was quiet for longest is the first."""
        self._steps = 0
        """Those of all open lookups."""

    def follow(self, heard: Captured) -> list[Walk]:
        """Take a message, after `Pairs` did. Returns the lookups that are over by its time."""
        over = self._expire(heard.at)
        if heard.kind == "query":
            target = heard.target
            if target is not None and not is_write(heard.method):
                over += self._asks(heard, target)
        elif heard.query is not None and heard.query.step is not None:
            self._answers(heard, heard.query.step)
        return over

    def end(self) -> list[Walk]:
        """There are no more messages. Returns the lookups that are over with that."""
        over = [*self._open.values()]
        self._open.clear()
        self._steps = 0
        for walk in over:
            walk.over = True
        return over

    def _asks(self, heard: Captured, target: bytes) -> list[Walk]:
        key = heard.source, heard.method, target
        over: list[Walk] = []
        walk = self._open.get(key)
        if walk is not None and walk.asked.get(heard.dest) and _rests(walk, heard.at):
            over.append(self._close(key))
            walk = None
        if walk is None:
            self.begun += 1
            walk = Walk(self.begun, heard.source, heard.method, target, heard.at, heard.at)
            self._open[key] = walk
        self._open.move_to_end(key)
        if len(self._open) > MOST_OPEN or self._steps > MOST_STEPS_OPEN:
            over.append(self._close(next(iter(self._open))))
        walk.queries += 1
        walk.last = max(walk.last, heard.at)
        if len(walk.steps) < MOST_STEPS:
            walk.asked.setdefault(heard.dest, False)
            step = Step(walk, heard.number, heard.dest, heard.at)
            walk.steps.append(step)
            self._steps += 1
            heard.step = step
        return over

    def _answers(self, heard: Captured, step: Step) -> None:
        walk = step.walk
        if step.answer is not None or walk.over:
            return
        step.answer, step.ended = heard.number, heard.at
        walk.asked[step.dest] = True
        walk.answers += 1
        walk.last = max(walk.last, heard.at)
        walk.first = heard.at if walk.first is None else walk.first
        walk.complete = heard.at
        if walk.found is None and found_something(heard):
            walk.found = heard.at
        self._open.move_to_end((walk.source, walk.method, walk.target))

    def _expire(self, now: float) -> list[Walk]:
        over: list[Walk] = []
        while self._open:
            key, walk = next(iter(self._open.items()))
            if now - walk.last <= QUIET:
                break
            over.append(self._close(key))
        return over

    def _close(self, key: _Key) -> Walk:
        walk = self._open.pop(key)
        walk.over = True
        self._steps -= len(walk.steps)
        return walk


def _rests(walk: Walk, at: float) -> bool:
    """Whether nothing of a lookup is under way."""
    return walk.answers == walk.queries or at - walk.last > REPEAT_QUIET


def found_something(heard: Captured) -> bool:
    """Whether an answer brought peers or a value."""
    message = heard.parsed
    if type(message) is not Response:  # a plain one brings neither
        return False
    item = message.part(GivenItem)
    return message.part(GivenPeers) is not None or (item is not None and item.v is not None)
