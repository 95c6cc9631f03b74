"""Small graphs from block characters."""

from __future__ import annotations

from collections.abc import Sequence

_RISING = "▁▂▃▄▅▆▇█"
_LEVELS = "▁─▔"
"""The heights of a line within a cell."""
_PARTS = " ▏▎▍▌▋▊▉█"


def sparkline(values: Sequence[float], width: int, top: float | None = None) -> str:
    """The last `width` values, newest at the right end; a space for nothing. Never a full block: lines stay apart.

    `top` is the value of the highest block; `None`: the highest value.
    """
    shown = list(values)[-width:]
    highest = max(shown, default=0) if top is None else top
    if highest <= 0:
        return " " * width
    blocks = (" " if value <= 0 else _RISING[min(6, int(value / highest * 6.999))] for value in shown)
    return "".join(blocks).rjust(width)


def graph(values: Sequence[float], width: int, height: int) -> list[str]:
    """A sparkline of several rows, the top row first."""
    shown = list(values)[-width:]
    highest = max(shown, default=0)
    rows = []
    for row in range(height, 0, -1):
        cells = []
        for value in shown:
            filled = value / highest * height * 8 - (row - 1) * 8 if highest > 0 else 0.0
            cells.append(" " if filled <= 0 else _RISING[min(7, max(0, int(filled - 0.001)))])
        rows.append("".join(cells).rjust(width))
    return rows


def level_line(values: Sequence[float], height: int) -> list[str]:
    """The values as a line of `height` rows from the lowest to the highest, the top row first; one cell each."""
    low, high = min(values, default=0), max(values, default=0)
    steps = height * len(_LEVELS)
    rows = [[" "] * len(values) for _ in range(height)]
    for column, value in enumerate(values):
        part = (value - low) / (high - low) if high > low else 0.5
        row, level = divmod(min(steps - 1, int(part * steps)), len(_LEVELS))
        rows[height - 1 - row][column] = _LEVELS[level]
    return ["".join(row) for row in rows]


_DOTS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))
"""The braille dots of the two columns of a cell, from the bottom."""


def braille(values: Sequence[float], width: int, height: int, top: float | None = None) -> list[str]:
    """A graph of `height` rows, the top row first: two values a cell, the newest at the right end, four steps a row.

    What is more than nothing has one dot at least. `top` is the value of the highest dot; `None`: the highest value.
    """
    shown = list(values)[-2 * width :]
    shown = [0.0] * (2 * width - len(shown)) + shown
    highest = max(shown, default=0) if top is None else top
    steps = 4 * height
    levels = [max(1, min(steps, round(value / highest * steps))) if value > 0 < highest else 0 for value in shown]
    rows = []
    for row in range(height - 1, -1, -1):
        cells = []
        for left in range(0, 2 * width, 2):
            pair = (min(4, max(0, level - 4 * row)) for level in levels[left : left + 2])
            dots = sum(sum(column[:count]) for column, count in zip(_DOTS, pair, strict=True))
            cells.append(chr(0x2800 + dots) if dots else " ")
        rows.append("".join(cells))
    return rows


SHADES = " ░▒▓█"


def shade(value: float, highest: float) -> str:
    """A cell of a heat map: blank for nothing, else one of four shades."""
    return SHADES[min(4, 1 + int(value / highest * 3.999))] if value > 0 < highest else SHADES[0]


def bar(part: float, width: int) -> str:
    """A bar filled by `part` (0 to 1) of its `width` cells, in eighths of a cell."""
    eighths = round(max(0.0, min(1.0, part)) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_PARTS[rest] if rest else "")).ljust(width)
