"""What a census is asked for: what is typed, or what is usual."""

from __future__ import annotations

from typing import Final

from ...actions.request import CensusOf
from ...options.planning.network import CENSUS_RATE
from ...options.values import integer, rate

NODES: Final = 1000
"""About how many nodes are usually found."""
MOST: Final = 100_000
_nodes = integer(1, MOST)


def usual_census() -> CensusOf:
    """As the command line takes it without flags."""
    return CensusOf(CENSUS_RATE, NODES, None, listed=False)


def read_census(nodes: str, queries: str = "") -> CensusOf:
    """One that finds about so many nodes, at so many queries a second. Raises `UsageError`."""
    return usual_census()._replace(nodes=_nodes(nodes), rate=rate(queries) if queries else CENSUS_RATE)
