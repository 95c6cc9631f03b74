"""Named private keys on disk, one small text file each, and the key files of mh-cbon/dht.

Only the owner of the key can ever change an item. So no key is ever written over another one: an unreadable one is
reported, and remains for its owner to repair. A file is replaced (by encryption or decryption) only by one with the
same key, which is complete on disk before the old one is removed.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar

from ..engine.keys import BEP44_TEST_KEY, BadKey, PrivateKey
from ..storage.atomic import atomic_write, private_folder, readers_of
from . import notes
from .base import TEST_KEY_NAME, KeyringError, LockedKey, WrongPassphrase, name_fault
from .keyfile import Stored, read_file, write_line
from .notes import Use
from .seal import MODERATE, Cost, Sealed, seal, unseal
from .vault import Vault
from .zbase32 import encode_public

P = ParamSpec("P")
R = TypeVar("R")

_MAX_LISTED = 20
"""Most names in an error message."""


class Entry(NamedTuple):
    """One key of the keyring, without its secret."""

    name: str
    public: bytes | None
    """32 bytes; `None` for a damaged one."""
    form: str
    """``seed`` or ``expanded``; empty for a damaged one."""
    created: float | None
    """When it was made or imported, else when its file was written, seconds since 1970; `None` for the built-in one."""
    path: Path | None
    """Its file; `None` for the built-in one."""
    damaged: str = ""
    """Why it can't be used; empty if it can."""
    encrypted: bool = False
    exposed: str = ""
    """Who else can read its file, in words; empty: only the owner."""
    uses: tuple[Use, ...] = ()
    """The last seq put under each salt, the latest first."""

    @property
    def is_public_test_key(self) -> bool:
        """Whether it is the test key of BEP 44, under any name: anyone can sign with it."""
        return self.public == BEP44_TEST_KEY.public

    @property
    def zbase32(self) -> str:
        """The public key as pkarr writes it; empty for a damaged key."""
        return "" if self.public is None else encode_public(self.public)


class Keyring:
    """The keys in one folder, and the built-in `TEST_KEY_NAME`.

    Reading never creates or changes a file. `unlock` and `encrypt` take half a second or more: run them in a thread.
    Unlocked keys are in `vault`, which several keyrings may share.
    """

    def __init__(self, folder: Path, vault: Vault | None = None, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self.vault = Vault() if vault is None else vault
        self._clock = clock

    # ---- reading -----------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """All names, the built-in one first, then sorted, damaged keys included. Raises `KeyringError`."""
        try:
            found = sorted(path.name for path in self.folder.iterdir() if name_fault(path.name) is None)
        except FileNotFoundError:
            found = []
        except OSError as error:
            raise KeyringError(f"the key folder {self.folder} can't be read: {error.strerror}") from error
        return [TEST_KEY_NAME, *found]

    def list(self) -> list[Entry]:
        """An entry for each of `names`, in the same order. Raises `KeyringError` for the folder only."""
        return [self._entry(name) for name in self.names()]

    def public(self, name_or_path: str) -> bytes:
        """The 32-byte public key of a key, for which no passphrase is needed. Raises `KeyringError`."""
        return self._stored(name_or_path).public

    def is_locked(self, name_or_path: str) -> bool:
        """Whether `load` needs `unlock` first. Raises `KeyringError`."""
        stored = self._stored(name_or_path)
        return isinstance(stored, Sealed) and self.vault.get(stored.public) is None

    def load(self, name_or_path: str) -> PrivateKey:
        """The key of that name, or in that file.

        A name with a ``/`` in it, or that ends in ``.key``, is a path: to a file like those of the keyring, or to one
        of mh-cbon/dht, read as published. A bare name is never a file of the current folder: otherwise anyone who can
        write there could choose the key. Never creates a key. Raises `KeyringError`: `LockedKey` for an encrypted one
        that was not unlocked in this session.
        """
        stored = self._stored(name_or_path)
        if isinstance(stored, PrivateKey):
            return stored
        key = self.vault.get(stored.public)
        if key is None:
            raise LockedKey(f"the key {name_or_path!r} is encrypted: its passphrase is needed")
        return key

    def unlock(self, name_or_path: str, passphrase: bytes | None = None) -> PrivateKey:
        """The key, opened with a passphrase; with `None`, by those that opened other keys in this session.

        Slow: run it in a thread. Raises `WrongPassphrase`, `LockedKey` if none of those opens it, `KeyringError`.
        """
        stored = self._stored(name_or_path)
        if isinstance(stored, PrivateKey):
            return stored
        for attempt in self.vault.passphrases() if passphrase is None else (passphrase,):
            with contextlib.suppress(WrongPassphrase):
                key = _checked(unseal, stored, attempt)
                self.vault.keep(key, attempt)
                return key
        if passphrase is None:
            raise LockedKey(f"the key {name_or_path!r} is encrypted: its passphrase is needed")
        raise WrongPassphrase(f"the passphrase does not open the key {name_or_path!r}; nothing has changed")

    # ---- changes -----------------------------------------------------------------------------------

    def generate(self, name: str, passphrase: bytes | None = None, cost: Cost = MODERATE) -> PrivateKey:
        """Make a new key and store it under a new name; encrypted, if a passphrase is given.

        Slow with a passphrase. Raises `KeyringError`.
        """
        key = PrivateKey.generate()
        self.add(name, key, passphrase, cost)
        return key

    def add(self, name: str, key: Stored, passphrase: bytes | None = None, cost: Cost = MODERATE) -> None:
        """Store a key under a new name: unchanged, or encrypted before it is written to the disk.

        Slow with a passphrase. Raises `KeyringError`, also for a second passphrase, without any change.
        """
        self._check_new(name)
        stored = key
        if passphrase is not None:
            if isinstance(key, Sealed):
                raise KeyringError("the key is encrypted already, under a passphrase of its own")
            stored = _checked(seal, key, passphrase, cost)
        path = self._claim(name)
        try:
            atomic_write(path, write_line(stored), private=True)
        except OSError as error:
            with contextlib.suppress(OSError):
                path.unlink()
            raise KeyringError(f"the key file {path} can't be written: {error.strerror}") from error
        if passphrase is not None and isinstance(key, PrivateKey):
            self.vault.keep(key, passphrase)
        with contextlib.suppress(OSError):  # the key is stored; a missing note is no failure
            notes.created(self.folder, key.public, self._clock())

    def encrypt(self, name: str, passphrase: bytes, cost: Cost = MODERATE) -> None:
        """Encrypt a stored key, or change its passphrase. Slow: run it in a thread.

        The file is replaced atomically. Remains of the old one on the disk are not erased. Raises `KeyringError`,
        `LockedKey`, without any change; also for a file with another name or link, where the key would stay
        unencrypted.
        """
        self._check_alone(name)
        before, key = self._own(name), self.load(name)
        sealed = _checked(seal, key, passphrase, cost)
        self._replace(name, before, sealed)
        self.vault.keep(key, passphrase)

    def decrypt(self, name: str) -> None:
        """Remove the encryption of a stored key, which must have been unlocked. Raises `KeyringError`."""
        before, key = self._own(name), self.load(name)
        self._replace(name, before, key)

    def rename(self, old: str, new: str) -> None:
        """Give a key a new name. Raises `KeyringError`, without any change."""
        self._check_own_name(old)
        self._check_new(new)
        path = self.folder / old
        if not os.path.lexists(path):
            raise KeyringError(self._missing(old))
        # A rename overwrites. The new name is claimed first, so that only our own empty file is overwritten.
        claimed = self._claim(new)
        try:
            path.replace(claimed)
        except OSError as error:
            with contextlib.suppress(OSError):
                claimed.unlink()
            raise KeyringError(f"the key {old!r} can't be renamed: {error.strerror}") from error

    def delete(self, name: str) -> None:
        """Delete a key, with its notes if no other name has the same key.

        The items that it signed can never be changed again. Raises `KeyringError`, also for a key that would remain
        elsewhere: in the file that a link leads to, or under another name of the same file.
        """
        self._check_own_name(name)
        self._check_alone(name)
        public = self._entry(name).public
        leftover = re.compile(rf"\.{re.escape(name)}\.[0-9a-f]{{16}}\.tmp")
        try:
            # First the temporary file of a run that was killed while writing: it holds the key too.
            for path in [path for path in self.folder.iterdir() if leftover.fullmatch(path.name)]:
                path.unlink()
            (self.folder / name).unlink()
        except FileNotFoundError:
            raise KeyringError(self._missing(name)) from None
        except OSError as error:
            raise KeyringError(f"the key {name!r} can't be deleted: {error.strerror}") from error
        with contextlib.suppress(OSError, KeyringError):  # the key is deleted; its notes are no secret
            if public is not None and all(entry.public != public for entry in self.list()):
                notes.forget(self.folder, public)

    def note_put(self, public: bytes, salt: bytes, seq: int) -> None:
        """Note a put that a key of the keyring signed. For other keys nothing is noted.

        Raises `KeyringError`.
        """
        if not any(entry.public == public for entry in self.list()[1:]):
            return
        try:
            notes.used(self.folder, public, salt, seq, self._clock())
        except OSError as error:
            raise KeyringError(f"the use of a key can't be noted in {self.folder}: {error.strerror}") from error

    # ---- steps -------------------------------------------------------------------------------------

    def _stored(self, name_or_path: str) -> Stored:
        if name_or_path == TEST_KEY_NAME:
            return BEP44_TEST_KEY
        fault = name_fault(name_or_path)
        if fault is None and os.path.lexists(self.folder / name_or_path):
            return read_file(self.folder / name_or_path)
        if _is_path(name_or_path):
            return read_file(Path(os.path.expanduser(name_or_path)))  # noqa: PTH111  (this one never raises)
        if fault is not None:
            raise KeyringError(fault)
        raise KeyringError(self._missing(name_or_path))

    def _own(self, name: str) -> Stored:
        """The content of a key file that is to be replaced, which must be in the folder."""
        self._check_own_name(name)
        if not os.path.lexists(self.folder / name):
            raise KeyringError(self._missing(name))
        return read_file(self.folder / name)

    def _check_alone(self, name: str) -> None:
        path = self.folder / name
        try:
            if path.is_symlink() and path.exists():
                raise KeyringError(f"{path} is a link to {path.resolve()}, where the key would stay: nothing was done")
            if path.is_file() and (names := path.stat().st_nlink) > 1:
                others = "another name" if names == 2 else f"{names - 1} other names"
                raise KeyringError(f"the file {path} has {others} too, where the key would stay: nothing was done")
        except OSError:
            pass  # the next step on the file reports the fault

    def exposure(self, name_or_path: str) -> str:
        """Who else can read a key, in words; empty: only the owner, or it is not known. Never raises."""
        if name_or_path == TEST_KEY_NAME:
            return ""
        if name_fault(name_or_path) is None and os.path.lexists(self.folder / name_or_path):
            return readers_of(self.folder / name_or_path)
        # As it is read, see `_stored`. What is no path is the name that a key is to get, whatever else is called so.
        return readers_of(Path(os.path.expanduser(name_or_path))) if _is_path(name_or_path) else ""  # noqa: PTH111

    def _replace(self, name: str, before: Stored, after: Stored) -> None:
        path = self.folder / name
        if read_file(path) != before:  # it may have changed while the key was derived from the passphrase
            raise KeyringError(f"the key {name!r} has been changed by somebody else: it is left as it is")
        try:
            atomic_write(path, write_line(after), private=True)
        except OSError as error:
            raise KeyringError(f"the key file {path} can't be written: {error.strerror}; it is as it was") from error

    def _claim(self, name: str) -> Path:
        """Claim a name: of two processes that make the same key, one has to fail and must not overwrite."""
        path = self.folder / name
        try:
            private_folder(self.folder)
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError as error:
            if self.folder.is_dir():
                raise KeyringError(f"there is a key {name!r} already, {path}; it is kept") from error
            raise KeyringError(f"the key folder {self.folder} is not a folder") from error
        except OSError as error:
            raise KeyringError(f"the key file {path} can't be made: {error.strerror}") from error
        return path

    @staticmethod
    def _check_new(name: str) -> None:
        if name == TEST_KEY_NAME:
            raise KeyringError(f"{TEST_KEY_NAME} is the built-in test key of BEP 44: choose another name")
        if fault := name_fault(name):
            raise KeyringError(fault)

    @staticmethod
    def _check_own_name(name: str) -> None:
        if name == TEST_KEY_NAME:
            raise KeyringError(f"{TEST_KEY_NAME} is the built-in test key of BEP 44: it can't be changed")
        if fault := name_fault(name):
            raise KeyringError(fault)

    def _entry(self, name: str) -> Entry:
        if name == TEST_KEY_NAME:
            return Entry(name, BEP44_TEST_KEY.public, BEP44_TEST_KEY.form, None, None)
        path = self.folder / name
        try:
            written = path.stat().st_mtime
        except OSError:
            written = None
        try:
            stored = read_file(path)
        except KeyringError as error:
            return Entry(name, None, "", written, path, str(error))
        known = notes.load(self.folder, stored.public)
        created = written if known.created is None else known.created
        return Entry(
            name,
            stored.public,
            stored.form,
            created,
            path,
            encrypted=isinstance(stored, Sealed),
            exposed=readers_of(path),
            uses=known.uses,
        )

    def _missing(self, name: str) -> str:
        names = self.names()
        listed = ", ".join(names[:_MAX_LISTED])
        if len(names) > _MAX_LISTED:
            listed += f" and {len(names) - _MAX_LISTED} more"
        beside = next((each for each in (Path(f"{name}.key"), Path(name)) if each.is_file()), None)
        way = beside if beside is None or beside.suffix == ".key" else f"./{beside}"
        hint = f"; the file {beside} is read with -keyname {way}" if beside else ""
        return f"there is no key {name!r}, only {listed}; `-do genkey -keyname {name}` creates it{hint}"


def _is_path(text: str) -> bool:
    return "/" in text or os.sep in text or text.endswith(".key")


def _checked(make: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """The result of `make`, with `BadKey` converted to `KeyringError`."""
    try:
        return make(*args, **kwargs)
    except BadKey as error:
        raise KeyringError(str(error)) from None
