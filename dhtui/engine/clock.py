"""The clock of a running node: it goes on while the machine sleeps, and nobody can set it.

With a clock that stands still meanwhile, nodes, items, peers and tokens of yesterday would be taken for fresh.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial

if sys.platform == "darwin":
    # What Python calls monotonic stands still there while the machine sleeps. What the system calls so goes on.
    _SLEEPLESS: int | None = time.CLOCK_MONOTONIC
else:
    _SLEEPLESS = getattr(time, "CLOCK_BOOTTIME", None)


now: Callable[[], float] = time.monotonic if _SLEEPLESS is None else partial(time.clock_gettime, _SLEEPLESS)
"""Seconds since some moment in the past; where the system has no better clock, time asleep is not counted."""
