"""Is somebody sitting on a target? The exact test of how densely nodes stand around it.

With N nodes and d_j the distance of the j-th closest, x_j = N * d_j / 2^160 is by chance the j-th point of a Poisson
process of rate 1, so p_j = P(Poisson(x_j) >= j) is the chance to find j nodes that near or nearer. The test takes the
least p_j of j = 3, 4, … That is the least of many, so it is small more often than one p_j. How often follows exactly:
the process has to stay below a boundary, which is summed up point by point (`false_alarms`).

N is its upper bound of 99 %: a network that is larger than estimated raises no alarm. Nodes that are placed as far
apart as honest ones would be ("cunning") are not seen by any test of density.

In a small network the counts are binomial, whose upper tail is lighter: alarms are then rarer than stated. Nodes that
did not answer make all others look farther away, with the same effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import exp, factorial, sqrt
from typing import NamedTuple

FIRST = 3
"""The fewest nodes that are tested for being too near."""
LAST = 16
"""The most."""
FALSE_ALARMS = 0.001
"""How often the test raises an alarm where nobody sits."""


class Density(NamedTuple):
    """How densely nodes stand around a target."""

    least: float
    """The least p_j."""
    nodes: int
    """Its j: so many of the nearest stand closest together."""
    expected: float
    """How many would be expected within the distance of the farthest of these."""
    tested: int
    """The largest j that was tested."""

    @property
    def p_value(self) -> float:
        """How often chance alone has nodes stand as densely as here, or more densely."""
        return false_alarms(self.least, self.tested)

    @property
    def crowded(self) -> bool:
        """Whether it is an alarm, at a rate of `FALSE_ALARMS`."""
        return self.p_value < FALSE_ALARMS


def density(shares: Sequence[float], size: float) -> Density | None:
    """The test. `shares`: the distances of those that answered, as shares of the space, nearest first. `size`: an upper
    bound of the number of nodes. `None` with fewer than 3 that answered."""
    tested = min(len(shares), LAST)
    if tested < FIRST:
        return None
    chances = [(at_least(j, size * shares[j - 1]), j) for j in range(FIRST, tested + 1)]
    least, nodes = min(chances)
    return Density(least, nodes, size * shares[nodes - 1], tested)


def at_least(count: int, mean: float) -> float:
    """P(Poisson(mean) >= count). Exact also where it is tiny."""
    if mean <= 0.0:
        return 0.0 if count else 1.0
    if mean > count:  # the lower tail is the small one
        term = total = exp(-mean)
        for j in range(1, count):
            term *= mean / j
            total += term
        return max(0.0, 1.0 - total)
    term = exp(-mean)
    for j in range(1, count + 1):
        term *= mean / j
    total, j = term, count
    while term > total * 1e-16:
        j += 1
        term *= mean / j
        total += term
    return total


@lru_cache(maxsize=256)
def false_alarms(alpha: float, last: int) -> float:
    """How often the least p_j of j = 3 … `last` is below `alpha` by chance. Exact for a Poisson process."""
    if alpha <= 0.0:
        return 0.0
    if alpha >= 1.0:
        return 1.0
    chances, before, alarms = [1.0], 0.0, 0.0
    """The chances of 0, 1, 2 … points so far, without an alarm so far."""
    for j in range(FIRST, last + 1):
        edge = _edge(j, alpha)
        step, before = edge - before, edge
        # p_j is below alpha where the j-th point lies below the edge: fewer than j points may lie there.
        alarms += sum(chance * at_least(j - n, step) for n, chance in enumerate(chances))
        new = [exp(-step)]
        for n in range(1, j):
            new.append(new[-1] * step / n)
        chances = [sum(chances[i] * new[n - i] for i in range(min(n, len(chances) - 1) + 1)) for n in range(j)]
    return min(1.0, alarms)


def _edge(count: int, alpha: float) -> float:
    """The mean at which `count` or more have the chance alpha."""
    low = (alpha * factorial(count)) ** (1 / count)  # for P(Poisson(x) >= n) is at most x^n / n!
    high = float(count)
    while at_least(count, high) < alpha:
        high *= 2
    for _ in range(60):
        middle = sqrt(low * high)
        if at_least(count, middle) < alpha:
            low = middle
        else:
            high = middle
    return sqrt(low * high)
