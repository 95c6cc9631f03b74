"""The items that are kept alive: the window that lists them, and the keeper that runs with the node."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from support.apart import PATIENCE
from support.background import Neighbours, neighbours

from dhtui.app import Explorer
from dhtui.engine.items import ImmutableItem, Item, MutableItem, sign
from dhtui.engine.keys import PrivateKey
from dhtui.engine.lookup.decisions import StopReason
from dhtui.engine.operations.requests import Decide
from dhtui.engine.outcome import NodeOutcome, Outcome, Status
from dhtui.engine.wire.compact import Addr
from dhtui.items.keepalive import Check, CheckVerdict, KeptItem, store
from dhtui.items.keepalive.plan import begin
from dhtui.items.keepalive.store import Items
from dhtui.options.options import Options
from dhtui.runtime import launch
from dhtui.runtime.host import Nodes
from dhtui.runtime.opening import on_network
from dhtui.screens.items.kept_list import KeptList
from dhtui.screens.items.screen import ItemsScreen
from dhtui.text.actions.keeping import CheckNote, CheckWhy
from dhtui.text.safe import magnet
from dhtui.widgets.source_input import SourceInput

from .. import snapshots
from ..snapshots import ESCAPES
from ..stage import LARGE, SMALL, PaperNode, Stage, exploring, matches_goldens

NOW = 1_800_000_000.0
KEY = PrivateKey.from_seed(bytes(range(32)))
BLOG = sign(KEY, b"12:a blog entry", 7, b"blog")
FOREIGN = sign(PrivateKey.from_seed(bytes(32)), b"d2:ih20:01234567890123456789e", 3)
FIXED = ImmutableItem(b"11:hello world")
PAUSED = ImmutableItem(b"i42e")
NEW = ImmutableItem(b"3:new")


def kept() -> tuple[KeptItem, ...]:
    """One of each state."""
    put = Check(at=NOW - 300, verdict=CheckVerdict.PUT, copies=3, stored=8, tried=8)
    enough = Check(at=NOW - 65, verdict=CheckVerdict.ENOUGH, copies=11, note=CheckNote(CheckWhy.OTHERS))
    failed = Check(
        at=NOW - 30, verdict=CheckVerdict.FAILED, note=CheckNote(CheckWhy.STOPPED, stop=StopReason.NOBODY_TO_ASK)
    )
    return (
        KeptItem(item=BLOG, added=NOW - 9000, due=NOW + 3000, put_at=NOW - 300, last=put),
        KeptItem(item=FOREIGN, added=NOW - 8000, due=NOW + 3400, last=enough),
        KeptItem(item=FIXED, added=NOW - 40, due=NOW + 412, last=failed),
        KeptItem(item=PAUSED, added=NOW - 90_000, due=NOW - 5000, paused=True, last=enough),
        KeptItem(item=NEW, added=NOW, due=NOW),
    )


def keep(folder: Path, *some: KeptItem) -> None:
    """Puts these into the list of a folder."""

    def change(items: Items) -> None:
        items.update({one.target: one for one in some})

    store.change(folder, change)


class KeepingNode(PaperNode):
    """Takes every put, and gives `found` to every get. It is never bootstrapped, so nothing goes on by itself."""

    found: Item | None = None

    async def bootstrapped(self) -> None:
        await asyncio.Event().wait()

    async def republish(self, what: ImmutableItem | MutableItem, decide: Decide) -> Outcome:
        nodes = tuple(
            NodeOutcome(addr=("10.0.0.1", n), status=Status.ANSWERED, token=b"t", rtt=0.1) for n in range(1, 9)
        )
        item, where = decide(Outcome(action="get", target=what.target, asked=nodes, closest=nodes))
        self.asked.append(("republish", item))
        writes = tuple(NodeOutcome(addr=node.addr, status=Status.STORED) for node in nodes if node.addr in where)
        return Outcome(action="put", target=what.target, asked=nodes, closest=nodes, writes=writes)

    async def get(self, target: bytes, *, salt: bytes, remotes: Sequence[Addr] | None = None, **_: object) -> Outcome:
        self.asked.append(("get", target, salt))
        node = NodeOutcome(addr=("10.0.0.1", 1), status=Status.ANSWERED, item=self.found, rtt=0.1)
        return Outcome(action="get", target=target, asked=(node,), closest=(node,), item=self.found)


async def shown(stage: Stage) -> None:
    """Opens the window, at a time that is always the same."""
    keeper = stage.app.host.keeper
    if keeper is not None:
        keeper.clock = lambda: NOW
    await stage.press("K")
    assert isinstance(stage.app.screen, KeptList)
    # The clock of a node that stands still: what the timer would show.
    stage.app.screen.show_rows()
    await stage.pilot.pause()


async def asked_for_one(stage: Stage) -> SourceInput:
    """The field for an item to add. A worker waits for the answer, so there is no settling."""
    await stage.pilot.press("a")
    await stage.pilot.pause()
    return stage.app.screen.query_one(SourceInput)


async def test_the_list_looks_as_it_did(tmp_path: Path) -> None:
    keep(tmp_path, *kept())
    async with exploring(KeepingNode(snapshots.running()), show="items", keep_folder=tmp_path) as stage:
        await shown(stage)
        await matches_goldens(stage, "kept")
        await stage.press("down", "down")
        assert "there was no node to ask" in stage.text()


async def test_an_empty_list_teaches(tmp_path: Path) -> None:
    async with exploring(KeepingNode(snapshots.running()), show="items", keep_folder=tmp_path) as stage:
        await shown(stage)
        await matches_goldens(stage, "kept-empty")


async def test_without_a_node_on_the_network_nothing_is_kept(tmp_path: Path) -> None:
    async with exploring(KeepingNode(snapshots.running()), show="items") as stage:
        await shown(stage)
        assert "not in a recording, and not" in stage.text()
        await stage.press("a", "p", "r", "x")
        assert any("no node that could" in toast for toast in stage.toasts())


async def test_it_is_paused_looked_after_and_let_go(tmp_path: Path) -> None:
    keep(tmp_path, *kept())
    node = KeepingNode(snapshots.running())
    async with exploring(node, show="items", keep_folder=tmp_path) as stage:
        await shown(stage)
        await stage.press("p")
        assert store.load(tmp_path)[0][BLOG.target].paused and "paused" in stage.text()
        await stage.press("p")
        assert not store.load(tmp_path)[0][BLOG.target].paused
        await stage.press("G", "r")
        assert node.asked == [("republish", NEW)] and "put on 8 of 8" in stage.text()
        await stage.press("x", "enter")
        assert NEW.target in store.load(tmp_path)[0], "the first choice is to keep it"
        await stage.press("x", "2")
        assert NEW.target not in store.load(tmp_path)[0] and len(store.load(tmp_path)[0]) == 4
        await stage.press("escape")
        assert isinstance(stage.app.screen, ItemsScreen)
        await stage.press("u")
        assert NEW.target in store.load(tmp_path)[0], "it is taken back"


async def test_an_item_of_somebody_else_is_added_by_its_link(tmp_path: Path) -> None:
    node = KeepingNode(snapshots.running())
    node.found = BLOG
    async with exploring(node, show="items", keep_folder=tmp_path) as stage:
        await shown(stage)
        field = await asked_for_one(stage)
        field.value = "self"
        await stage.pilot.press("enter")
        assert "self is a node, not an item" in stage.text()
        field.value = magnet(BLOG.k, BLOG.salt)
        await stage.press("enter")
        assert node.asked == [("get", BLOG.target, b"blog")]
        assert list(store.load(tmp_path)[0]) == [BLOG.target] and "1 item kept alive" in stage.text()
        node.found = None
        (await asked_for_one(stage)).value = KEY.public.hex()
        await stage.press("enter")
        assert any(toast.startswith("Not kept: value not found") for toast in stage.toasts())


async def test_a_damaged_list_is_told_and_set_aside(tmp_path: Path) -> None:
    (tmp_path / store.NAME).write_text("{")
    async with exploring(KeepingNode(snapshots.running()), show="items", keep_folder=tmp_path) as stage:
        assert any("set aside" in toast for toast in stage.toasts())


@pytest.mark.parametrize("size", [SMALL, LARGE, (59, 15), (20, 6)], ids=str)
async def test_nothing_a_terminal_obeys_reaches_the_screen(tmp_path: Path, size: tuple[int, int]) -> None:
    evil = ESCAPES.encode()[:60]
    item = sign(KEY, b"%d:%b" % (len(evil), evil), 1, evil)
    note = Check(at=NOW, verdict=CheckVerdict.FAILED, note=CheckNote(CheckWhy.WRITTEN, text=ESCAPES))
    keep(tmp_path, KeptItem(item=item, added=NOW, due=NOW, last=note))
    async with exploring(KeepingNode(snapshots.running()), size, "items", keep_folder=tmp_path) as stage:
        await shown(stage)
        text = stage.text()
        await stage.press("enter")
        assert not {char for char in text + stage.text() if char in ESCAPES and not char.isprintable()} - {"\n"}


async def test_a_testnet_has_a_keeper_of_its_own_that_ends_with_it(tmp_path: Path) -> None:
    node, other = KeepingNode(snapshots.running()), KeepingNode(snapshots.running())
    keep(tmp_path, *kept())
    async with exploring(node, show="items", keep_folder=tmp_path, other=other.factory) as stage:
        of_network = stage.app.host.keeper
        assert of_network is not None and of_network.lasts
        await stage.press("T", "2")
        of_testnet = stage.app.host.keeper
        assert of_testnet is not None and not of_testnet.lasts and stage.app.host.testnet
        assert of_testnet.items == (), "what is kept on the network is no affair of a testnet"
        assert await of_testnet.add(NEW, put=True) and len(of_testnet.items) == 1
        await stage.press("T", "2")
        of_network = stage.app.host.keeper
        assert of_network is not None and len(of_network.items) == len(kept())
    assert len(store.load(tmp_path)[0]) == len(kept())


async def test_the_explorer_looks_after_what_is_due(tmp_path: Path) -> None:
    """With a real node, in a network of its own: an item that nobody holds is put, and stays in the list."""
    keep(tmp_path, begin(BLOG, 0.0, Random(1), put=False))
    with neighbours() as net:
        options = Options(state_dir=tmp_path, bnodes=tuple(net.net.split(",")), listen=(("127.0.0.1", 0),))
        start = launch.prepare(options, serving=True, keeping=False)
        app = Explorer(Nodes(lambda: on_network(start), keep_folder=tmp_path))
        async with app.run_test() as pilot, asyncio.timeout(PATIENCE):
            while (looked := store.load(tmp_path)[0][BLOG.target].last) is None:
                await pilot.pause(0.05)
    assert looked.verdict is CheckVerdict.PUT and looked.stored == looked.tried == 8
    assert isinstance(net, Neighbours)
