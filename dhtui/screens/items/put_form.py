"""The put form: a value, who signs it, how careful to be. Each letter shows what would be stored, and where."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.getters import query_one
from textual.widgets import Input
from textual.worker import Worker

from ...bindings.registry import LEAVE, SUBMIT, Action, form
from ...engine.commands import NodeCommands
from ...engine.items import ImmutableItem, Item, MutableItem
from ...engine.keys import PrivateKey
from ...errors import UsageError
from ...items.following import Follower
from ...items.keepalive import Keeper
from ...items.value import FORMS
from ...keyring import Entry, Keyring, KeyringError
from ...options.values import salt_text
from ...text.format import short_id
from ...text.safe import safe_text
from ...widgets.bound import bound
from ...widgets.lines import Lines
from ...widgets.pick import Pick
from ...widgets.source_input import SourceInput
from ..dialogs.fields import TABS, field
from ..dialogs.window import Window
from ..gate import opens
from ..keys.passphrase_form import unlock
from ..notify import notify, notify_failure
from .put_plan import Fields, Seen, over_labels, plan_words, preview_lines, read_plan, verdict_lines
from .put_run import PutRun
from .put_source import read_signed, read_value

_FORMS = tuple(FORMS)
_SOURCES = ("typed here", "a file", "a file signed elsewhere")
_TYPED, _FILE, _SIGNED = range(3)
_ACTIONS = ("put it", "dry run: look where it would go, and what is there")
_DRY = 1
_GO = "ctrl+s"
"""Goes from any field: in a value of several lines enter is a line break."""
_BREAK_LINE = Action("break_line", "enter", "new line", "Begin another line of the value.", 1, id="")


def _keys(*, in_lines: bool = False) -> tuple[Action, ...]:
    """The keys of the form; `in_lines`: where the focus is in a value of several lines."""
    submit, *others = form("go", "close")
    if in_lines:
        return (submit.fixed(_GO), _BREAK_LINE, *others)
    return (submit.fixed(f"{submit.keys},{_GO}", f"{submit.key} {_GO}"), *others)


_BLANK = {
    _TYPED: "type a value; an empty one is 0: as bencode",
    _FILE: "type the path of a file with the value",
    _SIGNED: "type the path of a file that `dhtui --do sign --out` wrote, on this machine or on another one",
}


class PutForm(Window[None]):
    """Asks what to put, and opens `PutRun` to put it; comes back from there with what was seen."""

    CSS_PATH = "put_form.tcss"
    BINDINGS = [bound(LEAVE, "close"), bound(SUBMIT), Binding(_GO, "submit", show=False), *TABS]  # noqa: RUF012
    ACTIONS = _keys()
    ABOUT = "Put an item (BEP 44). Each letter shows what would be stored, where, and signed by whom."
    AUTO_FOCUS = "#value"

    value: query_one[SourceInput] = query_one("#value", SourceInput)
    signer: query_one[Pick] = query_one("#signer", Pick)
    source: query_one[Pick] = query_one("#source", Pick)
    form: query_one[Pick] = query_one("#form", Pick)
    over: query_one[Pick] = query_one("#over", Pick)
    todo: query_one[Pick] = query_one("#todo", Pick)

    def __init__(
        self,
        node: NodeCommands,
        ring: Keyring | None,
        entries: Sequence[Entry],
        puts: deque[Item],
        *,
        key: bytes | None = None,
        salt: bytes = b"",
        keeper: Keeper | None = None,
        follower: Follower | None = None,
        seen: Seen | None = None,
    ) -> None:
        """`entries` are the keys to choose from; `key`, if it is the public half of one, and `salt` to begin with.

        To `puts` is added what is put; `follower` is told too. `seen` is what is at the target, as far as it is known.
        """
        super().__init__()
        self._puts = puts
        self._node, self._ring, self._entries, self._keeper = node, ring, tuple(entries), keeper
        self._salt = salt_text(salt) if salt else ""
        self._first = next((n for n, entry in enumerate(self._entries, 1) if key and entry.public == key), 0)
        self._read: bytes | Item | UsageError | None = None
        """What the file at the path gave, if it has been read."""
        self._seen = seen
        self._follower = follower

    def compose_body(self) -> ComposeResult:
        """The window."""
        with Vertical(classes="window") as window:
            window.border_title = Content("put an item")
            yield from field("signed by", Pick(self._signers(), self._first, id="signer"))
            yield from field("value is", Pick(_SOURCES, id="source"))
            yield from field("written as", Pick(_FORMS, id="form"))
            yield from field("value", SourceInput(id="value", lines=True))
            yield from field("salt", SourceInput(self._salt, id="salt", placeholder=_SALT))
            yield from field("seq", SourceInput(id="seq", placeholder=_SEQ))
            yield from field("put over", Pick(("whatever is there",), id="over"))
            yield from field("min. nodes", SourceInput("1", id="nodes"))
            yield Lines(id="preview")
            yield Lines(id="verdict")
            yield from field("enter does", Pick(_ACTIONS, id="todo"))

    def _signers(self) -> list[str]:
        return ["nobody: immutable", *map(_key_label, self._entries)]

    def on_mount(self) -> None:
        """Says what is missing."""
        self._check()

    # -- reading the fields ----------------------------------------------------------------------------------

    def _text(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value

    def _blank(self) -> bool:
        return not self._text("value")

    def _fields(self) -> Fields:
        """What stands in the fields. Raises `UsageError`."""
        if self._blank():
            raise UsageError(_BLANK[self.source.chosen])
        data, signed = self.value.data, None
        if self.source.chosen != _TYPED:
            if self._read is None or isinstance(self._read, UsageError):
                raise self._read or UsageError("the file is being read")
            data = self._read if isinstance(self._read, bytes) else b""
            signed = self._read if isinstance(self._read, ImmutableItem | MutableItem) else None
        chosen = self.signer.chosen
        return Fields(
            form=_FORMS[self.form.chosen],
            data=data,
            signer=self._entries[chosen - 1] if chosen else None,
            salt=self._text("salt"),
            seq=self._text("seq"),
            nodes=self._text("nodes"),
            careful=self.over.chosen == 0,
            most=self._node.k,
            signed=signed,
        )

    @on(Input.Changed)
    @on(Pick.Changed)
    def changed(self, event: Input.Changed | Pick.Changed) -> None:
        """Checks what stands there so far; reads the file, if that is where the value is."""
        event.stop()
        if event.control.id in ("value", "source", "form"):
            self._read = None
            if self.source.chosen != _TYPED and not self._blank():
                self._load()
        self._check()

    @work(group="file", exclusive=True, exit_on_error=False, name="reading the file")
    async def _load(self) -> None:
        await self._read_file()
        self._check()

    async def _read_file(self) -> None:
        text, form, signed = self._text("value"), _FORMS[self.form.chosen], self.source.chosen == _SIGNED

        def read() -> bytes | Item:
            return read_signed(text) if signed else read_value(text, form)

        try:
            self._read = await asyncio.to_thread(read)
        except UsageError as problem:
            self._read = problem

    def _check(self) -> None:
        """Shows what would be put, and whether it can be."""
        self._arrange()
        preview, verdict = self.query_one("#preview", Lines), self.query_one("#verdict", Lines)
        width = max(1, verdict.size.width or 74)
        try:
            fields = self._fields()
        except UsageError as problem:
            preview.show(())
            blank = self._blank() or (self._read is None and self.source.chosen != _TYPED)
            verdict.show(verdict_lines("…" if blank else "✗", str(problem), "dim" if blank else "bad", width))
            return
        self.over.offer(over_labels(self._seen, fields))
        fields = replace(fields, careful=self.over.chosen == 0)
        preview.show(preview_lines(fields, self._seen, width))
        try:
            plan = read_plan(fields, self._seen)
        except UsageError as problem:
            verdict.show(verdict_lines("✗", str(problem), "bad", width))
        else:
            verdict.show(verdict_lines("✓", plan_words(plan), "good", width))

    def own_actions(self) -> tuple[Action, ...]:
        """What enter does depends on the field."""
        return _keys(in_lines=self.value.has_focus and self.value.lines)

    def _arrange(self) -> None:
        """Fields that mean nothing for this kind of item are not shown; a path has one line."""
        self.value.allow_lines(self.source.chosen == _TYPED)
        self.show_keys()
        signed = self.source.chosen == _SIGNED
        mutable = self.signer.chosen > 0 and not signed
        shown = {"signer": not signed, "form": not signed, "salt": mutable, "seq": mutable, "over": mutable}
        for name, display in shown.items():
            self.query_one(f"#field-{name}").display = display

    def on_resize(self) -> None:
        """The sentences are fitted to the new size."""
        self.call_after_refresh(self._check)

    # -- putting ---------------------------------------------------------------------------------------------

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Enter in a field."""
        event.stop()
        self.action_submit()

    def action_submit(self) -> None:
        """Puts it, or looks where it would go."""
        self._submit()

    @opens("put")
    async def _submit(self) -> None:
        if self.source.chosen != _TYPED:
            await self._read_file()  # as it is now, not as it was when its name was typed
        self._check()
        try:
            plan = read_plan(self._fields(), self._seen)
        except UsageError:
            return  # it stands there already
        key = None
        if plan.signer is not None:
            assert self._ring is not None
            key = await self._key(self._ring, plan.signer.name)
            if key is None:
                return
        dry = self.todo.chosen == _DRY
        run = PutRun(
            self._node,
            plan,
            key,
            dry=dry,
            puts=self._puts,
            ring=self._ring,
            keeper=self._keeper,
            follower=self._follower,
        )
        self.app.push_screen(run, self._came_back)

    async def _key(self, ring: Keyring, name: str) -> PrivateKey | None:
        """A key to sign with; its passphrase is asked for once a session. `None`: there is none, and that was told."""
        try:
            return await asyncio.to_thread(ring.load, name) if await unlock(self.app, ring, name) else None
        except KeyringError as problem:
            notify(self.app, safe_text(str(problem)), bad=True)
            return None

    def _came_back(self, seen: Seen | None) -> None:
        """With what was seen, an update can be made of just that."""
        if seen is not None:
            self._seen = seen
        self.query_one("#value", Input).focus()
        self._keys_again()

    @work(group="keys", exclusive=True, exit_on_error=False, name="reading the keys")
    async def _keys_again(self) -> None:
        """The last seq of the key is another one now."""
        if self._ring is not None:
            names = [entry.name for entry in self._entries]
            found = {entry.name: entry for entry in await asyncio.to_thread(self._ring.list)}
            self._entries = tuple(found.get(name, entry) for name, entry in zip(names, self._entries, strict=True))
        self._check()

    def action_close(self) -> None:
        """Back to the screen below."""
        self.dismiss(None)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Whatever goes wrong in the background is told."""
        notify_failure(self.app, event)


_SALT = "none; another salt is another item of the same key"
_SEQ = "automatic: one more than the highest there is"


def _key_label(entry: Entry) -> str:
    if entry.public is None:
        return f"{safe_text(entry.name, 40)} ✗ damaged"
    state = " encrypted" if entry.encrypted else " ! public" if entry.is_public_test_key else ""
    return f"{safe_text(entry.name, 40)} {short_id(entry.public)}{state}"
