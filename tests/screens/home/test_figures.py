"""What screens say is so, now; a frozen view is frozen whole; and what is left out is said."""

from __future__ import annotations

import re

import pytest

from dhtui.bindings import registry
from dhtui.bindings.registry import VIEWS
from dhtui.engine.views.counters import PROBE
from dhtui.engine.views.snapshot import MethodCounts, RecentView, Snapshot, SwarmView
from dhtui.engine.wire.krpc import AnnouncePeer, FindNode, GetPeers, Response
from dhtui.packets.export import own_end
from dhtui.screens.home import charts as home_charts
from dhtui.screens.home import messages as home_messages
from dhtui.screens.home import panes as home_panes
from dhtui.screens.log.log_lines import Log
from dhtui.screens.peers import details as peers_details
from dhtui.screens.queries import columns as queries_columns
from dhtui.screens.table.columns import NodeRow
from dhtui.screens.table.details import node_details
from dhtui.sources.health import health
from dhtui.sources.source import LiveSource
from dhtui.text.format import reach
from dhtui.widgets.spark import level_line

from .. import snapshots
from ..log.test_log import Paper, errors
from ..stage import LARGE, SMALL, PaperNode, Stage, exploring
from ..test_states import joined, work
from ..wired import WiredNode
from .test_home import grown, texts

_MISSED = re.compile(r"(,|  )? ?[+-]\d+ new( packets| peers)?")


async def _walk(stage: Stage) -> dict[str, str]:
    """What stands on each screen, below the header and but for how much is missed."""
    seen = {}
    for view in VIEWS:
        if view.name == "keys":
            continue
        await stage.app.action_show(view.name)
        await stage.settle()
        await stage.settle()
        body = "\n".join(stage.lines()[1:])
        # The line around a title is as long as the title leaves it.
        seen[view.name] = re.sub(r"[─ ]+", " ", _MISSED.sub("", body))
    return seen


def _go_on(node: WiredNode) -> None:
    """All that changes figures: queries end, others ask and store, nodes come, time passes."""
    net, core = node.net, node._core
    strangers = [net.puppet() for _ in range(4)]
    for stranger in strangers:
        stranger.query(core, FindNode(stranger.id, snapshots.OWN))
        stranger.query(core, GetPeers(stranger.id, snapshots.OWN))
    net.run(1.0)
    given = strangers[0].replies[-1]
    assert isinstance(given, Response) and given.token is not None
    strangers[0].query(core, AnnouncePeer(strangers[0].id, snapshots.OWN, 51999, given.token))
    node.hears(b"noise", strangers[0].addr)
    net.run(20.0)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x45"])
@pytest.mark.parametrize("seen_before", [True, False], ids=["visited before", "first visits"])
async def test_a_frozen_view_is_frozen_whole(size: tuple[int, int], seen_before: bool) -> None:
    """No screen shows anything that happened since, also one that is visited only then; the frozen moment is one."""
    node = joined(40)
    await work(node)
    paper = PaperNode(node.snapshot())
    async with exploring(paper, size) as stage:
        stage.app.feed.connect(None)
        stage.app.feed.connect(LiveSource(node))
        await stage.settle()
        if seen_before:
            await _walk(stage)
            node.net.run(2.0)
            await stage.settle()
        await stage.press("space")
        if not seen_before:
            _go_on(node)
        frozen = await _walk(stage)
        _go_on(node)
        assert await _walk(stage) == frozen
        if not seen_before:
            assert "51999" not in frozen["peers"]
        await stage.press("space")
        assert await _walk(stage) != frozen


# ---- the present -----------------------------------------------------------------------------------------------


def test_the_last_column_of_a_chart_is_the_present_value() -> None:
    """Whatever was counted up to 10 s ago."""
    base = snapshots.running()
    view = base._replace(growth=tuple((base.at - 10.0 * n, 10) for n in reversed(range(1, 9))))
    rows = texts(home_charts.growth_lines(view, 40, 6))
    assert rows[0].startswith(f"{view.table.good} good nodes")
    assert rows[0].endswith(f"highest {view.table.good}")
    assert rows[1].endswith("▔") and rows[-1].endswith("now")


def test_a_line_is_drawn_on_a_scale_of_its_own_and_a_level_one_is_no_block() -> None:
    assert level_line([3, 4, 5], 1) == ["▁─▔"]
    rows = level_line([32] * 8, 4)
    assert sum(row.count(" ") for row in rows) == 24
    assert level_line([0, 10], 2) == [" ▔", "▁ "]


def test_the_charts_of_traffic_end_at_the_right_edge_which_is_now() -> None:
    rows = texts(home_panes.traffic_lines(grown(), 76, 16))
    assert all(len(row) == 76 for row in rows[:9])
    (axis,) = [row for row in rows if row.endswith("now")]
    assert axis.strip().startswith("5m ago") and len(axis) == 76


@pytest.mark.parametrize(
    ("recent", "words"),
    [
        (RecentView(), "good: 150 nodes answered in 15m, no query in 5m but to newcomers, reachable"),
        (None, "good: 150 nodes answered in 15m, reachable"),
        (RecentView(300.0, 41, 11, 2.0, 7), "good: 150 nodes answered in 15m, 41 of 52 queries in 5m, reachable"),
        (RecentView(300.0, 41, 11, 21.0, 8), "no answers: the last 8 queries got none, the last one came 21 s ago"),
        (RecentView(300.0, 0, 9, None, 9), "no answers: the last 9 queries got none"),
    ],
)
def test_health_tells_what_was_asked_lately_and_what_came_of_it(recent: RecentView | None, words: str) -> None:
    told = health(snapshots.running()._replace(recent=recent))
    assert told.text == words
    assert len(told.text) <= 78


def test_a_node_that_lost_all_nodes_is_not_said_to_have_some() -> None:
    gone = snapshots.running()._replace(table=snapshots.table(0), recent=RecentView(300.0, 0, 12, 40.0, 12))
    assert health(gone).text == "no nodes any more: the last 12 queries got none, the last one came 40 s ago"
    assert health(gone._replace(recent=None)).text == "no nodes any more"


def test_whether_strangers_reach_us_is_said_in_the_same_words_everywhere() -> None:
    unknown = snapshots.starting()
    words = reach(unknown.reachability.state)
    few = unknown._replace(table=snapshots.table(60))._replace(bootstrap=snapshots.running().bootstrap)
    said = [
        "".join(texts(home_panes.node_lines(unknown, 60, 12))),
        health(few).text,
    ]
    assert all(words in text for text in said), said


# ---- counts ----------------------------------------------------------------------------------------------------

_SOME = MethodCounts(1, 2, 3, 4, 5, 6, 7)


def test_every_message_has_a_row_on_home_and_on_queries() -> None:
    """Also queries of methods that we don't speak, however many there are, and our own probes."""
    methods = {**snapshots.running().methods, "other": _SOME, "vote": _SOME, PROBE: _SOME}
    rows = home_messages.method_rows(methods)
    columns = zip(*(counts for _, counts in rows), strict=True)
    every = zip(*methods.values(), strict=True)
    assert [sum(column) for column in columns] == [sum(column) for column in every]
    assert dict(rows)["other"] == MethodCounts(2, 4, 6, 8, 10, 12, 14)
    view = snapshots.running()._replace(methods=methods)
    for lines in (home_messages.message_lines(view), queries_columns.total_lines(view, 200)):
        told = "".join(texts(lines))
        assert "other" in told and "own probe" in told


@pytest.mark.parametrize("size", [SMALL, (120, 35), LARGE], ids=["80x24", "120x35", "160x45"])
async def test_queries_of_unknown_methods_are_seen_on_home(size: tuple[int, int]) -> None:
    view = snapshots.running()._replace(methods={**snapshots.running().methods, "other": _SOME, PROBE: _SOME})
    async with exploring(view, size) as stage:
        assert re.search(r"\bother +1 ", stage.text()) and re.search(r"\bown probe +1 ", stage.text())


async def test_home_has_the_charts_and_the_whole_id_at_120x35() -> None:
    async with exploring(grown(), (120, 35)) as stage:
        text = stage.text()
        assert snapshots.OWN.hex() in text
        for title in ("round trips", "table, the last hour", "traffic, "):
            assert title in text


# ---- what is left out ------------------------------------------------------------------------------------------


def test_the_log_says_how_much_it_leaves_out() -> None:
    log, paper = Log(), Paper()
    paper.shown = snapshots.running()._replace(errors=errors(50), noted=120)
    log.follow(paper, paper.shown)  # type: ignore[arg-type]
    assert log.left_out(paper.shown) == 70


async def test_the_log_says_so_in_its_title() -> None:
    view = snapshots.running()._replace(errors=errors(50), noted=120)
    async with exploring(view, LARGE, "log") as stage:
        assert "log, all lines, 70 more left out" in stage.text()


async def test_home_says_how_many_lookups_it_leaves_out() -> None:
    many = snapshots.running()
    many = many._replace(lookups=tuple(one._replace(number=one.number + 100) for one in many.lookups))
    async with exploring(many) as stage:
        assert "now: 4 lookups, 100 others left out" in stage.text()


def test_bootstrap_says_how_many_sources_it_leaves_out() -> None:
    lines = texts(home_panes.start_lines(snapshots.no_network(), 4))
    assert len(lines) == 4 and lines[-1] == "and 4 more sources"


# ---- sentences -------------------------------------------------------------------------------------------------


def test_a_swarm_says_that_we_are_close_only_where_we_are() -> None:
    view = snapshots.running()
    near = SwarmView(snapshots.OWN[:19] + b"\x00", (), 3, 60.0, 30.0)
    far = SwarmView(bytes(byte ^ 0xFF for byte in snapshots.OWN), (), 3, 60.0, 30.0)
    assert "among the 8 closest" in " ".join(texts(peers_details.swarm_details(near, view)))
    told = " ".join(texts(peers_details.swarm_details(far, view)))
    assert "among the 8 closest" not in told and "2^159.9 from our id" in told


def test_a_saved_node_is_not_said_to_be_first_met_now() -> None:
    node = snapshots.running().table.buckets[0].nodes[0]._replace(saved=True)
    (line,) = [text for text in texts(node_details(NodeRow(node, snapshots.OWN))) if text.startswith("first met")]
    assert line.endswith("in an earlier run")


def test_pcapng_names_our_end_of_the_packets() -> None:
    who = snapshots.running().identity
    assert own_end(who) == who.external
    assert own_end(who._replace(bound=("192.0.2.4", 7000))) == ("192.0.2.4", 7000)
    assert own_end(who._replace(external=None)) == who.bound


def test_texts_name_the_keys_that_are_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when they are others; and none on a testnet, where there is none to open."""
    monkeypatch.setitem(registry.KEYMAP, "testnet", "f7")
    assert "f7: a testnet" in health(snapshots.no_network()).remedy
    assert "testnet" not in health(snapshots.no_network(), on_testnet=True).remedy


def test_no_snapshot_of_older_recordings_lacks_a_field() -> None:
    """Fields that came later have defaults."""
    assert Snapshot._field_defaults.keys() >= {"recent", "noted"}
