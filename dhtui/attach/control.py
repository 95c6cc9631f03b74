"""The socket that a node listens at, for `Node(control=…)`."""

from __future__ import annotations

import asyncio
import socket
import stat
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..storage.atomic import open_lock, try_lock
from ..text.safe import safe_text
from . import place

if TYPE_CHECKING:
    from .hub import Hub, Served

BACKLOG = 16


class ControlError(OSError):
    """The socket can't be opened. The message is a clear sentence."""


class ControlSocket:
    """A unix socket at which other programs of the same user can attach to a node: ``dhtui --attach PATH``.

    They see what it does, and give it commands. The folder of the socket is created if missing (mode 0700); others must
    not be able to enter it. The socket has mode 0600, and the system's word on who connects is compared with our user.
    """

    def __init__(self, path: str | Path) -> None:
        """``~`` in `path` is the home folder. Nothing is opened before a node starts."""
        self.path = Path(path).expanduser()
        self._node: Served | None = None
        self._hub: Hub | None = None
        """Made for the first client: most nodes never have one, and it takes some MB."""
        self._server: asyncio.AbstractServer | None = None
        self._held = ExitStack()

    def __repr__(self) -> str:
        return f"ControlSocket({str(self.path)!r})"

    @property
    def attached(self) -> int:
        """How many programs are attached now."""
        return 0 if self._hub is None else len(self._hub)

    async def open(self, node: Served) -> None:
        """Listen. A socket that a dead process left is replaced, that of a living one never. Raises `ControlError`."""
        if self._node is not None:
            raise ControlError(f"The socket {safe_text(str(self.path))} is open already.")
        try:
            listener = self._bound()
        except (OSError, ValueError) as error:
            self._held.close()
            raise ControlError(self._why(error)) from None
        self._node = node
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(self._session, sock=listener, backlog=BACKLOG)

    def _session(self) -> asyncio.Protocol:
        """For the next client."""
        from .hub import Hub
        from .session import Session

        if self._hub is None:
            assert self._node is not None
            self._hub = Hub(self._node, _admits)
        return Session(self._hub)

    def _why(self, error: OSError | ValueError) -> str:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return f"Nobody can attach to this node: {safe_text(str(self.path))} can't be a socket ({why})."

    def _bound(self) -> socket.socket:
        path = self.path
        if not place.SUPPORTED:
            raise ValueError("this system has no unix sockets")
        if not place.fits(path):
            raise ValueError(f"its path has more than {place.LONGEST} bytes")
        place.check_folder(path.parent)
        # The lock goes to one process, however many find a dead socket at the same time.
        if not try_lock(self._held.enter_context(open_lock(path.with_name(f"{path.name}.lock")))) or _is_alive(path):
            raise ValueError("another node listens there")
        with suppress(FileNotFoundError):
            if not stat.S_ISSOCK(path.lstat().st_mode):
                raise ValueError("a file of that name is there, which is no socket")
            path.unlink()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(str(path))
            path.chmod(0o600)  # before it listens, nobody can connect
            self._held.callback(self._remove, path.lstat().st_ino)
        except BaseException:
            listener.close()
            raise
        return listener

    def _remove(self, inode: int) -> None:
        with suppress(OSError):
            if self.path.lstat().st_ino == inode:
                self.path.unlink()

    async def close(self) -> None:
        """Disconnect all attached programs, and remove the socket. A second time nothing happens."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        hub, self._hub = self._hub, None
        if hub is not None:
            await hub.close()
        self._node = None
        self._held.close()


def _is_alive(path: Path) -> bool:
    """Whether a process listens at a socket: on file systems without locks, nothing else tells."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except BlockingIOError:  # its backlog is full
            return True
        except OSError:
            return False
        return True


def _admits(transport: asyncio.Transport) -> bool:
    return place.is_ours(transport.get_extra_info("socket"))
