"""The messages of a capture, compressed in memory. Bounded: the oldest make room."""

from __future__ import annotations

import zlib
from array import array
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from ...engine.wire.compact import Addr
from ...packets.captures.message import Captured, Reading, glance, read

MOST: Final = 524_288
"""Most messages that are kept."""
MOST_BYTES: Final = 128 * 1024 * 1024
"""Most bytes that they take, compressed."""
PER_BLOCK: Final = 512
"""Messages that are compressed together."""
UNPACKED: Final = 16
"""Blocks that are kept unpacked, besides the newest."""

_one: Final = lru_cache(maxsize=65_536)(lambda addr: addr)
"""The same object for equal addresses."""


class Message(NamedTuple):
    """A message as it was captured."""

    at: float
    source: Addr
    dest: Addr
    data: bytes


class _Block:
    __slots__ = ("addrs", "data", "ends", "packed", "times")

    def __init__(self) -> None:
        self.times, self.ends = array("d"), array("I")
        self.addrs: list[Addr] = []
        """Source and destination of each."""
        self.data = bytearray()
        self.packed = b""
        """The same compressed, once the block is full."""


class Kept:
    """The newest messages, by their numbers."""

    def __init__(self, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self.most = most
        self.first = 1
        """The number of the oldest that is kept."""
        self.newest = 0
        self._most_bytes = most_bytes
        self._blocks: deque[_Block] = deque()
        self._bytes = 0
        self._unpack = lru_cache(maxsize=UNPACKED)(self._unpacked)

    def __len__(self) -> int:
        return self.newest - self.first + 1

    def add(self, heard: Captured) -> None:
        """Keep a message; its number is that of the one before plus one."""
        blocks = self._blocks
        if not blocks or len(blocks[-1].times) == PER_BLOCK:
            if blocks:
                self._pack(blocks[-1])
            blocks.append(_Block())
        block = blocks[-1]
        block.data += heard.data
        block.times.append(heard.at)
        block.ends.append(len(block.data))
        block.addrs += (_one(heard.source), _one(heard.dest))
        self.newest = heard.number

    def _pack(self, block: _Block) -> None:
        block.packed = zlib.compress(block.data, 1)
        block.data = bytearray()
        self._bytes += len(block.packed)
        while len(self._blocks) > 1 and (len(self) + PER_BLOCK > self.most or self._bytes > self._most_bytes):
            oldest = self._blocks.popleft()
            self._bytes -= len(oldest.packed)
            self.first += len(oldest.times)

    def _unpacked(self, first: int) -> bytes:
        """The data of the packed block whose first message has that number."""
        return zlib.decompress(self._blocks[(first - self.first) // PER_BLOCK].packed)

    def get(self, number: int) -> Message | None:
        """A message; `None` if it is not kept any more."""
        place = number - self.first
        if not 0 <= place < len(self):
            return None
        block, place = self._blocks[place // PER_BLOCK], place % PER_BLOCK
        data = self._unpack(number - place) if block.packed else block.data
        start = block.ends[place - 1] if place else 0
        source, dest = block.addrs[2 * place : 2 * place + 2]
        return Message(block.times[place], source, dest, bytes(data[start : block.ends[place]]))

    def read(self, number: int) -> Reading | None:
        """What a message says."""
        message = self.get(number)
        return None if message is None else read(message.data, message.source)

    def heard(self, first: int) -> Iterator[Captured]:
        """The messages from a number on, as they were when they were read."""
        number = max(first, self.first)
        while number <= self.newest:
            message = self.get(number)
            if message is None:  # it made room meanwhile
                number = self.first
                continue
            at, source, dest, data = message
            yield Captured(number, at, source, dest, data, *glance(data, source))
            number += 1
