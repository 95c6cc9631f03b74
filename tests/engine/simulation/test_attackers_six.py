"""Attackers of the IPv6 side of a node: the same attacks, from /64s and /48s, in messages of that family."""

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
    anybody,
    anybody_in,
    get_of,
    item_of_most_bytes,
    peers_of,
)
from dhtui.engine.simulation.internet import Conditions
from dhtui.engine.simulation.network import Simulation
from dhtui.engine.simulation.passive_nodes import Population
from dhtui.engine.wire.family import IPV6, family_of, host_of, net_of


def attacked(**settings: Any) -> tuple[Simulation, Core]:
    """A node in both families that knows nobody, by its IPv6 side."""
    conditions = Conditions(loss=0.0, dead=0.0)
    four = Population(100, 1, conditions)
    simulation = Simulation(1, population=four, six=Population(300, 1, conditions, beside=four))
    beside = simulation.add(read_only=False, **settings)
    return simulation, simulation.add(read_only=False, beside=beside, **settings)


@pytest.mark.parametrize(("addresses", "many"), [(1, 1), (250, 5), (2000, 100)])
def test_a_budget_has_as_many_64s_and_48s_as_it_says(addresses: int, many: int) -> None:
    for first in (130, 190):
        ips = Budget(addresses, many, 1, 1).ips(first, IPV6)
        assert len(set(map(host_of, ips))) == addresses and len(set(map(net_of, ips))) == many
        assert all(IPV6.is_unicast(ip) and not IPV6.is_local(ip) for ip in ips)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_forged_datagram_reaches_the_core(kind: str) -> None:
    simulation, core = attacked()
    sources = anybody(Random(1), IPV6)
    Forger(simulation, core, Budget(0, 0, 10, 2), 1, sources=sources, make=KINDS[kind]).start()
    simulation.run(3)
    assert core.snapshot(simulation.now).traffic.packets_in >= 15


def test_what_is_amplified_to_a_64_is_bounded_as_to_one_host() -> None:
    """The addresses of a /64 are one host: they share its budget of bytes that nobody has proved."""
    simulation, core = attacked()
    entry = item_of_most_bytes(Random(1))
    writer = Writer(simulation, core, Budget(1, 1, 2, 5), 1, [entry])
    writer.start()
    simulation.run(5)
    assert writer.stored == 1
    victims = [IPV6.canonical(f"2001:db8:5:5::{n:x}") for n in range(1, 65536)]
    drain = Drain(simulation, victims)
    sources = anybody_in("2001:db8:5:5", Random(2))
    forger = Forger(simulation, core, Budget(0, 0, 20, 10), 1, sources=sources, make=get_of(entry.target))
    forger.start()
    simulation.run(11)
    assert max(drain.datagrams) > 800 and drain.total <= 3 * forger.bytes_sent + 1500


def test_peers_are_stored_from_ipv6() -> None:
    simulation, core = attacked()
    writer = Writer(simulation, core, Budget(5, 5, 4, 20), 1, peers_of(bytes(20), 5))
    writer.start()
    simulation.run(25)
    assert writer.stored == 5
    (swarm,) = core.holdings(simulation.now).swarms
    assert swarm.infohash == bytes(20)


def test_poisoners_name_each_other_in_nodes6() -> None:
    simulation, core = attacked()
    target = bytes(range(20))
    attacker = Poisoner(simulation, core, Budget(20, 20, 4, 20), 1)
    attacker.start()
    simulation.run(25)
    assert attacker.asked_of_us > 0 and attacker.share_of([contact.addr for contact in core.nodes()]) > 0
    named = simulation.ask(core, GetItem(target), [attacker.addrs[0]]).asked[0].nodes
    assert len(named) == 8 and all(node.addr in attacker.addrs and family_of(node.addr[0]) is IPV6 for node in named)


def test_slow_ones_tell_the_truth_of_their_family_first() -> None:
    simulation, core = attacked()
    attacker = Poisoner(simulation, core, Budget(20, 20, 0.1, 100), 1, patience=50)
    attacker.start()
    true = [node.addr for node in simulation.closest(bytes(20), family=IPV6) if node.addr != core.identity.bound]
    named = simulation.ask(core, GetItem(bytes(20)), [attacker.addrs[0]]).asked[0].nodes
    assert {node.addr for node in named} >= set(true)


def test_honest_ones_beside_them_are_met_and_served() -> None:
    simulation, core = attacked()
    newcomers = Newcomers(simulation, core, Budget(10, 10, 1, 20), 1)
    queriers = Queriers(simulation, core, Budget(5, 5, 1, 20), 1, ports=2, first=210)
    newcomers.start()
    queriers.start()
    simulation.run(25)
    assert newcomers.met == 10 and queriers.served >= queriers.sent_queries - 2 > 15
    assert simulation.ask(core, PingNode(), [(newcomers.ips[0], 6881)]).answered == 1
