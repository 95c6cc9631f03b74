"""What lists of things that happen have in common: following the newest line, and their lines as text."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..packets.parts import Link
from ..text.format import address
from ..text.keyspace import NEAR, near_to
from ..text.spans import Line, clean
from ..widgets.line_table import LineTable
from ..widgets.table_model import Column, Row, TableModel
from .verbs import CopyForm, ExportForm

RUSH = 40
"""New lines a tick, from which on nobody reads them one by one."""
TURNS = 5


class UpdateThrottle:
    """Tells when to paint a list into which more lines pour than anybody reads: at each fifth tick only."""

    def __init__(self) -> None:
        self._turn = 0

    def skips(self, came: int) -> bool:
        """Whether the list may stay as it is this time. To be asked once a tick, with the number of new lines."""
        turn, self._turn = self._turn, (self._turn + 1) % TURNS if came > RUSH else 0
        return came > RUSH and turn > 0


class NewestModel(TableModel[Row]):
    """Rows of which the newest is on top. Who looks at the newest line goes on doing so, whichever that is."""

    def _follow(self) -> None:
        if self.cursor == 0 and self.sort_by is None and not self.backwards:
            self.move_to(0)
        else:
            super()._follow()

    def select(self, key: Hashable) -> None:
        """Selects the row of that key, if there is one."""
        self._selected = key
        super()._follow()


class NewestTable(LineTable[Row]):
    """Shows a `NewestModel`."""

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        key: Callable[[Row], Hashable],
        *,
        title: str = "",
        empty: Sequence[Line] = (),
        id: str | None = None,
    ) -> None:
        super().__init__(columns, key, title=title, empty=empty, id=id)
        self.model = NewestModel(columns, key)


def near_us(
    columns: Sequence[Column[Row]], own: Callable[[], bytes | None], ids: Mapping[str, Callable[[Row], bytes | None]]
) -> tuple[Column[Row], ...]:
    """The columns, with the ids in some of them painted by how near they are to ours.

    `own` gives our id, `ids` that of a row by the title of its column.
    """
    return tuple(
        replace(column, cell=_near_us(column, own, ids[column.title])) if column.title in ids else column
        for column in columns
    )


def _near_us(
    column: Column[Row], own: Callable[[], bytes | None], id_of: Callable[[Row], bytes | None]
) -> Callable[[Row], Line]:
    def cell(row: Row) -> Line:
        role = near_to(own(), id_of(row))
        return tuple((text, role if role in NEAR and usual == "data" else usual) for text, usual in column.cell(row))

    return cell


def row_text(table: LineTable[Row], row: Row) -> str:
    """A row as safe text, its cells apart by two blanks."""
    cells = ("".join(text for text, _ in cell) for cell in table.model.cells(row))
    return clean("  ".join(cell.strip() for cell in cells if cell.strip()))


def link_forms(links: Sequence[Link]) -> list[CopyForm]:
    """The ids, keys and addresses among some links, in full, to be copied; nothing twice."""
    forms: dict[str, CopyForm] = {}
    for link in links:
        if isinstance(link.value, bytes):
            text = link.value.hex()
        elif isinstance(link.value, tuple):
            text = clean(address(link.value))
        else:
            continue  # numbers of packets and lookups mean nothing elsewhere
        forms.setdefault(text, (link.kind, text))
    return list(forms.values())


def row_forms(table: LineTable[Any]) -> tuple[CopyForm, ...]:
    """The selected row as text, to be copied."""
    row = table.model.selected
    return () if row is None else (("the line", row_text(table, row)),)


def table_form(table: LineTable[Any], name: str) -> ExportForm:
    """The rows shown, as tab-separated text, to be written to a file."""
    return f"{name}: the lines shown, separated by tabs", f"{name}.tsv", lambda: table_text(table)


def table_text(table: LineTable[Row]) -> bytes:
    """The rows shown, all columns, with their titles: tab-separated, UTF-8."""
    model = table.model
    titles = "\t".join(column.title for column in model.columns)
    lines = ("\t".join(clean("".join(t for t, _ in cell)) for cell in model.cells(row)) for row in model.rows)
    return "".join(f"{line}\n" for line in (titles, *lines)).encode()
