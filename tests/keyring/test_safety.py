"""No key is ever lost: not to a kill at any step of a save, a full disk, a wrong passphrase or a cut-off file."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from dhtui.engine.keys import PrivateKey
from dhtui.keyring import Keyring, KeyringError, LockedKey, WrongPassphrase
from dhtui.keyring.seal import Cost, Sealed, seal
from dhtui.keyring.writing import write_secret

from .steps import count_steps, full_from, killed_at, watched

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes")
KEY = PrivateKey.from_seed(bytes(range(32)))
CHEAP = Cost(1, 8192)
PASS, OTHER = b"correct horse", b"battery staple"


@pytest.fixture
def ring(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "keys")


def opened(ring: Keyring, name: str) -> PrivateKey:
    """The key, whichever passphrase it is under."""
    fresh = Keyring(ring.folder)
    try:
        return fresh.load(name)
    except LockedKey:
        for passphrase in (PASS, OTHER):
            try:
                return fresh.unlock(name, passphrase)
            except WrongPassphrase:
                continue
        raise


def prepare(ring: Keyring, kind: str) -> None:
    if kind != "add":
        ring.add("mine", KEY)
    if kind in ("decrypt", "change"):
        ring.encrypt("mine", PASS, CHEAP)


WORK: dict[str, Callable[[Keyring], object]] = {
    "add": lambda ring: ring.add("mine", KEY),
    "encrypt": lambda ring: ring.encrypt("mine", PASS, CHEAP),
    "change": lambda ring: ring.encrypt("mine", OTHER, CHEAP),
    "decrypt": lambda ring: ring.decrypt("mine"),
    "rename": lambda ring: ring.rename("mine", "new"),
    "note": lambda ring: ring.note_put(KEY.public, b"s", 5),
}


def holders(ring: Keyring) -> list[str]:
    """The names under which the whole key is found."""
    return [entry.name for entry in ring.list()[1:] if not entry.damaged and opened(ring, entry.name) == KEY]


@pytest.mark.parametrize("kind", WORK)
def test_a_kill_at_any_step_loses_nothing(tmp_path: Path, kind: str) -> None:
    steps = 0
    while True:
        ring = Keyring(tmp_path / f"keys{steps}")
        prepare(ring, kind)
        if not killed_at(steps, partial(WORK[kind], ring)):
            break
        if kind == "add":  # all of the key, or an empty file that says so, or nothing
            entries = ring.list()[1:]
            assert all(not entry.damaged or "cut short" in entry.damaged for entry in entries)
        else:
            assert len(holders(ring)) == 1
        steps += 1
    assert steps > 3
    assert holders(ring) == (["new"] if kind == "rename" else ["mine"])


@pytest.mark.parametrize("kind", WORK)
def test_a_disk_that_is_full_at_any_step_loses_nothing(tmp_path: Path, kind: str) -> None:
    ring = Keyring(tmp_path / "count")
    prepare(ring, kind)
    steps = count_steps(partial(WORK[kind], ring))
    for number in range(steps):
        ring = Keyring(tmp_path / f"keys{number}")
        prepare(ring, kind)
        try:
            with full_from(number):
                WORK[kind](ring)
        except KeyringError as error:
            assert "No space left" in str(error)
            if kind == "add":  # the name is free again
                ring.add("mine", KEY)
        assert len(holders(ring)) == 1
        assert not list(ring.folder.glob(".*.tmp")), "no secret is left about"


def test_a_delete_that_is_killed_leaves_a_whole_key_or_none(tmp_path: Path) -> None:
    steps = 0
    while True:
        ring = Keyring(tmp_path / f"keys{steps}")
        ring.add("mine", KEY)
        (ring.folder / f".mine.{'0' * 16}.tmp").touch()  # of an older save that was killed
        killed = killed_at(steps, partial(ring.delete, "mine"))
        left = bool(list(ring.folder.glob(".mine.*.tmp")))
        assert holders(ring) in (["mine"], []) and (holders(ring) or not left), "no secret outlives its key"
        if not killed:
            break
        steps += 1
    assert steps > 1 and not holders(ring)


def test_a_disk_that_is_full_hinders_no_delete(ring: Keyring) -> None:
    ring.add("mine", KEY)
    with full_from(0):
        ring.delete("mine")
    assert not holders(ring)


def test_an_export_that_is_killed_or_finds_a_full_disk_leaves_all_or_nothing(tmp_path: Path) -> None:
    steps = 0
    while True:
        path = tmp_path / f"out{steps}"
        killed = killed_at(steps, lambda path=path: write_secret(path, "secret\n"))  # type: ignore[misc]
        assert not path.exists() or path.read_text() in ("", "secret\n")
        assert all(each.stat().st_mode & 0o077 == 0 for each in tmp_path.iterdir())
        if not killed:
            break
        full = tmp_path / f"full{steps}"
        with suppress(OSError), full_from(steps):
            write_secret(full, "secret\n")
        assert not full.exists() or full.read_text() == "secret\n"
        assert not list(tmp_path.glob(f".full{steps}.*.tmp"))
        steps += 1
    assert steps > 3 and path.read_text() == "secret\n"


def test_an_export_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "file").write_text("mine")
    for name in ("link", "file"):
        with pytest.raises(FileExistsError):
            write_secret(tmp_path / name, "secret")
    assert (tmp_path / "file").read_text() == "mine" and not (tmp_path / "elsewhere").exists()


def test_a_key_that_is_to_be_encrypted_never_touches_the_disk_in_the_clear(ring: Keyring) -> None:
    seen: list[bytes] = []

    def step() -> None:
        seen.extend(path.read_bytes() for path in ring.folder.rglob("*") if path.is_file())

    with watched(step):
        ring.add("mine", KEY, PASS, CHEAP)
    assert seen and not any(KEY.secret.hex().encode()[:32] in data for data in seen)


def test_an_encrypted_key_is_not_encrypted_again(ring: Keyring) -> None:
    with pytest.raises(KeyringError, match="encrypted already"):
        ring.add("mine", seal(KEY, PASS, CHEAP), OTHER)
    assert ring.names() == ["bep44test"]


def test_a_save_that_was_killed_can_be_done_again(ring: Keyring) -> None:
    ring.add("mine", KEY)
    steps = 0
    while killed_at(steps, lambda: ring.encrypt("mine", PASS, CHEAP)):
        ring.unlock("mine", PASS)  # some of them got as far as that
        steps += 1
    assert opened(ring, "mine") == KEY and ring.list()[1].encrypted


def test_what_a_killed_save_left_behind_goes_with_the_key(ring: Keyring) -> None:
    ring.add("mine", KEY)
    ring.add("mine.b", KEY)
    for step in range(5):
        killed_at(step, lambda: ring.encrypt("mine", PASS, CHEAP))
    foreign = ring.folder / f".mine.b.{'0' * 16}.tmp"
    foreign.touch()
    assert len(list(ring.folder.glob(".mine.*.tmp"))) > 1
    ring.delete("mine")
    assert list(ring.folder.glob(".mine.*.tmp")) == [foreign], "that of another key"


def test_a_wrong_passphrase_changes_nothing(ring: Keyring) -> None:
    ring.add("mine", KEY)
    ring.encrypt("mine", PASS, CHEAP)
    before = (ring.folder / "mine").read_bytes()
    fresh = Keyring(ring.folder)
    with pytest.raises(WrongPassphrase, match="does not open the key 'mine'"):
        fresh.unlock("mine", OTHER)
    assert fresh.is_locked("mine")
    assert (ring.folder / "mine").read_bytes() == before
    assert fresh.unlock("mine", PASS) == KEY


def test_a_cut_off_file_is_not_taken_for_a_wrong_passphrase(ring: Keyring) -> None:
    ring.add("mine", KEY)
    ring.encrypt("mine", PASS, CHEAP)
    path = ring.folder / "mine"
    whole = path.read_bytes()
    for length in range(1, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(KeyringError) as caught:
            Keyring(ring.folder).unlock("mine", PASS)
        assert not isinstance(caught.value, WrongPassphrase)
    assert path.read_bytes() == whole[: len(whole) - 2], "left as it was"
    path.write_bytes(whole)
    assert opened(ring, "mine") == KEY


def test_a_key_that_was_changed_meanwhile_is_not_overwritten(ring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    other = PrivateKey.from_seed(bytes(32))
    ring.add("mine", KEY)

    def slow(key: PrivateKey, passphrase: bytes, cost: Cost) -> Sealed:
        ring.delete("mine")
        ring.add("mine", other)
        return seal(key, passphrase, cost)

    monkeypatch.setattr("dhtui.keyring.ring.seal", slow)
    with pytest.raises(KeyringError, match="changed by somebody else"):
        ring.encrypt("mine", PASS, CHEAP)
    assert ring.load("mine") == other
