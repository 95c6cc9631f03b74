"""What needs attention is a value with its sentence; of a healthy node there is nothing to say."""

from __future__ import annotations

import pytest
from screens import snapshots

from dhtui.bindings.keymap import names
from dhtui.engine.views.events import LinkState
from dhtui.engine.views.snapshot import BusyView, ErrorView, RecentView, SizeView, Snapshot
from dhtui.sources.attention import attention
from dhtui.sources.buckets import due, expected, share, thin
from dhtui.text.attention import ACTIONS, WEIGHTS, Attention, Need, attention_words


def healthy() -> Snapshot:
    base = snapshots.running()
    return base._replace(traffic=base.traffic._replace(send_failures=0))


def needs(view: Snapshot) -> list[Need]:
    return [one.need for one in attention(view)]


def test_a_healthy_node_needs_nothing() -> None:
    assert attention(healthy()) == ()


def changed() -> list[tuple[Need, Snapshot]]:
    view = healthy()
    who, reach, traffic = view.identity, view.reachability, view.traffic
    again = tuple(ErrorView(990.0, "timed out", ("203.0.113.9", 6881), "") for _ in range(3))
    return [
        (Need.SILENCE, view._replace(recent=RecentView(300.0, 4, 12, 40.0, 12))),
        (Need.ROUTE, view._replace(link=LinkState.LOST)),
        (Need.MISSING, view._replace(missing=("IPv6",))),
        (Need.FEW, snapshots.running(3)._replace(traffic=traffic)),
        (Need.UNSEEN, view._replace(reachability=reach._replace(state="unknown"))),
        (Need.UNFIT, view._replace(identity=who._replace(bep42="invalid"))),
        (Need.OVERFLOW, view._replace(traffic=traffic._replace(overflowed=9))),
        (Need.BUSY, view._replace(busy=BusyView(100, 0.001, 0.2, 0.4))),
        (Need.UNSENT, view._replace(traffic=traffic._replace(send_failures=2))),
        (Need.CLOCK, view._replace(busy=BusyView(stamped=False))),
        (Need.MUTED, view._replace(muted=2)),
        (Need.IGNORED, view._replace(identity=who._replace(external=("34.1.1.1", 6881)))),
        (Need.SLOW, view._replace(rtt=view.rtt._replace(samples=100, p50=0.8))),
        (Need.BLOCKING, view._replace(blocked_ranges=3, drops={"blocklist": traffic.packets_in})),
        (Need.FAILING, view._replace(errors=again)),
    ]


@pytest.mark.parametrize(("need", "view"), changed(), ids=lambda value: value.value if isinstance(value, Need) else "")
def test_each_trouble_is_told_alone(need: Need, view: Snapshot) -> None:
    assert needs(view) == [need]


def test_the_weightiest_comes_first() -> None:
    view = healthy()._replace(muted=1, recent=RecentView(300.0, 0, 12, 40.0, 12))
    view = view._replace(traffic=view.traffic._replace(send_failures=2))
    assert needs(view) == [Need.SILENCE, Need.UNSENT, Need.MUTED]


def test_nothing_is_said_of_reachability_just_after_the_start() -> None:
    view = healthy()
    unseen = view._replace(reachability=view.reachability._replace(state="unknown"), uptime=30.0)
    assert attention(unseen) == ()


def test_only_a_lookup_that_lost_a_third_of_its_time_was_slowed() -> None:
    view = healthy()
    done = view.lookups[1]
    assert attention(view, [(done, 0.2 * done.elapsed)]) == ()
    (told,) = attention(view, [(done, 0.2 * done.elapsed), (view.lookups[2], 0.5 * done.elapsed)])
    assert (told.need, told.count) == (Need.SLOWED, view.lookups[2].number)


@pytest.mark.parametrize("need", Need)
def test_each_has_a_sentence_and_a_key_that_exists(need: Need) -> None:
    one = Attention(need, 3, 8, 0.28, 0.66, snapshots.HOSTILE, 2)
    matter, remedy = attention_words(one)
    assert matter and remedy and matter.isprintable() and len(matter) < 200
    assert need in WEIGHTS and ACTIONS.get(need, "show.home") in names()
    assert attention_words(Attention(Need.UNFIT, fixed=True)) != attention_words(Attention(Need.UNFIT))


# ---- how many there should be ----------------------------------------------------------------------------------


def test_the_buckets_share_all_ids() -> None:
    buckets = snapshots.running().table.buckets
    assert sum(map(share, buckets)) == 1.0


def test_a_bucket_should_hold_what_there_is_and_at_most_k() -> None:
    first, *_, last = snapshots.running().table.buckets
    size = SizeView(40.0, 0.1, 5)
    assert expected(first, size) == 20.0 and due(first, size) == 8.0
    assert due(last, size) == pytest.approx(40.0 * share(last)) and due(first, SizeView(None, 0.0, 0)) is None


@pytest.mark.parametrize(
    ("nodes", "size", "is_thin"),
    [
        (1, SizeView(257.0, 0.16, 9), True),
        (4, SizeView(257.0, 0.16, 9), False),
        (1, SizeView(16.0, 0.16, 9), False),
        (0, SizeView(8.0, 0.1, 9), False),
        (1, SizeView(257.0, 0.6, 1), False),
        (1, SizeView(None, 0.0, 0), False),
    ],
)
def test_a_bucket_is_thin_only_where_chance_does_not_explain_it(nodes: int, size: SizeView, is_thin: bool) -> None:
    bucket = snapshots.running().table.buckets[0]
    assert thin(bucket._replace(nodes=bucket.nodes[:nodes]), size) is is_thin


def test_only_some_thin_buckets_are_named() -> None:
    view = healthy()
    buckets = tuple(bucket._replace(nodes=bucket.nodes[:1]) for bucket in view.table.buckets)
    view = view._replace(table=view.table._replace(buckets=buckets), size=SizeView(8e6, 0.1, 30))
    told = [one for one in attention(view) if one.need is Need.THIN]
    assert [(one.depth, one.count, one.of) for one in told] == [(0, 1, 8), (1, 1, 8), (2, 1, 8)]
