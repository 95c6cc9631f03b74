"""The time of a lookup in parts: they add up to the whole, and blame what held it up."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

import pytest
from engine.network import Network, into, naming, swarm

from dhtui.engine.core import Core
from dhtui.engine.items import ImmutableItem
from dhtui.engine.lookup.decisions import Distrust, StopReason
from dhtui.engine.lookup.questions import FindPeers, PingNode
from dhtui.engine.lookup.running import LookupRun
from dhtui.engine.operations.requests import Ask
from dhtui.engine.outcome import Outcome, Status
from dhtui.engine.views.snapshot import LookupDetail
from dhtui.engine.wire.compact import Addr, NodeInfo
from dhtui.lookups.as_of import as_of
from dhtui.lookups.budget import AVOIDABLE, Reason, budget
from dhtui.lookups.compare import differences
from dhtui.lookups.critical import critical_path
from dhtui.lookups.query_status import IN_TIME, counts
from dhtui.lookups.shares import shares
from dhtui.lookups.time_spent import slow_words

from .samples import detail, node_id, ruled, step, walk
from .test_overtaken import troubled


class Wires(Network):
    """A network that loses the first query to each of the nodes in `doomed`."""

    def __init__(self, seed: int = 1, **how: float) -> None:
        super().__init__(seed, **how)
        self.doomed: set[Addr] = set()

    def send(self, data: bytes, source: Addr, dest: Addr) -> None:
        """All but the queries that are to be lost."""
        if dest in self.doomed:
            self.doomed.remove(dest)
            return
        super().send(data, source, dest)


def look_up(net: Network, core: Core, target: bytes, *, times: int = 1) -> list[LookupDetail]:
    """Lookups by one core, all at the same time, when the last answers are in."""
    finds: list[LookupRun] = []
    ended: list[Outcome] = []
    for nth in range(times):
        one = target if times == 1 else Random(nth).randbytes(20)
        find = core.start(Ask(FindPeers(one)), into(ended), net.now)
        assert isinstance(find, LookupRun)
        finds.append(find)
    net.after(core)
    net.run_until(lambda: len(ended) == times)
    net.run(5.0)
    return [find.detail(net.now) for find in finds]


def holds(whole: LookupDetail) -> None:
    """The rule: no gap, no overlap, and figures that add up."""
    parts, elapsed, at = budget(whole), whole.view.elapsed + whole.view.wrote, 0.0
    for part in parts:
        assert part.since == pytest.approx(at, abs=1e-9) and part.seconds > 0
        assert (part.node is not None) == bool(part.places)
        at += part.seconds
    assert at == pytest.approx(elapsed, abs=1e-9)
    told = shares(whole)
    if elapsed:
        assert sum(share.percent for share in told.shares) == 100
        figures = [float(share.time.split()[0]) for share in told.shares]
        assert sum(figures) == pytest.approx(float(told.whole.split()[0]))
        lost = sum(float(s.time.split()[0]) for s in told.shares if s.reason in AVOIDABLE)
        assert bool(told.without) == (0 < lost < sum(figures))
        if told.without:
            assert float(told.without.split()[0]) == pytest.approx(float(told.whole.split()[0]) - lost)
        percents = [int(found) for found in re.findall(r"(\d+) % \(", slow_words(whole))]
        assert sum(percents) == (100 if whole.steps else 0)
        hindered = any(s.percent for s in told.shares if s.reason is not Reason.TRIP)
        assert slow_words(whole).startswith("Nothing ") == (not hindered and bool(whole.steps))


def town(seed: int, *, loss: float, liars: int) -> tuple[Wires, Core]:
    """A network with dead nodes, slow ones and liars, and one of its honest nodes."""
    net = Wires(seed, latency=0.01, spread=0.1)
    cores = troubled(net, 50, dead=10, liars=liars)
    net.loss = loss
    return net, cores[0]


@pytest.mark.parametrize(("loss", "liars"), [(0.0, 0), (0.1, 0), (0.05, 15)])
@pytest.mark.parametrize("times", [1, 40])
def test_the_parts_of_a_lookups_time_add_up_to_the_whole(loss: float, liars: int, times: int) -> None:
    reasons: set[Reason] = set()
    for seed in range(3):
        net, core = town(seed, loss=loss, liars=liars)
        for whole in look_up(net, core, Random(seed).randbytes(20), times=times):
            holds(whole)
            for part in (0.1, 0.3, 0.5, 0.8):
                holds(as_of(whole, whole.view.elapsed * part))
            reasons |= {part.reason for part in budget(whole)}
            fates = counts(whole)
            assert whole.view.asked == fates.total() == len(whole.steps)
            assert whole.view.answered == sum(fates[what] for what in IN_TIME)
    assert Reason.OWN not in reasons, "in virtual time our program takes none"
    assert Reason.START not in reasons and Reason.OPEN not in reasons
    assert (Reason.TURN in reasons) == (times > 1)
    assert reasons >= {Reason.TRIP, Reason.UNANSWERED} | ({Reason.LOST} if loss and times > 1 else set())


@pytest.mark.parametrize("make", [walk, ruled, lambda: detail([], 0.0), lambda: detail([], 1.0)])
def test_they_add_up_in_whatever_is_recorded(make: Callable[[], LookupDetail]) -> None:
    holds(make())


def test_they_add_up_where_a_recording_is_damaged() -> None:
    rng = Random(3)
    for _ in range(300):
        steps = [
            step(rng.randrange(1, 9), 140, rng.random(), rng.choice((None, rng.random() * 3)))._replace(
                stalled=rng.choice((None, rng.random() * 2)),
                again=rng.random() < 0.3,
                held=rng.choice((None, None, rng.random() * 2)),
                parent=rng.choice((None, (f"203.0.113.{rng.randrange(1, 9)}", 6881))),
                result=rng.choice((Status.ANSWERED, Status.TIMED_OUT, Status.CANCELLED, Status.SEND_FAILED)),
            )
            for _ in range(rng.randrange(12))
        ]
        whole = detail(steps, rng.random() * 2, running=rng.random() < 0.5)._replace(began=rng.random())
        holds(whole)


def chain(doomed: int | None) -> tuple[LookupDetail, list[Addr]]:
    """A lookup along a chain of five nodes, each of which names the next one, 40 ms apart; which of them answer."""
    net = Wires(latency=0.02)
    core = net.core(maintain=False, bep42="off", k=2, alpha=2)
    target = bytes.fromhex("4f1a9d3377c0aa55c3d2e1f00f1e2d3c4b5a6978")
    nodes: list[NodeInfo] = []
    for place in range(5):
        nodes.insert(0, net.puppet(naming(*nodes[:1]), node_id=node_id(140 + 4 * place, place)).info)
    core.start(Ask(PingNode(), remotes=[nodes[0].addr]), lambda outcome, now: None, net.now)
    net.after(core)
    net.run(1.0)
    if doomed is not None:
        net.doomed.add(nodes[doomed].addr)
    return look_up(net, core, target)[0], [node.addr for node in nodes]


def test_a_lookup_that_nothing_held_up_says_so_and_blames_nothing() -> None:
    whole, nodes = chain(None)
    parts = budget(whole)
    assert [(part.reason, part.node) for part in parts] == [(Reason.TRIP, node) for node in nodes]
    assert slow_words(whole) == "Nothing held it up, 200 ms: 100 % (200 ms) 5 round trips."
    assert shares(whole).without == ""


@pytest.mark.parametrize("doomed", range(5))
def test_a_packet_that_was_lost_on_the_path_is_blamed(doomed: int) -> None:
    whole, nodes = chain(doomed)
    quick = chain(None)[0].view.elapsed
    lost = [part for part in budget(whole) if part.reason is Reason.LOST]
    assert [part.node for part in lost] == [nodes[doomed]]
    assert whole.view.elapsed - lost[0].seconds == pytest.approx(quick)
    assert f"a lost packet (query {doomed + 1})" in slow_words(whole)
    assert slow_words(whole).endswith("; 200 ms with every answer.")
    assert not slow_words(whole).startswith("Nothing")
    (row,) = [row for row in differences(chain(None)[0], whole) if row.what == "time without an answer"]
    assert row.first == "0 %" and row.second == f"{lost[0].seconds / whole.view.elapsed * 100:.0f} %"


def test_the_one_that_is_waited_for_at_the_end_is_blamed() -> None:
    for seed in range(4):
        net, core = town(seed, loss=0.0, liars=0)
        target = Random(seed).randbytes(20)
        whole = look_up(net, core, target)[0]
        goal = whole.steps[critical_path(whole)[-1]].addr
        net, core = town(seed, loss=0.0, liars=0)
        net.doomed.add(goal)
        again = look_up(net, core, target)[0]
        assert goal in {part.node for part in budget(again) if part.reason is Reason.LOST}
        assert "lost packet" in slow_words(again)


def test_each_gap_has_its_reason() -> None:
    first = step(1, 155, 0.2, 0.3)
    held = step(2, 150, 0.5, 0.6, parent=first.addr, hop=1, held=0.3)
    other = step(3, 156, 0.2, 0.65)
    behind = step(4, 145, 0.65, 0.75, parent=held.addr, hop=2)
    silent = step(5, 143, 0.6, None, stalled=0.9)
    open_ = step(6, 144, 0.9, None)
    whole = detail([first, other, held, silent, behind, open_], 1.0, k=3)._replace(began=0.1)
    assert [(part.reason, round(part.seconds, 3)) for part in budget(whole)] == [
        (Reason.TURN, 0.1),
        (Reason.START, 0.1),
        (Reason.TRIP, 0.1),
        (Reason.ROOM, 0.2),
        (Reason.TRIP, 0.1),
        (Reason.BEHIND, 0.05),
        (Reason.TRIP, 0.1),
        (Reason.UNANSWERED, 0.15),
        (Reason.OWN, 0.1),
    ]
    stopped = whole._replace(view=whole.view._replace(stopped=StopReason.STOPPED_BY_USER))
    assert budget(stopped)[-1].reason is Reason.OPEN
    misled = {behind.addr: Distrust.MISLED}
    doubted = whole._replace(steps=tuple(s._replace(doubt=misled.get(s.addr)) for s in whole.steps))
    assert [part.reason for part in budget(doubted)][5] is Reason.DOUBT
    late = step(3, 156, 0.2, 0.95, stalled=0.65)
    slow = whole._replace(steps=tuple(late if s.addr == other.addr else s for s in whole.steps))
    assert Reason.SLOW in {part.reason for part in budget(slow)}


def test_a_queue_of_our_own_is_no_fault_of_the_network() -> None:
    net, core = town(1, loss=0.0, liars=0)
    queued = [whole for whole in look_up(net, core, b"", times=40) if whole.began]
    assert queued
    for whole in queued:
        (turn,) = [part for part in budget(whole) if part.reason is Reason.TURN]
        assert turn.since == 0.0 and turn.seconds == pytest.approx(whole.began)
        assert "for other lookups" in slow_words(whole)


def test_the_writing_of_a_put_is_a_part_of_its_time() -> None:
    """All that the caller waits for is told: the lookup, and the writes to the closest nodes."""
    net = Network()
    cores = swarm(net, 20)
    us = cores[-1]
    outcome = net.put(us, ImmutableItem(b"5:hello"))
    (view,) = [one for one in us.snapshot(net.now).lookups if one.wrote]
    detail = us.lookup(view.number, net.now)
    assert detail is not None and outcome.stored
    parts = budget(detail)
    assert parts[-1].reason is Reason.WRITES and parts[-1].seconds > 0
    assert sum(part.seconds for part in parts) == pytest.approx(outcome.elapsed)
    assert parts[-1].since == pytest.approx(detail.view.elapsed)
    told = shares(detail)
    assert sum(share.percent for share in told.shares) == 100
    assert "for the writing" in slow_words(detail)
