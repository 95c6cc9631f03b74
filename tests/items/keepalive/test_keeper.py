"""The list of kept items on disk, and who looks after it: over restarts, damage, full disks and other runs."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from random import Random

import pytest
from keyring.steps import full_from, killed_at
from support.apart import PATIENCE

from dhtui.engine.items import ImmutableItem, Item, MutableItem, sign
from dhtui.engine.keys import BEP44_TEST_KEY, PrivateKey
from dhtui.engine.lookup.decisions import StopReason
from dhtui.engine.node import Node
from dhtui.engine.operations.requests import Decide
from dhtui.engine.outcome import NodeOutcome, Outcome, Status
from dhtui.engine.settings import NodeConfig
from dhtui.engine.testnet import Testnet
from dhtui.items.keepalive import CheckVerdict, Keeper, KeptItem, plan, store
from dhtui.items.keepalive.store import Items, KeepError
from dhtui.storage.atomic import locked, open_lock, try_lock
from dhtui.text.actions.keeping import check_words

KEY = PrivateKey.from_seed(bytes(32))
ITEM = sign(BEP44_TEST_KEY, b"3:two", 2, b"salt")
NEW = sign(BEP44_TEST_KEY, b"5:three", 3, b"salt")
FIXED = ImmutableItem(b"5:fixed")
ADDR = ("10.0.0.1", 1)


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class FakeNode:
    """Eight nodes that take everything, or a network that is not there."""

    def __init__(self) -> None:
        self.put: list[Item] = []
        self.called = asyncio.Event()
        self.there = True
        self.holds: Item | None = None

    async def republish(self, what: ImmutableItem | MutableItem, decide: Decide) -> Outcome:
        await asyncio.sleep(0)
        nodes = tuple(
            NodeOutcome(addr=("10.0.0.1", port), status=Status.VALUE, item=self.holds, token=b"t", rtt=0.1)
            for port in range(1, 9 if self.there else 1)
        )
        found = Outcome(action="get", target=what.target, asked=nodes, closest=nodes, item=self.holds)
        item, where = decide(found)
        self.called.set()
        self.put += [item for node in nodes if node.addr in where]
        writes = tuple(NodeOutcome(addr=node.addr, status=Status.STORED) for node in nodes if node.addr in where)
        stopped = StopReason.WRITTEN if writes else StopReason.NOBODY_TO_ASK
        return Outcome(action="put", target=what.target, asked=nodes, closest=nodes, writes=writes, stopped=stopped)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def keeper_of(folder: Path, clock: Clock, node: FakeNode | Node | None = None) -> Keeper:
    return Keeper(node or FakeNode(), folder, clock=clock, rng=Random(1))


# ---- the file ---------------------------------------------------------------------------------------------


async def test_the_list_outlives_a_restart(tmp_path: Path, clock: Clock) -> None:
    first = keeper_of(tmp_path, clock)
    await first.add(ITEM, put=True)
    await first.add(FIXED, put=False)
    await first.one_pass()
    await first.pause(ITEM.target, True)
    second = keeper_of(tmp_path, clock)
    await second.load()
    assert second.items == first.items and len(second.items) == 2
    assert second.items[0].paused and second.items[0].last is None and second.items[1].last is not None
    assert (tmp_path / store.NAME).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 0, "items": []}', '{"version": 1, "items": {}}'])
async def test_a_damaged_list_is_set_aside(tmp_path: Path, clock: Clock, text: str) -> None:
    (tmp_path / store.NAME).write_text(text)
    keeper = keeper_of(tmp_path, clock)
    await keeper.load()
    assert keeper.items == () and "set aside as keep.json.damaged-1" in keeper.problem
    assert (tmp_path / "keep.json.damaged-1").read_text() == text
    await keeper.add(ITEM, put=False)
    assert len(keeper.items) == 1 and keeper.problem == ""


@pytest.mark.parametrize(
    ("field", "value"),
    [("sig", "00" * 64), ("v", "zz"), ("v", "31"), ("seq", "2"), ("seq", -1), ("due", "x"), ("salt", 5), ("last", {})],
)
def test_an_item_that_no_node_would_take_is_left_out_and_the_rest_stays(
    tmp_path: Path, field: str, value: object
) -> None:
    def both(items: Items) -> None:
        for item in (ITEM, FIXED):
            items[item.target] = plan.begin(item, 1.0, Random(1), put=True)

    store.change(tmp_path, both)
    path = tmp_path / store.NAME
    document = json.loads(path.read_text())
    document["items"][0][field] = value
    path.write_text(json.dumps(document))
    items, warnings = store.load(tmp_path)
    assert list(items) == [FIXED.target] and "1 of the items" in warnings[0]
    assert (tmp_path / "keep.json.damaged-1").exists()
    assert store.load(tmp_path) == (items, []), "told once"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "9" * 400])
@pytest.mark.parametrize("field", ["due", "added", "seq"])
def test_a_number_of_no_use_costs_its_item_and_no_other(tmp_path: Path, field: str, number: str) -> None:
    def both(items: Items) -> None:
        for item in (ITEM, FIXED):
            items[item.target] = plan.begin(item, 1.0, Random(1), put=True)

    store.change(tmp_path, both)
    path = tmp_path / store.NAME
    document = json.loads(path.read_text())
    document["items"][0][field] = "HERE"
    path.write_text(json.dumps(document).replace('"HERE"', number))
    items, warnings = store.load(tmp_path)
    assert list(items) == [FIXED.target] and "1 of the items" in warnings[0]


@pytest.mark.parametrize("why", ["later", "folder", "fifo", "held"])
async def test_a_list_that_can_not_be_read_is_told_and_stays(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    path = tmp_path / store.NAME
    monkeypatch.setattr(store, "locked", partial(locked, patience=0))
    with ExitStack() as held:
        match why:
            case "folder":
                path.mkdir()
            case "fifo":
                os.mkfifo(path)
            case _:
                path.write_text('{"version": %d, "items": []}' % (2 if why == "later" else 1))
        if why == "held":
            assert try_lock(held.enter_context(open_lock(tmp_path / store.LOCK)))
        keeper = keeper_of(tmp_path, clock)
        await keeper.load()
        assert keeper.unread and "can't be read" in keeper.problem
        assert not await keeper.add(ITEM, put=True), "not saved, and that is said"
        assert "can't be saved" in keeper.problem
        assert [kept.item for kept in keeper.items] == [ITEM], "for as long as this run goes on"
    assert not (tmp_path / "keep.json.damaged-1").exists()


async def test_what_ails_one_item_does_not_let_the_others_die(tmp_path: Path, clock: Clock) -> None:
    class Ailing(FakeNode):
        async def republish(self, what: ImmutableItem | MutableItem, decide: Decide) -> Outcome:
            if what == ITEM:
                raise ZeroDivisionError("of this one")
            return await super().republish(what, decide)

    keeper = keeper_of(tmp_path, clock, Ailing())
    for item in (ITEM, FIXED):
        await keeper.add(item, put=False)
    looked = await keeper.one_pass()
    assert [kept.last.verdict for kept in looked if kept.last] == [CheckVerdict.FAILED, CheckVerdict.PUT]
    assert looked[0].last is not None and check_words(looked[0].last.note) == "ZeroDivisionError: of this one"


def test_a_kill_at_any_step_of_a_save_loses_no_item(tmp_path: Path) -> None:
    def add(item: Item) -> None:
        store.change(tmp_path, lambda items: items.update({item.target: plan.begin(item, 1.0, Random(1), put=True)}))

    add(ITEM)
    steps = 0
    while killed_at(steps, lambda: add(FIXED)):
        items, warnings = store.load(tmp_path)
        assert ITEM.target in items and not warnings
        steps += 1
    assert steps > 3 and len(store.load(tmp_path)[0]) == 2


async def test_a_full_disk_does_not_keep_items_from_being_looked_after(tmp_path: Path, clock: Clock) -> None:
    node = FakeNode()
    keeper = keeper_of(tmp_path, clock, node)
    await keeper.add(FIXED, put=False)

    @contextmanager
    def full() -> Iterator[None]:
        with full_from(0):
            yield

    with full():
        await keeper.add(ITEM, put=False)
        await keeper.check(ITEM.target)
    assert "can't be saved" in keeper.problem and "No space left" in keeper.problem
    assert node.put == [ITEM] * 8 and keeper.items[1].last is not None
    await keeper.pause(FIXED.target, True)
    assert keeper.problem == ""


def test_the_list_is_bounded(tmp_path: Path) -> None:
    def many(items: Items) -> None:
        for number in range(store.MAX_KEPT + 1):
            item = ImmutableItem(b"i%de" % number)
            items[item.target] = plan.begin(item, 1.0, Random(1), put=True)

    with pytest.raises(KeepError, match="at most 500"):
        store.change(tmp_path, many)
    assert store.load(tmp_path) == ({}, [])


async def test_two_runs_change_one_list(tmp_path: Path, clock: Clock) -> None:
    one, other = keeper_of(tmp_path, clock), keeper_of(tmp_path, clock)
    await one.add(ITEM, put=True)
    await other.add(FIXED, put=True)
    assert [kept.item for kept in other.items] == [ITEM, FIXED]
    await one.remove(ITEM.target)
    assert [kept.item for kept in one.items] == [FIXED]
    await other.load()
    assert [kept.item for kept in other.items] == [FIXED]


# ---- looking after ------------------------------------------------------------------------------------------


async def test_one_pass_looks_after_what_is_due(tmp_path: Path, clock: Clock) -> None:
    node = FakeNode()
    keeper = keeper_of(tmp_path, clock, node)
    await keeper.add(FIXED, put=False)
    await keeper.add(ITEM, put=True)
    (looked,) = await keeper.one_pass()
    assert looked.item == FIXED and looked.last is not None and looked.last.verdict is CheckVerdict.PUT
    assert node.put == [FIXED] * 8
    assert await keeper.one_pass() == ()
    clock.now += plan.INTERVAL[1] - 300  # cron is a little early
    assert {kept.item for kept in await keeper.one_pass()} == {FIXED, ITEM}


async def test_it_goes_on_by_itself_and_wakes_up_for_new_ones(tmp_path: Path, clock: Clock) -> None:
    node = FakeNode()
    keeper = keeper_of(tmp_path, clock, node)
    running = asyncio.create_task(keeper.run())
    for item in (FIXED, ITEM):
        await keeper.add(item, put=False)
        async with asyncio.timeout(PATIENCE):
            await node.called.wait()
        node.called.clear()
        assert item in node.put
    running.cancel()


async def test_paused_items_are_left_alone_until_they_are_resumed(tmp_path: Path, clock: Clock) -> None:
    node = FakeNode()
    keeper = keeper_of(tmp_path, clock, node)
    await keeper.add(FIXED, put=False)
    await keeper.pause(FIXED.target, True)
    assert await keeper.one_pass() == () and node.put == []
    await keeper.pause(FIXED.target, False)
    assert len(await keeper.one_pass()) == 1


async def test_no_network_is_a_failure_that_is_tried_again(tmp_path: Path, clock: Clock) -> None:
    node = FakeNode()
    node.there = False
    keeper = keeper_of(tmp_path, clock, node)
    await keeper.add(FIXED, put=False)
    (looked,) = await keeper.one_pass()
    assert (
        looked.last is not None
        and looked.last.verdict is CheckVerdict.FAILED
        and check_words(looked.last.note) == "there was no node to ask"
    )
    assert plan.RETRY[0] <= looked.due - clock.now <= plan.RETRY[1]


async def test_a_newer_item_takes_the_place_of_an_older_one_only(tmp_path: Path, clock: Clock) -> None:
    keeper = keeper_of(tmp_path, clock)
    await keeper.add(ITEM, put=False)
    clock.now += 10
    await keeper.add(NEW, put=True)
    await keeper.add(ITEM, put=True)
    (kept,) = keeper.items
    assert kept.item == NEW and kept.added == clock.now - 10


async def test_what_was_removed_while_it_was_looked_after_stays_away(tmp_path: Path, clock: Clock) -> None:
    keeper = keeper_of(tmp_path, clock)
    await keeper.add(FIXED, put=False)
    looking = asyncio.create_task(keeper.one_pass())
    await keeper.remove(FIXED.target)
    await looking
    assert keeper.items == ()


async def test_what_was_replaced_while_it_was_looked_after_stays_new(tmp_path: Path, clock: Clock) -> None:
    keeper = keeper_of(tmp_path, clock)
    await keeper.add(ITEM, put=False)
    looking = asyncio.create_task(keeper.one_pass())
    await asyncio.sleep(0)
    await keeper.add(NEW, put=True)
    await looking
    assert [kept.item for kept in keeper.items] == [NEW]


async def test_on_a_real_network_items_are_put_without_their_keys(tmp_path: Path, clock: Clock) -> None:
    async with Testnet(12) as net, Node(NodeConfig(listen=("127.0.0.1", 0), bootstrap=net.bootstrap)) as node:
        keeper = keeper_of(tmp_path, clock, node)
        foreign = sign(KEY, b"7:foreign", 7)
        for item in (foreign, net.items[0]):
            await keeper.add(item, put=False)
        for looked in await keeper.one_pass():
            assert looked.last is not None and looked.last.stored == looked.last.tried == 8
        assert (await node.get(foreign.target)).item == foreign
        clock.now += 3500
        for looked in await keeper.one_pass():
            assert looked.last is not None and looked.last.verdict is CheckVerdict.ENOUGH and looked.last.tried == 0


async def test_a_newer_item_found_in_the_network_is_kept_from_then_on(tmp_path: Path, clock: Clock) -> None:
    node = FakeNode()
    node.holds = NEW
    keeper = keeper_of(tmp_path, clock, node)
    await keeper.add(ITEM, put=False)
    assert [kept.item for kept in await keeper.one_pass()] == [NEW]


def test_a_kept_item_holds_no_private_key() -> None:
    kept: KeptItem = plan.begin(ITEM, 1.0, Random(1), put=True)
    assert BEP44_TEST_KEY.secret.hex() not in repr(kept)


# ---- an old value is never published over the user's newer one --------------------------------------------


def mutable(seq: int, v: bytes = b"5:value") -> MutableItem:
    return sign(BEP44_TEST_KEY, v, seq, b"salt")


@pytest.mark.parametrize(
    ("put", "kept"),
    [
        (mutable(3), mutable(3)),
        (mutable(2, b"5:other"), mutable(2, b"5:other")),
        (mutable(1), ITEM),
        (FIXED, ITEM),
    ],
    ids=["newer", "the same seq", "older", "of another target"],
)
async def test_a_put_of_a_kept_target_replaces_the_kept_item(tmp_path: Path, put: Item, kept: Item) -> None:
    node = FakeNode()
    await Keeper(node, tmp_path).add(ITEM, put=True)
    keeper = Keeper(node, tmp_path)
    await keeper.renew(put)
    assert [one.item for one in keeper.items] == [kept]
    assert [one.item for one in store.load(tmp_path)[0].values()] == [kept]
    await keeper.check(kept.target)
    assert set(node.put) <= {kept}


async def test_a_put_of_what_is_not_kept_writes_nothing(tmp_path: Path) -> None:
    await Keeper(FakeNode(), tmp_path / "state").renew(ITEM)
    assert not (tmp_path / "state").exists()


# ---- without a folder -------------------------------------------------------------------------------------


async def test_without_a_folder_items_are_kept_as_long_as_the_keeper_lives(clock: Clock) -> None:
    node, saw = FakeNode(), list[tuple[Item, int]]()
    keeper = Keeper(node, None, clock=clock, rng=Random(1))
    keeper.saw = lambda item, outcome: saw.append((item, outcome.stored))
    assert not keeper.lasts and await keeper.add(FIXED, put=False)
    await keeper.load()
    await keeper.one_pass()
    assert node.put == [FIXED] * 8 and saw == [(FIXED, 8)]
    await keeper.pause(FIXED.target, True)
    assert keeper.items[0].paused
    await keeper.remove(FIXED.target)
    assert keeper.items == ()


async def test_without_a_folder_there_is_a_most_too(clock: Clock) -> None:
    keeper = Keeper(FakeNode(), None, clock=clock, rng=Random(1))
    for number in range(store.MAX_KEPT):
        await keeper.add(ImmutableItem(b"i%de" % number), put=False)
    with pytest.raises(KeepError, match=f"at most {store.MAX_KEPT}"):
        await keeper.add(FIXED, put=False)
    assert len(keeper.items) == store.MAX_KEPT


async def test_more_items_than_the_list_takes_are_kept_alive_in_memory(clock: Clock) -> None:
    node = FakeNode()
    keeper = Keeper(node, None, clock=clock, rng=Random(1), most=store.MAX_KEPT + 1)
    items = [ImmutableItem(b"i%de" % number) for number in range(store.MAX_KEPT + 1)]
    await keeper.add_spread((item, True) for item in items)
    assert [kept.item for kept in keeper.items] == items
    clock.now += plan.AVERAGE / 2
    looked = await keeper.one_pass()
    assert abs(len(looked) - len(items) / 2) < 0.25 * len(items), "about half of them are due"
    with pytest.raises(KeepError):
        await keeper.add(FIXED, put=True)
