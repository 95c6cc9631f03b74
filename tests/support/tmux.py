"""The program in a real terminal: a tmux server of its own, keys to press, the screen to read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from uuid import uuid4

import pytest

from dhtui.bindings.registry import VIEWS
from support.apart import PATIENCE, ROOT

DEADLINE = PATIENCE
"""Seconds that any sight may take."""
FOREIGN = ("TMUX", "NO_COLOR", "COLORTERM", "COLUMNS", "LINES")
"""Variables of the terminal that the tests are run from; the last two would overrule the size of ours."""

FRAME = """
stty -a > before
echo "stood here before"
{program}
echo "ended with $?"
stty -a > after
echo "all done"
exec cat
"""
"""What the terminal runs: around the program everything is noted that it has to leave as it was."""


@dataclass(frozen=True)
class Terminal:
    """A pane of a tmux server of its own, and the program in it."""

    socket: str
    size: tuple[int, int]
    folder: Path

    def tmux(self, *words: str) -> str:
        run = subprocess.run(["tmux", "-L", self.socket, *words], capture_output=True, text=True, check=True)
        return run.stdout

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def screen(self, *options: str) -> str:
        return self.tmux("capture-pane", "-p", *options)

    def wait(self, seen: str | Callable[[str], bool]) -> str:
        """The screen, as soon as it holds a text or is as wanted."""
        wanted = seen if callable(seen) else lambda screen: seen in screen
        end = time.monotonic() + DEADLINE
        while not wanted(screen := self.screen()):
            assert "Traceback" not in screen, screen
            assert "ended with" not in screen, screen
            assert time.monotonic() < end, f"{seen!r} did not appear:\n{screen}"
            time.sleep(0.05)
        return screen

    def go(self, name: str) -> str:
        """Another screen, once it stands."""
        view = next(view for view in VIEWS if view.name == name)
        self.press(view.key)
        screen = self.wait(lambda screen: f"[{view.key} {view.title}]" in screen and "? help" in screen)
        width, height = self.size
        assert len(screen.splitlines()) <= height
        assert all(len(line) <= width for line in screen.splitlines())
        return screen

    def quit(self) -> None:
        """Quits; the program has to end well and leave the terminal as it was."""
        self.press("q")
        end = time.monotonic() + DEADLINE
        while "all done" not in (screen := self.screen()):
            assert time.monotonic() < end, screen
            time.sleep(0.05)
        assert "ended with 0" in screen
        assert "stood here before" in screen, "the main screen is back, with what stood on it"
        assert "Traceback" not in screen
        assert "dhtui" not in screen, "nothing was left to say"
        state = "#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{keypad_flag} #{keypad_cursor_flag} #{wrap_flag}"
        assert self.tmux("display-message", "-p", state).split() == ["0", "1", "0", "0", "0", "1"]
        assert (self.folder / "after").read_text() == (self.folder / "before").read_text()


@contextmanager
def terminal(folder: Path, size: tuple[int, int], words: str, **environment: str) -> Iterator[Terminal]:
    """The program, started with these words and variables in a folder of its own."""
    if shutil.which("tmux") is None:
        if os.environ.get("DHTUI_REQUIRE_PEERS") == "1":
            pytest.fail("tmux is not installed (DHTUI_REQUIRE_PEERS=1)", pytrace=False)
        pytest.skip("tmux is not installed")
    settings = {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"} | environment
    settings |= dict.fromkeys(("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"), str(folder))
    told = " ".join(f"{name}={quote(value)}" for name, value in settings.items())
    script = folder / "run.sh"
    script.write_text(FRAME.format(program=f"env {told} {quote(sys.executable)} -m dhtui {words}"))
    # A server of its own each time: one that is still ending takes new sessions with it.
    term = Terminal(f"dhtui-{uuid4().hex}", size, folder)
    env = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    width, height = map(str, size)
    start = ["tmux", "-u", "-L", term.socket, "-f", "/dev/null", "new-session", "-d", "-x", width, "-y", height]
    try:
        subprocess.run([*start, f"sh {quote(str(script))}"], env=env, cwd=folder, check=True)
        yield term
    finally:
        subprocess.run(["tmux", "-L", term.socket, "kill-server"], check=False, capture_output=True)
