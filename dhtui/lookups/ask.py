"""What a user types to start a lookup, checked as it is typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..engine.items import mutable_target
from ..values import UsageError, public_key, salt, target
from ..words import short_id

Kind = Literal["find_node", "get_peers", "get"]
KINDS: tuple[Kind, ...] = ("find_node", "get_peers", "get")

_KEY_DIGITS = 64


@dataclass(frozen=True, slots=True)
class LookupRequest:
    """A lookup to start."""

    kind: Kind
    target: bytes
    """20 bytes."""
    salt: bytes
    """get: what the signature of a mutable item is checked with; else empty."""
    words: str
    """What is looked for; safe to print."""


def read_request(kind: Kind, text: str, salt_text: str, own: bytes) -> LookupRequest:
    """The lookup that the fields of the form ask for. Raises `UsageError`, which says what is accepted.

    `text` is 40 hex digits, ``self``, a magnet link, or 64 hex digits: the public key of a mutable item.
    """
    text = text.strip()
    if not text:
        raise UsageError("type 40 hex digits, a magnet link, a public key (64 hex digits), or self")
    given = salt(salt_text)
    if len(text) == _KEY_DIGITS and text[:7].lower() != "magnet:":
        return _of_key(kind, public_key(text), given)
    found = target(text)
    if found.public is not None:
        if given and given != found.salt:
            raise UsageError("the salt is not that of the magnet link: leave it empty")
        return _of_key(kind, found.public, found.salt)
    if given and kind != "get":
        raise UsageError(f"{kind} takes no salt: only items have one, choose get")
    wanted = own if found.id is None else found.id
    whose = "our own id" if found.id is None else short_id(wanted)
    return LookupRequest(kind, wanted, given, f"{_WHAT[kind]} {whose}")


_WHAT: dict[Kind, str] = {
    "find_node": "the nodes closest to",
    "get_peers": "peers of the infohash",
    "get": "the item at",
}


def _of_key(kind: Kind, public: bytes, given: bytes) -> LookupRequest:
    if kind == "get_peers":
        raise UsageError("a public key names an item, which has no peers: choose get")
    wanted = mutable_target(public, given)
    salted = f" and a salt of {len(given)} bytes" if given else ""
    what = "the item of the key" if kind == "get" else "the nodes that store the item of the key"
    return LookupRequest(kind, wanted, given if kind == "get" else b"", f"{what} {short_id(public)}{salted}")


def likely_kind(text: str) -> Kind | None:
    """What is most likely wanted of a target: peers of a torrent, the item of a key; `None` for a bare hash."""
    text = text.strip()
    lower = text.lower()
    if "urn:btih:" in lower:
        return "get_peers"
    if "urn:btpk:" in lower or len(text) == _KEY_DIGITS:
        return "get"
    return "find_node" if text == "self" else None
