"""One DNS record as a file has it, and what is wrong with a file."""

from __future__ import annotations

from typing import NamedTuple

from ...text.safe import safe_text

MAX_BYTES = 8 << 20
"""Of a file: 10,000 keys with 800 bytes each."""
MAX_KEYS = 10_000
MAX_TTL = 2**31 - 1
"""Seconds (RFC 2181)."""
TTL = 3600
"""Seconds, where a file has none."""


class RecordsError(ValueError):
    """A file of records that makes no sense. The message is one line, safe to print, with the place."""


class Row(NamedTuple):
    """A record."""

    place: str
    """Where it stands, for a message."""
    key: str
    """The name of a key, or its public half in z-base-32."""
    name: str
    """Relative to the key; ``@`` is the key itself."""
    ttl: int
    """Seconds."""
    type: str
    data: str
    """As in a zone file; names in it are relative to the key."""


def wrong(place: str, why: str) -> RecordsError:
    """The error of a place."""
    return RecordsError(f"{place}: {safe_text(why, 200)}")
