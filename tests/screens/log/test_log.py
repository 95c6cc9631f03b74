"""The log screen: counters by cause, what happened in words, and the packet behind a line."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Iterator

import pytest
from packets.samples import asked, got, replied, sent

from dhtui.engine.lookup.decisions import StopReason
from dhtui.engine.views.events import (
    AddressChanged,
    Banned,
    BootstrapProgress,
    Event,
    IdChanged,
    LookupFinished,
    LookupStarted,
    NodeAdded,
    NodeRemoved,
    QueryFinished,
    QueryResult,
    ReachabilityChanged,
    StateEvent,
    Stored,
)
from dhtui.engine.views.snapshot import ErrorView, Snapshot
from dhtui.engine.wire.krpc import AnnouncePeer, GetPeers, encode_response
from dhtui.packets.ring import PacketRing
from dhtui.screens.dialogs.popup import Popup
from dhtui.screens.log import log_lines
from dhtui.screens.log.columns import counter_lines, trouble_lines
from dhtui.screens.log.log_lines import ERRORS_KEPT, Log, LogLine, error_line, event_line, only, packet_of
from dhtui.screens.node.page import NodePage
from dhtui.sources.event_ring import PER_KIND, EventRing, Happened
from dhtui.sources.source import LiveSource
from dhtui.sources.trouble import TroubleHistory, causes
from dhtui.text.format import date_time, full_time
from dhtui.text.spans import width_of

from .. import snapshots
from ..snapshots import HOSTILE, OWN, TARGET
from ..stage import LARGE, SMALL, PaperNode, exploring, matches_goldens

NOW = 1000.0
THEM = ("203.0.113.9", 6881)
THEIRS = bytes.fromhex("2d7d" + "22" * 18)

HAPPENED: list[StateEvent] = [
    BootstrapProgress(NOW - 60, "asking 5 bootstrap hosts"),
    BootstrapProgress(NOW - 58, "25 nodes answered"),
    AddressChanged(NOW - 50, None, ("198.51.100.7", 6881), 4),
    IdChanged(NOW - 50, THEIRS, OWN, "to fit the external address (BEP 42)"),
    ReachabilityChanged(NOW - 40, True, "203.0.113.50 contacted us unasked"),
    NodeAdded(NOW - 30, THEIRS, THEM, 15),
    LookupStarted(NOW - 20, 3, "get_peers", TARGET, "user"),
    LookupFinished(NOW - 16, 3, "get_peers", TARGET, 37, 29, 8, StopReason.CLOSEST_ANSWERED),
    LookupFinished(NOW - 15, 4, "find_node", TARGET, 3, 0, 0, StopReason.NOBODY_ANSWERED),
    Stored(NOW - 12, "peer", TARGET, THEM),
    Stored(NOW - 11, "mutable", TARGET, THEM),
    Banned(NOW - 5, "203.0.113.66", NOW + 55, "by the user"),
    NodeRemoved(NOW - 1, THEIRS, THEM, "answered under another id"),
]
"""One of each kind, and more."""


@pytest.fixture(autouse=True)
def same_time_everywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clock on the wall does not depend on when and where the test runs."""
    monkeypatch.setattr(LiveSource, "wall", lambda self, at: at + 1_700_000_000)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class Paper:
    """What the log reads of a source."""

    def __init__(self, *events: Event) -> None:
        self.events, self.packets = EventRing(), PacketRing()
        self.shown = snapshots.running()._replace(errors=())
        self.tell(*events)

    def tell(self, *events: Event) -> None:
        for event in events:
            self.events.hear(event)
            self.packets.hear(event)

    def snapshot(self) -> Snapshot:
        return self.shown

    def wall(self, at: float) -> float:
        return at


def follow(log: Log, paper: Paper) -> list[str]:
    """The texts of the log."""
    return [line.text for line in log.follow(paper, paper.shown)]  # type: ignore[arg-type]


def errors(count: int, first: int = 0) -> tuple[ErrorView, ...]:
    """Newest first."""
    return tuple(ErrorView(NOW + n, "malformed", THEM, f"error {n}") for n in reversed(range(first, first + count)))


# ---- pure ----------------------------------------------------------------------------------------------


def test_the_ring_keeps_each_kind_apart_so_that_a_flood_of_one_spares_the_others() -> None:
    ring = EventRing()
    ring.hear(HAPPENED[2])
    for n in range(1000):
        ring.hear(Stored(NOW + n, "peer", TARGET, THEM))
    kept = [one.event for one in ring.latest()]
    assert len(kept) == PER_KIND + 1
    assert kept[-1] == HAPPENED[2]
    assert kept[0] == Stored(NOW + 999, "peer", TARGET, THEM)
    assert ring.newest == 1001


def test_the_ring_ignores_packets() -> None:
    ring = EventRing()
    for event in (sent(NOW, GetPeers(OWN, TARGET)), got(NOW, b"x"), asked(NOW, GetPeers(OWN, TARGET))):
        ring.hear(event)
    ring.hear(QueryFinished(NOW, THEM, b"aa", "ping", "ping", QueryResult.ANSWERED, 0.1))
    assert not ring.newest


def test_every_kind_of_event_is_told_in_words() -> None:
    told = {line.text: line for line in (event_line(Happened(1, event), NOW) for event in HAPPENED)}
    levels = {text: line.level for text, line in told.items()}
    assert levels["4 voters see us as 198.51.100.7:6881"] == "notable"
    assert levels["2d7c…6978 instead of 2d7d…2222, to fit the external address (BEP 42)"] == "notable"
    assert levels["2d7d…2222 entered the table, bucket 15"] == "detail"
    assert levels["find_node#4 4f1a…6978 ended: 0 of 3 answered; no node answered"] == "problem"
    assert levels["ignored for 1m: by the user"] == "notable", "it was the user's own wish"
    assert told["ignored for 1m: by the user"].where == "203.0.113.66"
    assert levels["a peer of 4f1a…6978 is kept here now"] == "detail"
    assert levels["the mutable item 4f1a…6978 is kept here now"] == "detail"


def test_lines_lead_to_the_things_in_them() -> None:
    links = {(link.kind, link.value) for event in HAPPENED for link in event_line(Happened(1, event), NOW).links}
    assert links == {
        ("node", THEIRS), ("node", OWN), ("address", THEM), ("lookup", 3), ("lookup", 4),
        ("infohash", TARGET), ("target", TARGET),
    }  # fmt: skip


def test_the_log_is_newest_first_and_the_very_same_while_nothing_happens() -> None:
    paper, log = Paper(*HAPPENED), Log()
    paper.shown = paper.shown._replace(errors=errors(2))
    texts = follow(log, paper)
    assert texts[:3] == ["error 1", "error 0", "2d7d…2222 left the table: answered under another id"]
    first = log.follow(paper, paper.shown)  # type: ignore[arg-type]
    assert log.follow(paper, paper.shown) is first  # type: ignore[arg-type]
    paper.tell(BootstrapProgress(NOW + 5, "x"))
    assert follow(log, paper)[0] == "x"


def test_errors_are_gathered_beyond_those_that_the_engine_keeps_and_are_bounded() -> None:
    paper, log = Paper(), Log()
    for start in range(0, 1000, 25):
        paper.shown = paper.shown._replace(errors=errors(50, start))
        follow(log, paper)
    texts = follow(log, paper)
    assert len(texts) == len(set(texts)) == ERRORS_KEPT
    assert texts[0] == "error 1024"


def test_another_source_starts_the_log_anew() -> None:
    log = Log()
    assert follow(log, Paper(*HAPPENED))
    assert follow(log, Paper()) == []


def test_timeouts_are_details_and_other_errors_problems() -> None:
    lines = [error_line(error, NOW) for error in snapshots.running().errors]
    assert [line.level for line in lines] == ["detail", "problem", "problem"]
    assert only(lines, "problem") == lines[1:]


def test_a_line_finds_the_packet_that_brought_it_about() -> None:
    addr = ("203.0.113.44", 6881)
    packets = PacketRing()
    for event in (
        sent(NOW, GetPeers(OWN, TARGET), b"aa", addr),
        asked(NOW + 1, AnnouncePeer(THEIRS, TARGET, 1, b"t"), b"qq", addr),
        replied(NOW + 1, {}, "announce_peer", b"qq", addr),
        got(NOW + 2, b"garbage", addr),
        QueryFinished(NOW + 4, addr, b"aa", "get_peers", "user", QueryResult.TIMED_OUT, None),
        sent(NOW + 4, GetPeers(OWN, TARGET), b"bb", addr),
        got(NOW + 5, encode_response(b"bb", {b"id": THEIRS}, addr), addr),
    ):
        packets.hear(event)

    def number(at: float, cause: str = "malformed", where: tuple[str, int] = addr) -> int | None:
        packet = packet_of(error_line(ErrorView(at, cause, where, ""), at), packets)
        return packet.number if packet else None

    stored = event_line(Happened(1, Stored(NOW + 1, "peer", TARGET, addr)), NOW)
    assert packet_of(stored, packets) is packets.get(2), "the announce, not our answer to it"
    assert number(NOW + 2) == 4
    assert number(NOW + 4, "timed out") == 1, "the query that met silence, not the one sent at that moment"
    assert number(NOW + 5) == 6
    assert number(NOW + 3) is None
    assert number(NOW + 2, where=("203.0.113.45", 6881)) is None
    assert packet_of(event_line(Happened(1, HAPPENED[0]), NOW), packets) is None


def test_causes_are_counted_the_most_frequent_first() -> None:
    assert causes(snapshots.running()._replace(muted=4)) == [
        ("silent", 92),
        ("rate limit", 12),
        ("muted now", 4),
        ("error replies", 3),
        ("malformed", 3),
        ("banned now", 1),
        ("not sent", 1),
    ]


@pytest.mark.parametrize(("width", "most", "lines"), [(80, 2, 2), (80, 1, 1), (160, 4, 1), (20, 2, 2), (0, 2, 2)])
def test_counters_fit_and_tell_how_many_are_left_out(width: int, most: int, lines: int) -> None:
    told = counter_lines(causes(snapshots.running()), width, most)
    assert len(told) == lines
    assert all(width_of(line) <= max(26, width) for line in told)
    text = "".join(part for line in told for part, _ in line)
    assert ("more causes" in text) is (max(1, width // 26) * most < 6)


def test_without_trouble_the_counters_say_so() -> None:
    assert "Nothing has gone wrong" in trouble_lines(snapshots.starting(), TroubleHistory(), 80, 2)[0][0][0]


def test_a_time_of_another_day_has_its_date() -> None:
    noon = 1_700_001_000.2049
    assert date_time(noon, noon + 60) == "22:30:00.204"
    assert date_time(noon, noon + 2 * 3600) == date_time(noon, noon + 86400) == "11-14 22:30"
    assert full_time(noon) == "2023-11-14 22:30:00.204 +0000"
    assert len(date_time(noon, 0.0)) <= 12


# ---- the screen ----------------------------------------------------------------------------------------


async def test_the_log_looks_as_kept() -> None:
    async with exploring(snapshots.running(), show="log") as stage:
        stage.node.tell(*HAPPENED)
        await stage.settle()
        await matches_goldens(stage, "log-running")


async def test_an_empty_log_tells_what_will_stand_there() -> None:
    async with exploring(snapshots.starting(), show="log") as stage:
        await matches_goldens(stage, "log-starting")


async def test_what_happened_before_the_screen_was_opened_is_there() -> None:
    async with exploring(snapshots.starting()) as stage:
        stage.node.tell(*HAPPENED)
        await stage.press("9")
        assert len(stage.table("lines").model.rows) == len(HAPPENED)


async def test_a_key_leaves_out_what_matters_less() -> None:
    async with exploring(snapshots.running(), show="log") as stage:
        stage.node.tell(*HAPPENED)
        await stage.settle()
        counts = []
        for _ in range(4):
            counts.append(len(stage.table("lines").model.rows))
            await stage.press("v")
        assert counts == [16, 10, 3, 16]


async def test_enter_goes_to_the_packet_and_says_if_it_is_gone() -> None:
    async with exploring(snapshots.running()._replace(errors=()), show="log") as stage:
        stage.node.tell(
            asked(NOW, AnnouncePeer(THEIRS, TARGET, 1, b"t"), b"qq", THEM),
            replied(NOW, {}, "announce_peer", b"qq", THEM),
            Stored(NOW, "peer", TARGET, THEM),
            Stored(NOW - 900, "peer", TARGET, THEM),
        )
        await stage.settle()
        first, *others = stage.screen.links()
        assert (first.kind, first.value) == ("packet", 1)
        assert [link.kind for link in others] == ["infohash", "address"]
        await stage.press("enter")
        assert not isinstance(stage.app.screen, Popup | NodePage)
        await stage.press("9", "j", "enter")
        assert isinstance(stage.app.screen, NodePage)
        assert "not among the last 5000" in stage.text()


async def test_a_paused_log_stands_still_and_tells_what_it_misses() -> None:
    async with exploring(snapshots.running(), show="log") as stage:
        stage.node.tell(*HAPPENED)
        await stage.settle()
        await stage.press("space")
        before = list(stage.table("lines").model.rows)
        stage.node.tell(*HAPPENED[:2])
        await stage.see(stage.node.view._replace(errors=(*errors(1), *stage.node.view.errors)))
        assert stage.table("lines").model.rows == before
        assert "+3 new" in stage.text()
        await stage.press("space")
        assert len(stage.table("lines").model.rows) == len(before) + 3
        assert " new" not in stage.text()


async def test_the_newest_line_stays_selected_until_another_is_chosen() -> None:
    async with exploring(snapshots.starting(), show="log") as stage:
        stage.node.tell(*HAPPENED)
        await stage.settle()
        model = stage.table("lines").model
        await stage.press("j")
        chosen = model.selected
        stage.node.tell(BootstrapProgress(NOW + 1, "later"))
        await stage.settle()
        assert model.selected == chosen and model.cursor == 2
        await stage.press("g")
        stage.node.tell(BootstrapProgress(NOW + 2, "last"))
        await stage.settle()
        assert model.cursor == 0


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x45"])
async def test_nothing_hostile_gets_through(size: tuple[int, int]) -> None:
    evil: list[StateEvent] = [
        BootstrapProgress(NOW, HOSTILE),
        NodeRemoved(NOW, THEIRS, (HOSTILE, 1), HOSTILE),
        LookupStarted(NOW, 1, HOSTILE, TARGET, HOSTILE),
        LookupFinished(NOW, 1, HOSTILE, TARGET, 1, 1, 1, StopReason.ALL_ANSWERED),
        Banned(NOW, HOSTILE, NOW + 9, HOSTILE),
        IdChanged(NOW, OWN, OWN, HOSTILE),
        ReachabilityChanged(NOW, False, HOSTILE),
    ]
    view = snapshots.hostile()._replace(drops={HOSTILE: 3})
    async with exploring(PaperNode(view), size, show="log") as stage:
        stage.node.tell(*evil)
        await stage.settle()
        seen = [stage.text()]
        for _ in evil:
            await stage.press("enter")
            seen.append(stage.text())
            await stage.press("escape", "j")
            seen += [form for _, form in stage.screen.copy_forms()]
            seen += [link.label for link in stage.screen.links()]
        seen += [content().decode().replace("\t", "") for _, _, content in stage.screen.exports()]
    for shown in seen:
        assert not {char for char in shown if char != "\n" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co")}


def test_the_log_makes_no_line_anew_when_another_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    paper, log = Paper(), Log()
    for n in range(PER_KIND):
        paper.tell(*(event._replace(at=NOW + n) for event in HAPPENED))
    follow(log, paper)
    made: list[Happened] = []

    def noted(one: Happened, unix: float) -> LogLine:
        made.append(one)
        return event_line(one, unix)

    monkeypatch.setattr(log_lines, "event_line", noted)
    paper.tell(HAPPENED[0])
    assert len(follow(log, paper)) > PER_KIND
    assert [one.event for one in made] == HAPPENED[:1]
