"""The card of the tour: at the right edge where there is room, else above the keys."""

from __future__ import annotations

from typing import cast

from ...engine.wire.compact import Addr
from ...widgets.lines import Lines
from ...widgets.paint import set_title
from ..base import ExplorerScreen
from .plan import Tour
from .plan.words import lines, title

WIDE = 150
"""Cells from which on it is at the right edge: the screen keeps 112."""
_CELLS = 38
"""Its width there."""


class TourCard(Lines):
    """Shows one card. It takes no keys: those of the screen go on working."""

    def show_tour(self, tour: Tour, liar: Addr | None) -> None:
        """Show how far the reader is."""
        wide = self.app.size.width >= WIDE
        self.set_class(wide, "wide")
        cast(ExplorerScreen, self.screen).leave_room(_CELLS if wide else 0)
        set_title(self, title(tour))
        self.show(lines(tour, self.content_size.width, liar, brief=not wide))
