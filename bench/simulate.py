"""Lookups in a simulated network: cost by size, policies beside each other, liars, and a network of whole nodes.

    python bench/simulate.py                          policies at 4,000,000 nodes, and the curve from 100 on
    python bench/simulate.py --nodes 100000 --lookups 200 --seed 7
    python bench/simulate.py --pictures               draws assets/sim_*.svg as well
    python bench/simulate.py --full 10000             a network of 10,000 complete nodes instead

All time is virtual, and everything follows from the seed: the same command prints the same bytes. See README.md.
"""

from __future__ import annotations

import argparse
import resource
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from statistics import mean
from typing import Any

from svg import Axis, Chart, Line, draw

from dhtui.engine.core import Core
from dhtui.engine.items import ImmutableItem, MutableItem, sign
from dhtui.engine.keys import PrivateKey
from dhtui.engine.lookup.policy import OURS, Policy
from dhtui.engine.lookup.questions import FindClosest, FindPeers, GetItem
from dhtui.engine.simulation.internet import Conditions
from dhtui.engine.simulation.lies import LIES
from dhtui.engine.simulation.network import Simulation, Trial, grow
from dhtui.engine.simulation.passive_nodes import Population

ASSETS = Path(__file__).resolve().parent.parent / "assets"
SIZES = (100, 1_000, 10_000, 100_000, 1_000_000, 4_000_000)
SIZE_TICKS = ((100, "100"), (1_000, "1k"), (10_000, "10k"), (100_000, "100k"), (1_000_000, "1M"), (4_000_000, "4M"))
MOST = SIZES[-1]
SETTLE, PAUSE = 10.0, 0.25
"""Virtual seconds from bootstrap to the first lookup, and between lookups."""
JOINS_A_SECOND = 10.0
STEADY_MINUTES = 3


@dataclass(frozen=True, slots=True)
class Client:
    """How a program looks things up, in the terms of our engine."""

    name: str
    alpha: int
    k: int
    policy: Policy
    bep42: str = "off"
    """How it takes ids that don't fit their addresses."""


BEFORE = replace(OURS, survey=0, quick_start=False)
"""Without what nobody else does: what the policies of the others are made from."""
ONE_TRY = replace(BEFORE, top_only=False, soft=2.0, hard=2.0, wait="all")
"""Each query holds a slot until it is answered or 2 s are over, and all are waited for."""

# Constants of their sources. What is only approximated stands in README.md.
CLIENTS = (
    Client("dhtui, alpha 8", 8, 8, OURS, "prefer"),
    Client("dhtui, alpha 5", 5, 8, OURS, "prefer"),
    Client("libtorrent", 5, 8, replace(BEFORE, start=8, soft=1.0, hard=15.0, wait="nearest")),
    Client("k-rpc", 16, 20, replace(ONE_TRY, start=20, replace_dead=False)),
    Client("mainline", 20, 20, replace(ONE_TRY, start=20, replace_dead=False)),
    Client("anacrolix", 3, 8, replace(ONE_TRY, start=8)),
)


LEAN: dict[str, Any] = {"lookups_kept": 0, "policy": replace(OURS, survey=0)}
"""Settings of the thousands: they keep no lookups to be looked at, and their nodes do not get to know half of all."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one client's lookups in one network came to."""

    bootstrap: float
    peers: Sequence[Trial]
    items: Sequence[Trial]
    busiest: int
    """The most queries that any one passive node got, of all."""

    def first(self) -> list[float]:
        """Milliseconds until the first peer."""
        return milliseconds(trial.first for trial in self.peers)

    def complete(self) -> list[float]:
        """Milliseconds until the lookup of peers was over."""
        return milliseconds(trial.complete for trial in self.peers)

    def value(self) -> list[float]:
        """Milliseconds until the immutable item was there."""
        return milliseconds(trial.first for trial in self.items)

    def cells(self) -> tuple[str, ...]:
        """These figures as `HEAD` names them."""
        trials = self.peers
        return (
            quantiles(self.first(), 0.5, 0.95, 0.99),
            quantiles(self.complete(), 0.5, 0.95, 0.99),
            quantiles(self.value(), 0.5, 0.95),
            f"{mean(trial.queries for trial in trials):.1f}",
            f"{mean(trial.outcome.answered for trial in trials):.1f}",
            str(self.busiest),
            f"{mean(trial.hops for trial in trials):.2f}",
            f"{mean(trial.found for trial in trials):.3f}",
            f"{self.bootstrap:.2f}",
        )


HEAD = (
    "first p50 / p95 / p99",
    "complete p50 / p95 / p99",
    "item p50 / p95",
    "queries",
    "load",
    "busiest",
    "hops",
    "found-8",
    "bootstrap s",
)


def milliseconds(seconds: Iterable[float | None]) -> list[float]:
    """Times in milliseconds, sorted, without those that never came."""
    return sorted(1000 * time for time in seconds if time is not None)


def quantiles(values: Sequence[float], *wanted: float) -> str:
    """Some quantiles, in words."""
    return " / ".join(f"{quantile(values, q):.0f}" for q in wanted)


def quantile(values: Sequence[float], q: float) -> float:
    """The `q` quantile of some values, interpolated."""
    ordered = sorted(values)
    if not ordered:
        return float("nan")
    at = q * (len(ordered) - 1)
    low = int(at)
    return ordered[low] + (ordered[min(low + 1, len(ordered) - 1)] - ordered[low]) * (at - low)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table, as Markdown."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, ["-" * width for width in widths], *rows):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
    print()


def enter(simulation: Simulation, client: Client) -> tuple[Core, float]:
    """A core that looks up as a client does, bootstrapped and settled; and the seconds that bootstrapping took."""
    core = simulation.add(
        hosts=simulation.hosts(), alpha=client.alpha, k=client.k, policy=client.policy, bep42=client.bep42
    )
    took = simulation.bootstrap(core)
    simulation.run(SETTLE)
    return core, took


def measure(population: Population, client: Client, lookups: int, seed: int) -> Figures:
    """Lookups of peers, then of immutable items, by one client in one network."""
    simulation = Simulation(seed, population=population)
    core, bootstrap = enter(simulation, client)
    rng = Random(seed)
    peers, items = [], []
    for nth in range(lookups):
        target = rng.randbytes(20)
        simulation.plant(target, 8 if nth % 4 else 20)
        peers.append(simulation.look_up(core, FindPeers(target)))
        simulation.run(PAUSE)
    for _ in range(lookups):
        item = ImmutableItem(b"20:" + rng.randbytes(20))
        simulation.plant(item)
        items.append(simulation.look_up(core, GetItem(item.target)))
        simulation.run(PAUSE)
    return Figures(bootstrap, peers, items, max(passive.received for passive in simulation.passive.values()))


def right_answers(population: Population, lookups: int, seed: int) -> tuple[str, ...]:
    """How often the true value came, of immutable and of mutable items that have an older version."""
    simulation = Simulation(seed, population=population)
    core, _ = enter(simulation, CLIENTS[0])
    rng = Random(seed)
    right = {ImmutableItem: 0, MutableItem: 0}
    trials = []
    for nth in range(2 * lookups):
        item: ImmutableItem | MutableItem
        if nth % 2:
            key = PrivateKey.from_seed(rng.randbytes(32))
            old, item = sign(key, b"3:old", 1), sign(key, b"3:new", 2)
            simulation.outdated[item.target] = old
        else:
            item = ImmutableItem(b"20:" + rng.randbytes(20))
        simulation.plant(item)
        trial = simulation.look_up(core, GetItem(item.target))
        simulation.run(PAUSE)
        right[type(item)] += trial.outcome.item == item
        if nth % 2:
            trials.append(trial)
    return (
        f"{right[ImmutableItem]} of {lookups}",
        f"{right[MutableItem]} of {lookups}",
        f"{mean(trial.found for trial in trials):.3f}",
        f"{mean(trial.queries for trial in trials):.1f}",
        quantiles(milliseconds(trial.complete for trial in trials), 0.5, 0.95),
    )


# ---- reports ---------------------------------------------------------------------------------------------


def compare(options: argparse.Namespace, conditions: Conditions) -> list[tuple[Client, Figures]]:
    """Print the policies beside each other, in one network."""
    population = Population(options.nodes, options.seed, conditions)
    got = []
    for client in CLIENTS:
        say(f"{client.name} ...")
        got.append((client, measure(population, client, options.lookups, options.seed)))
    print(f"Policies, {options.nodes:,} live nodes, {options.lookups} lookups (ms)\n")
    table(("policy", *HEAD), [(client.name, *figures.cells()) for client, figures in got])
    return got


def curve(options: argparse.Namespace, conditions: Conditions) -> list[tuple[int, Figures]]:
    """Print what lookups of ours cost in networks of growing size."""
    got = []
    for size in (size for size in SIZES if size <= max(options.nodes, SIZES[0])):
        say(f"{size:,} nodes ...")
        population = Population(size, options.seed, conditions)
        got.append((size, measure(population, CLIENTS[0], options.lookups, options.seed)))
    print(f"{CLIENTS[0].name}, by size of the network, {options.lookups} lookups (ms)\n")
    table(("nodes", *HEAD), [(f"{size:,}", *figures.cells()) for size, figures in got])
    return got


def lies(options: argparse.Namespace, conditions: Conditions) -> None:
    """Print how often the true value comes among liars."""
    size = min(options.nodes, 100_000)
    rows = []
    for share, cunning in ((0.0, False), (0.05, False), (0.1, False), (0.2, False), (0.1, True)):
        words = f"{share:.0%}{', cunning' if cunning else ''}"
        say(f"{words} liars ...")
        population = Population(
            size, options.seed, replace(conditions, liars=share, lie=LIES["cunning" if cunning else "nearer"])
        )
        rows.append((words, *right_answers(population, options.lookups, options.seed)))
    print(f"{CLIENTS[0].name}, among liars in league, {size:,} live nodes\n")
    table(("liars", "immutable", "mutable, newest", "found-8", "queries", "complete p50 / p95"), rows)


def whole(options: argparse.Namespace, conditions: Conditions) -> None:
    """Print the figures of a network of complete nodes."""
    simulation = Simulation(options.seed, conditions)
    cores = []
    for core in grow(simulation, options.full, nat=options.nat, rate=JOINS_A_SECOND, **LEAN):
        cores.append(core)
        if len(cores) % 100 == 0:
            say(f"{len(cores):,} nodes, {resident():.0f} MiB")
    rng = Random(options.seed)
    before = {place.core: place.received for place in simulation.places.values()}
    for _ in range(STEADY_MINUTES * 60):
        churn(simulation, cores, options.full * options.churn / 60, rng)
        simulation.run(1.0)
    rates = [(p.received - before[p.core]) / STEADY_MINUTES for p in simulation.places.values() if p.core in before]
    seeker = simulation.add(hosts=tuple(core.identity.bound for core in cores[:3]))
    simulation.bootstrap(seeker)
    simulation.run(SETTLE)
    trials = [simulation.look_up(seeker, FindClosest(rng.randbytes(20))) for _ in range(options.lookups)]
    right = 0
    for _ in range(options.lookups):
        item = ImmutableItem(b"20:" + rng.randbytes(20))
        simulation.store(rng.choice(cores), item)
        right += simulation.look_up(seeker, GetItem(item.target)).outcome.item == item
    print(f"{options.full:,} complete nodes, {options.nat:.0%} behind NATs, {options.churn:.1%} a minute replaced\n")
    table(
        ("", "p50", "p95", "most"),
        [
            ("packets a minute sent to a node", *(f"{quantile(rates, q):.0f}" for q in (0.5, 0.95, 1))),
            ("live table entries", *(f"{quantile([len(c.nodes()) for c in cores], q):.0f}" for q in (0.5, 0.95, 1))),
            ("queries a lookup", *(f"{quantile([t.queries for t in trials], q):.0f}" for q in (0.5, 0.95, 1))),
            ("hops", *(f"{quantile([t.hops for t in trials], q):.0f}" for q in (0.5, 0.95, 1))),
            ("complete, ms", *(f"{1000 * quantile([t.complete for t in trials], q):.0f}" for q in (0.5, 0.95, 1))),
        ],
    )
    print(f"found-8 {mean(trial.found for trial in trials):.3f}; items put and found: {right} of {options.lookups}")
    say(f"{resident():.0f} MiB at most")


def churn(simulation: Simulation, cores: list[Core], share: float, rng: Random) -> None:
    """Let some nodes, all but the first three, leave, and as many new ones join."""
    hosts = tuple(core.identity.bound for core in cores[:3])
    for _ in range(int(share + rng.random())):
        gone = rng.randrange(3, len(cores))
        simulation.remove(cores[gone])
        cores[gone] = core = simulation.add(hosts=hosts, **LEAN)
        core.bootstrap(simulation.now)
        simulation.after(core)


def resident() -> float:
    """MiB of memory that this process has taken at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def say(text: str) -> None:
    """Progress: not part of the report."""
    print(text, file=sys.stderr, flush=True)


# ---- pictures --------------------------------------------------------------------------------------------


def draw_curve(by_size: Sequence[tuple[int, Figures]]) -> str:
    """Hops, queries and times against the number of nodes, on a logarithmic scale."""
    sizes = Axis("live nodes", SIZE_TICKS, log=True)

    def line(name: str, style: int, value: Callable[[Figures], float]) -> Line:
        return Line(name, [(size, value(figures)) for size, figures in by_size], style, dots=True)

    hops = line("mean per lookup", 0, lambda f: mean(t.hops for t in f.peers))
    queries = line("mean per lookup", 0, lambda f: mean(t.queries for t in f.peers))
    times = [
        line("first peer, p50", 1, lambda f: quantile(f.first(), 0.5)),
        line("first peer, p95", 3, lambda f: quantile(f.first(), 0.95)),
        line("complete, p50", 2, lambda f: quantile(f.complete(), 0.5)),
        line("complete, p95", 4, lambda f: quantile(f.complete(), 0.95)),
    ]
    return draw(
        [
            Chart("Hops to the first peer", sizes, Axis("hops", [(n, str(n)) for n in range(7)]), [hops]),
            Chart("Queries a lookup", sizes, Axis("queries", [(n, str(n)) for n in range(0, 101, 20)]), [queries]),
            Chart("Time", sizes, Axis("ms", [(n, str(n)) for n in range(0, 2001, 500)]), times),
        ]
    )


def draw_times(by_client: Sequence[tuple[Client, Figures]]) -> str:
    """How many of the lookups were done after how long, by policy."""
    first, complete = (
        Axis("seconds", [(ms, f"{ms / 1000:g}") for ms in ends], log=True)
        for ends in ((50, 100, 200, 300, 500, 1000, 2000, 5000), (200, 500, 1000, 2000, 5000, 10000, 20000))
    )
    share = Axis("share of lookups", [(n / 4, f"{25 * n} %") for n in range(5)])

    def lines(values: Callable[[Figures], list[float]]) -> list[Line]:
        return [Line(client.name, steps(values(f), len(f.peers)), i) for i, (client, f) in enumerate(by_client)]

    return draw(
        [
            Chart("Until the first peer", first, share, lines(Figures.first)),
            Chart("Until the lookup is complete", complete, share, lines(Figures.complete)),
        ]
    )


def steps(times: Sequence[float], of: int) -> list[tuple[float, float]]:
    """The cumulative distribution of some times, as the corners of its steps."""
    return [corner for nth, at in enumerate(times) for corner in ((at, nth / of), (at, (nth + 1) / of))]


def main() -> None:
    """Simulate, and tell."""
    parser = argparse.ArgumentParser(description="Lookups in a simulated network, in virtual time.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--nodes", type=int, default=MOST, help="live nodes, 100 and more (4000000)")
    parser.add_argument("--lookups", type=int, default=40, help="of each kind (40)")
    parser.add_argument("--loss", type=float, default=0.02, help="share of packets lost, each way (0.02)")
    parser.add_argument("--dead", type=float, default=0.3, help="share of table entries that are dead (0.3)")
    parser.add_argument("--full", type=int, metavar="N", help="run a network of N complete nodes instead")
    parser.add_argument("--nat", type=float, default=0.3, help="with --full: share of nodes behind NATs (0.3)")
    parser.add_argument("--churn", type=float, default=0.01, help="with --full: share replaced each minute (0.01)")
    parser.add_argument("--pictures", action="store_true", help="draw assets/sim_*.svg too")
    options = parser.parse_args()
    conditions = Conditions(loss=options.loss, dead=options.dead)
    print(f"seed {options.seed}, loss {options.loss:.0%} each way, dead {options.dead:.0%}\n")
    if options.full:
        whole(options, conditions)
        return
    by_client = compare(options, conditions)
    by_size = curve(options, conditions)
    lies(options, conditions)
    if options.pictures:
        (ASSETS / "sim_latency.svg").write_text(draw_times(by_client), encoding="utf-8")
        (ASSETS / "sim_cost.svg").write_text(draw_curve(by_size), encoding="utf-8")


if __name__ == "__main__":
    main()
