"""A node with a socket, in a thread, so that a test can attach the whole program to it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from dhtui import ControlSocket, Node, NodeConfig
from support.apart import PATIENCE

SOCKET = "run/node.sock"
"""Where it is, in the present folder."""


@contextmanager
def serving(bootstrap: tuple[str, ...]) -> Iterator[Node]:
    """A node that others can attach to, in a thread."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def do(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(PATIENCE)

    async def start() -> Node:
        config = NodeConfig(listen=("127.0.0.1", 0), bootstrap=bootstrap)
        node = await Node(config, control=ControlSocket(SOCKET)).start()
        await node.bootstrapped()
        return node

    node = do(start())
    try:
        yield node
    finally:
        do(node.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)
        loop.close()
