"""The bytes of a file, compressed by gzip or not."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from .damage import Damage, DamageKind

MAGIC: Final = b"\x1f\x8b"
PIECE: Final = 262_144
"""Most bytes that are unpacked at a time."""
ALWAYS: Final = 64 * 1024 * 1024
"""Bytes that a compressed file of any size may hold."""
MOST_RATIO: Final = 100
"""Most bytes for each compressed byte beyond that. Captures of KRPC have 2 to 5."""
_GZIP: Final = 31
"""The `wbits` of zlib for the gzip format."""


class Unpacking:
    """Unpacks a file piece by piece; one that is not compressed passes as it is. Keeps a few bytes at most."""

    def __init__(self) -> None:
        self.damage: Damage | None = None
        self._head = b""
        self._packed: bool | None = None
        """Whether it is compressed; `None` before the first bytes."""
        self._unpack: Any = None
        """The decompressor; `None` between two parts of a file that is several in a row."""
        self._in = self._out = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The unpacked bytes, in pieces of at most `PIECE` if they were packed. Never raises."""
        if self._packed is None:
            self._head += data
            if len(self._head) < len(MAGIC):
                return
            data, self._head = self._head, b""
            self._packed = data.startswith(MAGIC)
        if not self._packed:
            yield data
            return
        self._in += len(data)
        while data and self.damage is None:
            if self._unpack is None:
                # What follows the first part is another one, or padding of zeros, as tapes have it.
                data = data.lstrip(b"\0") if self._out else data
                if self._out and not data.startswith(MAGIC[:1]):
                    return
                self._unpack = zlib.decompressobj(_GZIP)
            piece, data = self._step(data)
            self._out += len(piece)
            if piece:
                yield piece
            if self._out > ALWAYS and self._out > MOST_RATIO * self._in:
                self.damage = Damage(DamageKind.BOMB, self._out)

    def _step(self, data: bytes) -> tuple[bytes, bytes]:
        """Unpack one piece. Returns it and what is left of `data`."""
        unpack = self._unpack
        before = unpack.copy()
        try:
            piece = unpack.decompress(data, PIECE)
        except zlib.error:
            piece = b"".join(_until_damage(before, data))
            self.damage = Damage(DamageKind.COMPRESSION, self._out + len(piece))
            return piece, b""
        if not unpack.eof:
            return piece, unpack.unconsumed_tail
        self._unpack = None
        return piece, unpack.unused_data

    def end(self) -> bytes:
        """There are no more bytes. Returns those that were too few to tell."""
        if self.damage is None and self._unpack is not None:
            self.damage = Damage(DamageKind.COMPRESSION_CUT, self._out)
        return self._head


def _until_damage(unpack: Any, data: bytes) -> Iterator[bytes]:
    """The readable part of damaged data, unpacked byte by byte; at most `PIECE` bytes of it."""
    room = PIECE
    with suppress(zlib.error):
        for index in range(len(data)):
            piece = unpack.decompress(data[index : index + 1], room)
            room -= len(piece)
            yield piece
            if room <= 0 or unpack.unconsumed_tail:
                return
