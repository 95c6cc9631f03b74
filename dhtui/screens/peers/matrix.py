"""The matrix of a lookup for peers: a row for each peer, a column for each node that gave any, ● where it named it."""

from __future__ import annotations

from collections.abc import Sequence

from ...text.spans import Line
from ...widgets.line_table import LineTable
from .columns import matrix_columns
from .rows import MAX_NODES, MatrixRow, Results, matrix_rows


class Matrix(LineTable[MatrixRow]):
    """Which node named which peer. A column of ○ is a node that nobody confirms."""

    def __init__(self, *, empty: Sequence[Line] = (), id: str | None = None) -> None:
        super().__init__(matrix_columns(1, 0), lambda row: row.peer, title="matrix", empty=empty, id=id)
        self._begin, self._count = 1, 0
        self._shown: Results | None = None
        self._rows: list[MatrixRow] = []

    def show_results(self, results: Results | None) -> None:
        """Shows what a lookup found."""
        if results is self._shown:
            return
        self._shown = results
        self._count = 0 if results is None else min(MAX_NODES, len(results.givers))
        self._begin = min(self._begin, max(1, self._count))
        self._rows = [] if results is None else matrix_rows(results)
        self._arrange()

    def shift(self, nodes: int) -> None:
        """Begins with a node that is so many places farther from the infohash; negative: nearer."""
        self._begin = max(1, min(self._count, self._begin + nodes))
        self._arrange()
        self.refresh()

    def _arrange(self) -> None:
        """Shows the columns of the nodes from the first one on."""
        self.model.columns = matrix_columns(self._begin, self._count)
        self.model.sort_by = None
        self._layout_width = -1
        alone = sum(row.alone for row in self._rows)
        begin = f", from node {self._begin} on," if self._begin > 1 else ""
        doubt = f"; {alone} named by one alone" if alone else ""
        self.title = f"which of {self._count} nodes{begin} named which peer{doubt}"
        self.show(self._rows)
