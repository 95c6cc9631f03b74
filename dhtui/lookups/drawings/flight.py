"""The queries of a lookup in flight over the id space: arcs that go out to nodes and come back with answers, and
dotted ones from whoever named a node to that node.

A query that was answered took half of its round trip to the node, and its answer the other half: more is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from ...engine.views.snapshot import LookupDetail, StepView
from ...engine.wire.compact import Addr
from ...text.format import power, short_id
from ...text.keyspace import Mark, Part, marks, near_bits, scale, ticks
from ...text.spans import Line, Role, Span, fit
from ..as_of import as_of
from ..query_status import MARKS, QueryStatus, bits_of, gave_words, query_status, responded, span_words

OUT, BACK = "○", "●"
"""The heads of a query on its way, and of its answer."""
REFERRAL = "◇"
"""The head of a referral: an answer that has just come named this node, and we ask it."""
MOST_ARCS = 40
"""Arcs drawn at a time: those of the newest queries."""
_USUAL = 0.1
"""The round trip in seconds that is supposed before any is known."""
_FAINT = 0.35
"""The share of its arc that stays in sight behind a head."""
_LIFT, _LOW = 1.0, 0.6
"""How high the arcs of queries rise, and those of referrals."""
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_BRAILLE = 0x2800
_IMPORTANT = tuple(
    MARKS[what]
    for what in (
        QueryStatus.SILENT, QueryStatus.CANCELLED, QueryStatus.ANSWERED, QueryStatus.LATE, QueryStatus.ERROR,
        QueryStatus.UNUSABLE, QueryStatus.FOUND, QueryStatus.WAITING,
    )
)  # fmt: skip
"""The signs of statuses: where several nodes share a cell, the last of them is shown."""


class Arc(NamedTuple):
    """A query or an answer on its way."""

    place: int
    """The query, as an index in `steps`."""
    way: float
    """How far from us it is: 0 here, 1 at the node."""
    back: bool
    """Whether it is the answer."""
    waits: bool
    """It has been there for longer than usual: nothing came back."""


def flights(detail: LookupDetail, until: float) -> list[Arc]:
    """The queries in flight at a moment, the oldest first."""
    usual = usual_trip(detail)
    found = []
    for place, step in enumerate(detail.steps):
        if not step.sent <= until or (step.ended is not None and step.ended <= until):
            continue
        age = until - step.sent
        if step.ended is None or not responded(step):
            far = min(1.0, age / (usual / 2))
            found.append(Arc(place, far, False, far >= 1.0))
            continue
        half = max(1e-9, (step.ended - step.sent) / 2)
        found.append(Arc(place, age / half if age < half else 2 - age / half, age >= half, False))
    return found


class Referral(NamedTuple):
    """A node that an answer named, and that was asked for it."""

    place: int
    """The query to it, as an index in `steps`."""
    start: bytes
    """The id of whoever named it."""
    way: float
    """How far the arc has come from there, 0 to 1."""


def referrals(detail: LookupDetail, until: float) -> list[Referral]:
    """The referrals of the answers that came just before a moment, the oldest first."""
    span = usual_trip(detail) / 2
    came: dict[Addr, tuple[float, bytes]] = {}
    for step in detail.steps:
        if step.ended is not None and step.id is not None and responded(step):
            came.setdefault(step.addr, (step.ended, step.id))
    found = []
    for place, step in enumerate(detail.steps):
        named = came.get(step.parent) if step.parent is not None else None
        if named is None or step.id is None or step.again:
            continue
        age = until - named[0]
        if 0 <= age < span:
            found.append(Referral(place, named[1], age / span))
    return found


def usual_trip(detail: LookupDetail) -> float:
    """The median of the round trips of a lookup, seconds."""
    trips = [step.ended - step.sent for step in detail.steps if step.ended is not None and responded(step)]
    return max(1e-4, median(trips)) if trips else _USUAL


def flight_lines(
    detail: LookupDetail, own: bytes | None, part: Part, until: float, width: int, height: int
) -> list[Line]:
    """Draw a moment of a lookup in `width` x `height` cells.

    From the top: arcs, a dot for each node that is known by then, a sign for each that was asked, us and the target,
    the digits of the ids, and what happened last.
    """
    if width < 20 or height < 4:
        return []
    then = as_of(detail, until)
    rows = max(1, height - 5)
    sky = _Sky(width, rows, part, own)
    for referral in referrals(detail, until)[-MOST_ARCS:]:
        sky.refer(referral, detail.steps[referral.place])
    moving = [arc for arc in flights(detail, until) if detail.steps[arc.place].id is not None]
    for arc in moving[-MOST_ARCS:]:
        sky.draw(arc, detail.steps[arc.place])
    us = [Mark(own, "▼", "us", "accent")] if own else []
    lines = [
        *sky.lines(),
        _ground(then, part, width),
        _signs(then, part, width),
        marks(part, [*us, Mark(detail.view.target, "◆", "target", "key")], width),
        scale(part, width),
        _newest(detail, then, until, width, len(moving) - MOST_ARCS),
    ]
    return lines[:height]


class _Sky:
    """The cells that arcs are drawn in, with 2 x 4 dots of braille each."""

    def __init__(self, width: int, rows: int, part: Part, own: bytes | None) -> None:
        self.width, self.rows, self.part = width, rows, part
        self.home = self._column(own) if own else width
        self.dots: dict[tuple[int, int], tuple[int, Role]] = {}
        self.heads: dict[tuple[int, int], Span] = {}

    def _column(self, node_id: bytes) -> int:
        """The column of dots of an id; of one outside of the part, that at its end."""
        column = self.part.column(node_id, 2 * self.width)
        if column is not None:
            return column
        return 0 if int.from_bytes(node_id, "big") < self.part.start else 2 * self.width - 1

    def draw(self, arc: Arc, step: StepView) -> None:
        """The arc from us to a node up to its head, or what is left of the way back."""
        assert step.id is not None
        end = self._column(step.id)
        role: Role = "good" if arc.back else "warn" if step.stalled is not None and arc.waits else "data"
        head = BACK if arc.back else OUT
        tail = (arc.way, min(1.0, arc.way + _FAINT)) if arc.back else (max(0.0, arc.way - _FAINT), arc.way)
        for x, y in self._points(self.home, end, *tail):
            self._dot(x, y, role)
        if arc.waits:  # it hangs over the node as long as nothing comes back
            self.heads[min(self.width - 1, end // 2), self.rows - 1] = MARKS[QueryStatus.WAITING]
            return
        x, y = self._point(self.home, end, arc.way)
        self.heads[min(self.width - 1, x // 2), y // 4] = (head, "strong")

    def refer(self, referral: Referral, step: StepView) -> None:
        """The dotted arc from whoever named a node to that node, as far as it has come, painted by its nearness."""
        assert step.id is not None
        start, end = self._column(referral.start), self._column(step.id)
        role = near_bits(step.bits)
        for nth, (x, y) in enumerate(self._points(start, end, 0.0, referral.way, _LOW)):
            if nth % 4 < 2:
                self._dot(x, y, role)
        x, y = self._point(start, end, referral.way, _LOW)
        self.heads[min(self.width - 1, x // 2), y // 4] = (REFERRAL, role)

    def _point(self, start: int, end: int, way: float, lift: float = _LIFT) -> tuple[int, int]:
        top = 4 * self.rows - 1
        rise = lift * min(1.0, 0.5 + 1.2 * abs(end - start) / (2 * self.width))
        return round(start + (end - start) * way), round(top - top * rise * 4 * way * (1 - way))

    def _points(
        self, start: int, end: int, first: float, last: float, lift: float = _LIFT
    ) -> Iterator[tuple[int, int]]:
        steps = max(8, abs(end - start), 8 * self.rows)
        for nth in range(int(first * steps), int(last * steps) + 1):
            yield self._point(start, end, nth / steps, lift)

    def _dot(self, x: int, y: int, role: Role) -> None:
        if 0 <= x < 2 * self.width and 0 <= y < 4 * self.rows:
            cell = x // 2, y // 4
            self.dots[cell] = (self.dots.get(cell, (0, role))[0] | _DOTS[y % 4][x % 2], role)

    def lines(self) -> list[Line]:
        """The rows, top first."""
        return [tuple(self._cell(x, y) for x in range(self.width)) for y in range(self.rows)]

    def _cell(self, x: int, y: int) -> Span:
        dots, role = self.dots.get((x, y), (0, "plain"))
        return self.heads.get((x, y)) or (chr(_BRAILLE + dots) if dots else " ", role)


def _ground(then: LookupDetail, part: Part, width: int) -> Line:
    """A dot for each node known by then; those of the closest that answered stand out."""
    known = [node.id for node in then.candidates if node.id is not None]
    near = {
        column
        for node in then.candidates
        if node.closest and node.id is not None and (column := part.column(node.id, width)) is not None
    }
    row = ticks(part, known, width)
    return tuple((char, "key" if x in near else "data") for x, char in enumerate(row))


def _signs(then: LookupDetail, part: Part, width: int) -> Line:
    """What became of each node that was asked, at its place."""
    cells: list[Span] = [(" ", "plain")] * width
    ranks = {mark: rank for rank, mark in enumerate(_IMPORTANT)}
    for step in then.steps:
        column = part.column(step.id, width) if step.id is not None else None
        mark = MARKS[query_status(step, then.view)]
        if column is not None and ranks.get(mark, -1) >= ranks.get(cells[column], -1):
            cells[column] = mark
    return tuple(cells)


def _newest(detail: LookupDetail, then: LookupDetail, until: float, width: int, more: int) -> Line:
    """The last that happened by then, in words; and how many arcs are not drawn."""
    happened = [
        (at, place, nth)
        for place, step in enumerate(detail.steps)
        for nth, at in enumerate((step.sent, step.stalled, step.ended))
        if at is not None and at <= until
    ]
    left = f"  {more} more in flight are not drawn" if more > 0 else ""
    if not happened:
        return ((fit(f" Nothing was sent yet.{left}", width), "dim"),)
    at, place, nth = max(happened)
    step = detail.steps[place]
    who = short_id(step.id) if step.id is not None else "a bootstrap host"
    if nth == 0:
        what = "asked again" if step.again else "asked"
    elif nth == 1:
        what = "stalled: another one is asked instead"
    else:
        sign, _ = MARKS[query_status(step, then.view)]
        what = f"{sign} {gave_words(step, then.view)}"
    bits = bits_of(step.id, detail.view.target)
    near = "" if bits is None else f", {power(bits)} from the target"
    when, words = f" {span_words(at)} ", f"#{place + 1} {who}: {what}{near}.{left}"
    return ((when, "key"), (fit(words, width - len(when)), "plain"))
