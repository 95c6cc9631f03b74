"""The simulator: the same answers for the same seed, and a network that does what networks do."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from statistics import mean

import pytest

from dhtui.engine.core import Core
from dhtui.engine.items import ImmutableItem, sign
from dhtui.engine.keys import PrivateKey
from dhtui.engine.lookup.questions import FindClosest, FindPeers, GetItem, PingNode
from dhtui.engine.operations.requests import Ask
from dhtui.engine.outcome import Status
from dhtui.engine.simulation.internet import Chance, Conditions, Internet
from dhtui.engine.simulation.network import Simulation, Trial, grow
from dhtui.engine.simulation.passive_nodes import BUCKET, Population
from dhtui.engine.wire.ids import bep42_valid, distance, shared_prefix

CALM = Conditions(loss=0.0, dead=0.0)


def network(size: int, seed: int = 1, conditions: Conditions | None = None) -> tuple[Simulation, Core]:
    """A simulation with passive nodes, and a core that has settled among them."""
    simulation = Simulation(seed, population=Population(size, seed, conditions or Conditions()))
    core = simulation.add(hosts=simulation.hosts())
    simulation.bootstrap(core)
    simulation.run(5)
    return simulation, core


def lookups(simulation: Simulation, core: Core, n: int, seed: int = 7) -> list[Trial]:
    """Lookups of planted peers, one after the other."""
    rng, trials = Random(seed), []
    for _ in range(n):
        target = rng.randbytes(20)
        simulation.plant(target)
        trials.append(simulation.look_up(core, FindPeers(target)))
    return trials


# ---- one seed, one course of events ------------------------------------------------------------------


def test_the_same_seed_gives_the_same_lookups_to_the_last_packet() -> None:
    first, second = (lookups(*network(2000), 6) for _ in range(2))
    assert first == second
    assert lookups(*network(2000, seed=2), 6) != first


def test_whole_networks_repeat_themselves_too() -> None:
    def course() -> list[tuple[int, int]]:
        simulation = Simulation(3)
        list(grow(simulation, 40, nat=0.3, rate=20))
        simulation.run(20)
        return [(place.sent, place.received) for place in simulation.places.values()]

    assert course() == course()


def test_what_nobody_has_met_takes_no_memory() -> None:
    simulation, core = network(4_000_000)
    lookups(simulation, core, 5)
    assert simulation.population is not None
    assert simulation.population.made < 40_000
    assert len(simulation.passive) < 2000


# ---- the internet ------------------------------------------------------------------------------------


def test_round_trips_have_the_distribution_that_was_measured() -> None:
    internet = Internet(Chance(1), 0.0)
    times = sorted(internet.round_trip(key << 32, 5) for key in range(20_000))
    assert [round(times[int(20_000 * q)], 2) for q in (0.5, 0.9)] == [0.09, 0.25]
    assert times[int(20_000 * 0.99)] == pytest.approx(0.9, rel=0.1)
    assert internet.round_trip(1 << 40, 2) == internet.round_trip(2, 1 << 40)


def test_so_many_packets_are_lost() -> None:
    internet = Internet(Chance(1), 0.02)
    lost = sum(internet.delay(1, 2, nth) is None for nth in range(20_000))
    assert lost / 20_000 == pytest.approx(0.02, rel=0.15)
    assert all(Internet(Chance(1), 0.0).delay(1, 2, nth) for nth in range(1000))


def test_a_question_and_its_answer_are_lost_independently() -> None:
    simulation, core = network(1000, conditions=Conditions(loss=0.2, dead=0.0))
    addrs = simulation.hosts(150)
    answered = simulation.ask(core, PingNode(), remotes=addrs).answered
    assert answered / len(set(addrs)) == pytest.approx(0.64, abs=0.08)


# ---- the population ----------------------------------------------------------------------------------


def test_nodes_computed_on_demand_are_those_of_the_whole_list() -> None:
    population = Population(500, 9, Conditions())
    everybody = [population.member(place) for place in range(population.members)]
    assert everybody == sorted(everybody, key=lambda m: m.number)
    assert len({m.number for m in everybody}) == population.members == 714
    fresh = Population(500, 9, Conditions())
    for nth in range(20):
        target = Random(nth).randbytes(20)
        alive = [m.id for m in everybody if population.alive(m, 0.0)]
        assert [m.id for m in fresh.closest(target, 8, 0.0)] == sorted(alive, key=lambda i: distance(i, target))[:8]


def test_a_table_is_what_kademlia_makes_of_the_whole_network() -> None:
    population = Population(3000, 4, Conditions())
    everybody = [population.member(place) for place in range(population.members)]
    for owner in everybody[::700]:
        for nth in range(10):
            target = Random(nth).randbytes(20)
            depth = shared_prefix(owner.id, target)
            named = population.referrals(owner, target, BUCKET)
            fitting = [m for m in everybody if shared_prefix(m.id, owner.id) == depth]
            assert len(named) == BUCKET and owner not in named
            assert named == population.referrals(owner, target, BUCKET)
            in_bucket = [m for m in named if shared_prefix(m.id, owner.id) == depth]
            assert len(in_bucket) == min(len(fitting), BUCKET)


def test_so_many_are_dead_and_so_many_ids_fit_their_addresses() -> None:
    population = Population(4000, 2, Conditions(dead=0.4, bep42=0.7))
    everybody = [population.member(place) for place in range(population.members)]
    assert mean(population.alive(m, 0.0) for m in everybody) == pytest.approx(0.6, abs=0.03)
    assert mean(bep42_valid(m.id, m.addr[0]) for m in everybody) == pytest.approx(0.7, abs=0.03)
    assert len({m.addr for m in everybody}) == len(everybody)


def test_dead_entries_cost_queries_and_answers() -> None:
    calm = lookups(*network(2000, conditions=CALM), 10)
    deadly = lookups(*network(2000, conditions=Conditions(loss=0.0, dead=0.5)), 10)
    assert mean(t.queries for t in deadly) > 1.3 * mean(t.queries for t in calm)
    silent = [sum(t.outcome.timed_out + t.outcome.cancelled for t in trials) for trials in (calm, deadly)]
    assert silent[1] > 5 * silent[0]


def test_churn_replaces_who_is_alive_but_not_how_many() -> None:
    population = Population(2000, 5, Conditions(session=600.0))
    everybody = [population.member(place) for place in range(population.members)]
    then, later = ({m.addr for m in everybody if population.alive(m, at)} for at in (0.0, 1200.0))
    assert len(then) / len(everybody) == pytest.approx(0.7, abs=0.03)
    assert len(later) / len(everybody) == pytest.approx(0.7, abs=0.03)
    assert len(then & later) / len(then) == pytest.approx(0.7, abs=0.05)


def test_lookups_outlive_churn() -> None:
    simulation, core = network(2000, conditions=Conditions(session=1200.0))
    simulation.run(1800)
    assert mean(t.found for t in lookups(simulation, core, 10)) > 0.9


def test_passive_nodes_store_what_they_are_given_and_check_it() -> None:
    simulation, core = network(500, conditions=CALM)
    item = ImmutableItem(b"5:first")
    assert simulation.store(core, item).stored == 8
    mutable = sign(PrivateKey.from_seed(bytes(32)), b"3:new", 5)
    assert simulation.store(core, mutable).stored == 8
    older = simulation.store(core, sign(PrivateKey.from_seed(bytes(32)), b"3:old", 4))
    assert {write.code for write in older.writes} == {302}
    other = simulation.add(hosts=simulation.hosts())
    simulation.bootstrap(other)
    assert simulation.look_up(other, GetItem(item.target)).outcome.item == item
    assert simulation.look_up(other, GetItem(mutable.target)).outcome.item == mutable


def test_a_passive_node_ignores_who_asks_too_much() -> None:
    simulation, core = network(100, conditions=Conditions(loss=0.0, dead=0.0, rate_limit=2.0))
    addr = simulation.hosts(1)
    ping = PingNode()
    statuses = []
    for _ in range(30):
        statuses += [o.status for o in simulation.ask(core, ping, remotes=addr).asked]
    assert statuses[:15].count(Status.ANSWERED) >= 15
    assert statuses[-1] is Status.TIMED_OUT


# ---- whole nodes -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole() -> tuple[Simulation, list[Core]]:
    """A network of 100 complete nodes, three in ten of them behind NATs."""
    simulation = Simulation(1, Conditions(loss=0.01))
    cores = list(grow(simulation, 100, nat=0.3, rate=10))
    simulation.run(30)
    return simulation, cores


def test_what_one_whole_node_puts_another_finds(whole: tuple[Simulation, list[Core]]) -> None:
    simulation, cores = whole
    stored = 0
    for nth in range(12):
        item = ImmutableItem(b"2:%02d" % nth)
        stored += simulation.store(cores[5 * nth], item).stored
        assert simulation.look_up(cores[99 - nth], GetItem(item.target)).outcome.item == item
    assert stored >= 12 * 7.5  # a write is lost with one packet in fifty


def test_a_node_behind_a_nat_asks_but_cannot_be_asked(whole: tuple[Simulation, list[Core]]) -> None:
    simulation, cores = whole
    behind = [core for core in cores if simulation.behind_nat(core)]
    assert 15 < len(behind) < 45
    assert all(core.identity.read_only(simulation.now) for core in behind)
    assert not any(core.identity.read_only(simulation.now) for core in cores if core not in behind)
    hidden = {core.identity.bound for core in behind}
    assert not any(contact.addr in hidden for core in cores for contact in core.nodes())
    trial = simulation.look_up(behind[0], FindClosest(bytes(20)))
    assert len(trial.outcome.closest) == 8 and trial.found >= 7 / 8
    stranger = simulation.add()
    asked = simulation.ask(stranger, PingNode(), remotes=[behind[0].identity.bound, cores[0].identity.bound])
    assert [node.status for node in asked.asked] == [Status.TIMED_OUT, Status.ANSWERED]


def test_whole_nodes_mute_who_floods_them(whole: tuple[Simulation, list[Core]]) -> None:
    simulation, cores = whole
    flooder, victim = simulation.add(), cores[0].identity.bound
    answered: list[int] = []
    for _ in range(80):  # all at once: one after the other they would be too slow where the round trip is long
        ping = Ask(PingNode(), remotes=[victim])
        flooder.start(ping, lambda outcome, now: answered.append(outcome.answered), simulation.now)
    simulation.after(flooder)
    simulation.run(8.0)
    assert len(answered) == 80 and 40 < sum(answered) <= 55
    assert cores[0].snapshot(simulation.now).drops["rate limit"] > 0
    last = simulation.ask(flooder, PingNode(), remotes=[victim])
    assert last.asked[0].status is Status.ANSWERED, "it is not ignored from then on"


def test_whole_nodes_get_over_the_loss_of_half_of_them() -> None:
    simulation = Simulation(2)
    cores = list(grow(simulation, 80, rate=10))
    simulation.run(20)
    for core in cores[3::2]:
        simulation.remove(core)

    def found() -> float:
        targets = [Random(n).randbytes(20) for n in range(24)]
        return mean(simulation.look_up(cores[-2], FindClosest(target)).found for target in targets)

    assert found() > 0.8
    simulation.run(1000)  # until each has refreshed its buckets
    assert found() > 0.95


# ---- what a lookup costs -----------------------------------------------------------------------------


def test_lookups_reach_the_true_closest_nodes() -> None:
    trials = lookups(*network(10_000), 60)
    assert mean(trial.found for trial in trials) >= 0.96
    assert all(trial.first is not None for trial in trials)


def test_the_cost_of_a_lookup_grows_with_the_logarithm_of_the_network() -> None:
    by_size = [lookups(*network(10**digits), 20) for digits in (3, 4, 5, 6)]
    hops = [mean(trial.hops for trial in trials) for trials in by_size]
    queries = [mean(trial.queries for trial in trials) for trials in by_size]
    for cost in (hops, queries):
        steps = [after - before for before, after in pairwise(cost)]
        assert all(step > 0 for step in steps)
        # A power law would multiply from step to step: tenfold sizes must add about the same each time.
        assert max(steps) < 2.5 * mean(steps)
        assert cost[-1] < 4 * cost[0]
