"""The window in which the columns of a list are chosen: what is chosen is seen behind it at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.getters import query_one

from ...bindings.registry import COLUMNS as KEYS
from ...bindings.registry import LIST, POPUP
from ...text.glossary import GLOSSARY
from ...widgets.bound import all_bound, bound
from ...widgets.line_table import LineTable
from ...widgets.table_model import Column
from ..notify import notify
from .window import Window

_INSPECT = next(action for action in LIST if action.name == "inspect")


@dataclass(frozen=True, slots=True)
class Row:
    """A column, as it is listed."""

    title: str
    shown: bool
    meaning: str


COLUMNS: tuple[Column[Row], ...] = (
    Column("", 1, lambda row: (("✓", "good") if row.shown else ("·", "dim"),)),
    Column("", 12, lambda row: ((row.title, "strong" if row.shown else "dim"),)),
    Column("", 20, lambda row: ((row.meaning, "plain"),), grow=True),
)


def meanings_of(table: LineTable[Any], view: str) -> Mapping[str, str]:
    """What the columns of a list mean, by their titles: the section of its screen that tells the most of them."""
    titles = {column.title for column in table.model.shipped}
    sections = [dict(section.meanings) for section in GLOSSARY.get(view, ())]
    return max(sections, key=lambda section: len(titles & section.keys()), default={})


class ColumnChooser(Window[None]):
    """Shows, hides and orders the columns of one list."""

    CSS_PATH = "columns.tcss"
    BINDINGS = [  # noqa: RUF012 - Textual's own declaration
        *all_bound(KEYS),
        bound(POPUP[0]),
    ]
    ACTIONS = (*KEYS, _INSPECT._replace(help=KEYS[0].help, rank=0), *POPUP)
    ABOUT = "The columns of the list: which are shown, and in which order. It is remembered."
    AUTO_FOCUS = "#columns"

    rows: query_one[LineTable[Row]] = query_one("#columns", LineTable)

    def __init__(self, table: LineTable[Any], meanings: Mapping[str, str]) -> None:
        """`meanings` are those of the columns, by their titles."""
        super().__init__()
        self._table, self._meanings = table, meanings

    def compose_body(self) -> ComposeResult:
        """The window."""
        with Vertical(classes="window"):
            yield LineTable(COLUMNS, lambda row: row.title, title="columns", id="columns")

    def on_mount(self) -> None:
        """Lists them."""
        self._list()

    def _shown(self) -> list[str]:
        return [column.title for column in self._table.model.columns if column.title]

    def _list(self) -> None:
        shown = self._shown()
        hidden = [c.title for c in self._table.model.shipped if c.title and c.title not in shown]
        rows = [Row(title, title in shown, self._meanings.get(title, "")) for title in (*shown, *hidden)]
        self.rows.title = f"columns: {len(shown)} of {len(rows)} are shown"
        self.rows.show(rows)

    def _arrange(self, titles: Sequence[str]) -> None:
        self._table.show_columns(titles)
        self._list()

    def action_column_show(self) -> None:
        """Shows the selected column, or hides it."""
        row, shown = self.rows.model.selected, self._shown()
        if row is None:
            return
        if not row.shown:
            self._arrange([*shown, row.title])
        elif len(shown) > 1:
            self._arrange([title for title in shown if title != row.title])
        else:
            notify(self.app, "One column stays.")

    def action_column_move(self, step: int) -> None:
        """Moves the selected column."""
        row, shown = self.rows.model.selected, self._shown()
        if row is None or not row.shown:
            return
        place = shown.index(row.title)
        shown.insert(max(0, place + step), shown.pop(place))
        self._arrange(shown)

    def action_column_reset(self) -> None:
        """As shipped."""
        self._arrange(())

    @on(LineTable.Inspect)
    def chosen(self, message: LineTable.Inspect) -> None:
        """Enter shows or hides it."""
        message.stop()
        self.action_column_show()

    def action_close(self) -> None:
        """Back to the list."""
        self.dismiss(None)
