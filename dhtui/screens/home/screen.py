"""The home screen: does the node work, and what does it do?"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.getters import query_one

from ...bindings.keymap import key_of
from ...engine.views.snapshot import LookupView, Snapshot
from ...lookups.budget import unanswered
from ...packets.activity import FLASH, active
from ...packets.parts import Link
from ...sources.attention import attention
from ...sources.health import health
from ...text.format import address, duration, number, plural
from ...text.keyspace import Mark
from ...text.safe import safe_text
from ...text.spans import Line
from ...text.strip import Inhabitants
from ...widgets.key_strip import KeyStrip
from ...widgets.line_table import LineTable
from ...widgets.lines import Lines
from ...widgets.paint import set_title
from ..base import STACKED, ExplorerScreen, bindings
from ..dialogs.bootstrap import name_hosts, try_again
from ..gate import opens
from ..listing import link_forms, row_forms, table_form
from ..notify import notify
from ..verbs import CopyForm, ExportForm
from . import charts, panes
from .marks import MARK_COLUMNS, MarkRow, mark_rows
from .messages import message_lines
from .needs import attention_lines
from .now import NOW_COLUMNS, NowRow, now_links, now_rows

if TYPE_CHECKING:
    from ..census.run import CensusRun


def _no_lookup() -> Line:
    words = " starts one; the table is refreshed by itself as it ages."
    return ((" No lookup yet. ", "dim"), (key_of("new_lookup"), "key"), (words, "dim"))


SECOND = 0.95
"""What sums up is drawn again after so many seconds."""
RECENT = 4
"""Ended lookups that are looked at for lost time."""
TITLES = {
    "node": "node",
    "traffic": f"traffic, {duration(panes.SECONDS)}",
    "rtt": "round trips",
    "growth": "table, the last hour",
    "attention": "needs attention",
    "messages": "messages",
    "store": "kept here",
    "start": "bootstrap",
}
"""The panes of lines, in their order."""
MOST_MARKED = 3
"""Running lookups whose targets are marked."""
_FLASHES = f"; in the last {FLASH:.0f} s: ↑ packet to it, ↓ from it"


class HomeScreen(ExplorerScreen):
    """Health, the id space, traffic, messages, what needs attention, and what goes on now."""

    CSS_PATH = "home.tcss"
    BINDINGS = bindings("home")
    AUTO_FOCUS = "#now"
    HORIZONTAL_BREAKPOINTS = STACKED
    VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-low"), (34, "-middle"), (40, "-tall")]  # noqa: RUF012

    now: query_one[LineTable[NowRow]] = query_one("#now", LineTable)
    marks: query_one[LineTable[MarkRow]] = query_one("#marks", LineTable)
    _view: Snapshot | None = None
    """The snapshot that the panes were filled from."""
    _shape: Hashable = None
    """The sizes that they were filled for."""
    _census: CensusRun | None = None
    """The last census."""
    _marks_as_of: Hashable = None
    """All that the rows of bookmarks depend on."""
    _lost: Mapping[LookupView, float] = {}
    """The last ended lookups, with the seconds that silence cost each."""

    def compose_body(self) -> ComposeResult:
        """The panes; which of them are shown, and where, is the style sheet's affair."""
        yield Lines(((" … starting", "accent"),), id="health", classes="stays")
        yield Lines(id="who")
        with Container(id="panes"):
            yield KeyStrip(id="space", classes="box")
            for name in list(TITLES)[:-1]:
                yield Lines(id=name, classes="box")
            yield LineTable(NOW_COLUMNS, lambda row: row.lookup.number, title="now", empty=[_no_lookup()], id="now")
            yield LineTable(MARK_COLUMNS, lambda row: row.name, title="bookmarks", id="marks")
            yield Lines(id="start", classes="box")

    # -- showing ---------------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Fills the panes: the list of lookups at once, all that sums up once a second; of a recording at once, as it
        has one snapshot a second.
        """
        shape = (self.size, self._pane("attention").size, snapshot.family)
        since = snapshot.at - self._view.at if self._view is not None else SECOND
        if 0 < since < SECOND and shape == self._shape and self.feed.player is None:
            self._show_now(snapshot)
            return
        self._view, self._shape = snapshot, shape
        no_nodes = not snapshot.table.good + snapshot.table.questionable
        if no_nodes != self.has_class("no-nodes"):
            self.set_class(no_nodes, "no-nodes")
            self.call_after_refresh(self.tick)  # other panes have room now
        state = health(snapshot, on_testnet=self._offers_no_testnet())
        line = panes.health_line(state, self.size.width)
        if snapshot.other is not None:
            other = health(snapshot.other, on_testnet=self._offers_no_testnet())
            line = panes.families_line(snapshot, state, other, self.size.width)
        elif snapshot.missing:
            line = panes.missing_line(line, snapshot.missing, self.size.width)
        self._pane("health").show((line,))
        self._pane("who").show((panes.who_line(snapshot, self._pane("who").size.width),))
        self._show_pane("node", lambda width, height: panes.node_lines(snapshot, width, height))
        self._show_pane("traffic", lambda width, height: panes.traffic_lines(snapshot, width, height))
        rows = len(self._pane("messages").lines)
        self._show_pane("messages", lambda width, height: message_lines(snapshot, width))
        if len(self._pane("messages").lines) != rows:
            self.call_after_refresh(self.tick)  # the pane beside it gets other room
        self._show_pane("start", lambda width, height: self._start_lines(snapshot, height))
        self._show_pane("store", lambda width, height: panes.store_lines(snapshot, width))
        self._show_pane("growth", lambda width, height: charts.growth_lines(snapshot, width, height))
        self._show_pane("attention", lambda width, height: self._needs(snapshot, width, height))
        self._show_pane("rtt", lambda width, height: charts.heat_lines(snapshot, panes.SECONDS, width, height))
        self._show_space(snapshot)
        self._show_now(snapshot)

    def _show_pane(self, name: str, lines: Callable[[int, int], Sequence[Line]]) -> None:
        """Fills a pane, if there is room for it on the screen."""
        pane = self._pane(name)
        if pane.size.width:
            set_title(pane, TITLES[name])
            pane.show(lines(pane.size.width, pane.size.height))

    def _start_lines(self, snapshot: Snapshot, height: int) -> list[Line]:
        """How the start went, and what can be done without nodes."""
        recorded = self.feed.player is not None
        room = height - len(snapshot.bootstrap.sources) - 4
        advice = [] if recorded else panes.advice_lines(snapshot, self._offers_no_testnet(), room)
        return [*panes.start_lines(snapshot, height - len(advice)), *advice]

    def _needs(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """What needs attention; where there is room to spare, what went wrong by cause, too."""
        ended = [view for view in snapshot.lookups if not view.running][:RECENT]
        self._lost = {view: self._lost[view] if view in self._lost else self._lost_time(view) for view in ended}
        lines = attention_lines(attention(snapshot, self._lost.items()), width, height)
        room = height - len(lines) - 2
        if room < 1:
            return lines
        return [*lines, (), (("what went wrong, by cause", "title"),), *charts.error_lines(snapshot, room, width)]

    def _lost_time(self, view: LookupView) -> float:
        """Seconds that silence cost an ended lookup."""
        detail = self.feed.lookup(view.number)
        return unanswered(detail) if detail is not None else 0.0

    def _show_space(self, snapshot: Snapshot) -> None:
        """Who is where, and with whom packets were exchanged just now."""
        strip, source = self.query_one("#space", KeyStrip), self.feed.source
        if not strip.size.width or source is None:
            return
        buckets = snapshot.table.buckets
        ids = {node.addr: node.id for bucket in buckets for node in (*bucket.nodes, *bucket.replacements)}
        just_now = active(source.packets, snapshot.at - FLASH, ids)
        running = [view for view in snapshot.lookups if view.running and not view.place][:MOST_MARKED]
        who = Inhabitants(
            snapshot.identity.id,
            tuple(node.id for bucket in buckets for node in bucket.nodes),
            tuple(node.id for bucket in buckets for node in bucket.replacements),
            tuple(bucket.depth for bucket in buckets),
            just_now,
            marked=tuple(Mark(view.target, "◆", safe_text(view.kind, 13)) for view in running),
        )
        table = snapshot.table
        nodes = plural(len(who.nodes), "node")
        strip.draw(who, f", {nodes}, {len(who.spare)} spare, {number(table.known)} more known{_FLASHES}")

    def _show_now(self, snapshot: Snapshot) -> None:
        """The lookups, and how many more there were."""
        begun = max((lookup.number for lookup in snapshot.lookups), default=0)
        shown = len(snapshot.lookups)
        title = f"now: {shown} lookups, {number(begun - shown)} others left out" if begun > shown else "now"
        self._show_marks(snapshot)
        title += self._aside(plural(len(self.marks.model.rows), "bookmark"))
        if self.now.title != title:
            self.now.title = title
            self.now.rename()
        self.now.show(now_rows(snapshot.lookups, snapshot.at, snapshot.identity.id))

    def _show_marks(self, snapshot: Snapshot) -> None:
        """The bookmarks, if there are any: once a second, or as soon as they are others."""
        bookmarks = self.host.memory.bookmarks
        as_of = (tuple(bookmarks.items()), int(snapshot.at), snapshot.family, self.size)
        if as_of == self._marks_as_of:
            return
        self._marks_as_of = as_of
        rows = mark_rows(bookmarks, snapshot) if bookmarks else []
        if not rows:
            self.remove_class("-marks")
            if self.marks.has_focus:
                self.now.focus()
        self.set_class(bool(rows), "has-marks")
        self.marks.title = f"bookmarks: {len(rows)}{self._aside('the lookups')}"
        self.marks.rename()
        self.marks.show(rows)

    def _aside(self, what: str) -> str:
        """Which list has its place where this one is, and the key to it."""
        low = self.has_class("has-marks") and self.has_class("-low")
        return f"  {key_of('home.other_pane')}: {what}" if low else ""

    def _offers_no_testnet(self) -> bool:
        """Whether there is one already, or a recording, in which nothing can be started."""
        return self.host.testnet or self.feed.player is not None

    def show_waiting(self, text: str) -> None:
        """The line on the node's health tells of its start."""
        self._pane("health").show((((f" … {text}", "accent"),),))

    def _pane(self, name: str) -> Lines:
        return self.query_one(f"#{name}", Lines)

    # -- the id space ----------------------------------------------------------------------------------------

    def action_nearer(self, halvings: int) -> None:
        """Shows less or more of the id space."""
        self.query_one("#space", KeyStrip).nearer(halvings)

    def action_pan(self, places: int) -> None:
        """Shows the ids beside those that are shown."""
        self.query_one("#space", KeyStrip).pan(places)

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

    def action_census(self) -> None:
        """Shows the census that runs or has run; without one it begins one."""
        from ..census.opening import usual_census

        if self._census is None or self._census.node is not self.feed.commands:
            self.carry_out(usual_census())
        else:
            self._show_census(self._census)

    def carry_out(self, request: object) -> None:
        """Begins a census, in place of one that runs."""
        from ...actions.request import CensusOf
        from ..census.run import CensusRun

        node = self.feed.commands
        if not isinstance(request, CensusOf):
            return
        if node is None:
            notify(self, f"{self.feed.without_node}: there is nobody to count.")
            return
        if self._census is not None:
            self._census.stop()
        self._census = CensusRun(node, request)
        self._census.begin()
        self._show_census(self._census)

    def _show_census(self, run: CensusRun) -> None:
        from ..census.window import CensusWindow

        self.app.push_screen(CensusWindow(run))

    def _may_start(self) -> bool:
        if self.feed.player is not None:
            notify(self, f"{self.feed.played}: nothing is started in it.")
        return self.feed.player is None

    # -- verbs -----------------------------------------------------------------------------------------------

    @on(LineTable.Inspect, "#now")
    def inspect_lookup(self) -> None:
        """Goes to the lookup, which has a screen of its own."""
        row = self.now.model.selected
        if row is not None:
            self.post_message(self.Followed(now_links(row)[0]))

    @on(LineTable.Inspect, "#marks")
    def open_mark(self) -> None:
        """Goes to what is bookmarked."""
        row = self.marks.model.selected
        if row is not None:
            self.post_message(self.Followed(row.link))

    def action_other_pane(self) -> None:
        """Goes to the other list, if there is one. In a low window it takes the place of this one."""
        there = self.now.has_focus and self.has_class("has-marks")
        self.set_class(there, "-marks")
        (self.marks if there else self.now).focus()
        self.tick()

    def _lookup(self) -> NowRow | None:
        return self.now.model.selected if self.now.has_focus else None

    def links(self) -> Sequence[Link]:
        """What the selected lookup or bookmark leads to."""
        if self.marks.has_focus and (mark := self.marks.model.selected) is not None:
            return (mark.link,)
        row = self._lookup()
        return now_links(row) if row else ()

    def copy_forms(self) -> Sequence[CopyForm]:
        """Who we are, and the selected lookup."""
        if self._view is None:
            return ()
        if self.marks.has_focus:
            return (*link_forms(self.links()), *row_forms(self.marks))
        who, row = self._view.identity, self._lookup()
        addresses = [("our external address", address(who.external))] if who.external else []
        target = [("the lookup's target", row.lookup.target.hex())] if row else []
        lines = row_forms(self.now) if row else ()
        bound = ("our bound address", address(who.bound))
        return ("our id", who.id.hex()), *addresses, bound, *target, *lines

    def more_commands(self) -> Sequence[CopyForm]:
        """What it can find out about our node and the network, too."""
        from ...lookups.same import more_of_us

        return [*super().more_commands(), *more_of_us()]

    def exports(self) -> Sequence[ExportForm]:
        """The lookups."""
        return (table_form(self.now, "lookups"),) if self.now.model.rows else ()
