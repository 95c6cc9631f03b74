"""Styles are parsed once, so that opening a screen does not hold the node up; and again for another theme."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from screens import snapshots
from screens.conftest import parse_rules
from screens.stage import exploring
from textual.css import stylesheet
from textual.css.parse import parse

from dhtui.bindings.registry import VIEWS


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
