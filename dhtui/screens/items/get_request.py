"""What the get form asks for, checked as it is typed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ...engine.items import mutable_target
from ...errors import UsageError, quoted
from ...keyring import Entry
from ...options.values import interval, item, salt, target
from ...packets.fields import text_or_hex
from ...text.format import short_id
from ...text.safe import safe_text

ACCEPTED = "a target (40 hex digits), a public key (64, or z-base-32), the name of a key, or a magnet link"

_LINK = re.compile("magnet:|urn:", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class GetRequest:
    """An item to fetch."""

    target: bytes
    """20 bytes."""
    public: bytes | None
    """Whose item it is, if that is known."""
    salt: bytes
    """What the signature of a mutable item is checked with."""
    every: float | None
    """Seconds between two looks, if it is to be watched."""
    words: str
    """What is fetched; safe to print."""


def read_get(text: str, salt_text: str, every_text: str, entries: Sequence[Entry]) -> GetRequest:
    """The get that the fields ask for. Raises `UsageError`, which says what is accepted."""
    text, given = text.strip(), salt(salt_text)
    if not text:
        raise UsageError(f"type {ACCEPTED}")
    every = interval(every_text.strip()) if every_text.strip() else None
    named = next((entry for entry in entries if entry.name == text and entry.public is not None), None)
    if named is not None and named.public is not None:
        return _mutable(named.public, given, every, f"the item of your key {safe_text(named.name, 40)}")
    try:
        named_so = target(text)
    except UsageError:
        if len(text) in (52, 64) or _LINK.match(text):
            raise  # it was meant for one, and says what is wrong with it
        raise UsageError(f"{quoted(text)} is neither {ACCEPTED}") from None
    found = item(named_so, given)
    if found.public is not None:
        return _mutable(found.public, found.salt, every, f"the item of the key {short_id(found.public)}")
    assert found.id is not None
    salted = f", mutable with the salt {text_or_hex(given)}" if given else ", immutable, or mutable without a salt"
    words = f"the item at {short_id(found.id)}{salted}"
    return GetRequest(target=found.id, public=None, salt=given, every=every, words=words)


def _mutable(public: bytes, salted: bytes, every: float | None, words: str) -> GetRequest:
    with_salt = f" with the salt {text_or_hex(salted)}" if salted else " without a salt"
    wanted = mutable_target(public, salted)
    return GetRequest(target=wanted, public=public, salt=salted, every=every, words=words + with_salt)
