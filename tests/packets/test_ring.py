"""The ring of packets: bounds, numbers, and which answer belongs to which query."""

from __future__ import annotations

from engine.network import Network, swarm

from dhtui.engine.items import ImmutableItem
from dhtui.engine.views.events import NodeAdded, PacketReceived
from dhtui.engine.wire.krpc import AnnouncePeer, FindNode, Get, GetPeers, Ping, Response
from dhtui.packets.ring import MAX_BYTES, PacketRing

from .samples import OWN_ID, TARGET, THEIR_ID, THEM, answered, asked, ended, failed, got, replied, ring_of, sent


def test_packets_are_numbered_for_ever_and_the_oldest_go_first() -> None:
    """Numbers never start again, whatever fell out."""
    ring = PacketRing(3)
    for i in range(10):
        ring.hear(sent(i, Ping(OWN_ID), bytes((i,))))
        if i == 5:
            assert [packet.number for packet in ring] == [4, 5, 6]
    assert [packet.number for packet in ring] == [8, 9, 10]
    assert [packet.number for packet in reversed(ring)] == [10, 9, 8]
    assert (len(ring), ring.dropped, ring.newest) == (3, 7, 10)
    assert ring.get(7) is None and ring.get(11) is None and ring.get(0) is None
    nine = ring.get(9)
    assert nine is not None and nine.tid == b"\x08"


def test_a_reader_gets_what_is_new_since_its_last_look() -> None:
    """Also when packets fell out in between."""
    ring = PacketRing(4)
    assert ring.since(0) == []
    for i in range(3):
        ring.hear(sent(i, Ping(OWN_ID)))
    assert [packet.number for packet in ring.since(1)] == [2, 3]
    for i in range(6):
        ring.hear(sent(i, Ping(OWN_ID)))
    assert [packet.number for packet in ring.since(3)] == [6, 7, 8, 9]
    assert ring.since(9) == [] and ring.since(12) == []


def test_numbers_go_on_where_another_ring_was() -> None:
    """A recording that jumps gets another ring, and its packets keep their numbers."""
    ring = PacketRing(3, start=40)
    assert (ring.newest, ring.dropped, len(ring), ring.since(0)) == (40, 40, 0, [])
    for i in range(5):
        ring.hear(sent(i, Ping(OWN_ID), bytes((i,))))
    assert [packet.number for packet in ring.since(0)] == [43, 44, 45]
    assert (ring.newest, ring.dropped) == (45, 42)
    found = ring.get(44)
    assert found is not None and found.tid == b"\x03" and ring.get(42) is None


def test_the_bytes_kept_are_bounded_too() -> None:
    """A flood of the largest datagrams must not fill the memory."""
    ring = PacketRing()
    for i in range(MAX_BYTES // 50_000 + 20):
        ring.hear(PacketReceived(i, THEM, bytes(50_000), None, "rate limit"))
    assert 300 < len(ring) <= MAX_BYTES // 50_000
    assert sum(len(packet.data) for packet in ring) <= MAX_BYTES


def test_ends_of_queries_alone_fill_nothing() -> None:
    """Nothing grows without bound while nobody looks."""
    ring = PacketRing(10)
    for i in range(1000):
        ring.hear(ended(i))
        ring.hear(NodeAdded(i, THEIR_ID, THEM, 3))
    assert len(ring._pending) <= 20 and len(ring) == 0


def test_nothing_is_remembered_of_packets_that_fell_out() -> None:
    """The index is as small as the ring."""
    ring = PacketRing(10)
    for i in range(500):
        ring.hear(sent(i, Ping(OWN_ID), tid := bytes((i % 256, i // 256))))
        ring.hear(answered(i, {}, tid))
        ring.hear(ended(i, tid=tid))
        if i % 7 == 0:
            assert len(list(ring)) <= 10
    list(ring)
    assert len(ring._open) <= 10 and len(ring._answers) <= 10 and len(ring._endings) <= 10


def test_an_answer_finds_its_query_and_the_query_its_answer() -> None:
    """By transaction id and address, in the other direction."""
    ring = ring_of(
        sent(1, GetPeers(OWN_ID, TARGET)),
        asked(2, Ping(THEIR_ID), b"aa"),
        replied(2.1, {}, "ping", b"aa"),
        answered(3, {b"token": b"x"}, addr=("203.0.113.9", 1)),
        answered(4, {b"token": b"x"}),
        ended(4.1),
        answered(5, {b"token": b"again"}),
    )
    query, theirs, ours, stranger, answer, again = ring
    assert ring.partner(query) is answer and ring.partner(answer) is query and ring.partner(again) is query
    assert ring.partner(theirs) is ours and ring.partner(ours) is theirs
    assert ring.partner(stranger) is None
    ending = ring.ending(answer)
    assert ending is not None and ending.owner == "get_peers#3" and ring.ending(query) is ending
    assert ring.ending(theirs) is None
    assert answer.method == "get_peers" and answer.target == TARGET
    assert stranger.method == "" and stranger.target is None


def test_a_transaction_id_used_twice_pairs_in_order() -> None:
    """Some programs count their ids from the start again, some always use the same."""
    ring = ring_of(
        asked(1, Ping(THEIR_ID)),
        replied(1.1, {}, "ping"),
        asked(2, FindNode(THEIR_ID, TARGET)),
        replied(2.1, {}, "find_node"),
    )
    first, one, second, two = ring
    assert (ring.partner(first), ring.partner(second)) == (one, two)
    assert (one.query, two.query) == (first, second)


def test_an_answer_keeps_its_query_when_that_falls_out() -> None:
    """Otherwise its method and target would go with it."""
    ring = PacketRing(2)
    for event in (sent(1, Get(OWN_ID, TARGET)), answered(2, {})):
        ring.hear(event)
    assert len(list(ring)) == 2
    ring.hear(sent(3, Ping(OWN_ID), b"ab"))
    answer, _ = ring
    assert answer.method == "get" and answer.target == TARGET
    assert ring.partner(answer) is answer.query


def test_kinds_are_told_also_of_what_was_refused_or_not_read() -> None:
    """A query with bad arguments is a query; what was dropped unread stays so."""
    ring = ring_of(
        got(1, b"d1:ad2:id3:abce1:q4:ping1:t2:zz1:y1:qe"),
        got(1, b"rubbish"),
        PacketReceived(1, THEM, b"d1:ade1:q4:ping1:t2:zz1:y1:qe", None, "rate limit"),
        failed(1, 201, "no"),
        answered(1, {}),
        asked(1, Ping(THEIR_ID)),
    )
    assert [packet.kind for packet in ring] == ["query", "unreadable", "unreadable", "error", "response", "query"]
    first = next(iter(ring))
    assert (first.method, first.tid, first.problem) == ("ping", b"zz", "id must be 20 bytes")


def test_a_query_that_is_told_twice_is_one_packet() -> None:
    """The engine reports a query when it reads it, and once more when it then refuses it."""
    first = asked(1, AnnouncePeer(THEIR_ID, TARGET, 6881, b"bad"))
    ring = ring_of(first, PacketReceived(1, THEM, first.data, first.message, "bad token"))
    (packet,) = ring
    assert packet.problem == "bad token" and ring.newest == 1


def test_the_message_of_a_sent_packet_is_read_when_asked_for() -> None:
    """The engine does not hand it over."""
    ring = ring_of(sent(1, GetPeers(OWN_ID, TARGET)), replied(1, {b"token": b"abc"}, "get_peers"))
    query, answer = ring
    assert (query.sender, query.target, query.heard) == (OWN_ID, TARGET, None)
    assert isinstance(answer.message, Response) and answer.token == b"abc"


def test_the_origin_of_a_token_is_the_latest_answer_that_gave_it() -> None:
    """To the same IP address, whatever the port, and before the write."""
    give = {b"token": b"tokentok", b"nodes": b""}
    ring = ring_of(
        asked(1, GetPeers(THEIR_ID, TARGET)),
        replied(1, give, "get_peers"),
        asked(2, GetPeers(THEIR_ID, TARGET), addr=(THEM[0], 9)),
        replied(2, give, "get_peers", addr=(THEM[0], 9)),
        replied(3, give, "get_peers", addr=("192.0.2.1", 1)),
        asked(4, write := AnnouncePeer(THEIR_ID, TARGET, 1, b"tokentok"), b"ww"),
        replied(5, give, "get_peers"),
        asked(6, AnnouncePeer(THEIR_ID, TARGET, 1, b"other"), b"w2"),
        sent(7, write),
    )
    origin = ring.token_origin(list(ring)[5])
    assert origin is not None and origin.number == 4
    assert ring.token_origin(list(ring)[7]) is None
    assert ring.token_origin(list(ring)[8]) is None
    assert ring.token_origin(next(iter(ring))) is None


def test_the_packets_of_a_real_lookup_pair_up() -> None:
    """Fed by a core among others: every answer has its query, and every put its token's origin."""
    net = Network()
    cores = swarm(net, 12)
    ring = PacketRing()
    cores[5].listen(ring.hear)
    net.put(cores[5], ImmutableItem(b"5:hello"))
    answers = [packet for packet in ring if packet.kind != "query"]
    assert answers and all(packet.query is not None for packet in answers)
    puts = [packet for packet in ring if packet.method == "put" and packet.direction == "out"]
    assert puts and all(ring.token_origin(packet) is not None for packet in puts if packet.kind == "query")
    ours = [packet for packet in ring if packet.direction == "out" and packet.kind == "query"]
    assert all(ring.ending(packet) is not None for packet in ours)
