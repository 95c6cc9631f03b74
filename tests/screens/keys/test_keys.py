"""The keys screen: what is in the keyring, without its secrets."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest
from textual.widgets import Input
from textual.worker import WorkerCancelled

from dhtui.engine.items import mutable_target
from dhtui.engine.keys import BEP44_TEST_KEY, PrivateKey
from dhtui.keyring import TEST_KEY_NAME, Entry, Keyring
from dhtui.packets.parts import Link
from dhtui.screens.keys.new_form import NewKeyForm
from dhtui.screens.keys.rows import KEY_COLUMNS, key_details, key_forms, key_links, when
from dhtui.text.spans import Line, width_of

from .. import snapshots
from ..snapshots import HOSTILE
from ..stage import LARGE, Stage, exploring, matches_goldens

NOTES = PrivateKey.from_seed(bytes(range(32)))
FOLDER = Path("keys")


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keyring:
    """Two good keys and two damaged ones, made at a known time; the folder has a short name."""
    monkeypatch.chdir(tmp_path)
    keyring = Keyring(FOLDER, clock=lambda: 1_760_000_000.0)
    keyring.add("notes", NOTES)
    keyring.add("expanded", PrivateKey.from_expanded(BEP44_TEST_KEY.secret))
    (FOLDER / "cut").write_bytes(b"")
    (FOLDER / "odd").write_bytes(HOSTILE.encode())
    for path in FOLDER.glob("*"):
        os.utime(path, (1_760_000_000, 1_760_000_000))
    return keyring


def texts(lines: Iterable[Line]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


def obeyed(text: str) -> set[str]:
    """What a terminal could obey."""
    return {char for char in text if char not in "\n\t" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co")}


async def read(stage: Stage) -> None:
    """Waits for the keys, which are read in a thread."""
    await stage.settle()
    await stage.settle()


async def typed(stage: Stage, *keys: str) -> None:
    """Presses keys while a window is open, and waits for what the window does, but not for its end."""
    await stage.pilot.press(*keys)
    await stage.pilot.pause()
    for worker in [worker for worker in stage.app.workers if worker.group in ("form", "reading")]:
        with suppress(WorkerCancelled):
            await worker.wait()
    await stage.pilot.pause()


async def test_keys_look_as_kept(keyring: Keyring) -> None:
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await read(stage)
        await matches_goldens(stage, "keys-test-key")
        await stage.press("j")
        await matches_goldens(stage, "keys-damaged")
        await stage.press("j", "j")
        await matches_goldens(stage, "keys-own")
        await typed(stage, "n", *"notes")
        await matches_goldens(stage, "keys-new")
        await stage.press("escape")


async def test_no_private_key_appears_anywhere(keyring: Keyring) -> None:
    seen: list[str] = []
    async with exploring(snapshots.running(), LARGE, show="keys", keys_folder=FOLDER) as stage:
        await read(stage)
        for _ in keyring.list():
            await stage.press("enter")
            seen.append(stage.text())
            await stage.pilot.press("escape", "c")
            await stage.pilot.pause()
            seen.append(stage.text())
            await stage.press("escape")
            await stage.press("j")
            seen += [text for _, text in stage.screen.copy_forms()]
        seen += [content().decode() for _, _, content in stage.screen.exports()]
        seen += stage.toasts()
    shown = "".join(seen)
    assert NOTES.public.hex() in shown
    for key in (NOTES, BEP44_TEST_KEY):
        secret = key.secret.hex()
        assert not any(secret[start : start + 16] in shown for start in range(len(secret) - 16))
    assert not obeyed(shown)


async def test_a_damaged_key_is_listed_with_the_reason(keyring: Keyring) -> None:
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await read(stage)
        states = [entry.name for entry in stage.table("keys").model.rows if entry.damaged]
        assert states == ["cut", "odd"]
        await stage.press("j")
        assert "✗ damaged" in stage.text()
        assert "cut short" in stage.text()
        assert [label for label, _ in stage.screen.copy_forms()] == ["name", "file", "the line"]
        assert not stage.screen.links()


async def test_a_key_is_made_under_the_typed_name_and_selected(keyring: Keyring) -> None:
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await read(stage)
        await typed(stage, "n", *"blog", "enter")
        await read(stage)
        assert stage.toasts() == ["The key blog is made; its file is keys/blog."]
        assert stage.table("keys").model.selected.name == "blog"  # type: ignore[union-attr]
    assert keyring.load("blog").public
    assert (FOLDER / "blog").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "words"),
    [("notes", "already"), ("../x", "is not a key name"), (TEST_KEY_NAME, "already"), ("a.key", "taken for a path")],
)
async def test_a_name_that_will_not_do_is_refused_as_it_is_typed(keyring: Keyring, name: str, words: str) -> None:
    before = keyring.names()
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await read(stage)
        await typed(stage, "n")
        stage.app.screen.query_one(Input).value = name
        await stage.pilot.pause()
        assert words in stage.text()
        await typed(stage, "enter")
        assert isinstance(stage.app.screen, NewKeyForm)
        await stage.press("escape")
    assert keyring.names() == before


async def test_an_empty_name_is_refused(keyring: Keyring) -> None:
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await typed(stage, "n", "enter")
        assert "… type a name for the key" in stage.text()
        await stage.press("escape")


@pytest.fixture
def no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file where the folder should be."""
    monkeypatch.chdir(tmp_path)
    FOLDER.write_bytes(b"no folder")


async def test_a_folder_that_can_not_be_written_is_told(no_folder: None) -> None:
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await read(stage)
        assert "✗ the key folder keys can't be read" in stage.text()
        await typed(stage, "n", *"blog", "enter")
        assert "✗ the key folder keys is not a folder" in stage.text()
        await stage.press("escape")


async def test_without_keys_of_ones_own_the_test_key_is_there_and_a_hint(tmp_path: Path) -> None:
    async with exploring(snapshots.running(), show="keys", keys_folder=tmp_path / "none") as stage:
        await read(stage)
        assert TEST_KEY_NAME in stage.text()
        assert "n makes a key of your own" in stage.text()
        assert not (tmp_path / "none").exists()


async def test_a_recording_has_no_keys() -> None:
    async with exploring(snapshots.running(), show="keys") as stage:
        await read(stage)
        assert "There are no keys in a recording" in stage.text()
        await stage.press("n")
        assert stage.toasts() == ["This is a recording: keys are there while a node runs."]
        assert not stage.screen.open_link(Link("key", NOTES.public, ""))
        assert not stage.screen.exports()


async def test_a_link_to_a_key_of_ours_selects_it_on_the_first_visit_too(keyring: Keyring) -> None:
    async with exploring(snapshots.running(), keys_folder=FOLDER) as stage:
        await stage.app.action_show("keys")
        assert stage.screen.open_link(Link("key", NOTES.public, ""))
        await read(stage)
        assert stage.table("keys").model.selected.name == "notes"  # type: ignore[union-attr]
        assert stage.screen.here() == Link("key", NOTES.public, "notes")
        assert not stage.screen.open_link(Link("key", b"x" * 32, ""))


async def test_a_key_leads_to_its_items(keyring: Keyring) -> None:
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await read(stage)
        links = stage.screen.links()
        public = BEP44_TEST_KEY.public
        assert [(link.kind, link.value) for link in links] == [("key", public), ("target", mutable_target(public))]


def test_no_line_about_a_hostile_file_is_obeyed() -> None:
    evil = Entry(HOSTILE, None, "", 1e300, Path("/tmp/\x1b[2J"), HOSTILE)
    cells = texts([column.cell(evil) for column in KEY_COLUMNS])
    forms = [text for pair in key_forms(evil) for text in pair]
    assert not obeyed("".join((*cells, *texts(key_details(evil)), *forms)))
    assert when(evil) == "?"
    assert not key_links(evil)


def test_details_fit_80_columns() -> None:
    entry = Entry("a" * 64, NOTES.public, "seed", 0.0, Path("/" + "x" * 200))
    assert all(width_of(line) <= 78 for line in key_details(entry))
