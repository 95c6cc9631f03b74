"""The id space of a lookup: drawn after the other drawings, zoomed by keys, and gone through in time like them."""

from __future__ import annotations

import pytest

from dhtui.sources.replay import Replay

from .. import snapshots
from ..stage import LARGE, SMALL, exploring
from ..test_recording_goldens import RECORDING, recorded


@pytest.mark.parametrize(("size", "presses"), [(LARGE, 4), (SMALL, 3)], ids=["160x45", "80x24"])
async def test_it_is_drawn_zoomed_and_gone_through_in_time(size: tuple[int, int], presses: int) -> None:
    async with recorded(Replay.load(RECORDING), "lookup", size) as stage:
        await stage.press(*["w"] * presses)
        assert "id space: all ids" in stage.text() and "◆" in stage.text() and "hop 0" in stage.text()
        await stage.press("plus", "plus")
        assert "share 2 bits with the target" in stage.text()
        await stage.press("right_parenthesis")
        assert "the ids that share 2 bits" in stage.text() and "bits with the target" not in stage.text()
        await stage.press("left_parenthesis")
        assert "share 2 bits with the target" in stage.text()
        await stage.press("minus", "minus", "minus")
        drawn = stage.text()
        assert "id space: all ids" in drawn
        await stage.press("H", "H", "H", "H")
        assert "id space: all ids" in stage.text() and stage.text() != drawn
        await stage.press("w")
        assert "id space" not in stage.text()


async def test_zooming_tells_where_nothing_is_drawn() -> None:
    async with exploring(snapshots.running(), LARGE, show="lookup") as stage:
        await stage.press("plus")
        assert "not drawn: w draws it" in stage.toasts()[-1]
