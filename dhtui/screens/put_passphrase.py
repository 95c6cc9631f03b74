"""The window that asks for the passphrase of a key, once a session."""

from __future__ import annotations

import asyncio
from textwrap import wrap
from typing import Any

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Input
from textual.worker import Worker

from ..engine.keys import PrivateKey
from ..keyring import Keyring, KeyringError, LockedKey
from ..report import safe_text
from ..unlocking import passphrase_bytes
from ..values import UsageError
from ..widgets.lines import Lines
from ..widgets.paint import Role
from .telling import tell_failure

_WIDTH = 72


async def signing_key(screen: Screen[Any], ring: Keyring, name: str) -> PrivateKey | None:
    """A key to sign with; its passphrase is asked for if it was not given in this session.

    `None`: the user gave none. Raises `KeyringError`.
    """

    def open_it() -> PrivateKey:
        return ring.unlock(name) if ring.is_locked(name) else ring.load(name)

    try:
        return await asyncio.to_thread(open_it)  # tries what opened other keys, which takes its time
    except LockedKey:
        return await screen.app.push_screen_wait(Passphrase(ring, name))


class Passphrase(ModalScreen[PrivateKey | None]):
    """Asks until a passphrase opens the key. The result is the key; `None`: the user gave up."""

    CSS_PATH = "put_passphrase.tcss"
    BINDINGS = [("escape", "cancel", "cancel")]  # noqa: RUF012 - Textual's own declaration

    def __init__(self, ring: Keyring, name: str) -> None:
        super().__init__()
        self._ring, self._key_name = ring, name

    def compose(self) -> ComposeResult:
        """The window."""
        with Vertical(classes="window") as window:
            window.border_title = Content(f"passphrase of the key {safe_text(self._key_name, 40)}")
            window.border_subtitle = Content("enter unlock  esc cancel")
            yield Input(password=True, compact=True)
            yield Lines(id="verdict")
            yield Lines((("It is kept in memory until the program ends, and never written down.", "dim"),))

    @on(Input.Submitted)
    def take(self, event: Input.Submitted) -> None:
        """Tries it."""
        event.stop()
        try:
            passphrase = passphrase_bytes(event.value)
        except UsageError as problem:
            self._say(f"✗ {problem}", "bad")
        else:
            self._unlock(passphrase)

    @work(group="unlock", exclusive=True, exit_on_error=False, name="unlocking the key")
    async def _unlock(self, passphrase: bytes) -> None:
        self._say("… working it out; that takes a second on purpose", "accent")
        try:
            key = await asyncio.to_thread(self._ring.unlock, self._key_name, passphrase)
        except KeyringError as problem:
            self.query_one(Input).value = ""
            self._say(f"✗ {safe_text(str(problem))}", "bad")
        else:
            self.dismiss(key)

    def _say(self, text: str, role: Role) -> None:
        self.query_one("#verdict", Lines).show([((line, role),) for line in wrap(text, _WIDTH)[:2]])

    def action_cancel(self) -> None:
        """Gives up."""
        self.dismiss(None)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Whatever goes wrong in the background is told."""
        tell_failure(self.app, event)
