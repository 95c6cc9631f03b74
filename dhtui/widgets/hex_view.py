"""Bytes in hex, with a cursor and a marked span."""

from __future__ import annotations

from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ..bindings.registry import moves
from ..packets.hexdump import HexRow, row, row_count
from ..text.spans import Line, Role, Span
from .bound import all_bound
from .paint import Painted, titled

_OFFSET = 4


def bytes_per_row(width: int) -> int:
    """As many eights of bytes as fit into so many cells, or 4 bytes."""
    return max(4, (width - _OFFSET - 2) // 4 // 8 * 8)


def hex_line(line: HexRow, width: int, cursor: int, active: bool) -> Line:
    """A row: offset, bytes with the marked ones in brackets, and the same as text.

    `width` is the number of bytes in a full row, `cursor` the place of the cursor in this one, if it is there.
    """
    spans: list[Span] = [(f"{line.offset:0{_OFFSET}x}", "dim")]
    begins, ends = line.first, line.last
    marked: Role = "accent"
    for i, cell in enumerate(line.cells):
        inside = begins <= i < ends
        before = "[" if i == begins and inside else "]" if i == ends and ends > begins else " "
        spans.append((before, marked if before != " " else "plain"))
        spans.append((cell, _role(i == cursor, active, inside)))
    last = len(line.cells) == ends > begins
    spans.append(("]" if last else " ", marked if last else "plain"))
    spans.append((" " * (3 * (width - len(line.cells)) + 1), "plain"))
    spans += [(char, _role(i == cursor, active, begins <= i < ends)) for i, char in enumerate(line.ascii)]
    return tuple(spans)


def _role(at_cursor: bool, active: bool, inside: bool) -> Role:
    if at_cursor:
        return "cursor" if active else "idle"
    return "accent" if inside else "plain"


class HexView(Painted, ScrollView, can_focus=True):
    """Shows bytes; paints the rows in sight only."""

    DEFAULT_CSS = """
    HexView { overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }
    """
    BINDINGS = [  # noqa: RUF012 - Textual's own declaration
        *all_bound(moves()),
        Binding("left", "step(-1)", show=False),
        Binding("right", "step(1)", show=False),
    ]

    class Moved(Message):
        """The user moved the cursor."""

        def __init__(self, cursor: int) -> None:
            self.cursor = cursor
            super().__init__()

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.data = b""
        self.cursor = 0
        """The byte that the cursor is on."""
        self.span = (0, 0)
        """The first byte marked, and the one after the last."""

    # -- showing ---------------------------------------------------------------------------------------------

    def show(self, data: bytes, span: tuple[int, int]) -> None:
        """Shows these bytes with a span marked; the cursor goes to it, unless it is there already."""
        if (data, span) == (self.data, self.span):
            return
        if data != self.data:
            self.data, self.cursor = data, 0
        self.span = span
        if span[0] <= self.cursor < span[1] or span[0] == span[1]:
            self._changed()
        else:
            self.cursor = span[0]
            self._changed(upto=span[1])

    def _per_row(self) -> int:
        return bytes_per_row(self.size.width - 1)

    def _changed(self, upto: int = 0) -> None:
        """Brings the cursor into sight, and if there is room all before the byte `upto`."""
        per_row = self._per_row()
        self.virtual_size = Size(self.size.width, row_count(self.data, per_row))
        self._show_row(max(upto - 1, self.cursor) // per_row)
        self._show_row(self.cursor // per_row)
        self.refresh()
        place = f"byte {self.cursor} of {len(self.data)}" if self.data else "no bytes"
        size = self.span[1] - self.span[0]
        self.border_title = titled(self, f"{place}, {size} marked" if size else place)

    def _show_row(self, wanted: int) -> None:
        height, top = max(1, self.size.height), self.scroll_offset.y
        y = min(max(top, wanted - height + 1), wanted)
        if y != top:
            self.scroll_to(y=y, animate=False, immediate=True, force=True)

    def render_line(self, y: int) -> Strip:
        """Line `y` of the widget."""
        width, per_row = self.scrollable_content_region.width, self._per_row()
        place = y + self.scroll_offset.y
        if place >= row_count(self.data, per_row):
            return self.paint((), width)
        line = row(self.data, place, self.span, per_row)
        return self.paint(hex_line(line, per_row, self.cursor - place * per_row, self.has_focus), width)

    def on_resize(self) -> None:
        """More or fewer bytes fit into a row."""
        self._changed()

    def on_focus(self) -> None:
        """The cursor tells whether keys go here."""
        self.refresh(Region(0, 0, self.size.width, self.size.height))

    on_blur = on_focus

    # -- moving ----------------------------------------------------------------------------------------------

    def _go(self, cursor: int) -> None:
        if self.data:
            self.cursor = max(0, min(cursor, len(self.data) - 1))
            self._changed()
            self.post_message(self.Moved(self.cursor))

    def action_step(self, count: int) -> None:
        """Moves the cursor by some bytes."""
        self._go(self.cursor + count)

    def action_move(self, rows: int) -> None:
        """Moves the cursor by some rows."""
        self._go(self.cursor + rows * self._per_row())

    def action_page(self, pages: int) -> None:
        """Moves the cursor by some pages."""
        self.action_move(pages * max(1, self.size.height - 1))

    def action_edge(self, which: int) -> None:
        """Goes to the first (-1) or the last (1) byte."""
        self._go(0 if which < 0 else len(self.data))

    def on_click(self, event: events.Click) -> None:
        """Goes to the byte under the mouse, in hex or in text."""
        at, per_row = event.get_content_offset_capture(self), self._per_row()
        text = _OFFSET + 3 * per_row + 2
        column = at.x - text if at.x >= text else (at.x - _OFFSET - 1) // 3
        if 0 <= column < per_row:
            self._go((at.y + self.scroll_offset.y) * per_row + column)
