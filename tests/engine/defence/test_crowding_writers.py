"""Crowding writers: what honest nodes stored is not pushed out by one host, one network, or a crowd of ports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, TypeAlias
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhtui.engine import store as module
from dhtui.engine.defence.shares import net_of
from dhtui.engine.items import ImmutableItem, MutableItem
from dhtui.engine.store import (
    HOST_PEERS,
    ITEM_SECONDS,
    MAX_INFOHASHES,
    MAX_ITEMS,
    MAX_PEERS,
    NET_PEERS,
    PEER_SECONDS,
    SHARE,
    ItemStore,
    PeerStore,
    _Nearest,
)
from dhtui.engine.wire.compact import Addr, unpack_addr

OWN = bytes(20)
TARGET = b"t" * 20
ATTACKER = "198.51.100.66"


def near(i: int) -> bytes:
    """The target at distance `i` from our id: nearer than any honest one."""
    return i.to_bytes(20, "big")


def far(i: int) -> bytes:
    """A target at a distance as honest ones have: nobody aims at our id."""
    return Random(i).randbytes(20)


def honest(i: int) -> str:
    """The address of an honest node: each has a network of its own."""
    return f"{20 + i // 250}.{i % 250}.7.9"


def of_24(i: int) -> str:
    """An address of the attacker's /24."""
    return f"198.51.100.{1 + i % 254}"


def one_host(i: int) -> str:
    """The attacker's only address."""
    return ATTACKER


def of_nets(n: int) -> Callable[[int], str]:
    """Addresses of `n` networks of the attacker's."""
    return lambda i: f"45.{i % n}.7.{1 + i % 254}"


def peers_of(store: PeerStore, infohash: bytes = TARGET, now: float = 0.0) -> list[Addr]:
    """The peers that are kept."""
    return [unpack_addr(peer) for peer in store.sample(infohash, MAX_PEERS, Random(1), now)]


class Kind:
    """Swarms, immutable or mutable items: one map as a writer sees it."""

    def __init__(self, what: str) -> None:
        self.cap = MAX_INFOHASHES if what == "swarm" else MAX_ITEMS
        self.share = self.cap // SHARE
        self._what = what
        self.peers, self.items = PeerStore(OWN), ItemStore(OWN)

    @property
    def map(self) -> _Nearest[Any]:
        """Where it is kept."""
        if self._what == "swarm":
            return self.peers._swarms
        return self.items._mutable if self._what == "mutable" else self.items._immutable

    def write(self, target: bytes, ip: str, now: float = 0.0) -> bool:
        """Announce to a target or put an item there."""
        if self._what == "swarm":
            return self.peers.announce(target, (ip, 6881), now)
        if self._what == "mutable":
            return self.items.put_mutable(target, MutableItem(b"1:x", b"k" * 32, b"s" * 64, 1), ip, now)
        return self.items.put_immutable(target, ImmutableItem(b"1:x"), ip, now)

    def there(self, target: bytes) -> bool:
        """Whether anything is kept there."""
        return self.map.get(target) is not None


@pytest.fixture(params=["swarm", "mutable", "immutable"])
def kind(request: pytest.FixtureRequest) -> Iterator[Kind]:
    """Each of the three maps."""
    yield Kind(request.param)


# ---- peers of one swarm --------------------------------------------------------------------------------


@pytest.mark.parametrize(("source", "most"), [(one_host, HOST_PEERS), (of_24, NET_PEERS)])
def test_500_announces_leave_all_but_the_share_of_their_host_or_network(
    source: Callable[[int], str], most: int
) -> None:
    """A full swarm: 500 ports of one host displace 5 peers of 500, those of one /24 25."""
    store = PeerStore(OWN)
    friends: list[Addr] = [(honest(i), 6881) for i in range(MAX_PEERS)]
    for friend in friends:
        store.announce(TARGET, friend, 0.0)
    for i in range(500):
        assert store.announce(TARGET, (source(i), 1024 + i), 1.0)
    kept = peers_of(store)
    assert len(kept) == MAX_PEERS
    assert len(set(friends) & set(kept)) >= MAX_PEERS - most


def test_a_network_displaces_no_peer_of_a_network_that_has_fewer() -> None:
    """A full swarm of 500 networks: the attacker's gets the second place of a network from another, the third not."""
    store = PeerStore(OWN)
    for i in range(MAX_PEERS):
        store.announce(TARGET, (honest(i), 6881), 0.0)
    for i in range(500):
        store.announce(TARGET, (of_24(i), 1024), 1.0)
    assert Counter(net_of(ip) for ip, _ in peers_of(store))[net_of(ATTACKER)] == 2


def test_a_host_has_one_peer_in_a_swarm_and_its_oldest_goes() -> None:
    """BEP 33 (33.10): infohash and address are unique, the last port counts; none but their own host pays."""
    store = PeerStore(OWN)
    store.announce(TARGET, (honest(1), 1), 0.0)
    for i in range(8):
        assert store.announce(TARGET, (ATTACKER, 1000 + i), 0.0)
    assert set(peers_of(store)) == {(honest(1), 1), (ATTACKER, 1007)}
    store.announce(TARGET, (ATTACKER, 1007), 1.0)
    store.announce(TARGET, (ATTACKER, 2000), 2.0)
    assert (ATTACKER, 2000) in peers_of(store) and (ATTACKER, 1007) not in peers_of(store)


def test_a_24_has_25_peers_in_a_swarm_and_its_oldest_goes() -> None:
    """One in 20 of 500, also while the swarm has room."""
    store = PeerStore(OWN)
    for i in range(30):
        store.announce(TARGET, (of_24(i), 1), 0.0)
    assert set(peers_of(store)) == {(of_24(i), 1) for i in range(5, 30)}


def test_a_swarm_that_a_crowd_has_filled_takes_from_the_crowd() -> None:
    """Loopback: one address may fill a swarm, where nobody else is; every newcomer costs it a peer."""
    store = PeerStore(OWN)
    for i in range(600):
        store.announce(TARGET, ("127.0.0.1", 1000 + i), 0.0)
    for i in range(20):
        store.announce(TARGET, (f"127.0.0.{i + 2}", 1), 1.0)
        store.announce(TARGET, (honest(i), 1), 1.0)
    for i in range(600):
        store.announce(TARGET, ("127.0.0.1", 10_000 + i), 2.0)
    by_ip = Counter(ip for ip, _ in peers_of(store))
    assert by_ip.pop("127.0.0.1") == MAX_PEERS - 40 and len(by_ip) == 40


def test_a_full_swarm_takes_from_the_network_that_has_the_most_and_not_the_oldest() -> None:
    """The crowd came last; honest peers that announced before it stay all the same."""
    store = PeerStore(OWN)
    for i in range(MAX_PEERS - NET_PEERS):
        store.announce(TARGET, (honest(i), 1), 0.0)
    for i in range(NET_PEERS):
        store.announce(TARGET, (of_24(i), 1), 1.0)
    for i in range(NET_PEERS - 1):
        store.announce(TARGET, (honest(1000 + i), 1), 2.0)
    by_net = Counter(net_of(ip) for ip, _ in peers_of(store))
    assert by_net[net_of(ATTACKER)] == 1 and len(by_net) == MAX_PEERS


# ---- swarms and items ----------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [one_host, of_24])
@pytest.mark.parametrize("others", [0, 1700])
def test_a_host_or_a_24_near_our_id_leaves_95_of_100_honest_entries(
    kind: Kind, source: Callable[[int], str], others: int
) -> None:
    """2,000 targets next to our id from one host or /24, the map full of honest entries or not."""
    friends = [far(i) for i in range(min(kind.cap, 300 + others))]
    for i, friend in enumerate(friends):
        assert kind.write(friend, honest(i))
    for i in range(2000):
        kind.write(near(2000 - i), source(i))
    assert sum(kind.there(friend) for friend in friends) >= len(friends) * 95 // 100
    assert sum(kind.there(near(i)) for i in range(2001)) <= kind.share


def test_n_networks_hold_at_most_n_in_20(kind: Kind) -> None:
    """An attacker needs n /24s for n in 20 of a map, and where honest entries fill it, it gets far less."""
    for n in (1, 3, 10):
        crowd = of_nets(n)
        for i in range(2000):
            kind.write(near(2000 * n + i), crowd(i))
        assert len(kind.map) == n * kind.share
    for i in range(kind.cap):
        kind.write(far(i), honest(i))
    assert sum(kind.there(far(i)) for i in range(kind.cap)) >= kind.cap * 95 // 100


def test_at_its_share_a_network_displaces_its_own_farthest(kind: Kind) -> None:
    """A nearer target takes the place of the farthest of the same network; a farther one is refused."""
    kind.write(far(1), honest(1))
    for i in range(kind.share):
        assert kind.write(near(10 * i + 10), of_24(i))
    assert not kind.write(near(10 * kind.share + 1), ATTACKER)
    assert kind.write(near(5), ATTACKER)
    assert kind.there(near(5)) and not kind.there(near(10 * kind.share))
    assert kind.there(far(1)) and len(kind.map) == kind.share + 1


@pytest.mark.parametrize("crowd", ["127.0.0.1", "public"])
def test_a_map_that_a_crowd_has_filled_has_room_for_every_newcomer(kind: Kind, crowd: str) -> None:
    """No 202 to an honest newcomer, however far its target: 50,000 writes from 127.0.0.1 leave room for 127.0.0.2."""
    source = of_nets(SHARE) if crowd == "public" else lambda i: crowd
    for i in range(50_000 if crowd != "public" else 3000):
        kind.write(near(i + 1), source(i))
    assert len(kind.map) == kind.cap
    for i in range(100):
        assert kind.write(b"\xff" * 19 + bytes([i]), honest(i))
    assert kind.write(b"\xfe" * 20, "127.0.0.2")
    for i in range(3000):
        kind.write(near(100_000 + i), source(i))
        kind.write(near(0), source(i))
    assert all(kind.there(b"\xff" * 19 + bytes([i])) for i in range(100)) and kind.there(b"\xfe" * 20)


def test_nobody_takes_a_place_from_a_network_that_holds_less(kind: Kind) -> None:
    """A full map of entries of as many networks: the nearest win, but a network gets no third one at their cost."""
    for i in range(kind.cap):
        kind.write(far(i), honest(i))
    farthest = max(far(i) for i in range(kind.cap))
    assert not kind.write(b"\xff" * 20, ATTACKER)
    assert kind.write(near(1), ATTACKER) and not kind.there(farthest)
    assert kind.write(near(3), ATTACKER)
    assert not kind.write(near(4), ATTACKER) and kind.write(near(2), ATTACKER)
    assert not kind.there(near(3)) and kind.map.held(net_of(ATTACKER)) == 2


# ---- whose it is ---------------------------------------------------------------------------------------


def test_who_created_a_swarm_or_item_first_can_not_throw_it_out(kind: Kind) -> None:
    """An attacker creates what honest nodes write later: it goes on their account, not on its own."""
    for i in range(kind.share):
        kind.write(far(i), of_24(i))
        kind.write(far(i), honest(i))
    for i in range(2 * kind.share):
        kind.write(near(i), of_24(i))
    assert all(kind.there(far(i)) for i in range(kind.share))
    assert kind.map.held(net_of(ATTACKER)) == kind.share


def test_who_refreshes_honest_entries_does_not_get_them_thrown_out(kind: Kind) -> None:
    """The other way round: an attacker joins honest swarms and refreshes honest items, then writes nearer ones."""
    for i in range(kind.share):
        kind.write(far(i), honest(i // 5))  # 5 each
    for _ in range(2):
        for i in range(kind.share):
            kind.write(far(i), of_24(i))
        for i in range(2 * kind.share):
            kind.write(near(i), of_24(i))
    assert all(kind.there(far(i)) for i in range(kind.share))


@pytest.mark.parametrize("what", ["mutable", "immutable"])
def test_an_item_refreshed_from_two_networks_still_has_its_honest_writer(what: str) -> None:
    """Two networks are known of each item; a third one does not push the second out, unless it holds less."""
    kind = Kind(what)
    for i in range(kind.share):
        kind.write(far(i), "45.1.1.1")
        kind.write(far(i), honest(i))
        kind.write(far(i), "45.2.2.2")
    for i in range(2 * kind.share):
        kind.write(near(i), "45.1.1.1")
    assert all(kind.there(far(i)) for i in range(kind.share))
    assert kind.map.held("45.2.2") == 0


def test_of_networks_that_hold_as_much_the_one_that_grew_last_loses(kind: Kind) -> None:
    """A crowd comes later than the honest: it pays first."""
    for turn in range(kind.share):
        for i in range(SHARE):
            kind.write(far(SHARE * turn + i), f"{30 + i}.1.1.1")
    assert len(kind.map) == kind.cap
    assert kind.write(b"\xff" * 20, honest(0))
    assert [kind.map.held(f"{30 + i}.1.1") for i in range(SHARE)] == [kind.share] * (SHARE - 1) + [kind.share - 1]


def test_a_full_map_hands_a_shared_entry_to_the_network_that_holds_less(kind: Kind) -> None:
    """A provider's network that holds the most loses what it alone wrote; what it shares is the others'."""
    for i in range(kind.cap):
        kind.write(far(i), "127.0.0.1")
        if i % 2:
            kind.write(far(i), honest(i))
    for i in range(kind.cap // 4):
        assert kind.write(near(i), honest(3000 + i))
    assert all(kind.there(far(i)) for i in range(1, kind.cap, 2))


def test_a_swarm_is_accounted_to_a_network_that_has_a_peer_in_it() -> None:
    """When the last peer of a network expires, the swarm goes to the one of the others that holds the least."""
    store = PeerStore(OWN)
    store.announce(near(9), (honest(2), 1), 30.0)
    store.announce(TARGET, (honest(1), 1), 0.0)
    store.announce(TARGET, (honest(2), 1), 30.0)
    store.announce(TARGET, (honest(3), 1), 30.0)
    store.sweep(PEER_SECONDS)
    assert [store._swarms.held(net_of(honest(i))) for i in (1, 2, 3)] == [0, 1, 1]


def test_nobody_gathers_more_than_its_share_through_others_that_leave() -> None:
    """One network creates swarms in which another has a peer, and lets its own expire: they end with the share."""
    store = PeerStore(OWN)
    for turn in range(5):
        now = turn * PEER_SECONDS
        for i in range(500):
            store.announce(near(100 * turn + i), ("198.51.100.1", 1), now)
            store.announce(near(100 * turn + i), ("192.0.2.1", 1), now + 60)
        store.sweep(now + PEER_SECONDS)
        assert len(store) <= 2 * MAX_INFOHASHES // SHARE
        assert store._swarms.held(net_of("192.0.2.1")) <= MAX_INFOHASHES // SHARE


# ---- the accounts --------------------------------------------------------------------------------------


def recount(kept: _Nearest[Any]) -> None:
    """Compare the accounts with the entries."""
    own, by_net = kept._owns[0], Counter(entry.net for _, entry in kept.items())
    assert {net: len(places) for net, places in kept._by_net.items()} == by_net
    places = sorted((int.from_bytes(own, "big") ^ int.from_bytes(target, "big"), target) for target, _ in kept.items())
    assert kept._by_distance == places
    for net, mine in kept._by_net.items():
        assert mine == [place for place in places if kept._entries[place[1]].net == net]
    assert {count: set(nets) for count, nets in kept._by_count.items()} == {
        count: {net for net in by_net if by_net[net] == count} for count in by_net.values() if count > 1
    }
    assert kept._most == max(by_net.values(), default=1)


Step: TypeAlias = tuple[int, int, int, int]
STEPS = st.lists(st.tuples(st.integers(0, 13), st.integers(0, 30), st.integers(0, 9), st.integers(1, 3)), max_size=120)
WRITERS = ("127.0.0.1", "127.0.0.2", "10.1.2.3", *(f"198.51.{i // 4}.{i % 4}" for i in range(12)))


def take(step: Step, peers: PeerStore, items: ItemStore, now: float) -> None:
    """Do one thing to both stores."""
    what, number, who, often = step
    target, ip = far(number), WRITERS[who + often]
    if what < 8:
        for port in range(often * 3):
            peers.announce(target, (ip, 1 + port), now)
        items.put_immutable(target, ImmutableItem(b"1:x"), ip, now)
        items.put_mutable(target, MutableItem(b"1:x", b"k" * 32, b"s" * 64, 1), ip, now)
    elif what < 12:
        for port in range(often * 20):
            peers.announce(target, (f"45.{who}.{port}.1", 1), now)
    elif what == 12:
        peers.sweep(now)
        items.sweep(now)
    else:
        peers.rebase(target)
        items.rebase(target)


def check_swarms(peers: PeerStore) -> None:
    """Each swarm is in order, and accounted to a network that has a peer in it."""
    for _, swarm in peers._swarms.items():
        nets = Counter(net_of(unpack_addr(peer)[0]) for peer in swarm.peers)
        assert swarm._sorted == sorted(swarm.peers)
        assert len(swarm.peers) <= module.MAX_PEERS and swarm.net in nets
        assert swarm._most >= max(nets.values())


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_the_accounts_always_equal_a_recount(steps: list[Step]) -> None:
    """Writes, refreshes, evictions, expiry, sweeps and new ids, in small maps: what goes is given back."""
    with patch.object(module, "SHARE", 4), patch.object(module, "MAX_PEERS", 50):
        peers, items, now = PeerStore(OWN), ItemStore(OWN), 0.0
        maps: tuple[_Nearest[Any], ...] = (peers._swarms, items._mutable, items._immutable)
        for kept in maps:
            kept._cap = 24
        for step in steps:
            now += ITEM_SECONDS / 4 if step[0] == 12 else step[3] * 60.0
            take(step, peers, items, now)
            check_swarms(peers)
            for kept in maps:
                recount(kept)
                assert len(kept) <= kept._cap
        peers.sweep(now + 2 * ITEM_SECONDS)
        items.sweep(now + 2 * ITEM_SECONDS)
        for kept in maps:
            assert not kept._by_net and not kept._by_distance and not kept._by_count
