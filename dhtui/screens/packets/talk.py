"""The conversation with one node: a ladder with us at the left and the node at the right."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import NamedTuple

from ...packets.conversation import conversation
from ...packets.course import Course, Standing, standing
from ...packets.packet import Packet
from ...packets.ring import PacketRing
from ...text.format import address, date_time, milliseconds, number, plural
from ...text.spans import Line, fit
from ...widgets.line_table import LineTable
from ...widgets.table_model import Column
from ..queries.columns import short_method
from .columns import MARKS, TYPES, gist, line_role

_LEAST = 24
"""Cells of a rung."""
_BESIDE = 12 + 6 + 9 + 4
"""Cells that the other columns take, with the gaps."""

_EMPTY: tuple[Line, ...] = ((), ((" Select a packet: here stands all that was said to that node, and by it.", "dim"),))


class Rung(NamedTuple):
    """A packet as a line of the ladder."""

    packet: Packet
    ring: PacketRing
    """Where it comes from: it knows what became of a query."""
    width: int
    """Cells of the arrow with what it says."""

    @property
    def standing(self) -> Standing:
        """How the packet stands now."""
        return standing(self.packet, self.ring)


def rung_line(rung: Rung) -> Line:
    """An arrow from side to side, with what the packet says: ``├── get 457c… ──▶│``."""
    packet, role = rung.packet, line_role(rung.packet, rung.standing.course)
    out, room = packet.direction == "out", rung.width - 6
    text = f" {_said(packet)} "
    text = text if len(text) <= room else fit(text, room)
    shaft = "─" * (room - len(text))
    if out:
        return ("├──", role), (text, role), (f"{shaft}─▶", role), ("│", "dim")
    return ("│", "dim"), (f"◀─{shaft}", role), (text, role), ("──┤", role)


def _said(packet: Packet) -> str:
    letter, method = TYPES[packet.kind][0], short_method(packet.method)
    return " ".join(word for word in (letter, method, gist(packet)) if word)


def _took(rung: Rung) -> Line:
    course, took = rung.standing
    role = line_role(rung.packet, course)
    if course is Course.ANSWER:
        return ((f"{milliseconds(took)}", role),)
    return ((MARKS.get(course, ""), role),)


def talk_columns(wall: Callable[[float], float], today: Callable[[], float]) -> tuple[Column[Rung], ...]:
    """The columns; `wall` gives the unix time of a time on the engine's clock, `today` that of the moment shown."""
    return (
        Column("time", 12, lambda r: ((date_time(wall(r.packet.at), today()), "dim"),)),
        Column("us → node", _LEAST, rung_line, grow=True),
        Column("bytes", 6, lambda r: ((f"{len(r.packet.data)} B", "dim"),), right=True),
        Column("after", 9, _took),
    )


class Talk(LineTable[Rung]):
    """Shows the conversation that a packet is part of."""

    def __init__(self, wall: Callable[[float], float], today: Callable[[], float], *, id: str) -> None:
        columns = talk_columns(wall, today)
        super().__init__(columns, lambda rung: rung.packet.number, title="conversation", empty=_EMPTY, id=id)
        self._by: tuple[Hashable, ...] | None = None

    def follow(self, packet: Packet | None, ring: PacketRing | None, second: int, *, rushes: bool = False) -> None:
        """Shows the conversation of a packet, which is selected in it.

        It is made anew where packets came, and with each `second`, as a query may have run out of time. `rushes`: the
        packet is just the newest one, and nobody reads it: once in a second will do.
        """
        if packet is None or ring is None:
            self._by = None
            self.title = "conversation"
            self.show(())
            return
        width = max(_LEAST, self.scrollable_content_region.width - 1 - _BESIDE)
        by = (packet.addr, id(ring), ring.newest, width, second)
        if rushes and self._by is not None and (self._by[1], *self._by[3:]) == (by[1], *by[3:]):
            return
        fresh = by != self._by
        if fresh:
            self._by = by
            talk = conversation(packet, ring)
            out, come = talk.bytes
            left = f", {number(talk.left_out)} older left out" if talk.left_out else ""
            count = plural(len(talk.packets), "packet")
            self.title = f"with {address(packet.addr)}: {count}{left}, {number(out)} B out, {number(come)} B in"
            self.model.set_rows([Rung(each, ring, width) for each in talk.packets])
        selected = self.model.selected
        if not self.has_focus and (selected is None or selected.packet is not packet):
            self.select(packet.number)
        elif fresh:
            self._changed(follow=True)

    async def action_filter(self) -> None:
        """Filters the packets: on this screen a filter is theirs, whichever pane has the focus."""
        await self.run_action("screen.filter")

    async def action_clear(self) -> None:  # type: ignore[override]
        """Goes back to the list."""
        await self.run_action("screen.leave_pane")
