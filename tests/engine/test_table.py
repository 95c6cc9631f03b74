"""The routing table (BEP 5, "Routing Table"): who enters, who stays, what is refreshed."""

from __future__ import annotations

from random import Random
from typing import Literal

import pytest

from dhtui.engine.table import (
    GOOD_SECONDS,
    KNOWN_A_NET,
    MAX_KNOWN,
    PLACES_A_NET,
    REFRESH_SECONDS,
    REPLACEMENTS,
    Change,
    Contact,
    Table,
)
from dhtui.engine.unresponsive import SILENT_SECONDS
from dhtui.engine.upkeep.maintenance import OWN_REFRESH_SECONDS
from dhtui.engine.upkeep.pings import MAX_NEWCOMERS
from dhtui.engine.upkeep.rounds import HOUSEKEEPING_SECONDS
from dhtui.engine.views.events import NodeAdded, NodeRemoved
from dhtui.engine.views.overview import NODES_SAVED
from dhtui.engine.wire.compact import Addr, NodeInfo
from dhtui.engine.wire.ids import bep42_id, distance, random_id_with_prefix, shared_prefix
from dhtui.engine.wire.krpc import FindNode, Ping, Query, encode_query
from dhtui.text.node.details import detail_words

from .network import Network, Packet, Puppet, events_of, naming, polite, silent

OWN = bytes(20)


class Nodes:
    """Nodes for a bare table: each with an address in a /24 of its own."""

    def __init__(self, table: Table, seed: int = 1) -> None:
        self.table, self.rng, self.count = table, Random(seed), 0

    def make(self, depth: int = 0, ip: str = "") -> NodeInfo:
        """A node of the bucket at `depth`."""
        self.count += 1
        ip = ip or f"{30 + self.count // 256}.{self.count % 256}.1.1"
        return NodeInfo(random_id_with_prefix(self.table.own, depth, self.rng), (ip, 6881))

    def answer(self, depth: int = 0, ip: str = "", now: float = 0.0) -> NodeInfo:
        """A node that answers us."""
        node = self.make(depth, ip)
        self.table.answered(node, 0.1, None, now)
        return node


def table(bep42: Literal["off", "prefer", "enforce"] = "off") -> Table:
    return Table(OWN, 0.0, rng=Random(1), bep42=bep42)


def live(of: Table) -> set[bytes]:
    return {contact.id for contact in of}


def consistent(of: Table) -> bool:
    """Whether buckets and indexes say the same."""
    contacts = [contact for bucket in of.buckets for contact in bucket.nodes]
    by_addr = [of.find(contact.addr) for contact in contacts]
    return by_addr == contacts and len(contacts) == len(of) and live(of) == {contact.id for contact in contacts}


# ---- buckets ---------------------------------------------------------------------------------------


def test_bep5_a_bucket_holds_8_and_only_the_one_of_our_own_id_splits() -> None:
    """BEP 5: buckets of K=8; a full bucket splits only where our own id falls into it."""
    t = table()
    nodes = Nodes(t)
    for _ in range(20):
        nodes.answer(0)
        nodes.answer(1)
        nodes.answer(2)
    assert [len(bucket.nodes) for bucket in t.buckets] == [8, 8, 8, 0]
    for bucket in t.buckets[:-1]:
        assert all(shared_prefix(contact.id, OWN) == bucket.depth for contact in bucket.nodes)
    assert consistent(t)


def test_bep5_closest_are_the_nearest_by_xor_whatever_the_buckets() -> None:
    """BEP 5: find_node names the K nearest of the table, by the XOR metric."""
    rng = Random(5)
    t = Table(rng.randbytes(20), 0.0, rng=rng, bep42="off")
    for number in range(2000):
        t.answered(NodeInfo(rng.randbytes(20), (f"{30 + number // 250}.{number % 250}.1.1", 1)), 0.1, None, 0.0)
    for _ in range(100):
        target = random_id_with_prefix(t.own, rng.randrange(12), rng)
        truth = sorted(live(t), key=lambda node_id: distance(node_id, target))[:8]
        assert [contact.id for contact in t.closest(target, 8)] == truth


def test_replacements_are_at_most_8_and_the_freshest_are_kept() -> None:
    """At most 8 replacements a bucket; those met last stay."""
    t = table()
    nodes = Nodes(t)
    for _ in range(16):
        nodes.answer(1)
    late = [nodes.answer(0, now=float(i)) for i in range(20)][-REPLACEMENTS:]
    assert [contact.id for contact in t.buckets[0].replacements] == [node.id for node in late]


def test_a_replacement_that_answers_again_is_still_one_replacement() -> None:
    """At most 8 replacements: one node that answers often must not push the others out."""
    t = table()
    nodes = Nodes(t)
    for depth in (1, 0):
        for _ in range(9):
            nodes.answer(depth)
    waiting = [nodes.answer(0) for _ in range(3)]
    for now in range(10):
        t.answered(waiting[0], 0.1, None, float(now))
    ids = [contact.id for contact in t.buckets[0].replacements]
    assert len(ids) == len(set(ids)) == 4
    assert {node.id for node in waiting} <= set(ids)


def test_a_replacement_that_changes_its_id_is_one_node_still() -> None:
    """A known address has one id at a time, in the replacements too."""
    t = table()
    nodes = Nodes(t)
    for depth in (1, 0):
        for _ in range(8):
            nodes.answer(depth)
    first, second = nodes.make(0, "127.0.0.1"), nodes.make(0, "127.0.0.1")
    t.answered(first, 0.1, None, 1.0)
    t.answered(second, 0.1, None, 2.0)
    assert [contact.id for contact in t.buckets[0].replacements] == [second.id]
    for contact in list(t.buckets[0].nodes):
        t.failed(contact.addr, 3.0)
    assert consistent(t)


def test_a_replacement_that_stays_silent_is_no_replacement_any_more() -> None:
    """A replacement has to be alive: one that did not answer is forgotten."""
    t = table()
    nodes = Nodes(t)
    for depth in (1, 0):
        for _ in range(8):
            nodes.answer(depth)
    waiting = nodes.answer(0)
    t.failed(waiting.addr, 1.0)
    assert t.buckets[0].replacements == []


# ---- node states -------------------------------------------------------------------------------------


def test_node_states_good_for_15_minutes_then_questionable() -> None:
    """BEP 5: good is who answered within 15 minutes, or has answered once and asked us within 15 minutes."""
    t = table()
    node = Nodes(t).answer()
    contact = t.find(node.addr)
    assert contact is not None
    assert contact.state(GOOD_SECONDS - 1) == "good"
    assert contact.state(GOOD_SECONDS) == "questionable"
    t.queried(node.id, node.addr, GOOD_SECONDS, proved=True)
    assert contact.state(GOOD_SECONDS + 1) == "good"


def test_node_states_a_query_counts_only_from_a_proved_source() -> None:
    """Anybody can ask in a dead node's name: that must not keep it in the table, nor named to others, as good."""
    t = table()
    node = Nodes(t).answer()
    contact = t.find(node.addr)
    assert contact is not None
    t.queried(node.id, node.addr, GOOD_SECONDS - 1, proved=False)
    assert contact.state(GOOD_SECONDS) == "questionable" and contact.queries == 0
    t.queried(node.id, node.addr, GOOD_SECONDS + 1, proved=True)
    assert contact.state(GOOD_SECONDS + 2) == "good" and contact.queries == 1


def test_node_states_forged_queries_keep_nobody_good() -> None:
    """The same with a whole node: a minute after its proof has lapsed, a dead node's imitator changes nothing."""
    net = Network()
    core, node = net.core(maintain=False), net.puppet()
    net.meet(core, node)
    net.dead.add(node.addr)
    for _ in range(40):
        net.run(60.0)
        core.receive_datagram(encode_query(b"aa", Ping(node.id), False)[1], node.addr, net.now)
    contact = core._table.find(node.addr)
    assert contact is not None and contact.state(net.now) == "questionable"


def test_node_states_bad_after_2_failures() -> None:
    """Two failures in a row make a node bad; one makes it questionable; an answer makes it good again."""
    t = table()
    node = Nodes(t).answer()
    contact = t.find(node.addr)
    assert contact is not None
    states = [contact.state(1.0)]
    for _ in range(2):
        t.failed(node.addr, 1.0)
        states.append(contact.state(1.0))
    t.answered(node, 0.1, None, 2.0)
    states.append(contact.state(2.0))
    assert states == ["good", "questionable", "bad", "good"]


def test_node_states_an_answer_outweighs_an_older_query_that_timed_out() -> None:
    """A node that answered the second of two queries did not fail, though the first one timed out."""
    t = table()
    node = Nodes(t).answer(now=5.0)
    contact = t.find(node.addr)
    assert contact is not None
    t.failed(node.addr, 8.0, asked_at=4.0)
    assert contact.state(8.0) == "good"
    t.failed(node.addr, 9.0, asked_at=5.0)
    assert contact.state(9.0) == "questionable"


def test_node_states_1_failure_suffices_where_a_replacement_waits() -> None:
    """One failure costs the place where a replacement waits; the replacement takes it."""
    t = table()
    nodes = Nodes(t)
    for _ in range(8):
        nodes.answer(1)
    residents = [nodes.answer(0) for _ in range(8)]
    waiting = nodes.answer(0)
    change = t.failed(residents[3].addr, 1.0)
    assert change.removed is not None and change.removed.id == residents[3].id
    assert change.added is not None and change.added.id == waiting.id
    assert len(t.buckets[0].nodes) == 8 and t.buckets[0].replacements == [] and consistent(t)


def test_node_states_a_bad_node_without_a_successor_stays_but_is_never_named() -> None:
    """A network that was away for a while must not cost the whole table; nobody is told of failed nodes."""
    t = table()
    nodes = Nodes(t)
    residents = [nodes.answer() for _ in range(4)]
    for node in residents[:2]:
        for _ in range(3):
            t.failed(node.addr, 1.0)
    t.failed(residents[2].addr, 1.0)
    assert len(t) == 4
    assert [contact.id for contact in t.closest(OWN, 8)] == [residents[3].id]
    assert {contact.id for contact in t.nearest_known(OWN, 8)} == {node.id for node in residents[2:]}
    newcomers = [nodes.answer() for _ in range(6)]
    assert {node.id for node in newcomers} <= live(t)
    assert not {node.id for node in residents[:2]} & live(t), "bad nodes make room for newcomers"


# ---- who may enter -----------------------------------------------------------------------------------


def test_one_node_per_ip() -> None:
    """One node an IP address in the whole table: whoever owns one address must not own many entries."""
    t = table()
    nodes = Nodes(t)
    first = nodes.answer(0, "8.8.8.8")
    for depth, port in ((0, 1), (1, 2), (5, 3)):
        t.answered(NodeInfo(nodes.make(depth).id, ("8.8.8.8", port)), 0.1, None, 0.0)
    assert live(t) == {first.id}


def test_one_node_per_24_in_a_bucket() -> None:
    """One node a /24 in a bucket, other buckets may hold its neighbours: a rented subnet must not own a bucket."""
    t = table()
    nodes = Nodes(t)
    for _ in range(9):
        nodes.answer(1)
        nodes.answer(3)
    assert len(t.buckets) > 3
    first, second = nodes.answer(0, "8.8.8.1"), nodes.answer(0, "8.8.8.2")
    other_bucket = nodes.answer(2, "8.8.8.3")
    assert first.id in live(t) and other_bucket.id in live(t)
    assert second.id not in live(t)


def test_two_nodes_per_24_in_the_whole_table() -> None:
    """A rented subnet must not have a place in every bucket."""
    t = table()
    nodes = Nodes(t)
    for depth in range(5):
        for _ in range(7):
            nodes.answer(depth)
    sybils = [nodes.answer(depth, f"9.9.9.{depth + 1}") for depth in range(5)]
    assert len({node.id for node in sybils} & live(t)) == PLACES_A_NET == 2


def test_one_node_per_24_holds_for_replacements_too() -> None:
    """A promoted replacement has to keep the per-address rules as well."""
    t = table()
    nodes = Nodes(t)
    for _ in range(8):
        nodes.answer(1)
    residents = [nodes.answer(0) for _ in range(8)]
    twins = [nodes.answer(0, ip) for ip in ("9.9.9.1", "9.9.9.2")]
    for node in residents[:2]:
        t.failed(node.addr, 1.0)
    assert len({node.id for node in twins} & live(t)) == 1


@pytest.mark.parametrize("ip", ["127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.5.5", "169.254.1.1"])
def test_local_addresses_are_exempt_from_the_per_ip_rules(ip: str) -> None:
    """Loopback and private addresses: many nodes on one address, told apart by their ports."""
    t = table()
    nodes = Nodes(t)
    for port in range(1, 6):
        t.answered(NodeInfo(nodes.make().id, (ip, port)), 0.1, None, 0.0)
    assert len(t) == 5 and consistent(t)
    t.drop((ip, 5), 1.0, "test")
    assert len(t) == 4 and consistent(t)


def test_a_known_address_that_changes_its_id_is_evicted() -> None:
    """An address that changes its id loses its place: it is trying ids until one suits it."""
    t = table()
    nodes = Nodes(t)
    node = nodes.answer()
    change = t.answered(NodeInfo(nodes.make().id, node.addr), 0.1, None, 1.0)
    assert change.removed is not None and change.removed.id == node.id
    assert len(t) == 0


def test_an_id_is_held_at_one_address_only() -> None:
    """Another address can't take over the id of a live entry."""
    t = table()
    nodes = Nodes(t)
    node = nodes.answer()
    t.answered(NodeInfo(node.id, ("9.9.9.9", 9)), 0.1, None, 1.0)
    assert t.find(node.addr) is not None and t.find(("9.9.9.9", 9)) is None


def test_our_own_id_never_enters() -> None:
    """A node that claims our own id gets no place."""
    t = table()
    t.answered(NodeInfo(OWN, ("9.9.9.9", 9)), 0.1, None, 1.0)
    assert len(t) == 0 and not t.queried(OWN, ("9.9.9.9", 9), 1.0, proved=True)


def test_the_memory_of_nodes_without_a_place_is_bounded() -> None:
    """At most 4096 nodes are remembered outside the buckets."""
    t = table()
    nodes = Nodes(t)
    for _ in range(MAX_KNOWN + 200):
        nodes.answer(0)
    assert t.view(0.0).known == MAX_KNOWN


# ---- memory ------------------------------------------------------------------------------------------


def remembered(of: Table) -> dict[Addr, Contact]:
    return of._known


def full(of: Table) -> Nodes:
    """Fill the far bucket, so that whoever answers from there is only remembered."""
    nodes = Nodes(of)
    for depth in (1, 0):
        for _ in range(8):
            nodes.answer(depth)
    return nodes


def test_memory_holds_one_node_of_a_host() -> None:
    """4000 ports of one address are one memory, and none where that host has a place."""
    t = table()
    nodes = full(t)
    resident = t.buckets[0].nodes[0]
    for port in range(1, 4000):
        t.answered(NodeInfo(nodes.make().id, ("9.9.9.9", port)), 0.1, None, port * 0.1)
        t.answered(NodeInfo(nodes.make().id, (resident.addr[0], 10_000 + port)), 0.1, None, port * 0.1)
    assert list(remembered(t)) == [("9.9.9.9", 1)]
    assert [contact.addr for contact in t.buckets[0].replacements] == [("9.9.9.9", 1)] and consistent(t)


def test_memory_holds_4_nodes_of_a_24_and_those_that_answer_stay() -> None:
    """A neighbour does not push out who answered lately, and replaces whoever was heard from longest ago."""
    t = table()
    nodes = full(t)
    first = [nodes.answer(0, f"9.9.9.{i}", now=float(i)) for i in range(KNOWN_A_NET)]
    for i in range(KNOWN_A_NET, 250):
        nodes.answer(0, f"9.9.9.{i}", now=800.0)
    assert set(remembered(t)) == {node.addr for node in first}
    t.answered(first[0], 0.1, None, 850.0)
    late = nodes.answer(0, "9.9.9.250", now=GOOD_SECONDS + 5)
    assert set(remembered(t)) == {first[0].addr, first[2].addr, first[3].addr, late.addr}


@pytest.mark.parametrize("ip", ["127.0.0.1", "10.1.2.3"])
def test_memory_has_no_shares_for_local_addresses(ip: str) -> None:
    """One subnet, or one host, is all there is."""
    t = table()
    nodes = full(t)
    for port in range(1, 30):
        t.answered(NodeInfo(nodes.make().id, (ip, port)), 0.1, None, 0.0)
    assert len(remembered(t)) == 29


def test_memory_that_is_full_loses_a_random_one_of_the_oldest_quarter() -> None:
    """Whoever fills it can't tell who goes, nor reach those heard from lately."""
    t = table()
    nodes = full(t)
    met = [nodes.answer(0, now=float(i)).addr for i in range(MAX_KNOWN)]
    assert set(remembered(t)) == set(met)
    for i in range(400):
        nodes.answer(0, now=5000.0 + i)
    gone = [i for i, addr in enumerate(met) if addr not in remembered(t)]
    assert len(gone) == 400 and len(remembered(t)) == MAX_KNOWN
    assert max(gone) < MAX_KNOWN // 4 + 400 and gone != list(range(400))


def test_memory_of_an_earlier_run_has_the_same_shares() -> None:
    """A file full of one network's nodes is 4 of them; and who answers now takes the place of one that did once."""
    t = table()
    nodes = full(t)
    saved = [nodes.make(0, f"9.9.9.{i}") for i in range(200)]
    for node in (*saved, *(NodeInfo(nodes.make().id, ("9.9.8.1", port)) for port in range(1, 99))):
        t.restore(node, 0.1, 0.0)
    assert list(remembered(t)) == [*(node.addr for node in saved[:KNOWN_A_NET]), ("9.9.8.1", 1)]
    alive = nodes.answer(0, "9.9.9.201", now=1.0)
    assert alive.addr in remembered(t) and len(remembered(t)) == KNOWN_A_NET + 1


def test_what_is_saved_are_one_of_a_host_and_5_percent_of_a_24() -> None:
    """What one network gains in a run must not be worth more in the next."""
    t = table()
    nodes = full(t)
    for i in range(KNOWN_A_NET):
        nodes.answer(0, f"9.9.9.{i}", now=5.0)
    assert [contact.addr[0] for contact in t.to_save(20)].count("9.9.9.0") <= 1
    assert sum(contact.addr[0].startswith("9.9.9.") for contact in t.to_save(20)) == 1
    assert sum(contact.addr[0].startswith("9.9.9.") for contact in t.to_save(40)) == 2


def test_starts_are_half_the_tables_own_and_one_a_24() -> None:
    """Whoever was remembered next to a target does not decide alone where lookups of it begin."""
    t = table()
    full(t)
    target = b"\xff" * 20
    near = [NodeInfo(target[:18] + i.to_bytes(2, "big"), (f"9.{i}.{j}.{j}", 1)) for i in range(40) for j in range(4)]
    for node in near:
        t.answered(node, 0.1, None, 1.0)
    for j in range(4):
        t.answered(NodeInfo(target[:18] + bytes([255, j]), (f"8.8.8.{j}", 1)), 0.1, None, 1.0)
    starts = t.nearest_known(target, 32)
    own = [contact for contact in starts if t.find(contact.addr)]
    assert len(starts) == 32 and len(own) == 16 == len(t)
    assert len({contact.addr[0].rpartition(".")[0] for contact in starts}) == 32
    assert sorted(starts, key=lambda c: distance(c.id, target)) == starts
    assert len(t.nearest_known(target, 100)) == 100, "where one source has too few the other fills up"
    far = t.farthest_known(bytes(20), 16, ())
    assert len({contact.addr[0].rpartition(".")[0] for contact in far}) == 16


@pytest.mark.parametrize("seed", range(6))
def test_the_table_stays_consistent_whatever_happens(seed: int) -> None:
    """Any order of answers, failures, changed ids and drops, on few addresses so that they collide."""
    rng = Random(seed)
    t = Table(rng.randbytes(20), 0.0, rng=rng, bep42="prefer")
    ips = ["127.0.0.1", "10.0.0.1", *(f"8.8.{i}.{j}" for i in range(6) for j in range(3))]
    ids = [random_id_with_prefix(t.own, rng.choice([0, 0, 1, 2, 3]), rng) for _ in range(60)]
    for now in range(4000):
        addr: Addr = rng.choice(ips), rng.randrange(1, 9)
        match rng.randrange(8):
            case 0 | 1:
                t.failed(addr, now)
            case 2:
                t.drop(addr, now, "test")
            case 3 if now % 50 == 0:
                t.rebase(rng.randbytes(20), now)
            case _:
                t.answered(NodeInfo(rng.choice(ids), addr), 0.1, None, now)
        assert consistent(t)
        assert all(len(bucket.nodes) <= 8 and len(bucket.replacements) <= REPLACEMENTS for bucket in t.buckets)


# ---- BEP 42 ------------------------------------------------------------------------------------------


def bep42_table(mode: Literal["off", "prefer", "enforce"]) -> tuple[Table, list[Change]]:
    """A table whose far bucket is full of ids that don't fit, and what became of two newcomers whose ids fit."""
    t = table(mode)
    nodes = Nodes(t)
    for _ in range(8):
        nodes.answer(1)
        nodes.answer(0)
    rng = Random(2)
    changes = []
    for ip in ("8.8.8.8", "9.9.9.9"):
        while (node_id := bep42_id(ip, rng))[0] < 128:
            pass
        changes.append(t.answered(NodeInfo(node_id, (ip, 1)), 0.1, None, 1.0))
    return t, changes


def test_bep42_off_all_ids_are_alike() -> None:
    """BEP 42 off: a fitting id is worth no more than another."""
    _, changes = bep42_table("off")
    assert [change.added for change in changes] == [None, None]


def test_bep42_prefer_a_fitting_id_takes_the_place_of_one_that_does_not_fit() -> None:
    """BEP 42 prefer: ids that don't fit are admitted while there is room, and make room."""
    t, changes = bep42_table("prefer")
    assert all(change.added and change.removed and change.removed.bep42 == "invalid" for change in changes)
    assert len(t.buckets[0].nodes) == 8 and consistent(t)


def test_bep42_enforce_only_fitting_and_local_ids_enter() -> None:
    """BEP 42 enforce: nothing else enters; private addresses are exempt."""
    t, changes = bep42_table("enforce")
    assert len(t) == 2 and all(change.added for change in changes)
    Nodes(t).answer(0, "192.168.0.7")
    assert len(t) == 3


def test_a_new_own_id_keeps_the_table() -> None:
    """BEP 42: after a change of our id every node finds its bucket anew, and none is forgotten."""
    rng = Random(3)
    t = Table(rng.randbytes(20), 0.0, rng=rng, bep42="off")
    nodes = Nodes(t)
    known = {nodes.answer(rng.randrange(4)).id for _ in range(60)}
    t.rebase(rng.randbytes(20), 1.0)
    remembered = {contact.id for contact in t.nearest_known(t.own, 100)}
    assert remembered == known and len(t) > 8 and consistent(t)


# ---- the engine's care for it --------------------------------------------------------------------------


def test_only_nodes_that_answered_us_are_live_entries() -> None:
    """A node that was merely named is no entry, or the first liar could fill the table."""
    net = Network()
    quiet = [net.puppet(silent) for _ in range(8)]
    core = net.core()
    net.meet(core, net.puppet(naming(*(puppet.info for puppet in quiet))))
    net.find_node(core, quiet[0].id)
    assert all(puppet.queries for puppet in quiet), "they were asked"
    assert len(core.nodes()) == 1


def test_an_answer_under_another_id_than_expected_does_not_enter_the_table() -> None:
    """Referred to as one id, it answers under another: no place, though the lookup takes it under its own id."""
    net = Network()
    changer = net.puppet()
    claimed = NodeInfo(net.rng.randbytes(20), changer.addr)
    core = net.core()
    net.meet(core, net.puppet(naming(claimed)))
    outcome = net.find_node(core, claimed.id)
    assert changer.queries
    assert core._table.find(changer.addr) is None
    assert {changer.addr: changer.id}.items() <= {node.addr: node.id for node in outcome.closest}.items()


def test_a_remembered_node_that_answers_under_another_id_than_it_told_us_is_forgotten() -> None:
    """What it said itself differs from what it says: it is trying ids until one suits it."""
    net = Network()
    core, changer = net.core(id=OWN, maintain=False), net.puppet()
    core._table.restore(changer.info, 0.1, net.now)
    changer.id = net.rng.randbytes(20)
    net.find_node(core, changer.id)
    assert changer.queries and core._table.find(changer.addr) is None and core._table.id_at(changer.addr) is None


def test_a_querier_is_admitted_only_under_the_id_that_it_claimed() -> None:
    """Who sees our ping must not pick, only then, the id that takes it next to somebody's target."""
    net = Network()
    core, asker = net.core(maintain=False), net.puppet()
    asker.query(core, Ping(net.rng.randbytes(20)))
    net.run(5.0)
    assert asker.methods() == ["ping"] and core._table.id_at(asker.addr) is None
    asker.query(core, Ping(asker.id))
    net.run(5.0)
    assert live(core._table) == {asker.id}


def test_a_node_that_changes_its_id_loses_its_place_and_listeners_hear_of_it() -> None:
    """The eviction of a changed id is reported."""
    net = Network()
    core, other = net.core(), net.puppet()
    heard = events_of(core)
    net.meet(core, other)
    before = other.id
    other.id = net.rng.randbytes(20)
    net.meet(core, other)
    assert len(core.nodes()) == 0
    assert [event.id for event in heard if isinstance(event, NodeAdded)] == [before]
    assert [(event.id, detail_words(event.why)) for event in heard if isinstance(event, NodeRemoved)] == [
        (before, "changed its id")
    ]


def test_queriers_are_pinged_and_then_admitted() -> None:
    """A node that queries us is pinged, and admitted when it answers."""
    net = Network()
    core, asker = net.core(), net.puppet()
    asker.query(core, FindNode(asker.id, OWN))
    net.run(0.03)
    assert len(core.nodes()) == 0, "a query alone gives no place: its sender may be forged"
    net.run(1.0)
    assert asker.methods() == ["ping"]
    assert live(core._table) == {asker.id}


def test_queriers_that_do_not_answer_the_ping_are_not_admitted() -> None:
    """A forged sender never enters."""
    net = Network()
    core, asker = net.core(), net.puppet(silent)
    asker.query(core, Ping(asker.id))
    net.run(10.0)
    assert asker.methods() == ["ping"] and len(core.nodes()) == 0


def test_bep43_a_read_only_querier_is_never_pinged_nor_admitted() -> None:
    """BEP 43: a ro=1 querier is answered, and left alone."""
    net = Network()
    core, asker = net.core(), net.puppet()
    for _ in range(3):
        asker.query(core, FindNode(asker.id, OWN), read_only=True)
        net.run(5.0)
    assert len(asker.replies) == 3 and asker.queries == [] and len(core.nodes()) == 0


def test_a_querier_without_a_place_is_not_pinged_for_every_query() -> None:
    """A node that answered our ping and found no room does not earn a ping with every query."""
    net = Network()
    core = net.core(id=OWN, bep42="off")
    far = [net.puppet(node_id=random_id_with_prefix(OWN, 0, net.rng)) for _ in range(9)]
    near = [net.puppet(node_id=random_id_with_prefix(OWN, 1, net.rng)) for _ in range(8)]
    net.meet(core, *near, *far[:8])
    asker = far[8]
    for _ in range(10):
        asker.query(core, FindNode(asker.id, OWN))
        net.run(5.0)
    assert len(core.nodes()) == 16
    assert asker.methods().count("ping") == 1


def test_one_ping_to_a_newcomer_of_a_24_is_in_flight() -> None:
    """A network that asks under 250 ids has one of the places, and local ones as many as there are nodes."""
    net = Network()
    core = net.core(maintain=False)
    asker = net.puppet(silent)
    for i in range(250):
        query = encode_query(b"xx", Ping(net.rng.randbytes(20)), False)[1]
        net.send(query, (f"9.9.9.{i}", 6881), core.identity.bound)
        net.send(query, ("10.0.0.9", 1000 + i), core.identity.bound)
    net.run(1.0)
    asked = [packet.dest[0] for packet in net.queries(source=core.identity.bound)]
    assert sum(ip.startswith("9.9.9.") for ip in asked) == 1 and asked.count("10.0.0.9") == 250
    assert asker.queries == []


def test_a_newcomer_that_did_not_answer_is_not_pinged_again_soon() -> None:
    """Each forged query would cost somebody a packet; what lookups know of silent nodes is not touched."""
    net = Network()
    core, alive, asker = net.core(maintain=False), net.puppet(), net.puppet(silent)
    for _ in range(8):
        net.meet(core, alive)
        asker.query(core, Ping(asker.id))
        net.run(20.0)
    assert asker.methods() == ["ping"] and core._sending.silent(asker.addr, net.now) is None
    net.run(SILENT_SECONDS)
    asker.query(core, Ping(asker.id))
    net.run(5.0)
    assert asker.methods() == ["ping"] * 2


def test_a_flood_of_forged_queriers_leaves_places_for_checks() -> None:
    """Newcomers have places of their own: the table is checked all the while."""
    net = Network()
    core = net.core(id=OWN, bep42="off", maintain=False)
    residents = [net.puppet(node_id=random_id_with_prefix(OWN, depth, net.rng)) for depth in (0, 1) for _ in range(8)]
    net.meet(core, *residents)
    net.run(GOOD_SECONDS + 1)
    for _ in range(500):
        net.send(encode_query(b"xx", Ping(net.rng.randbytes(20)), False)[1], net.fresh_addr(), core.identity.bound)
    net.run(0.05)
    assert core.statistics().newcomers == (MAX_NEWCOMERS, MAX_NEWCOMERS)
    newcomer = net.puppet(node_id=random_id_with_prefix(OWN, 0, net.rng))
    net.meet(core, newcomer)
    net.run(1.0)
    assert all(puppet.methods() == ["ping", "ping"] for puppet in residents[:8])


def test_a_full_bucket_has_its_questionable_nodes_pinged_for_a_newcomer() -> None:
    """BEP 5: questionable nodes are pinged before a newcomer takes a place; who answers stays."""
    net = Network()
    core = net.core(id=OWN, bep42="off", maintain=False)
    residents = [net.puppet(node_id=random_id_with_prefix(OWN, 0, net.rng)) for _ in range(8)]
    near = [net.puppet(node_id=random_id_with_prefix(OWN, 1, net.rng)) for _ in range(8)]
    net.meet(core, *residents, *near)
    net.run(GOOD_SECONDS + 1)
    net.dead.add(residents[2].addr)
    newcomer = net.puppet(node_id=random_id_with_prefix(OWN, 0, net.rng))
    net.meet(core, newcomer)
    net.run(10.0)
    assert all(puppet.methods() == ["ping", "ping"] for puppet in residents if puppet is not residents[2])
    assert newcomer.id in live(core._table) and residents[2].id not in live(core._table)
    assert len(core.nodes()) == 16


def test_a_lost_packet_is_no_failure_of_a_node_that_has_answered_since() -> None:
    """A node that answers the second query did not fail, though the first one times out later."""
    net = Network()
    core = net.core(maintain=False)
    slip = net.puppet(lambda query: None if len(slip.queries) == 2 else polite(query))
    net.meet(core, slip)
    net.find_node(core, slip.id)  # asked, silent, asked again, answered
    net.run(10.0)
    contact = core._table.find(slip.addr)
    assert len(slip.queries) == 3
    assert contact is not None and contact.state(net.now) == "good"


# ---- refresh -----------------------------------------------------------------------------------------


def lookups_of(net: Network, puppet: Puppet, since: float) -> list[Packet]:
    return [packet for packet in net.queries(dest=puppet.addr, method="find_node") if packet.at >= since]


def target_of(packet: Packet) -> bytes:
    message = packet.message
    assert isinstance(message, Query) and isinstance(message.args, FindNode)
    return message.args.target


def test_refresh_a_bucket_unchanged_for_15_minutes() -> None:
    """BEP 5: a bucket unchanged for 15 minutes is refreshed by a lookup of a random id in it."""
    net = Network()
    core, other = net.core(id=OWN), net.puppet()
    net.meet(core, other)
    met = net.now
    net.run(REFRESH_SECONDS - 1)
    assert lookups_of(net, other, met) == []
    net.run(1 + HOUSEKEEPING_SECONDS)
    asked = lookups_of(net, other, met)
    assert len(asked) == 1
    assert shared_prefix(target_of(asked[0]), OWN) == 0 and target_of(asked[0]) != OWN


def test_refresh_our_own_id_every_30_minutes() -> None:
    """Every half an hour our own neighbourhood is looked up."""
    net = Network()
    core, other = net.core(id=OWN), net.puppet()
    net.meet(core, other)
    start = net.now
    net.run(3 * OWN_REFRESH_SECONDS + 4 * HOUSEKEEPING_SECONDS)
    at = [packet.at - start for packet in lookups_of(net, other, start) if target_of(packet) == OWN]
    assert len(at) == 3
    assert all(abs(time - (i + 1) * OWN_REFRESH_SECONDS) < 3 * HOUSEKEEPING_SECONDS for i, time in enumerate(at))


def test_refresh_a_bucket_that_nobody_answers_for_does_not_keep_the_others_waiting() -> None:
    """A dead bucket is tried once and waits for its next turn like all others."""
    net = Network()
    core = net.core(id=OWN, bep42="off")
    far = [net.puppet(node_id=random_id_with_prefix(OWN, depth, net.rng)) for depth in range(4) for _ in range(8)]
    net.meet(core, *far)
    for puppet in far:
        net.dead.add(puppet.addr)
    net.run(REFRESH_SECONDS - 1)
    assert core._table.due_for_refresh(net.now + 1) == core._table.buckets
    net.run(1 + 5 * HOUSEKEEPING_SECONDS)
    assert core._table.due_for_refresh(net.now) == []


def test_refresh_is_left_out_of_one_shot_runs() -> None:
    """maintain=False: nothing is sent that nobody asked for."""
    net = Network()
    core, other = net.core(maintain=False), net.puppet()
    net.meet(core, other)
    net.run(2 * OWN_REFRESH_SECONDS)
    assert other.methods() == ["ping"]


def test_a_bucket_can_be_refreshed_by_hand() -> None:
    """refresh_bucket looks up a random id of the bucket at a depth, the last one for all that are deeper."""
    net = Network()
    core = net.core(id=OWN, bep42="off")
    others = [net.puppet(node_id=random_id_with_prefix(OWN, depth, net.rng)) for depth in (0, 1) for _ in range(8)]
    net.meet(core, *others)
    for wanted, depth in ((0, 0), (1, 1), (159, 1)):
        outcome = net.refresh_bucket(core, wanted)
        assert outcome.target is not None and shared_prefix(outcome.target, OWN) == depth
        assert len(outcome.closest) == 8


def test_what_is_saved_are_live_nodes_that_never_failed_freshest_first() -> None:
    """The nodes to start from next time: those that answered last; failed ones are left out."""
    net = Network()
    core = net.core()
    others = [net.puppet() for _ in range(5)]
    for puppet in others:
        net.meet(core, puppet)
        net.run(1.0)
    core._table.failed(others[4].addr, net.now)
    saved = core.saved_state()
    assert saved.id == core.id
    assert saved.nodes == tuple(puppet.info for puppet in (others[3], others[2], others[1], others[0]))
    assert len(core._table.to_save(NODES_SAVED)) == 4
