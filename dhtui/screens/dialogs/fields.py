"""What all forms are made of: fields behind their labels, and the way from one to the next."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.widget import Widget

from ...widgets.lines import Lines

# With priority: else what is typed quickly after a tab, or sent by a program, still goes to the field before.
TABS = (
    Binding("tab", "app.focus_next", "next field", show=False, priority=True),
    Binding("shift+tab", "app.focus_previous", "field before", show=False, priority=True),
)


def field(label: str, widget: Widget) -> ComposeResult:
    """A widget behind its label, in one row."""
    with Horizontal(classes="field", id=f"field-{widget.id}"):
        yield Lines(((label, "dim"),), classes="label")
        yield widget
