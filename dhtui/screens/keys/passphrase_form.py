"""The forms that ask for a passphrase: that of an encrypted key, and a new one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial

from textual.app import App
from textual.widget import Widget
from textual.widgets import Input

from ...keyring import Keyring, LockedKey
from ...keyring.seal import passphrase_bytes
from .field import SecretInput
from .form import DERIVING, FormState, KeyForm, good, judge_passphrase, missing, new_passphrase_fields


async def unlock(app: App[int], keyring: Keyring, name: str) -> bool:
    """Opens a key for this session, its passphrase asked for if need be; whether it is open now.

    To be called in a worker. Raises `KeyringError` for a key that can't be read.
    """
    locked = await asyncio.to_thread(keyring.is_locked, name)
    return not locked or await app.push_screen_wait(UnlockForm(keyring, name)) is not None


class UnlockForm(KeyForm[bool]):
    """Asks for the passphrase of a key, unless one that was given in this session opens it."""

    HEADING = "passphrase"
    VERB = "open the key"
    NOTES = ("It is asked for once: the key stays open until you quit, or lock all keys again.",)

    def __init__(self, keyring: Keyring, name: str) -> None:
        super().__init__()
        self._keyring, self._key_name = keyring, name
        self._trying = bool(keyring.vault.passphrases())

    def fields(self) -> Iterator[tuple[str, Widget]]:
        """The passphrase."""
        yield "passphrase", SecretInput(id="passphrase", placeholder=f"that of the key {self._key_name}")

    def on_mount(self) -> None:
        """Tries those that opened other keys."""
        super().on_mount()
        if self._trying:
            self.carry_out(partial(self._open, None))

    def judge(self) -> FormState:
        """Whether something was typed."""
        if not self.text("passphrase"):
            return missing(f"the key {self._key_name} is encrypted: type its passphrase")
        return good(f"to open the key {self._key_name}")

    def prepare(self) -> Callable[[], bool]:
        """Opens the key."""
        return partial(self._open, passphrase_bytes(self.text("passphrase")))

    def _open(self, passphrase: bytes | None) -> bool:
        self._keyring.unlock(self._key_name, passphrase)
        return True

    def refused(self, problem: ValueError) -> None:
        """A slip in dots is not mended but typed again."""
        if self._trying and isinstance(problem, LockedKey):
            self.say(self.judge().lines)
        self._trying = False
        field = self.query_one("#passphrase", Input)
        with self.prevent(Input.Changed):
            field.clear()

    def progress(self) -> str:
        """What is being done."""
        return "trying the passphrases of this session" if self._trying else DERIVING


class EncryptForm(KeyForm[bool]):
    """Asks for a new passphrase and encrypts an open key under it."""

    HEADING = "new passphrase"
    VERB = "encrypt the key"
    NOTES = (
        "There is no way round it: who forgets the passphrase has lost the key.",
        "What the disk may still hold of the file as it was, and copies made before, are as they were.",
    )

    def __init__(self, keyring: Keyring, name: str) -> None:
        super().__init__()
        self._keyring, self._key_name = keyring, name

    def fields(self) -> Iterator[tuple[str, Widget]]:
        """The passphrase, twice."""
        yield from new_passphrase_fields(f"a new one for the key {self._key_name}")

    def judge(self) -> FormState:
        """Whether it was typed twice the same."""
        if not self.text("passphrase"):
            return missing("type a passphrase: a few words that you will remember")
        return judge_passphrase(self) or good(f"the key {self._key_name} is kept encrypted under it from now on")

    def prepare(self) -> Callable[[], bool]:
        """Encrypts the key."""
        return partial(self._encrypt, passphrase_bytes(self.text("passphrase")))

    def _encrypt(self, passphrase: bytes) -> bool:
        self._keyring.encrypt(self._key_name, passphrase)
        return True

    def progress(self) -> str:
        """What is being done."""
        return DERIVING
