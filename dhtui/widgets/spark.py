"""Small graphs from block characters."""

from __future__ import annotations

from collections.abc import Sequence

_RISING = "▁▂▃▄▅▆▇█"
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


def bar(part: float, width: int) -> str:
    """A bar filled by `part` (0 to 1) of its `width` cells, in eighths of a cell."""
    eighths = round(max(0.0, min(1.0, part)) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_PARTS[rest] if rest else "")).ljust(width)
