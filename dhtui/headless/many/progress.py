"""How far a run with many targets is, and when it will end."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from time import localtime, strftime

SPAN = 60.0
"""Seconds whose results tell the speed."""


class Meter:
    """Counts results. Times are seconds on any one clock."""

    def __init__(self, total: int | None, now: float) -> None:
        """`total`: how many results there will be, if that is known."""
        self.total = total
        self.done = self.found = 0
        self._samples: deque[tuple[float, int]] = deque([(now, 0)])

    def result(self, found: bool, now: float) -> None:
        """One more."""
        self.done += 1
        self.found += found
        if now - self._samples[-1][0] >= 1.0:
            self._samples.append((now, self.done))
            while len(self._samples) > 2 and now - self._samples[0][0] > SPAN:
                self._samples.popleft()

    def speed(self, now: float) -> float:
        """Results a second, of late."""
        at, before = self._samples[0]
        return (self.done - before) / (now - at) if now > at else 0.0

    def left(self, now: float) -> float | None:
        """Seconds until all are there; `None`: nobody knows."""
        speed = self.speed(now)
        if self.total is None or not speed:
            return None
        return max(0, self.total - self.done) / speed

    def line(self, action: str, now: float, clock: Callable[[float], str]) -> str:
        """That in words. `clock` says when a number of seconds from now is."""
        of = "" if self.total is None else f" of {self.total} ({100 * self.done // max(1, self.total)} %)"
        share = f", {self.found} found" if self.done else ""
        speed, left = self.speed(now), self.left(now)
        ends = "" if left is None else f", ends at {clock(left)} (in {_span(left)})"
        return f"{action}: {self.done}{of}{share}, {speed:.{0 if speed >= 10 else 1}f} a second{ends}"


def clock_time(seconds: float, now: float) -> str:
    """When so many seconds from `now` (since 1970) will be over: the time of day, of another day its date too."""
    then, today = localtime(now + min(seconds, 1e9)), localtime(now)
    return strftime("%H:%M:%S" if then[:3] == today[:3] else "%Y-%m-%d %H:%M", then)


def _span(seconds: float) -> str:
    whole = math.ceil(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes = math.ceil(whole / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
