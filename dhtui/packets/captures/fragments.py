"""Puts fragments of IP datagrams together. Bounded in number, bytes and time."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final, TypeAlias

MOST_OPEN: Final = 256
"""Most datagrams that wait for fragments."""
MOST_BYTES: Final = 4 * 1024 * 1024
"""Most bytes of fragments that wait."""
MOST_PIECES: Final = 64
"""Most fragments of one datagram: so many it has over links of 1280 bytes, and more."""
MOST_LENGTH: Final = 65_535
SECONDS: Final = 30.0
"""Of the capture, for which a datagram waits for its fragments (RFC 791 says 15 to 30)."""

Key: TypeAlias = tuple[bytes, bytes, int]
"""Source, destination, identification."""


@dataclass(slots=True)
class _Open:
    since: float
    pieces: dict[int, bytes] = field(default_factory=dict)
    """By their offsets."""
    size: int = 0
    length: int | None = None
    """Of the whole, once the last fragment is known."""


class Fragments:
    """The datagrams that wait for fragments."""

    def __init__(self) -> None:
        self._open: OrderedDict[Key, _Open] = OrderedDict()
        self._bytes = 0
        self.lost = 0
        """Datagrams that were given up: a fragment is missing, contradicts another, or there was no room."""

    @property
    def waiting(self) -> int:
        """Datagrams that lack a fragment."""
        return len(self._open)

    def add(self, key: Key, at: float, offset: int, more: bool, data: bytes) -> bytes | None:
        """Take a fragment; `offset` in bytes, `more`: it is not the last. The whole, once it is complete."""
        self._expire(at)
        found = self._open.get(key)
        if found is None:
            found = self._open[key] = _Open(at)
        if offset in found.pieces:
            if found.pieces[offset] != data:  # two versions of one place: nobody knows which was taken
                self._drop(key)
                self.lost += 1
            return None
        end = offset + len(data)
        if end > MOST_LENGTH or not data or len(found.pieces) >= MOST_PIECES or (more and len(data) % 8):
            self._drop(key)
            self.lost += 1
            return None
        found.pieces[offset] = data
        found.size += len(data)
        self._bytes += len(data)
        if not more:
            found.length = end
        if found.length is not None and found.size >= found.length:
            return self._whole(key, found)
        while len(self._open) > MOST_OPEN or self._bytes > MOST_BYTES:
            self._drop(next(iter(self._open)))
            self.lost += 1
        return None

    def _whole(self, key: Key, found: _Open) -> bytes | None:
        self._drop(key)
        parts, end = [], 0
        for offset in sorted(found.pieces):
            if offset != end:  # a gap, or pieces that overlap
                self.lost += 1
                return None
            parts.append(found.pieces[offset])
            end += len(found.pieces[offset])
        if end != found.length:
            self.lost += 1
            return None
        return b"".join(parts)

    def _drop(self, key: Key) -> None:
        self._bytes -= self._open.pop(key).size

    def _expire(self, now: float) -> None:
        while self._open:
            key, first = next(iter(self._open.items()))
            if abs(now - first.since) <= SECONDS:
                return
            self._drop(key)
            self.lost += 1
