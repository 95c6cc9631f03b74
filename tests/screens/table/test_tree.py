"""The routing table as a tree: how many nodes each bucket should have, and what became of them."""

from __future__ import annotations

import pytest

from dhtui.engine.views.history import BucketSlot
from dhtui.engine.views.snapshot import SizeView, Snapshot
from dhtui.screens.table.columns import BUCKET_COLUMNS, BucketRow, bucket_rtt, share_words
from dhtui.screens.table.history import history_lines, rows_wanted
from dhtui.text.keyspace import NEAR
from dhtui.text.spans import width_of
from dhtui.widgets.key_strip import KeyStrip

from .. import snapshots
from ..home.test_home import grown, texts
from ..stage import LARGE, SMALL, exploring

MIDDLE = (120, 35)
COLUMNS = {column.title: column for column in BUCKET_COLUMNS}


def cell(title: str, row: BucketRow) -> str:
    return texts([COLUMNS[title].cell(row)])[0]


# ---- the tree --------------------------------------------------------------------------------------------------


def test_each_bucket_hangs_one_bit_further_down_our_path() -> None:
    rows = [BucketRow(bucket, snapshots.OWN) for bucket in snapshots.running().table.buckets]
    drawn = [cell("prefix", row) for row in rows]
    assert drawn[:4] == ["┬1…", "└┬01…", " └┬000…", "  └┬0011…"]
    assert drawn[-1].strip().startswith("└─") and all(text.strip().startswith("└┬") for text in drawn[1:-1])
    assert max(map(len, drawn)) <= COLUMNS["prefix"].width
    own = f"{int.from_bytes(snapshots.OWN, 'big'):0160b}"
    for depth, text in enumerate(drawn[:-1]):
        bits = text.strip(" └┬…")
        assert (own[:depth] + ("1" if own[depth] == "0" else "0")).endswith(bits)


def test_a_bucket_of_160_bits_fits_too() -> None:
    bucket = snapshots.running().table.buckets[3]._replace(depth=159, own=True)
    assert len(cell("prefix", BucketRow(bucket, snapshots.OWN))) <= COLUMNS["prefix"].width


def test_how_many_nodes_there_should_be_is_said_and_thin_only_where_it_is() -> None:
    bucket = snapshots.running().table.buckets[0]
    assert cell("should", BucketRow(bucket, snapshots.OWN)) == "?"
    assert cell("should", BucketRow(bucket, snapshots.OWN, due=8.0)) == "8"
    assert cell("should", BucketRow(bucket, snapshots.OWN, due=0.42)) == "0.4"
    assert cell("should", BucketRow(bucket, snapshots.OWN, due=8.0, thin=True)) == "8 thin"


@pytest.mark.parametrize(
    ("part", "words"),
    [(0.5, "50 %"), (0.125, "12 %"), (0.5**6, "1.6 %"), (0.5**10, "0.1 %"), (0.5**11, "2^-11"), (0.5**160, "2^-160")],
)
def test_the_share_of_all_ids_is_short(part: float, words: str) -> None:
    assert share_words(part) == words


def test_the_round_trip_of_a_bucket_is_the_median_of_its_living_nodes() -> None:
    bucket = snapshots.running().table.buckets[0]
    nodes = tuple(node._replace(rtt=0.1 * n) for n, node in enumerate(bucket.nodes[:5]))
    dead = nodes[0]._replace(state="bad", rtt=9.0)
    row = BucketRow(bucket._replace(nodes=(*nodes, dead)), snapshots.OWN)
    assert bucket_rtt(row) == pytest.approx(0.2)
    assert bucket_rtt(BucketRow(bucket._replace(nodes=()), snapshots.OWN)) is None


@pytest.mark.parametrize("size", [SMALL, MIDDLE, LARGE, (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_a_thin_bucket_is_told_on_table_and_on_home(size: tuple[int, int]) -> None:
    view = snapshots.running()._replace(size=SizeView(257.0, 0.1, 9))
    first, *others = view.table.buckets
    view = view._replace(
        traffic=view.traffic._replace(send_failures=0),
        table=view.table._replace(buckets=(first._replace(nodes=first.nodes[:1]), *others)),
    )
    async with exploring(view, size) as stage:
        assert "bucket 0 is thin: 1 of 8" in stage.text()
        await stage.app.action_show("table")
        await stage.settle()
        assert stage.text().count("8 thin") == 1


async def test_ids_of_the_table_are_painted_by_their_distance() -> None:
    async with exploring(grown(), LARGE, show="table") as stage:
        roles = []
        for depth in (0, 4, 20):
            stage.table("buckets").select(depth)
            await stage.settle()
            row = stage.table("nodes").model.rows[0]
            roles.append(stage.table("nodes").model.cells(row)[1][0][1])
        assert roles == [NEAR[0], NEAR[1], NEAR[5]]


# ---- the last hour ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [20, 36, 62, 120])
@pytest.mark.parametrize("height", range(3, 24))
def test_the_last_hour_keeps_to_its_room(width: int, height: int) -> None:
    for view in (grown(), snapshots.starting(), snapshots.running(3)):
        lines = history_lines(view, width, height)
        assert 1 <= len(lines) <= height
        assert width < 30 or max(map(width_of, lines)) <= width


def sampled(*slots: BucketSlot) -> Snapshot:
    return snapshots.running()._replace(bucket_rtts=slots)


def test_now_is_at_the_right_edge_and_silence_is_blank() -> None:
    now = snapshots.running().at
    rows = texts(history_lines(sampled(BucketSlot(now - 300.0, (0.1, None)), BucketSlot(now, (0.4, 0.1))), 44, 12))
    assert rows[0][:4] == "  0 " and rows[1][:4] == "  1 "
    assert rows[0].endswith("█") and rows[1].endswith("░")
    assert rows[0][4:].strip()[0] == "░" and rows[1][4:].strip() == "░" * len(rows[1][4:].strip())
    assert rows[2].strip().startswith("10m ago") and rows[2].endswith("now")
    assert "░ 100" in rows[3]


def test_one_round_trip_only_is_one_shade() -> None:
    now = snapshots.running().at
    rows = texts(history_lines(sampled(BucketSlot(now, (0.1,))), 60, 8))
    assert rows[0].endswith("░") and rows[2].strip() == "░ 100 ms"


def test_good_nodes_are_drawn_over_the_same_time_where_there_is_room() -> None:
    assert any("good nodes: 150 now, 61 to 150" in row for row in texts(history_lines(grown(), 60, 14)))
    assert not any("good nodes" in row for row in texts(history_lines(grown(), 60, 8)))


async def test_the_buckets_have_the_rows_that_they_need_and_half_at_most() -> None:
    async with exploring(snapshots.running(40), LARGE, show="table") as stage:
        routing = stage.screen.query_one("#routing")
        assert routing.size.height == rows_wanted(5) + 2
        await stage.see(snapshots.running())
        await stage.settle()
        assert routing.size.height == stage.screen.query_one("#lists").size.height // 2
        await stage.pilot.resize_terminal(*SMALL)
        await stage.settle()
        assert stage.table("nodes").size.height > routing.size.height


# ---- the id space ----------------------------------------------------------------------------------------------


async def test_the_id_space_can_be_zoomed_and_follows_the_next_bucket_again() -> None:
    async with exploring(grown(), LARGE, show="table") as stage:
        strip = stage.screen.query_one("#space", KeyStrip)
        await stage.press("down", "down")
        assert strip.part.depth == 2
        await stage.press("plus", "right")
        assert strip.part.depth == 3
        zoomed = strip.part
        await stage.see(grown()._replace(at=grown().at + 5.0))
        assert strip.part == zoomed
        await stage.press("down")
        assert strip.part.depth == 3 and strip.part != zoomed
        await stage.press("minus", "minus", "minus", "minus")
        assert strip.part.depth == 0 and "all ids, 200 nodes" in stage.text()


async def test_where_the_id_space_has_no_room_its_keys_say_so() -> None:
    async with exploring(grown(), SMALL, show="table") as stage:
        await stage.press("plus", "left")
        assert len(stage.toasts()) == 2 and "33 rows" in stage.toasts()[0]
