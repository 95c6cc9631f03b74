"""Two explorers that are attached to one node: what one starts the other sees, and neither ends anything by leaving."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha1
from pathlib import Path

import pytest
from support.apart import PATIENCE, ROOT
from support.tmux import Terminal, terminal

from dhtui.attach.place import place_of

ISO = sha1(b"debian-13.iso").hexdigest()
"""An infohash that has peers on every testnet."""


@contextmanager
def serving(folder: Path) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """A headless node that stays, and where its socket is."""
    homes = dict.fromkeys(("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"), str(folder))
    words = [sys.executable, "-m", "dhtui", "--testnet", "16", "--wait"]
    environment = {**os.environ, **homes, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(words, env=environment, text=True, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as ran:
        try:
            assert ran.stderr is not None
            assert any("serving on" in line for line in ran.stderr)
            yield place_of(folder / "dhtui"), ran
        finally:
            ran.terminate()
            ran.wait(PATIENCE)


def folder(path: Path) -> Path:
    path.mkdir(mode=0o700)
    return path


def program_of(term: Terminal) -> int:
    """The process id of the program in a terminal."""
    shell = term.tmux("display-message", "-p", "#{pane_pid}").strip()
    return int(Path(f"/proc/{shell}/task/{shell}/children").read_text(encoding="ascii").split()[0])


@pytest.mark.parametrize("size", [(80, 24)], ids=["80x24"])
def test_two_explorers_of_one_node(size: tuple[int, int], tmp_path: Path) -> None:
    with serving(folder(tmp_path / "n")) as (socket, node):
        words = f"--attach {socket}"
        with (
            terminal(folder(tmp_path / "a"), size, words) as one,
            terminal(folder(tmp_path / "b"), size, words) as other,
        ):
            one.wait("nodes answer")
            other.wait("nodes answer")
            other.go("lookup")
            one.press("L")
            one.wait("new lookup")
            one.press(ISO)
            one.wait("enter start")
            one.press("Enter")
            for term in (one, other):
                term.wait(
                    lambda screen: "get_peers" in screen and ISO[:4] in screen and "alive have answered" in screen
                )
            other.go("packets")
            other.wait(lambda screen: re.search(r"get_peers", screen) is not None)

            os.kill(program_of(other), signal.SIGKILL)
            one.go("table")
            one.wait(lambda screen: re.search(r"✓[1-9]", screen) is not None)
            one.quit()
        assert node.poll() is None
        with terminal(folder(tmp_path / "c"), size, words) as late:
            late.wait("nodes answer")
            late.go("lookup")
            late.wait(lambda screen: ISO[:4] in screen)  # what was started before it came
            node.terminate()
            late.wait("waiting for it to come back")
            late.quit()
