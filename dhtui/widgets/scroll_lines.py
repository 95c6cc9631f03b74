"""Lines that scroll, with the keys of every list."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from ..bindings.registry import moves
from ..text.spans import Line
from .bound import all_bound
from .lines import Lines
from .paint import titled


class ScrollLines(VerticalScroll, can_focus=True):
    """Shows more lines than may fit."""

    ALLOW_MAXIMIZE = True
    DEFAULT_CSS = """
    ScrollLines { overflow-x: hidden; scrollbar-size-vertical: 1; }
    ScrollLines Lines { height: auto; width: 1fr; }
    """
    BINDINGS = all_bound(moves())

    def compose(self) -> ComposeResult:
        """The lines."""
        yield Lines()

    @property
    def room(self) -> int:
        """Cells that a line may take; the last column is for the scroll bar."""
        return max(0, self.size.width - 1)

    def show(self, title: str, lines: Sequence[Line]) -> None:
        """Replaces the lines."""
        self.border_title = titled(self, title)
        self.query_one(Lines).show(lines)

    def action_move(self, lines: int) -> None:
        """Scrolls by some lines."""
        self.scroll_relative(y=lines, animate=False)

    def action_page(self, pages: int) -> None:
        """Scrolls by some pages."""
        self.scroll_relative(y=pages * max(1, self.size.height - 1), animate=False)

    def action_edge(self, which: int) -> None:
        """Scrolls to the first (-1) or the last (1) line."""
        if which < 0:
            self.scroll_home(animate=False)
        else:
            self.scroll_end(animate=False)
