#!/usr/bin/env python3
"""Is the network's size where the estimate says, 95 times in a hundred? Many networks in virtual space, no packets.

    python bench/size.py
    python bench/size.py --networks 1000 --nodes 300

For each size of a network and number of lookups: how far off the estimate was (root mean square), what it said of
itself (one standard deviation), and how often the true size lay within 1.96 of these, which should be 95 %. The
targets are random ones, or those that a node looks up to refresh its buckets, which end among the same nodes.
"""

from __future__ import annotations

import argparse
from bisect import bisect_left
from heapq import nsmallest
from math import sqrt
from random import Random

from dhtui.engine.lookup.network_size import SizeEstimate
from dhtui.engine.wire.ids import ID_BITS, random_id, random_id_with_prefix

K = 8
SURE = 1.96


def kth_distance(ids: list[int], target: int) -> int:
    """The distance of the k-th closest of the sorted ids."""
    bits = max(0, len(ids).bit_length() - 6)
    while True:
        first = target >> (ID_BITS - bits) << (ID_BITS - bits)
        near = ids[bisect_left(ids, first) : bisect_left(ids, first + (1 << (ID_BITS - bits)))]
        if len(near) >= K or not bits:
            return nsmallest(K, (node ^ target for node in near))[-1]
        bits -= 1


def targets(kind: str, count: int, nodes: int, rng: Random) -> list[bytes]:
    """What is looked up: ``random`` ids, or our own one and then a ``refresh`` of each bucket in turn."""
    if kind == "random":
        return [random_id(rng) for _ in range(count)]
    own, depth = random_id(rng), max(1, nodes.bit_length() - 4)
    return [own, *(random_id_with_prefix(own, n % depth, rng) for n in range(count - 1))]


def measure(kind: str, nodes: int, lookups: int, networks: int) -> tuple[float, float, float]:
    """The relative error (root mean square), what the estimate says of itself, and how often that holds."""
    rng = Random(nodes * 1000 + lookups)
    errors, told, held = [], [], 0
    for _ in range(networks):
        ids = sorted(rng.getrandbits(ID_BITS) for _ in range(nodes))
        size = SizeEstimate(K)
        for target in targets(kind, lookups, nodes, rng):
            size.add(target, kth_distance(ids, int.from_bytes(target, "big")))
        view = size.view()
        assert view.nodes is not None
        errors.append((view.nodes / nodes - 1) ** 2)
        told.append(view.uncertainty)
        held += abs(view.nodes - nodes) <= SURE * view.uncertainty * view.nodes
    return sqrt(sum(errors) / networks), sum(told) / networks, held / networks


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=200, help="of each kind (200)")
    parser.add_argument("--nodes", type=int, action="append", help="of a network; may be given several times")
    parser.add_argument("--lookups", type=int, action="append", help="likewise")
    options = parser.parse_args()
    print("targets     nodes  lookups    error     told   within")
    for kind in ("random", "refresh"):
        for nodes in options.nodes or (20, 64, 300, 5000):
            for lookups in options.lookups or (1, 4, 16, 64):
                error, told, held = measure(kind, nodes, lookups, options.networks)
                print(f"{kind:<8} {nodes:>8} {lookups:>8} {error:>7.1%} {told:>8.1%} {held:>8.1%}")


if __name__ == "__main__":
    main()
