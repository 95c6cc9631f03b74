"""The iterative lookup (BEP 5, Kademlia): whom it asks, whom it waits for, when it ends, what it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from dhtui.engine.core import Core
from dhtui.engine.items import ImmutableItem, sign
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.lookup.algorithm import GRACE_SECONDS, MAX_DISTRUSTED, MAX_ROUNDS, MISFITS_CLOSEST, Lookup, Start
from dhtui.engine.lookup.candidates import MAX_CANDIDATES, Candidate
from dhtui.engine.lookup.decisions import Distrust, Reason, State, StopReason
from dhtui.engine.lookup.policy import OURS
from dhtui.engine.lookup.questions import FindClosest
from dhtui.engine.lookup.running import MAX_STEPS
from dhtui.engine.operations.requests import Ask, RefreshBucket
from dhtui.engine.outcome import Doubt, NodeOutcome, Outcome, Status
from dhtui.engine.queries import SOFT_MIN, SOFT_UNTIL_MEASURED
from dhtui.engine.unresponsive import SILENT_SECONDS, UnresponsiveNodes
from dhtui.engine.views.snapshot import LookupView
from dhtui.engine.wire.bencode import Bencached
from dhtui.engine.wire.compact import Addr, NodeInfo, is_local
from dhtui.engine.wire.ids import bep42_id, bep42_valid, distance
from dhtui.engine.wire.krpc import Query, encode_error
from dhtui.text.decisions import outcome_stop_words

from ..network import Answer, Network, Puppet, into, naming, silent, swarm

TARGET = bytes(20)
RTT = 0.04


def at(number: int) -> bytes:
    """The id at a distance from `TARGET`."""
    return number.to_bytes(20, "big")


def node(number: int) -> NodeInfo:
    return NodeInfo(at(number), (f"50.{number // 250}.{number % 250}.1", 1))


def answer_of(candidate: Candidate, *nodes: NodeInfo) -> NodeOutcome:
    return NodeOutcome(addr=candidate.addr, id=candidate.id, status=Status.ANSWERED, rtt=0.1, nodes=nodes)


def asked_by(lookup: Lookup) -> list[Candidate]:
    found = []
    while candidate := lookup.next():
        found.append(candidate)
    return found


def numbers(candidates: list[Candidate]) -> list[int]:
    return [candidate.distance for candidate in candidates]


def ring(net: Network, count: int, answer: Callable[[Query], Answer] | None = None) -> list[Puppet]:
    """Puppets at distances 1, 2, 3 ... from `TARGET` that name each other."""
    puppets = [net.puppet(node_id=at(i + 1)) for i in range(count)]
    for puppet in puppets:
        puppet.answer = answer or naming(*(other.info for other in puppets[:8]))
    return puppets


def addrs(nodes: tuple[NodeOutcome, ...]) -> list[Addr]:
    return [outcome.addr for outcome in nodes]


# ---- slots -------------------------------------------------------------------------------------------


def test_candidates_are_asked_nearest_first_alpha_at_a_time() -> None:
    """Candidates are sorted by distance; alpha queries are in flight at first."""
    lookup = Lookup(TARGET, at(99), alpha=3, k=8)
    lookup.add_all(node(number) for number in (9, 2, 7, 4, 1))
    assert numbers(asked_by(lookup)) == [1, 2, 4]


def test_overtaken_queries_hold_no_slot() -> None:
    """Queries that nearer candidates have overtaken don't count against alpha."""
    lookup = Lookup(TARGET, at(99), alpha=2, k=2)
    lookup.add_all((node(50), node(60)))
    far = asked_by(lookup)
    assert numbers(far) == [50, 60]
    lookup.answered(far[1], answer_of(far[1], node(1), node(2), node(3)))
    assert numbers(asked_by(lookup)) == [1, 2], "two more, though the one at 50 is still in flight"


def test_alpha_counts_only_at_the_top() -> None:
    """Past the k nearest responders nobody is asked, whatever slots are free."""
    lookup = Lookup(TARGET, at(99), alpha=8, k=2)
    lookup.add_all(node(number) for number in (1, 2))
    for candidate in asked_by(lookup):
        lookup.answered(candidate, answer_of(candidate, node(70), node(80)))
    assert asked_by(lookup) == [] and lookup.settled()


def test_a_stalled_query_frees_its_slot() -> None:
    """After the soft deadline the next candidate is asked, and a late answer is still welcome."""
    lookup = Lookup(TARGET, at(99), alpha=1, k=2)
    lookup.add_all((node(1), node(2)))
    (first,) = asked_by(lookup)
    lookup.stalled(first)
    assert numbers(asked_by(lookup)) == [2]
    lookup.answered(first, answer_of(first))
    assert lookup.closest() == [first]


@pytest.mark.parametrize(("owner", "wanted"), [("user", 8), ("refresh", 5)])
def test_alpha_is_8_for_a_person_and_5_in_the_background(owner: str, wanted: int) -> None:
    """8 queries at once for what a person waits for, 5 for refreshes."""
    net = Network()
    core = net.core(maintain=False, bep42="off")
    net.meet(core, *ring(net, 9))
    before = len(net.queries(source=core.identity.bound))
    if owner == "user":
        core.start(Ask(FindClosest(TARGET)), lambda outcome, now: None, net.now)
    else:
        core.start(RefreshBucket(0), lambda outcome, now: None, net.now)
    net.after(core)
    assert len(net.queries(source=core.identity.bound)) - before == wanted


def test_a_lookup_starts_from_the_nearest_of_all_nodes_that_ever_answered() -> None:
    """Nodes without a place in the table serve lookups all the same."""
    net = Network()
    core = net.core(id=b"\xff" * 20, bep42="off", maintain=False)
    puppets = ring(net, 30, naming())
    net.meet(core, *puppets)
    assert len(core.nodes()) < 30
    outcome = net.find_node(core, TARGET)
    assert addrs(outcome.closest) == [puppet.addr for puppet in puppets[:8]]


# ---- the end -----------------------------------------------------------------------------------------


def test_lookup_end_the_8_closest_responders_are_known() -> None:
    """It ends when the 8 closest responders are known and nothing nearer is outstanding or untried (L5)."""
    net = Network()
    core = net.core(maintain=False, bep42="off")
    puppets = ring(net, 30)
    net.meet(core, puppets[29])
    outcome = net.find_node(core, TARGET)
    assert addrs(outcome.closest) == [puppet.addr for puppet in puppets[:8]]
    assert outcome.elapsed == pytest.approx(2 * RTT)
    assert outcome.stopped is StopReason.CLOSEST_ANSWERED


def test_lookup_end_silent_nodes_are_never_listed_as_closest() -> None:
    """Storing at a dead node is losing: the closest are those that answered."""
    net = Network()
    core = net.core(maintain=False, bep42="off")
    puppets = ring(net, 20)
    for puppet in puppets:
        puppet.answer = naming(*(other.info for other in puppets[:16]))
    for puppet in puppets[:5]:
        puppet.answer = silent
    net.meet(core, puppets[19])
    outcome = net.find_node(core, TARGET)
    assert addrs(outcome.closest) == [puppet.addr for puppet in puppets[5:13]]
    silent_ones = [o for o in outcome.asked if o.status is Status.CANCELLED]
    assert addrs(tuple(silent_ones)) == [p.addr for p in puppets[:5]]
    assert (outcome.timed_out, outcome.cancelled) == (0, 5) and all(0.4 < (o.waited or 0) < 4 for o in silent_ones)


def test_lookup_end_silent_nearer_nodes_are_asked_once_more_and_not_waited_for() -> None:
    """The silent ones nearer than the 8th responder get a second query, and 0.4 s (L3)."""
    net = Network()
    core = net.core(maintain=False, bep42="off")
    puppets = ring(net, 12)
    for puppet in puppets[:3]:
        puppet.answer = silent
    far = net.puppet(silent, node_id=b"\xff" * 20)
    puppets[11].answer = naming(*(puppet.info for puppet in puppets[:11]), far.info)
    net.meet(core, puppets[11])
    outcome = net.find_node(core, TARGET)
    for puppet in puppets[:3]:
        first, again = [packet.at for packet in net.queries(dest=puppet.addr)]
        assert again + GRACE_SECONDS == pytest.approx(net.now)
        assert again - first >= SOFT_MIN
    assert len(far.queries) == 1, "farther than the 8th responder: not worth a second query"
    assert outcome.elapsed < SOFT_UNTIL_MEASURED + GRACE_SECONDS + 3 * RTT < OURS.hard
    assert len(outcome.closest) == 8


def test_lookup_end_an_answer_to_the_second_query_counts() -> None:
    """One packet in fifty is lost: whoever answers when asked again is among the closest."""
    net = Network()
    core = net.core(maintain=False, bep42="off")
    puppets = ring(net, 12)
    slip = puppets[0]
    slip.answer = lambda query: {b"nodes": b""} if len(slip.queries) == 2 else None
    net.meet(core, puppets[11])
    outcome = net.find_node(core, TARGET)
    assert outcome.closest[0].addr == slip.addr and len(slip.queries) == 2


def test_lookup_end_no_answer_at_all_waits_out_the_hard_deadline() -> None:
    """Only where nobody has answered is there a reason to wait: a late answer counts until 4 s."""
    net = Network()
    late = net.puppet()
    core = net.core(maintain=False, bep42="off")
    net.meet(core, late)
    net.slow[late.addr] = 3.5
    outcome = net.find_node(core, TARGET)
    assert addrs(outcome.closest) == [late.addr] and outcome.closest[0].rtt == pytest.approx(3.5 + RTT)
    late.answer = silent
    outcome = net.find_node(core, TARGET)
    assert outcome.closest == () and outcome.elapsed <= OURS.hard + 0.7
    assert outcome.stopped is StopReason.NOBODY_ANSWERED


def test_timeouts_a_late_answer_still_counts_while_the_lookup_runs() -> None:
    """After the soft deadline an answer is late but welcome: its node is among the closest (L2)."""
    net = Network()
    core = net.core(maintain=False, bep42="off")
    puppets = ring(net, 9)
    chain = [net.puppet(node_id=at(100 + i)) for i in range(12)]
    for near, far in pairwise(chain):
        far.answer = naming(near.info)
        net.slow[far.addr] = 0.1
    chain[0].answer = naming(*(puppet.info for puppet in puppets))
    chain[11].answer = naming(chain[10].info, puppets[0].info)
    net.meet(core, chain[11])
    net.slow[puppets[0].addr] = 1.0  # far beyond its soft deadline of 0.6 s, before the end at some 1.5 s
    outcome = net.find_node(core, TARGET)
    assert outcome.closest[0].addr == puppets[0].addr
    assert outcome.closest[0].rtt == pytest.approx(1.0 + RTT)


def test_lookup_end_nobody_known() -> None:
    """With nobody to ask it ends at once and says so."""
    net = Network()
    outcome = net.find_node(net.core(), TARGET)
    assert outcome.asked == () and outcome.elapsed == 0 and outcome.stopped is StopReason.NOBODY_TO_ASK


def test_lookup_end_an_error_is_no_closest_node() -> None:
    """A node that answers with an error is shown with its code, and not among the closest."""
    net = Network()
    refuser = net.puppet()
    refuser.answer = lambda q: {} if q.method == "ping" else encode_error(q.tid, 202, "busy", ("1.1.1.1", 1))
    core = net.core(maintain=False, bep42="off")
    net.meet(core, refuser)
    outcome = net.find_node(core, TARGET)
    assert outcome.closest == ()
    assert [(o.status, o.code, o.message) for o in outcome.asked] == [(Status.REFUSED, 202, b"busy")]


def test_bep42_enforced_hosts_and_candidates_with_ids_that_do_not_fit_do_not_count() -> None:
    """BEP 42, enforced: whoever does not fit is asked, and passed over when the closest are counted."""
    lookup = Lookup(TARGET, at(99), alpha=8, k=2, enforce=True)
    fits = NodeInfo(bep42_id("8.8.8.8", Random(1)), ("8.8.8.8", 1))
    lookup.add_all((node(1), fits, NodeInfo(at(2), ("127.0.0.1", 1))))
    lookup.add_host(("9.9.9.9", 1), router=False)
    for candidate in asked_by(lookup):
        outcome = answer_of(candidate)
        lookup.answered(candidate, outcome if candidate.id else replace(outcome, id=at(3)))
    assert [candidate.id for candidate in lookup.closest()] == [at(2), fits.id]


@pytest.mark.parametrize("mode", ["off", "prefer", "enforce"])
def test_bep42_ids_that_do_not_fit_are_at_most_three_of_the_closest_and_none_where_that_is_enforced(mode: str) -> None:
    """BEP 42: an id next to a target costs nothing, an address that it fits costs a search among thousands."""
    net = Network()
    core = net.core(maintain=False, bep42=mode)
    misfits = [net.puppet(node_id=at((i + 1) << 154)) for i in range(4)]
    fitting = [net.puppet() for _ in range(8)]
    for puppet in fitting:
        puppet.id = bep42_id(puppet.addr[0], net.rng)
    for puppet in (*misfits, *fitting):
        assert bep42_valid(puppet.id, puppet.addr[0]) == (puppet in fitting)
        puppet.answer = naming(*(other.info for other in (*misfits, *fitting)))
    net.meet(core, fitting[0])
    outcome = net.find_node(core, TARGET)
    assert all(puppet.queries for puppet in misfits), "asked they are"
    among = {"off": 4, "prefer": MISFITS_CLOSEST, "enforce": 0}[mode]
    wanted = sorted((*misfits[:among], *fitting), key=lambda puppet: distance(puppet.id, TARGET))[:8]
    assert addrs(outcome.closest) == [puppet.addr for puppet in wanted]


# ---- values ------------------------------------------------------------------------------------------


def test_immutable_get_ends_at_the_first_valid_value() -> None:
    """The first value that hashes to the target ends the lookup; slower nodes are not waited for."""
    net = Network()
    core = net.core(maintain=False, bep42="off")
    item = ImmutableItem(b"5:hello")
    puppets = [net.puppet() for _ in range(8)]
    for puppet in puppets[1:]:
        net.slow[puppet.addr] = 0.3
    net.meet(core, *puppets)
    puppets[0].answer = lambda query: {b"v": Bencached(item.v), b"token": b"t"}
    outcome = net.get(core, item)
    assert outcome.item == item and outcome.elapsed == pytest.approx(RTT)
    assert {o.status for o in outcome.asked} == {Status.VALUE, Status.CANCELLED}


def test_mutable_get_goes_on_and_hands_over_every_newer_value_at_once() -> None:
    """A mutable value is handed over when it comes, and again when a higher seq is found; that one is the result."""
    net = Network()
    core = net.core(maintain=False, bep42="off")
    items = [sign(BEP44_TEST_KEY, b"i%de" % seq, seq) for seq in range(4)]
    order = [2, 0, 3, 1]
    puppets = [net.puppet() for _ in order]
    net.meet(core, *puppets)
    for place, (puppet, seq) in enumerate(zip(puppets, order, strict=True)):
        net.slow[puppet.addr] = 0.05 * place
        body = {b"v": Bencached(items[seq].v), b"k": items[seq].k, b"sig": items[seq].sig, b"seq": seq}
        puppet.answer = lambda query, body=body: body  # type: ignore[misc]
    came: list[NodeOutcome] = []
    outcome = net.get(core, items[0], on_found=came.append)
    assert [o.seq for o in came] == [2, 3]
    assert outcome.item == items[3] and outcome.highest_seen == 3
    by_addr = {o.addr: o.status for o in outcome.asked}
    assert [by_addr[puppet.addr] for puppet in puppets] == [Status.OLDER, Status.OLDER, Status.VALUE, Status.OLDER]


def test_progress_is_told_step_by_step() -> None:
    """Each step of a lookup can be watched: asked and answered grow, and the last step is the end."""
    net = Network()
    core = net.core(maintain=False, bep42="off")
    puppets = ring(net, 12)
    net.meet(core, puppets[11])
    steps: list[LookupView] = []
    net.find_node(core, TARGET, on_step=lambda find, now: steps.append(find.view(now)))
    assert [step.answered for step in steps] == sorted(step.answered for step in steps)
    assert [step.running for step in steps] == [True] * (len(steps) - 1) + [False]
    assert steps[-1].nearest_bits == 0 and steps[-1].best == 8 and steps[-1].stopped


def test_cancelling_a_lookup_sends_nothing_more_and_tells_nobody() -> None:
    """A cancelled lookup asks nobody any longer; its answers still serve the table."""
    net = Network()
    core = net.core(maintain=False, bep42="off")
    puppets = ring(net, 12)
    net.meet(core, puppets[11])
    done: list[Outcome] = []
    operation = core.start(Ask(FindClosest(TARGET)), into(done), net.now)
    net.after(core)
    net.run(1.5 * RTT)
    core.cancel(operation, net.now)
    before = len(net.queries(source=core.identity.bound))
    net.run(10.0)
    assert done == [] and len(net.queries(source=core.identity.bound)) == before
    assert len(core._table.nearest_known(TARGET, 20)) == 9
    assert [view.stopped for view in core.snapshot(net.now).lookups] == [StopReason.CANCELLED]


# ---- liars -------------------------------------------------------------------------------------------


def test_one_candidate_an_address_outside_local_networks() -> None:
    """A liar can't fill the list with one address under many ids and ports; on loopback ports tell nodes apart."""
    lookup = Lookup(TARGET, at(99), alpha=64, k=8)
    lookup.add_all(NodeInfo(at(i), ("8.8.8.8", i)) for i in range(1, 9))
    lookup.add_all(NodeInfo(at(20 + i), ("127.0.0.1", i)) for i in range(1, 9))
    assert numbers(asked_by(lookup)) == [1, *range(21, 29)]


def test_our_own_id_is_no_candidate() -> None:
    """Nobody can make us ask ourselves."""
    lookup = Lookup(TARGET, at(9), alpha=8, k=8)
    lookup.add(NodeInfo(at(9), ("8.8.8.8", 1)))
    assert asked_by(lookup) == []


def test_the_list_of_candidates_is_bounded() -> None:
    """Endless referrals don't fill memory: the farthest untried candidates are forgotten."""
    lookup = Lookup(TARGET, at(0), alpha=8, k=8)
    for number in range(3000, 0, -1):
        lookup.add(node(number))
    assert len(lookup.candidates) == MAX_CANDIDATES
    assert numbers(asked_by(lookup)) == list(range(1, 9))


def test_nobody_can_lead_a_lookup_nearer_for_ever() -> None:
    """Liars with endless addresses, each naming nearer ones: the lookup ends after 512 queries, with what it has."""
    net = Network()
    net.recording = False
    core = net.core(maintain=False, bep42="off")
    left = [10**9]

    def invent(query: Query) -> Answer:
        left[0] -= 1
        return naming(net.puppet(invent, node_id=at(left[0])).info)(query)

    net.meet(core, net.puppet(invent))
    outcome = net.find_node(core, TARGET)
    assert len(outcome.asked) <= MAX_STEPS and len(outcome.closest) == 8
    assert outcome.stopped is StopReason.QUERY_LIMIT and "invented" in outcome_stop_words(outcome)


# ---- what others claim about a node --------------------------------------------------------------------


def claim(number: int, nth: int, port: int = 1) -> NodeInfo:
    """The node number `nth`, claimed to be at a distance."""
    return NodeInfo(at(number), (f"70.{nth}.0.1", port))


def answers_as(candidate: Candidate, number: int, *nodes: NodeInfo) -> NodeOutcome:
    """Its answer, from the id that it truly has."""
    return replace(answer_of(candidate, *nodes), id=at(number))


def named_by(lookup: Lookup, *claims: list[NodeInfo]) -> list[Candidate]:
    """Nodes that the lookup starts from and that have answered, each with its claims."""
    lookup.add_all(node_at(158, 100 + nth) for nth in range(len(claims)))
    sources = asked_by(lookup)
    for source, claimed in zip(sources, claims, strict=True):
        lookup.answered(source, answer_of(source, *claimed))
    return sources


def test_a_node_named_under_an_id_one_bit_off_is_found_under_its_own() -> None:
    """Its own word counts: a liar who falsifies ids by a bit hides nobody, and is the one who is blamed."""
    lookup = Lookup(TARGET, at(99), alpha=8, k=4)
    (liar,) = named_by(lookup, [claim((1 << 156) + nth ^ 1 << 155, nth) for nth in range(4)])
    truths = [claim((1 << 156) + nth, nth) for nth in range(4)]
    for nth, candidate in enumerate(sorted(asked_by(lookup))):
        lookup.answered(candidate, answers_as(candidate, (1 << 156) + nth, *truths))
    assert numbers(lookup.closest()) == [(1 << 156) + nth for nth in range(4)]
    first, *others = lookup.closest()
    assert first.named == at(3 << 155) and (liar.named_bad, liar.named_alive) == (1, 0)
    assert all(c.named is None and c.claimant is first for c in others), "by then they had been named as they are"


def test_a_node_that_is_named_far_off_is_asked_where_another_one_names_it() -> None:
    """Of several claims about an address the nearest is tried first, whoever made his first."""
    for lie, truth in ((0, 1), (1, 0)):
        claims = [[claim(1 << 157, 1)], [claim(1 << 150, 1)]]
        lookup = Lookup(TARGET, at(99), alpha=8, k=8)
        sources = named_by(lookup, claims[lie], claims[truth])
        (candidate,) = asked_by(lookup)
        assert candidate.distance == 1 << 150 and set(candidate.namers) == set(sources)
        lookup.answered(candidate, answer_of(candidate))
        assert [source.named_alive for source in sources] == ([0, 1] if (lie, truth) == (0, 1) else [1, 0])


def test_a_true_address_under_other_ports_is_asked_when_the_false_one_is_silent() -> None:
    """Nodes of one /24 are rivals: the claims that wait are kept, a few of them (L9)."""
    lookup = Lookup(TARGET, at(99), alpha=8, k=8)
    named_by(lookup, [claim(1 << 150, 1, port=9)], [claim(1 << 150, 1)])
    (false,) = asked_by(lookup)
    assert false.addr[1] == 9 and asked_by(lookup) == []
    lookup.stalled(false)
    assert [candidate.addr[1] for candidate in asked_by(lookup)] == [1]


def test_a_node_names_one_of_a_subnet() -> None:
    """A liar who names a true address under many ports of his own makes it wait for one of them, not for all."""
    lookup = Lookup(TARGET, at(99), alpha=8, k=8)
    named_by(lookup, [claim(1 << 150, 1, port=2 + nth) for nth in range(8)], [claim(1 << 150, 1)])
    assert [c.addr[1] for c in lookup.candidates if c.addr[0] == "70.1.0.1"] == [2, 1]


def test_of_the_rivals_of_a_subnet_the_one_that_most_networks_vouch_for_goes_first() -> None:
    """Whom several honest nodes name takes the place of whom one names, as long as that one has not been asked."""
    lookup = Lookup(TARGET, at(99), alpha=1, k=8)
    lookup.add_all(node_at(158, 100 + nth) for nth in range(3))
    sources = lookup.candidates[:]
    for source, port in zip(sources, (9, 1, 1), strict=True):
        assert lookup.next() is source, "one at a time, and farther ones than those that were named"
        lookup.answered(source, answer_of(source, claim(1 << 159, 1, port)))
    rivals = {c.addr[1]: c for c in lookup.candidates if c.addr[0] == "70.1.0.1"}
    assert (rivals[1].state, rivals[9].state) == (State.NEW, State.PASSED)
    assert lookup.next() is rivals[1]


def test_an_id_that_was_chosen_when_asked_fills_no_place_until_another_one_names_it() -> None:
    """Who answers much nearer to the target than it was named may have made up its id for it (L8)."""
    lookup = Lookup(TARGET, at(99), alpha=8, k=1)
    named_by(lookup, [claim(1 << 156, 1), claim(1 << 155, 2)])
    near, liar = asked_by(lookup)
    lookup.answered(near, answer_of(near))
    lookup.answered(liar, answers_as(liar, 1 << 120))
    assert lookup.distrust(liar) is Distrust.CHOSEN and lookup.closest() == [near]
    lookup.add(NodeInfo(at(1 << 120), liar.addr), near)
    assert lookup.distrust(liar) is None and lookup.closest() == [liar]


@pytest.mark.parametrize("number", [1, 1 << 159])
def test_what_is_claimed_about_a_node_that_was_met_counts_for_nothing(number: int) -> None:
    """The id that a start told itself stays, and so does one that a node has answered with."""
    lookup = Lookup(TARGET, at(99), alpha=1, k=8)
    lookup.add_all((node_at(150, 1), node_at(158, 2)))
    met, later = lookup.candidates
    assert lookup.next() is met
    lookup.answered(met, answer_of(met, NodeInfo(at(number), later.addr), NodeInfo(at(number), met.addr)))
    assert [c.distance for c in lookup.candidates] == [(1 << 150) + 1, (1 << 158) + 2]


def test_those_that_several_networks_vouch_for_are_not_pushed_out_of_memory() -> None:
    """Endless nearer referrals of one liar make the list forget others of his, not what honest nodes named."""
    lookup = Lookup(TARGET, at(99), alpha=8, k=8)
    vouched = [claim((1 << 158) + nth, nth) for nth in range(8)]
    *_, liar = named_by(lookup, vouched, vouched, [])
    for nth in range(2 * MAX_CANDIDATES):
        lookup.add(NodeInfo(at((1 << 157) + nth), (f"71.{nth // 250}.{nth % 250}.1", 1)), liar)
    assert len(lookup.candidates) == MAX_CANDIDATES
    assert {node.addr for node in vouched} <= {candidate.addr for candidate in lookup.candidates}


# ---- ids that do not fit their addresses ---------------------------------------------------------------


def fitting(net: Random, count: int) -> list[NodeInfo]:
    """Nodes on addresses all over the world, with ids that fit them (BEP 42); nearest to `TARGET` first."""
    ips = [f"{net.randrange(11, 100)}.{nth}.{net.randrange(256)}.7" for nth in range(count)]
    return sorted((NodeInfo(bep42_id(ip, net), (ip, 1)) for ip in ips), key=lambda node: node.id)


def test_misfits_fill_one_place_so_that_the_lookup_goes_on_behind_them() -> None:
    """A ring of made-up ids around a target does not end the lookup before the honest ones are reached (L10)."""
    lookup = Lookup(TARGET, at(99), alpha=64, k=8, prefer=True)
    honest = fitting(Random(1), 12)
    lookup.add_all((*(claim((1 << 100 + nth) + 1, nth) for nth in range(8)), *honest))
    while asked := asked_by(lookup):
        for candidate in asked:
            lookup.answered(candidate, answer_of(candidate))
    assert lookup.settled()
    told = {candidate.addr for candidate in lookup.candidates if candidate.state is State.ANSWERED}
    assert {node.addr for node in honest[:7]} <= told
    assert sum(candidate.addr[0].startswith("70.") for candidate in lookup.closest()) == MISFITS_CLOSEST


def test_distrusted_nodes_hold_no_place_at_all() -> None:
    """As long as there are others, k of them have to answer (L13)."""
    lookup = Lookup(TARGET, at(99), alpha=8, k=2)
    crowd, others = [claim(1 << 100, nth) for nth in range(8)], [claim((1 << 157) + nth, 20 + nth) for nth in range(2)]
    named_by(lookup, crowd, others)
    while asked := asked_by(lookup):
        for candidate in asked:
            lookup.answered(candidate, answer_of(candidate))
    assert [c.distance.bit_length() for c in lookup.closest()] == [158, 158]


def test_endless_misfits_do_not_keep_a_lookup_going() -> None:
    """Each names eight more, nearer ones: the honest nodes are reached all the same, and then it is over."""
    lookup = Lookup(TARGET, at(99), alpha=8, k=8, prefer=True)
    honest, left, made = fitting(Random(2), 30), 1 << 150, 0
    lookup.add_all((claim(1 << 159, 200), *honest[10:]))
    for _ in range(600):
        candidate = lookup.next()
        if candidate is None:
            break
        named = honest[:8]
        if candidate.addr[0].startswith("7"):
            named = [NodeInfo(at(left - nth), (f"72.{made // 30}.{made % 30 * 8 + nth}.1", 1)) for nth in range(8)]
            left, made = left - 8, made + 1
        lookup.answered(candidate, answer_of(candidate, *named))
    assert lookup.settled()
    asked = [candidate for candidate in lookup.candidates if not candidate.untried]
    assert sum(candidate.addr[0].startswith("7") for candidate in asked) <= 2 * MAX_DISTRUSTED
    assert {node.addr for node in honest[:5]} <= {candidate.addr for candidate in lookup.closest()}


# ---- what may not be believed --------------------------------------------------------------------------


def test_a_lookup_whose_starts_all_mislead_says_so() -> None:
    """What they named was silent, or had other ids: what was not found may be there all the same."""
    lookup = Lookup(TARGET, at(99), alpha=8, k=2)
    named_by(lookup, *([claim((1 << 150) + nth, 10 * liar + nth) for nth in range(6)] for liar in range(2)))
    while asked := asked_by(lookup):
        for candidate in asked:
            lookup.stalled(candidate)
    assert lookup.doubt() is Doubt.STARTS


def test_a_lookup_that_met_mostly_made_up_nodes_says_so() -> None:
    lookup = Lookup(TARGET, at(99), alpha=8, k=8)
    named_by(lookup, [claim((1 << 100) + nth, nth) for nth in range(8)])
    for candidate in asked_by(lookup):
        lookup.answered(candidate, answer_of(candidate))
    assert lookup.doubt() is Doubt.MADE_UP and lookup.settled()


def test_a_lookup_among_honest_nodes_is_in_no_doubt() -> None:
    net = Network()
    core = net.core(maintain=False, bep42="off")
    puppets = ring(net, 12)
    net.meet(core, puppets[11])
    assert net.find_node(core, TARGET).doubt is None


# ---- liars, whole lookups ------------------------------------------------------------------------------


def test_referrals_to_silent_addresses_cost_little_time() -> None:
    """A liar names 20 addresses nearest to the target where nobody lives: the honest nodes are found all the same."""
    net = Network()
    core = net.core(maintain=False)
    honest = [net.puppet(node_id=at(1000 + i)) for i in range(12)]
    for puppet in honest:
        puppet.answer = naming(*(other.info for other in honest[:8]))
    liar = net.puppet(naming(*(NodeInfo(at(1 + i), net.fresh_addr()) for i in range(20))), node_id=at(500))
    net.meet(core, *honest, liar)
    outcome = net.find_node(core, TARGET)
    assert addrs(outcome.closest) == [liar.addr, *(puppet.addr for puppet in honest[:7])]
    assert outcome.elapsed < 2.0


def test_referrals_to_unusable_addresses_are_ignored() -> None:
    """Port 0, multicast, broadcast, 0.0.0.0: nothing is sent there."""
    net = Network()
    core = net.core(maintain=False)
    bad: list[Addr] = [("8.8.8.8", 0), ("224.0.0.1", 1), ("255.255.255.255", 1), ("0.0.0.0", 1), ("0.1.2.3", 1)]
    net.meet(core, net.puppet(naming(*(NodeInfo(at(i + 1), addr) for i, addr in enumerate(bad)))))
    outcome = net.find_node(core, TARGET)
    assert len(outcome.asked) == 1
    assert not {packet.dest for packet in net.packets} & set(bad)


# ---- cold --------------------------------------------------------------------------------------------


def test_a_cold_lookup_goes_straight_to_the_bootstrap_hosts() -> None:
    """Nobody known yet: the hosts are asked for the target itself, without a bootstrap first."""
    net = Network()
    puppets = ring(net, 12)
    names = tuple("{}:{}".format(*puppet.addr) for puppet in puppets[10:])
    core = net.core(hosts=names)
    core.bootstrap(net.now)
    outcome = net.get(core, ImmutableItem(b"1:x"))
    first = net.queries(source=core.identity.bound, method="get")[0]
    assert first.at == net.now - outcome.elapsed and first.dest in (puppets[10].addr, puppets[11].addr)
    assert len(outcome.closest) == 8


def test_a_host_that_is_quick_and_lies_does_not_have_the_only_say() -> None:
    """Its eight accomplices have answered before the honest host does: the lookup is not over yet."""
    net = Network()
    honest, liars = ring(net, 12), [net.puppet(node_id=at(100 + nth)) for nth in range(9)]
    for liar in liars:
        liar.answer = naming(*(other.info for other in liars[:8]))
    net.slow[honest[11].addr] = 0.4
    core = net.core(hosts=tuple("{}:{}".format(*host.addr) for host in (liars[8], honest[11])), bep42="off")
    outcome = net.find_node(core, TARGET)
    assert addrs(outcome.closest) == [puppet.addr for puppet in honest[:8]]


def test_a_lookup_without_a_bootstrap_resolves_the_hosts_itself() -> None:
    """A lookup on a node that never bootstrapped works as well."""
    net = Network()
    puppets = ring(net, 12)
    net.names["router.example:6881"] = (puppets[11].addr,)
    outcome = net.find_node(net.core(hosts=("router.example:6881",)), TARGET)
    assert addrs(outcome.closest) == [puppet.addr for puppet in puppets[:8]]


def test_a_cold_lookup_with_hosts_that_can_not_be_resolved_ends() -> None:
    """No address for any host: the lookup ends at once, it does not hang."""
    net = Network()
    net.names["nowhere.example:1"] = "no such name"
    outcome = net.find_node(net.core(hosts=("nowhere.example:1",)), TARGET)
    assert outcome.asked == () and outcome.stopped is StopReason.NOBODY_TO_ASK


# ---- recall ------------------------------------------------------------------------------------------


def recall(net: Network, cores: list[Core], lookups: int) -> tuple[float, float]:
    """Of the true 8 nearest that are alive, how many lookups find on average; and their mean time, seconds."""
    found = elapsed = 0.0
    for _ in range(lookups):
        target, asker = net.rng.randbytes(20), net.rng.choice(cores)
        others = sorted((core for core in cores if core is not asker), key=lambda core: distance(core.id, target))
        outcome = net.find_node(asker, target)
        found += len({core.identity.bound for core in others[:8]} & set(addrs(outcome.closest)))
        elapsed += outcome.elapsed
    return found / lookups, elapsed / lookups


@pytest.fixture(scope="module")
def big() -> tuple[Network, list[Core]]:
    """200 cores on public addresses that know each other as bootstrapping left them."""
    net = Network(spread=0.08)
    net.recording = False
    cores = swarm(net, 200)
    assert not any(is_local(core.identity.bound[0]) for core in cores)
    return net, cores


def test_recall_200_nodes_lookups_find_the_true_8_nearest(big: tuple[Network, list[Core]]) -> None:
    """Lookups among 200 find at least 7.9 of the true 8 nearest on average."""
    found, elapsed = recall(*big, 60)
    assert found >= 7.9 and elapsed < 0.6


def test_recall_with_3_in_10_entries_dead_and_2_percent_loss(big: tuple[Network, list[Core]]) -> None:
    """30 % of what tables hold is dead, 2 % of the packets are lost: lookups still find most, and fast."""
    net, cores = big
    dead = Random(3).sample(cores, 60)
    for core in dead:
        net.kill(core)
    net.loss = 0.02
    found, elapsed = recall(net, [core for core in cores if core not in dead], 60)
    assert found >= 7.2 and elapsed < 1.0  # 7.3 to 7.7 by six seeds
    net.loss = 0.0


# ---- whom it opens with ------------------------------------------------------------------------------


def starts(*places: tuple[int, float | None], alive: bool = True) -> list[Start]:
    """Known nodes at distances of so many bits, with their round trips."""
    return [Start(node_at(bits, nth), rtt, alive) for nth, (bits, rtt) in enumerate(places)]


def node_at(bits: int, nth: int) -> NodeInfo:
    return NodeInfo(at((1 << bits) + nth), (f"60.{nth}.0.1", 1))


def test_a_lookup_opens_with_four_quick_and_near_nodes() -> None:
    """A bit of distance is worth 12 ms: the quick ones open it, the slow near ones stay in reserve (L4)."""
    slow, quick = [(150, 0.4)] * 4, [(152, 0.03)] * 5
    lookup = Lookup(TARGET, at(99), alpha=8, k=8)
    lookup.start_from(starts(*slow, *[(159, 0.2)] * 8, *quick))
    opened = asked_by(lookup)
    assert [candidate.distance.bit_length() for candidate in opened] == [153] * 4
    assert {candidate.chosen_for[0] for candidate in opened} == {Reason.OPENING}
    lookup.answered(opened[0], answer_of(opened[0], *(node_at(149, 50 + nth) for nth in range(8))))
    assert [candidate.distance.bit_length() for candidate in asked_by(lookup)] == [150] * 8, "not the reserve"


def test_of_nodes_that_may_be_gone_a_lookup_opens_with_twice_as_many() -> None:
    """Nodes of an earlier run count half: so many of them are dead."""
    lookup = Lookup(TARGET, at(99), alpha=8, k=8)
    lookup.start_from(starts(*[(150, 0.05)] * 20, alive=False))
    assert len(asked_by(lookup)) == 8


@pytest.mark.parametrize(("alpha", "living", "doubtful"), [(1, 1, 1), (2, 1, 2), (5, 3, 5)])
def test_no_more_than_alpha_open_it(alpha: int, living: int, doubtful: int) -> None:
    """Whoever wants one query at a time gets just that."""
    for alive, most in ((True, living), (False, doubtful)):
        lookup = Lookup(TARGET, at(99), alpha=alpha, k=8)
        lookup.start_from(starts(*[(150, 0.05)] * 20, alive=alive))
        assert len(asked_by(lookup)) == most


def test_the_reserve_is_asked_when_the_opening_leads_nowhere() -> None:
    """Nobody else is left: the known nodes that stayed behind get their turn (L4)."""
    lookup = Lookup(TARGET, at(99), alpha=8, k=8)
    lookup.start_from(starts(*[(150, 0.05)] * 20))
    for candidate in asked_by(lookup):
        lookup.stalled(candidate)
    assert len(asked_by(lookup)) == 8 and not lookup.settled()


def test_few_known_nodes_are_asked_nearest_first() -> None:
    """With less than twice alpha there is nothing to choose."""
    lookup = Lookup(TARGET, at(99), alpha=8, k=8)
    lookup.start_from(starts(*[(150, 0.05)] * 15))
    assert len(asked_by(lookup)) == 8


def test_a_lookup_starts_from_the_nodes_of_an_earlier_run() -> None:
    """What is saved is kept with its round trip, and serves the first lookup of the next run."""
    net = Network()
    core = net.core(maintain=False)
    puppets = ring(net, 30)
    net.meet(core, *puppets)
    saved = core.saved_state()
    assert {node.addr for node in saved.nodes} == {puppet.addr for puppet in puppets}
    assert list(saved.rtts) == pytest.approx([RTT] * 30)
    again = net.core(maintain=False, saved=saved)
    assert net.find_node(again, TARGET).closest[0].addr == puppets[0].addr
    assert again._table.closest(TARGET, 8)[0].rtt is not None


# ---- whom it passes over -----------------------------------------------------------------------------


def test_one_candidate_a_subnet_and_the_next_when_it_is_silent() -> None:
    """Addresses of one /24 are cheap: one is enough, unless it is silent (L9)."""
    lookup = Lookup(TARGET, at(99), alpha=8, k=8)
    first, second = NodeInfo(at(1 << 150), ("50.1.1.1", 1)), NodeInfo(at(1 << 149), ("50.1.1.2", 1))
    lookup.add_all((first, second, NodeInfo(at(1 << 151), ("50.1.2.1", 1))))
    opened = asked_by(lookup)
    assert [candidate.addr[0] for candidate in opened] == ["50.1.1.1", "50.1.2.1"]
    lookup.stalled(opened[0])
    assert [candidate.addr[0] for candidate in asked_by(lookup)] == ["50.1.1.2"]


def test_loopback_is_exempt_from_one_candidate_a_subnet() -> None:
    """On loopback and in private networks one subnet is all there is."""
    lookup = Lookup(TARGET, at(99), alpha=8, k=8)
    lookup.add_all(NodeInfo(at(1 << 150 + nth), ("127.0.0.1", 1 + nth)) for nth in range(5))
    assert len(asked_by(lookup)) == 5


def test_bep42_ids_that_fit_come_first_among_the_equally_near() -> None:
    """As near to the bit: the id that fits its address is asked first."""
    fits = bep42_id("8.8.8.8", Random(1))
    target = bytes([fits[0] ^ 0x80]) + fits[1:]
    misfit = bytes([fits[0]]) + bytes(19)
    lookup = Lookup(target, at(99), alpha=1, k=8, prefer=True)
    lookup.add_all((NodeInfo(misfit, ("9.9.9.9", 1)), NodeInfo(fits, ("8.8.8.8", 1))))
    assert [candidate.id for candidate in asked_by(lookup)] == [fits]


def test_who_names_only_silent_nodes_is_not_followed() -> None:
    """After four silent ones in a row that somebody named, the others it named wait for those of others (L12)."""
    lookup = Lookup(TARGET, at(99), alpha=4, k=8)
    lookup.add_all((node_at(159, 0), node_at(159, 1)))
    liar, honest = asked_by(lookup)
    lookup.answered(liar, answer_of(liar, *(node_at(156, 10 + nth) for nth in range(8))))
    for candidate in asked_by(lookup):
        lookup.stalled(candidate)
    lookup.answered(honest, answer_of(honest, *(node_at(157, 30 + nth) for nth in range(4))))
    assert {candidate.parent for candidate in asked_by(lookup)} == {honest}


@pytest.mark.parametrize("lie", [Status.BAD_VALUE, Status.BAD_SIGNATURE])
def test_whose_value_does_not_hold_is_not_followed(lie: Status) -> None:
    """It is none of the closest, and those that it names wait for those of others."""
    lookup = Lookup(TARGET, at(99), alpha=8, k=2)
    lookup.add_all((node_at(158, 0), node_at(159, 1)))
    liar, honest = sorted(asked_by(lookup))
    lookup.answered(liar, replace(answer_of(liar, *(node_at(156, 10 + nth) for nth in range(8))), status=lie))
    lookup.answered(honest, answer_of(honest, *(node_at(157, 30 + nth) for nth in range(2))))
    asked = [lookup.next() for _ in range(3)]
    assert [one.parent if one else None for one in asked] == [honest, honest, liar], "after them it is their turn"
    assert lookup.closest() == [honest] and liar.served_bad_value


def test_a_lookup_among_liars_alone_is_over_and_says_so() -> None:
    lookup = Lookup(TARGET, at(99), alpha=8, k=2)
    lookup.add(node_at(158, 0))
    (liar,) = asked_by(lookup)
    lookup.answered(liar, replace(answer_of(liar), status=Status.BAD_VALUE))
    assert lookup.settled()
    assert lookup.verdict() is StopReason.NOTHING_HOLDS


def test_many_that_are_too_near_keep_nobody_else_from_being_asked() -> None:
    """When the 16 of them that are asked at most have been, it goes on with the others that had to wait."""
    lookup = Lookup(TARGET, at(99), alpha=64, k=2)
    lookup.add_all(node_at(158, nth) for nth in range(6))
    *naming_crowds, misleading, one, other = asked_by(lookup)
    for nth, liar in enumerate(naming_crowds):
        lookup.answered(liar, answer_of(liar, *(node_at(100, 10 + 8 * nth + place) for place in range(8))))
    lie = answer_of(misleading, *(node_at(156, 40 + nth) for nth in range(3)))
    lookup.answered(misleading, replace(lie, status=Status.BAD_VALUE))
    for honest in (one, other):
        lookup.answered(honest, answer_of(honest))
    while not lookup.settled():
        asked = asked_by(lookup)
        assert asked, "it hangs"
        for candidate in asked:
            lookup.answered(candidate, answer_of(candidate))
    assert {c.state for c in lookup.candidates if c.parent is misleading} == {State.ANSWERED}


def test_made_up_nodes_next_to_the_target_fill_no_place() -> None:
    """A crowd nearer than who named it can know of is asked, and is none of the closest while others are."""
    lookup = Lookup(TARGET, at(99), alpha=8, k=2)
    lookup.add_all((node_at(158, 0), node_at(157, 1), node_at(156, 2)))
    liar, *honest = sorted(asked_by(lookup), key=lambda candidate: -candidate.distance)
    lookup.answered(liar, answer_of(liar, *(node_at(120, 10 + nth) for nth in range(8))))
    crowd = asked_by(lookup)
    assert {lookup.distrust(candidate) for candidate in crowd} == {Distrust.TOO_NEAR}
    for candidate in (*crowd, *honest):
        lookup.answered(candidate, answer_of(candidate))
    assert lookup.closest() == sorted(honest) and lookup.settled()


def test_a_crowd_too_dense_for_the_size_of_the_network_fills_no_place() -> None:
    """Named one by one they pass; together they are more than so small a network can have there."""
    lookup = Lookup(TARGET, at(99), alpha=16, k=4, size=1000.0)
    lookup.add_all(node_at(130, nth) for nth in range(8))
    lookup.add_all(node_at(151, 20 + nth) for nth in range(4))
    for candidate in asked_by(lookup):
        lookup.answered(candidate, answer_of(candidate))
    assert [candidate.distance.bit_length() for candidate in lookup.closest()] == [152] * 4


def test_the_node_whose_id_is_looked_for_is_not_too_near() -> None:
    """A lookup for a node's own id finds it."""
    lookup = Lookup(TARGET, at(99), alpha=8, k=8, size=1000.0)
    lookup.add(node_at(158, 0))
    (parent,) = asked_by(lookup)
    lookup.answered(parent, answer_of(parent, NodeInfo(TARGET, ("61.0.0.1", 1))))
    assert not lookup.candidates[0].sybil_suspect


def test_addresses_that_were_silent_twice_are_not_asked_again_soon() -> None:
    """A dead node costs a query and a second chance once, not in every lookup; after 5 minutes it is asked again."""
    net = Network()
    core = net.core(maintain=False, bep42="off")
    puppets = ring(net, 12)
    puppets[0].answer = silent
    net.meet(core, puppets[11])
    for wanted in (2, 2):
        net.find_node(core, TARGET)
        net.run(OURS.hard)
        assert len(puppets[0].queries) == wanted
    net.run(SILENT_SECONDS)
    net.find_node(core, TARGET)
    assert len(puppets[0].queries) == 4


def test_an_outage_of_our_own_makes_nobody_silent() -> None:
    """When nobody at all answers, the fault is ours."""
    silence = UnresponsiveNodes()
    silence.timed_out(("1.1.1.1", 1), 1.0, 5.0)
    silence.timed_out(("1.1.1.1", 1), 2.0, 6.0)
    assert silence.why(("1.1.1.1", 1), 6.0) is None


# ---- nodes in league that name only each other ---------------------------------------------------------


def settle(lookup: Lookup, names: Callable[[Candidate], list[NodeInfo]]) -> None:
    """All that it asks answer, as `names` says, until nothing is left to do."""
    while asked := asked_by(lookup):
        for candidate in asked:
            lookup.answered(candidate, answer_of(candidate, *names(candidate)))
    assert lookup.settled()


def test_a_lookup_whose_closest_are_too_sparse_begins_again_from_its_reserve() -> None:
    """It opened with nodes in league that name only each other: 8 where the network has hundreds (L17)."""
    lookup = Lookup(TARGET, at(99), alpha=8, k=8, size=1e6)
    lookup.start_from(starts(*[(150, 0.03)] * 10, *[(155, 0.2)] * 10))
    league = [node_at(146, 200 + nth) for nth in range(8)]
    in_league = {candidate.addr for candidate in lookup.candidates[:10]} | {node.addr for node in league}

    def names(candidate: Candidate) -> list[NodeInfo]:
        """Each of its own kind; an honest one 8 that are nearer by 4 bits, until the nearest of all."""
        bits = candidate.distance.bit_length() - 5
        nearer = [node_at(bits, 8 * (160 - bits) + nth - 50) for nth in range(8) if bits > 138]
        return league if candidate.addr in in_league else nearer

    settle(lookup, names)
    assert {candidate.addr for candidate in lookup.closest()} == {node.addr for node in league}
    assert lookup.begin_again() and not lookup.settled()
    settle(lookup, names)
    assert [candidate.distance.bit_length() for candidate in lookup.closest()] == [140] * 8
    assert not lookup.begin_again(), "they are as close as they should be"
    told = {decision.addr for decision in lookup.decisions.taken if decision.reason is Reason.SECOND_OPINION}
    assert told and told <= {candidate.addr for candidate in lookup.candidates if candidate.parent is None}


@pytest.mark.parametrize("size", [None, 1e3, 1e5])
def test_a_lookup_does_not_begin_again_by_chance(size: float | None) -> None:
    """8 nodes within 1/8192 of the space: as expected of 1e5, more than of 1e3; nobody knows without a size."""
    lookup = Lookup(TARGET, at(99), alpha=8, k=8, size=size)
    lookup.start_from(starts(*[(146, 0.03)] * 10, *[(150, 0.2)] * 10))
    settle(lookup, lambda candidate: [])
    assert not lookup.begin_again()


def test_a_lookup_begins_again_a_bounded_number_of_times() -> None:
    """Where nobody knows more nodes it ends, sparse as it is."""
    lookup = Lookup(TARGET, at(99), alpha=8, k=8, size=1e9)
    lookup.start_from(starts(*[(150, 0.03)] * 10, *[(155, 0.2)] * 10))
    settle(lookup, lambda candidate: [])
    rounds = 1
    while lookup.begin_again():
        rounds += 1
        settle(lookup, lambda candidate: [])
    assert rounds == MAX_ROUNDS


def test_honest_nodes_whose_ids_do_not_fit_outlive_made_up_ones_in_memory() -> None:
    """One honest node in five is a misfit, and farther than what is made up: the suspects are forgotten first (L13)."""
    lookup = Lookup(TARGET, at(99), alpha=8, k=8, prefer=True)
    honest = [claim((1 << 157) + nth, nth) for nth in range(8)]
    *_, liar = named_by(lookup, honest, [])
    for nth in range(2 * MAX_CANDIDATES):
        made_up = NodeInfo(at((1 << 120) + nth), (f"71.{nth // 250}.{nth % 250}.1", 1))
        lookup.add(made_up, liar, made_up=True)
    assert len(lookup.candidates) == MAX_CANDIDATES
    assert {node.addr for node in honest} <= {candidate.addr for candidate in lookup.candidates}


def test_who_names_made_up_nodes_fills_no_place_but_is_one_of_the_closest() -> None:
    """Its true id counts; but it named none of its neighbours, so one more node is asked for theirs (L13)."""
    lookup = Lookup(TARGET, at(99), alpha=1, k=2)
    lookup.add_all((node_at(150, 0), node_at(151, 1), node_at(152, 2), node_at(153, 3)))
    crowd = [node_at(100, 10 + nth) for nth in range(8)]
    settle(lookup, lambda candidate: crowd if candidate.addr == node_at(150, 0).addr else [])
    told = [c.distance.bit_length() for c in lookup.candidates if c.state is State.ANSWERED and not c.sybil_suspect]
    assert told == [151, 152, 153] and [c.distance.bit_length() for c in lookup.closest()] == [151, 152]
