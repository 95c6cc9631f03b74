"""Help of one action, hints for other programs' ways of writing, and the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from dhtui.actions.spec import ACTIONS
from dhtui.cli import main
from dhtui.errors import UsageError
from dhtui.options import config
from dhtui.options.flags import SETTINGS
from dhtui.options.manual.usage import help_text


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    for setting in SETTINGS:
        if setting.variable:
            monkeypatch.delenv(setting.variable, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


# ---- help ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ACTIONS)
def test_the_help_of_an_action_has_its_flags_and_an_example(name: str) -> None:
    text, action = help_text(80, name), ACTIONS[name]
    for flag in action.takes:
        assert f"--{flag}" in text, flag
    assert f"Example:\n  {action.command}\n" in text
    assert all(len(line) <= 80 for line in text.replace(action.command, "").splitlines())


@pytest.mark.parametrize(
    "argv",
    [("--help", "get"), ("--do", "get", "--help"), ("-h", "get"), ("--help=get",), ("--help", "--do", "get", "--vv")],
)
def test_help_of_one_action_can_be_asked_for_in_several_ways(
    argv: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == 0
    assert capsys.readouterr().out.startswith("dhtui --do get [flags]\n")


def test_help_of_what_is_no_action(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help", "gte"]) == 2
    assert "--help: unknown action 'gte', did you mean get?" in capsys.readouterr().err
    assert config.read(["--help=false"]).help is None and config.read(["--help=true"]).help == ""


# ---- words that are no flags ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "command"),
    [
        (("get_peers", "86d4"), "dhtui --do get_peers --target 86d4"),
        (("get-peers", "magnet:?a&b", "--json"), "dhtui --do get_peers --target 'magnet:?a&b' --json"),
        (("--testnet", "8", "put", "Hello World!"), "dhtui --testnet 8 --do put --val 'Hello World!'"),
        (("ping", "127.0.0.1:1"), "dhtui --do ping --remote 127.0.0.1:1"),
        (("get", "--target", "86d4"), "dhtui --do get --target 86d4"),
        (("boostrap",), "dhtui --do bootstrap"),
        (("--do", "get", "86d4"), "dhtui --do get --target 86d4"),
        (("help", "put"), "dhtui --help put"),
        (("version",), "dhtui --version"),
    ],
)
def test_an_action_without_its_flag_is_told_the_right_command(
    argv: tuple[str, ...], command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("dhtui: unexpected argument ") and err.count("\n") == 1
    assert err.endswith(f"; did you mean {command}?\n")


@pytest.mark.parametrize("argv", [("nosuch",), ("--do", "keys", "me"), ("--do", "nosuch", "x")])
def test_what_means_nothing_gets_no_advice(argv: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 2
    assert "did you mean" not in capsys.readouterr().err


@pytest.mark.parametrize("line", ["--do put --val x --bnodes --state-dir st", "-bnodes -json get --target 86d4"])
def test_a_flag_that_was_taken_for_a_value_is_pointed_out(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(line.split()) == 2
    err = capsys.readouterr().err
    assert "bnodes took" in err and "did you mean" not in err and err.count("\n") == 1


# ---- the environment ----------------------------------------------------------------------------------------------


def test_the_environment_goes_behind_the_command_line_and_before_the_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "c.toml").write_text('bnodes = "no"\nstate-dir = "of-the-file"\nqtimeout = 7\n')
    monkeypatch.setenv("DHTUI_CONFIG", str(home / "c.toml"))
    assert config.read([]).bnodes == "no" and config.read([]).qtimeout == 7
    monkeypatch.setenv("DHTUI_BNODES", "127.0.0.1:1")
    monkeypatch.setenv("DHTUI_STATE_DIR", "of-the-environment")
    options = config.read([])
    assert (options.bnodes, options.state_dir) == (("127.0.0.1:1",), Path("of-the-environment"))
    options = config.read(["--bnodes", "public", "--state-dir", "of-the-line"])
    assert (options.bnodes, options.state_dir) == ("public", Path("of-the-line"))
    monkeypatch.setenv("DHTUI_BNODES", "")
    assert config.read([]).bnodes == "no", "an empty variable says nothing"


def test_a_variable_that_makes_no_sense_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DHTUI_BNODES", "nonsense")
    with pytest.raises(UsageError, match="DHTUI_BNODES: 'nonsense' is not host:port"):
        config.read([])
    assert config.read(["--version"]).version


def test_what_the_environment_says_is_passed_over_where_it_means_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DHTUI_BNODES", "127.0.0.1:1")
    monkeypatch.setenv("DHTUI_STATE_DIR", "s")
    assert main(["--do", "keys"]) == 0
    assert main(["--do", "id", "--testnet", "2"]) == 0
