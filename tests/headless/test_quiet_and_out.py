"""`--quiet`, and the bytes of a value as they are. Against a node in a thread."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.apart import PATIENCE
from support.background import Neighbours, neighbours
from support.command_line import Run
from support.command_line import home as home
from support.command_line import run as run

from dhtui.errors import Exit


@pytest.fixture(scope="module")
def net() -> Iterator[Neighbours]:
    with neighbours() as found:
        yield found


HEX = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def stored(run: Run, net: Neighbours) -> tuple[str, ...]:
    """How to get a value of bytes that are no text."""
    put = ("--do", "put", "--val-as", "hex", "--val", "00ff0a", "--remote", net.node, "--json")
    return "--do", "get", "--target", json.loads(run(*put)[1].splitlines()[-1])["target"], "--remote", net.node


def test_quiet_leaves_only_the_result(run: Run, net: Neighbours, stored: tuple[str, ...]) -> None:
    assert run(*stored, "--quiet") == (0, r"\x00\xff\x0a" + "\n", "")
    assert run("--do", "sign", "--keyname", "bep44test", "--val", "x", "--quiet")[::2] == (0, "")
    assert run("--do", "genkey", "--keyname", "me", "--quiet")[2] == ""


def test_quiet_still_says_why_there_is_no_result(run: Run, net: Neighbours) -> None:
    code, out, err = run("--do", "get", "--target", HEX, "--remote", net.node, "--quiet")
    assert (code, out, err) == (4, "", "dhtui: get failed: value not found: 1 of 1 node answered\n")
    code, out, err = run("--do", "ping", "--quiet")
    assert (code, out) == (2, "") and err.startswith("dhtui: ping needs --remote")
    code, _, err = run("--do", "ping", "--remote", net.node, "--quiet", "--vv")
    assert code == 2 and "--vv has no meaning with --quiet" in err


def test_a_value_is_written_to_a_new_file_as_it_is(run: Run, home: Path, stored: tuple[str, ...]) -> None:
    code, out, _ = run(*stored, "--out", "value")
    assert (code, out) == (0, "written to  value\n") and (home / "value").read_bytes() == b"\x00\xff\n"
    assert stat.S_ISREG((home / "value").stat().st_mode)
    code, out, err = run(*stored, "--out", "value")
    assert (code, out) == (2, "") and "overwrites nothing: name a new file" in err
    assert json.loads(run(*stored, "--out", "other", "--json")[1].splitlines()[-1])["path"] == "other"
    code, out, err = run(*stored, "--out", "none/value")
    assert (code, out) == (2, "") and "--out: there is no folder 'none'" in err, "that is known before any packet"


def test_a_value_that_can_not_be_written_is_no_success(
    run: Run, stored: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dhtui.headless.after_action.write_new", full)
    code, out, err = run(*stored, "--out", "value")
    assert (code, out) == (1, "") and "get failed: --out: 'value' can't be written: No space left" in err


def test_nothing_is_written_where_nothing_is_found(run: Run, home: Path, net: Neighbours) -> None:
    code = run("--do", "get", "--target", HEX, "--remote", net.node, "--out", "value")[0]
    assert code == Exit.NOT_FOUND and not (home / "value").exists()


def test_a_value_goes_to_standard_output_as_it_is(home: Path, stored: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "dhtui", "-listen", "127.0.0.1:0", "-bnodes", "no", *stored, "--out", "-"]
    ran = subprocess.run(command, capture_output=True, timeout=PATIENCE, env=dict(os.environ), check=False)
    assert (ran.returncode, ran.stdout) == (0, b"\x00\xff\n"), ran.stderr
    with (home / "file").open("wb") as file:
        subprocess.run([*command, "--quiet"], stdout=file, timeout=PATIENCE, env=dict(os.environ), check=True)
    assert (home / "file").read_bytes() == b"\x00\xff\n"


def test_raw_output_goes_with_nothing_else_there(run: Run, stored: tuple[str, ...]) -> None:
    assert "both write to standard output" in run(*stored, "--out", "-", "--json")[2]
    assert "--out has no meaning with --watch" in run(*stored, "--out", "x", "--watch", "60")[2]


def test_a_value_is_taken_apart_in_put_and_get_and_in_a_dry_run(run: Run, net: Neighbours) -> None:
    for more in ((), ("--dry-run",)):
        put = ("--do", "put", "--val", '{"a": 1}', "--remote", net.node, *more)
        assert 'JSON\n{\n  "a": 1\n}\n' in run(*put)[2]
        item = json.loads(run(*put, "--json")[1].splitlines()[-1])["item"]
        assert (item["kind"], item["value"]) == ("json", {"a": 1})
    put = ("--do", "put", "--val-bencoded", f"d2:ih20:{'a' * 20}e", "--remote", net.node)
    code, _, err = run(*put)
    assert code == 0 and f"magnet:?xt=urn:btih:{'61' * 20}\n" in err
    target = json.loads(run(*put, "--json")[1].splitlines()[-1])["target"]
    got = json.loads(run("--do", "get", "--target", target, "--remote", net.node, "--json")[1].splitlines()[-1])
    assert got["item"]["value"] == {"info_hash": "61" * 20, "magnet": f"magnet:?xt=urn:btih:{'61' * 20}"}
