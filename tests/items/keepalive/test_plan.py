"""When an item is put again, and where: as BEP 44 has it, and never so late that it could die in between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhtui.engine.items import ImmutableItem, Item, MutableItem, sign
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.lookup.decisions import StopReason
from dhtui.engine.outcome import NodeOutcome, Outcome, Status
from dhtui.engine.wire.compact import Addr
from dhtui.items.keepalive import plan
from dhtui.items.keepalive.plan import CheckVerdict, Decision, KeptItem
from dhtui.text.actions.keeping import check_words

NOW = 1_000_000.0
ITEM = sign(BEP44_TEST_KEY, b"3:two", 2)
OLD = sign(BEP44_TEST_KEY, b"3:one", 1)
NEW = sign(BEP44_TEST_KEY, b"5:three", 3)
RIVAL = sign(BEP44_TEST_KEY, b"5:rival", 2)
FIXED = ImmutableItem(b"5:fixed")


def addr(number: int) -> Addr:
    return f"10.0.0.{number}", 6881


def node(number: int, item: Item | None = None, *, token: bytes | None = b"t") -> NodeOutcome:
    status = Status.ANSWERED if item is None else Status.VALUE
    return NodeOutcome(addr=addr(number), status=status, id=bytes(20), rtt=0.1, item=item, token=token)


def found(holders: Sequence[Item | None], farther: int = 0, best: Item | None = None) -> Outcome:
    """The 8 closest hold these; so many others hold the first of them, too."""
    closest = tuple(node(number, item) for number, item in enumerate(holders))
    others = tuple(node(100 + number, holders[0]) for number in range(farther))
    items = [item for item in holders if item is not None]
    newest = best or max(items, key=lambda item: item.seq if isinstance(item, MutableItem) else 0, default=None)
    return Outcome(action="get", target=bytes(20), asked=(*closest, *others), closest=closest, item=newest)


def kept(item: Item = ITEM, put_ago: float | None = None) -> KeptItem:
    return KeptItem(item=item, added=0.0, due=NOW, put_at=None if put_ago is None else NOW - put_ago)


def written(outcome: Outcome, decision: Decision, status: Status = Status.STORED) -> Outcome:
    writes = tuple(replace(one, status=status) for one in outcome.closest if one.addr in decision.where)
    return replace(outcome, action="put", writes=writes)


EVERYWHERE = frozenset(map(addr, range(8)))


# ---- other people's puts: BEP 44's rule --------------------------------------------------------------------


@pytest.mark.parametrize("item", [ITEM, FIXED], ids=["mutable", "immutable"])
@pytest.mark.parametrize("put_ago", [None, 7200.0, 9999.0])
def test_nothing_is_put_where_others_keep_more_than_8_copies(item: Item, put_ago: float | None) -> None:
    decision = plan.decide(kept(item, put_ago), found([item] * 8, farther=1), NOW)
    assert (decision.where, decision.verdict, decision.copies) == (frozenset(), CheckVerdict.ENOUGH, 9)


def test_8_copies_are_not_enough() -> None:
    decision = plan.decide(kept(), found([ITEM] * 8), NOW)
    assert (decision.where, decision.verdict) == (EVERYWHERE, CheckVerdict.PUT)


def test_one_of_the_closest_without_it_is_reason_enough() -> None:
    lacks: tuple[Item | None, ...] = (None, OLD)
    for lack in lacks:
        decision = plan.decide(kept(), found([ITEM] * 7 + [lack], farther=9), NOW)
        assert decision.where == EVERYWHERE


def test_nodes_without_a_token_are_not_eligible() -> None:
    outcome = found([ITEM] * 8, farther=2)
    tokenless = node(7, None, token=None)
    outcome = replace(outcome, closest=(*outcome.closest[:7], tokenless))
    assert plan.decide(kept(), outcome, NOW).verdict is CheckVerdict.ENOUGH


# ---- our own puts: two hours, and no look too late -----------------------------------------------------------


def test_while_our_copies_last_only_nodes_that_lack_it_are_written_to() -> None:
    decision = plan.decide(kept(put_ago=3500), found([ITEM] * 6 + [None, OLD]), NOW)
    assert (decision.where, decision.verdict) == (frozenset({addr(6), addr(7)}), CheckVerdict.TOPPED_UP)
    decision = plan.decide(kept(put_ago=3500), found([ITEM] * 8), NOW)
    assert (decision.where, decision.verdict) == (frozenset(), CheckVerdict.ENOUGH)


def test_before_our_copies_run_out_all_are_written_to_however_many_there_are() -> None:
    decision = plan.decide(kept(put_ago=6000), found([ITEM] * 8, farther=20), NOW)
    assert (decision.where, decision.verdict) == (EVERYWHERE, CheckVerdict.PUT)


def test_two_intervals_are_less_than_a_lifetime() -> None:
    assert 2 * plan.INTERVAL[1] + plan.MARGIN < plan.LIFETIME


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(0, 9))
def test_our_copies_never_run_out_between_two_looks(all_hold: list[bool], seed: int) -> None:
    rng, item = Random(seed), plan.begin(ITEM, NOW, Random(seed), put=True)
    for holds in all_hold:
        now = item.due
        assert item.put_at is not None and now < item.put_at + plan.LIFETIME
        outcome = found([ITEM] * 7 + [ITEM if holds else None], farther=5)
        decision = plan.decide(item, outcome, now)
        item = plan.after(item, decision, written(outcome, decision), now + 1, rng)


def test_a_clock_that_was_set_back_makes_no_copy_live_longer() -> None:
    assert plan.decide(kept(put_ago=-5000), found([ITEM] * 8), NOW).verdict is CheckVerdict.PUT
    assert plan.is_due(kept()._replace(due=NOW + 9000), NOW)


# ---- newer ones, rivals, failures ----------------------------------------------------------------------------


def test_a_newer_item_in_the_network_takes_the_place_of_ours() -> None:
    outcome = found([ITEM] * 7 + [NEW])
    decision = plan.decide(kept(put_ago=60), outcome, NOW)
    assert decision.item == NEW and decision.where == frozenset(map(addr, range(7)))
    assert plan.after(kept(), decision, written(outcome, decision), NOW, Random(1)).item == NEW


def test_an_older_item_in_the_network_does_not() -> None:
    decision = plan.decide(kept(), found([OLD] * 8), NOW)
    assert decision.item == ITEM and decision.where == EVERYWHERE and decision.copies == 0


def test_another_value_with_the_same_seq_is_told() -> None:
    decision = plan.decide(kept(), found([ITEM] * 5 + [RIVAL] * 3, best=RIVAL), NOW)
    assert decision.item == ITEM and check_words(decision.note) == "3 of the nodes hold another value with the same seq"


def test_after_a_put_it_is_looked_after_in_about_an_hour() -> None:
    outcome = found([None] * 8)
    decision = plan.decide(kept(), outcome, NOW)
    after = plan.after(kept(), decision, written(outcome, decision), NOW, Random(1))
    assert after.last == plan.Check(at=NOW, verdict=CheckVerdict.PUT, copies=0, stored=8, tried=8)
    assert after.put_at == NOW and plan.INTERVAL[0] <= after.due - NOW <= plan.INTERVAL[1]


def test_looks_are_spread_over_time() -> None:
    rng = Random(1)
    dues = {round(plan.begin(ITEM, NOW, rng, put=True).due) for _ in range(20)}
    assert len(dues) > 15


def test_a_top_up_does_not_count_as_a_put_everywhere() -> None:
    outcome, before = found([ITEM] * 7 + [None]), kept(put_ago=3000)
    decision = plan.decide(before, outcome, NOW)
    assert plan.after(before, decision, written(outcome, decision), NOW, Random(1)).put_at == NOW - 3000


@pytest.mark.parametrize("status", [Status.REFUSED, Status.TIMED_OUT])
def test_a_put_that_nobody_took_is_tried_again_soon(status: Status) -> None:
    outcome, before = found([None] * 8), kept(put_ago=6000)
    decision = plan.decide(before, outcome, NOW)
    after = plan.after(before, decision, written(outcome, decision, status), NOW, Random(1))
    assert after.last is not None and after.last.verdict is CheckVerdict.FAILED and after.last.tried == 8
    assert after.put_at == NOW - 6000 and plan.RETRY[0] <= after.due - NOW <= plan.RETRY[1]


def test_a_network_that_is_not_there_is_a_failure_with_its_reason() -> None:
    nobody = Outcome(action="get", target=bytes(20), asked=(), stopped=StopReason.NOBODY_TO_ASK)
    decision = plan.decide(kept(), nobody, NOW)
    after = plan.after(kept(), decision, nobody, NOW, Random(1))
    assert after.last is not None
    assert (after.last.verdict, check_words(after.last.note)) == (CheckVerdict.FAILED, "there was no node to ask")


def test_paused_items_are_never_due() -> None:
    assert plan.is_due(kept(), NOW) and not plan.is_due(kept()._replace(paused=True), NOW)
    assert not plan.is_due(kept()._replace(due=NOW + 500), NOW)
    assert plan.is_due(kept()._replace(due=NOW + 500), NOW, early=600)


# ---- many items --------------------------------------------------------------------------------------------


def test_the_looks_at_many_items_are_spread_over_the_hour() -> None:
    """Each is looked at before the next hour is over; in no minute there are many more than in another."""
    items = [ImmutableItem(b"4:%04d" % number) for number in range(1000)]
    rng, looks = Random(3), list[float]()
    for fresh in plan.spread([(item, True) for item in items], NOW):
        due = fresh.due
        assert NOW < due <= NOW + plan.AVERAGE and fresh.put_at == NOW
        while due < NOW + 24 * 3600:
            looks.append(due)
            due += rng.uniform(*plan.INTERVAL)
    minutes = Counter(int((at - NOW) / 60) for at in looks)
    usual = len(looks) / 1440
    assert len(minutes) == 1440 and max(minutes.values()) < 2 * usual


def test_what_could_not_be_put_is_due_at_once() -> None:
    first, second = plan.spread([(ITEM, False), (FIXED, True)], NOW)
    assert (first.due, first.put_at) == (NOW, None) and second.due == NOW + plan.AVERAGE
