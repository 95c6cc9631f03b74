"""The last events that are not about single packets: changes of the table, of lookups and of the identity."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple, cast

from ..engine.views.events import STATE_EVENTS, Event, StateEvent

PER_KIND: Final = 200
"""Most events kept of each kind: a flood of one, such as stored peers, must not evict the others."""


class Happened(NamedTuple):
    """An event and its number."""

    number: int
    """From 1 on, increasing."""
    event: StateEvent


class EventRing:
    """The newest events of each kind. Hand it every event of an engine with `hear`."""

    def __init__(self) -> None:
        self._kinds: dict[type, deque[Happened]] = {kind: deque(maxlen=PER_KIND) for kind in STATE_EVENTS}
        self._newest = 0
        self._held: list[Happened] | None = None

    def freeze(self) -> None:
        """Hide events that are heard from now on, until `thaw`. They are still recorded."""
        self._held = self.latest()

    def thaw(self) -> None:
        """Show the events that were heard since `freeze`."""
        self._held = None

    def hear(self, event: Event) -> None:
        """Record an event; those about a single packet are ignored. Never raises."""
        kind = self._kinds.get(type(event))
        if kind is not None:
            self._newest += 1
            kind.append(Happened(self._newest, cast(StateEvent, event)))

    @property
    def newest(self) -> int:
        """The number of the event heard last, 0 before the first. Takes constant time."""
        return self._newest

    def latest(self) -> list[Happened]:
        """All visible events, newest first."""
        if self._held is not None:
            return self._held
        kept = [happened for kind in self._kinds.values() for happened in kind]
        return sorted(kept, key=lambda happened: happened.number, reverse=True)
