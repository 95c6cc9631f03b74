"""A window of lines that lies over a screen: help, or all about one row."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content

from ..keymap import key_of
from ..registry import POPUP
from ..widgets.paint import Line
from ..widgets.scroll_lines import ScrollLines
from .window import Window


class Popup(Window[None]):
    """Lines under a title; they scroll where there are many. Each keeps to one row, so `wrap` long ones first."""

    CSS_PATH = "popup.tcss"
    BINDINGS = [Binding(action.keys, action.name, action.label, show=False) for action in POPUP]  # noqa: RUF012

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self._heading, self._lines = title, lines

    def compose(self) -> ComposeResult:
        """The window."""
        yield ScrollLines(classes="window")

    def on_mount(self) -> None:
        """Fills it."""
        window = self.query_one(ScrollLines)
        window.show(self._heading, self._lines)
        window.border_subtitle = Content(f"{key_of('close')} close")

    def action_close(self) -> None:
        """Back to the screen below."""
        self.dismiss()
