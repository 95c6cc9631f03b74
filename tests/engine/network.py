"""A network in virtual time: cores wired back to back, and puppets that say what a test wants them to say.

    net = Network(latency=0.02)
    a, b = net.core(), net.core()
    net.meet(a, b)
    outcome = net.ask(a, FindClosest(target))

One seed makes every run the same. No socket, no sleeping: the clock jumps to the next thing that happens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random
from typing import Any

from dhtui.engine.core import Core
from dhtui.engine.families.sides import split_host
from dhtui.engine.items import Draft, ImmutableItem, MutableItem
from dhtui.engine.lookup.questions import FindClosest, GetItem, PingNode, Question
from dhtui.engine.lookup.running import Done
from dhtui.engine.operations.requests import Announce, Ask, RefreshBucket, Request, Store
from dhtui.engine.outcome import Outcome
from dhtui.engine.settings import Settings
from dhtui.engine.views.events import Event
from dhtui.engine.wire.compact import Addr, NodeInfo, pack_node
from dhtui.engine.wire.family import family_of
from dhtui.engine.wire.krpc import Args, ErrorReply, Message, Query, Response, encode_query, encode_response, parse

START = 1000.0
"""The clock of a fresh network, seconds."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A datagram that was sent, whether or not it arrived."""

    at: float
    source: Addr
    dest: Addr
    data: bytes

    @property
    def message(self) -> Message:
        """What it says."""
        return parse(self.data, family_of(self.dest[0]))


Answer = Mapping[bytes, Any] | bytes | None
"""A puppet's answer: the body of a response (its id is added), a raw datagram, or silence."""


class Puppet:
    """A peer that answers as a test wants: `answer` is called for every query."""

    def __init__(self, net: Network, node_id: bytes, addr: Addr, answer: Callable[[Query], Answer]) -> None:
        self.net, self.id, self.addr, self.answer = net, node_id, addr, answer
        self.queries: list[Query] = []
        self.replies: list[Response | ErrorReply] = []

    @property
    def info(self) -> NodeInfo:
        """Id and address."""
        return NodeInfo(self.id, self.addr)

    def methods(self) -> list[str]:
        """The methods that it was asked for, in order."""
        return [query.method for query in self.queries]

    def query(self, core: Core, args: Args, *, read_only: bool = False, tid: bytes = b"qq") -> None:
        """Ask a core something; what comes back is in `replies` once the network has run."""
        self.net.send(encode_query(tid, args, read_only)[1], self.addr, core.identity.bound)

    def receive(self, data: bytes, source: Addr) -> None:
        """A datagram came."""
        message = parse(data, family_of(self.addr[0]))
        if not isinstance(message, Query):
            self.replies.append(message)
            return
        self.queries.append(message)
        said = self.answer(message)
        if isinstance(said, bytes):
            self.net.send(said, self.addr, source)
        elif said is not None:
            self.net.send(encode_response(message.tid, {b"id": self.id} | dict(said), source), self.addr, source)


def polite(query: Query) -> Answer:
    """The answer of a node that knows nobody and stores nothing."""
    return {} if query.method == "ping" else {b"nodes": b"", b"token": b"token"}


def silent(query: Query) -> Answer:
    """No answer."""
    return None


def naming(*nodes: NodeInfo) -> Callable[[Query], Answer]:
    """The answers of a node that refers everybody to the same nodes."""
    packed = b"".join(map(pack_node, nodes))
    return lambda query: {} if query.method == "ping" else {b"nodes": packed, b"token": b"token"}


def into(outcomes: list[Outcome]) -> Done:
    """What puts the outcome of an operation into a list."""
    return lambda outcome, now: outcomes.append(outcome)


class Network:
    """The wires between cores and puppets, and the clock."""

    def __init__(self, seed: int = 1, *, latency: float = 0.02, spread: float = 0.0, loss: float = 0.0) -> None:
        """`latency` is that of one way, seconds, to which a random part up to `spread` comes; `loss` is 0 to 1."""
        self.rng = Random(seed)
        self.now = START
        self.latency, self.spread, self.loss = latency, spread, loss
        self.slow: dict[Addr, float] = {}
        """Seconds that every packet *from* an address takes longer."""
        self.dead: set[Addr] = set()
        """Addresses that neither hear nor say anything."""
        self.walls: set[Addr] = set()
        """Addresses behind a NAT: they hear only from addresses that they have sent to."""
        self.names: dict[str, tuple[Addr, ...] | str] = {}
        """What a bootstrap host's name resolves to, or why it doesn't. ``1.2.3.4:5`` needs no entry."""
        self.packets: list[Packet] = []
        self.recording = True
        self._ends: dict[Addr, Core | Puppet] = {}
        self._happening: list[tuple[float, int, Addr, Packet | None]] = []
        self._timers: dict[Addr, float] = {}
        self._count = 0
        self._addresses = 0
        self._opened: set[tuple[Addr, Addr]] = set()
        self._beside: dict[Core, Core] = {}
        self._followed: Core | None = None

    # ---- who is there ------------------------------------------------------------------------------

    def fresh_addr(self) -> Addr:
        """A public address in a /24 of its own."""
        self._addresses += 1
        return f"{20 + self._addresses // 256}.{self._addresses % 256}.7.1", 6881

    def fresh_six(self) -> Addr:
        """A public IPv6 address in a /48 of its own."""
        self._addresses += 1
        return f"2001:db8:{self._addresses:x}::1", 6881

    def core(
        self,
        ip: str = "",
        *,
        port: int = 6881,
        hosts: tuple[str, ...] = (),
        beside: Core | None = None,
        **settings: Any,
    ) -> Core:
        """A core that answers from its first moment, unless `settings` (of `Settings`) say otherwise. `beside`: the
        same node's core in the other family."""
        addr = (ip, port) if ip else self.fresh_addr()
        rng = Random(self.rng.getrandbits(64))
        core = Core(
            Settings(**({"read_only": False} | settings)), addr, rng, self.now, hosts, beside.common if beside else None
        )
        self._ends[addr] = core
        if beside is not None:
            core.beside(beside)
            beside.beside(core)
            self._beside[core], self._beside[beside] = beside, core
        self.after(core)
        return core

    def puppet(
        self, answer: Callable[[Query], Answer] = polite, *, ip: str = "", port: int = 6881, node_id: bytes = b""
    ) -> Puppet:
        """A peer whose every answer `answer` gives."""
        addr = (ip, port) if ip else self.fresh_addr()
        puppet = Puppet(self, node_id or self.rng.randbytes(20), addr, answer)
        self._ends[addr] = puppet
        return puppet

    def kill(self, core: Core) -> None:
        """It is gone, without a word."""
        self.dead.add(core.identity.bound)

    def sleep(self, core: Core, seconds: float) -> None:
        """It does nothing for so long, while the others go on; then it wakes."""
        addr = core.identity.bound
        self.dead.add(addr)
        self.run(seconds)
        self.dead.discard(addr)
        self._timers.pop(addr, None)
        core.woke(seconds, self.now)
        self.after(core)

    # ---- what happens ------------------------------------------------------------------------------

    def send(self, data: bytes, source: Addr, dest: Addr) -> None:
        """Put a datagram on the wire; tests use it to forge one from any `source`."""
        packet = Packet(self.now, source, dest, data)
        if self.recording:
            self.packets.append(packet)
        self._opened.add((source, dest))
        if source in self.dead or (self.loss and self.rng.random() < self.loss):
            return
        delay = self.latency + self.slow.get(source, 0.0)
        if self.spread:
            delay += self.rng.random() * self.spread
        self._later(self.now + delay, dest, packet)

    def _later(self, at: float, addr: Addr, packet: Packet | None) -> None:
        self._count += 1
        heappush(self._happening, (at, self._count, addr, packet))

    def after(self, core: Core) -> None:
        """To be called after every call into a core: sends, looks names up, sets its timer."""
        addr = core.identity.bound
        while (datagrams := core.datagrams_to_send()) or (names := core.take_hosts_wanted()):
            for data, dest in datagrams:
                self.send(data, addr, dest)
            for name in () if datagrams else names:
                self._resolve(core, name)
        at = core.next_timer()
        if at < self._timers.get(addr, float("inf")):
            self._timers[addr] = at
            self._later(at, addr, None)
        if (other := self._beside.get(core)) is not None and other is not self._followed:
            before, self._followed = self._followed, core
            self.after(other)
            self._followed = before

    def _resolve(self, core: Core, name: str) -> None:
        host, port = split_host(name)
        found = self.names.get(name, ((host, port),))
        addrs, why = ((), found) if isinstance(found, str) else (found, "")
        core.host_resolved(name, addrs, why, self.now)

    def _step(self) -> None:
        at, _, addr, packet = heappop(self._happening)
        self.now = at
        end = self._ends.get(addr)
        if packet is None:
            self._tick(addr, end)
        elif addr in self.dead or (addr in self.walls and (addr, packet.source) not in self._opened):
            return
        elif isinstance(end, Puppet):
            end.receive(packet.data, packet.source)
        elif end is not None:
            end.receive_datagram(packet.data, packet.source, self.now)
            self.after(end)

    def _tick(self, addr: Addr, core: Core | Puppet | None) -> None:
        if addr in self.dead or not isinstance(core, Core) or self._timers.get(addr) != self.now:
            return
        del self._timers[addr]
        if core.next_timer() <= self.now:
            core.handle_timer(self.now)
        if probe := core.probe_to_send(self.now):
            self.send(probe[0], (addr[0], 50_000), probe[1])
            core.probe_sent(probe[0], self.now)
        self.after(core)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        until = self.now + seconds
        while self._happening and self._happening[0][0] <= until:
            self._step()
        self.now = until

    def run_until(self, condition: Callable[[], bool], limit: float = 120.0) -> None:
        """Let time pass until `condition` holds. Fails after `limit` seconds of virtual time."""
        until = self.now + limit
        while not condition():
            assert self._happening and self._happening[0][0] <= until, "it never came to pass"
            self._step()

    # ---- what cores are asked to do ------------------------------------------------------------------

    def finish(self, core: Core, request: Request | RefreshBucket, limit: float = 120.0) -> Outcome:
        """Start an operation of a core and let time pass until it is done."""
        done: list[Outcome] = []
        core.start(request, into(done), self.now)
        self.after(core)
        self.run_until(lambda: bool(done), limit)
        assert len(done) == 1
        return done[0]

    def ask(self, core: Core, question: Question, **how: Any) -> Outcome:
        """The outcome of a question."""
        return self.finish(core, Ask(question, **how))

    def find_node(self, core: Core, target: bytes, **how: Any) -> Outcome:
        """The outcome of a search for the nodes closest to `target`."""
        return self.ask(core, FindClosest(target), **how)

    def get(self, core: Core, what: ImmutableItem | MutableItem | Draft, **how: Any) -> Outcome:
        """The outcome of a get for the target of `what`."""
        salt = b"" if isinstance(what, ImmutableItem) else what.salt
        bounds = {name: how.pop(name) for name in ("newer_than", "at_least") if name in how}
        return self.ask(core, GetItem(what.target, salt, **bounds), **how)

    def put(self, core: Core, what: ImmutableItem | MutableItem | Draft, **how: Any) -> Outcome:
        """The outcome of a put."""
        return self.finish(core, Store(what, **how))

    def announce(self, core: Core, info_hash: bytes, port: int = 0, **how: Any) -> Outcome:
        """The outcome of an announce."""
        return self.finish(core, Announce(info_hash, port, **how))

    def refresh_bucket(self, core: Core, depth: int) -> Outcome:
        """The outcome of the refresh of a bucket."""
        return self.finish(core, RefreshBucket(depth))

    def ping(self, core: Core, *addrs: Addr) -> Outcome:
        """The outcome of pings to addresses."""
        return self.ask(core, PingNode(), remotes=addrs)

    def meet(self, core: Core, *others: Core | Puppet) -> None:
        """Let a core ping others, so that they enter its table."""
        self.ping(core, *(other.addr if isinstance(other, Puppet) else other.identity.bound for other in others))

    def bootstrap(self, core: Core) -> None:
        """Bootstrap a core and wait for the end of that."""
        core.bootstrap(self.now)
        self.after(core)
        self.run_until(lambda: not core.bootstrap_running)

    # ---- what there is to see ------------------------------------------------------------------------

    def queries(self, *, source: Addr | None = None, dest: Addr | None = None, method: str = "") -> list[Packet]:
        """The queries that were sent so far, filtered."""
        return [
            packet
            for packet in self.packets
            if (source is None or packet.source == source)
            and (dest is None or packet.dest == dest)
            and isinstance(message := packet.message, Query)
            and (not method or message.method == method)
        ]


def swarm(net: Network, size: int, **settings: Any) -> list[Core]:
    """Cores that have bootstrapped from the first three of them, and know their neighbours."""
    cores: list[Core] = []
    for _ in range(size):
        hosts = tuple("{}:{}".format(*core.identity.bound) for core in cores[:3])
        addr = net.fresh_addr()
        cores.append(net.core(addr[0], hosts=hosts, **({"external": addr} | settings)))
        if hosts:
            net.bootstrap(cores[-1])
    for core in cores:
        net.find_node(core, core.id)
    return cores


def events_of(core: Core) -> list[Event]:
    """A list that fills with the events of a core from now on."""
    heard: list[Event] = []
    core.listen(heard.append)
    return heard
