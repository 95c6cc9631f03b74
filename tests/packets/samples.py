"""Events to fill a ring with, and packets of all kinds, good and damaged."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from dhtui.engine.items import MutableItem, immutable_target, sign
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.views.events import PacketReceived, PacketSent, QueryFinished, QueryResult
from dhtui.engine.wire import bencode
from dhtui.engine.wire.compact import Addr, NodeInfo, pack_node
from dhtui.engine.wire.krpc import (
    Args,
    MalformedDatagram,
    Message,
    RefusedQuery,
    encode_error,
    encode_query,
    encode_response,
    parse,
)
from dhtui.packets.packet import Packet
from dhtui.packets.ring import PacketRing
from dhtui.packets.verdicts.judgement import Context

OWN_ID, THEIR_ID, TARGET = bytes.fromhex("2d7c" + "11" * 18), bytes.fromhex("2d7d" + "22" * 18), b"\x2d" * 20
OWN, THEM = ("198.51.100.7", 6881), ("203.0.113.9", 6882)
NODES = tuple(NodeInfo(bytes((0x2D, 0x2D ^ i)) + bytes(18), (f"192.0.2.{i}", 6881)) for i in range(1, 9))
ITEM = sign(BEP44_TEST_KEY, b"12:Hello World!", 3)


def sent(at: float, args: Args, tid: bytes = b"aa", addr: Addr = THEM) -> PacketSent:
    """A query of ours."""
    method, data = encode_query(tid, args, False)
    return PacketSent(at, addr, data, "query", method, tid)


def replied(at: float, body: dict[bytes, Any], method: str, tid: bytes = b"qq", addr: Addr = THEM) -> PacketSent:
    """A response of ours."""
    return PacketSent(at, addr, encode_response(tid, {b"id": OWN_ID} | body, addr), "response", method, tid)


def got(at: float, data: bytes, addr: Addr = THEM, problem: str = "") -> PacketReceived:
    """What came in, as the engine reports it."""
    message: Message | None = None
    try:
        message = parse(data)
    except (MalformedDatagram, RefusedQuery) as error:
        problem = problem or str(error)
    return PacketReceived(at, addr, data, message, problem)


def asked(at: float, args: Args, tid: bytes = b"qq", addr: Addr = THEM, problem: str = "") -> PacketReceived:
    """A query of theirs."""
    return got(at, encode_query(tid, args, False)[1], addr, problem)


def answered(at: float, body: dict[bytes, Any], tid: bytes = b"aa", addr: Addr = THEM) -> PacketReceived:
    """A response of theirs."""
    return got(at, encode_response(tid, {b"id": THEIR_ID} | body, OWN), addr)


def failed(at: float, code: int, text: str, tid: bytes = b"aa") -> PacketReceived:
    """An error of theirs."""
    return got(at, encode_error(tid, code, text, OWN), THEM)


def ended(at: float, result: Any = "answered", tid: bytes = b"aa", rtt: float | None = 0.04) -> QueryFinished:
    """The end of a query of ours."""
    return QueryFinished(at, THEM, tid, "get", "get_peers#3", QueryResult(result), rtt)


def ring_of(*events: PacketReceived | PacketSent | QueryFinished) -> PacketRing:
    """A ring that heard these."""
    ring = PacketRing()
    for event in events:
        ring.hear(event)
    return ring


def context(packet: Packet, ring: PacketRing, **known: Any) -> Context:
    """What our node knows about a packet."""
    given: dict[str, Any] = {"own_id": OWN_ID, "external": OWN, "now": packet.at + 1}
    return Context.of(packet, ring, **given | known)


def mutable_body(item: MutableItem) -> dict[bytes, Any]:
    """The values of a response that carries an item."""
    return {b"k": item.k, b"seq": item.seq, b"sig": item.sig, b"v": bencode.Bencached(item.v)}


FULL_BODY: dict[bytes, Any] = {
    b"BFpe": bytes(255) + b"\x03",
    b"BFsd": b"\xff" * 256,
    b"id": THEIR_ID,
    b"interval": 600,
    b"nodes": b"".join(map(pack_node, NODES)),
    b"nodes6": bytes(range(38)),
    b"num": 12,
    b"samples": bytes(range(40)),
    b"token": b"tokentok",
    b"values": [b"\xcb\x00\x71\x09\x1a\xe1", bytes(18), b"bad"],
    b"xyz": {b"a": [1, b"\x1b[31m"]},
} | mutable_body(ITEM)
WHOLE = [
    encode_response(b"aa", FULL_BODY, OWN),
    encode_error(b"aa", 203, "\x1b]52;c;x\x07", OWN),
    b"d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz1234564:wantl2:n42:n6ee1:q9:get_peers1:t2:aa1:y1:qe",
    b"d1:ad2:id20:abcdefghij01234567891:v2:hi5:token8:aoeusnthe1:q3:put2:roi1e1:t2:aa1:v4:LT\x01\x021:y1:qe",
    b"d1:rd2:id20:0123456789abcdefghij7:\x1b[2Jfoo3:bare1:t2:aa1:y1:re",
    b"d1:y1:q1:t2:aa1:q4:ping1:ad2:id20:abcdefghij0123456789ee",
    b"d1:eli301e3:cas5:extrae1:t2:aa1:y1:ee",
    b"l" * 5000,
    b"d0:0:-5:",
    b"",
]


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(WHOLE)))
    for _ in range(draw(st.integers(0, 4))):
        if data:
            at = draw(st.integers(0, len(data) - 1))
            data[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data)


_KEYS = st.sampled_from([b"id", b"nodes", b"values", b"v", b"k", b"sig", b"seq", b"e", b"r", b"a", b"t", b"\x1b"])
_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)


def _message(parts: tuple[bytes, Any, Any]) -> bytes:
    kind, body, extra = parts
    message = {b"t": b"aa", b"y": kind, b"q": b"put", b"a": body, b"r": body, b"e": [203, extra], b"ip": extra}
    return bencode.encode(message)


datagrams = (
    st.binary(max_size=120)
    | _mutated()
    | st.tuples(st.sampled_from([b"q", b"r", b"e"]), st.dictionaries(_KEYS, _VALUES), _VALUES).map(_message)
)
"""Anything that could arrive."""


def wrong_target() -> bytes:
    """A target under which nothing here is stored."""
    return immutable_target(b"0:")
