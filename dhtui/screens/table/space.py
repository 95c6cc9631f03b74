"""The part of the id space that the selected bucket is in, with the nodes of the table where their ids lie."""

from __future__ import annotations

from ...engine.views.snapshot import BucketView, ContactView, TableView
from ...text.format import plural
from ...text.keyspace import Mark, Part, bracket, marks, scale, ticks
from ...text.spans import Line, Role


def part_of(bucket: BucketView | None, own: bytes) -> Part:
    """All ids that share with ours what those of the bucket share: the bucket is one half of them."""
    return Part.around(own, bucket.depth if bucket else 0)


def space_title(part: Part, table: TableView) -> str:
    """Which part it is, and how much is in it."""
    inside = sum(part.column(node.id, 1) is not None for bucket in table.buckets for node in bucket.nodes)
    which = "all ids" if not part.depth else f"the ids that share {plural(part.depth, 'bit')} with ours"
    return f"id space: {which}, {plural(inside, 'node')} of the table"


def space_lines(
    table: TableView, bucket: BucketView | None, node: ContactView | None, own: bytes, width: int
) -> list[Line]:
    """The digits, a dot for each node (those of the selected bucket stand out), our id and the selected node."""
    part = part_of(bucket, own)
    everybody = [each.id for one in table.buckets for each in one.nodes]
    ours = [each.id for each in bucket.nodes] if bucket else []
    ends = bracket(part, ours, width)
    row = ticks(part, everybody, width)
    cut = (ends[0], ends[1] + 1) if ends else (0, 0)
    pieces: tuple[tuple[str, Role], ...] = (
        (row[: cut[0]], "data"),
        (row[cut[0] : cut[1]], "key"),
        (row[cut[1] :], "data"),
    )
    who = [Mark(own, "▼", "us", "accent")]
    if node is not None:
        who.append(Mark(node.id, "▲", "selected"))
    return [scale(part, width), tuple(piece for piece in pieces if piece[0]), marks(part, who, width)]
