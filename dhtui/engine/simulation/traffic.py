"""What the honest nodes of a network do of their own accord: lookups, announces and puts, at random times.

Times between two of them are exponentially distributed, as those of independent people are. Few subjects are asked for
often and many rarely, as with the torrents of the public network (Zipf's law).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from random import Random
from typing import NamedTuple


class Deed(Enum):
    """What a node does."""

    GET_PEERS = "get_peers"
    FIND_NODE = "find_node"
    ANNOUNCE = "announce"
    GET = "get"
    PUT = "put"


SHARES = {Deed.GET_PEERS: 45, Deed.FIND_NODE: 20, Deed.ANNOUNCE: 15, Deed.GET: 12, Deed.PUT: 8}
"""Of a hundred deeds."""
SUBJECTS = 24
"""Things that are asked for, announced and put: so what a testnet holds is bounded."""
NODE_SECONDS = 30.0
"""Mean time between two deeds of one node, seconds."""
MOST_A_SECOND = 2.0
"""Mean number of deeds a second of all nodes together, at most: they share a processor."""


class Turn(NamedTuple):
    """One deed."""

    after: float
    """Seconds since the one before."""
    deed: Deed
    subject: int
    """From 0, the most popular, to `SUBJECTS` - 1."""


def turns(rng: Random, size: int) -> Iterator[Turn]:
    """The deeds of a network of `size` nodes, for ever."""
    rate = min(size / NODE_SECONDS, MOST_A_SECOND)
    deeds, weights = list(SHARES), list(SHARES.values())
    while True:
        after = rng.expovariate(rate)
        (deed,) = rng.choices(deeds, weights)
        yield Turn(after, deed, int((SUBJECTS + 1) ** rng.random()) - 1)
