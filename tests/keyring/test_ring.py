"""Named keys on disk: made once, never overwritten, checked when read; and the original's key files."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from dhtui.engine.keys import BEP44_TEST_KEY, PrivateKey, verify
from dhtui.keyring import TEST_KEY_NAME, Keyring, KeyringError
from dhtui.keyring import ring as keyring_module
from dhtui.storage.atomic import readers_of

SEED_KEY = PrivateKey.from_seed(bytes(range(32)))
OTHER_KEY = PrivateKey.from_seed(bytes(range(1, 33)))
DEAD_KEY = PrivateKey.from_seed(bytes(range(224, 256)))
"""As a .key file its byte 31 is 255: what the original published with it is dead."""


def original_file(path: Path, key: PrivateKey = SEED_KEY) -> Path:
    path.write_text((key.secret + key.public).hex())
    return path


@pytest.fixture
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keyring:
    """An empty keyring; the current folder is an empty one beside it."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return Keyring(tmp_path / "state" / "keys")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_generated_key_is_loaded_again(ring: Keyring) -> None:
    key = ring.generate("mine")
    assert ring.load("mine") == key
    assert key.form == "seed"
    assert verify(key.public, b"message", ring.load("mine").sign(b"message"))


@pytest.mark.parametrize("key", [SEED_KEY, BEP44_TEST_KEY], ids=["seed", "expanded"])
def test_both_forms_are_kept(ring: Keyring, key: PrivateKey) -> None:
    ring.add("mine", key)
    assert ring.load("mine") == key


def test_a_key_file_says_what_it_is(ring: Keyring) -> None:
    ring.add("mine", SEED_KEY)
    text = (ring.folder / "mine").read_text()
    assert text == f"dhtui-key-1 seed {SEED_KEY.secret.hex()} {SEED_KEY.public.hex()}\n"


def test_key_files_are_private(ring: Keyring) -> None:
    before = os.umask(0)
    try:
        ring.generate("mine")
    finally:
        os.umask(before)
    assert mode(ring.folder) == 0o700
    assert mode(ring.folder / "mine") == 0o600


def test_nothing_but_the_key_file_and_notes_is_left_in_the_folder(ring: Keyring) -> None:
    ring.generate("mine")
    assert sorted(path.name for path in ring.folder.iterdir()) == [".notes", "mine"]


def test_an_existing_key_is_never_overwritten(ring: Keyring) -> None:
    ring.generate("mine")
    before = (ring.folder / "mine").read_bytes()
    with pytest.raises(KeyringError, match="there is a key 'mine' already"):
        ring.generate("mine")
    assert (ring.folder / "mine").read_bytes() == before


def test_a_damaged_key_is_never_overwritten(ring: Keyring) -> None:
    ring.generate("mine")
    (ring.folder / "mine").write_text("zz")
    with pytest.raises(KeyringError, match="already"):
        ring.generate("mine")
    assert (ring.folder / "mine").read_text() == "zz"


def test_a_dangling_link_is_no_free_name(ring: Keyring, tmp_path: Path) -> None:
    ring.generate("other")
    (ring.folder / "mine").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyringError, match="already"):
        ring.generate("mine")
    assert not (tmp_path / "elsewhere").exists()


def test_of_many_who_make_the_same_key_one_succeeds(ring: Keyring) -> None:
    def attempt(_: int) -> PrivateKey | None:
        try:
            return Keyring(ring.folder).generate("mine")
        except KeyringError:
            return None

    with ThreadPoolExecutor(8) as pool:
        made = [key for key in pool.map(attempt, range(16)) if key is not None]
    assert made == [ring.load("mine")]


def test_a_key_that_cannot_be_written_leaves_no_file(ring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(keyring_module, "atomic_write", full)
    with pytest.raises(KeyringError, match="can't be written: No space left on device"):
        ring.generate("mine")
    assert list(ring.folder.iterdir()) == []


def test_a_folder_that_is_a_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("")
    ring = Keyring(tmp_path / "keys")
    with pytest.raises(KeyringError, match="is not a folder"):
        ring.generate("mine")
    with pytest.raises(KeyringError, match="can't be read"):
        ring.names()


def test_a_folder_below_a_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(KeyringError, match="can't be made: Not a directory"):
        Keyring(tmp_path / "state" / "keys").generate("mine")


@pytest.mark.parametrize("name", ["a", "A-b_c.9", "_x", "x" * 64, "0"])
def test_good_names(ring: Keyring, name: str) -> None:
    key = ring.generate(name)
    assert ring.load(name) == key


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".a", "-x", "../up", "sub/dir", "/abs", "a b", "a\n", "é", "x" * 65, "a\0b", "a\x1b[31m"],
    ids=ascii,
)
def test_bad_names_make_no_file(ring: Keyring, tmp_path: Path, name: str) -> None:
    with pytest.raises(KeyringError, match="is not a key name: 1 to 64 of A-Z a-z 0-9") as caught:
        ring.generate(name)
    assert str(caught.value).isprintable()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["here"]


def test_a_name_that_looks_like_a_path_is_refused(ring: Keyring) -> None:
    with pytest.raises(KeyringError, match=r"'mine.key' would be taken for a path"):
        ring.generate("mine.key")


def test_the_test_key_is_built_in(ring: Keyring) -> None:
    assert ring.load("bep44test") is BEP44_TEST_KEY
    assert not ring.folder.exists(), "reading makes nothing"


def test_the_test_key_cannot_be_replaced(ring: Keyring) -> None:
    with pytest.raises(KeyringError, match="built-in test key of BEP 44"):
        ring.generate(TEST_KEY_NAME)
    ring.add("mine", SEED_KEY)
    (ring.folder / "mine").rename(ring.folder / TEST_KEY_NAME)
    assert ring.load(TEST_KEY_NAME) is BEP44_TEST_KEY
    assert ring.names() == [TEST_KEY_NAME]


def test_the_test_key_is_labelled_under_any_name(ring: Keyring) -> None:
    ring.add("copy", BEP44_TEST_KEY)
    ring.add("mine", SEED_KEY)
    labels = {entry.name: entry.is_public_test_key for entry in ring.list()}
    assert labels == {TEST_KEY_NAME: True, "copy": True, "mine": False}


def test_a_missing_name_tells_what_there_is_and_how_to_make_it(ring: Keyring) -> None:
    ring.generate("first")
    with pytest.raises(KeyringError) as caught:
        ring.load("new")
    assert str(caught.value) == ("there is no key 'new', only bep44test, first; `-do genkey -keyname new` creates it")
    assert ring.names() == [TEST_KEY_NAME, "first"], "a typo makes no key"


def test_a_missing_name_points_at_the_key_file_beside(ring: Keyring) -> None:
    original_file(Path("k1.key"))
    with pytest.raises(KeyringError, match=r"the file k1\.key is read with -keyname k1\.key"):
        ring.load("k1")


def test_a_long_list_of_names_is_cut(ring: Keyring) -> None:
    ring.folder.mkdir(parents=True)
    for number in range(30):
        (ring.folder / f"k{number:02}").touch()
    with pytest.raises(KeyringError, match=r"k18 and 11 more; `-do genkey"):
        ring.load("new")


@pytest.mark.parametrize("name", ["", "a b", "é", "x" * 5000, "a\0b"], ids=lambda name: ascii(name[:9]))
def test_loading_a_bad_name_says_what_a_name_is(ring: Keyring, name: str) -> None:
    with pytest.raises(KeyringError, match="is not a key name"):
        ring.load(name)


def test_list_describes_every_key(ring: Keyring) -> None:
    assert [entry.name for entry in ring.list()] == [TEST_KEY_NAME]
    ring = Keyring(ring.folder, clock=lambda: 1234.0)
    ring.add("mine", SEED_KEY)
    path = ring.folder / "mine"
    built_in, entry = ring.list()
    assert (built_in.public, built_in.form, built_in.path) == (BEP44_TEST_KEY.public, "expanded", None)
    assert (entry.name, entry.public, entry.form) == ("mine", SEED_KEY.public, "seed")
    assert (entry.created, entry.path, entry.damaged) == (1234, path, "")
    assert SEED_KEY.secret.hex() not in repr(entry) and repr(SEED_KEY.secret) not in repr(entry)


def test_names_are_in_order_and_strangers_are_left_out(ring: Keyring) -> None:
    for name in ("b", "a", "C"):
        ring.add(name, SEED_KEY)
    for stranger in (".hidden", "a b", "x.key"):
        (ring.folder / stranger).touch()
    assert ring.names() == [TEST_KEY_NAME, "C", "a", "b"]


GOOD = f"dhtui-key-1 seed {SEED_KEY.secret.hex()} {SEED_KEY.public.hex()}\n"
DAMAGED = {
    "empty": (b"", "is empty"),
    "binary": (b"\xff\x00\x80", "not plain text"),
    "long": (b"a" * 2000, "too long"),
    "four bytes": (b"00ffaabb", "128 hex digits, this has 8 characters"),
    "a letter": (b"zz" * 64, "other characters"),
    "newer": (GOOD.replace("key-1", "key-3").encode(), "starts with 'dhtui-key-3'"),
    "cut short": (GOOD[:-70].encode(), "has 3 words, not 4"),
    "a digit lost": (GOOD[:-2].encode(), "not in hex"),
    "form": (GOOD.replace("seed", "sped").encode(), "its second word is neither seed nor expanded"),
    "wrong form": (GOOD.replace("seed", "expanded").encode(), "64 bytes, not 32"),
    "secret changed": (GOOD.replace("seed 00", "seed 01").encode(), "does not belong to its private key"),
    "public changed": (
        GOOD.replace(SEED_KEY.public.hex(), OTHER_KEY.public.hex()).encode(),
        "does not belong to its private key",
    ),
}


@pytest.mark.parametrize(("content", "reason"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_key_is_named_and_left_alone(ring: Keyring, content: bytes, reason: str) -> None:
    ring.add("good", SEED_KEY)
    path = ring.folder / "bad"
    path.write_bytes(content)
    with pytest.raises(KeyringError) as caught:
        ring.load("bad")
    assert reason in str(caught.value) and str(path) in str(caught.value)
    assert SEED_KEY.secret.hex()[2:20] not in str(caught.value)
    entry = ring.list()[1]
    assert (entry.name, entry.public, entry.form, entry.damaged) == ("bad", None, "", str(caught.value))
    assert not entry.is_public_test_key
    assert path.read_bytes() == content
    assert ring.load("good") == SEED_KEY, "the others are not harmed"


def test_a_folder_or_a_pipe_with_a_key_name_is_damaged(ring: Keyring) -> None:
    ring.add("good", SEED_KEY)
    (ring.folder / "folder").mkdir()
    os.mkfifo(ring.folder / "pipe")
    (ring.folder / "dangling").symlink_to("nowhere")
    damaged = {entry.name: entry.damaged for entry in ring.list() if entry.damaged}
    assert set(damaged) == {"folder", "pipe", "dangling"}
    assert damaged["pipe"].endswith("not a file")
    assert damaged["dangling"].endswith("no such file")


@pytest.mark.parametrize("where", ["k1.key", "./k1.key", "../here/k1.key", "sub/k1"])
def test_a_key_file_of_the_original_is_read_as_it_published(ring: Keyring, where: str) -> None:
    Path("sub").mkdir()
    original_file(Path(where))
    key = ring.load(where)
    assert key.form == "expanded"
    assert key.secret[:32] == SEED_KEY.secret
    assert key.public != SEED_KEY.public


def test_a_key_file_of_the_original_put_into_the_keyring_is_read_too(ring: Keyring) -> None:
    ring.add("other", OTHER_KEY)
    original_file(ring.folder / "old")
    assert ring.load("old") == ring.load(str(ring.folder / "old"))
    assert ring.list()[1].form == "expanded"


def test_a_key_file_with_the_expanded_test_key_is_read(ring: Keyring) -> None:
    Path("bep44test.key").write_text(BEP44_TEST_KEY.secret.hex())
    assert ring.load("bep44test.key") == BEP44_TEST_KEY


def test_a_dead_key_of_the_original_is_refused_with_the_reason(ring: Keyring) -> None:
    original_file(Path("dead.key"), DEAD_KEY)
    with pytest.raises(KeyringError) as caught:
        ring.load("dead.key")
    assert "byte 31 of the private key is 255, over 127" in str(caught.value)
    assert "no usable secret" in str(caught.value)
    assert "another identity" in str(caught.value)


def test_the_refusal_of_a_dead_key_does_not_show_its_nonce_prefix(ring: Keyring) -> None:
    # With it and one signature that the original sent, anybody could compute the seed.
    original_file(Path("dead.key"), DEAD_KEY)
    with pytest.raises(KeyringError) as caught:
        ring.load("dead.key")
    assert DEAD_KEY.public.hex()[:16] not in str(caught.value)


def test_a_file_of_ours_is_read_by_its_path(ring: Keyring) -> None:
    ring.add("mine", SEED_KEY)
    assert Keyring(Path("nothing")).load(str(ring.folder / "mine")) == SEED_KEY


def test_a_bare_name_is_never_a_file_of_the_present_folder(ring: Keyring) -> None:
    """Whoever can write there would choose the key that is signed with."""
    original_file(Path("mine"), OTHER_KEY)
    for ask in (ring.load, ring.public, ring.is_locked):
        with pytest.raises(KeyringError, match=r"there is no key 'mine'.*the file mine is read with -keyname \./mine"):
            ask("mine")
    ring.add("mine", SEED_KEY)
    assert ring.load("mine") == SEED_KEY
    assert ring.load("./mine").secret[:32] == OTHER_KEY.secret


@pytest.mark.parametrize(
    "path",
    ["no.key", "./no", "sub/no", "x" * 5000 + ".key", "a\0b.key", "/", "two\nlines.key"],
    ids=lambda path: ascii(path[:9]),
)
def test_a_path_without_a_key_file_is_a_clear_line(ring: Keyring, path: str) -> None:
    with pytest.raises(KeyringError, match=r"no such file|File name too long|not a file") as caught:
        ring.load(path)
    assert str(caught.value).isprintable()


def test_a_file_that_may_not_be_read_is_a_clear_error(ring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    ring.add("mine", SEED_KEY)
    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(KeyringError, match="mine: Permission denied"):
        ring.load("mine")


# ---- what would stay elsewhere, and who else can read it ------------------------------------------------------


@pytest.mark.parametrize("kind", ["symlink", "hard link"])
def test_a_key_that_has_another_name_is_neither_encrypted_nor_deleted(ring: Keyring, tmp_path: Path, kind: str) -> None:
    """Under the other name it would stay, in the clear, and who deletes or encrypts means that it does not."""
    ring.add("mine", SEED_KEY)
    elsewhere = tmp_path / "elsewhere"
    if kind == "symlink":
        (ring.folder / "mine").rename(elsewhere)
        (ring.folder / "mine").symlink_to(elsewhere)
    else:
        os.link(ring.folder / "mine", elsewhere)
    before = elsewhere.read_bytes()
    works: list[Callable[[], object]] = [lambda: ring.encrypt("mine", b"pass"), lambda: ring.delete("mine")]
    for work in works:
        with pytest.raises(KeyringError, match="where the key would stay: nothing was done"):
            work()
    assert ring.load("mine") == SEED_KEY and elsewhere.read_bytes() == before
    if kind == "hard link":
        elsewhere.unlink()
        ring.delete("mine")
        assert ring.names() == ["bep44test"]


def test_a_link_that_leads_nowhere_can_be_deleted(ring: Keyring) -> None:
    ring.add("mine", SEED_KEY)
    (ring.folder / "gone").symlink_to(ring.folder / "nothing")
    ring.delete("gone")
    assert ring.names() == ["bep44test", "mine"]


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
@pytest.mark.parametrize(
    ("mode", "folder", "readers"),
    [
        (0o600, 0o755, ""),
        (0o640, 0o755, "the group"),
        (0o604, 0o755, "others"),
        (0o644, 0o755, "others"),
        (0o644, 0o700, ""),
        (0o644, 0o710, "the group"),
        (0o200, 0o755, ""),
    ],
)
def test_a_key_that_others_can_read_is_told(mode: int, folder: int, readers: str) -> None:
    with TemporaryDirectory() as made:  # not pytest's folder, which keeps others out
        Path(made).chmod(0o755)
        if any(above.stat().st_mode & 0o011 != 0o011 for above in Path(made).resolve().parents):
            pytest.skip("the folder for temporary files keeps others out")
        ring = Keyring(Path(made) / "keys")
        ring.add("mine", SEED_KEY)
        path = ring.folder / "mine"
        path.chmod(mode)
        ring.folder.chmod(folder)
        assert ring.exposure("mine") == ring.exposure(str(path)) == ring.list()[1].exposed == readers
        assert ring.exposure("bep44test") == ring.exposure("none") == ring.exposure("a\0b") == ""


def test_only_the_file_that_is_read_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another file of the present folder that is called as the key is to be has nothing to do with it."""
    with TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        (file := Path(made, "mine.key")).touch(0o644)
        Path(made, "mine").touch(0o644)
        if not readers_of(file):
            pytest.skip("the folder for temporary files keeps others out")
        monkeypatch.chdir(made)
        monkeypatch.setenv("HOME", made)
        ring = Keyring(Path(made) / "keys")
        assert ring.exposure("mine") == ""
        assert ring.exposure("./mine") == ring.exposure("mine.key") == ring.exposure("~/mine.key") == "others"
