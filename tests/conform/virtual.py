"""A session and one node under test in virtual time: datagrams, timers, delays and losses of one seed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random
from typing import Any, Protocol

from dhtui.conform.case import Case
from dhtui.conform.network import Network
from dhtui.conform.outcomes import Outcome
from dhtui.conform.session import LONG, Result, Session, Terms
from dhtui.engine.core import Core
from dhtui.engine.settings import Settings
from dhtui.engine.wire.compact import Addr

from .altered import Altered

START = 1000.0
NODE: Addr = ("127.0.0.1", 6881)
NODE6: Addr = ("fd00::7:1", 6881)
PUBLIC_NODE6: Addr = ("2001:db8:7::1", 6881)
PUBLIC_NODE: Addr = ("124.0.1.7", 6881)
NET_PORT = 7000
BAD = (Outcome.FAIL, Outcome.NON_STRICT)


class UnderTest(Protocol):
    """A node without I/O, as `Core` is. A mutant wraps one, or is one that differs."""

    def receive_datagram(self, data: bytes, addr: Addr, now: float) -> None: ...

    def handle_timer(self, now: float) -> None: ...

    def next_timer(self) -> float: ...

    def datagrams_to_send(self) -> list[Any]:
        """Bytes and destination, and where a mutant sends from elsewhere the source."""


def a_node(seed: int = 0, addr: Addr = NODE, hosts: tuple[str, ...] = (), **settings: Any) -> Core:
    """Our own node, which serves."""
    core = Core(Settings(**({"read_only": False} | settings)), addr, Random(f"{seed}/node"), START, hosts)
    if hosts:
        core.bootstrap(START)
        for name in core.take_hosts_wanted():
            ip, _, port = name.rpartition(":")
            core.host_resolved(name, ((ip, int(port)),), "", START)
    return core


def our_network(size: int, seed: int = 0, prefix: str = "127.0.7", port: int = NET_PORT) -> Network:
    """A network for the node to join."""
    return Network([(f"{prefix}.{n + 1}", port) for n in range(size)], Random(f"{seed}/network"))


@dataclass
class VirtualWire:
    """Addresses without sockets. `hosts`: how many this machine has; `spread`: each in a network of its own."""

    prefix: str = "127.1"
    hosts: int = 1 << 14
    spread: bool = False
    out: list[tuple[bytes, Addr, Addr]] = field(default_factory=list)
    _port: int = 20_000

    def open(self, host: int) -> Addr | None:
        """A fresh port."""
        if host >= self.hosts:
            return None
        self._port += 1
        if self.spread:
            return f"{self.prefix.partition('.')[0]}.{host // 250 + 1}.{host % 250}.7", self._port
        return f"{self.prefix}.{host // 250}.{host % 250 + 1}", self._port

    def send(self, data: bytes, ours: Addr, theirs: Addr) -> None:
        """Into the list."""
        self.out.append((data, ours, theirs))

    def close(self, ours: Addr) -> None:
        """Nothing."""


class SixWire(VirtualWire):
    """The same over IPv6."""

    public = False

    def open(self, host: int) -> Addr | None:
        """A fresh port."""
        found = super().open(host)
        return found and (f"{'2001:db8' if self.public else 'fd00:0'}:{host + 1:x}::1", found[1])


def run(
    cases: Sequence[Case],
    node: UnderTest,
    *,
    addr: Addr = NODE,
    seed: int = 0,
    terms: Terms | None = None,
    wire: VirtualWire | None = None,
    network: Network | None = None,
    delay: float = 0.001,
    loss: float = 0.0,
    public: bool = False,
    acts: Iterable[tuple[float, Any]] = (),
) -> Session:
    """Run cases against a node until all have a result. `acts`: what the node is made to do of itself, functions of the
    time, each so many seconds after the start."""
    wire = wire or VirtualWire()
    rng = Random(f"{seed}/wires")
    terms = terms or Terms(4.0, 1.0, own=True, long=True, join_seconds=60.0)
    session = Session(cases, addr, wire, seed, START, terms, network, public=public)
    flying: list[tuple[float, int, bytes, Addr, Addr]] = []
    to_do = sorted(acts, key=lambda act: act[0])
    count = 0

    def pump(now: float) -> None:
        nonlocal count
        sent = [(data, addr, dest) for data, dest in node.datagrams_to_send()]
        if isinstance(node, Altered):
            sent += node.spoofed
            node.spoofed = []
        sent += wire.out
        wire.out = []
        for data, source, dest in sent:
            if rng.random() >= loss:
                count += 1
                heappush(flying, (now + delay * (0.5 + rng.random()), count, data, source, dest))

    now = START
    session.start()
    pump(now)
    while not session.done:
        times = [session.next_timer(), node.next_timer(), START + to_do[0][0] if to_do else float("inf")]
        now = max(now, min([*times, *(flying[0][:1] if flying else ())]))
        while flying and flying[0][0] <= now:
            _, _, data, source, dest = heappop(flying)
            if dest == addr:
                node.receive_datagram(data, source, now)
            else:
                session.receive(data, source, dest, now)
            pump(now)
        while to_do and START + to_do[0][0] <= now:
            to_do.pop(0)[1](now)
        if node.next_timer() <= now:
            node.handle_timer(now)
        session.handle_timer(now)
        pump(now)
    return session


def outcomes(session: Session) -> dict[str, Outcome]:
    """By number."""
    return {result.case.id: result.outcome for result in session.results}


def faults(session: Session) -> list[Result]:
    """What is not as it should be."""
    return [each for each in session.results if each.outcome not in (Outcome.PASS, Outcome.SKIPPED)]


def quick(cases: Iterable[Case]) -> list[Case]:
    """Those that don't wait for minutes."""
    return [case for case in cases if case.waits < LONG]
