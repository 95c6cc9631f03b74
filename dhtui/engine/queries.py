"""Our queries in flight: transaction ids, measured round trips, soft and hard deadlines.

A query counts against the bound until it is answered or has stalled. Three in ten go to dead nodes, which must not use
up the room of the others. A stalled query only waits for a late answer; beyond their own bound the oldest is given up.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random
from typing import TypeAlias

from .outcome import Status
from .views.snapshot import QueryView, RttView
from .views.statistics import Level
from .wire.compact import Addr
from .wire.faults import Note
from .wire.free import MadeQuery
from .wire.krpc import Args, ErrorReply, Response

TID_LENGTH = 4
"""Bytes of a transaction id. It is random, so an answer can't be forged without seeing the query."""
MAX_LIVE = 2048
"""Most queries in flight that have not stalled. Further queries are delayed, not dropped."""
MAX_STALLED = 8192
"""Most stalled queries of lookups; as many again that are patient (never given up early)."""
SOFT_UNTIL_MEASURED, SOFT_MIN, SOFT_MAX = 0.6, 0.15, 2.0
SAMPLES = 256
ENOUGH_SAMPLES = 8

Answer: TypeAlias = Response | ErrorReply


@dataclass(slots=True, eq=False)
class InFlight:
    """One of our queries that has neither been answered nor timed out."""

    tid: bytes
    addr: Addr
    expected: bytes | None
    """The expected id of the node; `None` if only its address is known."""
    method: str
    args: Args | MadeQuery
    owner: str
    sent_at: float
    """When the query was created; once it is sent, when it was sent."""
    soft_at: float
    hard_at: float
    done: Callable[[InFlight, Answer | None, float], None]
    """Called once: with the answer, or with `None` at the hard deadline."""
    stalled: Callable[[InFlight, float], None] | None
    """Called if the soft deadline passes before an answer."""
    over: bool = False
    failure: Note | None = None
    """Why the system did not send it."""
    patient: bool = False
    """Whether it is never given up before its hard deadline, because the user named the node."""
    given_up: Note | None = None
    """Why it was given up before its hard deadline."""
    trouble: Status | None = None
    """What was received instead of a valid answer, if anything."""
    came_from: Addr | None = None
    """The source of that, if it is not the address that was queried."""
    unreadable: Note | None = None
    """Why that could not be parsed."""
    sent: bytes = b""
    """The datagram, of a patient query."""
    received: bytes = b""
    """What came from its node in answer, of a patient query: hostile, at most `MAX_DATAGRAM` bytes."""
    heard_at: float | None = None
    """When the answer was received, which may be read much later; never before the query was sent."""

    @property
    def rtt(self) -> float:
        """The round trip of an answered query, seconds."""
        assert self.heard_at is not None
        return self.heard_at - self.sent_at


class RoundTrips:
    """The last 256 round trips, and the stall time that follows from them."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=SAMPLES)
        self._sorted: list[float] = []
        """The same samples, smallest first: kept so, because each answer changes one of them."""
        self._soft: float | None = None
        """The stall time of a node of which no round trip is known; `None` before it was computed."""

    def add(self, rtt: float) -> None:
        """Count a round trip, seconds."""
        if len(self._recent) == SAMPLES:
            del self._sorted[bisect_left(self._sorted, self._recent[0])]
        self._recent.append(rtt)
        insort(self._sorted, rtt)
        self._soft = None

    def quantile(self, q: float) -> float:
        """The `q` quantile (0 to 1) of the samples, seconds; 0 without samples."""
        return self._sorted[min(len(self._sorted) - 1, int(q * len(self._sorted)))] if self._sorted else 0.0

    def soft(self, own: float | None = None) -> float:
        """Seconds until a query has stalled, from the node's own round trip if it is known."""
        if own is not None:
            return min(SOFT_MAX, max(SOFT_MIN, 2 * own + 0.05))
        if self._soft is None:
            self._soft = self._of_all()
        return self._soft

    def _of_all(self) -> float:
        if len(self._recent) < ENOUGH_SAMPLES:
            return SOFT_UNTIL_MEASURED
        # At most 3 medians: nodes that answer late on purpose must not delay every lookup.
        usual = min(self.quantile(0.8), 3 * self.quantile(0.5))
        return min(SOFT_MAX, max(SOFT_MIN, self.quantile(0.1) + 0.1, usual))

    def view(self) -> RttView:
        """The figures as a screen shows them."""
        q = self.quantile
        return RttView(len(self._recent), q(0.1), q(0.5), q(0.9), q(0.95), self.soft(), tuple(self._recent))


class Queries:
    """All queries in flight."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._by_tid: dict[bytes, InFlight] = {}
        self.find = self._by_tid.get
        """The queries by transaction id."""
        self._by_addr: dict[Addr, list[InFlight]] = {}
        self._deadlines: list[tuple[float, int, InFlight]] = []
        self._count = 0
        self._stalled: dict[bytes, InFlight] = {}
        """Stalled queries that may be given up, in the order of stalling."""
        self._patient: set[bytes] = set()
        """Stalled queries that are patient: never given up before their hard deadlines."""
        self.round_trips = RoundTrips()

    def __len__(self) -> int:
        return len(self._by_tid)

    def __iter__(self) -> Iterator[InFlight]:
        return iter(self._by_tid.values())

    @property
    def full(self) -> bool:
        """Whether operations may send no more queries for now. Pings for the table have other limits."""
        stalled, patient = len(self._stalled), len(self._patient)
        return len(self._by_tid) - stalled - patient >= MAX_LIVE or patient >= MAX_STALLED

    @property
    def stalled(self) -> Level:
        """How many stalled queries may be given up."""
        return Level(len(self._stalled), MAX_STALLED)

    @property
    def crowded(self) -> bool:
        """Whether so many queries have stalled that operations which wait only for stalled ones still hold their
        turns."""
        return len(self._patient) >= MAX_STALLED // 2

    def surplus(self) -> InFlight | None:
        """The stalled query to give up, if there are too many."""
        return next(iter(self._stalled.values())) if len(self._stalled) > MAX_STALLED else None

    def new_tid(self) -> bytes:
        """An unused random transaction id, 4 bytes."""
        while (tid := self._rng.randbytes(TID_LENGTH)) in self._by_tid:
            pass
        return tid

    def start(self, query: InFlight) -> None:
        """Wait for an answer."""
        self._by_tid[query.tid] = query
        self._by_addr.setdefault(query.addr, []).append(query)
        if query.stalled and query.soft_at < query.hard_at:
            self._watch(query.soft_at, query)
        else:
            query.stalled = None
            self._watch(query.hard_at, query)

    def _watch(self, at: float, query: InFlight) -> None:
        self._count += 1
        heappush(self._deadlines, (at, self._count, query))

    def match(self, tid: bytes, addr: Addr) -> InFlight | None:
        """Remove and return the query that an answer matches, by address, port and transaction id.

        An answer that matches only one of them is noted with the query that it may have been meant for.
        """
        query = self._by_tid.get(tid)
        if query is None:
            for other in self.to(addr):
                other.trouble = other.trouble or Status.UNMATCHED
            return None
        if query.addr != addr:
            query.trouble, query.came_from = Status.ELSEWHERE, addr
            return None
        self._end(query)
        return query

    def to(self, addr: Addr) -> tuple[InFlight, ...]:
        """The queries to an address, oldest first."""
        return tuple(self._by_addr.get(addr, ()))

    def unreadable(self, data: bytes, addr: Addr, why: Note) -> None:
        """An unreadable datagram came from an address: note it with the queries in flight there."""
        waiting = self.to(addr)
        for query in [query for query in waiting if query.tid in data] or waiting:
            if query.trouble is not Status.ELSEWHERE:
                query.trouble, query.unreadable = Status.UNREADABLE, why
                if query.patient:
                    query.received = data

    def cancel(self, query: InFlight) -> None:
        """Stop waiting for a query, without calling its `done`."""
        if not query.over:
            self._end(query)

    def _end(self, query: InFlight) -> None:
        del self._by_tid[query.tid]
        same = self._by_addr[query.addr]
        same.remove(query)
        if not same:
            del self._by_addr[query.addr]
        query.over = True
        self._stalled.pop(query.tid, None)
        self._patient.discard(query.tid)

    def next_deadline(self) -> float | None:
        """When `expire` has to be called next."""
        while self._deadlines and self._deadlines[0][2].over:
            heappop(self._deadlines)
        return self._deadlines[0][0] if self._deadlines else None

    def expire(self, now: float) -> Iterator[tuple[InFlight, bool]]:
        """The queries whose deadline has passed, and whether it was the hard one. Those with a hard one are removed."""
        while (at := self.next_deadline()) is not None and at <= now:
            query = heappop(self._deadlines)[2]
            hard = query.stalled is None or now >= query.hard_at
            if hard:
                self._end(query)
            else:
                self._watch(query.hard_at, query)
                if query.patient:
                    self._patient.add(query.tid)
                else:
                    self._stalled[query.tid] = query
            yield query, hard
            query.stalled = None

    def views(self, now: float) -> tuple[QueryView, ...]:
        """The queries as a screen shows them, oldest first."""
        return tuple(
            QueryView(
                query.tid,
                query.addr,
                query.expected,
                query.method,
                getattr(query.args, "target", None),
                query.owner,
                now - query.sent_at,
                query.soft_at - query.sent_at,
                query.hard_at - query.sent_at,
            )
            for query in self._by_tid.values()
        )
