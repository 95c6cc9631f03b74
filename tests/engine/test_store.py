"""What is kept for others: bounded, expiring by the clock, and nearest to our id first."""

from __future__ import annotations

from random import Random

import pytest

from dhtui.engine.items import ImmutableItem, MutableItem
from dhtui.engine.store import ITEM_SECONDS, MAX_INFOHASHES, MAX_ITEMS, MAX_PEERS, PEER_SECONDS, ItemStore, PeerStore
from dhtui.engine.wire.compact import Addr, pack_addr
from dhtui.engine.wire.ids import distance

OWN = bytes(20)
TARGET = b"t" * 20
PEER: Addr = ("203.0.113.5", 6881)
WRITER = "127.0.0.1"
"""A local address: no more than fair shares bind it."""
RNG = Random(1)


def number(i: int) -> bytes:
    """The target at distance `i` from our id."""
    return i.to_bytes(20, "big")


def item(seq: int = 1, v: bytes = b"1:x") -> MutableItem:
    """A mutable item with a signature that nobody checks here."""
    return MutableItem(v, b"k" * 32, b"s" * 64, seq)


def sample(store: PeerStore, now: float = 0.0, n: int = 1000, infohash: bytes = TARGET) -> list[bytes]:
    """Peers of an infohash."""
    return store.sample(infohash, n, RNG, now)


# ---- peers ---------------------------------------------------------------------------------------------


def test_at_most_2000_infohashes_and_the_farthest_goes_first() -> None:
    """Limits: 2000 infohashes; at the cap the one farthest from our id gives way, or is not taken."""
    store = PeerStore(OWN)
    for i in range(MAX_INFOHASHES):
        assert store.announce(number(2 * i + 1), (WRITER, 1), 0.0)
    assert len(store) == MAX_INFOHASHES == 2000
    assert store.announce(number(2), (WRITER, 1), 0.0)
    assert len(store) == MAX_INFOHASHES
    assert sample(store, infohash=number(2)) and not sample(store, infohash=number(3999))
    assert not store.announce(number(5000), (WRITER, 1), 0.0)
    assert len(store) == MAX_INFOHASHES and not sample(store, infohash=number(5000))
    assert store.announce(number(3997), ("203.0.113.6", 1), 0.0)  # one that is there: always


def test_at_most_500_peers_an_infohash_and_the_oldest_goes_first() -> None:
    """Limits: 500 peers; beyond that the one that announced longest ago gives way."""
    store = PeerStore(OWN)
    peers: list[Addr] = [(WRITER, 1000 + i) for i in range(MAX_PEERS + 1)]
    for i, peer in enumerate(peers[:-1]):
        store.announce(TARGET, peer, float(i))
    store.announce(TARGET, peers[0], 600.0)  # announces again, so that the second is the oldest now
    store.announce(TARGET, peers[-1], 601.0)
    kept = set(sample(store, 601.0))
    assert len(kept) == MAX_PEERS == 500
    assert kept == {pack_addr(peer) for peer in peers} - {pack_addr(peers[1])}


def test_a_peer_announced_twice_is_one_peer() -> None:
    """The original keeps duplicates, and so lets one node fill the list."""
    store = PeerStore(OWN)
    for now in range(5):
        store.announce(TARGET, PEER, float(now))
    assert sample(store) == [pack_addr(PEER)]
    assert store.peers == 1


def test_peers_expire_after_45_minutes() -> None:
    """Limits: 45 min after the last announce, neither served nor kept any longer."""
    store = PeerStore(OWN)
    store.announce(TARGET, PEER, 0.0)
    store.announce(TARGET, ("203.0.113.6", 1), 60.0)
    assert PEER_SECONDS == 45 * 60
    assert len(sample(store, PEER_SECONDS - 1)) == 2
    assert sample(store, PEER_SECONDS) == [pack_addr(("203.0.113.6", 1))]
    store.sweep(PEER_SECONDS)
    assert store.peers == 1
    store.announce(TARGET, ("203.0.113.6", 1), PEER_SECONDS)  # again: its time starts anew
    store.sweep(PEER_SECONDS + 60)
    assert store.peers == 1
    store.sweep(2 * PEER_SECONDS)
    assert (store.peers, len(store)) == (0, 0)


def test_stores_are_swept_by_time_and_reading_changes_nothing() -> None:
    """Limits: swept by time, not on read, so that memory is freed though nobody asks."""
    store = PeerStore(OWN)
    store.announce(TARGET, PEER, 0.0)
    assert sample(store, PEER_SECONDS + 1) == []
    assert store.peers == 1
    store.sweep(PEER_SECONDS + 1)
    assert store.peers == 0


def test_a_sample_is_random_and_bounded() -> None:
    """The original always serves the first 8 that ever announced."""
    store = PeerStore(OWN)
    for i in range(200):
        store.announce(TARGET, (WRITER, 1000 + i), 0.0)
    seen: set[bytes] = set()
    for _ in range(40):
        peers = sample(store, n=20)
        assert len(set(peers)) == 20
        seen.update(peers)
    assert len(seen) > 190
    assert sample(store, n=20, infohash=b"u" * 20) == []


# ---- items ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["immutable", "mutable"])
def test_at_most_700_items_of_each_kind_and_the_farthest_goes_first(kind: str) -> None:
    """Limits: 700 immutable and 700 mutable ones; the kinds don't displace each other."""
    store = ItemStore(OWN)

    def put(i: int) -> bool:
        if kind == "mutable":
            return store.put_mutable(number(i), item(), WRITER, 0.0)
        return store.put_immutable(number(i), ImmutableItem(b"1:x"), WRITER, 0.0)

    other = number(2**150)
    if kind == "mutable":
        store.put_immutable(other, ImmutableItem(b"1:x"), WRITER, 0.0)
    else:
        store.put_mutable(other, item(), WRITER, 0.0)
    assert all(put(2 * i + 1) for i in range(MAX_ITEMS))
    assert put(2)
    assert not put(2**100)
    counts = (store.immutable, store.mutable)
    assert counts == ((700, 1) if kind == "immutable" else (1, 700))
    assert store.get(number(2), 0.0) and store.get(other, 0.0)
    assert store.get(number(2 * MAX_ITEMS - 1), 0.0) is None
    assert store.get(number(2**100), 0.0) is None
    assert put(3)  # one that is there: always


def test_items_expire_after_2_hours() -> None:
    """Limits, BEP 44: 2 h after the last put; swept by time."""
    store = ItemStore(OWN)
    store.put_immutable(number(1), ImmutableItem(b"1:x"), WRITER, 0.0)
    store.put_mutable(number(2), item(), WRITER, 0.0)
    store.put_immutable(number(3), ImmutableItem(b"1:x"), WRITER, 0.0)
    store.put_immutable(number(3), ImmutableItem(b"1:x"), WRITER, 60.0)
    assert ITEM_SECONDS == 2 * 3600
    assert store.get(number(1), ITEM_SECONDS - 1) and store.get(number(2), ITEM_SECONDS - 1)
    assert store.get(number(1), ITEM_SECONDS) is None and store.get(number(2), ITEM_SECONDS) is None
    assert store.get(number(3), ITEM_SECONDS)
    assert (store.immutable, store.mutable) == (2, 1)
    store.sweep(ITEM_SECONDS)
    assert (store.immutable, store.mutable) == (1, 0)


def test_an_expired_item_is_no_conflict() -> None:
    """BEP 44: what has expired is not there, so neither its seq nor a cas counts."""
    store = ItemStore(OWN)
    store.put_mutable(TARGET, item(9), WRITER, 0.0)
    assert store.conflict(TARGET, item(1), None, 0.0) == 302
    assert store.conflict(TARGET, item(1), 5, ITEM_SECONDS) is None


@pytest.mark.parametrize(
    ("seq", "v", "cas", "code"),
    [
        (6, b"1:y", None, None),
        (6, b"1:y", 5, None),
        (6, b"1:y", 4, 301),
        (6, b"1:y", 6, 301),
        (5, b"1:x", None, None),
        (5, b"1:x", 5, None),
        (5, b"1:y", None, 302),
        (5, b"1:y", 5, 302),
        (4, b"1:x", None, 302),
        (4, b"1:x", 5, 302),
        (4, b"1:x", 3, 301),
    ],
)
def test_bep44_cas_and_seq_over_a_stored_seq_5(seq: int, v: bytes, cas: int | None, code: int | None) -> None:
    """BEP 44: cas is compared with the stored *seq*; lower seq 302; equal seq only with the equal value."""
    store = ItemStore(OWN)
    store.put_mutable(TARGET, item(5), WRITER, 0.0)
    assert store.conflict(TARGET, item(seq, v), cas, 0.0) == code


# ---- both ----------------------------------------------------------------------------------------------


def test_with_a_new_own_id_another_entry_is_the_farthest() -> None:
    """BEP 42: the id changes with the address, and our duties with the id."""
    items, peers = ItemStore(OWN), PeerStore(OWN)
    for i in range(MAX_ITEMS):
        items.put_immutable(number(i), ImmutableItem(b"1:x"), WRITER, 0.0)
    for i in range(MAX_INFOHASHES):
        peers.announce(number(i), (WRITER, 1), 0.0)
    own = b"\xff" * 20
    items.rebase(own)
    peers.rebase(own)
    assert items.put_immutable(own, ImmutableItem(b"1:x"), WRITER, 0.0) and peers.announce(own, (WRITER, 1), 0.0)
    assert items.immutable == MAX_ITEMS and len(peers) == MAX_INFOHASHES
    assert items.get(number(0), 0.0) is None and not sample(peers, infohash=number(0))  # now the farthest


def test_the_stores_keep_the_nearest_of_a_flood() -> None:
    """A flood of random targets leaves exactly the nearest ones, and the bookkeeping in order."""
    rng, store = Random(3), ItemStore(OWN)
    targets = [rng.randbytes(20) for _ in range(3 * MAX_ITEMS)]
    for target in targets:
        store.put_immutable(target, ImmutableItem(b"1:x"), WRITER, 0.0)
    nearest = sorted(targets, key=lambda target: distance(OWN, target))[:MAX_ITEMS]
    assert all(store.get(target, 0.0) for target in nearest)
    store.sweep(ITEM_SECONDS)
    assert store.immutable == 0
    assert store.put_immutable(targets[0], ImmutableItem(b"1:x"), WRITER, ITEM_SECONDS)


def test_what_is_kept_can_be_looked_at() -> None:
    """The views of both stores: live entries only, the newest 50 peers of each infohash, seconds left."""
    peers, items = PeerStore(OWN), ItemStore(OWN)
    for i in range(60):
        peers.announce(TARGET, (WRITER, 1000 + i), float(i))
    peers.announce(number(1), PEER, -PEER_SECONDS)
    (swarm,) = peers.views(100.0)
    assert (swarm.infohash, swarm.total) == (TARGET, 60)
    assert swarm.peers == tuple((WRITER, 1059 - i) for i in range(50))
    assert (swarm.newest_expires, swarm.oldest_expires) == (PEER_SECONDS - 41.0, PEER_SECONDS - 100.0)
    items.put_mutable(number(2), item(7), WRITER, 0.0)
    items.put_immutable(number(3), ImmutableItem(b"1:x"), WRITER, 50.0)
    items.put_immutable(number(4), ImmutableItem(b"1:x"), WRITER, -ITEM_SECONDS)
    assert [(view.target, view.seq, view.expires) for view in items.views(100.0)] == [
        (number(2), 7, ITEM_SECONDS - 100.0),
        (number(3), None, ITEM_SECONDS - 50.0),
    ]
