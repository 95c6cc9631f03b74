"""An item's life through the program itself: a key is made, an item put and updated in a terminal; another process
reads it, keeps it alive without the key, and republishes it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.apart import PATIENCE, ROOT
from support.background import Neighbours, neighbours
from support.tmux import Terminal, terminal

from dhtui.engine.items import mutable_target
from dhtui.keyring import Keyring


@pytest.fixture(scope="module")
def net() -> Iterator[Neighbours]:
    with neighbours() as found:
        yield found


def another(folder: Path, net: Neighbours, *words: str) -> str:
    """What another run prints, which has a state folder of its own, and no keys."""
    places = dict.fromkeys(("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"), str(folder / "other"))
    run = subprocess.run(
        [sys.executable, "-m", "dhtui", "--listen", "127.0.0.1:0", "--bnodes", net.net, "--do", *words],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | places,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def make_key(term: Terminal, name: str) -> bytes:
    """Makes a key on its screen. Its public half."""
    term.go("keys")
    term.press("n")
    term.wait("new key")
    term.press(name)
    term.wait(name)
    term.press("Enter")
    ring = Keyring(term.folder / "dhtui" / "keys")
    term.wait(lambda _: name in ring.names())
    term.wait(lambda screen: "new key" not in screen)
    return ring.public(name)


def test_a_key_is_made_an_item_put_updated_read_elsewhere_and_republished(net: Neighbours, tmp_path: Path) -> None:
    words = f"--listen 127.0.0.1:0 --bnodes {net.net}"
    with terminal(tmp_path, (80, 24), words) as term:
        term.wait("nodes answer")
        public = make_key(term, "me")
        target = mutable_target(public).hex()

        term.go("items")
        term.press("p")
        term.wait("put an item")
        term.press("first")
        # One at a time: who types faster than the focus moves, types into the field before.
        for key, seen in (
            ("BTab", "written as  ▶"),
            ("BTab", "value is    ▶"),
            ("BTab", "signed by   ▶"),
            ("Right", "▶ bep44test"),
            ("Right", "▶ me"),
        ):
            term.press(key)
            term.wait(seen)
        term.wait(lambda screen: "▶ me" in screen and target in screen and "seqi1e1:v5:first" in screen)
        term.press("Enter")
        term.wait("✓ stored on")
        assert another(tmp_path, net, "get", "--public-key", public.hex()) == "first\n"

        term.press("Enter")
        term.wait("seq 1 only, as seen: cas")
        term.press("second")
        term.wait("seqi2e1:v6:second")
        term.press("Enter")  # a line break, as in a paste that the terminal does not mark
        term.wait("seqi2e1:v7:second")
        term.press("BSpace")
        term.wait("seqi2e1:v6:second")
        term.press("C-s")
        term.wait("✓ stored on")
        assert another(tmp_path, net, "get", "--public-key", public.hex(), "--keep") == "second\n"
        republished = rf"{target}  seq 2       put: \d copies seen, stored on (\d) of \1\n"
        assert re.fullmatch(republished, another(tmp_path, net, "republish"))

        for choice, outcome in (("read it back", "✓ read back: "), ("keep it alive", "✓ kept alive from now on")):
            term.press("Right")
            term.wait(f"▶ {choice}")
            term.press("Enter")
            term.wait(outcome)
        term.press("Escape")
        term.wait("put an item")
        term.press("Escape")
        term.wait(lambda screen: "put an item" not in screen and "kept for others" in screen)
        term.press("f")
        term.wait("get an item")
        term.press("me")
        term.wait("✓ the item of your key me")
        term.press("Enter")
        term.wait(lambda screen: "✓ verified; " in screen and "value, seq 2" in screen and "second" in screen)
        term.press("Escape")
        term.wait(lambda screen: "get an item" not in screen)
        term.quit()
