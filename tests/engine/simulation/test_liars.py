"""Lookups among liars in league: one live node in ten names made-up nodes next to the target, and hands out lies."""

from __future__ import annotations

from random import Random

import pytest

from dhtui.engine.core import Core
from dhtui.engine.items import ImmutableItem, Item, MutableItem, sign
from dhtui.engine.keys import PrivateKey
from dhtui.engine.lookup.questions import FindClosest, FindPeers, GetItem, PingNode
from dhtui.engine.operations.requests import Store
from dhtui.engine.outcome import Status
from dhtui.engine.simulation.internet import Conditions
from dhtui.engine.simulation.lies import LIES
from dhtui.engine.simulation.network import Simulation, Trial
from dhtui.engine.simulation.passive_nodes import Member, Population
from dhtui.engine.wire.compact import Addr, NodeInfo
from dhtui.engine.wire.ids import bep42_valid, distance, shared_prefix

NAMED, DEAD_NAMED = LIES["nearer"].named, LIES["nearer"].dead
ONE_IN_TEN = Conditions(liars=0.1)


def among_liars(size: int, seed: int) -> tuple[Simulation, Core]:
    """A simulation with liars, and a core that has settled among them."""
    simulation = Simulation(seed, population=Population(size, seed, ONE_IN_TEN))
    core = simulation.add(hosts=simulation.hosts())
    simulation.bootstrap(core)
    simulation.run(5)
    return simulation, core


def planted(simulation: Simulation, nth: int) -> Item:
    """An item in its place: an immutable one, or a mutable one of which liars know an older version."""
    rng = Random(nth)
    item: Item
    if nth % 2:
        key = PrivateKey.from_seed(rng.randbytes(32))
        item = sign(key, b"3:new", 2)
        simulation.outdated[item.target] = sign(key, b"3:old", 1)
    else:
        item = ImmutableItem(b"20:" + rng.randbytes(20))
    simulation.plant(item)
    return item


def gets(simulation: Simulation, core: Core, n: int) -> list[tuple[Item, Trial]]:
    """Gets of planted items, one after the other."""
    items = (planted(simulation, nth) for nth in range(n))
    return [(item, simulation.look_up(core, GetItem(item.target))) for item in items]


@pytest.mark.parametrize(("size", "seed"), [(2000, 1), (100_000, 2)])
def test_the_true_value_comes_in_99_of_100_lookups(size: int, seed: int) -> None:
    wrong = [trial.outcome.stopped for item, trial in gets(*among_liars(size, seed), 100) if trial.outcome.item != item]
    assert len(wrong) <= 1, wrong


def test_no_lie_is_ever_believed() -> None:
    simulation, core = among_liars(2000, 3)
    lies = 0
    for item, trial in gets(simulation, core, 40):
        genuine = (None, item, simulation.outdated.get(item.target))
        assert trial.outcome.item in genuine
        lies += sum(node.status in (Status.BAD_VALUE, Status.BAD_SIGNATURE) for node in trial.outcome.asked)
    assert lies > 90


# ---- what the liars do -------------------------------------------------------------------------------


def a_liar(simulation: Simulation) -> Member:
    """One of them, alive."""
    population = simulation.population
    assert population is not None
    members = (population.member(place) for place in range(population.members))
    return next(m for m in members if population.lies(m) and population.alive(m, simulation.now))


def test_one_in_ten_lies() -> None:
    population = Population(5000, 1, ONE_IN_TEN)
    lying = sum(population.lies(population.member(place)) for place in range(population.members))
    assert lying / population.members == pytest.approx(0.1, abs=0.01)


def test_a_liar_names_made_up_nodes_nearer_than_all_true_ones() -> None:
    simulation, core = among_liars(2000, 1)
    target = bytes(20)
    (liar,) = simulation.ask(core, FindPeers(target), [a_liar(simulation).addr]).asked
    nearest = distance(simulation.closest(target)[0].id, target)
    assert len(liar.nodes) == NAMED + DEAD_NAMED
    assert all(0 < distance(node.id, target) < nearest for node in liar.nodes)
    assert liar.peers and liar.token


def test_cunning_liars_spread_made_up_nodes_as_true_ones_are() -> None:
    population = Population(2000, 1, Conditions(liars=0.1, lie=LIES["cunning"]))
    simulation = Simulation(1, population=population)
    core = simulation.add()
    rng = Random(1)
    nearer = []
    for _ in range(40):
        target = rng.randbytes(20)
        eighth = distance(simulation.closest(target)[-1].id, target)
        (liar,) = simulation.ask(core, FindClosest(target), [a_liar(simulation).addr]).asked
        nearer += [distance(node.id, target) < eighth / 2 for node in liar.nodes]
    assert sum(nearer) / len(nearer) == pytest.approx(0.5, abs=0.1)


def test_made_up_nodes_answer_under_their_made_up_ids_and_go_on_lying() -> None:
    simulation, core = among_liars(2000, 1)
    target = bytes(20)
    question = FindClosest(target)
    (liar,) = simulation.ask(core, question, [a_liar(simulation).addr]).asked
    for node in liar.nodes[:NAMED]:
        asked = [simulation.ask(core, question, [node.addr]).asked[0] for _ in range(3)]  # packets get lost
        answers = [outcome for outcome in asked if outcome.responded]
        assert {outcome.id for outcome in answers} == {node.id}
        assert all(len(outcome.nodes) == NAMED + DEAD_NAMED for outcome in answers)
    dead = simulation.ask(core, PingNode(), [node.addr for node in liar.nodes[NAMED:]])
    assert dead.answered == 0


def test_liars_hand_out_forged_and_outdated_versions() -> None:
    simulation, core = among_liars(2000, 1)
    item = planted(simulation, 1)
    assert isinstance(item, MutableItem)
    liar = a_liar(simulation)
    seen = set()
    for node in simulation.ask(core, FindClosest(item.target), [liar.addr]).asked[0].nodes[:NAMED]:
        seen |= {o.status for o in simulation.ask(core, GetItem(item.target), [node.addr, liar.addr]).asked}
    assert {Status.VALUE, Status.BAD_SIGNATURE} <= seen


def test_liars_confirm_what_they_drop() -> None:
    simulation, core = among_liars(2000, 1)
    liar, item = a_liar(simulation), ImmutableItem(b"4:mine")
    put = simulation.finish(core, Store(item, remotes=[liar.addr]))
    assert [write.status for write in put.writes] == [Status.STORED]
    assert simulation.ask(core, GetItem(item.target), [liar.addr]).item is None


# ---- every other lie ---------------------------------------------------------------------------------

TARGET = bytes(range(20))


def lying(name: str, share: float = 0.0) -> tuple[Simulation, Core, Addr]:
    """A simulation in which nothing is lost, a core, and a liar with a lie of that name."""
    conditions = Conditions(loss=0.0, dead=0.0, liars=share, lie=LIES[name])
    simulation = Simulation(1, population=Population(2000, 1, conditions))
    liar = a_liar(simulation).addr if share else simulation.hosts(3, liars=1)[0]
    return simulation, simulation.add(), liar


def told(name: str, share: float = 0.0) -> tuple[Simulation, Core, tuple[NodeInfo, ...]]:
    """The nodes that a liar names."""
    simulation, core, liar = lying(name, share)
    (outcome,) = simulation.ask(core, FindClosest(TARGET), [liar]).asked
    return simulation, core, outcome.nodes


@pytest.mark.parametrize("name", LIES)
def test_every_lie_is_an_answer_that_can_be_read_or_none(name: str) -> None:
    simulation, core, liar = lying(name)
    for question in (FindClosest(TARGET), GetItem(TARGET), FindPeers(TARGET)):
        (outcome,) = simulation.ask(core, question, [liar]).asked
        assert outcome.faults == ()
        assert outcome.responded or (name in ("deaf to get", "mixed") and question.kind != "find_node")


def test_only_so_many_of_the_starting_nodes_lie() -> None:
    population = Population(2000, 1, Conditions(lie=LIES["nobody"]))
    simulation = Simulation(1, population=population)
    hosts = simulation.hosts(3, liars=2)
    core = simulation.add()
    asked = simulation.ask(core, FindClosest(TARGET), hosts).asked
    assert [len(next(o for o in asked if o.addr == host).nodes) for host in hosts] == [0, 0, 8]


@pytest.mark.parametrize(("name", "bits"), [("ids off by the last bit", 1), ("ids off by a low bit", 100)])
def test_true_nodes_are_named_under_ids_that_are_off_by_one_bit(name: str, bits: int) -> None:
    simulation, _, named = told(name)
    true = {node.addr: node.id for node in simulation.closest(TARGET, 20)}
    assert {node.addr for node in named} == set(true)
    apart = [distance(node.id, true[node.addr]) for node in named]
    assert all(d.bit_count() == 1 and d.bit_length() <= bits for d in apart)


def test_true_nodes_are_named_under_far_random_and_each_others_ids() -> None:
    for name in ("far ids", "random ids", "ids swapped"):
        simulation, _, named = told(name)
        true = {node.addr: node.id for node in simulation.closest(TARGET, 20)}
        assert {node.addr for node in named} == set(true)
        assert not any(node.id == true[node.addr] for node in named)
        if name == "far ids":
            assert all(distance(node.id, TARGET) >> 159 for node in named)
        if name == "ids swapped":
            assert {node.id for node in named} == set(true.values())


def test_true_ids_are_named_at_other_ports_other_addresses_of_the_net_and_dead_ones() -> None:
    for name, kept in (("other ports", 4), ("other IPs of the /24", 3), ("at dead addresses", 0)):
        simulation, core, named = told(name)
        true = {node.id: node.addr for node in simulation.closest(TARGET, 20)}
        assert {node.id for node in named} == set(true)
        for node in named:
            assert node.addr != true[node.id]
            assert node.addr[0].split(".")[:kept] == true[node.id][0].split(".")[:kept]
        assert not simulation.ask(core, PingNode(), [node.addr for node in named]).answered


def test_accomplices_answer_under_true_ids_that_are_claimed_for_them() -> None:
    simulation, core, named = told("at accomplices")
    assert {node.id for node in named} == {node.id for node in simulation.closest(TARGET)}
    for node in named:
        assert simulation.ask(core, FindClosest(TARGET), [node.addr]).asked[0].id == node.id


def test_several_claims_are_made_about_one_ip() -> None:
    assert len({node.addr for node in told("five ports each")[2]}) == 20
    assert len({node.addr[0] for node in told("five ports each")[2]}) == 4
    named = told("five ids each")[2]
    assert len({node.addr for node in named}) == 4 and len({node.id for node in named}) == 20
    assert len(set(told("one node 20 times")[2])) == 1


def test_accomplices_live_where_the_attacker_pays_for_addresses() -> None:
    simulation, core, liar = lying("from its own IP")
    named = simulation.ask(core, FindClosest(TARGET), [liar]).asked[0].nodes
    assert {node.addr[0] for node in named} == {liar[0]}
    assert len({node.addr[0] for node in told("from one IP")[2]}) == 1
    assert len({node.addr[0].rpartition(".")[0] for node in told("from one /24")[2]}) == 1
    assert len({node.addr[0].rpartition(".")[0] for node in told("from 100 /24s")[2]}) > 4


def test_accomplices_can_have_ids_that_fit_their_addresses_and_are_near() -> None:
    named = told("fitting ids")[2]
    assert len({node.addr[0] for node in named}) == 8
    assert all(bep42_valid(node.id, node.addr[0]) for node in named)
    assert all(shared_prefix(node.id, TARGET) >= 12 for node in named)


def test_silent_accomplices_answer_nothing_but_pings() -> None:
    simulation, core, named = told("silent accomplices")
    addrs = [node.addr for node in named]
    assert simulation.ask(core, PingNode(), addrs).answered == len(set(addrs))
    assert not simulation.ask(core, FindClosest(TARGET), addrs).answered


def test_a_partition_is_of_liars_under_their_true_ids() -> None:
    simulation, _, named = told("only liars", 0.1)
    population = simulation.population
    assert population is not None and len(named) == 8
    members = [population.at(node.addr) for node in named]
    assert all(
        member and population.lies(member) and member.id == node.id for member, node in zip(members, named, strict=True)
    )
    alone = told("only liars")
    assert len(alone[2]) == 8
    assert alone[0].ask(alone[1], PingNode(), [node.addr for node in alone[2]]).answered == 8


def test_liars_answer_under_ids_that_are_not_theirs() -> None:
    simulation, core, liar = lying("the querier's id")
    assert simulation.ask(core, FindClosest(TARGET), [liar]).asked[0].id == core.id
    simulation, core, liar = lying("an id chosen when asked")
    (outcome,) = simulation.ask(core, FindClosest(TARGET), [liar]).asked
    assert outcome.id is not None and distance(outcome.id, TARGET) < distance(simulation.closest(TARGET)[0].id, TARGET)


def test_liars_withhold_values_tokens_and_answers() -> None:
    for name, token, answered in (
        ("no values", True, True),
        ("no values, no tokens", False, True),
        ("deaf to get", False, False),
    ):
        simulation, core, liar = lying(name)
        (outcome,) = simulation.ask(core, GetItem(TARGET), [liar]).asked
        assert (bool(outcome.token), outcome.responded, outcome.item) == (token, answered, None)
        assert simulation.ask(core, FindClosest(TARGET), [liar]).answered == 1


def test_who_lies_about_nodes_only_stores_what_it_is_given() -> None:
    simulation, core, liar = lying("true values, ids off by the last bit")
    item = ImmutableItem(b"4:mine")
    simulation.finish(core, Store(item, remotes=[liar]))
    assert simulation.ask(core, GetItem(item.target), [liar]).item == item


def test_mixed_liars_lie_each_in_another_way_and_for_each_target_anew() -> None:
    simulation, _, _ = lying("mixed", 0.5)
    ring = simulation.ring
    assert ring is not None and simulation.population is not None
    members = [simulation.population.member(place) for place in range(60)]
    assert len({ring.lie_of(member, TARGET) for member in members}) > 20
    assert len({ring.lie_of(members[0], bytes([n]) * 20) for n in range(60)}) > 20
    assert ring.lie_of(members[0], TARGET) == ring.lie_of(members[0], TARGET)
