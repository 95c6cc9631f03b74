"""A node with a socket, in a thread, so that a test can attach the whole program to it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from dhtui import ControlSocket, Node, NodeConfig
from support.apart import PATIENCE


@contextmanager
def serving(bootstrap: tuple[str, ...]) -> Iterator[tuple[Node, str]]:
    """A node that others can attach to, in a thread, and the path of its socket: a short one."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def do(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(PATIENCE)

    async def start(path: str) -> Node:
        config = NodeConfig(listen=("127.0.0.1", 0), bootstrap=bootstrap)
        node = await Node(config, control=ControlSocket(path)).start()
        await node.bootstrapped()
        return node

    folder = TemporaryDirectory()
    path = f"{folder.name}/node.sock"
    node = do(start(path))
    try:
        yield node, path
    finally:
        folder.cleanup()
        do(node.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)
        loop.close()
