"""The program itself in a real terminal, tmux: started, driven by keys, read from the screen, and quit."""

from __future__ import annotations

import re
from hashlib import sha1
from pathlib import Path

import pytest
from support.tmux import terminal

from dhtui.bindings.registry import VIEWS

ISO = sha1(b"debian-13.iso").hexdigest()
"""An infohash that has peers on every testnet."""


@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_walk_through_the_program_ends_with_the_terminal_as_it_was(size: tuple[int, int], tmp_path: Path) -> None:
    with terminal(tmp_path, size, "--testnet 32", COLORTERM="truecolor") as term:
        assert "[1 Home]" in term.wait("nodes answer")
        for view in VIEWS:
            term.go(view.name)
        term.press("L")
        term.wait("new lookup")
        term.press(ISO)
        term.wait("enter start")
        term.press("Enter")
        over = ("closest nodes that are alive have answered", "Found 6 peers", ISO[:4])
        term.wait(lambda screen: all(words in screen for words in over))
        term.go("packets")
        term.press("/")
        term.wait("enter keep")
        term.press("method:get_peers dir:out")
        term.press("Enter")
        term.wait(lambda screen: re.search(r"method:get_peers dir:out ?: [1-9]\d* of", screen) is not None)
        term.press("space")
        term.wait("PAUSED")
        term.press("space")
        term.wait(lambda screen: "PAUSED" not in screen)
        term.press("?")
        assert "help: Packets" in term.wait("esc close")
        term.press("Escape")
        term.wait(lambda screen: "help: Packets" not in screen)
        term.quit()


def _colours(text: str) -> set[str]:
    """The colours that escape sequences of a captured screen name: as ``2;r;g;b`` or ``5;n``, or as a single number."""
    codes = ";".join(re.findall(r"\x1b\[([0-9;]*)m", text))
    exact = set(re.findall(r"[34]8;(2;\d+;\d+;\d+|5;\d+)", codes))
    rest = re.sub(r"[34]8;(2;\d+;\d+;\d+|5;\d+)", "", codes)
    return exact | set(re.findall(r"(?<!\d)(?:3[0-7]|4[0-7]|9[0-7]|10[0-7])(?!\d)", rest))


def test_no_color_shows_greys_only(tmp_path: Path) -> None:
    with terminal(tmp_path, (80, 24), "--testnet 8", NO_COLOR="1", COLORTERM="truecolor") as term:
        term.wait("nodes answer")
        for view in VIEWS:
            term.go(view.name)
            for colour in _colours(term.screen("-e")):
                assert len(set(colour.split(";")[1:])) == 1, f"{colour} is no grey"
        term.quit()


@pytest.mark.parametrize("name", ["xterm-16color", "ansi"])
def test_a_terminal_of_16_colours_is_given_no_others(name: str, tmp_path: Path) -> None:
    with terminal(tmp_path, (80, 24), "--testnet 8", TERM=name) as term:
        term.wait("nodes answer")
        term.go("table")
        colours = _colours(term.screen("-e"))
        assert colours
        assert not [colour for colour in colours if ";" in colour]
        term.quit()


@pytest.mark.parametrize(("flag", "taken"), [("", "1"), ("--mouse=false", "0")], ids=["as it is", "left"])
def test_the_mouse_is_taken_or_left_to_the_terminal(tmp_path: Path, flag: str, taken: str) -> None:
    with terminal(tmp_path, (80, 24), f"--testnet 4 --state-dir state {flag}") as term:
        term.wait("good:")
        assert term.tmux("display-message", "-p", "#{mouse_any_flag}").strip() == taken
        term.quit()


def test_the_next_run_begins_where_the_last_one_ended_and_a_damaged_memory_is_set_aside(tmp_path: Path) -> None:
    with terminal(tmp_path, (80, 24), "--testnet 8") as term:
        term.wait("nodes answer")
        term.go("table")
        term.quit()
    (kept,) = tmp_path.rglob("explorer.json")
    with terminal(tmp_path, (80, 24), "--testnet 8") as term:
        term.wait("[2 Table]")
        term.quit()
    kept.write_text("{")
    with terminal(tmp_path, (80, 24), "--testnet 8") as term:
        term.wait("damaged")
        term.wait("[1 Home]")  # the notice lies over the tabs for a while
        term.quit()
    assert kept.with_name("explorer.json.damaged-1").read_text() == "{"
