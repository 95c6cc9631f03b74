"""The samples of the last minutes: bounded, and of what happened between two of them."""

from __future__ import annotations

from dhtui.engine.views.history import BUCKET_EVERY, BUCKETS_KEPT, SLOTS_KEPT, TRIP_EDGES, History, MethodSlot

from .network import Network, polite, silent


def test_a_slot_has_what_was_asked_since_the_one_before() -> None:
    history = History()
    history.turn(10.0, {"ping": (3, 1), "get": (0, 0)})
    history.turn(20.0, {"ping": (3, 5), "get": (2, 0)})
    history.turn(30.0, {"ping": (3, 5), "get": (2, 0)})
    assert [slot.at for slot in history.slots] == [10.0, 20.0, 30.0]
    assert [slot.methods for slot in history.slots] == [
        (MethodSlot("ping", 3, 1),),
        (MethodSlot("ping", 0, 4), MethodSlot("get", 2, 0)),
        (),
    ]


def test_every_round_trip_is_in_one_class() -> None:
    history = History()
    trips = [0.0, 0.0005, 0.001, 0.049, 0.05, 1.99, 2.0, 1e9]
    for rtt in trips:
        history.trip(rtt)
    history.turn(10.0, {})
    history.turn(20.0, {})
    first, second = history.slots
    assert len(first.trips) == len(TRIP_EDGES) + 1 and sum(first.trips) == len(trips)
    assert (first.trips[0], first.trips[1], first.trips[5], first.trips[6], first.trips[-1]) == (2, 1, 1, 1, 2)
    assert not any(second.trips)


def test_the_samples_are_bounded() -> None:
    history = History()
    for turn in range(1000):
        if history.turn(10.0 * turn, {}):
            history.sample(10.0 * turn, [])
    assert (len(history.slots), len(history.buckets)) == (SLOTS_KEPT, BUCKETS_KEPT)
    assert history.slots[-1].at == 9990.0


def test_a_bucket_has_the_median_of_those_that_answered_since_the_sample_before() -> None:
    history = History()
    history.sample(30.0, [[(5.0, 0.1), (20.0, 0.3), (29.0, 0.2), (7.0, None)], []])
    history.sample(60.0, [[(5.0, 0.1), (20.0, 0.3), (40.0, 0.7)], [(20.0, 0.1)]])
    assert [slot.rtts for slot in history.buckets] == [(0.2, None), (0.7, None)]


def test_a_node_at_work_takes_its_samples_with_its_upkeep() -> None:
    net = Network(latency=0.03)
    core = net.core()
    net.meet(core, *(net.puppet(polite if n % 3 else silent) for n in range(12)))
    net.run(10.0 * BUCKET_EVERY + 1.0)
    view = core.snapshot(net.now)
    assert len(view.slots) == BUCKET_EVERY
    sent = sum(method.sent for slot in view.slots for method in slot.methods)
    assert sent == sum(counts.sent for counts in view.methods.values())
    assert sum(sum(slot.trips) for slot in view.slots) == view.rtt.samples
    (sample,) = view.bucket_rtts
    assert len(sample.rtts) == len(view.table.buckets)
    assert any(rtt is not None and 0.05 < rtt < 0.1 for rtt in sample.rtts)
