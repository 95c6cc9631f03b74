"""The state folder of a node, for `NodeConfig.state`."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from ..engine.settings import SavedState
from . import node_state
from .node_state import StateError
from .state_lock import StateLock, hold


class StateFolder:
    """The folder in which a node keeps its id, its address and the nodes that it knows, in ``node.json``.

    It is created if missing, private to its owner (mode 0700, the file 0600), written atomically, and used by one node
    at a time. It may be the state folder of the program, while that is not running.
    """

    def __init__(self, path: str | Path) -> None:
        """``~`` in `path` is the home folder. Nothing is read or written before a node starts."""
        self.path = Path(path).expanduser()
        self.warnings: tuple[str, ...] = ()
        """Sentences about unusable parts of the saved state: damaged files are set aside, single nodes left out."""
        self._before: SavedState | None = None
        self._lock: StateLock | None = None
        self._writing = Lock()

    def __repr__(self) -> str:
        return f"StateFolder({str(self.path)!r})"

    def open(self) -> SavedState | None:
        """Lock the folder and return the saved state; `None` the first time.

        Raises `StateError` if another node uses the folder, the folder can't be used, or its state can't be read, such
        as one of a later version.
        """
        try:
            lock = hold(self.path)
        except BlockingIOError:
            raise StateError(f"Another node uses the state folder {self.path}.") from None
        except OSError as error:
            raise StateError(f"Cannot use the state folder {self.path} ({error.strerror}).") from None
        try:
            self._before, warnings = node_state.load(self.path)
        except BaseException:
            lock.release()
            raise
        self._lock, self.warnings = lock, tuple(warnings)
        return self._before

    def save(self, state: SavedState, /) -> None:
        """Save the state. If it has no nodes, the previously saved ones are kept: they may be back later. Raises
        `OSError`."""
        with self._writing:
            if self._lock is not None:
                node_state.save(self.path, node_state.merged(self._before, state))

    def close(self) -> None:
        """Release the lock, so that another node may use the folder."""
        with self._writing:
            if self._lock is not None:
                self._lock.release()
                self._lock = None
