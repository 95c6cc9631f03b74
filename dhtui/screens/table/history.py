"""The table over the last hour: round trips by bucket and time, and how many good nodes there were."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from ...engine.views.history import BucketSlot
from ...engine.views.snapshot import Snapshot
from ...text.format import duration, milliseconds
from ...text.spans import Line, fit, spread
from ...widgets.spark import SHADES, braille
from .columns import near_bucket

LABEL = 4
"""Cells for the depth of a bucket."""
SHORTEST = 600.0
"""Seconds that the drawing covers at least."""
SLOT = 30.0
"""Seconds from one sample of the buckets to the next."""
_GROWTH, _SCALE, _ENOUGH = 4, 2, 6
"""Rows for the good nodes with their title, for time axis and shades, and for buckets, if there is room for all."""


def rows_wanted(buckets: int) -> int:
    """How many rows the drawing of so many buckets takes."""
    return buckets + _SCALE + _GROWTH


def history_lines(snapshot: Snapshot, width: int, height: int) -> list[Line]:
    """A row for each bucket: the darker, the longer; blank where nobody answered. Below it the good nodes.

    Time goes to the right, and the right edge is now. Where there are more buckets than rows, the nearest are left out.
    """
    slots = snapshot.bucket_rtts
    room = max(1, width - LABEL)
    span = max(SHORTEST, snapshot.at - slots[0].at + SLOT if slots else 0.0)
    enough = min(_ENOUGH, len(snapshot.table.buckets))
    grown = _growth(snapshot, span, room) if height >= rows_wanted(enough) else []
    rows = max(0, height - len(grown) - _SCALE)
    if not slots:
        return [(("Measured every 30 s: nothing yet.", "dim"),), *grown][:height]
    buckets = min(rows, max(len(slot.rtts) for slot in slots))
    columns = _columns(slots, snapshot.at, span, room)
    known = [rtt for slot in columns if slot is not None for rtt in slot.rtts[:buckets] if rtt is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    lines: list[Line] = []
    for depth in range(buckets):
        rtts = (slot.rtts[depth] if slot is not None and depth < len(slot.rtts) else None for slot in columns)
        cells = "".join(_shade(rtt, low, high) for rtt in rtts)
        lines.append(((fit(str(depth), LABEL - 1, right=True) + " ", "dim"), (cells, near_bucket(depth))))
    lines.append(_axis(span, width))
    if known:
        lines.append(_legend(low, high, width))
    return [*lines, *grown][:height]


def _axis(span: float, width: int) -> Line:
    return spread(((f"{' ' * LABEL}{duration(span)} ago", "dim"),), (("now", "dim"),), width)


def _columns(slots: Sequence[BucketSlot], now: float, span: float, width: int) -> list[BucketSlot | None]:
    """The sample that each column shows: the latest in its time or up to one sample before it."""
    columns: list[BucketSlot | None] = [None] * width
    step = span / width
    for slot in slots:
        last = width - 1 - int((now - slot.at) / step)
        for place in range(last, last + max(1, round(SLOT / step))):
            if 0 <= place < width:
                columns[place] = slot
    return columns


def _shade(rtt: float | None, low: float, high: float) -> str:
    """One of four shades, by the logarithm of the round trip between the shortest and the longest."""
    if rtt is None:
        return SHADES[0]
    part = log(max(rtt, 1e-6) / max(low, 1e-6)) / log(max(high, 1e-6) / max(low, 1e-6)) if high > low else 0.0
    return SHADES[1 + min(3, int(part * 4))]


def _legend(low: float, high: float, width: int) -> Line:
    """What the shades mean: from which round trip on."""
    if high <= low:
        return ((" " * LABEL + f"{SHADES[1]} {milliseconds(low)}", "dim"),)
    edges = [low * (high / max(low, 1e-6)) ** (place / 4) for place in range(4)]
    words = "  ".join(f"{sign} {milliseconds(edge)}" for sign, edge in zip(SHADES[1:], edges, strict=True))
    short = " ".join(f"{sign} {1000 * edge:.0f}" for sign, edge in zip(SHADES[1:], edges, strict=True)) + " ms"
    for text in (f"{words} and more; blank: no answer", words, short):
        if LABEL + len(text) <= width:
            break
    return ((" " * LABEL + text, "dim"),)


def _growth(snapshot: Snapshot, span: float, room: int) -> list[Line]:
    """How many good nodes there were, over the same time."""
    points = (*snapshot.growth, (snapshot.at, snapshot.table.good))
    if len(points) < 3:
        return []
    values = [0.0] * (2 * room)
    for at, count in points:
        place = 2 * room - 1 - int((snapshot.at - at) * 2 * room / span)
        if place >= 0:
            values[place:] = [float(count)] * (2 * room - place)
    counts = [count for _, count in points]
    head = f"good nodes: {counts[-1]} now, {min(counts)} to {max(counts)}"
    rows = braille(values, room, _GROWTH - 1)
    return [((" " * LABEL + head, "dim"),), *(((" " * LABEL, "dim"), (row, "accent")) for row in rows)]
