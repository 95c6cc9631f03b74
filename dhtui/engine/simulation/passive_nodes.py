"""Millions of passive nodes that take no memory until they are used.

The ids are N points drawn evenly from the space. Instead of drawing them all, the space is halved again and
again: how many of n points fall into the left half is the number of ones among n random bits, which are a
function of the seed and the prefix. After log2(N) halvings a cell holds about four nodes, which are made when
something first looks into it. So each node, and each node's routing table, is the same whenever it is asked
for, and only the cells that were touched are kept.

A node's table follows from the global membership: bucket d holds 8 of the nodes that share exactly d leading bits with
it, drawn at random. Dead ones are drawn too, as stale entries.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import shake_128

from ..wire.compact import Addr, NodeInfo, pack_addr
from ..wire.family import FAMILIES, IPV4, IPV6, Family
from ..wire.ids import ID_BITS, ID_LENGTH, crc32c
from .internet import Chance, Conditions, is_there

BUCKET = 8
CELL = 4
"""Average number of nodes in a cell."""

_LIAR, _FITS, _ADDRESS, _ENTRY = 12, 14, 15, 16

_SHARED, _HOST, _OTHER_ID = 17, 18, 19

_IP_BITS = int.from_bytes(IPV4.bep42_mask)
"""The bits of an address that BEP 42 uses."""
_FIRST, _LAST = 3, 31
"""The upper 6 bits of an address's first byte run from here to below there: 12.0.0.0 to 123.255.255.255."""
_SIX_FIRST = 0x20
"""The first byte of IPv6 addresses, but for its last bit: they are in 2000::/7."""


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A passive node, dead or alive."""

    number: int
    """Its id."""
    key: int
    """The 64 bits that its random choices depend on: the upper ones of its id."""
    addr: Addr

    @property
    def id(self) -> bytes:
        """Its id, 20 bytes."""
        return self.number.to_bytes(ID_LENGTH, "big")

    @property
    def info(self) -> NodeInfo:
        """Id and address."""
        return NodeInfo(self.id, self.addr)

    @property
    def packed(self) -> bytes:
        """Its bytes in a ``nodes`` string: 26, or 38 of IPv6."""
        return self.id + pack_addr(self.addr)


class Population:
    """All passive nodes of a network, in one address family."""

    def __init__(
        self,
        size: int,
        seed: int,
        conditions: Conditions,
        *,
        beside: Population | None = None,
        shared: float = 0.0,
    ) -> None:
        """About `size` nodes are alive; the dead ones are added to that.

        `beside`: the population in IPv4, under the same seed; then this one has IPv6, and a share `shared` of its nodes
        are hosts of both: they are there, or gone, and near or far, in both at once, under an id in each (BEP 42).
        """
        self.size, self.conditions = size, conditions
        self.family = IPV4 if beside is None else IPV6
        self.chance = Chance(seed)
        self._beside, self._shared = beside, shared
        self._salt = seed.to_bytes(16, "big", signed=True) + (b"" if beside is None else b"six")
        self._backwards = _BACKWARDS[self.family]
        self.members = round(size / (1 - conditions.dead))
        self._depth = max(0, (self.members // CELL).bit_length() - 1)
        self._counts = {1: self.members}
        self._cells: dict[int, list[int]] = {}
        self._by_number: dict[int, Member] = {}
        self._by_addr: dict[Addr, Member] = {}

    # ---- nodes -------------------------------------------------------------------------------------

    @property
    def made(self) -> int:
        """How many nodes are in memory."""
        return len(self._by_addr)

    def at(self, addr: Addr) -> Member | None:
        """The node at an address that was in some referral; `None` if there is none."""
        return self._by_addr.get(addr)

    def member(self, place: int) -> Member:
        """The node in a place, from 0, of the order of ids."""
        return self._pick(0, 0, place)

    def owner_beside(self, member: Member, beside: Population) -> Member | None:
        """A member of the population in the other family that is the same host, as the owner of a table there; `None`
        if it has only one family. (Its id there is made up for a host that IPv4 knows: which it is takes a search.)"""
        if self._beside is beside:
            return self._twin(member.number)
        if self.chance.unit(_SHARED, member.key) >= beside._shared:
            return None
        number = int.from_bytes(b"".join(self.chance.bits(_OTHER_ID, member.key, i).to_bytes(8) for i in range(3))[:20])
        return Member(number, member.key, member.addr)

    def _twin(self, number: int) -> Member | None:
        """The IPv4 node that is the same host as the IPv6 node of a number."""
        key = number >> (ID_BITS - 64)
        if self._beside is None or self.chance.unit(_SHARED, key) >= self._shared:
            return None
        return self._beside.member(self.chance.bits(_HOST, key) % self._beside.members)

    def alive(self, member: Member, now: float) -> bool:
        """Whether a node answers at a time."""
        return is_there(self.chance, member.key, now, self.conditions.session, self.conditions.dead)

    def lies(self, member: Member) -> bool:
        """Whether a node lies."""
        return self.conditions.liars > 0 and self.chance.unit(_LIAR, member.key) < self.conditions.liars

    def closest(self, target: bytes, n: int, now: float) -> list[Member]:
        """The true `n` live nodes closest to a target, nearest first."""
        number = int.from_bytes(target, "big")
        for depth in range(self._depth, -1, -1):
            found = [m for m in self._under(number >> (ID_BITS - depth), depth) if self.alive(m, now)]
            if len(found) >= n or depth == 0:
                found.sort(key=lambda m: m.number ^ number)
                return found[:n]
        return []

    def some(self, label: int, now: float) -> Iterator[Member]:
        """Live honest nodes drawn evenly, one by one, the same ones for the same label."""
        nth = 0
        while True:
            member = self.member(self.chance.bits(_ENTRY, label, nth) % self.members)
            nth += 1
            if self.alive(member, now) and not self.lies(member):
                yield member

    # ---- tables ------------------------------------------------------------------------------------

    def referrals(self, owner: Member, target: bytes, n: int) -> list[Member]:
        """The up to `n` entries of a node's table that are closest to a target, nearest first."""
        number = int.from_bytes(target, "big")
        depth = min(ID_BITS - 1, ID_BITS - (owner.number ^ number).bit_length())
        found = self._bucket(owner, depth)
        if len(found) < n:
            for deeper in range(depth + 1, ID_BITS):
                if not self._count(owner.number >> (ID_BITS - deeper), deeper, but=owner):
                    break
                found += self._bucket(owner, deeper)
        for shallower in range(depth - 1, -1, -1):
            if len(found) >= n:
                break
            found += self._bucket(owner, shallower)
        found.sort(key=lambda m: m.number ^ number)
        return found[:n]

    def _bucket(self, owner: Member, depth: int) -> list[Member]:
        prefix = owner.number >> (ID_BITS - 1 - depth) ^ 1
        count = self._count(prefix, depth + 1)
        if count <= BUCKET:
            return list(self._under(prefix, depth + 1)) if count else []
        places: dict[int, None] = {}
        nth = 0
        while len(places) < BUCKET:
            places[self.chance.bits(_ENTRY, owner.key, depth, nth) % count] = None
            nth += 1
        return [self._pick(prefix, depth + 1, place) for place in places]

    # ---- the tree of prefixes ----------------------------------------------------------------------

    def _count(self, prefix: int, depth: int, but: Member | None = None) -> int:
        """How many ids start with the `depth` bits of `prefix`, one of them left out."""
        inner = min(depth, self._depth)
        node = 1 << inner | prefix >> (depth - inner)
        counts = self._counts
        known = inner
        while node >> (inner - known) not in counts:
            known -= 1
        for level in range(known, inner):
            self._halve(node >> (inner - level))
        if depth > inner:
            return sum(m is not but for m in self._under(prefix, depth))
        return counts[node] - (but is not None)

    def _halve(self, node: int) -> None:
        n = self._counts[node]
        digest = shake_128(self._salt + b"half" + node.to_bytes(21, "big")).digest((n + 7) // 8)
        left = (int.from_bytes(digest, "big") & (1 << n) - 1).bit_count()
        self._counts[2 * node], self._counts[2 * node + 1] = left, n - left

    def _pick(self, prefix: int, depth: int, place: int) -> Member:
        """One of the ids that start with a prefix: the one in that `place` of the order."""
        if depth > self._depth:
            return list(self._under(prefix, depth))[place]
        node, counts = 1 << depth | prefix, self._counts
        while depth < self._depth:
            if 2 * node not in counts:
                self._halve(node)
            node, depth = 2 * node, depth + 1
            left = counts[node]
            if place >= left:
                place -= left
                node += 1
        return self._settled(self._cell(node)[place])

    def _under(self, prefix: int, depth: int) -> Iterator[Member]:
        """The nodes whose ids start with a prefix. For prefixes of few nodes."""
        if depth >= self._depth:
            cell = prefix >> (depth - self._depth)
            if self._count(cell, self._depth):
                shift = ID_BITS - depth
                for number in self._cell(1 << self._depth | cell):
                    if number >> shift == prefix:
                        yield self._settled(number)
        elif self._count(prefix, depth):
            yield from self._under(2 * prefix, depth + 1)
            yield from self._under(2 * prefix + 1, depth + 1)

    def _cell(self, node: int) -> list[int]:
        """The ids of a cell as they were drawn, in order; `_settle` changes their last bits."""
        cell = self._cells.get(node)
        if cell is None:
            count, free = self._counts[node], ID_BITS - self._depth
            drawn = shake_128(self._salt + b"cell" + node.to_bytes(21, "big")).digest(ID_LENGTH * count)
            head, mask = (node - (1 << self._depth)) << free, (1 << free) - 1
            numbers = (int.from_bytes(drawn[i : i + ID_LENGTH], "big") & mask for i in range(0, len(drawn), ID_LENGTH))
            cell = self._cells[node] = sorted(head | number for number in numbers)
        return cell

    def _settled(self, number: int) -> Member:
        member = self._by_number.get(number)
        if member is None:
            member = self._by_number[number] = self._settle(number)
            self._by_addr[member.addr] = member
        return member

    def _settle(self, number: int) -> Member:
        """Give an id its address; one that shall fit it, by BEP 42, gets the last 3 bits that belong to it."""
        key = number >> (ID_BITS - 64)
        bits = self.chance.bits(_ADDRESS, key)
        if self.family is IPV6:
            return self._settle_six(number, key, bits)
        free = (_FIRST + (bits & 0xFFFF) % (_LAST - _FIRST)) << 26 | bits >> 16 & ~_IP_BITS & 0x03FFFFFF
        if self.chance.unit(_FITS, key) < self.conditions.bep42:
            ip, r = self._backwards.address_bits(number >> (ID_BITS - 21))
            number = number & ~7 | r
        else:
            ip = bits >> 32 & _IP_BITS
        ip |= free
        port = 1024 + (bits >> 40) % 64000
        return Member(number, key, (IPV4.unpack_ip(ip.to_bytes(IPV4.ip_length)), port))

    def _settle_six(self, number: int, key: int, bits: int) -> Member:
        """The same in IPv6: the /64 fits, the rest is free. A host of both families has the key of its IPv4 node."""
        mask = int.from_bytes(IPV6.bep42_mask)
        if self.chance.unit(_FITS, key) < self.conditions.bep42:
            net, r = self._backwards.address_bits(number >> (ID_BITS - 21))
            number = number & ~7 | r
        else:
            net = self.chance.bits(_ADDRESS, key, 1) & mask
        net |= _SIX_FIRST << 56 | self.chance.bits(_ADDRESS, key, 2) & ~mask & (1 << 56) - 1
        ip = IPV6.unpack_ip((net << 64 | bits | 1).to_bytes(IPV6.ip_length))
        twin = self._twin(number)
        return Member(number, key if twin is None else twin.key, (ip, 1024 + (bits >> 40) % 64000))


# ---- BEP 42 backwards ------------------------------------------------------------------------------------


def _solutions(family: Family) -> list[int]:
    """For each of the 21 upper bits of a CRC: which bits of its input, masked address and r, set just that one.

    A CRC of a fixed length is linear but for a constant, so Gaussian elimination over its input bits inverts it.
    """
    length, mask = len(family.bep42_mask), int.from_bytes(family.bep42_mask)
    zero = crc32c(bytes(length))
    rows = []
    for bit in range(8 * length):
        if (mask | 7 << 8 * length - 3) >> bit & 1:
            rows.append([(crc32c((1 << bit).to_bytes(length, "big")) ^ zero) >> 11, 1 << bit])
    solved = []
    for place in range(21):
        pivot = next(row for row in rows if row[0] >> place & 1 and row not in solved)
        solved.append(pivot)
        for row in rows:
            if row is not pivot and row[0] >> place & 1:
                row[0] ^= pivot[0]
                row[1] ^= pivot[1]
    return [pivot[1] for pivot in solved]


class _Backwards:
    """From an id to an address that it fits, in one family."""

    def __init__(self, family: Family) -> None:
        self._solutions = _solutions(family)
        self._zero = crc32c(bytes(len(family.bep42_mask))) >> 11
        self._mask, self._top = int.from_bytes(family.bep42_mask), 8 * len(family.bep42_mask) - 3

    def address_bits(self, head: int) -> tuple[int, int]:
        """The address bits and the `r` to which an id with these 21 upper bits belongs."""
        wanted, masked = head ^ self._zero, 0
        for place, solution in enumerate(self._solutions):
            if wanted >> place & 1:
                masked ^= solution
        return masked & self._mask, masked >> self._top


_BACKWARDS = {family: _Backwards(family) for family in FAMILIES}
