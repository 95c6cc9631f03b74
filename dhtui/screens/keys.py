"""Keys: what is in the keyring. No private key is ever shown here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container
from textual.getters import query_one

from ..engine.snapshot import Snapshot
from ..keymap import key_of
from ..keyring import TEST_KEY_NAME, Entry, Keyring, KeyringError
from ..keyring.base import name_fault
from ..packets.parts import Link
from ..report import safe_text
from ..widgets.line_table import LineTable
from ..widgets.lines import Lines
from ..widgets.paint import Line, titled
from ..words import plural
from .base import ExplorerScreen, bindings
from .keys_rows import KEY_COLUMNS, key_details, key_forms, key_links
from .listing import row_forms, table_form
from .popup import Popup
from .prompt import Prompt
from .telling import tell
from .verbs import CopyForm, ExportForm

_RECORDED: tuple[Line, ...] = (
    (),
    ((" There are no keys in a recording: they never leave their machine.", "dim"),),
)
_NOTES = (
    "1 to 64 of A-Z a-z 0-9 . _ - are allowed, and . or - not in front. The name is for you only, it is not published.",
    "Who has the key can change its items; who loses it never can again. So keep a copy of the file.",
)


class KeysScreen(ExplorerScreen):
    """The list, and all about the selected key below it."""

    CSS_PATH = "keys.tcss"
    BINDINGS = bindings("keys")
    AUTO_FOCUS = "#keys"

    keys: query_one[LineTable[Entry]] = query_one("#keys", LineTable)
    _entries: tuple[Entry, ...] = ()

    def compose_body(self) -> ComposeResult:
        """The list and the details."""
        with Container(id="panes"):
            yield LineTable(KEY_COLUMNS, lambda entry: entry.name, title="keys", id="keys")
            yield Lines(id="detail", classes="box")

    # -- showing ---------------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Keys do not change by themselves: they are read when the screen is shown, and after a new one."""

    def on_screen_resume(self) -> None:
        """Reads the keys anew: another program may have made some."""
        super().on_screen_resume()
        self._read()

    @work(group="keys", exclusive=True, exit_on_error=False, name="reading the keys")
    async def _read(self, select: str = "") -> None:
        folder = self._folder()
        if folder is None:
            self.keys.set_empty(*_RECORDED)
            self._fill("keys", ())
            return
        try:
            # Files, and the curve for each: not in the loop that the node lives in.
            entries = await asyncio.to_thread(Keyring(folder).list)
        except KeyringError as problem:
            self.keys.set_empty((), ((f" ✗ {safe_text(str(problem))}", "bad"),))
            self._fill("keys", ())
            return
        own = plural(sum(entry.name != TEST_KEY_NAME for entry in entries), "key")
        self._fill(f"{own} in {safe_text(str(folder))}", entries)
        if select:
            self.keys.select(select)

    def _fill(self, title: str, entries: Sequence[Entry]) -> None:
        self._entries = tuple(entries)
        self.keys.title = title
        self.keys.show(self._entries)
        self.show_detail()

    def _folder(self) -> Path | None:
        return None if self.feed.replay is not None else self.host.keys_folder

    @on(LineTable.Selected, "#keys")
    def show_detail(self) -> None:
        """All about the selected key."""
        entry = self.keys.model.selected
        lines = key_details(entry) if entry else []
        if entry and len(self._entries) == 1:
            hint = " makes a key of your own, to publish items that only you can change."
            lines = [((key_of("keys.new_key"), "key"), (hint, "plain")), *lines]
        detail = self.query_one("#detail", Lines)
        detail.show(lines)
        detail.border_title = titled(detail, "key")

    @on(LineTable.Inspect, "#keys")
    def inspect(self) -> None:
        """The same in a window, for small terminals."""
        entry = self.keys.model.selected
        if entry is not None:
            self.app.push_screen(Popup(f"key {safe_text(entry.name, 40)}", key_details(entry)))

    # -- verbs -----------------------------------------------------------------------------------------------

    def links(self) -> Sequence[Link]:
        """What the selected key leads to."""
        entry = self.keys.model.selected
        return key_links(entry) if entry else ()

    def copy_forms(self) -> Sequence[CopyForm]:
        """The public half of the selected key."""
        entry = self.keys.model.selected
        return (*key_forms(entry), *row_forms(self.keys)) if entry else ()

    def exports(self) -> Sequence[ExportForm]:
        """The list."""
        return (table_form(self.keys, "keys"),) if self._entries else ()

    def here(self) -> Link | None:
        """The selected key."""
        entry = self.keys.model.selected
        return Link("key", entry.public, safe_text(entry.name, 40)) if entry and entry.public else None

    def open_link(self, link: Link) -> bool:
        """Selects a key of ours by its public half."""
        folder = self._folder()
        if link.kind != "key" or folder is None:
            return False
        if not self._entries:  # never shown before, and whether the key is here is asked now
            try:
                self._fill("keys", Keyring(folder).list())
            except KeyringError:
                return False
        entry = next((entry for entry in self._entries if entry.public == link.value), None)
        if entry is not None:
            self.keys.set_filter("")
            self.keys.select(entry.name)
            self.keys.focus()
        return entry is not None

    # -- actions ---------------------------------------------------------------------------------------------

    @work(group="new key", exclusive=True, exit_on_error=False, name="a new key")
    async def action_new_key(self) -> None:
        """Makes a key under a name that the user gives."""
        folder = self._folder()
        if folder is None:
            tell(self, "This is a recording: keys are made while a node runs.")
            return
        name = await self.app.push_screen_wait(Prompt("new key: its name", _NOTES, self._fault, "my-key"))
        if name is None:
            return
        try:
            await asyncio.to_thread(Keyring(folder).generate, name)
        except KeyringError as problem:
            tell(self, f"No key was made: {safe_text(str(problem))}", bad=True)
        else:
            tell(self, f"The key {name} is made; its file is {safe_text(str(folder / name))}.")
        self._read(select=name)

    def _fault(self, name: str) -> str:
        """Why a key can't be called that, or ""."""
        if any(entry.name == name for entry in self._entries):
            return f"there is a key {safe_text(name, 64)} already; it is kept"
        return name_fault(name) or ""
