"""The columns of the packet list."""

from __future__ import annotations

from collections.abc import Callable

from ...engine.wire.compact import pack_addr
from ...packets.packet import Packet
from ...packets.summary import summary
from ...text.format import address, date_time
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


def packet_columns(wall: Callable[[float], float], now: Callable[[], float]) -> tuple[Column[Packet], ...]:
    """The columns; `wall` gives the unix time of a time on the engine's clock, `now` that of the moment shown."""
    return (
        Column("time", 12, lambda p: ((date_time(wall(p.at), now()), "dim"),)),
        Column("", 1, lambda p: (ARROWS[p.direction],)),
        Column("peer", 21, lambda p: ((address(p.addr), "plain"),), sort=_by_address),
        Column("type", 11, _type, sort=lambda p: (p.kind, p.method)),
        Column("tid", 8, lambda p: ((p.tid.hex(), "dim"),), rank=1),
        Column("len", 4, lambda p: ((str(len(p.data)), "plain"),), right=True, sort=lambda p: len(p.data)),
        Column("summary", 10, _summary, grow=True),
    )


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


def _summary(packet: Packet) -> Line:
    return ((gist(packet), "warn" if packet.problem or packet.kind == "error" else "plain"),)


def _by_address(packet: Packet) -> bytes:
    return pack_addr(packet.addr)
