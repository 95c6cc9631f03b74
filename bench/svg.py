"""Line charts as SVG: just what the pictures of `simulate.py` need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from math import log10

COLOURS = ("#0b6e4f", "#d1495b", "#2e5eaa", "#b8860b", "#7b4fa3", "#555555")
DASHES = ("", "7 3", "2 3", "9 3 2 3", "5 2", "1 2")
WIDTH, HEIGHT = 380, 270
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 34, 44


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart: its name, its points, and which of the colours it has."""

    name: str
    points: Sequence[tuple[float, float]]
    style: int = 0
    dots: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: what it says, the ticks with their words; the first and the last tick are its ends."""

    title: str
    ticks: Sequence[tuple[float, str]]
    log: bool = False

    def place(self, value: float) -> float:
        """Where a value lies, 0 to 1 from end to end; beyond them: at the end."""
        scale: Callable[[float], float] = log10 if self.log else float
        low, high = scale(self.ticks[0][0]), scale(self.ticks[-1][0])
        value = min(max(value, self.ticks[0][0]), self.ticks[-1][0])
        return (scale(value) - low) / (high - low)


@dataclass(frozen=True, slots=True)
class Chart:
    """One panel."""

    title: str
    x: Axis
    y: Axis
    lines: Sequence[Line]


def _text(x: float, y: float, words: str, *, size: int = 11, anchor: str = "middle", extra: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"{extra}>{escape(words)}</text>'


def _panel(chart: Chart, left: float) -> list[str]:
    x0, x1, y0, y1 = left + LEFT, left + WIDTH - RIGHT, HEIGHT - BOTTOM, TOP
    out = [_text((x0 + x1) / 2, 18, chart.title, size=13, extra=' font-weight="bold"')]
    for value, words in chart.y.ticks:
        y = y0 - chart.y.place(value) * (y0 - y1)
        out.append(f'<path d="M{x0} {y:.1f}H{x1}" stroke="#dddddd"/>')
        out.append(_text(x0 - 6, y + 4, words, anchor="end"))
    for value, words in chart.x.ticks:
        x = x0 + chart.x.place(value) * (x1 - x0)
        out.append(f'<path d="M{x:.1f} {y0}V{y0 + 4}" stroke="#333333"/>')
        out.append(_text(x, y0 + 17, words))
    out.append(f'<path d="M{x0} {y1}V{y0}H{x1}" fill="none" stroke="#333333"/>')
    out.append(_text((x0 + x1) / 2, HEIGHT - 8, chart.x.title))
    middle = f' transform="rotate(-90 {left + 12:.1f} {(y0 + y1) / 2:.1f})"'
    out.append(_text(left + 12, (y0 + y1) / 2, chart.y.title, extra=middle))
    for line in chart.lines:
        spots = [(x0 + chart.x.place(x) * (x1 - x0), y0 - chart.y.place(y) * (y0 - y1)) for x, y in line.points]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in spots)
        colour, dash = COLOURS[line.style], DASHES[line.style]
        out.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>')
        if line.dots:
            out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in spots]
    return out


def _legend(charts: Sequence[Chart]) -> list[str]:
    styles: dict[str, int] = {line.name: line.style for chart in charts for line in chart.lines}
    out, x, y = [], LEFT, HEIGHT + 10
    for name, style in styles.items():
        dash = DASHES[style]
        out.append(f'<path d="M{x} {y}h26" stroke="{COLOURS[style]}" stroke-width="2" stroke-dasharray="{dash}"/>')
        out.append(_text(x + 32, y + 4, name, anchor="start"))
        x += 50 + 7 * len(name)
    return out


def draw(charts: Sequence[Chart]) -> str:
    """Charts side by side, and one legend below them, as an SVG document."""
    width, height = WIDTH * len(charts), HEIGHT + 26
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="Helvetica, Arial, sans-serif" fill="#222222">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for nth, chart in enumerate(charts):
        parts += _panel(chart, nth * WIDTH)
    return "\n".join((*parts, *_legend(charts), "</svg>", ""))
