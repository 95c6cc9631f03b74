"""The cases against our own nodes, which raise no alarm, and against mutants whose table is wrong, or that lie in our
network; see `test_mutants` for the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import pytest

from dhtui.conform.case import Case
from dhtui.conform.catalogue import CASES
from dhtui.conform.outcomes import Level, Outcome
from dhtui.conform.session import Result, Session
from dhtui.engine.items import ImmutableItem
from dhtui.engine.operations.requests import Announce, Store

from .mutants import MUTANTS
from .mutants.bep05_joined import BEP05_JOINED, SIZE, WRITERS
from .mutants.bep05_table import TABLE
from .virtual import PUBLIC_NODE, VirtualWire, a_node, faults, our_network, outcomes, quick, run

BY_ID = {case.id: case for case in CASES}
FOUND = {Level.M: Outcome.FAIL, Level.S: Outcome.NON_STRICT, Level.H: Outcome.NON_STRICT, Level.O: Outcome.UNSUPPORTED}
PLAIN = [case for case in CASES if case.group == "5" and not case.waits and case.id != "5.43"]
IN_OUR_NETWORK = {**BEP05_JOINED, **WRITERS}
SEEDS = int(os.environ.get("DHTUI_CONFORM_SEEDS", "3"))
"""Runs of each of the first two tests: 500 make a thousand, in a quarter of an hour."""
OPTIONAL = (Outcome.UNSUPPORTED,)
"""What our own node may lack: rules of the level O, and IPv6."""


def alarms(session: Session) -> list[Result]:
    return [each for each in faults(session) if each.outcome not in OPTIONAL]


def joined(cases: Sequence[Case], make: Callable[[Any], Any] = lambda core: core, seed: int = 0) -> Session:
    """A run in which the node joins our network, announces something there, and puts an item."""
    core = a_node(seed, hosts=("127.0.7.1:7000",))

    def announce(now: float) -> None:
        core.start(Announce(b"i" * 20, 1234), lambda outcome, now: None, now)
        core.start(Store(ImmutableItem(b"1:x")), lambda outcome, now: None, now)

    return run(cases, make(core), network=our_network(SIZE), seed=seed, acts=[(3.0, announce)])


# ---- correct nodes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(SEEDS))
def test_our_own_node_raises_no_alarm(seed: int) -> None:
    assert not alarms(run(quick(CASES), a_node(seed), seed=seed))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_our_own_node_raises_no_alarm_in_our_network(seed: int) -> None:
    assert not alarms(joined(quick(CASES), seed=seed))


def test_our_own_node_raises_no_alarm_in_hours() -> None:
    session = joined([case for case in CASES if case.waits])
    assert not alarms(session) and not [each for each in session.results if each.case.group == "5" and each.why]


def test_our_own_node_raises_no_alarm_on_public_addresses() -> None:
    node = a_node(addr=PUBLIC_NODE, external=PUBLIC_NODE)
    session = run(quick(CASES), node, addr=PUBLIC_NODE, wire=VirtualWire("93", spread=True), public=True)
    assert not alarms(session)


@pytest.mark.parametrize("seed", range(4))
def test_losses_raise_no_alarm(seed: int) -> None:
    session = run(PLAIN, a_node(seed), seed=seed, loss=0.05)
    assert not [each for each in alarms(session) if each.outcome is Outcome.FAIL], alarms(session)


# ---- mutants -------------------------------------------------------------------------------------------


@cache
def honest(number: str, in_network: bool) -> dict[str, Outcome]:
    chosen = with_plain(number)
    return outcomes(joined(chosen) if in_network else run(chosen, a_node()))


def with_plain(number: str) -> list[Case]:
    return PLAIN if BY_ID[number] in PLAIN else [*PLAIN, BY_ID[number]]


def differing(found: dict[str, Outcome], before: dict[str, Outcome]) -> set[str]:
    """The cases that came to something else, other than that they can't tell."""
    overlooked = (Outcome.SKIPPED, Outcome.INCONCLUSIVE)
    return {number for number in found if found[number] not in (before[number], *overlooked)}


@pytest.mark.parametrize("number", TABLE)
def test_a_mutant_is_found_under_its_own_rule_and_no_other(number: str) -> None:
    found = outcomes(run(with_plain(number), TABLE[number](a_node())))
    assert found[number] == FOUND[BY_ID[number].level]
    assert differing(found, honest(number, in_network=False)) == {number}


@pytest.mark.parametrize("number", IN_OUR_NETWORK)
def test_a_mutant_in_our_network_is_found_under_its_own_rule_and_no_other(number: str) -> None:
    found = outcomes(joined(with_plain(number), IN_OUR_NETWORK[number]))
    assert found[number] == FOUND[BY_ID[number].level]
    assert differing(found, honest(number, in_network=True)) == {number}


def test_each_case_of_bep_5_has_a_mutant() -> None:
    without = {case.id for case in CASES if case.group == "5"} - set(MUTANTS) - set(TABLE) - set(BEP05_JOINED)
    assert without == {"5.35"}  # needs public addresses, see below


def test_a_private_address_that_is_named_to_others_is_found() -> None:
    from .mutants.kit import says

    def private(body: dict[bytes, Any], query: Any) -> None:
        body[b"nodes"] = b"n" * 20 + bytes((10, 0, 0, 1, 26, 225))

    node = says("find_node get_peers", private)(a_node(addr=PUBLIC_NODE, external=PUBLIC_NODE))
    session = run([BY_ID["5.35"]], node, addr=PUBLIC_NODE, wire=VirtualWire("93", spread=True), public=True)
    assert outcomes(session) == {"5.35": Outcome.NON_STRICT}
