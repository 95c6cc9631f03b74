"""The list of kept items, in ``keep.json``: over restarts, and for several runs at a time.

The file is authoritative. A change takes its lock, reads it, changes it and writes the whole file.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from ...engine.lookup.decisions import StopReason
from ...storage.atomic import locked, private_folder
from ...text.actions.keeping import CheckNote, CheckWhy, check_words
from ...text.actions.lists import too_many_kept_words
from ..file import decode_item, encode_item
from ..list_file import ListFile
from .plan import Check, CheckVerdict, KeptItem

NAME, LOCK = "keep.json", "keep.lock"
VERSION = 1
MAX_KEPT = 500
MAX_NOTE = 200
_TOO_MANY = too_many_kept_words(MAX_KEPT)

Items: TypeAlias = dict[bytes, KeptItem]
"""By target, in the order in which they were added."""
Loaded: TypeAlias = tuple[Items, list[str]]


class KeepError(ValueError):
    """A change that can't be made. The message is one line."""


def load(folder: Path) -> Loaded:
    """The items, and sentences about unusable parts. Raises `OSError` if the list can't be read.

    A damaged file is set aside; so is one with single unusable items, and the usable ones are written back.
    """
    return _FILE.load(folder)


def check_room(folder: Path, target: bytes) -> None:
    """Raise `KeepError` if an item at a target can't be kept: there are too many, or the list can't be saved.

    Raises `OSError` if the list can't be read.
    """
    items, _ = load(folder)
    if target not in items and len(items) >= MAX_KEPT:
        raise KeepError(_TOO_MANY)
    nearest = next((path for path in (folder, *folder.absolute().parents) if path.exists()), folder)
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise KeepError(f"nothing can be saved in {folder}: {nearest} can't be written to")


def change(folder: Path, how: Callable[[Items], None]) -> Loaded:
    """Change the items in place, and save them. Returns the same as `load`. Raises `OSError`, `KeepError`."""
    private_folder(folder)
    with locked(folder / LOCK):
        items, warnings = _FILE.read(folder)
        how(items)
        if len(items) > MAX_KEPT:
            raise KeepError(_TOO_MANY)
        _FILE.write(folder, items)
    return items, warnings


def change_in_memory(items: Items, how: Callable[[Items], None], most: int = MAX_KEPT) -> None:
    """Change items that are in no file. Raises `KeepError` for more than `most`, and then changes nothing."""
    after = dict(items)
    how(after)
    if len(after) > most:
        raise KeepError(_TOO_MANY)
    items.clear()
    items.update(after)


def stamp(folder: Path) -> tuple[int, int]:
    """A value that changes whenever the file does."""
    try:
        status = (folder / NAME).stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_ino


def _encode(kept: KeptItem) -> dict[str, Any]:
    out = encode_item(kept.item) | {"added": kept.added, "due": kept.due, "put_at": kept.put_at, "paused": kept.paused}
    return out | {"last": None if kept.last is None else _encode_check(kept.last)}


def _encode_check(last: Check) -> dict[str, Any]:
    """With the words too, for earlier versions, which have nothing else."""
    return last._asdict() | {"note": check_words(last.note), "why": None if last.note is None else last.note._asdict()}


def _decode(entry: Any) -> KeptItem | None:
    """The item of an entry; `None` for an invalid one, or one that no node would store."""
    try:
        last, put_at = entry["last"], entry["put_at"]
        return KeptItem(
            item=decode_item(entry),
            added=float(entry["added"]),
            due=float(entry["due"]),
            put_at=None if put_at is None else float(put_at),
            paused=bool(entry["paused"]),
            last=None if last is None else _decode_check(last),
        )
    except (ValueError, TypeError, KeyError, OverflowError):
        return None


def _decode_check(last: Any) -> Check:
    return Check(
        at=float(last["at"]),
        verdict=CheckVerdict(last["verdict"]),
        copies=int(last["copies"]),
        stored=int(last["stored"]),
        tried=int(last["tried"]),
        note=_decode_note(last),
    )


def _decode_note(last: Any) -> CheckNote | None:
    told = last.get("why")
    if told is None:
        text = str(last["note"])[:MAX_NOTE]
        return CheckNote(CheckWhy.WRITTEN, text=text) if text else None
    return CheckNote(
        why=CheckWhy(told["why"]),
        number=int(told["number"]),
        asked=int(told["asked"]),
        stored=int(told["stored"]),
        writes=int(told["writes"]),
        stop=None if told["stop"] is None else StopReason(told["stop"]),
        text=str(told["text"])[:MAX_NOTE],
    )


_FILE: ListFile[KeptItem] = ListFile(
    name=NAME,
    lock=LOCK,
    version=VERSION,
    most=MAX_KEPT,
    whole="kept items",
    part="items",
    target=lambda kept: kept.target,
    encode=_encode,
    decode=_decode,
)
