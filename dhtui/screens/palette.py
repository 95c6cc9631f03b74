"""The command palette, made from the registry."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from ..registry import GLOBAL, LIST, Action, show_actions
from .base import ExplorerScreen


def title_of(action: Action) -> str:
    """An action as the palette lists it."""
    return f"{action.help.removesuffix('.')}  ({action.key})"


class RegistryCommands(Provider):
    """All actions that work on the screen below the palette."""

    def commands(self) -> Iterator[tuple[Action, partial[None]]]:
        """Each action, and what runs it."""
        screen = self.screen
        here = screen.actions_now() if isinstance(screen, ExplorerScreen) else GLOBAL
        for action in (*here, *show_actions()):
            if action.label and action.name != "command_palette":
                yield action, partial(self._run, action)

    def _run(self, action: Action) -> None:
        everywhere = action in GLOBAL or action in show_actions()
        screen = self.screen
        here = screen.focused if action in LIST else screen
        self.app.call_later(self.app.run_action, action.name, self.app if everywhere else here)

    async def discover(self) -> Hits:
        """Everything, while nothing is typed."""
        for action, run in self.commands():
            yield DiscoveryHit(title_of(action), run, text=title_of(action))

    async def search(self, query: str) -> Hits:
        """What fits the words typed so far."""
        matcher = self.matcher(query)
        for action, run in self.commands():
            title = title_of(action)
            if (score := matcher.match(title)) > 0:
                yield Hit(score, matcher.highlight(title), run, text=title)
