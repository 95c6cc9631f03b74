"""Who sent us a packet, or got one, in the last moments."""

from __future__ import annotations

from collections.abc import Mapping

from ..engine.wire.compact import Addr
from ..engine.wire.krpc import Query, Response
from ..text.strip import Way
from .packet import Packet
from .ring import PacketRing

FLASH = 2.0
"""Seconds for which screens mark a node after a packet to it or from it."""
MOST = 400
"""Packets that are looked at, the newest."""


def active(packets: PacketRing, since: float, ids: Mapping[Addr, bytes]) -> dict[bytes, Way]:
    """The ids of nodes with a packet since that time on the engine's clock, and which way it went.

    An id is taken from what the node said, or else from `ids`; a node whose id is not known is left out.
    """
    found: dict[bytes, Way] = {}
    said = {}
    for packet in reversed(packets.since(max(0, packets.newest - MOST))):
        if packet.at < since:
            break
        node_id = _id_of(packet) if packet.direction == "in" else None
        if node_id is not None:
            said[packet.addr] = node_id
        else:
            node_id = said.get(packet.addr) or ids.get(packet.addr)
        if node_id is not None:
            found[node_id] = packet.direction if found.get(node_id, packet.direction) == packet.direction else "both"
    return found


def _id_of(packet: Packet) -> bytes | None:
    """The id that the sender of a received packet gave itself."""
    message = packet.message
    if isinstance(message, Query):
        return message.args.id
    return message.id if isinstance(message, Response) else None
