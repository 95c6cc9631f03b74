"""Makes captures for tests: files of both formats, frames of all link types, and what nodes say in them."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from random import Random
from socket import AF_INET6, inet_aton, inet_pton

from dhtui.engine.wire.compact import Addr, NodeInfo, pack_addr, pack_node
from dhtui.engine.wire.krpc import GetPeers, Ping, encode_error, encode_query, encode_response

ME: Addr = ("192.0.2.1", 6881)
START = 1_700_000_000.0
RAW, ETHERNET = 101, 1
Packet = tuple[float, bytes]
"""When, and the frame."""


def udp(source: Addr, dest: Addr, data: bytes) -> bytes:
    """A UDP datagram without its IP header."""
    return struct.pack("!HHHH", source[1], dest[1], 8 + len(data), 0) + data


def ipv4(source: Addr, dest: Addr, body: bytes, *, place: int = 0, ident: int = 1, options: bytes = b"") -> bytes:
    """An IP packet; `place` has the flags and the offset of a fragment."""
    first = 0x40 | (5 + len(options) // 4)
    total = 20 + len(options) + len(body)
    head = struct.pack("!BBHHHBBH", first, 0, total, ident, place, 64, 17, 0)
    return head + inet_aton(source[0]) + inet_aton(dest[0]) + options + body


def ipv6(source: Addr, dest: Addr, body: bytes, kind: int = 17) -> bytes:
    """An IPv6 packet; `kind` is that of the header that comes first in `body`."""
    head = struct.pack("!IHBB", 6 << 28, len(body), kind, 64)
    return head + inet_pton(AF_INET6, source[0]) + inet_pton(AF_INET6, dest[0]) + body


def packet(source: Addr, dest: Addr, data: bytes) -> bytes:
    """A datagram in an IP packet of its family."""
    return (ipv6 if ":" in source[0] else ipv4)(source, dest, udp(source, dest, data))


def pcap(
    packets: Iterable[Packet], link: int = RAW, *, order: str = "<", nano: bool = False, snap: int = 65535
) -> bytes:
    """A file of libpcap's format."""
    unit = 1_000_000_000 if nano else 1_000_000
    head = struct.pack(f"{order}IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, snap, link)
    parts = [head]
    for at, data in packets:
        kept = data[:snap]
        parts.append(struct.pack(f"{order}IIII", int(at), round(at % 1 * unit), len(kept), len(data)) + kept)
    return b"".join(parts)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    """A block of pcapng."""
    body += bytes(-len(body) % 4)
    length = struct.pack(f"{order}I", 12 + len(body))
    return struct.pack(f"{order}I", kind) + length + body + length


def section(order: str = "<") -> bytes:
    """The head of a section."""
    return block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link: int = RAW, order: str = "<", *, resolution: int | None = None, snap: int = 0) -> bytes:
    """The description of an interface."""
    options = b"" if resolution is None else struct.pack(f"{order}HHB3xHH", 9, 1, resolution, 0, 0)
    return block(1, struct.pack(f"{order}HHI", link, 0, snap) + options, order)


def enhanced(at: float, data: bytes, order: str = "<", *, number: int = 0, ticks: int = 1_000_000) -> bytes:
    """An enhanced packet block."""
    time = int(at) * ticks + round(at % 1 * ticks)
    head = struct.pack(f"{order}IIIII", number, time >> 32, time & 0xFFFFFFFF, len(data), len(data))
    return block(6, head + data, order)


def simple(data: bytes, order: str = "<") -> bytes:
    """A simple packet block."""
    return block(3, struct.pack(f"{order}I", len(data)) + data, order)


def query(tid: bytes, target: bytes | None = None, node_id: bytes = b"q" * 20) -> bytes:
    """get_peers for a target; a ping without one."""
    return encode_query(tid, Ping(node_id) if target is None else GetPeers(node_id, target), False)[1]


def response(
    tid: bytes, node_id: bytes = b"r" * 20, nodes: Sequence[NodeInfo] = (), peers: Sequence[Addr] = ()
) -> bytes:
    """An answer."""
    body: dict[bytes, object] = {b"id": node_id}
    if nodes:
        body[b"nodes"] = b"".join(map(pack_node, nodes))
    if peers:
        body[b"values"] = [pack_addr(peer) for peer in peers]
    return encode_response(tid, body, ME)


def error(tid: bytes, code: int = 203) -> bytes:
    """An error."""
    return encode_error(tid, code, "no", ME)


def node_at(place: int) -> Addr:
    """The address of a node."""
    return f"198.51.100.{place}", 6881


def node_id(target: bytes, bits: int, more: int = 0) -> bytes:
    """An id about 2**`bits` away from a target."""
    return (int.from_bytes(target) ^ (1 << bits) ^ more).to_bytes(20)


TARGET = bytes(range(20))


def lookup(start: float = START, me: Addr = ME, target: bytes = TARGET) -> list[Packet]:
    """A lookup of six queries: one to a node that was known names two, which name one each; one stays silent."""
    ids = {place: node_id(target, 150 - 5 * place) for place in range(1, 7)}
    names = {1: (2, 3), 2: (4,), 3: (5,), 4: (6,)}
    told: list[Packet] = []
    for place, (sent, heard) in {
        1: (0, 30),
        2: (31, 60),
        3: (32, 70),
        4: (61, 90),
        5: (71, None),
        6: (91, 140),
    }.items():
        tid, there = bytes((65, place)), node_at(place)
        told.append((start + sent / 1000, packet(me, there, query(tid, target))))
        if heard is not None:
            nodes = [NodeInfo(ids[each], node_at(each)) for each in names.get(place, ())]
            peers = [("203.0.113.7", 51413)] if place == 6 else []
            told.append((start + heard / 1000, packet(there, me, response(tid, ids[place], nodes, peers))))
    return sorted(told)


def traffic(count: int, seed: int = 1) -> list[Packet]:
    """Queries of one node to many, most of them answered, with nodes drawn at random; `count` packets or one more."""
    draw, found, at = Random(seed), list[Packet](), START
    me, turn = draw.randbytes(20), 0
    target = draw.randbytes(20)
    while len(found) < count:
        turn += 1
        target = draw.randbytes(20) if turn % 40 == 0 else target
        there, tid = (f"198.51.{draw.randrange(100)}.{draw.randrange(1, 250)}", 6881), struct.pack("!H", turn & 0xFFFF)
        at += 0.0005
        found.append((at, packet(ME, there, query(tid, target, me))))
        if draw.random() < 0.7:
            at += 0.0002
            nodes = [
                NodeInfo(draw.randbytes(20), (f"198.51.{draw.randrange(100)}.{draw.randrange(1, 250)}", 6881))
                for _ in range(8)
            ]
            found.append((at, packet(there, ME, response(tid, draw.randbytes(20), nodes))))
    return found
