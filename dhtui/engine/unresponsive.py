"""Addresses that did not answer lately. They are not queried again soon: a dead node costs a query each time."""

from __future__ import annotations

from typing import NamedTuple

from .bounded import BoundedDict
from .views.statistics import Level
from .wire.compact import Addr

MAX_SILENT = 4096
ENOUGH_TIMEOUTS = 2
"""Unanswered queries in a row that make an address unresponsive. A single one may be a lost packet."""
WITNESS_SECONDS = 2.0
"""Seconds: a timeout counts only if another node answered within this time before the query was sent, or later."""
SILENT_SECONDS = 300.0
"""Seconds that an address stays unresponsive after its last timeout."""


class Timeouts(NamedTuple):
    """Why an address is not worth a query now."""

    queries: int
    """Unanswered queries in a row."""
    seconds: float
    """Seconds since the last of them timed out."""


class UnresponsiveNodes:
    """The last 4096 addresses that let a query time out."""

    def __init__(self, enough: int = ENOUGH_TIMEOUTS) -> None:
        """`enough`: unanswered queries in a row that make an address unresponsive."""
        self._enough = enough
        self._by_addr: BoundedDict[Addr, tuple[int, float]] = BoundedDict(MAX_SILENT)
        self._answer_at = float("-inf")

    @property
    def level(self) -> Level:
        """How many addresses there are."""
        return Level(len(self._by_addr), MAX_SILENT)

    def timed_out(self, addr: Addr, sent_at: float, now: float) -> None:
        """A query to `addr` timed out. Not counted if no other node answered around that time: our own network may be
        down."""
        if self._answer_at < sent_at - WITNESS_SECONDS:
            return
        timeouts = self._by_addr.get(addr, (0, now))[0]
        self._by_addr.put(addr, (timeouts + 1, now))

    def answered(self, addr: Addr, now: float) -> None:
        """`addr` has answered: its timeouts are forgotten."""
        self._answer_at = now
        self._by_addr.pop(addr, None)

    def why(self, addr: Addr, now: float) -> Timeouts | None:
        """Why `addr` is not worth a query now; `None` if it is."""
        timeouts, at = self._by_addr.get(addr, (0, now))
        if timeouts < self._enough:
            return None
        if now - at >= SILENT_SECONDS:
            del self._by_addr[addr]
            return None
        return Timeouts(timeouts, now - at)
