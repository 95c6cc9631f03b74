"""The lookup screen: any lookup, running or finished, drawn, explained, gone through in time, compared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from textual import on, work
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.content import Content
from textual.getters import query_one
from textual.widget import Widget

from ...actions import run as actions
from ...bindings.keymap import key_of
from ...bindings.registry import Action, moves
from ...engine.commands import NodeCommands
from ...engine.views.snapshot import INFERRED, LookupDetail, LookupView, Snapshot
from ...engine.wire.compact import Addr
from ...lookups.ask import Kind, LookupRequest
from ...lookups.compare import Difference, comparison_lines, differences
from ...lookups.drawings.ladder import scale_of
from ...lookups.same import of_links
from ...lookups.shares import culprits
from ...lookups.verdict import verdict_lines
from ...packets.parts import Link
from ...text.format import short_id
from ...text.keyspace import MAX_DEPTH, Part
from ...text.safe import safe_text
from ...text.spans import Line
from ...widgets.drawing import Drawing as DrawingPane
from ...widgets.line_table import LineTable
from ...widgets.lines import Lines
from ...widgets.table_model import Row
from ..base import STACKED, bindings
from ..node.opening import open_node
from ..notify import notify
from ..verbs import CopyForm, ExportForm
from . import panes
from .course import CourseScreen
from .drawn import Kind as DrawingKind
from .drawn import Look, drawn, scrolled
from .form import LookupForm
from .layout import PANES, VAST, Drawing, Layout
from .links import copies, files, links_of
from .panes import CandidateRow, LookupRow

VERDICT_SHARE = 0.25
"""The share of the window's height that the verdict takes at most."""
COMPARED_LINES = 3
"""How many lines what differs has in a low window."""
_NO_NODES: tuple[Line, ...] = (((" This lookup knows of no node.", "dim"),),)
_KIND_OF: dict[str, Kind] = {"node": "find_node", "target": "get", "infohash": "get_peers", "key": "get"}


class _Table(LineTable[Row], inherit_bindings=False):
    """A list that leaves the keys left and right to the screen: nothing in it scrolls sideways."""

    BINDINGS = LineTable.BINDINGS


class LookupScreen(CourseScreen):
    """Ladder and waterfall above; below the lookups and the nodes of the selected one; the verdict."""

    CSS_PATH = "lookup.tcss"
    BINDINGS = [*bindings("lookup"), Binding("escape", "leave", show=False)]  # noqa: RUF012 - Textual's own declaration
    HORIZONTAL_BREAKPOINTS = STACKED
    VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-low"), (30, "-middle"), (40, "-tall")]  # noqa: RUF012
    AUTO_FOCUS = "#lookups"

    lookups: query_one[LineTable[LookupRow]] = query_one("#lookups", LineTable)
    nodes: query_one[LineTable[CandidateRow]] = query_one("#nodes", LineTable)
    compared: query_one[LineTable[Difference]] = query_one("#differences", LineTable)

    _snapshot: Snapshot | None = None
    _marked: int | None = None
    """The number of the lookup to compare with."""
    _drawing: Drawing | None = None
    """What the user wants drawn; `None`: what fits."""
    _wanted: int | None = None
    """The number of a lookup just started, to be selected as soon as it is listed."""
    _depth = _pan = 0
    """Of the id space: how many bits the ids drawn share with the target, and how many places beside it they are."""
    """How many bits the ids of the part that is drawn share with the target."""
    _in_nodes = False
    """Whether the list below is that of the nodes, where there is room for one only."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._drawn: dict[str, tuple[object, ...]] = {}
        self._first: dict[str, int] = {}
        """The rows of drawings that the user has scrolled to; of others, that the selected node is in sight."""

    def compose_body(self) -> ComposeResult:
        """One line of state, the drawings, the lists, the story of a node, the verdict."""
        yield Lines(id="state", classes="stays")
        with Container(id="drawings"):
            for name in ("ladder", "beside", "waterfall", "tree", "space", "other"):
                yield DrawingPane(id=name, classes="box")
        with Container(id="lists"):
            empty = panes.empty_lines(testnet=False)
            yield _Table(panes.LOOKUP_COLUMNS, lambda row: row.view.number, title="lookups", empty=empty, id="lookups")
            yield _Table(panes.NODE_COLUMNS, lambda row: row.node.addr, title="nodes", empty=_NO_NODES, id="nodes")
            yield _Table(panes.DIFFERENCE_COLUMNS, lambda row: row.what, title="differences", id="differences")
        yield Lines(id="story")
        yield Lines(id="time")
        yield Lines(id="verdict")

    def on_mount(self) -> None:
        """There may be no snapshot for a while."""
        self._show_selected()

    # -- which lookup ----------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Fills the list of lookups, and shows the selected one."""
        if self._snapshot is not None and self._snapshot.family != snapshot.family:
            self._kept.forget(())
            self._first.clear()
        self._snapshot = snapshot
        views = {view.number: view for view in snapshot.lookups}
        self._kept.forget(views)
        if self._marked not in views:
            self._marked = None
        rows = [
            LookupRow(view, max(0.0, snapshot.at - view.started_at), view.number == self._marked)
            for view in snapshot.lookups
        ]
        waiting = sum(view.place > 0 for view in snapshot.lookups)
        running = sum(view.running for view in snapshot.lookups) - waiting
        wait = f"{waiting} waiting, " if waiting else ""
        whose = "inferred " if any(view.owner == INFERRED for view in snapshot.lookups) else ""
        finished = f"{whose}lookups: {running} running, {wait}{len(rows) - running - waiting} finished"
        if snapshot.other is not None:
            finished += f"; {key_of('lookup.family')} shows {snapshot.other.family}"
        self.lookups.title = f"{self._marked_words() or finished}{self._missed(snapshot)}"
        self.lookups.set_empty(*panes.empty_lines(self.host.testnet))
        self.lookups.show(rows)
        if self._wanted in views:
            self.lookups.select(self._wanted)
            self._wanted = None
        self._show_selected()

    def _marked_words(self) -> str:
        """What is compared, or what to do to compare, and how to leave that; empty while nothing is marked."""
        if self._marked is None:
            return ""
        view, leave = self._view(), f"{key_of('lookup.mark')} ends that"
        detail = self._current()
        if detail is not None and view is not None and view.number == self._marked and detail.other is not None:
            return f"lookup {view.number} in {detail.other.view.family} and {detail.view.family}; {leave}"
        if view is None or view.number == self._marked:
            return f"lookups: {self._marked} marked, select another to compare; {leave}"
        return f"lookups: {view.number} compared with {self._marked}; {leave}"

    def _missed(self, frozen: Snapshot) -> str:
        """How many lookups began since the view was frozen."""
        if not self.feed.paused:
            return ""
        newest = max((view.number for view in frozen.lookups), default=0)
        return f"  +{sum(view.number > newest for view in self.feed.newest(frozen).lookups)} new"

    @on(LineTable.Selected, "#lookups")
    def follow_lookup(self) -> None:
        """Another lookup, from its end, or live."""
        self._until = self._play = None
        self._first.clear()
        if self._marked is not None and self._snapshot is not None:
            self.lookups.title = f"{self._marked_words()}{self._missed(self._snapshot)}"
        self._show_selected()
        self.nodes.action_edge(-1)

    @on(LineTable.Selected, "#nodes")
    def follow_node(self) -> None:
        """The selected node is marked in the drawings."""
        self._first.clear()
        self._show_selected()

    def _view(self) -> LookupView | None:
        row = self.lookups.model.selected
        return None if row is None else row.view

    def _current(self) -> LookupDetail | None:
        return self._detail(self._view())

    def _detail(self, view: LookupView | None) -> LookupDetail | None:
        """A lookup with its queries."""
        return None if view is None else self._kept.get(view, self.feed.lookup)

    # -- showing it ------------------------------------------------------------------------------------------

    def _show_selected(self) -> None:
        detail = self._current()
        other = self._beside(detail)
        self.set_class(detail is None, "-nothing")
        if detail is not None and other is not None:
            self._arrange(comparing=True)
            self._compare(detail, other)
            return
        self._arrange()
        if detail is None:
            self._show_nothing()
            return
        then = self._kept.at(detail, self._until)
        self._state(then)
        beside = detail.other if "beside" in self._layout(comparing=False).drawings else None
        for kind in PANES:
            drawing: DrawingKind = "flight" if kind == "space" and self._play is not None else kind
            self._draw(kind, drawing, detail, beside=beside if kind == "ladder" else None)
        if beside is not None:
            self._draw("beside", "ladder", beside, beside=detail)
        if self._lists_wait():
            return
        family = f", {detail.view.family}" if detail.other is not None else ""
        self.nodes.title = f"nodes of lookup {detail.view.number}{family}, nearest first"
        if self._is_new("nodes", then):
            self.nodes.show(panes.candidate_rows(then))
        self._tell_story(then)
        self._bar(then)
        self._judge(then)

    def _bar(self, then: LookupDetail, before: LookupDetail | None = None) -> None:
        """The time of the lookup, or of both that are compared, as a bar."""
        pane = self.query_one("#time", Lines)
        width = pane.size.width
        if width and self._is_new("time", then, before, width):
            pane.show(panes.time_lines(then, width) if before is None else panes.compared_lines(before, then, width))

    def _judge(self, then: LookupDetail) -> None:
        pane, most = self.query_one("#verdict", Lines), max(1, int(self.size.height * VERDICT_SHARE))
        # While another pane fills the window this one has no width: it keeps its lines, and so its height.
        if pane.size.width and self._is_new("verdict", then, pane.size.width, most):
            pane.show(verdict_lines(then, pane.size.width, most))

    def _tell_story(self, then: LookupDetail) -> None:
        pane, row = self.query_one("#story", Lines), self.nodes.model.selected
        if pane.display and self._is_new("story", then, row and row.node.addr, pane.size.width):
            pane.show(panes.story_lines(row, then, pane.size.width))

    def _show_nothing(self) -> None:
        self._drawn.clear()
        for pane in ("state", *PANES, "beside", "other", "story", "time", "verdict"):
            self.query_one(f"#{pane}", Lines).show(())
        self.nodes.show(())

    def _state(self, then: LookupDetail) -> None:
        state = self.query_one("#state", Lines)
        state.show((panes.state_line(then, self._until, state.size.width),))

    def _chosen(self) -> Addr | None:
        """The node that the user is at, or was before going to a drawing."""
        row = self.nodes.model.selected
        here = self.nodes.has_focus or (self._in_nodes and isinstance(self.focused, DrawingPane))
        return row.node.addr if row is not None and here else None

    def _look(
        self,
        pane: Lines,
        detail: LookupDetail,
        other: LookupDetail | None = None,
        beside: LookupDetail | None = None,
    ) -> Look:
        """What of a lookup a pane is to show; `other` is compared with it, `beside` is drawn on the same scale."""
        then = self._kept.at(detail, self._until)
        scale = scale_of(detail, *(each for each in (other, beside) if each is not None))
        chosen = self._chosen() if other is None else None
        own = None if self._snapshot is None else self._snapshot.identity.id
        part = Part.around(detail.view.target, self._depth).moved(self._pan)
        return Look(
            then, detail, self._until, chosen, scale, self._first.get(str(pane.id)), pane.has_focus, own, part,
            self._play, other is not None,
        )  # fmt: skip

    def _draw(
        self,
        name: str,
        kind: DrawingKind,
        detail: LookupDetail,
        other: LookupDetail | None = None,
        beside: LookupDetail | None = None,
    ) -> None:
        """Draws a lookup in the pane of that name, if that shows something else then."""
        pane = self.query_one(f"#{name}", Lines)
        shown = (
            self._until,
            self._chosen(),
            *pane.size,
            self._first.get(name),
            pane.has_focus,
            self._depth,
            self._pan,
            self._play,
        )
        if pane.display and self._is_new(name, kind, detail, other, beside, shown):
            found = drawn(kind, self._look(pane, detail, other, beside), *pane.size)
            one_of_two = (
                beside is not None or detail.other is not None or (other is not None and other.other is not None)
            )
            family = f", {detail.view.family}" if one_of_two else ""
            _name(pane, f"{found.title}{family}", found.legend)
            pane.show(found.lines)

    def _is_new(self, pane: str, *shown: object) -> bool:
        """Whether a pane is to show something else than it does."""
        if self._drawn.get(pane) == shown:
            return False
        self._drawn[pane] = shown
        return True

    def _compare(self, detail: LookupDetail, marked: LookupDetail) -> None:
        then, before = self._kept.at(detail, self._until), self._kept.at(marked, self._until)
        self._state(then)
        kind = self._layout(comparing=True).compared
        self._draw(kind, kind, marked, detail)
        self._draw("other", kind, detail, marked)
        for name in (*PANES, "beside", "nodes"):
            if name != kind:
                self._drawn.pop(name, None)
        self.compared.title = f"lookup {marked.view.number} (marked) and lookup {detail.view.number}"
        if marked.view.number == detail.view.number:
            self.compared.title = f"lookup {detail.view.number} in {marked.view.family} and in {detail.view.family}"
        if self._is_new("differences", then, before):
            self.compared.show(differences(before, then))
        self._bar(then, before)
        self._tell_differences(then, before)

    def _tell_differences(self, then: LookupDetail, before: LookupDetail) -> None:
        pane, low = self.query_one("#verdict", Lines), not self.has_class("-middle") and not self.has_class("-tall")
        most = COMPARED_LINES if low else None
        if pane.size.width and self._is_new("verdict", then, before, pane.size.width, most):
            pane.show(comparison_lines(before, then, pane.size.width, most))

    # -- panes -----------------------------------------------------------------------------------------------

    def _arrange(self, comparing: bool = False) -> None:
        """Shows the panes there is room for, and something to show in."""
        layout = self._layout(comparing)
        for name, on_ in layout.classes().items():
            self.set_class(on_, name)
        for name, display in layout.shown().items():
            pane = self.query_one(f"#{name}")
            if pane.display != display:
                pane.display = display
                self.call_after_refresh(self._show_selected)

    def _layout(self, comparing: bool) -> Layout:
        broad, detail = self.has_class("-broad"), self._current()
        return Layout(
            broad, broad or self.has_class("-wide"), self.has_class("-tall"),
            self.has_class("-tiny") or self.has_class("-short"), self.has_class("-nothing"),
            self._in_nodes, self._drawing, comparing, self._play is not None,
            self.size.width >= VAST, detail is not None and detail.other is not None,
        )  # fmt: skip

    def _lower(self) -> LineTable[Any]:
        """The list beside that of the lookups: nodes, or differences."""
        return self.compared if self.compared.display or self._comparing() else self.nodes

    def _comparing(self) -> bool:
        view = self._view()
        return self._marked is not None and view is not None and self._beside(self._current()) is not None

    def _beside(self, detail: LookupDetail | None) -> LookupDetail | None:
        """What is compared with the selected lookup: the marked one; if it is that itself, what it did in the other
        family."""
        if self._marked is None or detail is None:
            return None
        return detail.other if detail.view.number == self._marked else self._detail(self._marked_view())

    def action_other_pane(self, step: int) -> None:
        """Goes to the next pane: the lookups, the nodes of one, the drawings."""
        drawings = [pane for pane in self.query(DrawingPane) if pane.display and not self.has_class("-nothing")]
        panes: list[Widget] = [self.lookups, self._lower(), *drawings]
        at = panes.index(self.focused) if self.focused in panes else 0
        pane = panes[(at + step) % len(panes)]
        if isinstance(pane, DrawingPane):
            pane.focus()
        else:
            self._go_to(nodes=pane is not self.lookups)
        self._show_selected()

    def _go_to(self, nodes: bool) -> None:
        self._in_nodes = nodes
        self._arrange(self._comparing())
        self.set_focus(self._lower() if nodes else self.lookups)
        self._show_selected()

    def actions_now(self) -> tuple[Action, ...]:
        """The drawings, which are no lists, have the moves of one."""
        here = moves() if isinstance(self.focused, DrawingPane) else ()
        return (*here, *super().actions_now())

    @on(DrawingPane.Resized)
    def draw_again(self) -> None:
        """There is more or less room for a drawing."""
        self._show_selected()

    @on(DrawingPane.Scrolled)
    def scroll_drawing(self, message: DrawingPane.Scrolled) -> None:
        """Goes some rows up or down in the waterfall or the tree; other drawings always fit."""
        detail, pane = self._current(), message.drawing
        if detail is None:
            return
        name, other = str(pane.id), self._beside(detail)
        if name == "beside":  # a ladder always fits
            return
        if other is not None and name != "other":
            detail, other = other, detail
        kind = self._layout(True).compared if other is not None else next(kind for kind in PANES if kind == name)
        first = scrolled(kind, self._look(pane, detail, other), *pane.size, message.rows)
        if first is not None:
            self._first[name] = first
            self._show_selected()

    def action_drawing(self) -> None:
        """Draws the next thing: ladder, waterfall, where there is room both, the tree, or the id space."""
        order = self._layout(self._comparing()).orders()
        now = self._drawing if self._drawing in order else order[0]
        self._drawing = order[(order.index(now) + 1) % len(order)]
        was = self.focused
        self._show_selected()
        if isinstance(was, DrawingPane) and not was.display:
            next(pane for pane in self.query(DrawingPane) if pane.display).focus()

    def action_nearer(self, steps: int) -> None:
        """Draws a smaller or a bigger part of the id space, around the target."""
        if self._draws_space():
            self._depth, self._pan = max(0, min(MAX_DEPTH, self._depth + steps)), 0
            self._show_selected()

    def action_pan(self, places: int) -> None:
        """Draws the ids beside those that are drawn."""
        if self._draws_space():
            most = 1 << self._depth
            self._pan = max(-most, min(most, self._pan + places))
            self._show_selected()

    def _draws_space(self) -> bool:
        """Whether the id space is drawn; if not, that is told."""
        draws = self._drawing == "space" or self._play is not None
        if not draws:
            notify(self, f"The id space is not drawn: {key_of('lookup.drawing')} draws it.")
        return draws

    # -- going through it, comparing ---------------------------------------------------------------------------

    def action_culprit(self) -> None:
        """Goes to the query that cost most time; again: to the next one."""
        detail = self._current()
        found = culprits(self._kept.at(detail, self._until)) if detail is not None else ()
        if detail is None or not found or self._comparing():
            notify(self, "There is no query that held a lookup up." if found == () else "Two lookups are compared.")
            return
        nodes = [detail.steps[place].addr for place in found]
        row = self.nodes.model.selected
        at = nodes.index(row.node.addr) + 1 if row is not None and self._in_nodes and row.node.addr in nodes else 0
        if (self._drawing or "ladder") not in ("both", "waterfall", "tree"):
            self._drawing = None if self._layout(False).wide else "waterfall"
        self._go_to(nodes=True)
        self.nodes.select(nodes[at % len(nodes)])

    def action_mark(self) -> None:
        """Marks the selected lookup, to compare others with it, or takes the mark away from whichever has it."""
        view = self._view()
        if view is None or self._snapshot is None:
            notify(self, "There is no lookup to mark.")
            return
        self._marked = view.number if self._marked is None else None
        self.show(self._snapshot)

    def action_leave(self) -> None:
        """Ends slow motion, or the comparison. Where there is none, or one pane has all the room, the key is for
        others."""
        if self._play is not None:
            self._stop_playing()
            return
        if self._marked is None or self.maximized is not None:
            raise SkipAction
        self.action_mark()

    def _marked_view(self) -> LookupView | None:
        views = self._snapshot.lookups if self._snapshot is not None else ()
        return next((view for view in views if view.number == self._marked), None)

    # -- looking closer --------------------------------------------------------------------------------------

    @on(LineTable.Inspect, "#lookups")
    def inspect_lookup(self) -> None:
        """Goes to the nodes of the lookup."""
        self._go_to(nodes=True)

    @on(LineTable.Inspect, "#nodes")
    def inspect_node(self) -> None:
        """All that the lookup knows of the node."""
        row, detail = self.nodes.model.selected, self._current()
        if row is not None and detail is not None:
            story = panes.candidate_details(row, self._kept.at(detail, self._until))
            open_node(self, row.node.addr, row.node.id, story=story)

    # -- starting and stopping -------------------------------------------------------------------------------

    def action_start(self) -> None:
        """Opens the form of a new lookup."""
        self._open_form("get_peers", "")

    def _open_form(self, kind: Kind, target: str) -> None:
        node = self._node()
        if node is not None:
            known = panes.testnet_targets() if self.host.testnet else ()
            self.app.push_screen(LookupForm(node.id, kind=kind, target=target, known=known), self._start)

    def _node(self) -> NodeCommands | None:
        """The running node; where there is none that is told."""
        if self.feed.commands is None:
            notify(self, f"{self.feed.without_node}: lookups can't be started or stopped.", bad=True)
        return self.feed.commands

    def _start(self, request: LookupRequest | None) -> None:
        node = self._node() if request is not None else None
        if request is not None and node is not None:
            for other in request.also:  # the second infohash of a hybrid torrent
                self._look_up(node, replace(request, target=other, also=()), followed=True)
            self._look_up(node, request)

    @work(group="lookup", exit_on_error=False, name="lookup")
    async def _look_up(self, node: NodeCommands, request: LookupRequest, followed: bool = False) -> None:

        def follow(view: LookupView) -> None:
            nonlocal followed
            if not followed:
                followed, self._wanted = True, view.number

        if request.kind == "find_node":
            result = await actions.find_node(node, request.target, progress=follow)
        elif request.kind == "get_peers":
            result = await actions.get_peers(node, request.target, progress=follow)
        elif request.kind == "sample_infohashes":
            result = await actions.sample_infohashes(node, request.target, progress=follow)
        else:
            result = await actions.get(node, request.target, request.salt, progress=follow, public=request.public)
        text = f"{request.kind} {short_id(request.target)}: {safe_text(result.summary)}"
        if not result.ok or not self.is_current:
            notify(self, text, bad=not result.ok)

    def carry_out(self, request: object) -> None:
        """Starts the lookup of a command."""
        if isinstance(request, LookupRequest):
            self._start(request)

    def action_stop(self) -> None:
        """Ends the selected lookup with what it has found so far."""
        view = self._view()
        if view is None or not view.running:
            notify(self, "This lookup is over already." if view else "There is no lookup to stop.")
        elif (node := self._node()) is not None and not node.stop_lookup(view.number):
            notify(self, f"Lookup {view.number} is over already.")

    def action_around(self) -> None:
        """Finds out who sits on the target of the selected lookup."""
        view = self._view()
        if view is None:
            notify(self, "There is no lookup whose target could be looked at.")
        elif (node := self._node()) is not None:
            from .around import AroundWindow

            self.app.push_screen(AroundWindow(node, view.target))

    # -- links, copies, files --------------------------------------------------------------------------------

    def _node_row(self) -> CandidateRow | None:
        return self.nodes.model.selected if self.nodes.has_focus else None

    def links(self) -> tuple[Link, ...]:
        """The node that the user is at, its packet; else what the lookup is about."""
        detail, source = self._current(), self.feed.source
        return links_of(detail, self._node_row(), source.packets) if detail is not None and source is not None else ()

    def copy_forms(self) -> tuple[CopyForm, ...]:
        """The node, or the target of the lookup."""
        view = self._view()
        return copies(view, self._node_row()) if view is not None else ()

    def same_command(self) -> str:
        """Asks the node that the user is at; else looks up the same."""
        return of_links(self.links()) if self._node_row() is not None else super().same_command()

    def exports(self) -> tuple[ExportForm, ...]:
        """The lookup as text and as JSON."""
        detail = self._current()
        return files(detail) if detail is not None else ()

    def here(self) -> Link | None:
        """The selected lookup."""
        view = self._view()
        return None if view is None else Link("lookup", view.number, f"lookup {view.number}")

    def open_link(self, link: Link) -> bool:
        """Selects a lookup; of anything that can be looked for it opens the form."""
        if link.kind == "lookup":
            listed = self._snapshot is not None and any(v.number == link.value for v in self._snapshot.lookups)
            if listed:
                assert isinstance(link.value, int)
                self.lookups.select(link.value)
            return listed
        kind = _KIND_OF.get(link.kind)
        if kind is None or not isinstance(link.value, bytes):
            return False
        self._open_form(kind, link.value.hex())
        return True


def _name(pane: Lines, title: str, legend: str = "") -> None:
    if not pane.styles.border_left[0]:  # there is no line below, and without corners it would touch the one above
        beside = f"{title}  {legend}".rstrip()
        title, legend = f" {beside if len(beside) < pane.size.width - 4 else title} ", ""
    if (str(pane.border_title), str(pane.border_subtitle)) != (title, legend):
        pane.border_title, pane.border_subtitle = Content(title), Content(legend)
