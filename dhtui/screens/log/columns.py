"""The columns of the log, and its counters."""

from __future__ import annotations

from collections.abc import Callable

from ...engine.views.snapshot import Snapshot
from ...text.format import date_time, full_time, number
from ...text.spans import Line, Role, Span, fit
from ...widgets.table_model import Column
from ..queries.details import detail
from .log_lines import Level, LogLine, causes

SIGNS: dict[Level, tuple[str, Role]] = {
    "detail": ("·", "dim"),
    "notable": ("●", "accent"),
    "problem": ("!", "warn"),
}
LEVEL_WORDS: dict[Level, str] = {
    "detail": "all lines",
    "notable": "what is worth knowing",
    "problem": "problems only",
}
_COUNTER = 26
"""Cells of one counter."""


def _text(line: LogLine) -> Line:
    """The address stands before the words, where there is one: a column of its own would leave them no room."""
    role: Role = "dim" if line.level == "detail" else "plain"
    return ((fit(line.where, 22), "data"), (line.text, role)) if line.where else ((line.text, role),)


def log_columns(now: Callable[[], float]) -> tuple[Column[LogLine], ...]:
    """The columns; `now` gives the unix time of the moment that is shown."""
    return (
        Column("time", 12, lambda r: ((date_time(r.unix, now()), "dim"),)),
        Column("", 1, lambda r: (SIGNS[r.level],)),
        Column("level", 7, lambda r: ((r.level, SIGNS[r.level][1]),), rank=1),
        Column("cause", 11, lambda r: ((r.cause, SIGNS[r.level][1]),), sort=lambda r: r.cause),
        Column("what happened", 48, _text, grow=True, sort=lambda r: (r.where == "", r.where, r.text)),
    )


def counter_lines(snapshot: Snapshot, width: int, most: int) -> list[Line]:
    """What went wrong so far, by cause, the most frequent first, in at most `most` lines."""
    counts = causes(snapshot)
    if not counts:
        return [((" Nothing has gone wrong so far.", "dim"),)]
    a_line = max(1, width // _COUNTER)
    room = a_line * most
    shown = counts if len(counts) <= room else counts[: room - 1]
    cells = [_counter(cause, count) for cause, count in shown]
    if len(shown) < len(counts):
        cells.append(((fit(f" +{len(counts) - len(shown)} more causes", _COUNTER), "dim"),))
    return [tuple(span for cell in cells[i : i + a_line] for span in cell) for i in range(0, len(cells), a_line)]


def _counter(cause: str, count: int) -> tuple[Span, ...]:
    return (fit(f" {number(count)}", 7, right=True), "warn"), (fit(f" {cause}", _COUNTER - 7), "plain")


def log_details(line: LogLine, capacity: int) -> list[Line]:
    """All about a line whose packet there is none of, or that is no longer among the last `capacity`."""
    sign, role = SIGNS[line.level]
    gone = f"not among the last {capacity}, which are kept"
    return [
        *detail("time", full_time(line.unix)),
        *detail("level", f"{sign} {line.level}", role),
        *detail("cause", line.cause),
        *(detail("address", line.where, "data") if line.where else ()),
        *detail("what happened", line.text),
        *(detail("its packet", gone) if line.addr else ()),
        *(detail("leads to", ", ".join(link.label for link in line.links)) if line.links else ()),
    ]
