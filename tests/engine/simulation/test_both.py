"""Two populations, partly the same hosts, and a node in both."""

from __future__ import annotations

from random import Random

import pytest

from dhtui.engine.items import ImmutableItem
from dhtui.engine.lookup.questions import FindClosest, GetItem
from dhtui.engine.operations.requests import Store
from dhtui.engine.simulation.both import Pair
from dhtui.engine.simulation.internet import Conditions
from dhtui.engine.simulation.network import Simulation
from dhtui.engine.simulation.passive_nodes import Population
from dhtui.engine.wire.family import IPV4, IPV6, family_of
from dhtui.engine.wire.ids import bep42_valid


def populations(shared: float = 0.5, size: int = 2000) -> tuple[Population, Population]:
    conditions = Conditions(loss=0.0)
    four = Population(size, 5, conditions)
    return four, Population(size // 2, 5, conditions, beside=four, shared=shared)


def test_ids_of_ipv6_nodes_fit_their_addresses_as_often_as_set() -> None:
    _, six = populations()
    members = [six.member(place) for place in range(300)]
    assert all(family_of(member.addr[0]) is IPV6 and IPV6.is_unicast(member.addr[0]) for member in members)
    assert not any(IPV6.is_local(member.addr[0]) for member in members)
    fitting = sum(bep42_valid(member.id, member.addr[0]) for member in members)
    assert 0.7 < fitting / len(members) < 0.9
    assert all(len(member.packed) == 38 for member in members)


@pytest.mark.parametrize("shared", [0.0, 0.5, 1.0])
def test_hosts_of_both_are_there_or_gone_in_both(shared: float) -> None:
    four, six = populations(shared)
    members = [six.member(place) for place in range(400)]
    twins = [(member, owner) for member in members if (owner := six.owner_beside(member, four)) is not None]
    assert abs(len(twins) / len(members) - shared) < 0.1
    for member, owner in twins:
        assert four.at(owner.addr) is owner and member.id != owner.id
        assert six.alive(member, 1000.0) == four.alive(owner, 1000.0)


def test_a_lookup_in_both_families_finds_the_closest_of_each() -> None:
    four, six = populations()
    simulation = Simulation(3, population=four, six=six)
    node = Pair(simulation, (*simulation.hosts(), *simulation.hosts(population=six)))
    node.bootstrap()
    simulation.run(10.0)
    rng, found = Random(1), []
    for _ in range(5):
        outcome, shares = node.look_up(FindClosest(rng.randbytes(20)))
        assert [part.family for part in outcome.parts] == ["IPv4", "IPv6"] and outcome.ok
        found.append(min(shares.values()))
    assert sum(found) / len(found) > 0.9


def test_an_item_that_is_put_in_both_is_found_in_each() -> None:
    four, six = populations()
    simulation = Simulation(4, population=four, six=six)
    node = Pair(simulation, (*simulation.hosts(), *simulation.hosts(population=six)))
    node.bootstrap()
    simulation.run(10.0)
    item = ImmutableItem(b"5:hello")
    stored = node.finish(Store(item))
    assert [part.stored > 4 for part in stored.parts] == [True, True]
    for core in (node.four, node.six):
        assert simulation.look_up(core, GetItem(item.target)).outcome.item == item


def test_ipv6_is_joined_through_ipv4_where_no_host_is_known() -> None:
    """Hosts of both families name IPv6 nodes to a node that says that it wants them."""
    four, six = populations(1.0)
    simulation = Simulation(6, population=four, six=six)
    node = Pair(simulation, simulation.hosts())
    node.bootstrap()
    assert simulation.run_until(lambda: node.six.joined and not node.six.dry(simulation.now))
    assert {family_of(one.addr[0]) for one in node.six.nodes()} == {IPV6}
    assert {family_of(one.addr[0]) for one in node.four.nodes()} == {IPV4}
