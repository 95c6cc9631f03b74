"""What a census says of a whole network: its intervals hold the truth as often as they say."""

from __future__ import annotations

from math import sqrt
from random import Random

import pytest

from dhtui.engine.census.estimate import Owned, infohashes_of, nodes_of, share_of
from dhtui.engine.census.walk import BLOCK_NODES, Walk, planned

from .world import World

OWN = bytes(20)
TRIES = 200
FEWEST = 182
"""Of 200 with 95 % each: fewer once in 1000 such tests."""


def binomial(n: int, p: float, rng: Random) -> int:
    """A binomial number; of very many by its normal limit."""
    if n * p * (1 - p) > 1000:
        return round(rng.gauss(n * p, sqrt(n * p * (1 - p))))
    if n <= 20_000:
        return sum(rng.random() < p for _ in range(n))
    at, found = 0.0, 0  # rare among many: the gaps are exponential
    while (at := at + rng.expovariate(p)) < n:
        found += 1
    return found


@pytest.mark.parametrize("n", [30, 100, 1000, 20_000, 300_000, 4_000_000])
def test_the_interval_of_nodes_holds_the_truth_as_often_as_it_says(n: int) -> None:
    """200 networks of each size, walked as the default is."""
    rng, held, wide = Random(n), 0, 0.0
    for _ in range(TRIES):
        plan = planned(n * rng.uniform(0.6, 1.6), 1000, rng)
        found = binomial(n, plan.share, rng)
        estimate = nodes_of(found, plan.share)
        assert estimate.high is not None and estimate.low <= estimate.value <= estimate.high
        held += estimate.low <= n <= estimate.high
        wide = max(wide, estimate.high / max(estimate.low, 1))
    assert held >= FEWEST
    assert wide < 1.35  # the default is worth its name: about plus and minus 6 to 8 %


def test_a_whole_network_is_counted() -> None:
    assert nodes_of(31, 1.0) == (31, 31, 31)
    assert planned(31, 1000, Random(1)).share == 1.0


def test_nobody_in_a_share_is_not_nobody_at_all() -> None:
    none = nodes_of(0, 0.01)
    assert (none.value, none.low) == (0, 0) and none.high is not None and 100 < none.high < 500


@pytest.mark.parametrize(("n", "infohashes", "wanted"), [(400, 3000, 150), (1200, 4000, 400), (60, 900, 400)])
def test_both_intervals_hold_on_networks_that_are_walked(n: int, infohashes: int, wanted: int) -> None:
    """Nodes that know some of the others, half of them dead; what each stores is more than it gives."""
    nodes = hashes = 0
    for seed in range(40):
        world = World(n, infohashes, seed)
        walk = Walk(planned(n, wanted, Random(seed)), OWN, Random(seed))
        world.walk(walk)
        found = nodes_of(walk.tally.nodes, walk.share)
        assert found.high is not None
        nodes += found.low <= n <= found.high
        stored = infohashes_of(walk.tally.owned, walk.share)
        assert stored is not None and stored.high is not None
        hashes += stored.low <= infohashes <= stored.high
    assert nodes >= 33 and hashes >= 33, (nodes, hashes)  # 38 expected; fewer than 33 twice in a thousand


def test_blocks_have_about_as_many_nodes_as_meant() -> None:
    for size in (10, 100, 5000, 10**6, 10**8):
        plan = planned(size, 1000, Random(size))
        assert plan.depth == 0 or 0.7 < size / 2**plan.depth / BLOCK_NODES < 1.5
        assert len(set(plan.blocks)) == len(plan.blocks) <= 2**plan.depth
        assert list(plan.blocks) == sorted(plan.blocks)


def test_one_block_of_several_tells_little() -> None:
    assert infohashes_of([], 0.5) is None
    one = infohashes_of([Owned(10.0, 1.0)], 0.5)
    assert one is not None and one.high is None


@pytest.mark.parametrize(("p", "n"), [(0.5, 40), (0.05, 200), (0.98, 100)])
def test_the_interval_of_a_share_holds_the_truth(p: float, n: int) -> None:
    rng = Random(n)
    held = 0
    for _ in range(TRIES):
        found = share_of(binomial(n, p, rng), n)
        held += found.high is not None and found.low <= p <= found.high
    assert held >= FEWEST
    assert share_of(0, 0) == (0.0, 0.0, 1.0)
