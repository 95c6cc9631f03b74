"""What users type, checked: numbers, durations, ids, targets and magnet links. Addresses are in `addresses`.

Every reader takes text and returns a value, or raises `UsageError` with what is wrong and what is accepted.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from hashlib import sha1
from pathlib import Path
from typing import NamedTuple

from ..errors import UsageError, quoted
from ..text.safe import safe_text

MAX_SECONDS = 3600.0
_NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
HEX = "hex:"
"""Before bytes that are written in hex, where else text would stand."""


class Target(NamedTuple):
    """What to look for: a bare id, which may be anything, a torrent, or the item of a public key.

    64 hex digits can be a key or the infohash of a v2 torrent: `torrent` and `item` take what they need of it.
    """

    id: bytes | None
    """20 bytes; `None` stands for our own id."""
    public: bytes | None = None
    """Of an item, 32 bytes."""
    salt: bytes = b""
    """Of a link (BEP 46), or none."""
    bare: bool = False
    """Whether the key was named by itself, so that a salt may be given beside it."""
    hashes: tuple[bytes, ...] = ()
    """Of a torrent, 20 bytes each: the infohash, of a v2 torrent the first 20 bytes (BEP 52), of a hybrid one both."""


# ---- numbers ------------------------------------------------------------------------------------------


def boolean(text: str) -> bool:
    """The spellings that Go's flag package takes."""
    if text in ("1", "t", "T", "true", "TRUE", "True"):
        return True
    if text in ("0", "f", "F", "false", "FALSE", "False"):
        return False
    raise UsageError(f"{quoted(text)} is neither true nor false")


def truth_or_number(text: str) -> bool | int:
    """A switch that may be given a number."""
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else boolean(text)


def integer(low: int, high: int) -> Callable[[str], int]:
    """A reader of decimal numbers from `low` to `high`."""

    def read(text: str) -> int:
        if re.fullmatch(r"[+-]?[0-9]{1,30}", text) and low <= int(text) <= high:
            return int(text)
        raise UsageError(f"{quoted(text)} is not a whole number from {low} to {high}")

    return read


def percentage(most: int) -> Callable[[str], float]:
    """A reader of shares from 0% to `most` percent, as ``2%`` or ``0.5%``."""

    def read(text: str) -> float:
        number = text.removesuffix("%")
        if number != text and len(text) <= 40 and re.fullmatch(_NUMBER, number) and float(number) <= most:
            return float(number) / 100
        raise UsageError(f"{quoted(text)} is not a percentage from 0% to {most}%, such as 2%")

    return read


_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(rf"({_NUMBER})({'|'.join(sorted(_UNITS, key=len, reverse=True))})")


def duration(text: str) -> float:
    """Seconds: Go's ``100ms``, ``1.5s``, ``1m30s``, or a bare number of seconds. Above 0, at most an hour."""
    if len(text) <= 40 and re.fullmatch(_NUMBER, text):
        seconds = float(text)
    elif len(text) <= 40 and re.fullmatch(rf"(?:{_PART.pattern})+", text):
        seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    else:
        raise UsageError(f"{quoted(text)} is not a duration: write 100ms, 1.5s, 1m30s, or a number of seconds")
    if not 0 < seconds <= MAX_SECONDS:
        raise UsageError(f"{quoted(text)} is out of range: more than 0, at most an hour")
    return seconds


def interval(text: str) -> float:
    """A `duration` of at least a second."""
    seconds = duration(text)
    if seconds < 1:
        raise UsageError(f"{quoted(text)} is too short: at least a second")
    return seconds


def rate(text: str) -> float:
    """Queries a second, 0.1 to 1000."""
    if len(text) > 40 or not re.fullmatch(_NUMBER, text) or not 0.1 <= float(text) <= 1000:
        raise UsageError(f"{quoted(text)} is not a number from 0.1 to 1000")
    return float(text)


# ---- bytes and files ------------------------------------------------------------------------------------


def argument_bytes(text: str) -> bytes:
    """The very bytes of a command line argument, whatever their encoding."""
    return os.fsencode(text)


def salt(text: str) -> bytes:
    """At most 64 bytes (BEP 44): the text as it stands, or bytes in hex behind ``hex:``."""
    value = os.fsencode(text)
    if text.startswith(HEX):
        digits = text[len(HEX) :]
        if not re.fullmatch(r"(?:[0-9a-fA-F]{2})*", digits):
            raise UsageError(f"{quoted(text)}: behind hex: only pairs of hex digits can come")
        value = bytes.fromhex(digits)
    if len(value) > 64:
        raise UsageError(f"the salt has {len(value)} bytes, at most 64 are allowed")
    return value


def salt_text(value: bytes) -> str:
    """A salt as `salt` takes it: text where it is some, else in hex. Safe to print."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = ""
    plain = text == safe_text(text) and not text.startswith(HEX)
    return text if plain and text else HEX + value.hex()


def path(text: str) -> Path:
    """A path, with ``~`` expanded."""
    if not text or "\0" in text:
        raise UsageError(f"{quoted(text)} is no path")
    try:
        return Path(text).expanduser()
    except RuntimeError:  # no such user
        return Path(text)


def _hex(text: str, length: int, what: str) -> bytes:
    text = text.strip()
    if not re.fullmatch(rf"[0-9a-fA-F]{{{2 * length}}}", text):
        found = _found(text, 2 * length)
        raise UsageError(f"{quoted(text)} is not {what}: exactly {2 * length} hex digits are needed, not {found}")
    return bytes.fromhex(text)


def _found(text: str, length: int) -> str:
    """What there is in place of `length` hex digits."""
    if len(text) == length:
        return "other characters"
    return "1 character" if len(text) == 1 else f"{len(text)} characters"


_SCHEME = re.compile(r"urn:btpk:|[a-z][a-z0-9+.-]*:(?://)?", re.IGNORECASE)
TARGETS = (
    "exactly 40 hex digits, 32 characters of base32, a public key (64 hex digits, or 52 of z-base-32), a magnet link, "
    "or self"
)
"""What can be typed for a target."""
_MULTIHASH = re.compile(r"1220[0-9a-fA-F]{64}")
"""Of SHA-256, 32 bytes: the hash of a v2 torrent (BEP 52)."""


def node_id(text: str) -> bytes:
    """A 20-byte id as 40 hex digits."""
    return _hex(text, 20, "an id")


def public_key(text: str) -> bytes:
    """A 32-byte public key: 64 hex digits or 52 characters of z-base-32, bare or as the host of a pkarr name or URL."""
    if (found := _public_key(text)) is not None:
        return found
    return _hex(text, 32, "a public key (64 hex digits or 52 characters of z-base-32)")


def _public_key(text: str) -> bytes | None:
    """`None` for what does not even look like one. Raises `UsageError` for one that is mistyped."""
    rest = _SCHEME.sub("", text.strip(), count=1)
    name = re.split(r"[/?#:]", rest, maxsplit=1)[0].rstrip(".").rpartition(".")[2]
    if re.fullmatch(r"[0-9a-fA-F]{64}", name):
        return bytes.fromhex(name)
    if len(name) != 52:
        return None
    from ..keyring.zbase32 import decode_public

    try:
        return decode_public(name)
    except ValueError as error:
        raise UsageError(f"{quoted(text)}: {error}") from None


def signature(text: str) -> bytes:
    """A 64-byte signature as 128 hex digits."""
    return _hex(text, 64, "a signature")


# ---- targets ------------------------------------------------------------------------------------------


def target(text: str) -> Target:
    """An id, ``self``, an infohash, a public key, or a link to a torrent or an item. The one reader of all of these.

    40 hex digits; 32 characters of base32; 64 hex digits, with or without the ``1220`` of a multihash before them;
    ``urn:btih:``, ``urn:btmh:``, ``urn:btpk:``; magnet links (BEP 9, 46, 52); whatever `public_key` takes.
    """
    text = text.strip()
    if text == "self":
        return Target(None)
    if text[:7].lower() == "magnet:":
        return _magnet(text)
    if found := _info_hash(text):
        return Target(found[1], hashes=(found[1],))
    if re.fullmatch(r"[0-9a-fA-F]{40}", text):
        return Target(bytes.fromhex(text))
    public = _public_key(text)
    if public is None and len(text) == 64:
        public = _hex(text, 32, "a public key, nor an infohash of version 2")
    if public is None:
        raise UsageError(f"{quoted(text)} is not a target: {TARGETS}; not {_found(text, 40)}")
    hashes = (public[:20],) if re.fullmatch(r"[0-9a-fA-F]{64}", text) else ()
    return Target(_item_target(public, b""), public, bare=True, hashes=hashes)


def torrent(found: Target) -> tuple[bytes, ...]:
    """The infohashes of what was named, each to be asked for. Raises `UsageError` for what can have no peers."""
    if found.hashes:
        return found.hashes
    if found.id is None:
        raise UsageError("self is a node, which has no peers: name an infohash or a magnet link")
    if found.public is not None:
        raise UsageError("this names an item, which has no peers; the torrent that it may point to has: get it first")
    return (found.id,)


def item(found: Target, given: bytes = b"") -> Target:
    """The item that was named, with the salt `given` beside it. Raises `UsageError` for what is no item."""
    if found.id is None:
        raise UsageError("self is a node, not an item: name a target, a key or a magnet link")
    if found.public is not None:
        if not found.bare and given and given != found.salt:
            raise UsageError("the salt is not that of the magnet link: leave it out")
        salted = given if found.bare else found.salt
        return Target(_item_target(found.public, salted), found.public, salted)
    if found.hashes:
        raise UsageError("this names a torrent: an item has a target, a public key, or a link with xs=urn:btpk:")
    return Target(found.id, None, given)


def _item_target(public: bytes, salted: bytes) -> bytes:
    """As `items.mutable_target`, which would load all that signs."""
    return sha1(public + salted, usedforsecurity=False).digest()


def _magnet(text: str) -> Target:
    from urllib.parse import parse_qsl

    query = re.sub("&amp;", "&", text.partition("?")[2], flags=re.IGNORECASE)
    fields = [(name.lower(), value.strip()) for name, value in parse_qsl(query, errors="replace")]
    topics = [value for name, value in fields if re.fullmatch(r"xt(\.[0-9]+)?", name)]
    versions: dict[int, bytes] = {}
    for topic in topics:
        if topic.lower().startswith("urn:") and (found := _info_hash(topic)):
            versions.setdefault(*found)
    if versions:
        hashes = tuple(versions[version] for version in sorted(versions))
        return Target(hashes[0], hashes=hashes)
    salts = [value for name, value in fields if name == "s"]
    for name, value in fields:
        if name == "xs" and value[:9].lower() == "urn:btpk:":
            public = public_key(value)
            salted = _magnet_salt(salts[0] if salts else "")
            return Target(_item_target(public, salted), public, salted)
    raise UsageError(
        f"{quoted(text)} has neither xt=urn:btih:<infohash>, xt=urn:btmh:<infohash> nor xs=urn:btpk:<public key>"
    )


def _info_hash(text: str) -> tuple[int, bytes] | None:
    """The version of a torrent and its 20 bytes in the DHT; `None` for what does not say that it is an infohash.

    Raises `UsageError` for one that is mistyped.
    """
    name, rest = text[:9].lower(), text[9:]
    if name == "urn:btih:":
        return 1, _v1(rest)
    if name == "urn:btmh:":
        if not _MULTIHASH.fullmatch(rest):
            raise UsageError(f"{quoted(text)} is not an infohash of version 2: 1220 and 64 hex digits are needed")
        return 2, bytes.fromhex(rest)[2:22]
    if _MULTIHASH.fullmatch(text):
        return 2, bytes.fromhex(text)[2:22]
    return (1, _v1(text)) if re.fullmatch(r"[A-Za-z2-7]{32}", text) else None


def _v1(text: str) -> bytes:
    if len(text) != 32:
        return _hex(text, 20, "an infohash")
    from base64 import b32decode

    try:
        return b32decode(text.upper())
    except ValueError:
        raise UsageError(f"{quoted(text)} is not an infohash in base32") from None


def _magnet_salt(text: str) -> bytes:
    if not re.fullmatch(r"(?:[0-9a-fA-F]{2}){0,64}", text):
        raise UsageError(f"the s= of the magnet link, {quoted(text)}, is not a salt: at most 64 bytes in hex")
    return bytes.fromhex(text)
