"""How every screen looks at one moment of the recording in assets/, which `python tests/demo.py` makes anew."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from dhtui.app import Explorer
from dhtui.bindings.registry import VIEWS
from dhtui.sources.replay import Replay

from .snapshots import running
from .stage import SMALL, PaperNode, Stage, matches_goldens

RECORDING = Path(__file__).parents[2] / "assets" / "demo.jsonl.gz"
MOMENT = 21.3
"""Seconds into it: a node in the middle of its work."""


@pytest.fixture(scope="module")
def replay() -> Replay:
    """The recording, read once."""
    return Replay.load(RECORDING)


@asynccontextmanager
async def recorded(replay: Replay, name: str, size: tuple[int, int], at: float = MOMENT) -> AsyncIterator[Stage]:
    """A screen at a moment of the recording."""
    app = Explorer(replay=replay)
    async with app.run_test(size=size) as pilot:
        stage = Stage(app, pilot, PaperNode(running()))
        await stage.settle()
        source = app.feed.player
        assert source is not None
        source.pause()
        source.seek(at)
        await app.action_show(name)
        await stage.settle()
        await stage.settle()
        yield stage


def test_the_recording_is_whole(replay: Replay) -> None:
    assert not replay.damage
    assert replay.duration > 30


@pytest.mark.parametrize("name", [view.name for view in VIEWS])
async def test_screens_look_as_kept_at_a_moment_of_the_recording(replay: Replay, name: str) -> None:
    async with recorded(replay, name, SMALL) as stage:
        await matches_goldens(stage, f"demo-{name}")
