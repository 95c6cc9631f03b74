"""Values to JSON and back, by the annotations of named tuples and frozen dataclasses.

Recordings may be hostile, so decoding checks everything: types, lengths, ranges, addresses. The result has only the
annotated types, and only `CodecError` is raised. Text goes through `text.safe.safe_text`: the screens take this
program's own words as harmless, and in a recording they may be forged.

Bytes are hex digits, tuples lists, those with named fields objects; where several kinds of them are possible,
``[name, object]``.
A field that has a default may be missing, an unknown one is refused.
"""

from __future__ import annotations

import json
import math
from binascii import unhexlify
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import StrEnum
from functools import cache, lru_cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import (
    Any,
    Final,
    Generic,
    Literal,
    NoReturn,
    TypeAlias,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from ..engine.wire.address import read_ip
from ..engine.wire.compact import Addr
from ..engine.wire.family import BY_NAME, Family
from ..engine.wire.faults import Note
from ..text.safe import safe_text

MAX_BYTES: Final = 65_536
"""The longest byte string, longer than any datagram."""
MAX_TEXT: Final = 4096
"""Most characters of text that are kept."""
INTS: Final = (-(2**63), 2**64)

LENGTHS: Final = dict.fromkeys(("id", "named", "old", "new", "target", "info_hash", "infohash"), 20) | {
    "k": 32,
    "sig": 64,
}
"""Bytes of the byte strings in fields of these names."""
RANGES: Final = {
    "depth": (0, 160),
    "bucket": (0, 160),
    "port": (0, 65_535),
    "capacity": (1, 1024),
    "best": (0, 1024),
    "hop": (0, 1024),
}
"""Bounds of the integers in fields of these names: some are drawn as that many signs."""
COUNTS: Final = {
    "buckets": 161,
    "nodes": 1024,
    "replacements": 1024,
    "queries": 16_384,
    "candidates": 2048,
    "decisions": 4096,
    "steps": 16_384,
    "peers": 4096,
    "swarms": 4096,
    "items": 4096,
}
"""Most entries of the lists in fields of these names, more than the engine keeps: screens iterate over all of them."""
MAX_COUNT: Final = 1024
"""Most entries of all other lists and objects."""
BITS: Final = (-1.0, 160.0)
"""Bounds of the fields ``bits`` and ``nearest_bits``: log2 of a distance."""

Json: TypeAlias = Any
T = TypeVar("T")


class CodecError(ValueError):
    """Invalid data, or a value that JSON can't hold. The message has the place, in this program's own words."""


@dataclass(frozen=True, slots=True)
class Coder(Generic[T]):
    """The encoder and the decoder of one type."""

    encode: Callable[[T], Json]
    """Converts a value to one that `json` can write."""
    decode: Callable[[Json], T]
    """Converts a value that `json` has read. Raises `CodecError`."""

    def dumps(self, value: T) -> bytes:
        """One line of ASCII, without its end. Raises `CodecError` for a number that is not finite."""
        try:
            return _write(self.encode(value)).encode()
        except ValueError as error:
            raise CodecError(f"{type(value).__name__} has a number that is not finite") from error

    def loads(self, line: bytes | bytearray) -> T:
        """Decode a line of `dumps`. Raises `CodecError`."""
        return self.decode(read_json(line))


_write = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def read_json(line: bytes | bytearray) -> Json:
    """Parse any JSON. Raises `CodecError`, also for too deep nesting."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CodecError("not JSON") from error


@cache
def coder(kind: Any) -> Coder[Any]:
    """The coder of a type. Raises `TypeError` for an unsupported one, which is a programming error."""
    return _coder(kind, "")


def _coder(kind: Any, name: str) -> Coder[Any]:
    """The coder of a type, for a field called `name`."""
    if kind == Addr:
        return _ADDR
    if kind == Note | None:
        return _NOTE
    if kind is Family:
        return _FAMILY
    if kind is bytes:
        return _bytes(LENGTHS.get(name))
    if kind is int:
        return _int(*RANGES.get(name, INTS))
    if kind is float and name in ("bits", "nearest_bits"):
        return _BITS
    if kind is str and name in _TEXTS:
        return _TEXTS[name]
    if kind in _PLAIN:
        return _PLAIN[kind]
    origin = get_origin(kind)
    if origin in _GENERIC:
        return _GENERIC[origin](get_args(kind), name)
    if isinstance(kind, type):
        if _defaults(kind) is not None:
            return _record(kind)
        if issubclass(kind, StrEnum):
            return _choice({member.value: member for member in kind})
    raise TypeError(f"no coder for {kind}")


def _same(value: Any) -> Any:
    return value


def _wrong(what: str) -> NoReturn:
    raise CodecError(f"not {what}")


# ---- leaves -------------------------------------------------------------------------------------------


def _bytes(length: int | None) -> Coder[bytes]:
    def decode(data: Json) -> bytes:
        if type(data) is not str or len(data) > 2 * MAX_BYTES:
            _wrong("hex digits")
        try:
            value = unhexlify(data)
        except ValueError:
            _wrong("hex digits")
        if length is not None and len(value) != length:
            _wrong(f"{length} bytes")
        return value

    return Coder(bytes.hex, decode)


def _int(least: int, most: int) -> Coder[int]:
    def decode(data: Json) -> int:
        if type(data) is not int or not least <= data <= most:
            _wrong("an integer in its range")
        return data

    return Coder(_same, decode)


def _read_float(data: Json) -> float:
    if type(data) is int and INTS[0] <= data <= INTS[1]:
        return float(data)
    if type(data) is not float or not math.isfinite(data):
        _wrong("a number")
    return data


def _read_bits(data: Json) -> float:
    value = _read_float(data)
    if not BITS[0] <= value <= BITS[1]:
        _wrong("a number in its range")
    return value


def _read_bool(data: Json) -> bool:
    if type(data) is not bool:
        _wrong("true or false")
    return data


def _read_none(data: Json) -> None:
    if data is not None:
        _wrong("null")


def _read_text(data: Json) -> str:
    if type(data) is not str:
        _wrong("text")
    return safe_text(data, MAX_TEXT)


def _read_method(data: Json) -> str:
    """A method name comes from the network, one character a byte. It is kept unchanged: screens treat it as hostile."""
    if type(data) is not str or len(data) > MAX_TEXT or not (data.isascii() or max(data) <= "\xff"):
        _wrong("a method's name")
    return data


@lru_cache(maxsize=65_536)
def _known_ip(text: str) -> str:
    return read_ip(text)


def _read_ip(data: Json) -> str:
    if type(data) is not str:
        _wrong("an address")
    try:
        return _known_ip(data)
    except ValueError:
        _wrong("an address")


def _read_addr(data: Json) -> Addr:
    if type(data) is not list or len(data) != 2 or type(data[1]) is not int or not 0 <= data[1] <= 65_535:
        _wrong("an address and a port")
    return _read_ip(data[0]), data[1]


def _choice(values: dict[Any, Any]) -> Coder[Any]:
    def decode(data: Json) -> Any:
        if type(data) is not str or data not in values:
            _wrong("one of the possible words")
        return values[data]

    return Coder(_same, decode)


def _read_note(data: Json) -> Note | None:
    """Of older versions, which wrote sentences, nothing."""
    return Note.read(_read_text(data))


def _read_family(data: Json) -> Family:
    if type(data) is not str or data not in BY_NAME:
        _wrong("a family of addresses")
    return BY_NAME[data]


_FAMILY: Final[Coder[Family]] = Coder(lambda family: family.name, _read_family)
_NOTE: Final[Coder[Note | None]] = Coder(lambda note: "" if note is None else str(note), _read_note)
_ADDR: Final[Coder[Addr]] = Coder(_same, _read_addr)
_BITS: Final[Coder[float]] = Coder(_same, _read_bits)
_PLAIN: Final[dict[Any, Coder[Any]]] = {
    str: Coder(_same, _read_text),
    float: Coder(_same, _read_float),
    bool: Coder(_same, _read_bool),
    NoneType: Coder(_same, _read_none),
}
_TEXTS: Final[dict[str, Coder[Any]]] = {"method": Coder(_same, _read_method), "ip": Coder(_same, _read_ip)}


# ---- containers ---------------------------------------------------------------------------------------


def _literal(words: tuple[Any, ...], _: str) -> Coder[Any]:
    return _choice({word: word for word in words})


def _tuple(kinds: tuple[Any, ...], name: str) -> Coder[tuple[Any, ...]]:
    if len(kinds) != 2 or kinds[1] is not Ellipsis:
        return _fixed_tuple(tuple(_coder(kind, name) for kind in kinds))
    part, most = _coder(kinds[0], name), COUNTS.get(name, MAX_COUNT)
    write, read = part.encode, part.decode

    def encode(value: tuple[Any, ...]) -> Json:
        return [write(x) for x in value]

    def decode(data: Json) -> tuple[Any, ...]:
        if type(data) is not list:
            _wrong("a list")
        if len(data) > most:
            _wrong(f"a list of at most {most}")
        return tuple([read(x) for x in data])

    return Coder(_same if write is _same else encode, decode)


def _fixed_tuple(parts: tuple[Coder[Any], ...]) -> Coder[tuple[Any, ...]]:
    plain = all(part.encode is _same for part in parts)

    def encode(value: tuple[Any, ...]) -> Json:
        return [part.encode(x) for part, x in zip(parts, value, strict=True)]

    def decode(data: Json) -> tuple[Any, ...]:
        if type(data) is not list or len(data) != len(parts):
            _wrong(f"a list of {len(parts)}")
        return tuple([part.decode(x) for part, x in zip(parts, data, strict=True)])

    return Coder(_same if plain else encode, decode)


def _dict(kinds: tuple[Any, ...], _: str) -> Coder[dict[Any, Any]]:
    key, part = (_coder(kind, "") for kind in kinds)

    def encode(value: dict[Any, Any]) -> Json:
        return {key.encode(name): part.encode(x) for name, x in value.items()}

    def decode(data: Json) -> dict[Any, Any]:
        if type(data) is not dict:
            _wrong("an object")
        if len(data) > MAX_COUNT:
            _wrong(f"an object of at most {MAX_COUNT}")
        return {key.decode(name): part.decode(x) for name, x in data.items()}

    return Coder(encode, decode)


def _union(kinds: tuple[Any, ...], name: str) -> Coder[Any]:
    """`X | None`, or several kinds with named fields, or both."""
    others = [kind for kind in kinds if kind is not NoneType]
    inner = _coder(others[0], name) if len(others) == 1 else _tagged(others)
    return inner if len(others) == len(kinds) else _none_or(inner)


def _none_or(inner: Coder[Any]) -> Coder[Any]:
    write, read = inner.encode, inner.decode

    def encode(value: Any) -> Json:
        return None if value is None else write(value)

    def decode(data: Json) -> Any:
        return None if data is None else read(data)

    return Coder(_same if write is _same else encode, decode)


def _tagged(kinds: list[Any]) -> Coder[Any]:
    if any(_defaults(kind) is None for kind in kinds):
        raise TypeError(f"no coder for a union of {kinds}")
    writers = {kind: (kind.__name__, coder(kind).encode) for kind in kinds}
    readers = {kind.__name__: coder(kind).decode for kind in kinds}

    def encode(value: Any) -> Json:
        name, write = writers[type(value)]
        return [name, write(value)]

    def decode(data: Json) -> Any:
        if type(data) is not list or len(data) != 2 or type(data[0]) is not str or data[0] not in readers:
            _wrong("something that has a name here")
        return readers[data[0]](data[1])

    return Coder(encode, decode)


_GENERIC: Final[dict[Any, Callable[[tuple[Any, ...], str], Coder[Any]]]] = {
    Literal: _literal,
    tuple: _tuple,
    dict: _dict,
    Union: _union,
    UnionType: _union,
}


# ---- named tuples and dataclasses ---------------------------------------------------------------------


def _defaults(kind: Any) -> dict[str, Any] | None:
    """The defaults of the fields of a named tuple or a dataclass; `None` for other types."""
    if is_dataclass(kind):
        return {field.name: field.default for field in fields(kind) if field.default is not MISSING}
    return getattr(kind, "_field_defaults", None)


def _record(kind: Any, *, inner: bool = False) -> Coder[Any]:
    """`inner`: of a record within one of its kind. It has none itself, so that their depth is bounded."""
    hints, defaults = get_type_hints(kind), _defaults(kind) or {}
    nests = not inner and any(hint == kind | None for hint in hints.values())
    nested = _none_or(_record(kind, inner=True)) if nests else _PLAIN[NoneType]
    names = list(hints)
    parts = [(name, nested if hints[name] == kind | None else _coder(hints[name], name)) for name in names]
    writers = [(name, None if part.encode is _same else part.encode) for name, part in parts]
    readers = [(name, part.decode) for name, part in parts]
    values = attrgetter(*names) if len(names) > 1 else lambda value: (getattr(value, names[0]),)

    def encode(value: Any) -> Json:
        return {name: x if write is None else write(x) for (name, write), x in zip(writers, values(value), strict=True)}

    def decode(data: Json) -> Any:
        if type(data) is not dict:
            _wrong(f"a {kind.__name__}")
        found = []
        name = ""
        try:
            for name, read in readers:
                found.append(read(data[name]) if name in data or name not in defaults else defaults[name])
        except KeyError:
            raise CodecError(f"{kind.__name__}.{name} is missing") from None
        except CodecError as error:
            raise CodecError(f"{kind.__name__}.{name}: {error}") from None
        if not data.keys() <= hints.keys():
            raise CodecError(f"{kind.__name__} has a field that is not known here")
        return kind(*found)

    return Coder(encode, decode)
