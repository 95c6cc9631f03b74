"""A window of lines that lies over a screen: help, or all about one row."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from ..registry import POPUP
from ..widgets.lines import Lines
from ..widgets.paint import Line, clean


class Popup(ModalScreen[None]):
    """Lines under a title; they scroll where there are many. Each keeps to one row, so `wrap` long ones first."""

    CSS_PATH = "popup.tcss"
    BINDINGS = [  # noqa: RUF012 - Textual's own declaration
        *(Binding(action.keys, action.name, action.label, show=False) for action in POPUP),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
    ]

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self._heading, self._lines = title, lines

    def compose(self) -> ComposeResult:
        """The window."""
        with VerticalScroll(classes="window") as window:
            window.border_title = Content(clean(self._heading))
            window.border_subtitle = Content("esc close")
            yield Lines(*self._lines)

    def action_close(self) -> None:
        """Back to the screen below."""
        self.dismiss()

    def action_scroll(self, lines: int) -> None:
        """Scrolls by some lines."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)
