"""The cases over IPv6: our own node passes them, and those that take it are failed by mutants."""

from __future__ import annotations

import pytest

from dhtui.conform.catalogue import CASES
from dhtui.conform.outcomes import Need, Outcome
from dhtui.conform.session import Session

from .mutants.kit import Make
from .mutants.six import SIX
from .virtual import BAD, NODE6, PUBLIC_NODE6, SixWire, a_node, outcomes, run

BY_ID = {case.id: case for case in CASES}


def tried(numbers: list[str], make: Make | None = None, public: bool = False) -> Session:
    addr, wire = PUBLIC_NODE6 if public else NODE6, SixWire()
    wire.public = public
    node = a_node(addr=addr, external=addr)
    return run([BY_ID[n] for n in numbers], make(node) if make else node, addr=addr, wire=wire, public=public)


def test_our_own_node_raises_no_alarm_over_ipv6() -> None:
    quick = [case.id for case in CASES if case.waits < 45 and Need.NETWORK not in case.needs]
    found = outcomes(tried(quick))
    assert not {number for number, outcome in found.items() if outcome in BAD}
    assert {found[number] for number in SIX if number != "42.02"} == {Outcome.PASS}


@pytest.mark.parametrize("number", SIX)
def test_a_mutant_is_found_under_its_own_rule_and_no_other(number: str) -> None:
    public = Need.PUBLIC in BY_ID[number].needs
    group = [case.id for case in CASES if case.group == BY_ID[number].group and case.id not in ("32.03", "33.14")]
    before, found = outcomes(tried(group, public=public)), outcomes(tried(group, SIX[number], public))
    assert before[number] is Outcome.PASS and found[number] is Outcome.FAIL
    assert {each for each in group if found[each] in BAD} == {number}


def test_each_case_that_takes_ipv6_has_a_mutant() -> None:
    assert {case.id for case in CASES if Need.IPV6 in case.needs} == set(SIX)
