"""Our queries over the last seconds: time goes to the right, and the right end is now."""

from __future__ import annotations

from math import floor
from typing import Final

from ...engine.views.events import QueryResult
from ...text.spans import Line, Role, Span
from .rows import QueryRow, lookup_number
from .tail import FADE

SPAN: Final = FADE
"""Seconds from the left end to the right one."""
STEP: Final = 0.5
"""Seconds by which the drawing moves on: in smaller steps it would be painted anew all the time."""
TITLE: Final = f"{SPAN:.0f} s → now"

RESULTS: Final[dict[QueryResult, tuple[str, Role]]] = {
    QueryResult.ANSWERED: ("✓", "good"),
    QueryResult.ERROR: ("!", "warn"),
    QueryResult.TIMED_OUT: ("✗", "bad"),
    QueryResult.CANCELLED: ("–", "dim"),
}
"""How a query ended, by `QueryFinished.result`."""
_LOOKS: Final[tuple[tuple[str, Role], ...]] = (("━", "accent"), ("═", "key"), ("─", "strong"), ("╍", "good"))
"""Lookups are told apart by stroke and colour, those with numbers in a row at least."""
_OTHERS: Final[tuple[str, Role]] = ("─", "plain")


def look_of(owner: str) -> tuple[str, Role]:
    """Stroke and colour of an owner's queries."""
    number = lookup_number(owner)
    return _OTHERS if number is None else _LOOKS[number % len(_LOOKS)]


def timeline(row: QueryRow, now: float, width: int) -> Line:
    """A query from its sending to its end or to now: ``   ━━━━┄┄✗   ``. What is dotted is the time after it stalled.

    ``‹``: it was sent earlier than the left end.
    """
    now = STEP * int(now / STEP + 1)
    start = _place(row.sent_at, now, width)
    end = _place(row.sent_at + row.age, now, width) + 1 if row.result else width
    first, last = min(max(0, start), width - 1), max(1, min(end, width))
    last = max(last, first + 1)
    stalled = row.soft is not None and row.age > row.soft
    late = min(last, max(first, _place(row.sent_at + (row.soft or 0.0), now, width))) if stalled else last
    head, tail = int(start < 0 and last - first > 1), int(bool(row.result))
    solid, dots = late - first, last - late
    solid, dots = (solid - head, dots) if solid else (0, dots - head)
    solid, dots = (solid, dots - tail) if dots else (solid - tail, 0)
    stroke, role = look_of(row.owner)
    spans: list[Span] = [(" " * first, "plain"), ("‹" * head, "dim"), (stroke * solid, role), ("┄" * dots, "warn")]
    if row.result:
        spans.append(RESULTS[row.result])
    return tuple(span for span in spans if span[0])


def _place(at: float, now: float, width: int) -> int:
    return floor(width - (now - at) * width / SPAN)
