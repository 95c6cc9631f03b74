"""What came of a query that was made by hand: the answer taken apart, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..actions.run import Result
from ..engine.outcome import NodeOutcome
from ..engine.wire.bencode import BencodeError, decode_lenient
from ..items.value.forms import plain
from ..packets.dissect import dissect
from ..packets.parts import Part
from . import json_lines
from .lines import Lines
from .text import Shown, happened


def text(result: Result, shown: Shown) -> Lines:
    """The tree of the answer, of an error too; that nothing came is said."""
    lines = happened(result, shown)
    one = _one(result)
    if one is not None and one.received:
        lines.out = list(_tree(dissect(one.received), 0))
    return lines


def json(result: Result) -> Iterator[dict[str, Any]]:
    """One object."""
    *nodes, last = json_lines.plain(result)
    one = _one(result)
    received = one.received if one is not None else b""
    yield last | {
        "node": nodes[0] if nodes else None,
        "sent_hex": one.sent.hex() if one is not None and one.sent else None,
        "received_hex": received.hex() if received else None,
        "answer": _values(received),
    }


def _one(result: Result) -> NodeOutcome | None:
    return result.outcome.asked[0] if result.outcome is not None and result.outcome.asked else None


def _values(data: bytes) -> Any:
    """The answer as JSON has it, see `items.value.forms`; `None` if it can't be read."""
    try:
        return plain(decode_lenient(data)) if data else None
    except BencodeError:
        return None


def _tree(part: Part, depth: int) -> Iterator[str]:
    name, _, meaning = part.label.partition("  ")
    notes = "; ".join(text for text in (meaning, part.note) if text)
    yield "  " * depth + f"{name}: {part.value}" + (f"  ({notes})" if notes else "")
    for child in part.children:
        yield from _tree(child, depth + 1)
