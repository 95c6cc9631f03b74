"""What is told to users whose request makes no sense: one line, before any packet is sent; the program ends with 2."""

from __future__ import annotations

import os
from collections.abc import Iterable

from .text.safe import safe_text


class UsageError(ValueError):
    """A request that can't be carried out as it was put: what is wrong, and what is accepted."""


def quoted(text: str) -> str:
    """User text for a message: it may hold control characters, or bytes that are not UTF-8."""
    return f"'{safe_text(os.fsencode(text), 80)}'"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that a mistyped one is most like, if there is one."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name[:40].replace("_", "-"), list(known), n=1, cutoff=0.5)), None)
