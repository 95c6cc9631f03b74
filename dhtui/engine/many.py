"""Many operations at once: as many under way as wanted, their results as they come, and no more than the reader takes.

A source of any length is read no further than there is room for. What is under way, and what waits for the reader, are
together never more than the limit, so memory does not grow with the source.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

Source = Iterable[T] | AsyncIterable[T]
"""What is to be asked for. The next step of an iterator that is not asynchronous must be quick."""


class Pace:
    """At most so many starts a second, evenly: a pause is not made up for by a burst."""

    def __init__(self, rate: float | None) -> None:
        """`rate`: starts a second; `None`: no limit."""
        self._gap = 0.0 if rate is None else 1.0 / rate
        self._free_at = float("-inf")

    def wait(self, now: float) -> float:
        """Take the next turn. Returns the seconds until it has come."""
        at = max(now, self._free_at)
        self._free_at = at + self._gap
        return at - now


async def many(
    source: Source[T],
    ask: Callable[[T], Awaitable[R]],
    *,
    parallel: int,
    rate: float | None = None,
    began: Callable[[asyncio.Task[R]], None] = lambda task: None,
) -> AsyncGenerator[R, None]:
    """The results of `ask` for each element of a source, in the order in which they come.

    `began` is told of the task of each. What `source` and `ask` raise is raised, once what came before has been taken;
    then, and when the loop is left, all that is under way is cancelled.
    """
    room, pace, news = asyncio.Semaphore(parallel), Pace(rate), asyncio.Event()
    tasks: set[asyncio.Task[R]] = set()
    ended: deque[asyncio.Task[R]] = deque()
    loop = asyncio.get_running_loop()

    async def one(element: T) -> R:
        return await ask(element)

    def over(task: asyncio.Task[R]) -> None:
        ended.append(task)
        news.set()

    def start(element: T) -> None:
        task = loop.create_task(one(element))
        began(task)
        tasks.add(task)
        task.add_done_callback(over)

    feeder = loop.create_task(_feed(source, pace, room, start))
    feeder.add_done_callback(lambda _: news.set())
    try:
        while tasks or not feeder.done():
            news.clear()
            while ended:
                done = ended.popleft()
                tasks.discard(done)
                yield done.result()
                room.release()
            if (tasks or not feeder.done()) and not ended:
                await news.wait()
        feeder.result()
    finally:
        feeder.cancel()
        for task in tasks:
            task.cancel()
        await asyncio.gather(feeder, *tasks, return_exceptions=True)


async def _feed(source: Source[T], pace: Pace, room: asyncio.Semaphore, start: Callable[[T], None]) -> None:
    """Call `start` with each element, when there is room and its turn has come."""
    loop = asyncio.get_running_loop()
    await room.acquire()
    async for element in _elements(source):
        if wait := pace.wait(loop.time()):
            await asyncio.sleep(wait)
        start(element)
        await room.acquire()


async def _elements(source: Source[T]) -> AsyncIterator[T]:
    if isinstance(source, AsyncIterable):
        async for element in source:
            yield element
    else:
        for element in source:
            yield element
