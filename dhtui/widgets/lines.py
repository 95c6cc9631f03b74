"""A pane of lines that repaints only those that changed."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Region, Size
from textual.strip import Strip

from ..text.spans import Line
from .paint import Painted


class Lines(Painted):
    """Shows lines of spans. With ``height: auto`` it is as high as its lines."""

    ALLOW_SELECT = True

    def __init__(self, *lines: Line, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.lines: tuple[Line, ...] = lines

    def show(self, lines: Sequence[Line]) -> None:
        """Replaces the lines; those that are as before are not painted again."""
        old, self.lines = self.lines, tuple(lines)
        if len(old) != len(self.lines):
            self.refresh(layout=self.styles.is_auto_height)
            return
        changed = [y for y, (a, b) in enumerate(zip(old, self.lines, strict=True)) if a != b]
        if changed:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    def render_line(self, y: int) -> Strip:
        """Line `y` of the pane."""
        width = self.size.width
        return self.mark_selected(self.paint(self.lines[y] if y < len(self.lines) else (), width), y)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many rows as there are lines."""
        return len(self.lines)
