"""Strict bencode for hostile input, on top of bencode.py.

The stock decoder loops for ever on ``d0:0:-5:`` (a negative length steps back), takes ``i 1e`` and
``3 :abc``, unsorted and repeated keys and integers of any size. Checking afterwards is too late, so the
parsers for integers, strings and dictionaries are replaced.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from bencodepy import Bencached, BencodeDecoder, BencodeEncoder

MAX_DEPTH = 32
"""Lists and dictionaries nested deeper than this are refused."""

INT_MIN, INT_MAX = -(2**63), 2**63 - 1
ZERO, NINE, COLON, END = b"09:e"
WIDE = object()
"""Stands for an integer beyond 64 bits."""

Value: TypeAlias = Any
"""A decoded value: ``int``, ``bytes``, or a ``list`` or ``dict[bytes, Value]`` of those."""

__all__ = [
    "MAX_DEPTH",
    "WIDE",
    "Bencached",
    "BencodeError",
    "Value",
    "decode",
    "decode_any_size",
    "decode_lenient",
    "encode",
    "explain",
]


class BencodeError(ValueError):
    """The bytes are not bencode, or a value can't be bencoded."""

    rest = 0
    """How many bytes follow the value, if they are the fault."""


class _Strict(BencodeDecoder):  # type: ignore[misc]  # bencode.py has no annotations
    """Accepts canonical bencode only: what it decodes, `encode` turns back into the same bytes."""

    sorted_keys = True

    def decode_int(self, x: bytes, f: int, **_: Any) -> tuple[int, int]:
        end = x.index(b"e", f, f + 22)
        digits = x[f + 1 : end]
        n = int(digits)
        # int() takes blanks, signs and underscores: compare with the one canonical spelling.
        if b"%d" % n != digits or not INT_MIN <= n <= INT_MAX:
            raise ValueError
        return n, end + 1

    def decode_string(self, x: bytes, f: int, kind: str = "value", **_: Any) -> tuple[bytes, int]:
        colon = x.index(b":", f, f + 7)
        digits = x[f:colon]
        if not digits.isdigit() or (digits[0] == 48 and colon != f + 1):
            raise ValueError
        end = colon + 1 + int(digits)
        if end > len(x):
            raise ValueError
        return x[colon + 1 : end], end

    def decode_list(self, x: bytes, f: int, depth: int = 0, **_: Any) -> tuple[list[Value], int]:
        if depth >= MAX_DEPTH:
            raise ValueError
        f += 1
        out: list[Value] = []
        parsers = self.decode_func
        while (head := x[f : f + 1]) != b"e":
            value, f = parsers[head](x, f, depth=depth + 1)
            out.append(value)
        return out, f + 1

    def decode_dict(self, x: bytes, f: int, depth: int = 0, **_: Any) -> tuple[dict[bytes, Value], int]:
        if depth >= MAX_DEPTH:
            raise ValueError
        f += 1
        out: dict[bytes, Value] = {}
        parsers, string, in_order = self.decode_func, self.decode_string, self.sorted_keys
        key = b""
        while (head := x[f]) != END:
            last = key
            # Nearly every string of KRPC has 1 to 99 bytes: reading it here saves a call.
            if x[f + 1] == COLON and ZERO < head <= NINE:
                start = f + 2
                f = start + head - ZERO
                key = x[start:f]
            else:
                key, f = string(x, f)
            if out and (key <= last if in_order else key in out):
                raise ValueError
            head = x[f]
            if not ZERO < head <= NINE:
                out[key], f = parsers[x[f : f + 1]](x, f, depth=depth + 1)
            elif (second := x[f + 1]) == COLON:
                start = f + 2
                f = start + head - ZERO
                out[key] = x[start:f]
            elif x[f + 2] == COLON and ZERO <= second <= NINE:
                start = f + 3
                f = start + 10 * head + second - 11 * ZERO
                out[key] = x[start:f]
            else:
                out[key], f = string(x, f)
        return out, f + 1


class _AnyOrder(_Strict):
    """The same, but dictionary keys may come in any order. A key twice is still refused."""

    sorted_keys = False


class _AnySize(_AnyOrder):
    """The same, and integers may have any number of digits: `WIDE` stands for those beyond 64 bits."""

    def decode_int(self, x: bytes, f: int, **_: Any) -> tuple[Any, int]:
        end = x.index(b"e", f)
        digits = x[f + 1 : end]
        if end - f <= 21:
            n = int(digits)
            if b"%d" % n != digits:
                raise ValueError
            return n if INT_MIN <= n <= INT_MAX else WIDE, end + 1
        if not digits.removeprefix(b"-").isdigit() or digits.removeprefix(b"-")[0] == ZERO:
            raise ValueError
        return WIDE, end + 1


class _Encoder(BencodeEncoder):  # type: ignore[misc]  # as above
    """Encodes in half the time of the stock encoder: keys are bytes, which need no conversion."""

    def encode(self, value: Value) -> bytes:
        parts: list[bytes] = []
        self.encode_func[type(value)](value, parts)
        return b"".join(parts)

    def encode_bytes(self, x: bytes, r: list[bytes]) -> None:
        r.append(b"%d:%b" % (len(x), x))

    def encode_dict(self, x: dict[bytes, Value], r: list[bytes]) -> None:
        r.append(b"d")
        writers = self.encode_func
        for key in sorted(x):
            value = x[key]
            if type(value) is bytes:
                r.append(b"%d:%b%d:%b" % (len(key), key, len(value), value))
            else:
                r.append(b"%d:%b" % (len(key), key))
                writers[type(value)](value, r)
        r.append(b"e")


_strict = _Strict(encoding=None)
_any_order = _AnyOrder(encoding=None)
_any_size = _AnySize(encoding=None)
_encoder = _Encoder()


def _run(decoder: BencodeDecoder, data: bytes) -> Value:
    try:
        value, end = decoder.decode_func[data[:1]](data, 0)
    except (IndexError, KeyError, ValueError) as error:
        raise BencodeError("not canonical bencode") from error
    if end != len(data):
        problem = BencodeError(f"{len(data) - end} bytes after the value")
        problem.rest = len(data) - end
        raise problem
    return value


def decode(data: bytes) -> Value:
    """Decode canonical bencode. Raises `BencodeError` for everything else."""
    return _run(_strict, data)


def decode_lenient(data: bytes) -> Value:
    """Decode bencode whose dictionary keys may be unsorted. Raises `BencodeError`."""
    return _run(_any_order, data)


def decode_any_size(data: bytes) -> Value:
    """The same, with `WIDE` in the place of integers beyond 64 bits. Raises `BencodeError`."""
    return _run(_any_size, data)


def encode(value: Value) -> bytes:
    """Encode canonically. `Bencached` parts are inserted as they are. Raises `BencodeError`."""
    try:
        return _encoder.encode(value)
    except KeyError as error:
        what = error.args[0]
        name = what.__name__ if isinstance(what, type) else type(what).__name__
        raise BencodeError(f"{name} can't be bencoded: int, bytes, list and dict can") from error
    except (TypeError, RecursionError) as error:
        why = "it is nested too deep" if isinstance(error, RecursionError) else "the keys of a dict must be bytes"
        raise BencodeError(f"can't bencode: {why}") from error


# ---- what is wrong with it ------------------------------------------------------------------------------


def explain(data: bytes, depth: int = 0) -> str:
    """A clause that says why bytes are not one canonical value, and at which byte; empty if they are. Never raises.

    For input of the user: it is slower than `decode`. The value is nested `depth` lists and dictionaries deep.
    """
    try:
        end = _walk(data, 0, depth)
    except _Fault as fault:
        return str(fault)
    if rest := len(data) - end:
        what = ": a line end" if data[end:] in (b"\n", b"\r\n") else f", from byte {end} on"
        return f"{rest} {'byte' if rest == 1 else 'bytes'} after the value{what}"
    return ""


class _Fault(Exception):
    """The fault and its place, in words."""


def _walk(x: bytes, f: int, depth: int) -> int:
    """The end of the value at `f`. Raises `_Fault`."""
    head = x[f : f + 1]
    if not head:
        raise _Fault(f"it is cut short: a value is missing at its end, byte {f}" if f else "it is empty")
    if head == b"i":
        return _integer(x, f)
    if head.isdigit():
        return _string(x, f)
    if head not in b"ld":
        raise _Fault(f"no value begins like byte {f}, 0x{head.hex()}")
    if depth >= MAX_DEPTH:
        raise _Fault(f"it is too deep: at most {MAX_DEPTH} lists and dictionaries may be nested in a message, byte {f}")
    start, f = f, f + 1
    last: bytes | None = None
    while x[f : f + 1] != b"e":
        if f >= len(x):
            raise _Fault(f"it is cut short: what begins at byte {start} has no end")
        if head == b"d":
            key, f = f, _key(x, f)
            name = x[x.index(b":", key) + 1 : f]
            if last is not None and name <= last:
                why = "is there twice" if name == last else "stands behind a higher one: keys are sorted"
                raise _Fault(f"the key at byte {key} {why}")
            last = name
        f = _walk(x, f, depth + 1)
    return f + 1


def _key(x: bytes, f: int) -> int:
    if not x[f : f + 1].isdigit():
        raise _Fault(f"the key at byte {f} is not a string")
    return _string(x, f)


def _integer(x: bytes, f: int) -> int:
    found = re.compile(rb"i(-?[0-9]+)e").match(x, f)
    if not found:
        short = b"e" not in x[f:]
        raise _Fault(f"it is cut short: the integer at byte {f} has no end" if short else f"no integer at byte {f}")
    digits = found[1]
    if len(digits) > 20 or not INT_MIN <= int(digits) <= INT_MAX:
        raise _Fault(f"the integer at byte {f} has more than 64 bits: from -2**63 to 2**63 - 1 are allowed")
    if b"%d" % int(digits) != digits:
        raise _Fault(f"the integer at byte {f} has a zero or a sign too many")
    return found.end()


def _string(x: bytes, f: int) -> int:
    found = re.compile(rb"([0-9]{1,6}):").match(x, f)
    if not found:
        raise _Fault(f"the string at byte {f} has no length, or no colon behind it")
    if len(found[1]) > 1 and found[1][0] == ZERO:
        raise _Fault(f"the length of the string at byte {f} has a zero too many")
    end = found.end() + int(found[1])
    if end > len(x):
        there = len(x) - found.end()
        raise _Fault(f"it is cut short: the string at byte {f} should have {int(found[1])} bytes, and has {there}")
    return end
