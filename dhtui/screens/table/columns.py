"""The columns of the table screen: buckets and nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from ...engine.views.snapshot import BucketView, ContactView, Holdings
from ...engine.wire.compact import pack_addr
from ...engine.wire.ids import ID_BITS, distance, shared_prefix
from ...text.clients import client_name
from ...text.format import address, duration, milliseconds, prefix_bits
from ...text.format import distance as distance_words
from ...text.spans import Line, Role
from ...widgets.table_model import Column

_BITS = 14
"""The last bits of a prefix that are shown."""
CELLS = 8
"""Cells that show how full a bucket is; a bucket of more nodes is shown in proportion."""

STATES: dict[str, tuple[str, Role]] = {"good": ("✓", "good"), "questionable": ("?", "warn"), "bad": ("✗", "bad")}
BEP42: dict[str, tuple[str, Role]] = {
    "valid": ("✓", "good"),
    "invalid": ("✗", "warn"),
    "exempt": ("–", "dim"),
    "unknown": ("?", "dim"),
}


@dataclass(frozen=True, slots=True)
class BucketRow:
    """A bucket, and our own id, which its prefix follows from."""

    bucket: BucketView
    own: bytes
    items: int = 0
    """Items that we keep for others, with targets in the bucket's range."""
    infohashes: int = 0
    """Infohashes in it that we keep peers for."""

    def count(self, state: str) -> int:
        """Its nodes in that state."""
        return sum(node.state == state for node in self.bucket.nodes)


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A node, and our own id, which its distance is measured from."""

    node: ContactView
    own: bytes
    replacement: bool = False


@dataclass(frozen=True, slots=True)
class BucketHoldings:
    """How much of what we keep for others shares how many leading bits with our id."""

    items: Counter[int]
    infohashes: Counter[int]

    @classmethod
    def of(cls, holdings: Holdings, own: bytes) -> BucketHoldings:
        """Counts it."""
        return cls(
            Counter(shared_prefix(own, item.target) for item in holdings.items),
            Counter(shared_prefix(own, swarm.infohash) for swarm in holdings.swarms),
        )

    def row(self, bucket: BucketView, own: bytes) -> BucketRow:
        """A bucket with what falls into its range."""
        depths = range(bucket.depth, ID_BITS + 1) if bucket.own else (bucket.depth,)
        return BucketRow(
            bucket, own, sum(self.items[depth] for depth in depths), sum(self.infohashes[depth] for depth in depths)
        )


def fill_cells(bucket: BucketView) -> Line:
    """A sign for each place: the state of the node in it, ``·`` where it is free."""
    order = {"good": 0, "questionable": 1, "bad": 2}
    states = sorted((node.state for node in bucket.nodes), key=order.__getitem__)
    capacity = max(bucket.capacity, len(states), 1)
    shown = min(capacity, CELLS)
    spans: list[tuple[str, Role]] = []
    for cell in range(shown):
        place = cell * capacity // shown
        spans.append(STATES[states[place]] if place < len(states) else ("·", "dim"))
    return tuple(spans)


def _count(state: str) -> Callable[[BucketRow], Line]:
    role = STATES[state][1]

    def cell(row: BucketRow) -> Line:
        count = row.count(state)
        return ((str(count), role if count else "dim"),)

    return cell


def _prefix(row: BucketRow) -> Line:
    bucket = row.bucket
    bits = prefix_bits(row.own, bucket.depth)
    if bucket.own:
        bits = bits[:-1]
    before = "…" if len(bits) > _BITS else ""
    return ((before + bits[-_BITS:-1], "dim"), (bits[-1:], "data"), ("…", "dim"))


def _replacements(row: BucketRow) -> Line:
    count = len(row.bucket.replacements)
    return (("▪" * min(count, CELLS), "accent"), (f"+{count - CELLS}" if count > CELLS else "", "dim"))


def _refresh(row: BucketRow) -> Line:
    return ((duration(row.bucket.refresh_in) if row.bucket.refresh_in > 0 else "now", "plain"),)


def _kept(row: BucketRow) -> Line:
    count = row.items + row.infohashes
    return ((str(count) if count else "–", "data" if count else "dim"),)


BUCKET_COLUMNS: tuple[Column[BucketRow], ...] = (
    Column("depth", 5, lambda r: ((str(r.bucket.depth), "plain"),), right=True, sort=lambda r: r.bucket.depth),
    Column("prefix", _BITS + 2, _prefix),
    Column("", 1, lambda r: (("◀" if r.bucket.own else "", "strong"),)),
    Column("nodes", CELLS, lambda r: fill_cells(r.bucket), sort=lambda r: len(r.bucket.nodes)),
    Column("spare", CELLS + 2, _replacements, sort=lambda r: len(r.bucket.replacements), rank=1),
    Column("✓", 3, _count("good"), right=True, sort=lambda r: r.count("good")),
    Column("?", 3, _count("questionable"), right=True, sort=lambda r: r.count("questionable")),
    Column("✗", 3, _count("bad"), right=True, sort=lambda r: r.count("bad")),
    Column(
        "changed", 7, lambda r: ((duration(r.bucket.changed), "plain"),), right=True, sort=lambda r: r.bucket.changed
    ),
    Column("refresh", 7, _refresh, right=True, sort=lambda r: r.bucket.refresh_in, rank=2),
    Column("kept", 4, _kept, right=True, sort=lambda r: r.items + r.infohashes, rank=3),
)


def _state(row: NodeRow) -> Line:
    return (("▪", "accent") if row.replacement else ("", "plain"), STATES[row.node.state])


def _rtt(row: NodeRow) -> Line:
    return ((milliseconds(row.node.rtt), "plain" if row.node.rtt is not None else "dim"),)


def _age(row: NodeRow) -> Line:
    return (("saved", "dim") if row.node.saved else (duration(row.node.age), "plain"),)


def _seen(row: NodeRow) -> Line:
    seen = row.node.seen
    return (("never" if seen is None else duration(seen), "plain" if seen is not None else "dim"),)


def _failures(row: NodeRow) -> Line:
    return ((str(row.node.failures), "warn" if row.node.failures else "dim"),)


def _late(value: float | None) -> tuple[bool, float]:
    """Sorts what is not known behind what is."""
    return value is None, value or 0.0


def _by_address(row: NodeRow) -> bytes:
    return pack_addr(row.node.addr)


NODE_COLUMNS: tuple[Column[NodeRow], ...] = (
    Column("st", 2, _state, right=True, sort=lambda r: (r.replacement, r.node.state)),
    Column("id", 9, lambda r: ((r.node.id.hex(), "data"),), grow=True, middle=True, sort=lambda r: r.node.id),
    Column(
        "dist", 7, lambda r: ((distance_words(r.own, r.node.id), "plain"),), right=True,
        sort=lambda r: distance(r.own, r.node.id),
    ),
    Column("address", 21, lambda r: ((address(r.node.addr), "plain"),), sort=_by_address),
    Column(
        "client", 10, lambda r: ((client_name(r.node.version) or "–", "plain"),), grow=True,
        sort=lambda r: client_name(r.node.version).casefold(),
    ),
    Column("rtt", 6, _rtt, right=True, sort=lambda r: _late(r.node.rtt)),
    Column("age", 5, _age, right=True, sort=lambda r: (r.node.saved, r.node.age), rank=2),
    Column("seen", 5, _seen, right=True, sort=lambda r: _late(r.node.seen)),
    Column("✗", 2, _failures, right=True, sort=lambda r: r.node.failures, rank=1),
    Column("42", 2, lambda r: (BEP42[r.node.bep42],), right=True, sort=lambda r: r.node.bep42),
)  # fmt: skip
"""``✗`` counts the queries in a row without an answer; ``42`` is whether the id fits the address (BEP 42)."""
