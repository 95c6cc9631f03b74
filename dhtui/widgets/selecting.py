"""Text that the mouse selects in painted panes: what is seen under the mark is what is copied."""

from __future__ import annotations

from typing import TypeVar

from textual.errors import NoWidget
from textual.geometry import Offset
from textual.screen import Screen
from textual.widget import Widget

from .paint import Painted

R = TypeVar("R")


class Selecting(Screen[R]):
    """A screen that knows which character of a painted pane is where.

    Textual would have each cell carry its place, which costs more than painting it.
    """

    def get_widget_and_offset_at(self, x: int, y: int) -> tuple[Widget | None, Offset | None]:
        """The widget at a cell, and the place of the character there in its text."""
        try:
            widget, region = self.get_widget_at(x, y)
        except NoWidget:
            return None, None
        if not isinstance(widget, Painted):
            return super().get_widget_and_offset_at(x, y)
        left, top = widget.gutter.top_left
        return widget, widget.place_at(x - region.x - left, y - region.y - top)
