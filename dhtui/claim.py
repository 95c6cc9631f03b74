"""One run at a time uses the node's id and nodes: a lock on the state folder, which ends with the process."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import IO

from .files import private_folder

NAME = "lock"


class Claim:
    """The state folder, held until `release`."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def release(self) -> None:
        """Let go."""
        self._file.close()


def take(folder: Path) -> tuple[Claim | None, str]:
    """Hold the state folder, made if missing; or `None`, and a sentence about why not."""
    try:
        private_folder(folder)
        file = (folder / NAME).open("ab")
    except OSError as error:
        return None, f"cannot use the state folder {folder} ({error.strerror}): nothing is saved"
    try:
        with suppress(ImportError):  # Windows has no flock; there two runs may share an id
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None, f"another dhtui uses {folder}: this run takes an id of its own, and nothing is saved"
    return Claim(file), ""
