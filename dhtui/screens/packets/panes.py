"""A packet taken apart and judged, as lines: the tree of its parts, one part in full, the verdicts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from json import dumps
from textwrap import wrap
from typing import NamedTuple

from ...packets.export import as_json
from ...packets.packet import Packet
from ...packets.parts import Part
from ...packets.summary import summary
from ...packets.verdicts.judgement import Verdict
from ...text.format import address, plural, short_id
from ...text.keyspace import near_to
from ...text.spans import Line, Role, Span, fit
from ...widgets.table_model import Column

Key = tuple[str, ...]
"""The labels that lead to a part, so that another packet's part of the same name is found again."""

_OPEN_DEPTH = 2
"""Parts down to this depth begin open: not the single entries of long lists."""
_MARKS: dict[str, tuple[str, Role]] = {
    "": ("", "plain"),
    "unknown": ("?", "warn"),
    "odd": ("!", "warn"),
    "damaged": ("✗", "bad"),
}
_SIGNS: dict[str, tuple[str, Role]] = {
    "ok": ("✓", "good"),
    "warn": ("!", "warn"),
    "bad": ("✗", "bad"),
    "info": ("·", "dim"),
}
_TOPIC = 12


@dataclass(frozen=True, slots=True)
class TreeRow:
    """A part as a line of the tree."""

    key: Key
    part: Part
    depth: int
    open: bool
    """Whether the parts in it are shown, if there are any."""
    near: Role | None = None
    """How the id is painted that its value begins with, if it does."""


def tree_rows(
    root: Part, turned: Collection[Key], *, target: bytes | None = None, own: bytes | None = None
) -> list[TreeRow]:
    """The lines of a tree, top down; `turned` are the parts that are not as they began, open or closed.

    Ids of nodes are painted by how near they are to `target`, or else to `own`, other ids by how near to `own`.
    """
    return list(_rows(root, (), 0, turned, _Places(target, own)))


class _Places(NamedTuple):
    """From where distances are measured."""

    target: bytes | None
    own: bytes | None

    def role(self, part: Part) -> Role | None:
        """How the id is painted that the value of a part begins with; `None`: it begins with none."""
        for link in (link for each in (part, *part.children[:1]) for link in each.links):
            value = link.value
            if isinstance(value, bytes) and part.value.startswith((value.hex(), short_id(value))):
                origin = self.target or self.own if link.kind == "node" else self.own
                return near_to(origin, value)
        return None


def _rows(part: Part, key: Key, depth: int, turned: Collection[Key], places: _Places) -> Iterator[TreeRow]:
    is_open = (depth <= _OPEN_DEPTH) != (key in turned)
    yield TreeRow(key, part, depth, is_open, places.role(part))
    if not is_open:
        return
    seen: dict[str, int] = {}
    for child in part.children:
        count = seen[child.label] = seen.get(child.label, 0) + 1
        name = child.label if count == 1 else f"{child.label} {count}"  # a key may be there twice
        yield from _rows(child, (*key, name), depth + 1, turned, places)


def _mark(row: TreeRow) -> Line:
    return (_MARKS[row.part.mark],)


def _part(row: TreeRow) -> Line:
    part = row.part
    sign = ("▾ " if row.open else "▸ ") if part.children else "  "
    name, _, meaning = part.label.partition("  ")
    spans: list[Span] = [(" " * row.depth + sign, "dim"), (name, "key")]
    if row.near is None:
        spans.append((f" {part.value}", "plain"))
    else:
        shown, blank, rest = part.value.partition(" ")
        spans += [(f" {shown}", row.near), (blank + rest, "plain")]
    if part.note:
        spans.append((f"  {part.note}", _MARKS[part.mark][1] if part.mark else "dim"))
    if meaning:
        spans.append((f"  {meaning}", "dim"))
    return tuple(spans)


TREE_COLUMNS: tuple[Column[TreeRow], ...] = (
    Column("", 1, _mark),
    Column("part and value", 10, _part, grow=True),
)
"""The first column marks what breaks a rule (!), what no BEP names (?), and what can't be read (✗)."""


def meaning_of(part: Part) -> str:
    """What the title of the tree says about a part: what it stands for, or what is odd about it."""
    if part.mark:
        return f"{_MARKS[part.mark][0]} {part.note}"
    return part.label.partition("  ")[2] or part.note


def part_lines(part: Part, data: bytes, width: int) -> list[Line]:
    """A part in full: its texts, its place, and its bytes in hex. Lines of at most `width` cells."""
    name, _, meaning = part.label.partition("  ")
    size = plural(part.end - part.start, "byte")
    facts: list[tuple[str, str, Role]] = [
        ("part", name, "strong"),
        ("meaning", meaning, "plain"),
        ("value", part.value, "data"),
        (_MARKS[part.mark][0] or "note", part.note, _MARKS[part.mark][1]),
        ("place", f"bytes {part.start} to {part.end - 1}, {size}" if part.end > part.start else "nowhere", "plain"),
        ("leads to", ", ".join(link.label for link in part.links), "plain"),
        ("bytes", data[part.start : part.end].hex(" ", 2), "dim"),
    ]
    return [line for label, text, role in facts if text for line in _labelled((label, "dim"), text, role, width)]


def verdict_lines(verdicts: Sequence[Verdict], width: int) -> list[Line]:
    """Verdicts as lines of at most `width` cells, or a bit more where there are too few.

    What is false comes first: it must be seen where not all of them fit.
    """
    lines: list[Line] = []
    for verdict in sorted(verdicts, key=lambda verdict: verdict.state != "bad"):
        sign, role = _SIGNS[verdict.state]
        head: Line = ((f"{sign} ", role), (fit(verdict.topic, _TOPIC), "strong"))
        first, *rest = wrap(verdict.sentence, max(16, width - _TOPIC - 2)) or [""]
        body: Role = "plain" if verdict.state in ("ok", "info") else role
        lines.append((*head, (first, body)))
        lines += [((" " * (_TOPIC + 2), "plain"), (text, body)) for text in rest]
    return lines


def alike(packet: Packet) -> list[str]:
    """Filters that let this packet through, and those that share something with it."""
    terms = [f"addr:{address(packet.addr)}", f"addr:{packet.addr[0]}"]
    if packet.method.replace("_", "").isalnum() and packet.method.isascii() and len(packet.method) <= 64:
        terms.append(f"method:{packet.method}")
    for name, value in (("target", packet.target), ("id", packet.sender), ("tid", packet.tid)):
        if value and len(value) <= 20:
            terms.append(f"{name}:{value.hex()}")
    if packet.code is not None and 0 <= packet.code < 10**6:
        terms.append(f"err:{packet.code}")
    return [*terms, f"type:{packet.kind[0]}", f"dir:{packet.direction}"]


def copies(packet: Packet, part: Part | None, offset: float) -> list[tuple[str, str]]:
    """Forms to copy a packet in, and first its part, if one is given; `offset` leads from its clock to unix time."""
    forms = [
        ("hex", packet.data.hex()),
        ("JSON", dumps(as_json(packet, offset))),
        ("address", address(packet.addr)),
        ("summary", summary(packet)),
    ]
    if part is not None:
        forms[:0] = [("part, hex", packet.data[part.start : part.end].hex()), ("part", part.value)]
    return forms


def _labelled(label: Span, text: str, role: Role, width: int) -> Iterator[Line]:
    first, *rest = wrap(text, max(16, width - 10))
    yield ((fit(label[0], 10), label[1]), (first, role))
    for more in rest:
        yield ((" " * 10, "plain"), (more, role))
