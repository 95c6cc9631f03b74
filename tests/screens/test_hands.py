"""What one can do anywhere: back and forward, jump, undo, bookmark, choose columns, write the screen, be remembered."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from textual.widgets import Input

from dhtui.app import Explorer
from dhtui.engine.keys import PrivateKey
from dhtui.engine.views.snapshot import Ban
from dhtui.keyring import Keyring
from dhtui.packets.parts import Link
from dhtui.runtime.host import Nodes
from dhtui.screens.dialogs.choosing import Followed
from dhtui.screens.dialogs.columns import ColumnChooser
from dhtui.screens.jump import Jump
from dhtui.screens.pictures import write_picture
from dhtui.screens.places import MOST, Places
from dhtui.screens.undo import Done
from dhtui.sources.replay import Replay
from dhtui.storage.memory import NAME, Bookmark, MemoryFile
from dhtui.widgets.chrome import Header

from . import snapshots
from .command.test_bar import said, type_line
from .stage import FOUR, LARGE, SMALL, PaperNode, Stage, exploring, matches_golden, matches_goldens, resize
from .test_recording_goldens import RECORDING

ESCAPES = snapshots.ESCAPES


def toast(stage: Stage) -> str:
    return stage.toasts()[-1]


# ---- places ------------------------------------------------------------------------------------------------------


async def test_back_and_forward_go_through_the_places_that_were_visited() -> None:
    async with exploring(snapshots.running()) as stage:
        await stage.press("2", "tab", "j", "j")
        chosen = stage.table("nodes").model.selected
        await stage.press("9", "5")
        for mode in ("log", "table", "home"):
            await stage.press("backspace")
            assert stage.app.current_mode == mode
        await stage.press("backspace")
        assert toast(stage) == "There is no place to go back to."
        await stage.press("alt+right")
        assert stage.app.current_mode == "table" and stage.table("nodes").model.selected == chosen
        await stage.press("alt+right", "alt+right", "alt+left")
        assert stage.app.current_mode == "log"
        await stage.press("1", "alt+right")
        assert toast(stage) == "There is no place to go forward to."


def test_places_are_bounded() -> None:
    places = Places()
    for number in range(MOST + 30):
        places.left(("home", None), "Home", Link("packet", number, str(number)))
    assert len(places.way) == MOST
    steps = 0
    while places.back(("log", None)):
        steps += 1
    assert steps == MOST and not places.way


async def test_the_header_names_the_way_that_links_have_led_where_there_is_room_and_esc_goes_one_up() -> None:
    view = snapshots.running()
    node = view.table.buckets[2].nodes[1]
    async with exploring(view, LARGE, show="log") as stage:
        stage.screen.post_message(Followed(Link("node", node.id, "node 1")))
        await stage.settle()
        assert stage.app.current_mode == "table" and "Log › node 1" in stage.lines()[0]
        stage.screen.post_message(Followed(Link("address", node.addr, ESCAPES)))
        await stage.settle()
        assert "Log › node 1 › address" in stage.lines()[0] and stage.lines()[0].isprintable()
        await stage.press("escape")
        assert "Log › node 1" in stage.lines()[0] and "address" not in stage.lines()[0]
        await stage.press("escape")
        assert stage.app.current_mode == "log" and "›" not in stage.lines()[0]
        await stage.press("escape")
        assert stage.app.current_mode == "log"
        stage.screen.post_message(Followed(Link("node", node.id, "node 1")))
        await stage.settle()
        await stage.press("3")
        assert "›" not in stage.lines()[0]


async def test_esc_gives_the_panes_their_room_back_before_it_goes_back() -> None:
    view = snapshots.running()
    node = view.table.buckets[2].nodes[1]
    async with exploring(view, show="log") as stage:
        stage.screen.post_message(Followed(Link("node", node.id, "node 1")))
        await stage.settle()
        await stage.press("z", "escape")
        assert stage.screen.maximized is None and stage.app.current_mode == "table"
        await stage.press("escape")
        assert stage.app.current_mode == "log"


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
async def test_the_way_never_pushes_out_what_the_header_has_to_say(width: int) -> None:
    async with exploring(snapshots.running(), (width, 24)) as stage:
        before = stage.lines()[0]
        stage.app.places.way = [f"a place {number}" for number in range(20)]
        await stage.settle()
        after = stage.lines()[0]
        assert len(stage.screen.query_one(Header).lines) == 1
        assert after.startswith(before.split("   ")[0]) and after.endswith("✗25")


# ---- jump --------------------------------------------------------------------------------------------------------


async def test_a_letter_goes_to_a_pane_or_to_what_the_selection_is_about() -> None:
    async with exploring(snapshots.running(), LARGE, show="table") as stage:
        await stage.press("tab", "apostrophe")
        assert isinstance(stage.app.screen, Jump)
        assert "packets to and from" in stage.text()
        await stage.press("a")
        assert stage.app.focused is stage.table("buckets")
        await stage.press("apostrophe", "b", "apostrophe", "z", "escape")
        assert stage.app.focused is stage.table("nodes")
        await stage.press("apostrophe", "d")
        assert stage.app.current_mode in ("table", "packets")
        await stage.press("apostrophe", "9")
        assert stage.app.current_mode == "log"


# ---- undo --------------------------------------------------------------------------------------------------------


@dataclass
class BanningNode(PaperNode):
    """Knows who is banned."""

    banned: dict[str, float] = field(default_factory=dict)

    def ban(self, ip: str, seconds: float) -> None:
        self.banned[ip] = seconds

    def unban(self, ip: str) -> bool:
        return self.banned.pop(ip, None) is not None

    def bans(self) -> tuple[Ban, ...]:
        return tuple(Ban(ip, left) for ip, left in self.banned.items())


async def test_a_ban_and_its_end_are_taken_back_by_their_names() -> None:
    node = BanningNode(snapshots.running())
    async with exploring(node, show="table") as stage:
        await stage.press("u")
        assert toast(stage) == "There is nothing here to take back."
        await stage.press("tab", "b", "2")
        assert list(node.banned) == ["203.0.0.1"]
        await stage.press("u")
        assert node.banned == {} and toast(stage) == "203.0.0.1 is not ignored any more."
        await stage.press("b", "2", "B", "x", "escape")
        assert node.banned == {}
        await stage.press("u")
        assert "that 203.0.0.1 was let in again" in stage.text() and "the ban of 203.0.0.1" in stage.text()
        await stage.press("1")
        assert list(node.banned) == ["203.0.0.1"]


async def test_the_last_few_are_kept() -> None:
    async def undo() -> str:
        return "taken back"

    async with exploring(snapshots.running()) as stage:
        for number in range(30):
            stage.app.post_message(Done(f"deed {number}", undo))
        await stage.press("u")
        assert "deed 29" in stage.text() and "deed 20" in stage.text() and "deed 19" not in stage.text()
        await stage.press("escape")


# ---- columns -----------------------------------------------------------------------------------------------------


def titles(stage: Stage) -> list[str]:
    return [column.title for column in stage.table("nodes").model.columns]


async def test_columns_are_hidden_moved_and_reset_and_the_filter_finds_hidden_ones() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        shipped = titles(stage)
        await stage.press("tab", "C")
        assert isinstance(stage.app.screen, ColumnChooser)
        assert "how far it is from us" in stage.text()
        await stage.press("j", "space")
        assert "id" not in [column.title for column in stage.app.screen_stack[0].query_one("#nodes").model.columns]  # type: ignore[attr-defined]
        await stage.press("j", "J", "escape")
        assert "id" not in titles(stage) and len(titles(stage)) == len(shipped) - 1
        assert stage.app.host.memory.lists["table.nodes"].columns == tuple(titles(stage))
        first = stage.table("nodes").model.selected
        assert first is not None
        stage.table("nodes").change_filter(first.node.id.hex()[:8])
        assert len(stage.table("nodes").model.rows) == 1
        await stage.press("C", "r", "escape")
        assert titles(stage) == shipped and "table.nodes" not in stage.app.host.memory.lists


async def test_one_column_stays() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        await stage.press("tab", "C")
        for _ in range(20):
            await stage.press("g", "space")
        await stage.press("escape")
        assert len(titles(stage)) == 1
        await stage.press("s", "s", "C", "r", "escape")


# ---- the help at the cursor --------------------------------------------------------------------------------------


async def test_help_twice_explains_the_selected_line_and_its_signs() -> None:
    async with exploring(snapshots.running(), LARGE, show="table") as stage:
        await stage.press("tab", "question_mark")
        assert "help: Table" in stage.text() and "? help: the selected line" in stage.text()
        await stage.press("question_mark")
        text = stage.text()
        assert "round trip: time from our query" in text and "203.0.0.1:6881" in text and "Signs in it" in text
        await stage.press("question_mark", "escape")
        assert len(stage.app.screen_stack) == 1


async def test_what_is_hostile_in_the_selected_line_is_escaped() -> None:
    async with exploring(snapshots.hostile(), LARGE, show="table") as stage:
        await stage.press("tab", "question_mark", "question_mark")
        assert all(line.isprintable() for line in stage.lines())


# ---- bookmarks ---------------------------------------------------------------------------------------------------


async def test_a_bookmark_is_set_and_taken_away_by_one_key() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        await stage.press("tab", "asterisk")
        assert stage.app.host.memory.bookmarks == {
            "address 203.0.0.1:6881": Bookmark("address", "203.0.0.1:6881"),
        }
        await stage.press("asterisk")
        assert stage.app.host.memory.bookmarks == {}
        await stage.press("5", "asterisk")
        assert toast(stage).startswith("Nothing is selected that could be bookmarked")


# ---- copying the command -----------------------------------------------------------------------------------------


async def test_the_same_on_the_command_line_is_among_the_forms() -> None:
    async with exploring(snapshots.running(), LARGE, show="table") as stage:
        await stage.press("tab", "c")
        assert "the same on the command line: dhtui --do ping --remote" in stage.text()
        await stage.press("escape", "4", "c")
        assert "the same on the command line: dhtui --do get_peers" in stage.text()


# ---- the screen as a file ----------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("form", "name"), [("svg", "svg"), ("html", "html"), ("text", "txt")])
async def test_a_screen_is_written_in_each_form_without_the_bar(folder: Path, form: str, name: str) -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        before = stage.text()
        await type_line(stage, f"export {form}")
        await stage.until(lambda: any("written" in each for each in stage.toasts()))
        content = (folder / f"dhtui-table.{name}").read_text(encoding="utf-8")
        assert "203.0.0.1" in content and "type a name" not in content
        if form == "text":
            assert content == before
        else:
            assert f"</{form}>" in content


async def test_no_file_is_overwritten(folder: Path) -> None:
    (folder / "mine.svg").write_text("mine")
    async with exploring(snapshots.running()) as stage:
        await type_line(stage, "export svg mine.svg")
        assert "is there already, and is not overwritten" in said(stage)
        await stage.press("escape")
        await type_line(stage, "export text")
        await type_line(stage, "export text")
        await stage.until(lambda: (folder / "dhtui-home-2.txt").exists())
        await write_picture(stage.app, "text", "x", folder / "mine.svg")
        await stage.settle()
        assert (folder / "mine.svg").read_text() == "mine" and "is not overwritten" in toast(stage)
        await type_line(stage, "export text no/such/folder.txt")
        await stage.until(lambda: any("cannot write" in each for each in stage.toasts()))


async def test_a_private_key_that_is_shown_is_not_written(folder: Path) -> None:
    Keyring(folder / "keys").add("notes", PrivateKey.from_seed(bytes(range(32))))
    async with exploring(snapshots.running(), keys_folder=folder / "keys") as stage:
        await stage.press("7", "G", "R", "R")
        assert bytes(range(32)).hex() in stage.text()
        await type_line(stage, "export text")
        assert toast(stage).startswith("A private key is shown")
        await stage.press("R")
        await type_line(stage, "export text")
        await stage.until(lambda: any(folder.glob("*.txt")))
        assert bytes(range(32)).hex() not in (folder / "dhtui-keys.txt").read_text()


# ---- from run to run ---------------------------------------------------------------------------------------------


def remembering(folder: Path, *, read_only: bool = False) -> MemoryFile:
    file = MemoryFile(folder, read_only=read_only)
    file.open()
    return file


async def test_looks_commands_and_the_screen_are_there_in_the_next_run(tmp_path: Path) -> None:
    for run in range(2):
        app = Explorer(Nodes(PaperNode(snapshots.running()).factory), memory=remembering(tmp_path))
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            stage = Stage(app, pilot, PaperNode(snapshots.running()))
            await stage.settle()
            if run == 0:
                await type_line(stage, "theme light")
                await stage.press("2", "tab")
                await type_line(stage, "sort rtt")
                await type_line(stage, "columns address rtt")
                continue
            assert app.theme == "textual-light" and app.current_mode == "table"
            model = stage.table("nodes").model
            assert [column.title for column in model.columns] == ["address", "rtt"]
            assert model.sort_by is not None and model.sort_by.title == "rtt"
            await stage.press("colon", "up")
            assert app.screen.query_one(Input).value == "columns address rtt"


async def test_what_is_remembered_survives_a_kill(tmp_path: Path) -> None:
    async with exploring(snapshots.running(), memory=remembering(tmp_path)) as stage:
        await type_line(stage, "theme light")
        await stage.until(lambda: (tmp_path / NAME).exists() and b"light" in (tmp_path / NAME).read_bytes())


async def test_nothing_is_written_where_it_is_read_only(tmp_path: Path) -> None:
    async with exploring(snapshots.running(), memory=remembering(tmp_path, read_only=True)) as stage:
        await type_line(stage, "theme light")
        await stage.press("2")
    assert not (tmp_path / NAME).exists()


@pytest.mark.parametrize(("name", "keys"), [("columns", "C"), ("help-line", "question_mark")])
async def test_the_windows_look_as_kept(name: str, keys: str) -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        await stage.press("tab", keys, *([keys] if name == "help-line" else []))
        await matches_goldens(stage, f"{name}")


async def test_the_letters_of_a_jump_look_as_kept_and_go_where_the_size_changes() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        await stage.press("tab")
        for size in FOUR:
            await resize(stage, *size)
            assert not isinstance(stage.app.screen, Jump)
            await stage.press("apostrophe")
            await matches_golden(stage, f"jump-{size[0]}x{size[1]}")


async def test_a_theme_that_was_named_goes_before_the_one_that_is_remembered_and_is_not_kept(tmp_path: Path) -> None:
    file = remembering(tmp_path)
    file.memory.theme = "dark"
    app = Explorer(Nodes(PaperNode(snapshots.running()).factory), memory=file, theme="light")
    async with app.run_test(size=SMALL):
        assert app.theme == "textual-light"
    assert file.memory.theme == "dark"


async def test_a_recording_begins_on_the_first_screen(tmp_path: Path) -> None:
    file = remembering(tmp_path, read_only=True)
    file.memory.screen, file.memory.theme = "log", "light"
    app = Explorer(replay=Replay.load(RECORDING), memory=file)
    async with app.run_test(size=SMALL):
        assert app.current_mode == "home" and app.theme == "textual-light"
