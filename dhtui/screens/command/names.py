"""Names of commands: all that there is, found by what was typed, on any screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...bindings.commands import BY_NAME, COMMANDS
from ...bindings.commands import Command as Typed
from ...bindings.keymap import names
from ...bindings.registry import GLOBAL, LIST, OTHER_NAMES, PLAYER, VERBS, VIEWS, Action, View, show_actions

SCATTERED = 5
"""Letters that a word has at least to be found scattered over a name."""
BY_A_NAME = 0.6
"""The least score of what was found by a name, and not by its sentence only."""
_QUITS = ("q", "qu", "qui", "quit", "exi", "exit")
"""All that quit is offered for."""
_QUIT = next(action for action in GLOBAL if action.name == "quit")


@dataclass(frozen=True, slots=True)
class Command:
    """A command, and where it is done."""

    typed: Typed | None = None
    """One that takes arguments."""
    act: Action | None = None
    """The action that it is without any."""
    view: View | None = None
    """The screen to go to first; `None`: here, or everywhere."""

    @property
    def action(self) -> Action:
        """What it does without arguments; one that does nothing then has a name and a sentence all the same."""
        if self.act is not None:
            return self.act
        assert self.typed is not None
        return Action(self.typed.name, "", self.typed.name, self.typed.help, id="")

    @property
    def name(self) -> str:
        """What is typed for it."""
        return self.typed.name if self.typed is not None else self.action.binding_id

    @property
    def usage(self) -> str:
        """Its name and what it takes."""
        return self.typed.usage if self.typed is not None else self.name

    @property
    def help(self) -> str:
        """What it does."""
        return (self.typed.help if self.typed is not None else self.action.help).removesuffix(".")

    @property
    def title(self) -> str:
        """All about it, in a line."""
        where = f"{self.view.title}: " if self.view is not None else ""
        return f"{self.usage}: {where}{self.help}  ({self.action.hint})"


def commands(here: View | None) -> Iterator[Command]:
    """All there is to do: on this screen, on every screen, on other screens. To quit is the last one of all."""
    typed = {command.action: command for command in COMMANDS}
    for command in COMMANDS:
        if command.name != "quit":
            act = names().get(command.action)
            yield Command(command, act, _view_of(act, here))
    own = [*(here.actions if here is not None else ()), *LIST, *VERBS, *GLOBAL]
    for action in own:
        if action.label and action.name not in ("command_bar", "quit") and action.binding_id not in typed:
            yield Command(None, action)
    yield from (Command(None, action) for action in (*show_actions(), *PLAYER))
    for view in VIEWS:
        if view is not here:
            for action in view.actions:
                if action.label and _differs(action) and action.binding_id not in typed:
                    yield Command(None, action, view)
    yield Command(BY_NAME["quit"], _QUIT)


def _view_of(action: Action | None, here: View | None) -> View | None:
    """The screen that an action is of, where that is another one."""
    return next((view for view in VIEWS if action in view.actions and view is not here), None)


def _differs(action: Action) -> bool:
    """Whether it is more than a move on its screen."""
    return not action.name.startswith(("other_pane", "cycle", "scrub"))


def found(text: str, here: View | None) -> list[tuple[float, Command]]:
    """What fits the words typed so far, the best first; of two that fit as well, the one of this screen."""
    if not text.strip():
        return [(0.0, command) for command in commands(here)]
    fits = [(score(command, text), place, command) for place, command in enumerate(commands(here))]
    best = sorted((one for one in fits if one[0] > 0), key=lambda one: (-one[0], one[1]))
    return [(fit, command) for fit, _, command in best]


def score(command: Command, query: str) -> float:
    """How well a command fits what was typed, 0: not at all. Names come before sentences, beginnings before the rest.

    To quit is offered for its own names only.
    """
    words = query.casefold().split()
    if not words:
        return 0.0
    if command.action.name == "quit":
        return float(words[0] in _QUITS and len(words) == 1)
    scores = [_word_score(command, word) for word in words]
    return min(scores) if all(scores) else 0.0


def _names(command: Command) -> Sequence[str]:
    """What it is called: first what is shown of it, then the rest."""
    action = command.action
    others = OTHER_NAMES.get(action.name, "").split()
    own = [] if command.typed is None else [command.typed.name]
    return (action.label.casefold(), *own, command.name.casefold(), command.name.rpartition(".")[2].casefold(), *others)


def _word_score(command: Command, word: str) -> float:
    label, *others = _names(command)
    sentence = command.help.casefold()
    # A command that takes arguments is meant before a key's action of the same name.
    exact = 1.0 if command.typed is not None and command.typed.name == word else 0.95
    tests = (
        (exact, word in (label, command.name.casefold()) or word == command.action.key.casefold()),
        (0.9, any(part.startswith(word) for part in label.split()) or command.name.startswith(word)),
        (0.8, any(other.startswith(word) for other in others)),
        (0.7, word in label),
        (BY_A_NAME, any(word in other for other in others)),
        (0.4, any(part.startswith(word) for part in sentence.split())),
        (0.3, len(word) > 2 and word in sentence),
        (0.1, len(word) >= SCATTERED and _scattered(word, label)),
    )
    return next((value for value, fits in tests if fits), 0.0)


def _scattered(word: str, text: str) -> bool:
    letters = iter(text)
    return all(letter in letters for letter in word)


def typed_command(text: str) -> tuple[Typed, str] | None:
    """The command of a line that takes what follows its name, and that; `None`: it is a name, or words to look for."""
    name, blank, rest = text.lstrip().partition(" ")
    command = BY_NAME.get(name.casefold())
    return (command, rest) if command is not None and command.arguments and blank else None
