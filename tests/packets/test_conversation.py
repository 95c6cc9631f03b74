"""How packets stand to each other, and all that was said with one node."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhtui.engine.views.events import PacketReceived
from dhtui.engine.wire.krpc import Get, Ping
from dhtui.packets.conversation import MOST, conversation
from dhtui.packets.course import Course, standing
from dhtui.packets.ring import PacketRing

from .samples import (
    OWN_ID,
    TARGET,
    THEIR_ID,
    THEM,
    answered,
    asked,
    datagrams,
    ended,
    failed,
    got,
    replied,
    ring_of,
    sent,
)

FAR = ("192.0.2.7", 7)
RING = ring_of(
    sent(1, Get(OWN_ID, TARGET), b"a1"),
    answered(1.25, {b"token": b"x"}, b"a1"),
    sent(2, Ping(OWN_ID), b"a2"),
    ended(6, "timed out", b"a2"),
    sent(3, Ping(OWN_ID), b"a3"),
    ended(4, "cancelled", b"a3"),
    sent(5, Ping(OWN_ID), b"a4"),
    asked(6, Ping(THEIR_ID), b"q1", FAR),
    replied(6, {}, "ping", b"q1", FAR),
    asked(7, Ping(THEIR_ID), b"q2"),
    failed(8, 203, "late", b"zz"),
    got(9, b"rubbish"),
    PacketReceived(10, THEM, b"d" * 40, None, "rate limit"),
)


@pytest.mark.parametrize(
    ("number", "course", "took"),
    [
        (1, Course.ASKED, 0.25),
        (2, Course.ANSWER, 0.25),
        (3, Course.SILENT, None),
        (4, Course.CANCELLED, None),
        (5, Course.OPEN, None),
        (6, Course.ASKED, 0.0),
        (7, Course.ANSWER, 0.0),
        (8, Course.IGNORED, None),
        (9, Course.STRAY, None),
        (10, Course.UNREAD, None),
        (11, Course.UNREAD, None),
    ],
)
def test_each_packet_knows_how_it_stands(number: int, course: Course, took: float | None) -> None:
    packet = RING.get(number)
    assert packet is not None
    assert standing(packet, RING) == (course, took)


def test_a_conversation_is_what_was_said_with_one_address_oldest_first() -> None:
    packet = RING.get(7)
    assert packet is not None
    talk = conversation(packet, RING)
    assert [each.number for each in talk.packets] == [6, 7] and talk.left_out == 0
    first, second = (len(each.data) for each in talk.packets)
    assert talk.bytes == (second, first)


def test_a_conversation_is_bounded_and_tells_what_it_leaves_out() -> None:
    ring = PacketRing()
    for n in range(MOST + 50):
        ring.hear(sent(n, Ping(OWN_ID), b"%04d" % n))
    talk = conversation(next(iter(ring)), ring)
    assert len(talk.packets) == MOST and talk.left_out == 50
    assert talk.packets[-1].number == MOST + 50


@settings(max_examples=50, deadline=None)
@given(st.lists(datagrams, max_size=5))
def test_whatever_comes_has_a_course(data: list[bytes]) -> None:
    ring = ring_of(*(got(at, each) for at, each in enumerate(data)))
    for packet in ring:
        assert standing(packet, ring).course in Course
        assert conversation(packet, ring).packets
