"""A wide put gets past a crowd: it stores on every node out to the expected distance of the 8th closest."""

from __future__ import annotations

from random import Random

from dhtui.engine.core import Core
from dhtui.engine.items import ImmutableItem
from dhtui.engine.lookup.questions import FindClosest, PingNode
from dhtui.engine.operations.requests import Ask, Store
from dhtui.engine.outcome import Outcome
from dhtui.engine.simulation.internet import Conditions
from dhtui.engine.simulation.network import Simulation
from dhtui.engine.simulation.passive_nodes import Population
from dhtui.engine.wire.ids import ID_BITS, distance

SIZE = 5000
ITEM = ImmutableItem(b"20:aaaaaaaaaaaaaaaaaaaa")
EXPECTED = 8 * 2**ID_BITS // SIZE


def world(crowd: int) -> tuple[Simulation, Core]:
    """A network with a crowd of whole nodes next to where the item belongs, all of them known to the core."""
    simulation = Simulation(1, population=Population(SIZE, 1, Conditions(loss=0.0)))
    core = simulation.add(hosts=simulation.hosts(), bep42="off")
    simulation.bootstrap(core)
    simulation.run(10)
    number = int.from_bytes(ITEM.target, "big")
    ids = [(number ^ (nth + 1 << 138)).to_bytes(20, "big") for nth in range(crowd)]
    near = [simulation.add(id=each, read_only=False).identity.bound for each in ids]
    rng = Random(1)
    for _ in range(6):
        simulation.finish(core, Ask(FindClosest(rng.randbytes(20))))
    if near:
        simulation.finish(core, Ask(PingNode(), remotes=near))
    return simulation, core


def honest(simulation: Simulation, outcome: Outcome) -> list[int]:
    """The distances of the passive nodes that stored it."""
    return [
        distance(one.id or b"", ITEM.target) for one in outcome.writes if one.addr not in simulation.places and one.rtt
    ]


def test_a_crowd_takes_all_places_of_a_put_but_not_of_a_wide_one() -> None:
    simulation, core = world(8)
    plain = simulation.finish(core, Store(ITEM))
    assert plain.stored == 8
    wide = simulation.finish(core, Store(ITEM, wide=True))
    true = simulation.population.closest(ITEM.target, 8, simulation.now) if simulation.population else []
    within = {node.addr for node in true if distance(node.id, ITEM.target) <= EXPECTED}
    stored = {one.addr for one in wide.writes if one.rtt is not None}
    assert len(within) >= 3 and within <= stored
    assert len(honest(simulation, wide)) > len(honest(simulation, plain))
    assert {one.addr for one in plain.writes} <= {one.addr for one in wide.writes}


def test_without_a_crowd_a_wide_put_is_much_like_any_other() -> None:
    simulation, core = world(0)
    wide = simulation.finish(core, Store(ITEM, wide=True))
    assert 8 <= wide.stored <= 24
    assert max(honest(simulation, wide)[8:], default=0) <= 2 * EXPECTED


def test_without_an_estimate_it_is_a_put() -> None:
    simulation = Simulation(1, population=Population(SIZE, 1, Conditions(loss=0.0)))
    core = simulation.add(hosts=simulation.hosts(), maintain=False)
    assert core.snapshot(simulation.now).size.nodes is None
    assert simulation.finish(core, Store(ITEM, wide=True)).stored == 8
