"""The catalogue of rules, `docs/rules.md`: it is whole, what it names is there, and the page is made of it.
`DHTUI_GOLDENS=write` makes the page anew."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from dhtui.options.manual import markdown

from .catalogue.page import BY_NUMBER, GROUPS, PARTS, RULES
from .catalogue.rule import Rule

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "rules.md"
HOW_MANY = {
    "bep5": 75,
    "bep32": 20,
    "bep33": 17,
    "bep42": 14,
    "bep43": 6,
    "bep44": 40,
    "bep45": 13,
    "bep46": 7,
    "bep51": 14,
    "hardening": 8,
}


def test_no_rule_is_left_out() -> None:
    assert {name: len(rules) for name, rules in GROUPS.items()} == HOW_MANY
    for rules in GROUPS.values():
        assert [int(rule.id.partition(".")[2]) for rule in rules] == list(range(1, len(rules) + 1))


def test_each_case_is_in_the_catalogue_under_its_level_and_says_itself_what_it_is_about() -> None:
    by_number = {rule.id: rule for rule in RULES}
    assert by_number.keys() >= BY_NUMBER.keys()
    for number, case in BY_NUMBER.items():
        assert case.level == by_number[number].level, number
        assert not by_number[number].says, f"{number}: its case says it"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_what_a_rule_names_is_there(rule: Rule) -> None:
    if rule.kept:
        assert (ROOT / "dhtui" / rule.kept).is_file(), rule.kept
    for test in rule.tests:
        name, _, function = test.partition("::")
        text = (ROOT / "tests" / name).read_text(encoding="utf-8")
        assert re.search(rf"^(async )?def {function}\(", text, re.M), test


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_without_a_case_says_what_it_is_about_and_why_there_is_none(rule: Rule) -> None:
    if rule.id not in BY_NUMBER:
        assert rule.says.endswith(".") and rule.note.endswith(".")


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.level in "MS"], ids=lambda rule: rule.id)
def test_a_must_and_a_should_that_are_ours_are_held_by_a_test(rule: Rule) -> None:
    assert bool(rule.tests) == bool(rule.kept)


def test_the_page_has_what_the_catalogue_makes() -> None:
    if os.environ.get("DHTUI_GOLDENS") == "write":
        PAGE.write_text(markdown.renewed(PAGE.read_text(encoding="utf-8"), PARTS), encoding="utf-8")
    assert markdown.renewed(PAGE.read_text(encoding="utf-8"), PARTS) == PAGE.read_text(encoding="utf-8")
