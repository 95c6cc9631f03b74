"""A small menu that lies over a screen."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Input

from ...bindings.registry import DIGITS, LIST, POPUP
from ...text.spans import cell_len, clean
from ...widgets.bound import bound
from ...widgets.line_table import LineTable
from ...widgets.table_model import Column
from .window import Window

Entry = tuple[int, str]
"""Its place, from 1 on, and what it says."""

_WIDTH = 64
"""Cells that it takes at least, if the window has them; labels that need more get more."""
_BESIDE = 7
"""Cells beside a label: the frame, the cursor, the digit, a bar to scroll."""

COLUMNS: tuple[Column[Entry], ...] = (
    Column("", 2, lambda entry: ((str(entry[0]) if entry[0] < 10 else "", "key"),), right=True),
    Column("", 20, lambda entry: ((entry[1], "plain"),), grow=True),
)


class Choice(Window[int | None]):
    """Lets the user choose one of some labels: enter, or its digit. The result is its index; `None`: none."""

    CSS_PATH = "choice.tcss"
    BINDINGS = [  # noqa: RUF012 - Textual's own declaration
        bound(POPUP[0]),  # for enter it is the list that is asked first
        *(Binding(str(digit), f"choose({digit})", show=False) for digit in range(1, 10)),
    ]
    ACTIONS = (
        *(action._replace(label="choose", help="Choose the line.") for action in LIST if action.name == "inspect"),
        DIGITS,
        *POPUP,
    )
    ABOUT = "Choose one of the lines."

    def __init__(self, title: str, labels: Sequence[str]) -> None:
        super().__init__()
        self._heading, self._labels = title, labels

    def compose_body(self) -> ComposeResult:
        """The menu."""
        yield LineTable(COLUMNS, lambda entry: entry[0], title=self._heading, id="choices")

    def on_mount(self) -> None:
        """Fills and sizes it."""
        table = self.query_one(LineTable)
        table.styles.height = min(len(self._labels) + 3, 18)
        table.styles.width = max(_WIDTH, max(map(cell_len, self._labels), default=0) + _BESIDE)
        table.show([(place, clean(label)) for place, label in enumerate(self._labels, 1)])

    @on(LineTable.Inspect)
    def choose_selected(self, message: LineTable.Inspect) -> None:
        """Enter takes the selected one."""
        message.stop()
        if message.table.model.selected is not None:
            self.action_choose(message.table.model.selected[0])

    def action_choose(self, place: int) -> None:
        """Takes one by its place."""
        if place <= len(self._labels):
            self.dismiss(place - 1)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that close the menu are letters while a filter is typed."""
        return not (action == "close" and isinstance(self.focused, Input))

    def action_close(self) -> None:
        """Takes none."""
        self.dismiss(None)
