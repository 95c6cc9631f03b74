"""What was sent, received, dropped and failed, counted."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..wire.compact import Addr
from ..wire.methods import METHODS
from .snapshot import ErrorView, MethodCounts, RecentView, TrafficView

HISTORY_SECONDS = 60
MAX_ERRORS = 25
"""Errors kept of our own queries, and as many of what others sent: who sends noise can't push the former out."""
OTHER = "other"
"""All methods that we don't speak, counted as one: their names are the network's to choose."""
PROBE = "probe"
"""Pings to our own external address from another socket: answered are those that came back."""
RECENT_SLOTS, SLOT_SECONDS = 30, 10
"""The ends of queries are counted in slots of so many seconds, of which so many are kept."""

Outgoing: TypeAlias = tuple[tuple[bytes, Addr], Literal["query", "response", "error"], str, bytes]
"""A datagram on its way out, with its address, and its kind, method and transaction id."""


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
        """Apart from `methods`: a stranger may call a method by its name, too."""
        self.drops: Counter[str] = Counter()
        self.send_failures = 0
        self.overflowed: int | None = None
        """Datagrams that the socket had no room for; `None` where the system does not tell."""
        self.noted = 0
        """Errors, drops and mutes so far, those included that `errors` does not have any more."""
        self._ends: deque[list[int]] = deque(maxlen=RECENT_SLOTS)
        """The number of a slot, and our queries that were answered, and that were not, in it."""
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
        """A datagram came."""
        if now >= self._turn_at:
            self._turn(int(now))
        this = self._this
        this[0] += 1
        this[2] += length

    def went(self, datagrams: list[Outgoing], now: float) -> None:
        """Datagrams of the node's socket went."""
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
        """A probe went."""
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
        """A query of ours, to a node that we chose, was answered or has timed out."""
        slot = int(now // SLOT_SECONDS)
        if not self._ends or self._ends[-1][0] != slot:
            self._ends.append([slot, 0, 0])
        self._ends[-1][1 if answered else 2] += 1
        self._last_answer = now if answered else self._last_answer
        self._silent_since = 0 if answered else self._silent_since + 1

    def recent(self, now: float) -> RecentView:
        """How the queries of the last minutes ended."""
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
        """A query of ours went wrong; the last 25 are kept. `text` is ours, or made safe."""
        self.noted += 1
        self._errors.append(ErrorView(at, cause, addr, text))

    def drop(self, at: float, cause: str, addr: Addr, text: str) -> None:
        """A datagram was dropped or refused; the last 25 are kept."""
        self.count(cause)
        self.note(at, cause, addr, text)

    def count(self, cause: str) -> None:
        """A datagram was dropped, or not answered, and that is nothing to keep words on."""
        self.drops[cause] += 1
        self.noted += 1

    def note(self, at: float, cause: str, addr: Addr, text: str) -> None:
        """Keep the words on something that others sent, uncounted."""
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

    def counts(self) -> dict[str, MethodCounts]:
        """The counters by method."""
        return {
            name: MethodCounts(c.sent, c.answered, c.timed_out, c.errors, c.received, c.replied, c.refused)
            for name, c in (*self.methods.items(), (PROBE, self.probe))
        }
