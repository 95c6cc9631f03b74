"""The state of a node of a capture, as the screens read it: what can't be known of it is empty."""

from __future__ import annotations

from ...engine.views.events import DropCause
from ...engine.views.snapshot import (
    BootstrapView,
    IdentityView,
    ReachabilityView,
    RecentView,
    Snapshot,
    StoreView,
    TableView,
)
from ...packets.captures.walks.detail import SILENT_AFTER
from .node_view import NodeView
from .totals import Totals, What

_TABLE = TableView((), 0, 0, 0, 0, 0, 0)
_STORE = StoreView(0, 0, 0, 0, 0, 0, 0)
_BOOTSTRAP = BootstrapView("idle", 0.0, (), "")


def snapshot(view: NodeView, at: float) -> Snapshot:
    """The state of the node at a time."""
    totals, upto = view.totals, view.events_upto(at)
    counts = totals.counts(upto)
    drops = {
        DropCause.MALFORMED.value: Totals.of(counts, What.CAME_UNREADABLE),
        DropCause.UNEXPECTED.value: Totals.of(counts, What.CAME_STRAY),
    }
    answered = Totals.of(counts, What.ENDED_ANSWERED) + Totals.of(counts, What.ENDED_ERROR)
    return Snapshot(
        at=at,
        uptime=max(0.0, at - (view.start or at)),
        identity=IdentityView(view.id_at(at), "fixed", view.me, None, "none", 0, "unknown"),
        reachability=ReachabilityView("captured", "", False, ""),
        bootstrap=_BOOTSTRAP,
        table=_TABLE,
        queries=view.in_flight(at),
        lookups=view.lookups(at),
        methods=totals.methods(counts),
        traffic=totals.traffic(upto, at),
        rtt=totals.rtt(at),
        store=_STORE,
        drops={cause: count for cause, count in drops.items() if count},
        errors=view.errors(at),
        blocked_ranges=0,
        banned=0,
        recent=RecentView(SILENT_AFTER, answered, Totals.of(counts, What.ENDED_SILENT)),
        noted=view.noted(at),
        slots=totals.slots(at),
    )
