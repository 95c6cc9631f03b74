"""Counters of what was sent, received, dropped and failed."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..wire.compact import Addr
from ..wire.methods import METHODS
from .snapshot import ErrorView, MethodCounts, RecentView, TrafficView

HISTORY_SECONDS = 300
MAX_ERRORS = 25
"""Most errors kept of our own queries, and as many again of incoming datagrams: noise can't evict the former."""
OTHER = "other"
"""All unknown methods are counted as one: remote hosts choose their names."""
PROBE = "probe"
"""Pings to our own external address from another socket; those that came back count as answered."""
RECENT_SLOTS, SLOT_SECONDS = 30, 10
"""Seconds of a slot in which the ends of queries are counted, and how many slots are kept."""

Outgoing: TypeAlias = tuple[tuple[bytes, Addr], Literal["query", "response", "error"], str, bytes]
"""An outgoing datagram, with its address, kind, method and transaction id."""


@dataclass(slots=True)
class _Counts:
    sent: int = 0
    answered: int = 0
    timed_out: int = 0
    errors: int = 0
    received: int = 0
    replied: int = 0
    refused: int = 0


class Counters:
    """The counters of one engine."""

    def __init__(self, now: float) -> None:
        self.methods = {method: _Counts() for method in (*METHODS, OTHER)}
        self.probe = _Counts()
        """Not in `methods`: a remote host may use this name for a method, too."""
        self.drops: Counter[str] = Counter()
        self.send_failures = 0
        self.overflowed: int | None = None
        """Datagrams lost because the socket buffer was full; `None` if the system gives no count."""
        self.noted = 0
        """Errors, drops and mutes so far, including those that are no longer in `errors`."""
        self._ends: deque[list[int]] = deque(maxlen=RECENT_SLOTS)
        """For each slot its number, and how many of our queries were answered and timed out in it."""
        self._last_answer: float | None = None
        self._silent_since = 0
        self._errors: deque[ErrorView] = deque(maxlen=MAX_ERRORS)
        self._dropped: deque[ErrorView] = deque(maxlen=MAX_ERRORS)
        self._total = [0, 0, 0, 0]
        self._second = int(now)
        self._turn_at = self._second + 1.0
        """When the next second begins."""
        self._this = [0, 0, 0, 0]
        self._history: deque[tuple[int, int, int, int]] = deque(maxlen=HISTORY_SECONDS)

    def of(self, method: str) -> _Counts:
        """The counters of a method."""
        return self.methods.get(method) or self.methods[OTHER]

    def packet_in(self, length: int, now: float) -> None:
        """Count a received datagram."""
        if now >= self._turn_at:
            self._turn(int(now))
        this = self._this
        this[0] += 1
        this[2] += length

    def went(self, datagrams: list[Outgoing], now: float) -> None:
        """Count datagrams sent by the node's socket."""
        if now >= self._turn_at:
            self._turn(int(now))
        this, methods = self._this, self.methods
        for (data, _), kind, method, _ in datagrams:
            this[1] += 1
            this[3] += len(data)
            counts = methods.get(method) or methods[OTHER]
            if kind == "response":
                counts.replied += 1
            elif kind == "query":
                counts.sent += 1
            else:
                counts.refused += 1

    def probe_went(self, length: int, now: float) -> None:
        """Count a sent probe."""
        self.probe.sent += 1
        if now >= self._turn_at:
            self._turn(int(now))
        self._this[1] += 1
        self._this[3] += length

    def _turn(self, second: int) -> None:
        self._total = [a + b for a, b in zip(self._total, self._this, strict=True)]
        a, b, c, d = self._this
        self._history.append((a, b, c, d))
        for _ in range(min(second - self._second - 1, HISTORY_SECONDS)):
            self._history.append((0, 0, 0, 0))
        self._this = [0, 0, 0, 0]
        self._second, self._turn_at = second, second + 1.0

    def ended(self, now: float, answered: bool) -> None:
        """Count the end of a query to a node that we chose: answered or timed out."""
        slot = int(now // SLOT_SECONDS)
        if not self._ends or self._ends[-1][0] != slot:
            self._ends.append([slot, 0, 0])
        self._ends[-1][1 if answered else 2] += 1
        self._last_answer = now if answered else self._last_answer
        self._silent_since = 0 if answered else self._silent_since + 1

    def recent(self, now: float) -> RecentView:
        """How the queries of the last 5 minutes ended."""
        first = int(now // SLOT_SECONDS) - RECENT_SLOTS + 1
        ends = [end for end in self._ends if end[0] >= first]
        return RecentView(
            float(RECENT_SLOTS * SLOT_SECONDS),
            sum(answered for _, answered, _ in ends),
            sum(silent for _, _, silent in ends),
            None if self._last_answer is None else now - self._last_answer,
            self._silent_since,
        )

    def error(self, at: float, cause: str, addr: Addr, text: str) -> None:
        """Record a failed query of ours; the last 25 are kept. `text` is ours, or made safe."""
        self.noted += 1
        self._errors.append(ErrorView(at, cause, addr, text))

    def drop(self, at: float, cause: str, addr: Addr, text: str) -> None:
        """Record a dropped or refused datagram; the last 25 are kept."""
        self.count(cause)
        self.note(at, cause, addr, text)

    def count(self, cause: str) -> None:
        """Count a datagram that was dropped or not answered, without an error entry."""
        self.drops[cause] += 1
        self.noted += 1

    def note(self, at: float, cause: str, addr: Addr, text: str) -> None:
        """Keep an error entry about an incoming datagram, without counting it."""
        self._dropped.append(ErrorView(at, cause, addr, text))

    def traffic(self, now: float, receive_buffer: int) -> TrafficView:
        """The traffic as a screen shows it."""
        if now >= self._turn_at:
            self._turn(int(now))
        total = [a + b for a, b in zip(self._total, self._this, strict=True)]
        packets_in, packets_out, bytes_in, bytes_out = total
        history = tuple(self._history)
        return TrafficView(
            packets_in, packets_out, bytes_in, bytes_out, history, self.send_failures, receive_buffer, self.overflowed
        )

    def errors(self) -> tuple[ErrorView, ...]:
        """The last errors, newest first."""
        return tuple(sorted((*reversed(self._errors), *reversed(self._dropped)), key=lambda error: -error.at))

    def queries(self) -> dict[str, tuple[int, int]]:
        """Queries sent and received so far, by method."""
        return {name: (c.sent, c.received) for name, c in (*self.methods.items(), (PROBE, self.probe))}

    def counts(self) -> dict[str, MethodCounts]:
        """The counters by method."""
        return {
            name: MethodCounts(c.sent, c.answered, c.timed_out, c.errors, c.received, c.replied, c.refused)
            for name, c in (*self.methods.items(), (PROBE, self.probe))
        }
