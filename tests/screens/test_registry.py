"""One registry: bindings, footer, help, command bar and screens agree."""

from __future__ import annotations

import re

import pytest
from textual.widgets import Input

from dhtui.bindings.registry import (
    ALWAYS,
    GLOBAL,
    LIST,
    OTHER_NAMES,
    PLAYER,
    VERBS,
    VIEWS,
    Action,
    View,
    show_actions,
    symbol,
)
from dhtui.screens.command.bar import CommandBar
from dhtui.screens.command.names import Command, commands, found, score
from dhtui.screens.dialogs.help import help_lines
from dhtui.screens.dialogs.popup import Popup
from dhtui.screens.peers.announce_form import AnnounceForm
from dhtui.text.spans import width_of
from dhtui.widgets.chrome import footer_line
from dhtui.widgets.line_table import LineTable

from . import snapshots
from .stage import Stage, exploring
from .walk import tap, work_ends

SHOWN = [view.name for view in VIEWS]


def _method(action: Action) -> str:
    return f"action_{action.name.partition('(')[0]}"


@pytest.mark.parametrize("name", SHOWN)
async def test_every_action_of_the_registry_has_its_method(name: str) -> None:
    async with exploring(snapshots.running(), show=name) as stage:
        for action in (*GLOBAL, *show_actions()):
            assert hasattr(stage.app, _method(action)), action
        for action in stage.screen.view.actions:
            assert hasattr(stage.screen, _method(action)), action
        for action in LIST:
            assert hasattr(LineTable, _method(action)), action


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_no_key_has_two_meanings_on_a_screen(view: object) -> None:
    actions = (*GLOBAL, *show_actions(), *LIST, *getattr(view, "actions", ()))
    keys = [key for action in actions for key in action.keys.split(",")]
    keys = [key for key in keys if key != "escape"]  # always one step up: of a filter, of a comparison
    assert len(keys) == len(set(keys)), sorted(key for key in keys if keys.count(key) > 1)


def test_no_key_is_one_that_terminals_and_multiplexers_take() -> None:
    every = [*GLOBAL, *LIST, *show_actions(), *(action for view in VIEWS for action in view.actions)]
    keys = {key for action in every for key in action.keys.split(",")}
    assert not keys & {f"ctrl+{letter}" for letter in "jsoabzq"}


@pytest.mark.parametrize("name", SHOWN)
async def test_every_key_of_the_registry_is_bound(name: str) -> None:
    async with exploring(snapshots.running(), show=name) as stage:
        bound = stage.screen.active_bindings
        for action in stage.screen.actions_now():
            for key in action.keys.split(","):
                if key not in ("ctrl+c", "escape"):  # copies selected text first; one step up, whichever that is
                    assert bound[key].binding.action == action.name, key


@pytest.mark.parametrize("name", SHOWN)
async def test_the_footer_fits_and_always_names_help_and_quit(name: str) -> None:
    async with exploring(snapshots.running(), show=name) as stage:
        for width in (20, 40, 60, 80, 160):
            await stage.pilot.resize_terminal(width, 24)
            await stage.settle()
            last = stage.lines()[-1]
            assert last.strip().startswith("? help")
            assert last.strip().endswith("q quit")
            assert "…" not in last


def test_the_footer_drops_the_highest_ranks_first() -> None:
    actions = [*ALWAYS, Action("a", "a", "first", "", 1), Action("b", "b", "second", "", 2)]
    texts = ["".join(text for text, _ in footer_line(actions, width)) for width in (80, 27, 18)]
    assert texts == [" ? help  a first  b second  q quit ", " ? help  a first  q quit ", " ? help  q quit "]
    assert all(width_of(footer_line(actions, width)) <= width for width in range(1, 60))


def _words(stage: Stage) -> str:
    lines = help_lines(stage.screen.view, stage.screen.actions_now())
    return " ".join(" ".join("".join(text for text, _ in line).split()) for line in lines)


@pytest.mark.parametrize("name", SHOWN)
async def test_the_help_explains_every_action_that_works_here(name: str) -> None:
    async with exploring(snapshots.running(), show=name) as stage:
        words = _words(stage)
        for action in (*stage.screen.actions_now(), *show_actions()):
            assert action.help in words
        await stage.press("question_mark")
        assert isinstance(stage.app.screen, Popup)
        assert "help: " in stage.text()
        await stage.press("escape")
        assert stage.screen.view.name == name


def test_every_line_of_the_help_fits_its_window() -> None:
    for view in VIEWS:
        for line in help_lines(view, (*view.actions, *LIST, *GLOBAL)):
            assert width_of(line) <= 72


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_the_command_bar_offers_every_action_of_every_screen_to_quit_last(view: View) -> None:
    offered = list(commands(view))
    names = {(command.view.name if command.view else "", command.action.name) for command in offered}
    for action in (*view.actions, *VERBS, *LIST, *GLOBAL, *show_actions()):
        assert ("", action.name) in names or not action.label or action.name == "command_bar", action
    for other in VIEWS:
        moves = ("other_pane", "cycle", "scrub")
        wanted = [action for action in other.actions if action.label and not action.name.startswith(moves)]
        assert other is view or all((other.name, action.name) in names for action in wanted)
    assert offered[-1].action.name == "quit"
    assert len({command.title for command in offered}) == len(offered)


def _best(query: str, view: View) -> list[Command]:
    """What the command bar offers for a query, the best one first."""
    return [command for _, command in found(query, view)]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("announce", "announce"), ("ann", "announce"), ("put", "put"), ("get", "get"), ("ping", "ping"),
        ("pcap", "export"), ("lookup", "new_lookup"), ("filter", "filter"), ("theme", "theme"), ("export", "export"),
        ("record", "record"), ("ban", "ban"), ("testnet", "testnet"), ("q", "quit"), ("quit", "quit"),
        ("exit", "quit"), ("packets", "show('packets')"), ("zoom", "maximise"), ("back", "back"),
        ("ask", "ask"), ("unban", "bans"), ("bootstrap", "bootstrap"),
    ],
)  # fmt: skip
def test_the_command_bar_finds_an_action_by_its_name_on_any_screen(query: str, name: str, view: View) -> None:
    assert _best(query, view)[0].action.name == name


def test_the_command_bar_offers_to_quit_for_its_own_names_only() -> None:
    words = {word for command in commands(None) for word in re.findall(r"[a-z_]+", command.title.casefold())}
    words -= {"q", "quit", "exit"}
    queries = {word[:length] for word in words for length in range(1, len(word) + 1)} - {"q", "qu", "qui", "exi"}
    for query in queries:
        assert "quit" not in [command.action.name for command in _best(query, VIEWS[0])], query


def test_the_command_bar_finds_no_short_words_in_scattered_letters() -> None:
    for command in commands(None):
        text = f"{command.action.label} {command.action.help} {OTHER_NAMES.get(command.action.name, '')}".casefold()
        for query in ("pcp", "ttn", "xprt", "lkp"):
            assert query in text or not score(command, query), (query, command)


@pytest.mark.parametrize("key", ["colon", "ctrl+p"])
async def test_the_command_bar_runs_what_is_chosen(key: str) -> None:
    async with exploring(snapshots.running()) as stage:
        await stage.press(key)
        assert isinstance(stage.app.screen, CommandBar)
        stage.app.screen.query_one(Input).value = "table"
        await stage.settle()
        await stage.press("enter")
        assert stage.screen.view.name == "table"


async def test_the_command_bar_acts_on_the_list_that_has_the_focus() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        await stage.press("tab", ":", *"flip", "enter")
        assert stage.table("nodes").model.backwards
        assert not stage.table("buckets").model.backwards


async def test_a_command_of_another_screen_goes_there_and_is_done() -> None:
    async with exploring(snapshots.running(), show="log") as stage:
        await tap(stage, "colon", *"announce")
        await tap(stage, "enter")
        await work_ends(stage)
        assert stage.app.current_mode == "peers"
        assert isinstance(stage.app.screen, AnnounceForm)


def test_the_help_shows_for_each_action_its_own_keys_only() -> None:
    shown = {"⇧tab": "shift+tab", "⇧←": "shift+left", "⇧→": "shift+right", "1": "1"}
    every = [*GLOBAL, *VERBS, *LIST, *PLAYER, *(action for view in VIEWS for action in view.actions)]
    for action in every:
        keys = {symbol(key) for key in action.keys.split(",")} | set(action.keys.split(","))
        keys |= {"←", "→"} if action.name.startswith("across") else set()  # of the tree and the bytes themselves
        for key in action.key.split():
            assert shown.get(key, key) in keys, action
