"""The help of a screen, made from the registry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap

from ..glossary import EVERYWHERE, GLOSSARY
from ..registry import GLOBAL, LEGEND, LIST, PLAYER, VERBS, Action, View, show_actions
from ..widgets.paint import Line, fit, width_of
from .popup import Popup

WIDTH = 70
_KEYS = 12


class HelpScreen(Popup):
    """What the keys do on a screen, and what the signs mean."""

    def __init__(self, view: View, actions: Sequence[Action]) -> None:
        super().__init__(f"help: {view.title}", help_lines(view, actions))


def help_lines(view: View, actions: Sequence[Action]) -> list[Line]:
    """The lines of the help; `actions` are those that work now."""
    lines: list[Line] = [((text, "plain"),) for text in wrap(view.about, WIDTH)]
    here = [action for action in actions if action in view.actions]
    lists = [action for action in actions if action in LIST]
    for title, group in (
        ("On this screen", here),
        ("In a list", lists),
        ("With what is selected", VERBS),
        ("Everywhere", [*GLOBAL, *show_actions()]),
        ("In a recording", PLAYER),
    ):
        if group:
            lines += [(), ((title, "title"),), *_keys(group)]
    lines += [(), (("Signs", "title"),)]
    lines += [((fit(f" {sign}", _KEYS), "strong"), (words, "plain")) for sign, words in LEGEND]
    for section in (*GLOSSARY[view.name], EVERYWHERE):
        lines += [(), ((f"Columns and figures: {section.title}", "title"),)]
        for label, words in section.meanings:
            lines += meaning_lines(label, words)
    return lines


def meaning_lines(label: str, words: str) -> Iterable[Line]:
    """What a column or figure means, in lines of `WIDTH` cells."""
    head = fit(f" {label}", _KEYS) if width_of(((label, "plain"),)) + 2 <= _KEYS else f" {label}  "
    first, *rest = wrap(words, WIDTH - _KEYS, initial_indent=" " * (width_of(((head, "plain"),)) - _KEYS))
    yield ((head, "strong"), (first.lstrip(), "plain"))
    for text in rest:
        yield ((" " * _KEYS, "plain"), (text, "plain"))


def _keys(actions: Iterable[Action]) -> Iterable[Line]:
    for action in actions:
        first, *rest = wrap(action.help, WIDTH - _KEYS)
        yield ((fit(f" {action.key}", _KEYS), "key"), (first, "plain"))
        for text in rest:
            yield ((" " * _KEYS, "plain"), (text, "plain"))
