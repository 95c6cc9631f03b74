"""What headless actions print, and the line of a kept item, which several of them print."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..engine.items import MutableItem

if TYPE_CHECKING:
    from ..items.keepalive import KeptItem


@dataclass(slots=True)
class Lines:
    """What to print where."""

    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    """Sentences."""
    raw: bytes = b""
    """What goes to standard output as it is."""
    failure: str = ""
    """Why it did not succeed, a sentence; empty where it did, or `err` says so."""


def kept_line(kept: KeptItem) -> str:
    """A kept item, and what came of the last look at it."""
    from ..text.actions.keeping import check_words  # here, for most actions keep nothing

    item, last = kept.item, kept.last
    kind = f"seq {item.seq}" if isinstance(item, MutableItem) else "immutable"
    if last is None:
        return f"{kept.target.hex()}  {kind:<10}  not looked after yet"
    put = f", stored on {last.stored} of {last.tried}" if last.tried else ""
    note = f"; {check_words(last.note)}" if last.note else ""
    return f"{kept.target.hex()}  {kind:<10}  {last.verdict}: {last.copies} copies seen{put}{note}"
