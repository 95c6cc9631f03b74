"""Home as a dashboard: what sums up is drawn once a second, and what is about a place in the id space where it lies."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from dhtui.engine.views.events import PacketReceived, PacketSent
from dhtui.engine.views.history import TRIP_EDGES, SlotView
from dhtui.engine.views.snapshot import MethodCounts
from dhtui.engine.wire.krpc import FindNode, Ping, encode_query, encode_response, parse
from dhtui.packets.activity import active
from dhtui.packets.ring import PacketRing
from dhtui.screens.home.charts import columns_of, heat_lines
from dhtui.screens.home.messages import message_lines
from dhtui.screens.home.needs import attention_lines
from dhtui.screens.home.panes import who_line
from dhtui.sources.attention import attention
from dhtui.text.attention import Attention, Need
from dhtui.text.keyspace import Part
from dhtui.text.spans import width_of
from dhtui.text.strip import LABEL
from dhtui.widgets.key_strip import KeyStrip
from dhtui.widgets.spark import braille

from .. import snapshots
from ..stage import LARGE, SMALL, PaperNode, Stage, exploring
from .test_home import grown, texts

MIDDLE = (120, 35)
SIZES = [SMALL, MIDDLE, LARGE, (200, 60)]


# ---- once a second ---------------------------------------------------------------------------------------------


async def test_what_sums_up_is_drawn_once_a_second_and_lookups_at_once() -> None:
    view = snapshots.running()
    async with exploring(view) as stage:
        quick = view._replace(at=view.at + 0.1, banned=7, lookups=view.lookups[:1])
        await stage.see(quick)
        assert "7 banned" not in stage.text() and "put" not in stage.text().partition(" now ")[2]
        await stage.see(quick._replace(at=view.at + 1.0))
        assert "7 banned" in stage.text()


@dataclass
class Counted(PaperNode):
    """Counts what is asked of its lookups."""

    looked: int = 0

    def lookup(self, number: int) -> None:
        self.looked += 1


async def test_an_ended_lookup_is_read_once_for_what_it_lost() -> None:
    node = Counted(snapshots.running())
    async with exploring(node) as stage:
        looked = node.looked
        assert looked == 3
        await stage.see(node.view._replace(at=node.view.at + 5.0))
        assert node.looked == looked


# ---- the id space ----------------------------------------------------------------------------------------------


def strip(stage: Stage) -> KeyStrip:
    return stage.screen.query_one("#space", KeyStrip)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_id_space_can_be_zoomed_and_panned(size: tuple[int, int]) -> None:
    async with exploring(grown(), size) as stage:
        await stage.press("plus", "plus", "plus")
        part = strip(stage).part
        assert part.depth == 3 and part.column(snapshots.OWN, 100) is not None
        await stage.press("right")
        assert strip(stage).part == part.moved(1)
        await stage.press("left", "left")
        assert strip(stage).part == part.moved(-1)
        await stage.press("plus")
        assert strip(stage).part.depth == 4, "also where we are not"
        await stage.press(*["minus"] * 9)
        assert strip(stage).part.depth == 0 and "▼ us" in stage.text()


async def test_who_exchanged_packets_with_us_just_now_is_marked() -> None:
    view = snapshots.running()
    first, second = (bucket.nodes[0] for bucket in view.table.buckets[:2])
    ping = encode_query(b"aa", Ping(second.id), False)[1]
    node = PaperNode(view)
    async with exploring(node, LARGE) as stage:
        node.tell(
            PacketSent(view.at, first.addr, b"", "query", "ping", b"bb"),
            PacketReceived(view.at, second.addr, ping, parse(ping)),
        )
        await stage.see(view._replace(at=view.at + 1.0))
        now = next(line for line in stage.lines() if line.startswith("│ now "))
        room = LARGE[0] - 4 - LABEL
        signs = {place: sign for place, sign in enumerate(now[2 + LABEL :]) if sign in "↑↓"}
        assert signs == {Part().column(first.id, room): "↑", Part().column(second.id, room): "↓"}
        await stage.see(view._replace(at=view.at + 4.0))
        now = next(line for line in stage.lines() if line.startswith("│ now "))
        assert now.strip("│ ") == "now"


def test_an_id_is_known_from_what_a_node_says_or_from_the_table() -> None:
    ring, ours, theirs = PacketRing(), bytes(20), b"\x07" * 20
    here, there, gone = ("192.0.2.1", 1), ("192.0.2.2", 2), ("192.0.2.3", 3)
    query = encode_query(b"aa", FindNode(ours, theirs), False)[1]
    reply = encode_response(b"aa", {b"id": theirs}, here)
    asked = encode_query(b"bb", Ping(b"\x09" * 20), False)[1]
    for event in (
        PacketSent(10.0, here, query, "query", "find_node", b"aa"),
        PacketReceived(10.1, here, reply, parse(reply)),
        PacketSent(10.2, there, query, "query", "find_node", b"cc"),
        PacketSent(10.3, gone, query, "query", "find_node", b"dd"),
        PacketReceived(10.4, gone, b"noise", None, "malformed"),
        PacketReceived(11.0, ("192.0.2.4", 4), asked, parse(asked)),
    ):
        ring.hear(event)
    known = {there: b"\x08" * 20}
    assert active(ring, 10.0, known) == {theirs: "both", b"\x08" * 20: "out", b"\x09" * 20: "in"}
    assert active(ring, 10.5, known) == {b"\x09" * 20: "in"}


# ---- charts ----------------------------------------------------------------------------------------------------


def test_a_chart_of_the_last_minutes_ends_now_and_loses_no_peak() -> None:
    columns = columns_of([0] * 100 + [9] + [0] * 50 + [3], 20, 300)
    assert len(columns) == 40 and columns[-1] == 3 and max(columns) == 9
    assert columns_of([], 20, 300) == (0,) * 40
    assert columns_of([7] * 900, 5, 300) == (7,) * 10


def test_braille_has_a_dot_for_the_least_and_is_full_for_the_most() -> None:
    assert braille([0, 1, 1000, 1000], 2, 1) == ["⢀⣿"]
    assert braille([4, 4], 2, 2) == [" ⣿", " ⣿"] and braille([], 2, 1) == ["  "]


@pytest.mark.parametrize("width", [8, 20, 38, 51, 120])
@pytest.mark.parametrize("height", range(3, 12))
def test_round_trips_over_time_keep_to_their_room(width: int, height: int) -> None:
    lines = heat_lines(grown(), 300, width, height)
    assert len(lines) <= height
    assert width < 40 or max(map(width_of, lines)) <= width


def test_now_is_at_the_right_edge_and_what_is_older_than_the_chart_is_left_out() -> None:
    view = grown()
    trips = [0] * (len(TRIP_EDGES) + 1)
    trips[6] = 4
    slots = tuple(SlotView(at, tuple(trips), ()) for at in (view.at - 900.0, view.at - 100.0, view.at))
    rows = texts(heat_lines(view._replace(slots=slots), 300, 69, 8))
    row = next(row for row in rows if row.lstrip().startswith("50 ms"))
    assert row.endswith("██") and row.count("█") == 4
    assert any("┄" in row for row in rows) and rows[-1].endswith("now")


def test_methods_that_are_not_in_use_have_no_row() -> None:
    view = snapshots.running()
    rows = texts(message_lines(view))
    assert [row.split()[0] for row in rows[1:]] == ["ping", "find_node", "get_peers", "announce_peer", "get", "put"]
    none = MethodCounts(0, 0, 0, 0, 0, 0, 0)
    quiet = view._replace(methods={**view.methods, "put": none, "get": none})
    used = [row.split()[0] for row in texts(message_lines(quiet))[1:]]
    assert used == ["ping", "find_node", "get_peers", "announce_peer"]
    assert texts(message_lines(view._replace(methods={}))) == ["Nothing was asked yet, by us or by others."]


@pytest.mark.parametrize("width", [76, 78, 96, 120])
def test_the_charts_of_methods_take_what_is_left(width: int) -> None:
    rows = message_lines(snapshots.running(), width)
    assert len({width_of(row) for row in rows}) == 1 and width - 2 < width_of(rows[0]) + 1 <= max(width + 1, 76)


def test_the_share_of_answers_counts_only_queries_that_ended() -> None:
    view = snapshots.running()
    (row,) = [row for row in texts(message_lines(view)) if row.startswith("find_node")]
    assert "77%" in row  # 241 of 310
    waiting = MethodCounts(9, 3, 1, 0, 0, 0, 0)
    (row,) = [row for row in texts(message_lines(view._replace(methods={"get": waiting}))) if row.startswith("get ")]
    assert "75%" in row


# ---- what needs attention --------------------------------------------------------------------------------------


def test_what_needs_attention_is_never_cut_within_a_word() -> None:
    needs = [Attention(need, 3, 8, 0.2, 0.6, "get bbcb…50d5", 2) for need in Need]
    words = {word for line in texts(attention_lines(needs, 200, 99)) for word in line.split()}
    for width in (24, 38, 60):
        for height in range(1, 30):
            lines = attention_lines(needs, width, height)
            assert len(lines) <= height and max(map(width_of, lines)) <= width
            assert {word for line in texts(lines) for word in line.split()} <= words | {
                "and",
                "more",
                "thing",
                "things",
            } | {str(n) for n in range(13)}


def test_what_does_not_fit_is_counted() -> None:
    needs = [Attention(Need.MUTED, n) for n in range(9)]
    assert texts(attention_lines(needs, 60, 4))[-1] == "  and 6 more things"
    assert texts(attention_lines((), 60, 4)) == ["✓ Nothing needs attention."]


async def test_the_key_that_helps_stands_beside_what_is_the_matter() -> None:
    async with exploring(snapshots.running(), MIDDLE) as stage:
        assert "1 datagram not sent" in stage.text() and "9 tells why" in stage.text()


# ---- the line about us -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [80, 100, 120, 160, 200])
def test_the_line_about_us_has_the_whole_id_and_is_not_cut(width: int) -> None:
    for view in (snapshots.running(), grown(), snapshots.starting()):
        line = who_line(view, width)
        assert width_of(line) <= width and snapshots.OWN.hex() in texts([line])[0]
        assert "bep 42" in texts([line])[0]


def test_bootstrap_is_a_word_once_it_is_done() -> None:
    assert "bootstrap ✓ 1.9 s 25 nodes from 2 sources" in texts([who_line(grown(), 200)])[0]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_nothing_is_cut_but_the_results_of_lookups(size: tuple[int, int]) -> None:
    async with exploring(grown(), size) as stage:
        above = stage.text().partition(" now ─")[0].replace("2d7c…6978", "")
        assert "…" not in above
    assert attention(grown())
