"""The links of a packet: the ids, addresses, keys and packets in it."""

from __future__ import annotations

from ..engine.wire.compact import Addr
from ..engine.wire.methods import about
from ..text.format import address, short_id
from .dissect import dissect
from .packet import Packet
from .parts import Link, LinkKind, walk

MAX_LINKS = 200


def links(packet: Packet, partner: Packet | None = None) -> list[Link]:
    """The links of a packet, the most closely related first, each once, `MAX_LINKS` at most. Never raises."""
    found = []
    if partner is not None:
        what = "its query" if packet.query is not None else "its answer"
        found.append(Link("packet", partner.number, f"{what}, packet {partner.number}"))
    found.append(Link("address", packet.addr, address(packet.addr)))
    if packet.target is not None:
        kind: LinkKind = "infohash" if about(packet.method) == "infohash" else "target"
        found.append(Link(kind, packet.target, f"{kind} {short_id(packet.target)}"))
    for part in walk(dissect(packet.data)):
        found.extend(part.links)
    unique: dict[tuple[str, bytes | Addr | int], Link] = {}
    for link in found:
        unique.setdefault((link.kind, link.value), link)
    return list(unique.values())[:MAX_LINKS]


def filter_term(link: Link) -> str:
    """The filter for all packets about a link; empty for a key or a packet."""
    value = link.value
    if isinstance(value, tuple):
        return f"addr:{address(value)}"
    if not isinstance(value, bytes) or link.kind == "key":
        return ""
    return f"id:{value.hex()}" if link.kind == "node" else f"target:{value.hex()}"
