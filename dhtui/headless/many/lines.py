"""The lines of a file or a pipe, numbered, of any number and of bounded length."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple, Protocol

from ...engine.operations.limit import Limit

MAX_LINE = 32_768
"""Bytes: of an item as JSON, twice what one takes."""
CHUNK = 65_536


class Line(NamedTuple):
    """One line."""

    number: int
    """From 1."""
    text: bytes | None
    """Without its end; `None`: it is longer than `MAX_LINE`."""


class Splitter:
    """Makes lines of chunks. Of a line that is too long nothing is kept."""

    def __init__(self) -> None:
        self._rest = b""
        self._number = 0
        self._skipping = False

    def feed(self, chunk: bytes) -> Iterator[Line]:
        """The lines that end in a chunk."""
        *whole, rest = (self._rest + chunk).split(b"\n")
        for text in whole:
            yield self._line(text)
        self._rest = rest
        if len(rest) > MAX_LINE:
            self._rest, self._skipping = b"", True

    def end(self) -> Iterator[Line]:
        """The last line, where it has no end."""
        if self._rest or self._skipping:
            yield self._line(self._rest)

    def _line(self, text: bytes) -> Line:
        self._number += 1
        too_long, self._skipping = self._skipping or len(text) > MAX_LINE, False
        if self._number == 1:
            text = text.removeprefix(codecs.BOM_UTF8)
        return Line(self._number, None if too_long else text.removesuffix(b"\r"))


class Readable(Protocol):
    """A file without a buffer of its own: the lock of that would hold up whoever closes it while a read goes on."""

    def read(self, size: int, /) -> bytes | None:
        """What is there, at most so many bytes; empty at the end."""


def lines(file: Readable) -> Iterator[Line]:
    """All lines of a file. Raises `OSError`."""
    splitter = Splitter()
    while chunk := file.read(CHUNK):
        yield from splitter.feed(chunk)
    yield from splitter.end()


async def lines_as_they_come(file: Readable, limit: Limit) -> AsyncIterator[Line]:
    """The same, of a pipe that may be silent for long; no more of them once the limit has expired.

    A thread that waits for the pipe is left behind then, and when the caller is cancelled.
    """
    splitter = Splitter()
    while not limit.expired:
        reading = asyncio.ensure_future(asyncio.to_thread(file.read, CHUNK))
        with limit.ending(lambda task=reading: task.cancel()):  # type: ignore[misc]
            try:
                chunk = await reading
            except asyncio.CancelledError:
                if limit.expired:
                    return
                raise
        for line in splitter.feed(chunk) if chunk else splitter.end():
            yield line
        if not chunk:
            return
