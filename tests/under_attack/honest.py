"""The honest part of the network: nodes at public addresses, and the program as its user runs it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from inspect import isawaitable
from pathlib import Path
from random import Random
from typing import Any

from support.apart import PATIENCE, ROOT

from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig, Settings
from dhtui.engine.wire.compact import Addr
from dhtui.engine.wire.ids import bep42_id

FRIENDS = 30
PORT = 6881
PROGRAM: Addr = ("93.184.216.34", PORT)
"""Where the program under attack listens."""
STRANGER: Addr = ("150.10.20.30", PORT)
TRIES = 5
"""A packet may be lost, and a machine slow; a ban outlasts all tries."""


def text(addr: Addr) -> str:
    """As flags take it."""
    return "%s:%d" % addr


def friend(addr: Addr, rng: Random, bootstrap: Sequence[Addr] = ()) -> Node:
    """A node whose id fits its address, and which answers from its first moment."""
    settings = Settings(id=bep42_id(addr[0], rng), read_only=False, query_timeout=1.0, maintain=False)
    return Node(NodeConfig(listen=addr, bootstrap=tuple(map(text, bootstrap)), settings=settings))


@asynccontextmanager
async def friends(rng: Random) -> AsyncIterator[list[Node]]:
    """Thirty nodes of different networks that know each other. The first three serve as bootstrap hosts."""
    # From 60/8 on, for libtorrent ignores some networks below that, which were not in use once.
    addrs = [(f"{60 + i}.{100 + i}.7.5", PORT) for i in range(FRIENDS)]
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(friend(addr, rng, addrs[:3])) for addr in addrs]
        await asyncio.gather(*(node.bootstrapped() for node in nodes))
        # The early ones met few others.
        await asyncio.gather(*(node.find_node(node.id) for node in nodes))
        yield nodes


@asynccontextmanager
async def stranger(addr: Addr = STRANGER) -> AsyncIterator[Node]:
    """A node that nobody knows. A query of such a one tells the program that it can be reached."""
    async with friend(addr, Random(addr[0])) as node:
        yield node


async def answers(node: Node, addr: Addr = PROGRAM) -> bool:
    """Whether the one at `addr` answers a ping of `node`."""
    for _ in range(TRIES):
        if (await node.ping([addr])).answered:
            return True
    return False


async def served(nodes: Sequence[Node], addr: Addr = PROGRAM) -> int:
    """How many nodes are answered."""
    return sum(await asyncio.gather(*(answers(node, addr) for node in nodes)))


async def until(happened: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """Whether something has happened, or what is awaited has come true, within some seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                result = happened()
                if await result if isawaitable(result) else result:
                    return True
                await asyncio.sleep(0.05)
    return False


class Program:
    """A run of the program. What it prints is read as it comes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.lines: list[dict[str, Any]] = []
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.lines.append(json.loads(line))

    @property
    def results(self) -> list[dict[str, Any]]:
        """The results so far."""
        return [line for line in self.lines if line["type"] == "result"]

    def seq(self) -> int | None:
        """The seq of the item that it found last, unless it has found none since."""
        item = self.results[-1]["item"] if self.results else None
        return item["seq"] if item else None

    async def ended(self) -> None:
        """Return once it has ended by itself."""
        await asyncio.wait_for(self._reading, 2 * PATIENCE)
        await self._process.wait()

    async def stop(self) -> None:
        """Ask it to end, as a user does with Ctrl+C, and see to it that it does."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)
        try:
            await self.ended()
        except TimeoutError:
            self._process.kill()
            raise


@asynccontextmanager
async def program(folder: Path, *flags: str, listen: Addr = PROGRAM) -> AsyncIterator[Program]:
    """The program, with its files in `folder`, made if missing; what it says to people goes there too."""
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240
    with (folder / "stderr.txt").open("ab") as notes:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "dhtui", "--json", "--listen", text(listen), "--state-dir", str(folder), *flags),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=notes,
            limit=1 << 20,
            cwd=ROOT,
            env={**os.environ, "HOME": str(folder)},
        )
    running = Program(process)
    try:
        yield running
    finally:
        await running.stop()
