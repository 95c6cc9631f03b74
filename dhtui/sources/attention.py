"""What needs the user's attention, from a snapshot: the weightiest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from ..engine.diagnosis.doctor import address_range, blocklist, round_trips
from ..engine.diagnosis.findings import Verdict
from ..engine.diagnosis.link import links
from ..engine.table import GOOD_SECONDS
from ..engine.views.events import DropCause, QueryResult
from ..engine.views.snapshot import LookupView, Snapshot
from ..text.attention import WEIGHTS, Attention, Need
from ..text.format import address, short_id
from .buckets import due, thin
from .health import ENOUGH_GOOD, ENOUGH_SILENT

BUSY_SECONDS = 0.05
"""Waits of datagrams beyond it are worth a word."""
PATIENCE = 60.0
"""Seconds after the start in which nothing is said of reachability."""
SLOWED_SHARE = 0.3
"""A lookup was slowed if it lost this share of its time to silence."""
MOST_THIN = 3
"""Most thin buckets that are named."""
ENOUGH_FAILURES = 3
"""Timeouts of one node, among the last ones, that are worth a word."""


def attention(snapshot: Snapshot, lost: Iterable[tuple[LookupView, float]] = ()) -> tuple[Attention, ...]:
    """What needs attention, for a node that has nodes. `lost`: lookups, with the seconds that silence cost each."""
    found = (
        *_links(snapshot),
        *_network(snapshot),
        *_findings(snapshot),
        *_program(snapshot),
        *_slowed(lost),
        *_nodes(snapshot),
    )
    order = list(WEIGHTS)
    weights = ("bad", "warn", "note")
    return tuple(sorted(found, key=lambda one: (weights.index(one.weight), order.index(one.need))))


def _links(snapshot: Snapshot) -> Iterator[Attention]:
    """The families without a route, and those that are not here."""
    for finding in links(snapshot):
        if finding.verdict is not Verdict.FAMILY_THERE:
            missing = finding.verdict is Verdict.FAMILY_MISSING
            yield Attention(Need.MISSING if missing else Need.ROUTE, name=finding.family or snapshot.family)


def _network(snapshot: Snapshot) -> Iterator[Attention]:
    recent, who = snapshot.recent, snapshot.identity
    silent = recent.silent_since if recent is not None else 0
    if silent >= ENOUGH_SILENT:
        yield Attention(Need.SILENCE, silent)
    answered = sum(
        node.state == "good" and node.seen is not None and node.seen <= GOOD_SECONDS
        for bucket in snapshot.table.buckets
        for node in bucket.nodes
    )
    if answered < ENOUGH_GOOD and snapshot.bootstrap.state != "running":
        yield Attention(Need.FEW, answered)
    if snapshot.reachability.state != "reachable" and snapshot.uptime >= PATIENCE:
        yield Attention(Need.UNSEEN, who.bound[1])
    if who.bep42 == "invalid":
        yield Attention(Need.UNFIT, fixed=who.id_source == "fixed")


def _findings(snapshot: Snapshot) -> Iterator[Attention]:
    """Those checks of ``--do doctor`` that take no probe and are told nowhere else."""
    if address_range(snapshot).verdict is Verdict.IGNORED_RANGE:
        external = snapshot.identity.external
        yield Attention(Need.IGNORED, name=f"{external[0].partition('.')[0]}/8" if external else "")
    if round_trips(snapshot).verdict is Verdict.TRIPS_LONG:
        yield Attention(Need.SLOW, seconds=snapshot.rtt.p50)
    if blocklist(snapshot).verdict is Verdict.BLOCKLIST_BUSY:
        dropped = snapshot.drops.get(DropCause.BLOCKLIST, 0)
        yield Attention(Need.BLOCKING, dropped, snapshot.traffic.packets_in)


def _program(snapshot: Snapshot) -> Iterator[Attention]:
    traffic, busy = snapshot.traffic, snapshot.busy
    if traffic.overflowed:
        yield Attention(Need.OVERFLOW, traffic.overflowed)
    if busy.p95 >= BUSY_SECONDS:
        yield Attention(Need.BUSY, seconds=busy.p95)
    if traffic.send_failures:
        yield Attention(Need.UNSENT, traffic.send_failures)
    if not busy.stamped:
        yield Attention(Need.CLOCK)
    if snapshot.muted:
        yield Attention(Need.MUTED, snapshot.muted)


def _slowed(lost: Iterable[tuple[LookupView, float]]) -> Iterator[Attention]:
    """The last lookup that lost much time."""
    for view, seconds in lost:
        whole = view.elapsed + view.wrote
        if whole and seconds >= SLOWED_SHARE * whole:
            name = f"{view.kind} {short_id(view.target)}"
            yield Attention(Need.SLOWED, view.number, seconds=seconds, whole=whole, name=name)
            return


def _nodes(snapshot: Snapshot) -> Iterator[Attention]:
    timeouts = Counter(error.addr for error in snapshot.errors if error.cause == QueryResult.TIMED_OUT)
    for addr, count in timeouts.most_common(1):
        if count >= ENOUGH_FAILURES:
            yield Attention(Need.FAILING, count, timeouts.total(), name=address(addr))
    for bucket in islice((bucket for bucket in snapshot.table.buckets if thin(bucket, snapshot.size)), MOST_THIN):
        alive = sum(node.state != "bad" for node in bucket.nodes)
        yield Attention(Need.THIN, alive, round(due(bucket, snapshot.size) or 0), depth=bucket.depth)
