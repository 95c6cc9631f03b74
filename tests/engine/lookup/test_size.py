"""The estimate of the network's size says how sure it is, and is right about that."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest

from dhtui.engine.lookup.network_size import SizeEstimate
from dhtui.engine.wire.ids import random_id

sys.path.append(str(Path(__file__).parents[3] / "bench"))

from size import measure


@pytest.mark.parametrize("nodes", [64, 300, 5000])
@pytest.mark.parametrize("lookups", [1, 4, 64])
@pytest.mark.parametrize("kind", ["random", "refresh"])
def test_the_true_size_is_within_what_is_said_95_times_in_100(kind: str, lookups: int, nodes: int) -> None:
    """At few lookups and at many, far apart or among the same nodes again and again; never surer than it is."""
    error, told, held = measure(kind, nodes, lookups, 60)
    assert held >= 0.88
    assert told > 0.75 * error


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
