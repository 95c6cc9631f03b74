"""The list of our queries: in groups or not, each drawn over the last seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...text.spans import Line
from ...widgets.line_table import LineTable
from ...widgets.table_model import lay_out
from ..listing import near_us
from .columns import group_columns, query_columns
from .rows import QueryRow, Row, row_key
from .timeline import TITLE, timeline


def _target_of(row: Row) -> bytes | None:
    return row.target if isinstance(row, QueryRow) else None


class FlightTable(LineTable[Row]):
    """Shows our queries. `now` gives the time on the engine's clock that is shown, `own` our id."""

    def __init__(
        self, now: Callable[[], float], own: Callable[[], bytes | None], *, empty: Sequence[Line], id: str
    ) -> None:
        self._now = now
        self._grouped = group_columns(self._lane)
        self._single = near_us(query_columns(self._lane), own, {"target": _target_of})
        super().__init__(self._grouped, row_key, title="in flight", empty=empty, id=id)
        self._lane_width = 1

    def group(self, grouped: bool) -> None:
        """Has the columns for queries in groups, or in none. What it is sorted by stays."""
        columns, model = self._grouped if grouped else self._single, self.model
        if columns == model.columns:
            return
        by = model.sort_by.title if model.sort_by else None
        model.columns = columns
        model.sort_by = next((column for column in columns if column.title == by), None)
        self._layout_width = -1
        self.refresh()

    def show(self, rows: Sequence[Row]) -> None:
        """Replaces the rows."""
        self._measure()
        super().show(rows)

    def on_resize(self) -> None:
        """The column of the timeline has another width."""
        self._measure()

    def _measure(self) -> None:
        columns, width = self.model.columns, self.scrollable_content_region.width
        place = next(place for place, column in enumerate(columns) if column.title == TITLE)
        self._lane_width = max(1, lay_out(columns, width - 1)[place])

    def _lane(self, row: QueryRow) -> Line:
        """A query over time, in as many cells as its column has."""
        return timeline(row, self._now(), self._lane_width)
