"""Many operations at once. A limit of ours delays a wish, it never answers it."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterator
from random import Random
from statistics import mean

import pytest

from dhtui.engine import queries as queries_module
from dhtui.engine.core import Core
from dhtui.engine.items import Draft
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.lookup.decisions import StopReason
from dhtui.engine.lookup.questions import FindClosest, FindPeers, PingNode
from dhtui.engine.node import Node
from dhtui.engine.operations.operations import Operation
from dhtui.engine.operations.requests import Ask, RefreshBucket, Store
from dhtui.engine.operations.turns import (
    LATE_SECONDS,
    LONE_SECONDS,
    MAX_PLACES,
    MIN_PLACES,
    PLACES,
    SPARE_PLACES,
    Turns,
)
from dhtui.engine.outcome import Outcome, Status
from dhtui.engine.settings import NodeConfig, Settings
from dhtui.engine.simulation.internet import Conditions
from dhtui.engine.simulation.network import Simulation
from dhtui.engine.simulation.passive_nodes import Population
from dhtui.engine.testnet import Testnet
from dhtui.engine.views.events import LookupStarted
from dhtui.engine.wire.bencode import encode
from dhtui.engine.wire.compact import Addr

from ..network import Network, events_of, into, silent, swarm

WITHOUT_A_QUERY = (Status.BLOCKED, Status.SEND_FAILED)


def crowd(
    core: Core, n: int, now: float, done: list[Outcome], seed: int = 5, caller: Hashable = None
) -> list[Operation]:
    """So many lookups of random targets, asked for in the same moment."""
    rng = Random(seed)
    requests = [Ask(FindPeers(rng.randbytes(20))) for _ in range(n)]
    return [core.start(request, into(done), now, caller=caller) for request in requests]


# ---- each gives what it would give alone ---------------------------------------------------------------


async def test_bulk_of_200_lookups_gathered_in_one_program_each_is_answered() -> None:
    """On a testnet of 64, and nothing is said about a node that was not asked."""
    rng = Random(1)
    async with Testnet(64) as net:
        config = NodeConfig(listen=("127.0.0.1", 0), bootstrap=net.bootstrap, settings=Settings())
        async with Node(config) as node:
            await node.bootstrapped()
            wanted = [rng.randbytes(20) for _ in range(197)] + net.infohashes
            outcomes = await asyncio.gather(*(node.get_peers(target) for target in wanted))
    assert [outcome.target for outcome in outcomes] == wanted
    assert all(outcome.answered for outcome in outcomes)
    assert all(outcome.peers for outcome in outcomes[197:])
    assert not [node for outcome in outcomes for node in outcome.asked if node.status in WITHOUT_A_QUERY]


async def test_bulk_gathered_by_one_part_of_a_program_lets_another_begin_at_once() -> None:
    """What tells parts apart is the code that their tasks run."""
    rng = Random(1)
    async with Testnet(8) as net:
        config = NodeConfig(listen=("127.0.0.1", 0), bootstrap=net.bootstrap, settings=Settings())
        async with Node(config) as node:
            await node.bootstrapped()
            begun: list[bytes] = []
            node.subscribe(lambda event: begun.append(event.target) if isinstance(event, LookupStarted) else None)
            bulk = asyncio.gather(*(node.get_peers(rng.randbytes(20)) for _ in range(200)))
            await asyncio.sleep(0)  # all 200 have asked
            await node.get_peers(net.infohashes[0])
            await bulk
    assert len(begun) == 201
    assert begun.index(net.infohashes[0]) <= PLACES + 1


def town(seed: int) -> tuple[Simulation, Core]:
    """A core among 100,000 nodes."""
    simulation = Simulation(seed, population=Population(100_000, seed, Conditions()))
    core = simulation.add(hosts=simulation.hosts(), maintain=False)
    simulation.bootstrap(core)
    return simulation, core


def reached(simulation: Simulation, outcome: Outcome) -> float:
    """Share of the true 8 closest that a lookup had answers from."""
    assert outcome.target is not None
    answered = {node.addr for node in outcome.asked if node.responded}
    return mean(node.addr in answered for node in simulation.closest(outcome.target))


def test_bulk_of_200_lookups_among_100_000_nodes_finds_what_each_finds_alone() -> None:
    """The same nodes, found by as many queries; at no time is more under way than the bounds say."""
    rng = Random(2)
    targets = [rng.randbytes(20) for _ in range(200)]
    planted = targets[::8]
    simulation, core = town(1)
    alone = [simulation.look_up(core, FindPeers(target)) for target in planted]
    simulation, core = town(1)
    for target in planted:
        simulation.plant(target)
    done: list[Outcome] = []
    under_way: list[int] = []
    queries: list[int] = []

    def finished(outcome: Outcome, now: float) -> None:
        done.append(outcome)
        statistics = core.statistics()
        under_way.append(statistics.operations.used)
        queries.append(statistics.queries.used)

    for target in targets:
        core.start(Ask(FindPeers(target)), finished, simulation.now)
    simulation.after(core)
    assert simulation.run_until(lambda: len(done) == 200)
    assert all(outcome.peers for outcome in done if outcome.target in planted)
    assert not [node for outcome in done for node in outcome.asked if node.status in WITHOUT_A_QUERY]
    assert mean(reached(simulation, outcome) for outcome in done) >= mean(trial.found for trial in alone) - 0.02
    assert mean(len(outcome.asked) for outcome in done) <= 1.05 * mean(len(trial.outcome.asked) for trial in alone)
    assert max(under_way) <= MAX_PLACES + SPARE_PLACES
    assert max(queries) <= queries_module.MAX_LIVE + 2 * queries_module.MAX_STALLED


def test_bulk_does_not_hold_up_what_another_part_of_the_program_asks_for() -> None:
    """In the middle of 300 lookups, which wait for their turn, another caller's first value comes as soon as alone."""
    firsts: list[float] = []
    for bulk in (0, 300):
        simulation, core = town(3)
        target = Random(4).randbytes(20)
        simulation.plant(target)
        crowd(core, bulk, simulation.now, [], caller="a program")
        simulation.after(core)
        simulation.run(0.5)  # less than what makes a caller one apart
        trial = simulation.look_up(core, FindPeers(target))
        assert core.statistics().waiting > 100 or not bulk
        assert trial.first is not None and trial.found == 1.0
        firsts.append(trial.first)
    assert firsts[1] <= 1.5 * firsts[0]


def test_bulk_without_anybody_to_ask_ends_at_once() -> None:
    """5000 lookups that have no node to ask end one after the other, not one within the other."""
    net = Network()
    core = net.core(maintain=False)
    done: list[Outcome] = []
    held = net.puppet(silent)
    crowd(core, 100, net.now, done)
    assert {outcome.stopped for outcome in done} == {StopReason.NOBODY_TO_ASK}
    for _ in range(int(MAX_PLACES)):
        core.start(Ask(PingNode(), remotes=(held.addr,)), into(done), net.now)
    crowd(core, 5000, net.now, done)
    net.after(core)
    net.run(30.0)
    assert len(done) == 5100 + MAX_PLACES


# ---- who is next -------------------------------------------------------------------------------------


def begun(turns: Turns[str], names: list[tuple[str, str]], now: float) -> list[str]:
    """Ask for turns, as `(caller, name)`: the names of those that begin at once."""
    return [name for caller, name in names if turns.may_begin(turns.new(), name, caller, now)]


def full(now: float = 100.0) -> Turns[str]:
    """Turns of which one caller has all, and waits for three more."""
    turns: Turns[str] = Turns()
    turns.may_begin(turns.new(), "the first", "bulk", now - 2 * LONE_SECONDS)
    turns.may_begin(turns.new(), "the second", "bulk", now - LONE_SECONDS / 2)
    begun(turns, [("bulk", str(i)) for i in range(int(PLACES) + 1)], now)
    assert turns.waiting == 3 and turns.under_way == PLACES
    return turns


def test_turns_of_one_caller_come_in_the_order_of_asking() -> None:
    turns = full()
    order = []
    for turn in range(1, 4):
        turns.over(turn)
        while waiting := turns.next():
            order.append(waiting[0])
    assert order == [str(int(PLACES) - 2 + i) for i in range(3)]


def test_turns_the_queue_is_in_the_order_in_which_they_begin() -> None:
    turns: Turns[str] = Turns()
    begun(turns, [(caller, f"{caller}{n}") for caller in "ab" for n in range(40)], 0.0)
    told = [what for what, _ in turns.queue()]
    assert len(told) == turns.waiting > 40
    order = []
    turns._places = 1000.0
    while first := turns.next():
        order.append(first[0])
    assert told == order


def test_turns_a_caller_with_nothing_under_way_begins_at_once() -> None:
    """Up to so many; beyond them the one with the least under way is next."""
    turns = full()
    newcomers = [(f"caller {i}", f"of {i}") for i in range(SPARE_PLACES + 1)]
    assert begun(turns, newcomers, 100.1) == [name for _, name in newcomers[:SPARE_PLACES]]
    assert begun(turns, [("caller 0", "more of 0")], 100.1) == []
    turns.over(1)
    assert turns.next() == (newcomers[-1][1], 100.1)


def test_turns_who_comes_when_nobody_has_come_for_a_second_is_a_caller_apart() -> None:
    """A person asks once in a while, whatever part of the program passes it on."""
    turns = full(100.0)
    assert begun(turns, [("bulk", "soon")], 100.0 + LONE_SECONDS / 2) == []
    assert begun(turns, [("bulk", "later")], 100.0 + 2 * LONE_SECONDS) == ["later"]


def test_turns_are_more_as_long_as_timers_strike_in_time_and_fewer_while_they_are_late() -> None:
    """The processor says how many run at once, within bounds."""

    def after(late: float) -> int:
        turns: Turns[int] = Turns()
        for i in range(3000):
            turns.may_begin(turns.new(), i, "bulk", 100.0)
        for turn in range(1, 1001):
            for _ in range(20):
                turns.late(late)
            turns.over(turn)
            while turns.next():
                pass
        return turns.under_way

    assert after(0.0) == MAX_PLACES
    assert after(2 * LATE_SECONDS) == MIN_PLACES
    assert MIN_PLACES < PLACES < MAX_PLACES


def test_turns_that_are_given_up_are_nobodys() -> None:
    """Whether they have begun or not; a second time changes nothing."""
    turns = full()
    waiting = int(PLACES) + 1
    assert not turns.over(waiting) and turns.waiting == 2
    assert turns.over(1) and not turns.over(1)
    assert turns.under_way == PLACES - 1
    assert [turns.next() is not None for _ in range(3)] == [True, True, False]


# ---- waiting -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def village() -> tuple[Network, list[Core]]:
    """24 cores that know each other."""
    net = Network()
    return net, swarm(net, 24, maintain=False, rate_limit=0.0)


def test_bulk_lookups_that_wait_have_asked_nobody_and_can_be_cancelled(village: tuple[Network, list[Core]]) -> None:
    """What is cancelled before its turn is not started, and not told; the others are."""
    net, cores = village
    core, done = cores[4], list[Outcome]()
    heard = events_of(core)
    operations = crowd(core, 100, net.now, done)
    started = [event.number for event in heard if isinstance(event, LookupStarted)]
    waiting = core.statistics().waiting
    assert len(started) + waiting == 100 and waiting > 50
    for operation in operations[-40:]:
        core.cancel(operation, net.now)
    net.after(core)
    net.run_until(lambda: len(done) == 60)
    net.run(10.0)
    assert len(done) == 60
    assert len([event for event in heard if isinstance(event, LookupStarted)]) == 60
    assert core.statistics().waiting == core.statistics().operations.used == 0


def test_bulk_time_of_an_operation_counts_from_when_it_was_asked_for(village: tuple[Network, list[Core]]) -> None:
    """Puts that wait for their turn are stored in the end, and say how long that took in all."""
    net, cores = village
    core, began = cores[5], net.now
    took: list[float] = []
    outcomes: list[Outcome] = []

    def done(outcome: Outcome, now: float) -> None:
        outcomes.append(outcome)
        took.append(now - began)

    for i in range(60):
        core.start(Store(Draft(encode(b"v"), BEP44_TEST_KEY, b"%d" % i)), done, began)
    net.after(core)
    net.run_until(lambda: len(outcomes) == 60)
    assert [outcome.elapsed for outcome in outcomes] == pytest.approx(took)
    assert all(outcome.stored == 8 for outcome in outcomes)
    assert max(took) > 2 * min(took), "some had to wait"


def test_bulk_refreshes_that_wait_are_not_asked_for_again() -> None:
    """A table that needs refreshing does not pile up lookups while others are under way."""
    net = Network()
    core = net.core()
    net.meet(core, net.puppet(), net.puppet(silent))
    for caller in range(int(PLACES) + SPARE_PLACES):
        crowd(core, 1, net.now, [], caller, caller)
    core.start(RefreshBucket(0), lambda outcome, now: None, net.now)
    assert core._operations._turns.waits("refresh") and core._operations.any_of("refresh")


# ---- room ----------------------------------------------------------------------------------------------


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Room for 16 queries that may still be answered in time."""
    monkeypatch.setattr(queries_module, "MAX_LIVE", 16)
    yield 16


def test_room_for_queries_that_runs_out_delays_lookups_and_puts(
    village: tuple[Network, list[Core]], little_room: int
) -> None:
    """They wait for it in turn, none ends for want of it, and no node is told of that was not asked."""
    net, cores = village
    core, done = cores[6], list[Outcome]()
    net.packets.clear()
    rng = Random(9)
    for i in range(40):
        target = rng.randbytes(20)
        core.start(Ask(FindPeers(target)), into(done), net.now)
        core.start(Store(Draft(encode(b"w"), BEP44_TEST_KEY, b"%d" % i)), into(done), net.now)
        assert core.statistics().queries.used <= little_room
    net.after(core)
    net.run_until(lambda: len(done) == 80)
    assert all(len(outcome.closest) == 8 for outcome in done)
    assert all(outcome.stored == 8 for outcome in done if outcome.action == "put")
    sent = {packet.dest for packet in net.queries(source=core.identity.bound)}
    assert {node.addr for outcome in done for node in outcome.asked} <= sent


def test_room_is_not_held_by_queries_that_have_stalled(little_room: int) -> None:
    """Named nodes that are silent keep their 2 s, and others are asked in the meantime."""
    net = Network()
    core = net.core(maintain=False, alpha=64)
    dead, alive = [net.puppet(silent) for _ in range(48)], net.puppet()
    done: list[Outcome] = []
    for puppet in dead:
        core.start(Ask(PingNode(), remotes=(puppet.addr,)), into(done), net.now)
    core.start(Ask(PingNode(), remotes=(alive.addr,)), into(done), net.now)
    net.after(core)
    assert len(net.queries(source=core.identity.bound)) <= little_room
    net.run_until(lambda: bool(done))
    assert [node.status for node in done[0].asked] == [Status.ANSWERED]
    net.run(4.0)
    assert len(done) == 49
    assert {node.status for outcome in done[1:] for node in outcome.asked} == {Status.TIMED_OUT}
    sent = {packet.dest: packet.at for packet in net.queries(source=core.identity.bound)}
    for outcome in done[1:]:
        (node,) = outcome.asked
        assert net.now - sent[node.addr] >= 2.0


def test_turns_are_not_held_by_operations_that_wait_for_silent_nodes_only() -> None:
    """300 pings to dead nodes, each for itself: they don't wait 2 s for each other's turns."""
    net = Network()
    core = net.core(maintain=False)
    dead: list[Addr] = [(f"30.0.{i // 250}.{i % 250}", 1) for i in range(300)]
    done: list[Outcome] = []
    began = net.now
    for addr in dead:
        core.start(Ask(PingNode(), remotes=(addr,)), into(done), net.now)
    net.after(core)
    net.run_until(lambda: len(done) == 300)
    assert {node.status for outcome in done for node in outcome.asked} == {Status.TIMED_OUT}
    assert net.now - began < 300 / PLACES * 2.0 / 4


def test_room_of_stalled_queries_is_bounded_and_whose_time_is_cut_short_is_not_blamed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The oldest stalled query of a lookup gives way: it is cancelled, not timed out, and its node loses nothing."""
    monkeypatch.setattr(queries_module, "MAX_STALLED", 4)
    net = Network()
    core = net.core(maintain=False)
    puppets = [net.puppet() for _ in range(8)]
    net.meet(core, *puppets)
    for puppet in puppets:
        puppet.answer = silent
    done: list[Outcome] = []
    core.start(Ask(FindClosest(bytes(20))), into(done), net.now)
    net.after(core)
    net.run(1.0)
    assert core.statistics().queries.used == 4
    contacts = [core._table.find(puppet.addr) for puppet in puppets]
    assert [contact.failures for contact in contacts if contact] == [0] * 8
    assert core.snapshot(net.now).methods["find_node"].timed_out == 0
    net.run(5.0)
    by_status = {status: [n for n in done[0].asked if n.status is status] for status in Status}
    assert len(by_status[Status.CANCELLED]) >= 4
    assert len(by_status[Status.CANCELLED]) + len(by_status[Status.TIMED_OUT]) == 8
