"""Messages out of captures: which datagrams are KRPC, pairs, nodes, lookups, and what is counted."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from random import Random

import pytest
from support.captures import (
    ME,
    START,
    TARGET,
    Packet,
    error,
    ipv4,
    lookup,
    node_at,
    packet,
    pcap,
    query,
    response,
    traffic,
    udp,
)

from dhtui.engine.wire.compact import Addr, NodeInfo
from dhtui.engine.wire.faults import Fault
from dhtui.engine.wire.krpc import FindNode, Get, encode_query, encode_response
from dhtui.packets.captures import pairs as pairing
from dhtui.packets.captures import parties as counting
from dhtui.packets.captures.message import Captured, glance, read
from dhtui.packets.captures.reader import CaptureReader
from dhtui.packets.captures.walks import walk as walking
from dhtui.packets.captures.walks.walk import QUIET, Walk

THERE = node_at(1)


def heard(packets: Iterable[Packet]) -> tuple[list[Captured], CaptureReader]:
    """The messages of a capture."""
    reader = CaptureReader()
    found = [each for piece in reader.feed(pcap(packets)) for each in piece]
    reader.end()
    return found, reader


def asked(at: float, tid: bytes, dest: Addr = THERE, target: bytes | None = None, source: Addr = ME) -> Packet:
    return at, packet(source, dest, query(tid, target))


def answered(at: float, tid: bytes, source: Addr = THERE, dest: Addr = ME) -> Packet:
    return at, packet(source, dest, response(tid))


def test_what_counts_as_krpc_on_whatever_port() -> None:
    odd = ("192.0.2.1", 53), ("198.51.100.1", 443)
    found, reader = heard(
        [
            (1.0, packet(*odd, query(b"aa"))),
            (1.1, packet(ME, THERE, b"d1:xi1ee")),
            (1.2, packet(ME, THERE, b"dze")),
            (1.3, packet(ME, THERE, b"quic")),
            (1.4, packet(ME, THERE, b"")),
            (1.5, packet(ME, THERE, query(b"ab") + b"x")),
            (1.6, ipv4(ME, THERE, bytes(40))[:9] + b"\x06" + bytes(50)),
        ]
    )
    assert [(each.kind, each.faults) for each in found] == [
        ("query", ()),
        ("unreadable", ("no_tid",)),
        ("unreadable", ("no_bencode",)),
    ]
    told = reader.summary
    assert (told.packets, told.datagrams, told.krpc, told.malformed) == (7, 6, 1, 2)
    assert told.nodes == 1 and told.unanswered == told.queries == 1


def test_queries_and_answers_are_paired_by_both_addresses_and_the_transaction_id() -> None:
    other = node_at(2)
    found, reader = heard(
        [
            asked(1.0, b"aa"),
            asked(1.1, b"aa", other),
            asked(1.2, b"aa", ME, source=THERE),
            answered(1.3, b"aa", other),
            (1.4, packet(THERE, ME, error(b"aa"))),
            answered(1.5, b"bb"),
            answered(1.6, b"aa", node_at(3)),
            answered(1.7, b"aa", ME, THERE),
        ]
    )
    assert [each.pair for each in found] == [5, 4, 8, 2, 1, None, None, 3]
    assert [each.method for each in found] == ["ping"] * 5 + ["", "", "ping"]
    assert reader.summary.queries == 3 and reader.summary.unanswered == 0


def test_a_transaction_id_that_is_used_again_and_a_second_answer() -> None:
    found, reader = heard(
        [asked(1.0, b"aa"), answered(1.1, b"aa"), answered(1.5, b"aa"), asked(2.0, b"aa"), answered(2.1, b"aa")]
    )
    assert [each.pair for each in found] == [2, 1, 1, 5, 4]
    assert reader.summary.unanswered == 0
    late, reader = heard([asked(1.0, b"aa"), answered(1.0 + pairing.SECONDS + 1, b"aa")])
    assert [each.pair for each in late] == [None, None] and reader.summary.unanswered == 1


def test_open_queries_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairing, "MOST_OPEN", 10)
    found, reader = heard([asked(1.0 + place / 100, bytes((65, place))) for place in range(30)])
    assert len(reader._pairs._open) == 10 and reader.summary.unanswered == len(found) == 30


def test_duplicates_of_the_interface_any_are_dropped_and_counted() -> None:
    packets = [asked(1.0, b"aa"), asked(1.0005, b"aa"), answered(1.1, b"aa"), answered(1.1, b"aa"), asked(1.2, b"aa")]
    found, reader = heard(packets)
    assert len(found) == 3 and reader.summary.duplicates == 2 and reader.summary.datagrams == 3


def test_datagrams_that_were_cut_short_are_counted_and_not_guessed_at() -> None:
    reader = CaptureReader()
    found = [each for piece in reader.feed(pcap([asked(1.0, b"aa")], snap=70)) for each in piece]
    assert found == [] and reader.summary.cut == 1 and reader.summary.malformed == 0


def test_fragments_that_are_not_all_there_are_counted() -> None:
    body = udp(ME, THERE, query(b"aa"))
    first = ipv4(ME, THERE, body[:64], place=0x2000)
    _, reader = heard([(1.0, first)])
    assert reader.summary.fragments == 1
    found, reader = heard([(1.0, first), (1.1, ipv4(ME, THERE, body[64:], place=8))])
    assert len(found) == 1 and reader.summary.fragments == 0


def test_the_capture_is_about_the_endpoint_of_most_messages() -> None:
    found, reader = heard(traffic(200))
    assert reader.parties.most() == ME
    party = reader.parties.of(ME)
    assert party is not None and party.messages == len(found) and party.sent == reader.summary.queries
    assert reader.parties.listed()[0] == party and party.id is not None
    assert reader.summary.nodes == 1 + len({each.source for each in found} - {ME})


def test_endpoints_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST", 16)
    packets = [asked(1.0 + place / 100, b"aa", ("198.51.100.9", 1000 + place)) for place in range(200)]
    _, reader = heard(packets)
    assert len(reader.parties._counts) <= 17 and not reader.parties.exact
    assert reader.parties.most() == ME


ANSWERS = [
    response(b"aa"),
    encode_response(b"aa", {b"id": b"r" * 20, b"nodes": bytes(27)}, ME),
    encode_response(b"aa", {b"id": b"r" * 20, b"nodes": [1]}, ME),
    encode_response(b"aa", {b"id": b"r" * 20, b"nodes": bytes(26), b"token": bytes(257)}, ME),
    encode_response(b"aa", {b"id": b"r" * 20, b"token": 7, b"p": 1}, ME),
    encode_response(b"aa", {b"id": b"r" * 19}, ME),
    encode_response(b"", {b"id": b"r" * 20}, ME),
    encode_response(bytes(21), {b"id": b"r" * 20}, ME),
    encode_response(b"aa", {b"id": b"r" * 20, b"values": 1}, ME),
    encode_response(b"aa", {b"id": b"r" * 20, b"nodes6": bytes(38)}, ME),
    b"d1:rle1:t2:aa1:y1:re",
    b"d1:rd2:id20:rrrrrrrrrrrrrrrrrrrr1:zi1ee1:t2:aa1:y1:re",
    b"d1:t2:aa1:rd2:id20:rrrrrrrrrrrrrrrrrrrre1:y1:re",
    b"d1:y1:re",
    b"di1e1:y1:re",
]


@pytest.mark.parametrize("data", ANSWERS)
@pytest.mark.parametrize("source", [ME, ("2001:db8::1", 1)])
def test_a_glance_sees_the_same_as_a_reading_in_full(data: bytes, source: Addr) -> None:
    quick, whole = glance(data, source), read(data, source)
    assert quick[:4] == whole[:4] and quick.faults == whole.faults and quick.problem == whole.problem
    assert quick.target == whole.target and (quick.plain or quick.message == whole.message)


def test_a_glance_sees_the_same_of_whatever_was_changed() -> None:
    draw = Random(11)
    usual = [
        query(b"aa"),
        query(b"a" * 20, TARGET),
        *ANSWERS[:2],
        response(b"aa", nodes=[NodeInfo(b"n" * 20, THERE)] * 8),
    ]
    usual += [
        encode_query(b"ab", args, ro)[1]
        for ro in (True, False)
        for args in (FindNode(b"q" * 20, TARGET), Get(b"q" * 20, TARGET), Get(b"q" * 20, TARGET, 3))
    ]
    plain = 0
    for _ in range(3000):
        data = bytearray(draw.choice(usual))
        for _ in range(draw.choice((0, 1, 1, 2))):
            at = draw.randrange(len(data))
            data[at : at + draw.choice((0, 1, 1))] = bytes((draw.choice(b"0123456789:eild" + draw.randbytes(2)),))
        quick, whole = glance(bytes(data), ME), read(bytes(data), ME)
        assert quick._replace(message=None, plain=False) == whole._replace(message=None), bytes(data)
        plain += quick.plain
    assert plain > 500


# ---- lookups -----------------------------------------------------------------------------------------------


def walks(packets: Iterable[Packet]) -> list[Walk]:
    return sorted(heard(packets)[1].over, key=lambda one: one.number)


def test_queries_for_one_target_from_one_address_within_seconds_are_one_lookup() -> None:
    (one,) = walks(lookup())
    assert (one.source, one.method, one.target, one.queries, one.answers) == (ME, "get_peers", TARGET, 6, 5)
    assert one.is_lookup and one.over and len(one.asked) == 6
    assert one.first == pytest.approx(START + 0.030) and one.found == pytest.approx(START + 0.140)
    assert one.complete == one.found and [step.answer is None for step in one.steps].count(True) == 1


def test_other_sources_targets_and_later_ones_are_other_lookups() -> None:
    other = ("192.0.2.2", 6881)
    found = walks(
        [
            *lookup(),
            *lookup(START + 0.001, other),
            *lookup(START + 0.002, ME, b"t" * 20),
            *lookup(START + QUIET + 1),
            *lookup(START + 2 * QUIET + 5, ME, b"u" * 20),
        ]
    )
    assert [(one.source, one.target[:1]) for one in found] == [
        (ME, TARGET[:1]),
        (other, TARGET[:1]),
        (ME, b"t"),
        (ME, TARGET[:1]),
        (ME, b"u"),
    ]


def test_who_asks_a_node_again_that_has_answered_looks_anew() -> None:
    assert [one.queries for one in walks([*lookup(), *lookup(START + 3)])] == [6, 6]
    again = [asked(1.0, b"aa", target=TARGET), asked(1.5, b"ab", target=TARGET), answered(1.6, b"ab")]
    (one,) = walks(again)  # the first was lost, and so the node is asked once more
    assert (one.queries, one.answers, one.is_lookup) == (2, 1, False)


def test_pings_and_writes_are_no_lookups() -> None:
    assert walks([asked(1.0, b"aa"), asked(1.1, b"ab", node_at(2))]) == []


def test_lookups_under_way_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "MOST_OPEN", 8)
    monkeypatch.setattr(walking, "MOST_STEPS", 5)
    packets = [asked(1.0 + place / 1e4, struct.pack("!H", place), target=bytes((place,)) * 20) for place in range(40)]
    packets += [asked(2.0 + place / 1e4, struct.pack("!H", place), node_at(place), TARGET) for place in range(40)]
    reader = CaptureReader()
    for _ in reader.feed(pcap(packets)):
        pass
    assert len(reader._walks._open) == 8  # type: ignore[union-attr]
    reader.end()
    last = next(one for one in reader.over if one.target == TARGET)
    assert last.queries == 40 and len(last.steps) == len(last.asked) == 5
    monkeypatch.setattr(walking, "MOST_STEPS_OPEN", 10)
    packets = [
        asked(1.0 + place / 1e4, struct.pack("!H", place), node_at(place % 5), bytes((place // 5,)) * 20)
        for place in range(100)
    ]
    reader = CaptureReader()
    for _ in reader.feed(pcap(packets)):
        pass
    assert reader._walks._steps <= 12  # type: ignore[union-attr]


def test_a_fault_of_an_answer_is_told_by_its_word() -> None:
    bad = encode_response(b"aa", {b"id": b"r" * 20, b"nodes": bytes(27)}, ME)
    found, _ = heard([asked(1.0, b"aa"), (1.1, packet(THERE, ME, bad))])
    assert found[1].faults == (Fault.NODES.value,)
