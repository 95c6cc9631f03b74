"""What goes wrong, counted by cause, in all and over the last minutes."""

from __future__ import annotations

from collections import Counter, deque
from typing import Final, NamedTuple

from ..engine.views.events import USED, DropCause, QueryResult, refused
from ..engine.views.snapshot import Snapshot
from ..packets.ring import PacketRing
from ..text.faults import SILENT
from ..text.safe import safe_text

ERROR_REPLIES: Final = "error replies"
BANNED_NOW, MUTED_NOW = "banned now", "muted now"
STATES: Final = (BANNED_NOW, MUTED_NOW)
"""Counts that go down again: they are no sums, and have no course."""
SLOT_SECONDS: Final = 5.0
SLOTS: Final = 360
"""Slots that are kept: half an hour."""


def causes(snapshot: Snapshot) -> list[tuple[str, int]]:
    """What went wrong so far and how often, the most frequent first. The names are safe."""
    counts = list(snapshot.methods.values())
    named = [
        (SILENT, sum(count.timed_out for count in counts)),
        (ERROR_REPLIES, sum(count.errors for count in counts)),
        ("not sent", sum(each.traffic.send_failures for each in snapshot.families)),
        ("lost unread", sum(each.traffic.overflowed or 0 for each in snapshot.families)),
        (BANNED_NOW, snapshot.banned),
        (MUTED_NOW, snapshot.muted),
        *((safe_text(cause, 24), count) for cause, count in snapshot.drops.items()),
    ]
    return sorted(((cause, count) for cause, count in named if count), key=lambda one: (-one[1], one[0]))


class Course(NamedTuple):
    """A cause, and how often it was one in each slot."""

    cause: str
    total: int
    slots: tuple[int, ...]
    """The newest last."""


class TroubleHistory:
    """Counts each cause by slots of `SLOT_SECONDS`, from the snapshots that it is shown. Bounded by `SLOTS`."""

    def __init__(self) -> None:
        self._slots: deque[tuple[int, Counter[str]]] = deque(maxlen=SLOTS)
        self._slot: int | None = None
        """The slot of the last look."""
        self._before: Counter[str] = Counter()
        """All that was counted when it began."""

    def look(self, snapshot: Snapshot, packets: PacketRing) -> None:
        """Notes what went wrong since the last look. Cheap but for once in a slot.

        After a gap, or a jump of a recording, what is known from the packets is taken.
        """
        slot, last = int(snapshot.at // SLOT_SECONDS), self._slot
        if slot == last:
            return
        now = Counter(dict(causes(snapshot)))
        if last is not None and slot == last + 1:
            self._slots.append((last, now - self._before))
        else:
            if last is None or slot < last:
                self._slots.clear()
                last = slot - SLOTS
            self._slots.extend(sorted(_from_packets(packets, last, slot).items()))
        self._slot, self._before = slot, now

    def courses(self, snapshot: Snapshot, width: int) -> list[Course]:
        """All causes but `STATES`, the most frequent first, over the last `width` slots up to that of `snapshot`."""
        newest = int(snapshot.at // SLOT_SECONDS)
        by_slot: dict[int, Counter[str]] = {}
        for slot, counts in self._slots:
            by_slot.setdefault(slot, Counter()).update(counts)
        counted = causes(snapshot)
        if newest == self._slot:
            by_slot.setdefault(newest, Counter()).update(Counter(dict(counted)) - self._before)
        shown = range(newest - width + 1, newest + 1)
        none: Counter[str] = Counter()
        return [
            Course(cause, total, tuple(by_slot.get(slot, none)[cause] for slot in shown))
            for cause, total in counted
            if cause not in STATES
        ]


def _from_packets(packets: PacketRing, oldest: int, newest: int) -> dict[int, Counter[str]]:
    """What went wrong in each slot from `oldest` to `newest`, as far as the packets that are kept tell."""
    found: dict[int, Counter[str]] = {}
    for packet in packets:
        ending = packets.ending(packet) if packet.kind == "query" else None
        if ending is not None and ending.result is QueryResult.TIMED_OUT:
            cause, at = SILENT, ending.at
        elif packet.kind == "error":
            cause, at = ERROR_REPLIES if packet.direction == "in" else refused(packet.code or 0), packet.at
        elif packet.kind == "unreadable" and packet.problem not in USED:
            known = packet.problem in tuple(DropCause)
            cause, at = packet.problem if known else DropCause.MALFORMED.value, packet.at
        else:
            continue
        slot = int(at // SLOT_SECONDS)
        if oldest <= slot <= newest:
            found.setdefault(slot, Counter())[cause] += 1
    return found
