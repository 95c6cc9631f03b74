"""The explorer records a node, and plays recordings without one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from support.recorded import record_session

from dhtui.app import Explorer
from dhtui.app.connection import NO_NODE
from dhtui.bindings.registry import NEEDS_NODE, VIEWS
from dhtui.runtime.host import Nodes
from dhtui.screens.base import ExplorerScreen
from dhtui.sources.replay import Replay
from dhtui.sources.source import LiveSource

from . import snapshots
from .stage import SMALL, PaperNode, Stage, exploring
from .walk import tap, work_ends


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("recorded") / "session.jsonl"
    asyncio.run(record_session(path))
    return path.read_bytes()


class Watch:
    """A clock that stands still until it is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def playing(replay: Replay, size: tuple[int, int] = SMALL) -> AsyncIterator[tuple[Stage, Watch]]:
    app, watch = Explorer(replay=replay), Watch()
    app.feed._clock = watch
    async with app.run_test(size=size, notifications=True) as pilot:
        stage = Stage(app, pilot, None)  # type: ignore[arg-type]
        await stage.settle()
        yield stage, watch


def _player(stage: Stage) -> str:
    return stage.lines()[0].partition("recording")[0][-2:] + stage.lines()[0].partition("recording")[2]


async def test_a_recording_starts_to_play_and_keys_stop_it_move_in_it_and_set_its_speed(recording: bytes) -> None:
    async with playing(Replay(recording)) as (stage, watch):
        source = stage.app.feed.player
        assert source is not None and source.playing and source.position == 0
        assert "space stops and goes on, , and . move in it" in stage.toasts()[0]
        await stage.press("greater_than_sign")
        assert _player(stage).startswith("▶ ") and _player(stage).endswith("x2")
        watch.now += source.duration / 4
        await stage.settle()
        assert source.position == pytest.approx(source.duration / 2)
        await stage.press("space")
        watch.now += 10
        await stage.settle()
        assert source.position == pytest.approx(source.duration / 2)
        assert _player(stage).startswith("‖ ")
        await stage.press("less_than_sign", "comma")
        assert (source.position, source.speed) == (0, 1)
        await stage.press("full_stop")
        assert source.position == source.duration
        stage.app.clear_notifications()
        await stage.settle()
        assert "8 nodes answer" in stage.text()


async def test_every_screen_plays_a_recording_and_none_of_its_keys_fails_for_want_of_a_node(recording: bytes) -> None:
    async with playing(Replay(recording)) as (stage, _):
        await stage.press("full_stop", "space")
        for view in VIEWS:
            await stage.app.action_show(view.name)
            for action in view.actions:
                await stage.pilot.press(action.keys.partition(",")[0])
                while len(stage.app.screen_stack) > 1:  # a form or a menu, which a worker may wait for
                    await stage.pilot.press("escape")
            await stage.settle()
            assert stage.screen.view is view
            assert not [toast for toast in stage.toasts() if "failed" in toast]
            stage.app.clear_notifications()
    assert stage.app.failure == ""


async def test_what_needs_a_node_says_that_this_is_a_recording(recording: bytes) -> None:
    async with playing(Replay(recording)) as (stage, _):
        await stage.press("full_stop", "space", "2", "tab", "p")
        assert "This is a recording" in stage.toasts()[-1]
        await stage.press("T")
        assert stage.toasts()[-1] == f"This is a recording: {NO_NODE}"
        await stage.press("L")
        assert stage.toasts()[-1] == f"This is a recording: {NO_NODE}"
        assert stage.screen.view.name == "table"


async def test_a_damaged_recording_plays_up_to_the_damage_and_says_so(recording: bytes) -> None:
    async with playing(Replay(recording[: len(recording) // 2])) as (stage, _):
        assert "The recording is cut off" in stage.toasts()[1]
        await stage.press("full_stop")
        assert stage.lines()[0].endswith("✗ damaged")


async def test_a_recording_without_nodes_gives_no_advice_that_needs_one(recording: bytes) -> None:
    async with playing(Replay(recording)) as (stage, _):
        await stage.press("space", "comma")
        assert "testnet" not in stage.text().partition("bootstrap")[2]


# ---- recording -------------------------------------------------------------------------------------------------


async def test_the_explorer_records_its_node_on_every_screen_and_while_paused(tmp_path: Path) -> None:
    node = PaperNode(snapshots.running())
    path = tmp_path / "new.jsonl.gz"
    async with exploring(node, record=path) as stage:
        assert "is recorded to" in stage.toasts()[0]
        await stage.press("2", "space")
        run = stage.app.host.run
        assert run is not None and run.recorder is not None and run.recorder.recording
        assert isinstance(run.source, LiveSource) and len(node.listeners) > len(run.source._unsubscribe)
    assert not node.listeners
    replay = Replay.load(path)
    assert replay.damage == ""
    assert replay.snapshot(replay.end).identity == snapshots.running().identity


async def test_a_recording_ends_with_the_node_that_it_is_of(tmp_path: Path) -> None:
    other = PaperNode(snapshots.running(16))
    path = tmp_path / "new.jsonl"
    async with exploring(snapshots.no_network(), record=path, other=other.factory) as stage:
        await tap(stage, "T")
        await work_ends(stage)
        assert "The recording ends." in stage.text()
        await tap(stage, "2")
        await stage.settle()
        assert "The recording ended" in stage.toasts()[-1]
    assert Replay.load(path).damage == ""


async def test_a_recording_that_can_not_start_ends_the_app_with_a_sentence(tmp_path: Path) -> None:
    app = Explorer(Nodes(PaperNode(snapshots.running()).factory), record=tmp_path / "none" / "new")
    async with app.run_test() as pilot:
        await pilot.pause()
    assert (app.return_code, app.failure.partition(" can't be written")[2]) == (1, ": No such file or directory")


async def test_a_full_disk_is_told_and_the_explorer_goes_on(tmp_path: Path) -> None:
    async with exploring(snapshots.running(), record=tmp_path / "new") as stage:
        assert stage.app.host.run is not None and stage.app.host.run.recorder is not None
        stage.app.host.run.recorder._stop("No space left on device")
        await stage.settle()
        assert stage.toasts()[-1].endswith("ends here: No space left on device. The node runs on.")
        stage.app.clear_notifications()
        await stage.settle()
        assert "150 nodes answer" in stage.text()


async def test_a_recording_offers_no_key_that_can_do_nothing_in_it(recording: bytes) -> None:
    """Neither the footer nor the help does; what they name says nothing of a recording when it is pressed."""
    async with playing(Replay(recording), (200, 45)) as (stage, _):
        offered = set()
        for view in VIEWS:
            await stage.press(view.key)
            screen = stage.app.screen
            assert isinstance(screen, ExplorerScreen)
            offered |= {action.name for action in screen.actions_now()}
            for action in screen.view.actions:
                if action.name in NEEDS_NODE and action.label:
                    assert f"{action.key} {action.label} " not in stage.lines()[-1]
        assert not offered & NEEDS_NODE
        stage.app.clear_notifications()
        await stage.press(
            "4", "n", "x", "2", "p", "r", "a", "6", "p", "f", "7", "n", "i", "8", "a", "1", "b", "r", "L", "T"
        )
        assert len(stage.app.screen_stack) == 1, "and each of them opens nothing"
