"""A recording as a source: the screens read it like a running node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from ..engine.views.events import Event
from ..engine.views.snapshot import ContactDetail, Holdings, LookupDetail, Snapshot
from ..engine.wire.compact import Addr
from ..packets.ring import PacketRing
from .event_ring import EventRing
from .source import Player

SLOWEST, FASTEST = 0.25, 16.0


class Playable(Protocol):
    """What can be played: a recording, or a capture from the view of one node. Times are on its own clock."""

    damage: str
    """Why it ends early, a sentence; else empty."""

    @property
    def duration(self) -> float:
        """Seconds."""

    def at(self, position: float) -> float:
        """The time at a position in seconds since the start."""

    def wall(self, at: float) -> float:
        """The unix time of a time."""

    def events_upto(self, at: float) -> int:
        """How many events there are up to a time."""

    def packets_before(self, event: int) -> int:
        """How many of the first `event` events are packets."""

    def event_of_packet(self, packet: int) -> int:
        """The index of the event of a packet, by the index of the packet; both from 0."""

    def events(self, first: int, stop: int) -> Iterator[Event]:
        """The events of a range of indexes."""

    def snapshot(self, at: float) -> Snapshot:
        """The state at a time."""

    def lookup(self, number: int, at: float) -> LookupDetail | None:
        """A lookup at a time."""

    def contact(self, addr: Addr, at: float) -> ContactDetail | None:
        """A node of the table at a time."""

    def holdings(self, at: float) -> Holdings:
        """The stores at a time."""


class ReplaySource:
    """A recording as a source, at one position, which moves while it plays. It starts paused, at 0.

    It is its own player. Call `tick` often with the time of any steady clock: nothing moves by itself.
    """

    commands: None = None
    keyring: None = None

    def __init__(self, replay: Playable, capacity: int = 5000) -> None:
        self.replay = replay
        self.playing = False
        self._speed = 1.0
        self._position = 0.0
        self._ticked: float | None = None
        self._capacity = capacity
        self._heard = 0
        self.packets = PacketRing(capacity)
        """The packets up to the position. Another ring after a jump; packets keep their numbers."""
        self.events = EventRing()
        """The events up to the position. Another ring after a jump, with those since the first packet kept."""
        self.seek(0.0)

    @property
    def player(self) -> Player:
        """The recording itself."""
        return self

    @property
    def what(self) -> str:
        """What is played, in words."""
        return "recording"

    # ---- playing -----------------------------------------------------------------------------------

    @property
    def position(self) -> float:
        """Seconds since the start of the recording."""
        return self._position

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.replay.duration

    @property
    def damage(self) -> str:
        """Why the recording ends early, a sentence; else empty."""
        return self.replay.damage

    @property
    def speed(self) -> float:
        """Recorded seconds a second, from 0.25 to 16; other values are clamped."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self._speed = min(FASTEST, max(SLOWEST, speed))

    def play(self) -> None:
        """Play from the position; at the end, from the start."""
        if self._position >= self.duration:
            self.seek(0.0)
        self.playing, self._ticked = True, None

    def pause(self) -> None:
        """Pause at the position."""
        self.playing = False

    def tick(self, real_now: float) -> None:
        """Advance to `real_now`, seconds on the viewer's clock. Pauses at the end."""
        elapsed = 0.0 if self._ticked is None else max(0.0, real_now - self._ticked)
        self._ticked = real_now
        if self.playing and elapsed:
            self.seek(self._position + elapsed * self._speed)
            self.playing = self._position < self.duration

    def seek(self, position: float) -> None:
        """Go to a position in seconds, clamped to the recording."""
        self._position = min(self.duration, max(0.0, position))
        upto = self.replay.events_upto(self.clock())
        packets = self.replay.packets_before(upto)
        if upto < self._heard or packets - self.replay.packets_before(self._heard) > self._capacity:
            skipped = max(0, packets - self._capacity)
            self._heard = self.replay.event_of_packet(skipped) if skipped else 0
            self.packets, self.events = PacketRing(self._capacity, start=skipped), EventRing()
        for event in self.replay.events(self._heard, upto):
            self.packets.hear(event)
            self.events.hear(event)
        self._heard = upto

    def restart(self) -> None:
        """Forget what was played: what is played is another thing now."""
        self._heard = 0
        self.packets, self.events = PacketRing(self._capacity), EventRing()

    # ---- as a source -------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """The last state recorded up to the position."""
        return self.replay.snapshot(self.clock())

    def lookup(self, number: int) -> LookupDetail | None:
        """A lookup as last recorded up to the position."""
        return self.replay.lookup(number, self.clock())

    def contact(self, addr: Addr) -> ContactDetail | None:
        """A node as last recorded up to the position; `None` if it was not in the table by then."""
        return self.replay.contact(addr, self.clock())

    def holdings(self) -> Holdings:
        """The stores as last recorded up to the position."""
        return self.replay.holdings(self.clock())

    def clock(self) -> float:
        """The position, in seconds on the engine's clock."""
        return self.replay.at(self._position)

    def wall(self, at: float) -> float:
        """The Unix time of a time on the engine's clock."""
        return self.replay.wall(at)
