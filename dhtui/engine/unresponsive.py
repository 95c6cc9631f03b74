"""Addresses that were silent lately. They are not asked again soon: a dead node costs a query each time."""

from __future__ import annotations

from .bounded import BoundedDict
from .statistics import Level
from .wire.compact import Addr

MAX_SILENT = 4096
STRIKES = 2
"""Unanswered queries in a row that make an address silent; one alone may be a lost packet."""
WITNESS_SECONDS = 2.0
SILENT_SECONDS = 300.0
"""How long that is remembered."""


class UnresponsiveNodes:
    """The last 4096 addresses that let a query time out."""

    def __init__(self, strikes: int = STRIKES) -> None:
        """So many `strikes` make an address silent."""
        self._strikes = strikes
        self._by_addr: BoundedDict[Addr, tuple[int, float]] = BoundedDict(MAX_SILENT)
        self._answer_at = float("-inf")

    @property
    def level(self) -> Level:
        """How many addresses there are."""
        return Level(len(self._by_addr), MAX_SILENT)

    def timed_out(self, addr: Addr, sent_at: float, now: float) -> None:
        """A query to `addr` was not answered. If nobody else answered about then either, the fault is ours."""
        if self._answer_at < sent_at - WITNESS_SECONDS:
            return
        strikes = self._by_addr.get(addr, (0, now))[0]
        self._by_addr.put(addr, (strikes + 1, now))

    def answered(self, addr: Addr, now: float) -> None:
        """It is there after all."""
        self._answer_at = now
        self._by_addr.pop(addr, None)

    def why(self, addr: Addr, now: float) -> str:
        """Why `addr` is not worth a query now; empty where it is."""
        strikes, at = self._by_addr.get(addr, (0, now))
        if strikes < self._strikes:
            return ""
        if now - at >= SILENT_SECONDS:
            del self._by_addr[addr]
            return ""
        return f"silent to {strikes} queries, the last {now - at:.0f} s ago"
