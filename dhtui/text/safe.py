"""The only place that makes remote bytes safe to print."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_LONGEST_MARK_RUN = 2
"""Most combining marks after one base character: more would cover the lines above."""

_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters that count as printable but are invisible."""


def safe_text(value: bytes | str, limit: int = 200) -> str:
    r"""Remote bytes or text as one printable line of at most `limit` (at least 1) characters.

    Bytes are read as UTF-8; those that are not UTF-8 appear as ``\xNN``. Characters that a terminal
    could interpret or hide appear as escapes too: controls, line breaks, tabs, direction marks, zero-width and private
    characters, every blank but the space, combining marks past the second. A cut is marked ``…``.
    """
    binary = isinstance(value, bytes)
    # 4 bytes give at least one character: bytes beyond that can't appear, and are not decoded.
    head = value[: 4 * (limit + 1)]
    text = head.decode("utf-8", "surrogateescape") if isinstance(head, bytes) else head
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    pieces: list[str] = []
    room = limit
    for piece in shown_pieces(text, binary):
        room -= len(piece)
        pieces.append(piece)
        if room < 0:
            return _cut(pieces, room)
    return "".join(pieces)


def shown_pieces(text: str, binary: bool = True) -> Iterator[str]:
    """The safe form of each character of a text: the character itself, or an escape.

    With `binary` a byte that was not UTF-8 (a "surrogateescape" character) is shown as that byte.
    """
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me", "Mc") else 0
        yield char if _is_harmless(char, marks) else _escape(char, binary)


def _is_harmless(char: str, marks: int) -> bool:
    if not char.isprintable() or char in _BLANK or marks > _LONGEST_MARK_RUN:
        return False
    # Variation selectors change the width of the previous character, differently on each terminal.
    return not (marks and ("\ufe00" <= char <= "\ufe0f" or char >= "\U000e0100"))


def _escape(char: str, binary: bool) -> str:
    code = ord(char)
    if binary and 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _cut(pieces: list[str], room: int) -> str:
    """Drop whole pieces from the end until ``…`` fits; `room` is negative by the excess."""
    while room < 1:
        room += len(pieces.pop())
    return "".join(pieces) + "…"


def value_text(v: bytes) -> str:
    """A bencoded value as one safe line: a string as text, any other value like JSON."""
    from ..engine.wire.bencode import decode

    value = decode(v)
    return safe_text(value, _LONGEST_VALUE) if isinstance(value, bytes) else _like_json(value)


_LONGEST_VALUE = 4096
"""Most characters: 1000 escaped bytes fit."""


def _like_json(value: object) -> str:
    if isinstance(value, bytes):
        text = safe_text(value, _LONGEST_VALUE)
        return '"' + text.replace('"', '\\"') + '"'
    if isinstance(value, list):
        return "[" + ", ".join(map(_like_json, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_like_json(key)}: {_like_json(part)}" for key, part in value.items()) + "}"
    return str(value)


def magnet(public: bytes, salt: bytes = b"") -> str:
    """The link of a mutable item (BEP 46): its 32-byte public key and its salt, in hex."""
    return f"magnet:?xs=urn:btpk:{public.hex()}" + (f"&s={salt.hex()}" if salt else "")
