"""What the queries screen remembers between two looks: queries that ended lately, and those that came in."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from ...engine.views.events import QueryFinished
from ...engine.wire.compact import Addr
from ...packets.packet import Packet
from ...packets.ring import PacketRing

FADE: Final = 5.0
"""Seconds for which a query that ended stays in sight."""
ENDED: Final = 200
"""Queries of ours that ended lately and are listed, at most."""
INCOMING: Final = 300
"""Queries of others that are listed, at most."""

Transaction: TypeAlias = tuple[Addr, bytes]
"""The other side, and the transaction id."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A query of ours that came to its end."""

    packet: Packet
    ending: QueryFinished
    answer: Packet | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A query of somebody else, and what we said to it."""

    packet: Packet
    answer: Packet | None


class QueryTail:
    """Follows a packet ring. Bounded by that ring, `ENDED` and `INCOMING`."""

    def __init__(self) -> None:
        self._ring: PacketRing | None = None
        self._number = 0
        self._open: dict[int, Packet] = {}
        self.ended: list[Ended] = []
        """The latest of the last `FADE` seconds."""
        self.asked: deque[Asked] = deque(maxlen=INCOMING)
        """Oldest first."""

    def follow(self, ring: PacketRing, now: float) -> int:
        """Take in what came since the last time; returns how many queries of others. Another ring: start anew."""
        if ring is not self._ring:
            self._ring, self._number = ring, 0
            self._open, self.ended = {}, []
            self.asked.clear()
        fresh = ring.since(self._number)
        queries = [packet for packet in fresh if packet.kind == "query"]
        others = [packet for packet in queries if packet.direction == "in"]
        self._open.update((packet.number, packet) for packet in queries if packet.direction == "out")
        # We answer at once or never, so whatever there is to be paired with it is there.
        self.asked.extend(Asked(packet, ring.partner(packet)) for packet in others[-INCOMING:])
        self._number = fresh[-1].number if fresh else self._number
        ended = [*(e for e in self.ended if now - e.ending.at <= FADE), *self._take_ended(ring, now)]
        self.ended = ended[-ENDED:]
        return len(others)

    def _take_ended(self, ring: PacketRing, now: float) -> Iterator[Ended]:
        for number, packet in tuple(self._open.items()):
            ending = ring.ending(packet)
            if ending is not None or number <= ring.dropped:
                del self._open[number]
            if ending is not None and now - ending.at <= FADE:
                yield Ended(packet, ending, ring.partner(packet))

    def sent(self) -> dict[Transaction, Packet]:
        """The packets of the queries that have not ended."""
        return {(packet.addr, packet.tid): packet for packet in self._open.values()}

    def missed(self) -> int:
        """Packets that were heard since `follow`."""
        return self._ring.newest - self._number if self._ring else 0
