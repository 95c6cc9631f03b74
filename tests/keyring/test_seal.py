"""Encrypted keys, the session's vault, renaming and deleting, and what is noted about keys. Nothing secret shows."""

from __future__ import annotations

import asyncio
import time
import traceback
from dataclasses import replace
from pathlib import Path

import pytest
from support.apart import PATIENCE

from dhtui.engine.keys import BEP44_TEST_KEY, BadKey, PrivateKey
from dhtui.keyring import Keyring, KeyringError, LockedKey, Vault, WrongPassphrase, notes
from dhtui.keyring.keyfile import parse, write_line
from dhtui.keyring.seal import MODERATE, Cost, Sealed, seal, unseal

KEY = PrivateKey.from_seed(bytes(range(32)))
CHEAP = Cost(1, 8192)
PASS, OTHER = b"correct horse", b"battery staple"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


@pytest.fixture
def ring(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "keys", clock=Clock())


@pytest.fixture
def locked(ring: Keyring) -> Keyring:
    """A fresh session on a ring with the encrypted key "mine"."""
    ring.add("mine", KEY)
    ring.encrypt("mine", PASS, CHEAP)
    return Keyring(ring.folder, clock=Clock())


@pytest.mark.parametrize("key", [KEY, BEP44_TEST_KEY], ids=["seed", "expanded"])
def test_a_sealed_key_is_opened_by_its_passphrase_only(key: PrivateKey) -> None:
    sealed = seal(key, PASS, CHEAP)
    assert unseal(sealed, PASS) == key
    with pytest.raises(WrongPassphrase):
        unseal(sealed, OTHER)
    assert parse(write_line(sealed)) == sealed


def test_the_secret_is_in_neither_the_file_nor_what_is_shown(locked: Keyring) -> None:
    data = (locked.folder / "mine").read_bytes()
    locked.unlock("mine", PASS)
    shown = data.decode() + repr(locked.list()) + repr(locked.vault) + repr(seal(KEY, PASS, CHEAP))
    assert KEY.secret.hex() not in shown and repr(KEY.secret)[2:20] not in shown and PASS.decode() not in shown


def test_no_error_tells_a_secret(locked: Keyring) -> None:
    for work in (lambda: locked.unlock("mine", OTHER), lambda: locked.load("mine"), lambda: seal(KEY, b"", CHEAP)):
        with pytest.raises(ValueError) as caught:
            work()
        text = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
        assert OTHER.decode() not in text and KEY.secret.hex() not in text


def test_the_same_key_is_sealed_differently_each_time() -> None:
    first, second = seal(KEY, PASS, CHEAP), seal(KEY, PASS, CHEAP)
    assert first.salt != second.salt and first.box != second.box


def test_the_parameters_stand_beside_the_key(locked: Keyring) -> None:
    words = (locked.folder / "mine").read_text().split()
    assert words[:6] == ["dhtui-key-2", "seed", KEY.public.hex(), "argon2id", "1", "8192"]


def test_an_unreasonable_effort_is_refused() -> None:
    sealed = seal(KEY, PASS, CHEAP)
    for cost in (Cost(17, 8192), Cost(1, 2 << 30), Cost(0, 8192), Cost(1, 1)):
        with pytest.raises(BadKey, match="unreasonable"):
            replace(sealed, cost=cost)


def test_a_public_key_that_was_exchanged_is_noticed() -> None:
    forged = replace(seal(KEY, PASS, CHEAP), public=BEP44_TEST_KEY.public)
    with pytest.raises(BadKey, match="does not belong"):
        unseal(forged, PASS)


async def test_deriving_leaves_the_loop_free() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    def derive() -> tuple[int, Sealed]:
        before = ticks
        sealed = seal(KEY, PASS, Cost(3, 16 << 20))
        return ticks - before, sealed

    ticker = asyncio.create_task(tick())
    meanwhile = 0
    async with asyncio.timeout(PATIENCE):
        while meanwhile <= 100:  # on a busy machine the loop may be given no CPU during the first
            meanwhile, sealed = await asyncio.to_thread(derive)
    assert unseal(sealed, PASS) == KEY
    ticker.cancel()


def test_guessing_takes_time_and_memory_by_default() -> None:
    assert MODERATE.operations >= 3 and MODERATE.memory >= 256 << 20


# ---- the session ----------------------------------------------------------------------------------------


def test_a_passphrase_is_asked_for_once_a_session(locked: Keyring) -> None:
    with pytest.raises(LockedKey, match="'mine' is encrypted: its passphrase is needed"):
        locked.load("mine")
    assert locked.unlock("mine", PASS) == KEY
    assert locked.load("mine") == KEY and not locked.is_locked("mine")
    assert Keyring(locked.folder, locked.vault).load("mine") == KEY, "the session's, not the object's"
    locked.vault.forget()
    assert locked.is_locked("mine")


def test_other_keys_under_the_same_passphrase_open_unasked(locked: Keyring) -> None:
    with pytest.raises(LockedKey):
        locked.unlock("mine")
    locked.add("second", BEP44_TEST_KEY)
    Keyring(locked.folder).encrypt("second", PASS, CHEAP)
    locked.unlock("mine", PASS)
    assert locked.unlock("second") == BEP44_TEST_KEY


def test_what_the_vault_keeps_is_bounded() -> None:
    vault = Vault()
    for number in range(200):
        vault.keep(PrivateKey.from_seed(number.to_bytes(32, "big")), b"%d" % number)
    assert vault.passphrases()[0] == b"199" and len(vault.passphrases()) == 8
    assert repr(vault) == "Vault(64 keys)"


def test_the_public_half_needs_no_passphrase(locked: Keyring) -> None:
    entry = locked.list()[1]
    assert (entry.public, entry.encrypted, entry.form) == (KEY.public, True, "seed")
    assert locked.public("mine") == KEY.public
    assert locked.is_locked("mine")


def test_a_plain_key_needs_no_unlocking(ring: Keyring) -> None:
    ring.add("mine", KEY)
    assert ring.unlock("mine", OTHER) == KEY and not ring.is_locked("mine")
    assert ring.unlock("bep44test") == BEP44_TEST_KEY


def test_a_key_can_be_made_encrypted(ring: Keyring) -> None:
    key = ring.generate("mine", PASS, CHEAP)
    assert ring.list()[1].encrypted and ring.load("mine") == key
    assert Keyring(ring.folder).unlock("mine", PASS) == key


def test_a_passphrase_can_be_changed_and_taken_off(locked: Keyring) -> None:
    with pytest.raises(LockedKey):
        locked.encrypt("mine", OTHER, CHEAP)
    locked.unlock("mine", PASS)
    locked.encrypt("mine", OTHER, CHEAP)
    fresh = Keyring(locked.folder)
    with pytest.raises(WrongPassphrase):
        fresh.unlock("mine", PASS)
    fresh.unlock("mine", OTHER)
    fresh.decrypt("mine")
    assert Keyring(locked.folder).load("mine") == KEY


def test_a_file_of_the_original_in_the_folder_can_be_encrypted(ring: Keyring) -> None:
    ring.add("other", KEY)
    (ring.folder / "old").write_text((KEY.secret + KEY.public).hex())
    key = ring.load("old")
    ring.encrypt("old", PASS, CHEAP)
    assert Keyring(ring.folder).unlock("old", PASS) == key


@pytest.mark.parametrize("name", ["bep44test", "../up", "none"])
def test_only_keys_of_the_folder_are_changed(ring: Keyring, name: str) -> None:
    with pytest.raises(KeyringError):
        ring.encrypt(name, PASS, CHEAP)
    with pytest.raises(KeyringError):
        ring.delete(name)
    with pytest.raises(KeyringError):
        ring.rename(name, "new")


# ---- renaming, deleting, notes ------------------------------------------------------------------------------


def test_a_renamed_key_keeps_everything(locked: Keyring) -> None:
    locked.note_put(KEY.public, b"blog", 7)
    locked.rename("mine", "new")
    (entry,) = locked.list()[1:]
    assert (entry.name, entry.created, entry.encrypted) == ("new", 1001.0, True)
    assert [(use.salt, use.seq) for use in entry.uses] == [(b"blog", 7)]
    assert locked.unlock("new", PASS) == KEY


@pytest.mark.parametrize("new", ["taken", "bep44test", "a/b", "x.key"])
def test_a_key_is_never_renamed_over_another(ring: Keyring, new: str) -> None:
    ring.add("mine", KEY)
    ring.add("taken", BEP44_TEST_KEY)
    with pytest.raises(KeyringError):
        ring.rename("mine", new)
    assert ring.load("mine") == KEY and ring.load("taken") == BEP44_TEST_KEY


def test_a_deleted_key_is_gone_and_so_is_what_was_noted(ring: Keyring) -> None:
    ring.add("mine", KEY)
    ring.note_put(KEY.public, b"", 3)
    ring.delete("mine")
    assert ring.names() == ["bep44test"]
    assert KEY.public.hex() not in str(list(ring.folder.rglob("*")))


def test_what_was_noted_stays_while_another_name_has_the_key(ring: Keyring) -> None:
    ring.add("mine", KEY)
    ring.add("copy", KEY)
    ring.note_put(KEY.public, b"", 3)
    ring.delete("mine")
    assert ring.list()[1].uses[0].seq == 3


def test_a_damaged_key_can_be_renamed_and_deleted(ring: Keyring) -> None:
    ring.add("mine", KEY)
    (ring.folder / "mine").write_text("zz")
    ring.rename("mine", "bad")
    assert (ring.folder / "bad").read_text() == "zz"
    ring.delete("bad")
    assert ring.names() == ["bep44test"]


def test_puts_are_noted_by_salt_and_seq_never_goes_back(ring: Keyring) -> None:
    ring.add("mine", KEY)
    for salt, seq in ((b"a", 1), (b"b", 9), (b"a", 5), (b"a", 4)):
        ring.note_put(KEY.public, salt, seq)
    assert [(use.salt, use.seq) for use in ring.list()[1].uses] == [(b"a", 5), (b"b", 9)]


def test_puts_of_keys_that_are_not_here_are_not_noted(ring: Keyring) -> None:
    ring.note_put(KEY.public, b"", 1)
    ring.note_put(BEP44_TEST_KEY.public, b"", 1)
    assert not ring.folder.exists()


def test_what_is_noted_is_bounded(ring: Keyring) -> None:
    ring.add("mine", KEY)
    for number in range(70):
        ring.note_put(KEY.public, b"%d" % number, number)
    uses = ring.list()[1].uses
    assert len(uses) == notes.MAX_USES and uses[0].seq == 69


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 0}', '{"version": 1, "created": "x", "uses": []}'])
def test_damaged_notes_are_set_aside_and_cost_no_key(ring: Keyring, text: str) -> None:
    ring.add("mine", KEY)
    path = ring.folder / ".notes" / f"{KEY.public.hex()}.json"
    path.write_text(text)
    assert ring.list()[1].uses == ()
    assert path.with_name(path.name + ".damaged-1").read_text() == text
    ring.note_put(KEY.public, b"", 1)
    assert ring.list()[1].uses[0].seq == 1


def test_notes_of_a_later_version_are_left_as_they_are(ring: Keyring) -> None:
    ring.add("mine", KEY)
    path = ring.folder / ".notes" / f"{KEY.public.hex()}.json"
    path.write_text('{"version": 2}')
    assert ring.list()[1].uses == ()
    with pytest.raises(KeyringError, match="a later version of dhtui wrote it"):
        ring.note_put(KEY.public, b"", 1)
    assert path.read_text() == '{"version": 2}'


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "9" * 400])
@pytest.mark.parametrize("field", ["seq", "at", "created"])
def test_numbers_of_no_use_in_notes_raise_nowhere(ring: Keyring, field: str, number: str) -> None:
    ring.add("mine", KEY)
    use = {"salt": '"6b"', "seq": "3", "at": "5.0"}
    created = number if field == "created" else "1.0"
    use |= {field: number} if field in use else {}
    uses = ", ".join(f'"{name}": {value}' for name, value in use.items())
    path = ring.folder / ".notes" / f"{KEY.public.hex()}.json"
    path.write_text(f'{{"version": 1, "created": {created}, "uses": [{{{uses}}}]}}')
    entry = ring.list()[1]
    assert entry.name == "mine" and not entry.damaged
    assert [use.seq for use in entry.uses] == ([3] if field == "created" else [])


def test_listing_many_keys_is_quick(ring: Keyring) -> None:
    for number in range(50):
        ring.add(f"k{number}", PrivateKey.from_seed(number.to_bytes(32, "big")))
    # Of the CPU's time: how many others it has to share the machine with tells nothing of it.
    start = time.process_time()
    ring.list()
    assert time.process_time() - start < 1
