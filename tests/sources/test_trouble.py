"""What goes wrong, by cause and over time."""

from __future__ import annotations

from packets.samples import OWN_ID, answered, ended, failed, got, ring_of, sent
from screens import snapshots

from dhtui.engine.views.snapshot import Snapshot
from dhtui.engine.wire.krpc import Ping
from dhtui.packets.ring import PacketRing
from dhtui.sources.trouble import SLOT_SECONDS, SLOTS, TroubleHistory

NOW = 1000.0


def view(at: float, **drops: int) -> Snapshot:
    return snapshots.starting()._replace(at=at, drops=drops)


def course(history: TroubleHistory, shown: Snapshot, width: int = 6) -> dict[str, tuple[int, ...]]:
    return {one.cause: one.slots for one in history.courses(shown, width)}


def test_each_cause_is_counted_in_the_slot_in_which_it_was_seen() -> None:
    history, ring = TroubleHistory(), PacketRing()
    for slot, count in enumerate((0, 2, 2, 5)):
        for part in range(4):
            history.look(view(NOW + slot * SLOT_SECONDS + part, malformed=count), ring)
    history.look(view(NOW + 4 * SLOT_SECONDS, malformed=5), ring)
    newest = view(NOW + 4 * SLOT_SECONDS + 1, malformed=6, refused=1)
    assert course(history, newest) == {"malformed": (0, 2, 0, 3, 0, 1), "refused": (0, 0, 0, 0, 0, 1)}
    assert [(one.cause, one.total) for one in history.courses(newest, 3)] == [("malformed", 6), ("refused", 1)]


def test_a_frozen_view_has_the_course_up_to_its_time() -> None:
    history, ring = TroubleHistory(), PacketRing()
    for slot in range(5):
        history.look(view(NOW + slot * SLOT_SECONDS, malformed=slot), ring)
    assert course(history, view(NOW + 2 * SLOT_SECONDS, malformed=2), 3) == {"malformed": (1, 1, 1)}


def test_at_first_and_after_a_jump_the_packets_tell_what_was() -> None:
    ring = ring_of(
        sent(NOW, Ping(OWN_ID), b"a1"), ended(NOW + 6, "timed out", b"a1"),
        sent(NOW, Ping(OWN_ID), b"a2"), answered(NOW + 1, {}, b"a2"), ended(NOW + 1, "answered", b"a2"),
        failed(NOW + 11, 203, "no", b"zz"), got(NOW + 12, b"rubbish"), got(NOW + 12, b"more", problem="rate limit"),
    )  # fmt: skip
    at = NOW + 12
    shown = snapshots.running()._replace(at=at, drops={"malformed": 1, "rate limit": 1})
    history = TroubleHistory()
    history.look(shown, ring)
    found = course(history, shown, 3)
    assert (found["silent"], found["error replies"], found["malformed"]) == ((0, 1, 0), (0, 0, 1), (0, 0, 1))
    history.look(shown._replace(at=at - 100), PacketRing())
    assert not any(course(history, shown._replace(at=at - 100), 3)["silent"])
    history.look(shown, ring)
    assert course(history, shown, 3)["silent"] == (0, 1, 0), "a recording that jumps ahead"


def test_the_history_is_bounded_and_states_are_no_courses() -> None:
    history, ring = TroubleHistory(), PacketRing()
    for slot in range(3 * SLOTS):
        history.look(view(NOW + slot * SLOT_SECONDS, malformed=slot), ring)
    assert len(history._slots) == SLOTS
    shown = view(NOW, malformed=1)._replace(banned=3, muted=2)
    assert list(course(history, shown)) == ["malformed"]
