"""No key reaches another place than the one that is seen: a key waits for what the one before has opened.

Keys that come in one write do what the same keys do with time between them, also where a window or a screen is shown
for the first time. Everything in the registry is tried.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from support.apart import PATIENCE
from textual import events
from textual.screen import Screen
from textual.widgets import Input

from dhtui.app import THEMES, Explorer
from dhtui.bindings.keymap import key_named
from dhtui.bindings.registry import GLOBAL, LIST, VERBS, VIEWS, Action, View, symbol
from dhtui.engine.keys import PrivateKey
from dhtui.keyring import Keyring
from dhtui.runtime.host import Nodes
from dhtui.screens import gate
from dhtui.screens.command.bar import CommandBar
from dhtui.screens.dialogs.popup import Popup
from dhtui.screens.dialogs.prompt import Prompt
from dhtui.screens.dialogs.window import Window
from dhtui.screens.items.get_form import GetForm
from dhtui.screens.items.put_form import PutForm
from dhtui.screens.keys.import_form import ImportForm
from dhtui.screens.keys.new_form import NewKeyForm
from dhtui.screens.lookup.form import LookupForm
from dhtui.screens.peers.announce_form import AnnounceForm
from dhtui.screens.table.screen import TableScreen

from . import snapshots
from .hostile import HostileNode
from .idle import THREADS
from .stage import SMALL, PaperNode, Stage, exploring
from .test_hostile_screens import showing
from .walk import drain, return_to, tap, work_ends
from .wired import on

TYPED = "z1z"
"""Text in a field, and keys elsewhere: zoom, another screen."""
NOT_TRIED = ("quit", "testnet")
"""What ends the program or the node."""


def at_once(stage: Stage, *keys: str) -> None:
    """Keys that come in one write: none waits for what the one before has done."""
    for key in keys:
        character = symbol(key)
        stage.app.post_message(events.Key(key, character if len(character) == 1 else None))


def state(stage: Stage) -> tuple[Any, ...]:
    """Where one is, and what was typed."""
    app = stage.app
    focused = app.focused
    return (
        app.current_mode,
        [type(screen).__name__ for screen in app.screen_stack],
        (type(focused).__name__, focused.id if focused else None),
        focused.value if isinstance(focused, Input) else "",
        app.theme,
    )


@pytest.fixture
def keys_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Keyring(tmp_path / "keys").add("notes", PrivateKey.from_seed(bytes(range(32))))
    return tmp_path / "keys"


def openers(view: View) -> list[str]:
    """The first key of every action of a screen; of one of them also those that all have, but those that quit."""
    common: tuple[Action, ...] = (*VERBS, *LIST, *GLOBAL) if view.name == "table" else ()
    return [action.keys.partition(",")[0] for action in (*view.actions, *common) if action.name not in NOT_TRIED]


async def all_states(view: View, folder: Path, together: bool) -> dict[str, tuple[Any, ...]]:
    found, node = {}, HostileNode()
    async with showing(Explorer(Nodes(on(node), keys_folder=folder)), SMALL) as stage:
        await node.suffer()
        await drain(stage)
        for key in openers(view):
            keys = (view.key, key, *TYPED)
            if together:
                at_once(stage, *keys)
                await work_ends(stage)
            else:
                for each in keys:
                    await tap(stage, each)
                    await work_ends(stage)
            found[key] = state(stage)
            await return_to(stage, view)
            stage.app.theme = THEMES[0]
            await drain(stage)
    return found


@pytest.mark.parametrize("view", [view for view in VIEWS if openers(view)], ids=lambda view: view.name)
async def test_keys_of_one_write_do_what_they_do_one_by_one(view: View, keys_folder: Path) -> None:
    assert await all_states(view, keys_folder, True) == await all_states(view, keys_folder, False)


@pytest.mark.parametrize(
    ("keys", "window"),
    [
        ("L", LookupForm), ("6p", PutForm), ("6f", GetForm), ("8a", AnnounceForm), ("7n", NewKeyForm),
        ("7i", ImportForm), ("4n", LookupForm), ("6Ka", Prompt), (":", CommandBar), ("2/", TableScreen),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)  # fmt: skip
async def test_what_is_typed_ahead_stands_in_the_field(keys: str, window: type[Screen[Any]], keys_folder: Path) -> None:
    node = HostileNode()
    async with showing(
        Explorer(Nodes(on(node), keys_folder=keys_folder, keep_folder=keys_folder.parent)), SMALL
    ) as stage:
        at_once(stage, *(key_named(key) for key in keys), *"zqT1")
        await drain(stage)
        assert stage.app.is_running
        assert isinstance(stage.app.screen, window)
        focused = stage.app.focused
        assert isinstance(focused, Input) and focused.value.endswith("zqT1")


# ---- a window that is slow, or never comes ---------------------------------------------------------------------


class SlowFiles:
    """The folder of keys is on a disk that answers when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked, self.answers = threading.Event(), threading.Event()
        THREADS.hold(self.answers)
        listing = Keyring.list

        def slow(ring: Keyring) -> Any:
            self.asked.set()
            assert self.answers.wait(PATIENCE)
            return listing(ring)

        monkeypatch.setattr(Keyring, "list", slow)


async def test_keys_wait_for_a_window_that_reads_a_file_first(
    keys_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exploring(PaperNode(snapshots.running()), keys_folder=keys_folder) as stage:
        disk = SlowFiles(monkeypatch)
        at_once(stage, "6", "f", *"zqT1")
        while not disk.asked.is_set():
            await stage.pilot.pause()
        assert stage.app.gate is not None and stage.app.gate.busy
        disk.answers.set()
        await stage.settle()
        assert isinstance(stage.app.screen, GetForm)
        assert stage.app.screen.query_one("#what", Input).value == "zqT1"


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
async def test_a_window_that_never_comes_is_given_up(
    key: str, keys_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "PATIENCE", 0.0)
    async with exploring(PaperNode(snapshots.running()), keys_folder=keys_folder) as stage:
        disk = SlowFiles(monkeypatch)
        try:
            at_once(stage, "6", "f", *"zT1")
            while not (disk.asked.is_set() and stage.toasts()):
                await stage.pilot.pause()
            at_once(stage, key)
            await drain(stage)
            assert stage.app.is_running == (key == "escape")
            assert stage.app.current_mode == "items" and len(stage.app.screen_stack) == 1
        finally:
            disk.answers.set()


async def test_keys_that_wait_are_bounded_and_those_that_are_dropped_are_told_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gate, "MAX_HELD", 3)
    async with exploring(snapshots.running(), show="table") as stage:
        at_once(stage, "tab", *"jjjSS")
        await stage.settle()
        assert stage.table("nodes").model.cursor == 3 and not stage.table("nodes").model.backwards
        assert "2 keys were dropped: 3 wait at most." in stage.toasts()


def shown(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The screens that are switched to from now on."""
    seen: list[str] = []
    switch = stage.app.switch_mode

    def switching(mode: str) -> Any:
        seen.append(mode)
        return switch(mode)

    monkeypatch.setattr(stage.app, "switch_mode", switching)
    return seen


async def test_of_a_burst_of_switches_only_the_last_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    async with exploring(snapshots.running()) as stage:
        seen = shown(stage, monkeypatch)
        at_once(stage, *"123456789" * 60, "3", "right_square_bracket")
        await stage.settle()
        assert stage.app.current_mode == "lookup"
        assert seen == ["home", "queries", "lookup"]


@pytest.mark.parametrize("burst", ["123456789" * 60, "]" * 540], ids=["digits", "brackets"])
async def test_a_quit_behind_a_burst_of_switches_waits_for_none_of_them(
    burst: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exploring(snapshots.running()) as stage:
        seen = shown(stage, monkeypatch)
        at_once(stage, *(key_named(key) for key in burst), "q")
        await stage.until(lambda: not stage.app.is_running or stage.app._exit)
        assert len(seen) <= 1


async def test_a_switch_to_a_screen_with_a_window_is_left_out_for_no_other(keys_folder: Path) -> None:
    """What is typed behind it is for the window."""
    async with exploring(snapshots.running(), keys_folder=keys_folder) as stage:
        at_once(stage, "6", "f", "5")
        await stage.settle()
        assert isinstance(stage.app.screen, GetForm)
        await stage.app.switch_mode("home")
        at_once(stage, "1", "6", "1")
        await stage.settle()
        assert isinstance(stage.app.screen, GetForm)
        assert stage.app.screen.query_one("#what", Input).value == "51"


async def test_what_was_typed_before_a_window_came_by_itself_does_nothing_in_it() -> None:
    """The result of an announce, a conflict: a key that was pressed just before is for what was seen then."""
    async with exploring(snapshots.running()) as stage:
        app = stage.app
        early = events.Key("escape", None)

        async def comes() -> None:
            app.push_screen(Popup("result", [(("text", "plain"),)]))
            app.post_message(early)

        app.run_worker(comes())
        await stage.until(lambda: isinstance(app.screen, Popup))
        await stage.settle()
        assert isinstance(app.screen, Popup), "esc was pressed before it was painted"
        await stage.press("escape")
        assert not isinstance(app.screen, Popup)


async def test_what_was_typed_before_a_window_shows_something_else_does_nothing_in_it() -> None:
    async with exploring(snapshots.running()) as stage:
        app = stage.app
        await stage.press("question_mark")
        window = app.screen
        assert isinstance(window, Window)
        early = events.Key("escape", None)
        window.shows_anew()
        await stage.settle()
        app.post_message(early)
        await stage.settle()
        assert app.screen is window
        await stage.press("escape")
        assert app.screen is not window


async def test_ctrl_c_overtakes_what_was_typed_before_it() -> None:
    async with exploring(snapshots.running()) as stage:
        gate = stage.app.gate
        assert gate is not None
        gate.wait()
        for key in "123456789" * 60:
            assert gate.holds(events.Key(key, key))
        assert not gate.holds(events.Key("ctrl+c", None))
        await gate.rest()
        assert stage.screen.view.name == "home"
