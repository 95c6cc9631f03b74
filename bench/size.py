#!/usr/bin/env python3
"""Is the network's size where the estimate says, 95 times in a hundred? Many networks in virtual space, no packets.

    python bench/size.py
    python bench/size.py --networks 1000 --nodes 300

For each size of a network and number of lookups: how far off the estimate was (root mean square); what it said of
itself (one standard deviation); how often the true size lay within the margin that is shown, which should be 95 %; and
how often it exceeded the upper bound that the Sybil test takes, which should be 1 %. The targets are random ones, or
those that a node looks up to refresh its buckets, which end among the same nodes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from math import sqrt
from random import Random
from typing import NamedTuple

from dhtui.engine.lookup.network_size import SizeEstimate, margin, upper_bound
from dhtui.engine.simulation.drawn import DrawnIds
from dhtui.engine.wire.ids import random_id, random_id_with_prefix

K = 8


def targets(kind: str, count: int, nodes: int, rng: Random) -> list[bytes]:
    """What is looked up: ``random`` ids, or our own one and then a ``refresh`` of each bucket in turn."""
    if kind == "random":
        return [random_id(rng) for _ in range(count)]
    own, depth = random_id(rng), max(1, nodes.bit_length() - 4)
    return [own, *(random_id_with_prefix(own, n % depth, rng) for n in range(count - 1))]


class Measured(NamedTuple):
    """Of many networks."""

    error: float
    """The relative error, root mean square."""
    told: float
    """What the estimate says of itself, one standard deviation."""
    within: float
    """How often the true size lay within the margin."""
    above: float
    """How often it exceeded the upper bound."""


def measure(kind: str, nodes: int, lookups: int, networks: int) -> Measured:
    """Networks of one size."""
    rng = Random(nodes * 1000 + lookups)
    return over((one(kind, nodes, lookups, rng) for _ in range(networks)), networks)


def one(kind: str, nodes: int, lookups: int, rng: Random) -> Measured:
    """One network."""
    ids, size = DrawnIds(nodes, rng), SizeEstimate(K)
    for target in targets(kind, lookups, nodes, rng):
        size.add(target, ids.nearest(int.from_bytes(target, "big"), K)[-1])
    view = size.view()
    assert view.nodes is not None
    off, within = view.nodes / nodes - 1, abs(view.nodes - nodes) <= margin(view) * view.nodes
    return Measured(off, view.uncertainty, within, nodes > upper_bound(view))


def over(each: Iterable[Measured], count: int) -> Measured:
    """The sum of several networks."""
    error, told, within, above = zip(*each, strict=True)
    return Measured(sqrt(sum(e * e for e in error) / count), sum(told) / count, sum(within) / count, sum(above) / count)


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=200, help="of each kind (200)")
    parser.add_argument("--nodes", type=int, action="append", help="of a network; may be given several times")
    parser.add_argument("--lookups", type=int, action="append", help="likewise")
    options = parser.parse_args()
    print("targets     nodes  lookups    error     told   within    above")
    for kind in ("random", "refresh"):
        for nodes in options.nodes or (30, 64, 300, 5000, 100_000, 4_000_000):
            for lookups in options.lookups or (1, 4, 16, 64):
                got = measure(kind, nodes, lookups, options.networks)
                shown = f"{got.error:>8.1%} {got.told:>8.1%} {got.within:>8.1%} {got.above:>8.1%}"
                print(f"{kind:<8} {nodes:>8} {lookups:>8} {shown}", flush=True)


if __name__ == "__main__":
    main()
