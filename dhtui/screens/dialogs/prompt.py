"""A window that asks for one line, and says as it is typed whether that will do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import wrap

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from ...bindings.registry import LEAVE, form
from ...text.spans import Line, clean
from ...widgets.bound import bound
from ...widgets.lines import Lines
from ...widgets.source_input import SourceInput
from .window import Window

_WIDTH = 72


class Prompt(Window[str | None]):
    """Asks for a text that `fault` finds no fault with. The result is the text; `None`: none was given.

    `fault` returns why a text won't do, or "". It is called for every letter, so it must be quick.
    """

    CSS_PATH = "prompt.tcss"
    BINDINGS = [bound(LEAVE, "cancel")]  # noqa: RUF012
    ACTIONS = form("take it", choose="", fields="")
    ABOUT = "Type one line; it is checked with each letter."

    def __init__(self, title: str, notes: Sequence[str], fault: Callable[[str], str], placeholder: str = "") -> None:
        super().__init__()
        self._heading, self._notes, self._fault, self._placeholder = title, notes, fault, placeholder

    def compose_body(self) -> ComposeResult:
        """The window."""
        with Vertical(classes="window") as window:
            window.border_title = Content(clean(self._heading))
            yield SourceInput(placeholder=self._placeholder)
            yield Lines(id="verdict")
            yield Lines(*(((line, "dim"),) for note in self._notes for line in wrap(note, _WIDTH)))

    @on(Input.Changed)
    def judge(self, event: Input.Changed) -> None:
        """Says whether what was typed so far will do."""
        event.stop()
        self._say(self._fault(event.value) if event.value else "")

    def _say(self, fault: str) -> None:
        lines: list[Line] = [((line, "bad"),) for line in wrap(f"✗ {fault}", _WIDTH)] if fault else []
        self.query_one("#verdict", Lines).show(lines)

    @on(Input.Submitted)
    def take(self, event: Input.Submitted) -> None:
        """Takes the text, if it will do."""
        event.stop()
        fault = self._fault(event.value)
        if fault:
            self._say(fault)
        else:
            self.dismiss(event.value)

    def action_cancel(self) -> None:
        """Takes nothing."""
        self.dismiss(None)
