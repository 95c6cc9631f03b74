"""Two writers, one key: your value, theirs, and the one that yours was made from, next to each other."""

from __future__ import annotations

from collections.abc import Mapping

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.events import Resize
from textual.geometry import Size
from textual.worker import Worker

from ...actions import run as actions
from ...bindings.registry import LEAVE, SUBMIT, form, view
from ...engine.commands import NodeCommands
from ...engine.items import MutableItem
from ...items.conflict import Conflict, Whose, reread
from ...text.actions.items import conflict_words
from ...text.format import plural
from ...text.safe import safe_text
from ...text.spans import Line, Role
from ...widgets.bound import bound
from ...widgets.lines import Lines
from ...widgets.pick import Pick
from ...widgets.scroll_lines import ScrollLines
from ..dialogs.window import Window
from ..notify import notify_failure
from .put_plan import verdict_lines
from .value import Form, following, value_lines

_REREAD, _GIVE_UP = "read theirs again", "give up: leave theirs"
_VIEW_AS = next(action for action in view("items").actions if action.name == "view_as")


class ConflictView(Window[Conflict | None]):
    """The result is the conflict, if yours is to be put in the place of theirs; `None`: theirs are left."""

    CSS_PATH = "conflict_view.tcss"
    BINDINGS = [  # noqa: RUF012 - Textual's own declaration
        bound(LEAVE, "give_up"),
        bound(SUBMIT, "go"),
        bound(_VIEW_AS),
    ]
    ACTIONS = (*form("do it", "give up", fields="values")[:-1], _VIEW_AS, form("", "give up")[-1])
    ABOUT = (
        "Another value is in the way of yours: another writer's, or one put from here earlier. Both, and what yours "
        "was made from, are shown."
    )
    AUTO_FOCUS = "#todo"

    def __init__(
        self,
        node: NodeCommands,
        conflict: Conflict,
        target: bytes,
        salt: bytes,
        by: Mapping[MutableItem, Whose],
        *,
        own: bool,
    ) -> None:
        """`by`: who put the values that are in the way, where that is known. `own`: the key is at hand, so that yours
        can be signed once more."""
        super().__init__()
        self._node, self._conflict, self._target, self._salt, self._own = node, conflict, target, salt, own
        self._by = by
        self._form: Form = "text"
        self._note = ""
        self._fitted: tuple[Size, ...] = ()

    def compose_body(self) -> ComposeResult:
        """The window."""
        with Vertical(classes="window") as window:
            others = any(self._whose(item) is Whose.THEIRS for item in self._conflict.theirs)
            what = "somebody else has written too" if others else "another value is there already"
            window.border_title = Content(f"conflict: {what}")
            yield Lines(id="what")
            with Container(id="panes"):
                for name in ("yours", "theirs", "base"):
                    yield ScrollLines(id=name, classes="box")
            yield Pick(self._choices(), id="todo")

    def _choices(self) -> list[str]:
        over = f"put yours over seq {self._conflict.newest}"
        return [_GIVE_UP, _REREAD, over] if self._own else [_GIVE_UP, _REREAD]

    def on_mount(self) -> None:
        """Shows the values."""
        self.call_after_refresh(self._show)

    @on(Resize)
    def fit_again(self) -> None:
        """The values are fitted to the new size."""
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        """Shows the values, fitted to their panes; once more if these have another size after that."""
        sizes = tuple(pane.size for pane in (self.query_one("#what", Lines), *self.query(ScrollLines)))
        if sizes != self._fitted:
            self._fitted = sizes
            self.call_after_refresh(self._show)
        conflict = self._conflict
        what = self.query_one("#what", Lines)
        text = safe_text(conflict_words(conflict), 400)
        what.show(verdict_lines("✗", f"{text}{self._note}", "bad", max(1, what.size.width)))
        yours = "not put" if conflict.seq is None else f"seq {conflict.seq}"
        self._fill("yours", f"yours, {yours}", conflict.yours)
        if conflict.base is None:
            self._pane("base").show("base", ((("Nobody looked what was there before.", "dim"),),))
        else:
            self._fill("base", f"base, seq {conflict.base.seq}: yours was made from it", conflict.base.v)
        theirs = self._pane("theirs")
        theirs.show(self._title_of_theirs(), self._theirs(conflict.theirs, theirs.room))

    def _pane(self, name: str) -> ScrollLines:
        return self.query_one(f"#{name}", ScrollLines)

    def _fill(self, name: str, title: str, v: bytes) -> None:
        pane = self._pane(name)
        pane.show(title, value_lines(v, self._form, pane.room))

    def _whose(self, item: MutableItem) -> Whose:
        return self._by.get(item, Whose.THEIRS)

    def _title_of_theirs(self) -> str:
        theirs = self._conflict.theirs
        if len(theirs) == 1:
            return f"{self._whose(theirs[0])}, seq {theirs[0].seq}"
        all_theirs = all(self._whose(item) is Whose.THEIRS for item in theirs)
        return f"{'theirs' if all_theirs else 'in the way'}: {plural(len(theirs), 'value')}, newest first"

    def _theirs(self, theirs: tuple[MutableItem, ...], width: int) -> list[Line]:
        lines: list[Line] = []
        for item in theirs:
            if len(theirs) > 1:
                by = self._whose(item)
                lines.append(((f"seq {item.seq}{'' if by is Whose.THEIRS else f', {by}'}", "strong"),))
            lines += value_lines(item.v, self._form, width)
        return lines

    # -- what to do ------------------------------------------------------------------------------------------

    def action_go(self) -> None:
        """Does what is chosen."""
        match self.query_one(Pick).chosen:
            case 0:
                self.dismiss(None)
            case 1:
                self._read_again()
            case _:
                self.dismiss(self._conflict)

    @work(group="read", exclusive=True, exit_on_error=False, name="reading again")
    async def _read_again(self) -> None:
        self._say("; reading again …", "accent")
        result = await actions.get(self._node, self._target, self._salt)
        before = self._conflict
        if result.outcome is not None:
            self._conflict = reread(before, result.outcome)
        same = self._conflict.theirs == before.theirs
        self._note = "; read again: theirs is as it was" if same else "; read again: there is a newer value"
        self.query_one(Pick).offer(self._choices(), self.query_one(Pick).chosen)
        self._show()

    def _say(self, text: str, role: Role) -> None:
        what = self.query_one("#what", Lines)
        words = safe_text(conflict_words(self._conflict), 400) + text
        what.show(verdict_lines("…", words, role, max(1, what.size.width)))

    def action_give_up(self) -> None:
        """Leaves theirs."""
        self.dismiss(None)

    def action_view_as(self) -> None:
        """Shows the values in the next form."""
        self._form = following(self._form)
        self._show()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Whatever goes wrong in the background is told."""
        notify_failure(self.app, event)
