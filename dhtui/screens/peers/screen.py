"""Peers: those that we keep for others, those that we announced, and those that a lookup found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container
from textual.getters import query_one

from ...actions import run as actions
from ...bindings.keymap import key_of
from ...bindings.registry import View
from ...engine.commands import NodeCommands
from ...engine.operations.operations import ANNOUNCES_KEPT
from ...engine.store import SHOWN
from ...engine.views.snapshot import Holdings, LookupView, Snapshot, SwarmView
from ...lookups.same import of_announce
from ...packets.parts import Link
from ...runtime.host import NodeHost
from ...sources.feed import Feed
from ...sources.source import Source
from ...text.format import address, plural, short_id
from ...text.format import reach as reach_words
from ...text.safe import safe_text
from ...text.spans import Line, Role
from ...widgets.key_strip import KeyStrip
from ...widgets.line_table import LineTable
from ...widgets.lines import Lines
from ..base import STACKED, ExplorerScreen, bindings
from ..dialogs.popup import Popup
from ..gate import opens
from ..listing import link_forms, near_us, row_forms, table_form
from ..node.opening import open_node
from ..notify import notify
from ..verbs import CopyForm, ExportForm
from . import details, space
from .announce_form import AnnounceForm, AnnounceRequest
from .columns import ANNOUNCE_COLUMNS, GIVER_COLUMNS, PEER_COLUMNS, SWARM_COLUMNS
from .matrix import Matrix
from .rows import AnnounceRow, Giver, MatrixRow, NamedPeer, Results, announce_rows, peer_lookups, results_of, swarm_rows

POLL_SECONDS = 1.0
"""What a running node keeps is read this often: there may be thousands of infohashes."""

_NO_SWARMS: tuple[Line, ...] = (
    (),
    ((" We keep no peers yet. Nodes store", "dim"),),
    ((" them here when we are among the", "dim"),),
    ((" closest to an infohash.", "dim"),),
)
_NO_ANNOUNCES: tuple[Line, ...] = (
    (),
    ((" We have announced nothing.", "dim"),),
    ((f" {key_of('peers.announce')}", "key"), (" tells the network that a", "dim")),
    ((" peer of a torrent is here.", "dim"),),
)
_NO_LOOKUP: tuple[Line, ...] = (
    (),
    (
        (" No lookup for peers is remembered. ", "dim"),
        (key_of("new_lookup"), "key"),
        (" starts one: get_peers, with an", "dim"),
    ),
    ((" infohash or a magnet link. Here will stand which node gave which peers.", "dim"),),
)
_NO_PEERS: tuple[Line, ...] = (
    (),
    (
        (" No node gave any peers for this infohash. ", "dim"),
        (key_of("peers.next_lookup"), "key"),
        (" shows another.", "dim"),
    ),
)
_HINT = (
    f" {key_of('peers.announce')} announces; {key_of('peers.by_peer')}: by node or by peer; "
    f"{key_of('peers.matrix')}: which node named which; {key_of('peers.next_lookup')}: next lookup."
)


COUNTS_KEPT = 64
"""Most counts that are remembered."""


class PeersScreen(ExplorerScreen):
    """What is kept and what was announced above, the results of a lookup below."""

    CSS_PATH = "peers.tcss"
    HORIZONTAL_BREAKPOINTS = STACKED
    BINDINGS = bindings("peers")
    AUTO_FOCUS = "#swarms"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-low"), (34, "-middle"), (44, "-tall")]  # noqa: RUF012

    swarms: query_one[LineTable[SwarmView]] = query_one("#swarms", LineTable)
    announces: query_one[LineTable[AnnounceRow]] = query_one("#announces", LineTable)
    givers: query_one[LineTable[Giver]] = query_one("#givers", LineTable)
    named: query_one[LineTable[NamedPeer]] = query_one("#named", LineTable)
    matrix: query_one[Matrix] = query_one("#matrix", Matrix)
    _source: Source | None = None
    _view: Snapshot | None = None
    _polled = 0.0
    _holdings = Holdings((), (), ())
    _kept = 0
    _lookups: Sequence[LookupView] = ()
    _number: int | None = None
    _results: Results | None = None
    _read: LookupView | None = None
    """What the list told of the lookup when its results were read."""

    def __init__(self, view: View, feed: Feed, host: NodeHost) -> None:
        super().__init__(view, feed, host)
        self._counted: dict[bytes, str] = {}
        """What came of the last counts, by infohash; safe to print."""

    def compose_body(self) -> ComposeResult:
        """The lists, and the line that keeps the last result."""
        with Container(id="kept"):
            swarms = near_us(SWARM_COLUMNS, self._our_id, {"infohash": lambda r: r.infohash})
            yield LineTable(swarms, lambda r: r.infohash, title="kept here", empty=_NO_SWARMS, id="swarms")
            announces = near_us(ANNOUNCE_COLUMNS, self._our_id, {"infohash": lambda r: r.announce.info_hash})
            yield LineTable(announces, lambda r: r.place, title="announced", empty=_NO_ANNOUNCES, id="announces")
        with Container(id="results"):
            yield LineTable(GIVER_COLUMNS, lambda r: r.node.addr, title="found", empty=_NO_LOOKUP, id="givers")
            yield LineTable(PEER_COLUMNS, lambda r: r.peer, title="found", empty=_NO_LOOKUP, id="named")
            yield Matrix(empty=_NO_LOOKUP, id="matrix")
        yield KeyStrip(id="space", classes="box")
        yield Lines(((_HINT, "dim"),), id="last")

    def _our_id(self) -> bytes | None:
        return None if self._view is None else self._view.identity.id

    # -- showing ---------------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Fills the lists. While the view is frozen they stay, and it is told what they miss."""
        source = self.feed.source
        if source is None:
            return
        if self.feed.paused and snapshot is self._view:
            more = self.feed.newest(snapshot).store.peers - self._kept
            self._show_holdings(f", +{max(0, more)} new peers")
            return
        self._view = snapshot
        due = self.feed.player is not None or self.feed.paused or snapshot.at - self._polled >= POLL_SECONDS
        if source is not self._source or due:
            self._source, self._polled = source, snapshot.at
            self._holdings, self._kept = self.feed.holdings(), snapshot.store.peers
            self._infohashes = snapshot.store.infohashes
        self._lookups = peer_lookups(snapshot)
        self._show_holdings()
        self._show_results()
        self._show_space()

    def _show_space(self) -> None:
        """Where the infohash lies, who gave peers of it, and what is kept here."""
        strip, view = self.query_one("#space", KeyStrip), self._view
        if view is None or not strip.size.width:
            return
        infohash, swarms = self._infohash(), swarm_rows(self._holdings)
        who = space.inhabitants(view, infohash, self._results, swarms)
        strip.draw(who, space.note(infohash, self._results, swarms), centre=infohash)

    def action_nearer(self, halvings: int) -> None:
        """Shows less or more of the id space."""
        self.query_one("#space", KeyStrip).nearer(halvings)

    def action_pan(self, places: int) -> None:
        """Shows the ids beside those that are shown."""
        self.query_one("#space", KeyStrip).pan(places)

    def _show_holdings(self, missed: str = "") -> None:
        swarms, announces = swarm_rows(self._holdings), announce_rows(self._holdings)
        kept = f"kept: {plural(len(swarms), 'infohash', 'infohashes')}" if swarms else "kept here"
        if len(swarms) == SHOWN < self._infohashes:
            kept = f"kept: the last {SHOWN} of {self._infohashes} infohashes"
        peers = f", {plural(self._kept, 'peer')}" if swarms else ""
        self.swarms.title = f"{kept}{missed or peers}"
        self.swarms.show(swarms)
        last = "the last " if len(announces) == ANNOUNCES_KEPT else ""
        self.announces.title = f"announced: {last}{len(announces)}" if announces else "announced"
        self.announces.show(announces)

    def _show_results(self) -> None:
        """Asks for a lookup in full only when something came in since."""
        view = next((one for one in self._lookups if one.number == self._number), None)
        view = view or (self._lookups[0] if self._lookups else None)
        shown = self._read if self._results else None
        if view is None:
            self._results = None
        elif shown is None or _state(shown) != _state(view):
            self._read = view
            detail = self.feed.lookup(view.number)
            self._results = results_of(detail) if detail is not None else None
        self._fill_results()

    def _fill_results(self) -> None:
        results = self._results
        by_peer = self.has_class("by-peer")
        for table in (self.givers, self.named, self.matrix):
            table.set_empty(*(_NO_PEERS if results else _NO_LOOKUP))
        self.givers.title = self.named.title = _results_title(results, by_peer)
        self.set_class(bool(results and results.peers), "-found")
        self.matrix.show_results(results)
        if by_peer:
            self.named.show(results.peers if results else ())
        else:
            self.givers.show(results.givers if results else ())

    @on(LineTable.Selected, "#swarms")
    @on(LineTable.Selected, "#announces")
    def follow_infohash(self, message: LineTable.Selected) -> None:
        """Below stands what was found for the selected infohash, if that was looked up."""
        infohash = self._infohash() if message.table.has_focus else None
        found = next((one.number for one in self._lookups if one.target == infohash), None)
        if found is not None and self._source is not None:
            self._number = found
            self._show_results()
        self._show_space()

    def _infohash(self) -> bytes | None:
        """The infohash that the selection is about."""
        row = self._list().model.selected
        if isinstance(row, SwarmView):
            return row.infohash
        if isinstance(row, AnnounceRow):
            return row.announce.info_hash
        return self._results.detail.view.target if self._results else None

    @on(LineTable.Inspect)
    def inspect(self, message: LineTable.Inspect) -> None:
        """All about the line."""
        row = message.table.model.selected
        if isinstance(row, SwarmView):
            self.show_details(
                message.table,
                f"infohash {short_id(row.infohash)}",
                details.swarm_details(row, self._view, self._counted.get(row.infohash, "")),
            )
        elif isinstance(row, AnnounceRow):
            self.show_details(message.table, "an announce of ours", details.announce_details(row))
        elif isinstance(row, Giver):
            story = details.giver_details(row, self._counted.get(self._infohash() or b"", ""))
            open_node(self, row.node.addr, row.node.id, story=story)
        elif isinstance(row, MatrixRow):
            self.show_details(message.table, f"peer {address(row.peer)}", details.peer_details(self._named(row)))
        elif isinstance(row, NamedPeer):
            self.show_details(message.table, f"peer {address(row.peer)}", details.peer_details(row))

    # -- verbs -----------------------------------------------------------------------------------------------

    def _named(self, row: MatrixRow) -> NamedPeer:
        """The same peer, with the addresses of the nodes."""
        peers = () if self._results is None else self._results.peers
        return next((peer for peer in peers if peer.peer == row.peer), NamedPeer(row.peer, (), row.givers))

    def _list(self) -> LineTable[Any]:
        return self.focused if isinstance(self.focused, LineTable) else self.swarms

    def links(self) -> Sequence[Link]:
        """What the selected line leads to."""
        row, infohash = self._list().model.selected, self._infohash()
        row = self._named(row) if isinstance(row, MatrixRow) else row
        about = details.infohash_links(infohash, self._lookups) if infohash is not None else []
        if isinstance(row, SwarmView):
            return [*about, *details.address_links(row.peers, "peer")]
        if isinstance(row, Giver):
            return [*details.giver_links(row), *about]
        if isinstance(row, NamedPeer):
            return [*details.address_links((row.peer,), "peer"), *details.address_links(row.nodes, "node"), *about]
        return about

    def copy_forms(self) -> Sequence[CopyForm]:
        """The infohash and addresses of the selected line, and the line."""
        return (*link_forms(self.links()), *row_forms(self._list()))

    def same_command(self) -> str:
        """Announces the same; else looks for the peers."""
        row = self._list().model.selected
        if isinstance(row, AnnounceRow):
            return of_announce(row.announce.info_hash, row.announce.port)
        return super().same_command()

    def exports(self) -> Sequence[ExportForm]:
        """All lists that are shown."""
        name = "peers-found" if self.has_class("by-peer") else "nodes-with-peers"
        found = table_form(self._list_of_results(), name)
        if self.has_class("by-matrix"):
            found = table_form(self.matrix, "peers-by-node")
        return found, table_form(self.swarms, "peers-kept"), table_form(self.announces, "announces")

    def open_link(self, link: Link) -> bool:
        """Selects an infohash, wherever it stands here."""
        if link.kind != "infohash":
            return False
        made = next((row for row in announce_rows(self._holdings) if row.announce.info_hash == link.value), None)
        number = next((one.number for one in self._lookups if one.target == link.value), None)
        if any(swarm.infohash == link.value for swarm in self._holdings.swarms):
            self.swarms.select(link.value)
            self.swarms.focus()
        elif made is not None:
            self.announces.select(made.place)
            self.announces.focus()
        elif number is not None:
            self._list_of_results().focus()
        else:
            return False
        self._number = number or self._number
        self.tick()
        return True

    def here(self) -> Link | None:
        """The infohash that the selection is about."""
        infohash = self._infohash()
        return None if infohash is None else Link("infohash", infohash, short_id(infohash))

    # -- actions ---------------------------------------------------------------------------------------------

    def _list_of_results(self) -> LineTable[Giver] | LineTable[NamedPeer]:
        return self.named if self.has_class("by-peer") else self.givers

    def action_other_pane(self, step: int) -> None:
        """Goes to the next list."""
        results = [each for each in (self._list_of_results(), self.matrix) if each.display]
        lists: list[LineTable[Any]] = [self.swarms, self.announces, *results]
        place = lists.index(self._list()) if self._list() in lists else 0
        lists[(place + step) % len(lists)].focus()

    def action_by_peer(self) -> None:
        """Lists the results by the peers found, or by the nodes that gave them."""
        had_focus = self._list_of_results().has_focus
        self.toggle_class("by-peer")
        self._fill_results()
        if had_focus:
            self._list_of_results().focus()

    def action_matrix(self) -> None:
        """Shows which node named which peer, in place of the list of results; again: that list."""
        self.toggle_class("by-matrix")
        (self.matrix if self.has_class("by-matrix") else self._list_of_results()).focus()

    def action_shift(self, nodes: int) -> None:
        """Shows the matrix from a nearer or a farther node on."""
        self.matrix.shift(nodes)

    def action_next_lookup(self) -> None:
        """Shows the results of the next lookup for peers; after the oldest the newest."""
        numbers = [one.number for one in self._lookups]
        if not numbers or self._source is None:
            notify(self, f"No lookup for peers is remembered: {key_of('new_lookup')} starts one.")
            return
        shown = self._results.detail.view.number if self._results else numbers[-1]
        place = numbers.index(shown) + 1 if shown in numbers else 0
        self._number = numbers[place % len(numbers)]
        self._show_results()

    def action_announce(self) -> None:
        """Asks what to announce, and announces it."""
        if self.feed.commands is None:
            notify(self, f"{self.feed.played}: nothing can be announced from it.")
        else:
            self._announce(self.feed.commands)

    def carry_out(self, request: object) -> None:
        """Makes the announce of a command."""
        if isinstance(request, AnnounceRequest) and self.feed.commands is not None:
            self._announce_all(self.feed.commands, request)

    @opens("announce")
    async def _announce(self, node: NodeCommands) -> None:
        reach, infohash = node.snapshot().reachability, self._infohash()
        note = ""
        if reach.state != "reachable":
            note = f"This node is {reach_words(reach.state)}, so peers may not reach it either: {safe_text(reach.why)}."
        request = await self.app.push_screen_wait(AnnounceForm(infohash.hex() if infohash else "", note))
        if request is not None:
            self._announce_all(node, request)

    @work(group="announce", exit_on_error=False, name="announce")
    async def _announce_all(self, node: NodeCommands, request: AnnounceRequest) -> None:
        for info_hash in request.info_hashes:
            await self._announce_one(node, info_hash, request.port)

    async def _announce_one(self, node: NodeCommands, info_hash: bytes, port: int) -> None:
        name = f"announce of {short_id(info_hash)}"

        def progress(view: LookupView) -> None:
            self._last(f"… {name}: seeking the closest nodes, {view.answered} of {view.asked} answered", "accent")

        self._last(f"… {name}: seeking the closest nodes", "accent")
        result = await actions.announce_peer(node, info_hash, port, progress=progress)
        text = f"{name}: {safe_text(result.summary)}"
        self._last(f"{'✓' if result.ok else '✗'} {text}", "plain" if result.ok else "bad")
        notify(self, text, bad=not result.ok)
        self._polled = 0.0
        if self in self.app.screen_stack:  # the user is still here
            self.app.push_screen(Popup(name, details.announced_lines(result, port)))

    def action_scrape(self) -> None:
        """Counts the peers of the infohash that the selection is about."""
        infohash = self._infohash()
        if infohash is None:
            notify(self, "No infohash is selected: a lookup for peers, or an announce, brings one.")
        elif self.feed.commands is None:
            notify(self, f"{self.feed.played}: nobody can be asked from it.")
        else:
            self._scrape(self.feed.commands, infohash)

    @work(group="scrape", exclusive=True, exit_on_error=False, name="scrape")
    async def _scrape(self, node: NodeCommands, infohash: bytes) -> None:
        self._last(f"… counting the peers of {short_id(infohash)}", "accent")
        result = await actions.scrape(node, infohash)
        self._counted.pop(infohash, None)
        self._counted[infohash] = safe_text(result.summary)
        if len(self._counted) > COUNTS_KEPT:
            del self._counted[next(iter(self._counted))]
        text = f"{short_id(infohash)}: {safe_text(result.summary)}"
        self._last(f"{'✓' if result.ok else '✗'} {text}", "plain" if result.ok else "bad")
        notify(self, text, bad=not result.ok)

    def _last(self, text: str, role: Role) -> None:
        self.query_one("#last", Lines).show((((f" {text}", role),),))


def _state(view: LookupView) -> tuple[int, bool, int]:
    return view.number, view.running, view.answered


def _results_title(results: Results | None, by_peer: bool) -> str:
    if results is None:
        return "found"
    view = results.detail.view
    answered = sum(each.view.answered for each in results.detail.families)
    gave = f"{plural(len(results.peers), 'peer')} from {len(results.givers)} of {plural(answered, 'node')}"
    return f"get_peers#{view.number} {short_id(view.target)}: {gave}, by {'peer' if by_peer else 'node'}"
