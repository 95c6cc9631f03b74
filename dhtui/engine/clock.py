"""The clock of a running node: monotonic, and it counts the time that the machine sleeps.

With a clock that stops during sleep, nodes, items, peers and tokens from before the sleep would seem fresh.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial

if sys.platform == "darwin":
    # Python's monotonic clock stops while the machine sleeps there; the system's CLOCK_MONOTONIC goes on.
    _SLEEPLESS: int | None = time.CLOCK_MONOTONIC
else:
    _SLEEPLESS = getattr(time, "CLOCK_BOOTTIME", None)


now: Callable[[], float] = time.monotonic if _SLEEPLESS is None else partial(time.clock_gettime, _SLEEPLESS)
"""Seconds since an arbitrary point in the past. Includes time asleep where the system has a clock that counts it."""
