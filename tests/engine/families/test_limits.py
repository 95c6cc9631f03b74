"""Limits of IPv6 are for a /64 where those of IPv4 are for an address, and for a /48 where those are for a /24."""

from __future__ import annotations

from random import Random

from dhtui.engine.defence.guard import AddressVote, Proved, RateLimiter, ReplyBudget
from dhtui.engine.defence.shares import Shares
from dhtui.engine.items import ImmutableItem
from dhtui.engine.lookup.candidates import Candidate, Candidates
from dhtui.engine.lookup.decisions import State
from dhtui.engine.lookup.questions import FindClosest
from dhtui.engine.operations.requests import Ask
from dhtui.engine.store import MAX_ITEMS, MAX_PEERS, SHARE, ItemStore, PeerStore
from dhtui.engine.table import PLACES_A_NET, Table
from dhtui.engine.views.events import LinkChanged, LinkState
from dhtui.engine.wire.compact import Addr, NodeInfo
from dhtui.engine.wire.family import IPV4, IPV6
from dhtui.engine.wire.ids import bep42_id, bep42_valid

from ..network import Network, events_of, silent

NOW = 1000.0
OWN = bytes(20)
HOST = "2001:db8:1:2:"
"""A /64: addresses of one host."""
NET = "2001:db8:1:"
"""A /48: hosts of one network."""


def host_addresses(n: int) -> list[str]:
    """Addresses of one host."""
    return [f"{HOST}:{nth:x}" for nth in range(1, n + 1)]


def net_addresses(n: int) -> list[str]:
    """Addresses of different hosts in one network."""
    return [f"{NET}{nth:x}::1" for nth in range(1, n + 1)]


def test_the_rate_limit_is_for_a_64() -> None:
    limiter = RateLimiter(1.0)
    allowed = [limiter.allow(ip, NOW) for ip in host_addresses(20)]
    assert allowed == [True] * 10 + [False] * 10
    assert limiter.allow(net_addresses(4)[3], NOW)


def test_replies_to_an_unproved_64_are_those_to_one_host_and_a_proof_holds_for_it() -> None:
    proved = Proved()
    budget = ReplyBudget(262_144, proved, NOW)
    first, second, third = host_addresses(3)
    assert budget.take(first, 100, 1000, NOW) == 1000
    assert budget.take(second, 100, 1000, NOW) < 1000
    proved.add(first, NOW)
    assert proved.has(third, NOW) and budget.take(third, 100, 1000, NOW) == 1000
    assert not proved.has(net_addresses(4)[3], NOW)


def test_a_48_has_one_vote() -> None:
    vote = AddressVote(Random(1))
    for ip in (*net_addresses(40), *host_addresses(40)):
        vote.vote(ip, ("2001:db8:bad::1", 1), NOW)
    assert vote.voters == 1 and vote.result() is None


def test_the_table_has_one_node_a_64_and_few_a_48() -> None:
    def full(ips: list[str]) -> int:
        table, rng = Table(OWN, NOW, rng=Random(1)), Random(2)
        for ip in ips:
            table.answered(NodeInfo(rng.randbytes(20), (ip, 6881)), 0.1, None, NOW)
        return len(table)

    assert full(host_addresses(30)) == 1
    assert full(net_addresses(30)) == 1 <= PLACES_A_NET, "one of a network in a bucket"
    assert full([f"2001:db8:{nth:x}::1" for nth in range(1, 6)]) == 5


def test_shares_are_counted_by_64_and_48_and_local_addresses_are_exempt() -> None:
    shares = Shares()
    shares.add(f"{HOST}:1")
    assert not shares.free(f"{HOST}:2", a_host=1, a_net=9)
    assert shares.free(f"{NET}9::1", a_host=1, a_net=2) and not shares.free(f"{NET}9::1", a_host=1, a_net=1)
    shares.add("::1")
    assert shares.free("::1", a_host=1, a_net=1)


def test_a_lookup_has_one_candidate_of_a_48_in_play() -> None:
    candidates = Candidates(None)
    for nth, ip in enumerate(net_addresses(5), 1):
        candidates.add(Candidate((ip, 6881), bytes(19) + bytes([nth]), nth))
    states = [candidate.state for candidate in candidates]
    assert states.count(State.NEW) == 1 and states.count(State.PASSED) == 4


# ---- stores --------------------------------------------------------------------------------------------


def test_bep33_a_64_has_one_peer_of_an_infohash_and_a_48_its_share() -> None:
    store = PeerStore(OWN, IPV6)
    for ip in host_addresses(50):
        assert store.announce(OWN, (ip, 1), NOW)
    assert store.peers == 1
    for ip in net_addresses(MAX_PEERS):
        store.announce(OWN, (ip, 1), NOW)
    assert store.peers == MAX_PEERS // SHARE
    for nth in range(MAX_PEERS):
        store.announce(OWN, (f"2001:{nth + 1:x}::1", 1), NOW)
    assert store.peers == MAX_PEERS
    assert all(len(peer) == 18 for peer in store.sample(OWN, 10, Random(1), NOW))
    assert store.views(NOW)[0].peers[0] == (f"2001:{MAX_PEERS:x}::1", 1)


def test_local_peers_of_ipv6_differ_by_port() -> None:
    store = PeerStore(OWN, IPV6)
    for port in range(1, 40):
        store.announce(OWN, ("::1", port), NOW)
    assert store.peers == 39


def test_items_of_both_families_are_kept_by_the_nearer_of_both_ids() -> None:
    """One store, two ids: a full one evicts what is far from both."""
    near_four, near_six = bytes(20), bytes([0xFF]) * 20
    store = ItemStore(near_four)
    store.rebase(near_six, IPV6)
    for nth in range(MAX_ITEMS + 60):
        target = bytes([(0x00, 0xFF, 0x7F)[nth % 3]]) + nth.to_bytes(2) + bytes(17)
        ip = f"2001:{nth + 1:x}::1" if nth % 2 else f"198.{nth % 250}.{nth // 250}.1"
        store.put_immutable(target, ImmutableItem(b"i%de" % nth), ip, NOW)
    held = [view.target[0] for view in store.views(NOW)]
    assert len(held) == MAX_ITEMS
    assert held.count(0x7F) < min(held.count(0x00), held.count(0xFF))


# ---- identity and link -----------------------------------------------------------------------------------


def test_bep42_the_id_follows_the_vote_in_each_family_alone() -> None:
    net = Network()
    four = net.core("198.51.100.7")
    six = net.core("2001:db8:77::7", beside=four)
    before = four.id
    voters = [net.puppet(lambda query: {b"nodes": b""}, ip=net.fresh_six()[0]) for _ in range(12)]
    net.meet(six, *voters)
    assert six.identity.external == ("2001:db8:77::7", 6881) and bep42_valid(six.id, "2001:db8:77::7")
    assert four.id == before and four.identity.external is None and four.identity.voters == 0
    assert not bep42_valid(bep42_id("198.51.100.7", Random(1)), "2001:db8:77::7")


def test_bep45_a_route_that_is_lost_blames_nobody_and_what_is_under_way_ends() -> None:
    net = Network()
    core = net.core(net.fresh_six()[0])
    puppets = [net.puppet(ip=net.fresh_six()[0]) for _ in range(3)]
    net.meet(core, *puppets)
    heard = events_of(core)
    for puppet in puppets:
        puppet.answer = silent
    done: list[object] = []
    core.start(Ask(FindClosest(OWN)), lambda outcome, now: done.append(outcome), net.now)
    net.after(core)
    core.link_changed(LinkState.LOST, None, net.now)
    net.after(core)
    assert len(done) == 1 and core.snapshot(net.now).link is LinkState.LOST
    sent = len(net.packets)
    net.find_node(core, OWN)
    net.run(3600.0)
    assert len(net.packets) == sent, "nothing is sent without a route"
    contacts = [contact for bucket in core.snapshot(net.now).table.buckets for contact in bucket.nodes]
    assert len(contacts) == 3 and not any(contact.failures for contact in contacts)
    bound: Addr = ("2001:db8:99::9", 6881)
    core.link_changed(LinkState.UP, bound, net.now)
    assert core.identity.bound == bound
    changes = [(event.state, event.addr) for event in heard if isinstance(event, LinkChanged)]
    assert changes == [(LinkState.LOST, None), (LinkState.UP, bound)]


def test_what_is_of_one_family_stays_out_of_the_settings_of_the_other() -> None:
    net = Network()
    four = net.core("198.51.100.7", external=("203.0.113.7", 1), external_also=("2001:db8::9", 2))
    six = net.core("2001:db8:77::7", external=("203.0.113.7", 1), external_also=("2001:db8::9", 2))
    assert (four.identity.external, six.identity.external) == (("203.0.113.7", 1), ("2001:db8::9", 2))
    assert (four.family, six.family) == (IPV4, IPV6)
