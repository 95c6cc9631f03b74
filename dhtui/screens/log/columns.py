"""The columns of the log, and its counters."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...engine.views.snapshot import Snapshot
from ...sources.trouble import BANNED_NOW, SLOT_SECONDS, Course, TroubleHistory, causes
from ...text.format import date_time, duration, elide, full_time, number, plural
from ...text.spans import Line, Role, Span, fit
from ...widgets.spark import sparkline
from ...widgets.table_model import Column
from ..queries.details import detail
from .folding import LogRow
from .log_lines import Level, LogLine

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


def _text(row: LogRow, now: float) -> Line:
    """The address stands before the words, where there is one: a column of its own would leave them no room."""
    line = row.line
    role: Role = "dim" if line.level == "detail" else "plain"
    if row.folded:
        hosts = f"{plural(row.hosts, 'host')}, " if row.hosts > 1 else f"{line.where}, " if row.hosts else ""
        since = f"  {hosts}since {date_time(row.folded[-1].unix, now)}"
        sign = "▾" if row.open else "▸"
        return ((f"{sign} {len(row.folded)} × ", "strong"), (line.text, role), (since, "dim"))
    inside: Line = (("  ", "plain"),) if row.inside else ()
    where: Line = ((fit(elide(line.where, 21), 22), "data"),) if line.where else ()
    return (*inside, *where, (line.text, role))


def log_columns(now: Callable[[], float]) -> tuple[Column[LogRow], ...]:
    """The columns; `now` gives the unix time of the moment that is shown."""
    return (
        Column("time", 12, lambda r: ((date_time(r.line.unix, now()), "dim"),)),
        Column("", 1, lambda r: (SIGNS[r.line.level],)),
        Column("level", 7, lambda r: ((r.line.level, SIGNS[r.line.level][1]),), rank=1),
        Column("cause", 11, lambda r: ((r.line.label, SIGNS[r.line.level][1]),), sort=lambda r: r.line.label),
        Column(
            "what happened", 48, lambda r: _text(r, now()), grow=True,
            sort=lambda r: (r.line.where == "", r.line.where, r.line.text),
        ),
    )  # fmt: skip


def course_lines(courses: Sequence[Course], width: int, most: int) -> list[Line]:
    """Causes over time, the most frequent first, at most `most` of them: how often so far, and when."""
    cells = course_cells(width)
    if not courses:
        return []
    since = f"{duration(cells * SLOT_SECONDS)} ago "
    head = fit("  so far", _COUNTER) + since + "─" * max(0, cells - len(since) - 4) + " now"
    return [((head, "title"),), *(_course(course, cells) for course in courses[:most])]


def course_cells(width: int) -> int:
    """Cells for the time, each a slot."""
    return max(1, width - _COUNTER - 1)


def _course(course: Course, cells: int) -> Line:
    return (*_counter(course.cause, course.total), (sparkline(course.slots, cells), "warn"))


def counter_lines(counts: Sequence[tuple[str, int]], width: int, most: int) -> list[Line]:
    """What went wrong so far, by cause, in at most `most` lines."""
    a_line = max(1, width // _COUNTER)
    room = a_line * most
    shown = counts if len(counts) <= room else counts[: room - 1]
    cells = [_counter(cause, count) for cause, count in shown]
    if len(shown) < len(counts):
        cells.append(((fit(f" +{len(counts) - len(shown)} more causes", _COUNTER), "dim"),))
    return [tuple(span for cell in cells[i : i + a_line] for span in cell) for i in range(0, len(cells), a_line)]


def trouble_lines(snapshot: Snapshot, history: TroubleHistory, width: int, most: int) -> list[Line]:
    """What goes wrong, and when: `most` causes over time, and the others in half as many lines."""
    counts = causes(snapshot)
    if not counts:
        return [((" Nothing has gone wrong so far.", "dim"),)]
    courses = history.courses(snapshot, course_cells(width))
    drawn = {course.cause for course in courses[:most]}
    return [
        *course_lines(courses, width, most),
        *counter_lines([one for one in counts if one[0] not in drawn], width, most // 2),
    ]


def _counter(cause: str, count: int) -> tuple[Span, ...]:
    """What the user wants, such as a ban, is no trouble."""
    role: Role = "dim" if cause == BANNED_NOW else "warn"
    return (fit(f" {number(count)}", 7, right=True), role), (fit(f" {cause}", _COUNTER - 7), "plain")


def log_details(line: LogLine, capacity: int) -> list[Line]:
    """All about a line whose packet there is none of, or that is no longer among the last `capacity`."""
    sign, role = SIGNS[line.level]
    gone = f"not among the last {capacity}, which are kept"
    return [
        *detail("time", full_time(line.unix)),
        *detail("level", f"{sign} {line.level}", role),
        *detail("cause", line.label),
        *(detail("address", line.where, "data") if line.where else ()),
        *detail("what happened", line.text),
        *(detail("its packet", gone) if line.addr else ()),
        *(detail("leads to", ", ".join(link.label for link in line.links)) if line.links else ()),
    ]
