"""The line in which a filter is typed; the table follows each letter."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from ..bindings.registry import LEAVE, SUBMIT
from ..packets.filter import Completion
from ..text.safe import safe_text
from ..text.spans import Line, Span
from .bound import bound
from .lines import Lines
from .table_model import BadFilter

if TYPE_CHECKING:
    from .line_table import LineTable

GUIDE_HEIGHT = 3
"""Lines of guidance under the filter, for tables whose filters have a language."""


class FilterInput(Input):
    """A line to type in, where a paste can't bring control characters onto the screen."""

    BINDINGS = [bound(SUBMIT)]  # noqa: RUF012

    def validate_value(self, value: str) -> str:
        """The text with escapes for all that is not printable."""
        return value if value.isprintable() else safe_text(value)


class FilterBar(Vertical):
    """Shown by `open`; enter keeps the filter, esc removes it, up calls earlier ones back.

    Where the table guides, tab completes a word and down goes on to another completion, up back to the first one.
    """

    BINDINGS = [  # noqa: RUF012
        bound(LEAVE, "cancel"),
        ("tab", "complete", "complete the word"),
        ("down", "choose(1)", "the next completion, or a later filter"),
        ("up", "choose(-1)", "the completion before, or an earlier filter"),
    ]

    table: LineTable[Any] | None = None
    _problem: BadFilter | None = None
    _offers: Sequence[Completion] = ()
    _chosen = 0
    _back = 0
    """How many filters the user has gone back; 0: what is typed is new."""

    def compose(self) -> ComposeResult:
        """The parts of the line, and the guidance under it."""
        with Horizontal(classes="line"):
            yield Lines(((" / ", "key"),), classes="slash")
            yield FilterInput(compact=True, disabled=True)
            yield Lines(classes="verdict")
        yield Lines(classes="guide")

    def open(self, table: LineTable[Any]) -> None:
        """Lets the user type a filter for that table."""
        self.table, self._back = table, 0
        table.model.remember()
        self.add_class("open")
        self.set_class(table.model.guided, "guided")
        line = self.query_one(FilterInput)
        line.disabled = False
        line.placeholder = table.model.filter_hint
        line.value = table.model.filter_text
        line.cursor_position = len(line.value)
        self.screen.set_focus(line)  # at once: what is typed next must not run as commands
        self._show_guide()

    @on(Input.Changed)
    def try_filter(self, event: Input.Changed) -> None:
        """Filters by what was typed so far."""
        event.stop()
        self._back = 0
        self._try(event.value)

    def _try(self, text: str) -> None:
        if self.table is None:
            return
        self._problem, self._chosen = None, 0
        try:
            self.table.set_filter(text)
        except BadFilter as problem:
            self._problem = problem
            self._say("✗ " + (str(problem) if problem.position is None else f"at {problem.position + 1}"), bad=True)
        else:
            self._say(f"✓ {len(self.table.model.rows)} of {self.table.model.total}" if text else "")
        self._show_guide()

    def _say(self, text: str, bad: bool = False) -> None:
        self.query_one(".verdict", Lines).show((((safe_text(text, 40), "bad" if bad else "good"),),))

    def _show_guide(self) -> None:
        if self.table is None or not self.table.model.guided:
            return
        line, guide = self.query_one(FilterInput), self.query_one(".guide", Lines)
        self._offers = self.table.model.completions(line.value, line.cursor_position)
        width = max(20, guide.size.width or self.app.size.width - 6)
        earlier = bool(self.table.model.history)
        guide.show(guide_lines(self._problem, self._offers, self._chosen, line.scroll_offset.x, width, earlier=earlier))

    # -- completing ------------------------------------------------------------------------------------------

    def action_choose(self, step: int) -> None:
        """Goes to another completion; up from the first one, to earlier filters, and down from those."""
        if self._back or (step < 0 and self._chosen == 0):
            self._recall(self._back - step)
        elif self._offers:
            self._chosen = (self._chosen + step) % len(self._offers)
            self._show_guide()

    def _recall(self, back: int) -> None:
        """Puts a filter from the history into the line; 0: an empty one."""
        if self.table is None or not 0 <= back <= len(self.table.model.history):
            return
        line = self.query_one(FilterInput)
        self._back = back
        with self.prevent(Input.Changed):
            line.value = self.table.model.history[-back] if back else ""
        line.cursor_position = len(line.value)
        self._try(line.value)

    def action_complete(self) -> None:
        """Takes the completion that is marked."""
        if self._offers:
            offer, line = self._offers[self._chosen], self.query_one(FilterInput)
            line.value = line.value[: offer.start] + offer.text + line.value[offer.end :]
            line.cursor_position = offer.start + len(offer.text)

    # -- closing ---------------------------------------------------------------------------------------------

    @on(Input.Submitted)
    def keep(self, event: Input.Submitted) -> None:
        """Closes the line."""
        event.stop()
        self._close()

    def action_cancel(self) -> None:
        """Removes the filter and closes the line."""
        if self.table is not None:
            self.table.change_filter("")
        self._close()

    def _close(self) -> None:
        table, self.table = self.table, None
        self._problem = None
        self.remove_class("open", "guided")
        if table is not None:
            table.model.remember()
            self.screen.set_focus(table)
        self.query_one(FilterInput).disabled = True


def guide_lines(
    problem: BadFilter | None,
    offers: Sequence[Completion],
    chosen: int,
    scrolled: int,
    width: int,
    *,
    earlier: bool = False,
) -> list[Line]:
    """What is wrong and where, and how the word could go on; `GUIDE_HEIGHT` lines, the first under the text.

    `earlier`: there are earlier filters to call back.
    """
    lines: list[Line] = []
    if problem is not None:
        if problem.position is not None:
            marks = " " * max(0, problem.position - scrolled) + "^" * max(1, problem.length)
            lines.append(((marks, "bad"),))
        room = GUIDE_HEIGHT - len(lines) - bool(offers)
        lines += [((text, "bad"),) for text in wrap(safe_text(str(problem), 400), width)[:room]]
    if offers:
        lines.append(_offer_line(offers, chosen))
    if earlier and len(lines) < GUIDE_HEIGHT:
        lines.append((("↑ ", "key"), ("an earlier filter", "dim")))
    return [*lines, *((),) * (GUIDE_HEIGHT - len(lines))]


def _offer_line(offers: Sequence[Completion], chosen: int) -> Line:
    """The chosen one with its meaning, then those that follow it."""
    offer = offers[chosen]
    spans: list[Span] = [("tab ", "key"), (f"[{offer.text}] ", "strong"), (offer.meaning, "dim")]
    others = [*offers[chosen + 1 :], *offers[:chosen]]
    if others:
        spans += [("  ↓ ", "key"), (" ".join(other.text for other in others), "plain")]
    return tuple(spans)
