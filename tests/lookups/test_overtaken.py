"""When a query of a lookup was overtaken by nearer answers, as the engine records it."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from engine.network import Network, into, swarm
from hypothesis import given
from hypothesis import strategies as st

from dhtui.engine.core import Core
from dhtui.engine.lookup.decisions import State
from dhtui.engine.lookup.questions import GetItem, Question
from dhtui.engine.lookup.running import LookupRun
from dhtui.engine.operations.requests import Ask
from dhtui.engine.outcome import Outcome
from dhtui.engine.views.snapshot import LookupDetail
from dhtui.engine.wire.compact import NodeInfo, pack_node
from dhtui.engine.wire.krpc import Get, Query
from dhtui.lookups.as_of import as_of

from .samples import walk


def overtaken(detail: LookupDetail) -> dict[int, float]:
    return {place: step.overtaken for place, step in enumerate(detail.steps) if step.overtaken is not None}


@given(st.floats(0, 3), st.integers(0, 20))
def test_at_a_moment_only_those_are_overtaken_that_were_by_then(until: float, seed: int) -> None:
    whole = walk(seed)
    until = min(until, whole.view.elapsed)
    assert overtaken(as_of(whole, until)) == {place: at for place, at in overtaken(whole).items() if at <= until}


def lie(net: Network, core: Core, others: Sequence[Core]) -> None:
    """From now on it names the nearest of these, and gives a value that does not hold."""

    def answer(query: Query) -> dict[bytes, bytes]:
        target = int.from_bytes(query.args.target if isinstance(query.args, Get) else core.id, "big")
        near = sorted(others, key=lambda other: int.from_bytes(other.id, "big") ^ target)[:8]
        nodes = b"".join(pack_node(NodeInfo(other.id, other.identity.bound)) for other in near)
        return {b"nodes": nodes, b"token": b"token", b"v": b"not what was asked for"}

    ip, port = core.identity.bound
    net.puppet(answer, ip=ip, port=port, node_id=core.id)


def troubled(net: Network, size: int, *, dead: int, liars: int) -> list[Core]:
    """A network of which every node has a speed of its own, and some are dead or lie; the first one is honest."""
    cores = swarm(net, size, maintain=False)
    for core in cores:
        net.slow[core.identity.bound] = min(1.0, net.rng.lognormvariate(-2.6, 0.9))
    changed = net.rng.sample(cores[1:], dead + liars)
    for core in changed[:dead]:
        net.kill(core)
    for core in changed[dead:]:
        lie(net, core, cores)
    return cores


def beside_the_engine(net: Network, core: Core, question: Question) -> tuple[LookupDetail, dict[int, float]]:
    """A lookup, and the moment from which on the walk from the nearest node on no longer meets a query in flight."""
    seen: dict[int, float] = {}

    def watch(find: LookupRun, now: float) -> None:
        met = set(map(id, find.lookup._nearest()))
        for candidate in find.lookup.candidates:
            if candidate.state is State.ASKED and id(candidate) not in met:
                places = [place for place, one in enumerate(find._steps) if one.candidate is candidate]
                seen.setdefault(places[-1], now - find.started_at)

    ended: list[Outcome] = []
    find = core.start(Ask(question, on_step=watch), into(ended), net.now)
    assert isinstance(find, LookupRun)
    net.after(core)
    net.run_until(lambda: bool(ended))
    net.run(5.0)
    return find.detail(net.now), seen


@pytest.mark.parametrize("liars", [0, 24])
def test_it_is_recorded_when_the_walk_to_the_kth_responder_no_longer_meets_a_query(liars: int) -> None:
    moments = 0
    for seed in range(4):
        net = Network(seed=seed, latency=0.01, spread=0.1)
        cores = troubled(net, 80, dead=16, liars=liars)
        whole, seen = beside_the_engine(net, cores[0], GetItem(Random(seed).randbytes(20)))
        assert overtaken(whole) == pytest.approx(seen)
        middle = whole.view.elapsed / 2
        assert overtaken(as_of(whole, middle)) == pytest.approx({p: at for p, at in seen.items() if at <= middle})
        moments += len(seen)
    assert moments
