"""--record, --replay and --serve on the command line; and whatever fails, no traceback reaches the terminal."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.apart import PATIENCE, ROOT

from dhtui.cli import main
from dhtui.engine.views.events import PacketSent
from dhtui.sources.replay import Replay

HELLO = "e5f96f6f38320f0f33959cb4d3d656452117aadb"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the program in a folder of its own: exit code and both streams."""
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TEXTUAL_DRIVER", raising=False)

    def run(argv: str) -> tuple[int, str, str]:
        code = main(argv.split())
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("--record old", "--record: 'old' exists, and a recording overwrites nothing"),
        ("--record dangling", "--record: 'dangling' exists"),
        ("--record none/new", "--record: there is no folder 'none'"),
        ("--record new --do get --remote 127.0.0.1:1", "get needs --target"),
        ("--record old --do ping --remote 127.0.0.1:1", "--record: 'old' exists"),
        ("--record old --wait", "--record: 'old' exists"),
        ("--record new --do sign --keyname bep44test --val x", "--record has no meaning for sign"),
        ("--replay none", "--replay: there is no file 'none'"),
        ("--replay old --record new", "--record has no meaning with --replay"),
        ("--replay old --do ping", "--do has no meaning with --replay"),
        ("--replay old --wait", "--wait has no meaning with --replay"),
        ("--replay old --testnet 8", "--testnet has no meaning with --replay"),
        ("--replay old --val x", "--val needs an action"),
        ("--serve 70000", "--serve: '70000' is not a whole number from 0 to 65535"),
        ("--serve --do ping", "--do has no meaning with --serve"),
        ("--serve 0 --record new", "--record has no meaning with --serve: each page"),
        ("--serve --blocklist nonsense", "line 1"),
        ("--serve 8000 9000", "unexpected argument '9000'"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_starts(run: Run, tmp_path: Path, argv: str, words: str) -> None:
    (tmp_path / "old").write_text("mine")
    (tmp_path / "dangling").symlink_to("nowhere")
    code, out, err = run(argv)
    assert (code, out) == (2, "")
    assert words in err and re.fullmatch("dhtui: .*\n", err)
    assert (tmp_path / "old").read_text() == "mine"
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("argv", ["--replay old", "--replay old --serve 0", "--replay ."])
def test_what_is_no_recording_is_told_in_one_line(run: Run, tmp_path: Path, argv: str) -> None:
    (tmp_path / "old").write_text("mine")
    code, out, err = run(argv)
    assert (code, out) == (1, "")
    assert re.fullmatch("dhtui: --replay: (old|.) can't be .*\n", err)


@pytest.mark.parametrize("name", ["run.jsonl", "run.jsonl.gz"])
def test_a_headless_action_is_recorded(run: Run, tmp_path: Path, name: str) -> None:
    code, out, err = run(f"--testnet 8 --do get --target {HELLO} --record {name}")
    assert (code, out) == (0, "Hello World!\n"), err
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    replay = Replay.load(tmp_path / name)
    assert replay.damage == ""
    sent = [event.method for event in replay.events(0, replay.events_upto(replay.end)) if isinstance(event, PacketSent)]
    assert "get" in sent
    views = replay.snapshot(replay.end).lookups
    assert [view.running for view in views if view.kind == "get"] == [False]


def test_an_action_that_fails_leaves_a_whole_recording(run: Run, tmp_path: Path) -> None:
    code, _, _ = run("--do ping --remote 127.0.0.1:9 --qtimeout 50ms --record run")
    assert code == 3
    assert Replay.load(tmp_path / "run").damage == ""


def test_without_textual_serve_it_is_told_how_to_get_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    assert run("--serve 0") == (1, "", "dhtui: --serve needs textual-serve: pip install 'dhtui[serve]'\n")


def test_a_port_in_use_is_told(run: Run) -> None:
    pytest.importorskip("textual_serve")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run(f"--serve {port}") == (1, "", f"dhtui: --serve: cannot bind 127.0.0.1:{port}: address in use\n")


def test_a_fault_of_our_own_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("broken \x1b[2J")

    monkeypatch.setattr("dhtui.options.manual.usage.help_text", fail)
    code, out, err = run("--help")
    assert (code, out) == (1, "")
    where = r"\(at .*test_explore.py:\d+\)"
    assert re.fullmatch(
        rf"dhtui: a fault of this program, please report it: RuntimeError: broken \\x1b\[2J {where}\n", err
    )


# ---- the explorer fails: each case breaks something, then starts it without a terminal -------------------------

BROKEN = """
import asyncio, sys, threading
from textual._context import active_app
from dhtui import app
from dhtui.runtime.host import NodeHost
from dhtui.screens.home.screen import HomeScreen

def fail(*_, **__):
    secret = "a private key"
    raise RuntimeError("broken \\x1b[2J")

async def fail_later(*_, **__):
    fail()

begin = NodeHost._begin

def then(do):
    def begun(self, node, **how):
        begin(self, node, **how)
        explorer = active_app.get()
        do(explorer)
        asyncio.get_running_loop().call_later(0.1, explorer.exit, 0)
    NodeHost._begin = begun

%s
from dhtui.cli import main
sys.exit(main(["--testnet", "2"]))
"""

FAULTS = {
    "a screen": (1, "HomeScreen.show = fail"),
    "a style sheet": (1, "HomeScreen.CSS = 'a { b: c'"),
    "the start": (1, "app.Explorer.on_mount = fail_later"),
    "the end": (1, "then(lambda app: None); NodeHost.stop = fail_later"),
    "the driver": (
        1,
        "from textual.drivers import headless_driver as d; d.HeadlessDriver.start_application_mode = fail",
    ),
    "Textual": (1, "then(lambda app: app.panic('Traceback (most recent call last)'))"),
    "a callback": (0, "then(lambda app: asyncio.get_running_loop().call_soon(fail))"),
    "a thread": (0, "thread = threading.Thread(target=fail); then(lambda app: (thread.start(), thread.join()))"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_fails_in_the_explorer_no_traceback_reaches_the_terminal(fault: str, tmp_path: Path) -> None:
    code, breaking = FAULTS[fault]
    ran = subprocess.run(
        [sys.executable, "-c", BROKEN % breaking],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        cwd=ROOT,
        env={
            **os.environ,
            "HOME": str(tmp_path),
            "XDG_STATE_HOME": str(tmp_path),
            "XDG_CONFIG_HOME": str(tmp_path),
            "TEXTUAL_DRIVER": "textual.drivers.headless_driver:HeadlessDriver",
        },
        check=False,
    )
    assert ran.returncode == code, ran.stderr
    assert ran.stdout == ""
    assert re.fullmatch("dhtui: .*\n", ran.stderr)
    assert "secret" not in ran.stderr and "\x1b" not in ran.stderr
