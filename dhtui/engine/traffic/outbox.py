"""Outgoing datagrams: queued, handed to the sender, and counted once they are known to be sent."""

from __future__ import annotations

from ..queries import InFlight
from ..views import events
from ..views.counters import Counters, Outgoing
from ..views.events import Listeners
from ..wire.compact import Addr


class Outbox:
    """The send queue of one engine. Times are seconds on the engine's clock."""

    def __init__(self, counters: Counters, listeners: Listeners, now: float) -> None:
        self._counters, self._listeners = counters, listeners
        self.queued: list[Outgoing] = []
        """Datagrams to send, in order. (Replies are appended directly: a server makes thousands a second.)"""
        self._unsent: list[InFlight] = []
        """How many of them are queries."""
        self._handed: list[Outgoing] = []
        """The datagrams handed out last: counted and reported once it is known which of them the system did not
        send."""
        self._handed_at = now

    def add_query(self, query: InFlight, data: bytes) -> None:
        """Queue one of our queries, encoded in `data`."""
        self._unsent.append(query)
        self.queued.append(((data, query.addr), "query", query.method, query.tid))

    def take(self, now: float, *, restamp: bool) -> list[tuple[bytes, Addr]]:
        """The datagrams to send now, in order. Each is handed out once.

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
        """Count and report the datagrams that were handed out and not taken back."""
        if not self._handed:
            return
        handed, self._handed = self._handed, []
        self._counters.went(handed, self._handed_at)
        if self._listeners:
            for (data, addr), kind, method, tid in handed:
                self._listeners.tell(events.PacketSent(self._handed_at, addr, data, kind, method, tid))

    def take_back(self, data: bytes, addr: Addr) -> bytes | None:
        """A datagram that was handed out was not sent. Returns the transaction id, if it held one of our queries."""
        self._counters.send_failures += 1
        for place, ((sent, to), kind, _, tid) in enumerate(self._handed):
            if sent is data and to == addr:
                del self._handed[place]
                return tid if kind == "query" else None
        return None
