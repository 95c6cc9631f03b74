"""Which figures of a node are told, under which names. No id and no address is among them.

Names begin with ``dhtui_``, units are seconds and bytes, what only grows ends in ``_total``. Labels have few values,
all of them this program's own: methods that no BEP names are counted as ``other``.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable
from typing import NamedTuple

from ...engine.views.history import TRIP_EDGES
from ...engine.views.snapshot import Snapshot
from ...engine.views.statistics import Statistics
from ...engine.wire.family import family_of
from .exposition import Family, Sample, histogram, word


class Process(NamedTuple):
    """What the system says of this program."""

    cpu: float
    """Seconds, of all threads, user and system."""
    resident: int | None
    """Bytes of memory; `None` where the system does not tell."""


class Kept(NamedTuple):
    """How the items do that this node keeps alive, counted."""

    fresh: int = 0
    """The last check found or put enough copies."""
    failed: int = 0
    waiting: int = 0
    """Not checked yet in this run."""
    paused: int = 0


def families(
    snapshot: Snapshot, statistics: Statistics, version: str, process: Process, kept: Kept | None
) -> list[Family]:
    """All figures of a node. `kept`: `None` where it keeps nothing alive."""
    return [
        *_program(snapshot, version, process),
        *_queries(snapshot, statistics),
        *_table(snapshot),
        *_stores(statistics),
        *_network(snapshot),
        *_traffic(snapshot),
        *_levels(statistics),
        _kept(kept),
    ]


def _gauge(name: str, help: str, value: float | None) -> Family:
    return Family(f"dhtui_{name}", "gauge", help, [] if value is None else [Sample(value)])


def _by(label: str, values: dict[str, int]) -> list[Sample]:
    return [Sample(value, {label: name}) for name, value in values.items()]


def _program(snapshot: Snapshot, version: str, process: Process) -> Iterable[Family]:
    build = {"version": version, "python": platform.python_version()}
    yield Family("dhtui_build_info", "gauge", "This program; always 1.", [Sample(1, build)])
    yield _gauge("uptime_seconds", "Seconds since the node started.", snapshot.uptime)
    cpu = [Sample(process.cpu)]
    yield Family("dhtui_process_cpu_seconds_total", "counter", "Processor time of the program, seconds.", cpu)
    yield _gauge("process_resident_memory_bytes", "Memory of the program, bytes.", process.resident)
    yield _gauge(
        "busy_seconds",
        "The 95th percentile of how long datagrams waited for this program, over 2 minutes.",
        snapshot.busy.p95,
    )


def _queries(snapshot: Snapshot, statistics: Statistics) -> Iterable[Family]:
    family = {"family": _family(snapshot)}
    total, results, replies = [], [], []
    for method, counts in snapshot.methods.items():
        by = family | {"method": word(method)}
        total += [Sample(counts.sent, {"direction": "out"} | by), Sample(counts.received, {"direction": "in"} | by)]
        results += [
            Sample(value, {"result": name} | by)
            for name, value in (
                ("answered", counts.answered),
                ("error", counts.errors),
                ("timed_out", counts.timed_out),
            )
        ]
        replies += [
            Sample(counts.replied, {"result": "answered"} | by),
            Sample(counts.refused, {"result": "refused"} | by),
        ]
    yield Family("dhtui_queries_total", "counter", "Queries, by direction and method.", total)
    yield Family("dhtui_query_results_total", "counter", "How queries of ours ended, by method.", results)
    yield Family("dhtui_replies_total", "counter", "Replies to queries of others, by method.", replies)
    yield Family(
        "dhtui_query_duration_seconds",
        "histogram",
        "Round trips of queries of ours, seconds.",
        histogram(TRIP_EDGES, statistics.trips, statistics.trip_seconds, family),
    )
    recent = snapshot.recent
    asked = 0 if recent is None else recent.answered + recent.silent
    ratio = None if recent is None or not asked else recent.answered / asked
    yield _gauge("response_ratio", "The share of our queries of the last 5 minutes that were answered.", ratio)
    yield _gauge("queries_in_flight", "Queries of ours that wait for an answer.", statistics.queries.used)
    yield _gauge("operations_waiting", "Lookups, puts and pings that wait for their turn.", statistics.waiting)


def _family(snapshot: Snapshot) -> str:
    """The family of addresses that the node speaks."""
    return family_of(snapshot.identity.bound[0]).name.lower()


def _table(snapshot: Snapshot) -> Iterable[Family]:
    table = snapshot.table
    states = {
        "good": table.good,
        "questionable": table.questionable,
        "bad": table.bad,
        "replacement": table.replacements,
        "remembered": table.known,
    }
    yield Family(
        "dhtui_table_nodes",
        "gauge",
        "Nodes of the routing table by state, those that wait for a place, and those remembered for lookups.",
        _by("state", states),
    )


def _stores(statistics: Statistics) -> Iterable[Family]:
    kinds = {"immutable": statistics.immutable.used, "mutable": statistics.mutable.used}
    yield Family("dhtui_stored_items", "gauge", "BEP 44 items stored for others, by kind.", _by("kind", kinds))
    yield _gauge("stored_infohashes", "Infohashes that peers are stored for.", statistics.swarms.used)
    yield _gauge("stored_peers", "Peers stored, of all infohashes.", statistics.peers.used)


def _network(snapshot: Snapshot) -> Iterable[Family]:
    yield _gauge("network_nodes", "Nodes of the whole network, estimated from lookups.", snapshot.size.nodes)
    yield _gauge(
        "network_nodes_uncertainty_ratio",
        "The relative standard deviation of that estimate.",
        None if snapshot.size.nodes is None else snapshot.size.uncertainty,
    )
    reached, silent = snapshot.reachability.state == "reachable", snapshot.reachability.read_only
    yield _gauge("reachable", "1: others can reach this node; 0: not known.", int(reached))
    yield _gauge("read_only", "1: this node says that it answers no queries (BEP 43).", int(silent))
    yield _gauge("bootstrapped", "1: the way into the network was found.", int(snapshot.bootstrap.state == "done"))


def _traffic(snapshot: Snapshot) -> Iterable[Family]:
    traffic = snapshot.traffic
    packets = _by("direction", {"in": traffic.packets_in, "out": traffic.packets_out})
    volume = _by("direction", {"in": traffic.bytes_in, "out": traffic.bytes_out})
    yield Family("dhtui_datagrams_total", "counter", "Datagrams, by direction.", packets)
    yield Family("dhtui_traffic_bytes_total", "counter", "Bytes of datagrams, by direction.", volume)
    causes = {word(cause): count for cause, count in snapshot.drops.items()}
    yield Family(
        "dhtui_dropped_datagrams_total",
        "counter",
        "Datagrams that were dropped, refused or not answered, by cause.",
        _by("cause", causes),
    )
    failures = [Sample(traffic.send_failures)]
    yield Family("dhtui_send_failures_total", "counter", "Datagrams that the system did not send.", failures)
    lost = [] if traffic.overflowed is None else [Sample(traffic.overflowed)]
    yield Family("dhtui_lost_datagrams_total", "counter", "Datagrams that the socket had no room for.", lost)


def _levels(statistics: Statistics) -> Iterable[Family]:
    levels = statistics.levels()
    used = _by("of", {name: level.used for name, level in levels.items()})
    most = _by("of", {name: level.most for name, level in levels.items()})
    yield Family("dhtui_level", "gauge", "How full each store and cache is.", used)
    yield Family("dhtui_level_limit", "gauge", "The bound of each store and cache.", most)


def _kept(kept: Kept | None) -> Family:
    samples = [] if kept is None else _by("state", kept._asdict())
    return Family("dhtui_kept_items", "gauge", "Items that this node keeps alive, by how the last check went.", samples)
