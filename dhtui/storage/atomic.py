"""Files of ours: written so that a crash or a full disk costs nothing of what was there, read so that nothing hangs."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

LOCK_SECONDS = 5.0
"""How long a lock is waited for: whoever holds one is done within milliseconds, or stuck."""
LOCK_STEP = 0.02
STALE_SECONDS = 60.0
"""A temporary file older than this belongs to nobody any more: to write one takes no minute."""
LARGEST = 2**64
"""No number in a file of ours is as large as this, and none so small as its negative."""
_TEMPORARY = re.compile(r"\.(.+)\.[0-9a-f]{16}\.tmp", re.DOTALL)
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


def atomic_write(path: Path, data: bytes, *, private: bool = False) -> None:
    """Replace the content of `path` by `data`, wholly or not at all.

    The bytes go to a temporary file in the same folder, reach the disk, and are then renamed into place.
    `private` gives the file mode 0600, which it has before its first byte; otherwise the umask decides.
    Raises `OSError`; the file then holds all of the old content, or (the folder itself couldn't be flushed)
    all of the new, and the temporary file is gone. What a killed process left of one is removed.
    """
    sweep(path.parent, path.name)
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


def readers_of(path: Path) -> str:
    """Who can read a file besides its owner: "others", "the group", or "" for nobody. Never raises.

    A folder on the way that they can't enter keeps them out.
    """
    if os.name == "nt":
        return ""
    try:
        real = path.resolve()
        mode = real.stat().st_mode
        for folder in real.parents:
            # Who may not enter it (the x of the folder) can't read what is in it.
            mode &= ~0o044 | (folder.stat().st_mode & 0o011) << 2
    except (OSError, ValueError, RuntimeError):
        return ""
    return "others" if mode & 0o004 else "the group" if mode & 0o040 else ""


class LaterFormat(OSError):
    """A later version of dhtui wrote the file: it is no damaged one, and nothing may be written in its place."""

    def __init__(self) -> None:
        super().__init__(errno.EINVAL, "a later version of dhtui wrote it")


def check_version(found: object, ours: int) -> None:
    """Raises `LaterFormat` for the number of a later format, `ValueError` for what is not ours."""
    if type(found) is int and found > ours:
        raise LaterFormat
    if type(found) is not int or found != ours:
        raise ValueError(f"its version is not {ours}")


def sweep(folder: Path, name: str | None = None, age: float = STALE_SECONDS) -> None:
    """Remove the temporary files that killed processes left in a folder of ours: a private key may be in one.

    In a folder that others use, too, only those for the file `name`. Never raises.
    """
    with contextlib.suppress(OSError):
        old = time.time() - age
        for path in list(folder.iterdir()):
            found = _TEMPORARY.fullmatch(path.name)
            if found and (name is None or found[1] == name[:100]):
                with contextlib.suppress(OSError):
                    if path.lstat().st_mtime <= old:
                        path.unlink()


def read_regular(path: Path, limit: int) -> bytes:
    """What is in a file, of a longer one `limit` bytes and one more. Raises `OSError`.

    Only of a regular file: to open a FIFO would wait for ever, and so would reading a terminal.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(descriptor, "rb") as file:  # noqa: PTH123  (a descriptor has no path)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is not a file")
        return file.read(limit + 1)


def parse_json(data: bytes) -> Any:
    """JSON of a file of ours. Raises `ValueError`, also for what is nested too deep.

    A number that nothing can be done with (NaN, an infinity, one of hundreds of digits) is read as null: whoever
    needs it finds that it is missing, and the rest of the file stays of use.
    """
    try:
        return json.loads(data, parse_constant=lambda name: None, parse_float=_float, parse_int=_int)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _float(text: str) -> float | None:
    value = float(text)
    return value if abs(value) < LARGEST else None


def _int(text: str) -> int | None:
    value = int(text) if len(text) <= 20 else LARGEST
    return value if abs(value) < LARGEST else None


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
    """Make the folder `path`, which only its owner can enter, and those above it that are missing.

    One that exists is left as it is: it may be used by others, too. Raises `OSError`, also when `path` is something
    else than a folder.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


@contextlib.contextmanager
def locked(path: Path, patience: float = LOCK_SECONDS) -> Iterator[None]:
    """Wait for, and hold, the lock file `path`: for a file that is read, changed and written again.

    The lock ends with the process, however that ends. On a file system without locks, and on Windows, the last writer
    wins. Raises `OSError`, `TimeoutError` after `patience` seconds.
    """
    with open_lock(path) as descriptor:
        give_up = time.monotonic() + patience
        while not try_lock(descriptor):
            if time.monotonic() >= give_up:
                raise TimeoutError(errno.ETIMEDOUT, f"another program holds {path.name}")
            time.sleep(LOCK_STEP)
        yield


@contextlib.contextmanager
def open_lock(path: Path) -> Iterator[int]:
    """The descriptor of a lock file, made if missing. Raises `OSError`."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)  # a FIFO, opened to be read too, does not wait
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def try_lock(descriptor: int) -> bool:
    """Whether the lock is ours now, or there is none to be had. Raises `OSError`."""
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except ImportError:
        pass
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    return True


def _sync_folder(folder: Path) -> None:
    """Flush the rename itself. Windows cannot open folders."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
