"""What is read from a file that a flag names. A fault is said once, with the flag, in one place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from ..errors import Exit, Failure, UsageError, quoted
from ..storage.named_file import Overdue, open_named


def input_bytes(flag: str, path: Path, limit: int, patience: float | None) -> bytes:
    """The first `limit` + 1 bytes of a file, ``-`` for standard input.

    `patience`: seconds to wait for a pipe, those of --deadline; `None`: no end. Raises `UsageError` if it can't be
    read, `Failure` if it stays silent for too long.
    """
    return _read(flag, path, patience, lambda file: file.read(limit + 1))


def input_line(flag: str, path: Path, limit: int, patience: float | None) -> bytes:
    """The first line, at most `limit` bytes of it. Otherwise the same as `input_bytes`."""
    return _read(flag, path, patience, lambda file: file.readline(limit))


def _read(flag: str, path: Path, patience: float | None, read: Callable[[BinaryIO], bytes]) -> bytes:
    try:
        with open_named(path, patience) as file:
            return read(file)
    except Overdue as error:
        raise Failure(f"{flag}: {quoted(str(path))}: {error.strerror} (--deadline)", Exit.DEADLINE) from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        raise UsageError(f"{flag}: cannot read {quoted(str(path))}: {getattr(error, 'strerror', error)}") from None
