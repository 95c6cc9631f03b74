"""When whoever asks gives up: what is known by then is the result, and nothing of it is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Limit:
    """A moment at which all that a part of a program has asked of a node ends, with what is known by then.

    limit = Limit()
    loop.call_later(10, limit.strike)
    with limit.applied():
        outcome = await node.get(target)  # `outcome.complete` is false if it took longer
    """

    def __init__(self) -> None:
        self.struck = False
        """Whether the moment has come."""
        self.cut = False
        """Whether it ended anything that had more to do."""
        self._ends: dict[int, Callable[[], None]] = {}
        self._count = 0

    def strike(self) -> None:
        """The moment has come: end all that is under way. What is asked for from now on ends at once."""
        self.struck = True
        for end in tuple(self._ends.values()):
            end()

    @contextmanager
    def applied(self) -> Iterator[None]:
        """To whatever is asked of a node in here, also by tasks that are made in here."""
        token = _limit.set(self)
        try:
            yield
        finally:
            _limit.reset(token)

    @contextmanager
    def ending(self, end: Callable[[], None]) -> Iterator[None]:
        """Call `end` when it strikes in here, or at once."""
        self._count += 1
        place = self._count
        self._ends[place] = end
        try:
            if self.struck:
                end()
            yield
        finally:
            del self._ends[place]


_limit: ContextVar[Limit | None] = ContextVar("limit", default=None)


def limit_here() -> Limit | None:
    """The limit that applies to who asks now."""
    return _limit.get()
