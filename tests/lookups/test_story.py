"""Why each node of a lookup was treated as it was, in signs and in words."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from engine.network import Network, into, naming, silent

from dhtui.engine.lookup.algorithm import Lookup, Start
from dhtui.engine.lookup.candidates import Candidate
from dhtui.engine.lookup.decisions import MAX_DECISIONS, Decision, Decisions, Distrust, Reason, State
from dhtui.engine.lookup.journal import candidate_views, decision_views
from dhtui.engine.lookup.questions import FindClosest
from dhtui.engine.lookup.running import LookupRun
from dhtui.engine.operations.requests import Ask
from dhtui.engine.outcome import NodeOutcome, Outcome, Status
from dhtui.engine.unresponsive import Timeouts
from dhtui.engine.views.snapshot import CandidateView, LookupDetail
from dhtui.engine.wire.compact import NodeInfo
from dhtui.engine.wire.faults import Note, NoteKind
from dhtui.lookups.as_of import as_of
from dhtui.lookups.drawings.waterfall import waterfall_lines
from dhtui.lookups.explanation import explanation, kept_back
from dhtui.lookups.reasons import origins
from dhtui.lookups.verdict import policy_words
from dhtui.text.decisions import decision_words

from .samples import TARGET, candidate, detail, mutable, node_id, peers, step, walk


def node_at(bits: float, salt: int, ip: str = "") -> NodeInfo:
    return NodeInfo(node_id(bits, salt), (ip or f"60.{salt}.1.1", 6881))


def answer_of(one: Candidate, *named: NodeInfo) -> NodeOutcome:
    return NodeOutcome(addr=one.addr, id=one.id, status=Status.ANSWERED, nodes=named)


def asked_by(lookup: Lookup) -> list[Candidate]:
    asked = []
    while one := lookup.next():
        asked.append(one)
    return asked


def view_of(lookup: Lookup) -> LookupDetail:
    """The candidates of a real lookup, and what it decided about them; of its queries nothing."""
    decisions = decision_views(lookup, 0.0, 0.0)
    return detail([], 1.0)._replace(candidates=candidate_views(lookup), decisions=decisions)


def of(whole: LookupDetail, ip: str) -> CandidateView:
    return next(node for node in whole.candidates if node.addr[0] == ip)


def lines(whole: LookupDetail, **how: float) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in waterfall_lines(whole, 80, 20, **how)]  # type: ignore[arg-type]


# ---- what the engine records --------------------------------------------------------------------------------


def decided(lookup: Lookup) -> list[tuple[str, Reason, str | None]]:
    """Of each decision the candidate's address, the reason, and the other node's address."""
    return [(d.addr[0], d.reason, d.by[0] if d.by else None) for d in lookup.decisions.taken]


def doubts(lookup: Lookup) -> list[Distrust | None]:
    return [node.doubt for node in candidate_views(lookup)]


def test_how_a_node_came_into_the_lookup_is_recorded() -> None:
    lookup = Lookup(TARGET, bytes(20), alpha=2, k=2, size=1000.0)
    lookup.start_from(Start(node_at(150 + n, n), 0.04, alive=True) for n in range(1, 6))
    assert [(d.reason, d.seconds) for d in lookup.decisions.taken] == [(Reason.RESERVE, 0.04)] * 4
    (opened,) = asked_by(lookup)
    lookup.query_sent(opened)
    assert lookup.decisions.taken[-1] == Decision(0.0, opened.addr, Reason.OPENING, None, 0, 0.04)
    lookup.answered(opened, answer_of(opened, node_at(154, 4)))
    assert decided(lookup)[-1] == ("60.4.1.1", Reason.NAMED, opened.addr[0])

    lookup = Lookup(TARGET, bytes(20), alpha=8, k=8)
    lookup.add_all((node_at(150, 1, "50.1.1.1"), node_at(149, 2, "50.1.1.2"), node_at(151, 3, "50.1.2.1")))
    kept_back = ("50.1.1.2", Reason.SAME_SUBNET, "50.1.1.1")
    assert decided(lookup) == [kept_back]
    lookup.stalled(asked_by(lookup)[0])
    assert decided(lookup) == [kept_back, ("50.1.1.2", Reason.INSTEAD, "50.1.1.1")], "none is overwritten"


def test_no_more_decisions_are_recorded_than_there_is_room_for_and_the_others_are_counted() -> None:
    decisions = Decisions()
    for n in range(MAX_DECISIONS + 7):
        decisions.take(("60.1.1.1", n), Reason.TOO_MANY)
        decisions.take(("60.1.1.1", n), Reason.NEAREST)
    assert len(decisions.taken) == 2 * MAX_DECISIONS + 7 and decisions.untold == 7
    whole = detail([], 1.0)._replace(untold=7)
    assert policy_words(whole).endswith("; 7 decisions more are not recorded.")


def test_why_a_node_is_distrusted_is_recorded() -> None:
    lookup = Lookup(TARGET, bytes(20), alpha=8, k=2)
    lookup.add(node_at(158, 1))
    (liar,) = asked_by(lookup)
    lookup.answered(liar, answer_of(liar, *(node_at(120, 10 + n) for n in range(8))))
    assert doubts(lookup) == [Distrust.TOO_NEAR] * 8 + [None]

    lookup = Lookup(TARGET, bytes(20), alpha=16, k=4, size=1000.0)
    lookup.add_all(node_at(130, 1 + n) for n in range(8))
    for one in asked_by(lookup):
        lookup.answered(one, answer_of(one))
    assert Distrust.TOO_NEAR in doubts(lookup), "a crowd, for so small a network"

    lookup = Lookup(TARGET, bytes(20), alpha=8, k=2, prefer=True)
    lookup.add_all((node_at(150, 1), NodeInfo(node_id(151, 2), ("127.0.0.1", 1))))
    assert doubts(lookup) == [Distrust.MISFIT, None]

    lookup = Lookup(TARGET, bytes(20), alpha=8, k=2)
    lookup.add(node_at(158, 1))
    (parent,) = asked_by(lookup)
    lookup.answered(parent, answer_of(parent, node_at(150, 2)))
    (other,) = asked_by(lookup)
    lookup.answered(other, replace(answer_of(other), id=node_id(120, 3)))
    assert doubts(lookup) == [Distrust.CHOSEN, None]


def test_which_place_a_responder_fills_is_recorded() -> None:
    lookup = Lookup(TARGET, bytes(20), alpha=8, k=2)
    lookup.add_all((node_at(158, 1), node_at(157, 2), node_at(156, 3)))
    lookup.add_host(("9.9.9.9", 1), router=True)
    near, middle, far, router = asked_by(lookup)
    lookup.answered(far, answer_of(far, *(node_at(120, 10 + n) for n in range(4))))
    for one in (near, middle, router, *asked_by(lookup)):
        lookup.answered(one, answer_of(one) if one.id else replace(answer_of(one), id=node_id(155, 9)))
    places = [(node.place, node.closest) for node in candidate_views(lookup)]
    assert places == [("spare", False)] * 4 + [("", False), ("fills", True), ("fills", True), ("fills", False)]


def test_who_was_passed_over_is_told_with_the_reason() -> None:
    lookup = Lookup(TARGET, bytes(20), alpha=8, k=8)
    lookup.add(node_at(155, 1, "50.1.1.1"))
    (parent,) = asked_by(lookup)
    lookup.answered(parent, answer_of(parent, node_at(150, 2, "50.1.1.2")))
    lookup.pass_over(lookup.add(node_at(153, 3, "50.9.9.9")) or parent, Timeouts(2, 30.2))
    whole = view_of(lookup)
    assert decision_words(whole.decisions[0]) == "a node of the same /24, 50.1.1.1, is in the lookup"
    twin, gone = ("50.1.1.2", Reason.SAME_SUBNET, "50.1.1.1"), ("50.9.9.9", Reason.UNRESPONSIVE, None)
    assert decided(lookup) == [twin, gone]
    assert explanation(whole, of(whole, "50.1.1.2"))[0].startswith("Not asked: one of its /24 is in the lookup")
    assert explanation(whole, of(whole, "50.9.9.9")) == ["Not asked: silent to 2 queries, the last 30 s ago."]


# ---- who named it ---------------------------------------------------------------------------------------------


def test_each_query_tells_how_its_node_became_known() -> None:
    first = step(1, 155, 0.0, 0.2)
    steps = [
        first,
        step(2, 156, 0.0, None)._replace(id=None, bits=None),
        step(3, 150, 0.2, 0.5, parent=first.addr, hop=1),
        step(4, 151, 0.3, 0.5, parent=("198.51.100.99", 1), hop=1),
        step(5, 152, 0.4, None),
        step(1, 155, 0.5, None, again=True),
    ]
    whole = detail(steps, 0.6, running=True)
    assert [came.sign for came in origins(whole)] == ["op", "bs", "1", "·", "kn", "op"]
    assert [line[9:13].strip() for line in lines(whole)[1:]] == ["op", "bs", "kn", "op", "1", "·"]
    whole = whole._replace(decisions=(Decision(0.0, first.addr, Reason.OPENING, None, 0, 0.04),))
    assert origins(whole)[0].words == "it opened the lookup, known from before, 40 ms away"
    assert origins(as_of(whole, 0.1))[0].words == "it opened the lookup, known from before, 40 ms away"


@pytest.mark.parametrize(
    ("doubt", "reason", "number", "words"),
    [
        (Distrust.TOO_NEAR, Reason.TOO_NEAR, 0, "distrusted: too near for its referrer to know of it"),
        (Distrust.CHOSEN, Reason.NEAREST, 0, "distrusted: its id may have been chosen for the target"),
        (Distrust.MISFIT, Reason.MISFIT, 0, "distrusted: its id does not fit its address"),
        (
            Distrust.MISLED,
            Reason.BAD_REFERRER,
            4,
            "no better candidate: 4 other referrals from that node were silent or had other ids",
        ),
        (Distrust.MISLED, Reason.BAD_VALUE, 0, "no better candidate: that node gave an invalid value"),
        (
            Distrust.MISFIT,
            Reason.VOUCHED,
            3,
            "its id does not fit its address, but nodes of 3 networks name it",
        ),
    ],
)
def test_a_node_that_was_distrusted_when_it_was_asked_is_told_so(
    doubt: Distrust, reason: Reason, number: int, words: str
) -> None:
    parent = step(1, 155, 0.0, 0.1)
    asked = step(2, 149, 0.4, 0.6, parent=parent.addr, hop=1, doubt=doubt)
    whole = detail([parent, asked], 1.0)
    whole = whole._replace(decisions=(Decision(0.4, asked.addr, reason, parent.addr, number),))
    assert [came.doubted for came in origins(whole)] == [False, True]
    assert origins(whole)[1].words == f"named by query 1, {words}"
    assert "  1? " in next(line for line in lines(whole) if " 2 " in line[5:9])


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"doubt": Distrust.TOO_NEAR}, "It is too near to be believed: it fills no place among the closest while"),
        (
            {"doubt": Distrust.CHOSEN},
            "Its id is much nearer than the one it was named under, and no other node names it",
        ),
        ({"doubt": Distrust.MISLED}, "Only bad referrers named it: it fills no place"),
        ({"doubt": Distrust.MISFIT}, "Its id does not fit its address: it fills no place"),
        ({"named": node_id(155, 77)}, "Named under another id, 471a…6935: the one that it answers with counts."),
        (
            {"result": Status.BAD_VALUE},
            "Its value does not hold: it is none of the closest, and whom it names has to wait.",
        ),
    ],
)
def test_what_an_answer_makes_of_a_node_is_told(more: dict[str, object], words: str) -> None:
    whole = detail([step(1, 150, 0.0, 0.1)], 1.0)
    node = whole.candidates[0]._replace(**({"place": "spare"} | more))  # type: ignore[arg-type]
    assert explanation(whole, node)[-1].startswith(words)
    assert len(explanation(whole, whole.candidates[0])) == 1


def test_before_it_answered_a_node_has_the_id_that_it_was_named_under() -> None:
    first = step(1, 155, 0.0, 0.2)
    whole = detail([first, step(2, 150, 0.2, 0.5, parent=first.addr, hop=1, doubt=Distrust.MISFIT)], 1.0)
    named = node_id(157, 2)
    nodes = [n._replace(named=named) if n.addr != first.addr else n for n in whole.candidates]
    whole = whole._replace(candidates=tuple(nodes))
    then = as_of(whole, 0.4)
    assert [node.id for node in then.candidates] == [first.id, named], "farther than the first, as it was known then"
    assert (then.steps[1].id, then.steps[1].bits) == (named, 157.0)
    assert (then.candidates[1].named, then.candidates[1].doubt) == (None, Distrust.MISFIT)
    assert as_of(whole, 0.6).candidates[0].named == named


def test_at_a_moment_the_spare_ones_are_closest_only_for_want_of_others() -> None:
    steps = [step(1, 140, 0.0, 0.1), step(2, 150, 0.0, 0.2), step(3, 151, 0.0, 0.3), step(4, 139, 0.0, 0.1)]
    whole = detail(steps, 1.0, k=2)
    place = {steps[0].addr: "spare", steps[3].addr: ""}
    nodes = [node._replace(place=place.get(node.addr, "fills"), closest=False) for node in whole.candidates]  # type: ignore[arg-type]
    whole = whole._replace(candidates=tuple(nodes))

    def closest(at: float) -> list[str]:
        return [node.addr[0][10:] for node in as_of(whole, at).candidates if node.closest]

    assert [closest(at) for at in (0.05, 0.15, 0.25, 0.35)] == [[], ["1"], ["1", "2"], ["2", "3"]]


@pytest.mark.parametrize("seed", range(4))
def test_whom_the_engine_distrusts_is_doubted_and_nobody_else(seed: int) -> None:
    net = Network(seed=seed, latency=0.01, spread=0.1)
    core = net.core(maintain=False, bep42="off")
    dead = [net.puppet(silent, node_id=node_id(140 + n / 4, n)) for n in range(16)]
    honest = [net.puppet(node_id=node_id(152 + n / 8, n)) for n in range(8)]
    liar = net.puppet(naming(*(one.info for one in dead)), node_id=node_id(151, 99))
    net.meet(core, liar, *honest)
    deprioritised: list[bool] = []

    def watch(find: LookupRun, now: float) -> None:
        deprioritised.extend(one.candidate.deprioritised for one in find._steps[len(deprioritised) :])

    ended: list[Outcome] = []
    find = core.start(Ask(FindClosest(TARGET), on_step=watch), into(ended), net.now)
    assert isinstance(find, LookupRun)
    net.after(core)
    net.run_until(lambda: bool(ended))
    whole = find.detail(net.now)
    first = [place for place, one in enumerate(whole.steps) if not one.again]
    doubted = [origins(whole)[place].doubted for place in first]
    assert any(doubted)
    assert doubted == [deprioritised[place] for place in first]


# ---- what happened --------------------------------------------------------------------------------------------


def test_the_story_of_a_query_tells_what_the_policy_did() -> None:
    steps = [
        step(1, 150, 0.0, 0.9, stalled=0.6),
        step(2, 140, 0.0, 0.2, result=Status.PEERS, found=peers(3)),
        step(3, 141, 0.0, 0.3),
        step(4, 139, 0.0, 4.0, stalled=0.4, result=Status.TIMED_OUT),
        step(5, 138, 0.1, 0.2, result=Status.REFUSED, code=203),
        step(4, 139, 0.7, 4.7, stalled=1.0, result=Status.TIMED_OUT, again=True),
    ]
    whole = detail(steps, 1.0, k=2)
    stories = {node.addr: explanation(whole, node) for node in whole.candidates}
    assert stories == {
        steps[0].addr: [
            "Query 1, sent at 0 ms: it opened the lookup; 2 nearer nodes had answered at 300 ms, so it held no slot "
            "any more; late from 600 ms on; answered after 900 ms with 8 nodes, still welcome."
        ],
        steps[1].addr: ["Query 2, sent at 0 ms: it opened the lookup; answered after 200 ms with 8 nodes and 3 peers."],
        steps[2].addr: ["Query 3, sent at 0 ms: it opened the lookup; answered after 300 ms with 8 nodes."],
        steps[3].addr: [
            "Query 4, sent at 0 ms: it opened the lookup; it stalled at 400 ms and gave up its slot; cancelled: the "
            "lookup was over.",
            "Query 6, asked again at 700 ms, being among the nearest; it stalled at 1.00 s; cancelled: the lookup was "
            "over.",
        ],
        steps[4].addr: ["Query 5, sent at 100 ms: known from the start; refused, error 203: that counts for nothing."],
    }


def test_the_story_of_a_past_moment_knows_nothing_of_what_came() -> None:
    far = step(1, 150, 0.0, 0.9)
    whole = detail([far, step(2, 140, 0.0, 0.2), step(3, 141, 0.0, 0.3)], 1.0, k=2)
    told = [explanation(as_of(whole, at), candidate(far))[0].partition("; ")[2] for at in (0.25, 0.3, 1.0)]
    assert told == [
        "under way.",
        "2 nearer nodes had answered at 300 ms, so it held no slot any more; under way, still welcome.",
        "2 nearer nodes had answered at 300 ms, so it held no slot any more; answered after 900 ms with 8 nodes, still "
        "welcome.",
    ]


def test_what_ended_with_the_lookup_is_told_so() -> None:
    far, slow = step(1, 150, 0.0, 0.9), step(4, 139, 0.1, None, stalled=0.5)
    whole = detail([far, slow, step(2, 140, 0.0, 0.2), step(3, 141, 0.0, 0.3)], 0.3, k=2)
    assert explanation(whole, candidate(far))[0].endswith(
        "2 nearer nodes had answered at 300 ms, and the lookup was over; answered late, at 900 ms with 8 nodes: the "
        "lookup was over."
    )
    assert "stalled" not in explanation(whole, candidate(slow))[0]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"decided": Reason.RESERVE}, "Not asked: known from before and kept in reserve"),
        ({"doubt": Distrust.TOO_NEAR}, "Not asked: it is too near to be believed; others come first."),
        ({"doubt": Distrust.MISFIT}, "Not asked: its id does not fit its address; others come first."),
        ({}, "Not asked: the lookup was over before its turn."),
        ({"state": State.FAILED, "result": Status.BLOCKED}, "Not asked: blocked."),
        (
            {"state": State.FAILED, "result": Status.SEND_FAILED, "note": Note(NoteKind.BUFFER_FULL)},
            "Not asked: the send buffer was full.",
        ),
    ],
)
def test_a_node_that_was_not_asked_has_a_reason(more: dict[str, Any], words: str) -> None:
    reason = more.pop("decided", None)
    node = candidate(step(1, 150, 0.0, 0.1))._replace(**({"state": State.NEW, "result": None} | more))
    decisions = () if reason is None else (Decision(0.1, node.addr, reason),)
    whole = detail([], 1.0)._replace(candidates=(node,), decisions=decisions)
    assert explanation(whole, node)[0].startswith(words)
    running = whole._replace(view=whole.view._replace(running=True))
    assert "over" not in explanation(running, node)[0]


# ---- in the drawing -------------------------------------------------------------------------------------------


def test_the_moment_is_marked_in_the_bar() -> None:
    steps = [step(1, 150, 0.0, 0.9), step(2, 140, 0.0, 0.2), step(3, 141, 0.0, 0.5)]
    whole = detail(steps, 1.0, k=2)
    assert lines(whole)[1] == "   0   1  op  4f5a…6979 ├─────────────────────»────────────────✓     8n"
    assert "»" not in "".join(lines(whole, until=0.45))
    assert lines(whole, until=0.6)[1].count("»") == 1


@pytest.mark.parametrize("seed", range(10))
def test_each_overtaken_query_is_marked_once(seed: int) -> None:
    whole = walk(seed)
    drawn = "".join(text for line in waterfall_lines(whole, 160, 99) for text, _ in line)
    assert drawn.count("»") == sum(step.overtaken is not None for step in whole.steps) > 0


def test_nothing_a_terminal_obeys_is_told() -> None:
    steps = [
        step(1, 150, 0.0, 0.1, result=Status.BAD_VALUE, found=mutable(-(2**63))),
        step(2, 151, 0.0, 0.2, result=Status.REFUSED, code=10**30),
    ]
    whole = detail(steps, 0.3)
    for reason, state, doubt in product(Reason, State, Distrust):
        nodes = tuple(node._replace(doubt=doubt, state=state) for node in whole.candidates)
        strange = nodes[0]._replace(addr=("198.51.100.1", 1))
        decisions = tuple(Decision(-1e300, node.addr, reason, ("::1", 0), 2**64, 1e300) for node in (*nodes, strange))
        poisoned = whole._replace(candidates=(*nodes, strange), decisions=decisions)
        for node in poisoned.candidates:
            text = "".join((*explanation(poisoned, node), *kept_back(poisoned, node)))
            assert not {char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co")}
