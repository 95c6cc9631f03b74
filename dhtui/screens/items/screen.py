"""Items: those that we put, keep alive and watch; what others store with our node; the forms that put and get."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Container
from textual.getters import query_one

from ...bindings.keymap import key_of
from ...bindings.registry import View
from ...engine.commands import NodeCommands
from ...engine.items import Item, MutableItem
from ...engine.views.snapshot import Snapshot, StoredItemView
from ...items.following import Follower, FollowError
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
from . import courses
from .get_form import GetForm
from .get_request import GetRequest
from .kept_list import KeptList
from .mine_details import mine_lines, value_title
from .mine_rows import MineRow, mine_columns, mine_forms, mine_key, mine_links, mine_rows, mine_title
from .put_form import PutForm
from .put_plan import Seen
from .rows import as_json_lines, item_columns, item_details, item_forms, item_key, item_links, items_title
from .value import Form, following, value_lines

POLL_SECONDS = 1.0
"""What a running node keeps is read this often: there may be two thousand items."""
PUTS_KEPT = 64
"""Items put since the program started, as many as are remembered: to know one's own where it is in the way."""
_LEAST = 20
"""Cells that the value is fitted to at least, also while it is hidden."""
_DETAILS = 70
"""Cells of a line in a window."""


def _empty(recorded: bool) -> tuple[Line, ...]:
    if recorded:
        return ((), ((" At this time of the recording the node kept nothing for others.", "dim"),))
    return (
        (),
        ((" Nothing is kept here yet. Others store an item at the 8 nodes nearest to its", "dim"),),
        ((" target; ours keeps what falls to it, for two hours at a time.", "dim"),),
    )


def _nothing_mine(recorded: bool) -> tuple[Line, ...]:
    if recorded:
        return (((" A recording has no items of yours: they are kept and watched by a running node.", "dim"),),)
    return (
        ((f" {key_of('items.put')}", "key"), (" puts an item of yours: immutable, or signed with a key.", "plain")),
        (
            (f" {key_of('items.get')}", "key"),
            (" gets one: by its target, a key, a magnet link; and watches it.", "plain"),
        ),
        ((f" {key_of('show.keys')}", "key"), (" lists your keys, and makes new ones.", "plain")),
        ((" Here each stays, with its copies over time and all values that it had.", "dim"),),
        (),
        ((" The same without the explorer: ", "dim"), ("dhtui --do put --val hello --keyname me", "strong")),
        ((" and then, from anywhere:       ", "dim"), ("dhtui --do get --public-key HEX", "strong")),
    )


class ItemsScreen(ExplorerScreen):
    """Own items, those kept for others, and the selected one below them or at their right."""

    CSS_PATH = "items.tcss"
    BINDINGS = bindings("items")
    HORIZONTAL_BREAKPOINTS = STACKED
    AUTO_FOCUS = "#items"

    mine: query_one[LineTable[MineRow]] = query_one("#mine", LineTable)
    items: query_one[LineTable[StoredItemView]] = query_one("#items", LineTable)
    value: query_one[ScrollLines] = query_one("#value", ScrollLines)
    _source: Source | None = None
    _view: Snapshot | None = None
    _polled = 0.0
    _kept = 0
    _rows: tuple[StoredItemView, ...] = ()
    _mine: Sequence[MineRow] = ()
    _mine_as_of: tuple[object, ...] = ()
    """All that the rows of own items depend on."""
    _about_mine = False
    """Whether the value is that of an own item: of the list that had the focus last."""
    _form: Form = "text"
    _viewed: tuple[object, ...] = ()

    def __init__(self, view: View, feed: Feed, host: NodeHost) -> None:
        super().__init__(view, feed, host)
        self._puts: deque[Item] = deque(maxlen=PUTS_KEPT)
        self._names: Mapping[bytes, str] = {}
        """The names of the user's keys."""

    def compose_body(self) -> ComposeResult:
        """The lists and the viewer."""
        with Container(id="panes"):
            with Container(id="lists"):
                yield LineTable(mine_columns(self._our_id), mine_key, title="mine and watched", id="mine")
                columns = item_columns(self._our_id)
                yield LineTable(columns, item_key, title="kept for others", empty=_empty(False), id="items")
            yield ScrollLines(id="value", classes="box")

    # -- showing ---------------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Reads what is kept, but not more often than that changes. While the view is frozen the lists stay."""
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
            self.set_class(bool(self._rows), "-others")
        if not (self.feed.paused and snapshot is self._view):
            self._show_mine()
        self._view = snapshot
        self.items.title = items_title(self._rows, missed, self._kept)
        self.items.rename()
        self.show_value()

    def _is_due(self, source: Source, now: float) -> bool:
        # Of a recording every moment: one may go back in it.
        return source is not self._source or self.feed.player is not None or now - self._polled >= POLL_SECONDS

    def _show_mine(self) -> None:
        """The own items, if anything about them is new; the first one that there is gets the focus."""
        follower, keeper = self.host.follower, self.host.keeper
        as_of: tuple[object, ...] = (self.feed.player, self._names)
        if follower is not None:
            step = 1 + len(self._mine) // 100  # seconds: many rows take their time
            as_of = (*as_of, int(follower.clock()) // step, follower.items, frozenset(follower.looking))
        if keeper is not None:
            as_of = (*as_of, keeper.items, frozenset(keeper.looking))
        if as_of == self._mine_as_of:
            return
        first = not self._mine
        self._mine_as_of = as_of
        self._mine = mine_rows(follower, keeper, self._names)
        self.mine.set_empty(*_nothing_mine(self.feed.player is not None))
        self.mine.title = mine_title(self._mine)
        self.mine.show(self._mine)
        self.set_class(bool(self._mine), "-mine")
        if first and self._mine and self.items.has_focus:
            self.mine.focus()

    @on(events.DescendantFocus)
    def follow_list(self) -> None:
        """The value is that of the list with the focus."""
        if self.focused in (self.mine, self.items):
            self._about_mine = self.focused is self.mine
            self.show_value()

    @on(LineTable.Selected)
    def show_value(self) -> None:
        """Shows the selected item, if another one is selected, or it in another form or width."""
        row = self._row()
        as_of = (row.looking, row.followed, int(self._now())) if isinstance(row, MineRow) else None
        about = (type(row), row.target, _value_of(row)) if row is not None else None
        wanted = (about, self._form, self.value.room, as_of)
        if wanted == self._viewed:
            return
        if self._viewed[:1] != wanted[:1]:
            self.value.scroll_home(animate=False)
        self._viewed = wanted
        turns = f"  {key_of('items.view_as')}: {following(self._form)}"
        if row is None:
            self.value.show("value", ((("Here the selected value is shown.", "dim"),),))
        elif isinstance(row, StoredItemView):
            self.value.show(f"value as {self._form}{turns}", value_lines(row.v, self._form, self.value.room))
        else:
            self.value.show(f"{value_title(row)}{turns}", self._lines(row, max(_LEAST, self.value.room)))
            self._mark_seen(row)

    def _lines(self, row: MineRow, width: int) -> list[Line]:
        return mine_lines(row, self._form, self._our_id(), width, self._now())

    def _our_id(self) -> bytes | None:
        """Our id."""
        return self._view.identity.id if self._view is not None else None

    def _now(self) -> float:
        """Seconds since 1970, as those who look after items count them."""
        return 0.0 if self.host.follower is None else self.host.follower.clock()

    def _mark_seen(self, row: MineRow) -> None:
        """What the user has before his eyes is no news."""
        if row.followed is not None and row.followed.unseen and self.app.screen is self:
            self._seen(row.target)

    @work(group="seen", exit_on_error=False, name="noting what was seen")
    async def _seen(self, target: bytes) -> None:
        if self.host.follower is not None:
            await self.host.follower.mark_seen(target)

    @on(LineTable.Inspect)
    def inspect(self, message: LineTable.Inspect) -> None:
        """All about the item."""
        row = message.table.model.selected
        if isinstance(row, MineRow):
            doable = ("look", "watch", "keep", "hold", "put", "get")
            self.show_details(self.mine, f"item {row.name}", self._lines(row, _DETAILS), *doable)
        elif row is not None:
            lines = item_details(row, self._our_id())
            self.show_details(self.items, f"item {short_id(row.target)}", lines, "put", "get")

    # -- verbs -----------------------------------------------------------------------------------------------

    def _list(self) -> LineTable[Any]:
        """The list that the selection is in."""
        return self.mine if self._about_mine and self._mine else self.items

    def _row(self) -> MineRow | StoredItemView | None:
        row: MineRow | StoredItemView | None = self._list().model.selected
        return row

    def links(self) -> Sequence[Link]:
        """The selected item's lookups, target and key."""
        row = self._row()
        if isinstance(row, MineRow):
            lookups = () if self._view is None else self._view.lookups
            found = [(one.number, one.kind) for one in lookups if one.target == row.target]
            return mine_links(row, sorted(found, reverse=True))
        return item_links(row) if row else ()

    def copy_forms(self) -> Sequence[CopyForm]:
        """The selected item."""
        row = self._row()
        if isinstance(row, MineRow):
            return mine_forms(row, row_text(self.mine, row))
        return item_forms(row, row_text(self.items, row)) if row else ()

    def same_command(self) -> str:
        """Gets the same item."""
        row = self._row()
        if row is None:
            return ""
        return of_item(row.target, row.public if isinstance(row, MineRow) else row.k, row.salt)

    def exports(self) -> Sequence[ExportForm]:
        """All items, or the selected value."""
        row, rows = self._row(), self._rows
        v = None if row is None else _value_of(row)
        if row is None:
            return ()
        forms: list[ExportForm] = []
        if rows:
            forms += [
                ("all items: JSON lines", "items.jsonl", lambda: as_json_lines(rows)),
                table_form(self.items, "items"),
            ]
        if self._mine:
            forms.append(table_form(self.mine, "own items"))
        if v is not None:
            forms.append(("the selected value, bencoded", f"{row.target.hex()[:8]}.bencode", lambda: v or b""))
        return forms

    def here(self) -> Link | None:
        """The selected item."""
        row = self._row()
        return Link("target", row.target, short_id(row.target)) if row else None

    def open_link(self, link: Link) -> bool:
        """Selects the item of a target, or the first one of a key; of one that is in no list: the get form."""
        for own in self._mine:
            if (link.kind == "target" and link.value == own.target) or (
                link.kind == "key" and link.value == own.public
            ):
                return self._go_to(self.mine, own.target)
        for row in self._rows:
            if (link.kind == "target" and link.value == row.target) or (link.kind == "key" and link.value == row.k):
                return self._go_to(self.items, item_key(row))
        node = self.feed.commands
        if node is None or link.kind not in ("target", "key") or not isinstance(link.value, bytes):
            return False
        self._open_get(node, link.value.hex())
        return True

    def _go_to(self, table: LineTable[Any], key: object) -> bool:
        table.change_filter("")
        table.select(key)
        table.focus()
        return True

    # -- actions ---------------------------------------------------------------------------------------------

    def action_other_pane(self) -> None:
        """Goes to the next of the lists and the value."""
        panes = [*((self.mine,) if self._mine else ()), self.items, *((self.value,) if self._row() else ())]
        place = next((place for place, pane in enumerate(panes) if pane.has_focus), -1)
        panes[(place + 1) % len(panes)].focus()

    def action_kept(self) -> None:
        """Opens the list of the items that are kept alive."""
        self.app.push_screen(KeptList(self.host, self.feed))

    def action_view_as(self) -> None:
        """Shows the value in the next form."""
        self._form = following(self._form)
        self.show_value()

    def action_put(self) -> None:
        """Opens the put form; on an item of a key of ours, to update that, and only over the value that was seen."""
        row = self._row()
        if (node := self._node()) is None:
            return
        if isinstance(row, MineRow):
            seen = Seen(row.target, row.item) if isinstance(row.item, MutableItem) else None
            self._open_put(node, row.public, row.salt, seen)
        else:
            self._open_put(node, row.k if row is not None else None, row.salt if row is not None else b"")

    def action_get(self) -> None:
        """Opens the get form, with the selected item in it."""
        row = self._row()
        if (node := self._node()) is None:
            return
        public = None if row is None else row.public if isinstance(row, MineRow) else row.k
        self._open_get(node, "" if row is None else magnet(public, row.salt) if public else row.target.hex())

    def action_look(self) -> None:
        """Looks for the selected item now; one that is kept alive is put again where it is missing."""
        row = self._own("Only own and watched items are looked for.")
        if row is not None:
            self._look(row)

    @work(group="look", exit_on_error=False, name="looking for an item")
    async def _look(self, row: MineRow) -> None:
        follower, keeper = self.host.follower, self.host.keeper
        if row.kept is not None and keeper is not None:
            await keeper.check(row.target)
        elif follower is not None:
            await follower.look(row.target)

    def action_watch(self) -> None:
        """Watches the selected item in the background, or ends that."""
        row, follower = self._row(), self.host.follower
        if self._node() is None or follower is None:
            return
        if row is None:
            notify(self, f"No item is selected: {key_of('items.get')} names one, and how often to look for it.")
        else:
            self._watch(follower, row)

    @opens("watch")
    async def _watch(self, follower: Follower, row: MineRow | StoredItemView) -> None:
        public = row.public if isinstance(row, MineRow) else row.k
        name = row.name if isinstance(row, MineRow) else short_id(row.target)
        if isinstance(row, MineRow) and row.watched_in is not None:
            if await courses.stops(self.app, name):
                if row.followed is not None:
                    self.app.post_message(courses.watching(follower, row.followed))
                await follower.unwatch(row.target)
                self.tick()
            return
        every = await courses.interval(self.app, name)
        if every is not None:
            await self._watched(row.target, lambda: courses.watch(follower, row.target, public, row.salt, every))

    async def _watched(self, target: bytes, how: Callable[[], Awaitable[str]]) -> None:
        """Watches an item, and shows it in the list."""
        try:
            words = await how()
        except FollowError as problem:
            notify(self, f"Not watched: {problem}.", bad=True)
            return
        self.tick()
        self._go_to(self.mine, target)
        notify(self, words)

    def action_keep(self) -> None:
        """Keeps the selected item alive, or lets it go."""
        row, keeper, node = self._row(), self.host.keeper, self._node()
        if node is None or keeper is None:
            return
        if row is None:
            notify(self, f"No item is selected: {key_of('items.kept')} adds any.")
        elif isinstance(row, MineRow) and row.kept is not None:
            self._let_go(row)
        else:
            self._keep(node, row)

    @opens("removing an item")
    async def _let_go(self, row: MineRow) -> None:
        if self.host.keeper is not None and await courses.lets_go(self.app, row.name):
            if row.kept is not None:
                self.app.post_message(courses.keeping(self.host.keeper, row.kept.item))
            await self.host.keeper.remove(row.target)
            self.tick()

    @work(group="keep", exit_on_error=False, name="keeping an item alive")
    async def _keep(self, node: NodeCommands, row: MineRow | StoredItemView) -> None:
        keeper = self.host.keeper
        if keeper is None:
            return
        item, public = (row.item, row.public) if isinstance(row, MineRow) else (None, row.k)
        words, bad = await courses.keep(node, keeper, item, row.target, public, row.salt)
        notify(self, words, bad=bad)
        self.tick()

    def action_hold(self) -> None:
        """Pauses keeping the selected item alive, or resumes it."""
        row = self._own("Only items that are kept alive can be paused.")
        if row is not None and row.kept is not None:
            self._hold(row.target, not row.kept.paused)
        elif row is not None:
            notify(self, f"It is not kept alive: {key_of('items.keep')} keeps it.")

    @work(group="keep", exit_on_error=False, name="pausing")
    async def _hold(self, target: bytes, paused: bool) -> None:
        if self.host.keeper is not None:
            await self.host.keeper.pause(target, paused)
            self.tick()

    def _own(self, else_words: str) -> MineRow | None:
        """The selected own item; where there is none that is told."""
        row = self._row()
        if isinstance(row, MineRow):
            return row
        notify(self, else_words)
        return None

    def _node(self) -> NodeCommands | None:
        """The running node; where there is none that is told."""
        if self.feed.commands is None:
            notify(self, f"{self.feed.without_node}: nothing can be put or got.", bad=True)
        return self.feed.commands

    @opens("opening the form")
    async def _open_put(self, node: NodeCommands, key: bytes | None, salt: bytes, seen: Seen | None = None) -> None:
        ring, host = self.keyring, self.host
        entries = await self._keys(ring)
        form = PutForm(
            node, ring, entries, self._puts, key=key, salt=salt, keeper=host.keeper, follower=host.follower, seen=seen
        )
        self.app.push_screen(form)

    @opens("opening the form")
    async def _open_get(self, node: NodeCommands, what: str) -> None:
        form = GetForm(node, await self._keys(self.keyring), what)
        self.app.push_screen(form, self._asked_to_watch)

    def carry_out(self, request: object) -> None:
        """Watches what the get form of a command asks for."""
        if isinstance(request, GetRequest):
            self._asked_to_watch(request)

    def _asked_to_watch(self, request: GetRequest | None) -> None:
        if request is not None:
            self._begin_watch(request)

    @work(group="watch", exit_on_error=False, name="watching an item")
    async def _begin_watch(self, request: GetRequest) -> None:
        follower = self.host.follower
        if follower is not None:
            await self._watched(request.target, lambda: courses.watch_request(follower, request))

    # -- the keyring -----------------------------------------------------------------------------------------

    def on_screen_resume(self) -> None:
        """Reads the names of the keys anew: there may be others by now. The base's own method runs too."""
        if self.keyring is not None:
            self._read_names(self.keyring)

    @work(group="names", exclusive=True, exit_on_error=False, name="reading the keys")
    async def _read_names(self, ring: Keyring) -> None:
        try:
            entries = await asyncio.to_thread(ring.list)
        except KeyringError:
            return  # told where a key is needed
        names = {entry.public: entry.name for entry in entries if entry.public is not None}
        if names != self._names:
            self._names = names

    async def _keys(self, ring: Keyring | None) -> list[Entry]:
        """The user's keys; why there are none is told. Read in a thread: they are files."""
        if ring is None:
            return []
        try:
            return await asyncio.to_thread(ring.list)
        except KeyringError as problem:
            notify(self, safe_text(str(problem)), bad=True)
            return []


def _value_of(row: MineRow | StoredItemView) -> bytes | None:
    """The bencoded value of an item; `None`: not known."""
    return row.v if isinstance(row, StoredItemView) else row.item.v if row.item is not None else None
