"""Bytes as rows of a hex view, with a span to highlight."""

from __future__ import annotations

from typing import NamedTuple

WIDTH = 16


class HexRow(NamedTuple):
    """One row; all texts are printable ASCII."""

    offset: int
    """The offset of its first byte."""
    cells: tuple[str, ...]
    """Two hex digits for each byte, `WIDTH` at most."""
    ascii: str
    """A character for each byte, ``.`` for an unprintable one."""
    first: int = 0
    last: int = 0
    """Cells from `first` up to but without `last` are highlighted; equal: none."""


_ASCII = bytes(byte if 32 <= byte < 127 else ord(".") for byte in range(256))


def row_count(data: bytes, width: int = WIDTH) -> int:
    """How many rows `data` takes."""
    return -(-len(data) // width)


def row(data: bytes, index: int, span: tuple[int, int] = (0, 0), width: int = WIDTH) -> HexRow:
    """Row `index` (from 0), with the bytes from `span[0]` up to but without `span[1]` highlighted."""
    offset = index * width
    chunk = data[offset : offset + width]
    first, last = (min(max(edge - offset, 0), len(chunk)) for edge in span)
    text = chunk.translate(_ASCII).decode("ascii")
    return HexRow(offset, tuple(f"{byte:02x}" for byte in chunk), text, first, last)


def rows(data: bytes, span: tuple[int, int] = (0, 0), width: int = WIDTH) -> list[HexRow]:
    """All rows. A screen that shows a few of many asks for each by `row`."""
    return [row(data, index, span, width) for index in range(row_count(data, width))]
