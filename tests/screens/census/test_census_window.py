"""The census in the explorer: its figures, and that it runs on while nobody looks; what strangers say is text."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any, cast

import pytest

from dhtui.actions.census import CensusReport, FamilyCensus
from dhtui.actions.run import Result
from dhtui.engine.census.walk import Tally
from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig
from dhtui.engine.testnet import Testnet
from dhtui.engine.wire.bloom import Count
from dhtui.errors import UsageError
from dhtui.screens.census.opening import read_census, usual_census
from dhtui.screens.census.run import CensusRun
from dhtui.screens.census.window import CensusWindow, figures, progress
from dhtui.screens.home.screen import HomeScreen
from dhtui.text.actions.results import Came, Said
from dhtui.text.spans import Line

from .. import snapshots
from ..hostile import RAW
from ..stage import FOUR, SMALL, PaperNode, exploring, matches_golden, resize

TALLY = Tally(
    blocks=12, visited=980, answered=512, nodes=500, sampling=210, sampled=4100, fitting=310, judged=480,
    surplus=7, unbelieved=2, clients=Counter({b"LT": 300, b"UT": 90, b"\x1b]": 60, b"": 50}),
    round_trips=Counter({-60: 100, -40: 200, -20: 150, 0: 10}),
)  # fmt: skip
ONE = FamilyCensus(
    tally=TALLY,
    planned=32,
    share=12 / 4096,
    nodes=Count(170_000.0, 155_000.0, 186_000.0),
    infohashes=Count(9_100_000.0, 7_000_000.0, 11_800_000.0),
    alone=False,
    visiting=41,
)
REPORT = CensusReport(families={"IPv4": ONE}, listed=None)


def under_way(report: CensusReport | None = REPORT) -> CensusRun:
    run = CensusRun(cast(Any, None), usual_census())
    if report is not None:
        run._know(lambda: report)
    return run


def texts(lines: list[Line]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


def test_progress_tells_how_far_it_is_and_how_it_ended() -> None:
    assert "lookups estimate how large the network is" in texts(progress(under_way(None)))[0]
    first, second = texts(progress(under_way()))
    assert "block 13 of 32: 41 nodes of it visited  x ends it" in first and second.endswith(" 38 %")
    run = under_way()
    run.stop()
    assert "ends with what was counted so far" in texts(progress(run))[0]
    run.result = Result(action="census", ok=True, said=Said(Came.CENSUS), census=REPORT, standing=cast(Any, None))
    assert texts(progress(run))[0] == "✓ 12 of 32 blocks walked, 0.293 % of the id space: 500 of 980 nodes answered"
    run.trouble = "\x1b[2Jgone"
    assert texts(progress(run))[0].startswith("✗ ") and texts(progress(run))[0].isprintable()


def test_figures_come_with_the_first_block_and_are_safe() -> None:
    begun = replace(REPORT, families={"IPv4": replace(ONE, tally=Tally())})
    assert texts(figures(under_way(None), 76)) == texts(figures(under_way(begun), 76))
    told = texts(figures(under_way(), 76))
    assert all(len(line) <= 76 for line in told)
    assert any(line.startswith("nodes       about 170000 (155000 to 186000") for line in told)
    assert any(line.startswith("infohashes  about 9100000") for line in told)
    for raw in RAW:
        evil = replace(TALLY, clients=Counter({raw[:2] if isinstance(raw, bytes) else b"": 5}))
        report = replace(REPORT, families={"IPv4": replace(ONE, tally=evil)})
        assert all(line.isprintable() for line in texts(figures(under_way(report), 76)))


def test_each_family_has_its_figures() -> None:
    six = replace(ONE, planned=8, visiting=1, tally=replace(TALLY, blocks=3))
    both = under_way(replace(REPORT, families={"IPv4": ONE, "IPv6": six}))
    assert "block 16 of 40: 42 nodes of it visited" in texts(progress(both))[0]
    told = texts(figures(both, 76))
    assert told[0] == "IPv4" and "IPv6" in told and sum(line.startswith("nodes  ") for line in told) == 2


def test_what_is_asked_for_is_bounded() -> None:
    assert read_census("500").nodes == 500 and read_census("500", "20").rate == 20.0
    for wrong in (("0",), ("x",), ("1000000",), ("10", "0"), ("10", "5000")):
        with pytest.raises(UsageError):
            read_census(*wrong)


async def test_a_failure_is_told_and_ends_it() -> None:
    run = under_way(None)
    await run.take()
    assert run.ended and run.trouble and run.result is None


@pytest.mark.slow
async def test_it_looks_as_kept() -> None:
    async with exploring(snapshots.running(), SMALL) as stage:
        shown = CensusWindow(under_way())
        await stage.app.push_screen(shown)
        for size in FOUR:
            await resize(stage, *size)
            shown.look()
            await stage.settle()
            await matches_golden(stage, f"census-{size[0]}x{size[1]}")


@pytest.mark.slow
async def test_it_is_begun_from_the_command_bar_and_goes_on_while_its_window_is_closed() -> None:
    async with Testnet(8) as net, Node(NodeConfig(listen=("127.0.0.1", 0), bootstrap=net.bootstrap)) as node:
        await node.bootstrapped()
        paper = PaperNode(snapshots.running())
        async with exploring(paper, show="table") as stage:
            feed: Any = stage.app.feed
            feed.source.commands = node
            await stage.press("colon", *"census 100 1000", "enter")
            await stage.until(lambda: isinstance(stage.app.screen, CensusWindow))
            run = cast(CensusWindow, stage.app.screen).run_shown
            await stage.press("escape")
            assert isinstance(stage.app.screen, HomeScreen)
            await stage.until(lambda: run.ended)
            assert not run.trouble and run.report is not None and run.report.families["IPv4"].tally.nodes == 8
            await stage.press("n")
            assert cast(CensusWindow, stage.app.screen).run_shown is run, "the last one is shown"
            await stage.until(lambda: "nodes       8, all of them" in stage.text())
            await stage.press("c")
            assert "the same on the command line: dhtui --do census" in stage.text()
