"""A stored value as people read it: text, records, hex, the tree of its bencode, JSON. It came from strangers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, TypeAlias

from rich.cells import chop_cells

from ...engine.wire.bencode import BencodeError
from ...items.value import DnsPacket, recognise, view_lines
from ...packets.fields import hex_text, text_or_hex
from ...packets.hexdump import rows
from ...packets.spans import Piece, read
from ...text.format import plural
from ...text.safe import safe_text, value_text
from ...text.spans import Line
from ...widgets.hex_view import bytes_per_row, hex_line

Form: TypeAlias = Literal["text", "hex", "tree", "json"]
FORMS: tuple[Form, ...] = ("text", "hex", "tree", "json")

_PREVIEW = 120
_LINE_LIMIT = 4096
"""Characters of one line of text: 1000 bytes, each of them escaped, fit."""


@lru_cache(maxsize=2048)
def preview(v: bytes) -> str:
    """The beginning of a bencoded value as one safe line."""
    root = read(v).root
    if root.kind == "string" and isinstance(root.value, bytes):
        return safe_text(root.value, _PREVIEW)
    text = ""
    for token in _tokens(root, v):
        text += token
        if len(text) > _PREVIEW:
            break
    return safe_text(text, _PREVIEW)


def whole(v: bytes) -> str:
    """All of a bencoded value as one safe line; in hex if it is not bencode."""
    try:
        return value_text(v)
    except BencodeError:
        return v.hex()


def _tokens(piece: Piece, v: bytes) -> Iterator[str]:
    """A value like JSON, bit by bit, so that only as much is read as is shown."""
    if piece.kind == "damage":
        yield hex_text(v[piece.start : piece.end])
    elif piece.kind in ("string", "integer"):
        yield text_or_hex(piece.value) if isinstance(piece.value, bytes) else str(piece.value)
    else:
        yield "[" if piece.kind == "list" else "{"
        for place, (name, part) in enumerate(_parts(piece)):
            comma = ", " if place else ""
            yield comma if piece.kind == "list" else f"{comma}{name}: "
            yield from _tokens(part, v)
        yield "]" if piece.kind == "list" else "}"


def kind_of(v: bytes) -> str:
    """What a bencoded value is, and how large."""
    root = read(v).root
    match root.kind:
        case "integer":
            return "an integer"
        case "string":
            return f"a string, {plural(len(root.value) if isinstance(root.value, bytes) else 0, 'byte')}"
        case "list":
            return f"a list, {plural(len(root.pieces), 'entry', 'entries')}"
        case "dict":
            return f"a dictionary, {plural(len(root.pieces) // 2, 'key')}"
    return f"no bencode, {root.fault}"


def following(form: Form) -> Form:
    """The form that comes after another one."""
    return FORMS[(FORMS.index(form) + 1) % len(FORMS)]


def value_lines(v: bytes, form: Form, width: int) -> list[Line]:
    """A bencoded value in that form; all but the tree is fitted to `width` cells.

    As text, a torrent (BEP 46) is shown as its magnet link, a DNS packet (pkarr) as its records.
    """
    if form == "hex":
        per_row = bytes_per_row(width)
        return [hex_line(row, per_row, -1, active=False) for row in rows(v, width=per_row)]
    root = read(v).root
    if form == "tree":
        return list(_tree(root, v, "", "", ""))
    if form == "json" and root.kind != "damage":
        return [((part, "plain"),) for line in view_lines("json", v) for part in fitted(line, width)]
    known = recognise(v)
    records: list[Line] = [((part, "data"),) for line in known.lines() for part in fitted(line, width)] if known else []
    if isinstance(known, DnsPacket):
        return records  # nothing else in it is text
    return [*records, *(((part, "plain"),) for line in _text(root, v) for part in fitted(line, width))]


def fitted(line: str, width: int) -> list[str]:
    """A line in as many as it takes, each of at most `width` cells."""
    return chop_cells(line, max(1, width)) or [""]


def _text(root: Piece, v: bytes) -> list[str]:
    """A string line by line, anything else like JSON."""
    if root.kind == "string" and isinstance(root.value, bytes):
        return [safe_text(line, _LINE_LIMIT) for line in root.value.split(b"\n")]
    try:
        return [value_text(v)]
    except BencodeError as problem:
        return [f"This is no canonical bencode: {safe_text(str(problem))}", hex_text(v)]


def _tree(piece: Piece, v: bytes, label: str, before: str, below: str) -> Iterator[Line]:
    """A part and all in it; `before` and `below` are what stands at the left of it and of what is in it."""
    named: Line = ((before, "dim"), (f"{label}  " if label else "", "data"))
    if piece.kind == "damage":
        yield (*named, (f"✗ {piece.fault}: ", "bad"), (hex_text(v[piece.start : piece.end]), "plain"))
        return
    if isinstance(piece.value, bytes) and piece.kind == "string":
        size = f"  {plural(len(piece.value), 'byte')}"
        yield (*named, (text_or_hex(piece.value), "plain"), (size, "dim"), _odd(piece))
        return
    if piece.kind == "integer":
        yield (*named, (str(piece.value), "plain"), _odd(piece))
        return
    parts = _parts(piece)
    what = plural(len(parts), "key") if piece.kind == "dict" else plural(len(parts), "entry", "entries")
    yield (*named, (f"{piece.kind}, {what}", "dim"), _odd(piece))
    for place, (name, part) in enumerate(parts, 1):
        last = place == len(parts)
        yield from _tree(part, v, name, below + ("└ " if last else "├ "), below + ("  " if last else "│ "))


def _odd(piece: Piece) -> tuple[str, Literal["warn"]]:
    return (f"  ! {piece.fault}" if piece.fault else "", "warn")


def _parts(piece: Piece) -> list[tuple[str, Piece]]:
    if piece.kind == "list":
        return [(str(place), part) for place, part in enumerate(piece.pieces)]
    keys, values = piece.pieces[0::2], piece.pieces[1::2]
    parts = [
        (text_or_hex(key.value) if isinstance(key.value, bytes) else "?", value)
        for key, value in zip(keys, values, strict=False)
    ]
    return [*parts, ("", keys[-1])] if len(keys) > len(values) else parts
