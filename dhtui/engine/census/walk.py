"""A polite walk through a part of the id space. No I/O: it says whom to visit next, and is told what came of it.

A walk is of one address family, which is a network of its own. The space is cut into aligned blocks of some 32 nodes
each, and blocks at equal distances are walked, from a random one on: a fair sample of all ids. Within a block the walk
goes from the lowest id up. Each node is visited once: asked for the nodes closest to a random id within the block, and
if it answers for samples of its infohashes, with the nodes closest to itself. A block is known when nobody names
anybody new. In simulated networks, half of their nodes dead, that finds all live ones; where no node gives samples,
98.7 % of them.

Against liars: only nodes that answer under an id within the block count, one for a host and a few for a network in a
block; a block takes up a bounded number of candidates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import ceil, exp, log, log2
from random import Random
from typing import Final, NamedTuple

from ..defence.shares import net_of
from ..wire.compact import Addr, NodeInfo, is_local, is_usable
from ..wire.family import IPV4, Family, family_of, host_of
from ..wire.ids import ID_BITS, bep42_valid, distance
from ..wire.methods import GivenSamples
from .estimate import Owned

BLOCK_NODES: Final = 32
"""Nodes that a block is meant to have."""
MAX_DEPTH: Final = 40
MAX_BLOCKS: Final = 4096
MAX_CANDIDATES: Final = 256
"""Most nodes that are visited in a block."""
NET_CANDIDATES: Final = 4
"""Most of them in one network."""
MAX_CLIENTS: Final = 256
"""Most programs that are told apart."""
MAX_STORED: Final = 20_000
"""The highest `num` of a node that is used: libtorrent stores 2000 infohashes."""
OTHER: Final = b"*"
"""What programs beyond `MAX_CLIENTS` are counted under."""
_STEP: Final = log(1.05)


class Plan(NamedTuple):
    """Which blocks are walked: those of the first `depth` bits of ids with these numbers, in this order."""

    depth: int
    blocks: tuple[int, ...]

    @property
    def share(self) -> float:
        """The share of the id space in all of them."""
        return len(self.blocks) / (1 << self.depth)


def planned(size: float, wanted: int, rng: Random) -> Plan:
    """The blocks in which about `wanted` nodes are, of a network of about `size`. The sizes need not be right: they
    only decide how much work it is."""
    depth = min(MAX_DEPTH, max(0, round(log2(max(1.0, size / BLOCK_NODES)))))
    there = 1 << depth
    count = max(1, min(there, MAX_BLOCKS, ceil(wanted * there / max(size, 1.0))))
    step = there / count
    first = rng.random() * step
    return Plan(depth, tuple(int(first + i * step) % there for i in range(count)))


class Visit(NamedTuple):
    """What came of a visit."""

    addr: Addr
    id: bytes | None
    """The id it answered with; `None`: it did not answer."""
    rtt: float | None = None
    """Seconds."""
    version: bytes | None = None
    given: GivenSamples | None = None
    """Its samples; `None`: it knows nothing of BEP 51, or did not answer to that."""


@dataclass(slots=True)
class Tally:
    """The counts of all blocks that have been walked."""

    blocks: int = 0
    visited: int = 0
    answered: int = 0
    """Of the visited; under whatever id."""
    nodes: int = 0
    """Those that answered under an id of their block."""
    sampling: int = 0
    """Those of them that gave samples."""
    sampled: int = 0
    """Infohashes given, different ones within each block."""
    fitting: int = 0
    """Those with an id that fits their address (BEP 42), of `judged`."""
    judged: int = 0
    """Those whose address is not local."""
    surplus: int = 0
    """Candidates that were left out, being too many for a block, a host or a network."""
    unbelieved: int = 0
    """Nodes that say that they store more infohashes than any program does."""
    clients: Counter[bytes] = field(default_factory=Counter)
    """By the first two bytes of ``v``; `OTHER` beyond `MAX_CLIENTS`."""
    round_trips: Counter[int] = field(default_factory=Counter)
    """Answers by the logarithm of their round trip, in steps of 5 %."""
    owned: list[Owned] = field(default_factory=list)
    """For each block."""

    def round_trip(self, part: float) -> float | None:
        """The round trip, in seconds, that this part of all answers had at most; `None` without any."""
        left = part * sum(self.round_trips.values())
        for step, count in sorted(self.round_trips.items()):
            left -= count
            if left <= 0:
                return exp(step * _STEP)
        return None


class Walk:
    """A walk by a plan."""

    def __init__(
        self, plan: Plan, own: bytes, rng: Random, tally: Tally | None = None, *, family: Family = IPV4
    ) -> None:
        """`own` is our id in this family. With a `tally` it goes on after the blocks that are in it."""
        self.plan, self.tally, self.family = plan, tally or Tally(), family
        self._own, self._rng = own, rng
        self.infohashes: dict[bytes, None] = {}
        """The different infohashes of the block."""
        self._clear()

    def _clear(self) -> None:
        self._waiting: list[tuple[bytes, Addr]] = []
        self._seen: dict[Addr, None] = {}
        self._hosts: set[str] = set()
        self._nets: Counter[str] = Counter()
        self.visits: list[Visit] = []
        self.surplus = 0
        self.infohashes.clear()

    @property
    def done(self) -> bool:
        """Whether all blocks have been walked."""
        return self.tally.blocks >= len(self.plan.blocks)

    @property
    def share(self) -> float:
        """The share of the id space in the blocks that have been walked."""
        return self.tally.blocks / (1 << self.plan.depth)

    def target(self) -> bytes:
        """A random id within the block."""
        spare = ID_BITS - self.plan.depth
        number = self.plan.blocks[self.tally.blocks] << spare | self._rng.getrandbits(spare)
        return number.to_bytes(ID_BITS // 8)

    def _inside(self, node_id: bytes) -> bool:
        return int.from_bytes(node_id) >> ID_BITS - self.plan.depth == self.plan.blocks[self.tally.blocks]

    def name(self, nodes: Iterable[NodeInfo]) -> None:
        """Nodes that were named, or known before. Those of the block are visited."""
        for node in nodes:
            addr = node.addr
            if addr in self._seen or not is_usable(addr) or node.id == self._own or not self._inside(node.id):
                continue
            if family_of(addr[0]) is not self.family:
                continue
            place = addr[0] if is_local(addr[0]) else host_of(addr[0])
            key = f"{place}:{addr[1]}" if is_local(addr[0]) else place
            net = key if is_local(addr[0]) else net_of(addr[0])
            if len(self._seen) >= MAX_CANDIDATES or key in self._hosts or self._nets[net] >= NET_CANDIDATES:
                self.surplus += 1
                continue
            self._seen[addr] = None
            self._hosts.add(key)
            self._nets[net] += 1
            heappush(self._waiting, (node.id, addr))

    def next(self) -> NodeInfo | None:
        """The node to visit next; `None` if nobody is left for now."""
        return NodeInfo(*heappop(self._waiting)) if self._waiting else None

    def put_back(self, node: NodeInfo) -> None:
        """A visit was given up before its end: it is still to be made."""
        heappush(self._waiting, (node.id, node.addr))

    def waiting(self) -> list[NodeInfo]:
        """The nodes of the block that are still to be visited."""
        return [NodeInfo(*each) for each in sorted(self._waiting)]

    def resume(self, visits: Iterable[Visit], waiting: Iterable[NodeInfo]) -> None:
        """Go on within a block, after these visits."""
        for visit in visits:
            self._seen[visit.addr] = None
            self.visited(visit, ())
        self.name(waiting)

    def visited(self, visit: Visit, named: Iterable[NodeInfo]) -> None:
        """What came of a visit, and whom the node named."""
        self.visits.append(visit)
        if visit.given is not None:
            self.infohashes.update(dict.fromkeys(visit.given.samples))
        self.name(named)

    def end_block(self) -> None:
        """The block has been walked: add its counts to the others, and go on to the next one."""
        tally, found = self.tally, dict[bytes, Visit]()
        for visit in self.visits:
            tally.visited += 1
            if visit.id is None:
                continue
            tally.answered += 1
            if visit.rtt:
                tally.round_trips[round(log(max(visit.rtt, 1e-5)) / _STEP)] += 1
            if self._inside(visit.id):
                found.setdefault(visit.id, visit)
        for visit in found.values():
            self._count(visit)
        tally.owned.append(self._owned(found))
        tally.sampled += len(self.infohashes)
        tally.surplus += self.surplus
        tally.blocks += 1
        self._clear()

    def _count(self, visit: Visit) -> None:
        tally, client = self.tally, (visit.version or b"")[:2]
        tally.nodes += 1
        tally.sampling += visit.given is not None
        tally.unbelieved += visit.given is not None and (visit.given.num or 0) > MAX_STORED
        if not is_local(visit.addr[0]):
            tally.judged += 1
            tally.fitting += bep42_valid(visit.id or b"", visit.addr[0])
        known = client in tally.clients or len(tally.clients) < MAX_CLIENTS
        tally.clients[client if known else OTHER] += 1

    def _owned(self, found: dict[bytes, Visit]) -> Owned:
        """How many infohashes the nodes of the block own. See `estimate`."""
        samplers = {
            node_id: visit.given
            for node_id, visit in found.items()
            if visit.given is not None and visit.given.num is not None and visit.given.num <= MAX_STORED
        }
        number = variance = 0.0
        for node_id, given in samplers.items():
            s, num = len(given.samples), given.num or 0
            if not s:
                continue
            mine = sum(self._inside(each) and _closest(each, samplers) == node_id for each in given.samples)
            p = mine / s
            number += num * p
            if num > s > 1:
                variance += num * (num - s) * p * (1 - p) / (s - 1)
        return Owned(number, variance)


def _closest(target: bytes, ids: Iterable[bytes]) -> bytes:
    return min(ids, key=lambda node_id: distance(node_id, target))
