"""The packets and values printed in the BEPs, fed to a core as they stand there."""

from __future__ import annotations

from typing import Any

import pytest

from dhtui.engine.items import MutableItem, immutable_target, mutable_target, signing_buffer
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.wire import bencode, krpc
from dhtui.engine.wire.krpc import AnnouncePeer, ErrorReply, FindNode, GetPeers, Ping, Query, Response, parse
from dhtui.options import values
from dhtui.text.safe import magnet

from ..stranger import LOCAL, NOW, Stranger, fill_table, new_core

A, M = b"abcdefghij0123456789", b"mnopqrstuvwxyz123456"

PING = b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"
PONG = b"d1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re"
FIND_NODE = b"d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e1:q9:find_node1:t2:aa1:y1:qe"
GET_PEERS = b"d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456e1:q9:get_peers1:t2:aa1:y1:qe"
VALUES = b"d1:rd2:id20:abcdefghij01234567895:token8:aoeusnth6:valuesl6:axje.u6:idhtnmee1:t2:aa1:y1:re"
NODES = b"d1:rd2:id20:abcdefghij01234567895:nodes9:def456...5:token8:aoeusnthe1:t2:aa1:y1:re"
ANNOUNCE = (
    b"d1:ad2:id20:abcdefghij012345678912:implied_porti1e9:info_hash20:mnopqrstuvwxyz1234564:porti6881e"
    b"5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:y1:qe"
)
ERROR = b"d1:eli201e23:A Generic Error Ocurrede1:t2:aa1:y1:ee"


@pytest.mark.parametrize(
    ("packet", "args"),
    [
        (PING, Ping(A)),
        (FIND_NODE, FindNode(A, M)),
        (GET_PEERS, GetPeers(A, M)),
        (ANNOUNCE, AnnouncePeer(A, M, 0, b"aoeusnth")),
    ],
    ids=["ping", "find_node", "get_peers", "announce_peer"],
)
def test_bep5_query_packets(packet: bytes, args: krpc.Args) -> None:
    """BEP 5, "DHT Queries": read to the right values; what we write for them differs only by our ``v``."""
    parsed = parse(packet)
    assert isinstance(parsed, Query) and parsed.args == args and parsed.canonical and parsed.tid == b"aa"
    ours = bencode.decode(krpc.encode_query(b"aa", args, False)[1])
    assert ours.pop(b"v") == krpc.VERSION
    theirs = bencode.decode(packet)
    if isinstance(args, AnnouncePeer):
        del theirs[b"a"][b"port"], ours[b"a"][b"port"]  # implied: of no meaning
    assert ours == theirs


def test_bep5_response_packets() -> None:
    """BEP 5: ping's answer, peers, and a ``nodes`` that is only an illustration (9 bytes) and read as none."""
    pong, values, nodes = parse(PONG), parse(VALUES), parse(NODES)
    assert isinstance(pong, Response) and pong.id == M
    assert isinstance(values, Response) and values.token == b"aoeusnth"
    assert values.peers == (("97.120.106.101", 11893), ("105.100.104.116", 28269))
    assert isinstance(nodes, Response) and nodes.nodes == () and nodes.token == b"aoeusnth" and nodes.faults


def test_bep5_error_packet() -> None:
    """BEP 5, "Errors"."""
    error = parse(ERROR)
    assert isinstance(error, ErrorReply)
    assert (error.code, error.message) == (201, b"A Generic Error Ocurred")


def test_bep5_packets_are_answered() -> None:
    """BEP 5: each example query gets the answer that it describes."""
    core = new_core(id=M)
    fill_table(core)
    stranger = Stranger(core)
    pong = stranger.answer(PING)
    assert {key: pong[key] for key in (b"r", b"t", b"y")} == bencode.decode(PONG)
    assert len(stranger.answer(FIND_NODE)[b"r"][b"nodes"]) == 8 * 26
    asked = stranger.answer(GET_PEERS)[b"r"]
    assert asked[b"id"] == M and len(asked[b"nodes"]) == 8 * 26 and b"values" not in asked
    assert stranger.answer(ANNOUNCE)[b"e"][0] == 203  # their token is none of ours
    announce = bencode.decode(ANNOUNCE)
    announce[b"a"][b"token"] = asked[b"token"]
    assert stranger.answer(bencode.encode(announce))[b"r"] == {b"id": M}
    assert stranger.answer(GET_PEERS)[b"r"][b"values"] == [b"\x7f\0\0\2" + LOCAL[1].to_bytes(2, "big")]
    for packet in (PONG, VALUES, NODES, ERROR):
        assert stranger.raw(packet) == []  # answers to nothing that we asked


def test_bep43_packet() -> None:
    """BEP 43: ``2:roi1e`` at top level; the querier is answered, and not pinged."""
    stranger = Stranger(new_core())
    data = b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping2:roi1e1:t2:aa1:y1:qe"
    assert stranger.answer(data)[b"y"] == b"r"
    assert stranger.asked == []


# ---- BEP 44 -------------------------------------------------------------------------------------------

PUBLIC = bytes.fromhex("77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548")
SIG = bytes.fromhex(
    "305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff"
    "1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01"
)
SALTED_SIG = bytes.fromhex(
    "6834284b6b24c3204eb2fea824d82f88883a3d95e8b4a21b8c0ded553d17d17d"
    "df9a8a7104b1258f30bed3787e6cb896fca78c58f8e03b5f18f14951a87d9a08"
)
MUTABLE = bytes.fromhex("4a533d47ec9c7d95b1ad75f576cffc641853b750")
SALTED = bytes.fromhex("411eba73b6f087ca51a3795d9c8c938d365e32c1")
IMMUTABLE = bytes.fromhex("e5f96f6f38320f0f33959cb4d3d656452117aadb")
HELLO = b"Hello World!"


@pytest.mark.parametrize(
    ("target", "args"),
    [
        (MUTABLE, {"k": PUBLIC, "sig": SIG, "seq": 1}),
        (SALTED, {"k": PUBLIC, "sig": SALTED_SIG, "seq": 1, "salt": b"foobar"}),
        (IMMUTABLE, {}),
    ],
    ids=["mutable", "mutable with salt", "immutable"],
)
def test_bep44_test_vectors_are_stored_and_served(target: bytes, args: dict[str, Any]) -> None:
    """BEP 44, "Test vectors" 1 to 3: published signatures are accepted, the items lie at their targets."""
    stranger = Stranger(new_core())
    assert stranger.ask("put", token=stranger.token(target), v=HELLO, **args) == {b"id": stranger.core.id}
    got = stranger.ask("get", target=target)
    assert got[b"v"] == HELLO
    assert (got.get(b"k"), got.get(b"sig"), got.get(b"seq")) == (args.get("k"), args.get("sig"), args.get("seq"))
    stored = stranger.core._items.get(target, NOW)
    assert stored is not None and stored.target == target


def mutable(seq: int, v: Any = HELLO, salt: bytes = b"", **changed: Any) -> dict[str, Any]:
    """The arguments of a mutable put, signed with the published test key."""
    encoded = bencode.encode(v)
    args = {"v": v, "k": PUBLIC, "sig": BEP44_TEST_KEY.sign(signing_buffer(encoded, seq, salt)), "seq": seq}
    return args | ({"salt": salt} if salt else {}) | changed


@pytest.mark.parametrize(
    ("code", "args"),
    [
        (203, mutable(6, token=b"bad token")),
        (203, mutable(6, k=PUBLIC[:31])),
        (203, mutable(6, sig=SIG[:63])),
        (203, mutable(-1)),
        (205, mutable(6, v=b"x" * 997)),
        (205, {"v": b"x" * 997}),
        (206, mutable(6, sig=SIG)),
        (206, mutable(6) | {"v": b"another"}),
        (206, mutable(6) | {"seq": 7}),
        (207, mutable(6, salt=b"s" * 65)),
        (301, mutable(6, cas=4)),
        (301, mutable(6, cas=6)),
        (301, mutable(4, cas=0)),
        (302, mutable(4)),
        (302, mutable(5, v=b"another")),
    ],
    ids=lambda x: str(x) if isinstance(x, int) else ",".join(x),
)
def test_bep44_errors(code: int, args: dict[str, Any]) -> None:
    """BEP 44, "Errors": 205 value, 206 signature, 207 salt, 301 cas, 302 seq; 203 for the rest. Nothing is stored."""
    stranger = Stranger(new_core())
    core = stranger.core
    before = MutableItem(b"12:Hello World!", PUBLIC, mutable(5)["sig"], 5)
    stranger.ask("put", token=stranger.token(MUTABLE), **mutable(5))
    salt = args.get("salt", b"")
    target = mutable_target(PUBLIC, salt)
    if "k" not in args:
        target = immutable_target(bencode.encode(args["v"]))
    assert stranger.refused("put", **({"token": stranger.token(target)} | args)) == code
    assert core._items.get(MUTABLE, NOW) == before
    assert (core.statistics().mutable.used, core.statistics().immutable.used) == (1, 0)


# ---- BEP 46 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "salt", "target"),
    [
        ("", b"", "cc3f9d90b572172053626f9980ce261a850d050b"),
        ("&s=6e", b"n", "59ee7c2cb9b4f7eb1986ee2d18fd2fdb8a56554f"),
    ],
    ids=["plain", "salted"],
)
def test_bep46_test_vectors(link: str, salt: bytes, target: str) -> None:
    """BEP 46, "Test vectors" 1 and 2: the magnet link is read, lies at the target, and is what we write."""
    public = "8543d3e6115f0f98c944077a4493dcd543e49c739fd998550a1f614ab36ed63e"
    found = values.target(f"magnet:?xs=urn:btpk:{public}{link}")
    assert found == values.Target(bytes.fromhex(target), bytes.fromhex(public), salt)
    assert magnet(bytes.fromhex(public), salt) == f"magnet:?xs=urn:btpk:{public}{link}"
