"""A recording as a source: the screens read it like a running node."""

from __future__ import annotations

from ..engine.views.snapshot import ContactDetail, Holdings, LookupDetail, Snapshot
from ..engine.wire.compact import Addr
from ..packets.ring import PacketRing
from .event_ring import EventRing
from .replay import LATEST, Replay
from .source import Player

SLOWEST, FASTEST = 0.25, 16.0


class ReplaySource:
    """A recording as a source, at one position, which moves while it plays. It starts paused, at 0.

    It is its own player. Call `tick` often with the time of any steady clock: nothing moves by itself.
    """

    commands: None = None
    keyring: None = None

    def __init__(self, replay: Replay, capacity: int = 5000) -> None:
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
        return min(LATEST, max(0.0, self.replay.header.started + at - self.replay.header.clock))
