"""Bookmarks: things that were given a name, to be found again in the command bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from textual.screen import Screen

from ..engine.wire.address import read_addr
from ..packets.parts import Link, LinkKind
from ..storage.memory import KINDS, Bookmark, Memory
from ..text.format import address
from ..text.safe import safe_text
from .notify import notify
from .undo import Done


class Selecting(Protocol):
    """A screen with a selection."""

    def here(self) -> Link | None:
        """A link to it."""

    def links(self) -> Sequence[Link]:
        """What it is about."""


def bookmark_of(screen: Selecting) -> Link | None:
    """What is selected, if that is a thing that lasts: not a packet, nor a lookup."""
    here = screen.here()
    links = [*([here] if here is not None else []), *screen.links()]
    return next((link for link in links if link.kind in KINDS), None)


def _kept(link: Link) -> Bookmark:
    value = link.value
    return Bookmark(
        link.kind, address(value) if isinstance(value, tuple) else value.hex() if isinstance(value, bytes) else ""
    )


def link_of(name: str, kept: Bookmark) -> Link | None:
    """Where a bookmark leads; `None` if it is unusable: the file may have been edited."""
    kinds: dict[str, LinkKind] = {kind: kind for kind in ("node", "target", "infohash", "address", "key")}
    label = safe_text(name, 60)
    if kept.kind == "address":
        try:
            return Link("address", read_addr(kept.value), label)
        except ValueError:
            return None
    return Link(kinds[kept.kind], bytes.fromhex(kept.value), label)


def toggle_bookmark(screen: Screen[Any], memory: Memory, link: Link, name: str = "") -> None:
    """Bookmarks a thing; without a name one that is bookmarked already is forgotten."""
    kept = _kept(link)
    known = next((each for each, thing in memory.bookmarks.items() if thing == kept), None)
    if known is not None:
        del memory.bookmarks[known]
    if known is not None and not name:
        forgotten, shown = known, safe_text(known, 60)

        async def undo() -> str:
            memory.bookmarks.setdefault(forgotten, kept)
            return f"The bookmark {shown} is there again."

        screen.app.post_message(Done(f"that the bookmark {shown} was forgotten", undo))
        notify(screen, f"The bookmark {shown} is forgotten.")
        return
    name = name or f"{link.kind} {kept.value[:21] if link.kind == 'address' else kept.value[:10]}"
    memory.name_thing(name, kept)
    notify(screen, f"Bookmarked as {safe_text(name, 60)}: open {safe_text(name, 60)} goes there.")
