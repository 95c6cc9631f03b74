#!/usr/bin/env python3
"""Does the test of density raise false alarms as often as it says, and whom does it see? In virtual time, no packets.

    python bench/sybil.py                                # about a minute
    python bench/sybil.py --drawn 10000 --lookups 400

- drawn: the ids of networks are drawn, and the distances of the nearest taken as they are. How often the test alarms
  where the size is known, and with the upper bound of its estimate from 16 lookups, as `sybil_check` takes it.
- power: 8 made-up nodes beside the honest ones, at a distance from the target, or placed as honest ones would be.
- lookups: whole lookups by the engine that ships, among honest nodes and among liars, in a simulated network.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import lru_cache
from random import Random

from dhtui.engine.core import Core
from dhtui.engine.diagnosis.findings import Finding, Verdict
from dhtui.engine.diagnosis.sybil import Surroundings, sybil_signs
from dhtui.engine.lookup.density import LAST, density, false_alarms
from dhtui.engine.lookup.network_size import SizeEstimate, upper_bound
from dhtui.engine.lookup.questions import FindClosest
from dhtui.engine.operations.requests import Ask
from dhtui.engine.outcome import Outcome
from dhtui.engine.simulation.drawn import DrawnIds
from dhtui.engine.simulation.internet import Conditions
from dhtui.engine.simulation.lies import LIES
from dhtui.engine.simulation.network import Simulation
from dhtui.engine.simulation.passive_nodes import Population
from dhtui.engine.wire.ids import ID_BITS, distance, random_id

K = 8
CONTROLS = 16
SYBILS = 8
FEW_NODES = 1000
"""The networks that are drawn have more nodes than this; 4,000 times more at most."""
TARGETS = 50
"""Targets in each."""


@lru_cache(maxsize=64)
def threshold(rate: float, last: int = LAST) -> float:
    """The least p_j below which the test alarms at a rate."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if false_alarms(middle, last) < rate else (low, middle)
    return low


Place = Callable[[list[float], Random], list[float]]
"""Where sybils stand, by the shares of the honest nodes, nearest first."""


def bits_nearer(bits: int) -> Place:
    """At the distance of the nearest honest node, so many bits nearer."""
    return lambda honest, rng: [honest[0] / 2**bits] * SYBILS


def as_honest(honest: list[float], rng: Random) -> list[float]:
    """Anywhere within the distance of the 8th honest one."""
    return [rng.random() * honest[SYBILS - 1] for _ in range(SYBILS)]


def drawn(count: int, place: Place | None = None, *, estimated: bool = False, seed: int = 1) -> list[float]:
    """The least p_j of so many lookups: of the size that is true, or `estimated` by other lookups."""
    rng = Random(seed)
    found: list[float] = []
    while len(found) < count:
        nodes = round(FEW_NODES * 4000 ** rng.random())
        ids = DrawnIds(nodes, rng)
        size = _estimate(ids, rng) if estimated else nodes
        for _ in range(min(TARGETS, count - len(found))):
            honest = [each / 2**ID_BITS for each in ids.nearest(rng.getrandbits(ID_BITS), LAST)]
            told = density(sorted((*honest, *place(honest, rng))) if place else honest, size)
            assert told is not None
            found.append(told.least)
    return found


def _estimate(ids: DrawnIds, rng: Random) -> float:
    size = SizeEstimate(K)
    for _ in range(CONTROLS):
        target = random_id(rng)
        size.add(target, ids.nearest(int.from_bytes(target, "big"), K)[-1])
    return upper_bound(size.view())


# ---- whole lookups --------------------------------------------------------------------------------------


class Field:
    """A simulated network with a core that looks up, and its controls."""

    def __init__(self, nodes: int, seed: int, liars: float = 0.0, lie: str = "nearer") -> None:
        conditions = Conditions(liars=liars, lie=LIES[lie])
        self.simulation = Simulation(seed, population=Population(nodes, seed, conditions))
        self.core: Core = self.simulation.add(hosts=self.simulation.hosts())
        self.simulation.bootstrap(self.core)
        self.simulation.run(10)
        self.rng = Random(seed)
        self.size = SizeEstimate(K)
        self.controls = [Surroundings(self.look(random_id(self.rng))) for _ in range(CONTROLS)]
        for one in self.controls:
            nearest = one.outcome.closest
            assert one.outcome.target is not None
            if len(nearest) == K:
                self.size.add(one.outcome.target, distance(nearest[-1].id or b"", one.outcome.target))

    def look(self, target: bytes) -> Outcome:
        """One whole lookup."""
        return self.simulation.finish(self.core, Ask(FindClosest(target)))

    def signs(self) -> tuple[Finding, ...]:
        """What is found around a random target."""
        return sybil_signs(Surroundings(self.look(random_id(self.rng))), self.controls, self.size.view())


def alarms(field: Field, lookups: int) -> dict[str, int]:
    """How often each check raised an alarm."""
    usual = {Verdict.SPARSE, Verdict.BEP42_USUAL, Verdict.SUBNETS_USUAL, Verdict.TWINS_USUAL, Verdict.NAMERS_USUAL}
    found: dict[str, int] = {}
    for _ in range(lookups):
        for each in field.signs():
            alarm = each.p_value is not None and each.verdict not in usual | {Verdict.IDS_STEADY}
            found[str(each.check)] = found.get(str(each.check), 0) + alarm
    return found


def main() -> None:
    """Prints three tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drawn", type=int, default=10_000, help="lookups whose ids are drawn (10000)")
    parser.add_argument("--lookups", type=int, default=400, help="whole lookups of each kind (400)")
    parser.add_argument("--nodes", type=int, default=20_000, help="of the simulated network (20000)")
    options = parser.parse_args()
    print("false alarms     stated   size known   estimated")
    known, estimated = drawn(options.drawn), drawn(options.drawn, estimated=True)
    for rate in (0.05, 0.01, 0.001):
        limit = threshold(rate)
        seen = [sum(least < limit for least in each) / options.drawn for each in (known, estimated)]
        print(f"{'':<12} {rate:>10.1%} {seen[0]:>12.2%} {seen[1]:>11.2%}", flush=True)
    print("\n8 sybils                       seen at 1e-5   at false alarms of 0.1 %")
    places = {"where the nearest stands": bits_nearer(0), "one bit nearer": bits_nearer(1)}
    places |= {"two bits nearer": bits_nearer(2), "as honest ones": as_honest}
    for name, place in places.items():
        least = drawn(2000, place)
        seen = [sum(each < limit for each in least) / len(least) for limit in (1e-5, threshold(0.001))]
        print(f"{name:<30} {seen[0]:>12.0%} {seen[1]:>20.0%}", flush=True)
    print("\nwhole lookups: alarms of each sign")
    for name, liars, lie in (("honest", 0.0, "nearer"), ("nearer", 0.1, "nearer"), ("cunning", 0.1, "cunning")):
        count = options.lookups if not liars else options.lookups // 10
        told = alarms(Field(options.nodes, 1, liars, lie), count)
        print(f"{name:<8} {count:>5}  " + "  ".join(f"{check} {n}" for check, n in told.items()), flush=True)


if __name__ == "__main__":
    main()
