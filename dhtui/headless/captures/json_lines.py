"""What a capture holds, as JSON."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from ...engine.wire.compact import Addr
from ...packets.captures.message import Captured
from ...packets.captures.reader import Summary
from ...packets.captures.walks.walk import Walk
from ...text.format import address

_address = lru_cache(maxsize=16_384)(address)


@lru_cache(maxsize=1024)
def _quoted(text: str) -> str:
    # DEL is the one control character that JSON leaves as it is.
    return json.dumps(text).replace("\x7f", "\\u007f") if text else "null"


@lru_cache(maxsize=1024)
def _faults(faults: tuple[str, ...]) -> str:
    return json.dumps(faults)


def packet(heard: Captured) -> str:
    """A line of one message. It is put together by hand: a capture may have millions."""
    return (
        f'{{"type": "packet", "number": {heard.number}, "time": {heard.at:.6f}, '
        f'"from": "{_address(heard.source)}", "to": "{_address(heard.dest)}", "kind": "{heard.kind}", '
        f'"method": {_quoted(heard.method)}, "tid": "{heard.tid.hex()}", "length": {len(heard.data)}, '
        f'"pair": {"null" if heard.pair is None else heard.pair}, "faults": {_faults(heard.faults)}}}'
    )


def walk(one: Walk) -> str:
    """A line of one lookup."""
    return json.dumps(
        {
            "type": "lookup",
            "number": one.number,
            "inferred": True,
            "time": round(one.started, 6),
            "from": _from(one.source),
            "method": one.method,
            "target": one.target.hex(),
            "queries": one.queries,
            "answers": one.answers,
            "nodes": len(one.asked),
            "first_ms": _since(one, one.first),
            "found_ms": _since(one, one.found),
            "complete_ms": _since(one, one.complete),
        }
    ).replace("\x7f", "\\u007f")


def _from(addr: Addr) -> str:
    return address(addr)


def _since(one: Walk, at: float | None) -> float | None:
    return None if at is None else round(max(0.0, at - one.started) * 1000, 3)


def summary(told: Summary) -> dict[str, Any]:
    """The last line."""
    damage = told.damage
    return {
        "type": "summary",
        "format": told.name,
        "packets": told.packets,
        "datagrams": told.datagrams,
        "krpc": told.krpc,
        "malformed": told.malformed,
        "cut": told.cut,
        "queries": told.queries,
        "unanswered": told.unanswered,
        "duplicates": told.duplicates,
        "fragments": told.fragments,
        "nodes": told.nodes,
        "first": None if told.first is None else round(told.first, 6),
        "last": None if told.last is None else round(told.last, 6),
        "unknown_links": list(told.unknown_links),
        "damage": None if damage is None else {"kind": damage.kind.value, "offset": damage.offset},
    }
