"""What can be done with keys, each from its first window to the sentence that says what came of it.

All are to be awaited in a worker of a screen, and raise `KeyringError`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import App

from ...bindings.keymap import key_of
from ...keyring import Entry, Keyring
from ...keyring.base import name_fault
from ...text.format import plural
from ...text.safe import safe_text
from ..dialogs.choice import Choice
from ..dialogs.prompt import Prompt
from .export_form import ExportForm
from .import_form import ImportForm
from .new_form import NewKeyForm
from .passphrase_form import EncryptForm, unlock
from .reveal import RevealScreen


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it."""

    text: str
    """A sentence; empty where there is nothing to say."""
    select: str = ""
    """The name of the key to be selected."""


async def new_key(app: App[int], keyring: Keyring, taken: Sequence[str]) -> Done | None:
    """Makes a key. `None`: it was not to be."""
    name = await app.push_screen_wait(NewKeyForm(keyring, taken))
    if name is None:
        return None
    return Done(f"The key {name} is made; its file is {safe_text(str(keyring.folder / name))}.", name)


async def import_key(app: App[int], keyring: Keyring, taken: Sequence[str]) -> Done | None:
    """Takes a private key in."""
    came = await app.push_screen_wait(ImportForm(keyring, taken))
    if came is None:
        return None
    return Done(f"The key {came.name} is imported; it was {came.was}.", came.name)


async def rename_key(app: App[int], keyring: Keyring, entry: Entry, taken: Sequence[str]) -> Done | None:
    """Gives a key another name."""

    def fault(new: str) -> str:
        if new in taken:
            return f"there is a key {safe_text(new, 64)} already, and it is kept"
        return name_fault(new) or ""

    notes = ("Only the name changes: the public key, the targets and what is noted about puts stay as they are.",)
    new = await app.push_screen_wait(Prompt(f"rename {entry.name}: its new name", notes, fault, entry.name))
    if new is None:
        return None
    await asyncio.to_thread(keyring.rename, entry.name, new)
    return Done(f"{entry.name} is called {new} now.", new)


async def delete_key(app: App[int], keyring: Keyring, entry: Entry) -> Done | None:
    """Removes a key, once its name was typed."""

    def fault(typed: str) -> str:
        return "" if typed == entry.name else f"that is not {entry.name}: type the whole name to delete the key"

    items = f"the {plural(len(entry.uses), 'item')} put with it" if entry.uses else "what it signed"
    notes = (
        f"Nobody can ever again change {items}, unless there is a copy of the key: "
        f"{key_of('keys.export_key')} makes one.",
        f"Its file goes: {safe_text(str(entry.path), 200)}",
    )
    if await app.push_screen_wait(Prompt(f"delete {entry.name} for ever: type its name", notes, fault)) is None:
        return None
    await asyncio.to_thread(keyring.delete, entry.name)
    return Done(f"The key {entry.name} is deleted.")


async def passphrase(app: App[int], keyring: Keyring, entry: Entry) -> Done | None:
    """Encrypts a key; of an encrypted one it changes the passphrase, or takes it off, or locks all keys."""
    if not entry.encrypted:
        return await _encrypt(app, keyring, entry.name)
    choices = (
        "change the passphrase",
        "decrypt the key: keep it in the clear",
        "lock all keys: forget what was typed in this session",
    )
    place = await app.push_screen_wait(Choice(f"the key {entry.name} is encrypted", choices))
    if place == 2:
        keyring.vault.forget()
        return Done("All keys are locked again.")
    if place is None or not await unlock(app, keyring, entry.name):
        return None
    if place == 0:
        return await _encrypt(app, keyring, entry.name)
    await asyncio.to_thread(keyring.decrypt, entry.name)
    return Done(f"{entry.name} is kept in the clear from now on.")


async def _encrypt(app: App[int], keyring: Keyring, name: str) -> Done | None:
    done = await app.push_screen_wait(EncryptForm(keyring, name))
    return Done(f"{name} is kept encrypted under that passphrase from now on.") if done else None


async def export_key(app: App[int], keyring: Keyring, entry: Entry) -> Done | None:
    """Writes a private key to a file, or shows it."""
    if not await unlock(app, keyring, entry.name):
        return None
    key = await asyncio.to_thread(keyring.load, entry.name)
    given = await app.push_screen_wait(ExportForm(entry.name, key, keyring.folder))
    if given is None:
        return None
    if given.path is not None:
        return Done(f"The private key of {entry.name} is in {safe_text(str(given.path))}, not encrypted.")
    await _show(app, entry, given.text)
    return None


async def reveal(app: App[int], keyring: Keyring, entry: Entry) -> Done | None:
    """Shows a private key in hex."""
    if not await unlock(app, keyring, entry.name):
        return None
    key = await asyncio.to_thread(keyring.load, entry.name)
    await _show(app, entry, key.secret.hex())
    return None


async def _show(app: App[int], entry: Entry, secret: str) -> None:
    await app.push_screen_wait(RevealScreen(f"private key of {entry.name}, {entry.form}", secret))
