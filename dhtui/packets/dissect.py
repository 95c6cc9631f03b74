"""Dissection of a packet: every value with its name, its meaning and its bytes."""

from __future__ import annotations

from ..text import format as words
from ..text.safe import safe_text
from .fields import MESSAGE, Field, Shown, hex_text, text_or_hex
from .parts import Mark, Part
from .spans import Piece, read

_ROOT = Field("message", "dict", inside=MESSAGE)
_NAMELESS = Field("")
_AN_OR_A = {"integer": "an integer", "string": "a string", "list": "a list", "dict": "a dictionary"}
_LONGEST_KEY = 24


def dissect(data: bytes, target: bytes | None = None) -> Part:
    """Dissect a datagram as far as it can be read; the rest is shown as raw bytes. Never raises.

    With a 20-byte `target` the notes of node ids have their distances from it.
    """
    reading = read(data)
    builder = _Builder(data, target)
    root = builder.part(reading.root, "message", reading.root.start, _ROOT)
    rest = (builder.damage(reading.rest),) if reading.rest else ()
    if reading.root.kind == "damage":
        return Part("message", "unreadable", 0, len(data), (root,), "damaged", root.note)
    return Part("message", root.value, 0, len(data), (*root.children, *rest), root.mark, root.note)


class _Builder:
    """Names and explains the pieces of one datagram."""

    def __init__(self, data: bytes, target: bytes | None) -> None:
        self.data, self.target = data, target

    def part(self, piece: Piece, label: str, start: int, field: Field, mark: Mark = "", note: str = "") -> Part:
        """A piece under a label; `start` is the first byte of its key."""
        if piece.kind == "damage":
            hexed = hex_text(self.data[piece.start : piece.end])
            return Part(label, hexed, start, piece.end, (), "damaged", piece.fault)
        shown = self.shown(piece, field)
        notes = [note, shown.odd, piece.fault, shown.note]
        if shown.odd or piece.fault:
            mark = "odd"
        return Part(label, shown.value, start, piece.end, shown.children, mark, _join(notes), shown.links)

    def damage(self, piece: Piece) -> Part:
        return self.part(piece, "unreadable", piece.start, _NAMELESS)

    def shown(self, piece: Piece, field: Field) -> Shown:
        if field.kind is not None and piece.kind != field.kind:
            plain = self.plain(piece, _NAMELESS)
            odd = f"must be {_AN_OR_A[field.kind]}, is {_AN_OR_A[piece.kind]}"
            return Shown(plain.value, plain.children, odd=odd)
        return field.show(piece, self.target) if field.show else self.plain(piece, field)

    def plain(self, piece: Piece, field: Field) -> Shown:
        if piece.kind == "list":
            children = tuple(self.element(i, part, field.elements) for i, part in enumerate(piece.pieces))
            return Shown(words.plural(len(children), "entry", "entries"), children)
        if piece.kind == "dict":
            children = self.entries(piece, field)
            return Shown(words.plural(len(children), "key"), children)
        return Shown(text_or_hex(piece.value) if isinstance(piece.value, bytes) else str(piece.value))

    def element(self, i: int, piece: Piece, fields: tuple[Field, ...]) -> Part:
        if piece.kind == "damage":
            return self.damage(piece)
        field = fields[min(i, len(fields) - 1)] if fields else _NAMELESS
        return self.part(piece, f"{i}  {field.name}" if field.name else str(i), piece.start, field)

    def entries(self, piece: Piece, field: Field) -> tuple[Part, ...]:
        parts: list[Part] = []
        keys, values = piece.pieces[0::2], piece.pieces[1::2]
        for key, value in zip(keys, values, strict=False):
            parts.append(self.entry(key, value, field))
        if len(keys) > len(values):
            parts.append(self.damage(keys[-1]))
        return tuple(parts)

    def entry(self, key: Piece, value: Piece, field: Field) -> Part:
        name = key.value if isinstance(key.value, bytes) else b""
        shown = safe_text(name, _LONGEST_KEY) or '""'
        mark: Mark = "odd" if key.fault else ""
        if field.inside is None:
            return self.part(value, shown, key.start, _NAMELESS, mark, key.fault)
        known = field.inside.get(name)
        if known is None:
            note = _join([key.fault, "no BEP that is known here names this key"])
            return self.part(value, shown, key.start, _NAMELESS, mark or "unknown", note)
        return self.part(value, f"{shown}  {known.name}", key.start, known, mark, key.fault)


def _join(notes: list[str]) -> str:
    return "; ".join(note for note in notes if note)
