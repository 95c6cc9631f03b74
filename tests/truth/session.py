"""A session of the explorer among scripted nodes, and what its screens say, read as text."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from screens.stage import LARGE, Stage
from support.apart import PATIENCE

from dhtui.app import Explorer
from dhtui.engine import clock
from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig, Settings
from dhtui.engine.views.events import Event, LookupFinished, PacketReceived, PacketSent, QueryFinished
from dhtui.runtime.host import Nodes
from dhtui.screens.base import ExplorerScreen

from .wire import Addr, Seen, Wire

SLACK = 0.002
"""Seconds: that the two clocks which a stamp of the system is told by are read one after the other may cost 1 ms."""
HARD = 5.0
"""Seconds: longer than any query waits."""
TURNS = 10
"""Of the event loop: more than a task of the node needs to get from one wait to the next."""


@dataclass
class Shift:
    """How far the script has moved the clock on, seconds."""

    by: float = 0.0


@dataclass
class Heard:
    """What the node has told: only used to wait for, never to compare with."""

    received: int = 0
    sent: int = 0
    ended: set[bytes] = field(default_factory=set)
    lookups: int = 0

    def hear(self, event: Event) -> None:
        """Count it."""
        if isinstance(event, PacketReceived):
            self.received += 1
        elif isinstance(event, PacketSent):
            self.sent += 1
        elif isinstance(event, QueryFinished):
            self.ended.add(event.tid)
        elif isinstance(event, LookupFinished):
            self.lookups += 1


@dataclass
class Faults:
    """Where the system will not send to, and how often that was wanted."""

    at: dict[Addr, OSError] = field(default_factory=dict)
    met: int = 0


@dataclass
class Session:
    """A running explorer and its node, whose clock the script can move on."""

    wire: Wire
    node: Node
    stage: Stage
    heard: Heard
    shift: Shift
    faults: Faults

    @property
    def us(self) -> Addr:
        """Where the node under test is."""
        return self.node.address

    async def until(self, happened: Callable[[], bool]) -> None:
        """Wait for what the network brings about."""
        await self.stage.until(happened)

    async def quiet(self) -> None:
        """All that was sent either way has arrived, and no query waits for anything any more."""
        await self.read()
        while self.node.snapshot().queries:
            await self.advance(HARD)
            await self.read()

    async def read(self) -> None:
        """All that was sent so far, by either side, has been read, and so has what came of that."""

        def at_rest() -> bool:
            seen = self.wire.seen()
            came = sum(one.way == "to us" for one in seen)
            return self.heard.received == came and self.heard.sent == len(seen) - came

        await self.turns()
        await self.until(at_rest)
        await self.turns()

    async def turns(self) -> None:
        """Tasks that were begun have come to their first wait, those whose wait is over to the next one."""
        for _ in range(TURNS):
            await asyncio.sleep(0)

    async def advance(self, seconds: float) -> None:
        """Time passes, and what is due is done. No datagram is under way meanwhile: of that, what the wall clock says
        of when it came would be of no use."""
        await self.read()
        self.shift.by += seconds
        self.node._sides.first.tick()

    async def ended(self, queries: list[Seen]) -> None:
        """The node has given these queries up, or they were answered."""
        await self.until(lambda: {one.tid for one in queries} <= self.heard.ended)

    async def text(self, screen: str, size: tuple[int, int] = LARGE) -> str:
        """What stands on a screen."""
        if size != tuple(self.stage.app.size):
            await self.stage.pilot.resize_terminal(*size)
        await self.stage.app.action_show(screen)
        await self.stage.settle()
        assert isinstance(self.stage.app.screen, ExplorerScreen)
        return self.stage.text()


@asynccontextmanager
async def session(
    monkeypatch: pytest.MonkeyPatch,
    wire: Wire,
    shift: Shift,
    bootstrap: Addr,
    record: Path | None = None,
    unsendable: dict[Addr, OSError] | None = None,
    **more: Any,
) -> AsyncIterator[Session]:
    """An explorer on a node that knows no more than where to start."""
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + shift.by)
    heard, faults, running = Heard(), Faults(), list[Node]()
    faults.at.update(unsendable or {})

    @asynccontextmanager
    async def factory() -> AsyncIterator[Node]:
        settings = Settings(rate_limit=1.0, rate_limit_local=True, **more)
        config = NodeConfig(listen=("127.0.0.1", 0), bootstrap=("%s:%d" % bootstrap,), settings=settings)
        async with Node(config) as node:
            node.subscribe(heard.hear)
            node._sides.first.endpoint.send = partial(_send, node._sides.first.endpoint.send, faults)
            running.append(node)
            yield node

    app = Explorer(Nodes(factory), record=record)
    async with app.run_test(size=LARGE, notifications=True) as pilot:
        stage = Stage(app, pilot, None)  # type: ignore[arg-type]
        await stage.until(lambda: bool(running) and app.host.run is not None)
        yield Session(wire, running[0], stage, heard, shift, faults)


def _send(really: Callable[[bytes, Addr], int], faults: Faults, data: bytes, addr: Addr) -> int:
    """As a system that has no route to some addresses."""
    if addr in faults.at:
        faults.met += 1
        raise faults.at[addr]
    return really(data, addr)


# ---- reading screens --------------------------------------------------------------------------------------------


def pane(text: str, title: str) -> list[str]:
    """The lines of the frame with that title, from the corner of the frame on to its other side."""
    lines = text.splitlines()
    for row, line in enumerate(lines):
        if found := re.search(rf"╭─ {title}[^╮]*╮", line):
            left, right = found.span()
            inside: list[str] = []
            for below in lines[row + 1 :]:
                if below[left : left + 1] == "╰":
                    return inside
                inside.append(below[left + 1 : right - 1].strip())
    raise AssertionError(f"no pane {title!r} in\n{text}")


def cells(lines: list[str]) -> dict[str, list[int]]:
    """The rows of a matrix: a name, then figures; small charts and shares between them are left out."""
    rows = {}
    for line in lines:
        if found := re.fullmatch(r"(\w+(?: \w+)?) +([\d │]+)", re.sub(r"[▁-█]|\d+%|–", " ", line)):
            rows[found[1]] = [int(cell) for cell in found[2].replace("│", " ").split()]
    return rows


def figure(text: str, pattern: str) -> int:
    """The one whole number that a pattern finds."""
    found = re.search(pattern, text)
    assert found, f"no {pattern!r} in\n{text}"
    return int(found[1])


__all__ = ["HARD", "PATIENCE", "SLACK", "Session", "cells", "figure", "pane", "session"]
