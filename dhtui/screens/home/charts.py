"""The charts of the home screen, and what went wrong by cause: a snapshot in, lines out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from math import exp, log

from ...bindings.keymap import key_of
from ...engine.views.snapshot import ErrorView, RttView, Snapshot
from ...text.faults import TIMED_OUT, cause_words, problem_words
from ...text.format import address, duration, milliseconds, number, plural
from ...text.safe import safe_text
from ...text.spans import Line, Span, fit, spread
from ...widgets.spark import graph, level_line

_STEPS = (1, 2, 5)
_MOST_BINS = 60
_SHORTEST, _LONGEST = 1e-4, 1e4
"""Seconds: round trips beyond are drawn as these."""


@lru_cache(maxsize=2)
def line_chart(values: tuple[int, ...], height: int) -> tuple[Line, ...]:
    """A line on a scale of its own, from the lowest value to the highest. Kept, as `chart`."""
    return tuple(((row, "accent"),) for row in level_line(values, height))


@lru_cache(maxsize=8)
def chart(values: tuple[float, ...], width: int, height: int) -> tuple[Line, ...]:
    """A graph of `height` rows. Kept, as most of what is drawn ten times a second changes far more seldom."""
    return tuple(((row, "accent"),) for row in graph(values, width, height))


# ---- round trips ----------------------------------------------------------------------------------------


@lru_cache(maxsize=2)
def rtt_lines(rtt: RttView, width: int, height: int) -> tuple[Line, ...]:
    """How many round trips took how long: a histogram over a logarithmic scale."""
    if not rtt.recent:
        return ((("No answer measured yet.", "dim"),),)
    low, high = bounds(rtt.recent)
    cells = max(1, -(-width // _MOST_BINS))
    counts = histogram(rtt.recent, low, high, max(1, width // cells))
    bins = [count for count in counts for _ in range(cells)]
    middle = exp((log(low) + log(high)) / 2)
    left = len(bins)
    marks = spread(
        ((_mark(low).ljust(left // 2), "dim"), (_mark(middle), "dim")),
        ((_mark(high), "dim"),),
        len(bins),
    )
    return (
        _percentiles(rtt, width),
        (
            ("a query stalls after ", "dim"),
            (milliseconds(rtt.soft), "plain"),
            (f"  the last {plural(len(rtt.recent), 'sample')}", "dim"),
        ),
        *chart(tuple(bins), len(bins), max(1, height - 3)),
        marks,
    )


def _mark(seconds: float) -> str:
    """A place on the axis: also a tenth of a millisecond, which a testnet takes."""
    return f"{seconds * 1000:.2g} ms" if seconds < 0.0095 else milliseconds(seconds)


def _percentiles(rtt: RttView, width: int) -> Line:
    room = max(7, min(13, width // 4 - 5))
    parts: list[Span] = []
    for percent, value in (("10", rtt.p10), ("50", rtt.p50), ("90", rtt.p90), ("95", rtt.p95)):
        parts += [(f"{percent}% ", "dim"), (fit(milliseconds(value), room), "plain")]
    return tuple(parts)


def bounds(values: Sequence[float]) -> tuple[float, float]:
    """The round numbers 1, 2, 5, 10 … between which all values lie: such bounds seldom move."""
    low, high = (min(_LONGEST, max(_SHORTEST, value)) for value in (min(values), max(values)))
    steps = [step * 10.0**power for power in range(-5, 5) for step in _STEPS]
    return max(step for step in steps if step <= low), min(step for step in steps if step > high)


def histogram(values: Sequence[float], low: float, high: float, bins: int) -> list[int]:
    """How many values lie in each of some bins of equal width on a logarithmic scale from `low` to `high`."""
    counts = [0] * bins
    scale = bins / (log(high) - log(low))
    for value in values:
        place = int((log(max(value, low)) - log(low)) * scale)
        counts[min(bins - 1, place)] += 1
    return counts


# ---- growth ---------------------------------------------------------------------------------------------


def growth_lines(snapshot: Snapshot, width: int, height: int) -> list[Line]:
    """Good nodes in the table over the last hour."""
    growth = (*snapshot.growth, (snapshot.at, snapshot.table.good))  # whatever the last count was: this is now
    if len(growth) < 3:
        return [(("Counted every 10 s: nothing to compare yet.", "dim"),)]
    counts = [count for _, count in growth]
    title = plural(counts[-1], "good node")
    first = f"{duration(snapshot.at - growth[0][0])} ago"
    return [
        spread(((title, "plain"),), ((f"lowest {min(counts)}, highest {max(counts)}", "dim"),), width),
        *line_chart(over_time(growth, max(1, width)), max(1, height - 2)),
        spread(((first, "dim"),), (("now", "dim"),), width),
    ]


@lru_cache(maxsize=2)
def over_time(growth: tuple[tuple[float, int], ...], width: int) -> tuple[int, ...]:
    """The counts as `width` columns from the first time to the last; of several in one the latest."""
    begin, end = growth[0][0], growth[-1][0]
    span = max(end - begin, 1e-9)
    columns: list[int] = []
    place = 0
    for column in range(width):
        upto = begin + span * column / max(1, width - 1)
        while place + 1 < len(growth) and growth[place + 1][0] <= upto + 1e-6:
            place += 1
        columns.append(growth[place][1])
    return tuple(columns)


# ---- errors ---------------------------------------------------------------------------------------------


def error_lines(snapshot: Snapshot, height: int) -> list[Line]:
    """What went wrong, one line for each cause with the last time it did; the latest cause first."""
    totals = _totals(snapshot)
    latest: dict[str, ErrorView] = {}
    for error in snapshot.errors:  # newest first
        latest.setdefault(error.cause, error)
    silent = [cause for cause, count in totals.most_common() if count and cause not in latest]
    if not latest and not silent:
        return [(("Nothing went wrong so far.", "dim"),)]
    lines = [_error_line(cause, totals[cause], error, snapshot.at) for cause, error in latest.items()]
    lines += [_error_line(cause, totals[cause], None, snapshot.at) for cause in silent]
    if len(lines) > height > 1:
        more = plural(len(lines) - height + 1, "more cause")
        lines[height - 1 :] = [((f"and {more}; {key_of('show.log')} lists all", "dim"),)]
    return lines


def _totals(snapshot: Snapshot) -> Counter[str]:
    totals = Counter(snapshot.drops)
    totals[TIMED_OUT] += sum(counts.timed_out for counts in snapshot.methods.values())
    totals["error"] += sum(counts.errors for counts in snapshot.methods.values())
    return totals


def _error_line(cause: str, total: int, error: ErrorView | None, now: float) -> Line:
    head: Line = ((fit(safe_text(cause_words(cause), 20), 18), "warn"), (fit(number(total), 6, right=True), "plain"))
    if error is None:
        return head
    return (
        *head,
        (fit(f"  {duration(now - error.at)} ago", 12), "dim"),
        (fit(address(error.addr), 22), "data"),
        (safe_text(problem_words(error.text)), "plain"),
    )
