"""Who sits on the target of a lookup: the window tells what `--do sybil_check` finds."""

from __future__ import annotations

from typing import Any, cast

import pytest

from dhtui.actions.run import Result
from dhtui.engine.diagnosis.findings import Check, Finding, Verdict
from dhtui.engine.node import Node
from dhtui.engine.outcome import Outcome
from dhtui.engine.settings import NodeConfig
from dhtui.engine.testnet import Testnet
from dhtui.screens.lookup.around import AroundWindow, said, signs
from dhtui.text.actions.results import Came, Said
from dhtui.text.spans import Line

from .. import snapshots
from ..hostile import RAW
from ..stage import SMALL, PaperNode, exploring, matches_goldens

TARGET = bytes(range(20))
FINDINGS = (
    Finding(Check.DENSITY, Verdict.CROWDED, p_value=1e-7, false_alarm_rate=0.001),
    Finding(Check.BEP42, Verdict.BEP42_USUAL, false_alarm_rate=0.059),
    Finding(Check.SUBNETS, Verdict.SUBNETS_SHARED, false_alarm_rate=0.059),
    Finding(Check.TWINS, Verdict.TWINS_UNKNOWN),
)
FOUND = Result(
    action="sybil_check",
    ok=False,
    said=Said(Came.DENSITY, Outcome(action="find_node", target=TARGET, asked=())),
    findings=FINDINGS,
    standing=cast(Any, None),
)


class Nobody:
    """A node of which nothing comes back."""

    async def bootstrapped(self) -> None:
        raise RuntimeError("\x1b[2Jgone")


def texts(lines: list[Line]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


def test_each_sign_is_told_with_what_it_means() -> None:
    told = texts(signs(FOUND, 76))
    assert all(len(line) <= 76 and line.isprintable() for line in told)
    assert [line[0] for line in told if not line.startswith(" ")] == ["✗", "✓", "!", "?"]
    assert "crowded (p" in told[0] and told[1].startswith("    ")
    assert signs(None, 76) == []


def test_what_it_came_to_is_told() -> None:
    assert texts(said(FOUND, "", 76))[0].startswith("✗ ")
    assert texts(said(None, "", 76)) == ["… 16 other lookups to compare with"]
    for raw in RAW:
        assert all(line.isprintable() for line in texts(said(None, str(raw), 76)))


@pytest.mark.slow
async def test_it_looks_as_kept() -> None:
    async with exploring(snapshots.running(), SMALL, show="lookup") as stage:
        shown = AroundWindow(cast(Any, Nobody()), TARGET)
        await stage.app.push_screen(shown)
        await stage.until(lambda: "gone" in stage.text())
        assert "\x1b" not in stage.text()
        shown.result, shown._trouble = FOUND, ""
        shown.look()
        await matches_goldens(stage, "lookup-around")


@pytest.mark.slow
async def test_a_key_on_lookup_finds_out_who_sits_there() -> None:
    async with Testnet(8) as net, Node(NodeConfig(listen=("127.0.0.1", 0), bootstrap=net.bootstrap)) as node:
        await node.bootstrapped()
        async with exploring(PaperNode(snapshots.running()), show="lookup") as stage:
            feed: Any = stage.app.feed
            feed.source.commands = node
            await stage.press("A")
            await stage.until(lambda: isinstance(stage.app.screen, AroundWindow))
            window = cast(AroundWindow, stage.app.screen)
            await stage.until(lambda: window.result is not None and bool(window.result.findings))
            await stage.until(lambda: "density" in stage.text())
            await stage.press("c")
            assert "dhtui --do sybil_check --target" in stage.text()
