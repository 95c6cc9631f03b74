"""Going through the course of a lookup: back and forth by steps, and in slow motion."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

from textual.geometry import Size

from ...bindings.keymap import key_of
from ...engine.views.snapshot import LookupDetail
from ...lookups.cache import LookupCache
from ...lookups.play import Play
from ...widgets.lines import Lines
from ..base import ExplorerScreen
from ..notify import notify

SCRUB_STEPS = 40
"""Small steps in which one goes through a lookup."""
FRAMES = 10
"""Pictures a second in slow motion."""
LISTS_EVERY = 0.4
"""Seconds between changes of the lists and the texts then."""


class CourseScreen(ExplorerScreen):
    """A screen that shows a lookup as of a time of its course. A subclass says which, and shows it."""

    clock: Callable[[], float] = staticmethod(monotonic)
    """What slow motion goes by, seconds."""
    played = 0
    """How often slow motion has come to the end of a lookup."""
    _until: float | None = None
    """The moment shown, seconds since the lookup began; `None`: now, or its end."""
    _play: Play | None = None
    """Slow motion, under way or stopped."""
    _listed = -1.0
    """The moment of slow motion that the lists and the texts show."""
    _room: tuple[Size, ...] = ()
    """The sizes of the panes that they were fitted to."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._kept = LookupCache()

    def _current(self) -> LookupDetail | None:
        """The lookup shown."""
        raise NotImplementedError

    def _show_selected(self) -> None:
        """Shows it as of the time."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """The timer of slow motion stands still."""
        self._frames = self.set_interval(1 / FRAMES, self._next_frame, pause=True)

    def _lists_wait(self) -> bool:
        """Whether the lists and the texts stay as they are: in slow motion they change less often than the picture."""
        play, room = self._play, tuple(pane.size for pane in self.query(Lines))
        soon = play is not None and play.running and abs(play.at - self._listed) < LISTS_EVERY * play.speed
        if soon and room == self._room:
            return True
        self._listed, self._room = -1.0 if play is None else play.at, room
        return False

    def action_scrub(self, steps: int) -> None:
        """Goes some steps back or forth in the course of the lookup."""
        detail = self._current()
        if detail is None:
            notify(self, "There is no lookup to go through.")
            return
        elapsed = detail.view.elapsed
        at = (elapsed if self._until is None else self._until) + steps * elapsed / SCRUB_STEPS
        self._until = None if at >= elapsed * (1 - 1e-9) else max(0.0, at)
        if self._play is not None:
            self._play = self._play.put_at(elapsed if self._until is None else self._until)
        self._show_selected()

    def action_play(self) -> None:
        """Plays the lookup in slow motion, stops it, goes on."""
        detail = self._current()
        if detail is None or self.has_class("-tiny") or self.has_class("-short"):
            why = "There is no lookup to play." if detail is None else "The window is too small for slow motion."
            notify(self, why)
            return
        if self._play is None:
            self._play = Play(detail.view.number, self._until or 0.0, self.clock())
        else:
            self._play = self._play.turned(self.clock(), detail.view.elapsed)
        self._frames.resume()
        self.advance()

    def action_pace(self, steps: int) -> None:
        """Plays it faster, or slower."""
        if self._play is None:
            notify(self, f"Nothing is played: {key_of('lookup.play')} plays the lookup in slow motion.")
            return
        self._play = self._play.paced(steps)
        self.advance()

    def _next_frame(self) -> None:
        """The time of the next picture has come; a screen that is not seen stands still."""
        if self in self.app.screen_stack:
            self.advance()
        elif self._play is not None:
            self._play = self._play.held(self.clock())

    def advance(self) -> None:
        """Shows where slow motion is by now."""
        detail = self._current()
        if self._play is None or detail is None or detail.view.number != self._play.number:
            self._stop_playing()
            return
        end = detail.view.elapsed
        self._play = self._play.moved(self.clock(), end)
        self._until = None if self._play.at >= end else self._play.at
        if not self._play.running:
            self._frames.pause()
            self.played += self._play.at >= end
        self._show_selected()

    def _stop_playing(self) -> None:
        self._frames.pause()
        if self._play is not None:
            self._play = self._until = None
            self._show_selected()
