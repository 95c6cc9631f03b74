"""The packets screen: the list that runs on, the tree and the bytes, the verdict, the filter, the ways out."""

from __future__ import annotations

import json
import time
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import cast

import pytest
from packets.samples import (
    ITEM,
    NODES,
    OWN_ID,
    TARGET,
    THEIR_ID,
    THEM,
    WHOLE,
    answered,
    asked,
    context,
    ended,
    failed,
    got,
    mutable_body,
    replied,
    ring_of,
    sent,
)

from dhtui.engine.items import sign
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.views.events import Event, PacketReceived, PacketSent, QueryFinished, QueryResult
from dhtui.engine.wire import bencode
from dhtui.engine.wire.compact import Addr, pack_node
from dhtui.engine.wire.krpc import FindNode, Get, GetPeers, Ping
from dhtui.packets.dissect import dissect
from dhtui.packets.filter import parse
from dhtui.packets.hexdump import row as hex_row
from dhtui.packets.packet import Packet
from dhtui.packets.parts import Link
from dhtui.packets.ring import PacketRing
from dhtui.packets.summary import summary
from dhtui.packets.verdicts.verdict import judge
from dhtui.screens.packets import columns as packets_columns
from dhtui.screens.packets.columns import gist, headline, packet_columns
from dhtui.screens.packets.packet_list import PacketModel
from dhtui.screens.packets.panes import alike, meaning_of, part_lines, tree_rows, verdict_lines
from dhtui.screens.packets.screen import PacketsScreen
from dhtui.sources.source import LiveSource
from dhtui.text.spans import Line, width_of
from dhtui.widgets.filter_bar import FilterInput, guide_lines
from dhtui.widgets.hex_view import HexView, bytes_per_row, hex_line
from dhtui.widgets.table_model import BadFilter

from .. import snapshots
from ..stage import LARGE, SMALL, PaperNode, Stage, exploring, matches_goldens

Happened = PacketReceived | PacketSent | QueryFinished
FAR: Addr = ("192.0.2.77", 1)
PEERS = {
    b"nodes": b"".join(map(pack_node, NODES)),
    b"token": b"tokentok",
    b"values": [b"\xcb\x00\x71\x09\x1a\xe1", b"\xcb\x00\x71\x0a\x1a\xe1"],
}


@pytest.fixture(autouse=True)
def same_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times of day must not depend on when and where the tests run."""
    monkeypatch.setattr(LiveSource, "wall", lambda self, at: 1_767_225_600.0 + at)
    with monkeypatch.context() as zone:
        zone.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def traffic() -> list[Happened]:
    """Nine packets: three answered queries, two damaged ones, an error that nobody asked for."""
    return [
        sent(900, GetPeers(OWN_ID, TARGET), b"a1"),
        answered(900.041, PEERS, b"a1"),
        ended(900.041, tid=b"a1"),
        asked(901, FindNode(THEIR_ID, TARGET), b"q1"),
        replied(901.001, {b"nodes": b"".join(map(pack_node, NODES))}, "find_node", b"q1"),
        sent(902, Get(OWN_ID, ITEM.target), b"a2"),
        answered(902.2, mutable_body(ITEM) | {b"token": b"12345678"}, b"a2"),
        got(903, b"d1:y1:q1:t2:aa1:q4:pinge", FAR),
        got(903.5, b"4:spam", FAR),
        failed(904, 203, "bad token", b"zz"),
    ]


def pings(first: int, count: int) -> list[Happened]:
    """Queries of ours, one a millisecond."""
    return [sent(905 + i / 1000, Ping(OWN_ID), i.to_bytes(2)) for i in range(first, first + count)]


def at_work() -> PaperNode:
    """A node on whose clock the traffic is a while ago."""
    return PaperNode(snapshots.running()._replace(identity=snapshots.running().identity._replace(id=OWN_ID)))


async def tell(stage: Stage, happened: Sequence[Event]) -> None:
    stage.node.tell(*happened)
    await stage.settle()


def screen_of(stage: Stage) -> PacketsScreen:
    return cast(PacketsScreen, stage.screen)


def selected(stage: Stage) -> int:
    packet = screen_of(stage).packets.model.selected
    return packet.number if packet else 0


def listed(stage: Stage) -> list[str]:
    """The lines of the list at 80x24, without the scroll bar."""
    return [line[:79].rstrip() for line in stage.lines()[5:12]]


def text_of(lines: list[Line]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


# ---- how it looks --------------------------------------------------------------------------------------------


async def test_packets_look_as_kept() -> None:
    async with exploring(at_work(), show="packets") as stage:
        await matches_goldens(stage, "packets-none")
        await tell(stage, traffic())
        await stage.press("g", "j", "enter", *"jjjjjj")
        await matches_goldens(stage, "packets-tree")
        await stage.press("v", "escape", *"kkp")
        await matches_goldens(stage, "packets-verdict")
        await stage.press("slash", *"method:get dir:up")
        await matches_goldens(stage, "packets-filter")


async def test_an_empty_list_tells_what_to_do() -> None:
    async with exploring(snapshots.starting(), show="packets") as stage:
        assert "No packet has come or gone" in stage.text()
        await stage.press("enter", "tab", "l", "v", "p", "f", "c", "e", "o", "G", "h")
        assert "Select a packet" in stage.text()
        assert "No packet is selected." in stage.toasts()


async def test_in_a_tiny_window_enter_opens_the_verdict_in_a_window_of_its_own() -> None:
    async with exploring(at_work(), (59, 15), show="packets") as stage:
        await tell(stage, traffic())
        assert "byte 0" not in stage.text()
        await stage.press("g", "enter")
        assert "Packet 2 answers it" in stage.text()
        assert "…" not in "".join(stage.lines()[1:-1])
        await stage.press("escape")
        assert selected(stage) == 1


# ---- the list that runs on -----------------------------------------------------------------------------------


async def test_the_list_follows_the_newest_packet_until_the_cursor_leaves_it() -> None:
    async with exploring(at_work(), show="packets") as stage:
        await tell(stage, traffic())
        assert selected(stage) == 9
        await tell(stage, pings(0, 30))
        assert selected(stage) == 39
        await stage.press("k")
        await tell(stage, pings(30, 30))
        assert selected(stage) == 38
        await stage.press("G")
        await tell(stage, pings(60, 1))
        assert selected(stage) == 70


async def test_lines_in_sight_stay_where_they_are_while_others_come_and_go() -> None:
    async with exploring(at_work(), show="packets") as stage:
        await tell(stage, pings(0, 5000))
        await stage.press("k", "k", "k")
        before = listed(stage)
        assert any(line.startswith("▶") for line in before)
        await tell(stage, pings(5000, 700))
        assert listed(stage) == before
        assert "5000 packets  ring 5000" in stage.text()
        await stage.press("S", "j")
        before = listed(stage)
        await tell(stage, pings(5700, 30))
        assert listed(stage) == before


async def test_the_inspected_packet_stays_when_the_ring_has_dropped_it() -> None:
    async with exploring(at_work(), show="packets") as stage:
        await tell(stage, traffic())
        await stage.press("g", "j")
        await tell(stage, pings(0, 5000))
        assert selected(stage) == 2
        assert "packet 2 has left" in stage.text()
        assert "packet 2 ← r get_peers" in stage.text()
        await stage.press("j")
        assert selected(stage) == 10


async def test_who_looks_at_a_packet_closely_keeps_it() -> None:
    async with exploring(at_work(), show="packets") as stage:
        await tell(stage, traffic())
        await stage.press("enter")
        await tell(stage, pings(0, 30))
        assert selected(stage) == 9


async def test_a_rush_of_packets_is_taken_apart_at_each_fifth_tick_only() -> None:
    async with exploring(at_work(), show="packets") as stage:
        seen = set()
        for tick in range(10):
            await tell(stage, pings(100 * tick, 50))
            seen.add(screen_of(stage)._packet)
        assert selected(stage) == 500
        assert len(seen) <= 3


async def test_only_lines_in_sight_are_put_into_words(monkeypatch: pytest.MonkeyPatch) -> None:
    asked_for: set[int] = set()

    def counting(packet: Packet) -> str:
        asked_for.add(packet.number)
        return summary(packet)

    monkeypatch.setattr(packets_columns, "summary", counting)
    async with exploring(at_work(), show="packets") as stage:
        await tell(stage, pings(0, 3000))
        await tell(stage, pings(3000, 500))
    assert 0 < len(asked_for) < 40


def test_each_packet_is_held_against_the_filter_once() -> None:
    model, ring = PacketModel(packet_columns(lambda at: at, lambda: 0.0)), ring_of(*traffic())
    looked: list[int] = []
    model.set_filter("dir:in")
    accepts = model._accepts
    assert accepts is not None

    def counting(packet: Packet) -> bool:
        looked.append(packet.number)
        return accepts(packet)

    model._accepts = counting
    for _ in range(3):
        model.extend(ring.since(model.newest), ring.dropped + 1)
    assert looked == list(range(1, 10))
    assert [packet.number for packet in model.rows] == [2, 3, 6, 7, 8, 9]


@pytest.mark.parametrize("steps", [0, 1, 2, 3], ids=["own order", "peer", "type", "length"])
@pytest.mark.parametrize("flip", [False, True])
def test_new_packets_go_where_a_new_list_would_have_them(steps: int, flip: bool) -> None:
    slow, fast = (PacketModel(packet_columns(lambda at: at, lambda: 0.0)) for _ in range(2))
    ring = PacketRing(6)
    for model in (slow, fast):
        model.set_filter("!tid:6132")
        for _ in range(steps):
            model.cycle_sort()
        if flip:
            model.flip()
    for event in traffic():
        ring.hear(event)
        fast.extend(ring.since(fast.newest), ring.dropped + 1)
    slow.extend(ring.since(0), ring.dropped + 1)
    slow.set_rows(slow._all)
    assert len(fast.rows) == 4
    assert sorted(p.number for p in fast.rows) == sorted(p.number for p in slow.rows)
    assert steps or fast.rows == slow.rows


async def test_another_ring_of_the_same_source_keeps_the_selection_if_the_packet_is_there() -> None:
    """A recording that jumps brings another ring."""
    async with exploring(at_work(), show="packets") as stage:
        await tell(stage, traffic())
        await stage.press("g", "j")
        source = screen_of(stage).feed.source
        assert isinstance(source, LiveSource)
        source.packets = ring_of(*traffic()[:6])
        await stage.settle()
        assert (selected(stage), len(screen_of(stage).packets.model.rows)) == (2, 5)
        source.packets = PacketRing(5000, start=700)
        source.packets.hear(traffic()[0])
        await stage.settle()
        assert selected(stage) == 701


async def test_another_node_starts_a_new_list() -> None:
    first, second = at_work(), at_work()
    async with exploring(first, show="packets", other=second.factory) as stage:
        await tell(stage, traffic())
        await stage.press("g", "j", "T", "2")
        assert "0 packets" in stage.text()
        second.tell(*traffic()[:2])
        await stage.settle()
        assert selected(stage) == 2 and "2 packets" in stage.text()


# ---- pause ---------------------------------------------------------------------------------------------------


async def test_while_paused_the_list_is_frozen_and_tells_what_it_misses() -> None:
    async with exploring(at_work(), show="packets") as stage:
        await tell(stage, traffic())
        await stage.press("space")
        await tell(stage, pings(0, 12))
        assert "9 packets  ring 5000  +12 new" in stage.text()
        assert selected(stage) == 9
        await stage.press("slash", *"dir:out", "enter")
        assert "+12 new  filter dir:out: 3 of 9" in stage.text()
        await stage.press("escape", "space")
        assert "21 packets" in stage.text()


async def test_what_came_before_the_view_was_frozen_is_shown_on_a_screen_opened_after_it() -> None:
    async with exploring(at_work()) as stage:
        await tell(stage, traffic())
        await stage.press("space")
        await tell(stage, [event._replace(at=1001.0) for event in traffic()[:2]])
        await stage.press("5")
        assert "9 packets  ring 5000  +2 new" in stage.text()


# ---- tree and bytes ------------------------------------------------------------------------------------------


async def test_the_bytes_of_the_selected_part_are_marked() -> None:
    async with exploring(at_work(), show="packets") as stage:
        await tell(stage, traffic())
        await stage.press("g", "enter", *"jj")
        part = screen_of(stage).parts.model.selected
        assert part is not None and part.part.label.startswith("id")
        hexed = screen_of(stage).hexed
        assert hexed.span == (part.part.start, part.part.end)
        assert hexed.data[slice(*hexed.span)] == b"2:id20:" + OWN_ID
        assert "[32 3a" in stage.text() and "11]" in stage.text()


async def test_the_part_at_the_cursor_in_the_bytes_is_selected() -> None:
    async with exploring(at_work(), show="packets") as stage:
        await tell(stage, traffic())
        await stage.press("g", "j", "tab", "tab")
        screen = screen_of(stage)
        assert screen.hexed.has_focus
        at = screen.hexed.data.index(b"tokentok")
        screen.hexed.action_step(at)
        await stage.settle()
        row = screen.parts.model.selected
        assert row is not None and row.key == ("r  values of the response", "token  write token")
        assert (screen.hexed.cursor, screen.hexed.span) == (at, (row.part.start, row.part.end))
        await stage.press("left", "l", "down", "up", "pagedown", "G", "g")
        assert screen.hexed.cursor == 0 and screen.parts.model.cursor == 0


async def test_another_packet_keeps_the_part_of_the_same_name_selected() -> None:
    async with exploring(at_work(), show="packets") as stage:
        await tell(stage, traffic())
        screen = screen_of(stage)
        await stage.press("g", "j", "enter")
        screen.parts.select(("r  values of the response", "token  write token"))
        await stage.press("escape")
        for _ in range(4):
            await stage.press("j")
        row = screen.parts.model.selected
        assert selected(stage) == 6 and row is not None and row.part.value.startswith("3132333435363738")
        assert screen.hexed.data[slice(*screen.hexed.span)] == b"5:token8:12345678"
        await stage.press("j")
        assert screen.parts.model.cursor == 0


async def test_parts_open_and_close_and_a_leaf_is_shown_in_full() -> None:
    async with exploring(at_work(), LARGE, show="packets") as stage:
        await tell(stage, traffic())
        await stage.press("g", "j", "enter")
        screen = screen_of(stage)
        screen.parts.select(("r  values of the response", "nodes  nodes nearest to the target", "0  node"))
        rows = len(screen.parts.model.rows)
        await stage.press("right")
        assert len(screen.parts.model.rows) == rows + 2
        await stage.press("l", "enter")
        assert "2d2c 0000 0000" in stage.text() and "leads to" in stage.text()
        await stage.press("escape", "left", "h")
        assert len(screen.parts.model.rows) == rows
        await stage.press("h", "h")
        assert len(screen.parts.model.rows) == rows - 8
        await stage.press("enter", "escape")
        assert len(screen.parts.model.rows) == rows and screen.packets.has_focus


def test_a_key_that_is_there_twice_gives_two_lines() -> None:
    root = dissect(b"d1:ai1e1:ai2e1:t1:xe")
    keys = [row.key for row in tree_rows(root, ())]
    assert len(keys) == len(set(keys)) == 4


@pytest.mark.parametrize("data", WHOLE)
def test_any_packet_makes_a_tree_and_lines_that_fit(data: bytes) -> None:
    rows = tree_rows(dissect(data), ())
    assert rows[0].key == () and len({row.key for row in rows}) == len(rows)
    for row in rows:
        assert all(width_of(line) <= 60 for line in part_lines(row.part, data, 60))
    packet = next(iter(ring_of(got(1, data))))
    assert headline(packet).isprintable() and gist(packet).isprintable()


@pytest.mark.parametrize(("width", "count"), [(38, 8), (37, 4), (70, 16), (69, 8), (0, 4)])
def test_as_many_bytes_stand_in_a_row_as_fit(width: int, count: int) -> None:
    assert bytes_per_row(width) == count
    line = hex_line(hex_row(bytes(range(64, 96)), 0, width=count), count, -1, False)
    assert width_of(line) == 4 + 4 * count + 2


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        ((2, 4), "0000 40 41[42 43]44 45 46 47  @ABCDEFG"),
        ((0, 8), "0000[40 41 42 43 44 45 46 47] @ABCDEFG"),
        ((6, 12), "0000 40 41 42 43 44 45[46 47] @ABCDEFG"),
        ((0, 0), "0000 40 41 42 43 44 45 46 47  @ABCDEFG"),
    ],
)
def test_marked_bytes_stand_in_brackets(span: tuple[int, int], shown: str) -> None:
    assert text_of([hex_line(hex_row(bytes(range(64, 76)), 0, span, 8), 8, 0, True)]) == [shown]
    short = text_of([hex_line(hex_row(bytes(range(64, 76)), 1, (6, 12), 8), 8, -1, True)])
    assert short in (["0008[48 49 4a 4b]             HIJK"], ["0008 48 49 4a 4b]             HIJK"])


# ---- the verdict ---------------------------------------------------------------------------------------------


async def test_v_shows_the_verdict_in_place_of_tree_and_bytes() -> None:
    async with exploring(at_work(), show="packets") as stage:
        await tell(stage, traffic())
        await stage.press("g", "j", "v")
        assert "verdict on packet 2" in stage.text() and "byte 0" not in stage.text()
        assert screen_of(stage).packets.has_focus
        await stage.press("enter", "G", "j", "k", "pageup", "g")
        assert screen_of(stage).judged.has_focus
        await stage.press("v")
        assert screen_of(stage).packets.has_focus and "byte 0" in stage.text()


async def test_where_all_have_room_v_goes_to_the_verdict() -> None:
    async with exploring(at_work(), LARGE, show="packets") as stage:
        await tell(stage, traffic())
        await stage.press("v")
        assert screen_of(stage).judged.has_focus and "byte 0" in stage.text()
        await stage.press("v")
        assert screen_of(stage).packets.has_focus


async def test_the_verdict_changes_when_the_answer_comes() -> None:
    async with exploring(at_work(), LARGE, show="packets") as stage:
        await tell(stage, traffic()[:1])
        await stage.press("enter")
        assert "No answer so far" in stage.text()
        await tell(stage, traffic()[1:3])
        assert "Packet 2 answers it, 41 ms later. Asked by get_peers#3." in stage.text()


async def test_a_forged_signature_is_told_in_words_and_with_a_sign() -> None:
    forged = replace(ITEM, sig=bytes(64))
    async with exploring(at_work(), LARGE, show="packets") as stage:
        await tell(stage, [traffic()[5], answered(902.2, mutable_body(forged), b"a2")])
        assert "✗ signature" in stage.text()
        assert "✓ target" in stage.text()


def test_verdicts_are_wrapped_and_fit() -> None:
    ring = ring_of(*traffic())
    for packet in ring:
        lines = verdict_lines(judge(packet, context(packet, ring)), 50)
        assert lines and all(width_of(line) <= 50 for line in lines)


# ---- the filter ----------------------------------------------------------------------------------------------


async def test_a_filter_is_checked_as_it_is_typed_and_tells_where_it_is_wrong() -> None:
    async with exploring(at_work(), show="packets") as stage:
        await tell(stage, traffic())
        await stage.press("slash", *"dir:in err:never")
        bar = stage.lines()[2:6]
        assert "✗ at 12" in bar[0]
        assert bar[1].index("^^^^^") == bar[0].index("never")
        assert "err: takes any, none, or a code such as 203, not never" in bar[2]
        assert len(screen_of(stage).packets.model.rows) == 1, "the last filter that could be read stays"
        await stage.press(*["backspace"] * 5, *"any")
        assert "✓ 3 of 9" in stage.lines()[2]
        await stage.press("enter")
        assert "filter dir:in err:any: 3 of 9" in stage.text()
        await stage.press("escape")
        assert len(screen_of(stage).packets.model.rows) == 9


async def test_tab_completes_a_word_and_the_arrows_choose() -> None:
    async with exploring(at_work(), show="packets") as stage:
        await tell(stage, traffic())
        await stage.press("slash")
        assert "[method:] queries of this method and their answers" in stage.text()
        line = stage.app.screen.query_one(FilterInput)
        await stage.press("m", "tab", "down", "down", "up", "down", "tab")
        assert line.value == "method:get_peers"
        await stage.press("space", *"!d", "tab", "i", "tab")
        assert line.value == "method:get_peers !dir:in"
        assert len(screen_of(stage).packets.model.rows) == 1
        assert screen_of(stage).focused is line


def test_guidance_takes_three_lines_and_puts_marks_under_the_mistake() -> None:
    problem = BadFilter("takes in or out " * 20, 14, 3)
    lines = text_of(guide_lines(problem, (), 0, 10, 40))
    assert lines[0] == "    ^^^" and len(lines) == 3 and all(len(line) <= 40 for line in lines)
    assert guide_lines(None, (), 0, 0, 40) == [(), (), ()]


@pytest.mark.parametrize("number", range(1, 10))
def test_what_is_alike_lets_the_packet_itself_through(number: int) -> None:
    packet = ring_of(*traffic()).get(number)
    assert packet is not None
    terms = alike(packet)
    assert len(terms) >= 4 and all(parse(term).matches(packet) for term in terms)


async def test_f_filters_for_what_the_packet_has_in_common_with_others() -> None:
    async with exploring(at_work(), show="packets") as stage:
        await tell(stage, traffic())
        await stage.press("g")
        await stage.pilot.press("f")
        await stage.pilot.pause()
        await stage.pilot.press("3")
        await stage.settle()
        assert "filter method:get_peers: 2 of 9" in stage.text()


# ---- ways out ------------------------------------------------------------------------------------------------


async def test_p_goes_from_query_to_answer_and_back() -> None:
    async with exploring(at_work(), show="packets") as stage:
        await tell(stage, traffic())
        await stage.press("g", "p")
        assert selected(stage) == 2
        await stage.press("p")
        assert selected(stage) == 1
        await stage.press("G", "p")
        assert stage.toasts()[-1].startswith("The query that packet 9 belongs to is not kept")
        await stage.press("k", "k", "p")
        assert stage.toasts()[-1] == "No answer to packet 7 is kept."


async def test_a_partner_that_the_filter_hides_is_shown_without_losing_the_place() -> None:
    async with exploring(at_work(), show="packets") as stage:
        await tell(stage, traffic())
        screen = screen_of(stage)
        screen.packets.set_filter("dir:in")
        await stage.press("g", "p")
        assert selected(stage) == 1 and "packet 1 → q get_peers" in stage.text()
        await tell(stage, pings(0, 3))
        assert selected(stage) == 1 and len(screen.packets.model.rows) == 6
        await stage.press("p")
        assert selected(stage) == 2
        await stage.press("p", "j")
        assert selected(stage) == 3


async def test_a_link_to_a_packet_selects_it_or_says_why_not() -> None:
    async with exploring(at_work(), show="packets") as stage:
        await tell(stage, traffic())
        screen = screen_of(stage)
        screen.packets.set_filter("dir:in")
        assert screen.open_link(Link("packet", 5, "packet 5"))
        assert selected(stage) == 5 and screen.here() == Link("packet", 5, "packet 5")
        assert screen.packets.model.filter_text == ""
        await stage.press("space")
        await tell(stage, pings(0, 5000))
        assert screen.open_link(Link("packet", 5001, "packet 5001"))
        await stage.settle()
        assert stage.toasts()[-1] == "Packet 5001 came after the view was frozen: space lets it run."
        await stage.press("space")
        assert screen.open_link(Link("packet", 3, "packet 3"))
        await stage.settle()
        assert stage.toasts()[-1] == "Packet 3 has left the ring."
        assert not screen.open_link(Link("lookup", 3, "lookup 3"))


async def test_a_link_to_an_address_filters_for_it() -> None:
    async with exploring(at_work(), show="packets") as stage:
        await tell(stage, traffic())
        screen = screen_of(stage)
        assert screen.open_link(Link("address", FAR, "far"))
        assert [packet.number for packet in screen.packets.model.rows] == [7, 8]
        assert screen.open_link(Link("infohash", TARGET, "target"))
        assert len(screen.packets.model.rows) == 4
        assert not screen.open_link(Link("address", ("192.0.2.99", 1), "nobody"))
        assert not screen.open_link(Link("key", bytes(32), "key"))
        assert screen.packets.model.filter_text == f"target:{TARGET.hex()}"


async def test_links_are_those_of_the_packet_and_in_the_tree_those_of_the_part() -> None:
    async with exploring(at_work(), show="packets") as stage:
        await tell(stage, traffic())
        screen = screen_of(stage)
        await stage.press("g", "j")
        assert screen.links()[0] == Link("packet", 1, "its query, packet 1")
        assert Link("infohash", TARGET, "infohash 2d2d…2d2d") in screen.links()
        await stage.press("enter")
        screen.parts.select(("r  values of the response", "id  node id of the sender"))
        await stage.settle()
        assert [link.kind for link in screen.links()] == ["node"]


async def test_the_packet_is_copied_in_several_forms() -> None:
    async with exploring(at_work(), show="packets") as stage:
        await tell(stage, traffic())
        await stage.press("g", "j")
        forms = dict(screen_of(stage).copy_forms())
        assert bytes.fromhex(forms["hex"]) == cast(PacketReceived, traffic()[1]).data
        assert json.loads(forms["JSON"])["number"] == 2
        assert forms["address"] == "203.0.113.9:6882" and forms["summary"] == "8 nodes 2 peers token"
        await stage.press("enter")
        screen_of(stage).parts.select(("r  values of the response", "token  write token"))
        assert screen_of(stage).copy_forms()[0] == ("part, hex", b"5:token8:tokentok".hex())


async def test_the_selection_and_what_the_filter_shows_can_be_exported() -> None:
    async with exploring(at_work(), show="packets") as stage:
        await tell(stage, traffic())
        screen_of(stage).packets.set_filter("method:get")
        forms = screen_of(stage).exports()
        names = ["packet-6.pcapng", "packet-6.jsonl", "packets.pcapng", "packets.jsonl"]
        assert [name for _, name, _ in forms] == names
        made = [content() for _, _, content in forms]
        lines = [json.loads(line) for line in made[3].splitlines()]
        assert [line["number"] for line in lines] == [5, 6]
        assert lines[0]["time"] == "2026-01-01T00:15:02.000000Z"
        assert all(data.startswith(b"\x0a\x0d\x0d\x0a") for data in (made[0], made[2]))
        assert len(made[1].splitlines()) == 1 and len(made[2]) > len(made[0])


# ---- hostile bytes -------------------------------------------------------------------------------------------


def evil() -> list[Happened]:
    """Hostile bytes wherever bytes of others get into a packet."""
    bad = snapshots.HOSTILE.encode()
    item = sign(BEP44_TEST_KEY, bencode.encode(bad[:500]), 3, snapshots.ESCAPES.encode()[:64])
    query = {b"t": bad[:40], b"y": b"q", b"q": bad, b"v": bad, b"a": {b"id": THEIR_ID, bad: bad, b"salt": bad}}
    put = {b"id": THEIR_ID, b"token": bad[:30], b"cas": 1, b"salt": item.salt} | mutable_body(item)
    return [
        got(900, bencode.encode(query)),
        got(901, bencode.encode({b"t": b"p1", b"y": b"q", b"q": b"put", b"v": bad[:40], b"a": put})),
        sent(902, Get(OWN_ID, ITEM.target), b"a2"),
        answered(902.2, mutable_body(item) | {bad[:90]: bad, b"token": bad[:30], b"values": [bad]}, b"a2"),
        QueryFinished(902.2, THEM, b"a2", snapshots.HOSTILE, snapshots.HOSTILE, QueryResult.ANSWERED, 0.2),
        failed(903, 203, snapshots.HOSTILE),
        PacketReceived(904, FAR, bad, None, snapshots.HOSTILE),
        got(905, b"d" + b"%d:%b" % (len(bad), bad)),
        answered(906, {b"nodes": bad, b"id": bad, b"k": bad}, b"zz"),
    ]


@pytest.mark.parametrize("size", [SMALL, LARGE, (59, 15)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_nothing_hostile_in_a_packet_reaches_the_terminal(size: tuple[int, int]) -> None:
    texts: list[str] = []
    async with exploring(at_work(), size, show="packets") as stage:
        await tell(stage, evil())
        await stage.press("g")
        for _ in range(8):
            screen = screen_of(stage)
            texts += [stage.text(), *(text for form in screen.copy_forms() for text in form)]
            texts += [link.label for link in screen.links()] + [label for label, _, _ in screen.exports()]
            for row in screen.parts.model.rows:
                texts += [screen.parts.model.text(row), meaning_of(row.part)]
                texts += text_of(part_lines(row.part, b"", 60))
            await stage.press("v")
            texts.append(stage.text())
            if stage.app.screen is not screen:  # a window, where there is no room for the verdict
                await stage.press("escape")
            await stage.press("j")
        texts += stage.toasts()
        assert stage.screen.view.name == "packets"
    for text in texts:
        assert not {char for char in text if char != "\n" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co")}
    assert r"\x1b[2J" in "".join(texts)


async def test_the_bytes_take_clicks() -> None:
    async with exploring(at_work(), LARGE, show="packets") as stage:
        await tell(stage, traffic())
        hexed = screen_of(stage).hexed
        await stage.pilot.click(HexView, offset=(1 + 4 + 1 + 3 * 5, 2))
        assert (hexed.cursor, hexed.has_focus) == (21, True)
        await stage.pilot.click(HexView, offset=(1 + 4 + 48 + 2 + 3, 1))
        assert hexed.cursor == 3
