"""Keys of the user's own: read, checked, and followed by everything that is made from the registry."""

from __future__ import annotations

import string
import subprocess
import sys
from pathlib import Path

import pytest
from support.apart import ROOT, run_apart
from textual.keys import Keys, _character_to_key

from dhtui.bindings import keymap, registry
from dhtui.errors import UsageError
from dhtui.options import config


def from_file(tmp_path: Path, text: str) -> dict[str, str]:
    path = tmp_path / "c.toml"
    path.write_text(text, encoding="utf-8")
    return dict(config.read(["-config", str(path)]).keys)


def test_keys_have_the_names_that_textual_gives_them() -> None:
    assert {_character_to_key(sign) for sign in string.punctuation} == set(registry.CHARACTERS.values())
    assert {*keymap.NAMED} <= {key.value for key in Keys} | {"space"}


def test_every_key_of_the_registry_is_one_that_a_user_may_name() -> None:
    for action in keymap.names().values():
        for key in action.keys.split(","):
            assert keymap.key_named(key) == key


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("pause=f8", {"pause": "f8"}),
        ("pause=f8,space,theme=f5", {"pause": "f8,space", "theme": "f5"}),
        (" pause = f8 , space ", {"pause": "f8,space"}),
        ("pause=f8,f8", {"pause": "f8"}),
        ("table.ping=!", {"table.ping": "exclamation_mark"}),
        ("table.ping=alt+x", {"table.ping": "alt+x"}),
        ("show.home=f5", {"show.home": "f5"}),
        ("seek(-10)=ctrl+shift+left", {"seek(-10)": "ctrl+shift+left"}),
        ("help=é", {"help": "é"}),
        ("pause=t,theme=space", {"pause": "t", "theme": "space"}),
        ("close=escape,f6", {"close": "escape,f6"}),
        ("submit=ctrl+g,leave=ctrl+x", {"submit": "ctrl+g", "leave": "ctrl+x"}),
    ],
)
def test_the_command_line_names_actions_and_keys(text: str, keys: dict[str, str]) -> None:
    assert dict(keymap.read(text)) == keys


@pytest.mark.parametrize(
    "text",
    ['pause = "f8"', 'pause = ["f8"]', '"pause" = "f8"', 'pause = " f8 "'],
)
def test_the_file_names_actions_and_keys(tmp_path: Path, text: str) -> None:
    assert from_file(tmp_path, f"[keys]\n{text}\n") == {"pause": "f8"}


def test_the_file_takes_actions_of_screens_with_and_without_quotes(tmp_path: Path) -> None:
    text = """[keys]
        table.ping = "f8"
        "table.refresh_bucket" = ["ctrl+r", "f5"]
        show.home = "f6"
        "seek(-10)" = ";"
        "seek(10)" = "]"
        "next_view(1)" = "."
    """
    assert from_file(tmp_path, text) == {
        "table.ping": "f8",
        "table.refresh_bucket": "ctrl+r,f5",
        "show.home": "f6",
        "seek(-10)": "semicolon",
        "seek(10)": "right_square_bracket",
        "next_view(1)": "full_stop",
    }


def test_a_comma_may_be_a_key(tmp_path: Path) -> None:
    assert from_file(tmp_path, '[keys]\ntheme = ","\n"seek(-10)" = "t"\n') == {"theme": "comma", "seek(-10)": "t"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pauze=P", "there is no action 'pauze', did you mean pause?"),
        ("ping=P", "there is no action 'ping'"),
        ("P", "'P' is no ACTION=KEY"),
        ("pause=", "'' is no key"),
        ("pause=foo", "'foo' is no key"),
        ("pause=ctrl+", "'ctrl+' is no key"),
        ("pause=+x", "'+x' is no key"),
        ("pause=hyper+x", "'hyper+x' is no key"),
        ("pause=shift+p", "did you mean P?"),
        ("pause=\x1b[2J", r"'\x1b[2J' is no key"),
        ("pause=ctrl+m", "a terminal sends enter for ctrl+m"),
        ("pause=q", "q would be the key of both quit and pause"),
        ("pause=p", "p would be the key of both pause and table.ping"),
        ("pause=2", "2 would be the key of both pause and show.table"),
        ("show.home=?", "? would be the key of both help and show.home"),
        ("table.ping=f8,table.refresh_bucket=f8", "f8 would be the key of both table.ping and table.refresh_bucket"),
        ("sort=down", "↓ would be the key of both sort and move(1)"),
        ("submit=escape", "esc would be the key of both clear and submit"),
        ("kept_add=x", "x would be the key of both kept_add and kept_remove"),
        ("close=j", "j would be the key of both move(1) and close"),
        ("unban=ctrl+g,close=ctrl+g", "ctrl+g would be the key of both unban and close"),
        ("close=3", "3 would be the key of both digit and close"),
    ],
)
def test_what_makes_no_sense_is_one_clear_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError) as error:
        config.read(["--keys", text])
    assert words in str(error.value) and str(error.value).startswith("--keys: ")
    assert str(error.value).isprintable()


@pytest.mark.parametrize("text", ["pause = 7", "pause = []", "pause = [1]", "pause = true", "table.ping = 1.5"])
def test_the_file_is_told_what_is_accepted(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"c\.toml', 'keys': '[a-z.]+' needs a key, such as"):
        from_file(tmp_path, f"[keys]\n{text}\n")


def test_a_wrong_key_ends_the_program_with_2_and_one_line(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('[keys]\npause = "q"\n', encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "dhtui", "--config", str(tmp_path / "c.toml")],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.count("\n") == 1 and "both quit and pause" in ran.stderr


def test_no_two_actions_share_a_key_as_long_as_nobody_wishes_it() -> None:
    for view in registry.VIEWS:
        keys = [key for action in keymap._on(view) for key in action.keys.split(",")]
        keys = [key for key in keys if key != "escape"]  # always one step up: of a filter, of a comparison
        assert sorted(keys) == sorted(set(keys)), view.name


FOLLOWED = """
import asyncio, sys
from dhtui.bindings import keymap
keymap.use(keymap.read("pause=f8,f9,table.ping=!,show.table=f5,move(1)=f7,help=f4"))
sys.path.insert(0, "tests")
from screens import snapshots
from screens.stage import exploring
from dhtui.screens.command.names import commands

async def main():
    async with exploring(snapshots.running(), (160, 45)) as stage:
        await stage.press("f5")
        assert stage.screen.view.name == "table" and "[f5 Table]" in stage.text(), stage.text()
        assert "! ping" in stage.lines()[-1] and "f8 pause" in stage.lines()[-1], stage.lines()[-1]
        assert stage.lines()[-1].startswith(" f4 help")
        await stage.press("f7")
        assert stage.table("buckets").model.cursor == 1
        await stage.press("j", "space")
        assert stage.table("buckets").model.cursor == 1 and "PAUSED" not in stage.text()
        await stage.press("f9")
        assert "PAUSED" in stage.text()
        await stage.press("f8", "tab", "exclamation_mark")
        assert stage.node.asked[0][0] == "ping"
        titles = [command.title for command in commands(stage.screen.view)]
        assert "ping [HOST:PORT]: Ask a node whether it is there  (!)" in titles
        await stage.press("f4")
        assert "help: Table" in stage.text()
        assert "f7         Go one line down." in stage.text(), stage.text()
    print(keymap.key_table())

asyncio.run(main())
"""


IN_WINDOWS = """
import asyncio, sys, tempfile
from pathlib import Path
from dhtui.bindings import keymap
keymap.use(keymap.read("submit=ctrl+g,leave=ctrl+x,close=f6,inspect=f7,step(1)=f8,focus(1)=f9,ask_it=f10,kept_add=f12"))
sys.path.insert(0, "tests")
from screens import snapshots
from screens.stage import LARGE, exploring
from dhtui.screens.base import ExplorerScreen
from dhtui.screens.dialogs.prompt import Prompt
from dhtui.widgets.pick import Pick
from textual.widgets import Input

async def main():
    folder = Path(tempfile.mkdtemp())
    async with exploring(snapshots.running(), LARGE, show="table", keys_folder=folder, keep_folder=folder) as stage:
        await stage.press("a")
        form, footer = stage.app.screen, stage.lines()[-1]
        assert "ctrl+x back" in footer and "ctrl+g ask" in footer and "f9 next field" in footer, footer
        await stage.press("tab", "enter", "escape")
        assert stage.app.screen is form and isinstance(form.focused, Input) and form.focused.id == "node"
        await stage.press("f9", "f8")
        assert form.query_one(Pick).chosen == 2, form.query_one(Pick).chosen
        await stage.press("f1")
        assert "f10        Ask the selected node the same question" in stage.text(), stage.text()
        await stage.press("escape", "q")
        assert "help:" in stage.text()
        await stage.press("f6")
        assert stage.app.screen is form
        await stage.press("ctrl+x")
        await stage.press("6", "K")
        assert "f12 add" in stage.lines()[-1], stage.lines()[-1]
        await stage.pilot.press("f12")
        await stage.until(lambda: isinstance(stage.app.screen, Prompt))
        await stage.until(lambda: "ctrl+g take it" in stage.lines()[-1])
        await stage.pilot.press("ctrl+x")
        await stage.until(lambda: not isinstance(stage.app.screen, Prompt))
        await stage.press("f6")
        assert isinstance(stage.app.screen, ExplorerScreen)

asyncio.run(main())
"""


def test_the_keys_of_windows_and_forms_can_be_others(tmp_path: Path) -> None:
    run_apart(IN_WINDOWS, tmp_path)


def test_bindings_tabs_footer_help_command_bar_and_table_follow(tmp_path: Path) -> None:
    printed = run_apart(FOLLOWED, tmp_path)
    assert "| `f8` `f9` | `pause` |" in printed and "| `!` | `table.ping` |" in printed
