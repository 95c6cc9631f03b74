"""Whose turn it is: how many operations run at once, and who is next where more are wanted.

A lookup alone keeps some eight queries in play. Of a thousand that run at once each would wait for the others at every
step, and all for the processor, which then reads answers so late that nodes seem slow. So a limited number runs, each
as quickly as alone, and the others wait; nothing is said about a node on their behalf before they have run.

**How many** follows from the processor: with each operation that ends more may run as long as timers strike in time,
and fewer while they are late. In virtual time they never are.

**Who is next.** Turns are fair among callers, so a thousand lookups of one part of a program don't hold up another: a
caller that has nothing under way begins at once, and of those that wait the one with the least under way is next. So
does whoever comes when nobody has asked for a while: a person, most likely.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

PLACES, MIN_PLACES, MAX_PLACES = 16.0, 8.0, 256.0
"""Operations that run at once: at first, at least and at most."""
QUICK_GROWTH, GROWTH, SHRINKING = 1.0, 0.25, 1.0
"""By how much that number changes with each that ends: grows until timers are late for the first time, grows after
that, shrinks while they are late."""
SPARE_PLACES = 8
"""More of them, for callers that have nothing under way."""
LATE_SECONDS = 0.01
"""Timers that strike so late on the average say that the processor can't keep up."""
LATE_AT_MOST = 0.1
"""A pause of the whole program is no reason to run less for long."""
WEIGHT = 0.05
"""Of the latest timer in that average."""
LONE_SECONDS = 1.0
"""Whoever comes so long after the one before is a caller apart."""

T = TypeVar("T")


class Turns(Generic[T]):
    """The turns of one engine, by their numbers. Times are seconds on the engine's clock."""

    def __init__(self) -> None:
        self._count = 0
        self._places, self._growth = PLACES, QUICK_GROWTH
        self._late = 0.0
        self._last = float("-inf")
        self._callers: dict[int, Hashable] = {}
        """Whose turns they are that have begun and are not over."""
        self._under_way: Counter[Hashable] = Counter()
        self._waiting: dict[Hashable, dict[int, tuple[T, float]]] = {}
        """By caller: what waits, oldest first, and since when."""

    @property
    def under_way(self) -> int:
        """How many have begun and are not over."""
        return len(self._callers)

    @property
    def waiting(self) -> int:
        """How many have not begun."""
        return sum(map(len, self._waiting.values()))

    def queue(self) -> Iterator[tuple[T, float]]:
        """What waits, and since when, in the order in which it would begin if nothing else came or ended."""
        waiting = {caller: iter(turns.values()) for caller, turns in self._waiting.items()}
        under_way = Counter(self._under_way)
        while waiting:
            caller = min(waiting, key=under_way.__getitem__)
            turns = waiting.pop(caller)
            if (first := next(turns, None)) is not None:
                yield first
                waiting[caller] = turns
                under_way[caller] += 1

    def new(self) -> int:
        """The number of a new turn, never 0."""
        self._count += 1
        return self._count

    def may_begin(self, turn: int, what: T, caller: Hashable, now: float) -> bool:
        """Whether `what` begins at once. If not it waits, and `next` gives it when its turn has come."""
        if now - self._last >= LONE_SECONDS:
            caller = turn
        self._last = now
        if self._room(caller) and not self._waiting.get(caller):
            self._begin(turn, caller)
            return True
        self._waiting.setdefault(caller, {})[turn] = what, now
        return False

    def next(self) -> tuple[T, float] | None:
        """What begins now, and since when it has waited; `None` while there is no room."""
        if not self._waiting:
            return None
        caller = min(self._waiting, key=self._under_way.__getitem__)
        if not self._room(caller):
            return None
        turns = self._waiting.pop(caller)
        turn = next(iter(turns))
        what = turns.pop(turn)
        if turns:
            self._waiting[caller] = turns  # behind the others that have as few
        self._begin(turn, caller)
        return what

    def _room(self, caller: Hashable) -> bool:
        return len(self._callers) < self._places + (0 if self._under_way[caller] else SPARE_PLACES)

    def _begin(self, turn: int, caller: Hashable) -> None:
        self._callers[turn] = caller
        self._under_way[caller] += 1

    def over(self, turn: int) -> bool:
        """One has ended, or is given up before it began; whether it had begun."""
        if turn not in self._callers:
            for caller, turns in self._waiting.items():
                if turns.pop(turn, None) and not turns:
                    del self._waiting[caller]
                    break
            return False
        caller = self._callers.pop(turn)
        self._under_way[caller] -= 1
        if not self._under_way[caller]:
            del self._under_way[caller]
        if self._waiting:
            self._adapt()
        return True

    def _adapt(self) -> None:
        if self._late < LATE_SECONDS:
            self._places = min(MAX_PLACES, self._places + self._growth)
        else:
            self._places = max(MIN_PLACES, self._places - SHRINKING)
            self._growth = GROWTH

    def waits(self, caller: Hashable) -> bool:
        """Whether something of this caller has not begun."""
        return caller in self._waiting

    def late(self, seconds: float) -> None:
        """A timer struck so late."""
        self._late += WEIGHT * (min(LATE_AT_MOST, max(0.0, seconds)) - self._late)
