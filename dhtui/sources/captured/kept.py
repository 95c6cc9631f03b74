"""The messages of a capture, in memory. Bounded: the oldest make room."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from typing import Final, NamedTuple

from ...engine.wire.compact import Addr
from ...packets.captures.message import Captured, Reading, glance, read

MOST: Final = 524_288
"""Most messages that are kept."""
MOST_BYTES: Final = 128 * 1024 * 1024
"""Most bytes that they take, without what is known of each."""
PER_BLOCK: Final = 512
"""Messages that go together."""

_one: Final = lru_cache(maxsize=65_536)(lambda addr: addr)
"""The same object for equal addresses."""


class Message(NamedTuple):
    """A message as it was captured."""

    at: float
    source: Addr
    dest: Addr
    data: bytes


class _Block:
    __slots__ = ("addrs", "data", "ends", "messages", "times")

    def __init__(self) -> None:
        self.times = array("d")
        self.addrs: list[Addr] = []
        """Source and destination of each."""
        self.messages: list[bytes] = []
        self.data = b""
        """The messages of a full block one behind the other, which saves a quarter of their memory."""
        self.ends = array("I")

    def close(self) -> None:
        """It is full."""
        self.ends.extend(accumulate(map(len, self.messages)))
        self.data = b"".join(self.messages)
        self.messages.clear()

    def message(self, place: int) -> bytes:
        """One of them."""
        if self.messages:
            return self.messages[place]
        return self.data[self.ends[place - 1] if place else 0 : self.ends[place]]


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
        """Those of the full blocks."""

    def __len__(self) -> int:
        return self.newest - self.first + 1

    def add(self, heard: Captured) -> None:
        """Keep a message; its number is that of the one before plus one."""
        blocks = self._blocks
        if not blocks or len(blocks[-1].times) == PER_BLOCK:
            if blocks:
                self._make_room(blocks[-1])
            blocks.append(_Block())
        block = blocks[-1]
        block.messages.append(heard.data)
        block.times.append(heard.at)
        block.addrs += (_one(heard.source), _one(heard.dest))
        self.newest = heard.number

    def _make_room(self, full: _Block) -> None:
        full.close()
        self._bytes += len(full.data)
        while len(self._blocks) > 1 and (len(self) + PER_BLOCK > self.most or self._bytes > self._most_bytes):
            oldest = self._blocks.popleft()
            self._bytes -= len(oldest.data)
            self.first += len(oldest.times)

    def get(self, number: int) -> Message | None:
        """A message; `None` if it is not kept any more."""
        place = number - self.first
        if not 0 <= place < len(self):
            return None
        block, place = self._blocks[place // PER_BLOCK], place % PER_BLOCK
        source, dest = block.addrs[2 * place : 2 * place + 2]
        return Message(block.times[place], source, dest, block.message(place))

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
