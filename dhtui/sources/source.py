"""The interface of the screens to a running node or to a recording of one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from ..engine import clock
from ..engine.commands import NodeCommands
from ..engine.node import Node
from ..engine.views.events import Event
from ..engine.views.snapshot import ContactDetail, Holdings, LookupDetail, Snapshot
from ..engine.wire.compact import Addr
from ..keyring import Keyring
from ..packets.ring import PacketRing
from .event_ring import EventRing


class Player(Protocol):
    """The player of a recording: the position moves while it plays. Times are seconds."""

    playing: bool
    speed: float
    """Recorded seconds a second."""

    @property
    def what(self) -> str:
        """What is played, in words: ``recording``."""

    @property
    def position(self) -> float:
        """Seconds since the start of the recording."""

    @property
    def duration(self) -> float:
        """Seconds of the whole recording."""

    @property
    def damage(self) -> str:
        """Why the recording ends early, a sentence; else empty."""

    def play(self) -> None:
        """Play from the position; at the end, from the start."""

    def pause(self) -> None:
        """Pause at the position."""

    def seek(self, position: float) -> None:
        """Go to a position in seconds, clamped to the recording."""

    def tick(self, real_now: float) -> None:
        """Advance to `real_now`, seconds on any steady clock. To be called often: nothing moves by itself."""

    def clock(self) -> float:
        """The position, on the engine's clock."""


class Readable(Protocol):
    """A node that can be read. No method changes it."""

    @property
    def packets(self) -> PacketRing:
        """The last packets, bounded."""

    @property
    def events(self) -> EventRing:
        """The last events that are not about single packets, bounded."""

    def snapshot(self) -> Snapshot:
        """The state of everything, as frozen values."""

    def lookup(self, number: int) -> LookupDetail | None:
        """One of the lookups of the snapshot with all its queries; `None` if it is not known any more."""

    def contact(self, addr: Addr) -> ContactDetail | None:
        """All that is known about the node at an address, if it is in the table."""

    def holdings(self) -> Holdings:
        """What the node keeps for others, and the announces that others keep for it."""

    def clock(self) -> float:
        """Now, in seconds on the engine's clock."""

    def wall(self, at: float) -> float:
        """The unix time of a time on the engine's clock."""


class Source(Readable, Protocol):
    """The interface of a node for all screens: its state and its commands."""

    @property
    def commands(self) -> NodeCommands | None:
        """The commands of the node; `None`: it can only be read."""

    @property
    def player(self) -> Player | None:
        """The player; `None` if it is not a recording."""

    @property
    def keyring(self) -> Keyring | None:
        """The user's keys, to sign items; `None`: not available."""


class LiveSource:
    """A running node. To be created in its event loop; collects packets and events until it is closed."""

    player: Player | None = None

    def __init__(
        self, node: Node, wall_clock: Callable[[], float] = time.time, *, keyring: Keyring | None = None
    ) -> None:
        self.packets, self.events = PacketRing(), EventRing()
        self.commands: NodeCommands | None = node
        self.keyring = keyring
        self._node = node
        self._time = clock.now
        # Taken once: if the machine's clock is set, packets that are listed already keep their times.
        self._offset = wall_clock() - self._time()
        self._unsubscribe = [node.subscribe(ring.hear) for ring in (self.packets, self.events)]

    def snapshot(self) -> Snapshot:
        """The state of everything, as frozen values."""
        return self._node.snapshot()

    def lookup(self, number: int) -> LookupDetail | None:
        """One of the lookups of the snapshot with all its queries; `None` if it is not remembered any more."""
        return self._node.lookup(number)

    def contact(self, addr: Addr) -> ContactDetail | None:
        """All that is known about the node at an address, if it is in the table."""
        return self._node.contact(addr)

    def holdings(self) -> Holdings:
        """What the node keeps for others, and the announces that others keep for it."""
        return self._node.holdings()

    def clock(self) -> float:
        """Now, in seconds on the engine's clock."""
        return self._time()

    def wall(self, at: float) -> float:
        """The unix time of a time on the engine's clock."""
        return at + self._offset

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """See `Node.subscribe`."""
        return self._node.subscribe(listener)

    def close(self) -> None:
        """Stop collecting packets and events. Those collected stay readable."""
        while self._unsubscribe:
            self._unsubscribe.pop()()
