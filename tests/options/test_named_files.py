"""Files that a flag names: what is read may be a pipe; what is written is new, and none of the program's own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.apart import PATIENCE
from support.command_line import home as home

from dhtui.cli import main
from dhtui.errors import Exit
from dhtui.options import config
from dhtui.storage.owned import NAMES

Said = Callable[..., str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """The one line that a command line is refused with."""

    def said(*argv: str) -> str:
        assert main(argv) == Exit.USAGE
        out, err = capsys.readouterr()
        assert out == "" and err.count("\n") == 1
        return err

    return said


# ---- what is read may be a pipe ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "--do put --val-file f",
        "--do put --val-bencoded @f",
        "--do put --signed-file f",
        "--do put --val x --keyname locked --passphrase-file f",
        "--do bootstrap --blocklist f",
        "--do bootstrap --config f",
        "--do put --val-file -",
    ],
)
def test_no_file_that_is_named_is_waited_for_beyond_the_deadline(home: Path, words: str) -> None:
    """Its writer is there, and silent."""
    (home / "pass").write_text("secret")
    argv = [sys.executable, "-m", "dhtui"]
    if "locked" in words:
        make = "--do genkey --keyname locked --encrypt --passphrase-file pass"
        subprocess.run([*argv, *make.split()], cwd=home, capture_output=True, timeout=PATIENCE, check=True)
    os.mkfifo(home / "f")
    silent = os.open(home / "f", os.O_RDWR)
    try:
        ran = subprocess.run(
            [*argv, *words.split(), "--deadline", "0.2s", *("--bnodes", "no", "--listen", "127.0.0.1:0")],
            cwd=home,
            stdin=silent,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    finally:
        os.close(silent)
    assert ran.returncode == Exit.DEADLINE, ran.stderr
    assert ran.stdout == "" and ran.stderr.count("\n") == 1
    assert "nothing more came from it within 0.2 s (--deadline)" in ran.stderr


@pytest.mark.parametrize("words", ["import --keyname me --key-file f", "sign --keyname bep44test --val-file f"])
def test_a_pipe_that_nothing_writes_to_is_refused(
    said: Said, home: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setattr("dhtui.storage.named_file.WRITER_SECONDS", 0.05)
    os.mkfifo(home / "f")
    assert "cannot read 'f': it is a pipe that no program writes to" in said("--do", *words.split())


@pytest.mark.parametrize("flag", ["--config", "--blocklist", "--replay"])
def test_standard_input_is_read_where_it_is_promised_alone(said: Said, home: Path, flag: str) -> None:
    (home / "-").write_text("a file of that name is not meant")
    assert "standard input" in said(*(() if flag == "--replay" else ("--do", "bootstrap")), flag, "-")


# ---- what is written is a new file, and none of ours -------------------------------------------------------


_WRITES = (
    "--do sign --keyname bep44test --val x --out",
    "--do export --keyname bep44test --out",
    "--do get --target 0123456789abcdef0123456789abcdef01234567 --testnet 4 --out",
    "--do bootstrap --testnet 4 --record",
)


@pytest.mark.parametrize("words", _WRITES)
@pytest.mark.parametrize("name", [f"s/{name}" for name in (*NAMES, "keys", "keys/me", "../s/keep.json")])
def test_a_file_of_the_state_folder_is_never_written_by_a_flag(said: Said, home: Path, words: str, name: str) -> None:
    (home / "c.toml").write_text('state-dir = "s"\n')
    (home / "s").mkdir()
    (home / "other").symlink_to(home / "s")
    for path in (name, name.replace("s/", "other/", 1)):
        assert "is this program's own, for its state, keys or settings" in said(
            "--config", "c.toml", *words.split(), path
        )
    assert not list((home / "s").iterdir())


@pytest.mark.parametrize("words", _WRITES)
def test_the_file_of_settings_is_never_written_by_a_flag(said: Said, home: Path, words: str) -> None:
    place = config.config_file()
    place.parent.mkdir(parents=True, exist_ok=True)
    assert "is this program's own" in said(*words.split(), str(place))
    assert not place.exists()


def test_a_recording_is_not_written_to_standard_output(said: Said, home: Path) -> None:
    words = ("--record", "-")
    assert "not written to standard output: name a new file" in said("--do", "bootstrap", "--testnet", "4", *words)
    assert "not written to standard output: name a new file" in said("--testnet", "4", *words)
    assert not (home / "-").exists()
