"""The legend of the waterfall: the signs that occur in it."""

from __future__ import annotations

from ...engine.views.snapshot import LookupDetail
from ...engine.wire.compact import Addr
from ...text.spans import Line, Role, Span, width_of
from ..as_of import as_of
from ..critical import critical_path
from ..query_status import AGAIN, MARKS, OVERTAKEN, STALLED, counts, end_of
from .waterfall import CURSOR, SENT, waterfall_lines

_FROM = 7
"""Least height, in rows, for a legend."""


def explained_waterfall(
    detail: LookupDetail,
    width: int,
    height: int,
    *,
    until: float | None,
    selected: Addr | None,
    span: float,
    first: int | None = None,
    keys: str = "",
) -> list[Line]:
    """The waterfall of `waterfall_lines`, with its legend at the bottom if there is room for both."""
    legend = _legend(detail, width, height, until)
    room = height - len(legend)
    lines = waterfall_lines(detail, width, room, until=until, selected=selected, span=span, first=first, keys=keys)
    return [*lines, *[()] * (room - len(lines)), *legend] if lines else []


def rows_for_queries(detail: LookupDetail, width: int, height: int, *, until: float | None) -> int:
    """How many queries have a row in an explained waterfall of that size."""
    return max(0, height - 1 - len(_legend(detail, width, height, until)))


def _legend(detail: LookupDetail, width: int, height: int, until: float | None) -> list[Line]:
    return legend_lines(detail, width, until=until) if height >= _FROM else []


def legend_lines(detail: LookupDetail, width: int, *, until: float | None = None) -> list[Line]:
    """The legend of the waterfall, folded into lines of `width` cells."""
    entries = _entries(as_of(detail, until), until)
    tight = _line(entries, " ")
    if width_of(tight) <= width:
        wide = _line(entries, "  ")
        return [wide if width_of(wide) <= width else tight]
    lines: list[Line] = []
    shown: list[Line] = []
    for entry in entries:
        if shown and width_of(_line([*shown, entry], "  ")) > width:
            lines.append(_line(shown, "  "))
            shown = []
        shown.append(entry)
    return [*lines, _line(shown, "  ")]


def _line(entries: list[Line], gap: str) -> Line:
    spans: list[Span] = []
    for entry in entries:
        spans += [(gap if spans else " ", "plain"), *entry]
    return tuple(spans)


def _entries(detail: LookupDetail, until: float | None) -> list[Line]:
    """Signs with their meanings, in their order in a bar."""
    steps, elapsed, ends = detail.steps, detail.view.elapsed, counts(detail)
    stalled = any(step.stalled is not None and step.stalled < end_of(step, elapsed) for step in steps)
    signs: tuple[tuple[bool, str, Role, str], ...] = (
        (any(not step.again for step in steps), SENT, "plain", "sent"),
        (any(step.again for step in steps), AGAIN, "plain", "again"),
        (stalled, STALLED, "warn", "stalled"),
        (any(step.overtaken is not None for step in steps), OVERTAKEN, "strong", "overtaken"),
        *((ends[what] > 0, sign, role, what.value) for what, (sign, role) in MARKS.items()),
        (bool(critical_path(detail)), "●━", "strong", "path"),
        (until is not None, CURSOR, "strong", "now"),
    )
    return [((sign, role), (f" {words}", "dim")) for occurs, sign, role, words in signs if occurs]
