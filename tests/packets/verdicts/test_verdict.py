"""Summaries and verdicts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from dhtui.engine.items import MutableItem, immutable_target, mutable_target, sign
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.wire.compact import pack_addr, pack_node
from dhtui.engine.wire.krpc import AnnouncePeer, FindNode, Get, GetPeers, Ping, Put, encode_query
from dhtui.packets.ring import PacketRing
from dhtui.packets.summary import LIMIT, summary
from dhtui.packets.verdicts.judgement import Verdict
from dhtui.packets.verdicts.verdict import judge

from ..samples import (
    ITEM,
    NODES,
    OWN_ID,
    TARGET,
    THEIR_ID,
    THEM,
    answered,
    asked,
    context,
    datagrams,
    ended,
    failed,
    got,
    mutable_body,
    replied,
    ring_of,
    sent,
    wrong_target,
)

PUT = Put(THEIR_ID, b"tokentok", ITEM.v, ITEM.k, ITEM.sig, ITEM.seq)


def last(ring: PacketRing, topic: str, **known: Any) -> list[Verdict]:
    """The verdicts of one topic on the last packet of a ring."""
    packet = next(iter(reversed(ring)))
    return [verdict for verdict in judge(packet, context(packet, ring, **known)) if verdict.topic == topic]


def only(ring: PacketRing, topic: str, **known: Any) -> tuple[str, str]:
    """State and sentence of the one verdict of a topic on the last packet."""
    (verdict,) = last(ring, topic, **known)
    return verdict.state, verdict.sentence


# ---- summaries ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (sent(1, Ping(OWN_ID)), "ping"),
        (sent(1, GetPeers(OWN_ID, TARGET)), "get_peers 2d2d…2d2d"),
        (sent(1, Get(OWN_ID, TARGET, 4)), "get 2d2d…2d2d newer than seq 4"),
        (asked(1, AnnouncePeer(THEIR_ID, TARGET, 0, b"t")), "announce_peer 2d2d…2d2d implied port"),
        (asked(1, Put(THEIR_ID, b"t", b"2:hi")), "put value 4 B hi"),
        (answered(1, {}), "ok from dhtui 0.1"),
        (answered(1, {b"nodes": b"".join(map(pack_node, NODES)), b"token": b"x"}), "8 nodes token"),
        (answered(1, {b"values": [pack_addr(THEM)]}), "1 peer"),
        (answered(1, {b"nodes": b"odd"}), "ok from dhtui 0.1 ! nodes is not a string of 26-byte entries"),
        (failed(1, 203, "bad\x1b[2Jtoken"), r"error 203 protocol error: bad\x1b[2Jtoken"),
        (failed(1, 777, ""), "error 777 unknown code"),
        (got(1, b"rubbish"), "not read: not a dictionary of 2 to 16384 bytes"),
        (got(1, b"d1:ade1:q3:put1:t1:a1:y1:qe"), "put refused: id must be 20 bytes"),
        (asked(1, GetPeers(THEIR_ID, TARGET), problem="own id"), "get_peers 2d2d…2d2d ! own id"),
    ],
)
def test_a_packet_in_a_few_words(event: Any, words: str) -> None:
    """What it is about comes first."""
    assert summary(next(iter(ring_of(event)))) == words


@settings(max_examples=120, deadline=None)
@given(datagrams)
def test_any_packet_has_a_summary_and_verdicts_that_are_safe_to_print(data: bytes) -> None:
    """Whatever the bytes, as an answer to each kind of query, read or not."""
    ring = ring_of(sent(1, Get(OWN_ID, TARGET)), got(2, data), sent(3, Put(OWN_ID, b"t", b"0:"), b"ab"), got(4, data))
    for packet in ring:
        words = summary(packet)
        assert words and words.isprintable() and len(words) <= LIMIT
        for verdict in judge(packet, context(packet, ring, salts=(b"salt",))):
            assert verdict.sentence.isprintable() and verdict.sentence.endswith((".", "!")), verdict


# ---- verdicts ----------------------------------------------------------------------------------------


def test_canonical_bencode_is_said_to_be_so_and_anything_else_why_not() -> None:
    """With the byte at which it goes wrong."""
    assert only(ring_of(sent(1, Ping(OWN_ID))), "bencode")[0] == "ok"
    unsorted = b"d1:y1:q1:t2:aa1:q4:ping1:ad2:id20:abcdefghij0123456789ee"
    state, sentence = only(ring_of(got(1, unsorted)), "bencode")
    assert state == "warn" and "at byte 7, keys out of order, and 2 more faults" in sentence
    state, sentence = only(ring_of(got(1, b"d1:t")), "bencode")
    assert state == "bad" and "at byte 4, the packet ends" in sentence
    assert only(ring_of(got(1, b"d1:t")), "reading") == ("bad", "Not used: not bencode.")


def test_a_query_says_how_it_ended() -> None:
    """Answered, late, not at all, not yet."""
    query = sent(1, Ping(OWN_ID))
    ring = ring_of(query, answered(1.041, {}), ended(1.041))
    first = next(iter(ring))
    found = [verdict for verdict in judge(first, context(first, ring)) if verdict.topic == "transaction"]
    assert found == [Verdict("transaction", "ok", "Packet 2 answers it, 41 ms later. Asked by get_peers#3.")]
    assert only(ring, "transaction") == ("ok", "Answers our ping, packet 1, 41 ms after it.")
    assert only(ring_of(query), "transaction", now=1.3) == ("info", "No answer so far, 300 ms after it was sent.")
    assert only(ring_of(query, ended(3, "timed out")), "transaction")[1].startswith("No answer before the deadline")
    late = ring_of(query, ended(3, "timed out"), answered(5, {}))
    assert only(late, "transaction") == (
        "warn",
        "Answers our ping, packet 1, 4.0 s after it. It came too late: we had given up.",
    )
    assert only(ring_of(answered(1, {})), "transaction")[0] == "warn"
    assert only(ring_of(asked(1, Ping(THEIR_ID)), replied(1.002, {}, "ping")), "transaction") == (
        "ok",
        "Answers their ping, packet 1, 2 ms after it.",
    )


def test_bep_42_is_shown_step_by_step() -> None:
    """With the first published vector of BEP 42."""
    node_id = bytes.fromhex("5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401")
    state, sentence = only(ring_of(asked(1, Ping(node_id), addr=("124.31.75.21", 1))), "BEP 42")
    assert state == "ok"
    assert "124.31.75.21" in sentence and "r = 1" in sentence and "begins with 5fbfbff1" in sentence
    assert only(ring_of(asked(1, Ping(node_id), addr=("124.31.75.22", 1))), "BEP 42")[0] == "warn"
    assert only(ring_of(asked(1, Ping(node_id), addr=("10.0.0.1", 1))), "BEP 42")[0] == "info"
    assert only(ring_of(sent(1, Ping(node_id))), "BEP 42", external=("124.31.75.21", 1))[0] == "ok"
    assert only(ring_of(sent(1, Ping(node_id))), "BEP 42", external=None)[0] == "info"
    assert only(ring_of(asked(1, Ping(OWN_ID))), "id")[0] == "bad"


def test_distances_to_the_target_are_measured() -> None:
    """Of the sender, and of each node that it names."""
    ring = ring_of(sent(1, FindNode(OWN_ID, TARGET)), answered(2, {b"nodes": b"".join(map(pack_node, NODES))}))
    (verdict,) = last(ring, "distance")
    assert verdict.sentence == "The sender's id is 2^150.3 from the target 2d2d…2d2d: their first 9 bits agree."
    state, sentence = only(ring, "nodes")
    assert state == "info" and sentence.startswith("8 of 8 named nodes are nearer to the target")
    assert "the nearest is 2d2c…0000 at 192.0.2.1:6881, 2^144.2 away, the farthest 2^147.0" in sentence
    assert len(last(ring_of(asked(1, GetPeers(THEIR_ID, TARGET))), "distance")) == 2
    assert last(ring_of(asked(1, Ping(THEIR_ID))), "distance") == []


def test_a_token_is_traced_to_the_answer_that_gave_it() -> None:
    """Its age, and the target that it was given for."""
    give = (asked(1, Get(THEIR_ID, mutable_target(ITEM.k))), replied(1, {b"token": b"tokentok"}, "get"))
    (verdict,) = last(ring_of(*give), "token")
    assert verdict.state == "info" and "8 bytes" in verdict.sentence
    assert only(ring_of(*give, asked(13, PUT, b"ww")), "token") == (
        "ok",
        "Handed out by packet 2, 12 s before: fresh enough for any node.",
    )
    assert only(ring_of(*give, asked(700, PUT, b"ww")), "token")[0] == "warn"
    assert only(ring_of(asked(13, PUT, b"ww")), "token")[0] == "info"
    elsewhere = asked(2, AnnouncePeer(THEIR_ID, TARGET, 1, b"tokentok"), b"ww")
    assert [verdict.state for verdict in last(ring_of(*give, elsewhere), "token")] == ["ok", "warn"]


def get_ring(target: bytes, body: dict[bytes, Any], seq: int | None = None) -> PacketRing:
    """A get, and a response to it."""
    return ring_of(sent(1, Get(OWN_ID, target, seq)), answered(2, body))


def test_an_immutable_value_must_hash_to_its_target() -> None:
    """BEP 44, "Immutable items"."""
    assert only(get_ring(immutable_target(b"2:hi"), {b"v": b"hi"}), "target")[0] == "ok"
    assert only(get_ring(immutable_target(b"2:ho"), {b"v": b"hi"}), "target")[0] == "bad"
    assert only(ring_of(answered(2, {b"v": b"hi"})), "target")[0] == "info"


def test_a_mutable_value_must_have_the_key_and_a_good_signature() -> None:
    """BEP 44, "Mutable items", with and without a salt that is known."""
    body, target = mutable_body(ITEM), mutable_target(ITEM.k)
    assert (only(get_ring(target, body), "target")[0], only(get_ring(target, body), "signature")[0]) == ("ok", "ok")
    forged = get_ring(target, body | {b"seq": 4})
    assert only(forged, "signature")[0] == "bad"
    stranger = get_ring(wrong_target(), body)
    assert (only(stranger, "target")[0], only(stranger, "signature")[0]) == ("warn", "info")
    salted = sign(BEP44_TEST_KEY, b"2:hi", 1, b"salt")
    ring = get_ring(salted.target, mutable_body(salted))
    assert only(ring, "target")[0] == "warn"
    assert [only(ring, topic, salts=(b"x", b"salt"))[0] for topic in ("target", "signature")] == ["ok", "ok"]
    lost = ring_of(answered(2, mutable_body(salted)))
    assert only(lost, "signature")[0] == "info"
    assert only(lost, "signature", salts=(b"salt",))[0] == "ok"
    del body[b"sig"]
    assert only(get_ring(target, body), "signature")[0] == "bad"


def test_a_put_is_checked_for_signature_sizes_and_cas() -> None:
    """BEP 44, "Write request"."""
    good = ring_of(asked(1, PUT))
    assert [only(good, topic)[0] for topic in ("signature", "value", "target")] == ["ok", "ok", "info"]
    altered = MutableItem(b"2:no", ITEM.k, ITEM.sig, ITEM.seq)
    bad = Put(THEIR_ID, b"t", altered.v, altered.k, altered.sig, altered.seq, b"s" * 65, 9)
    ring = ring_of(asked(1, bad))
    assert [only(ring, topic)[0] for topic in ("signature", "salt")] == ["bad", "bad"]
    assert [verdict.state for verdict in last(ring, "cas")] == ["info", "bad"]
    assert only(ring_of(asked(1, Put(THEIR_ID, b"t", b"1100:" + bytes(1100)))), "value")[0] == "bad"


def test_an_answer_without_a_value_is_judged_by_its_seq() -> None:
    """BEP 44, "get" with a seq: the value is left out where nothing newer is stored."""
    assert only(get_ring(TARGET, {b"seq": 4}, 4), "seq")[0] == "ok"
    assert only(get_ring(TARGET, {b"seq": 5}, 4), "seq")[0] == "warn"
    assert only(get_ring(TARGET, {b"seq": 5}), "seq")[0] == "info"


@pytest.mark.parametrize(
    ("external", "state", "words"),
    [
        (("198.51.100.7", 6881), "ok", "as the others do"),
        (("198.51.100.7", 1), "warn", "several ports"),
        (("192.0.2.1", 6881), "warn", "it lies"),
        (None, "info", "not been settled"),
    ],
)
def test_what_an_answer_says_of_our_address_is_compared(external: Any, state: str, words: str) -> None:
    """BEP 42, ``ip``."""
    found = only(ring_of(answered(1, {})), "ip", external=external)
    assert found[0] == state and words in found[1]


def test_sizes_are_held_against_the_limits() -> None:
    """Of a query, of a frame, of what dhtui reads."""
    assert only(ring_of(sent(1, Ping(OWN_ID))), "size")[0] == "ok"
    assert only(ring_of(answered(1, {b"token": bytes(1500)})), "size")[0] == "warn"
    long = encode_query(b"aa", Put(THEIR_ID, b"t", b"2100:" + bytes(2100)), False)[1]
    assert only(ring_of(got(1, long)), "size")[0] == "bad"
    assert only(ring_of(got(1, bytes(20000))), "size")[0] == "bad"


def test_a_read_only_sender_and_faults_are_named() -> None:
    """BEP 43, and what the parser overlooked."""
    data = encode_query(b"aa", Ping(THEIR_ID), True)[1]
    assert only(ring_of(got(1, data)), "read-only")[0] == "info"
    assert only(ring_of(answered(1, {b"nodes": b"odd"})), "content")[0] == "warn"
