"""A lookup played on its own course, slower than it was. Time is handed in."""

from __future__ import annotations

from dataclasses import dataclass, replace

SPEEDS = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005)
"""How much of a second of the lookup passes in a second, the fastest first."""
USUAL_SPEED = 0.05


@dataclass(frozen=True, slots=True)
class Play:
    """Where the course of a lookup is, and how it goes on."""

    number: int
    """The lookup."""
    at: float
    """Seconds since the lookup began."""
    seen: float
    """The clock when it was there, seconds."""
    speed: float = USUAL_SPEED
    running: bool = True

    def moved(self, now: float, end: float) -> Play:
        """Where it is at `now`; at the end of the lookup, after `end` seconds, it stops."""
        at = self.at + max(0.0, now - self.seen) * self.speed if self.running else self.at
        return replace(self, at=min(at, end), seen=now, running=self.running and at < end)

    def held(self, now: float) -> Play:
        """The same place at `now`: nobody has looked meanwhile."""
        return replace(self, seen=now)

    def put_at(self, at: float) -> Play:
        """The same at another moment of the course."""
        return replace(self, at=max(0.0, at))

    def turned(self, now: float, end: float) -> Play:
        """Stopped where it is, or going on; from the end, once more from the start."""
        here = self.moved(now, end)
        if here.running:
            return replace(here, running=False)
        return replace(here, at=0.0 if here.at >= end else here.at, running=True)

    def paced(self, steps: int) -> Play:
        """Faster by so many steps of `SPEEDS`, or slower."""
        place = SPEEDS.index(self.speed) - steps
        return replace(self, speed=SPEEDS[max(0, min(len(SPEEDS) - 1, place))])


def speed_words(speed: float) -> str:
    """``1/20`` of the real speed, or ``1/1``."""
    return f"1/{round(1 / speed)}"
