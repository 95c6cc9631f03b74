"""What an operation finds, one thing after the other while it is under way: for ``async for``."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterable
from typing import Any, Generic, TypeVar

from .outcome import Outcome

T = TypeVar("T")
Take = Callable[[Iterable[T]], None]
"""Is told what was found, more than once if it was found more than once."""


class Stream(AsyncIterator[T], Generic[T]):
    """What an operation finds, each thing once, as it comes. It is for one reader.

    The operation begins with the first step of the loop. Leaving the loop, or `aclose`, stops it. A slow reader does
    not hold it up: what was found waits here, no more of it than the operation itself remembers.
    """

    def __init__(self, begin: Callable[[Take[T]], Coroutine[Any, Any, Outcome]]) -> None:
        """`begin` makes the operation."""
        self._ended: list[Outcome] = []
        # It does not know this object: one that nobody reads any more is freed at once, and what it runs is stopped.
        self._found = _follow(begin, self._ended.append)

    async def __anext__(self) -> T:
        """The next thing. Raises what the operation raises."""
        return await anext(self._found)

    async def aclose(self) -> None:
        """Stop the operation, if it goes on, and wait until that is done."""
        await self._found.aclose()

    @property
    def outcome(self) -> Outcome | None:
        """What came of it in the end; `None` before the loop has come to its end, and if it was left."""
        return self._ended[0] if self._ended else None


async def _follow(
    begin: Callable[[Take[T]], Coroutine[Any, Any, Outcome]], ended: Callable[[Outcome], None]
) -> AsyncGenerator[T, None]:
    waiting: deque[T] = deque()
    known: set[T] = set()
    news = asyncio.Event()

    def take(found: Iterable[T]) -> None:
        new = [each for each in dict.fromkeys(found) if each not in known]
        known.update(new)
        waiting.extend(new)
        news.set()

    task = asyncio.ensure_future(begin(take))
    task.add_done_callback(lambda _: news.set())
    try:
        while waiting or not task.done():
            while waiting:
                yield waiting.popleft()
            news.clear()
            if not task.done():
                await news.wait()
        ended(task.result())
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # it was raised above, or nobody waits for it any more
