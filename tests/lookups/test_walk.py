"""A walk through what one node knows finds its whole table, asks no more than it says, and ends."""

from __future__ import annotations

from random import Random

import pytest

from dhtui.engine.wire.compact import NodeInfo
from dhtui.engine.wire.ids import distance, shared_prefix
from dhtui.lookups.walk import MAX_QUERIES, MAX_SILENT, Walk, by_bucket, in_bucket, pause


def table(own: bytes, rng: Random, size: int = 8) -> list[NodeInfo]:
    """A table with full buckets down to some depth."""
    return [
        NodeInfo(in_bucket(own, depth, rng), (f"192.0.{depth}.{nth}", 6881))
        for depth in range(6)
        for nth in range(size)
    ]


def walked(walk: Walk, nodes: list[NodeInfo]) -> Walk:
    while not walk.over:
        target = walk.next()
        walk.heard(sorted(nodes, key=lambda node: distance(node.id, target))[:8])
    return walk


@pytest.mark.parametrize("seed", range(20))
def test_a_walk_finds_the_whole_table_of_a_node(seed: int) -> None:
    rng = Random(seed)
    own = rng.randbytes(20)
    nodes = table(own, rng)
    walk = walked(Walk(own, rng), nodes)
    assert walk.mapped and walk.asked <= MAX_QUERIES and set(walk.named) == set(nodes)
    assert by_bucket(own, walk.named) == [8] * 6


def test_a_walk_that_is_lied_to_ends() -> None:
    rng = Random(1)
    own = rng.randbytes(20)
    walk = Walk(own, rng)
    while not walk.over:
        walk.next()
        walk.heard(NodeInfo(rng.randbytes(20), ("192.0.2.1", rng.randrange(1, 65536))) for _ in range(20))
    assert walk.asked <= MAX_QUERIES and len(walk.named) <= 20 * MAX_QUERIES


def test_a_walk_past_a_silent_node_ends() -> None:
    walk = Walk(bytes(20), Random(1))
    for _ in range(MAX_SILENT):
        assert not walk.over
        walk.next()
        walk.silent()
    assert walk.over and not walk.mapped


@pytest.mark.parametrize("depth", [0, 1, 80, 158, 159])
def test_a_target_lies_in_its_bucket(depth: int) -> None:
    own = Random(2).randbytes(20)
    assert shared_prefix(own, in_bucket(own, depth, Random(3))) == depth


def test_a_stranger_is_asked_once_a_second_and_ones_own_network_four_times() -> None:
    assert pause(("127.0.0.1", 1)) == pause(("10.1.2.3", 1)) == pause(("192.168.1.1", 1)) == 0.25
    assert pause(("203.0.113.1", 1)) == 1.0
