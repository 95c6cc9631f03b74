"""Why each node of a lookup was treated as it was, in signs and in words."""

from __future__ import annotations

import unicodedata

import pytest
from engine.network import Network, naming, silent

from dhtui.engine.answers import Question
from dhtui.engine.candidates import Candidate
from dhtui.engine.find import Done, Find
from dhtui.engine.journal import candidate_views
from dhtui.engine.lookup import Lookup, Start
from dhtui.engine.outcome import NodeOutcome, Status
from dhtui.engine.snapshot import CandidateView, LookupDetail
from dhtui.engine.wire.compact import NodeInfo
from dhtui.lookups.moment import as_of
from dhtui.lookups.overtaken import overtaken
from dhtui.lookups.reasons import origins, reason, reasons
from dhtui.lookups.story import story
from dhtui.lookups.waterfall import waterfall_lines

from .samples import TARGET, candidate, detail, node_id, step, walk


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
    """The candidates of a real lookup; of its queries nothing."""
    return detail([], 1.0)._replace(candidates=candidate_views(lookup))


def of(whole: LookupDetail, ip: str) -> CandidateView:
    return next(node for node in whole.candidates if node.addr[0] == ip)


def lines(whole: LookupDetail, **how: float) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in waterfall_lines(whole, 80, 20, **how)]  # type: ignore[arg-type]


# ---- the engine's notes ---------------------------------------------------------------------------------------


def test_the_notes_of_the_engine_are_understood() -> None:
    lookup = Lookup(TARGET, bytes(20), alpha=2, k=2, size=1000.0)
    lookup.start_from(Start(node_at(150 + n, n), 0.04, alive=True) for n in range(1, 6))
    found = reasons(view_of(lookup))
    assert sorted(found.values()) == ["opening", "reserve", "reserve", "reserve", "reserve"]
    assert len(asked_by(lookup)) == 1

    lookup = Lookup(TARGET, bytes(20), alpha=8, k=8)
    lookup.add_all((node_at(150, 1, "50.1.1.1"), node_at(149, 2, "50.1.1.2"), node_at(151, 3, "50.1.2.1")))
    assert reasons(view_of(lookup)) == {("50.1.1.2", 6881): "twin"}
    lookup.stalled(asked_by(lookup)[0])
    assert reasons(view_of(lookup)) == {("50.1.1.2", 6881): "instead"}

    lookup = Lookup(TARGET, bytes(20), alpha=8, k=2)
    lookup.add(node_at(158, 1))
    (liar,) = asked_by(lookup)
    lookup.answered(liar, answer_of(liar, *(node_at(120, 10 + n) for n in range(8))))
    assert set(reasons(view_of(lookup)).values()) == {"too near"}

    lookup = Lookup(TARGET, bytes(20), alpha=16, k=4, size=1000.0)
    lookup.add_all(node_at(130, 1 + n) for n in range(8))
    for one in asked_by(lookup):
        lookup.answered(one, answer_of(one))
    assert "crowd" in reasons(view_of(lookup)).values()


def test_who_was_passed_over_is_told_with_the_reason() -> None:
    lookup = Lookup(TARGET, bytes(20), alpha=8, k=8)
    lookup.add(node_at(155, 1, "50.1.1.1"))
    (parent,) = asked_by(lookup)
    lookup.answered(parent, answer_of(parent, node_at(150, 2, "50.1.1.2")))
    lookup.pass_over(lookup.add(node_at(153, 3, "50.9.9.9")) or parent, "silent to 2 queries, the last 30 s ago")
    whole = view_of(lookup)
    assert of(whole, "50.1.1.2").note == "a node of the same /24, 50.1.1.1, is in the lookup"
    assert reasons(whole) == {("50.1.1.2", 6881): "twin", ("50.9.9.9", 6881): "silent"}
    assert story(whole, of(whole, "50.1.1.2"))[0].startswith("Never asked: one of its /24 is in the lookup")
    assert story(whole, of(whole, "50.9.9.9")) == ["Passed over: silent to 2 queries, the last 30 s ago."]


def test_other_notes_give_no_reason() -> None:
    assert reason("the answer is not canonical bencode") == reason("") == ""


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
    note = "known from before, 40 ms away: it opens the lookup"
    whole = whole._replace(candidates=tuple(c._replace(note=note) for c in whole.candidates))
    assert origins(whole)[0].words == "it opened the lookup, 40 ms away"
    assert origins(as_of(whole, 0.1))[0].words == "it opened the lookup, 40 ms away"


def test_too_near_a_node_is_distrusted_and_so_are_those_of_one_who_misleads() -> None:
    liar = step(1, 155, 0.0, 0.1)
    gone = [step(n, 140 + n, 0.1, 4.0, stalled=0.3, parent=liar.addr, hop=1, result="timed out") for n in range(2, 6)]
    early = step(6, 148, 0.3, 0.5, parent=liar.addr, hop=1)
    late = step(7, 149, 0.4, 0.6, parent=liar.addr, hop=1)
    cleared = step(8, 147, 0.55, 0.6, parent=liar.addr, hop=1)
    steps = [liar, *gone, early, late]
    whole = detail(steps, 1.0)
    assert [came.doubted for came in origins(whole)] == [False] * 6 + [True]
    assert [came.doubted for came in origins(as_of(whole, 0.35))] == [False] * 6
    assert "for want of a better one: 4 others from there were silent" in story(whole, candidate(late))[0]
    assert "  1? " in next(line for line in lines(whole) if " 7 " in line[5:9])
    assert origins(detail([*steps[:-1], step(9, 146, 0.2, 0.5, parent=liar.addr), cleared], 1.0))[-1].doubted is False

    note = "too near: who named it can hardly know of it"
    whole = whole._replace(
        candidates=tuple(c._replace(note=note) if c.addr == early.addr else c for c in whole.candidates)
    )
    assert origins(whole)[5].doubted and origins(as_of(whole, 0.4))[5].doubted
    assert story(whole, of(whole, early.addr[0]))[-1].startswith("It is too near to be believed")


@pytest.mark.parametrize("lie", ["bad value", "bad signature"])
def test_whom_somebody_named_whose_value_does_not_hold_is_doubted(lie: str) -> None:
    liar = step(1, 155, 0.0, 0.1, result=lie)
    whole = detail([liar, step(2, 150, 0.2, 0.3, parent=liar.addr, hop=1)], 1.0)
    assert [came.doubted for came in origins(whole)] == [False, True]
    assert "the value that it gave does not hold" in origins(whole)[1].words


@pytest.mark.parametrize("seed", range(4))
def test_whom_the_engine_distrusts_is_doubted_and_nobody_else(seed: int) -> None:
    net = Network(seed=seed, latency=0.01, spread=0.1)
    core = net.core(maintain=False, bep42="off")
    dead = [net.puppet(silent, node_id=node_id(140 + n / 4, n)) for n in range(16)]
    honest = [net.puppet(node_id=node_id(152 + n / 8, n)) for n in range(8)]
    liar = net.puppet(naming(*(one.info for one in dead)), node_id=node_id(151, 99))
    net.meet(core, liar, *honest)
    doubtful: list[bool] = []

    def watch(find: Find, now: float) -> None:
        doubtful.extend(one.candidate.doubtful for one in find._steps[len(doubtful) :])

    finds: list[Find] = []

    def start(done: Done) -> Find:
        find = core.searches.ask(Question("find_node", TARGET), done, net.now, on_step=watch)
        assert isinstance(find, Find)
        finds.append(find)
        return find

    net.finish(core, start)
    whole = finds[0].detail(net.now)
    first = [place for place, one in enumerate(whole.steps) if not one.again]
    doubted = [origins(whole)[place].doubted for place in first]
    assert any(doubted)
    assert doubted == [doubtful[place] for place in first]


# ---- what happened --------------------------------------------------------------------------------------------


def test_the_story_of_a_query_tells_what_the_policy_did() -> None:
    steps = [
        step(1, 150, 0.0, 0.9, stalled=0.6),
        step(2, 140, 0.0, 0.2, result="peers", peers=3),
        step(3, 141, 0.0, 0.3),
        step(4, 139, 0.0, 4.0, stalled=0.4, result="timed out"),
        step(5, 138, 0.1, 0.2, result="refused", code=203),
        step(4, 139, 0.7, 4.7, stalled=1.0, result="timed out", again=True),
    ]
    whole = detail(steps, 1.0, k=2)
    stories = {node.addr: story(whole, node) for node in whole.candidates}
    assert stories == {
        steps[0].addr: [
            "Query 1, sent at 0 ms: it opened the lookup; 2 nearer nodes had answered at 300 ms, so it held no slot "
            "any more; late from 600 ms on; answered after 900 ms with 8 nodes, still welcome."
        ],
        steps[1].addr: ["Query 2, sent at 0 ms: it opened the lookup; answered after 200 ms with 8 nodes and 3 peers."],
        steps[2].addr: ["Query 3, sent at 0 ms: it opened the lookup; answered after 300 ms with 8 nodes."],
        steps[3].addr: [
            "Query 4, sent at 0 ms: it opened the lookup; it stalled at 400 ms and gave up its slot; no answer in "
            "time.",
            "Query 6, asked again at 700 ms, being among the nearest; silent until 1.00 s; no answer in time.",
        ],
        steps[4].addr: ["Query 5, sent at 100 ms: known from the start; refused, error 203: that counts for nothing."],
    }


def test_the_story_of_a_past_moment_knows_nothing_of_what_came() -> None:
    far = step(1, 150, 0.0, 0.9)
    whole = detail([far, step(2, 140, 0.0, 0.2), step(3, 141, 0.0, 0.3)], 1.0, k=2)
    told = [story(as_of(whole, at), candidate(far))[0].partition("; ")[2] for at in (0.25, 0.3, 1.0)]
    assert told == [
        "under way.",
        "2 nearer nodes had answered at 300 ms, so it held no slot any more; under way, still welcome.",
        "2 nearer nodes had answered at 300 ms, so it held no slot any more; answered after 900 ms with 8 nodes, still "
        "welcome.",
    ]


def test_what_ended_with_the_lookup_is_told_so() -> None:
    far, slow = step(1, 150, 0.0, 0.9), step(4, 139, 0.1, None, stalled=0.5)
    whole = detail([far, slow, step(2, 140, 0.0, 0.2), step(3, 141, 0.0, 0.3)], 0.3, k=2)
    assert story(whole, candidate(far))[0].endswith(
        "2 nearer nodes had answered at 300 ms, and the lookup was over; its answer came at 900 ms, too late."
    )
    assert "stalled" not in story(whole, candidate(slow))[0]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"note": "known from before, kept in reserve"}, "Not asked: known from before and kept in reserve"),
        ({"note": "too near: who named it can hardly know of it"}, "Not asked: too near"),
        ({}, "Never asked: the lookup was over before its turn."),
        ({"state": "failed", "result": "blocked", "note": "on the blocklist"}, "Not asked: on the blocklist."),
    ],
)
def test_a_node_that_was_not_asked_has_a_reason(more: dict[str, str], words: str) -> None:
    node = candidate(step(1, 150, 0.0, 0.1))._replace(**({"state": "untried", "result": ""} | more))  # type: ignore[arg-type]
    whole = detail([], 1.0)._replace(candidates=(node,))
    assert story(whole, node)[0].startswith(words)
    running = whole._replace(view=whole.view._replace(running=True))
    assert "over" not in story(running, node)[0]


# ---- in the drawing -------------------------------------------------------------------------------------------


def test_the_moment_is_marked_in_the_bar() -> None:
    steps = [step(1, 150, 0.0, 0.9), step(2, 140, 0.0, 0.2), step(3, 141, 0.0, 0.5)]
    whole = detail(steps, 1.0, k=2)
    assert lines(whole)[1] == "   0   1  op  4f5a9d33… ├─────────────────────»────────────────■     8n"
    assert "»" not in "".join(lines(whole, until=0.45))
    assert lines(whole, until=0.6)[1].count("»") == 1


@pytest.mark.parametrize("seed", range(10))
def test_each_overtaken_query_is_marked_once(seed: int) -> None:
    whole = walk(seed)
    drawn = "".join(text for line in waterfall_lines(whole, 160, 99) for text, _ in line)
    assert drawn.count("»") == len(overtaken(whole)) > 0


def test_nothing_a_terminal_obeys_is_told() -> None:
    hostile = "\x1b[2J\x1b]52;c;cm0gLXJm\x07\u202e[/foo]" + "A" * 1024
    steps = [
        step(1, 150, 0.0, 0.1, result=hostile, item=hostile),
        step(2, 151, 0.0, 0.2, result="refused", code=10**30),
    ]
    whole = detail(steps, 0.3)
    for note in (hostile, "known from before" + hostile, "in place of" + hostile, "silent to" + hostile):
        for state in ("answered", "passed over", "failed"):
            nodes = tuple(node._replace(note=note, state=state) for node in whole.candidates)
            poisoned = whole._replace(candidates=(*nodes, nodes[0]._replace(addr=("\x1b", 1))))
            text = "".join(part for node in poisoned.candidates for part in story(poisoned, node))
            assert not {char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co")}
