"""What is different between two values of an item: a unified diff of their lines, as text or as JSON."""

from __future__ import annotations

from difflib import unified_diff
from functools import lru_cache

from ...engine.wire.bencode import BencodeError, decode
from ...text.actions.lists import SAME_LINES, more_lines_words
from ...text.safe import safe_text
from ..value import view_lines

MAX_LINES = 60
"""Lines of one diff; what is more is counted."""
_LONGEST = 400
"""Characters of one line."""
_CONTEXT = 1
"""Lines that are the same, before and after those that differ."""


@lru_cache(maxsize=256)
def diff(before: bytes, now: bytes) -> tuple[str, ...]:
    """The lines that differ between two bencoded values, each with ``-``, ``+`` or a blank before it.

    Text is compared line by line, anything else as JSON, and what is neither in hex. At most `MAX_LINES` lines, safe
    to print. Never raises.
    """
    how = "text" if _is_text(before) and _is_text(now) else "json"
    old, new = (view_lines(how, v) for v in (before, now))
    lines = list(unified_diff(old, new, lineterm="", n=_CONTEXT))[3:]
    shown = [" …" if line.startswith("@@") else safe_text(line, _LONGEST) for line in lines]
    if not shown:
        return (SAME_LINES,)
    if len(shown) > MAX_LINES:
        return (*shown[: MAX_LINES - 1], more_lines_words(len(shown) - MAX_LINES + 1))
    return tuple(shown)


def _is_text(v: bytes) -> bool:
    try:
        value = decode(v)
        if isinstance(value, bytes):
            value.decode()
            return True
    except (BencodeError, UnicodeDecodeError):
        pass
    return False
