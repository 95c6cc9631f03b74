"""The window: it runs the cases from sockets of its own, and shows what each came to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import SystemRandom
from textwrap import wrap
from time import monotonic

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.getters import query_one
from textual.worker import Worker

from ...bindings.registry import POPUP
from ...conform.case import Case
from ...conform.session import Session, terms_for
from ...engine.wire.compact import Addr
from ...lookups.same import SAME, of_conform
from ...packets.parts import Link
from ...runtime.conformance import carry_out, way_to
from ...text.format import address
from ...text.safe import safe_text
from ...text.spans import Role
from ...widgets.bound import bound
from ...widgets.line_table import LineTable
from ...widgets.lines import Lines
from ..dialogs.list_window import OF_LINES, ListWindow
from ..notify import notify_failure
from ..verbs import CopyForm
from .rows import COLUMNS, Row, copy_forms, counts, details

SEEDS = 1 << 32
EVERY = 0.25
"""Seconds between two looks at what has come."""
_PADDING = 2
"""Cells beside the line of counts."""
_CLOSE = POPUP[0]._replace(help="End the run, and close this window.")


class ConformWindow(ListWindow[None]):
    """Cases against one node. Closing it ends the run."""

    CSS_PATH = "conform.tcss"
    BINDINGS = [bound(_CLOSE.fixed("escape"))]  # noqa: RUF012 - Textual's own declaration
    ACTIONS = (*OF_LINES, _CLOSE.fixed("escape"))
    ABOUT = (
        "A node is tested against the rules of BEP 5, 32, 33, 42, 43, 44 and 51, one case after another: at most four "
        "packets a second to a loopback or private address, one to any other. M must, S should, O is optional, H is "
        "robustness. enter shows what was expected, what came, and the bytes. On the command line --do conform does "
        "the same, and more: reports, recordings, our own network for the node to join."
    )
    AUTO_FOCUS = "#cases"

    table: query_one[LineTable[Row]] = query_one("#cases", LineTable)
    said: query_one[Lines] = query_one("#said", Lines)

    def __init__(self, addrs: Sequence[Addr], cases: Sequence[Case]) -> None:
        """`addrs`: of the node, at least one; the first that there is a way to is tested."""
        super().__init__()
        self._addrs, self._remote, self._cases = addrs, addrs[0], tuple(cases)
        self._session: Session | None = None
        self._stop = asyncio.Event()
        self._trouble = ""

    def compose_body(self) -> ComposeResult:
        """A line of counts, and the list."""
        with Vertical(classes="window"):
            yield Lines(id="said")
            yield LineTable(COLUMNS, lambda row: row.case.id, title="cases", id="cases")

    def on_mount(self) -> None:
        """Begins."""
        super().on_mount()
        self._run()
        self.set_interval(EVERY, self.look)
        self.look()

    def on_resize(self) -> None:
        """The line of counts is fitted to the new size."""
        self.look()

    def on_unmount(self) -> None:
        """Ends the run with the window."""
        self._stop.set()

    @work(group="conform", exclusive=True, exit_on_error=False, name="testing a node")
    async def _run(self) -> None:
        sockets = None
        try:
            sockets, self._remote = await way_to(self._addrs)
            seed, terms = SystemRandom().randrange(SEEDS), terms_for(self._remote)
            self._session = Session(self._cases, self._remote, sockets, seed, monotonic(), terms)
            await carry_out(self._session, sockets, self._stop)
        except OSError as error:
            self._trouble = f"there is no way to it: {error.strerror or error}"
        finally:
            if sockets is not None:
                sockets.close_all()

    def rows(self) -> list[Row]:
        """The cases with what is known of each."""
        results = {} if self._session is None else {result.case.id: result for result in self._session.results}
        return [Row(case, results.get(case.id)) for case in self._cases]

    def look(self) -> None:
        """What has come."""
        rows = self.rows()
        self.table.title = f"{len(rows)} cases for {safe_text(address(self._remote), 60)}"
        self.table.show(rows)
        role: Role = "bad" if self._lost else "plain"
        self.said.show([((text, role),) for text in wrap(self._words(rows), max(20, self.app.size.width - _PADDING))])

    @property
    def _lost(self) -> bool:
        return bool(self._trouble) or (self._session is not None and self._session.reached is False)

    def _words(self, rows: Sequence[Row]) -> str:
        if self._trouble:
            return safe_text(self._trouble)
        if self._lost:
            return "It answers no ping: nothing is known about it."
        return counts(rows)

    @on(LineTable.Inspect)
    def inspect(self, message: LineTable.Inspect) -> None:
        """All about the selected case."""
        message.stop()
        row = self.table.model.selected
        if row is not None:
            self.show_details(f"{row.case.id}", details(row))

    def links(self) -> Sequence[Link]:
        """The node."""
        return (Link("address", self._remote, address(self._remote)),)

    def copy_forms(self) -> Sequence[CopyForm]:
        """The selected line."""
        row = self.table.model.selected
        return [*copy_forms(row), (SAME, of_conform(address(self._remote)))]

    def action_close(self) -> None:
        """Ends the run, and goes back."""
        self._stop.set()
        self.dismiss()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Whatever goes wrong in the background is told."""
        notify_failure(self.app, event)
