"""Notes on a key: when it was made, and the last seq under each salt that it signed with.

They hold no secret. They are stored by public key, one small file each in ``.notes``, so they stay with a key through
renaming and encryption. Losing them loses no key: a damaged file is set aside.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any, NamedTuple

from ..engine.items import MAX_SALT, MAX_SEQ
from ..storage.atomic import atomic_write, check_version, locked, parse_json, private_folder, read_regular, set_aside

FOLDER = ".notes"
VERSION = 1
MAX_USES = 64
"""Most salts remembered of one key. Beyond this the one used longest ago is forgotten."""
MAX_BYTES = 65_536


class Use(NamedTuple):
    """The last put under one salt."""

    salt: bytes
    seq: int
    at: float
    """Seconds since 1970."""


class Notes(NamedTuple):
    """The notes on one key."""

    created: float | None = None
    """Seconds since 1970."""
    uses: tuple[Use, ...] = ()
    """One for each salt, the last used first."""

    def used(self, salt: bytes, seq: int, at: float) -> Notes:
        """The notes after a put. A seq never decreases: an older item that is put again does not count."""
        before = next((use.seq for use in self.uses if use.salt == salt), seq)
        others = tuple(use for use in self.uses if use.salt != salt)
        return self._replace(uses=(Use(salt, max(before, seq), at), *others)[:MAX_USES])


def load(folder: Path, public: bytes) -> Notes:
    """The notes on a key of the key folder; empty ones if there are none, or they are unreadable. Never raises."""
    try:
        return _read(folder, public)
    except OSError:
        return Notes()


def _read(folder: Path, public: bytes) -> Notes:
    """The same. Raises `OSError` for unreadable notes, which must not be overwritten."""
    path = _path(folder, public)
    try:
        return _decode(parse_json(read_regular(path, MAX_BYTES)))
    except FileNotFoundError:
        return Notes()
    except (ValueError, TypeError, KeyError):
        set_aside(path)
        return Notes()


def last_seq(folder: Path, public: bytes, salt: bytes) -> int | None:
    """The last noted seq under a salt; `None` if there is none. Never raises."""
    return next((use.seq for use in load(folder, public).uses if use.salt == salt), None)


def created(folder: Path, public: bytes, at: float) -> None:
    """Note when a key was made or imported, unless that is noted already. Raises `OSError`."""
    with _held(folder):
        before = _read(folder, public)
        if before.created is None:
            _save(folder, public, before._replace(created=at))


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
    """The notes in a file's JSON. Raises `LaterFormat`; `ValueError`, `TypeError` or `KeyError` for invalid content."""
    check_version(document["version"], VERSION)
    made = document["created"]
    uses = [Use(bytes.fromhex(use["salt"]), int(use["seq"]), float(use["at"])) for use in document["uses"]]
    if any(len(use.salt) > MAX_SALT or not 0 <= use.seq <= MAX_SEQ for use in uses):
        raise ValueError
    return Notes(None if made is None else float(made), tuple(uses[:MAX_USES]))
