"""What a card of the tour speaks of is lit, and the screen to go to is pointed to; on paper, so that it looks alike."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import pytest

from dhtui.bindings.registry import VIEWS
from dhtui.screens.tour.guide import Guide
from dhtui.screens.tour.light import LIT
from dhtui.screens.tour.plan import CARDS, Tour
from dhtui.screens.tour.plan.words import lines
from dhtui.text.spans import width_of
from dhtui.widgets.chrome import tabs_line

from ..snapshots import running
from ..stage import FOUR, GOLDENS, LARGE, SMALL, Stage, exploring, matches_golden, resize


@dataclass
class PaperNet:
    """A testnet in which nothing happens."""

    nodes: tuple[()] = ()
    stopped: tuple[()] = ()


async def begin(stage: Stage, card: int) -> Guide:
    """Begins the tour at a card, 0 for the first."""
    host: Any = stage.app.host
    host.net = PaperNet()
    guide = stage.app._guide()
    guide.tour = Tour(card)
    await stage.press("f2")
    return guide


async def lit(stage: Stage, guide: Guide) -> set[str]:
    guide.look()
    await stage.settle()
    return {f"{stage.screen.view.name}.{widget.id}" for widget in stage.screen.query(f".{LIT}")}


async def test_the_panes_are_lit_and_the_screen_to_go_to_is_pointed_to() -> None:
    async with exploring(running(), SMALL) as stage:
        guide = await begin(stage, 2)
        assert await lit(stage, guide) == set() and "▸2 Table" in stage.lines()[1]
        await stage.press("2")
        assert await lit(stage, guide) == {"table.buckets"} and "▸" not in stage.lines()[1]
        assert "═ 25 buckets" in stage.text()
        guide.tour.go_on()
        assert await lit(stage, guide) == {"table.nodes"}
        await stage.press("6")
        assert await lit(stage, guide) == set() and "▸2 Table" in stage.lines()[1]
        guide.tour.done = 1
        assert await lit(stage, guide) == set() and "▸" not in stage.lines()[1]
        guide.leave()
        await stage.press("2")
        assert await lit(stage, guide) == set()
        assert "═ 25 buckets" not in stage.text()


async def test_a_lit_screen_looks_as_kept() -> None:
    async with exploring(running(), SMALL) as stage:
        guide = await begin(stage, 0)
        await stage.press("2")
        for name, card in (("place", 0), ("buckets", 2)):
            guide.tour.at = card
            for size in FOUR:
                await resize(stage, *size)
                for _ in range(3):  # the card takes its place, then the panes beside it theirs
                    await lit(stage, guide)
                if size in (SMALL, LARGE):
                    assert stage.screen.has_class("-narrow" if size == SMALL else "-wide"), "it has 122 columns of 160"
                await matches_golden(stage, f"tour-{name}-{size[0]}x{size[1]}")
        await resize(stage, *LARGE)
        guide.leave()
        await stage.settle()
        assert stage.screen.has_class("-broad")


@pytest.mark.parametrize("width", [36, 78])
def test_cards_look_as_kept(width: int) -> None:
    """All cards, as the right edge and the foot of a screen have them."""
    told: list[str] = []
    for number, card in enumerate(CARDS):
        shown = lines(Tour(number), width, ("127.0.0.9", 6881), brief=width > 36)
        assert all(width_of(line) <= width for line in shown) and len(shown) <= (8 if width > 36 else 30)
        told += [f"{number + 1} {card.title}", *("".join(text for text, _ in line) for line in shown), ""]
    path = GOLDENS / f"tour-cards-{width}.txt"
    if os.environ.get("DHTUI_GOLDENS") == "write":
        path.write_text("\n".join(told))
    assert "\n".join(told) == path.read_text()


def test_what_is_lit_is_there() -> None:
    views = {view.name for view in VIEWS}
    for card in CARDS:
        for part in card.parts:
            assert part.lights and {each.partition(".")[0] for each in part.lights} <= views


@pytest.mark.parametrize("width", [60, 80, 160])
def test_an_arrow_takes_no_room(width: int) -> None:
    plain, pointed = tabs_line("home", width), tabs_line("home", width, "table")
    assert width_of(plain) == width_of(pointed)
    assert "▸2" in "".join(text for text, _ in pointed)
