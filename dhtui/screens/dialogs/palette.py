"""The command palette, made from the registry: what there is to do, found by its name, on any screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, cast

from rich.text import Text
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from ...bindings.registry import GLOBAL, LIST, OTHER_NAMES, VERBS, VIEWS, Action, View, show_actions
from ..base import ExplorerScreen

SCATTERED = 5
"""Letters that a word has at least to be found scattered over a name."""
_QUITS = ("q", "qu", "qui", "quit", "exi", "exit")
"""All that quit is offered for."""


class _Doing(Protocol):
    async def do(self, view: str, action: Action) -> None: ...


@dataclass(frozen=True, slots=True)
class Command:
    """An action, and where it is done."""

    action: Action
    view: View | None = None
    """The screen to go to first; `None`: here, or everywhere."""

    @property
    def title(self) -> str:
        """As the palette lists it: its name, what it does, where, and its key."""
        where = f"{self.view.title}: " if self.view is not None else ""
        return f"{self.action.label}: {where}{self.action.help.removesuffix('.')}  ({self.action.hint})"


def commands(here: View | None) -> Iterator[Command]:
    """All there is to do: on this screen, on every screen, on other screens. To quit is the last one of all."""
    own = [*(here.actions if here is not None else ()), *LIST, *VERBS, *GLOBAL]
    first = [Command(action) for action in own if action.label and action.name not in ("command_palette", "quit")]
    others = [view for view in VIEWS if view is not here]
    yield from first
    yield from (Command(action) for action in show_actions())
    yield from (
        Command(action, view) for view in others for action in view.actions if action.label and _differs(action)
    )
    yield from (Command(action) for action in GLOBAL if action.name == "quit")


def _differs(action: Action) -> bool:
    """Whether it is more than a move on its screen."""
    return not action.name.startswith(("other_pane", "cycle", "scrub"))


def score(action: Action, query: str) -> float:
    """How well an action fits what was typed, 0: not at all. Names come before sentences, beginnings before the rest.

    To quit is offered for its own names only.
    """
    words = query.casefold().split()
    if not words:
        return 0.0
    if action.name == "quit":
        return float(words[0] in _QUITS and len(words) == 1)
    scores = [_word_score(action, word) for word in words]
    return min(scores) if all(scores) else 0.0


def _names(action: Action) -> Sequence[str]:
    return (action.label.casefold(), *OTHER_NAMES.get(action.name, "").split())


def _word_score(action: Action, word: str) -> float:
    label, *others = _names(action)
    sentence = action.help.casefold()
    tests = (
        (1.0, word == label or word == action.key.casefold()),
        (0.9, any(part.startswith(word) for part in label.split())),
        (0.8, any(other.startswith(word) for other in others)),
        (0.7, word in label),
        (0.6, any(word in other for other in others)),
        (0.4, any(part.startswith(word) for part in sentence.split())),
        (0.3, len(word) > 2 and word in sentence),
        (0.1, len(word) >= SCATTERED and _scattered(word, label)),
    )
    return next((value for value, fits in tests if fits), 0.0)


def _scattered(word: str, text: str) -> bool:
    letters = iter(text)
    return all(letter in letters for letter in word)


def marked(title: str, query: str) -> Content:
    """A title with what was typed in it underlined."""
    text = Text(title)
    for word in query.casefold().split():
        place = title.casefold().find(word)
        if place >= 0:
            text.stylize("underline", place, place + len(word))
    return Content.from_rich_text(text)


class RegistryCommands(Provider):
    """All actions of the registry."""

    def commands(self) -> Iterator[tuple[Command, partial[None]]]:
        """Each command, and what runs it."""
        screen = self.screen
        here = screen.view if isinstance(screen, ExplorerScreen) else None
        for command in commands(here):
            yield command, partial(self._run, command)

    def _run(self, command: Command) -> None:
        view = "" if command.view is None else command.view.name
        self.app.call_later(cast(_Doing, self.app).do, view, command.action)

    async def discover(self) -> Hits:
        """Everything, while nothing is typed."""
        for command, run in self.commands():
            yield DiscoveryHit(command.title, run, text=command.title)

    async def search(self, query: str) -> Hits:
        """What fits the words typed so far: of two that fit as well, the one of this screen first."""
        found = [(score(command.action, query), command, run) for command, run in self.commands()]
        for place, (fit, command, run) in enumerate(found):
            if fit > 0:
                yield Hit(fit - place / 10_000, marked(command.title, query), run, text=command.title)
