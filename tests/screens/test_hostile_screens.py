"""What strangers send, and what they have named, written to the terminal as text and never as anything else."""

from __future__ import annotations

import os
import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.containers import VerticalScroll
from textual.drivers.headless_driver import HeadlessDriver
from textual.widgets import Input

from dhtui.app import Explorer
from dhtui.recording import Recorder
from dhtui.registry import VIEWS, View
from dhtui.replay import Replay
from dhtui.widgets.line_table import LineTable

from . import snapshots
from .hostile import MARKUP, RAW, TARGET, WORDS, HostileNode, Poisoned
from .stage import LARGE, SMALL, PaperNode, Stage
from .walk import drain, keys_of, nothing_fails, printable, return_to, tap
from .wired import on

ROWS = 6
"""Rows of a list that are looked at closely."""

_OURS = re.compile(r"\n*\x1b\[\d+;\d+H|\x1b\[[\d;]*m|\x1b\[\?2026[hl]")
"""Textual's own: go there, colours, begin and end of a frame."""
_POINTER = re.compile(r"\x1b\]22;[a-z-]+\x07")
_CLIPBOARD = re.compile(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")


_RAW = [text for raw in RAW for text in (raw.decode("latin-1"), raw.decode(errors="ignore")) if not printable(text)]


class Terminal:
    """What was written to it, and what of that is to be read."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def write(self, data: str) -> None:
        self.written.append(data)

    def read(self) -> str:
        """All that there is to read; fails for anything else than text and what Textual itself writes."""
        shown: list[str] = []
        for data in self.written:
            if copied := _CLIPBOARD.fullmatch(data):
                text = b64decode(copied[1]).decode()
                assert printable(text), text
            elif not _POINTER.fullmatch(data):
                text = _OURS.sub("", data)
                assert printable(text), text
                assert not [raw for raw in _RAW if raw in data]
                shown.append(text)
        self.written.clear()
        return "\n".join(shown)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """All that Textual writes, as if there was a terminal."""
    it = Terminal()
    monkeypatch.setattr(HeadlessDriver, "is_headless", False)
    monkeypatch.setattr(HeadlessDriver, "write", it.write)
    yield it
    it.read()


# ---- everything there is to look at -------------------------------------------------------------------------


async def poke(stage: Stage) -> None:
    """Types hostile words into what has opened, and looks at all of it."""
    await drain(stage)
    for line in stage.app.screen.query(Input):
        if not line.disabled:
            line.focus()
            stage.app.post_message(events.Paste(WORDS))
            await drain(stage)
    for window in stage.app.screen.query(VerticalScroll):
        window.scroll_end(animate=False)
    await drain(stage)


async def copy(stage: Stage, place: int) -> None:
    """Copies the selection in one of its forms."""
    forms = stage.screen.copy_forms()
    for label, text in forms:
        assert printable(label) and printable(text), (label, text)
    if forms:
        await tap(stage, "c")
        if len(forms) > 1:
            await tap(stage, str(place % min(9, len(forms)) + 1))


async def look_closely(stage: Stage, view: View, table: LineTable[Any]) -> None:
    """Goes through a list: all about some of its lines, and their copies."""
    table.focus()
    await tap(stage, "g")
    step = max(1, len(table.model.rows) // ROWS)
    for place in range(min(ROWS, len(table.model.rows))):
        await copy(stage, place)
        await return_to(stage, view)
        await tap(stage, "enter")
        await poke(stage)
        await return_to(stage, view)
        table.focus()
        table.action_move(step)
        await drain(stage)


async def look_at_all(stage: Stage, terminal: Terminal) -> dict[str, str]:
    """Every screen, its lists, windows, forms and toasts. Returns what was to be read on each screen."""
    read: dict[str, str] = {}
    for view in VIEWS:
        await tap(stage, view.key)
        await return_to(stage, view)
        stage.screen.tick()
        await drain(stage)
        for table in stage.screen.query(LineTable):
            if table.display and table.model.rows:
                await look_closely(stage, view, table)
                for key in keys_of(view):
                    table.focus()
                    await tap(stage, key)
                    await poke(stage)
                    await return_to(stage, view)
        for key in ("slash", "question_mark", "colon"):
            await tap(stage, key)
            await poke(stage)
            await return_to(stage, view)
        stage.app.clear_notifications()
        await drain(stage)
        read[view.name] = terminal.read()
    return read


async def test_timing(tmp_path, monkeypatch, terminal) -> None:
    import time
    monkeypatch.chdir(tmp_path)
    a=time.process_time()
    node = HostileNode()
    app = Explorer(on(node), keys_folder=tmp_path / "keys")
    async with app.run_test(size=LARGE, notifications=True) as pilot:
        stage = Stage(app, pilot, PaperNode(snapshots.starting()))
        await drain(stage)
        b=time.process_time()
        await node.suffer()
        print("SUFFER", time.process_time()-b, b-a)
        b=time.process_time()
        with nothing_fails(stage):
            read = await look_at_all(stage, terminal)
        print("LOOK", time.process_time()-b)
        for name, text in read.items():
            print(name, len(text), [m for m in MARKUP if m.decode() in text], text.count("x1b["), text.count("u202e"), text.count("xff"))
