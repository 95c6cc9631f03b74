"""The mouse selects text of lists and panes; ctrl+c copies what is seen under the mark, and quits nothing then."""

from __future__ import annotations

from textual.widget import Widget

from dhtui.screens.dialogs.choice import Choice
from dhtui.screens.dialogs.popup import Popup
from dhtui.widgets.lines import Lines

from . import snapshots
from .stage import Stage, exploring


async def drag(stage: Stage, widget: Widget, start: tuple[int, int], end: tuple[int, int]) -> None:
    await stage.pilot.mouse_down(widget, offset=start)
    await stage.pilot.hover(widget, offset=end)
    await stage.pilot.mouse_up(widget, offset=end)
    await stage.settle()


async def test_text_of_a_list_is_selected_and_copied() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        nodes = stage.table("nodes")
        top = nodes.region.y
        line = stage.lines()[top + 2]
        first = line.index("203.0.0.1:6881")
        await drag(stage, nodes, (first, 2), (first + 13, 2))
        assert stage.screen.get_selected_text() in ("203.0.0.1:688", "203.0.0.1:6881")
        await stage.press("ctrl+c")
        assert stage.app.is_running and stage.app.clipboard.startswith("203.0.0.1:688")


async def test_lines_of_a_window_are_selected() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        await stage.press("enter")
        assert isinstance(stage.app.screen, Popup)
        pane = stage.app.screen.query_one(".window Lines", Lines)
        await drag(stage, pane, (0, 0), (5, 2))
        chosen = stage.app.screen.get_selected_text()
        assert chosen is not None and len(chosen.splitlines()) == 3
        assert chosen.splitlines()[0] in stage.text()


async def test_a_click_selects_no_text() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        await stage.pilot.click(stage.table("nodes"), offset=(10, 4))
        await stage.settle()
        assert not stage.screen.get_selected_text()
        assert stage.table("nodes").model.cursor > 0


async def test_what_is_selected_and_gone_meanwhile_copies_nothing() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        nodes = stage.table("nodes")
        await drag(stage, nodes, (3, 4), (30, 6))
        assert stage.screen.get_selected_text()
        await stage.see(snapshots.running(0))
        stage.screen.get_selected_text()
        await stage.press("j")
        assert stage.app.is_running


async def test_the_right_button_goes_to_what_a_line_is_about() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        nodes = stage.table("nodes")
        await stage.pilot.click(nodes, offset=(10, 4), button=3)
        await stage.settle()
        assert isinstance(stage.app.screen, Choice)
        assert nodes.model.cursor > 0
