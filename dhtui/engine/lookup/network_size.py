"""The number of nodes in the network, estimated from the distances of the closest nodes.

Ids are spread evenly, so the distance to the k-th closest of N nodes, as a share of the whole space, follows a
gamma distribution with mean k/N. Over m lookups of different targets the sum S of these shares gives the
unbiased estimate (mk - 1) / S, with a relative standard deviation of 1 / sqrt(mk - 2).

The true size has 95 chances in a hundred to lie within 1.96 of these, once there are a few lookups. Of few the
distribution is skewed, and `margin` is wider.

That holds for targets far apart. Lookups that end among the same nodes (refreshes near our own id, or any two in a
small network) are not independent: m is then m^2 / sum over all pairs i, j of their overlap (1 for i = j), the number
of independent lookups of the same certainty. The overlap of two that reach to the distances d >= d' and whose targets
are e apart is (1 - e / d) sqrt(d' / d), or 0 for e > d. `bench/size.py` compares this with simulations.

Conversely, N * d nodes on average lie within a share d of the space. Many more than that are most likely the made-up
nodes of a Sybil attack.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from itertools import combinations
from math import e, exp, log, sqrt

from ..views.snapshot import SizeView
from ..wire.ids import ID_BITS

MAX_TARGETS = 64
ENOUGH_TARGETS = 4
"""Fewest lookups from which the estimate is used to find Sybil suspects."""
DEAD_TOO = 2.0
"""Factor on the estimate: up to as many dead nodes as live ones are named, and only the live ones are counted."""
UNLIKELY = 1e-5
"""A crowd with a probability below this does not count as chance."""
SMALLEST_CROWD = 3
"""Fewest nodes that count as a crowd."""
UNLIKELY_SPARSE = 1e-3
"""A gap with a probability below this does not count as chance. It costs queries only, so it may be likelier."""
LOOKED_AT = 16
"""How many of the nearest are tested for a crowd."""
SHARE = 2.0**-ID_BITS
"""Factor from a distance to its share of the space."""


def crowded(shares: Sequence[float], size: float) -> int:
    """How many of the nearest are more than chance allows in a network of `size` nodes.

    `shares` are distances as shares of the space, nearest first. The chance to meet j nodes or more where x are
    expected is at most (e x / j)^j e^-x (Chernoff's bound for the Poisson distribution).
    """
    found, scale = 0, size * DEAD_TOO
    for j, share in enumerate(shares, 1):
        expected = scale * share
        if SMALLEST_CROWD <= j > expected and (e * expected / j) ** j * exp(-expected) < UNLIKELY:
            found = j
    return found


def sparse(share: float, k: int, size: float) -> bool:
    """Whether `k` nodes within a share of the space are fewer than chance allows in a network of `size` nodes.

    The chance to meet k nodes or fewer where x > k are expected is at most (e x / k)^k e^-x (Chernoff).
    """
    expected = size * share
    return expected > k and k * (1 + log(expected / k)) - expected < log(UNLIKELY_SPARSE)


class SizeEstimate:
    """Collects the distances that lookups end with, the last 64 targets."""

    def __init__(self, k: int) -> None:
        self._k = k
        self._shares: OrderedDict[bytes, float] = OrderedDict()
        self._view: SizeView | None = None

    def add(self, target: bytes, kth_distance: int) -> None:
        """A lookup ended: the distance of its k-th closest responder. A target counts once, the latest time."""
        self._view = None
        self._shares[target] = kth_distance / 2**ID_BITS
        self._shares.move_to_end(target)
        if len(self._shares) > MAX_TARGETS:
            self._shares.popitem(last=False)

    def robust(self) -> float | None:
        """The estimate by the lookup in the lower quarter, `None` without 4 of them.

        Made-up nodes around a target make the network look larger; no attacker can make it look smaller.
        """
        if len(self._shares) < ENOUGH_TARGETS:
            return None
        wide = sorted(self._shares.values())[-1 - len(self._shares) // 4]
        return self._k / wide if wide else None

    def view(self) -> SizeView:
        """The estimate as a screen shows it."""
        if self._view is None:
            self._view = self._estimate()
        return self._view

    def _estimate(self) -> SizeView:
        count, total = len(self._shares), sum(self._shares.values())
        if count * self._k < 3 or not total:
            return SizeView(None, 0.0, count)
        reaches = [(int.from_bytes(target, "big"), share) for target, share in self._shares.items()]
        double = 2 * sum(_overlap(*one, *other) for one, other in combinations(reaches, 2))
        independent = count * count / (count + double)
        return SizeView((count * self._k - 1) / total, 1 / sqrt(max(1.0, independent * self._k - 2)), count)


def _overlap(a: int, reach_a: float, b: int, reach_b: float) -> float:
    """The overlap of two lookups, 0 to 1, from their targets and the shares of the space that they reach."""
    apart, far, near = (a ^ b) / 2**ID_BITS, max(reach_a, reach_b), min(reach_a, reach_b)
    return (1 - apart / far) * sqrt(near / far) if apart < far else 0.0


# ---- how sure it is -------------------------------------------------------------------------------------


def margin(size: SizeView) -> float:
    """The relative distance from the estimate within which the true size lies 95 times in 100: 0.1 is 10 %.

    The true size is a gamma variable divided by its shape less 1. Of a small shape, all of the 5 % lie above it.
    """
    shape = _shape(size)
    return max(1.96 * size.uncertainty, _quantile(shape, 1.6449) / (shape - 1) - 1)


def upper_bound(size: SizeView) -> float:
    """A size that the true one exceeds once in 100 times; 0 without an estimate."""
    if size.nodes is None:
        return 0.0
    shape = _shape(size)
    return size.nodes * _quantile(shape, 2.3263) / (shape - 1)


def _shape(size: SizeView) -> float:
    """The shape of the gamma variable: k times the number of independent lookups."""
    return 2 + 1 / size.uncertainty**2 if size.uncertainty else 3.0


def _quantile(shape: float, z: float) -> float:
    """The quantile of a gamma variable at `z` standard deviations of a normal one (Wilson and Hilferty, 1931)."""
    return shape * float((1 - 1 / (9 * shape) + z / (3 * sqrt(shape))) ** 3)
