"""The help of a screen, made from the registry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import TypeAlias

from ..registry import GLOBAL, LEGEND, LIST, PLAYER, VERBS, Action, View, show_actions
from ..widgets.paint import Line, fit
from .popup import Popup

Filters: TypeAlias = Sequence[tuple[str, str]]
"""Filters by example, and what they mean."""

WIDTH = 70
_KEYS = 12


class HelpScreen(Popup):
    """What the keys do on a screen, and what the signs mean."""

    def __init__(self, view: View, actions: Sequence[Action], filters: Filters = ()) -> None:
        super().__init__(f"help: {view.title}", help_lines(view, actions, filters))


def help_lines(view: View, actions: Sequence[Action], filters: Filters = ()) -> list[Line]:
    """The lines of the help; `actions` are those that work now, `filters` what can be typed as a filter."""
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
    if filters:
        lines += [(), (("In a filter", "title"),), *_filters(filters)]
    lines += [(), (("Signs", "title"),)]
    return lines + [((fit(f" {sign}", _KEYS), "strong"), (words, "plain")) for sign, words in LEGEND]


def _keys(actions: Iterable[Action]) -> Iterable[Line]:
    for action in actions:
        first, *rest = wrap(action.help, WIDTH - _KEYS)
        yield ((fit(f" {action.key}", _KEYS), "key"), (first, "plain"))
        for text in rest:
            yield ((" " * _KEYS, "plain"), (text, "plain"))


def _filters(filters: Filters) -> Iterable[Line]:
    """Each on lines of its own, the meaning beside the example."""
    width = max(len(example) for example, _ in filters) + 3
    for example, meaning in filters:
        first, *rest = wrap(meaning, WIDTH - width)
        yield ((fit(f" {example}", width), "strong"), (first, "plain"))
        for text in rest:
            yield ((" " * width, "plain"), (text, "plain"))
