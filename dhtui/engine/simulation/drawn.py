"""The ids of a network alone, drawn as they are asked for: no addresses, no datagrams.

The ids are independent and even. How many of them start with a prefix is drawn when it is first needed, so a network of
millions costs no more than the places that are looked at.
"""

from __future__ import annotations

from heapq import nsmallest
from random import Random

from ..wire.ids import ID_BITS

CELL = 16
"""About how many ids are drawn at once."""


class DrawnIds:
    """A network of `size` ids."""

    def __init__(self, size: int, rng: Random) -> None:
        self.size, self._rng = size, rng
        self._depth = max(0, (size // CELL).bit_length() - 1)
        self._counts = {1: size}
        self._cells: dict[int, list[int]] = {}

    def nearest(self, target: int, count: int) -> list[int]:
        """The XOR distances from the `count` ids nearest to a target, nearest first; of fewer ids from all."""
        for depth in range(self._depth, -1, -1):
            near = self._under(1 << depth | target >> (ID_BITS - depth), depth)
            if len(near) >= count or not depth:
                return nsmallest(count, (node ^ target for node in near))
        return []

    def _count(self, prefix: int) -> int:
        """How many ids start with a prefix, whose bits follow a leading 1."""
        known = self._counts.get(prefix)
        if known is None:
            above = self._count(prefix >> 1)
            left = self._rng.getrandbits(above).bit_count() if above else 0
            self._counts[prefix & ~1], self._counts[prefix | 1] = left, above - left
            known = self._counts[prefix]
        return known

    def _under(self, prefix: int, depth: int) -> list[int]:
        spread = self._depth - depth
        cells = range(prefix << spread, (prefix + 1) << spread)
        return [node for cell in cells for node in self._cell(cell)]

    def _cell(self, prefix: int) -> list[int]:
        cell = self._cells.get(prefix)
        if cell is None:
            free = ID_BITS - self._depth
            first = prefix - (1 << self._depth) << free
            cell = [first | self._rng.getrandbits(free) for _ in range(self._count(prefix))]
            self._cells[prefix] = cell
        return cell
