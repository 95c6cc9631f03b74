"""A window owns its keys, its footer and esc: what is promised works, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from packets.samples import OWN_ID, got, sent
from textual.screen import Screen
from textual.widgets import Input

from dhtui.app import Explorer
from dhtui.bindings.keymap import key_named
from dhtui.bindings.registry import VIEWS, Action
from dhtui.engine.items import ImmutableItem
from dhtui.engine.keys import PrivateKey
from dhtui.engine.outcome import Status
from dhtui.engine.wire.krpc import Put, encode_error
from dhtui.keyring import Keyring
from dhtui.runtime.host import Nodes
from dhtui.screens.dialogs.help import HelpScreen
from dhtui.screens.dialogs.popup import Popup
from dhtui.screens.dialogs.window import Window
from dhtui.screens.items.put_run import PutRun
from dhtui.screens.node.page import NodePage
from dhtui.widgets.chrome import Footer, Tabs
from dhtui.widgets.line_table import LineTable

from .. import snapshots
from ..hostile import HostileNode
from ..items.item_stage import NODES, WritingNode, at, nothing_there, outcome
from ..stage import LARGE, SMALL, Stage, exploring
from ..test_hostile_screens import showing
from ..walk import drain, tap, work_ends
from ..wired import on

WINDOWS = {
    "?": "help of a screen",
    "2⇥↵": "a node",
    "2↵": "a bucket",
    "2⇥c": "a choice",
    "2⇥b": "a question",
    "2⇥a": "a question to a node",
    "2B": "bans",
    "1b": "a node to start from",
    "3⇥↵": "a query of others",
    "4n": "a lookup to start",
    "4⇥↵": "a candidate",
    "5c": "a choice of packets",
    "6↵": "an item",
    "6p": "a put to write",
    "6ph⇥↵": "a put",
    "6f": "a get",
    "6K": "items kept alive",
    "6Ka": "an item to keep alive",
    "7↵": "a key",
    "7n": "a new key",
    "7i": "a key to import",
    "7GE": "a key to export",
    "7Gp": "a key to encrypt",
    "7Gr": "a key to rename",
    "7Gd": "a key to delete",
    "7R": "a key to reveal",
    "8a": "an announce",
    ":": "a command",
    "2C": "the columns of a list",
    "2'": "letters to jump by",
}
"""The keys that open every kind of window there is: ⇥ is tab, ↵ is enter."""
_TEXTUAL = {"tab", "shift+tab", "ctrl+c", "super+c", "ctrl+q", "left", "right", "ctrl+pageup", "ctrl+pagedown"}
"""Keys of Textual itself: they go to the next widget, scroll sideways, copy what the mouse has selected, and quit."""
_SIGNS = {"⇥": "tab", "↵": "enter"}


@pytest.fixture
def keys_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Keyring(tmp_path / "keys").add("notes", PrivateKey.from_seed(bytes(range(32))))
    return tmp_path / "keys"


async def press(stage: Stage, keys: str) -> None:
    """Presses keys; each has its window open before the next."""
    for key in keys:
        await tap(stage, _SIGNS.get(key) or key_named(key))
        await work_ends(stage)
        await drain(stage)


def bound(window: Window[object]) -> dict[str, str]:
    """The keys that work: the name of the action by the key; those that are text in a field apart."""
    acts = {key: action.name for action, _ in getattr(window, "_acts", ()) for key in action.keys.split(",")}
    found = acts | {key: active.binding.action for key, active in window.active_bindings.items() if active.enabled}
    if isinstance(window.focused, Input):
        found = {key: name for key, name in found.items() if Action("", key, "", "").in_fields}
    return {key: name for key, name in found.items() if key not in _TEXTUAL}


def promised(window: Window[object]) -> set[str]:
    return {key for action in window.actions_now() for key in action.keys.split(",")}


def shown(stage: Stage) -> str:
    """The last line of the screen."""
    return stage.lines()[-1]


async def look_at_keys(stage: Stage, window: Window[object]) -> None:
    """What the footer promises works, and what works is in the help."""
    in_help = promised(window) | {"question_mark", "f1"}
    works = bound(window)
    field = isinstance(window.focused, Input)
    for action in window.actions_now():
        if action.rank:
            keys = [key for key in action.keys.split(",") if not field or Action("", key, "", "").in_fields]
            assert any(key in works or key in _TEXTUAL or field for key in keys), (window, action)
    editing = set(Input._merge_bindings().key_to_bindings) if field else set()
    assert set(works) - editing <= in_help, (window, window.focused, set(works) - editing - in_help)
    line = shown(stage)
    assert "quit" not in line and "commands" not in line and "zoom" not in line, line
    assert line.rstrip().endswith(("close", "cancel", "back", "give up", "clear filter")), line


@pytest.mark.parametrize("keys", WINDOWS, ids=lambda keys: WINDOWS[keys])
async def test_the_keys_of_a_window_are_those_of_its_footer_and_its_help(keys: str, keys_folder: Path) -> None:
    node = HostileNode()
    async with showing(
        Explorer(Nodes(on(node), keys_folder=keys_folder, keep_folder=keys_folder.parent)), LARGE
    ) as stage:
        await node.suffer()
        node._calls.make()  # its listeners are told
        await press(stage, keys)
        window = stage.app.screen
        assert isinstance(window, Window), keys
        assert window.styles.background.a < 1, "what lies behind it is seen"
        for _ in range(3):
            await look_at_keys(stage, window)
            await tap(stage, "tab")
        if window.ABOUT:
            await tap(stage, "f1")
            assert isinstance(stage.app.screen, HelpScreen)
            assert " ".join(window.ABOUT.split()[:4]) in " ".join(stage.text().split())
            await tap(stage, "escape")
            assert stage.app.screen is window
        await tap(stage, "escape")
        await work_ends(stage)
        assert stage.app.screen is not window, "esc closes it, wherever the focus is"
        assert isinstance(stage.app.screen, Screen) and stage.app.is_running


@pytest.mark.parametrize("keys", ["2⇥c", "6K", "6ph⇥↵⇥"])
async def test_esc_clears_the_filter_of_a_list_first_and_then_closes_its_window(keys: str, keys_folder: Path) -> None:
    node = HostileNode()
    async with showing(
        Explorer(Nodes(on(node), keys_folder=keys_folder, keep_folder=keys_folder.parent)), SMALL
    ) as stage:
        await node.suffer()
        node._calls.make()  # its listeners are told
        await press(stage, keys)
        window = stage.app.screen
        await tap(stage, "slash", *"zz", "enter")
        table = stage.app.focused
        assert isinstance(table, LineTable) and table.model.filter_text == "zz"
        assert shown(stage).rstrip().endswith("esc clear filter")
        await tap(stage, "escape")
        assert stage.app.screen is window and not table.model.filter_text
        assert not shown(stage).rstrip().endswith("esc clear filter")
        await tap(stage, "escape")
        await work_ends(stage)
        assert stage.app.screen is not window


# ---- from a window to what it is about -------------------------------------------------------------------------


async def test_from_the_result_of_a_put_open_leads_to_the_packet_of_the_refusal_and_back() -> None:
    item = ImmutableItem(b"1:h")
    refused = at(0, Status.REFUSED, code=302, message=b"seq too low")
    node = WritingNode(snapshots.running(), puts=[outcome(nothing_there(), [refused], item)])
    async with exploring(node, LARGE) as stage:
        node.tell(
            sent(900, Put(OWN_ID, b"t", b"h"), b"p1", NODES[0]),
            got(901, encode_error(b"p1", 302, "seq too low", ("203.0.113.9", 1)), NODES[0]),
        )
        await press(stage, "6ph⇥↵")
        run = stage.app.screen
        assert isinstance(run, PutRun)
        await press(stage, "⇥o1")
        assert stage.app.current_mode == "packets"
        packet = stage.table("packets").model.selected
        assert packet is not None
        assert (packet.addr, packet.kind, packet.method) == (NODES[0], "error", "put")
        await tap(stage, "backspace")
        await drain(stage)
        assert stage.app.screen is run


async def test_a_card_of_a_node_takes_the_keys_it_promises() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        await stage.press("tab", "enter")
        card = stage.app.screen
        assert isinstance(card, NodePage)
        assert "p ping" in shown(stage) and "f ask" in shown(stage) and "o open" in shown(stage)
        await stage.press("p")
        assert stage.node.asked[0][0] == "ping"
        assert stage.app.screen is card


async def test_what_has_left_the_list_meanwhile_is_not_acted_on() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        await stage.press("enter")
        assert isinstance(stage.app.screen, Popup)
        stage.app.screen_stack[0].query_one("#buckets", LineTable).show(())
        await stage.press("r")
        assert stage.node.asked == []
        assert stage.toasts()[-1] == "That line has left the list meanwhile."


# ---- the mouse ---------------------------------------------------------------------------------------------------


async def click_on(stage: Stage, widget: Callable[[], Tabs | Footer], word: str) -> None:
    line = "".join(text for text, _ in widget().lines[0])
    await stage.pilot.click(widget(), offset=(line.index(word) + 1, 0))
    await stage.settle()


async def test_tabs_and_keys_in_the_footer_can_be_clicked() -> None:
    async with exploring(snapshots.running(), LARGE) as stage:
        for view in VIEWS[::-1]:
            await click_on(stage, lambda: stage.screen.query_one(Tabs), view.title)
            assert stage.screen.view is view
        await click_on(stage, lambda: stage.screen.query_one(Footer), "help")
        assert isinstance(stage.app.screen, HelpScreen)
        await click_on(stage, lambda: stage.app.screen.query_one(Footer), "close")
        assert len(stage.app.screen_stack) == 1


async def test_a_click_on_a_title_sorts_by_that_column_and_another_one_turns_it_round() -> None:
    async with exploring(snapshots.running(), LARGE, show="table") as stage:
        table = stage.table("nodes")
        title = next(line for line in stage.lines() if "address" in line)
        x = title.index("address") - table.region.x
        y = next(n for n, line in enumerate(stage.lines()) if "address" in line) - table.region.y
        for backwards in (False, True, False):
            await stage.pilot.click(table, offset=(x, y))
            await stage.settle()
            assert table.model.sort_by is not None and table.model.sort_by.title == "address"
            assert table.model.backwards is backwards
