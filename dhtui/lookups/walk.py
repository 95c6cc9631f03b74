"""A walk through what one node knows: targets in each of its buckets in turn, until no new node comes.

A node's table can be read only through its answers to find_node, each with the 8 nodes nearest to a target. The first
target is its own id, which shows how deep its table goes. Then each bucket is asked about, again as long as that shows
nodes which were not known before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from random import Random

from ..engine.wire.compact import Addr, NodeInfo, is_local
from ..engine.wire.ids import ID_BITS, shared_prefix

MAX_QUERIES = 64
"""Queries of a walk at most."""
MAX_TRIES = 6
"""Queries about one bucket at most."""
MAX_SILENT = 3
"""Queries in a row without an answer that end it."""


def pause(addr: Addr) -> float:
    """Seconds between two queries: 4 a second to this host or a private network, 1 to a stranger."""
    return 0.25 if is_local(addr[0]) else 1.0


class Walk:
    """The targets to ask for, and the nodes that were named. `next` and `heard` (or `silent`) take turns."""

    def __init__(self, node_id: bytes, rng: Random) -> None:
        self._id, self._rng = node_id, rng
        self.named: dict[NodeInfo, None] = {}
        """The nodes that it named, in the order of coming."""
        self.asked = 0
        self._deepest, self._depth, self._tries, self._silent = 0, -1, 0, 0
        self._over = False

    @property
    def over(self) -> bool:
        """Whether all was asked that is worth it."""
        return self._over or self.asked >= MAX_QUERIES or self._silent >= MAX_SILENT

    @property
    def mapped(self) -> bool:
        """Whether it ended because no new node came."""
        return self._over

    @property
    def depth(self) -> int:
        """The bucket that is asked about, -1 at the beginning."""
        return self._depth

    def next(self) -> bytes:
        """The next target, 20 bytes."""
        self.asked += 1
        return self._id if self._depth < 0 else in_bucket(self._id, self._depth, self._rng)

    def heard(self, nodes: Iterable[NodeInfo]) -> None:
        """The answer to the last target."""
        self._silent = 0
        before = len(self.named)
        for info in nodes:
            self.named.setdefault(info)
            if info.id != self._id:
                self._deepest = max(self._deepest, shared_prefix(self._id, info.id))
        self._tries += 1
        if self._depth < 0 or len(self.named) == before or self._tries >= MAX_TRIES:
            self._depth, self._tries = self._depth + 1, 0
            self._over = self._depth > self._deepest

    def silent(self) -> None:
        """No answer came."""
        self._silent += 1


def in_bucket(node_id: bytes, depth: int, rng: Random) -> bytes:
    """A random id that shares exactly `depth` leading bits with a node's."""
    keep = ID_BITS - depth - 1
    number = int.from_bytes(node_id, "big") >> keep ^ 1
    return (number << keep | rng.getrandbits(keep) if keep else number).to_bytes(20, "big")


def by_bucket(node_id: bytes, named: Collection[NodeInfo]) -> list[int]:
    """How many of some nodes lie in each bucket of a node, from the first one to the deepest that has some."""
    depths = [shared_prefix(node_id, info.id) for info in named if info.id != node_id]
    return [depths.count(depth) for depth in range(max(depths, default=-1) + 1)]
