"""A network in virtual time, of the same cores that real nodes run. One seed gives one sequence of events.

The clock jumps from one event to the next. Delay and loss between two nodes come from `internet.Internet`. Nodes are of
two kinds. *Cores* are complete. *Passive* nodes, of a `passive_nodes.Population`, only answer: by the same server as
cores, from tables that are computed when a query comes. So ten thousand cores can run together, or a few cores among
millions of passive nodes. A core can't tell the two kinds apart: all communication is in datagrams.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf
from random import Random
from typing import Any

from ..core import Core
from ..items import ImmutableItem, MutableItem
from ..lookup.questions import Question
from ..lookup.running import LookupRun
from ..operations.operations import Operation
from ..operations.requests import Ask, Request, Store
from ..outcome import Outcome
from ..server import Server
from ..settings import Settings
from ..store import ItemStore, PeerStore, Tokens
from ..views.snapshot import StepView
from ..wire.address import address_text, read_addr
from ..wire.compact import Addr, NodeInfo
from ..wire.family import IPV4, OTHER, Family, family_of
from ..wire.ids import distance
from ..wire.krpc import (
    AnnouncePeer,
    Args,
    Get,
    GetPeers,
    MalformedDatagram,
    Put,
    Query,
    RefusedQuery,
    encode_error,
    encode_response,
    parse,
)
from .internet import Chance, Conditions, Internet
from .liars import Ring
from .passive_nodes import Member, Population

START = 1000.0
"""The clock of a fresh network, seconds."""
PROBE_PORT = 50_000
RATE_WINDOW, IGNORED_SECONDS = 10.0, 300.0
CLOSEST = 8
PEERS_PLANTED = 10
A_QUERY = b"1:y1:q"
"""In each query. What has it not is an answer, which a passive node has no use for: it need not be read."""
ATTACK_SECONDS = 0.01
"""Seconds of delay between an attacker's addresses and a core: it rents them as near as possible."""
_CALL: Addr = ("", 0)
_CORE = 31


Receiver = Callable[[Addr, Addr, bytes], None]
"""Called with each datagram to an address that it owns: the destination, the source, and the bytes."""


@dataclass(slots=True, eq=False)
class Place:
    """A core with its address, its NAT, and its counters."""

    core: Core
    key: int
    opened: set[Addr] | None
    """Behind a NAT: the addresses that it has sent to, whose packets are let in. `None`: no NAT."""
    timer: float = inf
    received: int = 0
    sent: int = 0


class _Table:
    """The routing table of a passive node, as its server reads it."""

    locals = 0

    def __init__(self, population: Population, owner: Member) -> None:
        self._population, self._owner, self.own = population, owner, owner.id

    def closest(self, target: bytes, n: int) -> list[Member]:
        return self._population.referrals(self._owner, target, n)


class Passive:
    """A passive node that has received a datagram, or stores something."""

    def __init__(
        self, population: Population, member: Member, tokens: Tokens, rng: Random, beside: Population | None = None
    ) -> None:
        """`beside`: the population in the other family, which a host of both knows too."""
        self.member = member
        self.peers, self.items = PeerStore(member.id, population.family), ItemStore(member.id)
        self.received = 0
        self._server = Server(_Table(population, member), tokens, self.peers, self.items, rng, population.family)
        owner = None if beside is None else population.owner_beside(member, beside)
        if beside is not None and owner is not None:
            self._server.beside(beside.family, _Table(beside, owner))

    def answer(self, query: Query, source: Addr, now: float) -> dict[bytes, Any]:
        """The body (``r``) of its answer. Raises `RefusedQuery`."""
        return self._server.answer(query, source, now)

    def keep(self, what: ImmutableItem | MutableItem | bytes, writer: Addr, now: float) -> None:
        """Store an item here for `writer`, or its announce for an infohash; with a token, as by datagrams."""
        target = what if isinstance(what, bytes) else what.target
        asked: Get | GetPeers = GetPeers(target, target) if isinstance(what, bytes) else Get(target, target)
        token = self.answer(_query(asked), writer, now)[b"token"]
        write: Put | AnnouncePeer
        if isinstance(what, bytes):
            write = AnnouncePeer(target, target, writer[1], token)
        elif isinstance(what, ImmutableItem):
            write = Put(target, token, what.v)
        else:
            write = Put(target, token, what.v, what.k, what.sig, what.seq, what.salt)
        self.answer(_query(write), writer, now)


def _query(args: Args) -> Query:
    return Query(b"plant", "", args, read_only=False, version=None, canonical=True)


class _Limits:
    """The rate limit of passive nodes: an IP that sends one of them more than `rate` messages a second, over 10 s, is
    ignored there for 5 minutes."""

    def __init__(self, rate: float) -> None:
        self._most = rate * RATE_WINDOW
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}
        self._ignored: dict[tuple[str, str], float] = {}

    def allow(self, dest: str, source: str, now: float) -> bool:
        """Count a message from one IP to another. Returns whether it is accepted."""
        if not self._most:
            return True
        key = dest, source
        if self._ignored.get(key, now) > now:
            return False
        began, count = self._windows.get(key, (now, 0))
        if now - began >= RATE_WINDOW:
            began, count = now, 0
        self._windows[key] = began, count + 1
        if count >= self._most:
            self._ignored[key] = now + IGNORED_SECONDS
            del self._windows[key]
            return False
        return True


@dataclass(frozen=True, slots=True)
class Trial:
    """One lookup, measured from outside. Times are seconds since it began."""

    outcome: Outcome
    first: float | None
    """When the first value or peer was received; `None`: never."""
    complete: float
    queries: int
    hops: int
    """Queries in a row that led to the first value, or without one to the closest responder."""
    found: float
    """Share of the true 8 closest live nodes that answered it; lying nodes don't count."""


class Simulation:
    """The network: its clock, its nodes, and the datagrams on their way."""

    def __init__(
        self,
        seed: int,
        conditions: Conditions | None = None,
        population: Population | None = None,
        six: Population | None = None,
    ) -> None:
        """Without a `population` there are only cores. With one, its conditions and not `conditions` hold. `six`: the
        population in IPv6, made beside it, which lies as its own conditions say."""
        self.conditions = population.conditions if population else conditions or Conditions()
        self.population, self.six = population, six
        self.ring, self.ring_six = Ring(population) if population else None, Ring(six) if six else None
        if self.ring is not None and self.ring_six is not None:
            self.ring.beside, self.ring_six.beside = self.ring_six, self.ring
            self.ring_six.outdated = self.ring.outdated
        self.now = START
        self.passive: dict[Addr, Passive] = {}
        self.places: dict[Addr, Place] = {}
        self._chance = Chance(seed)
        self._internet = Internet(self._chance, self.conditions.loss)
        self._rng = Random(seed)
        self._tokens = Tokens(self._rng.randbytes(32))
        self._limits = _Limits(self.conditions.rate_limit)
        self._events: list[tuple[float, int, Addr, Addr | None, bytes]] = []
        self._calls: dict[int, Callable[[], None]] = {}
        self._owners: dict[str, Receiver] = {}
        self._count = 0
        self._added = 0
        self._pairs: dict[Core, Core] = {}
        """The two cores of each node in both families."""
        self._followed: Core | None = None

    # ---- nodes -------------------------------------------------------------------------------------

    def add(
        self,
        *,
        nat: bool = False,
        hosts: tuple[Addr, ...] = (),
        beside: Core | None = None,
        **settings: Any,
    ) -> Core:
        """A new core, which has not begun to bootstrap yet.

        `nat`: packets reach it only from addresses that it has sent to. `beside`: the core in IPv4 of the same node;
        then this one has IPv6. `settings`: of `Settings`.
        """
        self._added += 1
        net = self._added
        addr: Addr = (f"{124 + net // 65536}.{net // 256 % 256}.{net % 256}.7", 6881)
        if beside is not None:
            addr = f"2001:db8:{net:x}::7", 6881
        names = tuple(address_text(host) for host in hosts)
        rng = Random(self._chance.bits(_CORE, net))
        common = beside.common if beside is not None else None
        core = Core(Settings(**({"external": addr} | settings)), addr, rng, self.now, names, common)
        key = self._chance.bits(_CORE, net, 1)
        if beside is not None:
            core.beside(beside)
            beside.beside(core)
            self._pairs[core], self._pairs[beside] = beside, core
            key = self.places[beside.identity.bound].key
        self.places[addr] = Place(core, key, set() if nat else None)
        self.after(core)
        return core

    def remove(self, core: Core) -> None:
        """A core leaves the network without notice."""
        del self.places[core.identity.bound]

    def behind_nat(self, core: Core) -> bool:
        """Whether a core receives only from addresses that it has sent to."""
        return self.places[core.identity.bound].opened is not None

    def hosts(self, n: int = 3, liars: int = 0, population: Population | None = None) -> tuple[Addr, ...]:
        """Passive nodes to bootstrap from: alive and near. All are honest except the first `liars` of them, which lie
        from now on as set in the conditions. `population`: the one in IPv6, if not the first."""
        population = population or self.population
        assert population is not None
        ring = self.ring_of(population.family)
        assert ring is not None
        found: list[Addr] = []
        for member in population.some(0, self.now):
            if self._internet.round_trip(member.key, 0) < 0.15:
                if len(found) < liars:
                    ring.recruit(member)
                found.append(member.addr)
            if len(found) == n:
                break
        return tuple(found)

    def closest(self, target: bytes, n: int = CLOSEST, family: Family = IPV4) -> list[NodeInfo]:
        """The true `n` live and reachable nodes of a family closest to a target, nearest first."""
        found = [
            NodeInfo(place.core.id, addr)
            for addr, place in self.places.items()
            if place.core.family is family and not place.core.identity.read_only(self.now)
        ]
        if population := self.population_of(family):
            found += [member.info for member in population.closest(target, n, self.now)]
        return sorted(found, key=lambda node: distance(node.id, target))[:n]

    def population_of(self, family: Family) -> Population | None:
        """The passive nodes of a family."""
        return self.population if family is IPV4 else self.six

    def ring_of(self, family: Family) -> Ring | None:
        """The lying nodes of a family."""
        return self.ring if family is IPV4 else self.ring_six

    def _honest(self, addr: Addr) -> bool:
        member, ring = self._member(addr), self.ring_of(family_of(addr[0]))
        return member is None or ring is None or not ring.lies(member)

    def met(self, member: Member) -> Passive:
        """A passive node, with what it stores."""
        passive = self.passive.get(member.addr)
        if passive is None:
            family = family_of(member.addr[0])
            population, beside = self.population_of(family), self.population_of(OTHER[family])
            assert population is not None
            passive = self.passive[member.addr] = Passive(population, member, self._tokens, self._rng, beside)
        return passive

    def plant(self, what: ImmutableItem | MutableItem | bytes, copies: int = CLOSEST) -> None:
        """Store an item, or a few peers of an infohash, at the passive nodes closest to its target."""
        assert self.population is not None
        target = what if isinstance(what, bytes) else what.target
        for member in self.population.closest(target, copies, self.now):
            passive = self.met(member)
            for nth in range(PEERS_PLANTED if isinstance(what, bytes) else 1):
                # From many networks, so that no writer exceeds its share.
                passive.keep(what, (f"198.51.{(target[-1] + nth) % 256}.7", 6881), self.now)

    @property
    def outdated(self) -> dict[bytes, MutableItem]:
        """Old versions of mutable items, by target, that lying nodes give."""
        assert self.ring is not None
        return self.ring.outdated

    # ---- attackers and other remote hosts ----------------------------------------------------------

    def own(self, ip: str, receiver: Receiver) -> None:
        """Give all ports of an IP to `receiver`, which gets the datagrams that cores send there."""
        self._owners[ip] = receiver

    def wake(self, at: float, call: Callable[[], None]) -> None:
        """Call `call` at the time `at`, seconds on the network's clock."""
        self._later(at, _CALL, None, b"")
        self._calls[self._count] = call

    def deliver(self, data: bytes, source: Addr, core: Core) -> None:
        """Deliver a datagram to a core now, under any source, forged or not. A NAT filters it like any other."""
        place = self.places.get(core.identity.bound)
        if place is not None and (place.opened is None or source in place.opened):
            core.receive_datagram(data, source, self.now)
            self.after(core)

    # ---- events ------------------------------------------------------------------------------------

    def after(self, core: Core) -> None:
        """To be called after every call into a core: sends, looks names up, sets its timer."""
        addr = core.identity.bound
        place = self.places[addr]
        while (datagrams := core.datagrams_to_send()) or (names := core.take_hosts_wanted()):
            for data, dest in datagrams:
                self._send(place, addr, data, dest)
            for name in () if datagrams else names:
                core.host_resolved(name, (read_addr(name),), "", self.now)
        at = core.next_timer()
        if at < place.timer:
            place.timer = at
            self._later(at, addr, None, b"")
        if self._pairs and (other := self._pairs.get(core)) is not None and other is not self._followed:
            before, self._followed = self._followed, core
            self.after(other)
            self._followed = before

    def _later(self, at: float, dest: Addr, source: Addr | None, data: bytes) -> None:
        self._count += 1
        heappush(self._events, (at, self._count, dest, source, data))

    def _send(self, place: Place, source: Addr, data: bytes, dest: Addr) -> None:
        place.sent += 1
        if place.opened is not None:
            place.opened.add(dest)
        there = self.places.get(dest)
        if dest[0] in self._owners:
            self._later(self.now + ATTACK_SECONDS, dest, source, data)
            return
        if there is not None:
            key, nth = there.key, there.received
            there.received += 1
        elif member := self._member(dest):
            passive = self.met(member)
            key, nth = member.key, passive.received
            passive.received += 1
        else:
            return
        delay = self._internet.delay(place.key, key, nth)
        if delay is not None:
            self._later(self.now + delay, dest, source, data)

    def _member(self, addr: Addr) -> Member | None:
        family = family_of(addr[0])
        population, ring = self.population_of(family), self.ring_of(family)
        if population is None or ring is None:
            return None
        return population.at(addr) or ring.at(addr)

    def _step(self) -> None:
        self.now, count, dest, source, data = heappop(self._events)
        place = self.places.get(dest)
        if place is None:
            if source is not None:
                owner = self._owners.get(dest[0])
                if owner is not None:
                    owner(dest, source, data)
                else:
                    self._ask_passive(dest, source, data)
            elif dest is _CALL:
                self._calls.pop(count)()
        elif source is None:
            self._tick(place, dest)
        elif place.opened is None or source in place.opened:
            place.core.receive_datagram(data, source, self.now)
            self.after(place.core)

    def _tick(self, place: Place, addr: Addr) -> None:
        if place.timer != self.now:
            return  # an earlier timer was set since, and has run
        place.timer = inf
        core = place.core
        if core.next_timer() <= self.now:
            core.handle_timer(self.now)
        if probe := core.probe_to_send(self.now):
            data, dest = probe
            core.probe_sent(data, self.now)
            if place.opened is None:
                self._later(self.now, dest, (addr[0], PROBE_PORT), data)
        self.after(core)

    def _ask_passive(self, dest: Addr, source: Addr, data: bytes) -> None:
        """A datagram reaches a passive node."""
        ring, member = self.ring_of(family_of(dest[0])), self._member(dest)
        if ring is None or member is None or not ring.alive(member, self.now):
            return
        asker = self.places.get(source)
        if asker is None:
            return  # it has left the network
        if not self._limits.allow(dest[0], source[0], self.now) or A_QUERY not in data:
            return
        try:
            query = parse(data, family_of(dest[0]))
        except (MalformedDatagram, RefusedQuery):
            return
        if not isinstance(query, Query):
            return
        passive = self.met(member)
        answer = self._answer(passive, dest, query, source)
        if answer is None:
            return
        delay = self._internet.delay(member.key, asker.key, passive.received)
        if delay is not None:
            self._later(self.now + delay, source, dest, answer)

    def _answer(self, passive: Passive, dest: Addr, query: Query, source: Addr) -> bytes | None:
        """The answer of a passive node, honest or not, to a query at one of its addresses, as a datagram."""
        ring, member, now = self.ring_of(family_of(dest[0])), passive.member, self.now
        body: dict[bytes, Any] | None
        try:
            if ring is not None and ring.lies(member):
                body = ring.answer(member, dest, query, now, lambda: passive.answer(query, source, now))
            else:
                body = passive.answer(query, source, now)
        except RefusedQuery as refusal:
            return encode_error(refusal.tid, refusal.code, refusal.reason, source)
        return None if body is None else encode_response(query.tid, body, source)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        until = self.now + seconds
        while self._events and self._events[0][0] <= until:
            self._step()
        self.now = until

    def run_until(self, condition: Callable[[], bool], limit: float = 120.0) -> bool:
        """Let time pass until `condition` holds, but at most `limit` seconds. Returns whether it holds."""
        until = self.now + limit
        while not condition():
            if not self._events or self._events[0][0] > until:
                return False
            self._step()
        return True

    # ---- operations of cores -------------------------------------------------------------------------

    def bootstrap(self, core: Core) -> float:
        """Bootstrap a core. Returns the seconds that it took."""
        began = self.now
        core.bootstrap(self.now)
        self.after(core)
        self.run_until(lambda: not core.bootstrap_running)
        return self.now - began

    def finish(self, core: Core, request: Request) -> Outcome:
        """Start an operation of a core and let time pass until it is done."""
        return self._finish(core, request)[0]

    def _finish(self, core: Core, request: Request) -> tuple[Outcome, Operation]:
        done: list[Outcome] = []
        operation = core.start(request, lambda outcome, now: done.append(outcome), self.now)
        self.after(core)
        self.run_until(lambda: bool(done))
        return done[0], operation

    def ask(self, core: Core, question: Question, remotes: Sequence[Addr]) -> Outcome:
        """Query nodes directly from a core."""
        return self.finish(core, Ask(question, remotes=remotes))

    def store(self, core: Core, what: ImmutableItem | MutableItem) -> Outcome:
        """Put an item from a core."""
        return self.finish(core, Store(what))

    def look_up(self, core: Core, question: Question) -> Trial:
        """Run a lookup from a core, and measure it."""
        began = self.now
        nearest = self.closest(question.target, family=core.family)
        truth = {node.addr for node in nearest if self._honest(node.addr)} - {core.identity.bound}
        firsts: list[float] = []
        request = Ask(question, on_found=lambda outcome: firsts.append(self.now - began))
        outcome, find = self._finish(core, request)
        complete = self.now - began
        detail = core.lookup(find.number, self.now) if isinstance(find, LookupRun) else None
        steps = detail.steps if detail else ()
        answered = {node.addr for node in outcome.asked if node.responded}
        return Trial(
            outcome=outcome,
            first=firsts[0] if firsts else None,
            complete=complete,
            queries=len(steps),
            hops=_hops(steps, outcome),
            found=len(truth & answered) / len(truth) if truth else 1.0,
        )


def _hops(steps: Sequence[StepView], outcome: Outcome) -> int:
    """Queries in a row until the first value, or to the closest responder."""
    gave = [step for step in steps if step.found is not None]
    if gave:
        return min(gave, key=lambda step: step.ended or inf).hop + 1
    nearest = outcome.closest[0].addr if outcome.closest else None
    return next((step.hop + 1 for step in steps if step.addr == nearest), 0)


def grow(simulation: Simulation, size: int, *, nat: float = 0.0, rate: float = 10.0, **settings: Any) -> Iterator[Core]:
    """A network of `size` cores, `rate` of which join each second, all through the first three. Gives each in turn.

    A share `nat` of them, but not these three, is behind NATs. `settings`: of `Settings`.
    """
    hosts: list[Addr] = []
    chance = Chance(size)
    for nth in range(size):
        if nth < 3:
            core = simulation.add(hosts=tuple(hosts), read_only=False, **settings)
            hosts.append(core.identity.bound)
        else:
            core = simulation.add(hosts=tuple(hosts), nat=chance.unit(nth) < nat, **settings)
        if nth:
            core.bootstrap(simulation.now)
            simulation.after(core)
        simulation.run(1 / rate)
        yield core
