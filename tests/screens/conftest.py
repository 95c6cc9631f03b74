"""What the goldens must not depend on, and what all explorers of the tests may share."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from math import inf
from types import CodeType
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from textual._callback import _count_parameters as count_parameters
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

from dhtui.screens import base, gate
from dhtui.widgets import chrome
from dhtui.widgets.stylesheet import Memo
from dhtui.widgets.stylesheet import Stylesheet as Sheet

from . import idle

parse_rules = Stylesheet._parse_rules
memo_of = Sheet.memo_of
_parsed: dict[tuple[Any, ...], list[RuleSet]] = {}


_variables = WeakKeyDictionary[Stylesheet, tuple[dict[str, str], frozenset[tuple[str, str]]]]()


def variables_of(sheet: Stylesheet) -> frozenset[tuple[str, str]]:
    """What a theme sets, as a key."""
    known = _variables.get(sheet)
    if known is None or known[0] is not sheet._variables:
        known = _variables[sheet] = sheet._variables, frozenset(sheet._variables.items())
    return known[1]


def parse_once(sheet: Stylesheet, css: str, *args: Any, **more: Any) -> list[RuleSet]:
    """The rules of a part of a style sheet, which no app changes."""
    key = (css, args, tuple(more.items()), variables_of(sheet))
    if key not in _parsed:
        _parsed[key] = parse_rules(sheet, css, *args, **more)
    return _parsed[key]


_memos: dict[tuple[int, ...], tuple[Memo, Sequence[RuleSet]]] = {}


def memo_once(sheet: Sheet, rules: Sequence[RuleSet]) -> Memo:
    """What was found out about these very rules, which are kept alive for it."""
    return _memos.setdefault(tuple(map(id, rules)), (Memo(), rules))[0]


_parameters: dict[CodeType, int] = {}


def count_once(func: Callable[..., Any]) -> int:
    """How many parameters a function has. Textual asks anew for each lambda and each partial that is made."""
    code = getattr(func, "__code__", None)
    if code is None or hasattr(func, "__wrapped__"):
        return count_parameters(func)
    if code not in _parameters:
        _parameters[code] = count_parameters(func)
    return _parameters[code]


@pytest.fixture(autouse=True)
def found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What each explorer of a process would find out anew."""
    monkeypatch.setattr(Stylesheet, "_parse_rules", parse_once)
    monkeypatch.setattr(Sheet, "memo_of", memo_once)
    monkeypatch.setattr("textual._callback._count_parameters", count_once)


@pytest.fixture(autouse=True)
def same_everywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One version, one time zone, and no time: a screen takes a snapshot when the test says so, see `Stage.settle`."""
    monkeypatch.setattr(chrome, "__version__", "0.1.0")
    monkeypatch.setattr(base, "RATE", 0.001)
    monkeypatch.setattr(gate, "PATIENCE", inf)  # seconds until a notice that only a slow machine sees
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setattr("os.fsync", lambda descriptor: None)  # nothing here has to outlast a power cut
    idle.use(monkeypatch)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
