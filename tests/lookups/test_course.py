"""Lookups in figures: fates, moments, the critical path, what it cost."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhtui.engine.lookup.decisions import State
from dhtui.engine.outcome import Status
from dhtui.engine.views.snapshot import StepView
from dhtui.lookups.as_of import as_of
from dhtui.lookups.cache import LookupCache
from dhtui.lookups.compare import differences
from dhtui.lookups.cost import cost, holders
from dhtui.lookups.critical import critical_path, floor
from dhtui.lookups.drawings.chart import TimeAxis, nice_span
from dhtui.lookups.query_status import MARKS, QueryStatus, bits_of, decisive, gave_words, query_status, span_words

from .samples import IMMUTABLE, TARGET, detail, mutable, node_id, peers, step, walk

# ---- queries ------------------------------------------------------------------------------------------------


def test_each_result_of_a_query_has_its_fate_and_words() -> None:
    over, running = detail([], 4.5).view, detail([], 4.5, running=True).view
    cases: tuple[tuple[StepView, QueryStatus, str], ...] = (
        (step(1, 140, 0, 1, result=Status.PEERS, found=peers(12)), QueryStatus.FOUND, "8n 12p"),
        (step(1, 140, 0, 1, result=Status.VALUE, found=IMMUTABLE), QueryStatus.FOUND, "8n value"),
        (step(1, 140, 0, 1, result=Status.VALUE, found=mutable(7)), QueryStatus.FOUND, "8n seq 7"),
        (step(1, 140, 0, 1), QueryStatus.ANSWERED, "8n"),
        (step(1, 140, 0, 1, nodes=0), QueryStatus.ANSWERED, "nothing"),
        (step(1, 140, 0, 1, result=Status.REFUSED, code=203), QueryStatus.ERROR, "error 203"),
        (step(1, 140, 0, 1, result=Status.WRONG_ID), QueryStatus.ERROR, "wrong id"),
        (step(1, 140, 0, 1, result=Status.BAD_SIGNATURE), QueryStatus.ERROR, "bad signature"),
        (step(1, 140, 1, 5), QueryStatus.LATE, "late"),
        (step(1, 140, 1, 5, result=Status.REFUSED, code=203), QueryStatus.LATE, "late"),
        (step(1, 140, 0, 4, result=Status.TIMED_OUT), QueryStatus.SILENT, "silent"),
        (step(1, 140, 1, 5, result=Status.TIMED_OUT), QueryStatus.CANCELLED, "cancelled"),
        (step(1, 140, 1, None, stalled=1.6), QueryStatus.CANCELLED, "cancelled"),
        (step(1, 140, 0, 1, result=Status.CANCELLED), QueryStatus.CANCELLED, "cancelled"),
        (step(1, 140, 0, 0.1, result=Status.SEND_FAILED), QueryStatus.UNASKED, "send failed"),
        (step(1, 140, 0, 4, result=Status.UNREADABLE), QueryStatus.UNUSABLE, "unreadable …"),
        (step(1, 140, 1, 5, result="unmatched answer"), QueryStatus.UNUSABLE, "unmatched a…"),
        (step(1, 140, 0, 4, late=True), QueryStatus.LATE, "late"),
    )
    for one, expected, words in cases:
        assert (query_status(one, over), gave_words(one, over)) == (expected, words)
    for one, words in (
        (step(1, 140, 0, None), ""),
        (step(1, 140, 0, None, stalled=0.6), "stalled"),
        (step(1, 140, 0, None, overtaken=0.6), "overtaken"),
    ):
        assert (query_status(one, running), gave_words(one, running)) == (QueryStatus.WAITING, words)
    assert set(MARKS) == set(QueryStatus) == {what for _, what, _ in cases} | {QueryStatus.WAITING}
    assert len({sign for sign, _ in MARKS.values()}) == len(MARKS), "each fact has a sign of its own"


def test_a_node_has_the_fate_of_the_query_that_it_answered() -> None:
    silent = step(1, 140, 0, 4, result=Status.TIMED_OUT, nodes=0)
    cases: tuple[tuple[list[StepView], StepView], ...] = (
        ([silent, step(1, 140, 1, 2, again=True)], step(1, 140, 1, 2, again=True)),
        ([step(1, 140, 0, 2), step(1, 140, 1, 1.5, again=True)], step(1, 140, 1, 1.5, again=True)),
        ([step(1, 140, 0, 2), step(1, 140, 1, None, again=True)], step(1, 140, 0, 2)),
        ([silent, step(1, 140, 1, None, again=True)], step(1, 140, 1, None, again=True)),
    )
    for steps, expected in cases:
        assert decisive(detail(steps, 4.5)) == {steps[0].addr: expected}


def test_distances_are_logarithms() -> None:
    assert bits_of(TARGET, TARGET) == -1
    assert bits_of(None, TARGET) is None
    assert bits_of(bytes(20), bytes([255]) * 20) == 159.9
    assert bits_of(node_id(136.25, 0), TARGET) == 136.2


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "–"), (0, "0 ms"), (0.0034, "3.4 ms"), (0.412, "412 ms"), (0.9996, "1.00 s"), (12, "12.0 s")],
)
def test_times_take_at_most_seven_characters(seconds: float | None, words: str) -> None:
    assert span_words(seconds) == words


# ---- a moment of the past ------------------------------------------------------------------------------------


def test_at_its_end_and_beyond_a_lookup_is_as_it_is() -> None:
    whole = walk()
    assert as_of(whole, None) is whole
    assert as_of(whole, whole.view.elapsed) is whole
    assert as_of(whole, 99.0) is whole


def test_before_its_first_answer_only_the_first_nodes_are_known() -> None:
    then = as_of(walk(), 0.001)
    assert (then.view.asked, then.view.answered, then.view.in_flight, then.view.best) == (6, 0, 6, 0)
    assert then.view.running
    assert {c.state for c in then.candidates} == {"asked"}
    assert not any(c.token or c.peers or c.nodes or c.closest for c in then.candidates)
    assert {s.result for s in then.steps} == {None}


def test_a_node_is_known_from_when_its_referrer_answered() -> None:
    first = step(1, 150, 0.0, 0.1)
    second = step(2, 140, 0.3, 0.4, parent=first.addr, hop=1)
    whole = detail([first, second], 0.4)
    assert len(as_of(whole, 0.05).candidates) == 1
    assert [c.state for c in as_of(whole, 0.2).candidates] == [State.NEW, State.ANSWERED]
    assert [c.state for c in as_of(whole, 0.35).candidates] == ["asked", "answered"]


def test_who_lies_was_never_among_the_closest() -> None:
    steps = [step(1, 150, 0.0, 0.1, result=Status.BAD_VALUE), step(2, 140, 0.0, 0.3), step(3, 141, 0.0, 0.4)]
    whole = detail(steps, 0.4, k=2)
    assert [[c.closest for c in as_of(whole, at).candidates] for at in (0.2, 0.3, 0.4)] == [
        [False, False, False],
        [True, False, False],
        [True, True, False],
    ]


def test_a_silent_node_stalls_before_it_times_out() -> None:
    silent = step(1, 150, 0.0, 4.0, stalled=0.6, result=Status.TIMED_OUT)
    whole = detail([silent, step(2, 151, 0, 5)], 5.0)
    states = [as_of(whole, at).candidates[0].state for at in (0.5, 1.0, 4.5)]
    assert states == [State.ASKED, State.STALLED, State.FAILED]


def test_what_was_found_is_told_as_of_the_moment() -> None:
    steps = [step(n, 140 + n, 0, n / 10, result=Status.VALUE, found=mutable(n)) for n in (1, 2, 3)]
    whole = detail(steps, 1.0, found=mutable(3))
    assert [as_of(whole, at).view.found for at in (0.05, 0.15, 0.25)] == [None, mutable(1), mutable(2)]


@given(st.floats(0, 2), st.integers(0, 20))
def test_the_past_never_knows_more_than_the_present(until: float, seed: int) -> None:
    whole = walk(seed)
    then = as_of(whole, until)
    assert then.view.asked <= whole.view.asked
    assert len(then.candidates) <= len(whole.candidates)
    assert sum(c.closest for c in then.candidates) == then.view.best <= whole.k
    assert all(s.ended is None or s.ended <= until for s in then.steps) or then is whole


def test_what_did_not_count_at_the_end_did_not_count_before() -> None:
    steps = [step(n, 130 + n, 0, 0.1) for n in range(1, 5)]
    whole = detail(steps, 1.0)
    router = whole.candidates[1]
    barred = router._replace(place="", closest=False)
    whole = whole._replace(candidates=tuple(barred if c is router else c for c in whole.candidates))
    assert [c.closest for c in as_of(whole, 0.5).candidates] == [True, False, True, True]


# ---- the critical path -----------------------------------------------------------------------------------------


def test_the_critical_path_leads_to_the_last_of_the_closest_that_answered() -> None:
    first = step(1, 155, 0.0, 0.1)
    quick = step(2, 140, 0.1, 0.2, parent=first.addr, hop=1)
    slow = step(3, 141, 0.1, 0.5, parent=first.addr, hop=1)
    whole = detail([first, quick, slow], 0.5)
    assert critical_path(whole) == (0, 2)
    assert floor(whole, (0, 2)) == pytest.approx(0.5)


def test_it_leads_to_the_value_that_ended_the_lookup() -> None:
    first = step(1, 155, 0.0, 0.1)
    value = step(2, 140, 0.1, 0.2, parent=first.addr, hop=1, result=Status.VALUE, found=IMMUTABLE)
    late = step(3, 139, 0.1, 0.6, parent=first.addr, hop=1)
    assert critical_path(detail([first, value, late], 0.2)) == (0, 1)


def test_a_value_that_did_not_end_it_is_not_its_goal() -> None:
    value = step(1, 140, 0.0, 0.1, result=Status.VALUE, found=mutable(1))
    last = step(2, 139, 0.0, 0.4)
    assert critical_path(detail([value, last], 0.4)) == (1,)


def test_without_an_answer_there_is_no_path() -> None:
    assert critical_path(detail([step(1, 150, 0, 4.0, result=Status.TIMED_OUT)], 1.0)) == ()
    assert critical_path(detail([], 0.0)) == ()


def test_referrals_in_a_circle_end() -> None:
    one, two = step(1, 150, 0, 0.1), step(2, 149, 0, 0.2)
    steps = [one._replace(parent=two.addr), two._replace(parent=one.addr)]
    assert critical_path(detail(steps, 0.3)) == (0, 1)


# ---- costs -------------------------------------------------------------------------------------------------------


def test_the_cost_counts_each_query_once() -> None:
    first = step(1, 155, 0.0, 0.1)
    steps = [
        first,  # led to the next one
        step(2, 140, 0.1, 0.2, parent=first.addr, hop=1),  # one of the closest
        step(3, 150, 0.0, 4.0, result=Status.TIMED_OUT),
        step(4, 151, 0.0, 0.2, result=Status.REFUSED, code=201),
        step(5, 152, 0.0, 0.9),
    ]
    spent = cost(detail(steps, 0.3, k=1))
    assert spent.fates == {QueryStatus.ANSWERED: 2, QueryStatus.ERROR: 1, QueryStatus.CANCELLED: 1, QueryStatus.LATE: 1}
    assert (spent.queries, spent.answers, spent.idle, spent.packets) == (5, 3, 1, 8)


def test_a_query_under_way_is_waited_for() -> None:
    spent = cost(detail([step(1, 150, 0, None)], 0.1, running=True))
    assert spent.fates == {QueryStatus.WAITING: 1}


def test_holders_are_those_of_the_closest_that_gave_something() -> None:
    steps = [step(1, 140, 0, 0.1, result=Status.VALUE, found=mutable(1)), step(2, 141, 0, 0.1), step(3, 142, 0, 0.1)]
    assert holders(detail(steps, 0.2, k=2)) == (1, 2)


# ---- axes, comparison, memory --------------------------------------------------------------------------------------


def test_ticks_are_round_and_leave_each_other_room() -> None:
    assert [words for _, words in TimeAxis(1.38, 60).ticks()] == ["0", "500 ms", "1 s"]
    assert [words for _, words in TimeAxis(0.0075, 60).ticks()] == ["0", "2 ms", "4 ms", "6 ms"]
    columns = [column for column, _ in TimeAxis(4.1, 100).ticks()]
    assert min(b - a for a, b in pairwise(columns)) >= 9


def test_times_and_columns_agree() -> None:
    axis = TimeAxis(2.0, 81)
    assert [axis.column(at) for at in (-1, 0, 1, 2, 9)] == [0, 0, 40, 80, 80]
    assert TimeAxis(0.0, 10).column(5) == 0


def test_the_axis_of_a_running_lookup_stands_still_for_a_while() -> None:
    assert nice_span(0.6, True) == nice_span(0.9, True) == 1.0
    assert nice_span(0.6, False) == 0.6


def test_differences_tell_both_figures_and_the_change() -> None:
    one = detail([step(1, 140, 0, 0.1)], 0.1)
    two = detail([step(1, 140, 0, 0.1), step(2, 136, 0, 0.2)], 0.2, kind="find_node")
    rows = {row.what: (row.first, row.second, row.change) for row in differences(one, two)}
    assert rows["what"] == ("get_peers", "find_node", "")
    assert rows["target"][2] == "the same"
    assert rows["time"] == ("100 ms", "200 ms", "+100 %")
    assert rows["queries"] == ("1", "2", "+100 %")
    assert rows["nearest answer"] == ("2^140.0", "2^136.0", "4.0 bits nearer")
    assert rows["silent"] == ("0", "0", "=")
    assert rows["k-th nearest answer"] == ("–", "–", "")
    assert rows["closest nodes"] == ("1", "2", "1 in common")
    assert rows["path, by queries"] == ("1", "2", "0 in common")


def test_a_comparison_tells_whether_both_found_the_same_by_the_same_way() -> None:
    one, other = detail([step(1, 150, 0, 0.1)], 0.1), detail([step(1, 150, 0, 0.4)], 0.5)
    rows = {row.what: (row.first, row.second, row.change) for row in differences(one, other)}
    assert rows["closest nodes"] == ("1", "1", "the same 1")
    assert rows["path, by queries"] == ("1", "1", "the same nodes")


def test_lookups_of_nothing_can_be_compared() -> None:
    empty = detail([], 0.0)
    assert all(row.first == row.second for row in differences(empty, empty))


def test_a_finished_lookup_is_asked_for_until_the_last_answer_is_in() -> None:
    asked: list[int] = []
    early = detail([step(1, 140, 0, 0.1), step(2, 141, 0, None)], 0.2)
    final = detail([step(1, 140, 0, 0.1), step(2, 141, 0, 0.5)], 0.2)
    final = final._replace(view=early.view)
    answers = [early, final]

    def ask(number: int) -> object:
        asked.append(number)
        return answers[min(len(asked), 2) - 1]

    kept = LookupCache()
    for _ in range(4):
        found = kept.get(early.view, ask)  # type: ignore[arg-type]
    assert asked == [3, 3]
    assert found is final
    kept.forget(())
    kept.get(early.view, ask)  # type: ignore[arg-type]
    assert asked == [3, 3, 3]


def test_a_lookup_that_is_forgotten_stays_as_it_was_last() -> None:
    one = detail([step(1, 140, 0, None)], 0.2, running=True)
    two = detail([step(1, 140, 0, 0.3)], 0.4, running=True)
    kept = LookupCache()
    assert kept.get(one.view, lambda _: one) is one
    assert kept.get(one.view, lambda _: two) is two
    assert kept.get(one.view, lambda _: None) is two


def test_a_moment_is_made_once() -> None:
    kept, whole = LookupCache(), walk()
    assert kept.at(whole, None) is whole
    assert kept.at(whole, 0.5) is kept.at(whole, 0.5)
    assert kept.at(whole, 0.5) is not kept.at(whole, 0.6)
