"""Items that are watched on a node: when they are looked for, what is told, and what outlives a restart."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from support.apart import PATIENCE

from dhtui.engine.items import ImmutableItem, Item
from dhtui.engine.node import Node
from dhtui.engine.outcome import Outcome
from dhtui.engine.settings import NodeConfig
from dhtui.engine.testnet import Testnet
from dhtui.items.following import MAX_FOLLOWED, MAX_WATCHED, By, Change, Follower, FollowError
from dhtui.items.following import store as files
from dhtui.items.following.follower import AT_ONCE

from .test_record import FIXED, KEY, ONE, TARGET, TWO, look, stored


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class FakeNode:
    """Gives what it holds at a target, to as many as ask."""

    def __init__(self) -> None:
        self.holds: dict[bytes, Item] = {TARGET: ONE}
        self.asked: list[bytes] = []
        self.at_once = self.most = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.problem: Exception | None = None

    async def get(self, target: bytes, *, salt: bytes = b"", public: bytes | None = None) -> Outcome:
        self.asked.append(target)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await self.gate.wait()
        self.at_once -= 1
        if self.problem is not None:
            raise self.problem
        return look(self.holds.get(target))

    async def read_back(self, item: Item, written: tuple[()]) -> Outcome:
        return await self.get(item.target)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@asynccontextmanager
async def running(follower: Follower) -> AsyncIterator[None]:
    task = asyncio.create_task(follower.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not reached():  # noqa: ASYNC110  (there is no event for it)
            await asyncio.sleep(0)


async def looked(node: FakeNode, follower: Follower, looks: int) -> None:
    """So many looks are over."""
    await until(lambda: len(node.asked) >= looks and not follower.looking)


async def test_a_watched_item_is_looked_for_at_once_and_when_it_is_due(clock: Clock) -> None:
    node, told = FakeNode(), list[Change]()
    follower = Follower(node, None, clock=clock, tell=told.append)
    async with running(follower):
        await follower.watch(TARGET, KEY.public, b"", 60.0)
        await looked(node, follower, 1)
        assert follower.items[0].item == ONE and not told and follower.unseen == 0
        node.holds[TARGET] = TWO
        clock.now += 59
        await follower.watch(FIXED.target, None, b"", 3600.0)  # another one wakes it
        await looked(node, follower, 2)
        assert node.asked == [TARGET, FIXED.target], "it is not due yet"
        clock.now += 1
        await follower.watch(FIXED.target, None, b"", 3600.0)
        await looked(node, follower, 4)
    assert told == [Change(TARGET, ONE, TWO)] and follower.unseen == 1
    record = follower.of(TARGET)
    assert record is not None and [one.by for one in record.versions] == [By.FOUND, By.OTHER]
    assert record.versions[1].at == clock.now
    await follower.mark_seen(TARGET)
    assert follower.unseen == 0


async def test_a_change_of_an_item_that_is_not_watched_is_not_told(clock: Clock) -> None:
    node, told = FakeNode(), list[Change]()
    follower = Follower(node, None, clock=clock, tell=told.append)
    follower.put(stored(ONE))
    node.holds[TARGET] = TWO
    await follower.look(TARGET)
    assert not told and follower.unseen == 1, "it is counted, and the bell is silent"


async def test_the_clock_set_back_delays_nothing(clock: Clock) -> None:
    node = FakeNode()
    follower = Follower(node, None, clock=clock)
    async with running(follower):
        await follower.watch(TARGET, None, b"", 60.0)
        await looked(node, follower, 1)
        clock.now -= 100_000
        await follower.watch(FIXED.target, None, b"", 60.0)
        await looked(node, follower, 3)
    assert node.asked.count(TARGET) == 2


async def test_few_are_looked_for_at_a_time_and_a_failure_stops_none(clock: Clock) -> None:
    node, warned = FakeNode(), list[str]()
    follower = Follower(node, None, clock=clock, warn=warned.append)
    node.gate.clear()
    async with running(follower):
        for number in range(3 * AT_ONCE):
            await follower.watch(bytes([number]) * 20, None, b"", 60.0)
        await until(lambda: node.at_once == AT_ONCE)
        node.problem = RuntimeError("broken")
        node.gate.set()
        await looked(node, follower, 3 * AT_ONCE)
    assert node.most == AT_ONCE and len(warned) == 3 * AT_ONCE and "broken" in warned[0]
    assert all(one.watch is not None and one.watch.due == clock.now + 60 for one in follower.items)


async def test_there_is_a_most_of_everything(clock: Clock) -> None:
    follower = Follower(FakeNode(), None, clock=clock)
    for number in range(MAX_WATCHED):
        await follower.watch(bytes([number]) * 20, None, b"", 60.0)
    with pytest.raises(FollowError, match=f"at most {MAX_WATCHED}"):
        await follower.watch(TARGET, None, b"", 60.0)
    await follower.watch(bytes(20), None, b"", 5.0)  # one that is watched already is no further one
    for number in range(2 * MAX_FOLLOWED):
        follower.put(stored(ImmutableItem(b"i%de" % number)))
    assert len(follower.items) == MAX_FOLLOWED
    assert sum(one.watch is not None for one in follower.items) == MAX_WATCHED


async def test_watched_items_outlive_a_restart_with_their_values(tmp_path: Path, clock: Clock) -> None:
    node = FakeNode()
    first = Follower(node, tmp_path, clock=clock)
    await first.watch(TARGET, KEY.public, b"", 60.0)
    await first.look(TARGET)
    node.holds[TARGET] = TWO
    await first.look(TARGET)
    first.put(stored(FIXED))
    second = Follower(node, tmp_path, clock=clock)
    await second.load()
    (record,), (before, _) = second.items, first.items
    assert (record.versions, record.looks) == (before.versions, before.looks) and record.watch is not None
    assert record.unseen == 1 and record.given == TWO and second.unseen == 1
    assert (tmp_path / files.NAME).stat().st_mode & 0o777 == 0o600
    await second.unwatch(TARGET)
    third = Follower(node, tmp_path, clock=clock)
    await third.load()
    assert third.items == ()


async def test_one_of_our_own_stays_in_the_list_when_it_is_watched_no_more(clock: Clock) -> None:
    follower = Follower(FakeNode(), None, clock=clock)
    follower.put(stored(ONE))
    await follower.watch(TARGET, KEY.public, b"", 60.0)
    await follower.unwatch(TARGET)
    assert [one.target for one in follower.items] == [TARGET] and follower.items[0].watch is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 0, "items": []}', '{"version": 1, "items": {}}'])
async def test_a_damaged_list_is_set_aside(tmp_path: Path, clock: Clock, text: str) -> None:
    (tmp_path / files.NAME).write_text(text)
    warned = list[str]()
    follower = Follower(FakeNode(), tmp_path, clock=clock, warn=warned.append)
    await follower.load()
    assert follower.items == () and "set aside as watch.json.damaged-1" in warned[0]
    assert (tmp_path / "watch.json.damaged-1").read_text() == text


@pytest.mark.parametrize(
    ("field", "value"),
    [("every", 0), ("every", None), ("target", "00"), ("k", "00" * 32), ("salt", "zz"), ("looks", [[1]]), ("due", "x")],
)
async def test_an_entry_that_is_none_is_left_out_and_the_rest_stays(
    tmp_path: Path, clock: Clock, field: str, value: object
) -> None:
    first = Follower(FakeNode(), tmp_path, clock=clock)
    for target, public in ((TARGET, KEY.public), (FIXED.target, None)):
        await first.watch(target, public, b"", 60.0)
    path = tmp_path / files.NAME
    document = json.loads(path.read_text())
    document["items"][0][field] = value
    path.write_text(json.dumps(document))
    warned = list[str]()
    second = Follower(FakeNode(), tmp_path, clock=clock, warn=warned.append)
    await second.load()
    assert [one.target for one in second.items] == [FIXED.target] and "1 of the watched items" in warned[0]


async def test_a_value_in_the_file_that_its_owner_did_not_sign_is_not_shown(tmp_path: Path, clock: Clock) -> None:
    first = Follower(FakeNode(), tmp_path, clock=clock)
    await first.watch(TARGET, KEY.public, b"", 60.0)
    await first.look(TARGET)
    path = tmp_path / files.NAME
    document = json.loads(path.read_text())
    document["items"][0]["versions"][0]["v"] = b"4:evil".hex()
    path.write_text(json.dumps(document))
    second = Follower(FakeNode(), tmp_path, clock=clock)
    await second.load()
    assert second.items == ()


async def test_what_changed_while_nothing_ran_is_told_by_the_first_look(tmp_path: Path, clock: Clock) -> None:
    first = Follower(FakeNode(), tmp_path, clock=clock)
    await first.watch(TARGET, KEY.public, b"", 60.0)
    await first.look(TARGET)
    node, told = FakeNode(), list[Change]()
    node.holds[TARGET] = TWO
    second = Follower(node, tmp_path, clock=clock, tell=told.append)
    await second.load()
    await second.look(TARGET)
    assert told == [Change(TARGET, ONE, TWO)]


async def test_a_list_that_cannot_be_saved_is_told_and_watching_goes_on(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "file").write_text("")
    warned = list[str]()
    follower = Follower(FakeNode(), tmp_path / "file", clock=clock, warn=warned.append)
    await follower.watch(TARGET, KEY.public, b"", 60.0)
    assert len(follower.items) == 1 and "can't be saved" in warned[0]


async def test_on_a_network_what_another_node_puts_is_seen_and_every_copy_is_counted(clock: Clock) -> None:
    changed, told = asyncio.Event(), list[Change]()

    def tell(change: Change) -> None:
        told.append(change)
        changed.set()

    config = partial(NodeConfig, listen=("127.0.0.1", 0))
    async with (
        Testnet(12) as net,
        Node(config(bootstrap=net.bootstrap)) as node,
        Node(config(bootstrap=net.bootstrap)) as other,
    ):
        await node.bootstrapped()
        await other.bootstrapped()
        follower = Follower(node, None, clock=clock, tell=tell)
        for item in (ONE, FIXED):
            follower.put(await node.put(item))
            record = follower.of(item.target)
            assert record is not None and record.looks[-1].copies == 8
        await follower.look(FIXED.target)
        record = follower.of(FIXED.target)
        assert record is not None and record.looks[-1].copies == 8, "a get would have ended at the first copy"
        await other.put(TWO)
        async with running(follower), asyncio.timeout(PATIENCE):
            await follower.watch(TARGET, KEY.public, b"", 3600.0)
            await changed.wait()
    assert told == [Change(TARGET, ONE, TWO)]
