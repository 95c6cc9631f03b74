"""Liars in league, who want a lookup to end without the value that it seeks.

Whoever asks one of them hears of eight nodes next to the target: nearer than any true one or, where the liars
are cunning, just as near. Five are accomplices, who answer under these made-up ids at a second port of theirs,
and go on in the same way; three are addresses where nobody is. They hand out values that don't hash to the target,
forged signatures, an old version of a mutable item whose signature is good, and peers that don't exist. What they
are asked to store they confirm, and drop.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .items import MutableItem
from .population import Member, Population
from .wire.bencode import Bencached
from .wire.compact import Addr, NodeInfo, pack_addr, pack_node
from .wire.ids import ID_BITS, ID_LENGTH
from .wire.krpc import AnnouncePeer, Get, GetPeers, Ping, Put, Query

DRAWS = 5000
"""Nodes among which they look for accomplices: with one liar in ten some 350 are found."""
NAMED, DEAD_NAMED = 5, 3
NEARER_BITS = 24
"""By how many bits at most the made-up ids are nearer to the target than the nearest true one."""
CLOSEST = 8
"""Cunning liars spread theirs as far as this many true nodes reach."""

_POOL, _NAMES, _ID, _NOWHERE, _FORGERY = 21, 22, 23, 24, 25


class Ring:
    """All liars of a population; the same few hundred of them lend their addresses for every target."""

    def __init__(self, population: Population) -> None:
        self._population, self._chance = population, population.chance
        self._pool: list[Member] = []
        self._doors: dict[Addr, Member] = {}
        self._ids: dict[Addr, bytes] = {}
        self.outdated: dict[bytes, MutableItem] = {}
        """Old versions of mutable items, by target: true once, and properly signed."""

    def door(self, addr: Addr) -> Member | None:
        """The accomplice behind a made-up node; `None` where the address is none of theirs."""
        return self._doors.get(addr)

    def answer(self, liar: Member, at: Addr, query: Query, now: float) -> dict[bytes, Any]:
        """What a liar says (``r``) when a query reaches it at one of its addresses."""
        args = query.args
        if isinstance(args, Ping | Put):
            return {b"id": self._id_at(liar, at, None)}
        body: dict[bytes, Any] = {b"id": self._id_at(liar, at, args.target)}
        if isinstance(args, AnnouncePeer):
            return body
        body[b"nodes"] = b"".join(map(pack_node, self._nodes(liar, args.target, now)))
        if isinstance(args, Get | GetPeers):
            body[b"token"] = b"liar"
        if isinstance(args, GetPeers):
            body[b"values"] = [pack_addr(self._nowhere(args.target, liar, nth)) for nth in range(8)]
        if isinstance(args, Get):
            body |= self._value(liar, args.target)
        return body

    def _id_at(self, liar: Member, at: Addr, target: bytes | None) -> bytes:
        if at not in self._doors:
            return liar.id
        if target is not None:
            self._ids[at] = self._made_up(target, liar.key)
        return self._ids[at]

    def _nodes(self, liar: Member, target: bytes, now: float) -> list[NodeInfo]:
        about, pool, chance = int.from_bytes(target[:8], "big"), self._accomplices(now), self._chance
        nodes = []
        for nth in range(NAMED):
            accomplice = pool[chance.bits(_NAMES, about, liar.key, nth) % len(pool)]
            door = accomplice.addr[0], accomplice.addr[1] + 1
            self._doors[door] = accomplice
            self._ids[door] = self._made_up(target, accomplice.key)
            nodes.append(NodeInfo(self._ids[door], door))
        for nth in range(DEAD_NAMED):
            addr = self._nowhere(target, liar, nth)
            nodes.append(NodeInfo(self._made_up(target, chance.bits(_NOWHERE, liar.key, nth)), addr))
        return nodes

    def _accomplices(self, now: float) -> list[Member]:
        if not self._pool:
            population, found = self._population, dict[Member, None]()
            for nth in range(DRAWS):
                member = population.member(self._chance.bits(_POOL, nth) % population.members)
                if population.lies(member) and population.alive(member, now):
                    found[member] = None
            self._pool = list(found)
        return self._pool

    def _made_up(self, target: bytes, key: int) -> bytes:
        """An id next to the target: nearer than all true ones, or among them."""
        number, population = int.from_bytes(target, "big"), self._population
        bits = self._chance.bits(_ID, number >> (ID_BITS - 64), key)
        if population.conditions.cunning:
            distance = (bits << (ID_BITS - 64)) * CLOSEST // population.size
        else:
            shared = population.members.bit_length() + 4 + bits % NEARER_BITS
            distance = (1 << 63 | bits) << (ID_BITS - 64) >> shared
        return (number ^ distance).to_bytes(ID_LENGTH, "big")

    def _nowhere(self, target: bytes, liar: Member, nth: int) -> Addr:
        bits = self._chance.bits(_NOWHERE, int.from_bytes(target[:8], "big"), liar.key, nth)
        return f"{200 + bits % 20}.{bits >> 8 & 255}.{bits >> 16 & 255}.{bits >> 24 & 255}", 1024 + (
            bits >> 32
        ) % 60_000

    def _value(self, liar: Member, target: bytes) -> Mapping[bytes, Any]:
        old = self.outdated.get(target)
        if old is None:
            return {b"v": b"not what you asked for"}
        if self._chance.bits(_FORGERY, liar.key) & 1:
            return {b"k": old.k, b"seq": old.seq, b"sig": old.sig, b"v": Bencached(old.v)}
        return {b"k": old.k, b"seq": old.seq + 1000, b"sig": bytes(64), b"v": b"forged"}
