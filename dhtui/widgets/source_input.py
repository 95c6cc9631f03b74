"""A field whose content is data: what is typed or pasted stays as it is, and only what is shown of it is cleaned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Size
from textual.strip import Strip
from textual.suggester import Suggester
from textual.widgets import Input
from textual.widgets._input import Selection

from ..bindings.registry import SUBMIT
from ..text.format import plural
from ..text.safe import shown_pieces
from .bound import bound
from .paste import PASTED_BREAK

MAX_CHARACTERS = 16_384
"""Of one field: far more than any value, key or link has. A file is taken for more."""
_ESCAPED = Style(underline=True)
"""Of what stands for a character that can't be shown: a backslash that was typed looks otherwise."""
_DOT = "•"
_BREAKS = ("enter", "ctrl+j", "shift+enter", "alt+enter")
"""What a line break of a paste without brackets is taken for, and what is pressed for one."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One character of a field as it is shown."""

    place: int
    """In the text."""
    text: str
    column: int
    width: int
    """In cells; 0 for a mark over the character before, and for a line break."""
    escaped: bool


def rows_of(text: str, width: int | None, *, breaks: bool, hidden: bool = False) -> list[list[Cell]]:
    """A text in rows of at most `width` cells; `None`: in a single one. `breaks`: a line feed begins another row."""
    rows: list[list[Cell]] = [[]]
    column = 0
    for place, (char, piece) in enumerate(zip(text, shown_pieces(text), strict=True)):
        if breaks and char == "\n":
            rows[-1].append(Cell(place, "", column, 0, False))
            rows.append([])
            column = 0
            continue
        shown = _DOT if hidden else piece
        cells = cell_len(shown)
        if width is not None and column and column + cells > width:
            rows.append([])
            column = 0
        rows[-1].append(Cell(place, shown, column, cells, not hidden and piece != char))
        column += cells
    return rows


def pasted_text(text: str) -> str:
    """What was copied, by what a terminal sent of it: most send each line break as a carriage return."""
    return text if "\n" in text else text.replace("\r", "\n")


def _copyable(char: str) -> str:
    return f"\\x{ord(char) - 0xDC00:02x}" if "\ud800" <= char <= "\udfff" else char


def is_content(character: str | None) -> bool:
    """Whether a key gives a character, rather than an order such as ctrl+k or tab."""
    if character is None or len(character) != 1 or character < " " or character == "\x7f":
        return False
    return not "\ud800" <= character <= "\udfff" or "\udc80" <= character <= "\udcff"


class SourceInput(Input):
    """A line, or with `lines` several, of text that is data. `data` is the bytes that were typed.

    Where the field has several lines, enter begins another one, so that a line break in what is pasted without
    brackets does not send the form off. In a single line it is content too, as that of any paste, where it came with
    text around it in one read.
    """

    DEFAULT_CSS = "SourceInput.-lines.-textual-compact { height: auto; min-height: 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor_row(-1)", show=False),
        Binding("down", "cursor_row(1)", show=False),
        bound(SUBMIT),
    ]

    def __init__(
        self,
        value: str = "",
        *,
        id: str | None = None,
        placeholder: str = "",
        suggester: Suggester | None = None,
        password: bool = False,
        lines: bool = False,
    ) -> None:
        self.lines = lines
        self._top = 0
        """The row, or of a single line the cell, that is shown first."""
        super().__init__(
            value,
            id=id,
            placeholder=placeholder,
            suggester=suggester,
            password=password,
            max_length=MAX_CHARACTERS,
            compact=True,
            classes="-lines" if lines else None,
        )

    @property
    def data(self) -> bytes:
        """The bytes of the text, also of what was not UTF-8."""
        return self.value.encode("utf-8", "surrogateescape")

    def allow_lines(self, several: bool) -> None:
        """Whether it can have several lines."""
        if self.lines != several:
            self.lines = several
            self.refresh(layout=True)

    # -- what comes in ---------------------------------------------------------------------------------------

    async def _on_key(self, event: events.Key) -> None:
        # Textual's own lets go whatever is not printable: a no-break space, a joiner, a byte that is not UTF-8.
        self._restart_blink()
        breaks = event.key in _BREAKS and (self.lines or (event.key, event.character) == ("enter", PASTED_BREAK))
        if breaks or is_content(event.character):
            event.stop()
            event.prevent_default()
            self.replace("\n" if breaks else event.character or "", *self.selection)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether the field takes a key."""
        return is_content(character)

    def _on_paste(self, event: events.Paste) -> None:
        # Textual's own takes the first line.
        event.prevent_default()
        event.stop()
        self.replace(pasted_text(event.text), *self.selection)

    def action_copy(self) -> None:
        """Copies what is selected. A byte that is not UTF-8 has no place in a clipboard: it is shown in its escape."""
        if not self.selected_text:
            raise SkipAction
        self.app.copy_to_clipboard("".join(map(_copyable, self.selected_text)))

    def action_cut(self) -> None:
        """Copies what is selected, and removes it."""
        self.action_copy()
        self.delete_selection()

    def restricted(self) -> None:
        """What would be too long is not taken in part: it is said."""
        self.notify(f"that is more than {plural(MAX_CHARACTERS, 'character')}: name a file", severity="error")

    # -- the cursor ------------------------------------------------------------------------------------------

    def _rows(self, width: int = 0) -> list[list[Cell]]:
        room = max(1, width or self.content_region.width) if self.lines else None
        return rows_of(self.value, room, breaks=self.lines, hidden=self.password)

    def _cursor_cell(self, rows: list[list[Cell]]) -> tuple[int, int]:
        """Row and column of the cursor."""
        for y, row in enumerate(rows):
            for cell in row:
                if cell.place == self.cursor_position:
                    return y, cell.column
        end = rows[-1][-1] if rows[-1] else None
        return len(rows) - 1, end.column + end.width if end is not None else 0

    def action_cursor_row(self, step: int) -> None:
        """Goes one row up or down."""
        rows = self._rows()
        y, column = self._cursor_cell(rows)
        self.cursor_position = _place(rows, y + step, column, len(self.value))

    def action_home(self, select: bool = False) -> None:
        """Goes to the start of the row."""
        rows = self._rows()
        row = rows[self._cursor_cell(rows)[0]]
        self._go(row[0].place if row else len(self.value), select)

    def action_end(self, select: bool = False) -> None:
        """Goes to the end of the row."""
        rows = self._rows()
        y, _ = self._cursor_cell(rows)
        last = y == len(rows) - 1
        self._go(len(self.value) if last else rows[y][-1].place, select)

    def _go(self, place: int, select: bool) -> None:
        self.selection = Selection(self.selection.start if select else place, place)

    @property
    def cursor_screen_offset(self) -> Offset:
        """Where the cursor is on the screen."""
        y, column = self._cursor_cell(self._rows())
        x0, y0, _, _ = self.content_region
        return Offset(x0 + column, y0 + y - self._top) if self.lines else Offset(x0 + column - self._top, y0)

    async def _on_mouse_down(self, event: events.MouseDown) -> None:
        event.prevent_default()
        self._pause_blink(visible=True)
        self.selection = Selection.cursor(self._place_at(event.get_content_offset_capture(self)))
        self._selecting = True
        self.capture_mouse()

    async def _on_mouse_move(self, event: events.MouseMove) -> None:
        event.prevent_default()
        if self._selecting:
            place = self._place_at(event.get_content_offset_capture(self))
            self.selection = Selection(self.selection.start, place)

    def _place_at(self, offset: Offset) -> int:
        x, y = (offset.x, offset.y + self._top) if self.lines else (offset.x + self._top, 0)
        return _place(self._rows(), y, x, len(self.value))

    # -- painting --------------------------------------------------------------------------------------------

    def _watch_selection(self, selection: Selection) -> None:
        self.app.clear_selection()
        self._scroll()
        self.app.cursor_position = self.cursor_screen_offset

    def on_resize(self) -> None:
        """Other rows fit."""
        self._scroll()

    def _scroll(self) -> None:
        """Keeps the cursor in sight."""
        rows, room = self._rows(), self.content_region.size
        y, column = self._cursor_cell(rows)
        total = len(rows) if self.lines else (rows[0][-1].column + rows[0][-1].width if rows[0] else 0) + 1
        place, size = (y, max(1, room.height)) if self.lines else (column, max(1, room.width))
        self._top = max(0, min(self._top, place, total - size), place - size + 1)
        self.refresh()

    @property
    def content_width(self) -> int:
        """As wide as it is: the field scrolls by itself."""
        return max(1, self.content_region.width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many rows as the text takes."""
        return len(self._rows(width)) if self.lines else 1

    def render_line(self, y: int) -> Strip:
        """Row `y` of the field."""
        width = self.content_region.width
        if not self.value:
            return self._placeholder_line(y, width)
        rows = self._rows()
        number, left = (y + self._top, 0) if self.lines else (y, self._top)
        if number >= len(rows):
            return Strip.blank(width, self.rich_style)
        segments = [*self._segments(rows, number)]
        strip = Strip(segments).adjust_cell_length(max(width, left + width))
        return strip.crop(left, left + width).apply_style(self.rich_style)

    def _segments(self, rows: list[list[Cell]], number: int) -> Iterator[Segment]:
        """The row in its styles: what is escaped, what is selected, and the cursor."""
        first, last = sorted(self.selection)
        cursor = self.cursor_position if self.has_focus and self._cursor_visible else -1
        on = self.get_component_rich_style("input--cursor")
        marked = self.get_component_rich_style("input--selection")
        for cell in rows[number]:
            style = _ESCAPED if cell.escaped else Style.null()
            if self.has_focus and first <= cell.place < last:
                style += marked
            is_cursor = cell.place == cursor
            yield Segment(cell.text or (" " if is_cursor else ""), style + on if is_cursor else style)
        if number < len(rows) - 1:
            return
        suggestion = self._suggestion[len(self.value) :] if self.has_focus else ""
        if suggestion:
            faded = self.get_component_rich_style("input--suggestion")
            yield Segment(suggestion[0], faded + on if cursor == len(self.value) else faded)
            yield Segment(suggestion[1:], faded)
        elif cursor == len(self.value):
            yield Segment(" ", on)

    def _placeholder_line(self, y: int, width: int) -> Strip:
        text = self.placeholder if y == 0 else ""
        style = self.get_component_rich_style("input--placeholder")
        segments = [Segment(text, style)]
        if y == 0 and self.has_focus and self._cursor_visible:
            on = self.get_component_rich_style("input--cursor")
            segments = [Segment(text[:1] or " ", style + on), Segment(text[1:], style)]
        return Strip(segments).adjust_cell_length(width).apply_style(self.rich_style)


def _place(rows: list[list[Cell]], y: int, column: int, end: int) -> int:
    """The place in the text at a row and a column; beyond a row its end."""
    if y < 0:
        return 0
    if y >= len(rows):
        return end
    row = rows[y]
    for cell in row:
        if column < cell.column + max(1, cell.width):
            return cell.place
    return end if y == len(rows) - 1 else row[-1].place
