"""The findings of a running operation as a stream, for ``async for``."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterable
from typing import Any, Generic, TypeVar

from .outcome import Outcome

T = TypeVar("T")
Take = Callable[[Iterable[T]], None]
"""Called with each finding, possibly more than once with the same one."""


class Stream(AsyncIterator[T], Generic[T]):
    """The findings of an operation, each once, in the order of arrival. For one reader.

    The operation begins with the first step of the loop. Leaving the loop, or `aclose`, stops it. A slow reader does
    not delay it: findings are queued here, and the bounds of the operation bound the queue.
    """

    def __init__(self, begin: Callable[[Take[T]], Coroutine[Any, Any, Outcome]]) -> None:
        """`begin` starts the operation."""
        self._ended: list[Outcome] = []
        # It holds no reference to this object: a stream without a reader is freed at once, which stops the operation.
        self._found = _follow(begin, self._ended.append)

    async def __anext__(self) -> T:
        """The next finding. Raises what the operation raises."""
        return await anext(self._found)

    async def aclose(self) -> None:
        """Stop the operation, if it is running, and wait until it has ended."""
        await self._found.aclose()

    @property
    def outcome(self) -> Outcome | None:
        """The outcome of the operation; `None` before the end of the loop, and if the loop was left early."""
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
            task.exception()  # it was raised above, or no reader waits for it any more
