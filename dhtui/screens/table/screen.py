"""The routing table: its buckets, and the nodes of the selected one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container
from textual.getters import query_one

from ...actions import run as actions
from ...bindings.keymap import key_of
from ...engine.commands import NodeCommands
from ...engine.views.snapshot import BucketView, Snapshot
from ...engine.wire.compact import Addr
from ...packets.activity import FLASH, active
from ...packets.parts import Link
from ...sources.source import Source
from ...text.format import address, plural
from ...text.outcomes import node_words
from ...text.spans import Line, Role
from ...widgets.key_strip import KeyStrip
from ...widgets.line_table import LineTable
from ...widgets.lines import Lines
from ...widgets.paint import set_title
from ..base import STACKED, ExplorerScreen, bindings
from ..gate import opens
from ..listing import row_text
from ..node.ask_request import Question
from ..node.opening import open_node
from ..notify import notify
from ..verbs import CopyForm, ExportForm
from .bans import BanList, ask_for_ban, lifting
from .columns import BUCKET_COLUMNS, NODE_COLUMNS, BucketHoldings, BucketRow, NodeRow
from .details import bucket_details
from .history import history_lines, rows_wanted
from .links import as_csv, as_json_lines, bucket_forms, bucket_links, bucket_nodes, node_forms, node_links
from .space import inhabitants, inside, part_of


def _no_buckets(on_testnet: bool) -> tuple[Line, ...]:
    tells: Line = ((f" {key_of('show.home')}", "key"), (" tells why", "dim"))
    opens: Line = (("; ", "dim"), (key_of("testnet"), "key"), (" opens a testnet to try things on", "dim"))
    empty: Line = ((" The table is empty: no node has answered yet.", "dim"),)
    return ((), empty, (*tells, *(() if on_testnet else opens), (".", "dim")))


def _no_nodes() -> Line:
    return ((" No node in this bucket. ", "dim"), (key_of("table.refresh_bucket"), "key"), (" looks for some.", "dim"))


def _hint() -> Line:
    inspect, ping, find, ban = map(key_of, ("inspect", "table.ping", "table.find_node", "table.ban"))
    words = f" {inspect} shows all about a line; of a node: {ping} pings, {find} asks for nodes, {ban} bans."
    return ((words, "dim"),)


POLL_SECONDS = 1.0
"""What a running node keeps is read this often: there may be thousands of infohashes."""


class TableScreen(ExplorerScreen):
    """Buckets above or at the left, nodes below or at the right."""

    CSS_PATH = "table.tcss"
    BINDINGS = bindings("table")
    HORIZONTAL_BREAKPOINTS = STACKED
    VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-low"), (33, "-middle"), (40, "-tall")]  # noqa: RUF012
    AUTO_FOCUS = "#buckets"

    buckets: query_one[LineTable[BucketRow]] = query_one("#buckets", LineTable)
    nodes: query_one[LineTable[NodeRow]] = query_one("#nodes", LineTable)
    _view: Snapshot | None = None
    _source: Source | None = None
    _polled = 0.0
    _banned = ""
    """The address that the last line says is ignored."""
    _kept = BucketHoldings(Counter(), Counter())
    _drawn: Hashable = None
    """What the drawing of the last hour was made from."""
    _place: tuple[int, bytes] | None = None
    """The bucket whose part of the id space was gone to last, and our id."""
    _placed: Hashable = None
    """What the id space was drawn from."""

    def compose_body(self) -> ComposeResult:
        """Two lists, what became of the table, where all are, and the line that keeps the last result."""
        with Container(id="lists"):
            with Container(id="routing"):
                yield LineTable(
                    BUCKET_COLUMNS,
                    lambda row: row.bucket.depth,
                    title="buckets",
                    empty=(),
                    id="buckets",
                )
                yield Lines(id="history", classes="box")
            yield LineTable(
                NODE_COLUMNS, lambda row: (row.node.id, row.node.addr), title="nodes", empty=[_no_nodes()], id="nodes"
            )
        yield KeyStrip(id="space", classes="box")
        yield Lines(_hint(), id="last")

    # -- showing ---------------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Fills the lists. While the view is frozen they stay, and it is told how many nodes they miss."""
        self._check_ban()
        source = self.feed.source
        if source is None:
            return
        missed = ""
        if self.feed.paused:
            missed = f", +{len(_nodes_of(self.feed.newest(snapshot)) - _nodes_of(snapshot))} new"
        if source is not self._source or not 0 <= snapshot.at - self._polled < POLL_SECONDS:
            self._source, self._polled = source, snapshot.at
            self._kept = BucketHoldings.of(self.feed.holdings(), snapshot.identity.id)
        self._view = snapshot
        table = snapshot.table
        total = table.good + table.questionable + table.bad
        family = f"{snapshot.family}: " if snapshot.other is not None else ""
        self.buckets.title = f"{family}{plural(len(table.buckets), 'bucket')}, {plural(total, 'node')}{missed}"
        self.buckets.set_empty(*_no_buckets(self.host.testnet))
        self.buckets.show(self._rows() if total else ())
        self._show_nodes()
        self._fit_routing(len(table.buckets))
        self._show_history(snapshot)

    def _check_ban(self) -> None:
        """A ban that was lifted, or is over, is not what the last line goes on to tell."""
        node, ip = self.feed.commands, self._banned
        if ip and (node is None or all(ban.ip != ip for ban in node.bans())):
            self._last(f"ban: {ip} is not ignored any more")

    def _rows(self) -> list[BucketRow]:
        """All buckets, whatever the filter."""
        view = self._view
        if view is None:
            return []
        return [self._kept.row(bucket, view.identity.id, view.size) for bucket in view.table.buckets]

    def _show_nodes(self) -> None:
        row = self.buckets.model.selected
        if row is None:
            self.nodes.title = "nodes"
            self.nodes.show(())
            self._show_space()
            return
        bucket = row.bucket
        spare = f", {plural(len(bucket.replacements), 'replacement')}" if bucket.replacements else ""
        self.nodes.title = f"bucket {bucket.depth}: {plural(len(bucket.nodes), 'node')} of {bucket.capacity}{spare}"
        self.nodes.show(bucket_nodes(row))
        self._show_space()

    @on(LineTable.Selected, "#nodes")
    def follow_node(self) -> None:
        """Another node, another place in the id space."""
        self._show_space()

    def _fit_routing(self, buckets: int) -> None:
        """Where the last hour is drawn too, the buckets get the rows that they need, at most half of all."""
        routing, lists = self.query_one("#routing", Container), self.query_one("#lists", Container)
        if self.query_one("#history", Lines).display:
            routing.styles.height = max(1, min(rows_wanted(buckets) + 2, lists.size.height // 2))
        else:
            routing.styles.height = "2fr"

    def _show_history(self, snapshot: Snapshot) -> None:
        """What became of the table, where there is room for it. A sample is added every 30 s."""
        pane = self.query_one("#history", Lines)
        drawn = (snapshot.bucket_rtts[-1:], snapshot.growth[-1:], snapshot.table.good, pane.size)
        if pane.size.width and drawn != self._drawn:
            self._drawn = drawn
            set_title(pane, "round trips by bucket")
            pane.show(history_lines(snapshot, pane.size.width, pane.size.height))

    def _show_space(self) -> None:
        """The id space, where there is room for it: once a second, and when something else is selected."""
        view, strip, source = self._view, self.query_one("#space", KeyStrip), self.feed.source
        if view is None or source is None or not strip.size.width:
            return
        row, node = self.buckets.model.selected, self.nodes.model.selected
        bucket, own = row.bucket if row else None, view.identity.id
        if bucket is None or (bucket.depth, own) != self._place:
            self._place = (bucket.depth, own) if bucket else None
            strip.go_to(part_of(bucket, own))
        placed = (self._place, node and node.node.id, int(view.at), strip.part, strip.size)
        if placed == self._placed:
            return
        self._placed = placed
        ids = {one.addr: one.id for each in view.table.buckets for one in (*each.nodes, *each.replacements)}
        just_now = active(source.packets, view.at - FLASH, ids)
        who = inhabitants(view.table, bucket, node.node if node else None, own, just_now)
        strip.draw(who, f", {plural(inside(strip.part, view.table), 'node')} of the table")

    def action_nearer(self, halvings: int) -> None:
        """Shows less or more of the id space."""
        if strip := self._strip():
            strip.nearer(halvings)
            self._show_space()

    def action_pan(self, places: int) -> None:
        """Shows the ids beside those that are shown."""
        if strip := self._strip():
            strip.pan(places)
            self._show_space()

    def _strip(self) -> KeyStrip | None:
        """The id space, if it is drawn; says so if there is no room for it."""
        strip = self.query_one("#space", KeyStrip)
        if strip.size.width:
            return strip
        notify(self, "The id space has room in a window of 33 rows; Home draws it in any.")
        return None

    @on(LineTable.Selected, "#buckets")
    def follow_bucket(self) -> None:
        """Another bucket, other nodes."""
        if self._view is not None:
            self._show_nodes()

    @on(LineTable.Inspect, "#buckets")
    def inspect_bucket(self) -> None:
        """All about the bucket."""
        row = self.buckets.model.selected
        if row is not None:
            self.show_details(self.buckets, f"bucket {row.bucket.depth}", bucket_details(row), "refresh_bucket")

    @on(LineTable.Inspect, "#nodes")
    def inspect_node(self) -> None:
        """All about the node."""
        row = self.nodes.model.selected
        if row is not None:
            open_node(self, row.node.addr, row.node.id)

    # -- verbs -----------------------------------------------------------------------------------------------

    def links(self) -> Sequence[Link]:
        """What the selected line leads to."""
        if self.nodes.has_focus:
            row = self.nodes.model.selected
            return node_links(row) if row else ()
        bucket = self.buckets.model.selected
        return bucket_links(bucket, self._view) if bucket and self._view else ()

    def copy_forms(self) -> Sequence[CopyForm]:
        """The selected node, or the selected bucket."""
        bucket, row = self.buckets.model.selected, self.nodes.model.selected
        if bucket is None:
            return ()
        if row is not None and self.nodes.has_focus:
            return node_forms(row, bucket.bucket.depth, row_text(self.nodes, row))
        return bucket_forms(bucket, row_text(self.buckets, bucket))

    def exports(self) -> Sequence[ExportForm]:
        """All nodes of the table."""
        rows = self._rows()
        if not any(bucket_nodes(row) for row in rows):
            return ()
        return (
            ("the table: JSON lines, one for each node", "table.jsonl", lambda: as_json_lines(rows)),
            ("the table: CSV, one line for each node", "table.csv", lambda: as_csv(rows)),
        )

    def here(self) -> Link | None:
        """The selected node, by its address: several may use one id."""
        row = self.nodes.model.selected
        return Link("address", row.node.addr, address(row.node.addr)) if row and self.nodes.has_focus else None

    def open_link(self, link: Link) -> bool:
        """Selects a node by its id or address; our own id lies in the last bucket."""
        if self._view is None or link.kind not in ("node", "address"):
            return False
        if not _has(self._view, link) and self._view.other is not None and _has(self._view.other, link):
            self.action_family()
        if link.kind == "node" and link.value == self._view.identity.id:
            own = next((row for row in self._rows() if row.bucket.own), None)
            return own is not None and self._select(own)
        for row in self._rows():
            for node in bucket_nodes(row):
                if link.value == (node.node.id if link.kind == "node" else node.node.addr):
                    return self._select(row, node)
        return False

    def _select(self, row: BucketRow, node: NodeRow | None = None) -> bool:
        self.buckets.change_filter("")
        self.buckets.select(row.bucket.depth)
        if node is None:
            self.buckets.focus()
            return True
        self._show_nodes()
        self.nodes.change_filter("")
        self.nodes.select((node.node.id, node.node.addr))
        self.nodes.focus()
        return True

    # -- actions ---------------------------------------------------------------------------------------------

    def action_other_pane(self) -> None:
        """Goes to the other list."""
        (self.buckets if self.nodes.has_focus else self.nodes).focus()

    def action_ping(self) -> None:
        """Pings the selected node."""
        if (row := self._node_to("ping")) and (node := self._node_for("ping")):
            self._ping(node, row.node.addr)

    def action_find_node(self) -> None:
        """Asks the selected node for the nodes near us."""
        if (row := self._node_to("ask")) and self._node_for("ask"):
            open_node(self, row.node.addr, row.node.id, asks=Question())

    def action_ask(self) -> None:
        """Asks any node anything."""
        if self._node_for("ask"):
            row = self.nodes.model.selected
            open_node(self, row.node.addr if row else None, row.node.id if row else None, tab="ask")

    def action_bans(self) -> None:
        """Lists the bans."""
        if self._node_for("ban"):
            self.app.push_screen(BanList(self.feed))

    def action_ban(self) -> None:
        """Bans the address of the selected node, if the user confirms it."""
        if (row := self._node_to("ban")) and self._node_for("ban"):
            self._ban(row.node.addr[0])

    def action_refresh_bucket(self) -> None:
        """Refreshes the selected bucket."""
        row = self.buckets.model.selected
        if row is None:
            notify(self, "There is no bucket to refresh: the table is empty.")
        elif node := self._node_for("ask"):
            self._refresh(node, row.bucket)

    def _node_to(self, verb: str) -> NodeRow | None:
        row = self.nodes.model.selected
        if row is None:
            notify(self, f"There is no node to {verb} in this bucket.")
        return row

    def _node_for(self, verb: str) -> NodeCommands | None:
        """The running node, through which something can be done; says so where there is none."""
        node = self.feed.commands
        if node is None:
            what = "This is a recording" if self.feed.player else "Our node does not run yet"
            notify(self, f"{what}: there is nobody to {verb}.")
        return node

    @work(group="ping", exit_on_error=False, name="ping")
    async def _ping(self, node: NodeCommands, addr: Addr) -> None:
        self._last(f"ping {address(addr)}: asked")
        result = await actions.ping(node, [addr])
        asked = result.outcome.asked if result.outcome else ()
        self._finish(f"ping {address(addr)}: {node_words(asked[0]) if asked else result.summary}", result.ok)

    @opens("ban")
    async def _ban(self, ip: str) -> None:
        if words := await ask_for_ban(self, lambda: self._node_for("ban"), ip):
            self._last(f"✓ {words}")
            self._banned = ip
            self.app.post_message(lifting(self.feed, ip))

    @work(group="refresh", exit_on_error=False, name="refresh")
    async def _refresh(self, node: NodeCommands, bucket: BucketView) -> None:
        self._last(f"refresh of bucket {bucket.depth}: looking up a random id in it")
        family = self._view.family if self._view is not None else None
        outcome = await node.refresh_bucket(bucket.depth, family)
        words = f"{outcome.answered} of {plural(len(outcome.asked), 'node')} answered"
        self._finish(f"refresh of bucket {bucket.depth}: {words}", outcome.answered > 0)

    def _finish(self, text: str, ok: bool) -> None:
        self._last(f"{'✓' if ok else '✗'} {text}", "plain" if ok else "bad")
        notify(self, text, bad=not ok)

    def _last(self, text: str, role: Role = "plain") -> None:
        self._banned = ""
        self.query_one("#last", Lines).show((((f" {text}", role),),))


def _has(snapshot: Snapshot, link: Link) -> bool:
    """Whether a node is in the table of that family."""
    nodes = [node for bucket in snapshot.table.buckets for node in (*bucket.nodes, *bucket.replacements)]
    own = link.kind == "node" and link.value == snapshot.identity.id
    return own or any(link.value == (node.id if link.kind == "node" else node.addr) for node in nodes)


def _nodes_of(snapshot: Snapshot) -> set[tuple[bytes, Addr]]:
    return {(node.id, node.addr) for bucket in snapshot.table.buckets for node in bucket.nodes}
