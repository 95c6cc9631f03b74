"""The tour, walked on a small testnet, by the keys that its cards name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.apart import PATIENCE

from dhtui.app import Explorer, explorer
from dhtui.engine.testnet import Testnet
from dhtui.options.options import Options
from dhtui.packets.parts import Link
from dhtui.runtime import launch
from dhtui.runtime.host import Nodes
from dhtui.runtime.opening import on_testnet
from dhtui.screens.lookup.course import CourseScreen
from dhtui.screens.tour.card import TourCard
from dhtui.screens.tour.guide import Guide
from dhtui.screens.tour.plan import CARDS, load, save

from ..snapshots import running
from ..stage import SMALL, Stage, exploring

NODES = 16


class Hearing(Explorer):
    """Keeps what it says: a toast is gone after some seconds."""

    CSS_PATH = str(Path(explorer.__file__).with_name("app.tcss"))
    heard: tuple[str, ...] = ()

    def notify(self, message: str, **how: Any) -> None:
        self.heard = (*self.heard, message)
        super().notify(message, **how)


def heard(stage: Stage) -> tuple[str, ...]:
    assert isinstance(stage.app, Hearing)
    return stage.app.heard


@asynccontextmanager
async def on_tour(folder: Path, size: tuple[int, int] = SMALL, nodes: int = NODES) -> AsyncIterator[Stage]:
    """An explorer on a testnet of its own."""
    start = launch.prepare(Options(testnet=nodes), serving=True, keeping=False)
    own = partial(on_testnet, start, nodes, lambda text: None)
    app = Hearing(Nodes(own, on_testnet=True, tour_folder=folder, keys_folder=folder / "keys"))
    async with app.run_test(size=size, notifications=True) as pilot:
        stage = Stage(app, pilot, None)  # type: ignore[arg-type]
        await stage.until(lambda: app.host.net is not None and known(stage) >= min(nodes, 8))
        yield stage


def known(stage: Stage) -> int:
    node = stage.app.host.node
    return 0 if node is None else node.snapshot().table.good


def guide(stage: Stage) -> Guide:
    assert stage.app.guide is not None
    return stage.app.guide


def net(stage: Stage) -> Testnet:
    assert stage.app.host.net is not None
    return stage.app.host.net


def place(stage: Stage) -> tuple[int, int]:
    """The card, from 1, and how many of its parts are done."""
    tour = guide(stage).tour
    return tour.at + 1, tour.done


async def seen(stage: Stage, what: Callable[[], bool]) -> None:
    """Waits until the guide has seen something."""

    def look() -> bool:
        guide(stage).look()
        return what()

    await stage.until(look)


async def done(stage: Stage, card: int, part: int) -> None:
    await seen(stage, lambda: place(stage) == (card, part))


def stored(stage: Stage) -> int:
    """How often something was put."""
    node = stage.app.host.node
    assert node is not None
    return sum(each.wrote > 0 for each in node.snapshot().lookups if each.owner == "user")


async def put(stage: Stage, value: str) -> None:
    before = stored(stage)
    await stage.press("6", "p", *value, "ctrl+s")
    await stage.until(lambda: stored(stage) > before)
    while stage.app.screen is not stage.app.screen_stack[0]:
        await stage.press("escape")


async def to_nodes(stage: Stage, view: str) -> None:
    await to_pane(stage, view, "nodes")


async def to_pane(stage: Stage, view: str, name: str) -> None:
    """Goes to a list of a screen, and to its first line."""
    await stage.press(view)
    for _ in range(4):
        if not stage.table(name).has_focus:
            await stage.press("tab")
    assert stage.table(name).has_focus, stage.text()
    await stage.press("g")


async def one_to_three(stage: Stage) -> None:
    """An id is a place, XOR is distance, buckets."""
    await stage.press("f2")
    await done(stage, 1, 0)
    await seen(stage, lambda: "1/8 an id is a place" in stage.text())
    await to_nodes(stage, "2")
    await stage.press("down")
    await done(stage, 1, 1)
    await seen(stage, lambda: "f2 goes on" in stage.text())
    await stage.press("f2")
    await done(stage, 2, 0)
    await stage.press("f3", "0", "enter", "f", "enter")
    await done(stage, 2, 1)
    assert "the first 0 bits of 160" in stage.text()
    await stage.press("escape", "f2", "tab")
    await done(stage, 3, 0)
    await stage.press("G")
    await done(stage, 3, 1)


async def four_and_five(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask one node, a lookup in slow motion."""
    await stage.press("f2")
    await done(stage, 4, 0)
    await to_nodes(stage, "2")
    await stage.press("f")
    await done(stage, 4, 1)
    await stage.press("escape", "f2")
    await done(stage, 5, 0)
    await stage.press("L", *("5a" * 20), "enter")
    await done(stage, 5, 1)
    now = [0.0]
    monkeypatch.setattr(CourseScreen, "clock", staticmethod(lambda: now[0]))
    await stage.press("4", "P")
    now[0] += 10_000.0
    screen = stage.screen
    assert isinstance(screen, CourseScreen)
    screen.advance()
    await done(stage, 5, 2)


async def six_to_eight(stage: Stage) -> None:
    """Put and see the 8, stop three of them and put again, a liar."""
    await stage.press("f2")
    await done(stage, 6, 0)
    await put(stage, "hello")
    await done(stage, 6, 1)
    await to_pane(stage, "4", "lookups")
    while (row := stage.table("lookups").model.selected) is not None and row.view.kind != "get":
        await stage.press("down")
    await to_nodes(stage, "4")
    await done(stage, 6, 2)
    await stage.press("f2")
    await done(stage, 7, 0)
    holders = [row.node.addr for row in stage.table("nodes").model.rows if row.node.closest][:3]
    while len(net(stage).stopped) < 3:
        row = stage.table("nodes").model.selected
        if row is not None and row.node.addr in holders:
            await stage.press("X", "2")
        await stage.press("down")
    await done(stage, 7, 1)
    assert len(net(stage).stopped) == 3 and len(net(stage).nodes) == NODES - 3
    await put(stage, "hello")
    await done(stage, 7, 2)
    await stage.press("f2")
    await seen(stage, lambda: bool(net(stage).liars))
    (liar,) = net(stage).liars
    await seen(stage, lambda: "8/8 a liar" in stage.text())
    await stage.press("2")
    assert stage.screen.open_link(Link("address", liar, ""))
    await done(stage, 8, 1)
    await stage.press("f")
    await done(stage, 8, 2)
    await stage.press("escape")


async def test_all_eight_cards_are_walked_by_the_keys_that_they_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with asyncio.timeout(4 * PATIENCE), on_tour(tmp_path) as stage:
        assert any("f2 begins a tour" in toast for toast in heard(stage))
        await one_to_three(stage)
        await four_and_five(stage, monkeypatch)
        assert load(tmp_path).card == 4
        await six_to_eight(stage)
        await stage.press("f2")
        await seen(stage, lambda: guide(stage).tour.card is None and "That was the tour" in stage.text())
        assert load(tmp_path).card == len(CARDS)
        await stage.press("f2")
        assert not guide(stage).shown and load(tmp_path).card == 0
        assert not stage.screen.query(TourCard)


async def test_it_is_left_resumed_skipped_and_begun_again(tmp_path: Path) -> None:
    save(tmp_path, 2)
    async with on_tour(tmp_path, nodes=4) as stage:
        assert not any("f2 begins a tour" in toast for toast in heard(stage))
        await stage.press("f2")
        await done(stage, 3, 0)
        await stage.press("f2", "2")
        assert not guide(stage).shown and not stage.screen.query(TourCard)
        await stage.press("f2")
        await done(stage, 3, 0)
        await stage.press("f2", "3")
        await done(stage, 4, 0)
        await stage.press("f2", "4")
        await done(stage, 1, 0)
        await stage.press("f2", "1")
        await done(stage, 1, 0)
        await stage.press("3")
        await seen(stage, lambda: bool(stage.screen.query(TourCard)))  # it goes along to every screen
    assert load(tmp_path).card == 0


async def test_the_screen_stays_usable_beside_the_card(tmp_path: Path) -> None:
    """At the right edge of a wide window, above the keys of a narrow one, in none that is tiny."""
    for size in (SMALL, (120, 35), (160, 45)):
        async with on_tour(tmp_path, size, nodes=4) as stage:
            await stage.press("f2")
            await seen(stage, lambda: bool(stage.screen.query(TourCard)))
            await stage.settle()
            (card,) = stage.screen.query(TourCard)
            if size[0] >= 150:
                assert card.region.right == size[0] and card.region.width == 38
            else:
                assert card.region.bottom == size[1] - 1 and card.region.height <= 9
            assert stage.lines()[-1].startswith(" ? help") and "quit" in stage.lines()[-1]
            assert "Home" in stage.lines()[1]


async def test_without_a_testnet_it_says_what_opens_one() -> None:
    async with exploring(running()) as stage:
        await stage.press("f2")
        assert stage.toasts() == ["The tour needs a network to play with: T opens a testnet."]
        await stage.press("X")
        assert stage.toasts()[-1] == "Only nodes of a testnet can be stopped: T opens one."


async def test_a_stopped_node_says_so_and_is_started_without_a_question(tmp_path: Path) -> None:
    async with on_tour(tmp_path, nodes=4) as stage:
        await to_nodes(stage, "2")
        await stage.press("X", "enter")
        assert net(stage).stopped == ()
        await stage.press("X", "2")
        (addr,) = net(stage).stopped
        stage.app.clear_notifications()
        await stage.press("enter")
        assert "by hand: X on it, in any list, starts it again" in stage.text()
        await stage.press("escape", "X")
        assert not net(stage).stopped and len(net(stage).nodes) == 4
        await stage.press(
            "X", "2", "1", "X", "enter"
        )  # nothing is selected on Home: those that are stopped are offered
        assert not net(stage).stopped and stage.toasts()[-1] == f"{addr[0]}:{addr[1]} runs again."
