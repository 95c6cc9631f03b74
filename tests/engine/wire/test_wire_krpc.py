"""KRPC messages (BEP 5): what is read, what is refused with which code, what is dropped, and what we write."""

from __future__ import annotations

from typing import Any

import pytest

from dhtui.engine.wire import bencode, krpc
from dhtui.engine.wire.compact import Addr
from dhtui.engine.wire.family import IPV4
from dhtui.engine.wire.faults import Fault
from dhtui.engine.wire.krpc import (
    MAX_DATAGRAM,
    MAX_QUERY,
    AnnouncePeer,
    ErrorReply,
    FindNode,
    Get,
    GetPeers,
    MalformedDatagram,
    Message,
    Ping,
    Put,
    Query,
    RefusedQuery,
    Response,
    encode_query,
    parse,
)
from dhtui.engine.wire.methods import MAX_PEERS_READ
from dhtui.text.faults import note_words

from ..stranger import message

ID, TARGET = b"i" * 20, b"t" * 20
K, SIG = b"k" * 32, b"s" * 64
PUT = {b"id": ID, b"token": b"tok", b"v": b"x", b"k": K, b"sig": SIG, b"seq": 1}


def query(method: bytes, args: Any, **more: Any) -> Query:
    """Parse a query that is to be accepted."""
    parsed = parse(message(method, args, **more))
    assert isinstance(parsed, Query)
    return parsed


def response(body: dict[bytes, Any], **more: Any) -> Response:
    """Parse a response with this ``r``, to which an id is added."""
    extra = {key.encode(): value for key, value in more.items()}
    parsed = parse(bencode.encode({b"r": {b"id": ID} | body, b"t": b"aa", b"y": b"r"} | extra))
    assert isinstance(parsed, Response)
    return parsed


def refusal(data: bytes) -> RefusedQuery:
    """Parse a query that is to be refused."""
    with pytest.raises(RefusedQuery) as caught:
        parse(data)
    return caught.value


# ---- limits of a datagram ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [b"", b"d", b"le", b"i1e", b"\xff" * 100, b"GET / HTTP/1.1\r\n\r\n", b"d1:y1:qe", b"d1:t2:aa1:y1:xe", b"d1:t2:aae"],
    ids=ascii,
)
def test_what_is_no_krpc_message_is_dropped(data: bytes) -> None:
    """There is nobody to answer: no dictionary, no transaction id, no kind."""
    with pytest.raises(MalformedDatagram):
        parse(data)


def padded(kind: bytes, length: int) -> bytes:
    """A valid message of exactly `length` bytes."""
    base: dict[bytes, Any] = {b"t": b"aa", b"y": kind, b"z": b""}
    base |= {b"a": {b"id": ID}, b"q": b"ping"} if kind == b"q" else {b"r": {b"id": ID}}
    for pad in range(length - 200, length):
        if len(data := bencode.encode(base | {b"z": bytes(pad)})) == length:
            return data
    raise AssertionError


def test_a_query_has_at_most_2048_bytes() -> None:
    """No argument of any BEP needs more; longer ones are refused."""
    assert isinstance(parse(padded(b"q", MAX_QUERY)), Query)
    with pytest.raises(RefusedQuery, match="2048"):
        parse(padded(b"q", MAX_QUERY + 1))


@pytest.mark.parametrize("digits", [b"18446744073709551616", b"-9223372036854775809", b"9" * 400])
@pytest.mark.parametrize(
    "query",
    [
        b"d1:ad2:id20:%(id)s9:info_hash20:%(id)s4:porti%(n)se5:token3:toke1:q13:announce_peer1:t2:aa1:y1:qe",
        b"d1:ad2:id20:%(id)s1:xli%(n)seee1:q4:ping1:t2:aa1:y1:qe",
        b"d1:ad2:id20:%(id)s3:seqi%(n)se6:target20:%(id)se1:q3:get1:t2:aa1:y1:qe",
        b"d1:ad2:id20:%(id)se1:q4:ping2:roi%(n)se1:t2:aa1:y1:qe",
    ],
)
def test_whatever_query_has_a_usable_transaction_id_is_answered(query: bytes, digits: bytes) -> None:
    """An integer beyond 64 bits, wherever it stands, gets 203."""
    with pytest.raises(RefusedQuery, match="64 bits") as refused:
        parse(query % {b"id": ID, b"n": digits})
    assert (refused.value.code, refused.value.tid) == (203, b"aa") and refused.value.method


def test_an_answer_with_an_integer_beyond_64_bits_is_said_to_have_one() -> None:
    with pytest.raises(MalformedDatagram) as malformed:
        parse(b"d1:rd2:id20:" + ID + b"3:seqi" + b"9" * 30 + b"ee1:t2:aa1:y1:re")
    assert "64 bits" in note_words(malformed.value.note)


def test_a_response_has_at_most_16_kib() -> None:
    """Some clients answer with their whole table: read up to 16 KiB, dropped beyond."""
    assert isinstance(parse(padded(b"r", MAX_DATAGRAM)), Response)
    with pytest.raises(MalformedDatagram) as malformed:
        parse(padded(b"r", MAX_DATAGRAM + 1))
    assert "16384" in note_words(malformed.value.note)


@pytest.mark.parametrize("tid", [b"", b"x" * 21, 7, [b"aa"], {}], ids=repr)
def test_a_transaction_id_is_a_string_of_1_to_20_bytes(tid: Any) -> None:
    """BEP 5, "t": echoed in the answer, so its length is part of the reply limit."""
    with pytest.raises(MalformedDatagram):
        parse(message(b"ping", {b"id": ID}, tid=tid))


@pytest.mark.parametrize("tid", [b"\x00", b"aa", b"x" * 20], ids=repr)
def test_transaction_ids_of_other_clients_are_understood(tid: bytes) -> None:
    """BEP 5: usually 2 bytes, but any short string will do."""
    assert parse(message(b"ping", {b"id": ID}, tid=tid)).tid == tid


# ---- queries -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "args", "expected"),
    [
        (b"ping", {}, Ping(ID)),
        (b"find_node", {b"target": TARGET}, FindNode(ID, TARGET)),
        (b"get_peers", {b"info_hash": TARGET}, GetPeers(ID, TARGET)),
        (b"get", {b"target": TARGET}, Get(ID, TARGET)),
        (b"get", {b"target": TARGET, b"seq": 4}, Get(ID, TARGET, 4)),
        (b"get", {b"target": TARGET, b"want": [b"n4"]}, Get(ID, TARGET, want=(IPV4,))),
        (
            b"announce_peer",
            {b"info_hash": TARGET, b"port": 6881, b"token": b"tok"},
            AnnouncePeer(ID, TARGET, 6881, b"tok"),
        ),
        (
            b"announce_peer",
            {b"info_hash": TARGET, b"port": 0, b"implied_port": 1, b"token": b"tok"},
            AnnouncePeer(ID, TARGET, 0, b"tok"),
        ),
        (
            b"announce_peer",
            {b"info_hash": TARGET, b"port": 9, b"implied_port": 0, b"token": b"tok"},
            AnnouncePeer(ID, TARGET, 9, b"tok"),
        ),
        (b"put", {b"token": b"tok", b"v": [1, {b"a": b"b"}]}, Put(ID, b"tok", b"li1ed1:a1:bee")),
        (b"put", PUT, Put(ID, b"tok", b"1:x", K, SIG, 1)),
        (b"put", PUT | {b"salt": b"s", b"cas": 0}, Put(ID, b"tok", b"1:x", K, SIG, 1, b"s", 0)),
        (b"put", PUT | {b"salt": b"", b"target": TARGET}, Put(ID, b"tok", b"1:x", K, SIG, 1)),
    ],
)
def test_queries_of_bep5_and_bep44(method: bytes, args: dict[bytes, Any], expected: krpc.Args) -> None:
    """BEP 5 and BEP 44: every method with its arguments; superfluous ones are ignored."""
    assert query(method, {b"id": ID} | args).args == expected


def without(args: dict[bytes, Any], name: bytes) -> dict[bytes, Any]:
    """The arguments but one."""
    return {key: value for key, value in args.items() if key != name}


ANNOUNCE = {b"id": ID, b"info_hash": TARGET, b"port": 6881, b"token": b"tok"}
MISSING_OR_MALFORMED: list[tuple[bytes, Any]] = [
    (b"ping", {}),
    (b"ping", {b"id": b"short"}),
    (b"ping", {b"id": b"x" * 21}),
    (b"ping", {b"id": 1}),
    (b"ping", [ID]),
    (b"ping", ID),
    (b"ping", 3),
    (b"find_node", {b"id": ID}),
    (b"find_node", {b"id": ID, b"target": b"t" * 10}),
    (b"find_node", {b"target": TARGET}),
    (b"get_peers", {b"id": ID}),
    (b"get_peers", {b"id": ID, b"info_hash": b"t" * 19}),
    (b"get_peers", {b"id": ID, b"target": TARGET}),
    (b"get", {b"id": ID}),
    (b"get", {b"id": ID, b"target": TARGET, b"seq": b"1"}),
    *[(b"announce_peer", without(ANNOUNCE, name)) for name in ANNOUNCE],
    *[(b"announce_peer", ANNOUNCE | {b"port": port}) for port in (0, -1, 65536, 2**62, b"6881", [1])],
    (b"announce_peer", ANNOUNCE | {b"token": 7}),
    (b"announce_peer", ANNOUNCE | {b"token": b"x" * 257}),
    (b"announce_peer", ANNOUNCE | {b"implied_port": b"1"}),
    *[(b"put", without(PUT, name)) for name in (b"id", b"token", b"v", b"sig", b"seq")],
    *[(b"put", PUT | {b"k": k}) for k in (b"", b"k" * 31, b"k" * 33, 5)],
    *[(b"put", PUT | {b"sig": sig}) for sig in (b"", b"s" * 63, b"s" * 65, 5)],
    *[(b"put", PUT | {b"seq": seq}) for seq in (-1, b"1")],
    *[(b"put", PUT | {name: []}) for name in (b"k", b"sig", b"seq")],
    (b"put", PUT | {b"cas": b"1"}),
    (b"put", PUT | {b"salt": 1}),
    (b"put", PUT | {b"token": [b"tok"]}),
    (b"vote", {b"id": ID, b"target": b"short"}),
    (b"vote", {b"target": TARGET}),
]


@pytest.mark.parametrize(("method", "args"), MISSING_OR_MALFORMED, ids=lambda x: ascii(x)[:60])
def test_error_203_for_a_missing_or_malformed_argument(method: bytes, args: Any) -> None:
    """BEP 5, "Errors": a malformed query with a usable ``t`` is told so, by the name of the argument."""
    error = refusal(message(method, args))
    assert (error.code, error.tid) == (203, b"aa")
    assert error.reason.isprintable() and len(error.reason) < 60


def test_error_203_for_a_query_without_arguments_or_method() -> None:
    """The first of the seed's killer packets; and the same without ``q``."""
    assert refusal(b"d1:q4:ping1:t2:aa1:y1:qe").code == 203
    assert refusal(b"d1:ad2:id20:iiiiiiiiiiiiiiiiiiiie1:t2:aa1:y1:qe").code == 203
    assert refusal(b"d1:ad2:id20:iiiiiiiiiiiiiiiiiiiie1:qi1e1:t2:aa1:y1:qe").code == 203


def test_error_204_for_an_unknown_method() -> None:
    """BEP 5: 204, and only where it has neither ``target`` nor ``info_hash``."""
    assert refusal(message(b"vote", {b"id": ID})).code == 204
    assert refusal(message(b"vote", {})).code == 204
    assert len(refusal(message(b"x" * 1000, {b"id": ID})).method) == 64


@pytest.mark.parametrize("name", [b"target", b"info_hash"], ids=repr)
def test_an_unknown_method_with_a_target_is_a_find_node(name: bytes) -> None:
    """BEP 44 and BEP 51 rely on it: nodes that don't know a new method still lead nearer."""
    asked = query(b"sample_peers", {b"id": ID, name: TARGET})
    assert asked.args == FindNode(ID, TARGET)
    assert asked.method == "sample_peers"


def test_bep43_ro_is_read_at_top_level() -> None:
    """BEP 43: ``2:roi1e`` beside ``a``; not within it, and nothing but 1."""
    assert query(b"ping", {b"id": ID}, ro=1).read_only
    assert not query(b"ping", {b"id": ID}).read_only
    assert not query(b"ping", {b"id": ID, b"ro": 1}).read_only
    assert not query(b"ping", {b"id": ID}, ro=0).read_only
    assert not query(b"ping", {b"id": ID}, ro=b"1").read_only


def test_the_version_is_kept_where_it_is_a_short_string() -> None:
    """BEP 5, "v"."""
    assert query(b"ping", {b"id": ID}, v=b"LT\x02\x00").version == b"LT\x02\x00"
    assert query(b"ping", {b"id": ID}, v=b"x" * 17).version is None
    assert query(b"ping", {b"id": ID}, v=3).version is None


UNSORTED = b"d1:y1:q1:t2:aa1:q%d:%b1:ad2:id20:" + ID + b"%bee"


@pytest.mark.parametrize(
    ("method", "args"),
    [(b"ping", b""), (b"find_node", b"6:target20:" + TARGET), (b"get", b"6:target20:" + TARGET)],
    ids=["ping", "find_node", "get"],
)
def test_a_query_with_unsorted_keys_is_read_and_marked(method: bytes, args: bytes) -> None:
    """Not canonical: answered all the same, but known for it."""
    parsed = parse(UNSORTED % (len(method), method, args))
    assert isinstance(parsed, Query) and not parsed.canonical


def test_error_203_for_a_put_that_is_not_canonical() -> None:
    """BEP 44: hash and signature are over the original bytes, and these are none to build on."""
    error = refusal(UNSORTED % (3, b"put", b"5:token3:tok1:v1:x"))
    assert error.code == 203 and "canonical" in error.reason
    nested = b"d1:ad2:id20:" + ID + b"5:token3:tok1:vd1:bi1e1:ai2eee1:q3:put1:t2:aa1:y1:qe"
    assert refusal(nested).code == 203


# ---- answers -------------------------------------------------------------------------------------------


def test_a_response_needs_a_20_byte_id() -> None:
    """Without one there is nobody to put into a table: dropped (the seed accepts 5 bytes, and dies of no ``r``)."""
    bodies: list[Any] = [{}, {b"id": b"short"}, {b"id": 1}, [], b"r", 1]
    for body in bodies:
        with pytest.raises(MalformedDatagram):
            parse(bencode.encode({b"r": body, b"t": b"aa", b"y": b"r"}))
    with pytest.raises(MalformedDatagram):
        parse(b"d1:t2:aa1:y1:re")


def test_of_a_201_node_reply_the_surplus_is_ignored() -> None:
    """One client answers find_node with its whole table, 5.3 kB: the first 20 are read."""
    nodes = b"".join(bytes([i]) * 20 + bytes([127, 0, 0, i % 250 + 1, 4, i]) for i in range(201))
    parsed = response({b"nodes": nodes})
    assert len(parsed.nodes) == krpc.MAX_NODES_READ
    assert parsed.nodes[0].id == bytes(20)
    assert parsed.faults == ()


LISTS_AS_NODES: list[Any] = [
    [0] * 20 + [1, 2, 3, 4, 5, 6],
    [999] * 26,
    [-1] * 26,
    [b"x"] * 26,
    [[]] * 52,
    {bytes([i]): 1 for i in range(26)},
]


@pytest.mark.parametrize("nodes", [*LISTS_AS_NODES, b"x" * 25, b"x" * 27, 26, [], {}], ids=lambda x: ascii(x)[:30])
def test_nodes_that_are_no_string_of_entries_are_ignored(nodes: Any) -> None:
    """A list or dictionary of 26 entries can be cut like a string: it came out as ids that were lists."""
    parsed = response({b"nodes": nodes})
    assert parsed.nodes == ()
    assert parsed.faults == (Fault.NODES,)


def test_unusable_referrals_are_left_out() -> None:
    """Port 0, 0/8, multicast and broadcast: a query there is wasted or worse."""
    addrs = [b"\x7f\0\0\1\0\0", b"\0\0\0\1\1\1", b"\xe0\0\0\1\1\1", b"\xff\xff\xff\xff\1\1", b"\x7f\0\0\1\1\1"]
    parsed = response({b"nodes": b"".join(ID + addr for addr in addrs), b"values": addrs})
    assert [node.addr for node in parsed.nodes] == [("127.0.0.1", 257)]
    assert parsed.peers == (("127.0.0.1", 257),)


@pytest.mark.parametrize("values", [b"axje.u", 6, {}, [b"axje"], [7], [[b"axje.u"]]], ids=repr)
def test_malformed_peers_are_ignored_and_told(values: Any) -> None:
    """BEP 5: ``values`` is a list of 6-byte strings."""
    parsed = response({b"values": values})
    assert parsed.peers == ()
    assert len(parsed.faults) == 1


def test_peers_are_unique_and_bounded() -> None:
    """A liar's thousand copies of one address count once, and at most 200 are read."""
    assert response({b"values": [b"axje.u"] * 500}).peers == (("97.120.106.101", 11893),)
    many = [b"\x7f\0" + i.to_bytes(2, "big") + b"\1\1" for i in range(1500)]
    assert len(response({b"values": many}).peers) == MAX_PEERS_READ


@pytest.mark.parametrize("token", [7, [], b"x" * 257], ids=lambda x: ascii(x)[:20])
def test_a_malformed_token_is_no_token(token: Any) -> None:
    """Tokens are echoed: theirs must not make our queries long."""
    assert response({b"token": token}).token is None
    assert response({b"token": b"x" * 256}).token == b"x" * 256


def test_bep44_a_value_is_kept_as_received() -> None:
    """BEP 44: the original bytes, whatever their type."""
    parsed = response({b"v": {b"a": [1, b"x"]}, b"k": K, b"sig": SIG, b"seq": 3})
    assert parsed.item == (b"d1:ali1e1:xee", K, SIG, 3)
    assert parsed.faults == ()


def test_bep44_a_value_in_a_non_canonical_answer_is_refused() -> None:
    """What is left of such an answer (nodes, token) still helps."""
    parsed = parse(b"d1:y1:r1:t2:aa1:rd5:token3:tok2:id20:" + ID + b"1:v1:xee")
    assert isinstance(parsed, Response)
    assert parsed.item.v is None and parsed.token == b"tok" and not parsed.canonical
    assert Fault.VALUE_REFUSED in parsed.faults


def test_faults_of_other_stores_are_named() -> None:
    """The original leaves ``seq`` out; others send keys and signatures of odd sizes."""
    assert Fault.NO_SEQ in response({b"v": b"x", b"k": K, b"sig": SIG}).faults
    assert response({b"v": b"x", b"k": b"k", b"sig": SIG, b"seq": 1}).item.k is None
    assert response({b"v": b"x", b"k": K, b"sig": b"s", b"seq": 1}).item.sig is None
    assert response({b"v": b"x", b"k": K, b"sig": SIG, b"seq": b"1"}).item.seq is None


@pytest.mark.parametrize(
    ("ip", "external"),
    [
        (b"axje.u", ("97.120.106.101", 11893)),
        (b"axje", None),
        (b"x" * 18, None),
        (7, None),
        (b"\0\0\0\0\1\1", None),
        (b"\x7f\0\0\1\0\0", None),
    ],
)
def test_bep42_ip_is_an_address_or_nothing(ip: Any, external: Addr | None) -> None:
    """BEP 42, "ip": 6 bytes at top level."""
    assert response({}, ip=ip).external == external


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        ([201, b"A Generic Error Ocurred"], 201, b"A Generic Error Ocurred"),
        ([203, b"x" * 5000], 203, b"x" * 256),
        ([202, b"a", b"surplus"], 202, b"a"),
        (b"oops", 0, b"oops"),
        ([], 0, b""),
        ([203], 0, b""),
        ([b"203", b"x"], 0, b""),
        ([203, 7], 0, b""),
        ({}, 0, b""),
        (5, 0, b""),
        ([-(2**63), b"x"], -(2**63), b"x"),
    ],
    ids=lambda x: ascii(x)[:20],
)
def test_errors_of_any_shape_are_read(body: Any, code: int, text: bytes) -> None:
    """BEP 5, "Errors": a list of code and text; strings and empty lists occur."""
    parsed = parse(bencode.encode({b"e": body, b"t": b"aa", b"y": b"e"}))
    assert isinstance(parsed, ErrorReply)
    assert (parsed.code, parsed.message) == (code, text)


# ---- writing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "args",
    [
        Ping(ID),
        FindNode(ID, TARGET),
        GetPeers(ID, TARGET),
        AnnouncePeer(ID, TARGET, 6881, b"tok"),
        AnnouncePeer(ID, TARGET, 0, b"tok"),
        Get(ID, TARGET),
        Get(ID, TARGET, 0),
        Put(ID, b"tok", b"li1ee"),
        Put(ID, b"tok", b"1:x", K, SIG, 0),
        Put(ID, b"tok", b"1:x", K, SIG, 2**63 - 1, b"salt", 5),
    ],
    ids=repr,
)
@pytest.mark.parametrize("read_only", [False, True])
def test_what_we_ask_is_what_we_would_understand(args: krpc.Args, read_only: bool) -> None:
    """Every query that we write is canonical, short, and parses to the same value; BEP 43 ``ro`` included."""
    method, data = encode_query(b"tid1", args, read_only)
    parsed: Message = parse(data)
    assert parsed == Query(b"tid1", method, args, read_only, krpc.VERSION, True)
    assert len(data) <= MAX_QUERY


def test_bep44_salt_and_cas_are_sent_only_when_set() -> None:
    """The original sends ``salt`` empty and ``cas`` 0 with every put, which compliant stores refuse."""
    body = bencode.decode(encode_query(b"t", Put(ID, b"tok", b"1:x", K, SIG, 1), False)[1])[b"a"]
    assert set(body) == {b"id", b"token", b"v", b"k", b"sig", b"seq"}
    assert set(bencode.decode(encode_query(b"t", Put(ID, b"tok", b"1:x"), False)[1])[b"a"]) == {b"id", b"token", b"v"}


def test_bep43_ro_is_absent_unless_read_only() -> None:
    """BEP 43: ``ro`` only from read-only nodes."""
    assert b"ro" not in bencode.decode(encode_query(b"t", Ping(ID), False)[1])
    assert b"2:roi1e" in encode_query(b"t", Ping(ID), True)[1]


def test_every_answer_tells_the_receiver_its_address() -> None:
    """BEP 42, "ip": in responses and in errors."""
    for data in (
        krpc.encode_response(b"aa", {b"id": ID}, ("97.120.106.101", 11893)),
        krpc.encode_error(b"aa", 203, "no", ("97.120.106.101", 11893)),
    ):
        assert bencode.decode(data)[b"ip"] == b"axje.u"
        assert parse(data).tid == b"aa"
