"""What a live table shows, apart from painting: order, filter, and a selection that follows the row's key."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from ..packets.filter import Completion
from ..storage.memory import ListLook
from ..text.spans import Line

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """A column of a table."""

    title: str
    width: int
    """Cells, without the gap after it; the least, where `grow` is set."""
    cell: Callable[[Row], Line]
    """What is written in it."""
    right: bool = False
    """Aligned to the right."""
    sort: Callable[[Row], Any] | None = None
    """The value to sort by. `None`: the table can't be sorted by this column."""
    grow: bool = False
    """Takes its share of the cells that are left over."""
    middle: bool = False
    """What does not fit is left out of its middle, not of its end: for ids. Text with blanks is none."""
    most: int = 0
    """Cells that it takes, where there are any left, once a row in sight has more text than `width`: for addresses.
    With `grow`: it takes its share up to so many; what is beyond is for the others that grow,
    or, where all have that, for the last one."""
    rank: int = 0
    """The columns of the highest rank are left out first where the table is too narrow; 0: never."""


HISTORY = 50
"""Filters that a table remembers."""
FILTER_HELP: Final = (
    ("word", "the lines that have this text in them; capitals and small letters are the same"),
    ("!word", "those that have it not"),
    ("/pattern/", "those in which this regular expression matches; ! turns it round"),
)
"""What a filter of a list can be, by example, and what it means."""


class BadFilter(ValueError):
    """Why a filter can't be used, in words."""

    def __init__(self, message: str, position: int | None = None, length: int = 0) -> None:
        super().__init__(message)
        self.position = position
        """Where in the text the mistake begins; `None`: it is in no particular place."""
        self.length = length
        """How many characters are wrong; 0 where something is missing."""


def compile_filter(text: str) -> Callable[[str], bool]:
    """A test of a line's text: ``word``, ``!word``, ``/pattern/``, ``!/pattern/``; case doesn't count.

    Raises `BadFilter` for a pattern that is none.
    """
    wanted = not text.startswith("!")
    needle = text if wanted else text[1:]
    if len(needle) > 1 and needle.startswith("/") and needle.endswith("/"):
        try:
            pattern = re.compile(needle[1:-1], re.IGNORECASE)
        except re.error as problem:
            raise BadFilter(f"not a pattern: {problem.msg}") from None
        return lambda line: bool(pattern.search(line)) is wanted
    folded = needle.casefold()
    return lambda line: (folded in line.casefold()) is wanted


class TableModel(Generic[Row]):
    """The rows of one table as they are shown. A subclass may give its filters another language."""

    filter_hint = f"{', '.join(example for example, _ in FILTER_HELP)}   enter keeps it, esc clears it"
    filter_help: tuple[tuple[str, str], ...] = FILTER_HELP
    """Filters by example, and what they mean."""
    guided = False
    """Whether the filter's language is rich enough for guidance while one is typed."""

    def __init__(self, columns: Sequence[Column[Row]], key: Callable[[Row], Hashable]) -> None:
        self.shipped = self.columns = tuple(columns)
        """All columns there are; and those shown, in the order in which they stand."""
        self.key = key
        self.rows: list[Row] = []
        """The rows shown, in the order shown."""
        self.total = 0
        """Rows before the filter."""
        self.cursor = 0
        """The selected row's place in `rows`."""
        self.sort_by: Column[Row] | None = None
        self.backwards = False
        self.filter_text = ""
        self.history: list[str] = []
        """Filters that were in use, the newest last, nothing twice; `HISTORY` at most."""
        self._accepts: Callable[[Row], bool] | None = None
        self._all: Sequence[Row] = ()
        self._selected: Hashable = None
        self._cells: dict[int, tuple[Row, tuple[Line, ...]]] = {}
        """The row and its cells by its `id`: both who looks for changes and who paints want them."""

    @property
    def selected(self) -> Row | None:
        """The selected row; `None` if there are no rows."""
        return self.rows[self.cursor] if self.rows else None

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Replaces all rows. The selection stays with its key; if that is gone, it stays at its place."""
        self._all, self.total = rows, len(rows)
        self._cells.clear()
        shown = list(rows)
        if self._accepts is not None:
            shown = [row for row in shown if self._accepts(row)]
        if self.sort_by is not None and self.sort_by.sort is not None:
            shown.sort(key=self.sort_by.sort, reverse=self.backwards)
        elif self.backwards:
            shown.reverse()
        self.rows = shown
        self._follow()

    def _follow(self) -> None:
        for place, row in enumerate(self.rows):
            if self.key(row) == self._selected:
                self.cursor = place
                return
        self.move_to(self.cursor)

    def move_to(self, place: int) -> None:
        """Selects the row at that place, or the nearest there is."""
        self.cursor = max(0, min(place, len(self.rows) - 1))
        if self.rows:
            self._selected = self.key(self.rows[self.cursor])

    def select(self, key: Hashable) -> None:
        """Selects the row of that key, if there is one."""
        self._selected = key
        self._follow()

    def set_filter(self, text: str) -> None:
        """Shows only the rows that match; "" shows all. Raises `BadFilter` and changes nothing."""
        self._accepts = self.read_filter(text)
        self.filter_text = text
        self.set_rows(self._all)

    def remember(self) -> None:
        """Puts the present filter into the history, as the newest."""
        text = self.filter_text.strip()
        if text:
            self.history = [*(each for each in self.history if each != text), text][-HISTORY:]

    def read_filter(self, text: str) -> Callable[[Row], bool] | None:
        """What a filter tests; `None` where it lets all rows through. Raises `BadFilter`."""
        if not text.removeprefix("!"):
            return None
        accepts = compile_filter(text)
        return lambda row: accepts(self.text(row))

    def completions(self, text: str, cursor: int) -> Sequence[Completion]:
        """What the word at the cursor of a filter could become."""
        return ()

    def cycle_sort(self) -> None:
        """Sorts by the next column that can be sorted by; after the last one, in the rows' own order."""
        columns: list[Column[Row] | None] = [None, *(c for c in self.columns if c.sort is not None)]
        self.sort(columns[(columns.index(self.sort_by) + 1) % len(columns)])

    def sort(self, column: Column[Row] | None) -> None:
        """Sorts by a column; `None`: in the rows' own order."""
        self.sort_by, self.backwards = column, False
        self.set_rows(self._all)

    def flip(self) -> None:
        """Turns the order round."""
        self.backwards = not self.backwards
        self.set_rows(self._all)

    # -- how it is looked at ---------------------------------------------------------------------------------

    @property
    def look(self) -> ListLook:
        """The order, and the columns that the user chose."""
        titles = () if self.columns == self.shipped else tuple(c.title for c in self.columns if c.title)
        return ListLook(titles, self.sort_by.title if self.sort_by else "", self.backwards)

    def arrange(self, titles: Sequence[str]) -> None:
        """Shows these columns, in this order; none: as shipped.

        Unknown ones are passed over, and those without a title stay.
        """
        named = {column.title: column for column in reversed(self.shipped) if column.title}
        chosen = [named[title] for title in dict.fromkeys(titles) if title in named]
        untitled = [column for column in self.shipped if not column.title]
        self.columns = (*untitled, *chosen) if chosen else self.shipped
        self._cells.clear()

    def restore(self, look: ListLook) -> None:
        """Takes up how it was looked at before."""
        self.arrange(look.columns)
        self.sort(next((c for c in self.shipped if look.sort and c.title == look.sort and c.sort is not None), None))
        self.backwards = look.backwards
        self.set_rows(self._all)

    # -- cells -----------------------------------------------------------------------------------------------

    def cells(self, row: Row) -> tuple[Line, ...]:
        """The cells of a row, in the order of `columns`."""
        known = self._cells.get(id(row))
        if known is None:
            known = self._cells[id(row)] = row, tuple([column.cell(row) for column in self.columns])
        return known[1]

    def text(self, row: Row) -> str:
        """All of a row as text, for the filter, hidden columns too."""
        cells = self.cells(row) if self.columns == self.shipped else [column.cell(row) for column in self.shipped]
        return " ".join("".join(text for text, _ in cell) for cell in cells)


def lay_out(columns: Sequence[Column[Any]], width: int, long: Collection[str] = ()) -> list[int]:
    """The width of each column in a table `width` cells wide, 0 for those left out. One cell of gap between two.

    `long`: the titles of columns that have more text than their width; those get up to `most` before any grows.
    """
    kept = set(range(len(columns)))
    while sum(columns[i].width + 1 for i in kept) - 1 > width and any(columns[i].rank for i in kept):
        kept.discard(max(kept, key=lambda i: (columns[i].rank, i)))
    spare = max(0, width - sum(columns[i].width + 1 for i in kept) + 1)
    growing = [i for i in sorted(kept) if columns[i].grow]
    widths = [columns[i].width if i in kept else 0 for i in range(len(columns))]
    for i in sorted(kept):
        if columns[i].title in long and not columns[i].grow:
            more = min(spare, max(0, columns[i].most - columns[i].width))
            widths[i], spare = widths[i] + more, spare - more
    content, needs = list(growing), {i: max(0, columns[i].most - columns[i].width) for i in growing if columns[i].most}
    for i in sorted(needs, key=lambda i: needs[i]):
        if needs[i] < spare // len(content):
            content.remove(i)
            widths[i], spare = widths[i] + needs[i], spare - needs[i]
    content = content or growing[-1:]  # what nobody has a use for
    for nth, i in enumerate(content):
        widths[i] += spare // len(content) + (nth < spare % len(content))
    return widths
