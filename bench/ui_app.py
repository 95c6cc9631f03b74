"""What ui.py runs on a pseudo-terminal: the explorer in a made-up crowd, or what it is compared with.

python bench/ui_app.py explorer --rate 5000     all its screens; j and k also count themselves in the second line
python bench/ui_app.py idle                     a table of Textual lines in which nothing ever happens
python bench/ui_app.py engine --rate 5000       the node and the rings that listen to it; no screen
"""

from __future__ import annotations

import argparse
import asyncio
import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import ClassVar

from crowd import Crowd, CrowdNode
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType

from dhtui.app import Explorer
from dhtui.app.opening import spare_pauses
from dhtui.engine.node import Node
from dhtui.runtime.host import Nodes
from dhtui.sources.source import LiveSource
from dhtui.text.spans import Line
from dhtui.widgets.chrome import Tabs
from dhtui.widgets.line_table import LineTable
from dhtui.widgets.lines import Lines
from dhtui.widgets.table_model import Column

KEYS: list[BindingType] = [Binding("j", "press(1)", priority=True), Binding("k", "press(-1)", priority=True)]


class Counting:
    """Counts the keys pressed, in a line that ui.py looks out for."""

    presses = 0

    def press(self, app: App[int], lines: int, shown: Lines) -> None:
        """Do what the key does in a list, and show that it was done."""
        self.presses += 1
        if isinstance(app.focused, LineTable):
            app.focused.action_move(lines)
        before = shown.lines[0] if shown.lines else ()
        line = tuple(span for span in before if not span[0].startswith("‹"))
        shown.show(((*line, (f"‹{self.presses}›", "dim")),))


class CountingExplorer(Explorer):
    """The explorer, in which a key press can be seen to have been handled."""

    CSS_PATH = str(Path(inspect.getfile(Explorer)).with_name(Explorer.CSS_PATH))
    BINDINGS: ClassVar[list[BindingType]] = KEYS
    counting = Counting()

    def action_press(self, lines: int) -> None:
        """As in a list."""
        self.counting.press(self, lines, self.screen.query_one(Tabs))


class Idle(App[int]):
    """As much on the screen as the explorer shows, and nothing to do."""

    CSS = "#tabs { width: 1fr; height: 1; } LineTable { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [*KEYS, Binding("q", "quit")]
    counting = Counting()

    def compose(self) -> ComposeResult:
        """A line and a table."""
        yield Lines(id="tabs")
        columns: list[Column[int]] = [Column(f"column {n}", 18, partial(_cell, n)) for n in range(8)]
        yield LineTable(columns, lambda row: row)

    def on_mount(self) -> None:
        """Fills them."""
        self.query_one(LineTable).show(list(range(200)))
        self.query_one("#tabs", Lines).show(((("[1 idle]", "strong"),),))

    def action_press(self, lines: int) -> None:
        """As in a list."""
        self.counting.press(self, lines, self.query_one("#tabs", Lines))


def _cell(column: int, row: int) -> Line:
    return ((f"{row} {column}", "plain"),)


@asynccontextmanager
async def in_crowd(rate: int) -> AsyncIterator[Node]:
    """The node."""
    async with CrowdNode(Crowd(rate)) as node:
        yield node


async def engine_alone(rate: int) -> None:
    """All but the screens, until the process is ended."""
    async with in_crowd(rate) as node:
        LiveSource(node)
        await asyncio.Event().wait()


def main() -> None:
    """Run one of them."""
    parser = argparse.ArgumentParser(description="Started by ui.py.")
    parser.add_argument("what", choices=("explorer", "idle", "engine"))
    parser.add_argument("--rate", type=int, default=0, help="datagrams a second that come in")
    options = parser.parse_args()
    match options.what:
        case "explorer":
            spare_pauses()
            CountingExplorer(Nodes(partial(in_crowd, options.rate))).run()
        case "idle":
            Idle().run()
        case _:
            print("[1 engine]", flush=True)
            asyncio.run(engine_alone(options.rate))


if __name__ == "__main__":
    main()
