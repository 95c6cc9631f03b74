"""One run at a time uses the node's id and nodes: a lock on the state folder, which ends with the process."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from .atomic import open_lock, private_folder, sweep, try_lock

NAME = "lock"


class StateLock:
    """The state folder, held until `release`."""

    def __init__(self, held: ExitStack) -> None:
        self._held = held

    def release(self) -> None:
        """Let go."""
        self._held.close()


def hold(folder: Path) -> StateLock:
    """Hold the state folder, made if missing. Raises `OSError`, `BlockingIOError` where another run holds it.

    Where there are no locks (Windows, some network file systems), two runs may share an id.
    """
    with ExitStack() as stack:
        private_folder(folder)
        if not try_lock(stack.enter_context(open_lock(folder / NAME))):
            raise BlockingIOError
        for ours in (folder, folder / "keys", folder / "keys" / ".notes"):
            sweep(ours)
        return StateLock(stack.pop_all())


def take(folder: Path) -> tuple[StateLock | None, str]:
    """Hold the state folder, made if missing; or `None`, and a sentence about why not."""
    try:
        return hold(folder), ""
    except BlockingIOError:
        return None, f"another dhtui uses {folder}: this run takes an id of its own, and nothing is saved"
    except OSError as error:
        return None, f"cannot use the state folder {folder} ({error.strerror}): nothing is saved"
