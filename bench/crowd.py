"""A busy corner of the DHT, made up: a real node whose socket ends in this process.

    async with CrowdNode(Crowd(rate=5000)) as node: ...

The node runs all of its own code, sockets apart: it reads every datagram, answers, keeps its table, looks things up.
Neighbours that answer its queries fill the table; strangers query it `rate` times a second.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha1
from heapq import heappop, heappush
from random import Random
from types import TracebackType
from typing import Any, Self

from dhtui.engine import clock
from dhtui.engine.endpoint import BATCH, Take
from dhtui.engine.items import sign
from dhtui.engine.keys import PrivateKey
from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig, Settings
from dhtui.engine.wire import bencode
from dhtui.engine.wire.compact import Addr, NodeInfo, pack_addr, pack_node
from dhtui.engine.wire.ids import random_id_with_prefix

OWN = bytes.fromhex("2d7c4e219f10aa55c3d2e1f00f1e2d3c4b5a6978")
BOUND: Addr = ("198.51.100.7", 6881)
PER_BUCKET = 8
NEIGHBOURS = 200
"""Nodes that answer, laid out around our id so that they fill 25 buckets."""
STRANGERS = 3000
"""Nodes that query us: enough that none of them is too fast for the rate limit."""
POOL = 8192
"""Datagrams made beforehand."""
HEAT = 6000
"""Datagrams that come at once at the start, so that everything which keeps the last 5000 is full."""
BUFFERED = 8192
"""Datagrams that wait to be read; a socket's buffer holds no more either."""
SLICE = 0.005
"""Seconds between two deliveries."""
LOOKUP_EVERY = 2.0
KEY = PrivateKey.from_seed(bytes(range(32)))
VERSIONS = (b"LT\x02\x00", b"UT\xaf\x00", b"lt\x0d\x60", b"TR\x04\x00", b"\x00\xff?!")

_MIX = (
    ("find_node", 45),
    ("get_peers", 34),
    ("ping", 10),
    ("get", 4),
    ("announce_peer", 2),
    ("put", 1),
    ("unasked answer", 2),
    ("malformed", 1),
    ("vote", 1),
)
"""What strangers send, in percent."""


class Crowd:
    """Everybody else. Stands where the node's `Endpoint` would."""

    def __init__(self, rate: int, seed: int = 1) -> None:
        """`rate`: datagrams a second that strangers send."""
        self.rate = rate
        self._rng = rng = Random(seed)
        self._clock: Callable[[], float] = lambda: 0.0
        self._here: deque[tuple[bytes, Addr]] = deque(maxlen=BUFFERED)
        self._on_the_way: list[tuple[float, int, bytes, Addr]] = []
        self._count = 0
        self.neighbours: dict[Addr, NodeInfo] = {}
        for number in range(NEIGHBOURS):
            addr = (f"20.{number}.7.1", 6881 + number)
            self.neighbours[addr] = NodeInfo(random_id_with_prefix(OWN, number // PER_BUCKET, rng), addr)
        self._strangers = [
            NodeInfo(rng.randbytes(20), (f"{30 + number // 250}.{number % 250}.{rng.randrange(250)}.9", 51413))
            for number in range(STRANGERS)
        ]
        self._swarms = [sha1(b"swarm %d" % number).digest() for number in range(300)]
        self._latency = {addr: 0.02 + rng.random() ** 2 * 0.4 for addr in self.neighbours}
        self._silent = {addr for addr in self.neighbours if rng.random() < 0.1}
        self._tokens: dict[Addr, bytes] = {}
        kinds = rng.choices([kind for kind, _ in _MIX], [share for _, share in _MIX], k=POOL)
        self._pool = [(kind, rng.choice(self._strangers), self._targets()) for kind in kinds]
        self._ready = [self._datagram(kind, who, target) for kind, who, target in self._pool]
        self._place = 0
        self.addr, self.receive_buffer, self.stamped = BOUND, 0, False
        self._idle = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        """A socket that nothing arrives at, for the event loop to watch."""

    def fileno(self) -> int:
        """As `Endpoint`."""
        return self._idle.fileno()

    def close(self) -> None:
        """As `Endpoint`."""
        self._idle.close()

    @property
    def hosts(self) -> tuple[str, ...]:
        """Nodes to start from."""
        return tuple("%s:%d" % addr for addr in list(self.neighbours)[:3])

    # ---- what strangers send -----------------------------------------------------------------------

    def _targets(self) -> bytes:
        return self._rng.choice(self._swarms) if self._rng.random() < 0.5 else self._rng.randbytes(20)

    def _query(self, who: NodeInfo, method: bytes, args: dict[bytes, Any]) -> bytes:
        tid, version = self._rng.randbytes(2), self._rng.choice(VERSIONS)
        return bencode.encode({b"a": {b"id": who.id} | args, b"q": method, b"t": tid, b"v": version, b"y": b"q"})

    def _datagram(self, kind: str, who: NodeInfo, target: bytes) -> bytes:
        match kind:
            case "ping":
                return self._query(who, b"ping", {})
            case "find_node" | "get" | "vote":
                return self._query(who, kind.encode(), {b"target": target})
            case "get_peers":
                return self._query(who, b"get_peers", {b"info_hash": target})
            case "announce_peer":
                token = self._tokens.get(who.addr, b"made up!")
                return self._query(who, b"announce_peer", {b"info_hash": target, b"port": 6881, b"token": token})
            case "put":
                value = b"news " + target.hex().encode() * 4
                item = sign(KEY, bencode.encode(value), 1, target[:8])
                args = {b"k": item.k, b"salt": item.salt, b"seq": item.seq, b"sig": item.sig, b"v": value}
                return self._query(who, b"put", args | {b"token": self._tokens.get(who.addr, b"made up!")})
            case "unasked answer":
                return bencode.encode({b"r": {b"id": who.id}, b"t": b"\x00\x01", b"y": b"r"})
            case _:
                return b"d1:ad2:id20:cut off"

    def _next(self) -> tuple[bytes, Addr]:
        kind, who, target = self._pool[self._place]
        data = self._ready[self._place]
        if kind in ("announce_peer", "put") and who.addr in self._tokens:
            data = self._datagram(kind, who, target)
        self._place = (self._place + 1) % POOL
        return data, who.addr

    # ---- as an endpoint ----------------------------------------------------------------------------

    @property
    def heard(self) -> float:
        """Nothing waits unread."""
        return self._clock()

    def receive(self, take: Take, now: float, exactly: bool) -> float:
        """Hand out what has arrived."""
        for _ in range(min(BATCH, len(self._here))):
            take(*self._here.popleft(), now, now)
        return 0.0

    def lost(self) -> int | None:
        """Nobody counts it."""
        return None

    def send(self, data: bytes, addr: Addr) -> None:
        """Whoever is there takes it, and answers what is a query."""
        if data[-2:] == b"re":
            start = data.find(b"5:token")
            if start > 0 and len(self._tokens) < STRANGERS:
                length, _, rest = data[start + 7 :].partition(b":")
                self._tokens[addr] = rest[: int(length)]
            return
        if data[-2:] != b"qe" or addr in self._silent or self._rng.random() < 0.05:
            return
        query = bencode.decode_lenient(data)
        who = self.neighbours.get(addr) or NodeInfo(sha1(repr(addr).encode()).digest(), addr)
        answer = bencode.encode(
            {b"ip": pack_addr(BOUND), b"r": self._body(who, query), b"t": query[b"t"], b"v": b"LT\x02\x00", b"y": b"r"}
        )
        self._count += 1
        heappush(self._on_the_way, (self._clock() + self._latency.get(addr, 0.15), self._count, answer, addr))

    def _body(self, who: NodeInfo, query: dict[bytes, Any]) -> dict[bytes, Any]:
        args = query[b"a"]
        target = args.get(b"target") or args.get(b"info_hash")
        body: dict[bytes, Any] = {b"id": who.id}
        if target is not None:
            number = int.from_bytes(target, "big")
            near = sorted(self.neighbours.values(), key=lambda node: int.from_bytes(node.id, "big") ^ number)[:8]
            body |= {b"nodes": b"".join(map(pack_node, near)), b"token": who.id[:8]}
        if query[b"q"] == b"get_peers":
            body[b"values"] = [pack_addr((f"45.{who.id[0]}.{n}.3", 6881)) for n in range(20)]
        return body

    # ---- time --------------------------------------------------------------------------------------

    async def run(self, node: CrowdNode) -> None:
        """Send for ever."""
        loop = asyncio.get_running_loop()
        self._clock = loop.time
        while not node.heard:  # noqa: ASYNC110 - the node has no event for it
            await asyncio.sleep(SLICE)
        await self._send(node, HEAT)
        last, owed = loop.time(), 0.0
        while True:
            await asyncio.sleep(SLICE if self.rate else 4 * SLICE)
            now = loop.time()
            owed += (now - last) * self.rate
            last = now
            await self._send(node, int(owed))
            owed -= int(owed)

    async def _send(self, node: CrowdNode, count: int) -> None:
        self._here.extend(self._next() for _ in range(count))
        while self._on_the_way and self._on_the_way[0][0] <= self._clock():
            _, _, data, addr = heappop(self._on_the_way)
            self._here.append((data, addr))
        while self._here:
            node.readable()
            await asyncio.sleep(0)  # the node reads some and lets others have their turn: so does a socket's reader

    async def look_up(self, node: CrowdNode) -> None:
        """What a person looks up: something every now and then; a little of it while the network is silent."""
        await node.bootstrapped()
        for infohash in self._swarms[:3]:
            await node.get_peers(infohash)
        await node.announce_peer(self._swarms[0], 6881)
        for infohash in self._swarms if self.rate else ():
            await asyncio.gather(node.get_peers(infohash), asyncio.sleep(LOOKUP_EVERY))


class CrowdNode(Node):
    """A node among them."""

    def __init__(self, crowd: Crowd) -> None:
        settings = Settings(id=OWN, external=BOUND, read_only=False)
        super().__init__(
            NodeConfig(
                listen=BOUND,
                bootstrap=crowd.hosts,
                settings=settings,
                seed=1,
                endpoint=lambda listen, now: crowd,  # type: ignore[arg-type, return-value]
            )
        )
        self._crowd = crowd

    @property
    def heard(self) -> bool:
        """Whether anybody listens to its events."""
        return bool(self._core._listeners)

    async def __aenter__(self) -> Self:
        """As `Node`, without a socket that anything arrives at."""
        self._crowd._clock = clock.now
        await self.start()
        self._life = [asyncio.create_task(work(self)) for work in (self._crowd.run, self._crowd.look_up)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """As `Node`."""
        for task in self._life:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self.close()

    def readable(self) -> None:
        """Something has arrived."""
        self._sides.first.readable()
