"""Datagrams on their way out: queued, handed to whoever sends them, and counted once it is known that they went."""

from __future__ import annotations

from .queries import InFlight
from .views import events
from .views.counters import Counters, Outgoing
from .views.events import Listeners
from .wire.compact import Addr


class Outbox:
    """What one engine sends. Times are seconds on the engine's clock."""

    def __init__(self, counters: Counters, listeners: Listeners, now: float) -> None:
        self._counters, self._listeners = counters, listeners
        self.queued: list[Outgoing] = []
        """What is to be sent, in order. (Replies are appended here directly: a server makes thousands a second.)"""
        self._unsent: list[InFlight] = []
        """Queries among them."""
        self._handed: list[Outgoing] = []
        """What was handed out last: counted and told once it is known what of it the system would not send."""
        self._handed_at = now

    def add_query(self, query: InFlight, data: bytes) -> None:
        """Queue a query of ours, encoded in `data`."""
        self._unsent.append(query)
        self.queued.append(((data, query.addr), "query", query.method, query.tid))

    def take(self, now: float, *, restamp: bool) -> list[tuple[bytes, Addr]]:
        """What is to be sent now, in order. Each datagram is handed out once.

        `restamp`: time has gone on since queries were queued, so `now` becomes the time that each was sent.
        """
        if self._handed:
            self.settle()
        if not self.queued:
            return []
        out, self.queued = self.queued, []
        self._handed, self._handed_at = out, now
        if self._unsent:
            unsent, self._unsent = self._unsent, []
            if restamp:
                for query in unsent:
                    query.sent_at = now
        return [one[0] for one in out]

    def settle(self) -> None:
        """What was handed out and was not taken back is on the wire: count and tell it."""
        if not self._handed:
            return
        handed, self._handed = self._handed, []
        self._counters.went(handed, self._handed_at)
        if self._listeners:
            for (data, addr), kind, method, tid in handed:
                self._listeners.tell(events.PacketSent(self._handed_at, addr, data, kind, method, tid))

    def take_back(self, data: bytes, addr: Addr) -> bytes | None:
        """A datagram that was handed out was not sent. The transaction id, if it held a query of ours."""
        self._counters.send_failures += 1
        for place, ((sent, to), kind, _, tid) in enumerate(self._handed):
            if sent is data and to == addr:
                del self._handed[place]
                return tid if kind == "query" else None
        return None
