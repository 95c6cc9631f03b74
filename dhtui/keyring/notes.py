"""What is known about a key besides the key: when it was made, and the last seq under each salt it signed with.

Nothing here is secret. It is kept by public key, one small file each in ``.notes``, so it follows a key through
renaming and encryption. Losing it loses no key: a damaged file is set aside.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..engine.items import MAX_SALT, MAX_SEQ
from ..storage.atomic import atomic_write, check_version, locked, parse_json, private_folder, read_regular, set_aside

FOLDER = ".notes"
VERSION = 1
MAX_USES = 64
"""Salts remembered of one key; the one used longest ago goes first."""
MAX_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Use:
    """The last put under one salt."""

    salt: bytes
    seq: int
    at: float
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Notes:
    """What is known about one key."""

    created: float | None = None
    """Seconds since 1970."""
    uses: tuple[Use, ...] = ()
    """One for each salt, the latest first."""

    def used(self, salt: bytes, seq: int, at: float) -> Notes:
        """The same after a put. A seq never goes back: an older item put again does not count."""
        before = next((use.seq for use in self.uses if use.salt == salt), seq)
        others = tuple(use for use in self.uses if use.salt != salt)
        return replace(self, uses=(Use(salt, max(before, seq), at), *others)[:MAX_USES])


def load(folder: Path, public: bytes) -> Notes:
    """The notes on a key of the key folder; empty ones where there are none to be had. Never raises."""
    try:
        return _read(folder, public)
    except OSError:
        return Notes()


def _read(folder: Path, public: bytes) -> Notes:
    """The same. Raises `OSError` for those that can't be read, and must not be written over."""
    path = _path(folder, public)
    try:
        return _decode(parse_json(read_regular(path, MAX_BYTES)))
    except FileNotFoundError:
        return Notes()
    except (ValueError, TypeError, KeyError):
        set_aside(path)
        return Notes()


def last_seq(folder: Path, public: bytes, salt: bytes) -> int | None:
    """The last seq put under a salt, as far as noted. Never raises."""
    return next((use.seq for use in load(folder, public).uses if use.salt == salt), None)


def created(folder: Path, public: bytes, at: float) -> None:
    """Note when a key came, unless that is known. Raises `OSError`."""
    with _held(folder):
        before = _read(folder, public)
        if before.created is None:
            _save(folder, public, replace(before, created=at))


def used(folder: Path, public: bytes, salt: bytes, seq: int, at: float) -> None:
    """Note a put. Raises `OSError`."""
    with _held(folder):
        _save(folder, public, _read(folder, public).used(salt, seq, at))


def forget(folder: Path, public: bytes) -> None:
    """Remove the notes on a key. Raises `OSError`."""
    _path(folder, public).unlink(missing_ok=True)


def _held(folder: Path) -> contextlib.AbstractContextManager[None]:
    private_folder(folder / FOLDER)
    return locked(folder / FOLDER / "lock")


def _path(folder: Path, public: bytes) -> Path:
    return folder / FOLDER / f"{public.hex()}.json"


def _save(folder: Path, public: bytes, notes: Notes) -> None:
    document = {
        "version": VERSION,
        "created": notes.created,
        "uses": [{"salt": use.salt.hex(), "seq": use.seq, "at": use.at} for use in notes.uses],
    }
    atomic_write(_path(folder, public), json.dumps(document).encode() + b"\n", private=True)


def _decode(document: Any) -> Notes:
    """Raises `ValueError`, `TypeError` or `KeyError` for what we never wrote, `LaterFormat`."""
    check_version(document["version"], VERSION)
    made = document["created"]
    uses = [Use(bytes.fromhex(use["salt"]), int(use["seq"]), float(use["at"])) for use in document["uses"]]
    if any(len(use.salt) > MAX_SALT or not 0 <= use.seq <= MAX_SEQ for use in uses):
        raise ValueError
    return Notes(None if made is None else float(made), tuple(uses[:MAX_USES]))
