"""Many operations at once: a bounded number under way, results as they come, and a reader that is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing

import pytest

from dhtui.engine.many import Pace, many


class Bench:
    """Asks that end when they are told to."""

    def __init__(self) -> None:
        self.pulled = 0
        self.waiting: dict[int, asyncio.Future[int]] = {}
        self.cancelled: list[int] = []
        self.news = asyncio.Event()

    def source(self, count: int) -> Iterator[int]:
        for number in range(count):
            self.pulled += 1
            yield number

    async def ask(self, number: int) -> int:
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.waiting[number] = future
        self.news.set()
        try:
            return await future
        except asyncio.CancelledError:
            self.cancelled.append(number)
            raise

    async def until(self, count: int) -> None:
        """So many are under way."""
        while len(self.waiting) < count:
            self.news.clear()
            await self.news.wait()

    def end(self, number: int) -> None:
        self.waiting.pop(number).set_result(number)


async def test_results_come_in_the_order_in_which_they_end() -> None:
    bench = Bench()
    async with aclosing(many(bench.source(3), bench.ask, parallel=3)) as results:
        first = asyncio.ensure_future(anext(results))
        await bench.until(3)
        bench.end(2)
        assert await first == 2
        bench.end(0)
        assert await anext(results) == 0
        bench.end(1)
        assert [each async for each in results] == [1]


async def test_a_source_is_read_no_further_than_there_is_room_for() -> None:
    bench = Bench()
    async with aclosing(many(bench.source(10**9), bench.ask, parallel=4)) as results:
        first = asyncio.ensure_future(anext(results))
        await bench.until(4)
        for _ in range(10):
            await asyncio.sleep(0)
        assert bench.pulled == 4
        for number in range(4):
            bench.end(number)
        await first
        for _ in range(10):
            await asyncio.sleep(0)
        assert bench.pulled == 4, "a reader that takes no more is waited for"
        await anext(results)
        await bench.until(1)
        assert bench.pulled == 5


async def test_a_source_may_be_asynchronous_and_all_of_it_is_asked_for() -> None:
    async def source() -> AsyncIterator[int]:
        for number in range(500):
            yield number

    async def ask(number: int) -> int:
        await asyncio.sleep(0)
        return number

    assert sorted([each async for each in many(source(), ask, parallel=7)]) == list(range(500))


async def test_an_empty_source_has_no_results() -> None:
    bench = Bench()
    assert [each async for each in many((), bench.ask, parallel=1)] == []


async def test_what_ask_raises_ends_it_and_cancels_the_others() -> None:
    bench = Bench()
    with pytest.raises(ZeroDivisionError):
        async with aclosing(many(bench.source(5), bench.ask, parallel=3)) as results:
            first = asyncio.ensure_future(anext(results))
            await bench.until(3)
            bench.waiting.pop(1).set_exception(ZeroDivisionError())
            await first
    assert sorted(bench.cancelled) == [0, 2]


async def test_what_the_source_raises_comes_after_the_results_before_it() -> None:
    def source() -> Iterator[int]:
        yield from (1, 2)
        raise ZeroDivisionError

    async def ask(number: int) -> int:
        return number

    seen = []
    with pytest.raises(ZeroDivisionError):
        async for each in many(source(), ask, parallel=5):
            seen.append(each)
    assert sorted(seen) == [1, 2]


async def test_leaving_the_loop_cancels_what_is_under_way() -> None:
    bench = Bench()
    async with aclosing(many(bench.source(10**9), bench.ask, parallel=3)) as results:
        first = asyncio.ensure_future(anext(results))
        await bench.until(3)
        bench.end(0)
        await first
    assert sorted(bench.cancelled) == [1, 2] and bench.pulled == 3


def test_starts_are_even_and_a_pause_is_not_made_up_for() -> None:
    pace = Pace(10.0)
    assert [round(pace.wait(100.0), 3) for _ in range(4)] == [0.0, 0.1, 0.2, 0.3]
    assert pace.wait(200.0) == 0.0
    assert pace.wait(200.0) == pytest.approx(0.1)
    assert all(Pace(None).wait(5.0) == 0.0 for _ in range(3))
