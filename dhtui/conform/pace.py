"""At most so many packets a second to the node, from all cases together."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from math import inf

from .strands import wait

ANSWER, QUERY = 0, 1
"""Who goes first: the node waits for an answer of ours only so long."""


class Pace:
    """Gives turns to send."""

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        """`rate`: packets a second."""
        self._gap, self._clock = 1 / rate, clock
        self._free_at = -inf
        self._queue: list[tuple[int, int]] = []
        self._count = 0

    async def turn(self, priority: int = QUERY) -> None:
        """Wait until a packet may be sent now."""
        self._count += 1
        mine = priority, self._count
        heappush(self._queue, mine)

        def is_next() -> bool:
            return self._queue[0] == mine and self._clock() >= self._free_at

        while not is_next():
            now = self._clock()
            await wait(self._free_at if self._free_at > now else now + self._gap, is_next)
        heappop(self._queue)
        self._free_at = self._clock() + self._gap
