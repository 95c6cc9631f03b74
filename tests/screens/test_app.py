"""The app: start and end of the node, the feed, pause, themes, sizes, and every screen in every state."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from dhtui.app import THEMES, Explorer
from dhtui.bindings.registry import VIEWS
from dhtui.engine.node import Node
from dhtui.engine.views.snapshot import Snapshot
from dhtui.runtime.host import Nodes
from dhtui.screens.dialogs.choice import Choice
from dhtui.sources.replay import Replay
from dhtui.widgets.filter_bar import FilterBar, FilterInput

from . import snapshots
from .stage import LARGE, SMALL, PaperNode, Stage, exploring
from .walk import tap, work_ends

SHOWN = [view.name for view in VIEWS]


@pytest.mark.parametrize("size", [SMALL, LARGE, (59, 15), (20, 6)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("state", list(snapshots.ALL))
async def test_every_screen_is_shown_in_every_state(state: str, size: tuple[int, int]) -> None:
    async with exploring(snapshots.ALL[state](), size) as stage:
        for view in VIEWS:
            await stage.press(view.key)
            assert stage.screen.view is view
            assert view.title in stage.text()


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", SHOWN)
async def test_nothing_a_terminal_obeys_reaches_the_screen(name: str, size: tuple[int, int]) -> None:
    async with exploring(snapshots.hostile(), size, show=name) as stage:
        texts = [stage.text()]
        for keys in (["enter"], ["escape", "tab", "enter"], ["escape", "question_mark"]):
            await stage.press(*keys)
            texts.append(stage.text())
    for text in texts:
        bad = {char for char in text if char != "\n" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co")}
        assert not bad
    # The other screens show nothing of a snapshot that comes from the network; see test_hostile_screens.
    assert r"\x1b[2J" in "".join(texts) or name in ("packets", "items", "keys", "peers")


@pytest.mark.parametrize("name", SHOWN)
async def test_every_theme_shows_the_same_text_in_colours_of_its_own(name: str) -> None:
    pictures = set()
    async with exploring(snapshots.running(), show=name) as stage:
        plain = stage.text()
        for theme in THEMES:
            stage.app.theme = theme
            await stage.settle()
            assert stage.text() == plain
            pictures.add(stage.app.export_screenshot())
    assert len(pictures) == len(THEMES)


@pytest.mark.parametrize("name", SHOWN)
async def test_no_color_shows_the_same_text(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with exploring(snapshots.running(), show=name) as stage:
        plain = stage.text()
    monkeypatch.setenv("NO_COLOR", "1")
    async with exploring(snapshots.running(), show=name) as stage:
        assert stage.text() == plain


async def test_the_theme_key_goes_round() -> None:
    async with exploring(snapshots.running()) as stage:
        seen = []
        for _ in THEMES:
            await stage.press("t")
            seen.append(stage.app.theme)
        assert seen == [*THEMES[1:], THEMES[0]]


async def test_only_the_visible_screen_takes_snapshots() -> None:
    async with exploring(snapshots.running()) as stage:
        home = stage.screen
        await stage.press("2")
        assert home._timer._active.is_set() is False
        assert stage.screen._timer._active.is_set()
        await stage.press("1")
        assert home._timer._active.is_set()


async def test_the_screen_behind_a_window_stays_live_while_it_is_seen() -> None:
    async with exploring(snapshots.running(), LARGE) as stage:
        home = stage.screen
        await stage.press("question_mark")
        assert "150 nodes answer" in stage.text()
        assert home._timer._active.is_set()
        stage.node.view = snapshots.running(16)
        home.tick_if_seen()
        await stage.settle()
        assert "16 nodes answer" in stage.text()
        await stage.app.action_show("table")
        await stage.settle()
        taken = stage.node.snapshots
        home.tick_if_seen()
        assert stage.node.snapshots == taken


def _with_packets(view: Snapshot, count: int) -> Snapshot:
    return view._replace(traffic=view.traffic._replace(packets_in=view.traffic.packets_in + count))


async def test_pause_freezes_the_view_of_all_screens_and_counts_what_is_missed() -> None:
    async with exploring(snapshots.running()) as stage:
        await stage.press("space")
        await stage.see(_with_packets(snapshots.running(16), 312))
        assert "‖ PAUSED  312 packets since" in stage.lines()[0]
        assert "150 nodes answer" in stage.text()
        await stage.press("2")
        assert "25 buckets" in stage.text()
        await stage.press("j", "space")
        assert "PAUSED" not in stage.text()
        assert "2 buckets" in stage.text()
        assert stage.table("buckets").model.cursor == 1


async def test_a_node_that_gives_no_snapshot_is_told_of_in_the_header() -> None:
    class Broken(PaperNode):
        def snapshot(self) -> Snapshot:
            raise RuntimeError(snapshots.ESCAPES)

    async with exploring(Broken(snapshots.running())) as stage:
        assert r"✗ the node gives no snapshot: RuntimeError: \x1b[2J" in stage.lines()[0]
        await stage.press("2")
        assert stage.screen.view.name == "table"


# ---- start and end -------------------------------------------------------------------------------------------


async def test_a_node_that_can_not_start_ends_the_app_with_a_sentence() -> None:
    @asynccontextmanager
    async def in_use() -> AsyncIterator[Node]:
        raise OSError(98, "Address already in use")
        yield

    app = Explorer(Nodes(in_use))
    async with app.run_test() as pilot:
        await pilot.pause()
    assert app.return_code == 1
    assert app.failure == "cannot start the node: Address already in use"


@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q"])
async def test_quit_keeps_the_state_and_then_closes_the_node(key: str) -> None:
    node = PaperNode(snapshots.running())
    kept: list[bool] = []

    def keep(it: Node) -> str:
        kept.append(node.closed)
        return "cannot save"

    async with exploring(node, save=keep) as stage:
        await stage.pilot.press(key)
    assert kept == [False]
    assert node.closed
    assert stage.app.return_code == 0
    assert stage.app.warnings == ["cannot save"]


async def yes(stage: Stage, *keys: str) -> None:
    """Keys that lead to a question, and yes to it."""
    await tap(stage, *keys)
    await work_ends(stage)
    assert isinstance(stage.app.screen, Choice)
    await tap(stage, "2")
    await stage.settle()


async def test_leaving_the_network_asks_first_and_keeps_the_state_of_the_real_node_only() -> None:
    first, second = PaperNode(snapshots.no_network()), PaperNode(snapshots.running(16))
    kept: list[Node] = []

    def keep(it: Node) -> str:
        kept.append(it)
        return ""

    async with exploring(first, save=keep, other=second.factory) as stage:
        for no in ("escape", "enter", "1"):
            await tap(stage, "T")
            await work_ends(stage)
            assert "leave the network?" in stage.text()
            await tap(stage, no)
            await stage.settle()
            assert not first.closed
        await yes(stage, "T")
        assert first.closed
        assert "testnet" in stage.lines()[0]
        stage.app.clear_notifications()
        await stage.settle()
        assert "16 nodes answer" in stage.text()
    assert [id(node) for node in kept] == [id(first)]
    assert second.closed


async def test_the_same_key_returns_to_the_network() -> None:
    first, second = PaperNode(snapshots.running()), PaperNode(snapshots.running(16))
    kept: list[Node] = []

    def keep(it: Node) -> str:
        kept.append(it)
        return ""

    async with exploring(first, save=keep, other=second.factory) as stage:
        await yes(stage, "T")
        assert "T returns to the network" in stage.toasts()[-1]
        first.closed = False
        await yes(stage, "T")
        assert second.closed and not first.closed
        assert "testnet" not in stage.lines()[0]
        stage.app.clear_notifications()
        await stage.settle()
        assert "150 nodes answer" in stage.text()
    assert [id(node) for node in kept] == [id(first), id(first)]


async def test_a_program_that_was_started_on_a_testnet_has_no_network_to_return_to() -> None:
    node = PaperNode(snapshots.running())
    async with exploring(node, on_testnet=True, other=node.factory) as stage:
        await stage.press("T")
        assert "was started on a testnet" in stage.toasts()[-1]
        assert not node.closed


async def test_a_testnet_that_does_not_start_leads_back_to_the_network() -> None:
    @asynccontextmanager
    async def broken() -> AsyncIterator[Node]:
        raise OSError("no loopback")
        yield

    async with exploring(snapshots.running(), other=broken) as stage:
        await yes(stage, "T")
        assert "no loopback" in stage.toasts()[0]
        assert "150 nodes answer" in stage.text()


async def test_a_recording_can_be_begun_and_ended_at_any_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with exploring(snapshots.running()) as stage:
        await stage.press("ctrl+t")
        (path,) = tmp_path.iterdir()  # noqa: ASYNC240 - nothing waits here
        assert str(path) in stage.toasts()[-1]
        await stage.press("ctrl+t")
        assert stage.toasts()[-1] == "The recording is complete."
        assert Replay.load(path).damage == ""
        await stage.press("ctrl+t")
        assert len(list(tmp_path.iterdir())) == 2  # noqa: ASYNC240


async def test_warnings_of_the_start_are_shown() -> None:
    async with exploring(snapshots.running(), warnings=("node.json was damaged",)) as stage:
        assert stage.toasts() == ["node.json was damaged"]


async def test_what_fails_in_the_action_of_a_key_is_told_and_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise RuntimeError("no theme is left")

    async with exploring(snapshots.running()) as stage:
        monkeypatch.setattr(stage.app, "action_theme", fails)
        await stage.press("t", "2")
        assert stage.toasts()[0].startswith("theme failed: RuntimeError: no theme is left")
        assert stage.screen.view.name == "table"


# ---- small windows, filter -----------------------------------------------------------------------------------


async def test_a_tiny_window_shows_the_name_of_the_screen_and_one_pane() -> None:
    async with exploring(snapshots.running(), (40, 12), show="table") as stage:
        text = stage.text()
        assert "[2 Table]" in text
        assert "prefix" in text
        assert "address" not in text
        await stage.press("1")
        assert "external" in stage.text()
        assert "find_node" not in stage.text()


async def test_the_window_may_change_its_size() -> None:
    async with exploring(snapshots.running(), LARGE) as stage:
        assert "what went wrong" in stage.text()
        await stage.pilot.resize_terminal(*SMALL)
        await stage.settle()
        assert "what went wrong" not in stage.text()
        assert all(len(line) <= 80 for line in stage.lines())


async def test_the_filter_follows_each_letter_and_tells_a_bad_pattern() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        await stage.press("tab", "slash", *"tor")
        assert "✓ 7 of 16" in stage.text()
        stage.app.screen.query_one(FilterInput).value = "/(/"
        await stage.settle()
        assert "not a pattern" in stage.text()
        await stage.press("escape")
        assert stage.table("nodes").has_focus
        assert len(stage.table("nodes").model.rows) == 16


async def test_keys_typed_into_the_filter_are_text() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        await stage.press("slash", *"qT1")
        assert stage.app.screen.query_one(FilterInput).value == "qT1"
        await stage.press("enter")
        assert stage.table("buckets").model.filter_text == "qT1"
        assert not stage.app.screen.query_one(FilterBar).has_class("open")


async def test_a_paste_into_the_filter_brings_no_control_characters() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        await stage.press("slash")
        stage.app.screen.query_one(FilterInput).value = snapshots.ESCAPES
        await stage.settle()
        assert "\x1b" not in stage.text()
