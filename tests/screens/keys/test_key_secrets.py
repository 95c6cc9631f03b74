"""The whole key manager driven with secrets that are known: they are nowhere but in key files and the one window."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path

import pytest
from textual.widgets import Input

from dhtui.engine.keys import PrivateKey
from dhtui.keyring import Keyring
from dhtui.keyring.pem import write_pem
from dhtui.keyring.seal import seal, unseal
from dhtui.screens.keys.form import KeyForm
from dhtui.screens.keys.reveal import RevealScreen
from dhtui.text.failure import failure_words

from .. import snapshots
from ..stage import LARGE, Stage, exploring
from .test_key_forms import close, fill, on_key, opened, paste, quick
from .test_keys import FOLDER, read, typed

MARKED = PrivateKey.from_seed(b"marked-secret-that-nobody-sees!!")
PASSPHRASE = "marked7words9that5nobody3sees"
SECOND = "other4words6that8nobody2sees"


def traces(key: PrivateKey) -> set[str]:
    """Pieces of all forms in which the secret may be written."""
    forms = {
        key.secret.hex(),
        key.secret.decode("latin-1"),
        base64.b64encode(key.secret).decode(),
        write_pem(key).splitlines()[1][22:],  # what stands before is the same in each PEM
        PASSPHRASE,
        SECOND,
    }
    return {form[start : start + 12] for form in forms for start in range(len(form) - 11)}


def found(texts: Iterable[str]) -> set[str]:
    """The pieces that appear in any of these texts."""
    joined = "\0".join(texts)
    spaced = joined.replace(" ", "")  # as on paper
    return {trace for trace in traces(MARKED) if trace in joined or trace in spaced}


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keyring:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dhtui.keyring.seal._derive", quick)
    Path("in.pem").write_text(write_pem(MARKED))
    return Keyring(FOLDER)


class Watch:
    """All that was seen and copied, one screen after another."""

    def __init__(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stage, self.seen, self.copied = stage, list[str](), list[str]()
        monkeypatch.setattr(stage.app, "copy_to_clipboard", self.copied.append)

    async def look(self) -> None:
        """Keeps the screen, as text and as what Textual would export of it, and the toasts."""
        await self.stage.pilot.pause()
        self.seen += [self.stage.text(), self.stage.app.export_screenshot(), *self.stage.toasts()]

    async def type(self, *keys: str) -> None:
        await typed(self.stage, *keys)
        await self.look()


async def test_a_marked_secret_is_nowhere_but_in_its_files(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    record = tmp_path / "record.jsonl"
    async with exploring(snapshots.running(), LARGE, show="keys", keys_folder=FOLDER, record=record) as stage:
        watch = Watch(stage, monkeypatch)
        await read(stage)
        await watch.type("i", *"mine")  # pasted
        await paste(stage, "key", write_pem(MARKED))
        await watch.type("home", "shift+end", "ctrl+c", "ctrl+x")
        await watch.type("enter")
        await read(stage)
        await watch.type("i", *"filed")  # from a file, encrypted
        await fill(stage, file="in.pem", passphrase=PASSPHRASE, again=PASSPHRASE)
        await watch.look()
        await watch.type("enter")
        await read(stage)
        await watch.type("i", *"wrong")  # refused, with the secret in hand
        await fill(stage, key="zz" + MARKED.secret.hex())
        await watch.look()
        await close(stage)
        await on_key(stage, "mine")
        await opened(stage, "p")  # encrypted, then under another passphrase, wrongly opened, decrypted
        await fill(stage, passphrase=PASSPHRASE, again=PASSPHRASE)
        await watch.type("enter")
        await read(stage)
        await opened(stage, "p", "1")
        await fill(stage, passphrase=SECOND, again=SECOND)
        await watch.type("enter")
        await read(stage)
        await watch.type("p", "3")
        await read(stage)
        await opened(stage, "p", "2")
        await watch.type(*PASSPHRASE, "enter")
        assert stage.app.screen.query_one(Input).value == ""
        await watch.type(*SECOND, "enter")
        await read(stage)
        await opened(stage, "E")  # exported, and refused
        await fill(stage, file="out.key")
        await watch.type("enter")
        await read(stage)
        await opened(stage, "E")
        await fill(stage, file="out.key")
        await watch.type("enter")
        await close(stage)
        await opened(stage, "R")  # shown
        await watch.look()
        await stage.pilot.press("R")
        await stage.pilot.pause()
        assert found([stage.text()]), "here, and only here"
        await watch.type("R")
        await close(stage)
        for key in ("c", "e", "enter", "question_mark"):
            await watch.type(key)
            await close(stage)
        watch.seen += [text for form in stage.screen.copy_forms() for text in form]
        watch.seen += [content().decode() for _, _, content in stage.screen.exports()]
        await watch.type("r", *"renamed", "enter")
        await read(stage)
        await watch.type("d", *"renamed", "enter")
        await read(stage)
        await watch.look()
        assert not found(watch.seen) and not found(watch.copied)
        vault = ring.vault if (ring := stage.screen.keyring) is not None else None
        assert repr(vault).startswith("Vault(")
        watch.seen = [repr(vault), repr(keyring.list()), repr(keyring.load("bep44test"))]
        assert not found(watch.seen)
    check_files(tmp_path, {"in.pem", "out.key"}, {"record.jsonl", "filed"})


def check_files(folder: Path, secret: set[str], others: set[str]) -> None:
    """No file has a secret in it but those that are for it; the others are there too."""
    written = {path.name: path for path in folder.rglob("*") if path.is_file()}
    assert secret | others <= set(written)
    assert all(path.stat().st_size for path in written.values() if path.name in others)
    clean = [path.read_bytes().decode("latin-1") for name, path in written.items() if name not in secret]
    assert not found(clean)


async def test_a_crash_with_a_secret_in_hand_does_not_tell_it(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(self: KeyForm[object]) -> None:
        secret, passphrase = MARKED.secret, PASSPHRASE
        raise RuntimeError(f"a bug, with {len(secret) + len(passphrase)} bytes at hand")

    monkeypatch.setattr(KeyForm, "action_submit", broken)
    with pytest.raises(RuntimeError) as caught:
        async with exploring(snapshots.running(), LARGE, show="keys", keys_folder=FOLDER) as stage:
            await read(stage)
            await stage.pilot.press("i", *"mine")
            await fill(stage, key=MARKED.secret.hex(), passphrase=PASSPHRASE, again=PASSPHRASE)
            app = stage.app
            await stage.pilot.press("enter")
            await stage.pilot.pause()
    app._print_error_renderables()
    out, err = capfd.readouterr()
    assert not found([out, err, app.failure, *app.warnings, failure_words(caught.value)])
    assert "the explorer failed: RuntimeError: a bug" in app.failure


async def test_work_that_fails_behind_a_form_does_not_tell_its_secret(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dhtui.keyring.ring.atomic_write", lambda *_, **__: full())
    async with exploring(snapshots.running(), LARGE, show="keys", keys_folder=FOLDER) as stage:
        watch = Watch(stage, monkeypatch)
        await read(stage)
        await watch.type("i", *"mine")
        await fill(stage, key=MARKED.secret.hex(), passphrase=PASSPHRASE, again=PASSPHRASE)
        await watch.type("enter")
        assert "No space left on device" in stage.text() and isinstance(stage.app.screen, KeyForm)
        await close(stage)
        assert not found(watch.seen)
    assert keyring.names() == ["bep44test"]


def test_what_is_held_in_memory_shows_nothing_of_itself() -> None:
    sealed = seal(MARKED, PASSPHRASE.encode())
    assert not found([repr(sealed), repr(unseal(sealed, PASSPHRASE.encode())), repr(MARKED)])
    assert not found([repr(RevealScreen("title", MARKED.secret.hex()))])
