"""The window of the items that are kept alive: looked after every hour, whoever signed them."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.getters import query_one
from textual.worker import Worker

from ...bindings.keymap import key_of
from ...bindings.registry import KEPT, POPUP
from ...engine.commands import NodeCommands
from ...errors import UsageError
from ...items.keepalive import MAX_KEPT, Keeper
from ...packets.parts import Link
from ...runtime.host import NodeHost
from ...sources.feed import Feed
from ...text.format import short_id
from ...text.safe import safe_text
from ...text.spans import Line
from ...widgets.bound import all_bound, bound
from ...widgets.line_table import LineTable
from ...widgets.lines import Lines
from ...widgets.paint import titled
from ..dialogs.choice import Choice
from ..dialogs.list_window import OF_LINES, ListWindow
from ..dialogs.prompt import Prompt
from ..gate import opens
from ..notify import notify, notify_failure
from ..verbs import CopyForm
from . import courses
from .kept_rows import (
    KEPT_COLUMNS,
    SIGNS,
    KeptRow,
    kept_details,
    kept_forms,
    kept_links,
    kept_title,
    read_wanted,
    row_key,
    rows_of,
)

NOBODY: tuple[Line, ...] = (
    (),
    ((" Items are kept alive by a running node: not in a recording, and not", "dim"),),
    ((" without a folder to note them in.", "dim"),),
)
_NOTES = (
    "No key is needed: the item is fetched once, and put again as its owner signed it.",
    "An item with a salt needs the magnet link, in which s= is the salt in hex.",
)


def _empty() -> tuple[Line, ...]:
    return (
        (),
        ((" Nothing is kept alive yet. Stores forget an item 2 hours after its last put;", "dim"),),
        ((" what is in this list is looked after every hour, while the node runs.", "dim"),),
        (),
        ((f" {key_of('kept_add')}", "key"), (" adds an item, yours or somebody else's. On the command line:", "dim")),
        (("  dhtui --do put --val hello --keep", "strong"), ("   your own, as you put it", "dim")),
        (("  dhtui --do get --target HEX --keep", "strong"), ("  anybody's", "dim")),
    )


class KeptList(ListWindow[None]):
    """The list, and all about the selected item below it."""

    CSS_PATH = "kept_list.tcss"
    BINDINGS = [  # noqa: RUF012 - Textual's own declaration
        *all_bound((*KEPT, *OF_LINES)),
        bound(POPUP[0]),
    ]
    ACTIONS = (*KEPT, *OF_LINES, *POPUP)
    ABOUT = "The items that are looked after every hour while the node runs, whoever signed them, and put again."
    SIGNS = SIGNS
    AUTO_FOCUS = "#kept"

    table: query_one[LineTable[KeptRow]] = query_one("#kept", LineTable)

    def __init__(self, host: NodeHost, feed: Feed) -> None:
        super().__init__()
        self._host, self._feed = host, feed

    def compose_body(self) -> ComposeResult:
        """The window."""
        with Vertical(classes="window"):
            yield LineTable(KEPT_COLUMNS, row_key, title="kept alive", id="kept")
            yield Lines(id="kept-detail", classes="box")

    def on_mount(self) -> None:
        """Shows the list, and goes on doing so: times pass."""
        self.table.border_subtitle = Content(f"at most {MAX_KEPT}")
        self.set_interval(1.0, self.show_rows)
        self.show_rows()

    def show_rows(self) -> None:
        """The list as it is now."""
        keeper = self._host.keeper
        rows = [] if keeper is None else rows_of(keeper)
        self.table.set_empty(*(NOBODY if keeper is None else _empty()))
        self.table.title = kept_title(rows)
        self.table.show(rows)
        self.show_detail()

    @on(LineTable.Selected)
    def show_detail(self) -> None:
        """All about the selected item."""
        row, detail = self.table.model.selected, self.query_one("#kept-detail", Lines)
        problem = self._host.keeper.problem if self._host.keeper else ""
        lines: list[Line] = [((f"✗ {safe_text(problem)}", "bad"),)] if problem else []
        detail.show(lines + (kept_details(row, detail.size.width) if row else []))
        detail.border_title = titled(detail, "item")

    @on(LineTable.Inspect)
    def inspect(self, message: LineTable.Inspect) -> None:
        """The same in a window, for small terminals."""
        message.stop()
        row = self.table.model.selected
        if row is not None:
            self.show_details(f"item {short_id(row.kept.target)}", kept_details(row, 70))

    def links(self) -> Sequence[Link]:
        """The selected item, and its key."""
        row = self.table.model.selected
        return () if row is None else kept_links(row)

    def copy_forms(self) -> Sequence[CopyForm]:
        """The selected item."""
        row = self.table.model.selected
        return () if row is None else kept_forms(row)

    # -- actions ---------------------------------------------------------------------------------------------

    @work(group="kept", exit_on_error=False, name="pausing")
    async def action_kept_pause(self) -> None:
        """Stops looking after the selected item, or begins again."""
        keeper, row = self._host.keeper, self.table.model.selected
        if keeper is not None and row is not None:
            await keeper.pause(row.kept.target, not row.kept.paused)
            self.show_rows()

    @work(group="kept look", exit_on_error=False, name="looking after an item")
    async def action_kept_look(self) -> None:
        """Looks after the selected item now."""
        keeper, row = self._host.keeper, self.table.model.selected
        if keeper is not None and row is not None:
            self.call_after_refresh(self.show_rows)
            await keeper.check(row.kept.target)
            self.show_rows()

    @opens("removing an item")
    async def action_kept_remove(self) -> None:
        """Lets the selected item go, if that is meant."""
        keeper, row = self._host.keeper, self.table.model.selected
        if keeper is None or row is None:
            return
        question = f"let {short_id(row.kept.target)} go? It is forgotten within 2 hours"
        if await self.app.push_screen_wait(Choice(question, ("no, keep it alive", "yes, let it go"))) == 1:
            await keeper.remove(row.kept.target)
            self.app.post_message(courses.keeping(keeper, row.kept.item))
            self.show_rows()

    @opens("adding an item")
    async def action_kept_add(self) -> None:
        """Fetches an item that the user names, and keeps it alive from then on."""
        keeper, node = self._host.keeper, self._feed.commands
        if keeper is None or node is None:
            notify(self, "There is no node that could keep it alive.")
            return
        text = await self.app.push_screen_wait(
            Prompt("keep an item alive", _NOTES, _fault, "magnet link, public key, or target (40 hex digits)")
        )
        if text is not None:
            self._fetch(node, keeper, text)

    @work(group="kept add", exclusive=True, exit_on_error=False, name="adding an item")
    async def _fetch(self, node: NodeCommands, keeper: Keeper, text: str) -> None:
        wanted = read_wanted(text)
        assert wanted.id is not None
        notify(self, f"Looking up {short_id(wanted.id)} …")
        words, bad = await courses.keep(node, keeper, None, wanted.id, wanted.public, wanted.salt)
        self.show_rows()
        self.table.select(wanted.id)
        notify(self, words, bad=bad)

    def action_close(self) -> None:
        """Back to the screen below."""
        self.dismiss()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Whatever goes wrong in the background is told."""
        notify_failure(self, event)


def _fault(text: str) -> str:
    try:
        read_wanted(text)
    except UsageError as problem:
        return str(problem)
    return ""
