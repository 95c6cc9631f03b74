"""The last packets, with answers matched to their queries."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import TypeAlias

from ..engine.views.events import UNREAD, Event, PacketReceived, PacketSent, QueryFinished
from ..engine.wire.compact import Addr
from ..engine.wire.krpc import ErrorReply, MalformedDatagram, Message, Query, RefusedQuery, parse
from ..text.faults import problem_words
from .packet import Direction, Kind, Packet

MAX_BYTES = 16 * 2**20
"""Most bytes of datagrams kept, whatever their number: a bound on memory in a flood of large ones."""

_PACKETS = (PacketReceived, PacketSent)
_Key: TypeAlias = tuple[Direction, Addr, bytes]


class PacketRing:
    """The newest packets, at most `capacity` and `MAX_BYTES`. Hand it every event of an engine with `hear`.

    `hear` only appends. Records are made, and answers matched to their queries, at the next read. `start` is the number
    of the last packet before the first one heard.
    """

    def __init__(self, capacity: int = 5000, start: int = 0) -> None:
        self.capacity = capacity
        self._pending: deque[PacketReceived | PacketSent | QueryFinished] = deque()
        self._packets: deque[Packet] = deque()
        self._newest = start
        self._count = 0
        self._bytes = 0
        self._open: dict[_Key, Packet] = {}
        self._answers: dict[int, Packet] = {}
        self._endings: dict[int, QueryFinished] = {}
        self._frozen = False

    def freeze(self) -> None:
        """Hide packets that are heard from now on, until `thaw`. They are still recorded, and evict the oldest."""
        self._settle()
        self._frozen = True

    def thaw(self) -> None:
        """Show the packets that were heard since `freeze`."""
        self._frozen = False

    def hear(self, event: Event) -> None:
        """Record an event; events that are not about a packet are ignored. Never raises."""
        if isinstance(event, _PACKETS):
            if isinstance(event, PacketReceived) and self._is_second_word(event):
                self._pending[-1] = event
                return
            self._pending.append(event)
            self._newest += 1
            self._count += 1
            self._bytes += len(event.data)
        elif isinstance(event, QueryFinished):
            self._pending.append(event)
        while self._count > self.capacity or self._bytes > MAX_BYTES or len(self._pending) > 2 * self.capacity:
            self._drop_oldest()

    def _is_second_word(self, event: PacketReceived) -> bool:
        """Whether the event is the second one about the same datagram: a query that was parsed, and then refused."""
        last = self._pending[-1] if self._pending else None
        return event.message is not None and type(last) is PacketReceived and last.message is event.message

    def _drop_oldest(self) -> None:
        if self._packets:
            packet = self._packets.popleft()
            self._count -= 1
            self._bytes -= len(packet.data)
            self._answers.pop(packet.number, None)
            self._endings.pop(packet.number, None)
            key = (packet.direction, packet.addr, packet.tid)
            if self._open.get(key) is packet:
                del self._open[key]
            return
        event = self._pending.popleft()
        if not isinstance(event, QueryFinished):
            self._count -= 1
            self._bytes -= len(event.data)

    # ---- reading -----------------------------------------------------------------------------------

    def __len__(self) -> int:
        return self._count

    @property
    def newest(self) -> int:
        """The number of the packet heard last, 0 before the first. Takes constant time."""
        return self._newest

    @property
    def dropped(self) -> int:
        """How many packets were evicted by newer ones."""
        return self._newest - self._count

    def __iter__(self) -> Iterator[Packet]:
        """Oldest first."""
        self._settle()
        return iter(tuple(self._packets))

    def __reversed__(self) -> Iterator[Packet]:
        """Newest first."""
        self._settle()
        return iter(tuple(reversed(self._packets)))

    def since(self, number: int) -> list[Packet]:
        """The packets after `number`, oldest first. If the first is not `number` + 1, some were evicted before."""
        self._settle()
        wanted = self._settled - number
        return list(islice(reversed(self._packets), max(0, wanted)))[::-1]

    def get(self, number: int) -> Packet | None:
        """The packet of that number; `None` if it was evicted."""
        self._settle()
        index = number - self.dropped - 1
        return self._packets[index] if 0 <= index < len(self._packets) else None

    def partner(self, packet: Packet) -> Packet | None:
        """The query of an answer, or the first answer to a query."""
        self._settle()
        return self._answers.get(packet.number) if packet.query is None else packet.query

    def ending(self, packet: Packet) -> QueryFinished | None:
        """How a query of ours ended, given the query or its answer."""
        self._settle()
        return self._endings.get((packet.query or packet).number)

    def token_origin(self, packet: Packet) -> Packet | None:
        """The latest answer before a put or an announce that gave its token to that address."""
        token = packet.token
        if token is None or packet.kind != "query":
            return None
        spelled = b"5:token%d:%b" % (len(token), token)
        for other in reversed(self):
            if (
                other.number < packet.number
                and other.kind == "response"
                and other.direction != packet.direction
                and other.addr[0] == packet.addr[0]
                and spelled in other.data
            ):
                return other
        return None

    # ---- from events to records --------------------------------------------------------------------

    @property
    def _settled(self) -> int:
        """The number of the newest visible packet."""
        return self.dropped + len(self._packets)

    def _settle(self) -> None:
        """Make records of the events heard, in order, so that a repeated transaction id matches the right query."""
        if self._frozen:
            return
        number = self._settled
        while self._pending:
            event = self._pending.popleft()
            if isinstance(event, QueryFinished):
                query = self._open.get(("out", event.addr, event.tid))
                if query is not None:
                    self._endings[query.number] = event
                continue
            number += 1
            packet = self._sent(number, event) if isinstance(event, PacketSent) else self._received(number, event)
            self._packets.append(packet)
            if packet.kind == "query":
                self._open[packet.direction, packet.addr, packet.tid] = packet
            elif packet.query is not None:
                self._answers.setdefault(packet.query.number, packet)

    def _sent(self, number: int, event: PacketSent) -> Packet:
        query = None if event.kind == "query" else self._open.get(("in", event.addr, event.tid))
        return Packet(
            number, event.at, "out", event.addr, event.data, event.kind, event.method, event.tid, "", None, query
        )

    def _received(self, number: int, event: PacketReceived) -> Packet:
        kind, method, tid = _kind(event.message) if event.message is not None else _kind_of_refused(event)
        query = self._open.get(("out", event.addr, tid)) if kind in ("response", "error") else None
        return Packet(
            number,
            event.at,
            "in",
            event.addr,
            event.data,
            kind,
            query.method if query else method,
            tid,
            problem_words(event.problem),
            event.message,
            query,
        )


def _kind(message: Message) -> tuple[Kind, str, bytes]:
    if type(message) is Query:
        return "query", message.method, message.tid
    return ("error" if type(message) is ErrorReply else "response"), "", message.tid


def _kind_of_refused(event: PacketReceived) -> tuple[Kind, str, bytes]:
    """The kind of a refused packet: invalid arguments still make a query, which was answered with an error."""
    if event.problem not in UNREAD:  # the engine did not parse those, and neither does the ring
        try:
            return _kind(parse(event.data))
        except RefusedQuery as refusal:
            return "query", refusal.method, refusal.tid
        except MalformedDatagram:
            pass
    return "unreadable", "", b""
