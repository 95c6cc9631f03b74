"""The field for secrets."""

from __future__ import annotations

from textual import events
from textual.widgets import Input


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
