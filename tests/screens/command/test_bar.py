"""The command bar: names, arguments, completion, history; what is wrong is said, with what is accepted."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from dhtui.bindings.commands import BY_NAME, COMMANDS, Command
from dhtui.bindings.keymap import names
from dhtui.bindings.registry import VIEWS
from dhtui.engine.keys import PrivateKey
from dhtui.engine.views.snapshot import Snapshot
from dhtui.keyring import Keyring
from dhtui.screens.command.bar import CommandBar
from dhtui.screens.command.words import MOST, SOURCES, Known, completed, offers
from dhtui.screens.items.get_form import GetForm
from dhtui.screens.items.put_form import PutForm
from dhtui.screens.node.page import NodePage
from dhtui.screens.peers.announce_form import AnnounceForm
from dhtui.storage.memory import MAX_COMMANDS, Bookmark, Memory
from dhtui.widgets.line_table import LineTable
from dhtui.widgets.lines import Lines

from .. import snapshots
from ..items.item_stage import WritingNode
from ..stage import SMALL, PaperNode, Stage, exploring, matches_goldens


async def type_line(stage: Stage, line: str, *, enter: bool = True) -> None:
    """Opens the bar, types a line, and has it done."""
    await stage.press("colon")
    stage.app.screen.query_one(Input).value = line
    await stage.settle()
    if enter:
        await stage.press("enter")


def said(stage: Stage) -> str:
    """What the bar says of the line."""
    assert isinstance(stage.app.screen, CommandBar), "it is closed"
    lines = stage.app.screen.query_one("#verdict", Lines).lines
    return " ".join("".join(text for text, _ in line) for line in lines)


def offered(stage: Stage) -> list[str]:
    return [row.text for row in stage.app.screen.query_one("#offers", LineTable).model.rows]


# ---- the table ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_command_names_an_action_and_gives_an_example(command: Command) -> None:
    assert command.example.startswith(command.name) and command.help.endswith(".")
    assert not command.action or command.action in names()
    assert all(each.needed for each in command.arguments[:1])
    assert command.name not in {view.name for view in VIEWS} - {"lookup"}
    for argument in command.arguments:
        assert argument.kind in SOURCES or argument.kind in ("file", "name", "text")


@pytest.mark.parametrize("command", [each for each in COMMANDS if each.arguments], ids=lambda command: command.name)
async def test_every_example_is_accepted_or_says_what_is_missing(command: Command) -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        stage.table("nodes").change_filter("203")
        stage.table("nodes").focus()
        stage.app.host.memory.bookmarks["router"] = Bookmark("address", "203.0.113.9:6881")
        await stage.settle()
        await type_line(stage, command.example, enter=False)
        missing = "neither" if command.name == "get" else ""  # there is no such key
        assert said(stage).startswith("✓") or (missing and missing in said(stage)), said(stage)


@pytest.mark.parametrize("command", [each for each in COMMANDS if each.arguments], ids=lambda command: command.name)
async def test_a_wrong_argument_is_told_with_what_is_accepted_and_nothing_happens(command: Command) -> None:
    wrong = {"put": "", "filter": "/(/", "save": "x", "bookmark": "@x", "export": "gif"}.get(command.name, "no such!")
    async with exploring(snapshots.running(), show="table") as stage:
        stack = list(stage.app.screen_stack)
        await type_line(stage, f"{command.name} {wrong}")
        words = said(stage)
        assert words.startswith("✗") or (command.name == "put" and "for example" in words), words
        await stage.press("escape")
        assert stage.app.screen_stack == stack and stage.node.asked == [] and stage.app.current_mode == "table"


async def test_an_unknown_name_is_told_with_those_that_there_are_and_quits_nothing() -> None:
    async with exploring(snapshots.running()) as stage:
        for line, words in (("xyzzy", "there are go, ping"), ("theem", "did you mean theme?"), ("qqq", "there are")):
            await type_line(stage, line)
            assert said(stage).startswith(f"✗ '{line}' is no command") and words in said(stage)
            await stage.press("escape")
        assert stage.app.is_running


async def test_what_was_found_by_its_sentence_only_has_to_be_marked() -> None:
    async with exploring(snapshots.running()) as stage:
        await type_line(stage, "happens")
        assert "is no command" in said(stage) and offered(stage)
        await stage.press("escape")


async def test_at_a_recording_there_is_nobody_to_ask(tmp_path: Path) -> None:
    async with exploring(snapshots.running()) as stage:
        stage.app.feed.connect(None)
        await type_line(stage, "ping 203.0.113.9:6881")
        assert said(stage).startswith("✗ our node does not run yet")
        await stage.press("escape")


# ---- completion --------------------------------------------------------------------------------------------------


async def test_tab_completes_names_hosts_and_words_and_the_rest_is_shown_in_grey() -> None:
    async with exploring(snapshots.running(), show="log") as stage:
        await stage.press("colon", *"pin", "tab")
        line = stage.app.screen.query_one(Input)
        assert line.value == "ping "
        await stage.press(*"203.0.1.", "tab")
        assert line.value == "ping 203.0.1.1:6881"
        line.value = ""
        await stage.press(*"theme", "space", "l")
        assert line._suggestion == "theme light"
        await stage.press("tab")
        assert line.value == "theme light"


def test_arguments_are_completed_one_by_one() -> None:
    known = Known(Memory())
    ask = BY_NAME["ask"]
    assert [text for text, _ in offers(ask, "1.2.3.4:5 fi", known)] == ["find_node"]
    assert completed(ask, "1.2.3.4:5 fi", "find_node") == "ask 1.2.3.4:5 find_node "
    columns = BY_NAME["columns"]
    with_columns = Known(Memory(), columns=("id", "rtt"))
    assert [text for text, _ in offers(columns, "id r", with_columns)] == ["rtt"]
    assert completed(columns, "id r", "rtt") == "columns id rtt"


def test_files_are_completed_and_unreadable_folders_are_nothing(tmp_path: Path) -> None:
    (tmp_path / "here.svg").write_text("")
    (tmp_path / "hereafter").mkdir()
    (tmp_path / "he\x1b[2J").write_text("")
    known = Known(Memory(), folder=tmp_path)
    assert offers(BY_NAME["export"], "svg he", known) == [("here.svg", "is there already"), ("hereafter/", "a folder")]
    assert offers(BY_NAME["export"], "svg no/such/", known) == []
    assert offers(BY_NAME["export"], "svg \x00/", known) == []


def test_what_is_offered_is_bounded() -> None:
    known = Known(Memory(), hosts=[(f"10.0.{n // 250}.{n % 250}:1", "") for n in range(3000)])
    assert len(offers(BY_NAME["ping"], "10", known)) == MOST


async def test_nothing_that_a_terminal_obeys_is_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Keyring(tmp_path / "keys").add("notes", PrivateKey.from_seed(bytes(range(32))))
    async with exploring(snapshots.hostile(), SMALL, show="table", keys_folder=tmp_path / "keys") as stage:
        stage.app.host.memory.bookmarks[snapshots.ESCAPES] = Bookmark("address", snapshots.ESCAPES)
        stage.app.host.memory.commands.append(f"put {snapshots.ESCAPES}")
        for line in ("", "open ", "ping ", "get ", "lookup ", "filter ", "forget ", f"open {snapshots.ESCAPES}"):
            await type_line(stage, line, enter=False)
            text = stage.text()
            assert not {char for char in text if char != "\n" and not char.isprintable()}
            await stage.press("up")
            assert not {char for char in stage.text() if char != "\n" and not char.isprintable()}
            await stage.press("escape")


async def test_names_of_keys_complete_what_to_get(tmp_path: Path) -> None:
    Keyring(tmp_path).add("notes", PrivateKey.from_seed(bytes(range(32))))
    async with exploring(snapshots.running(), keys_folder=tmp_path) as stage:
        await type_line(stage, "get no", enter=False)
        await stage.until(lambda: "notes" in offered(stage))
        await stage.press("tab", "enter")
        form = stage.app.screen
        assert isinstance(form, GetForm) and form.query_one("#what", Input).value == "notes"


# ---- history -----------------------------------------------------------------------------------------------------


async def test_up_calls_earlier_commands_back_the_newest_first() -> None:
    async with exploring(snapshots.running()) as stage:
        await type_line(stage, "go table")
        await type_line(stage, "go log")
        await stage.press("colon", "up")
        line = stage.app.screen.query_one(Input)
        assert line.value == "go log"
        await stage.press("up")
        assert line.value == "go table"
        await stage.press("down", "enter")
        assert stage.app.current_mode == "log"


def test_the_history_is_bounded_and_has_nothing_twice() -> None:
    memory = Memory()
    for number in range(MAX_COMMANDS + 20):
        memory.note_command(f"go {number}")
        memory.note_command("go home")
    assert len(memory.commands) == MAX_COMMANDS
    assert memory.commands[-1] == "go home" and memory.commands.count("go home") == 1


# ---- what commands do --------------------------------------------------------------------------------------------


async def test_ping_asks_a_node_from_any_screen() -> None:
    async with exploring(snapshots.running(), show="keys") as stage:
        await type_line(stage, "ping 203.0.113.9:6881")
        await stage.until(lambda: stage.node.asked == [("ping", ("203.0.113.9", 6881))])
        assert isinstance(stage.app.screen, NodePage)


class LookingNode(PaperNode):
    """Notes the lookups that it is asked for."""

    async def find_node(self, target: bytes, **more: object) -> object:
        self.asked.append(("find_node", target))
        raise OSError("no network")

    async def get_peers(self, target: bytes, *port: int, **more: object) -> object:
        self.asked.append(("get_peers", target))
        raise OSError("no network")

    announce_peer = get_peers


@pytest.mark.parametrize("kind", ["find_node", "get_peers", ""])
async def test_lookup_starts_one_of_the_kind_that_is_named_or_follows(kind: str) -> None:
    node = LookingNode(snapshots.running())
    async with exploring(node) as stage:
        await type_line(stage, f"lookup {snapshots.TARGET.hex()} {kind}")
        assert stage.app.current_mode == "lookup"
        assert node.asked == [(kind or "get_peers", snapshots.TARGET)]


async def test_announce_announces() -> None:
    node = LookingNode(snapshots.running())
    async with exploring(node) as stage:
        await type_line(stage, f"announce {snapshots.TARGET.hex()} 6881")
        assert stage.app.current_mode == "peers"
        assert ("get_peers", snapshots.TARGET) in node.asked


async def test_put_opens_the_form_with_the_value() -> None:
    async with exploring(WritingNode(snapshots.running())) as stage:
        await type_line(stage, "put hello world")
        form = stage.app.screen
        assert isinstance(form, PutForm) and form.value.value == "hello world"


async def test_a_command_without_its_arguments_is_the_action_of_its_name() -> None:
    async with exploring(snapshots.running()) as stage:
        await type_line(stage, "announce")
        assert isinstance(stage.app.screen, AnnounceForm)


async def test_filter_sort_and_columns_are_of_the_list_that_has_the_focus() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        await stage.press("tab")
        nodes = stage.table("nodes")
        await type_line(stage, "filter 203.0.0.1")
        assert nodes.model.filter_text == "203.0.0.1"
        await type_line(stage, "save first")
        await type_line(stage, "sort rtt")
        assert nodes.model.sort_by is not None and nodes.model.sort_by.title == "rtt"
        await type_line(stage, "columns address rtt")
        assert [column.title for column in nodes.model.columns] == ["address", "rtt"]
        await type_line(stage, "columns all")
        assert nodes.model.columns == nodes.model.shipped
        await stage.press("escape")
        assert not nodes.model.filter_text
        await type_line(stage, "filter @first")
        assert nodes.model.filter_text.endswith("203.0.0.1")
        await type_line(stage, "forget @first")
        assert "first" not in stage.app.host.memory.filters


async def test_open_goes_to_a_bookmark_and_to_a_node() -> None:
    view = snapshots.running()
    node = view.table.buckets[3].nodes[2]
    async with exploring(view) as stage:
        await type_line(stage, f"open {node.id.hex()}")
        assert stage.app.current_mode == "table"
        selected = stage.table("nodes").model.selected
        assert selected is not None and selected.node == node
        await type_line(stage, "bookmark favourite")
        await stage.press("1")
        await type_line(stage, "open favourite")
        assert stage.app.current_mode == "table"


async def test_a_command_works_from_a_window_and_tells_where_one_is_in_the_way() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        await stage.press("tab", "enter")
        await type_line(stage, "go log")
        assert stage.app.current_mode == "log"
        await stage.press("8", "a", "ctrl+p", *"announce", "enter")
        assert stage.toasts()[-1] == "A window is open on that screen: close it first."


async def test_quit_quits() -> None:
    async with exploring(snapshots.running()) as stage:
        await stage.press("colon", *"quit")
        assert offered(stage) == ["quit"]
        await stage.pilot.press("enter")
        await stage.until(lambda: not stage.app.is_running)


def test_a_snapshot_is_looked_through_with_a_bound() -> None:
    from dhtui.screens.command.words import hosts_of, targets_of

    view: Snapshot = snapshots.running()
    assert ("203.0.0.1:6881", f"good node {view.table.buckets[0].nodes[0].id.hex()[:8]}…") in hosts_of(view)
    assert ("self", "our own id") in targets_of(view)


@pytest.mark.parametrize(("name", "line"), [("ping", "ping 203.0.1."), ("wrong", "theem")])
async def test_the_bar_looks_as_kept(name: str, line: str) -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        await type_line(stage, line, enter=name == "wrong")
        await matches_goldens(stage, f"command-{name}")


@pytest.mark.parametrize("size", [(59, 15), (40, 10), (20, 6)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_it_works_in_small_terminals(size: tuple[int, int]) -> None:
    async with exploring(snapshots.running(), size) as stage:
        await type_line(stage, "go log", enter=False)
        assert "go log" in stage.text()
        await stage.press("enter")
        assert stage.app.current_mode == "log"
