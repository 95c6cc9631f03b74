"""Which files are the program's own, so that nothing else is ever written in their place, there or not yet there."""

from __future__ import annotations

import os
from pathlib import Path

NAMES = ("node.json", "lock", "keep.json", "keep.lock", "control.sock", "control.sock.lock")
"""In the state folder."""
KEYS = "keys"
"""The folder in it, all of which is the keyring's."""


def is_owned(path: Path, folder: Path) -> bool:
    """Whether a path leads, by whatever way, to a file of the state `folder` or of its keyring. Never raises."""
    real = Path(os.path.realpath(path))
    if any(_same(place, folder / KEYS) for place in (real, *real.parents)):
        return True
    return real.name.casefold() in NAMES and _same(real.parent, folder)


def _same(one: Path, other: Path) -> bool:
    """Whether two paths name one folder, which need not exist."""
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return os.path.realpath(one) == os.path.realpath(other)
