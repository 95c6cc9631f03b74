"""Attaches to a node."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from ..engine.node import NodeError
from ..errors import Exit, Failure, quoted
from . import place
from .attached import AttachedNode
from .messages import OtherVersion, Watch
from .source import AttachedSource
from .wire import Wire

PATIENCE = 5.0
"""Seconds that a node has to say who it is, and how it is."""


@asynccontextmanager
async def attached(
    path: Path, level: Literal["status", "all"], *, patience: float = PATIENCE
) -> AsyncIterator[AttachedNode]:
    """The node that listens at a socket; `level` is what it is to tell unasked. It goes on when we disconnect.

    Raises `Failure`: `Exit.NO_ANSWER` where there is no node, or none that answers within `patience` seconds.
    """
    wire = Wire()
    try:
        try:
            async with asyncio.timeout(patience):
                await _connect(path, lambda: wire)
                hello = await wire.hello
                node = AttachedNode(wire, hello, AttachedSource(hello))
                wire.say(Watch(level))
                await node.ready()
        except TimeoutError:
            raise _none(path, f"what listens there does not answer within {patience:g} s") from None
        except OtherVersion as error:
            raise Failure(f"--attach {quoted(str(path))}: {error}: attach with the same version") from None
        except NodeError as error:
            code = Exit.FAILED if wire.turned_away else Exit.NO_ANSWER
            raise Failure(f"--attach {quoted(str(path))}: {error}", code) from None
        yield node
    finally:
        wire.close()


async def _connect(path: Path, protocol: Callable[[], Wire]) -> None:
    """Connect, if the socket is our own user's. Raises `Failure`."""
    if not place.SUPPORTED:
        raise Failure("--attach: this system has no unix sockets")
    if not place.fits(path):
        raise Failure(f"--attach {quoted(str(path))}: the path of a socket has at most {place.LONGEST} bytes")
    try:
        place.check_socket(path)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    except FileNotFoundError:
        raise _none(path, "no socket is there: the explorer and --wait open one") from None
    except (OSError, ValueError) as error:
        raise _none(path, getattr(error, "strerror", None) or str(error)) from None
    loop = asyncio.get_running_loop()
    try:
        sock.setblocking(False)
        await loop.sock_connect(sock, str(path))
        if not place.is_ours(sock):
            raise _none(path, "another user listens there")
        await loop.create_unix_connection(protocol, sock=sock)
    except ConnectionRefusedError:
        sock.close()
        raise _none(path, "the node that made that socket has ended") from None
    except OSError as error:
        sock.close()
        raise _none(path, error.strerror or str(error)) from None
    except BaseException:
        sock.close()
        raise


def _none(path: Path, why: str) -> Failure:
    return Failure(f"--attach {quoted(str(path))}: no node to attach to: {why}", Exit.NO_ANSWER)
