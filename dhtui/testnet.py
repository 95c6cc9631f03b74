"""A DHT of one's own: a swarm of real nodes on loopback, in this process, with something in it to find.

async with Testnet(64) as net, net.node() as node:
    outcome = await node.get_peers(net.infohashes[0])
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from hashlib import sha1
from heapq import nsmallest
from random import Random
from types import TracebackType
from typing import Self

from dhtui.engine import checks
from dhtui.engine.items import Draft, ImmutableItem, Item
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.lookup.policy import OURS
from dhtui.engine.node import Node, NodeError
from dhtui.engine.settings import NodeConfig, Settings, StateStorage
from dhtui.engine.wire.bencode import encode
from dhtui.engine.wire.family import IPV4

MAX_SIZE = 1000
WAVE = 32
"""Nodes that join, or look around, at a time."""
TRIES = 5
"""How often a node that has not found its neighbours looks for them."""
QUIET = replace(OURS, survey=0, fill=False)
"""Getting to know more than their neighbours would take a thousand nodes, which share a processor, a minute."""
K = 8
"""Nodes that a lookup finds."""
NAMES = ("debian-13.iso", "sintel.mkv", "kademlia.pdf")
"""Swarms to find: the infohash of each is the SHA-1 of its name."""
TEXTS = (b"Hello World!", b"The DHT is a map that nobody holds.")
SALTS = (b"", b"foobar")
ONLY = IPV4.loopback
"""The one loopback address that every system has: macOS has no other."""
ONE_ADDRESS = f"this system has no loopback address but {ONLY}: the nodes of the testnet differ by port alone"


def can_bind(host: str) -> bool:
    """Whether a UDP socket can be bound at a host."""
    with socket.socket(IPV4.af, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            return False
    return True


class Testnet:
    """A swarm of `size` nodes (1 to 1000) on loopback. The same seed gives the same ids and addresses.

    Each node has an address of its own, 127.x.y.z, where the system has such; else all of them are on 127.0.0.1.
    """

    __test__ = False  # pytest: the name begins with Test, but this is none

    def __init__(self, size: int, *, seed: int = 1, bind: Callable[[str], bool] = can_bind) -> None:
        """`bind` tells whether a host can be bound. Raises `ValueError` for another size."""
        checks.whole("the size of a testnet", size, 1, MAX_SIZE)
        checks.kind("seed", seed, int)
        self._size = size
        self._rng, self._bind = Random(seed), bind
        self.one_address = False
        """Whether all nodes are on 127.0.0.1, see `ONE_ADDRESS`."""
        self.nodes: list[Node] = []
        """The nodes, bootstrapped."""
        self.infohashes: list[bytes] = []
        """Infohashes with announced peers."""
        self.items: list[Item] = []
        """Stored items: immutable ones, and mutable ones under BEP 44's public test key."""
        self.strays: list[Node] = []
        """Nodes that have not found all their neighbours, for all their tries."""
        self._stack = AsyncExitStack()
        self._begun = self._runs = False

    @property
    def bootstrap(self) -> tuple[str, ...]:
        """Bootstrap hosts for a node that wants to join."""
        return tuple("%s:%d" % node.address for node in self.nodes[:3])

    def node(self, settings: Settings | None = None, *, state: StateStorage | None = None) -> Node:
        """A node on loopback that joins it once it is started, and that its maker closes.

        Raises `NodeError` while the testnet does not run: there is nobody to join.
        """
        if not self._runs:
            raise NodeError("the testnet was closed" if self._begun else "the testnet does not run yet: start it")
        place = NodeConfig(listen=(IPV4.loopback, 0), bootstrap=self.bootstrap, state=state)
        return Node(place if settings is None else replace(place, settings=settings))

    def __repr__(self) -> str:
        """Its size, and where to join it."""
        return f"<Testnet of {len(self.nodes)} nodes, bootstrap {', '.join(self.bootstrap) or 'not started'}>"

    async def __aenter__(self) -> Self:
        """Start it."""
        return await self.start()

    async def start(self) -> Self:
        """Start all nodes, let them join, and store something. Gives the testnet itself; close it in the end.

        Raises `OSError` if there is no loopback to bind, `NodeError` where it was started before.
        """
        if self._begun:
            raise NodeError("a testnet runs once: make another one")
        self._begun = True
        async with AsyncExitStack() as stack:
            while len(self.nodes) < self._size:
                # Not all at once: each would wait for the others' answers until it gives up.
                room = min(WAVE, max(1, len(self.nodes)), self._size - len(self.nodes))
                wave = [await stack.enter_async_context(Node(self._config())) for _ in range(room)]
                self.nodes += wave
                await asyncio.gather(*(node.bootstrapped() for node in wave))
            await self._meet()
            await self._fill()
            self._stack, self._runs = stack.pop_all(), True
        return self

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
        await self._stack.aclose()

    def _config(self) -> NodeConfig:
        rng = self._rng
        host = IPV4.loopback_ip(int.from_bytes((rng.randint(1, 254), rng.randrange(256), rng.randint(1, 254))))
        self.one_address = self.one_address or not self._bind(host)
        return NodeConfig(
            listen=(ONLY if self.one_address else host, 0),
            bootstrap=self.bootstrap,
            settings=Settings(id=self._rng.randbytes(20), read_only=False, policy=QUIET, lookups_kept=0),
            seed=self._rng.getrandbits(64),
        )

    async def _fill(self) -> None:
        if self._size < 2:
            return
        anybody = self._rng.choice
        for name in NAMES:
            infohash = sha1(name.encode(), usedforsecurity=False).digest()
            self.infohashes.append(infohash)
            peers = {anybody(self.nodes) for _ in range(6)}
            await asyncio.gather(*(peer.announce_peer(infohash, 6881) for peer in peers))
        whats: list[ImmutableItem | Draft] = [ImmutableItem(encode(text)) for text in TEXTS]
        whats += [Draft(encode(b"news of the testnet"), BEP44_TEST_KEY, salt) for salt in SALTS]
        for outcome in await asyncio.gather(*(anybody(self.nodes).put(what) for what in whats)):
            if outcome.item is not None:
                self.items.append(outcome.item)


async def _look_around(node: Node) -> set[bytes]:
    """The ids of the nodes that a node finds closest to itself. With an empty table it asks the first nodes again."""
    return {found.id for found in (await node.find_node(node.id)).closest if found.id is not None}
