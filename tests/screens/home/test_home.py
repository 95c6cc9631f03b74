"""The home screen: whether the node works, and why not."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable

import pytest
from textual.geometry import Region
from textual.message import Message

from dhtui.engine.views.snapshot import BootstrapSource, BootstrapView, SizeView, Snapshot
from dhtui.packets.parts import Link
from dhtui.screens.base import ExplorerScreen
from dhtui.screens.dialogs.choice import Choice
from dhtui.screens.home.charts import bounds, error_lines, growth_lines, histogram, over_time, rtt_lines
from dhtui.screens.home.now import NOW_COLUMNS, now_links, now_rows
from dhtui.screens.home.panes import network_size, node_lines, traffic_lines
from dhtui.sources.health import health
from dhtui.text.spans import Line, width_of

from .. import snapshots
from ..stage import exploring, matches_goldens


@pytest.mark.parametrize("state", ["starting", "no_network", "running"])
async def test_home_looks_as_kept(state: str) -> None:
    async with exploring(snapshots.ALL[state]()) as stage:
        await matches_goldens(stage, f"home-{state}")


async def test_home_without_nodes_names_every_bootstrap_source_and_its_state() -> None:
    view = snapshots.no_network()
    async with exploring(view) as stage:
        text = stage.text()
    for source in view.bootstrap.sources:
        assert source.name in text
    assert text.count("unresolved") == 5
    assert "silent" in text
    assert "open a testnet" in text


async def test_home_with_nodes_shows_the_matrix_instead() -> None:
    async with exploring(snapshots.no_network()) as stage:
        assert "announce_peer" not in stage.text()
        await stage.see(snapshots.running())
        assert "announce_peer" in stage.text()
        assert "unresolved" not in stage.text()


async def test_home_repaints_nothing_while_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    async with exploring(snapshots.running()) as stage:
        asked_for: list[tuple[Region, ...]] = []
        for pane in stage.screen.query(".box"):
            monkeypatch.setattr(pane, "refresh", lambda *regions, **_: asked_for.append(regions))
        stage.screen.tick()
        assert not asked_for
        stage.node.view = stage.node.view._replace(banned=2)
        stage.screen.tick()
        assert len(asked_for) == 1
        assert len(asked_for[0]) == 1, "one line of one pane"


async def test_home_tells_how_many_are_muted_while_there_are_any() -> None:
    async with exploring(snapshots.running()) as stage:
        assert "muted" not in stage.text()
        await stage.see(snapshots.running()._replace(muted=3))
        assert "1 banned  3 muted" in stage.text()


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (("unresolved", "unresolved"), "bootstrap names don't resolve"),
        (("silent", "unresolved"), "none answers, UDP may be blocked"),
        (("blocked", "blocked"), "the blocklist holds all of them"),
    ],
)
def test_health_tells_the_cause_from_how_the_sources_behaved(states: tuple[str, ...], words: str) -> None:
    sources = tuple(BootstrapSource("h:1", state, "") for state in states)  # type: ignore[arg-type]
    told = health(snapshots.no_network()._replace(bootstrap=BootstrapView("failed", 1.0, sources, "no")))
    assert told.level == "bad"
    assert words in told.text
    assert "testnet" in told.remedy


def test_health_of_a_node_at_work_counts_nodes_and_tells_reachability() -> None:
    assert health(snapshots.running()).text == "good: 150 nodes answered in 15m, 41 of 52 queries in 5m, reachable"
    assert health(snapshots.starting()).text == "no nodes yet: asking dht.libtorrent.org:25401"
    assert health(snapshots.running(3)).level == "weak"


def test_health_fits_80_columns_without_nodes() -> None:
    told = health(snapshots.no_network())
    assert len(f" {told.glyph} {told.text}  {told.remedy}") <= 80


# ---- the panes, without a screen -------------------------------------------------------------------------------


def texts(lines: Iterable[Line]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


def grown(points: int = 360) -> Snapshot:
    """A node that has looked things up for a while."""
    base = snapshots.running()
    counts = tuple((base.at - 10.0 * n, 150 - n // 4) for n in reversed(range(points)))
    return base._replace(size=SizeView(8_412_000.0, 0.12, 17), growth=counts)


async def test_home_after_some_lookups_looks_as_kept() -> None:
    async with exploring(grown()) as stage:
        await matches_goldens(stage, "home-grown")


@pytest.mark.parametrize(
    ("estimate", "width", "words"),
    [
        (SizeView(8_412_000.0, 0.12, 17), 60, "~ 8.4 M ± 24 %, 95 % sure, from 17 lookups"),
        (SizeView(8_412_000.0, 0.12, 17), 29, "~ 8.4 M ± 24 %, 17 lookups"),
        (SizeView(64.2, 0.41, 1), 60, "~ 64 ± 88 %, 95 % sure, from 1 lookup"),
        (SizeView(12_345.0, 0.05, 64), 60, "~ 12 k ± 10 %, 95 % sure, from 64 lookups"),
        (SizeView(999_900.0, 0.05, 2), 60, "~ 1.0 M ± 10 %, 95 % sure, from 2 lookups"),
        (SizeView(None, 0.0, 0), 60, "not yet: it takes a lookup that finds 8 nodes"),
        (SizeView(None, 0.0, 0), 29, "? takes a lookup to 8 nodes"),
    ],
)
def test_the_size_of_the_network_is_told_with_its_uncertainty(estimate: SizeView, width: int, words: str) -> None:
    assert texts([network_size(estimate, width)]) == [words]


@pytest.mark.parametrize("height", range(1, 9))
def test_where_there_is_little_room_what_the_header_tells_is_left_out_first(height: int) -> None:
    labels = [text[:10].strip() for text in texts(node_lines(grown(), 39, height))]
    assert {"id", "external", "network", "reachable"} <= set(labels)
    if height < 8:
        assert "bound" not in labels
    assert len(labels) <= max(height, 5)


def test_why_we_are_reachable_is_told_in_full_on_80_columns() -> None:
    lines = texts(node_lines(grown(), 39, 6))
    place = next(n for n, line in enumerate(lines) if line.startswith("reachable"))
    told = f"{lines[place][10:]} {lines[place + 1].strip()}"
    assert told == "● yes: 203.0.113.50 contacted us unasked"


def test_the_histogram_counts_every_round_trip_once() -> None:
    values = [0.0000001, 0.011, 0.02, 0.02, 0.3, 7.0]
    low, high = bounds(values)
    assert low == pytest.approx(0.0001)
    assert high == 10.0
    assert sum(histogram(values, low, high, 37)) == len(values)
    assert bounds([0.021, 0.4]) == pytest.approx((0.02, 0.5))
    assert bounds([0.0, 0.0])[0] < bounds([0.0, 0.0])[1]


@pytest.mark.parametrize("rtt", [0.0, 1e-9, 1e9])
def test_the_histogram_takes_any_value(rtt: float) -> None:
    view = grown().rtt._replace(recent=(rtt,))
    lines = rtt_lines(view, 49, 6)
    assert all(width_of(line) <= 49 for line in lines)


def test_growth_is_drawn_over_time_not_over_samples() -> None:
    assert over_time(((0.0, 10), (10.0, 20), (100.0, 90)), 11) == (10, 20, *[20] * 8, 90)
    assert over_time(((5.0, 3), (5.0, 4)), 3) == (4, 4, 4)
    lines = texts(growth_lines(grown(), 49, 6))
    assert lines[0].startswith("150 good nodes")
    assert lines[0].endswith("lowest 61, highest 150")
    assert lines[-1].startswith("59m ago")
    assert len(lines) == 6


def test_errors_are_grouped_by_cause_with_their_totals() -> None:
    lines = texts(error_lines(grown(), 8))
    assert [line.split("  ")[0] for line in lines] == ["silent", "error", "malformed", "rate limit"]
    assert [line[18:24].strip() for line in lines] == ["92", "3", "3", "12"]
    assert "203.0.113.1:6881" in lines[1]
    assert texts(error_lines(snapshots.starting(), 8)) == ["Nothing went wrong so far."]


def test_more_causes_than_lines_are_counted() -> None:
    many = grown()._replace(drops={f"cause {n}": n + 1 for n in range(20)})
    lines = texts(error_lines(many, 6))
    assert len(lines) == 6
    assert lines[-1] == "and 18 more causes; 9 lists all"


def test_no_line_of_home_holds_what_a_terminal_obeys() -> None:
    evil = snapshots.hostile()._replace(drops={snapshots.HOSTILE: 3})
    lookups = now_rows(evil.lookups, evil.at)
    rows = [column.cell(row) for row in lookups for column in NOW_COLUMNS]
    labels: list[Line] = [((link.label, "plain"),) for row in lookups for link in now_links(row)]
    lines = [*node_lines(evil, 60, 9), *error_lines(evil, 9), *traffic_lines(evil, 33, 6), *rows, *labels]
    assert not {c for text in texts(lines) for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co")}


# ---- lookups, links, copies ------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["enter", "o"])
async def test_a_lookup_leads_to_its_screen(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    followed: list[Link] = []

    def spied(post: Callable[[Message], bool]) -> Callable[[Message], bool]:
        def spy(message: Message) -> bool:
            if isinstance(message, ExplorerScreen.Followed):
                followed.append(message.link)
                return True
            return post(message)

        return spy

    async with exploring(snapshots.running()) as stage:
        for pump in (stage.screen, stage.app):
            monkeypatch.setattr(pump, "post_message", spied(pump.post_message))
        await stage.pilot.press("j", key)
        if key == "o":
            await stage.until(lambda: isinstance(stage.app.screen, Choice))
            await stage.pilot.press("1")
        await stage.settle()
    assert [(link.kind, link.value) for link in followed] == [("lookup", 2)]


async def test_home_copies_id_and_addresses() -> None:
    async with exploring(snapshots.running()) as stage:
        forms = dict(stage.screen.copy_forms())
        assert forms["our id"] == snapshots.OWN.hex()
        assert forms["our external address"] == "198.51.100.7:6881"
        assert forms["our bound address"] == "0.0.0.0:6881"
        assert forms["the lookup's target"] == snapshots.TARGET.hex()
        assert [link.kind for link in stage.screen.links()] == ["lookup", "infohash"]
        ((_, name, content),) = stage.screen.exports()
        assert name == "lookups.tsv"
        assert content().count(b"\n") == 5


async def test_home_before_anything_has_only_addresses_to_copy() -> None:
    async with exploring(snapshots.starting()) as stage:
        assert [label for label, _ in stage.screen.copy_forms()] == ["our id", "our bound address"]
        assert not stage.screen.exports()
        assert not stage.screen.links()
