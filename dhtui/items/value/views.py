"""The views of values: text, hex, the tree of a bencoded value, JSON. All lines are safe to print."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...engine.wire import bencode
from ...text.safe import safe_text
from .forms import as_json

WIDTH = 16
"""Bytes in a line of hex."""
_LONGEST = 4096
"""Most characters of a line: 1000 escaped bytes fit."""


def view_lines(view: str, v: bytes) -> list[str]:
    """A bencoded value in one of `VIEWS`. Other bytes are shown as they are. Never raises."""
    try:
        return VIEWS[view](v)
    except bencode.BencodeError:
        return _dump(v)


def _text(v: bytes) -> list[str]:
    """The lines of a string; any other value as its bencode."""
    value = bencode.decode(v)
    data = value if isinstance(value, bytes) else v
    return [safe_text(line, _LONGEST) for line in data.split(b"\n")]


def _hex(v: bytes) -> list[str]:
    """The bytes of a string; of any other value those of its bencode."""
    value = bencode.decode(v)
    return _dump(value if isinstance(value, bytes) else v)


def _dump(data: bytes) -> list[str]:
    return [
        f"{start:04x}  {data[start : start + WIDTH].hex(' '):<{3 * WIDTH - 1}}  "
        + "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data[start : start + WIDTH])
        for start in range(0, len(data), WIDTH)
    ]


def _tree(v: bytes) -> list[str]:
    return list(_branch(bencode.decode(v), "", ""))


def _branch(value: bencode.Value, indent: str, label: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield f"{indent}{label}dictionary, {_count(len(value), 'key')}"
        for key, part in value.items():
            yield from _branch(part, indent + "  ", f"{_string(key)}: ")
    elif isinstance(value, list):
        yield f"{indent}{label}list of {len(value)}"
        for number, part in enumerate(value):
            yield from _branch(part, indent + "  ", f"{number}: ")
    elif isinstance(value, bytes):
        yield f"{indent}{label}{_string(value)}, {_count(len(value), 'byte')}"
    else:
        yield f"{indent}{label}{value}"


def _string(data: bytes) -> str:
    """In quotes if it is text, else in hex."""
    text = safe_text(data, _LONGEST)
    return data.hex() if "\\x" in text and b"\\x" not in data else f'"{text}"'


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _json(v: bytes) -> list[str]:
    return as_json(v).split("\n")


VIEWS: dict[str, Callable[[bytes], list[str]]] = {"text": _text, "hex": _hex, "tree": _tree, "json": _json}
"""The views, by name."""
