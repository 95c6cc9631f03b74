"""The XOR ladder: the distances of responders from the target, over time."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from dataclasses import dataclass
from math import ceil, floor

from ...engine.views.snapshot import LookupDetail
from ...engine.wire.compact import Addr
from ...text.spans import Line, Role
from ..as_of import as_of
from ..critical import critical_path
from ..query_status import QueryStatus, bits_of, helped, query_status, responded
from .chart import Canvas, TimeAxis, nice_span

TITLE = "ladder: log2 distance"
_ANSWER, _FOUND, _PATH, _PATH_FOUND, _CHOSEN, _LATE, _LINE, _CURSOR = "•◆●◈◉□─┆"
_LEGEND: tuple[tuple[str, Role | None, str], ...] = (
    (_ANSWER, None, "answer"),
    ("23456789#", "good", "2 several"),
    (_FOUND, None, "found"),
    (_PATH, None, "path"),
    (_PATH_FOUND, None, "both"),
    ("!", None, "error"),
    (_LATE, None, "late"),
    (_CHOSEN, None, "selected"),
    (_LINE, "warn", "k-th best"),
    (_CURSOR, None, "now"),
)
"""Signs with the same meaning, the role that distinguishes them, and the meaning."""
_AXIS = 6
"""Width of the scale at the left, cells."""
_LEAST_RANGE = 4
_TICKS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 16, 20, 25, 30, 40, 50, 100)
"""Bits that may lie between two ticks."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The ends of both axes. The drawing may reach a little lower, so that its ticks are even."""

    span: float
    """Seconds."""
    top: int
    """log2 of the farthest distance shown."""
    bottom: int


def scale_of(*details: LookupDetail) -> Scale:
    """A scale on which all these lookups can be drawn, each to its end."""
    bits = [b for d in details for s in d.steps if (b := bits_of(s.id, d.view.target)) is not None]
    top, bottom = ceil(max(bits, default=160.0)), floor(min(bits, default=156.0))
    bottom = max(0, min(bottom, top - _LEAST_RANGE))
    span = max((nice_span(d.view.elapsed, d.view.running) for d in details), default=1.0)
    return Scale(span, max(top, bottom + _LEAST_RANGE), bottom)


def kth_best(detail: LookupDetail) -> list[tuple[float, float]]:
    """The k-th nearest responder over time: seconds, and log2 of its distance from then on."""
    best: list[float] = []
    points: list[tuple[float, float]] = []
    answers = [step for step in detail.steps if helped(step, detail.view)]
    for step in sorted(answers, key=lambda step: step.ended or 0.0):
        bits = bits_of(step.id, detail.view.target)
        if bits is None:
            continue
        insort(best, bits)
        if len(best) >= detail.k and (not points or best[detail.k - 1] < points[-1][1]):
            points.append((step.ended or 0.0, best[detail.k - 1]))
    return points


def ladder_lines(
    detail: LookupDetail,
    width: int,
    height: int,
    *,
    until: float | None = None,
    selected: Addr | None = None,
    scale: Scale | None = None,
) -> list[Line]:
    """Draw the ladder in `width` x `height` cells; nothing if that is too small.

    A dot is an answer, a digit is several answers; the line is the k-th best answer so far.
    """
    if width < _AXIS + 10 or height < 4:
        return []
    scale = scale or scale_of(detail)
    then = as_of(detail, until)
    plot = _Plot(Canvas(width, height), TimeAxis(scale.span, width - _AXIS), scale, height - 2)
    plot.draw_axes()
    if until is not None:
        plot.draw_cursor(until)
    plot.draw_line(kth_best(then), then.view.elapsed)
    plot.draw_dots(then, selected)
    return plot.canvas.lines()


def ladder_legend(lines: list[Line]) -> str:
    """The meanings of the signs that occur in a drawing."""
    drawn = [(text, role) for line in lines[:-2] for text, role in line]

    def occurs(signs: str, role: Role | None) -> bool:
        return any(sign in text for text, shown in drawn if role in (None, shown) for sign in signs)

    return " ".join(
        words if len(signs) > 1 else f"{signs} {words}" for signs, role, words in _LEGEND if occurs(signs, role)
    )


def _ticks(bits: int, rows: int) -> tuple[int, int]:
    """How many bits lie between two ticks, and how many rows: the finest scale on which `bits` fit into `rows`."""
    steps = [(bits_a_tick, rows_a_tick) for bits_a_tick in _TICKS for rows_a_tick in range(1, 6)]
    fit = [(a, b) for a, b in steps if a * (rows - 1) >= bits * b and b < rows]
    return min(fit, key=lambda tick: (tick[0] / tick[1], -tick[1]), default=(160, max(1, rows - 1)))


class _Plot:
    def __init__(self, canvas: Canvas, axis: TimeAxis, scale: Scale, rows: int) -> None:
        self.canvas, self.axis, self.scale, self.rows = canvas, axis, scale, rows
        self.tick_bits, self.tick_rows = _ticks(scale.top - scale.bottom, rows)

    def row(self, bits: float) -> int:
        return max(0, min(self.rows - 1, round((self.scale.top - bits) * self.tick_rows / self.tick_bits)))

    def draw_axes(self) -> None:
        put, rows = self.canvas.put, self.rows
        for y in range(rows):
            put(_AXIS - 1, y, "│", "dim")
        for nth, y in enumerate(range(0, rows, self.tick_rows)):
            if (bits := self.scale.top - nth * self.tick_bits) >= 0:
                put(0, y, f"{bits:>4} ┤", "dim")
        put(_AXIS - 1, rows, "└" + "─" * self.axis.width, "dim")
        free = 0
        for column, words in self.axis.ticks():
            put(_AXIS + column, rows, "┬" if column else "─", "dim")
            start = min(_AXIS + column - (len(words) // 2 if column else 0), self.canvas.width - len(words))
            if start >= free:
                put(start, rows + 1, words, "dim")
                free = start + len(words) + 2

    def draw_cursor(self, until: float) -> None:
        for y in range(self.rows):
            self.canvas.put(_AXIS + self.axis.column(until), y, _CURSOR, "strong")

    def draw_line(self, points: list[tuple[float, float]], end: float) -> None:
        put = self.canvas.put
        # Of several steps within one column the line continues at the last one.
        rows = {_AXIS + self.axis.column(at): self.row(bits) for at, bits in points}
        turns = [*rows, _AXIS + self.axis.column(end) + 1]
        above: int | None = None
        for place, (x, y) in enumerate(rows.items()):
            put(x, y, _LINE * (turns[place + 1] - x), "warn")
            if above is not None and above != y:
                put(x, above, "╮", "warn")
                for between in range(above + 1, y):
                    put(x, between, "│", "warn")
                put(x, y, "╰", "warn")
            above = y

    def draw_dots(self, detail: LookupDetail, selected: Addr | None) -> None:
        path = set(critical_path(detail))
        cells: dict[tuple[int, int], list[int]] = {}
        for place, step in enumerate(detail.steps):
            bits = bits_of(step.id, detail.view.target)
            if responded(step) and bits is not None and (step.ended or 0.0) <= self.scale.span:
                spot = _AXIS + self.axis.column(step.ended or 0.0), self.row(bits)
                cells.setdefault(spot, []).append(place)
        for (x, y), places in cells.items():
            chosen = any(detail.steps[p].addr == selected for p in places)
            fates = Counter(query_status(detail.steps[p], detail.view) for p in places)
            self.canvas.put(x, y, *_dot(fates, not path.isdisjoint(places), chosen))


def _dot(fates: Counter[QueryStatus], critical: bool, chosen: bool) -> tuple[str, Role]:
    """The sign for the answers in one cell: that of the most important one."""
    if chosen:
        return _CHOSEN, "key"
    if critical:
        return (_PATH_FOUND if fates[QueryStatus.FOUND] else _PATH), "strong"
    if fates[QueryStatus.FOUND]:
        return _FOUND, "accent"
    if fates.total() > 1:
        return (str(fates.total()) if fates.total() < 10 else "#"), "good"
    if fates[QueryStatus.LATE]:
        return _LATE, "warn"
    return ("!", "bad") if fates[QueryStatus.ERROR] else (_ANSWER, "good")
