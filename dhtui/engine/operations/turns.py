"""Turns: how many operations run at once, and which of the waiting ones is next.

A lookup keeps some eight queries in flight. If a thousand ran at once, each would wait for the others at every step,
and all for the processor, which would then read answers so late that nodes seem slow. So a limited number runs, each as
quickly as alone, and the others wait.

**How many** depends on the processor. With each operation that ends the number grows while timers are on time, and
shrinks while they are late. In virtual time they are never late.

**Which is next.** Turns are fair among callers, so a thousand lookups of one part of a program don't delay another. The
request of a caller without running operations begins at once. Of the callers that wait, the one with the fewest running
operations is next. A request after a second without any counts as a caller of its own: most likely it is interactive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

PLACES, MIN_PLACES, MAX_PLACES = 16.0, 8.0, 256.0
"""Operations that run at once: at first, at least and at most."""
QUICK_GROWTH, GROWTH, SHRINKING = 1.0, 0.25, 1.0
"""The change of that number with each operation that ends: growth until timers are late for the first time, growth
after that, and shrinking while they are late."""
SPARE_PLACES = 8
"""Additional operations, for callers that have nothing under way."""
LATE_SECONDS = 0.01
"""Seconds: if timers are this late on average, the processor is overloaded."""
LATE_AT_MOST = 0.1
"""Most seconds that a single timer counts: one pause of the whole program must not reduce the number for long."""
WEIGHT = 0.05
"""Weight of the latest timer in that average."""
LONE_SECONDS = 1.0
"""Seconds: a request this long after the previous one counts as a caller of its own."""

T = TypeVar("T")


class Turns(Generic[T]):
    """The turns of one engine, each with a number. Times are seconds on the engine's clock."""

    def __init__(self) -> None:
        self._count = 0
        self._places, self._growth = PLACES, QUICK_GROWTH
        self._late = 0.0
        self._last = float("-inf")
        self._callers: dict[int, Hashable] = {}
        """The caller of each turn that has begun and not ended."""
        self._under_way: Counter[Hashable] = Counter()
        self._waiting: dict[Hashable, dict[int, tuple[T, float]]] = {}
        """By caller: the waiting operations, oldest first, and since when they wait."""

    @property
    def under_way(self) -> int:
        """How many have begun and not ended."""
        return len(self._callers)

    @property
    def waiting(self) -> int:
        """How many have not begun."""
        return sum(map(len, self._waiting.values()))

    def queue(self) -> Iterator[tuple[T, float]]:
        """The waiting operations, and since when they wait, in the order in which they would begin if nothing else came
        or ended."""
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
        """Whether `what` may begin at once. If not it waits, and `next` returns it at its turn."""
        if now - self._last >= LONE_SECONDS:
            caller = turn
        self._last = now
        if self._room(caller) and not self._waiting.get(caller):
            self._begin(turn, caller)
            return True
        self._waiting.setdefault(caller, {})[turn] = what, now
        return False

    def next(self) -> tuple[T, float] | None:
        """The next operation to begin, and since when it has waited; `None` if none may."""
        if not self._waiting:
            return None
        caller = min(self._waiting, key=self._under_way.__getitem__)
        if not self._room(caller):
            return None
        turns = self._waiting.pop(caller)
        turn = next(iter(turns))
        what = turns.pop(turn)
        if turns:
            self._waiting[caller] = turns  # after the others that have as few
        self._begin(turn, caller)
        return what

    def _room(self, caller: Hashable) -> bool:
        return len(self._callers) < self._places + (0 if self._under_way[caller] else SPARE_PLACES)

    def _begin(self, turn: int, caller: Hashable) -> None:
        self._callers[turn] = caller
        self._under_way[caller] += 1

    def over(self, turn: int) -> bool:
        """End a turn, or give it up before it began. Returns whether it had begun."""
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
        """Whether an operation of this caller waits."""
        return caller in self._waiting

    def late(self, seconds: float) -> None:
        """Count how late a timer was, seconds."""
        self._late += WEIGHT * (min(LATE_AT_MOST, max(0.0, seconds)) - self._late)
