"""The columns of the packet list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ...engine.wire.compact import pack_addr
from ...packets.course import Course, Standing
from ...packets.packet import Packet
from ...packets.summary import short, summary
from ...text.format import LONGEST_ADDRESS, address, date_time, milliseconds
from ...text.keyspace import near_to
from ...text.safe import safe_text
from ...text.spans import Line, Role
from ...widgets.table_model import Column
from ..queries.columns import short_method

TYPES: dict[str, tuple[str, Role]] = {
    "query": ("q", "plain"),
    "response": ("r", "good"),
    "error": ("e", "bad"),
    "unreadable": ("u", "warn"),
}
"""The letter of each type, as in messages and in the filter language."""
ARROWS: dict[str, tuple[str, Role]] = {"out": ("→", "accent"), "in": ("←", "data")}
ROLES: Final[dict[str, Role]] = {"query": "data", "response": "plain", "error": "bad", "unreadable": "warn"}
"""The colour of a whole line, by the kind of its packet."""
_TROUBLE: Final = (Course.SILENT, Course.STRAY, Course.UNREAD)
MARKS: Final[dict[Course, str]] = {
    Course.OPEN: "… waits",
    Course.SILENT: "✗ silent",
    Course.CANCELLED: "– ended",
    Course.IGNORED: "– none",
    Course.STRAY: "? stray",
    Course.UNREAD: "✗ unread",
}
PAIR: Final = "pair"
_PAIR_CELLS = 9


def packet_columns(
    wall: Callable[[float], float], now: Callable[[], float], own: Callable[[Packet], bytes | None] = lambda _: None
) -> tuple[Column[Packet], ...]:
    """The columns; `wall` gives the unix time of a time on the engine's clock, `now` that of the moment shown, `own`
    the id that our node has towards a packet's peer: targets are painted by how near they are to it.
    """
    return (
        Column("time", 12, lambda p: ((date_time(wall(p.at), now()), "dim"),)),
        Column("", 1, lambda p: (ARROWS[p.direction],)),
        Column(PAIR, _PAIR_CELLS, lambda _: ()),
        Column(
            "peer",
            21,
            lambda p: ((address(p.addr), "plain"),),
            sort=_by_address,
            middle=True,
            most=LONGEST_ADDRESS,
        ),
        Column("type", 11, _type, sort=lambda p: (p.kind, p.method)),
        Column("tid", 8, lambda p: ((p.tid.hex(), "dim"),), rank=1),
        Column("len", 4, lambda p: ((str(len(p.data)), "plain"),), right=True, sort=lambda p: len(p.data)),
        Column("summary", 14, lambda p: _summary(p, own(p)), grow=True),
    )


def line_role(packet: Packet, course: Course) -> Role:
    """The colour of the whole line of a packet."""
    trouble = course in _TROUBLE or (packet.problem and packet.kind == "query")
    return "warn" if trouble and packet.kind != "error" else ROLES[packet.kind]


def pair_mark(standing: Standing, *, top: bool) -> str:
    """The half of a bracket that a query or an answer is, with the round trip; or what else it is.

    `top`: the other half stands below, if it is in sight.
    """
    if standing.course in MARKS:
        return MARKS[standing.course]
    corner = "┐" if top else "┘"
    return f"{corner} {milliseconds(standing.took)}" if standing.course is Course.ANSWER else corner


def headline(packet: Packet) -> str:
    """A packet in a few words, for a title: ``packet 12 → get_peers``."""
    letter, _ = TYPES[packet.kind]
    return f"packet {packet.number} {ARROWS[packet.direction][0]} {letter} {safe_text(packet.method, 20)}".rstrip()


def gist(packet: Packet) -> str:
    """The summary without the method of a query, which stands in a column of its own."""
    text = summary(packet)
    return text.removeprefix(safe_text(packet.method, 30)).lstrip() if packet.kind == "query" else text


def _type(packet: Packet) -> Line:
    letter, role = TYPES[packet.kind]
    return ((letter, role), (f" {short_method(packet.method)}", "plain"))


def _summary(packet: Packet, own: bytes | None) -> Line:
    text = gist(packet)
    role: Role = "warn" if packet.problem or packet.kind == "error" else "plain"
    target = packet.target if packet.kind == "query" else None
    named = "" if target is None or own is None else short(target)
    if not named:
        return ((text, role),)
    before, found, after = text.partition(named)
    return (before, role), (found, near_to(own, target)), (after, role)


def _by_address(packet: Packet) -> bytes:
    return pack_addr(packet.addr)
