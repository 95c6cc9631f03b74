"""A window closes once, whatever keys are still on their way to it; signals end the explorer at any moment."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from support.apart import PATIENCE
from textual import events

from dhtui.app import Explorer
from dhtui.screens.command.bar import CommandBar
from dhtui.screens.dialogs.choice import Choice
from dhtui.screens.dialogs.popup import Popup
from dhtui.screens.dialogs.prompt import Prompt

from .. import snapshots
from ..stage import Stage, exploring


def at_once(stage: Stage, *keys: str) -> None:
    """Keys that come in one write: none waits for what the one before has done."""
    for key in keys:
        stage.app.post_message(events.Key(key, "\r" if key == "enter" else None))


async def test_enter_twice_in_the_command_bar_runs_one_command_and_ends_nothing() -> None:
    async with exploring(snapshots.running()) as stage:
        themes = [stage.app.theme]
        stage.app.theme_changed_signal.subscribe(stage.app.screen, lambda theme: themes.append(theme.name))
        await stage.press(":", *"theme")
        at_once(stage, "enter", "enter", "enter")
        await stage.settle()
        assert len(stage.app.screen_stack) == 1 and stage.app.is_running
        assert len(themes) <= 2


@pytest.mark.parametrize("key", ["enter", "escape"])
async def test_a_key_that_comes_twice_closes_one_window_and_not_the_one_below(key: str) -> None:
    async with exploring(snapshots.running()) as stage:
        stage.app.push_screen(Popup("below", []))
        stage.app.push_screen(Prompt("above", ["notes"], lambda text: "", "hint"))
        await stage.settle()
        top = stage.app.screen
        top.dismiss()
        top.dismiss()
        await stage.settle()
        assert isinstance(stage.app.screen, Popup)
        at_once(stage, key, key, key)
        await stage.settle()
        assert len(stage.app.screen_stack) == 1 and stage.app.is_running


async def test_what_lies_behind_a_window_is_seen() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        await stage.press("tab", "b")
        assert isinstance(stage.app.screen, Choice)
        assert "ban " in stage.text() and "depth prefix" in stage.text()
        await stage.press("escape", ":")
        assert isinstance(stage.app.screen, CommandBar)
        assert "2 Table" in stage.text()


async def test_what_lies_behind_three_windows_is_seen_whichever_of_them_is_drawn_anew() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        windows = [Popup(name, []) for name in ("lowest", "middle", "top")]
        for window in windows:
            stage.app.push_screen(window)
            await stage.settle()
        for window in windows:
            window.refresh()
        assert "depth prefix" in stage.text()
        windows[0].refresh()
        windows[1]._set_dirty()  # as Textual does when something in it has changed
        windows[2].refresh()
        assert "depth prefix" in stage.text()


async def test_the_screen_behind_two_windows_stays_live() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        for name in ("lower", "upper"):
            stage.app.push_screen(Popup(name, []))
            await stage.settle()
        assert "25 buckets, 200 nodes" in stage.text()
        stage.node.view = snapshots.running(100)
        stage.app.screen_stack[0].tick()  # type: ignore[attr-defined]
        await stage.settle()
        assert "13 buckets, 100 nodes" in stage.text()


async def test_a_signal_that_comes_before_the_first_frame_ends_the_explorer() -> None:
    app = Explorer()
    app.stop()
    async with asyncio.timeout(PATIENCE):
        await app.run_async(headless=True)
    assert app.return_code == 0 and not app.failure


def test_an_export_is_for_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with exploring(snapshots.running(), show="table") as stage:
            await stage.pilot.press("e", "enter")
            await stage.settle()

    monkeypatch.chdir(tmp_path)
    asyncio.run(run())
    (written,) = tmp_path.iterdir()
    assert written.stat().st_mode & 0o777 == 0o600
