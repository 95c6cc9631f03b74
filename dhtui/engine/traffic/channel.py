"""What all datagrams of one engine pass, in both directions."""

from __future__ import annotations

from math import inf

from ..defence.guard import Bans
from ..settings import Blocks
from ..views import events
from ..views.counters import Counters
from ..views.events import LinkState, Listeners
from ..wire.family import Family
from .gate import Gate
from .inbox import Inbox
from .outbox import Outbox

TELL_LOST_SECONDS = 60.0
"""Seconds: the loss of datagrams in the socket is reported at most once in this time."""


class Channel:
    """The counters, the listeners, the gate, and what is received and sent. Times are seconds on the engine's clock."""

    def __init__(self, family: Family, blocks: Blocks | None, bans: Bans, now: float) -> None:
        self.family = family
        self.counters = Counters(now)
        self.listeners = Listeners(family.name)
        self.gate = Gate(blocks, bans)
        self.inbox = Inbox(self.counters, self.listeners, now)
        self.outbox = Outbox(self.counters, self.listeners, now)
        self.link = LinkState.UP
        """Whether there is a route. While it is lost nothing is sent."""
        self._lost_told, self._lost_told_at = 0, -inf

    def overflowed(self, total: int, now: float) -> None:
        """The socket has dropped `total` datagrams so far. Reported at most once a minute."""
        self.counters.overflowed = total
        if total > self._lost_told and now - self._lost_told_at >= TELL_LOST_SECONDS:
            if self.listeners:
                lost = total - self._lost_told
                self.listeners.tell(events.DatagramsLost(now, lost, total, self.family.name))
            self._lost_told, self._lost_told_at = total, now
