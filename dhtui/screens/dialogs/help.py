"""The help of a screen or a window, made from the registry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import TypeAlias

from ...bindings.registry import GLOBAL, LEGEND, LIST, PLAYER, VERBS, Action, View, moves, show_actions
from ...text.glossary import EVERYWHERE, GLOSSARY
from ...text.spans import Line, fit, width_of
from .popup import Popup

Filters: TypeAlias = Sequence[tuple[str, str]]
"""Filters by example, and what they mean."""
Signs: TypeAlias = Sequence[tuple[str, str]]
"""Signs that stand for states, and what they mean."""

WIDTH = 70
_KEYS = 12


class HelpScreen(Popup):
    """What the keys do, and what the signs mean."""

    ABOUT = ""

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__(f"help: {title}", lines)


def help_lines(view: View, actions: Sequence[Action], filters: Filters = ()) -> list[Line]:
    """The help of a screen; `actions` are those that work now, `filters` what can be typed as a filter."""
    here = [action for action in actions if action in view.actions]
    groups = (
        ("On this screen", here),
        ("In a list", _of_lists(actions)),
        ("With what is selected", VERBS),
        ("Everywhere", [*GLOBAL, *show_actions()]),
        ("In a recording", PLAYER),
    )
    lines = _lines(view.about, groups, filters)
    for section in (*GLOSSARY[view.name], EVERYWHERE):
        lines += [(), ((f"Columns and figures: {section.title}", "title"),)]
        for label, words in section.meanings:
            lines += meaning_lines(label, words)
    return lines


def window_help(about: str, actions: Sequence[Action], signs: Signs = ()) -> list[Line]:
    """The help of a window; `actions` are those that work now, and no others do, `signs` those that it shows."""
    lists = _of_lists(actions)
    here = [action for action in actions if action not in lists]
    return _lines(about, (("In this window", here), ("In a list", lists)), signs=signs)


def _of_lists(actions: Sequence[Action]) -> list[Action]:
    names = {action.name for action in (*LIST, *moves())}
    return [action for action in actions if action.name in names]


def _lines(
    about: str, groups: Iterable[tuple[str, Sequence[Action]]], filters: Filters = (), signs: Signs = LEGEND
) -> list[Line]:
    lines: list[Line] = [((text, "plain"),) for text in wrap(about, WIDTH)]
    for title, group in groups:
        if group:
            lines += [(), ((title, "title"),), *_keys(group)]
    if filters:
        lines += [(), (("In a filter", "title"),), *_filters(filters)]
    if signs:
        lines += [(), (("Signs", "title"),)]
    return lines + [line for sign, words in signs for line in meaning_lines(sign, words)]


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


def _filters(filters: Filters) -> Iterable[Line]:
    """Each on lines of its own, the meaning beside the example."""
    width = max(len(example) for example, _ in filters) + 3
    for example, meaning in filters:
        first, *rest = wrap(meaning, WIDTH - width)
        yield ((fit(f" {example}", width), "strong"), (first, "plain"))
        for text in rest:
            yield ((" " * width, "plain"), (text, "plain"))
