"""How a packet stands among the others: a query and what became of it, an answer and how long it took."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from ..engine.views.events import QueryResult
from .packet import Packet
from .ring import PacketRing


class Course(Enum):
    """What a packet is in the exchange that it belongs to."""

    OPEN = "open"
    """A query of ours that waits for its answer."""
    ASKED = "asked"
    """A query whose answer is known."""
    SILENT = "silent"
    """A query of ours that was not answered in its time."""
    CANCELLED = "cancelled"
    """A query of ours that was given up before its answer came."""
    IGNORED = "ignored"
    """A query of somebody else that we did not answer."""
    ANSWER = "answer"
    """An answer whose query is known."""
    STRAY = "stray"
    """An answer whose query is not known."""
    UNREAD = "unread"
    """No message, or dropped before it was read."""


class Standing(NamedTuple):
    """A packet's course, and the round trip of an answer."""

    course: Course
    took: float | None = None
    """Seconds from the query to this answer; of a query: to its answer."""


def standing(packet: Packet, ring: PacketRing) -> Standing:
    """The course of a packet of a ring, as far as it is known now. Takes constant time."""
    if packet.kind == "unreadable":
        return Standing(Course.UNREAD)
    if packet.kind != "query":
        query = packet.query
        return Standing(Course.STRAY) if query is None else Standing(Course.ANSWER, packet.at - query.at)
    answer = ring.partner(packet)
    if answer is not None:
        return Standing(Course.ASKED, answer.at - packet.at)
    if packet.direction == "in":
        return Standing(Course.IGNORED)
    ending = ring.ending(packet)
    if ending is None:
        return Standing(Course.OPEN)
    return Standing(Course.SILENT if ending.result is QueryResult.TIMED_OUT else Course.CANCELLED)
