"""Coroutines that wait for a time or for a condition, and are driven from outside: the clock is handed in."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from math import inf
from types import coroutine
from typing import Any, NamedTuple


class Wait(NamedTuple):
    """What a strand waits for: whichever comes first."""

    until: float
    """Seconds on the clock of the session."""
    ready: Callable[[], bool]


def _never() -> bool:
    return False


@coroutine
def wait(until: float, ready: Callable[[], bool] = _never) -> Generator[Wait, bool, bool]:
    """Wait until a time or a condition. Returns whether the condition holds."""
    return (yield Wait(until, ready))


class Strands:
    """Coroutines side by side."""

    def __init__(self) -> None:
        self._waiting: dict[Coroutine[Wait, bool, None], Wait] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def start(self, strand: Coroutine[Wait, Any, None]) -> None:
        """Run a coroutine up to its first wait."""
        self._go(strand, None)

    def next_timer(self) -> float:
        """When `turn` has to be called next, at the latest."""
        return min((wait.until for wait in self._waiting.values()), default=inf)

    def turn(self, now: float) -> None:
        """Go on with all whose time has come, or whose condition holds."""
        while True:
            for strand, (until, ready) in list(self._waiting.items()):
                holds = ready()
                if holds or until <= now:
                    self._go(strand, holds)
                    break  # what it did may have changed the conditions of others
            else:
                return

    def close(self) -> None:
        """End them all where they stand."""
        for strand in list(self._waiting):
            del self._waiting[strand]
            strand.close()

    def _go(self, strand: Coroutine[Wait, Any, None], holds: bool | None) -> None:
        self._waiting.pop(strand, None)
        try:
            self._waiting[strand] = strand.send(holds)
        except StopIteration:
            return
