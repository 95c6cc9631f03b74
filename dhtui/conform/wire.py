"""The edge of a session: the sockets that are handed in, and the packets that went over them."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from ..engine.wire.compact import Addr


class Packet(NamedTuple):
    """A datagram between us and another host."""

    at: float
    """Seconds on the session's clock."""
    sent: bool
    """Whether it was ours."""
    ours: Addr
    theirs: Addr
    data: bytes


class Wire(Protocol):
    """UDP sockets of this host."""

    def open(self, host: int) -> Addr | None:
        """Bind a new socket at a free port of the host's address number `host`; `None` if there is no such address."""

    def send(self, data: bytes, ours: Addr, theirs: Addr) -> None:
        """Send a datagram. What the system does not send is lost."""

    def close(self, ours: Addr) -> None:
        """Close a socket."""
