"""The keyspace on a line: 2^160 ids from left to right, nodes as braille dots, our id and the target below them.

It shows the whole space or a part of it: all ids that share their first bits. Half of a part is a part again, so each
zoom leads one bucket nearer, and the nodes of a Kademlia subtree are always adjacent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from ..engine.wire.ids import ID_BITS, distance
from ..engine.wire.ids import bits as id_bits
from .spans import Line, Role, Span

_LEFT, _RIGHT = (0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08)
"""The braille dots of the two columns of a cell, from the bottom."""
_BRAILLE = 0x2800
MAX_DEPTH = ID_BITS - 8
"""Greatest depth of a part: it has at least 256 ids."""
_LEAST_LABEL = 6
"""Least width of a label of the scale, cells."""


class Part(NamedTuple):
    """The ids that share the first `depth` bits of `start`."""

    start: int = 0
    depth: int = 0

    @classmethod
    def around(cls, node_id: bytes, depth: int) -> Part:
        """The part of that depth that contains a 20-byte id."""
        depth = max(0, min(MAX_DEPTH, depth))
        low = ID_BITS - depth
        return cls(int.from_bytes(node_id, "big") >> low << low, depth)

    @property
    def size(self) -> int:
        """How many ids it has."""
        return 1 << (ID_BITS - self.depth)

    def moved(self, by: int) -> Part:
        """The part of the same size, `by` places further right, but not beyond the ends of the space."""
        last = (1 << ID_BITS) - self.size
        return self._replace(start=max(0, min(last, self.start + by * self.size)))

    def column(self, node_id: bytes, width: int) -> int | None:
        """The cell of a 20-byte id among `width`; `None` if it is not in this part."""
        place = int.from_bytes(node_id, "big") - self.start
        return place * width // self.size if 0 <= place < self.size else None

    def middle(self) -> bytes:
        """The 20-byte id in its middle."""
        return (self.start + self.size // 2).to_bytes(ID_BITS // 8, "big")

    def prefix(self) -> str:
        """The hex digits that all its ids begin with."""
        return f"{self.start:040x}"[: self.depth // 4]


class Mark(NamedTuple):
    """An id with its own sign and word."""

    id: bytes
    sign: str
    word: str
    role: Role = "key"


def scale(part: Part, width: int) -> Line:
    """The digits at which the sixteenths of a part begin, or the eighths or quarters of a narrow one."""
    halvings = next((n for n in (4, 3, 2) if width >> n >= _LEAST_LABEL), 1)
    cells = [" "] * width
    first, last = part.depth // 4, -(-(part.depth + halvings) // 4)
    for place in range(1 << halvings):
        digits = f"{part.start + (part.size >> halvings) * place:040x}"[first:last]
        at = (width * place) >> halvings
        cells[at : at + len(digits)] = digits[: width - at]
    return (("".join(cells[:width]), "dim"),)


def ticks(part: Part, ids: Iterable[bytes], width: int) -> str:
    """The nodes of a part: a dot of braille for each, two columns a cell; from four on a column is full."""
    counts = [0] * (2 * width)
    for node_id in ids:
        column = part.column(node_id, 2 * width)
        if column is not None:
            counts[column] += 1
    return "".join(_cell(counts[2 * cell], counts[2 * cell + 1]) for cell in range(width))


def _cell(left: int, right: int) -> str:
    dots = sum(_LEFT[: min(left, 4)]) + sum(_RIGHT[: min(right, 4)])
    return chr(_BRAILLE + dots) if dots else " "


def marks(part: Part, what: Sequence[Mark], width: int) -> Line:
    """Signs below their ids, each with its word if there is room; a later one covers an earlier one."""
    cells: list[Span] = [(" ", "plain")] * width
    free = [True] * width
    for mark in what:
        at = part.column(mark.id, width)
        if at is None:
            continue
        cells[at], free[at] = (mark.sign, mark.role), False
        word = f" {mark.word}"
        for begin in (at + 1, at - len(word)):
            if begin >= 0 and begin + len(word) <= width and all(free[begin : begin + len(word)]):
                text = word if begin > at else f"{mark.word} "
                cells[begin : begin + len(word)] = [(char, mark.role) for char in text]
                free[begin : begin + len(word)] = [False] * len(word)
                break
    return tuple(cells)


def bracket(part: Part, ids: Sequence[bytes], width: int) -> tuple[int, int] | None:
    """The first and the last cell of the ids in a part; `None` if there are none."""
    columns = [column for node_id in ids if (column := part.column(node_id, width)) is not None]
    return (min(columns), max(columns)) if columns else None


NEAR: Final[tuple[Role, ...]] = ("near0", "near1", "near2", "near3", "near4", "near5")
"""The ramp of nearness, from far to near."""
_RAMP_BITS, _RAMP_CURVE = 20, 0.6


def nearness(bits: float | None, of: int = 5) -> int:
    """The nearness of an id, from 0 (as far as half of all ids) to `of`, by log2 of its distance. Unknown counts as
    far.

    Of the millions of nodes of Mainline the nearest are some 22 bits below the farthest: there the ramp ends. Its first
    steps are shorter, so that a network of a hundred nodes has several, too.
    """
    if bits is None:
        return 0
    part = max(0.0, min(1.0, (ID_BITS - bits) / _RAMP_BITS))
    return int(part**_RAMP_CURVE * of)


@lru_cache(maxsize=4096)
def near(origin: bytes, node_id: bytes) -> Role:
    """The role in which an id is painted, by its distance from ours or from a target: the same on all screens.

    It only repeats what the written distance tells.
    """
    return near_bits(id_bits(distance(origin, node_id)))


def near_to(origin: bytes | None, node_id: bytes | None) -> Role:
    """The same where either may be unknown."""
    return "data" if origin is None or node_id is None or len(node_id) != len(origin) else near(origin, node_id)


def near_bits(bits: float | None) -> Role:
    """The same by log2 of the distance; `None`: not known."""
    return "data" if bits is None else NEAR[nearness(bits)]
