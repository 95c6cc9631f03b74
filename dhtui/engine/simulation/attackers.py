"""Attackers of one node, each with a budget and a goal; and honest nodes, on which the damage is measured.

An attacker acts only by datagrams, at a rate and for a time. One that forges sources has no address of its own and
receives no answer. The others own addresses: they receive what the node sends there, and answer from 10 ms away, faster
than nearly all honest nodes.

They attack in either address family, that of the node: where IPv4 has one IP and a /24, IPv6 has a /64 and a /48.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle
from random import Random
from typing import Any

from ..core import Core
from ..items import immutable_target, mutable_target, sign
from ..keys import PrivateKey
from ..wire.bencode import encode
from ..wire.compact import Addr, NodeInfo, pack_node
from ..wire.family import IPV4, IPV6, Family
from ..wire.ids import ID_BITS, ID_LENGTH, bep42_id, random_id, random_id_with_prefix
from ..wire.krpc import (
    AnnouncePeer,
    Args,
    FindNode,
    Get,
    GetPeers,
    MalformedDatagram,
    Ping,
    Put,
    Query,
    RefusedQuery,
    Response,
    encode_query,
    encode_response,
    parse,
)
from .network import Simulation

TURN = 0.05
"""Least seconds between two turns. An attacker with a higher rate sends several datagrams a turn."""
FIRST_PORT = 6881
WINDOW = 10.0
"""Seconds of the window in which bytes sent to a network are summed."""


class Goal(StrEnum):
    """The goal of an attacker."""

    DENY = "deny"
    CENSOR = "censor"
    ECLIPSE = "eclipse"
    EVICT = "evict"
    MOVE_ID = "move the id"
    AMPLIFY = "amplify"


@dataclass(frozen=True, slots=True)
class Budget:
    """The cost of an attack."""

    addresses: int
    """Own IPs; in IPv6 one address in each of so many /64s. 0: all sources are forged."""
    nets: int
    """How many /24s, or /48s, they are in."""
    rate: float
    """Datagrams a second, without answers to the node."""
    seconds: float

    def ips(self, first: int = 130, family: Family = IPV4) -> list[str]:
        """The addresses: an equal number in each network, consecutive. `first` is the first byte of those in the first
        /24; in IPv6 the second one, after 2a."""
        if family is not IPV4:
            heads = [bytes((0x2A, first + nth % 30, nth * 7 % 256, nth * 59 % 256, 0, 0)) for nth in range(self.nets)]
            hosts = ((heads[nth % self.nets], 1 + nth // self.nets) for nth in range(self.addresses))
            return [family.unpack_ip(head + host.to_bytes(2) + bytes(7) + b"\x01") for head, host in hosts]
        nets = [f"{first + nth % 30}.{nth * 7 % 256}.{nth * 59 % 256}" for nth in range(self.nets)]
        return [f"{nets[nth % self.nets]}.{1 + nth // self.nets}" for nth in range(self.addresses)]

    def __str__(self) -> str:
        if not self.rate:
            return "nothing"
        if not self.addresses:
            who = "no address"
        elif self.addresses == 1:
            who = "1 IP"
        else:
            who = f"{self.addresses:,} IPs in {self.nets} /24{'s' * (self.nets > 1)}"
        for unit, seconds in (("h", 3600), ("min", 60), ("s", 1)):
            if self.seconds >= seconds:
                return f"{who}, {self.rate:g}/s, {self.seconds / seconds:.3g} {unit}"
        return f"{who}, at once"


class Stranger:
    """Sends datagrams to one core, `budget.rate` a second, by `act`."""

    datagrams = 1
    """How many datagrams one `act` sends."""

    def __init__(self, simulation: Simulation, core: Core, budget: Budget, seed: int, first: int = 130) -> None:
        self.simulation, self.core, self.budget = simulation, core, budget
        self.rng = Random(seed)
        self.family = core.family
        self.ips = budget.ips(first, core.family)
        self.sent = self.bytes_sent = 0
        self._ends = 0.0
        self._due = 0.0

    def start(self) -> None:
        """Begin. It continues while the simulation runs, until its time is over."""
        for ip in self.ips:
            self.simulation.own(ip, self.received)
        self._ends = self.simulation.now + self.budget.seconds
        self.simulation.wake(self.simulation.now, self._turn)

    def _turn(self) -> None:
        pause = max(TURN, 1 / self.budget.rate) * self.rng.uniform(0.5, 1.5)
        self._due += pause * self.budget.rate
        while self._due >= self.datagrams:
            self._due -= self.datagrams
            self.act()
        if self.simulation.now + pause < self._ends:
            self.simulation.wake(self.simulation.now + pause, self._turn)

    def act(self) -> None:
        """One turn: mostly it sends one datagram."""
        raise NotImplementedError

    def send(self, data: bytes, source: Addr) -> None:
        """Send a datagram to the core, under any source."""
        self.sent += 1
        self.bytes_sent += len(data)
        self.simulation.deliver(data, source, self.core)

    def query(self, args: Args, source: Addr, tid: bytes | None = None) -> None:
        """Send a query to the core."""
        self.send(encode_query(tid or self.rng.randbytes(2), args, False)[1], source)

    def received(self, at: Addr, source: Addr, data: bytes) -> None:
        """A datagram was received at one of its addresses."""
        try:
            message = parse(data, self.family)
        except (MalformedDatagram, RefusedQuery):
            return
        if isinstance(message, Query):
            self.asked(message, at, source)
        elif isinstance(message, Response):
            self.answered(message, at)

    def asked(self, query: Query, at: Addr, source: Addr) -> None:
        """A query was received."""

    def answered(self, response: Response, at: Addr) -> None:
        """A response was received."""


# ---- without an address ----------------------------------------------------------------------------------


class Forger(Stranger):
    """Sends what `make` returns, under the next of `sources` as its source."""

    def __init__(
        self,
        simulation: Simulation,
        core: Core,
        budget: Budget,
        seed: int,
        *,
        sources: Iterator[Addr],
        make: Callable[[Random, Core], bytes],
    ) -> None:
        super().__init__(simulation, core, budget, seed)
        self._sources, self._make = sources, make

    def act(self) -> None:
        self.send(self._make(self.rng, self.core), next(self._sources))


BURST = 60
"""Datagrams in a row under one source."""


def friends_of(core: Core, besides: Sequence[Addr] = ()) -> Iterator[Addr]:
    """Addresses of `besides`, of a core's table, and of nodes that it remembers; each many times in a row."""
    while True:
        known = (*core.nodes(), *core.saved_state().nodes)
        for addr in dict.fromkeys((*besides, *(node.addr for node in known))):
            for _ in range(BURST):
                yield addr


def anybody(rng: Random, family: Family = IPV4) -> Iterator[Addr]:
    """Addresses from all over the world, each once."""
    while True:
        bits = rng.getrandbits(32)
        if family is not IPV4:
            yield family.unpack_ip(b"\x26" + bits.to_bytes(4) + rng.randbytes(11)), FIRST_PORT
            continue
        yield f"{1 + bits % 9}.{bits >> 8 & 255}.{bits >> 16 & 255}.{bits >> 24 & 255}", FIRST_PORT


def anybody_in(net: str, rng: Random) -> Iterator[Addr]:
    """Addresses of one /24, given by its first three numbers, or of one /64, given by its first four groups."""
    while True:
        ip = IPV6.canonical(f"{net}::{rng.randrange(1, 65536):x}") if ":" in net else f"{net}.{rng.randrange(256)}"
        yield ip, rng.randrange(1024, 65536)


def one_byte(rng: Random, core: Core) -> bytes:
    """An invalid message of one byte."""
    return b"x"


def a_ping(rng: Random, core: Core) -> bytes:
    """A ping under a random id next to the core's own, where its table has room."""
    node_id = random_id_with_prefix(core.id, rng.randrange(20, 60), rng)
    return encode_query(rng.randbytes(2), Ping(node_id), False)[1]


def a_find(rng: Random, core: Core) -> bytes:
    """A find_node for a random target."""
    return encode_query(rng.randbytes(2), FindNode(random_id(rng), random_id(rng)), False)[1]


def a_response(rng: Random, core: Core) -> bytes:
    """A response to a query that was never sent."""
    return encode_response(rng.randbytes(4), {b"id": random_id(rng)}, core.identity.bound)


def an_error(rng: Random, core: Core) -> bytes:
    """An error in answer to a query that was never sent."""
    return encode({b"e": [201, b"no"], b"t": rng.randbytes(4), b"y": b"e"})


def a_refusal(rng: Random, core: Core) -> bytes:
    """A query that is answered with an error."""
    return encode({b"a": {b"id": b"short"}, b"q": b"ping", b"t": rng.randbytes(2), b"y": b"q"})


KINDS: dict[str, Callable[[Random, Core], bytes]] = {
    "one byte": one_byte,
    "pings": a_ping,
    "find_nodes": a_find,
    "responses": a_response,
    "errors": an_error,
    "bad queries": a_refusal,
}
"""The kinds of datagrams that a forger sends."""


def all_kinds(rng: Random, core: Core) -> bytes:
    """One of `KINDS`."""
    return rng.choice(list(KINDS.values()))(rng, core)


def get_of(target: bytes) -> Callable[[Random, Core], bytes]:
    """A get for an item that the core stores: the longest answer to the shortest query."""
    return lambda rng, core: encode_query(rng.randbytes(2), Get(random_id(rng), target), False)[1]


class Drain:
    """Victims of an amplifier. Counts the bytes that reach them."""

    def __init__(self, simulation: Simulation, ips: Sequence[str]) -> None:
        self._simulation = simulation
        self._by_time: Counter[int] = Counter()
        self.total = 0
        self.datagrams: list[int] = []
        for ip in ips:
            simulation.own(ip, self.received)

    def received(self, at: Addr, source: Addr, data: bytes) -> None:
        self.total += len(data)
        self.datagrams.append(len(data))
        self._by_time[int(self._simulation.now)] += len(data)

    @property
    def most(self) -> int:
        """The most bytes received in any 10 s."""
        return max((sum(self._by_time[second + n] for n in range(int(WINDOW))) for second in self._by_time), default=0)


# ---- writers ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry to store."""

    target: bytes
    port: int = 0
    """The port of a peer."""
    item: tuple[bytes, bytes | None, bytes | None, int | None, bytes] | None = None
    """``v``, ``k``, ``sig``, ``seq`` and salt; `None` for a peer."""

    def write(self, own: bytes, token: bytes) -> Args:
        """The query that stores it."""
        if self.item is None:
            return AnnouncePeer(own, self.target, self.port, token)
        v, k, sig, seq, salt = self.item
        return Put(own, token, v, k, sig, seq, salt)


class Writer(Stranger):
    """Stores entries at the core, each from the next of its addresses, with a token that it got before. Honest writers
    do the same, more slowly and from all over the world."""

    datagrams = 2

    def __init__(
        self,
        simulation: Simulation,
        core: Core,
        budget: Budget,
        seed: int,
        entries: Sequence[Entry],
        first: int = 130,
    ) -> None:
        super().__init__(simulation, core, budget, seed, first)
        self.entries = entries
        self.peers: list[Addr] = []
        """The address of each entry's writer, with the port that was announced."""
        self.stored = 0
        self._own = random_id(self.rng)
        self._waiting: dict[bytes, tuple[Entry, Addr]] = {}
        self._nth = 0

    def act(self) -> None:
        if self._nth >= len(self.entries):
            return
        entry, ip = self.entries[self._nth], self.ips[self._nth % len(self.ips)]
        self._nth += 1
        source, tid = (ip, FIRST_PORT), b"w%06x" % self._nth
        self.peers.append((ip, entry.port))
        self._waiting[tid] = entry, source
        own, target = self._own, entry.target
        self.query(GetPeers(own, target) if entry.item is None else Get(own, target), source, tid)

    def answered(self, response: Response, at: Addr) -> None:
        entry, source = self._waiting.pop(response.tid, (None, at))
        if entry is None:
            self.stored += response.tid.startswith(b"s")
        elif response.token is not None:
            self.query(entry.write(self._own, response.token), source, b"s" + response.tid[1:])


def peers_of(target: bytes, n: int) -> list[Entry]:
    """`n` peers of one infohash, on ports of their own."""
    return [Entry(target, 10_000 + nth) for nth in range(n)]


def swarms(n: int, rng: Random, near: bytes | None = None, bits: int = 24) -> list[Entry]:
    """One peer each of `n` infohashes; those `near` an id share its first bits."""
    return [Entry(_near(near, bits, rng), 10_000 + nth) for nth in range(n)]


def _near(near: bytes | None, bits: int, rng: Random) -> bytes:
    return random_id(rng) if near is None else random_id_with_prefix(near, bits, rng)


def immutable_items(n: int, rng: Random, near: bytes | None = None) -> list[Entry]:
    """`n` values; with `near` made so that the first 6 bits of their hashes are those of an id."""
    found: list[Entry] = []
    while len(found) < n:
        v = b"16:" + rng.randbytes(16)
        if near is None or not (immutable_target(v)[0] ^ near[0]) >> 2:
            found.append(Entry(immutable_target(v), item=(v, None, None, None, b"")))
    return found


def mutable_items(n: int, rng: Random, near: bytes | None = None) -> list[Entry]:
    """`n` signed values under salts of one key; with `near` the first 6 bits of the targets are those of an id."""
    key, found = PrivateKey.from_seed(rng.randbytes(32)), list[Entry]()
    while len(found) < n:
        salt = b"%x" % rng.getrandbits(64)
        if near is not None and (mutable_target(key.public, salt)[0] ^ near[0]) >> 2:
            continue
        item = sign(key, b"5:a day", 1, salt)
        found.append(Entry(item.target, item=(item.v, item.k, item.sig, item.seq, item.salt)))
    return found


# ---- nodes of the attacker -------------------------------------------------------------------------------


class Poisoner(Stranger):
    """Many nodes of one owner that seek places in the table: they query the core again and again, and answer it.

    For `patience` seconds they behave as honest nodes do. After that they return no values, and refer to each other
    under ids next to each target.
    """

    def __init__(
        self,
        simulation: Simulation,
        core: Core,
        budget: Budget,
        seed: int,
        *,
        ports: int = 1,
        near: bytes | None = None,
        patience: float = 0.0,
        turning: float = 0.0,
        external: Callable[[float], Addr] | None = None,
        framing: bool = False,
    ) -> None:
        """`ports` nodes are at each IP. Their ids are `near` a target; else half of them fit their addresses (BEP 42),
        and half are near the core's own. A share `turning` of the IPs queries under ids near the core's, where its
        table has room, and answers each ping under a new one. `external`: what they claim to be the core's address.
        `framing`: they refer to nodes of the core's table under false ids."""
        super().__init__(simulation, core, budget, seed)
        self._near, self._patience, self._external, self._framing = near, patience, external, framing
        self._nodes = [(ip, FIRST_PORT + nth) for nth in range(ports) for ip in self.ips]
        self._next = cycle(self._nodes)
        self._ids: dict[Addr, bytes] = {}
        self._turning = {ip for nth, ip in enumerate(self.ips) if (nth + 1) * turning % 1 < turning}
        self._claimed: dict[tuple[Addr, bytes], bytes] = {}
        self._begun = simulation.now
        self.asked_of_us = 0

    def takes_ids(self, nodes: Sequence[NodeInfo]) -> None:
        """Set the ids under which other nodes know its nodes."""
        self._ids.update({addr: node_id for node_id, addr in nodes})

    def id_of(self, addr: Addr) -> bytes:
        """The id of the node at one of its addresses."""
        node_id = self._ids.get(addr)
        if node_id is None:
            if self._near is not None:
                node_id = self._beside(self._near)
            elif self.rng.random() < 0.5:
                node_id = bep42_id(addr[0], self.rng)
            else:
                node_id = self._deep()
            self._ids[addr] = node_id
        return node_id

    def _deep(self) -> bytes:
        return random_id_with_prefix(self.core.id, self.rng.randrange(20, 60), self.rng)

    def _beside(self, target: bytes) -> bytes:
        """An id next to a target: alternately as near as the true ones, and nearer."""
        shared = self.rng.choice((18, 19, 20, self.rng.randrange(26, 40)))
        number = int.from_bytes(target, "big") ^ self.rng.getrandbits(ID_BITS - shared)
        return number.to_bytes(ID_LENGTH, "big")

    def act(self) -> None:
        addr = next(self._next)
        own = self._deep() if addr[0] in self._turning else self.id_of(addr)
        self.query(FindNode(own, random_id(self.rng)), addr)

    def asked(self, query: Query, at: Addr, source: Addr) -> None:
        if source != self.core.identity.bound:
            return
        self.asked_of_us += 1
        body = self._body(query.args, at)
        seen = self._external(self.simulation.now) if self._external else source
        data = encode_response(query.tid, body, seen)
        self.simulation.wake(self.simulation.now + TURN / 5, lambda: self.simulation.deliver(data, at, self.core))

    def _body(self, args: Args, at: Addr) -> dict[bytes, Any]:
        if isinstance(args, Ping | Put | AnnouncePeer):
            if self._near is None and at[0] in self._turning:
                self._ids[at] = random_id(self.rng)
            return {b"id": self.id_of(at)}
        behaves = self.simulation.now - self._begun < self._patience
        target = args.target
        population = self.simulation.population_of(self.family)
        if behaves and population is not None:
            named = [m.info for m in population.closest(target, 8, self.simulation.now)]
        else:
            named = self._framed(target) if self._framing else self._fellows(target)
        body: dict[bytes, Any] = {b"id": self._claimed.get((at, target)) or self.id_of(at)}
        body[self.family.nodes_key] = b"".join(map(pack_node, named))
        if isinstance(args, Get | GetPeers):
            body[b"token"] = b"poison"
        return body

    def _fellows(self, target: bytes) -> list[NodeInfo]:
        """Eight of its nodes, under ids next to a target. They will answer under these."""
        named = []
        for _ in range(8):
            addr = self._nodes[self.rng.randrange(len(self._nodes))]
            node_id = self._claimed.setdefault((addr, target), self._beside(target))
            self._ids.setdefault(addr, node_id)
            named.append(NodeInfo(node_id, addr))
        return named

    def _framed(self, target: bytes) -> list[NodeInfo]:
        contacts = [node.addr for node in self.core.nodes() if node.addr[0] not in self.ips]
        self.rng.shuffle(contacts)
        number = int.from_bytes(target, "big")
        ids = (number ^ self.rng.getrandbits(ID_BITS - 20) for _ in contacts)
        return [
            NodeInfo(made_up.to_bytes(ID_LENGTH, "big"), addr)
            for made_up, addr in zip(ids, contacts[:20], strict=False)
        ]

    # ---- its success -------------------------------------------------------------------------------

    @property
    def addrs(self) -> tuple[Addr, ...]:
        """The addresses of all its nodes."""
        return tuple(self._nodes)

    def share_of(self, addrs: Sequence[Addr]) -> float:
        """The share of some addresses that are its own."""
        own = set(self.ips)
        return sum(addr[0] in own for addr in addrs) / len(addrs) if addrs else 0.0


class Newcomers(Stranger):
    """Honest nodes, one an address. Each queries the core once, and answers it."""

    def __init__(self, simulation: Simulation, core: Core, budget: Budget, seed: int, first: int = 190) -> None:
        super().__init__(simulation, core, budget, seed, first)
        self._ids = {ip: random_id_with_prefix(core.id, self.rng.randrange(20, 60), self.rng) for ip in self.ips}
        self._next = iter(self.ips)
        self._met: set[str] = set()

    def act(self) -> None:
        ip = next(self._next, None)
        if ip is not None:
            self.query(FindNode(self._ids[ip], self._ids[ip]), (ip, FIRST_PORT))

    def asked(self, query: Query, at: Addr, source: Addr) -> None:
        self._met.add(at[0])
        data = encode_response(query.tid, {b"id": self._ids[at[0]], self.family.nodes_key: b""}, source)
        self.simulation.wake(self.simulation.now + TURN, lambda: self.simulation.deliver(data, at, self.core))

    @property
    def met(self) -> int:
        """How many of them the core has pinged."""
        return len(self._met)


class Queriers(Stranger):
    """Honest clients that query in turns, `ports` of them behind each IP. Counts complete answers."""

    def __init__(
        self,
        simulation: Simulation,
        core: Core,
        budget: Budget,
        seed: int,
        *,
        ports: int = 1,
        first: int = 190,
    ) -> None:
        super().__init__(simulation, core, budget, seed, first)
        self._ids = {ip: random_id(self.rng) for ip in self.ips}
        self._next = cycle([(ip, FIRST_PORT + nth) for nth in range(ports) for ip in self.ips])
        self.sent_queries = self.served = 0

    def act(self) -> None:
        self.sent_queries += 1
        source = next(self._next)
        self.query(FindNode(self._ids[source[0]], random_id(self.rng)), source)

    def asked(self, query: Query, at: Addr, source: Addr) -> None:
        data = encode_response(query.tid, {b"id": self._ids[at[0]], self.family.nodes_key: b""}, source)
        self.simulation.wake(self.simulation.now + TURN, lambda: self.simulation.deliver(data, at, self.core))

    def answered(self, response: Response, at: Addr) -> None:
        self.served += bool(response.nodes)


def item_of_most_bytes(rng: Random) -> Entry:
    """A signed item whose answer is as long as possible."""
    item = sign(PrivateKey.from_seed(rng.randbytes(32)), b"996:" + rng.randbytes(996), 1)
    return Entry(item.target, item=(item.v, item.k, item.sig, item.seq, item.salt))
