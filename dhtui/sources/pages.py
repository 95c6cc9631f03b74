"""A long text of lines, compressed in memory."""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_right
from functools import lru_cache
from typing import Final

PAGE: Final = 256 * 1024
"""Bytes from which on a page is packed; a line is never split."""
PAGES_KEPT: Final = 8
"""Most unpacked pages that are cached."""
LEVEL: Final = 1


class Pages:
    """Lines that are appended, and read again by their offsets."""

    def __init__(self) -> None:
        self._packed: list[bytes] = []
        self._starts = array("q")
        """The offset of each page, including the open one."""
        self._open = bytearray()
        self._page = lru_cache(maxsize=PAGES_KEPT)(self._unpack)
        self._starts.append(0)
        self.length = 0
        """Bytes of all lines."""

    @property
    def packed_length(self) -> int:
        """Bytes that they take in memory, without the unpacked pages."""
        return sum(map(len, self._packed)) + len(self._open)

    def add(self, line: bytes | bytearray) -> tuple[int, int]:
        """Append a line. Returns its start and end offsets."""
        start = self.length
        self._open += line
        self.length += len(line)
        if len(self._open) >= PAGE:
            self._packed.append(zlib.compress(self._open, LEVEL))
            self._open = bytearray()
            self._starts.append(self.length)
        return start, self.length

    def read(self, start: int, end: int) -> bytes:
        """The line from the offset `start` to `end`."""
        number = bisect_right(self._starts, start) - 1
        first = self._starts[number]
        page = self._open if number == len(self._packed) else self._page(number)
        return bytes(page[start - first : end - first])

    def _unpack(self, number: int) -> bytes:
        return zlib.decompress(self._packed[number])
