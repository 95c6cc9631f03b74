"""Who asks us what: the queries of others by host, with their course over the last minutes and what they are about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ..engine.wire.methods import METHODS, about
from .packet import Packet
from .ring import PacketRing

MAX_ASKERS: Final = 500
"""Hosts that are remembered; the one that has been silent for longest makes room."""
MAX_TARGETS: Final = 8
"""Targets of one host that are remembered: the last ones."""
SLOTS, SLOT_SECONDS = 30, 10.0
SECONDS: Final = SLOTS * SLOT_SECONDS
"""A host that has not asked for so long is forgotten."""
SWARM: Final = 5
"""So many hosts that ask for one infohash are a swarm in the making."""
OTHER: Final = "other"
"""All unknown methods are counted as one: remote hosts choose their names."""


class Want(NamedTuple):
    """A target that somebody asks for."""

    target: bytes
    times: int
    """How often this asker asked for it."""
    askers: int
    """How many hosts ask for it."""
    infohash: bool

    @property
    def swarm(self) -> bool:
        """Whether peers of a torrent gather."""
        return self.infohash and self.askers >= SWARM


class AskerRow(NamedTuple):
    """One host that asks, or all of a /24."""

    name: str
    """Its address without port, or ``203.0.113.0/24``."""
    hosts: int
    last: Packet
    """Its last query."""
    queries: int
    """Its queries in the last minutes."""
    methods: tuple[tuple[str, int], ...]
    """How many of each method, the most frequent first, since it is remembered."""
    slots: tuple[tuple[int, int], ...]
    """Queries by the number of the slot; of several hosts a slot may be there more than once."""
    newest: int
    """The number of the slot that is now."""
    wants: tuple[Want, ...]
    """What it asks for, what most hosts ask for first."""

    @property
    def history(self) -> tuple[int, ...]:
        """Queries in each of the last `SLOTS` slots, the newest last."""
        counts = [0] * SLOTS
        for slot, count in self.slots:
            if 0 <= self.newest - slot < SLOTS:
                counts[slot - self.newest - 1] += count
        return tuple(counts)


@dataclass(slots=True)
class _Asker:
    last: Packet
    methods: Counter[str] = field(default_factory=Counter)
    slots: dict[int, int] = field(default_factory=dict)
    """By the number of the slot."""
    targets: dict[bytes, tuple[int, bool]] = field(default_factory=dict)
    """How often each was asked for, and whether it is an infohash; the last one asked for is the last."""


class Askers:
    """Follows a packet ring. Bounded by `MAX_ASKERS` and `MAX_TARGETS`."""

    def __init__(self) -> None:
        self._ring: PacketRing | None = None
        self._number = 0
        self._askers: dict[str, _Asker] = {}
        """The one that asked last is the last."""

    def __len__(self) -> int:
        return len(self._askers)

    def follow(self, ring: PacketRing) -> None:
        """Take in what came since the last time. Another ring: start anew."""
        if ring is not self._ring:
            self._ring, self._number = ring, 0
            self._askers.clear()
        fresh = ring.since(self._number)
        self._number = fresh[-1].number if fresh else self._number
        for packet in fresh:
            if packet.kind == "query" and packet.direction == "in":
                self._hear(packet)

    def _hear(self, packet: Packet) -> None:
        ip, askers = packet.addr[0], self._askers
        asker = askers.pop(ip, None)
        if asker is None:
            asker = _Asker(packet)
            if len(askers) >= MAX_ASKERS:
                del askers[next(iter(askers))]
        askers[ip] = asker
        asker.last = packet
        asker.methods[packet.method if packet.method in METHODS else OTHER] += 1
        slot = int(packet.at // SLOT_SECONDS)
        slots = asker.slots
        slots[slot] = slots.get(slot, 0) + 1
        if len(slots) > SLOTS:
            del slots[min(slots)]
        target = packet.target
        if target is not None:
            count, infohash = asker.targets.pop(target, (0, False))
            asker.targets[target] = count + 1, infohash or about(packet.method) == "infohash"
            if len(asker.targets) > MAX_TARGETS:
                del asker.targets[next(iter(asker.targets))]

    def rows(self, now: float, *, by_prefix: bool = False) -> list[AskerRow]:
        """Those that asked within `SECONDS`, who asks most first; hosts of a /24 as one if `by_prefix`.

        `now`: the engine's clock, in seconds.
        """
        for ip in [ip for ip, asker in self._askers.items() if now - asker.last.at > SECONDS]:
            del self._askers[ip]
        wanted = Counter(target for asker in self._askers.values() for target in asker.targets)
        groups: dict[str, list[_Asker]] = {}
        for ip, asker in self._askers.items():
            name = f"{ip.rpartition('.')[0]}.0/24" if by_prefix else ip
            groups.setdefault(name, []).append(asker)
        newest = int(now // SLOT_SECONDS)
        rows = [_row(name, group, newest, wanted) for name, group in groups.items()]
        return sorted(rows, key=lambda row: (-row.queries, row.name))

    def missed(self) -> int:
        """Packets that were heard since `follow`."""
        return self._ring.newest - self._number if self._ring else 0


def _row(name: str, group: list[_Asker], newest: int, wanted: Counter[bytes]) -> AskerRow:
    first, *others = group
    methods = first.methods if not others else sum((asker.methods for asker in group), Counter())
    last = max((asker.last for asker in group), key=lambda packet: packet.number)
    slots = tuple(slot for asker in group for slot in asker.slots.items() if slot[0] > newest - SLOTS)
    queries = sum(count for _, count in slots)
    common = tuple(methods.most_common())
    return AskerRow(name, len(group), last, queries, common, slots, newest, _wants(group, wanted))


def _wants(group: list[_Asker], wanted: Counter[bytes]) -> tuple[Want, ...]:
    if len(group) == 1:
        found = group[0].targets
    else:
        found = {}
        for asker in group:
            for target, (count, infohash) in asker.targets.items():
                before, other = found.get(target, (0, False))
                found[target] = before + count, other or infohash
    wants = [Want(target, count, wanted[target], infohash) for target, (count, infohash) in found.items()]
    return tuple(sorted(wants, key=lambda want: (-want.askers, -want.times, want.target))[:MAX_TARGETS])


def swarms(rows: Iterable[AskerRow]) -> list[Want]:
    """The infohashes that many hosts ask for, the most wanted first."""
    found = {want.target: want for row in rows for want in row.wants if want.swarm}
    return sorted(found.values(), key=lambda want: (-want.askers, want.target))
