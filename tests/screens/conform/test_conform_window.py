"""The window that tests a node: what each case came to, and all about one of them; what strangers sent is text."""

from __future__ import annotations

import asyncio

import pytest

from dhtui.conform.catalogue import CASES
from dhtui.conform.choice import chosen
from dhtui.conform.outcomes import Outcome, Why
from dhtui.conform.session import Result, Session, Terms
from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig, Settings
from dhtui.engine.wire.compact import Addr
from dhtui.screens.conform import window
from dhtui.screens.conform.rows import Row, copy_forms, details
from dhtui.screens.conform.window import ConformWindow
from dhtui.screens.node.page import NodePage

from .. import snapshots
from ..hostile import RAW
from ..stage import Stage, exploring, matches_goldens

THEM: Addr = ("203.0.113.9", 6881)
SOME = chosen(CASES, "5.04,5.12,5.29,5.32,5.35,5.53,44.05,H.01")
TOLD = {
    "5.04": Result(SOME[0], Outcome.PASS),
    "5.12": Result(SOME[1], Outcome.NON_STRICT, "an error 204 to an unknown method", "silence", sent=bytes(range(120))),
    "5.32": Result(
        SOME[3], Outcome.FAIL, "an error 203", "a reply", sent=b"d1:q9:find_nodee", received=(b"d1:rde1:y1:re",)
    ),
    "5.35": Result(SOME[4], Outcome.SKIPPED, why=Why.PUBLIC),
    "5.53": Result(SOME[5], Outcome.INCONCLUSIVE, actual="it did not answer the control ping either"),
    "44.05": Result(SOME[6], Outcome.UNSUPPORTED, actual="get meets error 204"),
}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes of a run, without any packet."""

    async def carry_out(session: Session, sockets: object, stop: asyncio.Event) -> None:
        session.reached = True
        session.results += [TOLD[case.id] for case in session.cases if case.id in TOLD]

    monkeypatch.setattr(window, "carry_out", carry_out)


async def opened(stage: Stage) -> ConformWindow:
    shown = ConformWindow((("127.0.0.9", 6881),), SOME)
    await stage.app.push_screen(shown)
    await stage.settle()
    shown.look()
    await stage.settle()
    return shown


@pytest.mark.usefixtures("told")
async def test_the_cases_are_listed_with_what_they_came_to() -> None:
    async with exploring(snapshots.running()) as stage:
        await opened(stage)
        await matches_goldens(stage, "conform")
        text = stage.text()
        assert "2 to go; 1 pass, 1 fail, 1 non-strict" in text and "8 cases for 127.0.0.9:6881" in text
        await stage.press("down", "down", "down", "enter")
        await matches_goldens(stage, "conform-case")
        assert "Expected: an error 203" in stage.text() and "find_node" in stage.text()
        await stage.press("escape", "escape")
        assert not isinstance(stage.app.screen, ConformWindow)


async def test_a_node_is_tested_from_the_command_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "terms_for", lambda addr: Terms(1000.0, 20.0, own=True))
    async with Node(NodeConfig(listen=("127.0.0.1", 0), settings=Settings(read_only=False))) as node:
        ip, port = node.address
        async with exploring(snapshots.running()) as stage:
            await stage.press("colon", *f"conform {ip}:{port} 5.29,5.39", "enter")
            await stage.until(lambda: isinstance(stage.app.screen, ConformWindow))
            await stage.until(lambda: "2 pass" in stage.text())
            await stage.press("escape")
            assert not isinstance(stage.app.screen, ConformWindow)


@pytest.mark.usefixtures("told")
async def test_the_page_of_a_node_leads_to_it() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        await stage.press("tab", "enter")
        assert isinstance(stage.app.screen, NodePage)
        await stage.press("T")
        await stage.until(lambda: isinstance(stage.app.screen, ConformWindow))
        assert f"{len(CASES)} cases for 203.0.0.1:6881" in stage.text()


async def test_closing_it_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = asyncio.Event()

    async def carry_out(session: Session, sockets: object, stop: asyncio.Event) -> None:
        await stop.wait()
        stopped.set()

    monkeypatch.setattr(window, "carry_out", carry_out)
    async with exploring(snapshots.running()) as stage:
        await stage.app.push_screen(ConformWindow((("127.0.0.9", 6881),), SOME))
        await stage.until(lambda: isinstance(stage.app.screen, ConformWindow))
        stage.app.screen.action_close()  # type: ignore[attr-defined]
        await stage.until(stopped.is_set)


@pytest.mark.parametrize("line", ["conform", "conform x", "conform 127.0.0.1:6881 99"])
async def test_what_makes_no_sense_is_said_in_the_bar(line: str) -> None:
    async with exploring(snapshots.running()) as stage:
        await stage.press("colon", *line, "enter")
        await stage.settle()
        assert not isinstance(stage.app.screen, ConformWindow)


@pytest.mark.parametrize("raw", RAW)
def test_hostile_bytes_are_harmless_lines(raw: bytes) -> None:
    text = raw.decode("utf-8", "surrogateescape")
    result = Result(SOME[0], Outcome.FAIL, text, text * 50, sent=raw * 9, received=(raw, raw * 200))
    row = Row(SOME[0], result)
    for line in details(row):
        assert all(part.isprintable() for part, _ in line), line
    assert all(form.isprintable() for _, form in copy_forms(row))
