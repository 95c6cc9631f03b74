"""The queries screen: ours in flight and just ended, those of others, and what stops a lookup."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packets.samples import asked, got, replied, sent

from dhtui.engine.views.events import Event, PacketReceived, QueryFinished, QueryResult
from dhtui.engine.views.snapshot import QueryView, Snapshot
from dhtui.engine.wire.krpc import FindNode, GetPeers, Ping, encode_error, encode_response, parse
from dhtui.packets.parts import Link
from dhtui.packets.ring import PacketRing
from dhtui.screens.listing import RUSH, UpdateThrottle
from dhtui.screens.queries.columns import state_words, total_lines
from dhtui.screens.queries.details import query_details
from dhtui.screens.queries.rows import OwnerRow, QueryRow, by_owner, lookup_number, query_rows, why_not_stopped
from dhtui.screens.queries.tail import FADE, INCOMING, QueryTail
from dhtui.screens.queries.timeline import STEP, look_of, timeline
from dhtui.text.spans import width_of

from .. import snapshots
from ..snapshots import OWN, TARGET
from ..stage import LARGE, SMALL, PaperNode, Stage, exploring, matches_goldens

NOW = 1000.0
"""When all snapshots are taken."""
THEIRS = bytes.fromhex("2d7d" + "22" * 18)


def query(n: int, owner: str, age: float, method: str = "get_peers", **more: Any) -> QueryView:
    """A query in flight."""
    base = QueryView(b"\0\0a%c" % n, (f"203.0.113.{n}", 6881), THEIRS, method, TARGET, owner, age, 1.0, 4.0)
    return base._replace(**more)


def busy() -> Snapshot:
    """A node with queries of several owners in flight."""
    return snapshots.running()._replace(
        queries=(
            query(1, "get_peers#1", 0.2),
            query(2, "get_peers#1", 1.9),
            query(3, "get_peers#1", 3.2),
            query(4, "refresh#9", 0.4, "find_node"),
            query(5, "ping", 0.1, "ping", target=None, soft=4.0),
            query(6, "put", 0.6, "put", target=None, soft=2.0, hard=2.0),
        ),
    )


def ended(
    n: int, sent_at: float, result: Any, at: float, owner: str = "get_peers#1", hard: float | None = 4.0
) -> list[Event]:
    """A query that was sent, and came to its end; with its answer, if there was one."""
    addr, tid = (f"203.0.113.{n}", 6881), b"\0\0z%c" % n
    events: list[Event] = [sent(sent_at, GetPeers(OWN, TARGET), tid, addr)]
    if result == "answered":
        events.append(got(at, encode_response(tid, {b"id": THEIRS, b"token": b"t"}, addr), addr))
    if result == "error":
        events.append(got(at, encode_error(tid, 203, "bad token", addr), addr))
    return [*events, QueryFinished(at, addr, tid, "get_peers", owner, result, at - sent_at, 0.6, hard)]


def incoming() -> list[Event]:
    """Queries of others: answered, refused, ignored."""
    one, two, three = ("198.51.100.4", 6881), ("198.51.100.5", 51413), ("198.51.100.6", 1)
    refused = encode_error(b"q2", 203, "bad token", two)
    return [
        asked(NOW - 62, FindNode(THEIRS, TARGET), b"q1", one),
        replied(NOW - 62, {b"token": b"t"}, "find_node", b"q1", one),
        asked(NOW - 3, GetPeers(THEIRS, TARGET), b"q2", two),
        replied(NOW - 3, {}, "get_peers", b"q2", two)._replace(kind="error", data=refused),
        asked(NOW - 1, Ping(OWN), b"q3", three, "a query under our own id"),
    ]


def happenings() -> list[Event]:
    """All of these."""
    return [
        *incoming(),
        *ended(11, NOW - 0.9, "answered", NOW - 0.86),
        *ended(12, NOW - 4.5, "timed out", NOW - 0.5),
        *ended(13, NOW - 0.4, "error", NOW - 0.3, "refresh#9"),
        *ended(14, NOW - 9, "answered", NOW - 8.5),
    ]


def ring_of(events: Iterable[Event]) -> PacketRing:
    ring = PacketRing()
    for event in events:
        ring.hear(event)
    return ring


def tail_of(events: Iterable[Event], now: float = NOW) -> QueryTail:
    tail = QueryTail()
    tail.follow(ring_of(events), now)
    return tail


def text(line: Any) -> str:
    return "".join(part for part, _ in line)


@asynccontextmanager
async def watching(
    view: Snapshot | PaperNode, size: tuple[int, int] = SMALL, events: Iterable[Event] = ()
) -> AsyncIterator[Stage]:
    """The queries screen of a node to which these things happen."""
    async with exploring(view, size, show="queries") as stage:
        stage.node.tell(*events)
        await stage.settle()
        yield stage


# ---- pure ----------------------------------------------------------------------------------------------


def drawn(
    age: float, soft: float | None, hard: float | None, result: QueryResult | None = None, ago: float = 0.0
) -> str:
    """A query over the last 5 s in 10 cells; `ago`: when it ended."""
    row = QueryRow(NOW - ago - age, b"", ("203.0.113.1", 1), None, "get", None, "ping", age, soft, hard, None)
    return text(timeline(replace(row, result=result), NOW - STEP / 2, 10))


@pytest.mark.parametrize(
    ("age", "soft", "hard", "bar"),
    [
        (0.0, 1.0, 4.0, "         ─"),
        (0.9, 1.0, 4.0, "        ──"),
        (2.0, 1.0, 4.0, "      ──┄┄"),
        (9.0, 1.0, 4.0, "‹┄┄┄┄┄┄┄┄┄"),
        (1.0, 2.0, 2.0, "        ──"),
        (1.0, None, 4.0, "        ──"),
        (1.0, 0.0, 0.0, "        ┄┄"),
        (1.0, None, None, "        ──"),
    ],
)
def test_the_timeline_shows_a_query_until_now_and_what_is_past_its_mark(
    age: float, soft: float | None, hard: float | None, bar: str
) -> None:
    assert drawn(age, soft, hard) == bar


@pytest.mark.parametrize(
    ("age", "result", "ago", "bar"),
    [
        (0.04, QueryResult.ANSWERED, 0.9, "        ✓"),
        (1.0, QueryResult.ANSWERED, 2.0, "    ──✓"),
        (1.0, QueryResult.ERROR, 0.0, "        ─!"),
        (2.0, QueryResult.TIMED_OUT, 1.0, "    ──┄┄✗"),
        (4.0, QueryResult.CANCELLED, 4.0, "‹┄–"),
        (4.0, QueryResult.TIMED_OUT, 9.0, "✗"),
    ],
)
def test_the_timeline_of_a_query_that_ended_moves_to_the_left(
    age: float, result: QueryResult, ago: float, bar: str
) -> None:
    assert drawn(age, 1.0, 4.0, result, ago) == bar


@settings(max_examples=200, deadline=None)
@given(
    st.floats(0, 20), st.floats(0, 20), st.none() | st.floats(0, 5), st.none() | st.sampled_from(QueryResult),
    st.integers(1, 90),
)  # fmt: skip
def test_a_timeline_always_fits(
    age: float, ago: float, soft: float | None, result: QueryResult | None, width: int
) -> None:
    row = QueryRow(NOW - ago - age, b"", ("203.0.113.1", 1), None, "get", None, "get#3", age, soft, 4.0, None)
    line = timeline(replace(row, result=result), NOW, width)
    assert 1 <= width_of(line) <= width


def test_lookups_are_told_apart_by_stroke_and_colour() -> None:
    looks = [look_of(f"get_peers#{number}") for number in range(4)]
    assert len({stroke for stroke, _ in looks}) == 4 == len({role for _, role in looks})
    assert look_of("ping") == look_of("put")


def test_rows_are_in_the_order_of_sending_and_what_ended_is_not_in_flight_too() -> None:
    events = happenings()
    view = busy()._replace(queries=(*busy().queries, query(11, "get_peers#1", 0.9, tid=b"\0\0z\x0b")))
    rows = query_rows(view, tail_of(events), NOW)
    assert [row.sent_at for row in rows] == sorted(row.sent_at for row in rows)
    assert [row.tid[-1] for row in rows if row.result] == [12, 11, 13]
    assert len(rows) == 9


def test_an_ended_query_stays_for_some_seconds_and_no_longer() -> None:
    tail, ring = QueryTail(), ring_of(ended(1, NOW - 1, "answered", NOW))
    for later, count in ((0.0, 1), (FADE, 1), (FADE + 0.1, 0)):
        tail.follow(ring, NOW + later)
        assert len(tail.ended) == count


@pytest.mark.parametrize(
    ("hard", "bar", "told"),
    [
        (2.0, "        ═✓", "after 2.0 s without an answer it times out"),
        (4.0, "        ═✓", "after 4.0 s without an answer it times out"),
        (None, "        ═✓", ""),
    ],
)
def test_an_ended_query_is_drawn_against_the_deadline_that_it_had(hard: float | None, bar: str, told: str) -> None:
    (row,) = query_rows(busy()._replace(queries=()), tail_of(ended(1, NOW - 1.0, "answered", NOW, hard=hard)), NOW)
    assert (row.soft, row.hard) == (0.6, hard)
    assert text(timeline(row, NOW - STEP / 2, 10)) == bar
    window = "\n".join(map(text, query_details(row)))
    assert told in " ".join(window.split()) and ("deadlines" in window) == (hard is not None)


def test_what_an_answer_said_is_told() -> None:
    words = {row.tid[-1]: state_words(row) for row in query_rows(busy(), tail_of(happenings()), NOW)}
    assert words[11] == "token"
    assert words[12] == "silent"
    assert "203" in words[13]
    assert (words[1], words[2]) == ("waits", "stalled")


def test_groups_are_lookups_by_number_and_then_the_others() -> None:
    rows = by_owner(query_rows(busy(), tail_of(happenings()), NOW), busy())
    heads = [row for row in rows if isinstance(row, OwnerRow)]
    assert [head.owner for head in heads] == ["get_peers#1", "refresh#9", "ping", "put"]
    assert [(head.in_flight, head.ended) for head in heads] == [(3, 2), (1, 1), (1, 0), (1, 0)]
    assert heads[0].lookup == busy().lookups[0]
    assert heads[1].lookup is None, "a lookup that is no longer remembered"
    owner = ""
    for row in rows:
        owner = row.owner if isinstance(row, OwnerRow) else owner
        assert row.owner == owner


def test_only_owners_with_a_number_are_lookups() -> None:
    assert lookup_number("get_peers#12") == 12
    for owner in ("ping", "user", "#", "get#", "get#-1", "get#1x", "\x1b#1", "get#" + "9" * 400):
        assert lookup_number(owner) is None


@pytest.mark.parametrize("owner", ["ping", "user", "put", "announce_peer"])
def test_it_is_said_why_a_query_cannot_be_taken_back(owner: str) -> None:
    assert "ends by itself after 4.0 s" in why_not_stopped(owner, 4.0)


def test_queries_of_others_are_bounded_and_know_their_answers_after_the_ring_forgot() -> None:
    ring, tail = PacketRing(capacity=4), QueryTail()
    for n in range(INCOMING + 5):
        ring.hear(asked(NOW, Ping(THEIRS), b"%d" % n))
        ring.hear(replied(NOW, {}, "ping", b"%d" % n))
        tail.follow(ring, NOW)
    assert len(tail.asked) == INCOMING
    assert all(one.answer is not None for one in tail.asked)


def test_queries_that_the_ring_dropped_are_forgotten() -> None:
    ring, tail = PacketRing(capacity=10), QueryTail()
    for n in range(100):
        ring.hear(sent(NOW, Ping(OWN), b"%03d" % n))
        tail.follow(ring, NOW)
    assert len(tail.sent()) == 10


def test_another_ring_is_followed_from_its_start() -> None:
    tail = tail_of(happenings())
    tail.follow(ring_of(ended(1, NOW - 1, "answered", NOW)), NOW)
    assert (len(tail.ended), len(tail.asked), tail.missed()) == (1, 0, 0)


@pytest.mark.parametrize(("width", "lines"), [(60, 8), (80, 5), (160, 4)])
def test_totals_fit_and_name_every_method(width: int, lines: int) -> None:
    told = total_lines(snapshots.running(), width)
    assert len(told) == lines
    assert all(width_of(line) <= width for line in told)
    names = "".join(map(text, told))
    for name in ("ping", "find_node", "get_peers", "announce", "get ", "put"):
        assert name in names


# ---- the screen ----------------------------------------------------------------------------------------


async def test_queries_look_as_kept() -> None:
    async with watching(busy(), SMALL, happenings()) as stage:
        await matches_goldens(stage, "queries-busy")


async def test_idle_queries_look_as_kept() -> None:
    async with watching(snapshots.no_network()) as stage:
        await matches_goldens(stage, "queries-no_network")


async def test_a_key_takes_the_groups_apart_and_sorting_does_too() -> None:
    async with watching(busy()) as stage:
        assert "by who asked" in stage.text()
        assert "▾" in stage.text()
        await stage.press("a")
        assert "▾" not in stage.text()
        await stage.press("a", "s")
        assert "▾" not in stage.text(), "sorted by age"
        await stage.press("a")
        assert "▾" in stage.text(), "in groups again, unsorted"


async def test_the_stop_key_stops_the_lookup_of_the_selected_query() -> None:
    async with watching(Stoppable(busy())) as stage:
        await stage.press("j", "x")
        assert stage.node.asked == [("stop", 1)]
        assert "get_peers#1 is stopped" in stage.toasts()[-1]


async def test_a_lookup_that_has_ended_is_said_to_have_ended() -> None:
    async with watching(Stoppable(busy())) as stage:
        stage.table("flight").select(("owner", "refresh#9"))
        await stage.press("x")
        assert "has ended already" in stage.toasts()[-1]


async def test_what_is_no_lookup_cannot_be_stopped_and_that_is_said() -> None:
    async with watching(Stoppable(busy())) as stage:
        stage.table("flight").select(("owner", "put"))
        await stage.press("x")
        assert stage.node.asked == []
        assert "A write that is on its way can't be taken back: each ends by itself after 2.0 s" in stage.toasts()[-1]


async def test_nothing_in_flight_is_nothing_to_stop() -> None:
    async with watching(snapshots.no_network()) as stage:
        await stage.press("x")
        assert "nothing to stop" in stage.toasts()[-1]


class Stoppable(PaperNode):
    """Its first lookup runs, and can be stopped."""

    def stop_lookup(self, number: int) -> bool:
        self.asked.append(("stop", number))
        return number == 1


async def test_enter_shows_all_about_a_line_of_each_kind() -> None:
    async with watching(busy(), events=happenings()) as stage:
        await stage.press("enter")
        assert "it runs; x stops it" in stage.text()
        await stage.press("escape", "j", "enter")
        assert "asked by      get_peers#1" in stage.text()
        assert TARGET.hex() in stage.text()
        await stage.press("escape", "tab", "enter")
        assert "– a query under our own id" in stage.text()


async def test_a_query_leads_to_its_lookup_its_packets_its_node_and_its_target() -> None:
    async with watching(busy(), events=happenings()) as stage:
        stage.table("flight").select(("query", ("203.0.113.11", 6881), b"\0\0z\x0b"))
        found = {(link.kind, link.value) for link in stage.screen.links()}
        assert {("lookup", 1), ("packet", 6), ("packet", 7), ("infohash", TARGET), ("node", THEIRS)} <= found
        assert ("address", ("203.0.113.11", 6881)) in found
        copied = dict(stage.screen.copy_forms())
        assert copied["infohash"] == TARGET.hex()
        assert "packet" not in copied
        await stage.press("tab")
        assert Link("packet", 5, "the query, packet 5") == stage.screen.links()[0]


async def test_the_lists_can_be_written_to_files() -> None:
    async with watching(busy(), events=happenings()) as stage:
        (_, name, content), (_, others, _) = stage.screen.exports()
        assert (name, others) == ("queries.tsv", "asked-of-us.tsv")
        lines = content().decode().splitlines()
        assert len(lines) == 1 + len(stage.table("flight").model.rows)
        assert len({line.count("\t") for line in lines}) == 1


async def test_a_paused_view_stands_still_and_tells_what_it_misses() -> None:
    async with watching(busy(), events=happenings()) as stage:
        await stage.press("space")
        before = [row.asked.packet.number for row in stage.table("asked").model.rows]
        flying = list(stage.table("flight").model.rows)
        stage.node.tell(asked(NOW + 1, Ping(THEIRS), b"n1"), *ended(20, NOW, "answered", NOW + 1))
        await stage.see(stage.node.view._replace(at=NOW + 1, queries=()))
        assert [row.asked.packet.number for row in stage.table("asked").model.rows] == before
        assert stage.table("flight").model.rows == flying
        assert "+3 new packets" in stage.text()
        await stage.press("space")
        assert len(stage.table("asked").model.rows) == len(before) + 1
        assert "new packets" not in stage.text()


async def test_the_newest_query_of_others_stays_selected_until_another_is_chosen() -> None:
    async with watching(busy(), events=incoming()) as stage:
        table = stage.table("asked")
        stage.node.tell(asked(NOW, Ping(THEIRS), b"n1"))
        await stage.settle()
        assert table.model.cursor == 0
        await stage.press("tab", "j")
        chosen = table.model.selected
        stage.node.tell(asked(NOW, Ping(THEIRS), b"n2"))
        await stage.settle()
        assert table.model.cursor == 2
        assert chosen is not None and table.model.selected is not None
        assert table.model.selected.asked == chosen.asked


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x45"])
async def test_nothing_hostile_gets_through(size: tuple[int, int]) -> None:
    evil = snapshots.HOSTILE
    addr = ("198.51.100.9", 6881)
    data = b"d1:ad2:id20:" + THEIRS + b"6:target20:" + TARGET + b"e1:q9:find_node1:t4:\x1b[2J1:v4:\x1b\r\n\x001:y1:qe"
    view = busy()._replace(queries=(query(1, evil, 0.2, evil), query(2, evil + "#1", 0.2, tid=evil.encode()[:8])))
    refusal = encode_error(b"\x1b[2J", 203, evil[:200], addr)
    events: list[Event] = [
        PacketReceived(NOW, addr, data, parse(data), evil),
        replied(NOW, {}, "find_node", b"\x1b[2J", addr)._replace(kind="error", data=refusal),
        QueryFinished(NOW, addr, b"x", evil, evil, QueryResult.ANSWERED, 0.1),
    ]
    async with watching(view, size, events) as stage:
        seen = [stage.text()]
        for keys in (["enter"], ["escape", "j", "enter"], ["escape", "tab", "enter"], ["escape", "tab", "x"]):
            await stage.press(*keys)
            seen.append(stage.text())
        seen += [*stage.toasts(), *(label for label, _ in stage.screen.copy_forms())]
        seen += [form for _, form in stage.screen.copy_forms()]
        seen += [content().decode().replace("\t", "") for _, _, content in stage.screen.exports()]
    for shown in seen:
        assert not {char for char in shown if char != "\n" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co")}


async def test_a_recording_tells_that_it_cannot_be_stopped() -> None:
    async with watching(busy()) as stage:
        stage.app.feed.connect(None)
        await stage.press("x")
        assert "This is a recording" in stage.toasts()[-1]


async def test_a_list_seen_again_while_frozen_stands_at_the_moment_of_freezing() -> None:
    def pings(at: float, count: int) -> list[Event]:
        return [asked(at, Ping(THEIRS), b"%d" % n, ("198.51.100.9", n + 1)) for n in range(count)]

    node = PaperNode(busy())
    async with exploring(node, LARGE, show="queries") as stage:
        await stage.press("1")
        node.tell(*pings(NOW - 1, 3))
        await stage.see(busy()._replace(uptime=1))
        await stage.press("space")
        node.tell(*pings(NOW + 1, 4))
        await stage.press("3")
        assert "asked of us, the last 3  +4 new packets" in stage.text()
        await stage.press("space")
        assert "asked of us, the last 7" in stage.text() and "new packets" not in stage.text()


def test_a_rush_is_painted_at_each_fifth_tick_and_calm_at_once() -> None:
    rush = UpdateThrottle()
    assert [rush.skips(RUSH + 1) for _ in range(7)] == [False, True, True, True, True, False, True]
    assert [rush.skips(came) for came in (1, 0, RUSH, RUSH + 1)] == [False, False, False, False]
