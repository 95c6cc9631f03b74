"""Packets: the last ones as a list, and the selected one taken apart, byte by byte, and judged."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.getters import query_one
from textual.widget import Widget

from ...bindings.keymap import key_of
from ...bindings.registry import Action, moves
from ...engine.views.snapshot import Snapshot
from ...engine.wire.family import family_of
from ...packets.dissect import dissect
from ...packets.export import own_end, write_jsonl, write_pcapng
from ...packets.filter import narrowed
from ...packets.links import filter_term, links
from ...packets.packet import Packet
from ...packets.parts import Link, Part
from ...packets.ring import PacketRing
from ...packets.summary import summary
from ...packets.verdicts.judgement import Context
from ...packets.verdicts.verdict import judge
from ...sources.source import Source
from ...text.format import plural
from ...text.spans import Line
from ...widgets.hex_view import HexView
from ...widgets.line_table import LineTable
from ...widgets.scroll_lines import ScrollLines
from ..base import STACKED, bindings
from ..listing import UpdateThrottle
from ..node.opening import node_of, open_node
from ..notify import notify
from ..verbs import CopyForm, ExportForm
from .columns import headline, packet_columns
from .filtering import FilteringScreen, FilterLine
from .packet_list import PacketTable
from .panes import TREE_COLUMNS, Key, TreeRow, copies, meaning_of, part_lines, tree_rows, verdict_lines
from .talk import Talk

_POPUP_WIDTH = 70

_NO_PACKETS: tuple[Line, ...] = (
    (),
    ((" No packet has come or gone since the program started.", "dim"),),
    (
        (f" {key_of('new_lookup')}", "key"),
        (" looks something up, which takes some;", "dim"),
        (f" {key_of('show.home')}", "key"),
        (" tells why none go.", "dim"),
    ),
)


class PartTree(LineTable[TreeRow]):
    """The parts of a packet."""

    BINDINGS = [  # noqa: RUF012 - Textual's own declaration
        Binding("left", "screen.across(-1)", show=False),
        Binding("right", "screen.across(1)", show=False),
    ]

    async def action_filter(self) -> None:
        """Filters the packets: on this screen a filter is theirs, whichever pane has the focus."""
        await self.run_action("screen.filter")

    async def action_clear(self) -> None:  # type: ignore[override]
        """Goes back to the list."""
        await self.run_action("screen.leave_pane")


class PacketsScreen(FilteringScreen):
    """The list above, tree and bytes below, the verdict in their place or, where there is room, beside the list."""

    CSS_PATH = "packets.tcss"
    BINDINGS = [*bindings("packets"), Binding("escape", "leave_pane", show=False)]  # noqa: RUF012
    AUTO_FOCUS = "#packets"
    HORIZONTAL_BREAKPOINTS = STACKED

    parts: query_one[PartTree] = query_one("#parts", PartTree)
    hexed: query_one[HexView] = query_one("#hexed", HexView)
    judged: query_one[ScrollLines] = query_one("#judged", ScrollLines)
    talk: query_one[Talk] = query_one("#talk", Talk)
    _shown: Source | None = None
    _ring: PacketRing | None = None
    _view: Snapshot | None = None
    _now = 0.0
    _packet: Packet | None = None
    _root: Part | None = None
    _wanted: Key = ()
    """The part that was selected by hand, to be selected in each packet that has it."""
    _judged_by: object = None
    _left: Widget | None = None
    """The pane from which the user went to the verdict."""

    def compose_body(self) -> ComposeResult:
        """The filter and the five panes."""
        self._turned: set[Key] = set()
        self._throttle = UpdateThrottle()
        yield FilterLine(id="narrowed", classes="stays")
        with Container(id="panes"):
            yield PacketTable(packet_columns(self._wall, self._today, self._own), empty=_NO_PACKETS, id="packets")
            yield ScrollLines(id="judged")
            yield Talk(self._wall, self._today, id="talk")
            yield PartTree(TREE_COLUMNS, lambda row: row.key, title="parts", id="parts")
            yield HexView(id="hexed")

    def _today(self) -> float:
        """The unix time of the moment that is shown."""
        return self._wall(self._now)

    def _own(self, packet: Packet) -> bytes | None:
        """The id of our node in the address family of a packet."""
        view = self._view
        return None if view is None else (view.of(family_of(packet.addr[0]).name) or view).identity.id

    def _wall(self, at: float) -> float:
        return at if self._shown is None else self._shown.wall(at)

    # -- the list --------------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Takes in new packets. While the view is frozen none, but those from before it was."""
        source = self.feed.source
        if source is None:
            return
        frozen = self.feed.paused and snapshot is self._view
        self._now = self.feed.player.clock() if self.feed.player else snapshot.at
        self._view = snapshot
        spared = not frozen and self._take(source)
        self._name_list(source)
        self.show_filter_line()
        if spared:
            self._show_verdict()  # there may be more room for it, or an answer
        else:
            self._show_packet()

    def _take(self, source: Source) -> bool:
        """Takes in new packets; returns whether that was not shown, as they rush past."""
        table, ring = self.packets, source.packets
        jumped = ring is not self._ring
        if source is not self._shown:
            table.model.start_over()
        elif jumped:
            table.model.forget()
        self._shown, self._ring = source, ring
        table.model.ring = ring
        fresh = ring.since(table.model.newest)
        spared = self._throttle.skips(len(fresh)) and table.model.follows and not jumped
        table.take(fresh, ring.dropped + 1, paint=not spared)
        if jumped and table.model.cursor < 0:
            table.go_newest()
        return spared

    def _name_list(self, source: Source) -> None:
        model, ring = self.packets.model, source.packets
        notes = [plural(model.total, "packet"), f"ring {ring.capacity}"]
        if self.feed.paused:
            notes.append(f"+{ring.newest - model.newest} new")
        if model.cursor < 0 and model.selected is not None:
            notes.append(f"packet {model.selected.number} has left")
        self.packets.title = "  ".join(notes)
        self.packets.rename()

    # -- the packet ------------------------------------------------------------------------------------------

    @on(LineTable.Selected, "#packets")
    def show_selected(self) -> None:
        """Another packet is selected."""
        self._show_packet()

    def _show_packet(self) -> None:
        packet = self.packets.model.selected
        if packet is not self._packet:
            self._packet = packet
            self._root = dissect(packet.data, packet.target) if packet else None
            self._show_tree()
        self._show_verdict()
        self._show_talk()

    def _show_tree(self) -> None:
        rows: list[TreeRow] = []
        if self._root is not None and self._packet is not None:
            target, own = self._packet.target, self._own(self._packet)
            rows = tree_rows(self._root, self._turned, target=target, own=own)
        self.parts.show(rows)
        if rows:
            self.parts.select(self._wanted if any(row.key == self._wanted for row in rows) else rows[0].key)
        self._link()

    @on(LineTable.Selected, "#parts")
    def _link(self) -> None:
        """Marks the bytes of the selected part, and names it."""
        row, data = self.parts.model.selected, self._packet.data if self._packet else b""
        if row is not None and (self.parts.has_focus or self.hexed.has_focus):
            self._wanted = row.key
        self.parts.title = headline(self._packet) if self._packet else "parts"
        whole = row is None or (row.part.start, row.part.end) == (0, len(data))
        if row is not None and (meaning := meaning_of(row.part)):
            self.parts.title += f"  {meaning}"
        self.parts.rename()
        self.hexed.show(data, (0, 0) if whole or row is None else (row.part.start, row.part.end))

    @on(HexView.Moved)
    def select_part(self, message: HexView.Moved) -> None:
        """Selects the smallest part in sight that holds the byte."""
        at = message.cursor
        found = [row.key for row in self.parts.model.rows if row.part.start <= at < row.part.end]
        if found:
            self.parts.select(found[-1])

    def _show_verdict(self) -> None:
        packet, ring, view = self._packet, self._ring, self._view
        if packet is None or ring is None or view is None:
            self.judged.show("verdict", (((" Select a packet to have it judged.", "dim"),),))
            self._judged_by = None
            return
        if not self.judged.display:
            return
        known = self.feed.paused or (ring.partner(packet), ring.ending(packet), int(self._now))
        by = (packet.number, id(ring), self.judged.room, known)
        if by != self._judged_by:
            self._judged_by = by
            self.judged.show(f"verdict on {headline(packet)}", self._verdict(packet, ring, view, self.judged.room))

    def _verdict(self, packet: Packet, ring: PacketRing, view: Snapshot, width: int) -> list[Line]:
        family = family_of(packet.addr[0]).name
        who = (view.of(family) or view).identity
        there = who.external is not None and family_of(who.external[0]).name == family
        external = who.external if there else None
        context = Context.of(packet, ring, own_id=who.id, external=external, now=self._now)
        return verdict_lines(judge(packet, context), width)

    # -- panes -----------------------------------------------------------------------------------------------

    def actions_now(self) -> tuple[Action, ...]:
        """The panes that are no lists have the moves of one."""
        here = moves() if isinstance(self.focused, HexView | ScrollLines) else ()
        return (*here, *super().actions_now())

    def on_descendant_focus(self) -> None:
        """Who looks at a packet more closely wants it to stay."""
        super().on_descendant_focus()
        if isinstance(self.focused, PartTree | HexView | ScrollLines):
            self.packets.model.pin()
            self._show_packet()

    def _show_talk(self) -> None:
        if self.talk.display:
            rushes = self.packets.model.follows and self.packets.has_focus
            self.talk.follow(self._packet, self._ring, int(self._now), rushes=rushes)

    def action_cycle(self, step: int) -> None:
        """Goes to another pane."""
        panes = [each for each in (self.packets, self.parts, self.hexed, self.judged, self.talk) if each.display]
        at = panes.index(self.focused) if self.focused in panes else -1
        panes[(at + step) % len(panes)].focus()

    def action_leave_pane(self) -> None:
        """Goes back to the list."""
        self.packets.focus()

    def action_verdict(self) -> None:
        """Shows the verdict, and then what was there before; goes to it where all have room, and back."""
        shown, others = self.judged.display, self.parts.display
        if not shown and not others:
            self._open_verdict()
            return
        aside = shown and others  # it is seen already, or would be but for the pane that is zoomed
        if aside or self.maximized is not None or self.focused is not self.packets:
            self._visit_verdict()
        else:
            self.toggle_class("-judging")
            self.remove_class("-talking")
        self.call_after_refresh(self._show_verdict)

    def _visit_verdict(self) -> None:
        """Gives the focus to the verdict, or back to the pane that had it before."""
        self._visit(self.judged, "-judging", "-talking")

    def _visit(self, pane: Widget, shows: str, hides: str) -> None:
        back = pane.has_focus
        if not back and self.focused not in (self.judged, self.talk):
            self._left = self.focused
        self.set_class(not back, shows)
        self.remove_class(hides)
        (self._left or self.packets if back else pane).focus()

    def action_talk(self) -> None:
        """Goes to the conversation with the node, which is shown; from there back."""
        self._visit(self.talk, "-talking", "-judging")
        self.call_after_refresh(self._show_packet)

    @on(LineTable.Selected, "#talk")
    def select_of_talk(self) -> None:
        """The packet at the cursor of the conversation is selected in the list, too."""
        rung = self.talk.model.selected
        if self.talk.has_focus and rung is not None:
            self._go_to(rung.packet)

    @on(LineTable.Inspect, "#talk")
    def leave_talk(self) -> None:
        """Goes to the packet in the list."""
        self.packets.focus()

    def _go_to(self, packet: Packet) -> None:
        """Selects a packet, or inspects it where the filter hides it."""
        if self.packets.model.place_of(packet.number) is None:
            self.packets.hold(packet)
        else:
            self.packets.select(packet.number)

    @on(LineTable.Inspect, "#packets")
    def inspect_packet(self) -> None:
        """Goes to the tree or the verdict; where neither has room, opens a window."""
        if self.parts.display:
            self.parts.focus()
        elif self.judged.display:
            self.judged.focus()
        else:
            self._open_verdict()

    def _open_verdict(self) -> None:
        """A window with the verdict, where there is no room for a pane."""
        packet, ring, view = self.packets.model.selected, self._ring, self._view
        if packet is None or ring is None or view is None:
            notify(self, "No packet is selected.")
        else:
            lines = self._verdict(packet, ring, view, self._popup_width())
            self.show_details(self.packets, headline(packet), lines, "partner", "alike")

    @on(LineTable.Inspect, "#parts")
    def inspect_part(self) -> None:
        """Opens or closes the part; of a node its page; shows another one without parts in full."""
        row = self.parts.model.selected
        if row is None or self._packet is None:
            return
        packet = self._packet
        sender = packet.sender if packet.direction == "in" else None
        if row.part.children:
            self._turn(row)
            return
        lines = part_lines(row.part, packet.data, self._popup_width())
        if node := node_of(row.part, self.parts.model.rows, (sender, packet.addr)):
            open_node(self, *node, story=lines)
        else:
            self.show_details(self.parts, f"part of {headline(packet)}", lines)

    def _popup_width(self) -> int:
        return min(_POPUP_WIDTH, self.app.size.width - 7)

    def _turn(self, row: TreeRow) -> None:
        self._turned ^= {row.key}
        self._show_tree()

    def action_across(self, step: int) -> None:
        """In the tree: closes or opens the part, or leaves or enters it. In the bytes: one back or on."""
        row = self.parts.model.selected
        if self.hexed.has_focus:
            self.hexed.action_step(step)
        elif self.parts.has_focus and row is not None:
            if row.part.children and row.open == (step < 0):
                self._turn(row)
            elif step < 0:
                self.parts.select(row.key[:-1])
            elif row.part.children:
                self.parts.action_move(1)

    # -- going elsewhere -------------------------------------------------------------------------------------

    def action_node(self) -> None:
        """Opens the page of the node that the packet came from, or went to."""
        packet = self.packets.model.selected
        if packet is None:
            notify(self, "No packet is selected.")
        else:
            open_node(self, packet.addr, packet.sender if packet.direction == "in" else None)

    def action_partner(self) -> None:
        """Goes from a query to its answer, or back."""
        packet, ring = self.packets.model.selected, self._ring
        if packet is None or ring is None:
            notify(self, "No packet is selected.")
            return
        partner = ring.partner(packet)
        if partner is not None:
            self._go_to(partner)
        elif packet.kind == "query":
            notify(self, f"No answer to packet {packet.number} is kept.")
        else:
            notify(self, f"The query that packet {packet.number} belongs to is not kept, or there was none.")

    def open_link(self, link: Link) -> bool:
        """Selects a packet, or narrows the filter to an address or an id; where that leaves nothing, replaces it."""
        if isinstance(link.value, int):
            return link.kind == "packet" and self._open_packet(link.value)
        model, term, before = self.packets.model, filter_term(link), self.packets.model.filter_text
        if not term:
            return False
        for text in dict.fromkeys((narrowed(before, term), term)):
            self.packets.set_filter(text)
            if model.rows:
                self.packets.set_filter(before)
                self.packets.change_filter(text)
                if before and text == term != before:
                    notify(self, f"The filter {before} hid all of {link.label}: it is replaced.")
                return True
        self.packets.set_filter(before)
        return False

    def _open_packet(self, number: int) -> bool:
        model, ring = self.packets.model, self._ring
        if model.find(number) is None:
            newer = ring is not None and model.newest < number <= ring.newest
            frozen = f"came after the view was frozen: {key_of('pause')} lets it run"
            notify(self, f"Packet {number} {frozen if newer else 'has left the ring'}.")
            return True
        if model.place_of(number) is None:
            notify(self, f"The filter {model.filter_text} hid packet {number}: it is cleared.")
            self.packets.change_filter("")
        self.packets.select(number)
        return True

    # -- verbs -----------------------------------------------------------------------------------------------

    def links(self) -> Sequence[Link]:
        """What the packet leads to; in the tree what the part leads to."""
        packet, ring = self.packets.model.selected, self._ring
        if packet is None or ring is None:
            return ()
        row = self.parts.model.selected
        if self.parts.has_focus and row is not None and row.part.links:
            return row.part.links
        return links(packet, ring.partner(packet))

    def here(self) -> Link | None:
        """A link back to the packet."""
        packet = self.packets.model.selected
        return Link("packet", packet.number, f"packet {packet.number}") if packet else None

    def copy_forms(self) -> Sequence[CopyForm]:
        """The packet in several forms; in tree and bytes first the part."""
        packet, row = self.packets.model.selected, self.parts.model.selected
        if packet is None:
            return ()
        part = row.part if row is not None and (self.parts.has_focus or self.hexed.has_focus) else None
        return copies(packet, part, self._offset())

    def exports(self) -> Sequence[ExportForm]:
        """The selected packet, and all that the filter lets through, for Wireshark and as JSON lines."""
        packet, shown = self.packets.model.selected, sorted(self.packets.model.rows, key=lambda packet: packet.number)
        forms: list[ExportForm] = []
        if packet is not None:
            name = f"packet {packet.number}"
            forms += [
                (f"{name}: pcapng, for Wireshark", f"packet-{packet.number}.pcapng", lambda: self._pcapng([packet])),
                (f"{name}: JSON lines", f"packet-{packet.number}.jsonl", lambda: self._jsonl([packet])),
            ]
        if shown:
            name = f"the {plural(len(shown), 'packet')} shown"
            forms += [
                (f"{name}: pcapng, for Wireshark", "packets.pcapng", lambda: self._pcapng(shown)),
                (f"{name}: JSON lines", "packets.jsonl", lambda: self._jsonl(shown)),
            ]
        return forms

    def _pcapng(self, packets: Sequence[Packet]) -> bytes:
        file = BytesIO()
        if self._view is not None:
            ends = [own_end(each.identity) for each in self._view.families]
            write_pcapng(file, packets, ends, self._offset(), summary)
        return file.getvalue()

    def _jsonl(self, packets: Sequence[Packet]) -> bytes:
        file = BytesIO()
        write_jsonl(file, packets, self._offset())
        return file.getvalue()

    def _offset(self) -> float:
        return self._wall(self._now) - self._now
