"""Queries in flight: transaction ids, round trips and the deadlines that follow from them."""

from __future__ import annotations

import errno
from random import Random

import pytest

from dhtui.engine.core import Core
from dhtui.engine.lookup.policy import OURS, Policy
from dhtui.engine.lookup.questions import FindClosest, PingNode
from dhtui.engine.operations.requests import Ask
from dhtui.engine.outcome import Outcome, Status
from dhtui.engine.queries import (
    ENOUGH_SAMPLES,
    MAX_LIVE,
    SAMPLES,
    SOFT_MAX,
    SOFT_MIN,
    SOFT_UNTIL_MEASURED,
    Answer,
    InFlight,
    Queries,
    RoundTrips,
)
from dhtui.engine.wire.compact import Addr
from dhtui.engine.wire.faults import Note, NoteKind
from dhtui.engine.wire.krpc import Ping, Query, encode_response
from dhtui.text.faults import note_words

from .network import Network, Puppet, into, silent

WHERE: Addr = ("8.8.8.8", 6881)


class Waiting:
    """Queries with a notebook of what happens to them."""

    def __init__(self) -> None:
        self.queries = Queries(Random(1))
        self.stalled: list[float] = []
        self.done: list[Answer | None] = []

    def start(self, soft: float, hard: float, addr: Addr = WHERE) -> InFlight:
        query = InFlight(
            self.queries.new_tid(), addr, None, "ping", Ping(bytes(20)), "user", 0.0, soft, hard, self._done, self._soft
        )
        self.queries.start(query)
        return query

    def _done(self, query: InFlight, answer: Answer | None, now: float) -> None:
        self.done.append(answer)

    def _soft(self, query: InFlight, now: float) -> None:
        self.stalled.append(now)


def trips(*seconds: float) -> RoundTrips:
    measured = RoundTrips()
    for rtt in seconds:
        measured.add(rtt)
    return measured


# ---- soft timeouts -----------------------------------------------------------------------------------


def test_timeouts_soft_is_0_6_s_until_8_samples() -> None:
    """Before 8 round trips are measured a query stalls after 0.6 s."""
    assert trips(*[0.01] * (ENOUGH_SAMPLES - 1)).soft() == SOFT_UNTIL_MEASURED == 0.6
    assert trips(*[0.01] * ENOUGH_SAMPLES).soft() != 0.6


def test_timeouts_soft_is_the_larger_of_p10_plus_100_ms_and_p80() -> None:
    """From measured round trips: max(p10 + 100 ms, p80)."""
    close = trips(*[0.2 + i / 1000 for i in range(100)])
    assert close.soft() == pytest.approx(0.210 + 0.1)
    wide = trips(*[i / 100 for i in range(100)])
    assert wide.soft() == pytest.approx(0.8)


@pytest.mark.parametrize(("rtt", "soft"), [(0.001, SOFT_MIN), (5.0, SOFT_MAX)])
def test_timeouts_soft_is_bounded_by_150_ms_and_2_s(rtt: float, soft: float) -> None:
    """Never below 0.15 s, never above 2 s, whether from all round trips or from a node's own."""
    assert trips(*[rtt] * 20).soft() == soft
    assert trips().soft(rtt) == soft
    assert (SOFT_MIN, SOFT_MAX) == (0.15, 2.0)


def test_timeouts_soft_of_a_known_node_is_about_twice_its_own_round_trip() -> None:
    """Where a node's own round trip is known, that counts, not that of all."""
    assert trips(*[1.0] * 20).soft(0.3) == pytest.approx(0.65)


def test_timeouts_round_trips_of_the_last_256_answers_count() -> None:
    """Old samples give way: a network that became fast is soon known as fast."""
    measured = trips(*[1.5] * 500, *[0.05] * SAMPLES)
    assert measured.view().samples == SAMPLES
    assert measured.view().p90 == 0.05


def test_timeouts_a_lookup_uses_what_was_measured() -> None:
    """The core gives a lookup's queries their soft deadline: 0.6 s at first, then the node's own or that of all."""
    net = Network(latency=0.05)
    core = net.core(maintain=False)
    stranger: Addr = ("9.9.9.9", 9)
    assert core._sending.soft_for(stranger) == 0.6
    others = [net.puppet() for _ in range(ENOUGH_SAMPLES)]
    for slow in others[:2]:
        net.slow[slow.addr] = 0.4
    net.meet(core, *others)
    assert core._sending.soft_for(others[0].addr) == pytest.approx(1.05)
    assert core._sending.soft_for(others[2].addr) == pytest.approx(0.25)
    assert core._sending.soft_for(stranger) == pytest.approx(0.3), (
        "three medians at most: a few late ones stretch nothing"
    )


# ---- deadlines ---------------------------------------------------------------------------------------


def test_timeouts_the_soft_deadline_strikes_once_then_the_hard_one() -> None:
    """After the soft deadline a query is still waited for; the hard one ends it."""
    waiting = Waiting()
    query = waiting.start(0.6, 4.0)
    assert waiting.queries.next_deadline() == 0.6
    assert list(waiting.queries.expire(0.5)) == []
    assert list(waiting.queries.expire(0.6)) == [(query, False)]
    assert waiting.queries.next_deadline() == 4.0
    assert list(waiting.queries.expire(1.0)) == []
    assert waiting.queries.match(query.tid, query.addr) is query
    assert waiting.queries.next_deadline() is None


def test_timeouts_both_deadlines_at_once_are_one_end() -> None:
    """A timer that comes late finds the hard deadline passed: the query ends, it does not stall first."""
    waiting = Waiting()
    query = waiting.start(0.6, 4.0)
    assert list(waiting.queries.expire(9.0)) == [(query, True)]
    assert len(waiting.queries) == 0 and waiting.queries.next_deadline() is None


def test_timeouts_a_late_answer_counts_until_4_s() -> None:
    """An answer after 3.9 s is an answer; after 4 s nobody waits for it."""
    net = Network(latency=0.0)
    core = net.core(maintain=False)
    for delay, wanted in ((3.9, 1), (4.1, 0)):
        late = net.puppet()
        net.meet(core, late)
        net.slow[late.addr] = delay
        outcome = net.find_node(core, late.id)
        assert [o.addr for o in outcome.closest].count(late.addr) == wanted
        net.run(5.0)
        core._table.drop(late.addr, net.now, "test")
    assert core.snapshot(net.now).drops == {"unexpected answer": 2}
    assert OURS.hard == 4.0


def test_timeouts_the_policy_in_force_holds_for_every_query_of_a_lookup_or_survey() -> None:
    """Not only for lookups: named nodes stall by it, and a survey ends by it."""
    net = Network()
    core = net.core(policy=Policy(survey=4, soft=1.5, hard=3.0), maintain=True)
    dead = net.puppet(silent)
    assert core._sending.soft_for(dead.addr) == 1.5
    core.start(Ask(PingNode(), remotes=(dead.addr,)), into([]), net.now)
    core._maintenance.start_survey(net.now)
    core.start(Ask(FindClosest(dead.id), remotes=(dead.addr,)), into([]), net.now)
    assert {query.soft for query in core.snapshot(net.now).queries} == {1.5}


@pytest.mark.parametrize("timeout", [0.5, 2.0, 10.0])
def test_timeouts_a_direct_query_waits_query_timeout(timeout: float) -> None:
    """A query to a node that the user named waits as long as the user said, and no soft deadline ends it."""
    net = Network()
    core = net.core(maintain=False, query_timeout=timeout)
    quiet, late = net.puppet(silent), net.puppet()
    net.slow[late.addr] = timeout - 0.1
    outcome = net.ping(core, quiet.addr, late.addr)
    assert [o.status for o in outcome.asked] == [Status.TIMED_OUT, Status.ANSWERED]
    assert outcome.elapsed == pytest.approx(timeout)
    assert len(quiet.queries) == 1


def test_the_default_of_query_timeout_is_2_s() -> None:
    """A direct query waits 2 s unless told otherwise."""
    net = Network()
    assert net.ping(net.core(), net.puppet(silent).addr).elapsed == pytest.approx(2.0)


# ---- whose answer counts -------------------------------------------------------------------------------


def test_defence_transaction_ids_are_random_and_4_bytes_long() -> None:
    """BEP 5: the transaction id; at least 16 random bits, so that nobody can guess it without seeing the query."""
    queries = Queries(Random(1))
    tids = [queries.new_tid() for _ in range(1000)]
    assert {len(tid) for tid in tids} == {4}
    assert len(set(tids)) == 1000
    assert len({tid[:1] for tid in tids}) > 200, "no counter"


def test_defence_a_transaction_id_in_use_is_not_used_again() -> None:
    """Two queries in flight never share a transaction id."""

    class Stuck(Random):
        def randbytes(self, n: int) -> bytes:
            self.calls = getattr(self, "calls", 0) + 1
            return b"same" if self.calls < 5 else b"else"

    waiting = Waiting()
    waiting.queries = Queries(Stuck())
    assert [waiting.start(1.0, 2.0).tid for _ in range(2)] == [b"same", b"else"]


def pinging(net: Network, core: Core, puppet: Puppet) -> tuple[list[Outcome], Query]:
    """A ping under way to a puppet, and the query as it went out."""
    done: list[Outcome] = []
    core.start(Ask(PingNode(), remotes=(puppet.addr,)), into(done), net.now)
    net.after(core)
    query = net.packets[-1].message
    assert isinstance(query, Query)
    return done, query


@pytest.mark.parametrize(
    "source", [("20.9.9.9", 6881), ("20.1.7.1", 6882)], ids=["from another address", "from another port"]
)
def test_defence_an_answer_counts_only_from_the_asked_address_and_port(source: Addr) -> None:
    """Whoever answers in another node's place is not heard, though it knows the transaction id."""
    net = Network()
    victim = net.puppet(silent)
    assert victim.addr == ("20.1.7.1", 6881)
    core = net.core()
    done, query = pinging(net, core, victim)
    net.send(encode_response(query.tid, {b"id": victim.id}, core.identity.bound), source, core.identity.bound)
    net.run(1.0)
    assert done == [] and len(core.nodes()) == 0
    assert core.snapshot(net.now).drops["unexpected answer"] == 1
    net.run(2.0)
    assert [(o.status, o.came_from) for o in done[0].asked] == [(Status.ELSEWHERE, source)]


def test_defence_an_answer_counts_only_with_the_transaction_id() -> None:
    """A forged answer from the right address has to guess 32 bits."""
    net = Network()
    victim = net.puppet(silent)
    core = net.core()
    done, query = pinging(net, core, victim)
    wrong = bytes(byte ^ 1 for byte in query.tid)
    for tid in (wrong, query.tid[:2], query.tid + b"x"):
        net.send(encode_response(tid, {b"id": victim.id}, core.identity.bound), victim.addr, core.identity.bound)
    net.run(1.0)
    assert done == [] and len(core.nodes()) == 0
    net.send(encode_response(query.tid, {b"id": victim.id}, core.identity.bound), victim.addr, core.identity.bound)
    net.run(0.5)
    assert [o.status for o in done[0].asked] == [Status.ANSWERED]


def test_defence_an_answer_counts_once() -> None:
    """A repeated answer is nobody's: its query is over."""
    net = Network()
    core = net.core()
    puppet = net.puppet()
    done, query = pinging(net, core, puppet)
    net.run(1.0)
    net.send(encode_response(query.tid, {b"id": puppet.id}, core.identity.bound), puppet.addr, core.identity.bound)
    net.run(1.0)
    assert len(done) == 1 and core.snapshot(net.now).drops == {"unexpected answer": 1}


# ---- bounds and views ----------------------------------------------------------------------------------


def test_queries_in_flight_are_bounded_and_those_beyond_are_delayed() -> None:
    """At most 2048 queries that may still be answered in time are in flight; the others are sent later, each once."""
    net = Network()
    core = net.core(alpha=10_000)
    many = [(f"30.{i // 250}.{i % 250}.1", 1) for i in range(MAX_LIVE + 10)]
    done: list[Outcome] = []
    core.start(Ask(PingNode(), remotes=many), into(done), net.now)
    net.after(core)
    assert len(net.queries(source=core.identity.bound)) == core.statistics().queries.used == MAX_LIVE == 2048
    net.run(5.0)
    assert {o.status for o in done[0].asked} == {Status.TIMED_OUT} and len(done[0].asked) == len(many)
    assert len(net.queries(source=core.identity.bound)) == len(many)


def test_direct_queries_go_out_alpha_at_a_time() -> None:
    """Many named nodes are asked a few at a time, and every one is asked."""
    net = Network()
    core = net.core(alpha=3)
    puppets = [net.puppet() for _ in range(10)]
    outcome = net.ping(core, *(puppet.addr for puppet in puppets))
    assert [o.status for o in outcome.asked] == [Status.ANSWERED] * 10
    assert [o.addr for o in outcome.asked] == [puppet.addr for puppet in puppets]
    times = sorted(packet.at for packet in net.queries(source=core.identity.bound))
    assert times[0] == times[2] < times[3]


def test_queries_in_flight_can_be_seen() -> None:
    """The snapshot shows each query in flight with its age and deadlines."""
    net = Network()
    core = net.core()
    puppet = net.puppet(silent)
    pinging(net, core, puppet)
    net.run(0.5)
    (view,) = core.snapshot(net.now).queries
    assert (view.addr, view.method, view.target, view.owner) == (puppet.addr, "ping", None, "user")
    assert view.age == pytest.approx(0.5) and view.hard == pytest.approx(2.0)


def test_a_send_failure_ends_the_wait_at_once() -> None:
    """The system would not send: nobody waits for an answer from there, and no node is blamed."""
    net = Network()
    core = net.core()
    puppet = net.puppet()
    net.meet(core, puppet)
    done: list[Outcome] = []
    core.start(Ask(PingNode(), remotes=(puppet.addr,)), into(done), net.now)
    ((data, addr),) = core.datagrams_to_send()
    core.send_failed(data, addr, errno.ENETUNREACH, net.now)
    why = Note(NoteKind.SEND_REFUSED, errno.ENETUNREACH)
    assert [(o.status, o.note) for o in done[0].asked] == [(Status.SEND_FAILED, why)]
    assert note_words(why) == "Network is unreachable"
    contact = core._table.find(puppet.addr)
    assert contact is not None and contact.failures == 0
