"""Each case is passed by our own node, and failed by a mutant that fails no other."""

from __future__ import annotations

from functools import cache

import pytest

from dhtui.conform.case import Case
from dhtui.conform.catalogue import CASES
from dhtui.conform.outcomes import Level, Need, Outcome

from .mutants import MUTANTS
from .virtual import BAD, outcomes
from .worlds import world_of

BY_ID = {case.id: case for case in CASES}
FOUND = {Level.M: Outcome.FAIL, Level.S: Outcome.NON_STRICT, Level.H: Outcome.NON_STRICT, Level.O: Outcome.UNSUPPORTED}
LONG = 100.0
"""Seconds: a case that waits so long is tried with its own mutant only."""


def beside(case: Case) -> list[Case]:
    """A case, and the others of its BEP that take little time."""
    return [each for each in CASES if each is case or (each.group == case.group and each.waits < LONG)]


@cache
def of_our_own(number: str) -> dict[str, Outcome]:
    case = BY_ID[number]
    return outcomes(world_of(case)(beside(case)))


@pytest.mark.parametrize("number", MUTANTS)
def test_a_mutant_is_found_under_its_own_rule_and_no_other(number: str) -> None:
    case = BY_ID[number]
    found = outcomes(world_of(case)(beside(case), MUTANTS[number]))
    assert found[number] in {FOUND[case.level], Outcome.FAIL}
    honest = of_our_own(number)
    bad = {each for each in found if found[each] != honest[each] and found[each] in {*BAD, FOUND[BY_ID[each].level]}}
    assert bad == {number}, {each: found[each] for each in bad}


@pytest.mark.parametrize("number", MUTANTS)
def test_our_own_node_passes(number: str) -> None:
    assert of_our_own(number)[number] in (Outcome.PASS, Outcome.UNSUPPORTED)


def test_each_case_has_a_mutant() -> None:
    """All but those that take IPv6."""
    there = {case.id for case in CASES if Need.IPV6 not in case.needs}
    assert there == set(MUTANTS)
