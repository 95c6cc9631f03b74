"""The command bar: one line to type in, how it could go on, and what it would do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from textwrap import wrap
from typing import ClassVar, TypeAlias

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.getters import query_one
from textual.suggester import Suggester
from textual.widgets import Input

from ...bindings.registry import BAR, LEAVE, SUBMIT, Action, View
from ...errors import UsageError, nearest, quoted
from ...keyring import Keyring, KeyringError
from ...text.safe import safe_text
from ...text.spans import Role
from ...widgets.bound import bound
from ...widgets.filter_bar import FilterInput
from ...widgets.line_table import LineTable
from ...widgets.lines import Lines
from ...widgets.table_model import Column
from ..dialogs.window import Window
from .doing import Do, Here, read
from .names import BY_A_NAME, Command, commands, found, typed_command
from .words import Known, completed, offers


@dataclass(frozen=True, slots=True)
class Offer:
    """One way in which the line could go on."""

    place: int
    text: str
    """What is shown, and for a word what is typed."""
    about: str
    key: str = ""
    command: Command | None = None
    """What would be done; `None`: it is a word of the arguments."""
    fit: float = 1.0


COLUMNS: tuple[Column[Offer], ...] = (
    Column("", 28, lambda offer: ((offer.text, "strong"),), middle=True),
    Column("", 20, lambda offer: ((offer.about, "plain"),), grow=True),
    Column("", 7, lambda offer: ((offer.key, "key"),), rank=1),
)
Chosen: TypeAlias = tuple[str, Command | Do]
"""The line, to be remembered, and what is to be done."""


class CommandInput(FilterInput):
    """The line."""


class _Ghost(Suggester):
    """Shows in grey how the line goes on if it is completed."""

    def __init__(self, bar: CommandBar) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._bar = bar

    async def get_suggestion(self, value: str) -> str | None:
        """The line completed, where that begins with what stands there."""
        line = self._bar.ghost(value)
        return line if line is not None and line.startswith(value) else None


class CommandBar(Window[Chosen | None]):
    """Takes one command. The result is what to do; `None`: nothing."""

    CSS_PATH = "bar.tcss"
    BINDINGS = [  # noqa: RUF012 - Textual's own declaration
        Binding("tab", "complete", show=False, priority=True),
        Binding("up", "choose(-1)", show=False, priority=True),
        Binding("down", "choose(1)", show=False, priority=True),
        bound(LEAVE, "cancel"),
        bound(SUBMIT),
    ]
    ACTIONS = BAR
    ABOUT: ClassVar[str] = (
        "Type the name of a command, and what it takes. Each action of every screen is a command by its name, too; "
        "docs/keys.md lists them all. What is marked is done at enter, if nothing else is named."
    )
    AUTO_FOCUS = "CommandInput"

    table: query_one[LineTable[Offer]] = query_one("#offers", LineTable)

    def __init__(self, here: Here, view: View, known: Known, ring: Keyring | None = None) -> None:
        """`view` is the screen that is shown, `ring` holds the user's keys."""
        super().__init__()
        self._here, self._view, self._known, self._ring = here, view, known, ring
        self._marked = False
        """The user has marked an offer."""
        self._back = 0
        """How many commands the user has gone back; 0: what is typed is new."""

    def compose_body(self) -> ComposeResult:
        """The window."""
        with Vertical(classes="window") as window:
            window.border_title = Content("command")
            with Horizontal(classes="typing"):
                yield Lines(((": ", "key"),), classes="sign")
                yield CommandInput(compact=True, suggester=_Ghost(self))
            yield Lines(id="verdict")
            yield LineTable(COLUMNS, lambda offer: offer.place, id="offers")

    def on_mount(self) -> None:
        """Offers all there is."""
        self.table.can_focus = False
        self._follow("")
        if self._ring is not None:
            self._read_keys(self._ring)

    @work(group="keys", exclusive=True, exit_on_error=False, name="reading the names of the keys")
    async def _read_keys(self, ring: Keyring) -> None:
        """The names of the keys complete arguments; they are files."""
        try:
            entries = await asyncio.to_thread(ring.list)
        except KeyringError:
            return
        self._here = replace(self._here, entries=tuple(entries))
        self._known = replace(self._known, keys=tuple(safe_text(entry.name, 60) for entry in entries))
        self._follow(self._line.value)

    def own_actions(self) -> tuple[Action, ...]:
        """Its keys."""
        return self.ACTIONS

    @property
    def _line(self) -> CommandInput:
        return self.query_one(CommandInput)

    # -- what is offered -------------------------------------------------------------------------------------

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        """Another letter."""
        event.stop()
        self._back = 0
        self._follow(event.value)

    def _follow(self, line: str) -> None:
        """Offers what fits the line, and says what it would do."""
        self._marked = False
        self.table.show(self._offers(line))
        self.table.action_edge(-1)
        self._judge(line)

    def _offers(self, line: str) -> list[Offer]:
        typed = typed_command(line)
        if typed is not None:
            command, rest = typed
            words = offers(command, rest, self._known)
            return [Offer(n, safe_text(word, 200), safe_text(about, 200)) for n, (word, about) in enumerate(words)]
        return [
            Offer(n, command.usage, _about(command), command.action.hint, command, fit)
            for n, (fit, command) in enumerate(found(line, self._view))
        ]

    def _judge(self, line: str) -> None:
        typed = typed_command(line)
        if typed is None or not typed[1].strip():
            earlier = "  ↑ an earlier command" if self._known.memory.commands and not line else ""
            usage = f"{typed[0].usage}; for example: {typed[0].example}" if typed is not None else ""
            self._say(usage or ("" if line.strip() else f"type a name, or what you want to do{earlier}"), "dim")
            return
        try:
            words, _ = read(*typed, self._here)
        except UsageError as problem:
            begun = bool(self.table.model.rows)  # there is a way to go on
            self._say(f"{'…' if begun else '✗'} {problem}", "dim" if begun else "bad")
        else:
            self._say(f"✓ {words}", "good")

    def _say(self, text: str, role: Role) -> None:
        verdict = self.query_one("#verdict", Lines)
        verdict.show([((line, role),) for line in wrap(safe_text(text, 400), max(20, verdict.size.width or 74))[:2]])

    # -- moving ----------------------------------------------------------------------------------------------

    def ghost(self, line: str) -> str | None:
        """The line, completed by the likeliest offer."""
        found = self._offers(line)
        return self._completed(line, found[0]) if found and line.strip() else None

    def _completed(self, line: str, offer: Offer) -> str:
        """The line with an offer in it."""
        typed = typed_command(line)
        if offer.command is None:
            assert typed is not None
            return completed(*typed, offer.text)
        takes = offer.command.typed is not None and offer.command.typed.arguments
        return f"{offer.command.name} " if takes else offer.command.name

    def action_complete(self) -> None:
        """Puts the marked offer into the line."""
        offer = self.table.model.selected
        if offer is not None and (self._line.value.strip() or self._marked):
            self._put(self._completed(self._line.value, offer))

    def _put(self, line: str) -> None:
        self._line.value = line
        self._line.cursor_position = len(line)

    def action_choose(self, step: int) -> None:
        """Marks another offer; up from the first one, an earlier command, and down from that a later one."""
        at_first = self.table.model.cursor == 0 and not (self._marked and step > 0)
        if self._back or (step < 0 and at_first):
            self._recall(self._back - step)
        else:
            if self._marked or step < 0 or self._line.value.strip():
                self.table.action_move(step)
            self._marked = True

    def _recall(self, back: int) -> None:
        earlier = self._known.memory.commands
        if not 0 <= back <= len(earlier):
            return
        with self.prevent(Input.Changed):
            self._put(earlier[-back] if back else "")
        self._back = back
        self._follow(self._line.value)

    # -- doing it --------------------------------------------------------------------------------------------

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Enter in the line."""
        event.stop()
        self.action_submit()

    @on(LineTable.Inspect)
    def clicked(self, message: LineTable.Inspect) -> None:
        """A double click on an offer."""
        message.stop()
        self._marked = True
        self.action_submit()

    def action_submit(self) -> None:
        """Does what the line says, or what is marked."""
        line, offer = self._line.value, self.table.model.selected
        if typed_command(line) is not None:
            self._do_typed(self._completed(line, offer) if self._marked and offer is not None else line)
        elif offer is None or offer.command is None or (line.strip() and not self._marked and offer.fit < BY_A_NAME):
            self._refuse(line)
        elif not line.strip() and not self._marked:
            self._say("type a name, or mark one with ↓", "dim")
        elif offer.command.act is None:
            self._put(f"{offer.command.name} ")
        else:
            self.dismiss((offer.command.name, offer.command))

    def _do_typed(self, line: str) -> None:
        typed = typed_command(line)
        assert typed is not None
        try:
            _, do = read(*typed, self._here)
        except UsageError as problem:
            self._say(f"✗ {problem}", "bad")
        else:
            self.dismiss((line, do))

    def _refuse(self, line: str) -> None:
        name, names = line.strip().partition(" ")[0], [command.name for command in commands(self._view)]
        near = nearest(name, names)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(names[:12])} …"
        other = "; ↓ marks what was found by its sentence" if self.table.model.rows else ""
        self._say(f"✗ {quoted(name)} is no command: {hint}{other}", "bad")

    def action_cancel(self) -> None:
        """Does nothing."""
        self.dismiss(None)


def _about(command: Command) -> str:
    return f"{command.view.title}: {command.help}" if command.view is not None else command.help
