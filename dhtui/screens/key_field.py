"""Fields of the forms about keys: one for secrets, and one for a choice."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message
from textual.widgets import Input

from ..widgets.lines import Lines


class SecretInput(Input):
    """A line for a secret: it shows as dots, and no key copies it out. A paste may have several lines."""

    def __init__(self, *, id: str, placeholder: str = "") -> None:
        super().__init__(id=id, password=True, compact=True, placeholder=placeholder)

    def _on_paste(self, event: events.Paste) -> None:
        # Textual's own takes the first line only: of a PEM text the one that says nothing.
        event.prevent_default()
        event.stop()
        self.insert_text_at_cursor(event.text)

    def action_copy(self) -> None:
        """Nothing: a secret does not go to the clipboard, which every program may read."""

    def action_cut(self) -> None:
        """Nothing, too."""


class OneOf(Lines, can_focus=True):
    """One of some words; left, right and space change it."""

    BINDINGS = [("left", "step(-1)", "choose"), ("right,space", "step(1)", "choose")]  # noqa: RUF012

    class Changed(Message):
        """Another one was chosen."""

    def __init__(self, words: Sequence[str], *, id: str) -> None:
        super().__init__(id=id)
        self._words = tuple(words)
        self.value = self._words[0]

    def on_mount(self) -> None:
        """Shows the choice."""
        self._paint()

    def _paint(self) -> None:
        # The mark tells whether keys go here.
        mark = "▶" if self.has_focus else "▷"
        chosen = self.value
        self.show((tuple((f"{mark}{w} ", "strong") if w == chosen else (f" {w} ", "dim") for w in self._words),))

    def action_step(self, step: int) -> None:
        """Goes to the next one."""
        self.value = self._words[(self._words.index(self.value) + step) % len(self._words)]
        self._paint()
        self.post_message(self.Changed())

    on_focus = _paint
    on_blur = _paint
