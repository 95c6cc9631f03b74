"""What all forms are made of: fields behind their labels, and the way from one to the next."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widget import Widget

from ...bindings.registry import FIELDS
from ...widgets.bound import bound
from ...widgets.lines import Lines

# With priority: else what is typed quickly after a tab, or sent by a program, still goes to the field before.
TABS = (
    bound(FIELDS[0], "app.focus_next", priority=True),
    bound(FIELDS[1], "app.focus_previous", priority=True),
)


def field(label: str, widget: Widget) -> ComposeResult:
    """A widget behind its label, in one row."""
    with Horizontal(classes="field", id=f"field-{widget.id}"):
        yield Lines(((label, "dim"),), classes="label")
        yield widget
