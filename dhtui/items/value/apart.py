"""Dissection of values: the kind of a value, and its contents as JSON."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any, NamedTuple, NoReturn

from ...engine.wire import bencode
from ...text.safe import safe_text
from .forms import as_json
from .recognise import DnsPacket, Torrent, recognise

MAX_LINES = 40
"""Most lines of a document that are shown."""


class Apart(NamedTuple):
    """A dissected value."""

    kind: str
    """``torrent`` (BEP 46), ``dns`` (pkarr), ``json`` (a string that holds an object or a list), ``text``, ``bytes``;
    ``bencode`` for a value that is no string."""
    value: Any
    """Its contents as JSON; `None` for ``bytes``."""
    lines: tuple[str, ...] = ()
    """Lines to show beside the value itself, safe to print."""


def take_apart(v: bytes) -> Apart:
    """Dissect a bencoded value. Never raises."""
    found = recognise(v)
    if isinstance(found, Torrent):
        return Apart("torrent", {"info_hash": found.info_hash.hex(), "magnet": found.magnet}, tuple(found.lines()))
    if isinstance(found, DnsPacket):
        records = [record._asdict() for record in found.records]
        return Apart("dns", {"records": records, "problem": found.problem}, tuple(found.lines()))
    try:
        value = bencode.decode(v)
        if not isinstance(value, bytes):
            return Apart("bencode", json.loads(as_json(v, None)))
    except (bencode.BencodeError, RecursionError):
        return Apart("bytes", None)
    return _string(value)


def content(v: bytes) -> bytes:
    """The bytes of a string value; of any other its bencode."""
    value = bencode.decode(v)
    return value if isinstance(value, bytes) else v


def _string(value: bytes) -> Apart:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return Apart("bytes", None)
    if text.lstrip()[:1] in ("{", "["):
        try:
            document = json.loads(text, parse_float=_number, parse_int=_integer, parse_constant=_refuse)
            lines = json.dumps(document, indent=2).replace("\x7f", "\\u007f").split("\n")
        except (ValueError, RecursionError):
            return Apart("text", text)
        more = [f"… {len(lines) - MAX_LINES} more lines"] if len(lines) > MAX_LINES else []
        shown = [safe_text(line, 300) for line in lines[:MAX_LINES]]
        return Apart("json", document, ("JSON", *shown, *more))
    return Apart("text", text)


def _number(digits: str) -> float:
    number = float(digits)
    return number if isfinite(number) else _refuse(digits)


def _integer(digits: str) -> int:
    """An integer of JSON within bounds: longer ones are unreadable for most programs. Raises `ValueError`."""
    return int(digits) if len(digits) <= 20 else _refuse(digits)


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)
