"""What a walk through a part of the id space tells about all of it. All intervals are of 95 %.

**Nodes.** Ids are spread evenly, so of N nodes the number n in a share f of the space is binomial, and n/f is unbiased.
The interval holds every N for which n (half a node more or less, as it is a whole number) lies within 1.96 standard
deviations of N f, the deviation being sqrt(N f (1 - f)). It is about nodes that answer a single query: those that a
NAT hides, and those whose packet was lost, are not in it.

**Infohashes.** An infohash is stored at the nodes closest to it. Of a block of the space, aligned like a bucket, all
nodes are known, and so which of those that give samples is the closest to a given infohash of the block: that node owns
it, and no other one does. A node that stores `num` infohashes and gives s random ones, a of which it owns, owns num a/s
of them, without bias. The sum over all blocks, divided by f, estimates all infohashes, each counted once however many
nodes store it. Its variance is that of a sample of blocks (with the correction for a finite number of them), plus that
of the samples within the nodes (Cochran, Sampling Techniques, two-stage sampling). An infohash that its closest node
does not store yet is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

from ..wire.bloom import SIGMAS, Count

_T = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13)
"""Student's t for 95 %, by degrees of freedom."""


class Owned(NamedTuple):
    """How many infohashes the nodes of one block own."""

    number: float
    variance: float
    """Of the number, as the samples are random."""


def nodes_of(found: int, share: float) -> Count:
    """The nodes of a network, from those found in a share of the id space, above 0 and at most 1."""
    low, high = max(_solve(found - 0.5, share, -1), found), _solve(found + 0.5, share, 1)
    if share == 1.0:
        return Count(found, found, found)
    return Count(found / share, low, high)


def _solve(found: float, share: float, sign: int) -> float:
    """The N for which `found` is `sign` times -1.96 deviations from the mean N f."""
    if found <= 0:
        return 0.0
    half = found * share + SIGMAS**2 * share * (1 - share) / 2
    root = sqrt(max(0.0, half * half - (share * found) ** 2))
    return (half + sign * root) / (share * share)


def infohashes_of(blocks: Sequence[Owned], share: float) -> Count | None:
    """The infohashes of a network, from those owned in each of the blocks that make up `share`; `None` without any."""
    m = len(blocks)
    if not m:
        return None
    total = sum(block.number for block in blocks)
    mean = total / m
    between = sum((block.number - mean) ** 2 for block in blocks) / (m - 1) * m * (1 - share) if m > 1 else 0.0
    if m == 1 and share < 1.0:
        return Count(total / share, 0.0, None)
    within = sum(block.variance for block in blocks)
    # Of the whole: between blocks 1/f^2, within them 1/f.
    deviation = sqrt(between / share**2 + within / share)
    reach = (SIGMAS if m > len(_T) or share == 1.0 else _T[m - 2]) * deviation
    value = total / share
    return Count(value, max(0.0, value - reach), value + reach)


def share_of(part: int, whole: int) -> Count:
    """A share of a whole, with Wilson's interval."""
    if not whole:
        return Count(0.0, 0.0, 1.0)
    p, z2 = part / whole, SIGMAS**2
    middle = (p + z2 / (2 * whole)) / (1 + z2 / whole)
    reach = SIGMAS * sqrt(p * (1 - p) / whole + z2 / (4 * whole * whole)) / (1 + z2 / whole)
    return Count(p, max(0.0, middle - reach), min(1.0, middle + reach))
