"""The figures of a node, as a page has them."""

from __future__ import annotations

from engine.network import Network

from dhtui import __version__
from dhtui.runtime.metrics.exposition import Family
from dhtui.runtime.metrics.families import Kept, Process, families


def all_figures() -> list[Family]:
    """Those of a node that has all of them."""
    net = Network()
    core = net.core()
    core.receive_datagram(b"no bencode", net.fresh_addr(), net.now)
    return families(core.snapshot(net.now), core.statistics(), __version__, Process(0.0, 0), Kept())


def figure_table() -> str:
    """Each by its name, with its labels."""
    rows = []
    for family in all_figures():
        labels: dict[str, set[str]] = {}
        for sample in family.samples:
            for name, value in sample.labels.items():
                labels.setdefault(name, set()).add(value)
        told = ", ".join(f"`{name}`{_values(name, found)}" for name, found in labels.items() if name != "le")
        rows.append(f"| `{family.name}` | {family.kind} | {told} | {family.help} |")
    return "\n".join(["| name | type | labels | meaning |", "|---|---|---|---|", *rows])


def _values(name: str, values: set[str]) -> str:
    """The values of a label, where they are few and stay."""
    few = len(values) <= 5 and name not in ("version", "python", "family", "cause")
    return f" ({', '.join(sorted(values))})" if few else ""
