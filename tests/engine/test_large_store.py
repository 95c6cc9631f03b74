"""A store of the size that its user sets: the bounds are kept, and nothing in it takes longer for its size."""

from __future__ import annotations

from random import Random
from unittest.mock import patch

import pytest

from dhtui.engine import store as module
from dhtui.engine.items import ImmutableItem
from dhtui.engine.settings import MAX_STORED, Settings
from dhtui.engine.store import ITEM_SECONDS, PEER_SECONDS, SHOWN, SWEPT, ItemStore, PeerStore
from dhtui.engine.wire.ids import distance
from dhtui.screens.items.rows import items_title

from .network import Network

OWN = bytes(20)
WRITER = "127.0.0.1"
"""A local address: no more than fair shares bind it."""


def test_the_bounds_are_those_that_are_set_and_are_shown() -> None:
    core = Network().core(max_infohashes=30_000, max_items=40)
    statistics, store = core.statistics(), core.snapshot(0.0).store
    assert (statistics.swarms.most, statistics.immutable.most, statistics.mutable.most) == (30_000, 40, 40)
    assert (store.infohash_cap, store.item_cap) == (30_000, 40)
    for name in ("max_infohashes", "max_items"):
        for wrong in (0, MAX_STORED + 1, 1.5):
            with pytest.raises(ValueError, match=name):
                Settings(**{name: wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize("most", [1, 19, 300])
def test_it_never_holds_more_and_keeps_the_nearest(most: int) -> None:
    rng, store = Random(5), ItemStore(OWN, most=most)
    targets = [rng.randbytes(20) for _ in range(3 * most)]
    for target in targets:
        store.put_immutable(target, ImmutableItem(b"1:x"), WRITER, 0.0)
        assert store.immutable <= most
    nearest = sorted(targets, key=lambda target: distance(OWN, target))[:most]
    assert all(store.get(target, 0.0) for target in nearest)


def test_a_large_store_finds_the_farthest_without_sorting_and_forgets_what_expired() -> None:
    """Entries come and go in any order; what is kept to find the farthest stays below twice their number."""
    rng, store = Random(6), ItemStore(OWN, most=2000)
    for turn in range(3):
        for _ in range(3000):
            store.put_immutable(rng.randbytes(20), ImmutableItem(b"1:x"), WRITER, turn * ITEM_SECONDS)
        kept = store._immutable
        assert store.immutable == 2000 and len(kept._farthest) <= 2 * 2000 + 65
        assert kept._last()[0] == max(distance(OWN, target) for target, _ in kept.items())
        store.sweep((turn + 1) * ITEM_SECONDS)
        assert store.immutable == 0


def test_an_item_that_is_put_again_expires_by_its_last_put() -> None:
    store = ItemStore(OWN)
    for number in range(10):
        store.put_immutable(bytes((number,)) * 20, ImmutableItem(b"1:x"), WRITER, float(number))
    store.put_immutable(bytes(20), ImmutableItem(b"1:x"), WRITER, 100.0)
    store.sweep(ITEM_SECONDS + 50.0)
    assert store.immutable == 1 and store.get(bytes(20), 0.0)


def test_peers_are_swept_in_parts_and_whole_swarms_at_once() -> None:
    store = PeerStore(OWN, most=3 * SWEPT)
    infohashes = [number.to_bytes(20, "big") for number in range(2 * SWEPT)]
    for infohash in infohashes:
        store.announce(infohash, (WRITER, 1), 0.0)
        store.announce(infohash, (WRITER, 2), 100.0)
    assert store.peers == 4 * SWEPT
    store.sweep(PEER_SECONDS)
    assert store.peers == 3 * SWEPT, "the first half of the swarms was looked into"
    store.sweep(PEER_SECONDS + 60.0)
    assert store.peers == 2 * SWEPT and len(store) == 2 * SWEPT
    store.sweep(PEER_SECONDS + 100.0)
    assert (store.peers, len(store)) == (0, 0)


def test_all_peers_together_are_bounded_and_new_swarms_still_find_room() -> None:
    with patch.object(module, "MAX_ALL_PEERS", 100):
        store = PeerStore(OWN, most=1000)
        for number in range(50):
            infohash = number.to_bytes(20, "big")
            for peer in range(20):
                store.announce(infohash, (f"45.{number}.{peer}.1", 1), float(number))
                assert store.peers <= 100
        assert store.peers == sum(len(swarm.peers) for _, swarm in store._swarms.items())
        assert store.announce(bytes(19) + b"\xff", ("46.1.1.1", 1), 60.0) or len(store) > 1
        assert store.announce(bytes(20), ("46.1.1.2", 1), 60.0), "in a swarm that is there another peer gives way"
        assert store.peers <= 100


def test_of_many_the_last_are_shown_and_how_many_there_are_is_said() -> None:
    peers, items = PeerStore(OWN, most=3000), ItemStore(OWN, most=3000)
    for number in range(2500):
        target = number.to_bytes(20, "big")
        peers.announce(target, (WRITER, 1), 0.0)
        items.put_immutable(target, ImmutableItem(b"1:x"), WRITER, 0.0)
    assert [view.infohash[-2:] for view in peers.views(1.0)] == [n.to_bytes(2, "big") for n in range(500, 2500)]
    shown = items.views(1.0)
    assert len(shown) == SHOWN == 2000
    assert items_title(shown, 0, 2500) == "of 2500 the last: 2000 items kept for others: 0 mutable, 2000 immutable"
    assert items_title(shown, 0, 2000) == "2000 items kept for others: 0 mutable, 2000 immutable"
