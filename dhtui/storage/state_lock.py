"""A lock on the state folder, so that only one run uses the node's id and nodes. It ends with the process."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from .atomic import open_lock, private_folder, sweep, try_lock

NAME = "lock"


class StateLock:
    """The lock on the state folder, held until `release`."""

    def __init__(self, held: ExitStack) -> None:
        self._held = held

    def release(self) -> None:
        """Release the lock."""
        self._held.close()


def hold(folder: Path) -> StateLock:
    """Lock the state folder, created if missing. Raises `OSError`, `BlockingIOError` if another run holds the lock.

    Without file locks (Windows, some network file systems) two runs may share an id.
    """
    with ExitStack() as stack:
        private_folder(folder)
        if not try_lock(stack.enter_context(open_lock(folder / NAME))):
            raise BlockingIOError
        for ours in (folder, folder / "keys", folder / "keys" / ".notes"):
            sweep(ours)
        return StateLock(stack.pop_all())


def take(folder: Path) -> tuple[StateLock | None, str]:
    """Lock the state folder, created if missing. Returns the lock; or `None`, and a sentence why not."""
    try:
        return hold(folder), ""
    except BlockingIOError:
        return None, f"another dhtui uses {folder}: this run takes an id of its own, and nothing is saved"
    except OSError as error:
        return None, f"cannot use the state folder {folder} ({error.strerror}): nothing is saved"
