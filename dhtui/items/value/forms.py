"""The input forms of values: text, hex, JSON or bencode, converted to bencode.

JSON and bencode are mapped both ways without loss:

| JSON | bencode |
|---|---|
| a number without fraction or exponent, -2**63 to 2**63 - 1 | integer |
| a string | byte string, its UTF-8 |
| a string that begins with ``hex:`` | byte string, the bytes in hex behind that |
| an array | list |
| an object; its names are strings as above | dictionary, sorted by its bytes |
| true, false, null, other numbers | nothing: bencode has no such values |

In the other direction, byte strings that are not UTF-8, or that begin with ``hex:``, are written in hex.
"""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

from ...engine.items import (
    ItemError,
    check_salt,
    check_seq,
    check_value,
    immutable_target,
    mutable_target,
    signing_buffer,
)
from ...engine.wire import bencode
from ...text.safe import safe_text

HEX = "hex:"
_IN_A_PUT = 2
"""Nesting of a value in a put: the message, and its arguments."""
_DIGITS = re.compile(r"(?:[0-9a-fA-F]{2})*")
_TOO_DEEP = f"it is nested deeper than {bencode.MAX_DEPTH} lists and objects"


class FormError(ValueError):
    """The input is no value. One line with the reason and the place."""


def to_bencode(form: str, text: bytes) -> bytes:
    """The bencoded value of an input in one of `FORMS`. Its size is not checked. Raises `FormError`."""
    return FORMS[form](text)


def _text(text: bytes) -> bytes:
    return bencode.encode(text)


def _without_mark(text: bytes) -> bytes:
    """The text without a byte order mark, which some editors on Windows add."""
    return text.removeprefix(BOM_UTF8)


def _hex(text: bytes) -> bytes:
    digits = b"".join(_without_mark(text).split()).decode("ascii", "replace")
    if not _DIGITS.fullmatch(digits):
        wrong = next((char for char in digits if not re.fullmatch("[0-9a-fA-F]", char)), None)
        why = "one hex digit is missing: there is an odd number of them" if wrong is None else f"{safe_text(wrong)!r}"
        raise FormError(why if wrong is None else f"{why} is no hex digit")
    return bencode.encode(bytes.fromhex(digits))


def _bencoded(text: bytes) -> bytes:
    if why := bencode.explain(text, depth=_IN_A_PUT):
        raise FormError(f"this is no bencoded value: {why}")
    return text


def _json(text: bytes) -> bytes:
    try:
        document = json.loads(
            _without_mark(text).decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=lambda number: _refuse(f"{number[:20]}: bencode has no fractions; write it as a string"),
            parse_constant=lambda name: _refuse(f"{name}: bencode has no such number"),
            parse_int=_integer,
        )
        return bencode.encode(_value(document))
    except json.JSONDecodeError as error:
        raise FormError(f"not JSON: {error.msg} in line {error.lineno}, column {error.colno}") from None
    except UnicodeDecodeError:
        raise FormError("not JSON: it is not UTF-8") from None
    except RecursionError:
        raise FormError(_TOO_DEEP) from None


FORMS: dict[str, Callable[[bytes], bytes]] = {"text": _text, "hex": _hex, "json": _json, "bencode": _bencoded}
"""The input forms, by name."""


def _refuse(why: str) -> NoReturn:
    raise FormError(why)


def _integer(digits: str) -> int:
    if len(digits) > 20 or not bencode.INT_MIN <= int(digits) <= bencode.INT_MAX:
        raise FormError(f"{safe_text(digits, 40)}: integers go from -2**63 to 2**63 - 1")
    return int(digits)


def _object(pairs: list[tuple[str, Any]]) -> dict[bytes, Any]:
    found: dict[bytes, Any] = {}
    for name, value in pairs:
        key = _bytes(name)
        if key in found:
            raise FormError(f"the name {safe_text(name, 40)!r} is there twice")
        found[key] = value
    return found


def _bytes(text: str) -> bytes:
    if text.startswith(HEX):
        digits = text[len(HEX) :]
        if not _DIGITS.fullmatch(digits):
            raise FormError(f"{safe_text(text, 40)!r}: behind hex: only pairs of hex digits can come")
        return bytes.fromhex(digits)
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise FormError(f"{safe_text(text, 40)!r}: half of a surrogate pair is no character") from None


def _value(value: Any, depth: int = 0) -> bencode.Value:
    if depth > bencode.MAX_DEPTH:
        raise FormError(_TOO_DEEP)
    if isinstance(value, bool) or value is None:
        word = {True: "true", False: "false", None: "null"}[value]
        raise FormError(f"{word}: bencode has no such value; write 1, 0 or a string, or leave it out")
    if isinstance(value, str):
        return _bytes(value)
    if isinstance(value, list):
        return [_value(part, depth + 1) for part in value]
    if isinstance(value, dict):
        return {key: _value(part, depth + 1) for key, part in value.items()}
    return value


def as_json(v: bytes, indent: int | None = 2) -> str:
    """A bencoded value as JSON, in printable ASCII and line breaks. Raises `BencodeError`."""
    text = json.dumps(plain(bencode.decode(v)), indent=indent)
    return text.replace("\x7f", "\\u007f")  # the only control character that JSON does not escape


def plain(value: bencode.Value) -> Any:
    """A decoded value as JSON has it."""
    if isinstance(value, bytes):
        return _name(value)
    if isinstance(value, list):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {_name(key): plain(part) for key, part in value.items()}
    return value


def _name(value: bytes) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return HEX + value.hex()
    return HEX + value.hex() if text.startswith(HEX) else text


# ---- previews -------------------------------------------------------------------------------------------


class Preview(NamedTuple):
    """A preview of a put while the user types."""

    v: bytes | None
    """The value, bencoded; `None` while the input is no value."""
    problem: str = ""
    """Why it can't be put, one line; else empty."""
    target: bytes | None = None
    """The target, 20 bytes. That of a mutable item does not depend on its value."""
    buffer: bytes | None = None
    """mutable: the bytes that would be signed."""

    @property
    def size(self) -> int:
        """Bytes of the bencoded value; at most 1000 are allowed."""
        return len(self.v or b"")


def preview(form: str, text: bytes, *, public: bytes | None = None, salt: bytes = b"", seq: int = 1) -> Preview:
    """The preview: a mutable item with a public key, else an immutable one. Never raises."""
    target = None if public is None else mutable_target(public, salt)
    try:
        v = to_bencode(form, text)
    except FormError as error:
        return Preview(v=None, problem=str(error), target=target)
    buffer = None if public is None else signing_buffer(v, seq, salt)
    target = immutable_target(v) if target is None else target
    try:
        check_value(v)
        check_salt(salt)
        check_seq(seq)
    except ItemError as error:
        return Preview(v=v, problem=str(error), target=target, buffer=buffer)
    return Preview(v=v, target=target, buffer=buffer)
