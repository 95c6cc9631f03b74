"""Every screen in the states that no test of its own shows, and the windows of each: as kept, in four sizes.

One explorer serves all that can be seen in a state.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from support.captures import ME, START, lookup, node_at, packet, pcap

from dhtui.app import Explorer
from dhtui.bindings.registry import VIEWS
from dhtui.engine.views.snapshot import Snapshot
from dhtui.runtime.host import Nodes
from dhtui.sources.source import LiveSource

from .. import snapshots
from ..dual import dual
from ..log.test_log import HAPPENED
from ..packets.test_packets_screen import at_work, tell, traffic
from ..peers.test_peers import peers
from ..queries.test_queries import busy, happenings, watching
from ..stage import SMALL, PaperNode, Stage, exploring, matches_goldens
from ..test_captures import opened
from ..test_states import never
from ..walk import drain, tap

VIEW_NAMES = tuple(view.name for view in VIEWS)


@pytest.fixture(autouse=True)
def same_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times of day must not depend on when the tests run."""
    monkeypatch.setattr(LiveSource, "wall", lambda self, at: 1_700_000_000.0 + at)


async def keeps_screens(stage: Stage, state: str, names: tuple[str, ...] = VIEW_NAMES) -> None:
    """These screens look as kept, in a state."""
    for name in names:
        await stage.app.action_show(name)
        await stage.settle()
        stage.app.clear_notifications()
        await stage.settle()
        await matches_goldens(stage, f"{name}-{state}")


# ---- states --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "view", "names"),
    [
        ("starting", snapshots.starting(), ("table", "queries", "packets", "items", "keys")),
        ("no_network", snapshots.no_network(), ("lookup", "peers", "log")),
        ("two-families", dual(), VIEW_NAMES),
        ("hostile", snapshots.hostile(), ("home", "table", "lookup", "log")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_screens_look_as_kept(
    state: str, view: Snapshot, names: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with exploring(view, keys_folder=Path("keys")) as stage:
        await keeps_screens(stage, state, names)


async def test_without_a_node_screens_look_as_kept(tmp_path: Path) -> None:
    async with explored(Nodes(never, keys_folder=tmp_path)) as stage:
        for key, name in (("1", "home"), ("2", "table")):
            await tap(stage, key)
            await matches_goldens(stage, f"{name}-no-node")


async def test_another_process_node_looks_as_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paper = PaperNode(snapshots.running())
    paper.gone = asyncio.Event()  # type: ignore[attr-defined]  # which only a node of another process has
    async with exploring(paper, keys_folder=Path("keys"), attached=True) as stage:
        await keeps_screens(stage, "attached", ("home", "table"))


async def test_a_node_that_gives_no_account_looks_as_kept() -> None:
    paper = PaperNode(snapshots.running())
    async with exploring(paper) as stage:
        paper.snapshot = _fails  # type: ignore[method-assign]
        await stage.settle()
        await matches_goldens(stage, "home-broken")


async def test_a_frozen_view_looks_as_kept() -> None:
    async with exploring(snapshots.running()) as stage:
        await stage.press("space")
        await matches_goldens(stage, "home-frozen")


async def test_a_capture_looks_as_kept(tmp_path: Path) -> None:
    path = tmp_path / "some.pcap"
    path.write_bytes(pcap([*lookup(), *lookup(START + 40), (START + 41, packet(node_at(9), ME, b"d1:xe"))]))
    async with opened(path, SMALL) as stage:
        stage.app.clear_notifications()
        await keeps_screens(stage, "capture")


def _fails() -> Snapshot:
    raise RuntimeError("something in it is wrong")


@asynccontextmanager
async def explored(nodes: Nodes) -> AsyncIterator[Stage]:
    """An explorer on those nodes."""
    app = Explorer(nodes)
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        stage = Stage(app, pilot, PaperNode(snapshots.starting()))
        await drain(stage)
        yield stage


# ---- windows -------------------------------------------------------------------------------------------------


def _scene(name: str) -> AbstractAsyncContextManager[Stage]:
    """An explorer at work, on that screen."""
    if name == "queries":
        return watching(busy(), SMALL, happenings())
    if name == "peers":
        return peers()
    node: Any = at_work() if name == "packets" else snapshots.running()
    return exploring(node, show=name, on_testnet=name == "home")


WINDOWS: dict[str, dict[str, tuple[str, ...]]] = {
    "home": {
        "help": ("question_mark",),
        "bootstrap": ("b",),
        "distance": ("f3", *"2d7c", "tab", *"4f1a"),
    },
    "table": {
        "copy": ("tab", "c"),
        "open": ("o",),
        "ban": ("b",),
        "ask": ("a",),
        "node-packets": ("enter", "3"),
        "node-lookups": ("enter", "4"),
        "node-holds": ("enter", "6"),
    },
    "queries": {"detail": ("enter",)},
    "packets": {"saved": ("i",), "open": ("o",), "filter-wrong": ("slash", *"rtt:x")},
    "peers": {"detail": ("enter",), "announce": ("a",), "filtered": ("slash", *"4f1a", "enter")},
    "log": {"detail": ("enter",), "causes": ("f",), "zoomed": ("z",)},
}
"""By screens: the keys that open each window, one after the other; `escape` closes it."""


@pytest.mark.parametrize("name", WINDOWS)
async def test_windows_look_as_kept(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with _scene(name) as stage:
        if name == "packets":
            await tell(stage, traffic())
        if name == "log":
            stage.node.tell(*HAPPENED)
            await stage.settle()
        for window, keys in WINDOWS[name].items():
            stage.app.clear_notifications()
            await stage.settle()
            for key in keys:
                await stage.pilot.press(key)
                await stage.pilot.pause()
            await matches_goldens(stage, f"{name}-{window}")
            while len(stage.app.screen_stack) > 1:
                await stage.pilot.press("escape")
                await stage.pilot.pause()
