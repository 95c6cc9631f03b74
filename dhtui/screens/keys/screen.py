"""Keys: what is in the keyring, and all that can be done with it. The private half is in one window only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container
from textual.getters import query_one

from ...bindings.keymap import key_of
from ...engine.views.snapshot import Snapshot
from ...keyring import TEST_KEY_NAME, Entry, Keyring, KeyringError
from ...packets.parts import Link
from ...text.format import plural
from ...text.safe import safe_text
from ...text.spans import Line
from ...widgets.line_table import LineTable
from ...widgets.lines import Lines
from ...widgets.paint import titled
from ..base import STACKED, ExplorerScreen, bindings
from ..gate import opens
from ..items.mine_rows import mine_rows
from ..listing import row_forms, table_form
from ..notify import notify
from ..verbs import CopyForm, ExportForm
from . import courses
from .rows import KEY_COLUMNS, key_details, key_forms, key_links
from .signed import Signed, signed_items, signed_lines, signed_links

_RECORDED: tuple[Line, ...] = (
    (),
    ((" There are no keys in a recording: they never leave their machine.", "dim"),),
)


_NO_KEYS = "This is a recording: keys are there while a node runs."


class KeysScreen(ExplorerScreen):
    """The list, and all about the selected key below it."""

    CSS_PATH = "keys.tcss"
    BINDINGS = bindings("keys")
    HORIZONTAL_BREAKPOINTS = STACKED
    AUTO_FOCUS = "#keys"

    keys: query_one[LineTable[Entry]] = query_one("#keys", LineTable)
    _entries: tuple[Entry, ...] = ()
    _signed: Sequence[Signed] = ()
    """The items of the selected key."""
    _signed_as_of: tuple[object, ...] = ()
    """All that they depend on."""
    _fitted = 0
    """The width that the details were made for."""
    _select = ""
    """The key to be selected when the list is read next."""

    def compose_body(self) -> ComposeResult:
        """The list and the details."""
        with Container(id="panes"):
            yield LineTable(KEY_COLUMNS, lambda entry: entry.name, title="keys", id="keys")
            with Container(id="about"):
                yield Lines(id="detail", classes="box")
                yield Lines(id="signed", classes="box")

    # -- showing ---------------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Keys do not change by themselves: they are read when the screen is shown, and after a new one.

        What became of their items does, and so does the width, which the pane has later than the screen its size.
        """
        if self.query_one("#detail", Lines).size.width != self._fitted:
            self.show_detail()
        self._show_signed()

    def on_screen_resume(self) -> None:
        """Reads the keys anew: another program may have made some."""
        super().on_screen_resume()
        self._read()

    @work(group="keys", exclusive=True, exit_on_error=False, name="reading the keys")
    async def _read(self) -> None:
        keyring = self.keyring
        if keyring is None:
            self.keys.set_empty(*_RECORDED)
            self._fill("keys", ())
            return
        try:
            # Files, and the curve for each: not in the loop that the node lives in.
            entries = await asyncio.to_thread(keyring.list)
        except KeyringError as problem:
            self.keys.set_empty((), ((f" ✗ {safe_text(str(problem))}", "bad"),))
            self._fill("keys", ())
            return
        own = plural(sum(entry.name != TEST_KEY_NAME for entry in entries), "key")
        self._fill(f"{own} in {safe_text(str(keyring.folder))}", entries)
        if self._select:
            self.keys.select(self._select)
            self._select = ""

    def _fill(self, title: str, entries: Sequence[Entry]) -> None:
        self._entries = tuple(entries)
        self.keys.title = title
        self.keys.show(self._entries)
        self.show_detail()

    @on(LineTable.Selected, "#keys")
    def show_detail(self) -> None:
        """All about the selected key."""
        entry = self.keys.model.selected
        detail = self.query_one("#detail", Lines)
        self._fitted = detail.size.width
        lines = key_details(entry, self._is_open(entry), width=self._fitted, puts=False) if entry else []
        if entry and len(self._entries) == 1:
            hint = " makes a key of your own, to publish items that only you can change."
            lines = [((key_of("keys.new_key"), "key"), (hint, "plain")), *lines]
        detail.show(lines)
        detail.border_title = titled(detail, f"key {safe_text(entry.name, 64)}" if entry else "key")

        self._show_signed()

    def _show_signed(self) -> None:
        """The items of the selected key, if anything about them is new."""
        entry, follower, keeper = self.keys.model.selected, self.host.follower, self.host.keeper
        pane = self.query_one("#signed", Lines)
        as_of: tuple[object, ...] = (entry, pane.size)
        if follower is not None:
            as_of = (*as_of, int(follower.clock()), follower.items, keeper and keeper.items)
        if as_of == self._signed_as_of:
            return
        self._signed_as_of = as_of
        rows = mine_rows(follower, keeper, {}, of=entry.public) if entry and entry.public else ()
        self._signed = signed_items(entry, rows) if entry else []
        known = entry is not None and entry.public is not None
        pane.show(signed_lines(self._signed, pane.size.width, max(1, pane.size.height)) if known else [])
        pane.border_title = titled(
            pane, f"items of {safe_text(entry.name, 40)}, times in UTC" if entry and known else "items"
        )

    def _is_open(self, entry: Entry) -> bool:
        keyring = self.keyring
        return keyring is not None and entry.public is not None and keyring.vault.get(entry.public) is not None

    @on(LineTable.Inspect, "#keys")
    def inspect(self) -> None:
        """The same in a window, for small terminals."""
        entry = self.keys.model.selected
        if entry is not None:
            title, lines = f"key {safe_text(entry.name, 40)}", key_details(entry, self._is_open(entry))
            self.show_details(self.keys, title, lines, "export_key", "passphrase", "rename_key", "delete_key", "reveal")

    # -- verbs -----------------------------------------------------------------------------------------------

    def links(self) -> Sequence[Link]:
        """What the selected key leads to."""
        entry = self.keys.model.selected
        return [*key_links(entry), *signed_links(self._signed)] if entry else ()

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
        keyring = self.keyring
        if link.kind != "key" or keyring is None:
            return False
        if not self._entries:  # never shown before, and whether the key is here is asked now
            try:
                self._fill("keys", keyring.list())
            except KeyringError:
                return False
        entry = next((entry for entry in self._entries if entry.public == link.value), None)
        if entry is not None:
            self.keys.change_filter("")
            self.keys.select(entry.name)
            self.keys.focus()
        return entry is not None

    # -- actions ---------------------------------------------------------------------------------------------

    def action_new_key(self) -> None:
        """Makes a key."""
        self._follow(lambda keyring: courses.new_key(self.app, keyring, self._names()))

    def action_import_key(self) -> None:
        """Takes a private key in."""
        self._follow(lambda keyring: courses.import_key(self.app, keyring, self._names()))

    def action_export_key(self) -> None:
        """Gives the selected private key out."""
        self._follow_one(lambda keyring, entry: courses.export_key(self.app, keyring, entry), builtin=True)

    def action_passphrase(self) -> None:
        """Encrypts the selected key, or what else can be done with its passphrase."""
        self._follow_one(lambda keyring, entry: courses.passphrase(self.app, keyring, entry))

    def action_rename_key(self) -> None:
        """Gives the selected key another name."""
        names = self._names()
        self._follow_one(lambda keyring, entry: courses.rename_key(self.app, keyring, entry, names), damaged=True)

    def action_delete_key(self) -> None:
        """Removes the selected key."""
        self._follow_one(lambda keyring, entry: courses.delete_key(self.app, keyring, entry), damaged=True)

    def action_reveal(self) -> None:
        """Shows the selected private key."""
        self._follow_one(lambda keyring, entry: courses.reveal(self.app, keyring, entry), builtin=True)

    def _names(self) -> list[str]:
        return [entry.name for entry in self._entries]

    def _follow_one(
        self,
        course: Callable[[Keyring, Entry], Awaitable[courses.Done | None]],
        *,
        builtin: bool = False,
        damaged: bool = False,
    ) -> None:
        """Does something with the selected key, if that is one it can be done with."""
        entry = self.keys.model.selected
        if entry is None:
            notify(self, "No key is selected." if self.keyring else _NO_KEYS)
        elif entry.path is None and not builtin:
            notify(self, f"{entry.name} is built in: it stays as it is.")
        elif entry.damaged and not damaged:
            notify(self, f"That can't be done with a damaged key: {safe_text(entry.damaged)}", bad=True)
        else:
            self._follow(lambda keyring: course(keyring, entry))

    @opens("keys")
    async def _follow(self, course: Callable[[Keyring], Awaitable[courses.Done | None]]) -> None:
        keyring = self.keyring
        if keyring is None:
            notify(self, _NO_KEYS)
            return
        try:
            done = await course(keyring)
        except KeyringError as problem:
            notify(self, f"Nothing was done: {safe_text(str(problem), 400)}", bad=True)
        else:
            if done is not None and done.text:
                notify(self, done.text)
            self._select = done.select if done else ""
        self._read()
