"""Cases of conformance, in words: why one was not run or tells nothing, and what a node sent, safe to print."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ..safe import safe_text

SKIPPED: Final = {
    "second_address": "needs a second address",
    "ipv6": "needs IPv6",
    "network": "needs our network",
    "not_joined": "the node did not join our network",
    "own": "only for a node of one's own",
    "public": "needs public addresses",
    "too_long": "takes too long",
    "nothing_seen": "the node did nothing that shows it",
    "stopped": "the run was stopped",
}
"""Why a case was skipped, by the value of a `conform.outcomes.Why`."""

DOUBTS: Final = {
    "no_control": "it did not answer the control ping either",
    "dead": "the node answers nothing any more",
    "failed": "the case itself failed: {fault}",
}
"""Why a case tells nothing, by the value of a `conform.outcomes.Doubt`."""

_LONGEST: Final = 200
"""Characters of a value from the network."""


def why_words(why: str | None) -> str:
    """Why a case was skipped; empty if it was not."""
    return "" if why is None else SKIPPED[why]


def doubt_words(doubt: str, fault: str = "") -> str:
    """Why a case tells nothing; `fault` in words."""
    return DOUBTS[doubt].format(fault=fault)


def error_words(codes: Iterable[int], what: str) -> str:
    """The error that is expected to a query."""
    return f"an error {' or '.join(map(str, codes))} to {what}"


def error_shown(code: int | None, text: bytes) -> str:
    """An error that came, as a clause."""
    return f"error {code}" + (f" “{safe_text(text, 60)}”" if text else "")


def reply_shown(value: Any) -> str:
    """A reply that came, as a clause."""
    return f"a reply: {shown(value)}"


def shown(value: Any) -> str:
    """Any value from the network, as one short line."""
    return safe_text(_plain(value, 0), _LONGEST)


def _plain(value: Any, depth: int) -> str:
    if isinstance(value, bytes):
        if value.isascii() and value.decode().isprintable() and len(value) <= 40:
            return f'"{value.decode()}"'
        return f"{len(value)} bytes {value[:20].hex()}{'…' if len(value) > 20 else ''}"
    if depth > 3:
        return "…"
    if isinstance(value, list):
        return f"[{', '.join(_plain(each, depth + 1) for each in value[:8])}{', …' if len(value) > 8 else ''}]"
    if isinstance(value, dict):
        each = (f"{safe_text(key, 20)}: {_plain(part, depth + 1)}" for key, part in list(value.items())[:12])
        return f"{{{', '.join(each)}}}"
    return str(value) if isinstance(value, int | str) else "a number beyond 64 bits"
