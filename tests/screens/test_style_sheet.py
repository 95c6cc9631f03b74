"""The parts of the style sheet."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from textual.css import stylesheet
from textual.css.parse import parse
from textual.css.stylesheet import Stylesheet

from dhtui.registry import VIEWS

from . import snapshots
from .conftest import parse_rules
from .stage import exploring


async def test_each_part_of_the_style_sheet_is_parsed_once_for_a_theme(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever opens for the first time would have all of them parsed again."""
    parsed = Counter[tuple[Any, ...]]()

    def counted(scope: str, css: str, read_from: Any, **more: Any) -> Any:
        parsed[scope, css, read_from, more["tie_breaker"]] += 1
        return parse(scope, css, read_from, **more)

    monkeypatch.setattr(Stylesheet, "_parse_rules", parse_rules)  # without what the tests share
    monkeypatch.setattr(stylesheet, "parse", counted)
    async with exploring(snapshots.running()) as stage:
        for view in VIEWS:
            await stage.app.action_show(view.name)
            await stage.press("question_mark", "escape")
        assert set(parsed.values()) == {1} and len(parsed) > len(VIEWS)
        before = stage.app.get_css_variables()
        stage.app.theme = "textual-light"
        await stage.settle()
        assert stage.app.get_css_variables() != before
        assert max(parsed.values()) == 2, "another theme has other colours"
