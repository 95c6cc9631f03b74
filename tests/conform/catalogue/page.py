"""The tables of `docs/rules.md`, made of the rules and of the cases of `dhtui --do conform`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from dhtui.conform.case import Case
from dhtui.conform.catalogue import CASES

from .bep5 import BEP5
from .bep32 import BEP32, BEP45
from .bep33 import BEP33, BEP51
from .bep42 import BEP42, BEP43
from .bep44 import BEP44, BEP46
from .hardening import HARDENING
from .rule import Rule

GROUPS: Final = {
    "bep5": BEP5,
    "bep32": BEP32,
    "bep33": BEP33,
    "bep42": BEP42,
    "bep43": BEP43,
    "bep44": BEP44,
    "bep45": BEP45,
    "bep46": BEP46,
    "bep51": BEP51,
    "hardening": HARDENING,
}
RULES: Final[tuple[Rule, ...]] = tuple(rule for group in GROUPS.values() for rule in group)
BY_NUMBER: Final[dict[str, Case]] = {case.id: case for case in CASES}


def requirement(rule: Rule) -> str:
    """The rule in a sentence."""
    return rule.says or BY_NUMBER[rule.id].requirement


def _row(rule: Rule) -> str:
    kept = f"`{rule.kept}`" if rule.kept else ""
    tests = "<br>".join(f"`{test.partition('::')[2]}`" for test in rule.tests)
    case = " ".join(part for part in ("yes" if rule.id in BY_NUMBER else "", rule.note) if part)
    return f"| {rule.id} | {rule.level} | {requirement(rule)} | {kept} | {tests} | {case} |"


def table(rules: tuple[Rule, ...]) -> str:
    """The rules of a BEP as a table."""
    head = "| rule | level | what it asks for | kept in `dhtui/` | tests | case |\n|---|---|---|---|---|---|"
    return "\n".join([head, *map(_row, rules)])


def _make(rules: tuple[Rule, ...]) -> Callable[[], str]:
    return lambda: table(rules)


PARTS: Final[Mapping[str, Callable[[], str]]] = {name: _make(rules) for name, rules in GROUPS.items()}
