"""Lines of text as rows of spans. A span is a text and its role; the painting code decides how a role looks.

Widths are cells of a terminal, by Unicode's East Asian Width: wide characters take two, combining marks none.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal, TypeAlias

from .safe import safe_text

Role = Literal[
    "plain",
    "dim",
    "strong",
    "title",
    "key",
    "good",
    "warn",
    "bad",
    "accent",
    "data",
    "cursor",
    "idle",
    "near0",
    "near1",
    "near2",
    "near3",
    "near4",
    "near5",
]
"""`near0` to `near5` are the ramp of nearness, from far to near: see `text.keyspace.near`."""
Span: TypeAlias = tuple[str, Role]
Line: TypeAlias = tuple[Span, ...]


def clean(text: str) -> str:
    """The text, with escapes for unprintable characters."""
    return text if text.isprintable() else safe_text(text, 4000)


@lru_cache(maxsize=4096)
def _cells(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Mc", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cell_len(text: str) -> int:
    """The width of a text, cells."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cut(text: str, width: int) -> str:
    """The start of a text in `width` cells; half a wide character becomes a blank."""
    taken = 0
    for place, char in enumerate(text):
        cells = _cells(char)
        if taken + cells > width:
            return text[:place] + " " * (width - taken)
        taken += cells
    return text + " " * (width - taken)


def width_of(line: Iterable[Span]) -> int:
    """The width of a line, cells."""
    return sum(cell_len(text) for text, _ in line)


def fit(text: str, width: int, right: bool = False) -> str:
    """The text in exactly `width` cells: padded, or cut with ``…``."""
    length = cell_len(text)
    if length > width:
        return _cut(text, width - 1) + "…" if width > 0 else ""
    pad = " " * (width - length)
    return pad + text if right else text + pad


def spread(left: Line, right: Line, width: int) -> Line:
    """Two lines as one, the second at the right end; if they don't fit, the first is cut."""
    gap = width - width_of(left) - width_of(right)
    if gap > 0:
        return (*left, (" " * gap, "plain"), *right)
    return (*crop(left, width - width_of(right) - 1), (" ", "plain"), *right)


def crop(line: Sequence[Span], width: int) -> Line:
    """The start of a line in `width` cells, with ``…`` if it was cut."""
    if width_of(line) <= width:
        return tuple(line)
    spans: list[Span] = []
    for text, role in line:
        length = cell_len(text)
        if length >= width:
            return (*spans, (fit(text + " ", width), role))
        spans.append((text, role))
        width -= length
    raise AssertionError("the line was longer than the width")
