"""The part of the id space that the selected bucket is in, and who is drawn in it."""

from __future__ import annotations

from collections.abc import Mapping

from ...engine.views.snapshot import BucketView, ContactView, TableView
from ...text.keyspace import Mark, Part
from ...text.strip import Inhabitants, Way


def part_of(bucket: BucketView | None, own: bytes) -> Part:
    """All ids that share with ours what those of the bucket share: the bucket is one half of them."""
    return Part.around(own, bucket.depth if bucket else 0)


def inhabitants(
    table: TableView,
    bucket: BucketView | None,
    node: ContactView | None,
    own: bytes,
    active: Mapping[bytes, Way] | None = None,
) -> Inhabitants:
    """The nodes of the table; the selected bucket and node stand out."""
    return Inhabitants(
        own,
        tuple(each.id for one in table.buckets for each in one.nodes),
        tuple(each.id for one in table.buckets for each in one.replacements),
        tuple(one.depth for one in table.buckets),
        active or {},
        bucket.depth if bucket else None,
        (Mark(node.id, "▲", "selected"),) if node else (),
    )


def inside(part: Part, table: TableView) -> int:
    """How many nodes of the table are in a part."""
    return sum(part.column(node.id, 1) is not None for bucket in table.buckets for node in bucket.nodes)
