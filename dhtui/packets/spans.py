"""A bencode reader that records the place of every part, as far as the bytes can be read.

Unlike `wire.bencode` it must show the faults of a packet: it accepts violations of the rules, records them, and stops
only where no reading is possible.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, TypeAlias

from ..engine.wire.bencode import INT_MAX, INT_MIN, MAX_DEPTH

MAX_PIECES = 4000
"""Most parts read of one packet. A datagram of empty strings has more; the rest is shown as raw bytes."""

PieceKind: TypeAlias = Literal["integer", "string", "list", "dict", "damage"]
_NUMBER = re.compile(rb"-?[0-9]+")
_LONGEST_NUMBER = 64
_LONGEST_LENGTH = 6


class Piece(NamedTuple):
    """A value and its place."""

    kind: PieceKind
    start: int
    end: int
    value: int | bytes = 0
    """The value of an integer or a string."""
    pieces: tuple[Piece, ...] = ()
    """The values of a list; the keys and values of a dictionary, alternately. The last piece of a damaged one is the
    damage."""
    fault: str = ""
    """The violated rule of bencode, or why it can't be read, in this program's words."""

    @property
    def body(self) -> int:
        """The offset of the bytes of a string, after its length."""
        return self.end - len(self.value) if isinstance(self.value, bytes) else self.start


class Reading(NamedTuple):
    """The reading of a datagram."""

    root: Piece
    rest: Piece | None
    """Surplus bytes after the value."""
    faults: tuple[tuple[int, str], ...]
    """All violations: the offset and the rule. Empty: canonical bencode."""


def read(data: bytes) -> Reading:
    """Read a datagram. Never raises. The time is linear in its length."""
    reader = _Reader(data)
    root = reader.value(0, 0)
    rest = None
    if root.end < len(data):
        left = len(data) - root.end
        rest = reader.damage(root.end, f"{left} more {'byte' if left == 1 else 'bytes'} after the end of the message")
    return Reading(root, rest, tuple(reader.faults))


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.left = MAX_PIECES
        self.broken = False
        self.faults: list[tuple[int, str]] = []

    def fault(self, at: int, text: str) -> str:
        if text:
            self.faults.append((at, text))
        return text

    def damage(self, start: int, why: str) -> Piece:
        """The rest of the datagram as one piece; nothing is read after it."""
        self.broken = True
        return Piece("damage", start, len(self.data), fault=self.fault(start, why))

    def value(self, pos: int, depth: int) -> Piece:
        if not self.left:
            return self.damage(pos, f"more than {MAX_PIECES} parts: the rest was not read")
        self.left -= 1
        head = self.data[pos : pos + 1]
        if head.isdigit():
            return self.string(pos)
        if head == b"i":
            return self.integer(pos)
        if head == b"":
            return self.damage(pos, "the packet ends where a value should begin")
        if head not in b"ld":
            return self.damage(pos, f"no value begins with the byte {head.hex()}")
        if depth >= MAX_DEPTH:
            return self.damage(pos, f"nested more than {MAX_DEPTH} deep")
        return self.list(pos, depth) if head == b"l" else self.dictionary(pos, depth)

    def integer(self, pos: int) -> Piece:
        end = self.data.find(b"e", pos, pos + _LONGEST_NUMBER)
        digits = self.data[pos + 1 : end] if end >= 0 else b""
        if not _NUMBER.fullmatch(digits):
            return self.damage(pos, "an integer that is no number, or has no end")
        number = int(digits)
        fault = ""
        if b"%d" % number != digits:
            fault = "an integer with surplus zeros, or minus zero"
        elif not INT_MIN <= number <= INT_MAX:
            fault = "an integer beyond 64 bits"
        return Piece("integer", pos, end + 1, number, fault=self.fault(pos, fault))

    def string(self, pos: int) -> Piece:
        colon = self.data.find(b":", pos, pos + _LONGEST_LENGTH + 1)
        digits = self.data[pos:colon] if colon >= 0 else b""
        if not digits.isdigit():
            return self.damage(pos, "a string whose length is no number, or has no end")
        end = colon + 1 + int(digits)
        if end > len(self.data):
            left = len(self.data) - colon - 1
            return self.damage(pos, f"a string of {int(digits)} bytes is announced, {left} are left")
        fault = "a length with surplus zeros" if b"%d" % int(digits) != digits else ""
        return Piece("string", pos, end, self.data[colon + 1 : end], fault=self.fault(pos, fault))

    def list(self, pos: int, depth: int) -> Piece:
        pieces: list[Piece] = []
        at = pos + 1
        while not self.broken:
            if self.data[at : at + 1] == b"e":
                return Piece("list", pos, at + 1, pieces=tuple(pieces))
            pieces.append(self.value(at, depth + 1))
            at = pieces[-1].end
        return Piece("list", pos, at, pieces=tuple(pieces))

    def dictionary(self, pos: int, depth: int) -> Piece:
        pieces: list[Piece] = []
        seen: set[bytes] = set()
        highest = b""
        at = pos + 1
        while not self.broken:
            if self.data[at : at + 1] == b"e":
                return Piece("dict", pos, at + 1, pieces=tuple(pieces))
            key = self.key(at, seen, highest)
            pieces.append(key)
            at = key.end
            if isinstance(key.value, bytes):
                seen.add(key.value)
                highest = max(highest, key.value)
            if not self.broken:
                pieces.append(self.value(at, depth + 1))
                at = pieces[-1].end
        return Piece("dict", pos, at, pieces=tuple(pieces))

    def key(self, pos: int, seen: set[bytes], highest: bytes) -> Piece:
        if not self.data[pos : pos + 1].isdigit():
            why = "a key of a dictionary that is no string" if pos < len(self.data) else "a dictionary without an end"
            return self.damage(pos, why)
        key = self.string(pos)
        if key.kind == "damage" or not isinstance(key.value, bytes):
            return key
        fault = key.fault
        if key.value in seen:
            fault = self.fault(pos, "a key that was there before")
        elif key.value < highest:
            fault = self.fault(pos, "keys out of order")
        return Piece("string", pos, key.end, key.value, fault=fault)
