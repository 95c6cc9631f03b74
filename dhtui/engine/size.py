"""How many nodes the network has, told from how close the closest ones are.

Ids are spread evenly, so the distance to the k-th closest of N nodes, as a share of the whole space, follows a
gamma distribution with mean k/N. Over m lookups of different targets the sum S of these shares gives the
unbiased estimate (mk - 1) / S, with a relative standard deviation of 1 / sqrt(mk - 2).
"""

from __future__ import annotations

from collections import OrderedDict
from math import sqrt

from .snapshot import SizeView
from .wire.ids import ID_BITS

MAX_TARGETS = 64


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

    def view(self) -> SizeView:
        """The estimate as a screen shows it."""
        n, total = len(self._shares) * self._k, sum(self._shares.values())
        if n < 3 or not total:
            return SizeView(None, 0.0, len(self._shares))
        return SizeView((n - 1) / total, 1 / sqrt(n - 2), len(self._shares))
