"""A day in a network where nodes come and go: a hundred items are kept alive, with few more puts than it takes."""

from __future__ import annotations

from heapq import heappop, heappush
from random import Random

import pytest
from engine.network import Network, swarm

from dhtui.engine.core import Core
from dhtui.engine.items import ImmutableItem, Item, sign
from dhtui.engine.keys import PrivateKey
from dhtui.engine.operations.requests import Republish
from dhtui.engine.outcome import Outcome
from dhtui.engine.wire.bencode import encode
from dhtui.engine.wire.compact import Addr
from dhtui.items.keepalive import plan
from dhtui.items.keepalive.plan import CheckVerdict, Decision, KeptItem

HOUR = 3600.0
ITEMS = 100
NODES = 24
STAY = 4 * HOUR
"""How long a node stays, on average: of ten, two are gone an hour later."""


class Quiet(Network):
    """A network whose nodes do no housekeeping while nothing goes on; it would take nine tenths of the time."""

    def after(self, core: Core) -> None:
        core._rounds.at = max(core._rounds.at, self.now)  # or it would make up for hours
        super().after(core)
        if core._queries.next_deadline() is None:
            self._timers.pop(core.identity.bound, None)


class Day:
    """The network, and what its keeper does."""

    def __init__(self) -> None:
        self.rng = Random(44)
        self.net = Quiet(5, latency=0.03, spread=0.04)
        self.net.recording = False
        seeds = swarm(self.net, NODES, maintain=False, rate_limit=0.0)
        self.hosts = tuple("{}:{}".format(*core.identity.bound) for core in seeds[:3])
        self.keeper = seeds[3]
        self.guests = seeds[4:]
        self.next_change = self.net.now
        self.puts = 0
        self.verdicts: dict[CheckVerdict, int] = dict.fromkeys(CheckVerdict, 0)

    def pass_time(self, until: float) -> None:
        """Let nodes come and go until then."""
        while self.next_change < until:
            self.net.run(max(0.0, self.next_change - self.net.now))
            self.net.kill(self.guests.pop(self.rng.randrange(len(self.guests))))
            self.guests.append(self.newcomer())
            for core in self.rng.sample(self.guests, 3):  # who stays looks around now and then
                self.net.find_node(core, self.rng.choice((core.id, self.rng.randbytes(20))))
            self.next_change += self.rng.expovariate(len(self.guests) / STAY)
        self.net.run(max(0.0, until - self.net.now))

    def newcomer(self) -> Core:
        addr = self.net.fresh_addr()
        core = self.net.core(addr[0], hosts=self.hosts, external=addr, maintain=False, rate_limit=0.0)
        self.net.bootstrap(core)
        self.net.find_node(core, core.id)
        return core

    def look_after(self, kept: KeptItem) -> KeptItem:
        decisions: list[Decision] = []

        def decide(found: Outcome) -> tuple[Item, frozenset[Addr]]:
            decisions.append(plan.decide(kept, found, self.net.now))
            return decisions[0].item, decisions[0].where

        outcome = self.net.finish(self.keeper, Republish(kept.item, decide))
        self.puts += len(decisions[0].where)
        looked = plan.after(kept, decisions[0], outcome, self.net.now, self.rng)
        assert looked.last is not None
        self.verdicts[looked.last.verdict] += 1
        return looked

    def unreadable(self, some: list[KeptItem]) -> list[KeptItem]:
        """Those that somebody who has just come can't read."""
        reader = self.newcomer()
        return [kept for kept in some if self.net.get(reader, kept.item).item != kept.item]


def items() -> list[Item]:
    """A third of each kind: immutable, mutable, mutable with a salt. Whose keys they are does not matter."""
    made: list[Item] = []
    for number in range(ITEMS):
        v = encode(b"item %d" % number)
        key = PrivateKey.from_seed(number.to_bytes(32, "big"))
        made.append(ImmutableItem(v) if number % 3 == 0 else sign(key, v, number, b"salt" if number % 3 == 1 else b""))
    return made


def test_a_hundred_items_live_through_a_day_of_churn(capsys: pytest.CaptureFixture[str]) -> None:
    day = Day()
    begin = day.net.now
    queue: list[tuple[float, int, KeptItem]] = []
    for number, item in enumerate(items()):
        day.net.put(day.guests[number % 20], item)  # their owners go, sooner or later, and never put them again
        kept = plan.begin(item, day.net.now, day.rng, put=False)
        heappush(queue, (day.net.now + day.rng.uniform(0, HOUR / 2), number, kept))
    unread, sample = list[KeptItem](), begin + HOUR
    while queue[0][0] < begin + 24 * HOUR:
        due, number, kept = heappop(queue)
        day.pass_time(due)
        looked = day.look_after(kept)
        heappush(queue, (looked.due, number, looked))
        if day.net.now >= sample:  # in between, too: a few each hour
            unread += day.unreadable([entry[2] for entry in day.rng.sample(queue, 10)])
            sample += HOUR
    day.pass_time(begin + 24 * HOUR)
    lost = day.unreadable([kept for _, _, kept in queue])
    least = ITEMS * 8 * 11  # every two hours to 8 nodes, did nobody ever leave
    verdicts = ", ".join(f"{verdict} {count}" for verdict, count in day.verdicts.items())
    with capsys.disabled():
        print(f"\n{ITEMS - len(lost)} of {ITEMS} items readable after 24 h, and {230 - len(unread)} of 230 in between")
        print(f"{day.puts} puts, {day.puts / least:.2f} times the least possible ({least}); hourly: {ITEMS * 8 * 24}")
        print(f"looks: {verdicts}")
    assert lost == [] and unread == []
    assert day.puts < 1.6 * least
