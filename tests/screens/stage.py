"""An explorer on a node made of paper: what it shows, and keys to press."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from difflib import unified_diff
from math import inf
from pathlib import Path
from typing import Any, Final, cast
from unittest.mock import patch

from support.apart import PATIENCE
from textual._compositor import Compositor
from textual._context import visible_screen_stack
from textual.pilot import Pilot

from dhtui.app import Explorer
from dhtui.engine.node import Node
from dhtui.engine.outcome import NodeOutcome, Outcome, Status
from dhtui.engine.views.events import Event
from dhtui.engine.views.snapshot import Ban, ContactDetail, Holdings, LookupDetail, Snapshot
from dhtui.engine.wire.compact import Addr
from dhtui.engine.wire.family import FamilyName
from dhtui.runtime.host import Nodes
from dhtui.screens.base import ExplorerScreen
from dhtui.widgets.line_table import LineTable

from .snapshots import OWN

GOLDENS = Path(__file__).parent / "goldens"
REPAINT = 30.0  # seconds in which a loaded machine surely paints
SMALL, LARGE = (80, 24), (160, 45)
FOUR: Final = (SMALL, (120, 35), LARGE, (200, 60))
"""The sizes in which every screen and window is kept."""


@dataclass
class PaperNode:
    """Gives the snapshot it was given, and answers all that is asked of it."""

    view: Snapshot
    ping_answer: Outcome | Exception | None = None
    asked: list[Any] = field(default_factory=list)
    snapshots: int = 0
    id: bytes = OWN
    closed: bool = False
    lookups: dict[int, LookupDetail] = field(default_factory=dict)
    contacts: dict[Addr, ContactDetail] = field(default_factory=dict)
    held: Holdings = field(default_factory=lambda: Holdings((), (), ()))
    listeners: list[Callable[[Event], None]] = field(default_factory=list)

    def snapshot(self) -> Snapshot:
        self.snapshots += 1
        return self.view

    def lookup(self, number: int) -> LookupDetail | None:
        return self.lookups.get(number)

    def contact(self, addr: Addr) -> ContactDetail | None:
        return self.contacts.get(addr)

    def holdings(self) -> Holdings:
        return self.held

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def tell(self, *happened: Event) -> None:
        """Lets these events happen."""
        for event in happened:
            for listener in self.listeners:
                listener(event)

    def bans(self) -> tuple[Ban, ...]:
        return ()

    async def bootstrapped(self) -> None:
        """It is on its way in for ever."""
        await asyncio.Event().wait()

    async def ping(self, remotes: Sequence[Addr]) -> Outcome:
        self.asked.append(("ping", *remotes))
        if isinstance(self.ping_answer, Exception):
            raise self.ping_answer
        return self.ping_answer or pong(remotes[0])

    @property
    def addresses(self) -> tuple[Addr, ...]:
        return tuple(each.identity.bound for each in self.view.families)

    async def refresh_bucket(self, depth: int, family: FamilyName | None = None) -> Outcome:
        self.asked.append(("refresh", depth) if family in (None, "IPv4") else ("refresh", depth, family))
        return pong(("203.0.0.1", 6881), action="find_node")

    @asynccontextmanager
    async def factory(self) -> AsyncIterator[Node]:
        yield cast(Node, self)
        self.closed = True


def pong(addr: Addr, action: str = "ping") -> Outcome:
    """The outcome of asking one node, which answered in 41 ms."""
    return Outcome(action=action, target=None, asked=(NodeOutcome(addr=addr, status=Status.ANSWERED, rtt=0.041),))


@dataclass
class Stage:
    """A running explorer."""

    app: Explorer
    pilot: Pilot[int]
    node: PaperNode

    @property
    def screen(self) -> ExplorerScreen:
        assert isinstance(self.app.screen, ExplorerScreen)
        return self.app.screen

    async def settle(self) -> None:
        """Lets everything under way come to its end, and shows the newest snapshot."""
        await self._work_ends()
        if isinstance(self.app.screen, ExplorerScreen):
            self.app.screen.tick()
        await self._work_ends()

    async def _work_ends(self) -> None:
        """No worker runs, but those that wait for the user, and none has begun because of what an earlier one did."""
        gate = self.app.gate
        async with asyncio.timeout(PATIENCE):
            while True:
                await self.pilot.pause()  # paints, which the gate may wait for
                if gate is not None:
                    await gate.rest()
                working = [each for each in self.app.workers if gate is None or not gate.asks(each)]
                if tasks := [each._task for each in working if each._task is not None]:
                    # One of them may be about to open a window, and then waits for the user.
                    await asyncio.wait(tasks, timeout=0.05)
                await self.pilot.pause()
                seen = getattr(self.app.screen, "painted", 0.0) < inf
                if not working and (gate is None or not gate.busy) and seen:
                    return

    async def until(self, happened: Callable[[], bool]) -> None:
        """Waits for what a timer, a thread or the network brings about."""
        async with asyncio.timeout(PATIENCE):
            while not happened():
                await self.pilot.pause(0.01)

    async def press(self, *keys: str) -> None:
        """One key after the other; what a key other than a letter sets off comes to its end before the next."""
        for key in keys:
            await self.pilot.press(key)
            if len(key) > 1:
                await self._work_ends()
        await self.settle()

    async def see(self, snapshot: Snapshot) -> None:
        """The node's state is this from now on."""
        self.node.view = snapshot
        await self.settle()

    def text(self) -> str:
        """What stands on the screen."""
        # The compositor is Textual's own affair; this is the one place that looks into it. It takes what lies behind
        # a window of Textual's own from a variable.
        visible_screen_stack.set(self.app._background_screens)
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips) + "\n"

    def lines(self) -> list[str]:
        return self.text().splitlines()

    def table(self, name: str) -> LineTable[Any]:
        return self.app.screen.query_one(f"#{name}", LineTable)

    def toasts(self) -> list[str]:
        return [toast.message for toast in self.app._notifications]


@asynccontextmanager
async def exploring(
    view: Snapshot | PaperNode, size: tuple[int, int] = SMALL, show: str = "home", **more: Any
) -> AsyncIterator[Stage]:
    """An explorer of that size, on that screen. `more` is of `Explorer`, the rest of `Nodes`."""
    node = view if isinstance(view, PaperNode) else PaperNode(view)
    own = {name: more.pop(name) for name in ("record", "warnings", "memory") if name in more}
    app = Explorer(Nodes(node.factory, **more), **own)
    async with app.run_test(size=size, notifications=True) as pilot:
        stage = Stage(app, pilot, node)
        await stage.settle()
        if show != "home":
            await app.action_show(show)
            await stage.settle()
        yield stage


async def matches_golden(stage: Stage, name: str) -> None:
    """Compares the screen with the text kept under that name. With DHTUI_GOLDENS=write it is kept from now on."""
    apart = await _apart(stage, name)
    assert not apart, apart


async def matches_goldens(stage: Stage, name: str) -> None:
    """The same in each of the four sizes, into which this one run is resized; it returns to its own at the end."""
    own, apart = stage.app.size, []
    for size in FOUR:
        await resize(stage, *size)
        if difference := await _apart(stage, f"{name}-{size[0]}x{size[1]}"):
            apart.append(difference)
    await resize(stage, *own)
    assert not apart, "\n\n".join(apart)


async def resize(stage: Stage, width: int, height: int) -> None:
    """Nothing is waited for but the layout: work may be held by a test, and a window may wait for the user.

    What Textual would write to a terminal, and throws away without one, is not made: `Stage.text` makes it once.
    """
    with patch.object(Compositor, "render_update", _nothing_written):
        await stage.pilot.resize_terminal(width, height)
        await stage.pilot.pause()
        for _ in range(2):  # what is shown may change the sizes of panes, and those what is shown
            for screen in stage.app.screen_stack:
                if isinstance(screen, ExplorerScreen):  # also one behind a window, for which no time passes here
                    screen.tick()
            await stage.pilot.pause()


def _nothing_written(compositor: Compositor, *_: object, **__: object) -> str:
    """In place of Textual's, which draws what has changed."""
    compositor._dirty_regions.clear()
    return ""


async def _apart(stage: Stage, name: str) -> str:
    """How the screen differs from what is kept; empty: not at all.

    What was set off by a timer or a thread may be painted a moment later: a screen that differs is given it.
    """
    path = GOLDENS / f"{name}.txt"
    if os.environ.get("DHTUI_GOLDENS") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(stage.text(), encoding="utf-8")
    wanted = path.read_text(encoding="utf-8")
    with suppress(TimeoutError):
        async with asyncio.timeout(REPAINT):
            while stage.text() != wanted:
                await stage.pilot.pause(0.05)
    drawn = stage.text()
    if drawn == wanted:
        return ""
    apart = "\n".join(unified_diff(wanted.splitlines(), drawn.splitlines(), "kept", "drawn", n=0, lineterm=""))
    return f"{path.name}; DHTUI_GOLDENS=write keeps the new look\n{apart}"
