"""Mutants: our own node with one rule broken, by changing what goes in and out of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dhtui.conform.messages import read
from dhtui.engine.core import Core
from dhtui.engine.wire.bencode import encode
from dhtui.engine.wire.compact import Addr

Message = dict[bytes, Any]
Inward = Callable[[Message, Addr], Message | bytes | None]
"""Changes a message that comes; bytes are taken as they are, `None`: it gets lost."""
Outward = Callable[[Message, Message, Addr], Message | bytes | None]
"""Changes what is sent: the message, the query that it answers (empty for queries of its own), and where it goes."""


class Altered:
    """A core with messages changed on the way in or out. What can't be read passes as it is."""

    def __init__(self, core: Core, *, inward: Inward | None = None, outward: Outward | None = None) -> None:
        self.core = core
        self._inward, self._outward = inward, outward
        self._queries: dict[tuple[Addr, Any], Message] = {}
        self.extra: list[tuple[bytes, Addr]] = []
        """Further datagrams to send."""
        self.spoofed: list[tuple[bytes, Addr, Addr]] = []
        """Datagrams to send from other addresses: data, source, destination."""

    def receive_datagram(self, data: bytes, addr: Addr, now: float) -> None:
        """A datagram came."""
        message = read(data)
        if message.get(b"y") == b"q":
            self._queries[addr, repr(message.get(b"t"))] = message
        if message and self._inward is not None:
            changed = self._inward(message, addr)
            if changed is None:
                return
            data = changed if isinstance(changed, bytes) else data if changed is message else encode(changed)
        self.core.receive_datagram(data, addr, now)

    def datagrams_to_send(self) -> list[tuple[bytes, Addr]]:
        """What goes out."""
        out = []
        for data, dest in self.core.datagrams_to_send():
            message = read(data)
            asked = {} if message.get(b"y") == b"q" else self._queries.get((dest, repr(message.get(b"t"))), {})
            changed = self._outward(message, asked, dest) if self._outward is not None else message
            if changed is not None:
                out.append((changed if isinstance(changed, bytes) else encode(changed), dest))
        extra, self.extra = self.extra, []
        return out + extra

    def handle_timer(self, now: float) -> None:
        """Time has passed."""
        self.core.handle_timer(now)

    def next_timer(self) -> float:
        """When it wants to be called."""
        return self.core.next_timer()
