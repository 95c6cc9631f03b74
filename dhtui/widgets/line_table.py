"""The one live table. It paints its visible lines only, and of those only the ones that changed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeAlias

from textual import events
from textual.actions import SkipAction
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ..bindings.keymap import key_of, names
from ..bindings.registry import LIST
from ..storage.memory import ListLook
from ..text.format import elide
from ..text.spans import Line, Role, Span, clean, crop, fit, width_of
from .bound import all_bound
from .chrome import press
from .filter_bar import FilterBar
from .paint import Painted, titled
from .table_model import Column, Row, TableModel, lay_out

_Look: TypeAlias = tuple[tuple[Line, ...], str]
"""All that the painted line depends on, but for width and theme: the cells, and the mark before them."""

_RIGHT = 3
"""The number of the right button of the mouse."""
_NO_MARK, _CURSOR, _IDLE = " ", "▶", "▷"
_ROLE_OF_MARK: dict[str, Role] = {_CURSOR: "cursor", _IDLE: "idle"}


class LineTable(Painted, ScrollView, Generic[Row], can_focus=True, inherit_bindings=False):
    """Rows of any immutable kind, by columns; the title row stays at the top.

    Rows are told apart by `key`, and the selection follows the key wherever its row goes.
    """

    DEFAULT_CSS = """
    LineTable { overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }
    """
    ALLOW_SELECT = True
    BINDINGS = all_bound(LIST)

    class Selected(Message):
        """The selection is on another row now, or its row was replaced."""

        def __init__(self, table: LineTable[Any]) -> None:
            self.table = table
            super().__init__()

        @property
        def control(self) -> LineTable[Any]:
            """The table, for ``@on``."""
            return self.table

    class Inspect(Selected):
        """The selected row is to be shown in full."""

    class Filtered(Selected):
        """Its filter is another one now."""

    class Columns(Selected):
        """Its columns are to be chosen."""

    class Arranged(Selected):
        """The user wants its rows in another order, or other columns."""

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        key: Callable[[Row], Hashable],
        *,
        title: str = "",
        empty: Sequence[Line] = (),
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.model = TableModel(columns, key)
        self.title = title
        self.empty = tuple(empty)
        """Lines shown where there are no rows."""
        self._painted: dict[int, _Look | None] = {}
        self._layout: list[int] = []
        self._layout_width = -1
        self._long: set[str] = set()
        """Titles of the columns of which a row that was in sight had more text than they are wide."""
        self._said: Hashable = None

    # -- rows ------------------------------------------------------------------------------------------------

    def show(self, rows: Sequence[Row]) -> None:
        """Replaces the rows."""
        was_visible = self._cursor_visible()
        self.model.set_rows(rows)
        self._changed(follow=was_visible)

    def set_filter(self, text: str) -> None:
        """Shows only the rows that match; raises `BadFilter` and changes nothing."""
        before = self.model.filter_text
        self.model.set_filter(text)
        self._changed(follow=True)
        if self.model.filter_text != before:
            self.post_message(self.Filtered(self))

    def change_filter(self, text: str) -> None:
        """As `set_filter`; the filter that was, and the one that comes, can be called back while one is typed."""
        self.model.remember()
        self.set_filter(text)
        self.model.remember()

    def select(self, key: Hashable) -> None:
        """Selects the row of that key, if there is one."""
        self.model.select(key)
        self._changed(follow=True)

    def set_empty(self, *lines: Line) -> None:
        """What to show where there are no rows."""
        if lines != self.empty:
            self.empty = lines
            if not self.model.rows:
                self.refresh()

    def _changed(self, follow: bool) -> None:
        self._set_height(len(self.model.rows) + 1)
        if follow:
            self._show_cursor()
        looks = [self._look(y) for y in range(self.size.height)]
        changed = [y for y, look in enumerate(looks) if self._painted.get(y, _NEVER) != look]
        if self._lengthens(looks):
            self._layout_width = -1
            self.refresh()
        elif changed:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))
        self.rename()
        selected = self.model.selected
        key = None if selected is None else self.model.key(selected)
        if key != self._said:
            self._said = key
            self.post_message(self.Selected(self))

    def _lengthens(self, looks: Sequence[_Look | None]) -> bool:
        """Whether a row in sight has, for the first time, more text than a column of theirs that may take more."""
        for place, column in enumerate(self.model.columns):
            if column.most and not column.grow and column.title not in self._long:
                cells = (look[0][place] for look in looks if look is not None)
                if any(width_of(cell) > column.width for cell in cells):
                    self._long.add(column.title)
                    return True
        return False

    def _set_height(self, lines: int) -> None:
        size = Size(self.size.width, lines)
        if self.styles.is_auto_height:
            self.virtual_size = size
        elif size != self.virtual_size:
            # Assigned, it would have the whole screen laid out and painted anew, at every tick of a live list; but
            # nothing is affected except the scroll bar.
            self.set_reactive(ScrollView.virtual_size, size)
            self._scroll_update(size)

    def rename(self) -> None:
        """Shows `title`, and how the rows are filtered and sorted."""
        model = self.model
        notes = []
        if model.filter_text:
            notes.append(f"filter {clean(model.filter_text)}: {len(model.rows)} of {model.total}")
        if model.sort_by or model.backwards:
            by = model.sort_by.title if model.sort_by else "own order"
            notes.append(f"sort: {by} {'▼' if model.backwards else '▲'}")
        note = "  ".join(notes)
        title = self.title
        if note and not self.styles.border_bottom[0]:  # there is but one line to write on
            title, note = f"{title}  {note}", ""
        content = titled(self, title)
        if self.border_title_text != content.plain:
            self.border_title_text = content.plain
            self.border_title = content
        if self.border_note != note:
            self.border_note = note
            self.border_subtitle = Content(note)

    border_title_text = ""
    border_note = ""

    # -- painting --------------------------------------------------------------------------------------------

    def _look(self, y: int) -> _Look | None:
        """What line `y` of the widget has to show; `None` for the title row and below the last row."""
        place = y - 1 + self.scroll_offset.y
        if y == 0 or place >= len(self.model.rows):
            return None
        mark = _NO_MARK
        if place == self.model.cursor:
            mark = _CURSOR if self.has_focus else _IDLE
        return self.model.cells(self.model.rows[place]), mark

    def render_line(self, y: int) -> Strip:
        """Line `y` of the widget: the titles, a row, or a line of the text for an empty table."""
        width = self.scrollable_content_region.width
        if self._layout_width != width:
            self._layout, self._layout_width = lay_out(self.model.columns, width - 1, self._long), width
        look = self._painted[y] = self._look(y)
        if look is None:
            return self.mark_selected(self.paint(self._titles() if y == 0 else self._empty_line(y - 1), width), y)
        fill: Role = _ROLE_OF_MARK.get(look[1], "plain")
        return self.mark_selected(self.paint(self._row_line(look, fill), width, fill), y)

    def _row_line(self, look: _Look, role: Role) -> Line:
        cells, mark = look
        spans: list[Span] = [(mark, role)]
        for cell, width, column in zip(cells, self._layout, self.model.columns, strict=True):
            if width:
                spans += (*_fit_cell(cell, width, column), (" ", "plain"))
        spans.pop()
        return tuple(spans) if role == "plain" else tuple((text, role) for text, _ in spans)

    def _titles(self) -> Line:
        spans: list[Span] = [(" ", "title")]
        model = self.model
        for column, width in zip(model.columns, self._layout, strict=True):
            if width:
                arrow = ("▼" if model.backwards else "▲") if column is model.sort_by else ""
                spans += ((fit(column.title + arrow, width, column.right), "title"), (" ", "title"))
        return tuple(spans[:-1])

    def _empty_line(self, y: int) -> Line:
        if self.model.rows:
            return ()
        if self.model.total:
            hint = f" No line matches the filter. {key_of('clear')} clears it."
            lines: tuple[Line, ...] = (((hint, "dim"),),)
        else:
            lines = self.empty
        return lines[y] if y < len(lines) else ()

    # -- moving ----------------------------------------------------------------------------------------------

    def _cursor_visible(self) -> bool:
        return 0 <= self.model.cursor - self.scroll_offset.y < max(1, self.size.height - 1)

    def _show_cursor(self) -> None:
        height = max(1, self.size.height - 1)
        top, cursor = self.scroll_offset.y, self.model.cursor
        wanted = min(max(top, cursor - height + 1), cursor)
        if wanted != top:
            self.scroll_to(y=wanted, animate=False, immediate=True, force=True)

    def _go(self, place: int) -> None:
        self.model.move_to(place)
        self._changed(follow=True)

    def action_move(self, lines: int) -> None:
        """Moves the selection by some lines."""
        self._go(self.model.cursor + lines)

    def action_page(self, pages: int) -> None:
        """Moves the selection by some pages."""
        self._go(self.model.cursor + pages * max(1, self.size.height - 2))

    def action_edge(self, which: int) -> None:
        """Selects the first (-1) or the last (1) row."""
        self._go(0 if which < 0 else len(self.model.rows) - 1)

    # -- other actions ---------------------------------------------------------------------------------------

    def action_sort(self) -> None:
        """Sorts by the next column."""
        self.model.cycle_sort()
        self._arranged()

    def action_flip(self) -> None:
        """Turns the order round."""
        self.model.flip()
        self._arranged()

    def sort_by(self, column: Column[Row]) -> None:
        """Sorts by a column; if it is sorted by that already, the other way round."""
        if self.model.sort_by is column:
            self.model.flip()
        else:
            self.model.sort(column)
        self._arranged()

    def show_columns(self, titles: Sequence[str]) -> None:
        """Shows these columns, in this order; none: as shipped."""
        self.model.arrange(titles)
        self._arranged()

    def _arranged(self) -> None:
        self._layout_width = -1
        self.refresh()
        self._changed(follow=True)
        self.post_message(self.Arranged(self))

    def restore(self, look: ListLook) -> None:
        """Takes up how it was looked at before."""
        self.model.restore(look)
        self._layout_width = -1
        self.refresh()

    async def action_filter(self) -> None:
        """Lets the user type a filter, in the line of the screen or window, which gets one if it has none."""
        bar = next(iter(self.screen.query(FilterBar)), None)
        if bar is None:
            bar = FilterBar()
            await self.screen.mount(bar)
        bar.open(self)

    def action_clear(self) -> None:
        """Shows all rows again, and remembers the filter. Where all are there the key is for what holds the list."""
        if not self.model.filter_text:
            raise SkipAction
        self.change_filter("")

    def action_columns(self) -> None:
        """Asks the screen to let the user choose the columns."""
        self.post_message(self.Columns(self))

    def action_inspect(self) -> None:
        """Asks the screen to show the selected row in full."""
        if self.model.rows:
            self.post_message(self.Inspect(self))

    def on_click(self, event: events.Click) -> None:
        """Selects the row under the mouse; a double click inspects it, the right button goes to what it is about.

        A click on a title sorts by that column.
        """
        at = event.get_content_offset_capture(self)
        if at.y == 0:
            self._sort_at(at.x)
            return
        place = at.y - 1 + self.scroll_offset.y
        if 0 <= place < len(self.model.rows):
            self._go(place)
            if event.button == _RIGHT:
                press(self, names()["follow"].keys.partition(",")[0])
            elif event.chain == 2:
                self.action_inspect()

    def _sort_at(self, x: int) -> None:
        """Sorts by the column whose title is at that cell; again: the other way round."""
        left = 1
        for column, width in zip(self.model.columns, self._layout, strict=False):
            if width and left <= x < left + width + 1 and column.sort is not None:
                self.sort_by(column)
                return
            left += width + 1 if width else 0

    def on_resize(self) -> None:
        """Keeps the selected row in sight."""
        self._changed(follow=True)

    def on_focus(self) -> None:
        """The mark before the selected row tells whether keys go here."""
        self.refresh()

    on_blur = on_focus


_NEVER: _Look = ((), "never painted")


def _fit_cell(cell: Line, width: int, column: Column[Any]) -> list[Span]:
    if len(cell) == 1:
        text, role = cell[0]
        if column.middle and " " not in text:
            text = elide(text, width)
        return [(fit(text, width, column.right), role)]
    cut = crop(cell, width)
    pad: Span = (" " * (width - width_of(cut)), "plain")
    return [pad, *cut] if column.right else [*cut, pad]
