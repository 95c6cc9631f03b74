"""Samples of the last minutes: good nodes, round trips, messages by method, and the round trips of each bucket.

The core takes a sample each time it does its upkeep, every 10 s. A server pays nothing for it between two samples.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

TRIP_EDGES: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
"""Seconds: bounds between the classes of round trips. The first class is below all, the last one above."""
SLOTS_KEPT: Final = 30
"""Samples of messages and round trips: of 5 minutes."""
BUCKET_EVERY: Final = 3
"""The round trips of buckets are sampled with every third upkeep, so every 30 s."""
GROWTH_KEPT: Final = 360
"""Counts of good nodes: of an hour."""
BUCKETS_KEPT: Final = 120
"""Samples of the buckets: of an hour."""


class MethodSlot(NamedTuple):
    """Queries of one method in a slot."""

    method: str
    sent: int
    received: int


class SlotView(NamedTuple):
    """What happened since the slot before, or in the 10 s before `at`."""

    at: float
    """Its end, on the engine's clock."""
    trips: tuple[int, ...]
    """Round trips of ours by class, see `TRIP_EDGES`; pings to newcomers are left out."""
    methods: tuple[MethodSlot, ...]
    """Methods without any query are left out."""


class BucketSlot(NamedTuple):
    """The buckets of the table at a time."""

    at: float
    rtts: tuple[float | None, ...]
    """Of each bucket, by depth: the median of the smoothed round trips of its nodes that answered since the sample
    before, seconds; `None`: none did."""


class History:
    """The samples of one engine."""

    def __init__(self) -> None:
        self._trips = [0] * (len(TRIP_EDGES) + 1)
        self._trips_before = (0,) * len(self._trips)
        self.trip_seconds = 0.0
        """Seconds of all round trips so far."""
        self._before: dict[str, tuple[int, int]] = {}
        self._turns = 0
        self._buckets_at = float("-inf")
        self._growth: deque[tuple[float, int]] = deque(maxlen=GROWTH_KEPT)
        self._slots: deque[SlotView] = deque(maxlen=SLOTS_KEPT)
        self._buckets: deque[BucketSlot] = deque(maxlen=BUCKETS_KEPT)
        self.slots: tuple[SlotView, ...] = ()
        """Oldest first."""
        self.buckets: tuple[BucketSlot, ...] = ()
        """Oldest first."""

    def trip(self, rtt: float) -> None:
        """Count a round trip, seconds."""
        self._trips[bisect_right(TRIP_EDGES, rtt)] += 1
        self.trip_seconds += rtt

    @property
    def trips(self) -> tuple[int, ...]:
        """All round trips so far by class, see `TRIP_EDGES`."""
        return tuple(a + b for a, b in zip(self._trips_before, self._trips, strict=True))

    def grew(self, now: float, good: int) -> None:
        """Count the good nodes of the table. To be called with each upkeep."""
        self._growth.append((now, good))

    @property
    def growth(self) -> tuple[tuple[float, int], ...]:
        """The times of upkeep, and how many nodes were good then; oldest first."""
        return tuple(self._growth)

    def turn(self, now: float, totals: Mapping[str, tuple[int, int]]) -> bool:
        """End a slot. `totals`: queries sent and received so far, by method. Whether the buckets are due as well."""
        methods = []
        for method, (sent, received) in totals.items():
            before = self._before.get(method, (0, 0))
            if (sent, received) != before:
                methods.append(MethodSlot(method, sent - before[0], received - before[1]))
        self._before = dict(totals)
        self._slots.append(SlotView(now, tuple(self._trips), tuple(methods)))
        self._trips_before, self._trips = self.trips, [0] * len(self._trips)
        self.slots = tuple(self._slots)
        self._turns += 1
        return self._turns % BUCKET_EVERY == 0

    def sample(self, now: float, buckets: Sequence[Sequence[tuple[float, float | None]]]) -> None:
        """Take a sample of the buckets: of each node when it last answered, and its round trip in seconds."""
        rtts = [[rtt for at, rtt in nodes if rtt is not None and at > self._buckets_at] for nodes in buckets]
        self._buckets.append(BucketSlot(now, tuple(round(_median(each), 4) if each else None for each in rtts)))
        self._buckets_at = now
        self.buckets = tuple(self._buckets)


def _median(values: Sequence[float]) -> float:
    """Of one value or more. (The standard library's module of statistics takes longer to load than all of this.)"""
    middle, ordered = len(values) // 2, sorted(values)
    return ordered[middle] if len(values) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
