"""Letters over a screen: each goes to a pane, or to what the selection is about; the digits go to screens."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase
from typing import TypeAlias

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from ..bindings.registry import JUMP, POPUP, VIEWS, show_actions
from ..packets.parts import Link
from ..text.spans import Line
from ..widgets.bound import bound
from ..widgets.lines import Lines
from .base import ExplorerScreen
from .dialogs.choosing import Followed
from .dialogs.window import Window
from .places import words_of

Goal: TypeAlias = Widget | Link | str
"""A pane, what a link is about, or a screen by its name."""


def goals(screen: ExplorerScreen) -> dict[str, Goal]:
    """What can be gone to, by its letter: the panes from the top left on, then what the selection is about."""
    panes = [widget for widget in screen.focus_chain if widget.region and not widget.has_class("slash")]
    panes.sort(key=lambda pane: (pane.region.y, pane.region.x))
    return dict(zip(ascii_lowercase, [*panes, *screen.links()], strict=False))


class Jump(Window[Goal | None]):
    """Shows the letters. The result is what was chosen."""

    CSS_PATH = "jump.tcss"
    BINDINGS = [  # noqa: RUF012 - Textual's own declaration
        *(Binding(letter, f"choose('{letter}')", show=False) for letter in ascii_lowercase),
        *(bound(view.show, f"go('{view.name}')") for view in VIEWS),
        bound(POPUP[0].fixed("escape")),
    ]
    ACTIONS = (*JUMP, *show_actions(), *(action.fixed("escape")._replace(rank=1) for action in POPUP))
    ABOUT = "Type a letter: it leads to the pane that it stands on, or to what the selected line is about."

    def __init__(self, found: dict[str, Goal]) -> None:
        super().__init__()
        self._found = found
        self._first: Size | None = None

    def compose_body(self) -> ComposeResult:
        """A letter on each pane, and a list of the rest."""
        for letter, goal in self._found.items():
            if isinstance(goal, Widget):
                label = Lines(((f"{letter} ", "cursor"),), classes="letter")
                label.styles.offset = goal.region.offset
                yield label
        lines = _link_lines(self._found)
        if lines:
            with Vertical(classes="window") as window:
                window.border_title = Content("go to")
                yield Lines(*lines)

    def on_resize(self, event: events.Resize) -> None:
        """In a terminal of another size the panes are elsewhere: the letters go."""
        if self._first not in (None, event.size):
            self.dismiss(None)
        self._first = event.size

    def action_choose(self, letter: str) -> None:
        """Goes there."""
        if letter in self._found:
            self.dismiss(self._found[letter])

    def action_go(self, name: str) -> None:
        """Goes to a screen."""
        self.dismiss(name)

    def action_close(self) -> None:
        """Goes nowhere."""
        self.dismiss(None)


async def jump(screen: ExplorerScreen) -> None:
    """Lets the user type a letter, and goes there. To be awaited in a worker that `opens`."""
    goal: Goal | None = await screen.app.push_screen_wait(Jump(goals(screen)))
    if isinstance(goal, Link):
        screen.post_message(Followed(goal))
    elif isinstance(goal, str):
        await screen.app.run_action(f"show('{goal}')")
    elif goal is not None:
        screen.set_focus(goal)


def _link_lines(found: dict[str, Goal]) -> Sequence[Line]:
    return [
        ((f" {letter} ", "key"), (words_of(goal)[:58], "plain"))
        for letter, goal in found.items()
        if isinstance(goal, Link)
    ]
