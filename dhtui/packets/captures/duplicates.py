"""Datagrams that were captured twice: on the interface ``any`` each packet may be seen on several of them."""

from __future__ import annotations

from typing import Final

from .datagrams import Datagram

WITHIN: Final = 0.001
"""Seconds within which two equal datagrams are one."""
_SOON: Final = 512
MOST: Final = 4096
"""Most datagrams that are remembered when old ones are forgotten; between two times, twice as many and some."""


class Duplicates:
    """Remembers the datagrams of the last millisecond."""

    def __init__(self) -> None:
        self.count = 0
        """How many were dropped."""
        self._seen: dict[tuple[object, ...], float] = {}
        self._full = _SOON

    def is_one(self, datagram: Datagram) -> bool:
        """Whether an equal datagram came within a millisecond before; else it is remembered."""
        at, seen = datagram.at, self._seen
        key = datagram[1:4]
        before = seen.get(key)
        if before is not None and abs(at - before) <= WITHIN:
            self.count += 1
            return True
        seen[key] = at
        if len(seen) > self._full:
            self._forget(at)
        return False

    def _forget(self, now: float) -> None:
        kept = {key: at for key, at in self._seen.items() if abs(now - at) <= WITHIN}
        self._seen = kept if len(kept) < MOST else {}
        self._full = 2 * len(self._seen) + _SOON
