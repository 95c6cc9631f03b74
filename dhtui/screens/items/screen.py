"""Items: what others store with our node (BEP 44), and what is in it; the forms that put and get items."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.getters import query_one

from ...bindings.keymap import key_of
from ...bindings.registry import View
from ...engine.commands import NodeCommands
from ...engine.items import Item
from ...engine.views.snapshot import Snapshot, StoredItemView
from ...keyring import Entry, Keyring, KeyringError
from ...lookups.same import of_item
from ...packets.parts import Link
from ...runtime.host import NodeHost
from ...sources.feed import Feed
from ...sources.source import Source
from ...text.format import short_id
from ...text.safe import magnet, safe_text
from ...text.spans import Line
from ...widgets.line_table import LineTable
from ...widgets.scroll_lines import ScrollLines
from ..base import STACKED, ExplorerScreen, bindings
from ..gate import opens
from ..listing import row_text, table_form
from ..notify import notify
from ..verbs import CopyForm, ExportForm
from .get_form import GetForm
from .kept_list import KeptList
from .put_form import PutForm
from .rows import ITEM_COLUMNS, as_json_lines, item_details, item_forms, item_key, item_links, items_title
from .value import Form, following, value_lines

POLL_SECONDS = 1.0
"""What a running node keeps is read this often: there may be two thousand items."""
PUTS_KEPT = 64
"""Items put since the program started, as many as are remembered: to know one's own where it is in the way."""


def _empty(recorded: bool) -> tuple[Line, ...]:
    if recorded:
        return ((), ((" At this time of the recording the node kept nothing for others.", "dim"),))
    return (
        (),
        ((" Nothing is kept here yet. Others store an item at the 8 nodes nearest to its", "dim"),),
        ((" target; ours keeps what falls to it, for two hours at a time.", "dim"),),
        (),
        ((f" {key_of('items.put')}", "key"), (" puts an item of yours: immutable, or signed with a key.", "plain")),
        (
            (f" {key_of('items.get')}", "key"),
            (" gets one: by its target, a key, a magnet link; and watches it.", "plain"),
        ),
        ((f" {key_of('show.keys')}", "key"), (" lists your keys, and makes new ones.", "plain")),
        (),
        ((" The same without the explorer: ", "dim"), ("dhtui --do put --val hello --keyname me", "strong")),
        ((" and then, from anywhere:       ", "dim"), ("dhtui --do get --public-key HEX", "strong")),
    )


class ItemsScreen(ExplorerScreen):
    """The list, and the selected value below it or at its right."""

    CSS_PATH = "items.tcss"
    BINDINGS = bindings("items")
    HORIZONTAL_BREAKPOINTS = STACKED
    AUTO_FOCUS = "#items"

    items: query_one[LineTable[StoredItemView]] = query_one("#items", LineTable)
    value: query_one[ScrollLines] = query_one("#value", ScrollLines)
    _source: Source | None = None
    _view: Snapshot | None = None
    _polled = 0.0
    _kept = 0
    _rows: tuple[StoredItemView, ...] = ()
    _form: Form = "text"
    _viewed: tuple[object, ...] = ()

    def __init__(self, view: View, feed: Feed, host: NodeHost) -> None:
        super().__init__(view, feed, host)
        self._puts: deque[Item] = deque(maxlen=PUTS_KEPT)

    def compose_body(self) -> ComposeResult:
        """The list and the viewer."""
        with Container(id="panes"):
            yield LineTable(ITEM_COLUMNS, item_key, title="kept for others", empty=_empty(recorded=False), id="items")
            yield ScrollLines(id="value", classes="box")

    # -- showing ---------------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Reads what is kept, but not more often than that changes. While the view is frozen the list stays."""
        source = self.feed.source
        if source is None:
            return
        missed = 0
        if self.feed.paused and snapshot is self._view:
            store = self.feed.newest(snapshot).store
            missed = store.immutable + store.mutable - self._kept
        elif self.feed.paused or self._is_due(source, snapshot.at):
            self._source, self._polled = source, snapshot.at
            self._rows = self.feed.holdings().items
            self._kept = snapshot.store.immutable + snapshot.store.mutable
            self.items.set_empty(*_empty(self.feed.player is not None))
            self.items.show(self._rows)
        self._view = snapshot
        self.items.title = items_title(self._rows, missed)
        self.items.rename()
        self.show_value()

    def _is_due(self, source: Source, now: float) -> bool:
        # Of a recording every moment: one may go back in it.
        return source is not self._source or self.feed.player is not None or now - self._polled >= POLL_SECONDS

    @on(LineTable.Selected, "#items")
    def show_value(self) -> None:
        """Shows the selected value, if another one is selected, or it in another form or width."""
        row = self.items.model.selected
        v = row.v if row else None
        wanted = (v, self._form, self.value.room)
        if wanted == self._viewed:
            return
        if self._viewed[:1] != wanted[:1]:
            self.value.scroll_home(animate=False)
        self._viewed = wanted
        title = f"value as {self._form}  {key_of('items.view_as')}: {following(self._form)}"
        if v is None:
            self.value.show("value", ((("Here the selected value is shown.", "dim"),),))
        else:
            self.value.show(title, value_lines(v, self._form, self.value.room))

    @on(LineTable.Inspect, "#items")
    def inspect(self) -> None:
        """All about the item."""
        row = self.items.model.selected
        if row is not None:
            self.show_details(self.items, f"item {short_id(row.target)}", item_details(row), "put", "get")

    # -- verbs -----------------------------------------------------------------------------------------------

    def links(self) -> Sequence[Link]:
        """The selected item's target and key."""
        row = self.items.model.selected
        return item_links(row) if row else ()

    def copy_forms(self) -> Sequence[CopyForm]:
        """The selected item."""
        row = self.items.model.selected
        return item_forms(row, row_text(self.items, row)) if row else ()

    def same_command(self) -> str:
        """Gets the same item."""
        row = self.items.model.selected
        return of_item(row.target, row.k, row.salt) if row else ""

    def exports(self) -> Sequence[ExportForm]:
        """All items, or the selected value."""
        row, rows = self.items.model.selected, self._rows
        if row is None:
            return ()
        v = row.v
        return (
            ("all items: JSON lines", "items.jsonl", lambda: as_json_lines(rows)),
            table_form(self.items, "items"),
            ("the selected value, bencoded", f"{row.target.hex()[:8]}.bencode", lambda: v),
        )

    def here(self) -> Link | None:
        """The selected item."""
        row = self.items.model.selected
        return Link("target", row.target, short_id(row.target)) if row else None

    def open_link(self, link: Link) -> bool:
        """Selects the item of a target, or the first one of a key; of one that is not kept here: the get form."""
        for row in self._rows:
            if (link.kind == "target" and link.value == row.target) or (link.kind == "key" and link.value == row.k):
                self.items.change_filter("")
                self.items.select(item_key(row))
                self.items.focus()
                return True
        node = self.feed.commands
        if node is None or link.kind not in ("target", "key") or not isinstance(link.value, bytes):
            return False
        self._open_get(node, link.value.hex())
        return True

    # -- actions ---------------------------------------------------------------------------------------------

    def action_other_pane(self) -> None:
        """Goes to the list or to the value."""
        (self.items if self.value.has_focus else self.value).focus()

    def action_kept(self) -> None:
        """Opens the list of the items that are kept alive."""
        self.app.push_screen(KeptList(self.host, self.feed))

    def action_view_as(self) -> None:
        """Shows the value in the next form."""
        self._form = following(self._form)
        self.show_value()

    def action_put(self) -> None:
        """Opens the put form; on an item of a key of ours, to update that."""
        row = self.items.model.selected
        if (node := self._node()) is not None:
            self._open_put(node, row.k if row is not None else None, row.salt if row is not None else b"")

    def action_get(self) -> None:
        """Opens the get form, with the selected item in it."""
        row = self.items.model.selected
        if (node := self._node()) is not None:
            self._open_get(node, "" if row is None else magnet(row.k, row.salt) if row.k else row.target.hex())

    def _node(self) -> NodeCommands | None:
        """The running node; where there is none that is told."""
        if self.feed.commands is None:
            what = "This is a recording" if self.feed.player is not None else "The node is not running yet"
            notify(self, f"{what}: nothing can be put or got.", bad=True)
        return self.feed.commands

    @opens("opening the form")
    async def _open_put(self, node: NodeCommands, key: bytes | None, salt: bytes) -> None:
        ring, keeper = self.keyring, self.host.keeper
        self.app.push_screen(PutForm(node, ring, await self._keys(ring), self._puts, key=key, salt=salt, keeper=keeper))

    @opens("opening the form")
    async def _open_get(self, node: NodeCommands, what: str) -> None:
        self.app.push_screen(GetForm(node, await self._keys(self.keyring), what))

    async def _keys(self, ring: Keyring | None) -> list[Entry]:
        """The user's keys; why there are none is told. Read in a thread: they are files."""
        if ring is None:
            return []
        try:
            return await asyncio.to_thread(ring.list)
        except KeyringError as problem:
            notify(self, safe_text(str(problem)), bad=True)
            return []
