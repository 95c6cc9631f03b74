"""Limits: when a caller gives up, the result is what is known by then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Limit:
    """A time at which all operations of a part of a program end, with their results so far.

    limit = Limit()
    loop.call_later(10, limit.expire)
    with limit.applied():
        outcome = await node.get(target)  # `outcome.complete` is false if it took longer
    """

    def __init__(self) -> None:
        self.expired = False
        """Whether it has expired."""
        self.cut = False
        """Whether it ended an operation that was not complete."""
        self._ends: dict[int, Callable[[], None]] = {}
        self._count = 0

    def expire(self) -> None:
        """Expire now: end all running operations. Those that are started from now on end at once."""
        self.expired = True
        for end in tuple(self._ends.values()):
            end()

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Apply it to all operations started within this context, also by tasks created in it."""
        token = _limit.set(self)
        try:
            yield
        finally:
            _limit.reset(token)

    @contextmanager
    def ending(self, end: Callable[[], None]) -> Iterator[None]:
        """Call `end` when it expires within this context, or at once if it has expired."""
        self._count += 1
        place = self._count
        self._ends[place] = end
        try:
            if self.expired:
                end()
            yield
        finally:
            del self._ends[place]


_limit: ContextVar[Limit | None] = ContextVar("limit", default=None)


def limit_here() -> Limit | None:
    """The limit of the present context, if there is one."""
    return _limit.get()
