"""A window over a screen: what all of them have in common. It owns its keys, its footer, and esc."""

from __future__ import annotations

from math import inf
from typing import ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Input

from ...bindings.registry import ALWAYS, CHOOSE, GLOBAL, LIST, Action, form, is_text, moves
from ...widgets.bound import bound
from ...widgets.chrome import Footer
from ...widgets.filter_bar import FilterBar, FilterInput
from ...widgets.line_table import LineTable
from ...widgets.pick import Pick
from ...widgets.scroll_lines import ScrollLines
from ...widgets.selecting import Selecting

R = TypeVar("R")
_BAR = next(action for action in GLOBAL if action.name == "command_bar")._replace(rank=0)
_CHOOSES = tuple(action.name for action in CHOOSE)


def is_open(window: Screen[R]) -> bool:
    """Whether a window can be closed: it is there, and no other one lies over it."""
    return window.is_attached and window.app.screen is window


def list_keys(focused: Widget | None) -> tuple[Action, ...]:
    """The keys of what has the focus, if it is a list or scrolls. Esc is one of them where it clears a filter."""
    if isinstance(focused, ScrollLines):
        return moves()
    if not isinstance(focused, LineTable):
        return ()
    if not focused.model.filter_text:
        return LIST
    return tuple(action._replace(label="clear filter", rank=1) if action.name == "clear" else action for action in LIST)


def types_filter(focused: Widget | None) -> bool:
    """Whether what has the focus is the line of a filter."""
    return isinstance(focused, FilterInput) and isinstance(focused.parent, Widget) and focused.parent.has_class("line")


FILTER_KEYS = form("keep the filter", "clear filter", choose="", fields="")
"""The keys of that line: enter, and esc."""


def help_in_field() -> Action:
    """What shows the help where text is typed: not by a key that is text."""
    keys = [key for key in ALWAYS[0].keys.split(",") if not is_text(key)]
    return ALWAYS[0].fixed(keys[0]) if keys else ALWAYS[0]


class Window(Selecting[R], ModalScreen[R]):
    """A window that closes once, whatever keys are still on their way to it. Textual's own would close another one.

    A subclass gives `compose_body`, and in `ACTIONS` all of its keys: the footer names them, the help explains them,
    and no other ones work. Esc goes one up, wherever the focus is: the first one clears the filter of a list.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = ()
    """Its own keys; the last one closes it."""
    ABOUT: ClassVar[str] = ""
    """What it is for, for the help."""
    SIGNS: ClassVar[tuple[tuple[str, str], ...]] = ()
    """The signs that it shows, for the help, each with its meaning."""
    BINDINGS: ClassVar[list[BindingType]] = [bound(ALWAYS[0], "app.help"), bound(_BAR, "app.command_bar")]

    dismissed = False
    """Whether it was closed."""
    painted = 0.0
    """When what it shows was first seen, by the clock of events, where it came by itself; infinite: not yet."""

    def compose_body(self) -> ComposeResult:
        """What is in it."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """The body, a line for the filters of its lists, and the footer."""
        yield from self.compose_body()
        yield FilterBar()
        yield Footer(id="keys")

    def on_mount(self) -> None:
        """Names the keys."""
        self.show_keys()

    def render(self) -> BackgroundScreen:
        """What lies below it, dimmed.

        Textual's own takes that from a list which all windows of one drawing share: where one of several is drawn
        from its cache, those below it take a wrong one, and everything behind them is blank.
        """
        stack = self.app.screen_stack
        for below in stack:
            if isinstance(below, Window) and below is not self:
                below._set_dirty()  # Textual does so for the lowest and the topmost only: those between show the past
        place = stack.index(self) if self in stack else 0  # it may have been closed just now
        return BackgroundScreen(stack[max(place - 1, 0)], self.styles.background)

    def actions_now(self) -> tuple[Action, ...]:
        """All keys that work now. Where text is typed, those that are letters are text."""
        own, focused = self.own_actions(), self.focused
        if types_filter(focused):
            return FILTER_KEYS
        if isinstance(focused, Input):
            own = tuple(action for action in own if action.in_fields)
        if not isinstance(focused, Pick):
            own = tuple(action for action in own if action.name not in _CHOOSES)
        names = {action.name for action in own}
        lists = tuple(action for action in list_keys(focused) if action.name not in names)
        taken = {key for action in lists if action.label for key in action.keys.split(",")}
        return (*(action for action in own if action.keys.partition(",")[0] not in taken), _BAR, *lists)

    def own_actions(self) -> tuple[Action, ...]:
        """All keys of its own; the last one closes it."""
        return self.ACTIONS

    def show_keys(self) -> None:
        """The footer names the keys that work now."""
        ends = self._ends()
        for footer in self.query(Footer):
            footer.show_actions((action for action in self.actions_now() if action not in ends), *ends)

    def _ends(self) -> tuple[Action | None, Action | None]:
        """Help, and what esc does."""
        shown = help_in_field() if isinstance(self.focused, Input) else ALWAYS[0]
        now, closing = self.actions_now(), self.own_actions()[-1:]
        clears = [action for action in now if action.name == "clear" and action.label]
        leaving = clears or [action for action in closing if action in now] or now[-1:]
        return (shown if self.ABOUT else None), (leaving[-1] if leaving else None)

    def on_descendant_focus(self) -> None:
        """The keys that work are those of what has the focus."""
        self.show_keys()

    @on(LineTable.Filtered)
    def filtered(self) -> None:
        """Esc has another meaning now."""
        self.show_keys()

    @on(LineTable.Columns)
    def choose_columns(self, message: LineTable.Columns) -> None:
        """Opens the window for the columns of a list."""
        from .choosing import choose_columns

        choose_columns(self, message.table, "")

    def shows_anew(self) -> None:
        """It shows something else, and by no key: nothing that was typed before that is seen is for it."""
        self.painted = inf
        self.refresh()

    def dismiss(self, result: R | None = None) -> AwaitComplete:
        """Close it with a result. One that is closed, or covered by another, stays as it is."""
        if not is_open(self):
            return AwaitComplete()
        self.dismissed = True
        return super().dismiss(result)
