"""Queries: ours that are in flight, and those that others send us."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.getters import query_one

from ...bindings.keymap import key_of
from ...engine.views.snapshot import Snapshot
from ...packets.askers import MAX_ASKERS, AskerRow, Askers
from ...packets.parts import Link
from ...sources.source import Source
from ...text.safe import safe_text
from ...text.spans import Line
from ...widgets.line_table import LineTable
from ...widgets.lines import Lines
from ..base import STACKED, ExplorerScreen, bindings
from ..listing import NewestTable, UpdateThrottle, link_forms, near_us, row_forms, table_form
from ..node.opening import open_node
from ..notify import notify
from ..verbs import CopyForm, ExportForm
from .asker_columns import asker_columns, asker_details, asker_links, asker_title, is_near
from .columns import ASKED_COLUMNS, flight_title, total_lines
from .details import asked_details, asked_links, owner_details, owner_links, query_details, query_links
from .flight import FlightTable
from .rows import (
    AskedRow,
    OwnerRow,
    QueryRow,
    Row,
    asked_rows,
    by_owner,
    lookup_number,
    query_rows,
    why_not_stopped,
)
from .tail import FADE, QueryTail

_NOTHING_ASKED: tuple[Line, ...] = (
    (),
    ((f" Nothing is being asked at the moment. What ends stays here for {FADE:.0f} s.", "dim"),),
    (
        (f" {key_of('new_lookup')}", "key"),
        (" starts a lookup;", "dim"),
        (f" {key_of('show.table')}", "key"),
        (" has nodes to ping and buckets to fill.", "dim"),
    ),
)
_NOBODY_ASKED: tuple[Line, ...] = (
    (),
    ((" Nobody has asked us anything yet.", "dim"),),
    ((" Others do once they have met us: after a lookup or two,", "dim"),),
    ((" unless a firewall keeps them out.", "dim"),),
)


_VIEWS = ("stream", "host", "prefix")
"""How the queries of others are listed: one by one, by host, by /24."""


def _asked_by(row: AskedRow) -> bytes | None:
    return row.asked.packet.sender


def _asked_about(row: AskedRow) -> bytes | None:
    return row.asked.packet.target


class QueriesScreen(ExplorerScreen):
    """Totals above; below them our queries and those of others, above each other or side by side."""

    CSS_PATH = "queries.tcss"
    BINDINGS = bindings("queries")
    HORIZONTAL_BREAKPOINTS = STACKED
    AUTO_FOCUS = "#flight"

    flight: query_one[FlightTable] = query_one("#flight", FlightTable)
    asked: query_one[LineTable[AskedRow]] = query_one("#asked", LineTable)
    askers: query_one[LineTable[AskerRow]] = query_one("#askers", LineTable)
    _grouped = True
    _listed = _VIEWS[0]
    _now = 0.0
    _askers_by: object = None
    _shown: Source | None = None
    _view: Snapshot | None = None
    _rows: Sequence[QueryRow] = ()
    _others: Sequence[AskedRow] = ()

    def compose_body(self) -> ComposeResult:
        """The totals and the lists."""
        self._tail, self._throttle, self._askers = QueryTail(), UpdateThrottle(), Askers()
        yield Lines(id="totals")
        with Container(id="lists"):
            yield FlightTable(lambda: self._now, self._our_id, empty=_NOTHING_ASKED, id="flight")
            asked = near_us(ASKED_COLUMNS, self._our_id, {"id": _asked_by, "target": _asked_about})
            yield NewestTable(
                asked, lambda row: row.asked.packet.number, title="asked of us", empty=_NOBODY_ASKED, id="asked"
            )
            yield LineTable(
                asker_columns(self._near), lambda row: row.name, title="who asks", empty=_NOBODY_ASKED, id="askers"
            )

    def _our_id(self) -> bytes | None:
        return None if self._view is None else self._view.identity.id

    # -- showing ---------------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Fills the lists. While the view is frozen they stay, and it is told how much they miss."""
        source = self.feed.source
        if source is None:
            return
        missed = ""
        if not self.feed.paused or snapshot is not self._view:
            self._take(source, snapshot)
        if self.feed.paused:
            missed = f"  +{self._tail.missed()} new packets"
        totals = self.query_one("#totals", Lines)
        totals.show(total_lines(snapshot, totals.size.width))
        self._show_flight()
        if self._listed == "stream":
            self.asked.title = f"asked of us, the last {len(self._others)}{missed}" if self._others else "asked of us"
            self.asked.show(self._others)
        else:
            self._show_askers(source, missed)

    def _show_askers(self, source: Source, missed: str) -> None:
        """Who asks us, counted; shown anew with each second."""
        self._askers.follow(source.packets)
        by = (int(self._now), self._listed, id(source), missed)
        if by == self._askers_by:
            return
        self._askers_by = by
        rows = self._askers.rows(self._now, by_prefix=self._listed == "prefix")
        self.askers.title = asker_title(rows, MAX_ASKERS, self._listed == "prefix") + missed
        self.askers.show(rows)

    def _near(self, target: bytes) -> bool:
        """Whether a target is among those that this node is responsible for."""
        view = self._view
        if view is None:
            return False
        return is_near(target, view.identity.id, max((bucket.depth for bucket in view.table.buckets), default=0))

    def _take(self, source: Source, snapshot: Snapshot) -> None:
        now, tail = self.feed.player.clock() if self.feed.player else snapshot.at, self._tail
        self._now = now
        others = tail.follow(source.packets, now)
        self._rows = query_rows(snapshot, tail, now)
        if not self._throttle.skips(others) or source is not self._shown:
            self._others = asked_rows(tail, now)
        self._shown, self._view = source, snapshot

    def _show_flight(self) -> None:
        if self._view is None:
            return
        model = self.flight.model
        grouped = self._grouped and model.sort_by is None and not model.backwards
        in_flight = sum(not row.result for row in self._rows)
        self.flight.title = flight_title(len(self._rows), in_flight, grouped)
        self.flight.group(grouped)
        self.flight.show(by_owner(self._rows, self._view) if grouped else self._rows)

    @on(LineTable.Inspect)
    def inspect(self, message: LineTable.Inspect) -> None:
        """The page of the node that is asked or asks; all about a host that asks, or about who wants to know."""
        row = message.table.model.selected
        if isinstance(row, AskedRow):
            packet = row.asked.packet
            open_node(self, packet.addr, packet.sender, story=asked_details(row))
        elif isinstance(row, AskerRow):
            self.show_details(message.table, f"queries of {row.name}", asker_details(row, self._near))
        elif isinstance(row, QueryRow):
            open_node(self, row.addr, row.id, story=query_details(row))
        elif isinstance(row, OwnerRow):
            self.show_details(message.table, row.owner, owner_details(row, self._longest(row.owner)), "stop")

    def _longest(self, owner: str) -> float:
        return max((row.hard or 0.0 for row in self._rows if row.owner == owner and not row.result), default=0.0)

    # -- verbs -----------------------------------------------------------------------------------------------

    @property
    def _of_others(self) -> LineTable[AskedRow] | LineTable[AskerRow]:
        return self.asked if self._listed == "stream" else self.askers

    def _list(self) -> LineTable[Row] | LineTable[AskedRow] | LineTable[AskerRow]:
        return self._of_others if self._of_others.has_focus else self.flight

    def links(self) -> Sequence[Link]:
        """What the selected line leads to."""
        row = self._list().model.selected
        if isinstance(row, AskedRow):
            return asked_links(row)
        if isinstance(row, AskerRow):
            return asker_links(row)
        if isinstance(row, QueryRow):
            return query_links(row)
        return owner_links(row) if isinstance(row, OwnerRow) else ()

    def copy_forms(self) -> Sequence[CopyForm]:
        """The ids and addresses of the selected line, and the line."""
        return (*link_forms(self.links()), *row_forms(self._list()))

    def exports(self) -> Sequence[ExportForm]:
        """Both lists."""
        name = "asked-of-us" if self._listed == "stream" else "who-asks"
        return table_form(self.flight, "queries"), table_form(self._of_others, name)

    # -- actions ---------------------------------------------------------------------------------------------

    def action_other_pane(self) -> None:
        """Goes to the other list."""
        (self.flight if self._of_others.has_focus else self._of_others).focus()

    def action_by_asker(self) -> None:
        """Lists the queries of others one by one, by who asks, or by the /24 of who asks."""
        had_focus = self._of_others.has_focus
        self._listed = _VIEWS[(_VIEWS.index(self._listed) + 1) % len(_VIEWS)]
        self.set_class(self._listed != "stream", "-askers")
        if had_focus:
            self._of_others.focus()
        self.call_after_refresh(self.tick)

    def action_group(self) -> None:
        """Groups our queries by who asked them, or takes the groups apart. Sorted, they are in no groups."""
        model = self.flight.model
        self._grouped = bool(model.sort_by or model.backwards) or not self._grouped
        if self._grouped:
            model.sort_by, model.backwards = None, False
        self.flight.refresh()
        self._show_flight()

    def action_stop(self) -> None:
        """Stops the lookup that the selected query of ours belongs to."""
        row = self.flight.model.selected
        node = self.feed.commands
        if row is None:
            notify(self, "No query of ours is in flight: there is nothing to stop.")
            return
        number = lookup_number(row.owner)
        name = safe_text(row.owner, 40)
        if node is None:
            notify(self, f"{self.feed.played}: what it shows is over and can't be stopped.")
        elif number is None:
            notify(self, why_not_stopped(row.owner, self._longest(row.owner)))
        elif node.stop_lookup(number):
            notify(self, f"{name} is stopped; what it has found counts. A write that waited for it goes on with that.")
        else:
            notify(self, f"{name} has ended already. Answers still under way only serve the table.")
