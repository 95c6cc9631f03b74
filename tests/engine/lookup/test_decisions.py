"""What a lookup records of its decisions: each query's reason, in the order in which they were taken."""

from __future__ import annotations

from random import Random

import pytest

from dhtui.engine.lookup.algorithm import Lookup
from dhtui.engine.lookup.candidates import MAX_CANDIDATES
from dhtui.engine.lookup.decisions import ASKS, MAX_DECISIONS, Reason, StopReason
from dhtui.engine.lookup.questions import FindClosest
from dhtui.engine.operations.requests import Ask
from dhtui.engine.outcome import NodeOutcome, Status
from dhtui.engine.views.snapshot import LookupDetail
from dhtui.engine.wire.compact import NodeInfo
from dhtui.engine.wire.ids import random_id_with_prefix
from engine.network import Network, swarm

TARGET = bytes(range(20))


def looked_up(net: Network, size: int, *, gone: int, seconds: float = 6.0) -> LookupDetail:
    """A find_node in a network of which some nodes are gone and a packet in fifty is lost."""
    cores = swarm(net, size, maintain=False)
    for core in net.rng.sample(cores[1:], gone):
        net.kill(core)
    net.loss = 0.02
    net.finish(cores[0], Ask(FindClosest(TARGET)))
    net.run(seconds)
    (number,) = [view.number for view in cores[0].snapshot(net.now).lookups if view.target == TARGET]
    whole = cores[0].lookup(number, net.now)
    assert whole is not None
    return whole


@pytest.mark.parametrize("seed", range(3))
def test_each_query_has_its_decision_taken_when_it_was_sent(seed: int) -> None:
    whole = looked_up(Network(seed=seed, latency=0.01, spread=0.05), 60, gone=15)
    asks = [decision for decision in whole.decisions if decision.reason in ASKS]
    assert [one.addr for one in asks] == [step.addr for step in whole.steps]
    assert [one.at for one in asks] == pytest.approx([step.sent for step in whole.steps])
    assert [one.reason is Reason.ASKED_AGAIN for one in asks] == [step.again for step in whole.steps]
    assert [one.at for one in whole.decisions] == sorted(one.at for one in whole.decisions)
    assert whole.untold == 0 and whole.view.stopped is StopReason.CLOSEST_ANSWERED


@pytest.mark.parametrize(
    ("lie", "wanted"), [(Status.ANSWERED, (Reason.BAD_REFERRER, 4)), (Status.BAD_VALUE, (Reason.BAD_VALUE, 0))]
)
def test_whom_bad_referrers_named_is_asked_for_that_reason(lie: Status, wanted: tuple[Reason, int]) -> None:
    """With how many of their other referrals were silent, and who they are."""
    rng = Random(2)
    lookup = Lookup(TARGET, bytes(20), alpha=4, k=8)
    lookup.add(NodeInfo(random_id_with_prefix(TARGET, 2, rng), ("60.1.1.1", 1)))
    liar = lookup.next()
    assert liar is not None
    named = tuple(NodeInfo(random_id_with_prefix(TARGET, 3, rng), (f"61.{n}.1.1", 1)) for n in range(8))
    lookup.answered(liar, NodeOutcome(addr=liar.addr, id=liar.id, status=lie, nodes=named))
    if lie is Status.ANSWERED:
        for _ in range(4):
            silent = lookup.next()
            assert silent is not None and silent.chosen_for[0] is Reason.NEAREST
            lookup.stalled(silent)
    asked = lookup.next()
    assert asked is not None
    lookup.query_sent(asked)
    last = lookup.decisions.taken[-1]
    assert (last.addr, last.by, (last.reason, last.number)) == (asked.addr, liar.addr, wanted)


def test_a_flood_of_referrals_fills_no_memory_with_decisions() -> None:
    """What is beyond the bound is counted, and queries are recorded all the same."""
    lookup = Lookup(TARGET, bytes(20), alpha=8, k=8)
    rng = Random(5)
    for n in range(MAX_CANDIDATES + 2 * MAX_DECISIONS):
        lookup.add(NodeInfo(random_id_with_prefix(TARGET, n % 64, rng), (f"60.{n >> 8}.{n & 255}.1", 6881)))
    others = len(lookup.decisions.taken)
    assert others == MAX_DECISIONS and lookup.decisions.untold == MAX_DECISIONS
    asked = lookup.next()
    assert asked is not None
    lookup.query_sent(asked)
    assert lookup.decisions.taken[-1].reason is Reason.NEAREST and len(lookup.decisions.taken) == others + 1
    lookup.answered(asked, NodeOutcome(addr=asked.addr, id=asked.id, status=Status.ANSWERED))
