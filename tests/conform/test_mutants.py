"""A case is passed by our own node, and failed by its mutant, which fails no other. `test_cases` has those mutants that
need our network, or have a table that is wrong."""

from __future__ import annotations

from functools import cache

import pytest

from dhtui.conform.case import Case
from dhtui.conform.catalogue import CASES
from dhtui.conform.outcomes import Level, Need, Outcome
from dhtui.conform.session import Session

from .mutants import MUTANTS
from .mutants.bep05_joined import BEP05_JOINED, WRITERS
from .mutants.bep05_table import TABLE
from .mutants.kit import Make
from .virtual import BAD, NODE, PUBLIC_NODE, VirtualWire, a_node, outcomes, run

BY_ID = {case.id: case for case in CASES}
FOUND = {Level.M: Outcome.FAIL, Level.S: Outcome.NON_STRICT, Level.H: Outcome.NON_STRICT, Level.O: Outcome.UNSUPPORTED}
LONG = 100.0
"""Seconds. A case that waits so long is tried with its own mutant only, as is one that takes hundreds of packets:"""
MANY = ("5.43", "32.03", "33.14", "51.05", "51.08", "H.02", "H.03")


def tried(number: str, make: Make | None = None) -> Session:
    """A run of a case, and of the others of its BEP that take little time, where it can be tried."""
    group = BY_ID[number].group
    quick = [each for each in CASES if each.group == group and each.waits < LONG and each.id not in MANY]
    chosen = [each for each in CASES if each.id == number or each in quick]
    public = Need.PUBLIC in BY_ID[number].needs
    addr, wire = (PUBLIC_NODE, VirtualWire("93", spread=True)) if public else (NODE, VirtualWire())
    node = a_node(addr=addr, external=addr)
    return run(chosen, make(node) if make else node, addr=addr, wire=wire, public=public)


@cache
def honest(number: str) -> dict[str, Outcome]:
    return outcomes(tried(number))


def misses(case: Case) -> set[Outcome]:
    return {*BAD, FOUND[case.level]}


@pytest.mark.parametrize("number", MUTANTS)
def test_a_mutant_is_found_under_its_own_rule_and_no_other(number: str) -> None:
    found, before = outcomes(tried(number, MUTANTS[number])), honest(number)
    assert found[number] in {FOUND[BY_ID[number].level], Outcome.FAIL}
    bad = {each for each in found if found[each] != before[each] and found[each] in misses(BY_ID[each])}
    assert bad == {number}, {each: found[each] for each in bad}


@pytest.mark.parametrize("number", MUTANTS)
def test_our_own_node_passes(number: str) -> None:
    assert honest(number)[number] == (Outcome.UNSUPPORTED if number == "32.11" else Outcome.PASS)


def test_each_case_has_a_mutant() -> None:
    there = {case.id for case in CASES if Need.IPV6 not in case.needs}
    assert there == {*MUTANTS, *TABLE, *BEP05_JOINED, *WRITERS, "5.35"}
