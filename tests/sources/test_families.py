"""One snapshot of two families: the lists are of both, the rest of the one that is chosen."""

from __future__ import annotations

import json

import pytest
from screens.dual import dual, six_of
from screens.snapshots import OWN, running

from dhtui.engine.views.events import LinkState
from dhtui.engine.views.snapshot import LookupDetail, MethodCounts, Snapshot
from dhtui.sources.codec import CodecError, coder
from dhtui.sources.families import seen, seen_lookup
from dhtui.sources.health import health


def test_a_node_in_one_family_is_shown_as_it_is() -> None:
    view = running()
    assert seen(view, None) is view and seen(view, "IPv6") is view


@pytest.mark.parametrize("family", [None, "IPv4", "IPv6"])
def test_lists_are_of_both_and_the_rest_of_one(family: str | None) -> None:
    both = dual()
    assert both.other is not None
    shown = seen(both, family)  # type: ignore[arg-type]
    chosen, other = (both.other, both) if family == "IPv6" else (both, both.other)
    assert (shown.family, shown.identity, shown.table) == (chosen.family, chosen.identity, chosen.table)
    assert shown.other is not None and shown.other.identity == other.identity and shown.other.other is None
    assert shown.of("IPv4") is not None and shown.of("IPv6") is not None
    assert len(shown.queries) == len(both.queries) + len(both.other.queries)
    assert shown.methods["ping"] == MethodCounts(82, 66, 16, 0, 244, 244, 0)
    assert shown.drops == {"malformed": 6, "rate limit": 24} and shown.noted == both.noted + both.other.noted
    assert [error.at for error in shown.errors] == sorted((error.at for error in shown.errors), reverse=True)
    assert shown.store.peers == 2 * both.store.peers and shown.store.mutable == both.store.mutable
    assert shown.waiting == both.waiting, "one wish waits once"


def test_a_wish_in_both_is_one_lookup_at_one_cost() -> None:
    shown = seen(dual(), None)
    assert [view.number for view in shown.lookups] == [1, 2, 3, 4, 9]
    wish, four = shown.lookups[0], dual().lookups[0]
    assert (wish.asked, wish.answered, wish.timed_out) == (four.asked + 10, four.answered + 8, four.timed_out + 1)
    assert (wish.nearest_bits, wish.best, wish.running, wish.stopped) == (136, 4, True, None)
    assert wish.found == four.found


def test_it_runs_until_both_are_over() -> None:
    both = dual()
    assert both.other is not None
    over = both.lookups[0]._replace(running=False)
    shown = seen(both._replace(lookups=(over, *both.lookups[1:])), None)
    assert shown.lookups[0].number == 1 and shown.lookups[0].running
    six = both.other._replace(lookups=(both.other.lookups[0]._replace(running=False, elapsed=9.0),))
    shown = seen(both._replace(lookups=(over,), other=six), None)
    assert not shown.lookups[0].running and shown.lookups[0].elapsed == 9.0


def test_a_lookup_begins_with_the_chosen_family() -> None:
    four, six = dual().lookups[0], dual().lookups[0]._replace(family="IPv6")
    one = LookupDetail(four, 8, 8, (), (), other=LookupDetail(six, 8, 8, (), ()))
    for family in ("IPv4", "IPv6"):
        shown = seen_lookup(one, family)
        assert shown is not None and shown.view.family == family and len(shown.families) == 2
        assert shown.other is not None and shown.other.other is None
    assert seen_lookup(None, "IPv6") is None and seen_lookup(one, None) is one
    assert six_of(("1.2.3.4", 5))[1] == 5 and OWN


def test_a_recording_holds_both_families_and_no_more() -> None:
    both = coder(Snapshot)
    line = both.dumps(dual())
    assert both.loads(line) == dual()
    deeper = json.loads(line)
    deeper["other"]["other"] = json.loads(line)["other"]
    for wrong in (deeper, json.loads(line) | {"family": "IPv5"}, json.loads(line) | {"missing": ["x"]}):
        with pytest.raises(CodecError):
            both.decode(wrong)


def test_a_family_without_a_route_is_not_well_and_the_other_one_is() -> None:
    both = dual()
    assert both.other is not None
    lost = seen(both._replace(other=both.other._replace(link=LinkState.LOST)), "IPv6")
    assert lost.other is not None and health(lost.other).level == "good"
    told = health(lost)
    assert told.level == "bad" and "IPv6 has no route any more" in told.text
