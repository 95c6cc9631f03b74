"""Makes the film that README begins with, from the recording in assets/: one minute in the explorer.

    python tests/film.py            # assets/film.cast (asciicast v2) and assets/film.svg, the same ones every time

A scene is keys, and moments that are shown for so many seconds. A lookup in slow motion goes by a clock of the film's.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from html import escape
from typing import Final, NamedTuple

from demo import ASSETS, RECORDING
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import DIMMED_MONOKAI
from textual._context import visible_screen_stack

from dhtui.app import Explorer
from dhtui.screens.lookup.course import CourseScreen
from dhtui.screens.lookup.screen import LookupScreen
from dhtui.sources.replay import Replay

SIZE: Final = (120, 35)
CELL: Final = (8.4, 17.0)
"""Width and height of a character in the picture."""
MOTION: Final = 0.4
"""Seconds between two pictures of slow motion."""
Row = tuple[Segment, ...]


class Frame(NamedTuple):
    """What the terminal shows, and for how long, seconds."""

    rows: tuple[Row, ...]
    seconds: float


async def frames() -> AsyncIterator[Frame]:
    """The scenes."""
    app = Explorer(replay=Replay.load(RECORDING))
    clock = 0.0
    CourseScreen.clock = staticmethod(lambda: clock)
    async with app.run_test(size=SIZE) as pilot:

        async def press(*keys: str) -> None:
            for key in keys:
                await pilot.press(key)
                await pilot.pause()
                await app.workers.wait_for_complete()
                await pilot.pause()

        def shown(seconds: float) -> Frame:
            visible_screen_stack.set(app._background_screens)
            strips = app.screen._compositor.render_strips()
            return Frame(tuple(tuple(strip.simplify()) for strip in strips), seconds)

        player = app.feed.player
        assert player is not None
        player.pause()
        player.seek(player.duration)
        await press("1")
        yield shown(5.0)
        await press("2")
        yield shown(4.0)
        await press("down", "down")
        yield shown(3.0)
        await press("4", "j")
        yield shown(4.0)
        await press("P")
        for _ in range(34):
            clock += MOTION
            screen = app.screen
            assert isinstance(screen, LookupScreen)
            screen.advance()
            await pilot.pause()
            yield shown(MOTION)
        await press("escape", "w", "w")
        yield shown(5.0)
        await press("5")
        yield shown(3.0)
        for _ in range(4):
            await press("k")
            yield shown(0.5)
        yield shown(3.0)
        await press("6")
        yield shown(4.0)
        await press("8")
        yield shown(4.0)
        await press("9")
        yield shown(3.0)


# ---- asciicast ---------------------------------------------------------------------------------------------


def cast(film: list[Frame]) -> str:
    """The film as an asciicast, version 2. A picture writes the rows that differ from the one before."""
    width, height = SIZE
    lines = [json.dumps({"version": 2, "width": width, "height": height, "title": "dhtui"})]
    at, before = 0.0, ((),) * height  # type: tuple[float, tuple[Row, ...]]
    for frame in film:
        rows = [(n, row) for n, row in enumerate(frame.rows) if row != before[n]]
        text = "".join(f"\x1b[{n + 1};1H{_ansi(row)}" for n, row in rows)
        lines.append(json.dumps([round(at, 2), "o", text], ensure_ascii=False))
        at, before = at + frame.seconds, frame.rows
    return "\n".join([*lines, json.dumps([round(at, 2), "o", ""])]) + "\n"


def _ansi(row: Row) -> str:
    return "".join((style or Style()).render(text) for text, style, _ in row)


# ---- the picture -------------------------------------------------------------------------------------------


def picture(film: list[Frame]) -> str:
    """The film as an SVG that plays by itself. A row is drawn once for each time that it stays as it is."""
    total = sum(frame.seconds for frame in film)
    width, height = SIZE[0] * CELL[0], SIZE[1] * CELL[1]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}">',
        "<title>One minute in dhtui</title>",
        "<style>text{font:14px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;white-space:pre}"
        ".b{font-weight:bold}.d{opacity:.6}</style>",
        f'<rect width="100%" height="100%" fill="{_hex(DIMMED_MONOKAI.background_color)}"/>',
    ]
    for n in range(SIZE[1]):
        for row, start, end in _runs(film, n):
            parts.append(f"<g{_animated(start / total, end / total, total)}{_drawn(row, n * CELL[1])}</g>")
    return "\n".join([*parts, "</svg>"]) + "\n"


def _runs(film: list[Frame], n: int) -> list[tuple[Row, float, float]]:
    """The looks of a row, each with the seconds from and to which it is seen."""
    runs: list[tuple[Row, float, float]] = []
    at = 0.0
    for frame in film:
        row, end = frame.rows[n], at + frame.seconds
        if runs and runs[-1][0] == row:
            runs[-1] = (row, runs[-1][1], end)
        else:
            runs.append((row, at, end))
        at = end
    return runs


def _animated(start: float, end: float, total: float) -> str:
    if start <= 0 and end >= 1:
        return ">"
    times = [(0.0, 0), (start, 1), (end, 0)] if start > 0 else [(0.0, 1), (end, 0)]
    times = [(time, value) for time, value in times if time < 1]
    keys = ";".join(f"{time:.4f}".rstrip("0").rstrip(".") or "0" for time, _ in times)
    values = ";".join(str(value) for _, value in times)
    return (
        f' opacity="{times[0][1]}"><animate attributeName="opacity" dur="{total:.1f}s" repeatCount="indefinite"'
        f' calcMode="discrete" keyTimes="{keys}" values="{values}"/>'
    )


def _drawn(row: Row, y: float) -> str:
    x, found = 0.0, []
    for text, style, _ in row:
        look = style or Style()
        wide = Segment(text).cell_length * CELL[0]
        front, back = _colour(look, "color"), _colour(look, "bgcolor")
        if look.reverse:
            front, back = back or _hex(DIMMED_MONOKAI.background_color), front
        if back:
            high = CELL[1] + 0.3
            found.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" fill="{back}"/>')
        if text.strip():
            marks = " ".join(mark for mark, on in (("b", look.bold), ("d", look.dim)) if on)
            kind = f' class="{marks}"' if marks else ""
            front = front or _hex(DIMMED_MONOKAI.foreground_color)
            found.append(
                f'<text x="{x:.1f}" y="{y + 13:.1f}" textLength="{wide:.1f}" lengthAdjust="spacingAndGlyphs"'
                f' fill="{front}"{kind}>{escape(text).replace(" ", chr(160))}</text>'
            )
        x += wide
    return "".join(found)


def _colour(style: Style, of: str) -> str:
    colour = getattr(style, of)
    if colour is None or colour.is_default:
        return ""
    return _hex(colour.get_truecolor(DIMMED_MONOKAI, foreground=of == "color"))


def _hex(colour: ColorTriplet) -> str:
    return colour.hex


async def _made() -> list[Frame]:
    return [frame async for frame in frames()]


if __name__ == "__main__":
    made = asyncio.run(_made())
    (ASSETS / "film.cast").write_text(cast(made), encoding="utf-8")
    (ASSETS / "film.svg").write_text(picture(made), encoding="utf-8")
