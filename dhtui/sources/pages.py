"""A long text of lines, packed: what is not read takes little memory."""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_right
from functools import lru_cache
from typing import Final

PAGE: Final = 256 * 1024
"""Bytes from which on a page is packed; a line is never parted."""
PAGES_KEPT: Final = 8
"""Unpacked ones that are remembered."""
LEVEL: Final = 1


class Pages:
    """Lines, appended and read again by their place."""

    def __init__(self) -> None:
        self._packed: list[bytes] = []
        self._starts = array("q")
        """Where each page begins, the open one too."""
        self._open = bytearray()
        self._page = lru_cache(maxsize=PAGES_KEPT)(self._unpack)
        self._starts.append(0)
        self.length = 0
        """Bytes of all lines."""

    @property
    def packed_length(self) -> int:
        """Bytes that they take in memory, but for those unpacked."""
        return sum(map(len, self._packed)) + len(self._open)

    def add(self, line: bytes | bytearray) -> tuple[int, int]:
        """Append a line. From where to where it goes."""
        start = self.length
        self._open += line
        self.length += len(line)
        if len(self._open) >= PAGE:
            self._packed.append(zlib.compress(self._open, LEVEL))
            self._open = bytearray()
            self._starts.append(self.length)
        return start, self.length

    def read(self, start: int, end: int) -> bytes:
        """The line that goes from there to there."""
        number = bisect_right(self._starts, start) - 1
        first = self._starts[number]
        page = self._open if number == len(self._packed) else self._page(number)
        return bytes(page[start - first : end - first])

    def _unpack(self, number: int) -> bytes:
        return zlib.decompress(self._packed[number])
