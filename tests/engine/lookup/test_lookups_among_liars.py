"""Each lie, told by one node in ten and by one of three starting nodes: it hides no value, and few true nodes."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from statistics import mean

import pytest

from dhtui.engine.core import Core
from dhtui.engine.items import ImmutableItem
from dhtui.engine.lookup.questions import FindClosest, GetItem
from dhtui.engine.outcome import Doubt
from dhtui.engine.simulation.internet import Conditions
from dhtui.engine.simulation.lies import LIES, Lie, Values
from dhtui.engine.simulation.network import Simulation
from dhtui.engine.simulation.passive_nodes import Population

SIZE = 20_000
LOOKUPS = 5
ENDED = 30.0
"""Virtual seconds that the worst lookup may take."""


def world(lie: Lie, share: float, seed: int = 1) -> Simulation:
    """A network with so many liars."""
    return Simulation(seed, population=Population(SIZE, seed, Conditions(liars=share, lie=lie)))


def quality(simulation: Simulation, cores: list[Core]) -> tuple[int, float]:
    """How many items the cores found, one each, and which share of the true closest nodes answered a search."""
    rng, items, found = Random(1), 0, []
    for core in cores:
        item = ImmutableItem(b"20:" + rng.randbytes(20))
        simulation.plant(item)
        trial = simulation.look_up(core, GetItem(item.target))
        items += trial.outcome.item == item
        search = simulation.look_up(core, FindClosest(rng.randbytes(20)))
        found.append(search.found)
        assert max(trial.complete, search.complete) < ENDED
    return items, mean(found)


WITHOUT_VALUES = {
    f"{name}, no values": replace(lie, values=Values.NONE) for name, lie in LIES.items() if lie.values is Values.MIXED
}
"""Liars who give no values at all are not even caught at lying about them."""


@pytest.mark.parametrize("lie", [*LIES.values(), *WITHOUT_VALUES.values()], ids=[*LIES, *WITHOUT_VALUES])
def test_no_lie_of_one_node_in_ten_hides_a_value(lie: Lie) -> None:
    simulation = world(lie, 0.1)
    core = simulation.add(hosts=simulation.hosts())
    simulation.bootstrap(core)
    simulation.run(5)
    items, found = quality(simulation, [core] * LOOKUPS)
    assert items == LOOKUPS and found >= 0.85


@pytest.mark.parametrize("name", LIES)
def test_one_honest_node_of_three_to_start_from_suffices(name: str) -> None:
    """Two of three lie; a cold lookup goes straight to them."""
    simulation = world(LIES[name], 0.0)
    hosts = simulation.hosts(3, 2)
    cores = [simulation.add(hosts=hosts, maintain=False) for _ in range(LOOKUPS)]
    for core in cores[::2]:
        simulation.bootstrap(core)
    items, found = quality(simulation, cores)
    # These have more addresses than the network has nodes, and pick those that fit.
    assert items == LOOKUPS and found >= (0.5 if name == "fitting ids" else 0.85)


@pytest.mark.parametrize("name", ["nearer", "cunning", "from one IP", "only liars", "nobody", "dead nodes nearer"])
def test_what_is_not_found_among_liars_alone_is_never_said_to_be_missing(name: str) -> None:
    """All of the starting nodes lie: the answer tells that it can't be relied on, or nobody answered."""
    simulation = world(replace(LIES[name], values=Values.NONE), 0.0)
    hosts = simulation.hosts(3, 3)
    for nth in range(4):
        core = simulation.add(hosts=hosts, maintain=False)
        if nth % 2:
            simulation.bootstrap(core)
        outcome = simulation.look_up(core, GetItem(Random(nth).randbytes(20))).outcome
        assert isinstance(outcome.doubt, Doubt) or not outcome.answered


def test_liars_do_not_talk_us_out_of_minding_whether_ids_fit_their_addresses() -> None:
    """Three nodes in ten name misfits only, which answer and are met by every lookup: most that we know are theirs."""
    simulation = world(LIES["two nearer, no values"], 0.3)
    core = simulation.add(hosts=simulation.hosts())
    simulation.bootstrap(core)
    simulation.run(10)
    quality(simulation, [core] * 8)
    assert core._sending.prefer
