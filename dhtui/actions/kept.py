"""The items that are kept alive: listed, paused, resumed, let go, while no node is needed for that."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

from ..errors import Exit, Failure, UsageError
from ..items.keepalive import KeptItem
from ..items.keepalive.plan import paused
from ..items.keepalive.store import Items, change, load
from ..text.actions.notices import nothing_kept_words
from .request import ChangeKept, ListKept


class KeptList(NamedTuple):
    """KeptList items, as they are now, or as they were until they were let go."""

    action: str
    items: tuple[KeptItem, ...]
    warnings: tuple[str, ...] = ()
    """What of the list could not be used, sentences."""

    @property
    def exit(self) -> Exit:
        """A list of which not all can be used is no success."""
        return Exit.FAILED if self.warnings else Exit.OK


def list_kept(request: ListKept) -> KeptList:
    """All kept items, in the order in which they came. Raises `Failure`."""
    items, warnings = _load(request.state)
    return KeptList(request.action, tuple(items.values()), tuple(warnings))


def change_kept(request: ChangeKept) -> KeptList:
    """Pause one, resume it or let it go. Raises `Failure`, with `Exit.NOT_FOUND` where it is not kept, and
    `UsageError` where it has another salt than the one given."""
    target, missing = request.target, nothing_kept_words(request.target)
    before, _ = _load(request.state)
    if target not in before:
        raise Failure(missing, Exit.NOT_FOUND)
    if request.salt and request.salt != getattr(before[target].item, "salt", b""):
        raise UsageError(f"--salt is not that of the item kept at {target.hex()}: leave it out")

    def how(items: Items) -> None:
        if request.action == "unkeep":
            items.pop(target, None)
        elif kept := items.get(target):
            items[target] = paused(kept, request.action == "pause", time.time())

    try:
        after, warnings = change(request.state, how)
    except OSError as error:
        raise Failure(f"the kept items can't be saved in {request.state}: {error.strerror or error}") from None
    return KeptList(request.action, (after.get(target, before[target]),), tuple(warnings))


def _load(folder: Path) -> tuple[Items, list[str]]:
    try:
        return load(folder)
    except OSError as error:
        raise Failure(f"the list of kept items in {folder} can't be read: {error.strerror or error}") from None
