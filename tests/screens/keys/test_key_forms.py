"""The forms about keys: what they say, what they do, and that a secret shows only where it is asked for."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from support.apart import PATIENCE
from textual import events
from textual.widgets import Input

from dhtui.engine.keys import BEP44_TEST_KEY, PrivateKey
from dhtui.keyring import Keyring, LockedKey
from dhtui.keyring.paper import read_paper, write_paper
from dhtui.keyring.pem import write_pem
from dhtui.keyring.reading import FORMS as KEY_FORMS
from dhtui.keyring.seal import Cost
from dhtui.screens.keys import form as key_form
from dhtui.screens.keys.form import KeyForm
from dhtui.screens.keys.reveal import RevealScreen
from dhtui.screens.keys.rows import key_details
from dhtui.widgets.pick import Pick

from .. import snapshots
from ..idle import THREADS
from ..snapshots import HOSTILE
from ..stage import Stage, exploring, matches_goldens
from .test_keys import FOLDER, obeyed, read, texts, typed

NOTES = PrivateKey.from_seed(bytes(range(32)))
OTHER = PrivateKey.from_seed(bytes(range(1, 33)))
DEAD = PrivateKey.from_seed(bytes(range(224, 256)))
"""What the original published with it is dead."""
PASS = "correct horse"


def quick(passphrase: bytes, salt: bytes, cost: Cost) -> bytes:
    return sha256(salt + passphrase).digest()


@pytest.fixture(autouse=True)
def deriving(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passphrases cost nothing here, and no time passes."""
    monkeypatch.setattr("dhtui.keyring.seal._derive", quick)
    monkeypatch.setattr(key_form, "monotonic", lambda: 0.0)


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keyring:
    """A key in the clear that was used, and an encrypted one."""
    monkeypatch.chdir(tmp_path)
    keyring = Keyring(FOLDER, clock=lambda: 1_760_000_000.0)
    keyring.add("notes", NOTES)
    for number in range(6):
        keyring.note_put(NOTES.public, b"blog/%d" % number if number else b"", number)
    keyring.add("safe", OTHER, PASS.encode(), Cost(1, 8192))
    return keyring


@pytest.fixture
def files(keyring: Keyring) -> None:
    """Private keys in the present folder."""
    Path("old.key").write_text((DEAD.secret + DEAD.public).hex())
    Path("key.pem").write_text(write_pem(OTHER))
    for name, (text, _, _) in FORMS.items():
        Path(name).write_text(text)


async def paste(stage: Stage, field: str, text: str) -> None:
    stage.app.screen.query_one(f"#{field}", Input).focus()
    await stage.pilot.pause()
    stage.app.screen.query_one(f"#{field}", Input).post_message(events.Paste(text))
    await typed(stage)


async def fill(stage: Stage, **fields: str) -> None:
    for name, text in fields.items():
        stage.app.screen.query_one(f"#{name}", Input).value = text
    await typed(stage)


async def opened(stage: Stage, *keys: str) -> None:
    """Presses keys, and waits for the window that opens."""
    await stage.pilot.press(*keys)
    async with asyncio.timeout(PATIENCE):
        while not isinstance(stage.app.screen, (KeyForm, RevealScreen)):
            await stage.pilot.pause()
    await typed(stage)


async def close(stage: Stage) -> None:
    async with asyncio.timeout(PATIENCE):
        while len(stage.app.screen_stack) > 1:
            await stage.pilot.press("escape")
            await stage.pilot.pause()
    await read(stage)


async def on_key(stage: Stage, name: str) -> None:
    await read(stage)
    stage.table("keys").select(name)
    await stage.settle()


def shows(stage: Stage, secret: str) -> bool:
    """Whether any 16 characters of the secret are on the screen."""
    text = stage.text()
    return any(secret[start : start + 16] in text for start in range(len(secret) - 15))


# ---- how they look ------------------------------------------------------------------------------------------


async def test_the_list_with_what_was_put_looks_as_kept(keyring: Keyring) -> None:
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await on_key(stage, "notes")
        await matches_goldens(stage, "keys-used")
        await stage.press("enter")
        await matches_goldens(stage, "keys-detail")
        await stage.press("escape")
        await on_key(stage, "safe")
        await matches_goldens(stage, "keys-encrypted")


async def test_the_forms_look_as_kept(keyring: Keyring, files: None) -> None:
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await on_key(stage, "notes")
        await typed(stage, "n", *"blog", "tab", *PASS, "tab", *"cross")
        await matches_goldens(stage, "key-new-passphrase")
        await close(stage)
        await typed(stage, "i")
        await matches_goldens(stage, "key-import")
        await fill(stage, name="mine", file="key.pem")
        await matches_goldens(stage, "key-import-pem")
        await fill(stage, file="old.key")
        await matches_goldens(stage, "key-import-unusable")
        await close(stage)
        await opened(stage, "E")
        await typed(stage, "right")
        await matches_goldens(stage, "key-export")
        await fill(stage, file="key.pem")
        await typed(stage, "enter")
        await matches_goldens(stage, "key-export-refused")
        await close(stage)
        await typed(stage, "r", *"safe")
        await matches_goldens(stage, "key-rename")
        await close(stage)
        await typed(stage, "d", *"note", "enter")
        await matches_goldens(stage, "key-delete")
        await close(stage)
        await typed(stage, "p")
        await matches_goldens(stage, "key-encrypt")
        await close(stage)
        await opened(stage, "R")
        await matches_goldens(stage, "key-hidden")
        await typed(stage, "R")
        await matches_goldens(stage, "key-shown")
        await close(stage)
        await on_key(stage, "safe")
        await typed(stage, "p")
        await matches_goldens(stage, "key-encrypted")
        await opened(stage, "1")
        await typed(stage, *"wrong", "enter")
        await matches_goldens(stage, "key-wrong")
        await close(stage)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Derivations wait for this."""
    go = threading.Event()

    def slow(passphrase: bytes, salt: bytes, cost: Cost) -> bytes:
        go.wait(PATIENCE)
        return quick(passphrase, salt, cost)

    monkeypatch.setattr("dhtui.keyring.seal._derive", slow)
    THREADS.hold(go)
    yield go
    go.set()


async def test_a_derivation_shows_that_it_is_at_work_and_the_explorer_lives(
    keyring: Keyring, held: threading.Event
) -> None:
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await on_key(stage, "safe")
        await opened(stage, "R")
        await stage.pilot.press(*PASS, "enter")
        await stage.pilot.pause()
        await matches_goldens(stage, "key-deriving")
        await stage.pilot.press("escape", "enter")
        await stage.pilot.pause()
        assert isinstance(stage.app.screen, KeyForm), "what was begun comes to its end"
        held.set()
        await typed(stage)
        while isinstance(stage.app.screen, KeyForm):
            await stage.pilot.pause()
        await opened(stage)
        assert isinstance(stage.app.screen, RevealScreen)
        await close(stage)


# ---- what they do -------------------------------------------------------------------------------------------


async def test_a_key_is_made_encrypted_and_open_for_the_session(keyring: Keyring) -> None:
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await read(stage)
        await typed(stage, "n", *"blog", "tab", *PASS, "tab", *PASS)
        assert PASS not in stage.text() and "•" * len(PASS) in stage.text()
        await typed(stage, "enter")
        await read(stage)
        assert "✓ encrypted" in stage.text() and "opened in this session" in stage.text()
    with pytest.raises(LockedKey):
        keyring.load("blog")
    assert keyring.unlock("blog", PASS.encode())


FORMS = {
    "hex": (OTHER.secret.hex(), OTHER, "a seed in hex"),
    "base64": ("AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=", OTHER, "a seed in base64"),
    "pem": (write_pem(OTHER), OTHER, "PKCS 8 in PEM"),
    "paper": (write_paper(OTHER), OTHER, "a paper key"),
    "expanded": (BEP44_TEST_KEY.secret.hex(), BEP44_TEST_KEY, "an expanded key in hex"),
    "original": (
        (OTHER.secret + OTHER.public).hex(),
        PrivateKey.from_expanded(OTHER.secret + OTHER.public),
        "a .key file of mh-cbon/dht",
    ),
}


@pytest.mark.parametrize("by", ["pasted", "file"])
@pytest.mark.parametrize("form", FORMS)
async def test_a_key_is_taken_in_every_form(keyring: Keyring, files: None, form: str, by: str) -> None:
    text, key, was = FORMS[form]
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await read(stage)
        await typed(stage, "i", *"mine")
        await (paste(stage, "key", text) if by == "pasted" else fill(stage, file=form))
        if form == "original":
            assert "mean two keys" in stage.text()
            pick = stage.app.screen.query_one("#form", Pick)
            pick.choose(KEY_FORMS.index(form))
            pick.post_message(Pick.Changed(pick))
            await typed(stage)
        assert f"✓ {was}; it signs" in stage.text() and key.public.hex() in stage.text()
        assert not shows(stage, key.secret.hex())
        await typed(stage, "enter")
        await read(stage)
        assert stage.toasts()[-1] == f"The key mine is imported; it was {was}."
    assert keyring.load("mine") == key


async def test_an_imported_key_is_encrypted_before_it_touches_the_disk(keyring: Keyring) -> None:
    key = PrivateKey.from_seed(b"m" * 32)
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await read(stage)
        await typed(stage, "i", *"mine")
        await fill(stage, key=key.secret.hex(), passphrase=PASS, again=PASS)
        await typed(stage, "enter")
        await read(stage)
    assert keyring.unlock("mine", PASS.encode()) == key
    assert key.secret.hex() not in (FOLDER / "mine").read_text()


async def test_an_encrypted_key_file_is_taken_as_it_is(keyring: Keyring) -> None:
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await read(stage)
        await typed(stage, "i", *"mine")
        await fill(stage, file="keys/safe", passphrase=PASS, again=PASS)
        assert "✗ the key is encrypted already" in stage.text()
        await fill(stage, passphrase="", again="")
        await typed(stage, "enter")
        await read(stage)
    assert keyring.unlock("mine", PASS.encode()) == OTHER


WRONG = {
    "nothing": ({}, "… name the file"),
    "both": ({"file": "x", "key": "y"}, "✗ a file and a pasted key"),
    "no file": ({"file": "none"}, "✗ none: no such file"),
    "a folder": ({"file": "keys"}, "✗ keys: not a file"),
    "no key": ({"key": "hello"}, "✗ this is no private key"),
    "not its public key": ({"key": OTHER.secret.hex(), "public": NOTES.public.hex()}, "✗ the public key does not"),
    "no public key": ({"key": OTHER.secret.hex(), "public": "12"}, "is not a public key"),
    "a taken name": ({"key": OTHER.secret.hex(), "name": "safe"}, "✗ there is a key safe already"),
    "no name": ({"key": OTHER.secret.hex()}, "… type a name for the key"),
    "a bad name": ({"key": OTHER.secret.hex(), "name": "a/b"}, "is not a key name"),
    "one passphrase": ({"key": OTHER.secret.hex(), "name": "m", "passphrase": "p"}, "… type the passphrase again"),
    "two": ({"key": OTHER.secret.hex(), "name": "m", "passphrase": "p", "again": "q"}, "✗ the two passphrases"),
    "long": ({"key": OTHER.secret.hex(), "name": "m", "passphrase": "p" * 1025, "again": "p" * 1025}, "more than 1024"),
    "hostile": ({"file": HOSTILE}, "\\x1b[2J"),
}


@pytest.mark.parametrize(("fields", "words"), WRONG.values(), ids=WRONG)
async def test_what_can_not_be_imported_is_said(keyring: Keyring, fields: dict[str, str], words: str) -> None:
    before = keyring.names()
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await read(stage)
        await typed(stage, "i")
        await fill(stage, **fields)
        await typed(stage, "enter")
        assert words in " ".join(stage.text().replace("│", " ").split())
        assert isinstance(stage.app.screen, KeyForm)
        assert not obeyed(stage.text()) and not shows(stage, OTHER.secret.hex())
        await close(stage)
    assert keyring.names() == before


async def test_the_form_that_64_bytes_are_read_in_can_be_chosen(keyring: Keyring) -> None:
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await read(stage)
        await typed(stage, "i", *"mine")
        await fill(stage, key=(DEAD.secret + DEAD.public).hex())
        assert "byte 31 of the private key is 255" in stage.text()
        assert "has no usable" in stage.text()
        stage.app.screen.query_one("#form").focus()
        await typed(stage, "right", "right")
        assert "✓ a seed and its public key in hex" in stage.text() and "▶go" in stage.text()
        await typed(stage, "enter")
        await read(stage)
    assert keyring.load("mine") == DEAD


async def test_a_key_is_renamed_with_all_that_is_known_of_it(keyring: Keyring) -> None:
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await on_key(stage, "notes")
        await typed(stage, "r", *"blog", "enter")
        await read(stage)
        assert stage.toasts() == ["notes is called blog now."]
        assert stage.table("keys").model.selected.name == "blog"  # type: ignore[union-attr]
        assert "seq 5, 6 salts" in stage.text()
    assert keyring.load("blog") == NOTES


async def test_a_key_is_deleted_once_its_name_was_typed(keyring: Keyring) -> None:
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await on_key(stage, "notes")
        await typed(stage, "delete", *"safe", "enter")
        assert "✗ that is not notes" in stage.text()
        stage.app.screen.query_one(Input).value = "notes"
        await typed(stage, "enter")
        await read(stage)
        assert stage.toasts() == ["The key notes is deleted."]
    assert keyring.names() == ["bep44test", "safe"]


async def test_a_passphrase_is_put_on_changed_and_taken_off(keyring: Keyring) -> None:
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await on_key(stage, "notes")
        await opened(stage, "p")
        await typed(stage, *"one", "tab", *"one", "enter")
        await read(stage)
        assert Keyring(FOLDER).unlock("notes", b"one") == NOTES
        await opened(stage, "p", "1")
        await typed(stage, *"two", "tab", *"two", "enter")
        await read(stage)
        assert Keyring(FOLDER).unlock("notes", b"two") == NOTES
        await typed(stage, "p", "3")
        await read(stage)
        assert stage.toasts()[-1] == "All keys are locked again." and "locked: " in stage.text()
        await opened(stage, "p", "2")
        await typed(stage, *"one", "enter")
        assert "✗ the passphrase does not open the key" in stage.text()
        assert not stage.app.screen.query_one(Input).value, "dots are typed again, not mended"
        await typed(stage, *"two", "enter")
        await read(stage)
        assert stage.toasts()[-1] == "notes is kept in the clear from now on."
    assert Keyring(FOLDER).load("notes") == NOTES


async def test_a_passphrase_opens_other_keys_under_it_unasked(keyring: Keyring) -> None:
    keyring.add("second", PrivateKey.from_seed(b"2" * 32), PASS.encode(), Cost(1, 8192))
    keyring.add("third", PrivateKey.from_seed(b"3" * 32), b"another", Cost(1, 8192))
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await on_key(stage, "safe")
        await opened(stage, "R")
        await typed(stage, *PASS, "enter")
        await opened(stage)
        assert isinstance(stage.app.screen, RevealScreen)
        await close(stage)
        await on_key(stage, "second")
        await opened(stage, "R")
        if not isinstance(stage.app.screen, RevealScreen):
            await typed(stage)
        assert isinstance(stage.app.screen, RevealScreen)
        await close(stage)
        await on_key(stage, "third")
        await opened(stage, "R")
        assert "… the key third is encrypted: type its passphrase" in stage.text()
        await close(stage)


@pytest.mark.parametrize("form", ["hex", "pem", "paper"])
async def test_a_key_is_exported_to_a_new_private_file_that_can_be_imported(keyring: Keyring, form: str) -> None:
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await on_key(stage, "notes")
        await opened(stage, "E")
        await typed(stage, *["right"] * ["hex", "pem", "paper"].index(form))
        await fill(stage, file="out")
        await typed(stage, "enter")
        await read(stage)
        assert stage.toasts() == ["The private key of notes is in out, not encrypted."]
        assert not shows(stage, NOTES.secret.hex())
        await typed(stage, "i", *"again")
        await fill(stage, file="out")
        await typed(stage, "enter")
        await read(stage)
    assert os.stat("out").st_mode & 0o777 == 0o600  # noqa: PTH116 - in a test that is a coroutine
    assert keyring.load("again") == NOTES


async def test_an_expanded_key_is_no_pem(keyring: Keyring) -> None:
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await on_key(stage, "bep44test")
        await opened(stage, "E")
        await typed(stage, "right", "enter")
        assert "✗ PKCS 8 holds a seed" in stage.text()
        await typed(stage, "right", "enter")
        while not isinstance(stage.app.screen, RevealScreen):  # on paper it can be had
            await stage.pilot.pause()
        await close(stage)


@pytest.mark.parametrize("path", ["none/out", "/proc/none"])
async def test_an_export_that_can_not_be_written_is_said(keyring: Keyring, path: str) -> None:
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await on_key(stage, "notes")
        await opened(stage, "E")
        await fill(stage, file=path)
        await typed(stage, "enter")
        assert f"✗ {path} can't be written: No such file" in stage.text()
        await close(stage)


async def test_a_private_key_shows_on_demand_and_is_hidden_on_close(keyring: Keyring) -> None:
    secret = NOTES.secret.hex()
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await on_key(stage, "notes")
        await opened(stage, "R")
        assert not shows(stage, secret)
        await typed(stage, "R")
        assert secret in stage.text()
        await typed(stage, "R")
        assert not shows(stage, secret)
        await typed(stage, "R", "escape")
        await read(stage)
        assert not shows(stage, secret)
        assert all(secret not in text for _, text in stage.screen.copy_forms())
        await opened(stage, "R")
        assert not shows(stage, secret), "hidden again"
        await close(stage)


@pytest.mark.parametrize("width", [80, 48])
async def test_a_paper_key_can_be_typed_in_as_it_was_shown(keyring: Keyring, width: int) -> None:
    async with exploring(snapshots.running(), (width, 24), show="keys", keys_folder=FOLDER) as stage:
        await on_key(stage, "notes")
        await opened(stage, "E")
        await typed(stage, "right", "right", "enter")
        while not isinstance(stage.app.screen, RevealScreen):
            await stage.pilot.pause()
        await typed(stage, "R")
        shown = [line.split("│")[1].rstrip() for line in stage.lines() if line.count("│") == 2]
        await close(stage)
    shown = shown[shown.index(" dhtui paper key, seed") :]
    assert "…" not in "".join(shown[: shown.index("")])
    assert read_paper("\n".join(shown)) == NOTES


async def test_secrets_are_not_copied_out_of_their_fields(keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        monkeypatch.setattr(stage.app, "copy_to_clipboard", copied.append)
        await on_key(stage, "notes")
        await typed(stage, "p", *PASS, "home", "shift+end", "ctrl+c", "ctrl+x")
        assert not copied and stage.app.screen.query_one(Input).value == PASS
        await close(stage)


@pytest.mark.parametrize("key", ["p", "r", "d"])
async def test_the_built_in_key_stays_as_it_is(keyring: Keyring, key: str) -> None:
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await on_key(stage, "bep44test")
        await stage.press(key)
        assert stage.toasts() == ["bep44test is built in: it stays as it is."]


@pytest.mark.parametrize("key", ["p", "E", "R"])
async def test_a_damaged_key_can_only_be_renamed_and_deleted(keyring: Keyring, key: str) -> None:
    (FOLDER / "cut").write_bytes(b"")
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await on_key(stage, "cut")
        await stage.press(key)
        assert stage.toasts()[0].startswith("That can't be done with a damaged key: keys/cut: ")
        await typed(stage, "d", *"cut", "enter")
        await read(stage)
    assert "cut" not in keyring.names()


@pytest.mark.parametrize("key", ["i", "E", "p", "r", "d", "R"])
async def test_a_recording_has_no_keys_to_do_that_with(key: str) -> None:
    async with exploring(snapshots.running(), show="keys") as stage:
        await read(stage)
        await stage.press(key)
        assert stage.toasts() == ["This is a recording: keys are there while a node runs."]


async def test_a_key_that_went_meanwhile_is_a_sentence(keyring: Keyring) -> None:
    async with exploring(snapshots.running(), show="keys", keys_folder=FOLDER) as stage:
        await on_key(stage, "notes")
        (FOLDER / "notes").unlink()
        await stage.press("R")
        assert stage.toasts()[0].startswith("Nothing was done: there is no key 'notes'")


def test_hostile_salts_are_not_obeyed(keyring: Keyring) -> None:
    keyring.note_put(NOTES.public, HOSTILE.encode()[:64], 9)
    entry = keyring.list()[1]
    assert entry.uses[0].seq == 9
    assert not obeyed("".join(texts(key_details(entry))))
