"""Writing files so that a crash or a full disk never costs what was there before."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from itertools import count
from pathlib import Path


def atomic_write(path: Path, data: bytes, *, private: bool = False) -> None:
    """Replace the content of `path` by `data`, wholly or not at all.

    The bytes go to a temporary file in the same folder, reach the disk, and are then renamed into place.
    `private` gives the file mode 0600, which it has before its first byte; otherwise the umask decides.
    Raises `OSError`; the file then holds all of the old content, or (the folder itself couldn't be flushed)
    all of the new, and the temporary file is gone.
    """
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}.tmp")
    mode = 0o600 if private else 0o666
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(path.parent)


def write_new(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write a new file, whole or not at all, never over another one. `private` gives it mode 0600.

    Raises `FileExistsError`; `OSError`, and `ValueError` for a name that can be none: there is no file then.
    """
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # what is renamed over it is ours
    try:
        atomic_write(path, data, private=private)
    except OSError:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


def set_aside(path: Path) -> Path:
    """Rename a damaged file to the first free ``<name>.damaged-N`` (N from 1) and return that path.

    Raises `OSError` when it cannot be renamed.
    """
    for number in count(1):
        aside = path.with_name(f"{path.name}.damaged-{number}")
        try:
            # A rename overwrites what another process put there after a check. A claimed name is ours.
            os.close(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            continue
        break
    try:
        path.replace(aside)
    except OSError:
        aside.unlink()
        raise
    return aside


def private_folder(path: Path) -> None:
    """Make the folder `path`, and those above it that are missing; give it mode 0700 even if it exists.

    Meant for folders that are ours alone. Raises `OSError`, also when `path` is something else than a folder.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_mode & 0o777 != 0o700:
        path.chmod(0o700)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Wait for, and hold, the lock file `path`: for a file that is read, changed and written again.

    The lock ends with the process, however that ends. Raises `OSError`.
    """
    with path.open("ab") as file:
        with contextlib.suppress(ImportError):  # Windows has no flock; there the last writer wins
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sync_folder(folder: Path) -> None:
    """Flush the rename itself. Windows cannot open folders."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
