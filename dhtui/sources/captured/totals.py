"""Counts of what happened to one node of a capture, up to any time."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from enum import IntEnum
from typing import Final

from ...engine.views.counters import HISTORY_SECONDS
from ...engine.views.history import SLOTS_KEPT, TRIP_EDGES, MethodSlot, SlotView
from ...engine.views.snapshot import MethodCounts, RttView, TrafficView
from ...engine.wire.methods import METHODS

OTHER: Final = "other"
NAMES: Final = (*METHODS, OTHER, "")
"""Methods by their places; the last one: not known."""
_PLACES: Final = {name: place for place, name in enumerate(NAMES)}
_OTHER_PLACE: Final = _PLACES[OTHER]
_EVERY: Final = 1024
"""Events between two sums that are kept."""
_SLOT: Final = 10
"""Seconds of a slot of round trips and methods."""
_RECENT: Final = 256
_WIDTH: Final = 16
"""More than there are names."""


class What(IntEnum):
    """What happened. The values are below 16."""

    SENT_QUERY = 0
    CAME_QUERY = 1
    SENT_RESPONSE = 2
    SENT_ERROR = 3
    CAME_RESPONSE = 4
    CAME_ERROR = 5
    CAME_UNREADABLE = 6
    SENT_UNREADABLE = 7
    CAME_STRAY = 8
    """An answer whose query is not known."""
    ENDED_ANSWERED = 9
    """A query of ours was answered, as the following: no packet."""
    ENDED_ERROR = 10
    ENDED_SILENT = 11
    LOOKUP_STARTED = 12
    LOOKUP_ENDED = 13


PACKETS: Final = frozenset(what for what in What if what < What.ENDED_ANSWERED)
_LAST_QUERY, _FIRST_END = int(What.CAME_QUERY), int(What.ENDED_ANSWERED)
"""Queries are the first of all, then come other packets, then what is no packet."""
_OUT: Final = frozenset((What.SENT_QUERY, What.SENT_RESPONSE, What.SENT_ERROR, What.SENT_UNREADABLE))


class Totals:
    """Counts events. Times never go back; they are seconds."""

    def __init__(self) -> None:
        self._codes = bytearray()
        self._lengths = array("I")
        self._sums: list[tuple[Counter[int], tuple[int, int, int, int]]] = [(Counter(), (0, 0, 0, 0))]
        """What there was before each `_EVERY` events: by code; packets and bytes, in and out."""
        self._now = [0, 0, 0, 0]
        self._seconds = array("q")
        self._flow: list[list[int]] = []
        """Packets in and out, bytes in and out, of each second that has any."""
        self._slots = array("q")
        self._trips: list[list[int]] = []
        self._asked: list[Counter[tuple[int, bool]]] = []
        """Of each slot of 10 seconds that has any: round trips by class; queries by method, and whether they came."""
        self._rtt_times, self._rtts = array("d"), array("d")

    def add(self, at: float, what: What, method: str, length: int) -> None:
        """Count an event; `length`: bytes of a packet, else 0."""
        place = _PLACES.get(method, _OTHER_PLACE)
        codes = self._codes
        codes.append(what * _WIDTH + place)
        self._lengths.append(length)
        if what < _FIRST_END:
            self._packet(int(at), what in _OUT, length)
            if what <= _LAST_QUERY:
                self._slot(at)[1][place, what == _LAST_QUERY] += 1
        if not len(codes) % _EVERY:
            before = self._sums[-1][0].copy()
            before.update(codes[-_EVERY:])
            flow = self._now
            self._sums.append((before, (flow[0], flow[1], flow[2], flow[3])))

    def trip(self, at: float, rtt: float) -> None:
        """Count a round trip."""
        self._slot(at)[0][bisect_right(TRIP_EDGES, rtt)] += 1
        self._rtt_times.append(at)
        self._rtts.append(rtt)

    def _packet(self, second: int, out: bool, length: int) -> None:
        if not self._seconds or self._seconds[-1] != second:
            self._seconds.append(second)
            self._flow.append([0, 0, 0, 0])
        flow, total, bytes_ = self._flow[-1], self._now, 2 + out
        flow[out] += 1
        flow[bytes_] += length
        total[out] += 1
        total[bytes_] += length

    def _slot(self, at: float) -> tuple[list[int], Counter[tuple[int, bool]]]:
        number = int(at // _SLOT)
        if not self._slots or self._slots[-1] != number:
            self._slots.append(number)
            self._trips.append([0] * (len(TRIP_EDGES) + 1))
            self._asked.append(Counter())
        return self._trips[-1], self._asked[-1]

    def method(self, event: int) -> str:
        """The method of an event; empty where it is not known, or none of ours."""
        name = NAMES[self._codes[event] % _WIDTH]
        return "" if name == OTHER else name

    # ---- up to a time ------------------------------------------------------------------------------

    def counts(self, upto: int) -> Counter[int]:
        """How often each code was among the first `upto` events."""
        found = self._sums[upto // _EVERY][0].copy()
        found.update(self._codes[upto // _EVERY * _EVERY : upto])
        return found

    def methods(self, counts: Counter[int]) -> dict[str, MethodCounts]:
        """The counts by method."""

        def of(what: What, place: int) -> int:
            return counts[what * _WIDTH + place]

        return {
            name: MethodCounts(
                of(What.SENT_QUERY, place),
                of(What.ENDED_ANSWERED, place),
                of(What.ENDED_SILENT, place),
                of(What.ENDED_ERROR, place),
                of(What.CAME_QUERY, place),
                of(What.SENT_RESPONSE, place),
                of(What.SENT_ERROR, place),
            )
            for place, name in enumerate(NAMES[:-1])
        }

    @staticmethod
    def of(counts: Counter[int], what: What) -> int:
        """How often something happened, of whatever method."""
        return sum(counts[what * _WIDTH + place] for place in range(len(NAMES)))

    def traffic(self, upto: int, at: float) -> TrafficView:
        """Packets and bytes of the first `upto` events, and of the seconds before `at`."""
        start = upto // _EVERY
        flow = list(self._sums[start][1])
        for place in range(start * _EVERY, upto):
            what = What(self._codes[place] // _WIDTH)
            if what in PACKETS:
                out = what in _OUT
                flow[out] += 1
                flow[2 + out] += self._lengths[place]
        now = int(at)
        history = [(0, 0, 0, 0)] * HISTORY_SECONDS
        for place in range(bisect_left(self._seconds, now - HISTORY_SECONDS), bisect_left(self._seconds, now)):
            one = self._flow[place]
            history[self._seconds[place] - now] = (one[0], one[1], one[2], one[3])
        return TrafficView(flow[0], flow[1], flow[2], flow[3], tuple(history), 0, 0)

    def slots(self, at: float) -> tuple[SlotView, ...]:
        """The last full slots before a time, oldest first."""
        end = bisect_left(self._slots, int(at // _SLOT))
        begin = bisect_left(self._slots, int(at // _SLOT) - SLOTS_KEPT)
        return tuple(self._slot_view(place) for place in range(begin, end))

    def _slot_view(self, place: int) -> SlotView:
        asked = self._asked[place]
        methods = tuple(
            MethodSlot(name, asked[number, False], asked[number, True])
            for number, name in enumerate(NAMES[:-1])
            if asked[number, False] or asked[number, True]
        )
        return SlotView((self._slots[place] + 1.0) * _SLOT, tuple(self._trips[place]), methods)

    def rtt(self, at: float) -> RttView:
        """The last round trips before a time. No stall time follows from them: it is that of another program."""
        end = bisect_right(self._rtt_times, at)
        recent = tuple(self._rtts[max(0, end - _RECENT) : end])
        if not recent:
            return RttView(0, 0.0, 0.0, 0.0, 0.0, 0.0, ())
        order = sorted(recent)
        p10, p50, p90, p95 = (order[min(len(order) - 1, int(len(order) * share))] for share in (0.1, 0.5, 0.9, 0.95))
        return RttView(end, p10, p50, p90, p95, p95, recent)
