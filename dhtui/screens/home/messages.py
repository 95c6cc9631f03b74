"""What was asked, by method: by us and by others, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping

from ...engine.views.counters import PROBE
from ...engine.views.snapshot import MethodCounts, Snapshot
from ...engine.wire.methods import METHODS
from ...text.format import number
from ...text.safe import safe_text
from ...text.spans import Line, Role, fit
from ...widgets.spark import sparkline

SECONDS = 300
"""That the charts go back."""


def message_lines(snapshot: Snapshot, width: int = 0) -> list[Line]:
    """The matrix: what we asked and what came of it, what we were asked and what we answered; methods in use only.

    The charts take what is left of `width` cells.
    """
    spark = _SPARK + max(0, min(SECONDS // 10 - _SPARK + 1, (width - _LEAST) // 2))
    rows = [(name, counts) for name, counts in method_rows(snapshot.methods) if any(counts)]
    if not rows:
        return [(("Nothing was asked yet, by us or by others.", "dim"),)]
    asked = "".join(fit(head, width, right=True) for head, width in zip(_ASKED, _WIDTHS, strict=False))
    served = "".join(fit(head, width, right=True) for head, width in zip(_SERVED, _WIDTHS[5:], strict=True))
    head: Line = (
        (fit("we ask", _NAME + spark) + asked, "title"),
        (" │ ", "dim"),
        (fit("they ask", spark + _WIDTHS[5] - len(_SERVED[0])) + served.lstrip(), "title"),
    )
    return [head, *(_method(name, counts, snapshot, spark) for name, counts in rows)]


def method_rows(methods: Mapping[str, MethodCounts]) -> list[tuple[str, MethodCounts]]:
    """The counts of each method, of our own probes, and of all methods that we don't speak together, if there are any.

    Every message is in one of them.
    """
    none = MethodCounts(0, 0, 0, 0, 0, 0, 0)
    rows = [(name, methods.get(name, none)) for name in METHODS]
    others = [counts for name, counts in methods.items() if name not in (*METHODS, PROBE)]
    rest = MethodCounts(*(sum(column) for column in zip(none, *others, strict=True)))
    return [*rows, *((name, c) for name, c in (("own probe", methods.get(PROBE, none)), ("other", rest)) if any(c))]


_ASKED = ("sent", "✓", "✗", "!", "share")
_SERVED = ("came", "✓", "!")
_WIDTHS = (6, 6, 5, 5, 6, 6, 6, 5)
_NAME, _SPARK = 13, 7
"""Cells for the name of a method, and at least for what happened over time."""
_LEAST = _NAME + 2 * _SPARK + sum(_WIDTHS) + 3
"""Cells of a row."""


def _over_time(name: str, snapshot: Snapshot, received: bool, cells: int) -> str:
    """How much was asked over the last minutes, now at the right edge."""
    values = [0] * (cells - 1)
    known = (*METHODS, PROBE)
    for slot in snapshot.slots:
        place = len(values) - 1 - int(max(0.0, snapshot.at - slot.at) * len(values) / SECONDS)
        for one in slot.methods:
            if place >= 0 and name == _ROW.get(one.method, one.method if one.method in known else "other"):
                values[place] += one.received if received else one.sent
    return sparkline(values, len(values)) + " "


_ROW = {PROBE: "own probe"}
"""Names of rows that are not those of their methods."""


def _method(name: str, counts: MethodCounts, snapshot: Snapshot, spark: int) -> Line:
    roles: tuple[Role, ...] = ("plain", "good", "warn", "bad", "plain", "plain", "good", "warn")
    ended = counts.answered + counts.timed_out + counts.errors
    part = f"{100 * counts.answered // ended}%" if ended else "–"
    figures: tuple[int | str, ...] = (
        counts.sent,
        counts.answered,
        counts.timed_out,
        counts.errors,
        part,
        counts.received,
        counts.replied,
        counts.refused,
    )
    cells: list[tuple[str, Role]] = [
        (fit(number(cell) if isinstance(cell, int) else cell, width, right=True), role if cell else "dim")
        for cell, width, role in zip(figures, _WIDTHS, roles, strict=True)
    ]
    return (
        (fit(safe_text(name, _NAME), _NAME), "strong"),
        (_over_time(name, snapshot, False, spark), "accent"),
        *cells[:5],
        (" │ ", "dim"),
        (_over_time(name, snapshot, True, spark), "accent"),
        *cells[5:],
    )
