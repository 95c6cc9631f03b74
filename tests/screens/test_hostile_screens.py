"""What strangers send, and what they have named, written to the terminal as text and never as anything else."""

from __future__ import annotations

import asyncio
import os
import re
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from support.apart import PATIENCE
from textual import events
from textual.containers import VerticalScroll
from textual.drivers.headless_driver import HeadlessDriver
from textual.widgets import Input

from dhtui.app import Explorer
from dhtui.bindings.registry import VERBS, VIEWS, View
from dhtui.errors import UsageError
from dhtui.headless.output import Output
from dhtui.keyring import Keyring
from dhtui.options.options import Options
from dhtui.runtime import launch
from dhtui.runtime.host import Nodes
from dhtui.sources.recording import Recorder
from dhtui.sources.replay import Replay
from dhtui.widgets.line_table import LineTable

from . import snapshots
from .hostile import MARKUP, RAW, WORDS, HostileNode, Poisoned
from .stage import LARGE, SMALL, PaperNode, Stage
from .walk import drain, keys_of, nothing_fails, printable, return_to, tap, work_ends
from .wired import on

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
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """All that Textual writes, as if there was a terminal."""
    it = Terminal()
    monkeypatch.setattr(HeadlessDriver, "is_headless", False)
    monkeypatch.setattr(HeadlessDriver, "write", it.write)
    return it


# ---- everything there is to look at -------------------------------------------------------------------------


async def poke(stage: Stage) -> None:
    """Pastes hostile words into what has opened, and looks at all of it."""
    lines = [line for line in stage.app.screen.query(Input) if not line.disabled]
    for line in lines:
        line.focus()
        stage.app.post_message(events.Paste(WORDS))
        await drain(stage)
    if len(stage.app.screen_stack) > 1:
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


async def look_closely(stage: Stage, view: View, table: LineTable[Any], count: int) -> None:
    """Goes through a list: all about so many of its lines, and their copies."""
    table.focus()
    await tap(stage, "g")
    step = max(1, len(table.model.rows) // count)
    for place in range(min(count, len(table.model.rows))):
        await copy(stage, place)
        await tap(stage, "enter")
        await poke(stage)
        await return_to(stage, view)
        table.focus()
        table.action_move(step)
        await drain(stage)


async def look_at_all(stage: Stage, terminal: Terminal, lines: int) -> dict[str, str]:
    """Every screen, its lists, windows, forms and toasts. Returns what was to be read on each screen."""
    read: dict[str, str] = {}
    for view in VIEWS:
        await tap(stage, view.key)
        await return_to(stage, view)
        stage.screen.tick()
        await drain(stage)
        for table in stage.screen.query(LineTable):
            if table.display and table.model.rows:
                await look_closely(stage, view, table, lines)
        for key in (*keys_of((*view.actions, *VERBS)), "slash", "question_mark", "colon"):
            await tap(stage, key)
            await poke(stage)
            await return_to(stage, view)
        read[view.name] = terminal.read()
        stage.app.clear_notifications()
    return read


@asynccontextmanager
async def showing(app: Explorer, size: tuple[int, int]) -> AsyncIterator[Stage]:
    """That explorer, which must not fail."""
    async with app.run_test(size=size, notifications=True) as pilot:
        stage = Stage(app, pilot, PaperNode(snapshots.starting()))
        await drain(stage)
        async with asyncio.timeout(PATIENCE):
            while app.feed.source is None:  # what happens before that nobody hears
                await pilot.pause()
        with nothing_fails(stage):
            yield stage


async def test_what_strangers_send_is_text_on_every_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, terminal: Terminal
) -> None:
    monkeypatch.chdir(tmp_path)
    node = HostileNode()
    async with showing(Explorer(Nodes(on(node), keys_folder=tmp_path / "keys")), LARGE) as stage:
        await node.suffer()
        read = await look_at_all(stage, terminal, 3)
    terminal.read()
    for name in ("table", "queries", "lookup", "packets", "items", "peers", "log"):
        assert r"\x1b[" in read[name], f"{name} shows nothing of it"
    for text in (*MARKUP, rb"\u202e", rb"\u200b", rb"\x9b", rb"\xff\xfe", rb"\x07"):
        assert text.decode() in "".join(read.values())


async def test_a_recording_made_to_hurt_is_text_on_every_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, terminal: Terminal
) -> None:
    monkeypatch.chdir(tmp_path)
    node, path, problems = HostileNode(), tmp_path / "made.jsonl", list[str]()
    source = Poisoned(node)
    recorder = Recorder(path, source, problems.append)
    await node.suffer()
    recorder.close()
    source.close()
    replay = Replay.load(path)
    assert (problems, replay.damage) == ([], "")
    async with showing(Explorer(replay=replay), SMALL) as stage:
        assert stage.app.feed.player is not None
        stage.app.feed.player.seek(replay.duration)
        read = await look_at_all(stage, terminal, 1)
    terminal.read()
    for name in ("home", "table", "queries", "lookup", "packets", "items", "peers", "log"):
        assert r"\x1b[" in read[name], f"{name} shows nothing of it"


# ---- names that others may have given ---------------------------------------------------------------------

NAME = WORDS.replace("/", "").replace("\0", "")[:60]
"""A name that a file can have: files come from elsewhere too."""


async def test_names_of_keys_and_of_their_folder_are_text(tmp_path: Path, terminal: Terminal) -> None:
    folder = tmp_path / NAME
    folder.mkdir()
    Keyring(folder).generate("mine")
    for number, payload in enumerate((*RAW, *MARKUP)):
        name = os.fsdecode(payload.replace(b"/", b"").replace(b"\0", b""))
        for file in (folder / name, folder / f"odd{number}"):
            file.write_bytes(payload)
    async with showing(Explorer(Nodes(on(HostileNode()), keys_folder=folder)), LARGE) as stage:
        view = next(view for view in VIEWS if view.name == "keys")
        await tap(stage, view.key)
        await return_to(stage, view)
        keys = stage.table("keys")
        async with asyncio.timeout(PATIENCE):
            while not keys.model.rows:
                await work_ends(stage)
        assert len(keys.model.rows) > 2
        await look_closely(stage, view, keys, 3)
        await tap(stage, "n")
        await poke(stage)
        await return_to(stage, view)
    assert r"\x1b" in terminal.read()


async def test_names_of_recordings_are_text(tmp_path: Path, terminal: Terminal) -> None:
    path = tmp_path / NAME
    async with showing(Explorer(Nodes(on(HostileNode())), record=path), LARGE) as stage:
        assert "is recorded to" in stage.toasts()[0]
        assert stage.app.host.run is not None and stage.app.host.run.recorder is not None
        stage.app.host.run.recorder._stop("No space left on device")
        await drain(stage)
        assert "ends here" in stage.toasts()[-1]
    path.write_bytes(path.read_bytes()[:-40])
    async with showing(Explorer(replay=Replay.load(path)), LARGE) as stage:
        assert [toast for toast in stage.toasts() if "cut off" in toast]
    assert r"\x1b" in terminal.read()


async def test_names_in_warnings_are_text(
    tmp_path: Path, terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, blocks = tmp_path / NAME, tmp_path / f"{NAME}.p2p"
    folder.mkdir()
    (folder / "node.json").write_text("{")
    blocks.write_text(f"{NAME[:20].splitlines()[0]}:9.9.9.9-9.9.9.1\n", encoding="utf-8")
    start = launch.prepare(Options(state_dir=folder, blocklist=str(blocks)), serving=True, keeping=True)
    start.release()
    assert len(start.warnings) > 1
    output = Output(as_json=False)
    for warning in start.warnings:
        output.warn(warning)
    async with showing(Explorer(Nodes(on(HostileNode())), warnings=start.warnings), LARGE) as stage:
        assert len(stage.toasts()) == len(start.warnings)
    assert r"\x1b" in terminal.read()
    blocks.write_bytes(b"\x1f\x8b\x00")
    with pytest.raises(UsageError) as problem:
        launch.prepare(Options(state_dir=folder, blocklist=str(blocks)), serving=True, keeping=False)
    output.fail(str(problem.value), 2)
    assert printable(capsys.readouterr().err.replace("\n", ""))
