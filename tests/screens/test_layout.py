"""What is where at which size: zoomed panes, columns that tell most, room for drawings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from textual import events
from textual.widget import Widget

from dhtui.bindings.registry import VIEWS
from dhtui.screens.queries.timeline import TITLE as TIMELINE
from dhtui.sources.replay import Replay
from dhtui.text.spans import width_of
from dhtui.widgets.drawing import Drawing
from dhtui.widgets.line_table import LineTable
from dhtui.widgets.table_model import lay_out

from .stage import LARGE, SMALL, Stage
from .test_recording_goldens import RECORDING, recorded

MIDDLE = (120, 35)
SIZES = [SMALL, MIDDLE, LARGE]
NAMES = [view.name for view in VIEWS]


@pytest.fixture(scope="module")
def replay() -> Replay:
    """The recording, read once."""
    return Replay.load(RECORDING)


def panes(stage: Stage) -> list[Widget]:
    """All that can have the focus."""
    return [pane for pane in stage.screen.query("*") if pane.focusable and pane.display]


def wheel_down(pane: Widget) -> events.MouseScrollDown:
    """The wheel is turned over a pane."""
    x, y = pane.region.center
    return events.MouseScrollDown(None, int(x), int(y), 0, 0, 0, False, False, False)


@pytest.mark.parametrize("name", NAMES)
async def test_a_zoomed_pane_has_all_the_room_and_it_is_said_how_to_return(replay: Replay, name: str) -> None:
    async with recorded(replay, name, SMALL) as stage:
        for size in SIZES:
            await stage.pilot.resize_terminal(*size)
            await stage.settle()
            before = [pane.region for pane in panes(stage)]
            stays = [pane for pane in stage.screen.query(".stays") if pane.display]
            for pane in panes(stage):
                pane.focus()
                await stage.press("z")
                assert stage.screen.maximized is pane
                assert (pane.region.x, pane.region.width) == (0, size[0]), pane
                above = 3 + len(stays)  # header, tabs, what is said of the zoom
                assert (pane.region.y, pane.region.bottom) == (above, size[1] - 1), pane
                lines = stage.lines()
                assert lines[0].startswith(" dhtui") and f" {stage.screen.view.title}]" in lines[1]
                assert "z shows the others again" in lines[above - 1]
                assert all(each.region.height == 1 and each.region.y < above for each in stays)
                await stage.press("z")
                assert stage.screen.maximized is None
            assert [pane.region for pane in panes(stage)] == before


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_zoomed_bytes_fill_the_width(replay: Replay, size: tuple[int, int]) -> None:
    async with recorded(replay, "packets", size) as stage:
        stage.screen.query_one("#hexed").focus()
        await stage.press("z")
        row = next(line for line in stage.lines() if line.lstrip("│ ").startswith("0000 "))
        assert len(row.rstrip("│ ")) > size[0] - 40
        await stage.press("escape")
        assert stage.screen.maximized is None


async def test_where_a_pane_is_zoomed_tab_zooms_the_next_one_and_a_filter_can_be_typed(replay: Replay) -> None:
    async with recorded(replay, "packets", MIDDLE) as stage:
        await stage.press("z")
        for name in ("parts", "hexed", "packets"):
            await stage.press("tab")
            assert stage.screen.maximized is stage.screen.query_one(f"#{name}")
        await stage.press("slash", "d", "h", "t", "escape")
        assert stage.screen.maximized is stage.screen.query_one("#packets") and stage.table("packets").has_focus


# ---- the drawings of a lookup ----------------------------------------------------------------------------------


async def test_the_drawings_of_a_lookup_come_first(replay: Replay) -> None:
    async with recorded(replay, "lookup", MIDDLE) as stage:
        for name in ("ladder", "waterfall"):
            assert stage.screen.query_one(f"#{name}").region.height == 16
        assert stage.table("lookups").region.width == MIDDLE[0]


def _queries(stage: Stage) -> list[int]:
    """The numbers of the queries that the waterfall shows."""
    lines = stage.screen.query_one("#waterfall", Drawing).lines[1:]
    texts = ("".join(text for text, _ in line) for line in lines)
    return [int(text[5:8]) for text in texts if text[5:8].strip().isdigit()]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_waterfall_has_the_focus_and_scrolls_by_keys_and_by_the_wheel(
    replay: Replay, size: tuple[int, int]
) -> None:
    async with recorded(replay, "lookup", size) as stage:
        stage.table("lookups").select(3)
        if size == SMALL:
            await stage.press("w")
        await stage.settle()
        waterfall = stage.screen.query_one("#waterfall", Drawing)
        whole = stage.screen.feed.lookup(3)
        assert whole is not None
        count = len(whole.steps)
        below = count - len(_queries(stage))
        assert f"↑0 ↓{below} tab" in stage.text()
        assert size == SMALL or f"{below} below: tab goes here, j ↓ scrolls" in stage.text()
        await stage.press(*["tab"] * (2 if size == SMALL else 3), "g")
        assert waterfall.has_focus
        before = _queries(stage)
        assert before[0] == 1
        await stage.press("j", "j")
        moved = _queries(stage)
        assert moved[:-2] == before[2:]
        await stage.press("k")
        stage.app.post_message(wheel_down(waterfall))
        await stage.settle()
        assert _queries(stage) == moved
        await stage.press("G")
        assert count not in before and count in _queries(stage) and f"↑{count - len(before)} ↓0 j/k" in stage.text()
        await stage.press("g")
        assert _queries(stage) == before
        await stage.press("z")
        assert len(_queries(stage)) > len(before)


async def test_going_to_another_node_shows_it_in_the_waterfall_again(replay: Replay) -> None:
    async with recorded(replay, "lookup", MIDDLE) as stage:
        stage.table("lookups").select(3)
        await stage.press("tab", "tab", "tab", "G", "shift+tab", "shift+tab")
        assert stage.table("nodes").has_focus
        await stage.press("j", "k")
        row = stage.table("nodes").model.selected
        marked = [line for line in stage.screen.query_one("#waterfall", Drawing).lines if line and line[0][0] == "▶"]
        assert row is not None and marked


async def test_every_drawing_can_be_reached_and_zoomed(replay: Replay) -> None:
    async with recorded(replay, "lookup", LARGE) as stage:
        seen = []
        for _ in range(5):
            seen.append(stage.app.focused.id if stage.app.focused else "")
            await stage.press("tab")
        assert seen == ["lookups", "nodes", "ladder", "waterfall", "lookups"]
        await stage.press("tab", "z")
        ladder = stage.screen.query_one("#ladder", Drawing)
        assert ladder.has_focus and len(ladder.lines) == ladder.size.height > 30


# ---- columns ---------------------------------------------------------------------------------------------------

KEY_COLUMNS: dict[str, dict[str, tuple[str, ...]]] = {
    "home": {"now": ("lookup", "target", "answers", "result", "when")},
    "table": {
        "buckets": ("depth", "prefix", "nodes", "✓", "?", "✗"),
        "nodes": ("id", "dist", "address", "client", "rtt", "seen"),
    },
    "queries": {
        "flight": ("age", TIMELINE, "method", "node"),
        "asked": ("age", "method", "from", "target", "we said"),
        "askers": ("who asks", "5 min", "all", "find", "peers", "get", "ping", "write", "wants"),
    },
    "lookup": {
        "lookups": ("#", "what", "target", "✓/sent", "time", "found"),
        "nodes": ("#", "hop", "dist", "node", "address", "rtt", "gave", "state"),
    },
    "packets": {"packets": ("time", "peer", "type", "len", "summary"), "parts": ("part and value",)},
    "items": {"items": ("kind", "target", "seq", "size", "expires", "key", "value")},
    "keys": {"keys": ("name", "state", "last put", "public key")},
    "peers": {
        "swarms": ("infohash", "peers"),
        "announces": ("infohash", "port", "stored", "ends"),
        "givers": ("node", "id", "dist", "rtt", "peers", "alone", "gave"),
        "named": ("peer", "named by", "nodes that named it"),
    },
    "log": {"lines": ("time", "cause", "what happened")},
}
"""What each list is for: the columns that no size from 80x24 on leaves out or cuts."""
MORE_WHERE_THERE_IS_ROOM: dict[tuple[str, str], tuple[str, ...]] = {
    ("queries", "flight"): ("how it goes",),
    ("lookup", "nodes"): ("tok",),
}
"""And from 120 columns on."""
TURNS = {
    ("lookup", "nodes"): (("enter",), ("shift+tab",)),
    ("peers", "named"): (("v",), ("v",)),
    ("queries", "askers"): (("v",), ("v", "v")),
}
"""What shows a list that takes turns with another one, and then that one again."""


def _column_faults(stage: Stage, name: str, table: LineTable[Any], titles: tuple[str, ...]) -> Iterator[str]:
    width = table.scrollable_content_region.width - 1
    columns, widths = table.model.columns, lay_out(table.model.columns, width)
    shown = [(column, given) for column, given in zip(columns, widths, strict=True) if given]
    if sum(given + 1 for _, given in shown) - 1 > width:
        yield f"{name} {stage.app.size}: {table.id} is cut at its right end"
    missing = set(titles) - {column.title for column, _ in shown}
    if missing:
        yield f"{name} {stage.app.size}: {table.id} has no {missing}"
    for row in table.model.rows:
        cells = [cell for cell, given in zip(table.model.cells(row), widths, strict=True) if given]
        for (column, given), cell in zip(shown, cells, strict=True):
            if column.title in titles and not column.grow and not column.middle and width_of(cell) > given:
                yield f"{name} {stage.app.size}: {table.id} cuts {cell} of {column.title}"


@pytest.mark.parametrize("name", NAMES)
async def test_the_columns_that_tell_most_are_there_and_not_cut_at_any_size(replay: Replay, name: str) -> None:
    async with recorded(replay, name, SMALL, replay.duration) as stage:
        for size in SIZES:
            await stage.pilot.resize_terminal(*size)
            await stage.settle()
            for pane, titles in KEY_COLUMNS[name].items():
                table = stage.table(pane)
                there, back = ((), ()) if table.region.width else TURNS[name, pane]
                await stage.press(*there)
                if size != SMALL:
                    titles += MORE_WHERE_THERE_IS_ROOM.get((name, pane), ())
                assert not list(_column_faults(stage, name, table, titles))
                await stage.press(*back)
