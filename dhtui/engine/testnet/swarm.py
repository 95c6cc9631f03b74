"""A DHT of one's own: a swarm of real nodes on loopback, in this process, with something in it to find.

async with Testnet(64) as net, net.node() as node:
    outcome = await node.get_peers(net.infohashes[0])
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from heapq import nsmallest
from random import Random
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from .. import checks, clock
from ..items import Draft, ImmutableItem, Item
from ..keys import BEP44_TEST_KEY
from ..lookup.policy import OURS
from ..node import Node, NodeError
from ..settings import NodeConfig, Settings, StateStorage
from ..wire.address import address_text
from ..wire.bencode import encode
from ..wire.compact import Addr
from ..wire.family import FAMILIES, IPV4, IPV6, Family
from .life import HONEST, Life
from .things import NAMES, SALTS, TEXTS, infohash_of

if TYPE_CHECKING:
    from .living import Living

MAX_SIZE = 1000
WAVE = 32
"""Nodes that join, or look around, at a time."""
TRIES = 5
"""How often a node that has not found its neighbours looks for them."""
QUIET = replace(OURS, survey=0, fill=False)
"""Getting to know more than their neighbours would take a thousand nodes, which share a processor, a minute."""
K = 8
"""Nodes that a lookup finds."""
ONLY = IPV4.loopback
"""The one loopback address that every system has: macOS has no other."""


def can_bind(host: str) -> bool:
    """Whether a UDP socket can be bound at a host."""
    with socket.socket(IPV4.af, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            return False
    return True


@dataclass(slots=True, eq=False)
class Place:
    """A node of the testnet, whether it runs or not."""

    nth: int
    config: NodeConfig
    """With its address, once that is known: it comes back to it."""
    node: Node | None = None
    """The node that runs there."""
    lies: bool = False
    stopped_by: Literal["", "churn", "hand"] = ""
    """Why none runs."""


class Testnet:
    """A swarm of `size` nodes (1 to 1000) on loopback. The same seed gives the same ids and addresses.

    Each node has an address of its own, 127.x.y.z, where the system has such; else all of them are on 127.0.0.1.
    """

    __test__ = False  # pytest: the name begins with Test, but this is none

    def __init__(
        self,
        size: int,
        *,
        seed: int = 1,
        latency: Literal["none", "internet"] = "none",
        loss: float = 0.0,
        churn: bool = False,
        liars: int = 0,
        traffic: bool = False,
        family: Literal["4", "6", "both"] = "4",
        bind: Callable[[str], bool] = can_bind,
        time: Callable[[], float] = clock.now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """By default the network is as quiet and as fast as loopback is, and whole.

        `latency` "internet" has packets take the time that they take there, median 90 ms there and back; `loss` is the
        share of packets lost, each way, 0 to 0.5. With `churn` nodes leave and come back: every 300 s it is drawn anew
        whether a node is there, and a fifth is not. So many `liars` answer falsely, in league; the first
        three nodes never do. With `traffic` the nodes look up, announce and put things of their own accord.

        `family`: nodes with IPv4, with IPv6 (all on ::1), or with both, under one id. Liars lie in each of theirs.

        `bind` tells whether a host can be bound; `time` and `sleep` are the clock of churn and traffic. Raises
        `ValueError` for what can't be.
        """
        checks.whole("the size of a testnet", size, 1, MAX_SIZE)
        checks.kind("seed", seed, int)
        checks.one_of("family", family, ("4", "6", "both"))
        self.family = family
        self._families: tuple[Family, ...] = {"4": (IPV4,), "6": (IPV6,), "both": FAMILIES}[family]
        self.life = Life(latency=latency, loss=loss, churn=churn, liars=liars, traffic=traffic)
        """What it has of the internet."""
        self.life.check(size)
        self._size, self._seed = size, seed
        self._rng, self._bind = Random(seed), bind
        self._time, self._sleep = time, sleep
        self.one_address = False
        """Whether all nodes are on 127.0.0.1, see `ONLY`."""
        self.nodes: list[Node] = []
        """The nodes that run, bootstrapped."""
        self.infohashes: list[bytes] = []
        """Infohashes with announced peers."""
        self.items: list[Item] = []
        """Stored items: immutable ones, and mutable ones under BEP 44's public test key."""
        self.strays: list[Node] = []
        """Nodes that have not found all their neighbours, for all their tries."""
        self._places: dict[Addr, Place] = {}
        self._living: Living | None = None
        self._begun = self._runs = False

    @property
    def bootstrap(self) -> tuple[str, ...]:
        """Bootstrap hosts for a node that wants to join, in each family that the testnet has."""
        return tuple(address_text(addr) for node in self.nodes[:HONEST] for addr in node.addresses)

    @property
    def addresses(self) -> tuple[Addr, ...]:
        """The addresses of all its nodes, whether they run or not."""
        return tuple(self._places)

    @property
    def stopped(self) -> tuple[Addr, ...]:
        """The addresses of the nodes that were stopped by `stop_node`, the last one last."""
        return tuple(addr for addr, place in self._places.items() if place.stopped_by == "hand")

    @property
    def liars(self) -> tuple[Addr, ...]:
        """The addresses of the nodes that lie."""
        return tuple(addr for addr, place in self._places.items() if place.lies)

    def node(self, settings: Settings | None = None, *, state: StateStorage | None = None) -> Node:
        """A node on loopback that joins it once it is started, and that its maker closes.

        Raises `NodeError` while the testnet does not run: there is nobody to join.
        """
        self._check_runs()
        first, *others = ((family.loopback, 0) for family in self._families)
        config = NodeConfig(listen=first, listen_also=others[0] if others else None, state=state)
        place = self.joining(config)
        return Node(place if settings is None else replace(place, settings=settings))

    def joining(self, config: NodeConfig) -> NodeConfig:
        """The same for a node that joins the testnet: with nodes to start from, and the delays of its own packets."""
        endpoint = config.endpoint if self._living is None else self._living.endpoint(None)
        return replace(config, bootstrap=self.bootstrap, endpoint=endpoint)

    def _check_runs(self) -> None:
        if not self._runs:
            raise NodeError("the testnet was closed" if self._begun else "the testnet does not run yet: start it")

    def __repr__(self) -> str:
        """Its size, and where to join it."""
        return f"<Testnet of {len(self.nodes)} nodes, bootstrap {', '.join(self.bootstrap) or 'not started'}>"

    async def __aenter__(self) -> Self:
        """Start it."""
        return await self.start()

    async def start(self) -> Self:
        """Start all nodes, let them join, and store something. Gives the testnet itself; close it in the end.

        Its life begins after that. Raises `OSError` if there is no loopback to bind, `NodeError` where it was started
        before.
        """
        if self._begun:
            raise NodeError("a testnet runs once: make another one")
        self._begun = True
        try:
            if self.life != Life():
                self._living = self._make_living()
            while len(self.nodes) < self._size:
                # Not all at once: each would wait for the others' answers until it gives up.
                room = min(WAVE, max(1, len(self.nodes)), self._size - len(self.nodes))
                first = len(self.nodes)
                for nth in range(first, first + room):
                    await self._open(nth)
                await asyncio.gather(*(node.bootstrapped() for node in self.nodes[first:]))
            await self._meet()
            await self._fill()
        except BaseException:
            await self.close()
            raise
        self._runs = True
        if self._living is not None:
            self._living.begin()
        return self

    def _make_living(self) -> Living:
        from .living import Living  # with the simulator, which a quiet testnet does without

        return Living(self, self._places, self._seed, self._time, self._sleep)

    async def _open(self, nth: int) -> None:
        lies = nth >= self._size - self.life.liars
        place = Place(nth, self._config(nth, lies), lies=lies)
        node = await Node(place.config).start()
        first, *others = node.addresses
        place.node = node
        place.config = replace(place.config, listen=first, listen_also=others[0] if others else None)
        self._places[node.address] = place
        self.nodes.append(node)

    # ---- nodes that go and come --------------------------------------------------------------------

    async def stop_node(self, addr: Addr, *, churn: bool = False) -> None:
        """Stop a node without notice; what it stores is lost. Without effect where it is stopped already.

        One that is stopped by `churn` comes back by itself. Raises `KeyError` for an address without a node of the
        testnet.
        """
        place = self._places[addr]
        place.stopped_by = "churn" if churn else "hand"
        node, place.node = place.node, None
        if node is not None:
            self.nodes.remove(node)
            await node.close()

    async def start_node(self, addr: Addr) -> None:
        """Start a stopped node again, under its id and at its address; it joins anew. Without effect where it runs.

        Raises `KeyError` for an address without a node of the testnet, `OSError` if another program has its port now,
        `NodeError` while the testnet does not run.
        """
        self._check_runs()
        place = self._places[addr]
        if place.node is not None:
            return
        node = Node(replace(place.config, bootstrap=self.bootstrap))
        place.node, place.stopped_by = node, ""
        try:
            await node.start()
        except OSError:
            place.node, place.stopped_by = None, "hand"
            raise
        self.nodes.append(node)

    async def make_liar(self, addr: Addr) -> None:
        """Let a node answer falsely from now on, under its id and at its address. It forgets what it stores.

        Raises as `start_node` does.
        """
        self._check_runs()
        place = self._places[addr]
        if place.lies:
            return
        living = self._living
        if living is None:
            living = self._living = self._make_living()
            living.begin()
        await self.stop_node(addr)
        place.lies = True
        place.config = replace(place.config, endpoint=living.endpoint(place.nth, lies=True))
        await self.start_node(addr)
        living.recruit(addr)

    # ---- start and end -----------------------------------------------------------------------------

    async def _meet(self) -> None:
        """Let every node find its neighbours, and those again that have not found all of them."""
        self.strays = self.nodes.copy()
        neighbours = self._neighbours()
        for _ in range(TRIES):
            strays, self.strays = self.strays, []
            for first in range(0, len(strays), WAVE):
                wave = strays[first : first + WAVE]
                for node, found in zip(wave, await asyncio.gather(*map(_look_around, wave)), strict=True):
                    if not neighbours[node.id] <= found:
                        self.strays.append(node)

    def _neighbours(self) -> dict[bytes, set[bytes]]:
        """The ids of the up to 8 nodes that are closest to each."""
        by_number = {int.from_bytes(node.id, "big"): node.id for node in self.nodes}
        return {
            own: {by_number[other] for other in nsmallest(K + 1, by_number, key=number.__xor__)} - {own}
            for number, own in by_number.items()
        }

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self.close()

    async def close(self) -> None:
        """Close all nodes. A second time nothing happens."""
        self._runs = False
        if self._living is not None:
            await self._living.end()
        for node in self.nodes:
            await node.close()

    def _config(self, nth: int, lies: bool) -> NodeConfig:
        places = [(self._host(family), 0) for family in self._families]
        return NodeConfig(
            listen=places[0],
            listen_also=places[1] if len(places) > 1 else None,
            bootstrap=self.bootstrap,
            settings=Settings(id=self._rng.randbytes(20), read_only=False, policy=QUIET, lookups_kept=0),
            seed=self._rng.getrandbits(64),
            endpoint=None if self._living is None else self._living.endpoint(nth, lies=lies),
        )

    def _host(self, family: Family) -> str:
        """The address of another node: one of its own, where loopback has more than one."""
        if family is IPV6:
            return family.loopback
        rng = self._rng
        host = IPV4.loopback_ip(int.from_bytes((rng.randint(1, 254), rng.randrange(256), rng.randint(1, 254))))
        self.one_address = self.one_address or not self._bind(host)
        return ONLY if self.one_address else host

    async def _fill(self) -> None:
        if self._size < 2:
            return
        anybody = self._rng.choice
        for name in NAMES:
            infohash = infohash_of(name)
            self.infohashes.append(infohash)
            peers = {anybody(self.nodes) for _ in range(6)}
            await asyncio.gather(*(peer.announce_peer(infohash, 6881) for peer in peers))
        whats: list[ImmutableItem | Draft] = [ImmutableItem(encode(text)) for text in TEXTS]
        whats += [Draft(encode(b"news of the testnet"), BEP44_TEST_KEY, salt) for salt in SALTS]
        for outcome in await asyncio.gather(*(anybody(self.nodes).put(what) for what in whats)):
            if outcome.item is not None:
                self.items.append(outcome.item)


async def _look_around(node: Node) -> set[bytes]:
    """The ids of the nodes that a node finds closest to itself, in every family. With an empty table it asks the first
    nodes again."""
    outcome = await node.find_node(node.id)
    found = [{node.id for node in part.closest if node.id is not None} for part in outcome.parts or (outcome,)]
    return set.intersection(*found)
