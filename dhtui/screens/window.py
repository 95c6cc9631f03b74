"""A window over a screen: what all of them have in common."""

from __future__ import annotations

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette, DiscoveryHit
from textual.screen import ModalScreen, Screen

R = TypeVar("R")


def is_open(window: Screen[R]) -> bool:
    """Whether a window can be closed: it is there, and no other one lies over it."""
    return window.is_attached and window.app.screen is window


class Window(ModalScreen[R]):
    """A window that closes once, whatever keys are still on their way to it. Textual's own would close another one."""

    dismissed = False
    """Whether it was closed."""

    def dismiss(self, result: R | None = None) -> AwaitComplete:
        """Close it with a result. One that is closed, or covered by another, stays as it is."""
        if not is_open(self):
            return AwaitComplete()
        self.dismissed = True
        return super().dismiss(result)


class Palette(CommandPalette):
    """Textual's palette, which closes once and runs one command."""

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close it."""
        if is_open(self):
            return super().dismiss(result)
        self._selected_command = DiscoveryHit("", lambda: None)  # it has run already
        return AwaitComplete()
