"""Saves id and nodes while a node runs: a kill or a power cut leaves no time to do it at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from ..engine.node import Node

FIRST_SECONDS = 30.0
"""From the first save, at the end of the bootstrap, to the second: by then the survey is over."""
EVERY_SECONDS = 300.0


class Saver:
    """Saves the state of a node, every few minutes and on demand."""

    def __init__(self, node: Node, keep: Callable[[Node], str], warn: Callable[[str], None]) -> None:
        """`keep` saves it, and returns why it could not; `warn` is told that once."""
        self._node, self._keep, self._warn = node, keep, warn
        self._told = ""

    def now(self) -> None:
        """Save."""
        problem = self._keep(self._node)
        if problem and problem != self._told:
            self._warn(problem)
        self._told = problem

    async def run(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Save once the network is reached, and from then on every few minutes."""
        await self._node.bootstrapped()
        self.now()
        await sleep(FIRST_SECONDS)
        while True:
            self.now()
            await sleep(EVERY_SECONDS)
