"""The node's side: all clients that are attached to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from .. import __version__
from ..engine import clock
from ..engine.commands import NodeCommands
from ..engine.node import NodeError
from ..engine.views.events import Event
from ..engine.views.snapshot import ContactDetail, Holdings, LookupDetail, Snapshot
from ..engine.wire.compact import Addr
from ..sources.lines import EventLines, Stated
from .messages import MOST_CLIENTS, ByeReason, Hello, ToClient, shape
from .session import Later, Session, Told

TICK: float = 0.05
"""Seconds after which those who watch are told what has happened."""
SHARED_SECONDS = 0.2
"""How old a snapshot may be that is told to another client, too."""
MOST_TASKS = 256
"""Most calls under way, those of clients that have left included."""


class Served(NodeCommands, Stated, Protocol):
    """A `Node`."""

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` for every event. Returns the function that ends that."""


class Hub:
    """Tells the attached clients what happens, and carries out their calls. To be closed before the node."""

    def __init__(
        self,
        node: Served,
        admits: Callable[[asyncio.Transport], bool] = lambda transport: True,
        *,
        now: Callable[[], float] = clock.now,
        wall: Callable[[], float] = time.time,
        call_later: Later | None = None,
    ) -> None:
        """`admits` says whose programs may attach. `now` is the engine's clock, `wall` gives Unix time."""
        self.node, self.admits, self.clock, self._wall = node, admits, now, wall
        self.call_later: Later = call_later or asyncio.get_running_loop().call_later
        self._sessions: dict[Session, None] = {}
        self._listening: dict[Session, None] = {}
        self._unsubscribe: Callable[[], None] | None = None
        self._lines = EventLines()
        self._snapshot: Snapshot | None = None
        self._told: Told | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.closed = False

    def __len__(self) -> int:
        """How many clients are attached."""
        return len(self._sessions)

    def hello(self) -> Hello:
        """The first line to each client."""
        return Hello(__version__, shape(), self.node.k, self.clock(), self._wall())

    def packets(self) -> int:
        """How many datagrams came in or went out so far."""
        traffic = self.node.snapshot().traffic
        return traffic.packets_in + traffic.packets_out

    # ---- states, as one for all clients ------------------------------------------------------------

    def snapshot_since(self, at: float) -> Snapshot:
        """A snapshot that was taken at `at` or later: making and encoding one takes some 10 ms."""
        if self._snapshot is None or self._snapshot.at < at:
            self._snapshot = self.node.snapshot()
            self._told = Told(self._snapshot)
        return self._snapshot

    def snapshot(self) -> Snapshot:
        """A snapshot of just now, the same for clients that ask about the same time."""
        return self.snapshot_since(self.clock() - SHARED_SECONDS)

    def lookup(self, number: int) -> LookupDetail | None:
        """See `NodeCommands.lookup`."""
        return self.node.lookup(number)

    def contact(self, addr: Addr) -> ContactDetail | None:
        """See `Node.contact`."""
        return self.node.contact(addr)

    def holdings(self) -> Holdings:
        """See `Node.holdings`."""
        return self.node.holdings()

    def told(self, line: ToClient) -> Told:
        """A line for clients, encoded once if it is the snapshot that all get."""
        return self._told if line is self._snapshot and self._told is not None else Told(line)

    # ---- clients -----------------------------------------------------------------------------------

    def add(self, session: Session) -> bool:
        """A client has connected. Returns whether there is room for it."""
        if self.closed or len(self._sessions) >= MOST_CLIENTS:
            return False
        self._sessions[session] = None
        return True

    def remove(self, session: Session) -> None:
        """A client has disconnected."""
        self._sessions.pop(session, None)
        self.listen(session, False)

    def listen(self, session: Session, wants: bool) -> None:
        """Begin to tell a client of events, or stop. While no client wants them, the node makes none."""
        if wants:
            self._listening[session] = None
        else:
            self._listening.pop(session, None)
        if self._listening and self._unsubscribe is None:
            self._unsubscribe = self.node.subscribe(self._hear)
        elif not self._listening and self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def _hear(self, event: Event) -> None:
        told = Told(self._lines.of(event))
        for session in tuple(self._listening):
            session.hear(event, told)

    def watch(self) -> None:
        """A client watches: it gets ticks from now on."""
        if self._timer is None and not self.closed:
            self._timer = self.call_later(TICK, self._tick)

    def _tick(self) -> None:
        self._timer = None
        watching = [session for session in self._sessions if session.watching]
        for session in watching:
            session.tick()
        if watching:
            self.watch()

    # ---- calls -------------------------------------------------------------------------------------

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Carry out a call, in a task."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def check_room(self) -> None:
        """Raises `NodeError` where too many calls are under way."""
        if len(self._tasks) > MOST_TASKS:
            raise NodeError("too many calls are under way at that node")

    async def close(self) -> None:
        """Disconnect all clients, and end their calls. A second time nothing happens."""
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()
        for session in tuple(self._sessions):
            session.leave(ByeReason.CLOSED)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
