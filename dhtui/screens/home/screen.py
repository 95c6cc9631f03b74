"""The home screen: does the node work, and what does it do?"""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.getters import query_one

from ...bindings.keymap import key_of
from ...engine.views.snapshot import Snapshot
from ...packets.parts import Link
from ...sources.health import health
from ...text.format import address, clock, number
from ...text.spans import Line
from ...widgets.line_table import LineTable
from ...widgets.lines import Lines
from ..base import ExplorerScreen, bindings
from ..dialogs.bootstrap import name_hosts, try_again
from ..gate import opens
from ..listing import row_forms, table_form
from ..notify import notify
from ..verbs import CopyForm, ExportForm
from . import charts, panes
from .now import NOW_COLUMNS, NowRow, now_links, now_rows


def _no_lookup() -> Line:
    words = " starts one; the table is refreshed by itself as it ages."
    return ((" No lookup yet. ", "dim"), (key_of("new_lookup"), "key"), (words, "dim"))


class HomeScreen(ExplorerScreen):
    """Identity, health, messages, traffic, and what goes on now."""

    CSS_PATH = "home.tcss"
    BINDINGS = bindings("home")
    AUTO_FOCUS = "#now"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-low"), (34, "-middle"), (40, "-tall")]  # noqa: RUF012

    now: query_one[LineTable[NowRow]] = query_one("#now", LineTable)
    _view: Snapshot | None = None

    def compose_body(self) -> ComposeResult:
        """The panes; which of them are shown, and where, is the style sheet's affair."""
        yield Lines(((" … starting", "accent"),), id="health", classes="stays")
        with Container(id="panes"):
            yield _box("node", "node")
            yield _box("traffic", "traffic, 60 s")
            yield _box("messages", "messages")
            yield _box("store", "kept here")
            yield _box("rtt", "round trips")
            yield _box("growth", "table, the last hour")
            yield LineTable(NOW_COLUMNS, lambda row: row.lookup.number, title="now", empty=[_no_lookup()], id="now")
            yield _box("start", "bootstrap")
            yield _box("errors", "what went wrong, by cause")

    # -- showing ---------------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Fills the panes."""
        self._view = snapshot
        table = snapshot.table
        no_nodes = not table.good + table.questionable
        self.set_class(no_nodes, "no-nodes")
        bar = self._pane("health")
        bar.show((panes.health_line(health(snapshot, on_testnet=self._offers_no_testnet())),))
        node, traffic = self._pane("node"), self._pane("traffic")
        title = f"node, up {clock(snapshot.uptime)}"
        if node.border_title != title:
            node.border_title = title
        node.show(panes.node_lines(snapshot, node.size.width, node.size.height))
        traffic.show(panes.traffic_lines(snapshot, traffic.size.width, traffic.size.height))
        if no_nodes:
            recorded = self.feed.player is not None
            advice = [] if recorded else panes.advice_lines(snapshot, in_testnet=self._offers_no_testnet())
            room = self._pane("start").size.height - len(advice)
            self._pane("start").show([*panes.start_lines(snapshot, room), *advice])
        else:
            self._pane("start").show(panes.start_lines(snapshot, self._pane("start").size.height))
        self._pane("messages").show(panes.message_lines(snapshot))
        self._show_now(snapshot)
        self._show_wide_panes(snapshot)

    def _show_now(self, snapshot: Snapshot) -> None:
        """The lookups, and how many more there were; and of traffic how far back it is drawn."""
        begun = max((lookup.number for lookup in snapshot.lookups), default=0)
        shown = len(snapshot.lookups)
        title = f"now: {shown} lookups, {number(begun - shown)} others left out" if begun > shown else "now"
        if self.now.title != title:
            self.now.title = title
            self.now.rename()
        self.now.show(now_rows(snapshot.lookups, snapshot.at))
        traffic = self._pane("traffic")
        drawn = f"traffic, {panes.seconds_drawn(traffic.size.width, traffic.size.height)} s"
        if traffic.border_title != drawn:
            traffic.border_title = drawn

    def _offers_no_testnet(self) -> bool:
        """Whether there is one already, or a recording, in which nothing can be started."""
        return self.host.testnet or self.feed.player is not None

    def show_waiting(self, text: str) -> None:
        """The line on the node's health tells of its start."""
        self._pane("health").show((((f" … {text}", "accent"),),))

    def _show_wide_panes(self, snapshot: Snapshot) -> None:
        store, rtt, growth = self._pane("store"), self._pane("rtt"), self._pane("growth")
        if store.size.width:
            store.show(panes.store_lines(snapshot, store.size.width))
        if rtt.size.width:
            rtt.show(charts.rtt_lines(snapshot.rtt, rtt.size.width, rtt.size.height))
            growth.show(charts.growth_lines(snapshot, growth.size.width, growth.size.height))
            errors = self._pane("errors")
            errors.show(charts.error_lines(snapshot, errors.size.height))

    def _pane(self, name: str) -> Lines:
        return self.query_one(f"#{name}", Lines)

    # -- getting in ------------------------------------------------------------------------------------------

    def action_try_again(self) -> None:
        """Looks for a way into the network now."""
        if self._may_start():
            try_again(self, self.feed.commands)

    @opens("bootstrap")
    async def action_bootstrap(self) -> None:
        """Asks for nodes to start from."""
        if self._may_start():
            await name_hosts(self, self.feed.commands)

    def _may_start(self) -> bool:
        if self.feed.player is not None:
            notify(self, "This is a recording: nothing is started in it.")
        return self.feed.player is None

    # -- verbs -----------------------------------------------------------------------------------------------

    @on(LineTable.Inspect, "#now")
    def inspect_lookup(self) -> None:
        """Goes to the lookup, which has a screen of its own."""
        row = self.now.model.selected
        if row is not None:
            self.post_message(self.Followed(now_links(row)[0]))

    def _lookup(self) -> NowRow | None:
        return self.now.model.selected if self.now.has_focus else None

    def links(self) -> Sequence[Link]:
        """What the selected lookup leads to."""
        row = self._lookup()
        return now_links(row) if row else ()

    def copy_forms(self) -> Sequence[CopyForm]:
        """Who we are, and the selected lookup."""
        if self._view is None:
            return ()
        who, row = self._view.identity, self._lookup()
        addresses = [("our external address", address(who.external))] if who.external else []
        target = [("the lookup's target", row.lookup.target.hex())] if row else []
        lines = row_forms(self.now) if row else ()
        return ("our id", who.id.hex()), *addresses, ("our bound address", address(who.bound)), *target, *lines

    def exports(self) -> Sequence[ExportForm]:
        """The lookups."""
        return (table_form(self.now, "lookups"),) if self.now.model.rows else ()


def _box(name: str, title: str) -> Lines:
    pane = Lines(id=name, classes="box")
    pane.border_title = title
    return pane
