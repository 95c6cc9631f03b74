"""The columns of the table screen: buckets and nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from math import log2
from statistics import median

from ...engine.views.snapshot import BucketView, ContactView, Holdings, SizeView
from ...engine.wire.compact import pack_addr
from ...engine.wire.ids import ID_BITS, distance, shared_prefix
from ...sources.buckets import due, share, thin
from ...text.clients import client_name
from ...text.format import LONGEST_ADDRESS, address, duration, milliseconds, prefix_bits
from ...text.format import distance as distance_words
from ...text.keyspace import near, near_bits
from ...text.spans import Line, Role
from ...widgets.table_model import Column

_BITS = 15
"""Cells for the branch of a bucket and the last bits of its prefix."""
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
    due: float | None = None
    """How many nodes it should hold; `None`: not known."""
    thin: bool = False
    """Whether it has far fewer."""

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

    def row(self, bucket: BucketView, own: bytes, size: SizeView) -> BucketRow:
        """A bucket with what falls into its range, of a network of that size."""
        depths = range(bucket.depth, ID_BITS + 1) if bucket.own else (bucket.depth,)
        return BucketRow(
            bucket,
            own,
            sum(self.items[depth] for depth in depths),
            sum(self.infohashes[depth] for depth in depths),
            due(bucket, size),
            thin(bucket, size),
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
    """The branch of the routing tree that the bucket is: each hangs one bit further down our own path."""
    bucket = row.bucket
    bits = prefix_bits(row.own, bucket.depth)
    if bucket.own:
        bits = bits[:-1]
    role = near_bucket(bucket.depth)
    branch = "" if not bucket.depth else "└"
    fork = "─" if bucket.own else "┬"
    room = _BITS - len(branch) - 2
    indent = min(max(0, bucket.depth - 1), max(0, (room - 5) // 2))
    room -= indent
    before = "…" if len(bits) > room else ""
    shown = before + bits[len(bits) - room + len(before) :] if before else bits
    return ((" " * indent + branch + fork, "dim"), (shown[:-1], "dim"), (shown[-1:], role), ("…", "dim"))


def near_bucket(depth: int) -> Role:
    """The role of the ids in a bucket, on the ramp of nearness."""
    return near_bits(ID_BITS - 1.0 - depth)


def _replacements(row: BucketRow) -> Line:
    count = len(row.bucket.replacements)
    return ((f"+{count}" if count else "–", "plain" if count else "dim"),)


def _should(row: BucketRow) -> Line:
    """How many there should be, and whether there are far fewer."""
    if row.due is None:
        return (("?", "dim"),)
    count = f"{row.due:.1f}" if row.due < 0.95 else f"{row.due:.0f}"
    return ((f"{count} ", "plain"), ("thin", "warn")) if row.thin else ((count, "plain"),)


def share_words(part: float) -> str:
    """A share of all ids in at most 5 characters: ``50 %``, ``0.4 %``, ``2^-17``."""
    percent = 100 * part
    if percent >= 0.095:
        return f"{percent:.0f} %" if percent >= 1.95 else f"{percent:.1f} %"
    return f"2^-{round(-log2(part))}"


def _share(row: BucketRow) -> Line:
    return ((share_words(share(row.bucket)), "dim"),)


def bucket_rtt(row: BucketRow) -> float | None:
    """The median of the smoothed round trips of its nodes, seconds; `None` if none was measured."""
    rtts = [node.rtt for node in row.bucket.nodes if node.rtt is not None and node.state != "bad"]
    return median(rtts) if rtts else None


def _bucket_rtt(row: BucketRow) -> Line:
    rtt = bucket_rtt(row)
    return ((milliseconds(rtt), "plain" if rtt is not None else "dim"),)


def _refresh(row: BucketRow) -> Line:
    return ((duration(row.bucket.refresh_in) if row.bucket.refresh_in > 0 else "now", "plain"),)


def _kept(row: BucketRow) -> Line:
    count = row.items + row.infohashes
    return ((str(count) if count else "–", "data" if count else "dim"),)


BUCKET_COLUMNS: tuple[Column[BucketRow], ...] = (
    Column("depth", 5, lambda r: ((str(r.bucket.depth), "plain"),), right=True, sort=lambda r: r.bucket.depth),
    Column("prefix", _BITS, _prefix),
    Column("", 1, lambda r: (("◀" if r.bucket.own else "", "strong"),)),
    Column("nodes", CELLS, lambda r: fill_cells(r.bucket), sort=lambda r: len(r.bucket.nodes)),
    Column("spare", 5, _replacements, right=True, sort=lambda r: len(r.bucket.replacements), rank=3),
    Column("should", 6, _should, right=True, sort=lambda r: (not r.thin, r.due or 0.0)),
    Column("share", 5, _share, right=True, rank=2),
    Column("✓", 3, _count("good"), right=True, sort=lambda r: r.count("good")),
    Column("?", 3, _count("questionable"), right=True, sort=lambda r: r.count("questionable")),
    Column("✗", 3, _count("bad"), right=True, sort=lambda r: r.count("bad")),
    Column("rtt", 6, _bucket_rtt, right=True, sort=lambda r: _late(bucket_rtt(r)), rank=1),
    Column("refresh", 7, _refresh, right=True, sort=lambda r: r.bucket.refresh_in, rank=4),
    Column(
        "changed", 7, lambda r: ((duration(r.bucket.changed), "plain"),), right=True, sort=lambda r: r.bucket.changed,
        rank=6,
    ),
    Column("kept", 4, _kept, right=True, sort=lambda r: r.items + r.infohashes, rank=5),
)  # fmt: skip


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
    Column(
        "id", 9, lambda r: ((r.node.id.hex(), near(r.own, r.node.id)),), grow=True, middle=True, most=40,
        sort=lambda r: r.node.id,
    ),
    Column(
        "dist", 7, lambda r: ((distance_words(r.own, r.node.id), "plain"),), right=True,
        sort=lambda r: distance(r.own, r.node.id),
    ),
    Column(
        "address", 21, lambda r: ((address(r.node.addr), "plain"),), sort=_by_address, middle=True,
        most=LONGEST_ADDRESS,
    ),
    Column(
        "client", 10, lambda r: ((client_name(r.node.version) or "–", "plain"),), grow=True, most=18,
        sort=lambda r: client_name(r.node.version).casefold(),
    ),
    Column("rtt", 6, _rtt, right=True, sort=lambda r: _late(r.node.rtt)),
    Column("age", 5, _age, right=True, sort=lambda r: (r.node.saved, r.node.age), rank=2),
    Column("seen", 5, _seen, right=True, sort=lambda r: _late(r.node.seen)),
    Column("✗", 2, _failures, right=True, sort=lambda r: r.node.failures, rank=1),
    Column("42", 2, lambda r: (BEP42[r.node.bep42],), right=True, sort=lambda r: r.node.bep42),
)  # fmt: skip
"""``✗`` counts the queries in a row without an answer; ``42`` is whether the id fits the address (BEP 42)."""
