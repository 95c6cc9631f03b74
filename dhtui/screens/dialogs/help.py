"""The help of a screen or a window, made from the registry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import Any, TypeAlias

from textual.content import Content

from ...bindings.registry import ALWAYS, GLOBAL, LEGEND, LIST, PLAYER, VERBS, Action, View, moves, show_actions
from ...text.glossary import EVERYWHERE, GLOSSARY
from ...text.spans import Line, clean, fit, width_of
from ...widgets.line_table import LineTable
from ...widgets.scroll_lines import ScrollLines
from .columns import meanings_of
from .popup import Popup

Filters: TypeAlias = Sequence[tuple[str, str]]
"""Filters by example, and what they mean."""
Signs: TypeAlias = Sequence[tuple[str, str]]
"""Signs that stand for states, and what they mean."""

WIDTH = 70
_KEYS = 12


class HelpScreen(Popup):
    """What the keys do, and what the signs mean; with the key of the help itself: what stands in the selected line."""

    ABOUT = ""

    def __init__(self, title: str, lines: Sequence[Line], selected: Sequence[Line] = ()) -> None:
        """`selected` explains the selected line, if there is one."""
        super().__init__(f"help: {title}", lines)
        self._pages = [(f"help: {title}", lines)]
        if selected:
            self._pages.append(("help: the selected line", selected))

    def on_mount(self) -> None:
        """Tells of the other page."""
        self._tell()

    def _tell(self) -> None:
        if len(self._pages) > 1:
            self.query_one(ScrollLines).border_subtitle = Content(f"{ALWAYS[0].key} {self._pages[1][0]}")

    def turn(self) -> None:
        """Shows the other page."""
        self._pages.reverse()
        window = self.query_one(ScrollLines)
        window.show(*self._pages[0])
        window.scroll_home(animate=False)
        self._tell()


def selected_lines(table: LineTable[Any], view: str) -> list[Line]:
    """What stands in the selected line of a list, column by column, and the signs in it."""
    model, meanings = table.model, meanings_of(table, view)
    row = model.selected
    if row is None:
        return []
    lines: list[Line] = []
    for column, cell in zip(model.columns, model.cells(row), strict=True):
        text = clean("".join(part for part, _ in cell).strip())
        if column.title:
            lines += [((fit(f" {column.title}", _KEYS), "strong"), (text[: WIDTH - _KEYS] or "nothing", "data"))]
            words = wrap(meanings.get(column.title, ""), WIDTH - _KEYS)
            lines += [((" " * _KEYS, "plain"), (part, "dim")) for part in words]
    shown = {char for cell in model.cells(row) for part, _ in cell for char in part}
    signs = [(sign, words) for sign, words in LEGEND if sign in shown]
    if signs:
        lines += [(), (("Signs in it", "title"),)]
    return lines + [line for sign, words in signs for line in meaning_lines(sign, words)]


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
