"""What one node told us, from the packets that are still kept: which nodes it named, and what it gave."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from ..engine.wire.compact import Addr, NodeInfo
from ..engine.wire.krpc import Response
from ..text.format import address, plural
from .packet import Packet

MAX_NAMED = 2000
"""Nodes of one node that are told apart at most."""


class Naming(NamedTuple):
    """A node that it named."""

    info: NodeInfo
    target: bytes
    """What it was named for the last time, 20 bytes; empty if that is not known."""
    packet: Packet
    """The last answer that named it."""


class Giving(NamedTuple):
    """Something that it gave."""

    kind: Literal["token", "peers", "item", "seq"]
    target: bytes
    """What it was asked for, 20 bytes; empty if that is not known."""
    words: str
    """What that was, safe to print."""
    packet: Packet


def packets_of(packets: Iterable[Packet], addr: Addr) -> list[Packet]:
    """Those to and from an address, in the order of `packets`."""
    return [packet for packet in packets if packet.addr == addr]


def answers(packets: Iterable[Packet]) -> list[Packet]:
    """The responses to queries of ours among the packets of a node, in their order."""
    return [packet for packet in packets if packet.direction == "in" and packet.kind == "response"]


def namings(given: Iterable[Packet]) -> list[Naming]:
    """The nodes that some answers name, each once, at most `MAX_NAMED`; the answers come newest first."""
    found: dict[NodeInfo, Naming] = {}
    for packet in given:
        message = packet.message
        for info in (*message.nodes, *message.others) if isinstance(message, Response) else ():
            if len(found) < MAX_NAMED:
                found.setdefault(info, Naming(info, packet.target or b"", packet))
    return list(found.values())


def givings(given: Iterable[Packet]) -> list[Giving]:
    """The tokens, peers and items in some answers; of each target the first of them counts."""
    found: dict[tuple[str, bytes], Giving] = {}
    for packet in given:
        message, target = packet.message, packet.target or b""
        if not isinstance(message, Response):
            continue
        for one in _in(message, target, packet):
            found.setdefault((one.kind, target), one)
    return list(found.values())


def _in(message: Response, target: bytes, packet: Packet) -> Iterable[Giving]:
    item = message.item
    if item.v is not None:
        kind = "an immutable value" if item.k is None else "a mutable value"
        seq = "" if item.seq is None else f", seq {item.seq}"
        yield Giving("item", target, f"{kind} of {plural(len(item.v), 'byte')}{seq}, as received", packet)
    elif item.seq is not None:
        yield Giving("seq", target, f"seq {item.seq}, without the value", packet)
    if message.peers:
        first = ", ".join(address(peer) for peer in message.peers[:3])
        more = ", …" if len(message.peers) > 3 else ""
        yield Giving("peers", target, f"{plural(len(message.peers), 'peer')}: {first}{more}", packet)
    if message.token is not None:
        yield Giving("token", target, message.token.hex() or "an empty one", packet)
