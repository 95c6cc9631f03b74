"""A toast is in nobody's way: it lies over the line of the screens' names, and grows only with its text."""

from __future__ import annotations

import pytest
from textual.widgets._toast import Toast

from dhtui.bindings.registry import VIEWS
from dhtui.screens.notify import notify

from . import snapshots
from .stage import LARGE, SMALL, Stage, exploring


async def lines_of_toasts(stage: Stage) -> list[range]:
    await stage.settle()
    regions = [toast.region for toast in stage.app.screen.query(Toast)]
    return [range(region.y, region.bottom) for region in regions]


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x45"])
async def test_a_toast_covers_no_line_of_a_list(size: tuple[int, int]) -> None:
    async with exploring(snapshots.running(), size) as stage:
        for view in VIEWS:
            await stage.press(view.key)
            notify(stage.app, "The recording is complete.")
            assert await lines_of_toasts(stage) == [range(1, 2)], view.name
            stage.app.clear_notifications()


async def test_two_toasts_leave_the_first_line_of_a_list_to_be_read() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        notify(stage.app, "The recording is complete.")
        notify(stage.app, "It is kept in a file of its own, which is named after the time of its beginning.", bad=True)
        assert await lines_of_toasts(stage) == [range(1, 2), range(2, 4)]
