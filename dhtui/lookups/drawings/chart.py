"""The base of both drawings of a lookup: a grid of cells, and a time axis."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from ...text.spans import Line, Role, Span
from ..query_status import span_words

_BLANK: Span = (" ", "plain")


class Canvas:
    """A grid of cells. Text outside of it is dropped."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._cells: list[list[Span]] = [[_BLANK] * width for _ in range(height)]

    def put(self, x: int, y: int, text: str, role: Role = "plain", *, under: bool = False) -> None:
        """Write text from a cell on; `under`: only into empty cells."""
        if 0 <= y < self.height:
            row = self._cells[y]
            for offset, char in enumerate(text):
                at = x + offset
                if 0 <= at < self.width and not (under and row[at] is not _BLANK):
                    row[at] = (char, role)

    def lines(self) -> list[Line]:
        """The rows, top first."""
        return [
            tuple(("".join(char for char, _ in cells), role) for role, cells in groupby(row, key=lambda cell: cell[1]))
            for row in self._cells
        ]


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Maps the seconds 0 to `span` to `width` cells."""

    span: float
    width: int

    def column(self, at: float) -> int:
        """The cell of a time; times beyond the ends are at the ends."""
        if self.span <= 0:
            return 0
        return max(0, min(self.width - 1, round(at / self.span * (self.width - 1))))

    def time(self, column: int) -> float:
        """The time at a cell."""
        return self.span * column / max(1, self.width - 1)

    def ticks(self) -> list[tuple[int, str]]:
        """Cells with labels of their times: round figures, as many as fit."""
        step = _round_step(self.span * 10 / max(1, self.width))
        if self.span <= 0 or self.width < 10:
            return [(0, "0")]
        times = [step * n for n in range(int(self.span / step) + 1)]
        return [(self.column(at), _tick_words(at)) for at in times]


def _round_step(least: float) -> float:
    """The least of 1, 2 and 5 times a power of ten that is not below `least`."""
    if least <= 0:
        return 1.0
    power = 1e-6
    while True:
        for factor in (1, 2, 5):
            if power * factor >= least:
                return power * factor
        power *= 10


def _tick_words(at: float) -> str:
    if at == 0:
        return "0"
    if at >= 0.9995:
        return f"{at:g} s"
    words = span_words(at)
    return words.replace(".0 ", " ")


def nice_span(elapsed: float, running: bool) -> float:
    """The length of a time axis, seconds. It grows in steps while a lookup runs, so that the drawing rarely moves."""
    if not running:
        return max(elapsed, 1e-4)
    return _round_step(max(elapsed * 1.05, 0.02))
