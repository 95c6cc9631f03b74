"""The swarm of `lookup.py`: a process with one socket and as many nodes as you like at 127.x.y.z, liars among them."""

from __future__ import annotations

import argparse
import math
import socket
import struct
import time
from bisect import bisect_left
from heapq import heappop, heappush, nsmallest
from multiprocessing.sharedctypes import SynchronizedArray
from multiprocessing.synchronize import Event
from random import Random
from typing import Any

from dhtui.engine.items import immutable_target
from dhtui.engine.wire import bencode
from dhtui.engine.wire.compact import pack_addr
from dhtui.engine.wire.krpc import (
    FindNode,
    Get,
    GetPeers,
    MalformedDatagram,
    Query,
    RefusedQuery,
    encode_response,
    parse,
)

K = 8
ROUTERS = 3
"""The first nodes, at which clients start. They live and are honest."""
NAMED, DEAD_NAMED, NEARER_BITS = 5, 3, 24
"""Liars name so many accomplices and dead addresses, nearer to the target than any true node by 1 bit to so many."""
HONEST, LIAR, DEAD = range(3)
"""Whom a query reached."""
IP_PKTINFO = 8
"""Linux: which address of ours a datagram was meant for."""


class Swarm:
    """The nodes of the seed. Little but their ids is kept; the rest is computed when somebody asks."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        rng = Random(options.seed)
        self.ids = sorted(rng.getrandbits(160) for _ in range(options.nodes))
        self._order = list(range(options.nodes))
        rng.shuffle(self._order)  # neighbours by id are none by address
        self._by_place = {place: node for node, place in enumerate(self._order)}
        drawn = [rng.getrandbits(160) for _ in range(options.lookups)]
        self._values = {immutable_target(v): v for v in (bencode.encode(b"value %040x" % n) for n in drawn)}
        self.targets = list(self._values) if options.liars else [n.to_bytes(20, "big") for n in drawn]
        """What to look up: items where there are liars, else infohashes."""
        living = [node for node in range(options.nodes) if self.alive(node)]
        self._liars = [node for node in living if self._chosen(node)]
        self._doors = {node: nth for nth, node in enumerate(self._liars)}
        self._claims: dict[int, bytes] = {}
        honest = [node for node in living if node not in self._doors]
        self._holders = {target: set(self._nearest(honest, int.from_bytes(target, "big"))) for target in self.targets}

    def _nearest(self, nodes: list[int], target: int) -> list[int]:
        return nsmallest(K, nodes, key=lambda node: self.ids[node] ^ target)

    def _chosen(self, node: int) -> bool:
        liars = float(self._options.liars)
        return node >= ROUTERS and Random(f"lies {self._options.seed} {node}").random() < liars

    def value(self, target: bytes) -> bytes:
        """The item of a target, bencoded."""
        return self._values[target]

    def alive(self, node: int) -> bool:
        """Whether it answers. The bootstrap nodes do."""
        dead = float(self._options.dead)
        return node < ROUTERS or dead <= Random(f"alive {self._options.seed} {node}").random()

    # ---- addresses -----------------------------------------------------------------------------------

    def address(self, node: int) -> str:
        """127.x.y.z, 127.0.0.0/16 being left to the clients; each node in a /24 of its own as far as there are any."""
        place = self._order[node]
        return f"127.{1 + place % 250}.{place // 250 % 250}.{1 + place // 62_500}"

    def _door(self, liar: int) -> str:
        """Where a liar answers under made-up ids: 127.251.0.0 to 127.253.255.255, in /24s of their own as well."""
        nth = self._doors[liar]
        return f"127.{251 + nth % 3}.{nth // 3 % 250}.{1 + nth // 750}"

    def at(self, ip: str) -> tuple[int | None, bool]:
        """The node at an address, and whether that is the door of a liar; 127.254.0.0/16 is empty.

        127.0.0.1 is the first node as well, for clients that can start nowhere else.
        """
        _, b, c, d = map(int, ip.split("."))
        if b == 0:
            return 0, False
        if b <= 250:
            return self._by_place.get(b - 1 + 250 * c + 62_500 * (d - 1)), False
        nth = b - 251 + 3 * c + 750 * (d - 1)
        return self._liars[nth] if b < 254 and nth < len(self._liars) else None, True

    def reached(self, node: int | None) -> int:
        """`HONEST`, `LIAR` or `DEAD`."""
        if node is None or not self.alive(node):
            return DEAD
        return LIAR if node in self._doors else HONEST

    # ---- what happens to packets ---------------------------------------------------------------------

    def round_trip(self, node: int, nth: int) -> float:
        """Seconds: half take up to 90 ms, nine in ten up to 250, one in a hundred 900."""
        normal = Random(f"rtt {self._options.seed} {node}").gauss(0, 1)
        scale = 0.8 if normal < 1.28 else 1.1
        jitter = Random(f"jitter {self._options.seed} {node} {nth}").gauss(0, 0.08)
        return 0.09 * math.exp(scale * normal + jitter - (scale - 0.8) * 1.28)

    def lost(self, node: int, nth: int) -> bool:
        """Whether the query or its answer is lost; the same whoever asks."""
        arrives = (1 - float(self._options.loss)) ** 2
        return Random(f"loss {self._options.seed} {node} {nth}").random() >= arrives

    # ---- answers -------------------------------------------------------------------------------------

    def answer(self, node: int, door: bool, query: Query, source: tuple[str, int]) -> bytes:
        """What a node says, at its address or at its door."""
        body: dict[bytes, Any] = {b"id": self._claims[node] if door else self._id(node)}
        if isinstance(query.args, FindNode | GetPeers | Get):
            target, args = query.args.target, query.args
            if not isinstance(args, FindNode):
                body[b"token"] = b"token"
            if node in self._doors:
                body |= self._lie(node, door, args)
            else:
                body[b"nodes"] = b"".join(
                    self._entry(self._id(n), self.address(n)) for n in self.closest(node, int.from_bytes(target, "big"))
                )
                if node in self._holders.get(target, ()):
                    if isinstance(args, GetPeers):
                        body[b"values"] = [pack_addr(("127.0.0.2", 1000 + nth)) for nth in range(5)]
                    elif isinstance(args, Get):
                        body[b"v"] = bencode.Bencached(self.value(target))
        return encode_response(query.tid, body, source)

    def _id(self, node: int) -> bytes:
        return self.ids[node].to_bytes(20, "big")

    def _entry(self, node_id: bytes, ip: str) -> bytes:
        return node_id + pack_addr((ip, self._options.port))

    def closest(self, node: int, target: int) -> list[int]:
        """The 8 that an honest node names: of its bucket towards the target, and of those beyond."""
        own, found = self.ids[node], list[int]()
        depth = 160 - (own ^ target).bit_length()
        for bit in (*range(depth, min(depth + 40, 160)), *range(depth - 1, -1, -1)):
            low = (own ^ 1 << 159 - bit) >> 159 - bit << 159 - bit
            first, last = bisect_left(self.ids, low), bisect_left(self.ids, low + (1 << 159 - bit))
            rng = Random(f"bucket {self._options.seed} {node} {bit}")
            found += range(first, last) if last - first <= K else rng.sample(range(first, last), K)
            if len(found) >= K:
                break
        return self._nearest(found, target)

    def _lie(self, liar: int, door: bool, args: FindNode | GetPeers | Get) -> dict[bytes, Any]:
        """Accomplices and nobodies right next to the target, and a value that isn't the one."""
        rng, entries = Random(f"names {self._options.seed} {args.target.hex()} {liar}"), []
        for accomplice in rng.sample(self._liars, min(NAMED, len(self._liars))):
            self._claims[accomplice] = self._made_up(args.target, accomplice)
            entries.append(self._entry(self._claims[accomplice], self._door(accomplice)))
        for nth in range(DEAD_NAMED):
            ip = f"127.254.{rng.randrange(256)}.{rng.randrange(1, 255)}"
            entries.append(self._entry(self._made_up(args.target, f"{liar} {nth}"), ip))
        body: dict[bytes, Any] = {b"nodes": b"".join(entries)}
        if door:
            body[b"id"] = self._claims[liar] = self._made_up(args.target, liar)
        if isinstance(args, Get):
            body[b"v"] = b"not what you asked for"
        return body

    def _made_up(self, target: bytes, name: int | str) -> bytes:
        """An id next to a target, nearer than all true ones."""
        number = int.from_bytes(target, "big")
        rng, place = Random(f"id {self._options.seed} {target.hex()} {name}"), bisect_left(self.ids, number)
        nearest = min((node_id ^ number).bit_length() for node_id in self.ids[max(0, place - 1) : place + 1])
        bits = max(1, nearest - 1 - rng.randrange(NEARER_BITS))
        return (number ^ (1 << bits - 1 | rng.getrandbits(bits))).to_bytes(20, "big")


def serve(options: argparse.Namespace, ready: Event, queries: SynchronizedArray[int]) -> None:
    """The swarm's process: answers when the time has come. Counts the queries for the targets by whom they reached."""
    swarm, nths = Swarm(options), dict[int, int]()
    targets, late = set(swarm.targets), list[tuple[float, int, bytes, str, tuple[str, int]]]()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        wire.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        wire.bind(("0.0.0.0", options.port))
        ready.set()
        while True:
            while late and late[0][0] <= time.monotonic():
                _, _, data, ip, to = heappop(late)
                here = struct.pack("=i4s4s", 0, socket.inet_aton(ip), bytes(4))
                wire.sendmsg([data], [(socket.IPPROTO_IP, IP_PKTINFO, here)], 0, to)
            wire.settimeout(max(0.0002, late[0][0] - time.monotonic()) if late else 1.0)
            try:
                data, extra, _, source = wire.recvmsg(4096, 64)
                message = parse(data)
            except (TimeoutError, MalformedDatagram, RefusedQuery):
                continue
            if not isinstance(message, Query):
                continue
            ip = socket.inet_ntoa(extra[0][2][8:12])
            node, door = swarm.at(ip)
            reached = swarm.reached(node)
            if isinstance(message.args, GetPeers | Get) and message.args.target in targets:
                queries[reached] += 1
            if node is None:
                continue
            nth = nths[node] = nths.get(node, -1) + 1
            if reached != DEAD and not swarm.lost(node, nth):
                at = time.monotonic() + swarm.round_trip(node, nth)
                heappush(late, (at, len(nths) + nth, swarm.answer(node, door, message, source), ip, source))
