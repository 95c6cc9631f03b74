"""Lights what a card of the tour speaks of: a double frame around the pane, an arrow at the screen to go to."""

from __future__ import annotations

from collections.abc import Sequence

from ...widgets.chrome import Tabs
from ..base import ExplorerScreen

LIT = "lit"
"""The class of a pane that is lit."""


def light(screen: ExplorerScreen, panes: Sequence[str]) -> None:
    """Lights the panes of a list that are on this screen, and no others; where there are none, points to the screen
    of the first one. They are named ``screen.pane``.
    """
    here = {pane for view, _, pane in (each.partition(".") for each in panes) if view == screen.view.name}
    for widget in screen.query(f".{LIT}"):
        if widget.id not in here:
            widget.remove_class(LIT)
    for name in here:
        screen.query(f"#{name}").add_class(LIT)
    there = panes[0].partition(".")[0] if panes and not here else ""
    screen.query_one(Tabs).point_to(there)
