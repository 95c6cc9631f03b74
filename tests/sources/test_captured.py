"""A capture as a source: events and states of any of its nodes at any time, also while it is still being read."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from support.captures import (
    ME,
    START,
    TARGET,
    Packet,
    error,
    lookup,
    node_at,
    node_id,
    packet,
    pcap,
    query,
    response,
    traffic,
)

from dhtui.engine.lookup.decisions import State, StopReason
from dhtui.engine.outcome import Status
from dhtui.engine.views.events import LookupFinished, LookupStarted, QueryFinished, QueryResult
from dhtui.engine.views.snapshot import INFERRED
from dhtui.engine.wire.compact import Addr
from dhtui.lookups.critical import critical_path
from dhtui.lookups.export import as_json, as_text
from dhtui.lookups.verdict import verdict
from dhtui.packets.captures.walks.detail import SILENT_AFTER
from dhtui.packets.course import Course, standing
from dhtui.sources.captured import about as words
from dhtui.sources.captured.capture import Capture
from dhtui.sources.captured.kept import PER_BLOCK, Kept
from dhtui.sources.captured.source import RESTS, RUSH, CaptureSource
from dhtui.sources.feed import Feed
from dhtui.sources.source import Source
from dhtui.text.spans import Line

THERE = node_at(1)


def capture(packets: Iterable[Packet], me: Addr | None = None, kept: Kept | None = None) -> Capture:
    """A capture that is read to its end."""
    found = Capture("c.pcap", me, kept)
    found.take(found.read(pcap(packets)))
    found.end()
    while found.changing is not None:
        found.step()
    return found


def source_of(packets: Iterable[Packet], me: Addr | None = None) -> CaptureSource:
    source = CaptureSource(capture(packets, me))
    source.tick(0.0)
    return source


def text_of(lines: Iterable[Line]) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)


def test_it_is_a_source_and_begins_at_its_end_stopped() -> None:
    source: Source = source_of(lookup())
    player = source.player
    assert player is not None and not player.playing and player.what == "capture"
    assert player.position == player.duration == pytest.approx(0.140)
    assert source.commands is None and source.keyring is None
    assert source.wall(source.clock()) == source.clock() == pytest.approx(START + 0.140)


def test_packets_have_their_directions_and_pairs() -> None:
    source = source_of(lookup())
    packets = list(source.packets)
    assert [each.direction for each in packets].count("out") == 6
    assert {each.method for each in packets} == {"get_peers"} and len(packets) == 11
    courses = [standing(each, source.packets).course for each in packets]
    assert courses.count(Course.ANSWER) == courses.count(Course.ASKED) == 5 and courses.count(Course.SILENT) == 1
    other = source_of(lookup(), THERE)
    assert [each.method for each in other.packets] == ["get_peers", "get_peers"]
    assert [(each.direction, each.addr) for each in other.packets] == [("in", ME), ("out", ME)]
    assert standing(next(iter(other.packets)), other.packets).course is Course.ASKED


def test_a_query_is_silent_after_some_seconds_and_until_then_open() -> None:
    lone = [(START, packet(ME, THERE, query(b"aa"))), (START + 60, packet(ME, THERE, query(b"ab")))]
    source = source_of(lone)
    source.seek(1.0)
    assert [view.age for view in source.snapshot().queries] == [pytest.approx(1.0)]
    source.seek(SILENT_AFTER + 1)
    first = next(iter(source.packets))
    ending = source.packets.ending(first)
    assert ending is not None and ending.result is QueryResult.TIMED_OUT and ending.owner == "ping"
    assert source.snapshot().queries == () and source.snapshot().methods["ping"].timed_out == 1


def test_an_error_is_one() -> None:
    refused = [(START, packet(ME, THERE, query(b"aa"))), (START + 0.1, packet(THERE, ME, error(b"aa")))]
    source = source_of(refused)
    now = source.snapshot()
    assert now.methods["ping"].errors == 1 and [each.cause for each in now.errors] == ["error"]
    assert now.noted == 1


def test_a_lookup_is_inferred_with_who_named_whom() -> None:
    source = source_of(lookup())
    (view,) = source.snapshot().lookups
    assert (view.kind, view.target, view.owner, view.running) == ("get_peers", TARGET, INFERRED, False)
    assert (view.asked, view.answered, view.timed_out, view.best) == (6, 5, 1, 5)
    assert view.stopped is StopReason.QUIET and view.found is not None and view.found.peers == 1
    assert view.elapsed == pytest.approx(0.140)
    detail = source.lookup(view.number)
    assert detail is not None
    parents = {step.addr: step.parent for step in detail.steps}
    assert parents == {
        node_at(1): None,
        node_at(2): node_at(1),
        node_at(3): node_at(1),
        node_at(4): node_at(2),
        node_at(5): node_at(3),
        node_at(6): node_at(4),
    }
    assert [step.result for step in detail.steps] == [
        Status.ANSWERED,
        Status.ANSWERED,
        Status.ANSWERED,
        Status.ANSWERED,
        Status.TIMED_OUT,
        Status.PEERS,
    ]
    assert detail.steps[4].id == node_id(TARGET, 125) and detail.steps[5].hop == 3
    assert [detail.steps[place].addr for place in critical_path(detail)] == [node_at(place) for place in (1, 2, 4, 6)]
    nearest, *_ = detail.candidates
    assert nearest.addr == node_at(6) and nearest.closest and nearest.peers == (("203.0.113.7", 51413),)
    silent = next(each for each in detail.candidates if each.addr == node_at(5))
    assert silent.state is State.FAILED and not silent.closest
    assert detail.alpha == 2


def test_the_verdict_on_it_says_that_it_is_inferred() -> None:
    source = source_of(lookup())
    detail = source.lookup(1)
    assert detail is not None and "inferred" in verdict(detail).why.lower()
    assert b'"owner": "inferred"' in as_json(detail) and "inferred" in as_text(detail).decode().lower()


def test_a_lookup_can_be_looked_at_at_any_time() -> None:
    source = source_of([*lookup(), (START + 60, packet(ME, THERE, query(b"zz")))])
    source.seek(0.065)
    (view,) = source.snapshot().lookups
    assert view.running and (view.asked, view.answered, view.in_flight) == (4, 2, 2)
    assert view.elapsed == pytest.approx(0.065)
    source.seek(0.2)  # nothing of it followed, as is known by hindsight
    assert not source.snapshot().lookups[0].running
    source.seek(0.0)
    assert source.snapshot().lookups[0].asked == 1 and source.lookup(2) is None


def test_lookups_have_events() -> None:
    source = source_of(lookup())
    happened = [each.event for each in source.events.latest()]
    assert [type(each) for each in happened] == [LookupFinished, LookupStarted]
    ended = [event for event in source.capture.events(0, len(source.capture.view)) if isinstance(event, QueryFinished)]
    assert {event.owner for event in ended} == {"get_peers#1"} and len(ended) == 6


def test_going_back_and_forth_shows_the_same() -> None:
    source = source_of(traffic(400))
    there = source.snapshot(), [each.number for each in source.packets]
    for position in (0.0, 0.05, 0.01, 1e9):
        source.seek(position)
    assert (source.snapshot(), [each.number for each in source.packets]) == there


def test_counts_up_to_a_time_are_those_of_the_packets() -> None:
    source = source_of(traffic(3000))
    for position in (0.0, 0.3, 0.77, 1e9):
        source.seek(position)
        now, packets = source.snapshot(), list(source.packets)
        out = [each for each in packets if each.direction == "out"]
        assert now.traffic.packets_out == len(out) and now.traffic.bytes_out == sum(len(each.data) for each in out)
        assert now.traffic.packets_in == len(packets) - len(out)
        assert now.methods["get_peers"].sent == len(out)


def test_our_id_is_the_one_that_it_named_last() -> None:
    changed = [
        (START, packet(ME, THERE, query(b"aa", node_id=b"1" * 20))),
        (START + 1, packet(ME, THERE, query(b"ab", node_id=b"2" * 20))),
        (START + 2, packet(THERE, ME, query(b"ac", node_id=b"3" * 20))),
    ]
    source = source_of(changed)
    assert source.snapshot().identity.id == b"2" * 20
    source.seek(0.5)
    assert source.snapshot().identity.id == b"1" * 20
    assert source_of(changed, node_at(99)).snapshot().identity.id == bytes(20)


def test_the_node_that_is_shown_can_be_changed() -> None:
    source = source_of([*lookup(), *lookup(START + 1, node_at(77))])
    assert source.capture.view.me in (ME, node_at(77))
    source.capture.show(node_at(2))
    source.play()
    for turn in range(5):
        source.tick(float(turn))
    assert source.capture.view.me == node_at(2) and not source.playing
    assert {each.direction for each in source.packets} == {"in", "out"} and len(source.packets) == 4
    assert source.snapshot().identity.bound == node_at(2)


def test_a_growing_capture_is_followed_until_it_is_stopped_and_again() -> None:
    packets = lookup()
    data, growing = pcap(packets), Capture("")
    source = CaptureSource(growing)
    assert source.playing and source.what == "capture, live"
    half = data[: len(data) // 2]
    growing.take(growing.read(half))
    for turn in range(3):
        source.tick(float(turn))
    seen = len(source.packets)
    assert 0 < seen < 11 and source.position == source.duration
    source.pause()
    growing.take(growing.read(data[len(half) :]))
    source.tick(4.0)
    assert len(source.packets) == seen and source.what == "capture, behind"
    source.play()
    source.tick(5.0)
    assert len(source.packets) == 11 and source.playing
    growing.end()
    source.tick(6.0)
    assert not source.playing and source.what == "capture"


def test_a_rush_is_not_shown_packet_by_packet() -> None:
    growing, data = Capture("c.pcap"), pcap(traffic(RUSH + 500))
    source = CaptureSource(growing)
    source.tick(0.0)
    growing.take(growing.read(data))
    source.tick(0.1)
    assert len(source.packets) == 0
    source.tick(9.0)
    assert len(source.packets) >= RUSH + 500


def test_where_it_takes_long_to_show_a_rush_it_is_shown_seldom() -> None:
    growing, data = Capture("c.pcap", ME), pcap(traffic(3 * RUSH))
    took = iter([0.0, 0.5, 0.5, 0.5, 0.5, 0.5])
    source = CaptureSource(growing, clock=lambda: next(took))
    half = len(data) // 2
    growing.take(growing.read(data[:half]))
    source.tick(0.0)
    seen = len(source.packets)
    growing.take(growing.read(data[half:]))
    source.tick(0.5 * RESTS - 1)
    assert len(source.packets) == seen > RUSH
    source.tick(0.5 * RESTS)
    assert len(source.packets) > seen + RUSH


def test_messages_that_are_kept_are_bounded_and_the_bound_is_told() -> None:
    kept = Kept(most=4 * PER_BLOCK)
    found = capture(traffic(10 * PER_BLOCK), kept=kept)
    assert len(kept) <= kept.most and kept.first > 1 and kept.get(kept.first - 1) is None
    first, newest = kept.get(kept.first), kept.get(kept.newest)
    assert first is not None and newest is not None and kept.get(kept.newest + 1) is None
    source = CaptureSource(found)
    source.tick(0.0)
    assert len(source.packets) <= 4 * PER_BLOCK
    source.seek(0.0)
    assert source.snapshot().traffic.packets_out == 1
    assert "older ones left out" in text_of(words.about(found, 5000))
    small = Kept(most_bytes=2000)
    capture(traffic(10 * PER_BLOCK), kept=small)
    assert len(small._blocks) <= 2


def test_a_view_that_grew_beyond_what_is_kept_is_made_anew() -> None:
    kept = Kept(most=2 * PER_BLOCK)
    growing = Capture("", ME, kept)
    body = pcap(traffic(3000))
    growing.take(growing.read(body))
    for _ in range(4):
        growing.take(growing.read(body[24:]))
    while growing.changing is not None:
        growing.step()
    assert len(growing.view) <= 4 * kept.most


def test_home_says_what_the_file_is() -> None:
    found = capture([*lookup(), (START + 1, packet(THERE, ME, b"d1:xe"))])
    told = text_of(words.about(found, 5000))
    for part in ("c.pcap", "pcap", "12 UDP datagrams", "11 KRPC messages", "1 malformed", "192.0.2.1:6881", "524 k"):
        assert part in told, part
    assert "there is no KRPC message in it" in text_of(words.about(capture([]), 5000))


def test_screens_that_make_no_sense_say_so() -> None:
    feed, source = Feed(), source_of(lookup())
    feed.connect(source)
    feed.instead = words.instead(source.capture, 5000)
    assert set(feed.instead) == {"home", "table", "items", "keys"}
    for make in feed.instead.values():
        assert all(len("".join(text for text, _ in line)) <= 110 for line in make(110))
    assert feed.without_node == "This is a capture"
    feed.connect(None)
    assert not feed.instead


def test_announces_are_what_a_node_keeps() -> None:
    from dhtui.engine.wire.krpc import AnnouncePeer, encode_query

    def announce(source: Addr, dest: Addr, port: int) -> bytes:
        return packet(source, dest, encode_query(b"an", AnnouncePeer(b"q" * 20, TARGET, port, b"token"), False)[1])

    source = source_of(
        [
            (START, announce(node_at(5), ME, 7000)),
            (START + 1, announce(node_at(6), ME, 0)),
            (START + 2, announce(ME, THERE, 51413)),
            (START + 3, packet(ME, THERE, query(b"aa"))),
        ]
    )
    held = source.holdings()
    (swarm,) = held.swarms
    assert swarm.infohash == TARGET and set(swarm.peers) == {("198.51.100.5", 7000), ("198.51.100.6", 6881)}
    (mine,) = held.announces
    assert (mine.info_hash, mine.port) == (TARGET, 51413) and mine.age == pytest.approx(1.0)
    source.seek(0.5)
    assert source.holdings().swarms[0].total == 1 and source.holdings().announces == ()


def test_two_lookups_for_one_target_can_be_compared() -> None:
    from dhtui.lookups.compare import differences

    source = source_of([*lookup(), *lookup(START + 30)])
    first, second = source.lookup(1), source.lookup(2)
    assert first is not None and second is not None and differences(first, second)


def test_reading_in_a_thread_disturbs_nobody_who_looks() -> None:
    """The reader is ahead of what was taken: pairs that it knows already change nothing that is shown."""
    growing, data = Capture("c.pcap"), pcap(traffic(2000))
    source = CaptureSource(growing)
    pieces = [growing.read(data[start : start + 5000]) for start in range(0, len(data), 5000)]
    for turn, piece in enumerate(pieces):
        growing.take(piece)
        source.tick(float(turn))
        assert source.snapshot().at == source.clock() and growing.parties and growing.summary.krpc >= 2000
    growing.end()
    while not growing.settled:
        source.tick(1e6)
    source.tick(2e6)
    now, counts = source.snapshot(), growing.summary
    assert now.methods["get_peers"].answered == counts.queries - counts.unanswered
    assert now.methods["get_peers"].timed_out == counts.unanswered


def test_an_answer_that_comes_late_is_an_answer() -> None:
    slow = [(START, packet(ME, THERE, query(b"aa"))), (START + 20, packet(THERE, ME, response(b"aa")))]
    source = source_of(slow)
    assert source.snapshot().methods["ping"].timed_out == 1 and source.snapshot().methods["ping"].answered == 0
    assert standing(list(source.packets)[1], source.packets).course is Course.ANSWER
