"""Each case is passed by our own node, and failed by a mutant that fails no other."""

from __future__ import annotations

from functools import cache

import pytest

from dhtui.conform.catalogue import CASES
from dhtui.conform.outcomes import Level, Outcome

from .mutants import MUTANTS
from .virtual import BAD, a_node, outcomes, run

BY_ID = {case.id: case for case in CASES}
FOUND = {Level.M: Outcome.FAIL, Level.S: Outcome.NON_STRICT, Level.H: Outcome.NON_STRICT, Level.O: Outcome.UNSUPPORTED}


def group_of(number: str) -> list[str]:
    return [case.id for case in CASES if case.group == number.partition(".")[0]]


@cache
def of_our_own(group: tuple[str, ...]) -> dict[str, Outcome]:
    return outcomes(run([BY_ID[each] for each in group], a_node()))


def same_bep(number: str) -> tuple[str, ...]:
    return tuple(each for each in group_of(number) if each == number or BY_ID[each].waits < 100)


@pytest.mark.parametrize("number", MUTANTS)
def test_a_mutant_is_found_under_its_own_rule_and_no_other(number: str) -> None:
    chosen = same_bep(number)
    found = outcomes(run([BY_ID[each] for each in chosen], MUTANTS[number](a_node())))
    honest = of_our_own(chosen)
    assert found[number] in {FOUND[BY_ID[number].level], Outcome.FAIL}
    bad = {each for each in chosen if found[each] != honest[each] and found[each] in {*BAD, FOUND[BY_ID[each].level]}}
    assert bad == {number}, {each: found[each] for each in bad}
