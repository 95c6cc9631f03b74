"""Keys renamed, deleted, encrypted and decrypted on the command line."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest
from support.command_line import Run
from support.command_line import run as run

from dhtui.keyring import Keyring
from dhtui.keyring.seal import Cost


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def quick(passphrase: bytes, salt: bytes, cost: Cost) -> bytes:
        return sha256(salt + passphrase).digest()

    monkeypatch.setattr("dhtui.keyring.seal._derive", quick)
    return tmp_path


@pytest.fixture
def ring(home: Path) -> Keyring:
    """With a key ``me`` in the clear, and ``sealed`` under the passphrase of the file ``old``."""
    ring = Keyring(home / "dhtui" / "keys")
    ring.generate("me")
    ring.generate("sealed", b"old")
    for name in ("old", "new"):
        (home / name).write_text(f"{name}\n")
    return Keyring(ring.folder)


def test_a_key_is_renamed_and_never_over_another_one(run: Run, ring: Keyring) -> None:
    public = ring.public("me")
    code, out, err = run("--do", "rename", "--keyname", "me", "--new-name", "myself")
    assert code == 0 and public.hex() in out and "the key myself has that name now" in err
    assert ring.names()[1:] == ["myself", "sealed"] and ring.public("myself") == public
    code, _, err = run("--do", "rename", "--keyname", "myself", "--new-name", "sealed")
    assert code == 1 and "there is a key 'sealed' already" in err
    for more in ((), ("--new-name", "../up"), ("--new-name", "bep44test")):
        assert run("--do", "rename", "--keyname", "myself", *more)[0] == 2
    assert run("--do", "rename", "--keyname", "none", "--new-name", "x")[0] == 2
    assert ring.names()[1:] == ["myself", "sealed"]


def test_a_key_is_deleted_only_if_that_is_meant(run: Run, ring: Keyring) -> None:
    code, out, err = run("--do", "delete", "--keyname", "me")
    assert (code, out) == (2, "") and "for ever, and nobody can sign with it again: add --yes" in err
    assert "me" in ring.names()
    code, out, err = run("--do", "delete", "--keyname", "me", "--yes", "--json")
    assert code == 0 and json.loads(out)["keyname"] == "me" and "nobody can ever again sign with it" in err
    assert "me" not in ring.names()
    assert run("--do", "delete", "--keyname", "me", "--yes")[0] == 2
    assert run("--do", "delete", "--keyname", "bep44test", "--yes")[0] == 2


def test_a_damaged_key_can_be_deleted(run: Run, ring: Keyring) -> None:
    (ring.folder / "me").write_text("nonsense")
    code, out, _ = run("--do", "delete", "--keyname", "me", "--yes", "--json")
    assert code == 0 and json.loads(out)["public_key"] is None and "me" not in ring.names()


@pytest.mark.parametrize("flag", ["--passphrase-file", "--new-passphrase-file"])
def test_a_key_is_encrypted(run: Run, ring: Keyring, flag: str) -> None:
    public = ring.public("me")
    code, _, err = run("--do", "encrypt", "--keyname", "me", flag, "new")
    assert code == 0 and "the key me is encrypted" in err
    assert ring.is_locked("me") and ring.unlock("me", b"new").public == public


def test_the_passphrase_of_a_key_is_changed(run: Run, ring: Keyring) -> None:
    change = ("--do", "encrypt", "--keyname", "sealed", "--passphrase-file")
    code, _, err = run(*change, "old")
    assert code == 2 and "needs a new passphrase: run this in a terminal, or give --new-passphrase-file" in err
    assert run(*change, "new", "--new-passphrase-file", "new")[0] == 2, "that is not the one that it has"
    assert run(*change, "old", "--new-passphrase-file", "new")[0] == 0
    ring.unlock("sealed", b"new")


def test_a_key_is_decrypted(run: Run, ring: Keyring) -> None:
    code, _, err = run("--do", "decrypt", "--keyname", "sealed")
    assert code == 2 and "needs a passphrase" in err and ring.is_locked("sealed")
    code, _, err = run("--do", "decrypt", "--keyname", "sealed", "--passphrase-file", "new")
    assert code == 2 and "does not open the key" in err
    assert run("--do", "decrypt", "--keyname", "sealed", "--passphrase-file", "old")[0] == 0
    assert not ring.is_locked("sealed")
    code, _, err = run("--do", "decrypt", "--keyname", "sealed", "--passphrase-file", "old")
    assert code == 2 and "is not encrypted" in err


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("encrypt --keyname me --passphrase-file old --new-passphrase-file new", "the key is in the clear"),
        ("encrypt --keyname sealed --passphrase-file - --new-passphrase-file -", "both read standard input"),
        ("encrypt --keyname ./me", "--keyname: "),
        ("delete", "needs --keyname"),
        ("rename --keyname me", "needs --new-name"),
        ("decrypt --keyname me --yes", "--yes has no meaning for decrypt"),
    ],
)
def test_what_makes_no_sense_changes_nothing(run: Run, ring: Keyring, argv: str, words: str) -> None:
    before = [(path.name, path.read_bytes()) for path in sorted(ring.folder.iterdir()) if path.is_file()]
    code, out, err = run("--do", *argv.split())
    assert (code, out) == (2, "") and err.count("\n") == 1
    assert words in err
    assert [(path.name, path.read_bytes()) for path in sorted(ring.folder.iterdir()) if path.is_file()] == before


def test_a_message_names_the_flag_that_is_at_fault(run: Run, ring: Keyring, home: Path) -> None:
    (home / "empty").write_text("\n")
    renaming = ("--do", "rename", "--keyname", "me", "--new-name")
    change = ("--do", "encrypt", "--keyname", "sealed", "--passphrase-file", "old", "--new-passphrase-file")
    for argv, flag in (
        ((*renaming, "../x"), "--new-name"),
        ((*renaming, "bep44test"), "--new-name"),
        (("--do", "rename", "--keyname", "../x", "--new-name", "x"), "--keyname"),
        (("--do", "rename", "--keyname", "nobody", "--new-name", "x"), "--keyname"),
        ((*change, "nowhere"), "--new-passphrase-file"),
        ((*change, "empty"), "--new-passphrase-file"),
        (("--do", "encrypt", "--keyname", "me", "--new-passphrase-file", "nowhere"), "--new-passphrase-file"),
        (("--do", "encrypt", "--keyname", "me", "--passphrase-file", "nowhere"), "--passphrase-file"),
        (("--do", "decrypt", "--keyname", "sealed", "--passphrase-file", "empty"), "--passphrase-file"),
    ):
        code, out, err = run(*argv)
        assert (code, out) == (2, "") and err.startswith(f"dhtui: {flag}: ") and err.count("\n") == 1, argv
    assert ring.names()[1:] == ["me", "sealed"] and not ring.is_locked("me")


def test_only_a_secret_is_called_one(run: Run, ring: Keyring) -> None:
    code, out, err = run("--do", "export", "--keyname", "sealed", "--format", "public")
    assert (code, out, err) == (0, f"{ring.public('sealed').hex()}\n", "")
    assert "whoever has this can sign as you" in run("--do", "export", "--keyname", "me")[2]


def test_whatever_file_of_a_secret_others_can_read_is_told(
    run: Run, ring: Keyring, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pytest's own folder keeps others out, so who can read a file is taken from its mode alone."""

    def readers(path: Path) -> str:
        return "others" if path.stat().st_mode & 0o004 else ""

    monkeypatch.setattr("dhtui.actions.unlocking.readers_of", readers)
    for name in ("old", "new"):
        (home / name).chmod(0o600)
    (home / "seed").write_bytes(bytes(range(32)))
    (home / "seed").chmod(0o644)
    err = run("--do", "import", "--keyname", "k", "--key-file", "seed")[2]
    assert "warning: the private key in 'seed' can be read by others: chmod 600 it" in err
    change = ("--do", "encrypt", "--keyname", "sealed", "--passphrase-file", "old", "--new-passphrase-file", "new")
    assert "warning" not in run(*change)[2]
    (home / "new").chmod(0o644)
    code, _, err = run("--do", "sign", "--keyname", "sealed", "--val", "x", "--passphrase-file", "new")
    assert code == 0 and "warning: the passphrase in 'new' can be read by others: chmod 600 it" in err
