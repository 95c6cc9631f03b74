"""Styles are parsed once, so that opening a screen does not hold the node up; and again for another theme."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from screens import snapshots
from screens.conftest import memo_of, parse_rules
from screens.stage import exploring
from textual.css import stylesheet
from textual.css.parse import parse

from dhtui.bindings.registry import VIEWS
from dhtui.widgets.stylesheet import Stylesheet


async def test_no_style_is_parsed_twice_while_all_screens_are_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: Counter[tuple[Any, ...]] = Counter()

    def counted(scope: str, css: str, read_from: Any, **more: Any) -> Any:
        parsed[scope, css, read_from, more["tie_breaker"]] += 1
        return parse(scope, css, read_from, **more)

    monkeypatch.setattr(stylesheet.Stylesheet, "_parse_rules", parse_rules)  # not what other tests have had parsed
    monkeypatch.setattr(stylesheet, "parse", counted)
    async with exploring(snapshots.running()) as stage:
        for key in range(1, len(VIEWS) + 1):
            await stage.press(str(key))
        assert len(parsed) > len(VIEWS)
        assert {source: often for source, often in parsed.items() if often > 1} == {}


async def test_another_theme_is_seen_on_screens_that_were_open_before() -> None:
    async with exploring(snapshots.running()) as stage:
        await stage.press("2", "1")
        seen: dict[str, set[tuple[object, object]]] = {}
        for theme in ("textual-light", "textual-dark", "textual-light"):
            stage.app.theme = theme
            await stage.settle()
            seen.setdefault(theme, set()).add((stage.app.styles.background, stage.screen.styles.background))
        assert all(len(colours) == 1 for colours in seen.values())
        assert seen["textual-light"] != seen["textual-dark"]


async def test_the_styles_that_are_kept_are_those_that_textual_finds_itself() -> None:
    async with exploring(snapshots.running()) as stage:
        for keys in (["2"], ["tab"], ["slash"], ["escape", "4"], ["5", "enter"], ["escape", "6", "question_mark"]):
            await stage.press(*keys)
            for node in stage.app.screen.walk_children(with_self=True):
                kept = dict(node.styles.base._rules)
                stylesheet.Stylesheet.apply(stage.app.stylesheet, node)
                assert node.styles.base._rules == kept, node


async def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dhtui.widgets.stylesheet.KNOWN", 20)
    monkeypatch.setattr(Stylesheet, "memo_of", memo_of)
    async with exploring(snapshots.running()) as stage:
        await stage.press("2", "1")
        assert isinstance(stage.app.stylesheet, Stylesheet)
        memo = stage.app.stylesheet._memo
        assert 0 < len(memo.found) <= 20 and 0 < len(memo.states) <= 20
