#!/usr/bin/env python3
"""Does a node stay as it is for a week? In virtual time, the engine that ships, in a network whose nodes come and go.

    python bench/week.py --days 0.1 --every 1            # 2.4 hours: some minutes
    nice -n 19 python bench/week.py --rate 20            # a week at a tenth of the load: a quarter of an hour
    nice -n 19 python bench/week.py                      # a week at 200 queries a second: an hour and a half

Strangers send it queries, most of them those that a node of the public network gets, some of them writes with a valid
token; it maintains its table and looks something up now and then. A row for each day, or the part that is asked for:

- queries, answered: of the strangers, so far.
- CPU: microseconds a query, all that the simulated network takes included.
- node: memory of the node's tables, stores, caches and counters, MiB, object by object, and how many objects these are.
  process: of the whole process; the simulator's part grows, for it keeps every node of the network that was ever met.
- good: nodes of the table that count as good; alive: how many of them are there, as only the simulator knows.
- overdue: buckets whose refresh has been due for more than a minute.
- stored: infohashes, peers and items.
- full: the fullest of the stores and caches that strangers and time fill, of 1.
- late: the longest time between two rounds of upkeep, which are due every 10 s. drift: how far the time of the last
  round is from where so many rounds of 10 s would have ended, seconds.

At the end all stores and caches are told, with their bounds, and of which kinds of objects there are more than at half
time: what grows without a bound would be there.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections import Counter, deque
from pathlib import Path
from random import Random
from types import FunctionType, ModuleType
from typing import NamedTuple

from dhtui.engine.core import Core
from dhtui.engine.items import immutable_target
from dhtui.engine.lookup.questions import FindPeers
from dhtui.engine.operations.requests import Ask
from dhtui.engine.simulation.internet import Conditions
from dhtui.engine.simulation.network import A_QUERY, Place, Simulation
from dhtui.engine.simulation.passive_nodes import Member, Population
from dhtui.engine.upkeep.rounds import HOUSEKEEPING_SECONDS
from dhtui.engine.wire.compact import Addr
from dhtui.engine.wire.ids import distance
from dhtui.engine.wire.krpc import AnnouncePeer, Args, FindNode, Get, GetPeers, Ping, Put, encode_query

HOUR, DAY = 3600.0, 86_400.0
NODES = 20_000
SESSION = 3 * HOUR
"""Seconds after which it is drawn again whether a node is there."""
STRANGERS = 2000
"""How many query at a time. One is replaced by another after as many queries as it sends in a session."""
LOOKUP_SECONDS = 300.0
FILLING = (
    *("known", "unresponsive", "unmet", "swarms", "peers", "immutable", "mutable", "contacted"),
    *("limited", "muted", "proved", "reply_hosts", "reply_nets"),
)
"""Stores and caches that strangers and time fill."""
MIX = {"find_node": 44, "get_peers": 36, "ping": 10, "get": 6, "announce": 3, "put": 1}
"""What strangers send, in percent."""
DRAWN = [kind for kind, share in MIX.items() for _ in range(share)]


class Row(NamedTuple):
    """The node after some time."""

    hours: float
    queries: int
    answered: int
    microseconds: float
    node: float
    objects: int
    process: float
    good: int
    alive: int
    overdue: int
    infohashes: int
    peers: int
    items: int
    full: float
    fullest: str
    late: float
    drift: float


class Network(Simulation):
    """Without the replies of the node: strangers have no use for them, and half of all would be their delivery."""

    def _send(self, place: Place, source: Addr, data: bytes, dest: Addr) -> None:
        if A_QUERY in data:
            super()._send(place, source, data, dest)


class Week:
    """The node and those around it."""

    def __init__(self, rate: float, seed: int, nodes: int = NODES) -> None:
        """`rate`: queries a second."""
        self._rate, self._rng = rate, Random(seed)
        population = Population(nodes, seed, Conditions(session=SESSION))
        self._population = population
        self.net = net = Network(seed, population=population)
        self.core: Core = net.add(hosts=net.hosts(), read_only=False)
        net.bootstrap(self.core)
        self._turns = 0
        self._strangers = deque[Member](self._fresh(STRANGERS))
        self._swarms = [self._near() for _ in range(500)]
        self.began = net.now
        self.queries = self._counted = 0
        self.late = 0.0
        self._upkeep = self.core.snapshot(net.now).at
        self._upkeeps, self._first_upkeep = 0, 0.0
        self._cpu = time.process_time()
        self._next_lookup = net.now

    def _fresh(self, count: int) -> list[Member]:
        """Nodes that are there, each time others."""
        self._turns += 1
        there = self._population.some(self._turns, self.net.now)
        return [next(there) for _ in range(count)]

    def _near(self) -> bytes:
        """A target that this node would be asked to store."""
        near = int.from_bytes(self.core.id, "big") ^ self._rng.getrandbits(148)
        return near.to_bytes(20, "big")

    def _query(self) -> None:
        rng, core, net = self._rng, self.core, self.net
        who = rng.choice(self._strangers)
        kind = rng.choice(DRAWN)
        target = rng.choice(self._swarms) if rng.random() < 0.5 else self._near()
        args: Args
        match kind:
            case "ping":
                args = Ping(who.id)
            case "find_node":
                args = FindNode(who.id, rng.randbytes(20))
            case "get_peers":
                args = GetPeers(who.id, target)
            case "get":
                args = Get(who.id, target)
            case "announce":
                token = core.common.tokens.make(who.addr[0], target, net.now)
                args = AnnouncePeer(who.id, target, 6881, token)
            case _:
                value = b"40:" + rng.randbytes(20).hex().encode()
                token = core.common.tokens.make(who.addr[0], immutable_target(value), net.now)
                args = Put(who.id, token, value)
        self.queries += 1
        net.deliver(encode_query(rng.randbytes(2), args, False)[1], who.addr, core)

    def run(self, seconds: float) -> Row:
        """Let time pass, and look at the node."""
        net, until = self.net, self.net.now + seconds
        gap = 1 / self._rate
        stay = max(1, int(self._rate * SESSION / STRANGERS))
        while net.now < until:
            net.run(self._rng.expovariate(1.0) * gap)
            self._query()
            if self.queries % stay == 0:
                self._strangers.popleft()
                self._strangers.extend(self._fresh(1))
            if net.now >= self._next_lookup:
                self._next_lookup = net.now + LOOKUP_SECONDS
                self.core.start(Ask(FindPeers(self._rng.randbytes(20))), lambda outcome, now: None, net.now)
                net.after(self.core)
            self._watch()
        return self._row()

    def _watch(self) -> None:
        """How late upkeep is: by the sample that it takes each time."""
        slots = self.core._history.slots
        if slots and slots[-1].at != self._upkeep:
            self.late = max(self.late, slots[-1].at - self._upkeep)
            self._upkeep = slots[-1].at
            self._first_upkeep = self._first_upkeep or self._upkeep
            self._upkeeps += 1

    def _row(self) -> Row:
        net, core = self.net, self.core
        net.passive.clear()
        net._limits._windows.clear()
        net._limits._ignored.clear()
        snapshot, statistics = core.snapshot(net.now), core.statistics()
        good = [node for bucket in snapshot.table.buckets for node in bucket.nodes if node.state == "good"]
        alive = sum(self._is_there(node.addr) for node in good)
        levels = {
            name: level.used / level.most
            for name, level in statistics.levels().items()
            if level.most and name in FILLING
        }
        fullest = max(levels, key=lambda name: levels[name])
        cpu, self._cpu = time.process_time() - self._cpu, time.process_time()
        answered = sum(counts.replied for counts in snapshot.methods.values())
        items = statistics.immutable.used + statistics.mutable.used
        last, self._counted = self._counted, self.queries
        kinds, size = held(core)
        return Row(
            hours=(net.now - self.began) / HOUR,
            queries=self.queries,
            answered=answered,
            microseconds=cpu / max(1, self.queries - last) * 1e6,
            node=size / 2**20,
            objects=kinds.total(),
            process=resident(),
            good=len(good),
            alive=alive,
            overdue=sum(bucket.refresh_in < -60.0 for bucket in snapshot.table.buckets),
            infohashes=statistics.swarms.used,
            peers=statistics.peers.used,
            items=items,
            full=levels[fullest],
            fullest=fullest,
            late=self.late,
            drift=self._upkeep - self._first_upkeep - (self._upkeeps - 1) * HOUSEKEEPING_SECONDS,
        )

    def _is_there(self, addr: tuple[str, int]) -> bool:
        member = self._population.at(addr)
        return member is not None and self._population.alive(member, self.net.now)

    def nearest_known(self) -> float:
        """The share of the true 8 nodes nearest to this one that are in its table."""
        table = {contact.addr for contact in self.core.nodes()}
        near = self._population.closest(self.core.id, 8, self.net.now)
        assert near == sorted(near, key=lambda node: distance(node.id, self.core.id))
        return sum(member.addr in table for member in near) / len(near)


def held(core: Core) -> tuple[Counter[str], int]:
    """All that a node holds on to: how many objects of each kind, and their bytes."""
    parts = [part for part in vars(core).values() if not isinstance(part, type)]
    seen, kinds, total = {id(core)}, Counter[str](), 0
    while parts:
        part = parts.pop()
        if id(part) in seen or isinstance(part, type | ModuleType | FunctionType):
            continue
        seen.add(id(part))
        kinds[type(part).__name__] += 1
        total += sys.getsizeof(part)
        parts += gc.get_referents(part)
    return kinds, total


def resident() -> float:
    """MiB of memory of this process; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


HEAD = (
    "   hours    queries   answered  µs/query   node  objects  process  good  alive  overdue  infohashes   peers  items"
    "  full               late  drift"
)


def told(row: Row) -> str:
    """A row, below `HEAD`."""
    return (
        f"{row.hours:8.2f} {row.queries:10} {row.answered:10} {row.microseconds:9.1f} {row.node:6.1f} {row.objects:8}"
        f" {row.process:8.1f} {row.good:5} {row.alive:6} {row.overdue:8} {row.infohashes:11} {row.peers:7}"
        f" {row.items:6}  {row.full:.2f} {row.fullest:<12} {row.late:5.1f} {row.drift:6.1f}"
    )


def main() -> None:
    """Run it as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=float, default=7.0)
    parser.add_argument("--rate", type=float, default=200.0, help="queries a second")
    parser.add_argument("--every", type=float, default=24.0, help="hours between two rows")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    week = Week(options.rate, options.seed)
    print(HEAD, flush=True)
    end, half = week.began + options.days * DAY, Counter[str]()
    while week.net.now < end:
        print(told(week.run(min(options.every * HOUR, end - week.net.now))), flush=True)
        if not half and week.net.now >= (week.began + end) / 2:
            half = held(week.core)[0]
    print(f"of the 8 nodes nearest to it {8 * week.nearest_known():.0f} are in its table")
    levels = week.core.statistics().levels().items()
    print("stores and caches: " + ", ".join(f"{name} {level.used} of {level.most}" for name, level in levels))
    more = held(week.core)[0] - half
    print("objects more than at half time: " + ", ".join(f"{kind} {count}" for kind, count in more.most_common(12)))
    assert week.late <= 2 * HOUSEKEEPING_SECONDS


if __name__ == "__main__":
    main()
