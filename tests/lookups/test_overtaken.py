"""When a query of a lookup was overtaken by nearer answers, beside what the engine itself says."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from engine.network import Network, swarm
from hypothesis import given
from hypothesis import strategies as st

from dhtui.engine.answers import Question
from dhtui.engine.candidates import State
from dhtui.engine.core import Core
from dhtui.engine.find import Done, Find
from dhtui.engine.snapshot import LookupDetail
from dhtui.engine.wire.compact import NodeInfo, pack_node
from dhtui.engine.wire.krpc import Get, Query
from dhtui.lookups.moment import as_of
from dhtui.lookups.overtaken import overtaken

from .samples import detail, step, walk


def test_a_query_is_overtaken_when_the_kth_nearer_node_answers() -> None:
    steps = [step(1, 150, 0.0, 0.9), step(2, 140, 0.0, 0.2), step(3, 141, 0.0, 0.3), step(4, 142, 0.0, 0.4)]
    assert overtaken(detail(steps, 1.0, k=2)) == {0: 0.3, 3: 0.3}
    assert overtaken(detail(steps, 1.0, k=3)) == {0: 0.4}
    assert overtaken(detail(steps, 1.0, k=4)) == {}


def test_one_that_was_over_had_stalled_or_was_not_yet_sent_is_not_overtaken() -> None:
    near = [step(2, 140, 0.0, 0.2), step(3, 141, 0.0, 0.3)]
    for far in (
        step(1, 150, 0.0, 0.25),
        step(1, 150, 0.0, 0.3),
        step(1, 150, 0.0, 0.9, stalled=0.2),
        step(1, 150, 0.4, 0.9),
    ):
        assert overtaken(detail([far, *near], 1.0, k=2)) == {}
    assert overtaken(detail([step(1, 150, 0.3, 0.9), *near], 1.0, k=2)) == {0: 0.3}
    assert overtaken(detail([step(1, 150, 0.0, 4.0, stalled=0.5, result="timed out"), *near], 1.0, k=2)) == {0: 0.3}


def test_answers_that_fill_no_place_overtake_nobody() -> None:
    far, near = step(1, 150, 0.0, 0.9), step(2, 140, 0.0, 0.2)
    for other, fills in (
        (step(3, 141, 0.0, 0.3), True),
        (step(3, 141, 0.0, 0.3, result="bad value"), False),
        (step(3, 141, 0.0, 0.3, result="bad signature"), False),
        (step(3, 141, 0.0, 0.3, result="refused", code=201), False),
        (step(3, 141, 0.0, 0.3, result="wrong id"), False),
        (step(3, 141, 0.0, 0.3, result="timed out"), False),
        (step(3, 151, 0.0, 0.3), False),
        (step(3, 141, 0.0, None), False),
    ):
        assert overtaken(detail([far, near, other], 1.0, k=2)) == ({0: 0.3} if fills else {})


def test_who_is_too_near_or_may_not_be_among_the_closest_does_not_count() -> None:
    whole = detail([step(1, 150, 0.0, 0.9), step(2, 140, 0.0, 0.2), step(3, 141, 0.0, 0.3)], 1.0, k=2)
    assert overtaken(whole) == {0: 0.3}
    crowd, *rest = whole.candidates
    assert overtaken(whole._replace(candidates=(crowd._replace(note="too near: a crowd, as"), *rest))) == {}
    assert overtaken(whole._replace(candidates=(crowd._replace(closest=False), *rest))) == {}


def test_an_answer_after_the_end_overtakes_nobody_and_one_that_ends_it_does() -> None:
    steps = [step(1, 150, 0.0, None), step(2, 140, 0.0, 0.2), step(3, 141, 0.0, 0.3)]
    assert overtaken(detail(steps, 0.3, k=2)) == {0: 0.3}
    whole = detail(steps, 0.25, k=2)
    assert whole.candidates[1].addr == steps[2].addr
    waiting = whole.candidates[1]._replace(state="asked", closest=False)
    assert overtaken(whole._replace(candidates=(whole.candidates[0], waiting, whole.candidates[2]))) == {}


def test_of_two_answers_of_a_node_the_first_counts() -> None:
    again = step(2, 140, 0.3, 0.4, again=True)
    steps = [step(1, 150, 0.0, 0.9), step(2, 140, 0.0, 0.6, stalled=0.2), step(3, 141, 0.0, 0.3), again]
    assert overtaken(detail(steps, 1.0, k=2)) == {0: 0.4}


def test_a_host_without_an_id_is_farther_than_any_node() -> None:
    host = step(1, 150, 0.0, 4.0, result="timed out")._replace(id=None, bits=None)
    assert overtaken(detail([host, step(2, 159.9, 0.0, 0.2)], 1.0, k=1)) == {0: 0.2}


def test_where_nobody_was_asked_nobody_is_overtaken() -> None:
    assert overtaken(detail([], 0.0)) == {}
    assert overtaken(walk()._replace(k=-1)) == overtaken(walk()._replace(k=1))  # in a damaged recording


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


def beside_the_engine(net: Network, core: Core, question: Question) -> tuple[LookupDetail, dict[int, float]]:
    """A lookup, and the moment from which on the walk from the nearest node on no longer meets a query in flight."""
    seen: dict[int, float] = {}

    def watch(find: Find, now: float) -> None:
        met = set(map(id, find.lookup._nearest()))
        for candidate in find.lookup.candidates:
            if candidate.state is State.ASKED and id(candidate) not in met:
                places = [place for place, one in enumerate(find._steps) if one.candidate is candidate]
                seen.setdefault(places[-1], now - find.started_at)

    finds: list[Find] = []

    def start(done: Done) -> Find:
        find = core.searches.ask(question, done, net.now, on_step=watch)
        assert isinstance(find, Find)
        finds.append(find)
        return find

    net.finish(core, start)
    net.run(5.0)
    return finds[0].detail(net.now), seen


@pytest.mark.parametrize(
    ("seed", "liars"), [*((seed, 0) for seed in (0, 1, 4, 18, 21, 24)), *((seed, 24) for seed in (1, 2, 4, 5, 6, 7))]
)
def test_it_is_what_the_engine_decides(seed: int, liars: int) -> None:
    net = Network(seed=seed, latency=0.01, spread=0.1)
    cores = swarm(net, 80, maintain=False)
    for core in cores:
        net.slow[core.identity.bound] = min(1.0, net.rng.lognormvariate(-2.6, 0.9))
    changed = net.rng.sample(cores[1:], 16 + liars)
    for core in changed[:16]:
        net.kill(core)
    for core in changed[16:]:
        lie(net, core, cores)
    whole, seen = beside_the_engine(net, cores[0], Question("get", Random(seed).randbytes(20)))
    assert seen
    assert any(step.result == "bad value" for step in whole.steps) == bool(liars)
    assert overtaken(whole) == pytest.approx(seen)
    middle = whole.view.elapsed / 2
    assert overtaken(as_of(whole, middle)) == pytest.approx({p: at for p, at in seen.items() if at <= middle})
