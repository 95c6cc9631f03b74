"""The XOR ladder: how near the answers were to the target, over time."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from dataclasses import dataclass
from math import ceil, floor

from ..engine.snapshot import LookupDetail, StepView
from ..engine.wire.compact import Addr
from ..widgets.paint import Line, Role
from .chart import Canvas, TimeAxis, nice_span
from .course import bits_of, fate, helped, responded
from .critical import critical_path
from .moment import as_of

TITLE = "ladder: log2 distance"
LEGEND = "• answer  ◆ found  ● path  ─ k-th best"
_AXIS = 6
"""Cells of the scale at the left."""
_LEAST_RANGE = 4


@dataclass(frozen=True, slots=True)
class Scale:
    """The ends of both axes."""

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
    """When the k-th nearest of the answers so far got nearer: seconds, and log2 of its distance from then on."""
    best: list[float] = []
    points: list[tuple[float, float]] = []
    answers = [step for step in detail.steps if helped(step)]
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
    """Draws it in `width` x `height` cells; too small a place stays empty.

    A dot stands where an answer came in, a digit where several did; the line is the k-th best answer so far.
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


@dataclass(frozen=True, slots=True)
class _Plot:
    canvas: Canvas
    axis: TimeAxis
    scale: Scale
    rows: int

    def row(self, bits: float) -> int:
        part = (self.scale.top - bits) / (self.scale.top - self.scale.bottom)
        return max(0, min(self.rows - 1, round(part * (self.rows - 1))))

    def draw_axes(self) -> None:
        put, rows = self.canvas.put, self.rows
        for y in range(rows):
            put(_AXIS - 1, y, "│", "dim")
        step = next(s for s in (1, 2, 4, 5, 10, 20, 40, 80, 160) if s * (rows - 1) >= 2 * self._range or s == 160)
        for bits in range(self.scale.top, self.scale.bottom - 1, -step):
            put(0, self.row(bits), f"{bits:>4} ┤", "dim")
        put(_AXIS - 1, rows, "└" + "─" * self.axis.width, "dim")
        free = 0
        for column, words in self.axis.ticks():
            put(_AXIS + column, rows, "┬" if column else "─", "dim")
            start = min(_AXIS + column - (len(words) // 2 if column else 0), self.canvas.width - len(words))
            if start >= free:
                put(start, rows + 1, words, "dim")
                free = start + len(words) + 2

    @property
    def _range(self) -> int:
        return self.scale.top - self.scale.bottom

    def draw_cursor(self, until: float) -> None:
        for y in range(self.rows):
            self.canvas.put(_AXIS + self.axis.column(until), y, "┆", "strong")

    def draw_line(self, points: list[tuple[float, float]], end: float) -> None:
        put = self.canvas.put
        # Of several steps within one column the last one is where the line goes on.
        rows = {_AXIS + self.axis.column(at): self.row(bits) for at, bits in points}
        turns = [*rows, _AXIS + self.axis.column(end) + 1]
        above: int | None = None
        for place, (x, y) in enumerate(rows.items()):
            put(x, y, "─" * (turns[place + 1] - x), "warn")
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
            self.canvas.put(x, y, *_dot([detail.steps[p] for p in places], not path.isdisjoint(places), selected))


def _dot(steps: list[StepView], critical: bool, selected: Addr | None) -> tuple[str, Role]:
    """The sign for the answers that fall into one cell: the one that matters most."""
    fates = Counter(map(fate, steps))
    if selected is not None and any(step.addr == selected for step in steps):
        return "◉", "key"
    if critical:
        return ("◆" if fates["gave"] else "●"), "strong"
    if fates["gave"]:
        return "◆", "accent"
    if len(steps) > 1:
        return (str(len(steps)) if len(steps) < 10 else "#"), "good"
    return ("!", "bad") if fates["refused"] else ("•", "good")
