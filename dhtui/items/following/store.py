"""The watched items, in ``watch.json`` beside the kept ones: over restarts, with the values that were seen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from ...engine.items import check_salt, mutable_target
from ...storage.atomic import locked, private_folder
from ..file import decode_item, encode_item
from ..list_file import ListFile
from .record import LOOKS, VERSIONS, By, Followed, Look, Version, Watch

NAME, LOCK = "watch.json", "watch.lock"
VERSION = 1
MAX_WATCHED = 32
LEAST, MOST = 1.0, 1e9
"""Shortest and longest interval that a file may ask for, seconds."""

Records: TypeAlias = dict[bytes, Followed]
"""By target, in the order in which they were added."""


def load(folder: Path) -> tuple[Records, list[str]]:
    """The watched items, and sentences about unusable parts. Raises `OSError` if the list can't be read.

    A damaged file is set aside; so is one with single unusable items.
    """
    return _FILE.load(folder)


def change(folder: Path, changes: Mapping[bytes, Followed | None]) -> list[str]:
    """Replace the items at these targets; `None` removes one. Returns sentences as `load` does. Raises `OSError`."""
    private_folder(folder)
    with locked(folder / LOCK):
        records, warnings = _FILE.read(folder)
        for target, record in changes.items():
            if record is None:
                records.pop(target, None)
            else:
                records[target] = record
        kept = list(records.items())[:MAX_WATCHED]
        _FILE.write(folder, {target: record for target, record in kept if record.watch})
    return warnings


def _encode(record: Followed) -> dict[str, Any]:
    assert record.watch is not None, "what is not watched is in no file"
    return {
        "target": record.target.hex(),
        "k": None if record.public is None else record.public.hex(),
        "salt": record.salt.hex(),
        "every": record.watch.every,
        "due": record.watch.due,
        "unseen": record.unseen,
        "gone": record.given is None,
        "looks": [[look.at, look.copies] for look in record.looks],
        "versions": [{"at": one.at, "by": one.by.value} | encode_item(one.item) for one in record.versions],
    }


def _decode(entry: Any) -> Followed | None:
    """The item of an entry; `None` for an invalid one."""
    try:
        target, salt = bytes.fromhex(entry["target"]), bytes.fromhex(entry["salt"])
        public = None if entry["k"] is None else bytes.fromhex(entry["k"])
        check_salt(salt)
        if len(target) != 20 or (public is not None and mutable_target(public, salt) != target):
            return None
        every = float(entry["every"])
        versions = tuple(_version(one, target) for one in entry["versions"][-VERSIONS:])
        if not LEAST <= every <= MOST:
            return None
        return Followed(
            target=target,
            public=public,
            salt=salt,
            watch=Watch(every, float(entry["due"])),
            looks=tuple(_look(one) for one in entry["looks"][-LOOKS:]),
            versions=versions,
            given=versions[-1].item if versions and not entry["gone"] else None,
            unseen=max(0, int(entry["unseen"])),
        )
    except (ValueError, TypeError, KeyError, OverflowError):
        return None


def _look(entry: Any) -> Look:
    at, copies = entry
    return Look(float(at), None if copies is None else max(0, int(copies)))


def _version(entry: Any, target: bytes) -> Version:
    item = decode_item(entry)
    if item.target != target:
        raise ValueError
    return Version(float(entry["at"]), item, By(entry["by"]))


_FILE: ListFile[Followed] = ListFile(
    name=NAME,
    lock=LOCK,
    version=VERSION,
    most=MAX_WATCHED,
    whole="watched items",
    part="watched items",
    target=lambda record: record.target,
    encode=_encode,
    decode=_decode,
)
