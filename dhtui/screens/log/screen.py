"""The log: what went wrong, counted by cause, and what happened, line by line."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.getters import query_one

from ...bindings.keymap import key_of
from ...engine.views.snapshot import Snapshot
from ...packets.packet import Packet
from ...packets.parts import Link
from ...sources.source import Source
from ...text.format import number
from ...text.spans import Line
from ...widgets.line_table import LineTable
from ...widgets.lines import Lines
from ..base import ExplorerScreen, bindings
from ..listing import NewestTable, UpdateThrottle, link_forms, row_forms, table_form
from ..node.opening import open_node
from ..notify import notify
from ..verbs import CopyForm, ExportForm
from .columns import LEVEL_WORDS, log_columns, log_details, trouble_lines
from .folding import LogRow, fold
from .log_lines import Level, Log, LogLine, only, packet_of

_FEW, _MOST = 2, 5
"""Causes that are drawn over time, in a low and in a high window."""
_LEVELS: tuple[Level, ...] = ("detail", "notable", "problem")
_NOTHING: tuple[Line, ...] = (
    (),
    ((" Nothing has happened yet. Here will stand which nodes come into the table and", "dim"),),
    ((" leave it, lookups, what others store here, and all that goes wrong.", "dim"),),
)


def _nothing(on_testnet: bool) -> tuple[Line, ...]:
    starts: Line = ((f" {key_of('new_lookup')}", "key"), (" starts a lookup", "dim"))
    opens: Line = ((", ", "dim"), (key_of("testnet"), "key"), (" opens a testnet to try things on", "dim"))
    return (*_NOTHING, (*starts, *(() if on_testnet else opens), (".", "dim")))


_NONE_OF_LEVEL: tuple[Line, ...] = (
    (),
    ((" Nothing of that kind. ", "dim"), (key_of("log.level"), "key"), (" shows the rest.", "dim")),
)


class LogScreen(ExplorerScreen):
    """Above what goes wrong and when, below what happened."""

    CSS_PATH = "log.tcss"
    BINDINGS = bindings("log")
    AUTO_FOCUS = "#lines"

    lines: query_one[LineTable[LogRow]] = query_one("#lines", LineTable)
    _level: Level = "detail"
    _cause: str = ""
    """The label of the only cause that is shown; empty: all are."""
    _all: Sequence[LogLine] = ()
    _rows: Sequence[LogRow] = ()
    _rows_by: object = None
    _source: Source | None = None
    _view: Snapshot | None = None

    def compose_body(self) -> ComposeResult:
        """The counters and the lines."""
        self._course, self._throttle = Log(), UpdateThrottle()
        self._opened: set[Hashable] = set()
        yield Lines(id="counters")
        yield NewestTable(log_columns(self._today), lambda row: row.key, title="log", empty=_NOTHING, id="lines")

    def _today(self) -> float:
        """The unix time of the moment that is shown."""
        return self._source.wall(self._view.at) if self._source is not None and self._view is not None else 0.0

    # -- showing ---------------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Shows what happened. While the view is frozen it stays, and it is told how much it misses."""
        source = self.feed.source
        if source is None:
            return
        missed, spared = "", False
        if not self.feed.paused or snapshot is not self._view:
            self._all = self._course.follow(source, snapshot)
            spared = self._throttle.skips(self._course.came) and source is self._source and not self.feed.paused
            self._source, self._view = source, snapshot
        if self.feed.paused:
            missed = f"  +{self._course.missed(source, self.feed.newest(snapshot))} new"
        if left_out := self._course.left_out(snapshot):
            missed = f", {number(left_out)} more left out{missed}"
        counters = self.query_one("#counters", Lines)
        most = _MOST if self.size.height >= 40 else _FEW
        counters.show(trouble_lines(snapshot, self.feed.trouble, counters.size.width, most))
        if not spared:
            self._fill(missed)

    def _fill(self, missed: str = "") -> None:
        cause = f", {self._cause} only" if self._cause else ""
        self.lines.title = f"log, {LEVEL_WORDS[self._level]}{cause}{missed}"
        alone = self.host.testnet or self.feed.player is not None
        self.lines.set_empty(*(_NONE_OF_LEVEL if self._all else _nothing(alone)))
        self.lines.show(self._folded())

    def _folded(self) -> Sequence[LogRow]:
        """The rows of the list; made anew only when something happened or another choice of lines is shown."""
        by = id(self._all), len(self._all), self._level, self._cause, frozenset(self._opened)
        if by != self._rows_by:
            lines = self._all if self._level == "detail" else only(self._all, self._level)
            if self._cause:
                lines = [line for line in lines if line.label == self._cause]
            self._rows_by, self._rows = by, fold(lines, self._opened)
            self._opened &= {row.key for row in self._rows}
        return self._rows

    @on(LineTable.Inspect)
    def inspect(self) -> None:
        """Goes to the packet of the line, or else to its node, or shows all about it. Folded lines are unfolded."""
        row, line, packet = self.lines.model.selected, self._line(), self._packet()
        if row is not None and row.folded:
            self._opened ^= {row.key}
            self._fill()
        elif packet is not None:
            self.post_message(self.Followed(_packet_link(packet)))
        elif line is not None and (addr := next((a.value for a in line.links if a.kind == "address"), None)):
            assert isinstance(addr, tuple) and self._source is not None
            open_node(self, addr, story=log_details(line, self._source.packets.capacity))
        elif line is not None and self._source is not None:
            self.show_details(self.lines, line.cause, log_details(line, self._source.packets.capacity))

    def _line(self) -> LogLine | None:
        """The selected line; the newest of those that are folded."""
        row = self.lines.model.selected
        return None if row is None else row.line

    def _packet(self) -> Packet | None:
        line = self._line()
        return packet_of(line, self._source.packets) if line is not None and self._source is not None else None

    # -- verbs -----------------------------------------------------------------------------------------------

    def links(self) -> Sequence[Link]:
        """What the selected line leads to, its packet first."""
        line, packet = self._line(), self._packet()
        first = () if packet is None else (_packet_link(packet),)
        return () if line is None else (*first, *line.links)

    def copy_forms(self) -> Sequence[CopyForm]:
        """The line, and what is in it."""
        return (*row_forms(self.lines), *link_forms(self.links()))

    def exports(self) -> Sequence[ExportForm]:
        """The lines."""
        return (table_form(self.lines, "log"),)

    # -- actions ---------------------------------------------------------------------------------------------

    def action_level(self) -> None:
        """Shows the next choice of lines."""
        self._level = _LEVELS[(_LEVELS.index(self._level) + 1) % len(_LEVELS)]
        self._fill()

    def action_cause(self) -> None:
        """Shows only lines of the selected one's cause; again: all."""
        line = self._line()
        if line is None and not self._cause:
            notify(self, "No line is selected.")
            return
        self._cause = "" if self._cause or line is None else line.label
        self._fill()


def _packet_link(packet: Packet) -> Link:
    return Link("packet", packet.number, f"packet {packet.number}")
