"""Lookups among liars in league: one live node in ten names made-up nodes next to the target, and hands out lies."""

from __future__ import annotations

from random import Random

import pytest

from dhtui.engine.answers import Question
from dhtui.engine.core import Core
from dhtui.engine.internet import Conditions
from dhtui.engine.items import ImmutableItem, Item, MutableItem, sign
from dhtui.engine.keys import PrivateKey
from dhtui.engine.lies import LIES
from dhtui.engine.outcome import Status
from dhtui.engine.population import Member, Population
from dhtui.engine.simulate import Simulation, Trial
from dhtui.engine.wire.ids import distance

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
    return [(item, simulation.look_up(core, Question("get", item.target))) for item in items]


@pytest.mark.parametrize(("size", "seed"), [(2000, 1), (100_000, 2)])
def test_the_true_value_comes_in_99_of_100_lookups(size: int, seed: int) -> None:
    wrong = [trial.outcome.why for item, trial in gets(*among_liars(size, seed), 100) if trial.outcome.item != item]
    assert len(wrong) <= 1, wrong


def test_no_lie_is_ever_believed() -> None:
    simulation, core = among_liars(2000, 3)
    lies = 0
    for item, trial in gets(simulation, core, 40):
        genuine = (None, item, simulation.outdated.get(item.target))
        assert trial.outcome.item in genuine
        lies += sum(node.status in (Status.BAD_VALUE, Status.BAD_SIGNATURE) for node in trial.outcome.asked)
    assert lies > 100


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
    (liar,) = simulation.ask(core, Question("get_peers", target), [a_liar(simulation).addr]).asked
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
        (liar,) = simulation.ask(core, Question("find_node", target), [a_liar(simulation).addr]).asked
        nearer += [distance(node.id, target) < eighth / 2 for node in liar.nodes]
    assert sum(nearer) / len(nearer) == pytest.approx(0.5, abs=0.1)


def test_made_up_nodes_answer_under_their_made_up_ids_and_go_on_lying() -> None:
    simulation, core = among_liars(2000, 1)
    target = bytes(20)
    question = Question("find_node", target)
    (liar,) = simulation.ask(core, question, [a_liar(simulation).addr]).asked
    for node in liar.nodes[:NAMED]:
        asked = [simulation.ask(core, question, [node.addr]).asked[0] for _ in range(3)]  # packets get lost
        answers = [outcome for outcome in asked if outcome.responded]
        assert {outcome.id for outcome in answers} == {node.id}
        assert all(len(outcome.nodes) == NAMED + DEAD_NAMED for outcome in answers)
    dead = simulation.ask(core, Question("ping"), [node.addr for node in liar.nodes[NAMED:]])
    assert dead.answered == 0


def test_liars_hand_out_forged_and_outdated_versions() -> None:
    simulation, core = among_liars(2000, 1)
    item = planted(simulation, 1)
    assert isinstance(item, MutableItem)
    liar = a_liar(simulation)
    seen = set()
    for node in simulation.ask(core, Question("find_node", item.target), [liar.addr]).asked[0].nodes[:NAMED]:
        seen |= {o.status for o in simulation.ask(core, Question("get", item.target), [node.addr, liar.addr]).asked}
    assert {Status.VALUE, Status.BAD_SIGNATURE} <= seen


def test_liars_confirm_what_they_drop() -> None:
    simulation, core = among_liars(2000, 1)
    liar, item = a_liar(simulation), ImmutableItem(b"4:mine")
    put = simulation.finish(core, lambda done: core.searches.put(item, done, simulation.now, remotes=[liar.addr]))
    assert [write.status for write in put.writes] == [Status.STORED]
    assert simulation.ask(core, Question("get", item.target), [liar.addr]).item is None
