"""What is told of a node, read by Prometheus' own parser: every figure is one that the node has, and names nobody."""

from __future__ import annotations

import re

from engine.network import Network, silent, swarm
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from support.recorded import ESCAPES

from dhtui.engine.core import Core
from dhtui.engine.items import ImmutableItem
from dhtui.engine.views.history import TRIP_EDGES
from dhtui.engine.wire.bencode import encode
from dhtui.engine.wire.krpc import FindNode
from dhtui.runtime.metrics.exposition import Family, Sample, histogram, text, word
from dhtui.runtime.metrics.families import Kept, Process, families

PROCESS = Process(12.5, 40_000_000)


def read(told: str) -> dict[str, Metric]:
    """As Prometheus reads it."""
    return {metric.name: metric for metric in text_string_to_metric_families(told)}


def value(metrics: dict[str, Metric], name: str, **labels: str) -> float:
    found = [
        sample.value
        for metric in metrics.values()
        for sample in metric.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    assert len(found) == 1, f"{name} {labels}: {found}"
    return float(found[0])


def told(core: Core, now: float, kept: Kept | None = None) -> str:
    return text(families(core.snapshot(now), core.statistics(), "1.2.3", PROCESS, kept))


def used() -> tuple[Network, Core]:
    """A node that has answered, asked and stored, and met a stranger who writes nonsense."""
    net = Network()
    cores = swarm(net, 16, maintain=False)
    core, stranger = cores[0], net.puppet()
    net.put(cores[5], ImmutableItem(b"5:a day"))
    net.announce(cores[6], core.id)
    stranger.query(core, FindNode(stranger.id, core.id))
    net.find_node(core, net.puppet(silent).id)
    nonsense = {b"t": ESCAPES[:8], b"y": b"q", b"q": ESCAPES[:40], b"v": ESCAPES, b"a": {b"id": b"x" * 20}}
    net.send(encode(nonsense), stranger.addr, core.identity.bound)
    net.send(b"x", stranger.addr, core.identity.bound)
    net.run(0.05)
    return net, core


def test_the_figures_are_those_of_the_node() -> None:
    net, core = used()
    snapshot, statistics = core.snapshot(net.now), core.statistics()
    metrics = read(told(core, net.now, Kept(fresh=2, failed=1)))
    assert value(metrics, "dhtui_build_info", version="1.2.3") == 1
    assert value(metrics, "dhtui_process_cpu_seconds_total") == 12.5
    assert value(metrics, "dhtui_process_resident_memory_bytes") == 40_000_000
    assert value(metrics, "dhtui_table_nodes", state="good") == snapshot.table.good > 0
    assert value(metrics, "dhtui_stored_infohashes") == 1 == value(metrics, "dhtui_stored_peers")
    assert value(metrics, "dhtui_stored_items", kind="immutable") == statistics.immutable.used == 1
    for method, counts in snapshot.methods.items():
        assert value(metrics, "dhtui_queries_total", direction="out", method=method, family="ipv4") == counts.sent
        assert value(metrics, "dhtui_queries_total", direction="in", method=method) == counts.received
        assert value(metrics, "dhtui_query_results_total", result="answered", method=method) == counts.answered
        assert value(metrics, "dhtui_replies_total", result="refused", method=method) == counts.refused
    assert value(metrics, "dhtui_traffic_bytes_total", direction="in") == snapshot.traffic.bytes_in > 0
    assert value(metrics, "dhtui_datagrams_total", direction="out") == snapshot.traffic.packets_out > 0
    assert value(metrics, "dhtui_dropped_datagrams_total", cause="malformed") == snapshot.drops["malformed"]
    assert value(metrics, "dhtui_level", of="swarms") == 1
    assert value(metrics, "dhtui_level_limit", of="swarms") == 2000
    assert value(metrics, "dhtui_kept_items", state="failed") == 1
    assert value(metrics, "dhtui_uptime_seconds") == snapshot.uptime


def test_round_trips_are_a_histogram_that_only_grows() -> None:
    net, core = used()
    before = read(told(core, net.now))
    count = value(before, "dhtui_query_duration_seconds_count")
    assert count == sum(core.statistics().trips) > 0
    assert value(before, "dhtui_query_duration_seconds_bucket", le="+Inf") == count
    assert value(before, "dhtui_query_duration_seconds_sum") > 0
    for _ in range(40):  # a slot of the history ends every 10 seconds
        net.run(10.0)
    assert value(read(told(core, net.now)), "dhtui_query_duration_seconds_count") >= count
    assert core.snapshot(net.now).slots[-1].trips != core.statistics().trips


def test_names_follow_the_rules_of_prometheus() -> None:
    net, core = used()
    for metric in read(told(core, net.now, Kept())).values():
        assert re.fullmatch("dhtui_[a-z0-9_]+", metric.name) and metric.documentation
        if metric.type == "counter":
            assert all(sample.name.endswith("_total") for sample in metric.samples)
        else:
            assert not metric.name.endswith("_total")
        for sample in metric.samples:
            assert all(re.fullmatch(r"[a-z0-9_.+]+", label, re.IGNORECASE) for label in sample.labels.values()), sample


def test_no_figure_names_an_id_or_an_address_or_what_a_stranger_sent() -> None:
    net, core = used()
    page = told(core, net.now, Kept())
    addresses = [contact.addr[0] for bucket in core.snapshot(net.now).table.buckets for contact in bucket.nodes]
    assert addresses and not any(address in page for address in addresses)
    assert core.id.hex() not in page and not re.search("[0-9a-f]{20}", page)
    assert page.isascii() and page.replace("\n", "").isprintable()
    assert len(page) < 32_000


def test_a_fresh_node_tells_nothing_that_it_does_not_know() -> None:
    net = Network()
    metrics = read(told(net.core(), net.now))
    assert not metrics["dhtui_network_nodes"].samples and not metrics["dhtui_response_ratio"].samples
    assert not metrics["dhtui_kept_items"].samples
    assert value(metrics, "dhtui_reachable") == 0


def test_what_stands_in_a_label_is_escaped() -> None:
    nasty = 'a"b\\c\nd'
    page = text([Family("dhtui_x", "gauge", "back\\slash\nline", [Sample(1, {"of": nasty})])])
    (metric,) = read(page).values()
    assert metric.samples[0].labels == {"of": nasty}
    assert metric.documentation == "back\\slash\nline"
    assert word("Read-Only of 203!") == "read_only_of_203_"


def test_a_histogram_counts_what_lies_below_each_edge() -> None:
    samples = histogram((0.1, 1.0), (3, 2, 1), 4.5, {"family": "ipv4"})
    page = text([Family("dhtui_t_seconds", "histogram", "t", samples)])
    metrics = read(page)
    assert [value(metrics, "dhtui_t_seconds_bucket", le=le) for le in ("0.1", "1", "+Inf")] == [3, 5, 6]
    assert value(metrics, "dhtui_t_seconds_sum", family="ipv4") == 4.5
    assert len(TRIP_EDGES) + 1 == len(Network().core().statistics().trips)
