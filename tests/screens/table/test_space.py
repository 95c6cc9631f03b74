"""The id space on the Table screen: it shows the part that the selected bucket is in, and who is where."""

from __future__ import annotations

import pytest

from dhtui.engine.views.snapshot import TableView
from dhtui.screens.table.space import inhabitants, inside, part_of
from dhtui.text.spans import width_of
from dhtui.text.strip import part_title, strip_lines

from .. import snapshots
from ..stage import LARGE, SMALL, exploring


def table() -> tuple[TableView, bytes]:
    view = snapshots.running()
    return view.table, view.identity.id


@pytest.mark.parametrize("width", [1, 20, 76, 156])
def test_it_keeps_to_its_room_for_each_bucket(width: int) -> None:
    view, own = table()
    for bucket in (None, *view.buckets):
        for node in (None, *(bucket.nodes if bucket else ())):
            part, who = part_of(bucket, own), inhabitants(view, bucket, node, own)
            for height in (3, 5):
                assert {width_of(line) for line in strip_lines(part, who, width, height)} == {width}


def test_each_bucket_lies_in_its_part_and_so_does_our_id() -> None:
    view, own = table()
    for bucket in view.buckets:
        part = part_of(bucket, own)
        assert part.column(own, 100) is not None
        assert all(part.column(node.id, 100) is not None for node in bucket.nodes)
        assert inside(part, view) >= len(bucket.nodes)
    assert part_title(part_of(None, own), own) == "all ids" and inside(part_of(None, own), view) == 200


async def test_it_follows_the_selection_where_there_is_room() -> None:
    async with exploring(snapshots.running(), LARGE, show="table") as stage:
        before = next(line for line in stage.lines() if "id space" in line)
        assert "all ids" in before and any("▼ us" in line for line in stage.lines())
        await stage.press("down")
        assert "id space: the ids that share 1 bit with ours" in stage.text()
    async with exploring(snapshots.running(), SMALL, show="table") as stage:
        assert "id space" not in stage.text()
