"""Many items kept alive by one node, in virtual time: what it costs, and how many can be read all the while.

    python bench/publish.py                            1,000 items for a day among 100,000 nodes: a quarter of an hour
    python bench/publish.py --items 100 --hours 6      while working on it

The node is the engine that ships, and the items are looked after by the rules of `put --records --wait`: spread over
the hour, a few at a time. Other nodes come and go. All follows from the seed. See README.md.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections import Counter
from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from statistics import mean
from typing import Any

from dhtui.engine.core import Core
from dhtui.engine.items import Item, MutableItem, sign
from dhtui.engine.keys import PrivateKey
from dhtui.engine.lookup.policy import OURS
from dhtui.engine.lookup.questions import question_about
from dhtui.engine.operations.requests import Republish
from dhtui.engine.outcome import Outcome
from dhtui.engine.simulation.internet import Conditions
from dhtui.engine.simulation.network import Simulation
from dhtui.engine.simulation.passive_nodes import Population
from dhtui.engine.wire.bencode import encode
from dhtui.engine.wire.compact import Addr
from dhtui.items.keepalive import plan
from dhtui.items.keepalive.keeper import AT_ONCE
from dhtui.items.keepalive.plan import CheckVerdict, Decision, KeptItem
from dhtui.text.actions.keeping import check_words

HOUR = 3600.0
STRANGERS = 3
"""Nodes that read items."""
READ = 20
"""Items that are read by each of them every hour."""
SLOT = 10.0
"""Seconds of the shortest stretch of which the load is told."""


class Clock:
    """The processor time spent in some functions."""

    def __init__(self) -> None:
        self.spent = 0.0

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, measured."""

        def measured(*args: Any, **kwargs: Any) -> Any:
            began = time.process_time()
            try:
                return function(*args, **kwargs)
            finally:
                self.spent += time.process_time() - began

        return measured


class Publisher:
    """One node, and the items that it keeps alive."""

    def __init__(self, network: Simulation, items: list[MutableItem], rng: Random) -> None:
        self.network, self.rng, self.clock = network, rng, Clock()
        self.core = network.add(hosts=tuple(network.hosts()), lookups_kept=0)
        for name in ("receive_datagram", "handle_timer", "start", "datagrams_to_send"):
            setattr(self.core, name, self.clock.around(getattr(self.core, name)))
        network.bootstrap(self.core)
        self.begun = network.now
        self.kept = {each.target: each for each in plan.spread([(item, False) for item in items], network.now)}
        self.due = [(each.due, target) for target, each in self.kept.items()]
        self.verdicts: Counter[CheckVerdict] = Counter()
        self.failures: Counter[str] = Counter()
        self.looks: list[float] = []
        """When each look began."""
        self.late: list[float] = []
        self.writes = self.under_way = 0
        self.first = {target for _, target in self.due}

    def run(self, hours: float) -> None:
        """Look after all items for so long."""
        self._begin()
        self.network.run(hours * HOUR)

    def _begin(self) -> None:
        """Begin what is due, a few at a time; then wait for the next."""
        now = self.network.now
        while self.due and self.under_way < AT_ONCE and self.due[0][0] <= now:
            due, target = heappop(self.due)
            self.under_way += 1
            self.looks.append(now)
            self.late.append(now - due)
            self._look(self.kept[target])
        if self.due and self.under_way < AT_ONCE:
            self.network.wake(max(now + 0.01, self.due[0][0]), self._begin)

    def _look(self, kept: KeptItem) -> None:
        decisions: list[Decision] = []

        def decide(found: Outcome) -> tuple[Item, frozenset[Addr]]:
            decisions.append(plan.decide(kept, found, self.network.now))
            return decisions[0].item, decisions[0].where

        def done(outcome: Outcome, now: float) -> None:
            looked = plan.after(kept, decisions[0], outcome, now, self.rng)
            assert looked.last is not None
            self.verdicts[looked.last.verdict] += 1
            if looked.last.verdict is CheckVerdict.FAILED:
                self.failures[check_words(looked.last.note)] += 1
            if kept.target in self.first:  # as put --records does: from its put on, evenly over the hour
                self.first.discard(kept.target)
                place = len(self.kept) - len(self.first)
                looked = looked._replace(due=now + place * plan.AVERAGE / len(self.kept))
            self.kept[kept.target] = looked
            self.writes += len(outcome.writes)
            self.under_way -= 1
            heappush(self.due, (looked.due, kept.target))
            self.network.wake(now, self._begin)

        self.core.start(Republish(kept.item, decide), done, self.network.now)
        self.network.after(self.core)


def read(network: Simulation, strangers: list[Core], items: list[MutableItem], rng: Random) -> tuple[int, int]:
    """How many of some items each stranger finds as they are, and how many were looked for."""
    found = tried = 0
    for core in strangers:
        for item in rng.sample(items, min(READ, len(items))):
            tried += 1
            found += network.look_up(core, question_about(item)).outcome.item == item
    return found, tried


def main() -> None:
    """Run, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--nodes", type=int, default=100_000)
    parser.add_argument("--session", type=float, default=4.0, help="hours after which it is drawn again who is there")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = Random(args.seed)
    conditions = Conditions(session=args.session * HOUR)
    network = Simulation(args.seed, population=Population(args.nodes, args.seed, conditions))
    keys = [PrivateKey.from_seed(rng.randbytes(32)) for _ in range(args.items)]
    items = [sign(key, encode(b"records of %d" % number), 1_700_000_000_000_000) for number, key in enumerate(keys)]
    publisher = Publisher(network, items, rng)
    lean: dict[str, Any] = {"lookups_kept": 4, "read_only": True, "policy": OURS, "maintain": False}
    strangers = [network.add(hosts=tuple(network.hosts()), **lean) for _ in range(STRANGERS)]
    for core in strangers:
        network.bootstrap(core)
    found = tried = 0
    for hour in range(args.hours):
        publisher.run(1.0) if hour == 0 else network.run(HOUR)
        some = read(network, strangers, items, rng)
        found, tried = found + some[0], tried + some[1]
        print(
            f"hour {hour + 1:2}: {some[0]} of {some[1]} read, {len(publisher.looks)} looks, "
            f"{publisher.verdicts[CheckVerdict.FAILED]} failed, {publisher.writes} writes, "
            f"{publisher.clock.spent:.0f} s of CPU so far",
            flush=True,
        )
    told(publisher, args, found, tried)


def told(publisher: Publisher, args: argparse.Namespace, found: int, tried: int) -> None:
    """Print the figures."""
    place = publisher.network.places[publisher.core.identity.bound]
    seconds = publisher.network.now - publisher.begun
    slots = Counter(int((at - publisher.begun) / SLOT) for at in publisher.looks if at - publisher.begun > HOUR)
    looks = len(publisher.looks)
    print(f"{args.items} items, {args.hours} h, {args.nodes} nodes, who is there drawn every {args.session:g} h")
    print(f"read by strangers   {found} of {tried}")
    print(f"looks               {looks}: " + ", ".join(f"{n} {v}" for v, n in publisher.verdicts.most_common()))
    for why, count in publisher.failures.most_common():
        print(f"  failed {count} times  {why}")
    print(
        f"writes              {publisher.writes}, {publisher.writes / args.items / seconds * HOUR:.2f} an item and hour"
    )
    snapshot = publisher.core.snapshot(publisher.network.now)
    traffic = snapshot.traffic
    print(f"packets sent        {place.sent}, {place.sent / seconds:.1f} a second")
    print(
        f"bytes               {traffic.bytes_out} out, {traffic.bytes_in} in: "
        f"{(traffic.bytes_out + traffic.bytes_in) / seconds:.0f} a second"
    )
    print("queries             " + ", ".join(f"{name} {n.sent}" for name, n in snapshot.methods.items() if n.sent))
    print(
        f"CPU of the node     {publisher.clock.spent:.0f} s, {100 * publisher.clock.spent / seconds:.2f} % of a core, "
        f"{1000 * publisher.clock.spent / max(1, looks):.1f} ms a look"
    )
    if slots:
        usual = mean(slots[slot] for slot in range(int(HOUR / SLOT) + 1, int(seconds / SLOT)))
        print(f"looks in {SLOT:g} s       {usual:.1f} on average, at most {max(slots.values())} after the first hour")
    print(f"begun late by       {max(publisher.late):.1f} s at most")
    print(f"memory              {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB, with the network")


if __name__ == "__main__":
    main()
