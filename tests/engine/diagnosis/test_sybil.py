"""Each sign of Sybil nodes by itself: it is told where they show it, and not around an ordinary target."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from dhtui.engine.diagnosis.findings import Check, Finding, Severity, Verdict
from dhtui.engine.diagnosis.sybil import Surroundings, at_random, sybil_signs
from dhtui.engine.outcome import NodeOutcome, Outcome, Status
from dhtui.engine.views.snapshot import SizeView
from dhtui.engine.wire.compact import NodeInfo
from dhtui.engine.wire.ids import bep42_id

SIZE = 1_000_000
ESTIMATE = SizeView(float(SIZE), 0.09, 16)
FIT = 0.8


def surroundings(seed: int) -> Surroundings:
    """An ordinary target: 16 nodes, in networks of their own, of which four ids in five fit."""
    rng = Random(seed)
    target = rng.randbytes(20)
    number, far, nodes = int.from_bytes(target, "big"), 0.0, []
    for nth in range(16):
        far += rng.expovariate(1.0) / SIZE
        ip = f"{60 + nth}.{seed % 250}.{rng.randrange(250)}.{rng.randrange(1, 250)}"
        node_id = (number ^ int(far * 2**160)).to_bytes(20, "big")
        nodes.append(NodeInfo(node_id, (ip, 6881)))
    named = tuple(nodes)
    asked = tuple(
        NodeOutcome(
            addr=node.addr,
            id=node.id,
            status=Status.ANSWERED,
            rtt=0.05 + 0.01 * nth,
            version=b"LT" + bytes((nth, 0)),
            nodes=named,
        )
        for nth, node in enumerate(nodes)
    )
    return Surroundings(Outcome(action="find_node", target=target, asked=asked), asked[:8])


CONTROLS = [surroundings(seed) for seed in range(1, 17)]


def alarms(target: Surroundings, controls: list[Surroundings] = CONTROLS) -> list[Verdict]:
    found = sybil_signs(target, controls, ESTIMATE)
    return [each.verdict for each in found if each.severity in (Severity.WARNING, Severity.FAULT)]


def changed(base: Surroundings, nth: int, **fields: object) -> Surroundings:
    asked = list(base.outcome.asked)
    asked[nth] = replace(asked[nth], **fields)  # type: ignore[arg-type]
    return base._replace(outcome=replace(base.outcome, asked=tuple(asked)))


def test_around_an_ordinary_target_nothing_is_told() -> None:
    assert alarms(surroundings(99)) == []


def test_a_crowd_is_told_with_its_chance() -> None:
    base = surroundings(99)
    number = int.from_bytes(base.outcome.target or b"", "big")
    for nth in range(8):
        base = changed(base, nth, id=(number ^ (nth + 1 << 120)).to_bytes(20, "big"))
    found = sybil_signs(base, CONTROLS, ESTIMATE)
    crowd = found[0]
    assert crowd.check is Check.DENSITY and crowd.verdict is Verdict.CROWDED
    assert crowd.p_value is not None and crowd.p_value < 1e-20 and crowd.false_alarm_rate == 0.001


def test_without_a_size_density_is_not_known() -> None:
    assert sybil_signs(surroundings(99), CONTROLS, SizeView(None, 0.0, 0))[0].verdict is Verdict.DENSITY_UNKNOWN
    nobody = Surroundings(Outcome(action="find_node", target=bytes(20), asked=()))
    found = sybil_signs(nobody, [], SizeView(None, 0.0, 0))
    assert all(each.severity is Severity.UNKNOWN for each in found)


def _bep42(target: Surroundings, controls: list[Surroundings]) -> Finding:
    return sybil_signs(target, controls, ESTIMATE)[1]


def test_ids_that_do_not_fit_are_told_against_those_elsewhere() -> None:
    rng = Random(3)
    fitting = []
    for one in CONTROLS:
        asked = tuple(replace(each, id=bep42_id(each.addr[0], rng)) for each in one.outcome.asked)
        fitting.append(Surroundings(replace(one.outcome, asked=asked)))
    assert _bep42(fitting[0], fitting[1:]).verdict is Verdict.BEP42_USUAL
    told = _bep42(surroundings(99), fitting)
    assert told.verdict is Verdict.BEP42_UNUSUAL and told.p_value is not None and told.p_value < 1e-10
    assert _bep42(surroundings(99), CONTROLS).verdict is Verdict.BEP42_USUAL


def test_the_chance_of_a_draw() -> None:
    assert at_random(2, 2, 2, 4) == pytest.approx(1 / 6)
    assert at_random(0, 2, 2, 4) == 1.0


def test_nodes_in_one_network_are_told() -> None:
    base = changed(surroundings(99), 0, addr=("70.1.2.3", 6881))
    base = changed(base, 1, addr=("70.1.2.4", 6881))
    assert Verdict.SUBNETS_SHARED in alarms(base)
    assert Verdict.SUBNETS_SHARED not in alarms(base, [*CONTROLS, base])


def test_nodes_of_one_program_and_round_trip_are_told() -> None:
    base = surroundings(99)
    for nth in range(3):
        base = changed(base, nth, version=b"XX\x00\x01", rtt=0.02 + nth * 0.0004)
    assert alarms(base) == [Verdict.TWINS_MANY]
    assert alarms(changed(base, 1, rtt=0.05)) == []


def test_nodes_that_few_named_are_told() -> None:
    base = surroundings(99)
    hidden = {one.addr for one in base.outcome.asked[:3]}
    for nth in range(2, 16):
        named = tuple(node for node in base.outcome.asked[nth].nodes if node.addr not in hidden)
        base = changed(base, nth, nodes=named)
    assert alarms(base) == [Verdict.NAMERS_FEW]


def test_nodes_that_change_their_ids_are_told() -> None:
    base = surroundings(99)
    again = tuple(replace(each, id=bytes(20)) for each in base.again[:2]) + base.again[2:]
    assert alarms(base._replace(again=again)) == [Verdict.IDS_SHIFT]


def test_nodes_that_acknowledge_and_do_not_give_are_told() -> None:
    addrs = [("203.0.113.1", nth) for nth in range(1, 9)]

    def last(given: dict[tuple[str, int], bool]) -> Verdict:
        return sybil_signs(surroundings(99), CONTROLS, ESTIMATE, given)[-1].verdict

    assert last(dict.fromkeys(addrs, False)) is Verdict.FORGOTTEN
    assert last(dict.fromkeys(addrs, True)) is Verdict.KEPT
    assert last({}) is Verdict.NOTHING_WRITTEN


def test_what_is_compared_has_the_rate_of_its_false_alarms() -> None:
    for each in sybil_signs(surroundings(99), CONTROLS, ESTIMATE)[2:-1]:
        assert each.false_alarm_rate == pytest.approx(1 / 17)
        assert each.p_value is not None and 1 / 17 <= each.p_value <= 1.0
