"""What becomes of received datagrams, as it is counted and told to the listeners."""

from __future__ import annotations

from ..views import events
from ..views.counters import Counters
from ..views.events import Listeners
from ..wire.compact import Addr
from ..wire.krpc import Message


class Inbox:
    """The datagram that is being read. Times are seconds on the engine's clock."""

    def __init__(self, counters: Counters, listeners: Listeners, now: float) -> None:
        self._counters, self._listeners = counters, listeners
        self.came = now
        """When it was received, which may be before it is read."""

    def tell(self, data: bytes, addr: Addr, message: Message | None, problem: str) -> None:
        """Tell the listeners of it. `problem`: why it has no effect, or what is wrong with it; mostly empty."""
        if self._listeners:
            self._listeners.tell(events.PacketReceived(self.came, addr, data, message, problem))

    def drop(self, data: bytes, addr: Addr, cause: str, text: str, message: Message | None = None) -> None:
        """Count it as dropped for a cause, with details in `text`, and tell the listeners."""
        self._counters.drop(self.came, cause, addr, text)
        if self._listeners:
            self._listeners.tell(events.PacketReceived(self.came, addr, data, message, text))
