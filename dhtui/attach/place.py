"""Where the socket of a node is, and who may use it: its own user, by folder, by mode, and by peer credentials."""

from __future__ import annotations

import hashlib
import os
import socket
import stat
import struct
import sys
import tempfile
from pathlib import Path
from typing import Final

from ..storage.atomic import private_folder
from ..text.safe import safe_text

NAME: Final = "control.sock"
"""In the state folder."""
LONGEST: Final = 103 if sys.platform == "darwin" else 107
"""Most bytes of the path of a socket: `sun_path` without its end."""
_LOCAL_PEERCRED: Final = 1
_SOL_LOCAL: Final = 0

SUPPORTED: Final = hasattr(socket, "AF_UNIX") and os.name == "posix"


def own_uid() -> int:
    """The user id that this program acts as."""
    return os.geteuid() if SUPPORTED else -1


def fits(path: Path) -> bool:
    """Whether the system takes a path for a socket."""
    return len(os.fsencode(path)) <= LONGEST


def place_of(folder: Path) -> Path:
    """Where the socket of the node of a state folder is: in that; or where its path is too long, or others can enter
    it, in `runtime_folder` under a name made of it."""
    path = Path(os.path.abspath(folder)) / NAME  # noqa: PTH100  (it may be a link, which stays as it is)
    if fits(path) and _is_private(path.parent):
        return path
    name = f"{hashlib.sha256(os.fsencode(path)).hexdigest()[:24]}.sock"
    return runtime_folder() / name


def runtime_folder() -> Path:
    """A folder of the user's with a short path."""
    given = os.environ.get("XDG_RUNTIME_DIR", "")
    if given and fits(Path(given) / "dhtui" / ("x" * 29)):
        return Path(given) / "dhtui"
    return Path(tempfile.gettempdir()) / f"dhtui-{own_uid()}"


def _is_private(folder: Path) -> bool:
    """Whether a folder is our user's alone, or will be: it is made so."""
    try:
        status = folder.stat()
    except OSError:
        return True
    return status.st_uid == own_uid() and not stat.S_IMODE(status.st_mode) & 0o077


def check_folder(folder: Path) -> None:
    """Create the folder of a socket, or check that no other user can change what is in it. Raises `OSError`,
    `ValueError` with a clause."""
    private_folder(folder)
    status = folder.stat()
    name = safe_text(str(folder))
    if status.st_uid != own_uid():
        raise ValueError(f"the folder {name} belongs to another user")
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise ValueError(f"others can enter the folder {name}: chmod 700 it, or name another")


def check_socket(path: Path) -> None:
    """Check before connecting that a socket is our own user's. Raises `OSError`, `ValueError` with a clause."""
    status = path.stat()
    if not stat.S_ISSOCK(status.st_mode):
        raise ValueError("it is no socket")
    if status.st_uid != own_uid():
        raise ValueError("it belongs to another user")


def peer_of(sock: socket.socket) -> int | None:
    """The user id of who is at the other end of a unix socket; `None`: the system does not say. Raises `OSError`."""
    if hasattr(socket, "SO_PEERCRED"):
        size = struct.calcsize("3i")
        _, uid, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
        return int(uid)
    if sys.platform == "darwin" or "bsd" in sys.platform:
        # struct xucred: a version, the effective user id, groups.
        found = sock.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, 76)
        return int(struct.unpack_from("=II", found)[1])
    return None


def is_ours(sock: socket.socket) -> bool:
    """Whether the other end of a unix socket belongs to our user."""
    try:
        return peer_of(sock) == own_uid()
    except (OSError, struct.error):
        return False
