"""What the goldens must not depend on, and what all explorers of the tests may share."""

from __future__ import annotations

import time
from collections.abc import Iterator
from math import inf
from typing import Any

import pytest
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

from dhtui.screens import base, gate
from dhtui.widgets import chrome

from . import idle

parse_rules = Stylesheet._parse_rules
_parsed: dict[tuple[Any, ...], list[RuleSet]] = {}


def parse_once(sheet: Stylesheet, css: str, *args: Any, **more: Any) -> list[RuleSet]:
    """The rules of a part of a style sheet, which no app changes."""
    key = (css, args, tuple(more.items()), frozenset(sheet._variables.items()))
    if key not in _parsed:
        _parsed[key] = parse_rules(sheet, css, *args, **more)
    return _parsed[key]


@pytest.fixture(autouse=True)
def same_everywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One version, one time zone, and no time: a screen takes a snapshot when the test says so, see `Stage.settle`."""
    monkeypatch.setattr(chrome, "__version__", "0.1.0")
    monkeypatch.setattr(base, "RATE", 0.001)
    monkeypatch.setattr(gate, "PATIENCE", inf)  # seconds until a notice that only a slow machine sees
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setattr(Stylesheet, "_parse_rules", parse_once)
    monkeypatch.setattr("os.fsync", lambda descriptor: None)  # nothing here has to outlast a power cut
    idle.use(monkeypatch)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
