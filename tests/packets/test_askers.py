"""Who asks us what, by host and by /24."""

from __future__ import annotations

from dhtui.engine.wire.compact import Addr
from dhtui.engine.wire.krpc import FindNode, Get, GetPeers, Ping
from dhtui.packets.askers import MAX_ASKERS, MAX_TARGETS, SECONDS, SLOTS, SWARM, Askers, swarms
from dhtui.packets.ring import PacketRing

from .samples import OWN_ID, TARGET, THEIR_ID, asked, got, ring_of, sent

NOW = 1000.0


def host(n: int) -> Addr:
    return f"198.51.{n // 250}.{n % 250 + 1}", 6881


def followed(ring: PacketRing) -> Askers:
    askers = Askers()
    askers.follow(ring)
    return askers


def test_queries_are_counted_by_host_and_method_over_the_last_minutes() -> None:
    ring = ring_of(
        *(asked(NOW - 25, GetPeers(THEIR_ID, TARGET), b"%02d" % n, host(1)) for n in range(3)),
        asked(NOW, Ping(THEIR_ID), b"p", host(1)),
        asked(NOW, FindNode(THEIR_ID, OWN_ID), b"f", ("198.51.0.2", 9)),
        asked(NOW, FindNode(THEIR_ID, OWN_ID), b"f", ("203.0.113.4", 9)),
        sent(NOW, Ping(OWN_ID)),
        got(NOW, b"rubbish"),
    )
    first, *others = followed(ring).rows(NOW)
    assert (first.name, first.hosts, first.queries) == ("198.51.0.2", 1, 5)
    assert dict(first.methods) == {"get_peers": 3, "ping": 1, "find_node": 1}
    assert (first.history[-1], first.history[-4], sum(first.history), len(first.history)) == (2, 3, 5, SLOTS)
    assert [(want.target, want.times, want.askers) for want in first.wants] == [(OWN_ID, 1, 2), (TARGET, 3, 1)]
    assert first.last.addr == ("198.51.0.2", 9) and [row.name for row in others] == ["203.0.113.4"]


def test_hosts_of_a_prefix_are_one_on_request() -> None:
    ring = ring_of(*(asked(NOW, Get(THEIR_ID, TARGET), b"%02d" % n, host(n)) for n in range(4)))
    (row,) = followed(ring).rows(NOW, by_prefix=True)
    assert (row.name, row.hosts, row.queries) == ("198.51.0.0/24", 4, 4)
    assert row.wants[0].askers == 4 and not row.wants[0].swarm, "an item is no swarm"


def test_many_hosts_that_ask_for_one_infohash_are_a_swarm() -> None:
    for count, forms in ((SWARM - 1, False), (SWARM, True)):
        events = [asked(NOW, GetPeers(THEIR_ID, TARGET), b"%02d" % n, host(n)) for n in range(count)]
        found = swarms(followed(ring_of(*events)).rows(NOW))
        assert [want.target for want in found] == [TARGET] * forms


def test_a_flood_of_hosts_and_targets_is_bounded_and_the_silent_ones_go() -> None:
    ring, askers = PacketRing(), Askers()
    for n in range(2 * MAX_ASKERS):
        ring.hear(asked(NOW + n / 100, GetPeers(THEIR_ID, n.to_bytes(20)), b"%04d" % n, host(n)))
        ring.hear(asked(NOW + n / 100, GetPeers(THEIR_ID, n.to_bytes(20)), b"%04d" % n, ("192.0.2.1", 7)))
        askers.follow(ring)
    assert len(askers) == MAX_ASKERS
    rows = askers.rows(NOW + 10)
    assert rows[0].name == "192.0.2.1" and rows[0].queries == 2 * MAX_ASKERS
    assert all(len(row.wants) <= MAX_TARGETS for row in rows)
    assert askers.rows(NOW + 20 + SECONDS) == [] and len(askers) == 0


def test_unknown_methods_are_one_and_another_ring_is_another_start() -> None:
    evil = b"d1:ad2:id20:" + THEIR_ID + b"e1:q9:\x1b[2J\x00vil1:t2:aa1:y1:qe"
    askers = followed(ring_of(got(NOW, evil, host(1))))
    assert [dict(row.methods) for row in askers.rows(NOW)] in ([], [{"other": 1}])
    askers.follow(ring_of(asked(NOW, Ping(THEIR_ID), b"p", host(2))))
    assert [row.name for row in askers.rows(NOW)] == [host(2)[0]]
