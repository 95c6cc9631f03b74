"""Slow motion on the screen, the query that cost most, and the drawings of two lookups."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lookups.samples import detail, step

from dhtui.screens.lookup.course import CourseScreen
from dhtui.widgets.drawing import Drawing

from .. import snapshots
from ..stage import LARGE, SMALL, Stage, exploring, matches_goldens
from .test_lookup_screen import add, busy, pane, screen_of, selected


class Clock:
    """Time as the test says."""

    def __init__(self) -> None:
        self.now = 0.0

    async def go(self, stage: Stage, seconds: float) -> None:
        """Lets so many seconds pass, and the next picture be drawn."""
        self.now += seconds
        screen_of(stage).advance()
        await stage.settle()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """What slow motion goes by."""
    one = Clock()
    monkeypatch.setattr(CourseScreen, "clock", staticmethod(lambda: one.now))
    yield one


async def test_slow_motion_looks_as_kept(clock: Clock) -> None:
    async with exploring(busy(), show="lookup") as stage:
        await stage.press("j", "P")
        await clock.go(stage, 4.2)
        await matches_goldens(stage, "lookup-motion")


async def test_a_finished_lookup_is_played_stopped_and_left(clock: Clock) -> None:
    async with exploring(busy(), show="lookup") as stage:
        await stage.press("j", "P")
        assert "slow motion at 1/20: ▶ 0 ms of 1.38 s" in stage.text()
        await clock.go(stage, 2.0)
        assert "▶ 100 ms of 1.38 s" in stage.text() and "◀ at 100 ms ▶" in pane(stage, "state")
        assert "○" in pane(stage, "space")
        await stage.press("P")
        await clock.go(stage, 10.0)
        assert "‖ 100 ms" in stage.text()
        await stage.press("P", "f")
        await clock.go(stage, 2.0)
        assert "at 1/10: ▶ 300 ms" in stage.text()
        await stage.press("d", "d")
        await clock.go(stage, 1.0)
        assert "at 1/50: ▶ 320 ms" in stage.text()
        await stage.press("escape")
        assert "slow motion" not in stage.text() and "ended at 1.38 s" in pane(stage, "state")
        assert "ladder: " in stage.text() and stage.table("lookups").display


async def test_it_ends_where_the_lookup_did_and_begins_anew(clock: Clock) -> None:
    async with exploring(busy(), show="lookup") as stage:
        await stage.press("j", "P")
        await clock.go(stage, 1000.0)
        assert "■ 1.38 s of 1.38 s" in stage.text() and "ended at" in pane(stage, "state")
        await stage.press("P")
        assert "▶ 0 ms of 1.38 s" in stage.text()


async def test_a_live_lookup_is_played_on_its_own_course(clock: Clock) -> None:
    node = busy()
    async with exploring(node, show="lookup") as stage:
        await stage.press("P")
        await clock.go(stage, 4.0)
        assert "▶ 200 ms of 400 ms" in stage.text()
        first = step(1, 158, 0.0, 0.09)
        add(node, detail([first, step(3, 148, 0.1, 0.55)], 0.6, number=4, kind="find_node"))
        await stage.settle()
        await clock.go(stage, 0.0)
        assert "▶ 200 ms of 600 ms" in stage.text(), "what is over goes on being played"


async def test_one_steps_while_it_stands_and_it_begins_where_one_was(clock: Clock) -> None:
    async with exploring(busy(), show="lookup") as stage:
        await stage.press("j", *["shift+left"] * 5, "right", "P")
        assert "▶ 34 ms" in stage.text()
        await stage.press("P", "right")
        assert "‖ 69 ms" in stage.text()
        await stage.press("plus")
        assert stage.toasts() == [], "the strip of ids can be zoomed"


async def test_another_lookup_ends_it(clock: Clock) -> None:
    async with exploring(busy(), LARGE, show="lookup") as stage:
        await stage.press("j", "P")
        await clock.go(stage, 2.0)
        await stage.press("j")
        assert selected(stage) == 2
        assert "slow motion" not in stage.text() and "ended at 1.72 s" in pane(stage, "state")


async def test_both_of_two_lookups_go_on_one_axis(clock: Clock) -> None:
    async with exploring(busy(), LARGE, show="lookup") as stage:
        await stage.press("j", "m", "j", "P")
        await clock.go(stage, 8.0)
        assert "lookup 3: ladder" in stage.text() and "lookup 2: ladder" in stage.text()
        assert pane(stage, "ladder").count("┆") and pane(stage, "other").count("┆")
        await stage.press("escape")
        assert "lookup 3: ladder" in stage.text(), "esc ends one thing at a time"
        await stage.press("escape")
        assert "lookup 3: ladder" not in stage.text()


async def test_a_screen_that_is_not_seen_stands_still(clock: Clock) -> None:
    async with exploring(busy(), show="lookup") as stage:
        await stage.press("j", "P")
        screen = screen_of(stage)
        await stage.press("5")
        clock.now += 100.0
        screen._next_frame()
        await stage.press("4")
        screen.advance()
        await stage.settle()
        assert "▶ 0 ms of 1.38 s" in stage.text()


async def test_without_a_lookup_nothing_is_played() -> None:
    async with exploring(snapshots.running()._replace(lookups=()), show="lookup") as stage:
        await stage.press("P", "f", "y")
        assert stage.toasts() == [
            "There is no lookup to play.",
            "Nothing is played: P plays the lookup in slow motion.",
            "There is no query that held a lookup up.",
        ]


async def test_a_window_without_a_picture_says_so() -> None:
    async with exploring(busy(), (50, 14), show="lookup") as stage:
        await stage.press("j", "P")
        assert stage.toasts() == ["The window is too small for slow motion."]
        assert stage.table("lookups").display


# ---- why it was slow ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x45"])
async def test_a_key_goes_to_the_query_that_cost_most(size: tuple[int, int]) -> None:
    async with exploring(busy(), size, show="lookup") as stage:
        await stage.press("j")
        assert "#33" in pane(stage, "time")
        await stage.press("y")
        assert stage.table("nodes").has_focus
        row = stage.table("nodes").model.selected
        assert row is not None and row.node.addr == ("203.0.113.27", 6881)
        (marked,) = [line for line in pane(stage, "waterfall").splitlines() if line.startswith("▶")]
        assert " 33 " in marked
        await stage.press("y")
        again = stage.table("nodes").model.selected
        assert again is not None and again.node.addr != row.node.addr
        assert "▶" in pane(stage, "waterfall")


@pytest.mark.parametrize("size", [SMALL, (120, 35), LARGE, (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_bar_and_its_sentence_are_whole_at_every_size(size: tuple[int, int]) -> None:
    async with exploring(busy(), size, show="lookup") as stage:
        await stage.press("j")
        bar = pane(stage, "time")
        assert len(bar) <= size[0] and "\n" not in bar and bar in stage.text()
        assert "▓" in bar and "░" in bar and "308 " in bar
        *_, last = pane(stage, "verdict").splitlines()
        assert last.endswith("answer.")
        assert last in stage.text()


# ---- the tree, and two of them --------------------------------------------------------------------------------


async def test_the_tree_looks_as_kept() -> None:
    async with exploring(busy(), show="lookup") as stage:
        await stage.press("j", "w", "w")
        assert "tree: who named whom" in stage.text()
        await matches_goldens(stage, "lookup-tree")


async def test_the_tree_is_scrolled_where_it_has_the_focus() -> None:
    async with exploring(busy(), LARGE, show="lookup") as stage:
        await stage.press("j", "w", "w", "w")
        tree = stage.screen.query_one("#tree", Drawing)
        tree.focus()
        before = pane(stage, "tree").splitlines()
        await stage.press("end")
        assert pane(stage, "tree").splitlines()[0] != before[0]
        assert "5 above: " in str(tree.border_subtitle)
        await stage.press("home")
        assert pane(stage, "tree").splitlines()[0].startswith(" us ")


@pytest.mark.parametrize("size", [SMALL, (120, 35), LARGE], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("presses", [0, 1, 2], ids=["ladder", "waterfall", "tree"])
async def test_the_same_is_drawn_of_both(size: tuple[int, int], presses: int) -> None:
    async with exploring(busy(), size, show="lookup") as stage:
        await stage.press("j", "m", "j", *["w"] * presses)
        kind = ("ladder", "waterfall", "tree")[presses]
        assert f"lookup 3: {kind}" in stage.text() and f"lookup 2: {kind}" in stage.text()
        assert pane(stage, kind) and pane(stage, "other")
        assert "≠ Closest 8: 5 in common; only in 3: " in stage.text()
        assert "✗ Lookup 2 did worse than 3: time +25 %" in stage.text()
        bars = pane(stage, "time").splitlines()
        assert [bar.split()[:2] for bar in bars] == [["3", "1378"], ["2", "1720"]]
        if presses:
            other = stage.screen.query_one("#other", Drawing)
            other.focus()
            await stage.press("end")
            assert " below" not in str(other.border_title) + str(other.border_subtitle)
            assert pane(stage, "other") and pane(stage, kind)
