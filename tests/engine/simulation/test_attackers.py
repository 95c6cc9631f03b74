"""What attackers of one node do: within their budget, by datagrams, the same for the same seed."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from dhtui.engine.core import Core
from dhtui.engine.lookup.questions import GetItem, PingNode
from dhtui.engine.simulation.attackers import (
    KINDS,
    Budget,
    Drain,
    Forger,
    Newcomers,
    Poisoner,
    Queriers,
    Writer,
    a_find,
    anybody,
    anybody_in,
    friends_of,
    get_of,
    immutable_items,
    item_of_most_bytes,
    mutable_items,
    peers_of,
    swarms,
)
from dhtui.engine.simulation.internet import Conditions
from dhtui.engine.simulation.network import Simulation
from dhtui.engine.simulation.passive_nodes import Population
from dhtui.engine.wire.compact import Addr, NodeInfo
from dhtui.engine.wire.ids import distance, shared_prefix


def settled(seed: int = 1, **settings: Any) -> tuple[Simulation, Core]:
    """A core that has settled in a small network."""
    simulation = Simulation(seed, population=Population(500, seed, Conditions(loss=0.0, dead=0.0)))
    core = simulation.add(hosts=simulation.hosts(), read_only=False, **settings)
    simulation.bootstrap(core)
    simulation.run(5)
    return simulation, core


def lone(**settings: Any) -> tuple[Simulation, Core]:
    """A core that knows nobody."""
    simulation = Simulation(1)
    return simulation, simulation.add(read_only=False, **settings)


def nets(ips: list[str]) -> set[str]:
    return {ip.rpartition(".")[0] for ip in ips}


# ---- budgets -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("addresses", "many"), [(1, 1), (79, 1), (250, 5), (2000, 100), (500, 500)])
def test_a_budget_has_as_many_addresses_and_networks_as_it_says(addresses: int, many: int) -> None:
    for first in (130, 190):
        ips = Budget(addresses, many, 1, 1).ips(first)
        assert len(set(ips)) == addresses and len(nets(ips)) == many
        assert all(int(byte) < 256 for ip in ips for byte in ip.split("."))


def test_an_attacker_keeps_to_its_rate_and_its_time() -> None:
    simulation, core = lone()
    forger = Forger(simulation, core, Budget(0, 0, 200, 10), 1, sources=anybody(Random(1)), make=a_find)
    forger.start()
    simulation.run(60)
    assert forger.sent == pytest.approx(2000, rel=0.03)


def test_the_same_seed_gives_the_same_attack() -> None:
    def course() -> tuple[int, int, bytes]:
        simulation, core = settled()
        Poisoner(simulation, core, Budget(20, 20, 10, 20), 7, patience=10).start()
        simulation.run(30)
        place = simulation.places[core.identity.bound]
        return place.sent, len(core.nodes()), b"".join(sorted(contact.id for contact in core.nodes()))

    assert course() == course()


def test_a_nat_lets_no_attacker_in() -> None:
    simulation = Simulation(1)
    core = simulation.add(nat=True)
    Forger(simulation, core, Budget(0, 0, 10, 5), 1, sources=anybody(Random(1)), make=a_find).start()
    simulation.run(10)
    assert core.snapshot(simulation.now).traffic.packets_in == 0


# ---- forgers -----------------------------------------------------------------------------------------


def test_a_forger_writes_the_addresses_of_friends_on_what_it_sends() -> None:
    simulation, core = settled()
    sources = friends_of(core)
    seen = {next(sources) for _ in range(40_000)}
    assert {contact.addr for contact in core.nodes()} <= seen
    assert all(simulation.population is not None and simulation.population.at(addr) for addr in seen)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_forged_datagram_reaches_the_core(kind: str) -> None:
    simulation, core = lone()
    Forger(simulation, core, Budget(0, 0, 10, 2), 1, sources=anybody(Random(1)), make=KINDS[kind]).start()
    simulation.run(3)
    assert core.snapshot(simulation.now).traffic.packets_in >= 15


def test_a_drain_counts_what_an_amplifier_sends_to_its_victims() -> None:
    simulation, core = lone(reply_quota=0)
    entry = item_of_most_bytes(Random(1))
    writer = Writer(simulation, core, Budget(1, 1, 2, 5), 1, [entry])
    writer.start()
    simulation.run(5)
    assert writer.stored == 1
    drain = Drain(simulation, [f"201.5.5.{n}" for n in range(256)])
    sources = anybody_in("201.5.5", Random(2))
    forger = Forger(simulation, core, Budget(0, 0, 1, 5), 1, sources=sources, make=get_of(entry.target))
    forger.start()
    simulation.run(10)
    assert drain.total >= max(drain.datagrams) > 1000
    assert drain.most == drain.total


# ---- writers -----------------------------------------------------------------------------------------


def test_a_writer_stores_with_tokens_of_its_own() -> None:
    simulation, core = lone()
    rng = Random(3)
    entries = [*peers_of(bytes(20), 5), *swarms(5, rng), *immutable_items(5, rng), *mutable_items(5, rng)]
    writer = Writer(simulation, core, Budget(20, 20, 4, 20), 1, entries)
    writer.start()
    simulation.run(25)
    assert writer.stored == 20
    assert {view.target for view in core.holdings(simulation.now).items} == {entry.target for entry in entries[10:]}
    assert {view.infohash for view in core.holdings(simulation.now).swarms} == {entry.target for entry in entries[:10]}


def test_entries_can_be_made_near_an_id() -> None:
    rng, own = Random(4), bytes(range(20))
    assert all(shared_prefix(entry.target, own) == 24 for entry in swarms(9, rng, own))
    made = (*immutable_items(3, rng, own), *mutable_items(3, rng, own))
    assert all(shared_prefix(entry.target, own) >= 6 for entry in made)


# ---- nodes that want to be known ---------------------------------------------------------------------


def test_nodes_under_true_ids_get_into_the_table() -> None:
    simulation, core = settled()
    attacker = Poisoner(simulation, core, Budget(20, 20, 4, 20), 1)
    attacker.start()
    simulation.run(25)
    assert attacker.asked_of_us > 0
    assert attacker.share_of([contact.addr for contact in core.nodes()]) > 0


def told(simulation: Simulation, core: Core, addr: Addr, target: bytes) -> tuple[NodeInfo, ...]:
    return simulation.ask(core, GetItem(target), [addr]).asked[0].nodes


def test_slow_ones_tell_the_truth_until_their_patience_is_over() -> None:
    simulation, core = settled()
    attacker = Poisoner(simulation, core, Budget(20, 20, 0.1, 100), 1, patience=50)
    attacker.start()
    target = bytes(20)
    true = [node.addr for node in simulation.closest(target)]
    assert [node.addr for node in told(simulation, core, attacker.addrs[0], target)] == true
    simulation.run(60)
    named = told(simulation, core, attacker.addrs[0], target)
    assert len(named) == 8 and all(node.addr in attacker.addrs for node in named)
    for node in named:
        assert simulation.ask(core, GetItem(target), [node.addr]).asked[0].id == node.id


def test_they_gather_near_a_target() -> None:
    simulation, core = lone()
    target = bytes(range(20))
    attacker = Poisoner(simulation, core, Budget(1, 1, 1, 1), 1, ports=40, near=target)
    assert all(shared_prefix(attacker.id_of(addr), target) >= 18 for addr in attacker.addrs)
    assert len({addr[0] for addr in attacker.addrs}) == 1 and len(attacker.addrs) == 40


def test_turning_ones_ask_under_one_id_and_answer_under_another() -> None:
    simulation, core = settled()
    attacker = Poisoner(simulation, core, Budget(1, 1, 1, 30), 1, ports=30, turning=1)
    attacker.start()
    simulation.run(3)
    first, second = (simulation.ask(core, PingNode(), [attacker.addrs[0]]).asked[0].id for _ in range(2))
    assert first != second and attacker.asked_of_us > 2


def test_framing_ones_name_the_friends_of_a_core_under_false_ids() -> None:
    simulation, core = settled()
    attacker = Poisoner(simulation, core, Budget(1, 1, 1, 1), 1, near=bytes(20), framing=True)
    attacker.start()
    ids = {contact.addr: contact.id for contact in core.nodes()}
    named = told(simulation, core, attacker.addrs[0], bytes(20))
    assert len(named) == 20
    assert all(ids[node.addr] != node.id for node in named)
    assert max(distance(node.id, bytes(20)) for node in named) < 1 << 140


def test_voters_name_an_address_that_is_not_the_cores() -> None:
    simulation, core = settled()
    attacker = Poisoner(simulation, core, Budget(1, 1, 1, 1), 1, external=lambda now: ("202.7.1.9", 6881))
    attacker.start()
    assert simulation.ask(core, PingNode(), attacker.addrs).asked[0].external == ("202.7.1.9", 6881)


# ---- honest ones beside them -------------------------------------------------------------------------


def test_honest_newcomers_are_met_and_honest_queriers_served_when_nobody_attacks() -> None:
    simulation, core = settled()
    newcomers = Newcomers(simulation, core, Budget(10, 10, 1, 20), 1)
    queriers = Queriers(simulation, core, Budget(5, 5, 1, 20), 1, ports=2, first=210)
    newcomers.start()
    queriers.start()
    simulation.run(25)
    assert newcomers.met == 10
    assert queriers.served == queriers.sent_queries > 15
