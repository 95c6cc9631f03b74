"""The strip: the id space as a few labelled rows, with the nodes of the table, our id, and who was active just now.

As `text.keyspace` has it, a part of the space may be shown in place of all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..engine.wire.ids import ID_BITS
from .format import plural
from .keyspace import Mark, Part, marks, near, scale, ticks
from .spans import Line, Role, Span, fit

Way = Literal["out", "in", "both"]
"""Which way packets went: to the node, from it, or both."""

LABEL = 7
"""Cells for the label of a row; where the strip is narrow there is none."""
_LABELLED = 40
_SIGNS: dict[Way, Span] = {"out": ("↑", "accent"), "in": ("↓", "key"), "both": ("↕", "strong")}


@dataclass(frozen=True, slots=True)
class Inhabitants:
    """What is drawn. Ids are of 20 bytes."""

    own: bytes
    nodes: tuple[bytes, ...]
    """Of the table."""
    spare: tuple[bytes, ...] = ()
    """Replacements."""
    depths: tuple[int, ...] = ()
    """The buckets: how many leading bits each shares with our id. The last one is ours."""
    active: Mapping[bytes, Way] = field(default_factory=dict)
    """Who sent or got a packet just now."""
    selected: int | None = None
    """The depth of the bucket that is selected."""
    marked: tuple[Mark, ...] = ()
    """What is marked besides our own id, such as a target."""


def part_title(part: Part, own: bytes) -> str:
    """Which part of the space is shown, in words."""
    if not part.depth:
        return "all ids"
    prefix = part.prefix()
    begin = f", {prefix[:8]}{'…' * (len(prefix) > 8)}" if prefix else ""
    ours = part.column(own, 1) is not None
    return f"the ids that share {plural(part.depth, 'bit')}{' with ours' if ours else ''}{begin}"


def strip_lines(part: Part, who: Inhabitants, width: int, height: int) -> list[Line]:
    """The strip in `height` rows, each exactly `width` cells.

    If room is short, the rows of the spare nodes, of the buckets and of the digits are left out, in this order; what is
    active now then shares a row with the marks.
    """
    label = LABEL if width >= _LABELLED else 0
    room = width - label
    below = marks(part, [*who.marked, Mark(who.own, "▼", "us", "accent")], room)
    now = _active(part, who.active, room)
    rows: list[tuple[str, Line]] = [("nodes", _coloured(part, who.own, who.nodes, room))]
    if height >= 6:
        rows.append(("spare", ((ticks(part, who.spare, room), "dim"),)))
    if height >= 4:
        rows.append(("now", now))
    rows.append(("", below if height >= 4 else _over(below, now)))
    if height >= 3:
        rows.insert(0, ("", scale(part, room)))
    if height >= 5:
        rows.append(("bucket", _ranges(part, who, room)))
    named = (((fit(name, label), "dim"), *line) if label else line for name, line in rows)
    return list(named)[:height]


def _coloured(part: Part, own: bytes, ids: Iterable[bytes], width: int) -> Line:
    """The dots of the nodes, each cell in the role of the nearest id in it."""
    known = tuple(ids)
    best: dict[int, Role] = {}
    for node_id in known:
        column = part.column(node_id, width)
        if column is not None:
            best[column] = max(best.get(column, "near0"), near(own, node_id))
    return tuple((char, best.get(column, "plain")) for column, char in enumerate(ticks(part, known, width)))


def _active(part: Part, active: Mapping[bytes, Way], width: int) -> Line:
    cells: list[Span] = [(" ", "plain")] * width
    for node_id, way in active.items():
        column = part.column(node_id, width)
        if column is not None:
            new = _SIGNS[way]
            cells[column] = new if cells[column][0] in (" ", new[0]) else _SIGNS["both"]
    return tuple(cells)


def _over(below: Line, above: Line) -> Line:
    """One row of both; where both have something, that of the first is seen."""
    cells = [(char, role) for text, role in below for char in text]
    return tuple(cell if cell[0] != " " else other for cell, other in zip(cells, above, strict=True))


def bucket_range(own: bytes, depth: int, last: bool) -> tuple[int, int]:
    """The first id of a bucket and the first one behind it, as integers."""
    number, shift = int.from_bytes(own, "big"), ID_BITS - depth
    if last:
        return number >> shift << shift, ((number >> shift) + 1) << shift
    first = ((number >> (shift - 1)) ^ 1) << (shift - 1)
    return first, first + (1 << (shift - 1))


def _ranges(part: Part, who: Inhabitants, width: int) -> Line:
    """The range of each bucket, with its number where there is room; the line of the selected one is a double one."""
    cells: list[Span] = [(" ", "plain")] * width
    for depth in who.depths:
        last = depth == who.depths[-1]
        begin, end = (bound - part.start for bound in bucket_range(who.own, depth, last))
        left, right = max(0, begin * width // part.size), min(width, end * width // part.size)
        if right <= left:  # too narrow, or not in this part
            continue
        selected = depth == who.selected
        role: Role = "key" if selected else "accent" if last else "dim"
        name, line = str(depth), "═" if selected else "─"
        inner = right - left - 2
        text = f"└{name.center(inner, line)}┘" if inner >= len(name) else line * (right - left)
        cells[left:right] = [(char, role) for char in text]
    return tuple(cells)
