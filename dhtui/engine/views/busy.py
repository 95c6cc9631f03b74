"""How long datagrams and timers waited because this program was busy with other things.

Round trips don't contain these waits. They do delay our replies, and each step of our lookups.
"""

from __future__ import annotations

from collections import deque

from .snapshot import BusyView

KEPT_SECONDS = 120


class Busy:
    """The longest wait of each second, over the last two minutes. Times are seconds on the engine's clock."""

    def __init__(self) -> None:
        self.stamped = True
        """Whether the system stamps datagrams with their time of receipt."""
        self._second, self._longest = 0, 0.0
        self._before: deque[tuple[int, float]] = deque(maxlen=KEPT_SECONDS)

    def add(self, now: float, waited: float) -> None:
        """A datagram or a timer waited for `waited` seconds."""
        second = int(now)
        if second == self._second:
            if waited > self._longest:
                self._longest = waited
            return
        if self._second:
            self._before.append((self._second, self._longest))
        self._second, self._longest = second, max(0.0, waited)

    def view(self, now: float) -> BusyView:
        """The figures as a screen shows them."""
        oldest = int(now) - KEPT_SECONDS
        waits = sorted(wait for second, wait in (*self._before, (self._second, self._longest)) if second > oldest)
        if not waits:
            return BusyView(stamped=self.stamped)
        p50, p95 = waits[len(waits) // 2], waits[int(0.95 * len(waits))]
        return BusyView(seconds=len(waits), p50=p50, p95=p95, longest=waits[-1], stamped=self.stamped)
