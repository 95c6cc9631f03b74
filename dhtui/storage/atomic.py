"""Files of the program: a crash or a full disk loses no old content, and reading never blocks."""

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
"""Seconds to wait for a lock: a working holder releases it within milliseconds."""
LOCK_STEP = 0.02
STALE_SECONDS = 60.0
"""Seconds after which a temporary file counts as abandoned: writing one takes less than a minute."""
LARGEST = 2**64
"""Bound of the absolute value of numbers in the program's files."""
_TEMPORARY = re.compile(r"\.(.+)\.[0-9a-f]{16}\.tmp", re.DOTALL)
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


def atomic_write(path: Path, data: bytes, *, private: bool = False) -> None:
    """Replace the content of `path` by `data`, wholly or not at all.

    The bytes go to a temporary file in the same folder, reach the disk, and are then renamed into place.
    `private` gives the file mode 0600, which it has before its first byte; otherwise the umask decides.
    Raises `OSError`; the file then holds all of the old content, or (the folder itself couldn't be flushed)
    all of the new, and the temporary file is removed. Temporary files of killed processes are removed too.
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
    """Who can read a file besides its owner: "others", "the group", or "" for no one. Never raises.

    A parent folder that they can't enter prevents that.
    """
    if os.name == "nt":
        return ""
    try:
        real = path.resolve()
        mode = real.stat().st_mode
        for folder in real.parents:
            # Without the x bit of a folder its files can't be read.
            mode &= ~0o044 | (folder.stat().st_mode & 0o011) << 2
    except (OSError, ValueError, RuntimeError):
        return ""
    return "others" if mode & 0o004 else "the group" if mode & 0o040 else ""


class LaterFormat(OSError):
    """A later version of dhtui wrote the file. It is not damaged, and must not be overwritten."""

    def __init__(self) -> None:
        super().__init__(errno.EINVAL, "a later version of dhtui wrote it")


def check_version(found: object, ours: int) -> None:
    """Raises `LaterFormat` for the number of a later format, `ValueError` for any other value."""
    if type(found) is int and found > ours:
        raise LaterFormat
    if type(found) is not int or found != ours:
        raise ValueError(f"its version is not {ours}")


def sweep(folder: Path, name: str | None = None, age: float = STALE_SECONDS) -> None:
    """Remove temporary files of killed processes from a folder of the program: they may hold a private key.

    With `name`, only those for that file: other programs may use the folder, too. Never raises.
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
    """The first `limit` + 1 bytes of a regular file. Raises `OSError`.

    Other files are refused: opening a FIFO, or reading a terminal, could block without end.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(descriptor, "rb") as file:  # noqa: PTH123  (a descriptor has no path)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is not a file")
        return file.read(limit + 1)


def parse_json(data: bytes) -> Any:
    """Parse JSON of a file of the program. Raises `ValueError`, also for too deep nesting.

    An unusable number (NaN, an infinity, one of hundreds of digits) is read as null: its field counts as missing, and
    the rest of the file is usable.
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
    """Write a new file, completely or not at all, never over an existing one. `private` gives it mode 0600.

    Raises `FileExistsError`; `OSError`; `ValueError` for an invalid name. Then no file is written.
    """
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # the rename overwrites only this one
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
            # A rename could overwrite a file that another process made after a check. So the name is claimed first.
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
    """Create the folder `path`, which only its owner can enter, and missing parent folders.

    The mode of an existing one is not changed: others may use it, too. Raises `OSError`, also if `path` is no folder.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


@contextlib.contextmanager
def locked(path: Path, patience: float = LOCK_SECONDS) -> Iterator[None]:
    """Wait for, and hold, the lock file `path`: for a file that is read, changed and written again.

    The lock ends with the process, even if it is killed. On a file system without locks, and on Windows, the last
    writer wins. Raises `OSError`, `TimeoutError` after `patience` seconds.
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
    """The descriptor of a lock file, created if missing. Raises `OSError`."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)  # a FIFO that is opened for reading too does not block
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def try_lock(descriptor: int) -> bool:
    """Whether the lock was taken, or the system has no locks. Raises `OSError`."""
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
