"""What comes from a terminal that is not as expected: the explorer goes on, or ends in good order."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support.tmux import DEADLINE, Terminal, terminal

from dhtui.engine.items import ImmutableItem
from dhtui.engine.wire.bencode import encode
from dhtui.screens.clipboard import TMUX_ADVICE


def pid_of(term: Terminal) -> int:
    """The process of the program, the youngest in the pane's tree."""
    pid = int(term.tmux("display-message", "-p", "#{pane_pid}"))
    while children := subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout:
        pid = int(children.split()[-1])
    return pid


def state_of(pid: int) -> str:
    """As ps tells it: T is stopped."""
    return subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    "sent",
    [
        ("ff",),
        ("c3", "28", "e2", "82"),
        ("1b", "5b", "32", "30", "30", "7e", "4c", "e9", "6e", "1b", "5b", "32", "30", "31", "7e"),
        ("1b", "5b", "4d", "20", "ff", "fe"),
    ],
    ids=["a byte", "half a letter", "a paste of Latin-1", "a mouse report of an old terminal"],
)
def test_bytes_that_are_no_utf_8_end_nothing(tmp_path: Path, sent: tuple[str, ...]) -> None:
    with terminal(tmp_path, (80, 24), "--testnet 4") as term:
        term.wait("nodes answer")
        term.tmux("send-keys", "-H", *sent)
        term.go("table")
        term.go("home")
        term.quit()


def test_a_stop_and_a_return_paint_the_screen_anew(tmp_path: Path) -> None:
    with terminal(tmp_path, (80, 24), "--testnet 4") as term:
        term.wait("nodes answer")
        pid = pid_of(term)
        os.kill(pid, signal.SIGTSTP)
        # The terminal is given back first: a SIGCONT that comes in between is lost, and it would stop for ever.
        term.wait(lambda screen: "stood here before" in screen and state_of(pid).startswith("T"))
        os.kill(pid, signal.SIGCONT)
        assert "? help" in term.wait("[1 Home]")
        term.quit()


def test_a_key_paints_the_screen_anew(tmp_path: Path) -> None:
    with terminal(tmp_path, (80, 24), "--testnet 4") as term:
        term.wait("nodes answer")
        tty = term.tmux("display-message", "-p", "#{pane_tty}").strip()
        Path(tty).write_text("\x1b[2J\x1b[Hrubbish of another program")
        term.wait("rubbish")
        term.press("C-l")
        assert "[1 Home]" in term.wait(lambda screen: "rubbish" not in screen and "? help" in screen)
        term.quit()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_restores_the_terminal(tmp_path: Path, signum: int) -> None:
    with terminal(tmp_path, (80, 24), "--testnet 4") as term:
        term.wait("dhtui")  # the first frame, or the shell's line: as early as it is seen
        os.kill(pid_of(term), signum)
        end = time.monotonic() + DEADLINE
        while "all done" not in (screen := term.screen()):
            assert time.monotonic() < end, screen
            time.sleep(0.05)
        assert "ended with" in screen and "Traceback" not in screen
        assert (tmp_path / "after").read_text() == (tmp_path / "before").read_text()


@pytest.mark.parametrize(
    ("typed", "title"), [("Lzzq", "new lookup"), ("6fzzq", "get an item"), ("8azzq", "announce a peer")]
)
def test_what_is_typed_into_a_window_that_has_not_come_yet_stands_in_it(tmp_path: Path, typed: str, title: str) -> None:
    with terminal(tmp_path, (80, 24), "--testnet 4") as term:
        term.wait("nodes answer")
        term.press(typed)
        assert title in term.wait("zzq")
        term.press("Escape")
        term.wait(lambda screen: title not in screen)
        term.quit()


def test_a_terminal_that_is_not_utf_8_is_told_before_anything_is_drawn(tmp_path: Path) -> None:
    with terminal(tmp_path, (80, 24), "--testnet 4", PYTHONIOENCODING="latin-1") as term:
        end = time.monotonic() + DEADLINE
        while "all done" not in (screen := term.screen()):
            assert time.monotonic() < end, screen
            time.sleep(0.05)
        said = " ".join(screen.split())
        assert "ended with 2" in screen and "PYTHONIOENCODING says that this terminal has 'iso8859-1'" in said
        assert term.tmux("display-message", "-p", "#{alternate_on}").strip() == "0"


def test_in_tmux_it_is_said_how_a_copy_gets_through_and_that_is_true(tmp_path: Path) -> None:
    with terminal(tmp_path, (120, 35), "--testnet 4") as term:
        term.wait("[1 Home]")
        term.go("table")
        term.wait("bucket 0")
        for _ in range(2):
            term.press("c", "1")
            screen = term.wait("sent to the terminal")
            assert "In tmux" in screen and "set-clipboard" in screen, screen
            if "on" in term.tmux("show", "-s", "set-clipboard"):
                break
            term.tmux(*TMUX_ADVICE.split()[1:])
            term.wait(lambda screen: "sent to the terminal" not in screen)
        assert term.tmux("show-buffer").strip()
        term.quit()


@pytest.mark.parametrize("marked", [True, False], ids=["marked as one", "as keys"])
def test_a_paste_of_several_lines_is_the_value_to_the_byte(tmp_path: Path, marked: bool) -> None:
    """As keys nothing tells it from typing: its line breaks put nothing, and no escape can be in it."""
    orders = b"\x1b[31m\x1b]0;x\x07" if marked else b""
    value = b"\nfirst\n  second\xc2\xa0line\xe2\x80\x8d\n" + orders + b"caf\xe9\n"
    (tmp_path / "paste").write_bytes(value)
    with terminal(tmp_path, (80, 24), "--testnet 4") as term:
        term.wait("[1 Home]")
        term.go("items")
        term.press("p")
        term.wait("put an item")
        term.tmux("load-buffer", str(tmp_path / "paste"))
        term.tmux("paste-buffer", *(["-p"] if marked else []))
        term.wait(ImmutableItem(encode(value)).target.hex())
        term.press("C-s")
        term.wait("✓ stored on")
        term.press("Escape")
        term.wait("put an item")
        term.press("Escape")
        term.wait(lambda screen: "put an item" not in screen)
        term.quit()
