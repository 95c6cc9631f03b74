"""A terminal that ends, with or without a signal, ends the explorer; so does quitting, whatever is still to be read."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.apart import PATIENCE, ROOT

from dhtui.sources.replay import Replay


@dataclass
class Held:
    """A terminal that is held by the test, and the program in it."""

    master: int
    program: subprocess.Popen[bytes]
    seen: bytes = b""

    def read(self) -> bool:
        """What the program wrote, if it writes something soon."""
        if not select.select([self.master], [], [], 0.1)[0]:
            return False
        try:
            self.seen += os.read(self.master, 65_536)
        except OSError:  # the program has closed its end
            return False
        return True

    def wait(self, text: bytes) -> None:
        end = time.monotonic() + PATIENCE
        while text not in self.seen:
            self.read()
            assert time.monotonic() < end and self.program.poll() is None, self.seen[-3000:]

    def ends(self) -> int:
        """Its exit code, once it has ended. The terminal is read meanwhile, as long as there is one."""
        end = time.monotonic() + PATIENCE
        while self.program.poll() is None:
            assert time.monotonic() < end, "it still runs"
            if self.master >= 0:
                self.read()
            else:
                time.sleep(0.05)
        return self.program.returncode

    def close(self) -> None:
        """The terminal is gone."""
        master, self.master = self.master, -1
        os.close(master)


@contextmanager
def held(folder: Path, *words: str, controlled: bool) -> Iterator[Held]:
    """The explorer on a terminal; `controlled`: it is the one that sends SIGHUP to it as it ends."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    places = dict.fromkeys(("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"), str(folder))
    env = os.environ | places | {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    prefix = ["setsid", "--ctty", "--wait"] if controlled else ["setsid", "--wait"]
    program = subprocess.Popen(
        [*prefix, sys.executable, "-m", "dhtui", *words], stdin=slave, stdout=slave, stderr=slave, env=env, cwd=folder
    )
    os.close(slave)
    found = Held(master, program)
    try:
        yield found
    finally:
        if program.poll() is None:
            for child in subprocess.run(
                ["pgrep", "-P", str(program.pid)], capture_output=True, text=True, check=False
            ).stdout.split():
                os.kill(int(child), signal.SIGKILL)
            program.wait()
        if found.master >= 0:
            found.close()


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="terminals of Linux")


@pytest.mark.parametrize("controlled", [False, True], ids=["no signal", "SIGHUP"])
@pytest.mark.parametrize("record", [False, True], ids=["plain", "recording"])
def test_a_terminal_that_is_gone_ends_the_explorer(tmp_path: Path, controlled: bool, record: bool) -> None:
    words = ["--testnet", "4", *(["--record", str(tmp_path / "r.jsonl")] if record else [])]
    with held(tmp_path, *words, controlled=controlled) as term:
        term.wait(b"good:")
        term.close()
        term.ends()
    if record:
        assert Replay.load(tmp_path / "r.jsonl").damage == "", "it was ended in good order"


def test_quitting_is_not_kept_by_what_was_typed_before(tmp_path: Path) -> None:
    with held(tmp_path, "--testnet", "4", "--record", str(tmp_path / "r.jsonl"), controlled=True) as term:
        term.wait(b"1 Home")
        for rows in range(20, 60):
            fcntl.ioctl(term.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 3 * rows, 0, 0))
            os.write(term.master, b"2j3k4" * 5)
        os.write(term.master, b"q")
        assert term.ends() == 0
    assert Replay.load(tmp_path / "r.jsonl").damage == ""
