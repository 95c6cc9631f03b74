"""What every screen reads: the same questions, put to a running node or to a recording of one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from ..engine import clock
from ..engine.events import Event
from ..engine.node import Node
from ..engine.snapshot import ContactDetail, Holdings, LookupDetail, Snapshot
from ..engine.wire.compact import Addr
from ..packets.ring import PacketRing
from .event_ring import EventRing


class Source(Protocol):
    """A node as the screens see it. Nothing here changes it."""

    @property
    def packets(self) -> PacketRing:
        """The last packets, bounded."""

    @property
    def events(self) -> EventRing:
        """The last events that are about no single packet, bounded."""

    def snapshot(self) -> Snapshot:
        """The state of everything, as frozen values."""

    def lookup(self, number: int) -> LookupDetail | None:
        """One of the lookups of the snapshot with all its queries; `None` if it is not known (any more)."""

    def contact(self, addr: Addr) -> ContactDetail | None:
        """All that is known about the node at an address, if it is in the table."""

    def holdings(self) -> Holdings:
        """What the node keeps for others, and the announces that others keep for it."""

    def clock(self) -> float:
        """Now, in seconds on the engine's clock."""

    def wall(self, at: float) -> float:
        """The unix time of a time on the engine's clock."""


class LiveSource:
    """A running node. To be made in its event loop; collects packets until it is closed."""

    def __init__(self, node: Node, wall_clock: Callable[[], float] = time.time) -> None:
        self.packets, self.events = PacketRing(), EventRing()
        self._node = node
        self._time = clock.now
        # Taken once: if the machine's clock is set, the packets that are listed already keep their times.
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
        """As `Node.subscribe`."""
        return self._node.subscribe(listener)

    def close(self) -> None:
        """Stops collecting packets and events. What there is stays readable."""
        while self._unsubscribe:
            self._unsubscribe.pop()()
