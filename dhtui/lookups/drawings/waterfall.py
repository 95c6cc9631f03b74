"""The waterfall: one bar for each query, from its sending to its answer, by hops."""

from __future__ import annotations

from ...engine.views.snapshot import LookupDetail, StepView
from ...engine.wire.compact import Addr
from ...text.format import address, short_id
from ...text.safe import safe_text
from ...text.spans import Line, Role, fit
from ..as_of import as_of
from ..critical import critical_path
from ..query_status import (
    AGAIN,
    IN_TIME,
    MARKS,
    OVERTAKEN,
    STALLED,
    end_of,
    gave_words,
    query_status,
    responded,
    span_words,
)
from ..reasons import origins
from .chart import Canvas, TimeAxis, nice_span

TITLE = "waterfall by: query #, op opener, kn known, bs host, ? doubted"
SENT, CURSOR = "├", "┆"
_LEFT = 24
"""Widths, in cells, of hop, number, referrer and node."""
_GAVE = 12
_RTT = 8
_WIDE = 84
"""Least width, in cells, at which the round trip is shown as a figure too."""


def waterfall_lines(
    detail: LookupDetail,
    width: int,
    height: int,
    *,
    until: float | None = None,
    selected: Addr | None = None,
    span: float | None = None,
    first: int | None = None,
    keys: str = "",
) -> list[Line]:
    """Draw the waterfall in `width` x `height` cells: the time axis, and as many rows as fit.

    Queries of the `selected` node are marked, and visible unless the first row is given, `first`. `span` is the length
    of the time axis in seconds. `keys` are shown if there are more rows than fit.
    """
    if width < _LEFT + _GAVE + 10 or height < 2:
        return []
    then = as_of(detail, until)
    right = _GAVE + (_RTT if width >= _WIDE else 0)
    axis = TimeAxis(span or nice_span(detail.view.elapsed, detail.view.running), width - _LEFT - right)
    order = rows_of(then)
    first = first_row(then, height - 1, selected, first)
    shown = order[first : first + height - 1]
    canvas = Canvas(width, 1 + len(shown))
    _head(canvas, axis, first, len(order) - first - len(shown), keys)
    drawing = _Drawing(canvas, axis, then, selected)
    for y, place in enumerate(shown, 1):
        same_hop = y > 1 and then.steps[shown[y - 2]].hop == then.steps[place].hop
        drawing.row(y, place, with_hop=not same_hop)
    if until is not None:
        for y in range(1, 1 + len(shown)):
            canvas.put(_LEFT + axis.column(until), y, CURSOR, "strong", under=True)
    return canvas.lines()


def rows_of(detail: LookupDetail) -> list[int]:
    """The indexes in `steps` in the order of the rows: by hop, and within one by the time of sending."""
    return sorted(range(len(detail.steps)), key=lambda place: (detail.steps[place].hop, place))


def first_row(detail: LookupDetail, height: int, selected: Addr | None, wanted: int | None = None) -> int:
    """The first row of a drawing of `height` rows: the one `wanted`, or one with the selected node visible."""
    if wanted is None:
        own = [row for row, place in enumerate(rows_of(detail)) if detail.steps[place].addr == selected]
        wanted = (own[-1] if own else 0) - height // 2
    return max(0, min(wanted, len(detail.steps) - height))


def _head(canvas: Canvas, axis: TimeAxis, above: int, below: int, keys: str) -> None:
    canvas.put(1, 0, "hop   #  by  node", "title")
    free = 0
    for column, words in axis.ticks():
        if column >= free and column + len(words) <= axis.width:
            canvas.put(_LEFT + column, 0, words, "dim")
            free = column + len(words) + 2
    canvas.put(_LEFT + axis.width + 1, 0, f"↑{above} ↓{below} {keys}" if above or below else "gave", "title")


class _Drawing:
    def __init__(self, canvas: Canvas, axis: TimeAxis, detail: LookupDetail, selected: Addr | None) -> None:
        self.canvas, self.axis, self.detail, self.selected = canvas, axis, detail, selected
        self.path = set(critical_path(detail))
        self.origins = origins(detail)

    def row(self, y: int, place: int, with_hop: bool) -> None:
        step, put = self.detail.steps[place], self.canvas.put
        critical, chosen = place in self.path, step.addr == self.selected
        role: Role = "key" if chosen else "strong" if critical else "plain"
        put(0, y, "▶" if chosen else "●" if critical else " ", role)
        if with_hop:
            put(1, y, f"{step.hop:>3}", "dim")
        put(5, y, f"{place + 1:>3}", "dim")
        came = self.origins[place]
        put(9, y, f"{came.sign:>3}", "dim")
        put(12, y, "?" if came.doubted else " ", "warn")
        put(14, y, self._name(step), "data" if role == "plain" else role)
        self._bar(y, step, critical)
        right = _LEFT + self.axis.width + 1
        what = query_status(step, self.detail.view)
        sign, sign_role = MARKS[what]
        put(right, y, fit(gave_words(step, self.detail.view), _GAVE - 1), "plain" if what in IN_TIME else sign_role)
        if self.canvas.width >= _WIDE:
            rtt = span_words(step.ended - step.sent) if step.ended is not None and responded(step) else ""
            put(right + _GAVE - 1, y, f"{rtt or sign:>8}", "dim" if rtt else sign_role)

    def _name(self, step: StepView) -> str:
        return short_id(step.id) if step.id is not None else fit(safe_text(address(step.addr)), 9)

    def _bar(self, y: int, step: StepView, critical: bool) -> None:
        view, put = self.detail.view, self.canvas.put
        start, end = self.axis.column(step.sent), self.axis.column(end_of(step, view.elapsed))
        sign, usual = MARKS[query_status(step, view)]
        role: Role = "strong" if critical else usual
        late = self.axis.column(step.stalled) if step.stalled is not None else end + 1
        for x in range(start, end):
            put(_LEFT + x, y, ("┅" if critical else STALLED) if x >= late else "━" if critical else "─", role)
        if start < end:
            put(_LEFT + start, y, AGAIN if step.again else "┣" if critical else SENT, role)
            if step.overtaken is not None:
                put(_LEFT + min(max(self.axis.column(step.overtaken), start + 1), end - 1), y, OVERTAKEN, "strong")
        put(_LEFT + end, y, sign, role)
