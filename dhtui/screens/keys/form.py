"""What the forms about keys have in common: fields, a verdict as one types, and work that takes its time."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap
from time import monotonic
from typing import ClassVar, TypeVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from ...bindings.registry import LEAVE, SUBMIT, Action, form
from ...engine.keys import BadKey
from ...keyring import KeyringError
from ...keyring.base import name_fault
from ...keyring.seal import passphrase_bytes
from ...text.safe import safe_text
from ...text.spans import Line, Role, clean
from ...widgets.bound import bound
from ...widgets.lines import Lines
from ...widgets.pick import Pick
from ...widgets.source_input import SourceInput
from ..dialogs.fields import TABS, field
from ..dialogs.window import Window
from .field import SecretInput

R = TypeVar("R")
WIDTH = 72
TICKS = 4
"""How often in a second the form says that it is still at work."""


def said(sign: str, text: str, role: Role) -> list[Line]:
    """A sentence behind a sign, its lines below each other; of very long ones the beginning."""
    first, *rest = wrap(safe_text(text, 6 * WIDTH), WIDTH - 2) or [""]
    return [((f"{sign} {first}", role),), *(((f"  {line}", role),) for line in rest)]


@dataclass(frozen=True, slots=True)
class FormState:
    """What the form says about what was typed."""

    lines: Sequence[Line]
    ready: bool = False
    """Whether it can be done."""


def good(text: str, *more: Line) -> FormState:
    """It can be done."""
    return FormState((*said("✓", text, "good"), *more), ready=True)


def missing(text: str, *more: Line) -> FormState:
    """Something has not been typed yet."""
    return FormState((*more, *said("…", text, "dim")))


def bad(text: str, *more: Line) -> FormState:
    """Something won't do."""
    return FormState((*more, *said("✗", text, "bad")))


class KeyForm(Window[R | None]):
    """Asks for something and does it, in a thread: keys are files, and a passphrase takes half a second.

    What goes wrong is a sentence in the form, which stays. The result is that of the work; `None`: nothing was done.
    """

    CSS_PATH = "key_form.tcss"
    BINDINGS = [  # noqa: RUF012 - Textual's own declaration
        bound(LEAVE, "cancel"),
        bound(SUBMIT),
        *TABS,
    ]
    HEADING: ClassVar[str]
    VERB: ClassVar[str]
    """What enter does, one or two words."""
    NOTES: ClassVar[Sequence[str]] = ()
    ABOUT = "What is typed is checked with each letter. Nothing happens before the form is told to do it."
    _since: float | None = None
    """When the work began; `None`: there is none."""

    # -- for subclasses --------------------------------------------------------------------------------------

    @abstractmethod
    def fields(self) -> Iterator[tuple[str, Widget]]:
        """The fields with their labels."""

    @abstractmethod
    def judge(self) -> FormState:
        """What is to be said about what was typed. Called for each letter: it must be quick."""

    @abstractmethod
    def prepare(self) -> Callable[[], R]:
        """The work, once `judge` has found it can be done. It is run in a thread, and raises `KeyringError`.

        Raises `BadKey` for what is only seen now, such as a passphrase that is too long.
        """

    # -- the window ------------------------------------------------------------------------------------------

    def compose_body(self) -> ComposeResult:
        """The window."""
        with Vertical(classes="window") as window:
            window.border_title = Content(clean(self.HEADING))
            for label, widget in self.fields():
                yield from field(label, widget)
            yield Lines(id="verdict")
            yield Lines(*(((line, "dim"),) for note in self.NOTES for line in wrap(note, WIDTH)), id="notes")

    def on_mount(self) -> None:
        """Says what is missing. What is said elsewhere has been read, and would lie over the form."""
        self.app.clear_notifications()
        self.check()

    def own_actions(self) -> tuple[Action, ...]:
        """The keys that this form has a use for."""
        several = len(self.query(".field")) > 1
        fields, choose = "next field" if several else "", "choose" if self.query(Pick) else ""
        return form(self.VERB, choose=choose, fields=fields)

    def text(self, name: str) -> str:
        """What stands in a field."""
        return self.query_one(f"#{name}", Input).value

    def chosen(self, name: str) -> str:
        """What was chosen."""
        pick = self.query_one(f"#{name}", Pick)
        return pick.labels[pick.chosen]

    @on(Input.Changed)
    @on(Pick.Changed)
    def check(self) -> None:
        """Judges what was typed so far."""
        if self._since is None:
            self.say(self.judge().lines)

    def say(self, lines: Sequence[Line]) -> None:
        """Shows some lines below the fields."""
        self.query_one("#verdict", Lines).show(lines)

    # -- doing it --------------------------------------------------------------------------------------------

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Enter in a field."""
        event.stop()
        self.action_submit()

    def action_submit(self) -> None:
        """Does it, if it can be done."""
        if self._since is not None:
            return
        verdict = self.judge()
        self.say(verdict.lines)
        if not verdict.ready:
            return
        try:
            work = self.prepare()
        except BadKey as problem:
            self.say(bad(str(problem)).lines)
        else:
            self.carry_out(work)

    @work(group="form", exclusive=True, exit_on_error=False, name="the form")
    async def carry_out(self, work: Callable[[], R]) -> None:
        """Does the work, and says all the while that it is being done."""
        self._since = monotonic()
        ticker = self.set_interval(1 / TICKS, self._tick)
        self._tick()
        try:
            result = await asyncio.to_thread(work)
        except (KeyringError, BadKey) as problem:
            self.say(bad(str(problem)).lines)
            self.refused(problem)
        else:
            self.dismiss(result)
        finally:
            self._since = None
            ticker.stop()

    def refused(self, problem: ValueError) -> None:
        """The work failed, and that was said."""

    def _tick(self) -> None:
        assert self._since is not None
        self.say(said("…", f"{self.progress()}, {monotonic() - self._since:.0f} s", "plain"))

    def progress(self) -> str:
        """What is being done."""
        return "at work"

    def action_cancel(self) -> None:
        """Nothing is to be done. What is being done comes to its end first: a save is not left half-way."""
        if self._since is None:
            self.dismiss(None)


# ---- fields that several forms have ------------------------------------------------------------------------


DERIVING = "making a key of the passphrase, which takes 256 MiB and a moment"


def name_field() -> tuple[str, Widget]:
    """The name of a new key."""
    return "name", SourceInput(id="name", placeholder="yours to choose, such as blog; not published")


def judge_name(name: str, taken: Sequence[str]) -> FormState | None:
    """Why a new key can't be called that; `None`: it can."""
    if not name:
        return missing("type a name for the key")
    if name in taken:
        return bad(f"there is a key {name} already, and it is kept")
    fault = name_fault(name)
    return bad(fault) if fault else None


def new_passphrase_fields(placeholder: str) -> Iterator[tuple[str, Widget]]:
    """A new passphrase, typed twice: nobody sees a slip in dots."""
    yield "passphrase", SecretInput(id="passphrase", placeholder=placeholder)
    yield "again", SecretInput(id="again", placeholder="the passphrase once more")


def judge_passphrase(form: KeyForm[R]) -> FormState | None:
    """Why a new passphrase can't be taken; `None`: it can, also an empty one."""
    first, again = form.text("passphrase"), form.text("again")
    if first == again:
        return None
    if first.startswith(again):
        return missing("type the passphrase again")
    return bad("the two passphrases are not the same")


def new_passphrase(form: KeyForm[R]) -> bytes | None:
    """What was typed, twice the same; `None`: nothing. Raises `BadKey` for one that is too long."""
    text = form.text("passphrase")
    return passphrase_bytes(text) if text else None
