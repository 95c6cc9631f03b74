"""The test of density raises false alarms as often as it says. It sees a crowd, unless that stands as honest nodes."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest

from dhtui.engine.lookup.density import FALSE_ALARMS, Density, at_least, density, false_alarms
from dhtui.engine.simulation.drawn import DrawnIds
from dhtui.engine.wire.ids import ID_BITS

sys.path.append(str(Path(__file__).parents[3] / "bench"))

from sybil import Field, alarms, as_honest, bits_nearer, drawn, threshold

LOOKUPS = 10_000


@pytest.mark.parametrize(
    ("last", "alpha", "rate"),
    [
        *((8, 0.017, 0.05), (8, 0.0029, 0.01)),
        *((16, 0.010, 0.05), (16, 0.0017, 0.01), (16, 0.00013, 0.001)),
        *((20, 0.0093, 0.05), (20, 0.0015, 0.01), (20, 0.00012, 0.001)),
    ],
)
def test_the_rate_of_false_alarms_is_that_of_simulations(last: int, alpha: float, rate: float) -> None:
    """As 50,000 to 100,000 simulated lookups had it."""
    assert false_alarms(alpha, last) == pytest.approx(rate, rel=0.08)


def test_over_10000_honest_lookups_it_alarms_as_often_as_stated() -> None:
    """Within three standard deviations of the count."""
    least = drawn(LOOKUPS)
    for rate in (0.05, 0.01, 0.001):
        found, expected = sum(each < threshold(rate) for each in least), rate * LOOKUPS
        assert abs(found - expected) <= 3 * expected**0.5


def test_with_an_estimated_size_it_alarms_no_oftener_than_stated() -> None:
    least = drawn(2000, estimated=True)
    assert sum(each < threshold(0.05) for each in least) <= 0.05 * 2000
    assert sum(each < threshold(0.01) for each in least) <= 0.01 * 2000


def test_it_sees_8_sybils_three_times_in_four_and_two_bits_nearer_nearly_always() -> None:
    """At a least p_j of 1e-5."""
    assert sum(each < 1e-5 for each in drawn(500, bits_nearer(0))) / 500 == pytest.approx(0.76, abs=0.06)
    assert sum(each < 1e-5 for each in drawn(500, bits_nearer(2))) / 500 >= 0.96


def test_it_does_not_see_those_that_stand_as_honest_nodes_do() -> None:
    assert sum(each < threshold(FALSE_ALARMS) for each in drawn(500, as_honest)) / 500 < 0.3


def test_whole_lookups_among_honest_nodes_raise_no_alarm_and_among_liars_nearly_all_do() -> None:
    assert alarms(Field(5000, 2), 60)["density"] <= 1
    assert alarms(Field(5000, 2, liars=0.1), 5)["density"] >= 4


def test_the_p_value_is_a_chance_and_falls_with_the_distances() -> None:
    before = 1.0
    for bits in range(40):
        told = density([0.5**bits] * 8, 1.0)
        assert isinstance(told, Density) and 0.0 <= told.p_value <= before
        before = told.p_value
    assert before < 1e-80
    assert density([0.0] * 8, 1e7) == Density(0.0, 3, 0.0, 8)
    assert density([0.1, 0.2], 1e7) is None and density([], 1e7) is None


def test_the_tail_of_the_poisson_distribution() -> None:
    assert at_least(1, 1.0) == pytest.approx(1 - 2.718281828459045**-1)
    assert at_least(3, 1e-6) == pytest.approx(1e-18 / 6, rel=1e-5)
    assert at_least(3, 100.0) == pytest.approx(1.0)
    assert at_least(0, 0.0) == 1.0 and at_least(3, 0.0) == 0.0


def test_drawn_ids_are_a_network() -> None:
    """As many as it has, each once, the nearest of them nearest."""
    rng = Random(1)
    ids = DrawnIds(1000, rng)
    target = rng.getrandbits(ID_BITS)
    everything = ids.nearest(target, 1000)
    assert len(set(everything)) == 1000 and everything == sorted(everything)
    assert ids.nearest(target, 8) == everything[:8]
    assert len(DrawnIds(3, rng).nearest(target, 8)) == 3
