"""Strict bencode for hostile input, on top of bencode.py.

The stock decoder loops for ever on ``d0:0:-5:`` (a negative length steps back), takes ``i 1e`` and
``3 :abc``, unsorted and repeated keys and integers of any size. Checking afterwards is too late, so the
parsers for integers, strings and dictionaries are replaced.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from bencodepy import Bencached, BencodeDecoder, BencodeEncoder

MAX_DEPTH = 32
"""Lists and dictionaries nested deeper than this are refused."""

INT_MIN, INT_MAX = -(2**63), 2**63 - 1
ZERO, NINE, COLON, END = b"09:e"

Value: TypeAlias = Any
"""A decoded value: ``int``, ``bytes``, or a ``list`` or ``dict[bytes, Value]`` of those."""

__all__ = ["MAX_DEPTH", "Bencached", "BencodeError", "Value", "decode", "decode_lenient", "encode"]


class BencodeError(ValueError):
    """The bytes are not bencode, or a value can't be bencoded."""


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
            # Nearly every string of KRPC has 1 to 99 bytes: read here, it saves a call each.
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


class _Encoder(BencodeEncoder):  # type: ignore[misc]  # as above
    """The same bytes in half the time: keys are bytes here, and need no conversion."""

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
_encoder = _Encoder()


def _run(decoder: BencodeDecoder, data: bytes) -> Value:
    try:
        value, end = decoder.decode_func[data[:1]](data, 0)
    except (IndexError, KeyError, ValueError) as error:
        raise BencodeError("not canonical bencode") from error
    if end != len(data):
        raise BencodeError(f"{len(data) - end} bytes after the value")
    return value


def decode(data: bytes) -> Value:
    """Decode canonical bencode. Raises `BencodeError` for everything else."""
    return _run(_strict, data)


def decode_lenient(data: bytes) -> Value:
    """Decode bencode whose dictionary keys may be unsorted. Raises `BencodeError`."""
    return _run(_any_order, data)


def encode(value: Value) -> bytes:
    """Encode canonically. `Bencached` parts are inserted as they are. Raises `BencodeError`."""
    try:
        return _encoder.encode(value)
    except (KeyError, TypeError, RecursionError) as error:
        raise BencodeError(f"can't bencode: {type(error).__name__} {error}") from error
