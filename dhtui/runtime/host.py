"""Keeps one node running inside the app's event loop, and swaps it for another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from ..engine.node import Node
from ..items.keepalive import Keeper
from ..keyring import Keyring, Vault

NodeFactory = Callable[[], AbstractAsyncContextManager[Node]]
"""Makes a node that starts on entering and closes on leaving."""


class NodeHost:
    """Enters and leaves a node's context in one task, as asyncio wants it, whoever calls `start` and `stop`."""

    def __init__(self) -> None:
        self.node: Node | None = None
        self.label = ""
        """Where the node is: "" for the network it was made for."""
        self.state: tuple[str, bool] = ("starting", False)
        """What goes on while there is no node, in words, and whether that is a failure."""
        self.keys_folder: Path | None = None
        """Where the user's keys are kept; `None`: nowhere, as in a recording."""
        self.vault = Vault()
        """The keys that were unlocked since the program started: a passphrase is asked for once."""
        self.keeper: Keeper | None = None
        """The items that this node keeps alive; `None` without a node, on a testnet and in a recording."""
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def keyring(self) -> Keyring | None:
        """The user's keys; `None` where there are none to be had."""
        return None if self.keys_folder is None else Keyring(self.keys_folder, self.vault)

    async def start(self, factory: NodeFactory, seen: Callable[[Node], None]) -> None:
        """Starts a node, and hands it to `seen` before it sends anything.

        Raises what its start raises, such as `OSError` for a port in use.
        """
        assert self._task is None, "one node at a time"
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._stop.clear()
        self._task = asyncio.create_task(self._run(factory, seen, ready))
        try:
            await ready
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Closes the node, if there is one, and waits for it; one that only starts is given up."""
        task, self._task = self._task, None
        node, self.node = self.node, None
        if task is None:
            return
        self._stop.set()
        if node is None:
            task.cancel()
            await asyncio.wait([task])
        else:
            await task

    async def _run(self, factory: NodeFactory, seen: Callable[[Node], None], ready: asyncio.Future[None]) -> None:
        try:
            async with factory() as node:
                if not ready.cancelled():
                    self.node = node
                    seen(node)
                    ready.set_result(None)
                await self._stop.wait()
        except asyncio.CancelledError:
            ready.cancel()
            raise
        except Exception as problem:
            if ready.done():
                raise
            ready.set_exception(problem)
