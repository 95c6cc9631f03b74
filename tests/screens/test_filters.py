"""Filters: where they are typed, what the help says of them, how they are narrowed, and that none is lost."""

from __future__ import annotations

import re
from itertools import product

import pytest
from textual import events
from textual.widget import Widget
from textual.widgets import Input

from dhtui.bindings.registry import VIEWS, symbol
from dhtui.packets.filter import HELP, narrowed, parse
from dhtui.packets.parts import Link
from dhtui.screens.dialogs.choice import Choice
from dhtui.screens.dialogs.popup import Popup
from dhtui.widgets.filter_bar import FilterBar, FilterInput
from dhtui.widgets.paste import PASTED_BREAK
from dhtui.widgets.table_model import FILTER_HELP, HISTORY

from . import snapshots
from .packets.test_packets_screen import FAR, at_work, tell, traffic
from .stage import LARGE, SMALL, Stage, exploring

NAMES = [view.name for view in VIEWS]
SIZES = (SMALL, (120, 35), LARGE)


def panes(stage: Stage) -> list[Widget]:
    return [pane for pane in stage.screen.query("*") if pane.focusable and pane.display]


# ---- typing ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
async def test_what_is_typed_after_slash_is_a_filter_in_every_pane(name: str) -> None:
    async with exploring(snapshots.running(), LARGE, show=name) as stage:
        for pane in [*panes(stage), None]:
            stage.screen.set_focus(pane)
            for key in ("slash", "1", "2", "q", "T"):  # in one burst
                stage.app.post_message(events.Key(key, symbol(key)))
            await stage.settle()
            assert isinstance(stage.app.focused, FilterInput), pane
            assert stage.app.focused.value == "12qT"
            assert stage.screen.view.name == name and not stage.toasts()
            await stage.press("escape")
            assert stage.screen.filtered().model.filter_text == ""


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_on_packets_a_filter_is_one_of_packets_in_every_pane(size: tuple[int, int]) -> None:
    async with exploring(at_work(), size, show="packets") as stage:
        await tell(stage, traffic())
        for pane in panes(stage):
            pane.focus()
            await stage.press("slash", *"err:203", "enter")
            assert [packet.number for packet in stage.table("packets").model.rows] == [9], pane
            assert stage.table("packets").has_focus
            await stage.press("escape")
            assert len(stage.table("packets").model.rows) == 9


async def test_a_list_in_a_window_can_be_filtered_too() -> None:
    async with exploring(snapshots.running()) as stage:
        window = Choice("open", ["quit", "one", "two"])
        stage.app.push_screen(window)
        await stage.settle()
        await stage.press("slash", "q", "u")
        assert stage.app.screen is window
        assert [label for _, label in window.query_one("#choices").model.rows] == ["quit"]  # type: ignore[attr-defined]
        await stage.press("escape")
        assert stage.app.screen is window and not window.query_one(FilterBar).has_class("open")
        await stage.press("escape")
        assert stage.app.screen is not window


# ---- the help --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
async def test_the_help_of_a_screen_has_the_whole_language_of_its_filters(name: str) -> None:
    async with exploring(snapshots.running(), (100, 200), show=name) as stage:
        await stage.press("question_mark")
        inside = re.findall("│(.*)│", stage.text())  # the screen behind the window stands beside it
        text = " ".join(" ".join(inside).replace("│", " ").split())
        for example, meaning in HELP if name == "packets" else FILTER_HELP:
            assert f"{example} {meaning}" in text


def test_every_packet_filter_that_the_help_shows_can_be_read() -> None:
    for example, _ in HELP:
        parse(example)


# ---- narrowing -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "term", "both"),
    [
        ("", "dir:in", "dir:in"),
        ("err:any", "dir:in", "err:any dir:in"),
        ("err:any dir:in", "err:any", "dir:in err:any"),
        ("!err:any dir:in", "err:any", "dir:in err:any"),
        ("err:any", "!err:any", "!err:any"),
        ('"8 nodes"', "dir:in", '"8 nodes" dir:in'),
        ("err:any or type:u", "dir:in", "(err:any or type:u) dir:in"),
        ("(err:any or type:u) dir:in", "dir:in", "(err:any or type:u) dir:in"),
        ("(err:any or type:u) and dir:in", "!dir:in", "(err:any or type:u) !dir:in"),
        ("not dir:in err:any", "dir:in", "err:any dir:in"),
        ("!(dir:in err:any)", "dir:in", "!(dir:in err:any) dir:in"),
    ],
)
def test_a_narrowed_filter_lets_through_what_both_do(text: str, term: str, both: str) -> None:
    assert narrowed(text, term) == both


async def _choose(stage: Stage, key: str, place: str) -> None:
    await stage.pilot.press(key)
    await stage.pilot.pause()
    await stage.pilot.press(place)
    await stage.settle()


def _filter(stage: Stage) -> str:
    return stage.table("packets").model.filter_text


async def test_alike_narrows_the_filter_unlike_excludes_and_only_replaces_it() -> None:
    async with exploring(at_work(), show="packets") as stage:
        await tell(stage, traffic())
        await stage.press("G")  # an error from 203.0.113.9:6881 of code 203
        await _choose(stage, "f", "1")
        address = _filter(stage)
        assert address.startswith("addr:")
        await _choose(stage, "f", "4")
        assert _filter(stage).startswith(f"{address} ") and len(_filter(stage).split()) == 2
        await stage.press("escape", "g")
        await _choose(stage, "f", "3")
        await _choose(stage, "F", "1")
        assert _filter(stage).startswith("method:get_peers !addr:")
        await stage.press("escape", "g")
        await _choose(stage, "f", "3")
        await _choose(stage, "equals_sign", "1")
        assert _filter(stage).startswith("addr:") and " " not in _filter(stage)


async def test_a_link_narrows_the_filter_and_replaces_one_that_would_leave_nothing() -> None:
    async with exploring(at_work(), show="packets") as stage:
        await tell(stage, traffic())
        packets, screen = stage.table("packets"), stage.screen
        packets.set_filter("err:any")
        assert screen.open_link(Link("address", FAR, "far"))
        assert _filter(stage) == f"err:any addr:{FAR[0]}:{FAR[1]}"
        packets.set_filter("method:get_peers")
        assert screen.open_link(Link("address", FAR, "far"))
        assert _filter(stage) == f"addr:{FAR[0]}:{FAR[1]}"
        await stage.settle()
        assert stage.toasts()[-1] == "The filter method:get_peers hid all of far: it is replaced."
        assert packets.model.history[-2:] == ["method:get_peers", f"addr:{FAR[0]}:{FAR[1]}"]


# ---- the history -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "table"), [("packets", "packets"), ("table", "buckets")])
async def test_filters_that_were_replaced_or_cleared_are_called_back_with_up(name: str, table: str) -> None:
    async with exploring(snapshots.running(), show=name) as stage:
        await stage.press("slash", *"one", "enter", "escape")
        assert stage.table(table).model.filter_text == ""
        await stage.press("slash", *"two", "escape", "slash")
        line = stage.app.focused
        assert isinstance(line, FilterInput)
        for key, value in (("up", "two"), ("up", "one"), ("up", "one"), ("down", "two"), ("down", ""), ("up", "two")):
            await stage.press(key)
            assert line.value == value, key
        await stage.press("enter")
        assert stage.table(table).model.filter_text == "two"


def test_the_history_of_filters_is_bounded_and_has_nothing_twice() -> None:
    from widgets.test_line_table import _model

    model = _model()
    for number in range(3 * HISTORY):
        for text in (f"{number}", "again"):
            model.set_filter(text)
            model.remember()
    assert len(model.history) == HISTORY
    assert model.history.count("again") == 1 and model.history[-1] == "again"


# ---- the verdict -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_v_shows_the_verdict_in_every_pane_and_gives_the_focus_back(size: tuple[int, int]) -> None:
    async with exploring(at_work(), size, show="packets") as stage:
        await tell(stage, traffic())
        judged = stage.screen.query_one("#judged")
        for zoomed, name in product((False, True), ("packets", "parts", "hexed")):
            stage.screen.query_one(f"#{name}").focus()
            await stage.press(*["z"] * zoomed)
            before, focused = stage.text(), stage.app.focused
            await stage.press("v")
            assert judged.region.width and (judged.has_focus or stage.table("packets").has_focus)
            assert stage.text() != before or stage.app.focused is not focused
            await stage.press("v")
            assert stage.app.focused is focused
            assert stage.text() == before
            await stage.press(*["z"] * zoomed)


async def test_v_opens_a_window_where_there_is_no_room_for_the_verdict() -> None:
    async with exploring(at_work(), (50, 12), show="packets") as stage:
        await tell(stage, traffic())
        await stage.press("v")
        assert isinstance(stage.app.screen, Popup)


@pytest.mark.parametrize("typed", ["", "z", "zz"])
async def test_esc_closes_the_line_of_a_filter_whatever_was_typed(typed: str) -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        await stage.press("slash", *typed, "escape")
        assert not stage.screen.query_one(FilterBar).has_class("open")
        assert not isinstance(stage.app.focused, FilterInput)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("table", " f1 help  enter keep the filter  esc clear filter"),
        ("packets", " f1 help  enter keep the filter  tab complete  esc clear filter"),
    ],
)
async def test_while_a_filter_is_typed_the_footer_names_the_keys_of_its_line(name: str, keys: str) -> None:
    """Those of the screen are text there."""
    async with exploring(snapshots.running(), show=name) as stage:
        before = stage.lines()[-1]
        await stage.press("slash")
        assert stage.lines()[-1] == keys
        await stage.press("z", "z")
        assert stage.lines()[-1] == keys
        await stage.press("escape")
        assert stage.lines()[-1] == before and "quit" in before


# ---- pasting ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("opens", ["slash", "colon"], ids=["filter", "command bar"])
async def test_a_line_break_of_a_paste_without_brackets_closes_no_line(opens: str) -> None:
    """What follows it would run as commands, and quit."""
    async with exploring(snapshots.running(), show="packets") as stage:
        await stage.press(opens)
        line = stage.app.focused
        for key in ("g", "e", "enter", "q"):
            stage.app.post_message(events.Key(key, PASTED_BREAK if key == "enter" else key))
        await stage.settle()
        assert stage.app.is_running and isinstance(line, Input)
        assert stage.app.focused is line and line.value == "ge q"
