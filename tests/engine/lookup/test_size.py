"""The estimate of the network's size says how sure it is, and is right about that."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest

from dhtui.engine.lookup.network_size import SizeEstimate, margin, upper_bound
from dhtui.engine.wire.ids import random_id

sys.path.append(str(Path(__file__).parents[3] / "bench"))

from size import measure, one, over


@pytest.mark.parametrize("nodes", [64, 300, 5000])
@pytest.mark.parametrize("lookups", [1, 4, 64])
@pytest.mark.parametrize("kind", ["random", "refresh"])
def test_the_true_size_is_within_what_is_said_95_times_in_100(kind: str, lookups: int, nodes: int) -> None:
    """At few lookups and at many, far apart or among the same nodes again and again; never surer than it is."""
    got = measure(kind, nodes, lookups, 60)
    assert got.within >= 0.88
    assert got.told > 0.75 * got.error


@pytest.mark.parametrize("kind", ["random", "refresh"])
def test_it_holds_from_30_to_4_million_nodes(kind: str) -> None:
    """100 networks of each kind of targets: what is said to hold 95 times in 100 does, and so does the bound of 99."""
    rng = Random(5)
    sizes = [round(30 * (4_000_000 / 30) ** (nth / 99)) for nth in range(100)]
    got = over([one(kind, size, 4 ** (nth % 4), rng) for nth, size in enumerate(sizes)], len(sizes))
    assert got.within >= 0.9
    assert got.above <= 0.04


def test_of_few_lookups_the_margin_is_wider_than_two_standard_deviations() -> None:
    one = SizeEstimate(8)
    one.add(random_id(Random(1)), 1 << 150)
    view = one.view()
    assert view.nodes is not None
    assert margin(view) > 1.96 * view.uncertainty
    # A gamma variable of shape 8 exceeds 13.15 5 times in 100, and 16.0 once.
    assert margin(view) == pytest.approx(13.15 / 7 - 1, rel=0.01)
    assert upper_bound(view) == pytest.approx(view.nodes * 16.0 / 7, rel=0.01)


def test_lookups_among_the_same_nodes_make_it_no_surer() -> None:
    """64 targets with one reach, all next to each other, are worth little more than one."""
    one, many = SizeEstimate(8), SizeEstimate(8)
    target = random_id(Random(1))
    one.add(target, 1 << 150)
    for last in range(64):
        many.add(target[:19] + bytes((last,)), 1 << 150)
    assert many.view().lookups == 64
    assert many.view().uncertainty == pytest.approx(one.view().uncertainty)
    assert many.view().nodes == pytest.approx(one.view().nodes, rel=0.15)
