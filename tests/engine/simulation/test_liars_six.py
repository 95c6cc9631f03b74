"""Liars in IPv6: every lie is told in `nodes6`, and prefixes of /64 and /48 stand where IPv4 has hosts and /24s."""

from __future__ import annotations

from random import Random

import pytest

from dhtui.engine.core import Core
from dhtui.engine.lookup.questions import FindClosest, FindPeers, GetItem, PingNode
from dhtui.engine.simulation.both import Pair
from dhtui.engine.simulation.internet import Conditions
from dhtui.engine.simulation.lies import LIES
from dhtui.engine.simulation.network import Simulation
from dhtui.engine.simulation.passive_nodes import Population
from dhtui.engine.wire.compact import Addr, NodeInfo
from dhtui.engine.wire.family import IPV4, IPV6, family_of, host_of, net_of
from dhtui.engine.wire.ids import bep42_valid, distance, shared_prefix
from dhtui.engine.wire.krpc import FindNode, Query, encode_query, parse

TARGET = bytes(range(20))


def lying(name: str, share: float = 0.0) -> tuple[Simulation, Pair, Addr]:
    """A simulation of both families in which nothing is lost, a node in both, and a liar of IPv6."""
    conditions = Conditions(loss=0.0, dead=0.0, liars=share, lie=LIES[name])
    four = Population(400, 1, conditions)
    six = Population(2000, 1, conditions, beside=four, shared=0.1)
    simulation = Simulation(1, population=four, six=six)
    (liar, *_) = simulation.hosts(1, liars=1, population=six)
    return simulation, Pair(simulation), liar


def told(name: str) -> tuple[Simulation, Core, Addr, tuple[NodeInfo, ...]]:
    """The nodes that a liar names."""
    simulation, pair, liar = lying(name)
    (outcome,) = simulation.ask(pair.six, FindClosest(TARGET), [liar]).asked
    return simulation, pair.six, liar, outcome.nodes


@pytest.mark.parametrize("name", [name for name in LIES if name != "fitting ids"])
def test_every_lie_is_an_answer_that_can_be_read_or_none(name: str) -> None:
    simulation, pair, liar = lying(name)
    for question in (FindClosest(TARGET), GetItem(TARGET), FindPeers(TARGET)):
        (outcome,) = simulation.ask(pair.six, question, [liar]).asked
        assert outcome.faults == ()
        assert outcome.responded or (name in ("deaf to get", "mixed") and question.kind != "find_node")
        named = (*(node.addr for node in outcome.nodes), *outcome.peers)
        assert all(family_of(ip) is IPV6 and IPV6.is_unicast(ip) for ip, _ in named)
        if name in ("nearer", "at accomplices") and question.kind == "find_node":
            assert len(outcome.nodes) == 8


def test_made_up_nodes_answer_under_their_made_up_ids() -> None:
    simulation, core, _, named = told("nearer")
    nearest = distance(simulation.closest(TARGET, family=IPV6)[0].id, TARGET)
    assert all(0 < distance(node.id, TARGET) < nearest for node in named)
    for node in named[:5]:
        assert simulation.ask(core, FindClosest(TARGET), [node.addr]).asked[0].id == node.id
    assert not simulation.ask(core, PingNode(), [node.addr for node in named[5:]]).answered


def test_a_64_stands_where_an_ip_does_and_a_48_where_a_24_does() -> None:
    """Addresses of one /64 cost nothing: there one host has as many as it likes."""
    _, _, liar, named = told("from its own IP")
    assert {host_of(node.addr[0]) for node in named} == {host_of(liar[0])}
    assert len({node.addr[0] for node in named}) > 4 and len({node.addr[1] for node in named}) == 1
    named = told("from one IP")[3]
    assert len({host_of(node.addr[0]) for node in named}) == 1 and len({node.addr[0] for node in named}) > 4
    named = told("from one /24")[3]
    assert len({net_of(node.addr[0]) for node in named}) == 1 and len({host_of(node.addr[0]) for node in named}) > 4
    assert len({net_of(node.addr[0]) for node in told("from 100 /24s")[3]}) > 4


def test_another_64_of_the_true_48_is_claimed() -> None:
    simulation, core, _, named = told("other IPs of the /24")
    true = {node.id: node.addr for node in simulation.closest(TARGET, 20, IPV6)}
    assert {node.id for node in named} == set(true)
    for node in named:
        ip = true[node.id][0]
        assert net_of(node.addr[0]) == net_of(ip) and host_of(node.addr[0]) != host_of(ip)
    assert not simulation.ask(core, PingNode(), [node.addr for node in named]).answered


def test_accomplices_can_have_ids_that_fit_their_addresses_and_are_near() -> None:
    named = told("fitting ids")[3]
    assert len({host_of(node.addr[0]) for node in named}) == 8
    assert all(bep42_valid(node.id, node.addr[0]) for node in named)
    assert all(shared_prefix(node.id, TARGET) >= 12 for node in named)


def test_who_wants_both_families_is_lied_to_about_both() -> None:
    simulation, pair, liar = lying("nearer")
    for want in ((IPV6,), (IPV4, IPV6), (IPV4,)):
        args = FindNode(pair.six.id, TARGET, want)
        message = parse(encode_query(b"tt", args, False)[1], IPV6)
        assert isinstance(message, Query) and simulation.ring_six is not None
        member = next(m for m in map(simulation.ring_six._population.member, range(2000)) if m.addr == liar)
        body = simulation.ring_six.answer(member, liar, message, simulation.now, dict)
        assert body is not None and len(body[b"nodes6"]) == 8 * 38
        assert (b"nodes" in body) == (IPV4 in want) and len(body.get(b"nodes", b"")) in (0, 8 * 26)


def test_lookups_among_liars_of_both_families_find_what_is_true() -> None:
    """One live node in ten lies, in each family; the closest true ones answer all the same."""
    conditions = Conditions(liars=0.1)
    four = Population(600, 7, conditions)
    six = Population(600, 7, conditions, beside=four, shared=0.5)
    simulation = Simulation(7, population=four, six=six)
    pair = Pair(simulation, (*simulation.hosts(), *simulation.hosts(population=six)))
    pair.bootstrap()
    simulation.run(10.0)
    rng = Random(2)
    found = [simulation.look_up(pair.six, FindClosest(rng.randbytes(20))).found for _ in range(5)]
    assert sum(found) / len(found) > 0.75
