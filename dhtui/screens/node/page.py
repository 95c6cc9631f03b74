"""The page of one node: what is known of it, tab by tab, and the form that asks it anything."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from random import SystemRandom
from typing import Any, Protocol, cast

from rich.console import RenderableType
from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.getters import query_one
from textual.suggester import SuggestFromList
from textual.widgets import Input
from textual.worker import Worker, WorkerState

from ...actions import run as actions
from ...actions.resolve import families_of, look_up
from ...bindings.registry import LEAVE, NODE, SUBMIT, form
from ...engine.commands import NodeCommands
from ...engine.outcome import NodeOutcome
from ...engine.views.snapshot import Snapshot
from ...engine.wire.compact import Addr, NodeInfo
from ...engine.wire.family import family_of
from ...engine.wire.ids import distance
from ...items.value import view_lines
from ...lookups.roles import Role, role_in
from ...lookups.same import SAME, TEST, of_conform
from ...lookups.walk import Walk
from ...packets.packet import Packet
from ...packets.parts import Link, Part
from ...packets.told import Giving, answers, givings, namings, packets_of
from ...runtime.host import NodeHost
from ...sources.feed import Feed
from ...text.actions.notices import NoAddress
from ...text.format import address, plural, short_id
from ...text.outcomes import node_words
from ...text.safe import safe_text
from ...text.spans import Line
from ...widgets.bound import all_bound, bound
from ...widgets.line_table import LineTable
from ...widgets.lines import Lines
from ...widgets.pick import Pick
from ...widgets.scroll_lines import ScrollLines
from ...widgets.source_input import SourceInput
from ..dialogs.checked_form import CheckedForm
from ..dialogs.choosing import Followed
from ..dialogs.fields import TABS as FIELD_TABS
from ..dialogs.fields import field
from ..dialogs.list_window import OF_LINES, ListWindow
from ..gate import opens
from ..items.put_rows import NodeRow
from ..listing import link_forms, row_forms
from ..notify import notify, notify_failure
from ..packets.panes import TREE_COLUMNS, TreeRow, tree_rows
from ..table.bans import ask_for_ban
from ..table.details import bep42_lines
from ..verbs import CopyForm
from . import lines
from .ask_request import (
    KINDS,
    NAMED_COLUMNS,
    AskRequest,
    NamedRow,
    Question,
    answer_part,
    named_rows,
    put_question,
    read_ask,
    same_question,
)
from .columns import ROLE_COLUMNS, giving_columns, its_packets
from .opening import node_of, open_node
from .walking import walk_through

_EVERY = 1.0
"""Seconds between two looks at what is known."""
_TARGET = "empty: our own id; random; id, infohash, public key or magnet link"


class _Hosting(Protocol):
    host: NodeHost


class NodePage(CheckedForm[None, AskRequest], ListWindow[None]):
    """What is known of one node now; it stays live while it is open."""

    CSS_PATH = Path(__file__).with_name("node.tcss")
    BINDINGS = [  # noqa: RUF012 - Textual's own declaration
        bound(LEAVE, "close"),
        bound(SUBMIT),
        *FIELD_TABS,
        *all_bound(action for action in NODE if action.name != "tab_at"),
    ]
    ACTIONS = (*form("ask", choose="question")[:-1], *NODE, *OF_LINES, form("", "back")[-1])
    ABOUT = (
        "All that is known of one node: who it is, how its id follows from its address (BEP 42), its packets, what it "
        "was in our lookups, which nodes it named, and what it gave. The form asks it any query, ping to one that no "
        "BEP names, and takes the answer apart. Each node that it names has such a page, too; our own is marked."
    )
    FIRST = "node"

    tabs: query_one[Lines] = query_one("#tabs", Lines)
    told: query_one[ScrollLines] = query_one("#overview", ScrollLines)
    sums: query_one[ScrollLines] = query_one("#bep42", ScrollLines)
    packets: query_one[LineTable[Packet]] = query_one("#packets", LineTable)
    roles: query_one[LineTable[Role]] = query_one("#lookups", LineTable)
    knows: query_one[LineTable[NamedRow]] = query_one("#knows", LineTable)
    gave: query_one[LineTable[Giving]] = query_one("#holds", LineTable)
    named: query_one[LineTable[NamedRow]] = query_one("#named", LineTable)
    parts: query_one[LineTable[TreeRow]] = query_one("#answer", LineTable)

    def __init__(
        self,
        feed: Feed,
        addr: Addr | None,
        node_id: bytes | None = None,
        *,
        story: Sequence[Line] = (),
        tab: str = "overview",
        asks: Question | None = None,
        at: str = "",
    ) -> None:
        """Without an address it is the form alone, until a node is typed there; it begins with `at`, HOST:PORT."""
        super().__init__()
        self._feed, self._addr, self._node_id, self._story = feed, addr, node_id, tuple(story)
        self._tab = "ask" if addr is None or asks is not None else tab
        self._asks = asks or Question()
        self._at = at if addr is None else safe_text(address(addr), 60)
        self._at_once = asks is not None and bool(self._at)
        self._same = ""
        """The command line that asks the same."""
        self._roles: dict[int, Role | None] = {}
        """What it was in finished lookups, by their numbers."""
        self._walk: Walk | None = None
        self._walking: Worker[None] | None = None
        self._apart: Part | None = None
        self._turned: set[tuple[str, ...]] = set()
        self._data = b""

    # -- the window ------------------------------------------------------------------------------------------

    def compose_body(self) -> ComposeResult:
        """Tabs, and one pane for each."""
        wall, now = self._wall, self._now
        nobody: tuple[Line, ...] = (((" It has named no node that is still known here: w asks it.", "dim"),),)
        with Vertical(classes="window"):
            yield Lines(id="tabs")
            yield ScrollLines(id="overview", classes="pane")
            yield ScrollLines(id="bep42", classes="pane")
            yield LineTable(
                its_packets(wall, now), lambda row: row.number, title="packets", empty=_none("packets"), id="packets"
            )
            yield LineTable(
                ROLE_COLUMNS, lambda row: row.view.number, title="lookups", empty=_none("lookups"), id="lookups"
            )
            with Vertical(id="known", classes="pane"):
                yield Lines(id="table")
                yield LineTable(
                    NAMED_COLUMNS, lambda row: row.info, title="nodes that it named", empty=nobody, id="knows"
                )
            yield LineTable(
                giving_columns(wall, now), _giving_key, title="what it gave", empty=_none("gifts"), id="holds"
            )
            with Vertical(id="asking", classes="pane"):
                yield from self._fields()
                yield Lines(id="verdict")
                with Container(id="panes"):
                    yield LineTable(
                        NAMED_COLUMNS, lambda row: row.info, title="named", empty=_none("named"), id="named"
                    )
                    yield LineTable(
                        TREE_COLUMNS, lambda row: row.key, title="answer", empty=_none("answer"), id="answer"
                    )

    def _fields(self) -> ComposeResult:
        asks = self._asks
        yield from field("node", SourceInput(self._at, id="node", placeholder="HOST:PORT, in our table or not"))
        yield from field("question", Pick(KINDS, KINDS.index(asks.kind), id="question"))
        suggester = SuggestFromList(self._targets(), case_sensitive=False)
        target = SourceInput(asks.target, id="target", placeholder=_TARGET, suggester=suggester)
        yield from field("target", target)
        yield from field("salt", SourceInput(asks.salt, id="salt", placeholder="of a mutable item, if it has one"))
        yield from field("method", SourceInput(asks.method, id="method", placeholder="such as sample_infohashes"))
        yield from field("arguments", SourceInput(asks.args, id="args", placeholder='{"target": "hex:00ff…", "n": 1}'))

    def _targets(self) -> list[str]:
        """What may be asked for: words, and the targets of our lookups."""
        view = self._view()
        looked = [lookup.target.hex() for lookup in view.lookups] if view else []
        return ["self", "random", *dict.fromkeys(looked)]

    def render(self) -> RenderableType:
        """Nothing of what lies below it: it covers all, and pages that lie over each other are each drawn once."""
        return ""

    def on_mount(self) -> None:
        """Shows the tab, and goes on doing so."""
        self.set_interval(_EVERY, self.look)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.turn_to(self._tab)
        if self._at_once:
            self.named.focus()
            self.action_submit()

    def on_resize(self) -> None:
        """All is fitted to the new size."""
        self.call_after_refresh(self.look)
        self.say_again()

    # -- what is known now -----------------------------------------------------------------------------------

    def _wall(self, at: float) -> float:
        source = self._feed.source
        return at if source is None else source.wall(at)

    def _now(self) -> float:
        source = self._feed.source
        return 0.0 if source is None else source.wall(source.clock())

    def _view(self) -> Snapshot | None:
        try:
            frame = self._feed.frame()
        except Exception:  # whatever ails the engine is told by the screen below, and the page stays
            return None
        return None if frame is None else frame.snapshot

    def _known(self, view: Snapshot, addr: Addr) -> lines.Known:
        source, node = self._feed.source, self._feed.commands
        packets = packets_of(reversed(source.packets), addr) if source is not None else []
        row = lines.find(view, addr)
        heard = (packet.sender for packet in packets if packet.direction == "in")
        self._node_id = (
            self._node_id or (row.node.id if row else None) or next((sender for sender in heard if sender), None)
        )
        bans = () if node is None else node.bans()
        ban = next((ban for ban in bans if ban.ip == addr[0]), None)
        family = view.of(family_of(addr[0]).name) or view
        return lines.Known(addr, self._node_id, family.identity.id, row, self._feed.contact(addr), packets, ban)

    def look(self) -> None:
        """Shows what is known now, on the tab that is seen."""
        view = self._view()
        if view is None or not self.is_attached or not self.query("#tabs"):
            return
        if self._addr is None:
            self._show_heading(None, {})
            return
        known = self._known(view, self._addr)
        given = answers(known.packets)
        named = self._named(known, given)
        self._roles_in(view, self._addr)
        gifts = givings(given)
        mine = [role for role in self._roles.values() if role is not None]
        self._show_heading(
            known, {"packets": len(known.packets), "lookups": len(mine), "knows": len(named), "holds": len(gifts)}
        )
        match self._tab:
            case "overview":
                net = cast(_Hosting, self.app).host.net
                stopped = net is not None and self._addr in net.stopped
                self.told.show("", lines.overview(known, self._story, stopped=stopped))
            case "bep42":
                none: list[Line] = [((" Its id is not known: it has not answered.", "dim"),)]
                self.sums.show("", none if known.id is None else bep42_lines(known.id, known.addr[0]))
            case "packets":
                self.packets.title = f"{plural(len(known.packets), 'packet')} kept, newest first; enter: to its parts"
                self.packets.show(known.packets)
            case "lookups":
                self.roles.title = f"{plural(len(mine), 'lookup')} of ours; ◆ one of the closest; enter: to the lookup"
                self.roles.show(sorted(mine, key=lambda role: -role.view.number))
            case "knows":
                self._show_named(view, known, named)
            case "holds":
                self.gave.title = "what it gave in the packets kept; enter: to the packet"
                self.gave.show(gifts)

    def _show_heading(self, known: lines.Known | None, counts: dict[str, int]) -> None:
        window = self.query_one(".window", Vertical)
        window.border_title = Content(lines.heading(known, window.size.width - 4))
        self.tabs.show((lines.tabs_line(self._tab, counts, self.tabs.size.width),))

    def _named(self, known: lines.Known, given: Sequence[Packet]) -> dict[NodeInfo, bytes]:
        """The nodes that it named, and what each was named for."""
        found = {one.info: one.target for one in namings(given)}
        for info in () if self._walk is None else self._walk.named:
            found.setdefault(info, known.id or b"")
        return found

    def _roles_in(self, view: Snapshot, addr: Addr) -> None:
        """What it was in each lookup; finished ones are read once."""
        numbers = {lookup.number for lookup in view.lookups}
        self._roles = {number: role for number, role in self._roles.items() if number in numbers}
        for lookup in view.lookups:
            if lookup.running or lookup.number not in self._roles:
                detail = self._feed.lookup(lookup.number)
                parts = () if detail is None else detail.families
                self._roles[lookup.number] = next(filter(None, (role_in(part, addr) for part in parts)), None)

    def _show_named(self, view: Snapshot, known: lines.Known, named: dict[NodeInfo, bytes]) -> None:
        ours, pane = lines.in_table(view), self.query_one("#table", Lines)
        told = lines.table_lines(known.id, named, ours, pane.size.width or self.size.width - 4)
        if self._walk is not None:
            told.append(((f" {lines.walk_words(self._walk)}", "accent"),))
        pane.show(told)
        bound = _own_addresses(view)
        rows = [
            NamedRow(info, known.id or target, info.id == view.identity.id or info.addr in bound, info.addr in ours)
            for info, target in named.items()
        ]
        rows.sort(key=lambda row: distance(row.target, row.info.id))
        self.knows.title = f"{plural(len(rows), 'node')} that it named"
        self.knows.show(rows)

    # -- the tabs --------------------------------------------------------------------------------------------

    def turn_to(self, name: str) -> None:
        """Shows a tab, and gives it the focus."""
        self._tab = name
        panes = dict(zip(lines.TABS, _PANES, strict=True))
        for each, pane in panes.items():
            self.query_one(f"#{pane}").display = each == name
        self.look()
        self.call_after_refresh(self.look)  # once it is known how much room there is
        first = {"knows": "knows", "ask": "node"}.get(name, panes[name])
        self.query_one(f"#{first}").focus()
        self.show_keys()

    def action_turn(self, step: int) -> None:
        """Goes to the next tab."""
        self.turn_to(lines.TABS[(lines.TABS.index(self._tab) + step) % len(lines.TABS)])

    def on_key(self, event: events.Key) -> None:
        """A digit is a tab, but where text is typed."""
        if not isinstance(self.focused, Input) and event.key in tuple("1234567"):
            event.stop()
            self.turn_to(lines.TABS[int(event.key) - 1])

    def own_actions(self) -> tuple[Any, ...]:
        """Of the form its keys only where that is seen."""
        asking = self._tab == "ask"
        skip = set() if asking else {"submit", *(action.name for action in form("ask")[1:-1])}
        own = [action for action in self.ACTIONS if action.name not in skip]
        if self._walks:
            own[-1] = own[-1]._replace(label="stop")
        return tuple(own)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What the form does is done where it is seen."""
        if action == "submit" and self._tab != "ask":
            return False
        return super().check_action(action, parameters)

    # -- the form --------------------------------------------------------------------------------------------

    def read(self) -> AskRequest:
        """What is to be asked, and whom."""
        node = self._feed.commands
        own = node.id if node is not None else bytes(20)
        return read_ask(self.query_one("#node", Input).value, self._question(), own)

    def _question(self) -> Question:
        texts = [self.query_one(f"#{name}", Input).value for name in ("target", "salt", "method", "args")]
        return Question(KINDS[self.query_one(Pick).chosen], *texts)

    def check(self) -> None:
        """Shows the fields that the question has a use for."""
        question = KINDS[self.query_one(Pick).chosen]
        for name, useful in (
            ("target", question not in ("ping", "other")),
            ("salt", question == "get"),
            ("method", question == "other"),
            ("args", question == "other"),
        ):
            self.query_one(f"#field-{name}").display = useful
        super().check()

    def tell(self, request: AskRequest) -> None:
        """What would be asked."""
        self.say("✓", f"asks {request.remote}: {request.words}")

    def go(self, request: AskRequest) -> None:
        """In place of what was asked before."""
        if self._tab == "ask" and (node := self._node()):
            self._ask(node, request)

    def _node(self) -> NodeCommands | None:
        """The running node; where there is none, that is told."""
        node = self._feed.commands
        if node is None:
            what = self._feed.without_node if self._feed.player else "Our node does not run yet"
            notify(self.app, f"{what}: there is nobody to ask.")
        return node

    @work(group="ask", exclusive=True, exit_on_error=False, name="asking a node")
    async def _ask(self, node: NodeCommands, request: AskRequest) -> None:
        self._same = same_question(request)
        self.named.title = "named"
        self.named.show(())
        self._show_answer(None, b"")
        self.say("…", f"{request.question}: {request.remote} is asked {request.words}")
        found = await look_up(request.remote, families_of(node.addresses))
        if isinstance(found, NoAddress):
            self.say("✗", f"{request.remote} {found}", bad=True)
            return
        self._become(found[0])
        # A name has an address in each family: all are asked, and the page is that of the first one that answers.
        outcomes = await asyncio.gather(*(put_question(node, addr, request) for addr in found))
        asked = sorted((outcome.asked[0] for outcome in outcomes), key=lambda one: not one.responded)
        self._become(asked[0].addr)
        self._show(node, request, asked)

    def _become(self, addr: Addr) -> None:
        """The page is that of whichever node is asked."""
        if addr != self._addr:
            self._addr, self._node_id, self._story = addr, None, ()
            self._roles, self._walk = {}, None
        self.look()

    def _show(self, node: NodeCommands, request: AskRequest, asked: Sequence[NodeOutcome]) -> None:
        """What the first of them said; of the others a few words."""
        view, one = node.snapshot(), asked[0]
        self._node_id = one.id or self._node_id
        rows = named_rows(one, request.target, view.identity.id, _own_addresses(view), lines.in_table(view))
        self.named.title = f"{plural(len(rows), 'node')} named for {short_id(request.target)}, nearest first"
        self.named.show(rows)
        value = view_lines("text", one.item.v) if one.item is not None else ()
        self._show_answer(answer_part(one, request, value), one.received)
        said = (f"{safe_text(address(each.addr), 60)}: {safe_text(node_words(each), 200)}" for each in asked)
        self.say("✓" if one.responded else "✗", f"{request.question} {'; '.join(said)}", bad=not one.responded)
        self.look()

    def _show_answer(self, root: Part | None, data: bytes) -> None:
        self._apart, self._data = root, data
        size = f", {plural(len(data), 'byte')}" if data else ""
        self.parts.title = "answer" if root is None else f"answer of {root.value}{size}"
        self._show_tree()

    def _show_tree(self) -> None:
        self.parts.show([] if self._apart is None else tree_rows(self._apart, self._turned)[1:])

    # -- asking, walking, banning ----------------------------------------------------------------------------

    def _selected(self) -> NamedRow | None:
        """The node that is selected in the list with the focus."""
        for table in (self.named, self.knows):
            if table.has_focus:
                return table.model.selected
        return None

    def action_ask_it(self) -> None:
        """Asks the selected node the same; without one, goes to the form."""
        row = self._selected()
        if row is None:
            self.turn_to("ask")
        elif self._node():
            open_node(self, row.info.addr, row.info.id, tab="ask", asks=self._question())

    @work(group="ping", exit_on_error=False, name="ping")
    async def action_ping_it(self) -> None:
        """Pings it."""
        if self._addr is None or (node := self._node()) is None:
            return
        result = await actions.ping(node, [self._addr])
        asked = result.outcome.asked if result.outcome else ()
        words = node_words(asked[0]) if asked else result.summary
        notify(self.app, f"ping {safe_text(address(self._addr), 60)}: {words}", bad=not result.ok)
        self.look()

    @property
    def _walks(self) -> bool:
        return self._walking is not None and not self._walking.is_finished

    def action_walk(self) -> None:
        """Walks through what it knows, or says that this goes on already."""
        if self._addr is None or (node := self._node()) is None:
            return
        if self._tab != "knows":
            self.turn_to("knows")
        if not self._walks:
            self._walking = self._walk_now(node, self._addr)
            self.show_keys()

    @work(group="walk", exclusive=True, exit_on_error=False, name="walking through what a node knows")
    async def _walk_now(self, node: NodeCommands, addr: Addr) -> None:
        def begins(walk: Walk) -> None:
            self._walk = walk

        await walk_through(node, addr, self._node_id, SystemRandom(), begins, self.look)

    @opens("ban")
    async def action_ban_it(self) -> None:
        """Bans its address, if the user confirms it."""
        if self._addr is not None and self._node():
            await ask_for_ban(self, self._node, self._addr[0])
            self.look()

    def action_conform_it(self) -> None:
        """Tests it."""
        if self._addr is not None:
            from ...conform.catalogue import CASES
            from ..conform.window import ConformWindow  # it is needed by few

            self.app.push_screen(ConformWindow(self._addr, CASES))

    # -- lines -----------------------------------------------------------------------------------------------

    @on(LineTable.Inspect)
    def inspect(self, message: LineTable.Inspect) -> None:
        """A node has a page, a packet and a lookup a screen; a part of the answer is opened or closed."""
        message.stop()
        row = message.table.model.selected
        if isinstance(row, NamedRow):
            open_node(self, row.info.addr, row.info.id)
        elif isinstance(row, TreeRow) and (node := node_of(row.part, self.parts.model.rows, self._sender())):
            open_node(self, *node)
        elif isinstance(row, TreeRow):
            self._turned ^= {row.key}
            self._show_tree()
        elif links := self.links():
            self.app.post_message(Followed(links[0]))

    def _sender(self) -> tuple[bytes | None, Addr]:
        """Who sent the answer."""
        return (self._node_id, self._addr) if self._addr else (None, ("", 0))

    def _focused_row(self) -> Any:
        return self.focused.model.selected if isinstance(self.focused, LineTable) else None

    def links(self) -> Sequence[Link]:
        """What the selected line leads to; without one, the node."""
        row = self._focused_row()
        if isinstance(row, Packet):
            return (Link("packet", row.number, f"packet {row.number}"),)
        if isinstance(row, Role):
            words = f"lookup {row.view.number}, {safe_text(row.view.kind, 20)} {short_id(row.view.target)}"
            return (Link("lookup", row.view.number, words),)
        if isinstance(row, Giving):
            return (Link("packet", row.packet.number, f"packet {row.packet.number}"), *_target_links(row.target))
        if isinstance(row, TreeRow):
            return row.part.links
        return self.node_links(self._node_row(row), *KINDS)

    def _node_row(self, row: Any) -> NodeRow | None:
        """The selected node, or the one of the page, as other lists have it."""
        if isinstance(row, NamedRow):
            return NodeRow(row.info.addr, row.info.id, None, ("", "plain"), row.note or "named")
        return None if self._addr is None else NodeRow(self._addr, self._node_id, None, ("", "plain"), "this node")

    def copy_forms(self) -> Sequence[CopyForm]:
        """The selected line; without one, the node. On the form the question, too."""
        row = self._focused_row()
        same = [(SAME, self._same)] if self._same and self._tab == "ask" else []
        if isinstance(row, NamedRow) or row is None:
            shown = self._node_row(row)
            test = [] if shown is None else [(TEST, of_conform(address(shown.addr)))]
            return [*self.node_forms(shown)[:2], *same, *test]
        if isinstance(row, TreeRow):
            part = row.part
            bytes_of = [("part, hex", self._data[part.start : part.end].hex())] if part.end > part.start else []
            return [("part", part.value), *bytes_of, ("answer, hex", self._data.hex()), *same]
        table = self.focused
        assert isinstance(table, LineTable)
        return [*row_forms(table), *link_forms(self.links())]

    # -- closing ---------------------------------------------------------------------------------------------

    def action_close(self) -> None:
        """Ends a walk; without one, goes back to what lies below."""
        if self._walks and self._walking is not None:
            self._walking.cancel()
        else:
            self.dismiss(None)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Whatever goes wrong in the background is told."""
        notify_failure(self.app, event)
        if event.worker is self._walking and event.state is not WorkerState.PENDING:
            self.show_keys()


_PANES = ("overview", "bep42", "packets", "lookups", "known", "holds", "asking")
"""The ids of the panes, in the order of the tabs."""
_EMPTY = {
    "packets": "None of the packets that are still kept went to it, or came from it.",
    "lookups": "It was in none of the lookups that are still remembered.",
    "gifts": "It gave no token, peer or item in the packets that are still kept.",
    "named": "Here the nodes that it names are listed.",
    "answer": "Here its answer is taken apart.",
}


def _none(what: str) -> tuple[Line, ...]:
    return (((f" {_EMPTY[what]}", "dim"),),)


def _giving_key(one: Giving) -> tuple[str, bytes]:
    return one.kind, one.target


def _target_links(target: bytes) -> list[Link]:
    return [Link("target", target, f"target {short_id(target)}")] if target else []


def _own_addresses(view: Snapshot) -> set[Addr]:
    found: set[Addr] = set()
    for identity in (each.identity for each in view.families):
        found.add(identity.bound)
        # A saved address may be that of another run, which uses the same folder now.
        if identity.external is not None and identity.external_source != "saved":
            found.add(identity.external)
    return found
