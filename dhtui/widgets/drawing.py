"""A drawing that can have the focus, and of which more may exist than fits."""

from __future__ import annotations

from textual import events
from textual.message import Message

from ..bindings.registry import moves
from .bound import all_bound
from .lines import Lines

TO_THE_END = 1_000_000
"""More rows than any drawing has."""


class Drawing(Lines, can_focus=True):
    """Asks whoever draws it to go on by some rows; which are in sight is their affair."""

    BINDINGS = all_bound(moves())

    class Scrolled(Message):
        """The user wants to see other rows."""

        def __init__(self, drawing: Drawing, rows: int) -> None:
            self.drawing, self.rows = drawing, rows
            """Rows to go down by; negative: up."""
            super().__init__()

    class Resized(Message):
        """There is more or less room."""

    def on_resize(self) -> None:
        """Drawn to another size."""
        self.post_message(self.Resized())

    def action_move(self, lines: int) -> None:
        """Scrolls by some rows."""
        self.post_message(self.Scrolled(self, lines))

    def action_page(self, pages: int) -> None:
        """Scrolls by some pages."""
        self.action_move(pages * max(1, self.size.height - 2))

    def action_edge(self, which: int) -> None:
        """Scrolls to the first (-1) or the last (1) row."""
        self.action_move(which * TO_THE_END)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel scrolls."""
        event.stop()
        self.action_move(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel scrolls."""
        event.stop()
        self.action_move(-1)
