"""Addresses that this node neither hears nor sends to: blocked, banned, or no address of one host."""

from __future__ import annotations

from ..defence.guard import Bans
from ..outcome import Status
from ..settings import Blocks
from ..views.events import DropCause
from ..wire.compact import Addr, is_usable


class Gate:
    """The same for both directions. Times are seconds on the engine's clock."""

    def __init__(self, blocks: Blocks | None, bans: Bans) -> None:
        self.blocks = blocks
        """The blocklist in force."""
        self._bans = bans

    def unwelcome(self, addr: Addr, now: float) -> DropCause | None:
        """Why a datagram from an address is dropped unread; `None` if it is not."""
        blocks = self.blocks
        if blocks is not None and addr[0] in blocks:
            return DropCause.BLOCKLIST
        # A reply to a forged broadcast or multicast source would reach many hosts.
        if not is_usable(addr):
            return DropCause.NO_UNICAST
        return DropCause.BANNED if self._bans.has(addr[0], now) else None

    def shut(self, addr: Addr, now: float) -> Status | None:
        """Why nothing is sent to a usable address; `None` if it is."""
        if self.blocks is not None and addr[0] in self.blocks:
            return Status.BLOCKED
        return Status.BANNED if self._bans.has(addr[0], now) else None
