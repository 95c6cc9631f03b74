"""How many nodes a bucket should have, by the estimated size of the network."""

from __future__ import annotations

from math import sqrt

from ..engine.views.snapshot import BucketView, SizeView

CERTAIN = 1.96
"""Standard deviations to either side that hold 95 % of all cases."""


def share(bucket: BucketView) -> float:
    """The share of all ids that fall into it, 0 to 1."""
    return 0.5 ** (bucket.depth if bucket.own else bucket.depth + 1)


def expected(bucket: BucketView, size: SizeView) -> float | None:
    """How many nodes of the network fall into it; `None` while its size is unknown."""
    return None if size.nodes is None else size.nodes * share(bucket)


def due(bucket: BucketView, size: SizeView) -> float | None:
    """How many of them it should hold: all, or as many as it has places."""
    there = expected(bucket, size)
    return None if there is None else min(float(bucket.capacity), there)


def thin(bucket: BucketView, size: SizeView) -> bool:
    """Whether it has less than half of the nodes that it should hold for sure.

    For sure are as many as there are in the smallest likely network, less two standard deviations of chance.
    """
    there = expected(bucket, size)
    if there is None:
        return False
    least = there * max(0.0, 1 - CERTAIN * size.uncertainty)
    sure = min(float(bucket.capacity), least - 2 * sqrt(least))
    alive = sum(node.state != "bad" for node in bucket.nodes)
    return alive < sure / 2
