"""The charts of the home screen, and what went wrong by cause: a snapshot in, lines out."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from math import exp, log

from ...bindings.keymap import key_of
from ...engine.views.events import QueryResult
from ...engine.views.history import TRIP_EDGES, SlotView
from ...engine.views.snapshot import ErrorView, RttView, Snapshot
from ...text.faults import cause_words, problem_words
from ...text.format import address, duration, elide, milliseconds, number, plural
from ...text.safe import safe_text
from ...text.spans import Line, Span, fit, spread
from ...widgets.spark import braille, level_line, shade

_STEPS = (1, 2, 5)
_ALL = 46
"""Cells for all that is said above a chart; in less, for the most important of it."""
_MOST_BINS = 60
SLOT_SECONDS = 10.0
"""Of a sample of round trips and messages."""
_SHORTEST, _LONGEST = 1e-4, 1e4
"""Seconds: round trips beyond are drawn as these."""


@lru_cache(maxsize=2)
def line_chart(values: tuple[int, ...], height: int) -> tuple[Line, ...]:
    """A line on a scale of its own, from the lowest value to the highest. Kept, as `chart`."""
    return tuple(((row, "accent"),) for row in level_line(values, height))


@lru_cache(maxsize=8)
def chart(values: tuple[float, ...], width: int, height: int) -> tuple[Line, ...]:
    """A graph of `height` rows, two values a cell. Kept, as most of what is drawn changes far more seldom."""
    return tuple(((row, "accent"),) for row in braille(values, width, height))


def columns_of(seconds: Sequence[int], width: int, span: int) -> tuple[int, ...]:
    """The last `span` seconds as the `2 * width` columns of a chart: of the seconds in a column the greatest value."""
    columns = [0] * (2 * width)
    for age, value in enumerate(reversed(seconds[-span:])):
        place = 2 * width - 1 - age * 2 * width // span
        columns[place] = max(columns[place], value)
    return tuple(columns)


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
            (f"  the last {plural(len(rtt.recent), 'sample')}" if width >= _ALL else "", "dim"),
        ),
        *chart(tuple(count for count in bins for _ in range(2)), len(bins), max(1, height - 3)),
        marks,
    )


def _mark(seconds: float) -> str:
    """A place on the axis: also a tenth of a millisecond, which a testnet takes."""
    return f"{seconds * 1000:.2g} ms" if seconds < 0.0095 else milliseconds(seconds)


def _percentiles(rtt: RttView, width: int) -> Line:
    room = max(7, min(13, width // 4 - 5))
    parts: list[Span] = []
    every = (("10", rtt.p10), ("50", rtt.p50), ("90", rtt.p90), ("95", rtt.p95))
    for percent, value in every if width >= _ALL else every[1::2]:
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


# ---- round trips over time ------------------------------------------------------------------------------

_AXIS = 9
"""Cells for what a row of the heat map stands for."""


def heat_lines(snapshot: Snapshot, span: float, width: int, height: int) -> tuple[Line, ...]:
    """How many round trips took how long, over the last `span` seconds: time to the right, now at the right edge.

    In recordings of older versions, which have no times, their distribution stands in its place.
    """
    rtt, slots = snapshot.rtt, snapshot.slots
    if not slots or not rtt.recent:
        return rtt_lines(rtt, width, height)
    head: list[Line] = [_percentiles(rtt, width)]
    if height >= 6:
        head.append((("┄ a query stalls after ", "dim"), (milliseconds(rtt.soft), "plain")))
    rows = _classes(slots, rtt.soft, max(1, height - len(head) - 1))
    room = max(1, width - _AXIS)
    grid = _grid(slots, rows, snapshot.at, span, room)
    most = max((count for row in grid for count in row), default=0)
    lines = [*head]
    times, spare = divmod(max(len(rows), height - len(head) - 1), len(rows))
    for place, ((first, last), counts) in enumerate(zip(reversed(rows), reversed(grid), strict=True)):
        stalls = first <= _class_of(rtt.soft) <= last
        cells = "".join(shade(log(1 + count), log(1 + most)) for count in counts)
        lines += [((" " * (_AXIS - 1) + "│", "dim"), (cells, "accent"))] * (times - 1 + (place < spare))
        name = fit(_edge(first), _AXIS - 2, right=True) + (" ┤" if not stalls else " ┼")
        lines.append(((name, "dim"), *_stalled(cells, stalls)))
    return (*lines, spread(((f"{' ' * _AXIS}{duration(span)} ago", "dim"),), (("now", "dim"),), width))


def _stalled(cells: str, stalls: bool) -> Line:
    """A row of the heat map; where a query stalls, its blanks are a line."""
    if not stalls:
        return ((cells, "accent"),)
    return tuple((char, "accent") if char != " " else ("┄", "dim") for char in cells)


def _class_of(seconds: float) -> int:
    return bisect_right(TRIP_EDGES, seconds)


def _edge(place: int) -> str:
    """The least round trip of a class."""
    return "0 ms" if not place else milliseconds(TRIP_EDGES[place - 1])


def _classes(slots: Sequence[SlotView], soft: float, rows: int) -> list[tuple[int, int]]:
    """The classes that have round trips, and that of stalling, as at most `rows` rows of neighbours."""
    used = [place for slot in slots for place, count in enumerate(slot.trips) if count]
    used.append(min(_class_of(soft), len(TRIP_EDGES)))
    low, high = min(used), max(used)
    step = -(-(high - low + 1) // rows)
    return [(first, min(high, first + step - 1)) for first in range(low, high + 1, step)]


def _grid(
    slots: Sequence[SlotView], rows: Sequence[tuple[int, int]], now: float, span: float, width: int
) -> list[list[int]]:
    """How many round trips fall into each cell; a slot fills all cells of its 10 seconds."""
    grid = [[0] * width for _ in rows]
    places = round(span / SLOT_SECONDS)
    for slot in slots:
        age = int(max(0.0, now - slot.at) / SLOT_SECONDS)
        begin, end = (width - (age + more) * width // places for more in (1, 0))
        if begin < 0:
            continue
        for row, (first, last) in enumerate(rows):
            count = sum(slot.trips[first : last + 1])
            for place in range(begin, end):
                grid[row][place] = max(grid[row][place], count)
    return grid


# ---- growth ---------------------------------------------------------------------------------------------


def growth_lines(snapshot: Snapshot, width: int, height: int) -> list[Line]:
    """Good nodes in the table over the last hour."""
    growth = (*snapshot.growth, (snapshot.at, snapshot.table.good))  # whatever the last count was: this is now
    if len(growth) < 3:
        return [(("Counted every 10 s: none before yet.", "dim"),)]
    counts = [count for _, count in growth]
    title = plural(counts[-1], "good node")
    first = f"{duration(snapshot.at - growth[0][0])} ago"
    bounds = f"lowest {min(counts)}, highest {max(counts)}"
    if len(title) + len(bounds) >= width:
        bounds = f"{min(counts)} to {max(counts)}"
    return [
        spread(((title, "plain"),), ((bounds, "dim"),), width),
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


def error_lines(snapshot: Snapshot, height: int, width: int = 120) -> list[Line]:
    """What went wrong, one line for each cause with the last time it did; the latest cause first."""
    totals = _totals(snapshot)
    latest: dict[str, ErrorView] = {}
    for error in snapshot.errors:  # newest first
        latest.setdefault(error.cause, error)
    silent = [cause for cause, count in totals.most_common() if count and cause not in latest]
    if not latest and not silent:
        return [(("Nothing went wrong so far.", "dim"),)]
    lines = [_error_line(cause, totals[cause], error, snapshot.at, width) for cause, error in latest.items()]
    lines += [_error_line(cause, totals[cause], None, snapshot.at, width) for cause in silent]
    if len(lines) > height > 1:
        more = plural(len(lines) - height + 1, "more cause")
        lines[height - 1 :] = [((f"and {more}; {key_of('show.log')} lists all", "dim"),)]
    return lines


_WHOLE = 60
"""Cells from which on it is told, too, who was concerned and how."""


def _totals(snapshot: Snapshot) -> Counter[str]:
    totals = Counter(snapshot.drops)
    totals[QueryResult.TIMED_OUT] += sum(counts.timed_out for counts in snapshot.methods.values())
    totals["error"] += sum(counts.errors for counts in snapshot.methods.values())
    return totals


def _error_line(cause: str, total: int, error: ErrorView | None, now: float, width: int) -> Line:
    head: Line = ((fit(safe_text(cause_words(cause), 20), 18), "warn"), (fit(number(total), 6, right=True), "plain"))
    if error is None:
        return head
    ago: Span = (fit(f"  {duration(now - error.at)} ago", 12), "dim")
    if width < _WHOLE:
        return (*head, ago)
    return (
        *head,
        ago,
        (fit(elide(address(error.addr), 21), 22), "data"),
        (safe_text(problem_words(error.text)), "plain"),
    )
