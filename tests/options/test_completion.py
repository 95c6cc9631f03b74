"""Completions and the manual page, read by the programs that they are made for where those are installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support.apart import PATIENCE

from dhtui.actions.spec import ACTIONS
from dhtui.cli import main
from dhtui.errors import Exit
from dhtui.keyring.base import name_fault
from dhtui.options.flags import SETTINGS, SHELLS
from dhtui.options.manual import completion, fish, man

_TRY = """
source "$1"; shift
COMP_WORDS=(dhtui "$@"); COMP_CWORD=$#; COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}
_shtab_dhtui; printf '%s\\n' "${COMPREPLY[@]}"
"""


def run(*argv: str, home: Path, stdin: str = "", **environment: str) -> str:
    """What a program prints, which must say nothing is wrong."""
    ran = subprocess.run(
        argv,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        cwd=home,
        env={"HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin", **environment},
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def program(name: str) -> str:
    """Where it is installed; skips the test where it is not."""
    return shutil.which(name) or pytest.skip(f"{name} is not installed")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with a key ``mine``, and files whose names a shell could take for commands."""
    keys = tmp_path / ".local" / "state" / "dhtui" / "keys"
    keys.mkdir(parents=True)
    for name in ("mine", "$(touch hacked)", "`touch hacked`", ".notes"):
        (keys / name).touch()
    for shell in SHELLS:
        (tmp_path / shell).write_text(completion.script(shell))
    return tmp_path


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_has_all_flags_and_actions(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--print-completion", shell]) == 0
    script = capsys.readouterr().out
    for setting in SETTINGS:
        assert re.search(rf"\b{setting.name}\b", script), setting.name
    for action in ACTIONS:
        assert re.search(rf"\b{action}\b", script), action


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_can_read_its_script(shell: str, home: Path) -> None:
    run(program(shell), "-n", shell, home=home)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("--do", "closest"), {"closest_stores", "closest_peers"}),
        (("--do", "put", "--keyname", "m"), {"mine"}),
        (("--keyname", "b"), {"bep44test", "bash"}),
        (("--format", "pe"), {"pem"}),
        (("--help", "find"), {"find_node"}),
        (("--new-p",), {"--new-passphrase-file"}),
        (("--print-completion", "fi"), {"fish"}),
    ],
)
def test_bash_offers_values_and_names_of_keys(words: tuple[str, ...], offered: set[str], home: Path) -> None:
    shown = run(program("bash"), "-c", _TRY, "try", "./bash", *words, home=home)
    assert set(shown.split()) == offered


def test_bash_runs_no_name_of_a_file(home: Path) -> None:
    shown = run(program("bash"), "-c", _TRY, "try", "./bash", "--keyname", "", home=home)
    assert {"mine", "bep44test"} <= set(shown.split()) and "touch" not in shown and not (home / "hacked").exists()
    for name in ("mine", "a.b_c-d", "_x"):
        assert name_fault(name) is None and re.match(completion.NAME, name)


def test_the_state_folder_of_the_environment_is_where_keys_are(home: Path) -> None:
    (home / "other" / "keys").mkdir(parents=True)
    (home / "other" / "keys" / "theirs").touch()
    words = (program("bash"), "-c", _TRY, "try", "./bash", "--keyname", "th")
    assert run(*words, home=home, DHTUI_STATE_DIR=str(home / "other")).split() == ["theirs"]


def test_fish_offers_what_the_action_takes(home: Path) -> None:
    asked = (
        ("dhtui --do clos", {"closest_stores", "closest_peers"}),
        ("dhtui --do put --keyname m", {"mine"}),
        ("dhtui --do get --new", {"--newer-than"}),
        ("dhtui --do rename --new", {"--new-name"}),
    )
    for line, offered in asked:
        shown = run(program("fish"), "--no-config", "-c", f"source fish; complete -C '{line}'", home=home)
        assert {each.split("\t")[0] for each in shown.splitlines() if each} == offered


def test_words_are_quoted_for_fish() -> None:
    assert fish.quoted(r"an item's \x") == r"'an item\'s \\x'"


# ---- the manual page ----------------------------------------------------------------------------------------------


def test_the_manual_page_has_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--man"]) == 0
    page = capsys.readouterr().out.replace("\\-", "-")
    for name in (*ACTIONS, *(f"--{setting.name}" for setting in SETTINGS), *(str(code.value) for code in Exit)):
        assert f"\\fB{name}\\fR" in page, name
    assert page.isascii() and "DHTUI_BNODES" in page


def test_roff_finds_nothing_wrong_with_the_manual_page(home: Path) -> None:
    shown = run(program("groff"), "-man", "-Tutf8", "-ww", home=home, stdin=man.page())
    assert "explore and command the BitTorrent Mainline DHT" in re.sub(r"\x1b\[[0-9;]*m|.\x08", "", shown)


def test_text_is_shown_by_roff_as_it_is() -> None:
    assert man.escaped(".a-b 'x' \\ …") == "\\&.a\\-b \\(aqx\\(aq \\e \\[u2026]"
