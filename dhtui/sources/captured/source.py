"""A capture as a source: it is played like a recording; one that is still being made, or read, is followed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from ...text.runs.recordings import SWITCHING, reading_words
from ..replayed import ReplaySource
from .capture import Capture

RUSH: Final = 1000
"""Packets at once, from which on they are shown every `RUSH_SECONDS` only: most of them are seen by nobody."""
RUSH_SECONDS: Final = 2.0
RESTS: Final = 20.0
"""And only after so many times the time that it took to get them, so that a file is read, not shown being read."""


class CaptureSource(ReplaySource):
    """A capture as a source, at one position. It starts at the end, where all of it is there to be looked at.

    While it plays at its end it follows a capture that grows: a pipe, or a file that is being read.
    """

    def __init__(self, capture: Capture, capacity: int = 5000, clock: Callable[[], float] = time.perf_counter) -> None:
        """`clock`: seconds; it tells how long a thing takes."""
        self.capture = capture
        self._clock = clock
        self.following = False
        """Whether the position is the end, wherever that goes."""
        self._again = float("-inf")
        """When, on the viewer's clock, a rush is shown again."""
        super().__init__(capture, capacity)
        super().seek(self.duration)
        self.playing = self.following = True

    @property
    def what(self) -> str:
        """What is played, in words."""
        capture = self.capture
        if capture.changing is not None:
            return SWITCHING
        if capture.ended:
            return "capture"
        if capture.name:
            return reading_words(capture.progress)
        return "capture, live" if self.following else "capture, behind"

    def play(self) -> None:
        """Play from the position; at the end, from the start. One that grows is followed from its end on."""
        if self.capture.settled:
            super().play()
        else:
            self.playing = self.following = True

    def pause(self) -> None:
        """Pause at the position."""
        self.following = False
        super().pause()

    def seek(self, position: float) -> None:
        """Go to a position in seconds, clamped to the capture."""
        self.following = False
        super().seek(position)

    def tick(self, real_now: float) -> None:
        """Advance to `real_now`, seconds on the viewer's clock."""
        if self.capture.step():
            self.restart()
            super().seek(self.duration)
        if self.following:
            self._follow(real_now)
        else:
            super().tick(real_now)

    def _follow(self, real_now: float) -> None:
        self._ticked = real_now
        settled = self.capture.settled
        if self._waiting > RUSH and not settled and real_now < self._again:
            return
        began = self._clock()
        super().seek(self.duration)
        self._again = real_now + max(RUSH_SECONDS, RESTS * (self._clock() - began))
        self.playing = self.following = not settled

    @property
    def _waiting(self) -> int:
        """Packets that came and are not shown yet."""
        return self.replay.packets_before(self.replay.events_upto(self.capture.view.end)) - self.packets.newest
