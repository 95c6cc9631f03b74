"""The time of a lookup as a bar: the parts along its critical path, which add up to the whole, each with its figure."""

from __future__ import annotations

from ...engine.views.snapshot import LookupDetail
from ...text.spans import Line, Span
from ..shares import Figure, figures, rounded
from ..time_spent import FILLS

_BETWEEN: Span = ("│", "plain")
_AROUND = 4
"""Cells around a figure: blanks, and a sign on each side."""
_LEAST = 12
"""Least width of a bar, cells."""


def time_bar(detail: LookupDetail, width: int, *, span: float | None = None, name: str = "") -> Line:
    """The bar in `width` cells, behind the whole time. Each part is filled with the sign of its reason.

    `span` is the time that the whole width stands for, seconds, if that is more than the time of the lookup: then all
    bars begin in the same cell. `name` stands before the time.
    """
    whole, parts = figures(detail)
    lead = f" {whole} " if span is None else f" {name:>3} {whole:>8} "
    room = width - len(lead)
    if room < _LEAST or not parts:
        return ()
    seconds = detail.view.elapsed + detail.view.wrote
    if span is not None and span > seconds:
        room = max(1, round(room * seconds / span))
    spans: list[Span] = [(lead, "strong")]
    for place, (figure, cells) in enumerate(zip(parts, _cells(parts, room), strict=True)):
        spans += _part(figure, cells, first=not place)
    return tuple(spans)


def _cells(parts: tuple[Figure, ...], room: int) -> list[int]:
    """The widths of the parts: they add up to `room`. As long as there is room each has a cell, and one before it for
    the line where it begins."""
    whole = sum(figure.part.seconds for figure in parts)
    cells = rounded([figure.part.seconds / whole * room for figure in parts], room)
    least = 2 if 2 * len(cells) <= room else 1
    for place in range(len(cells)):
        while cells[place] < least:
            widest = max(range(len(cells)), key=lambda other: cells[other])
            if cells[widest] <= least:
                break
            cells[place], cells[widest] = cells[place] + 1, cells[widest] - 1
    return cells


def _part(figure: Figure, cells: int, first: bool) -> list[Span]:
    """One part: a line where it begins, its sign, in the middle its figure and its query, if there is room."""
    fill, role = FILLS[figure.part.reason]
    edge = [] if first or cells < 2 else [_BETWEEN]
    room = cells - len(edge)
    query = f" #{figure.part.places[0] + 1}" if figure.part.places else ""
    bare = figure.time.partition(" ")[0]
    tried = (f"{figure.time}{query}", f"{bare}{query}", figure.time, bare)
    words = next((f" {text} " for text in tried if len(text) + _AROUND <= room), "")
    left = (room - len(words)) // 2
    pieces: list[Span] = [(fill * left, role), (words, "plain"), (fill * (room - left - len(words)), role)]
    return [*edge, *(piece for piece in pieces if piece[0])]
