"""A window of lines that lies over a screen: help, or all about one row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from textual import events
from textual.app import ComposeResult

from ...bindings.registry import POPUP, VERBS, Action
from ...packets.parts import Link
from ...text.spans import Line
from ...widgets.bound import all_bound
from ...widgets.scroll_lines import ScrollLines
from ..gate import opens
from ..verbs import CopyForm
from .choosing import copy, follow
from .window import Window

_VERBS = tuple(action for action in VERBS if action.name in ("copy", "follow"))


class Popup(Window[None]):
    """Lines under a title; they scroll where there are many. Each keeps to one row, so `wrap` long ones first.

    What the lines are about can be copied and followed as on the screen below, and some of its actions be done.
    """

    CSS_PATH = Path(__file__).with_name("popup.tcss")  # subclasses lie in other folders
    BINDINGS = all_bound((*_VERBS, *POPUP))
    ACTIONS = POPUP
    ABOUT = "All that is known about the line that was selected, as it was when the window opened."

    def __init__(
        self,
        title: str,
        lines: Sequence[Line],
        links: Sequence[Link] = (),
        copies: Sequence[CopyForm] = (),
        acts: Sequence[tuple[Action, Callable[[], None]]] = (),
    ) -> None:
        """`acts` are actions of the screen below, and what does them once the window is closed."""
        super().__init__()
        self._heading, self._lines = title, lines
        self._links, self._copies, self._acts = tuple(links), tuple(copies), tuple(acts)

    def compose_body(self) -> ComposeResult:
        """The window."""
        yield ScrollLines(classes="window")

    def on_mount(self) -> None:
        """Fills it."""
        self.query_one(ScrollLines).show(self._heading, self._lines)

    def actions_now(self) -> tuple[Action, ...]:
        """Of the actions those that there is something for."""
        there = {"copy": self._copies, "follow": self._links}
        verbs = tuple(action for action in _VERBS if there[action.name])
        mine = (*(action for action, _ in self._acts), *verbs)
        keys = super().actions_now()
        return (*mine, *keys)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of actions that there is nothing for do nothing."""
        there = {"copy": self._copies, "follow": self._links}
        return bool(there.get(action, True))

    def on_key(self, event: events.Key) -> None:
        """Closes the window, and does what the key does on the screen below."""
        for action, do in self._acts:
            if event.key in action.keys.split(","):
                event.stop()
                self.dismiss()
                do()
                return

    @opens("copy")
    async def action_copy(self) -> None:
        """Copies what the lines are about."""
        await copy(self, self._copies)

    @opens("open")
    async def action_follow(self) -> None:
        """Closes the window, and goes to what the lines are about."""
        links = self._links
        if await follow(self, links):
            self.dismiss()

    def action_close(self) -> None:
        """Back to the screen below."""
        self.dismiss()
