"""How many nodes the network has, told from how close the closest ones are.

Ids are spread evenly, so the distance to the k-th closest of N nodes, as a share of the whole space, follows a
gamma distribution with mean k/N. Over m lookups of different targets the sum S of these shares gives the
unbiased estimate (mk - 1) / S, with a relative standard deviation of 1 / sqrt(mk - 2).

Turned round it tells what can't be: within a share d of the space lie N * d nodes on average, and a crowd of many
more has been made up to surround somebody (a Sybil attack).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from math import e, exp, sqrt

from .snapshot import SizeView
from .wire.ids import ID_BITS

MAX_TARGETS = 64
ENOUGH_TARGETS = 4
"""From so many lookups on the estimate serves to call nodes too near."""
DEAD_TOO = 2.0
"""Tables name up to as many dead nodes as living ones, and only the living are counted."""
UNLIKELY = 1e-5
"""A crowd less likely than this is no accident."""
SMALLEST_CROWD = 3
"""One or two surround nobody."""
LOOKED_AT = 16
"""A crowd is looked for among so many of the nearest."""


def crowded(shares: Sequence[float], size: float) -> int:
    """How many of the nearest are more than chance allows in a network of `size` nodes.

    `shares` are distances as shares of the space, nearest first. The chance to meet j nodes or more where x are
    expected is at most (e x / j)^j e^-x (Chernoff's bound for the Poisson distribution).
    """
    found = 0
    for j, share in enumerate(shares, 1):
        expected = size * DEAD_TOO * share
        if SMALLEST_CROWD <= j > expected and (e * expected / j) ** j * exp(-expected) < UNLIKELY:
            found = j
    return found


class SizeEstimate:
    """Collects the distances that lookups end with, the last 64 targets."""

    def __init__(self, k: int) -> None:
        self._k = k
        self._shares: OrderedDict[bytes, float] = OrderedDict()

    def add(self, target: bytes, kth_distance: int) -> None:
        """A lookup ended: the distance of its k-th closest responder. A target counts once, the latest time."""
        self._shares[target] = kth_distance / 2**ID_BITS
        self._shares.move_to_end(target)
        if len(self._shares) > MAX_TARGETS:
            self._shares.popitem(last=False)

    def robust(self) -> float | None:
        """The estimate by the lookup in the lower quarter, `None` without 4 of them.

        Who crowds around a target makes the network look larger; nobody can make it look smaller.
        """
        if len(self._shares) < ENOUGH_TARGETS:
            return None
        wide = sorted(self._shares.values())[-1 - len(self._shares) // 4]
        return self._k / wide if wide else None

    def view(self) -> SizeView:
        """The estimate as a screen shows it."""
        n, total = len(self._shares) * self._k, sum(self._shares.values())
        if n < 3 or not total:
            return SizeView(None, 0.0, len(self._shares))
        return SizeView((n - 1) / total, 1 / sqrt(n - 2), len(self._shares))
