"""A form that checks what is typed with each letter, says what it would do, and does it at enter."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.widgets import Input

from ...errors import UsageError
from ...text.safe import safe_text
from ...text.spans import Role
from ...widgets.lines import Lines
from ...widgets.pick import Pick
from ..items.put_plan import verdict_lines
from .window import Window

R = TypeVar("R")
Q = TypeVar("Q")

_WIDTH = 74
"""Cells of a sentence until the form has been laid out."""


class CheckedForm(Window[R], Generic[R, Q]):
    """Fields, and `Lines` with the id ``verdict`` that tell what they ask for, or what is wrong with that."""

    FIRST: ClassVar[str]
    """The id of the field that has to be filled: as long as it is blank, nothing is wrong yet."""
    _said: tuple[str, str, bool] = ("", "", False)

    # -- for subclasses --------------------------------------------------------------------------------------

    @abstractmethod
    def read(self) -> Q:
        """What the fields ask for. Raises `UsageError`, which says what is accepted."""

    @abstractmethod
    def tell(self, request: Q) -> None:
        """Says what would be done."""

    @abstractmethod
    def go(self, request: Q) -> None:
        """Does it."""

    def tell_fault(self, problem: str, *, blank: bool) -> None:
        """Says what is wrong, or is missing where the first field is `blank`."""
        self.say("…" if blank else "✗", problem, bad=not blank)

    def typed(self, event: Input.Changed) -> None:
        """Something was typed, and is about to be checked."""

    def chosen(self) -> None:
        """Something was chosen, and is about to be checked."""

    # -- the form --------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Says what is missing."""
        self.check()

    @on(Input.Changed)
    def follow_typing(self, event: Input.Changed) -> None:
        """Checks what was typed so far."""
        event.stop()
        self.typed(event)
        self.check()

    @on(Pick.Changed)
    def follow_choice(self, event: Pick.Changed) -> None:
        """Checks it with what was chosen."""
        event.stop()
        self.chosen()
        self.check()

    def check(self) -> None:
        """Says what would be done, or what is wrong."""
        try:
            request = self.read()
        except UsageError as problem:
            self.tell_fault(str(problem), blank=not self.query_one(f"#{self.FIRST}", Input).value.strip())
        else:
            self.tell(request)

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Enter in a field."""
        event.stop()
        self.action_submit()

    def action_submit(self) -> None:
        """Does what is asked for, if that can be done."""
        try:
            request = self.read()
        except UsageError:
            self.check()
        else:
            self.go(request)

    # -- a sentence ------------------------------------------------------------------------------------------

    def say(self, mark: str, text: str, bad: bool = False) -> None:
        """Shows a sentence."""
        self._said = mark, text, bad
        verdict = self.query_one("#verdict", Lines)
        role: Role = "bad" if bad else "good" if mark == "✓" else "dim"
        verdict.show(verdict_lines(mark, safe_text(text, 400), role, max(1, verdict.size.width or _WIDTH)))

    def say_again(self) -> None:
        """The sentence is fitted to the new size."""
        self.call_after_refresh(lambda: self.say(*self._said))
