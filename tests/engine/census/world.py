"""A network for a walk, without packets: nodes that know a few others in each bucket, some of them dead."""

from __future__ import annotations

from bisect import bisect_left
from random import Random

from dhtui.engine.census.walk import Visit, Walk
from dhtui.engine.wire.compact import Addr, NodeInfo
from dhtui.engine.wire.ids import ID_BITS
from dhtui.engine.wire.methods import GivenSamples


class World:
    """`n` live nodes and as many dead ones, and infohashes at the 8 live ones closest to each."""

    def __init__(self, n: int, infohashes: int = 0, seed: int = 1, samples: int = 20) -> None:
        self.rng, self.samples = Random(seed), samples
        self.ids = sorted(self.rng.getrandbits(ID_BITS) for _ in range(2 * n))
        self.live = set(self.rng.sample(self.ids, n))
        self.stored: dict[int, list[bytes]] = {node: [] for node in self.live}
        self.alive = sorted(self.live)
        for _ in range(infohashes):
            infohash = self.rng.getrandbits(ID_BITS)
            for node in self._closest(self.alive, infohash):
                self.stored[node].append(infohash.to_bytes(20))

    @staticmethod
    def addr(node: int) -> Addr:
        """A public address for an id."""
        return (f"{11 + node % 100}.{node // 100 % 256}.{node // 25600 % 256}.{node // 6553600 % 255 + 1}", 6881)

    def info(self, node: int) -> NodeInfo:
        """Id and address."""
        return NodeInfo(node.to_bytes(20), self.addr(node))

    @staticmethod
    def _closest(ids: list[int], target: int, k: int = 8) -> list[int]:
        """The k nearest in a sorted list: they share a prefix with the target, so they stand near its place."""
        for bits in range(ID_BITS, -1, -1):
            low = target >> bits << bits if bits < ID_BITS else 0
            high = low + (1 << bits)
            if bisect_left(ids, high) - bisect_left(ids, low) < k:
                bits += 1
                break
        bits = min(bits, ID_BITS)
        low = target >> bits << bits if bits < ID_BITS else 0
        near = ids[bisect_left(ids, low) : bisect_left(ids, low + (1 << bits))]
        return sorted(near, key=lambda node: node ^ target)[:k]

    def answer(self, node: int, target: int) -> list[NodeInfo]:
        """The 8 closest of those it knows: of each bucket 8, dead or live; of its own neighbourhood all."""
        known: list[int] = []
        knows = Random(node)
        for depth in range(ID_BITS):
            spare = ID_BITS - depth - 1
            low = (node >> spare ^ 1) << spare
            there = self.ids[bisect_left(self.ids, low) : bisect_left(self.ids, low + (1 << spare))]
            known += there if len(there) <= 8 else knows.sample(there, 8)
            if len(there) == 0 and depth > 24:
                break
        return [self.info(each) for each in sorted(known, key=lambda each: each ^ target)[:8]]

    def visit(self, node: NodeInfo) -> tuple[Visit, list[NodeInfo]]:
        """What comes of a visit."""
        number = int.from_bytes(node.id)
        if number not in self.live:
            return Visit(node.addr, None), []
        stored = self.stored[number]
        given = GivenSamples(tuple(self.rng.sample(stored, min(self.samples, len(stored)))), len(stored), 21600)
        return Visit(node.addr, node.id, 0.05, b"LT\x02\x01", given), self.answer(number, number)

    def entry(self, target: bytes) -> list[NodeInfo]:
        """What a lookup ends with."""
        return [self.info(node) for node in self._closest(self.alive, int.from_bytes(target))]

    def walk(self, walk: Walk) -> None:
        """All of it."""
        while not walk.done:
            walk.name(self.entry(walk.target()))
            while (node := walk.next()) is not None:
                visit, named = self.visit(node)
                target = int.from_bytes(walk.target())
                more = self.answer(int.from_bytes(node.id), target) if visit.id else []
                walk.visited(visit, [*named, *more])
            walk.end_block()
