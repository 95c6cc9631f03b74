"""Lying nodes, alone or in collusion, that try to make a lookup end without the value that it seeks.

Their strategy is a `lies.Lie`. They know every node of the population, as an attacker that crawls the network does, and
all make the same false claims: in each address family among themselves, and of the other one where they are asked for
both. They are a share of the population, or nodes that were recruited one by one. An
accomplice answers at an address of its own, under the id of the referral to it, and lies in the same way. Lying nodes
confirm writes and drop them, unless their lie is about nodes only.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Protocol

from ..items import MutableItem
from ..wire.bencode import Bencached
from ..wire.compact import Addr, NodeInfo, pack_addr, pack_node
from ..wire.family import FAMILIES, IPV4, Family, family_of
from ..wire.ids import ID_BITS, ID_LENGTH, bep42
from ..wire.krpc import AnnouncePeer, Get, GetPeers, Ping, Put, Query
from .internet import Chance, Conditions
from .lies import LIES, As, At, Ids, Lie, Order, Values, Where, Whom
from .passive_nodes import Member

DRAWS = 5000
"""Nodes that are searched for accomplices: if one in ten lies, some 350 are found."""
NEARER_BITS = 24
"""Most bits by which the made-up ids are nearer to the target than the nearest true one."""
CLOSEST = 8
"""`Ids.DENSE`: the made-up ids are spread as far as this many true nodes reach."""
FELLOWS_AMONG = 128
"""How many of the closest nodes are searched for other lying nodes."""
HIRED, HIRED_NETS = 400, 100
"""Addresses that are rented if the population has too few lying nodes, and how many /24s, or /48s, they are in."""

_POOL, _NAMES, _ID, _NOWHERE, _FORGERY, _HIRED, _MIX, _BITS = 21, 22, 23, 24, 25, 26, 27, 28
_SPACE = 1 << ID_BITS
_TARGETS_KEPT = 4
NODES = frozenset(family.nodes_key for family in FAMILIES)
_CLAIMS_KEPT = 100_000
"""Claimed ids that accomplices remember: one for each of their addresses and each target."""


class Known(Protocol):
    """What lying nodes know of their network: all of it. A `Population` is one."""

    family: Family
    chance: Chance
    conditions: Conditions
    size: int
    """About how many nodes are alive."""
    members: int
    """How many there are, the dead ones included."""

    def member(self, place: int) -> Member:
        """The node in a place of some order."""

    def alive(self, member: Member, now: float) -> bool:
        """Whether it answers at a time."""

    def lies(self, member: Member) -> bool:
        """Whether it lies."""

    def closest(self, target: bytes, n: int, now: float) -> list[Member]:
        """The live nodes closest to a target, nearest first."""

    def referrals(self, owner: Member, target: bytes, n: int) -> list[Member]:
        """What an honest node in the place of `owner` would name."""


class Ring:
    """All lying nodes of a population, in its family. The same few hundred addresses are used for every target."""

    def __init__(self, population: Known) -> None:
        self._population, self._chance, self.family = population, population.chance, population.family
        self.beside: Ring | None = None
        """The lying nodes of the other family, whose claims are told to those who want that, too."""
        self.lie = population.conditions.lie
        self._recruits: set[Member] = set()
        self._hired: dict[Addr, Member] = {}
        self._pools: dict[tuple[Where, str], list[Member]] = {}
        self._doors: dict[Addr, Member] = {}
        self._ids: dict[Addr, bytes] = {}
        self._ids_for: dict[tuple[Addr, bytes], bytes] = {}
        self._true: dict[tuple[bytes, int], list[Member]] = {}
        self._fitting: list[tuple[int, int, Member]] = []
        self.outdated: dict[bytes, MutableItem] = {}
        """Old versions of mutable items, by target: outdated, with valid signatures."""

    # ---- the lying nodes ---------------------------------------------------------------------------

    def recruit(self, member: Member) -> None:
        """Make one more node lie."""
        self._recruits.add(member)

    def lies(self, member: Member) -> bool:
        """Whether a node, or a rented address, lies."""
        return self._population.lies(member) or member in self._recruits or member.addr in self._hired

    def alive(self, member: Member, now: float) -> bool:
        """Whether a node answers at a time. Rented addresses always do."""
        return member.addr in self._hired or self._population.alive(member, now)

    def at(self, addr: Addr) -> Member | None:
        """The lying node behind a made-up node, or the rented one, at an address; `None` if there is none."""
        return self._doors.get(addr) or self._hired.get(addr)

    def lie_of(self, liar: Member, target: bytes) -> Lie:
        """The strategy of a lying node for a target."""
        if not self.lie.mixed:
            return self.lie
        names = [name for name, lie in LIES.items() if not lie.mixed]
        return LIES[names[self._chance.bits(_MIX, _about(target), liar.key) % len(names)]]

    # ---- answers -----------------------------------------------------------------------------------

    def answer(
        self, liar: Member, at: Addr, query: Query, now: float, honest: Callable[[], dict[bytes, Any]]
    ) -> dict[bytes, Any] | None:
        """The answer of a lying node (``r``) to a query at one of its addresses; `None`: it does not answer.

        `honest` returns the answer of an honest node in its place, and may raise `RefusedQuery`.
        """
        args = query.args
        if len(self._ids_for) > _CLAIMS_KEPT:
            self._ids_for.clear()  # those that still matter are made up again, the same
        if isinstance(args, Ping):
            return {b"id": self._id_at(liar, at, None)}
        target = b"" if isinstance(args, Put) else args.target
        lie = self.lie_of(liar, target)
        if isinstance(args, Put | AnnouncePeer):
            return (honest() if lie.values is Values.TRUE else {}) | {b"id": self._id_at(liar, at, target or None)}
        if lie.mute and at in self._doors:
            return None
        if isinstance(args, Get | GetPeers) and lie.values is Values.SILENT:
            return None
        body: dict[bytes, Any] = {b"id": self._own_id(lie, liar, at, args.id, target)}
        for ring in (self, self.beside):
            if ring is self or (ring is not None and ring.family in args.want):
                claims = ring._claims(lie, liar, target, now)
                body[ring.family.nodes_key] = b"".join(map(pack_node, claims))
        if isinstance(args, Get | GetPeers):
            body |= self._value(lie.values, liar, args, honest)
        return body

    def _own_id(self, lie: Lie, liar: Member, at: Addr, querier: bytes, target: bytes) -> bytes:
        if lie.answers_as is As.QUERIER:
            return querier
        if lie.answers_as is As.NEARER:
            return self._made_up(Ids.NEARER, target, liar.key)
        return self._id_at(liar, at, target)

    def _id_at(self, liar: Member, at: Addr, target: bytes | None) -> bytes:
        if at not in self._doors:
            return liar.id
        if target is not None:
            claimed = self._ids_for.get((at, target))
            self._ids[at] = claimed or self._made_up(self.lie_of(liar, target).ids, target, liar.key)
        return self._ids[at]

    def _value(
        self, values: Values, liar: Member, args: Get | GetPeers, honest: Callable[[], dict[bytes, Any]]
    ) -> Mapping[bytes, Any]:
        if values is Values.TRUE:
            return {key: value for key, value in honest().items() if key not in NODES and key != b"id"}
        if values is Values.NO_TOKEN:
            return {}
        token = {b"token": b"liar"}
        if values is Values.NONE:
            return token
        if isinstance(args, GetPeers):
            return token | {b"values": [pack_addr(self._nowhere(args.target, liar, nth)) for nth in range(8)]}
        old = self.outdated.get(args.target)
        if old is None or values is Values.FALSE:
            return token | {b"v": b"not what you asked for"}
        by_turns = values is Values.MIXED and self._chance.bits(_FORGERY, liar.key) & 1
        if values is Values.OLD or by_turns:
            return token | {b"k": old.k, b"seq": old.seq, b"sig": old.sig, b"v": Bencached(old.v)}
        return token | {b"k": old.k, b"seq": old.seq + 1000, b"sig": bytes(64), b"v": b"forged"}

    # ---- referrals ---------------------------------------------------------------------------------

    def _claims(self, lie: Lie, liar: Member, target: bytes, now: float) -> list[NodeInfo]:
        if lie.whom is Whom.ACCOMPLICES:
            claims = self._at_accomplices(lie, liar, target, now)
        else:
            claims = self._falsified(lie, self._named(lie, liar, target, now), liar, target, now)
        for nth in range(lie.dead):
            addr = self._nowhere(target, liar, nth)
            claims.append(NodeInfo(self._made_up(lie.ids, target, self._chance.bits(_NOWHERE, liar.key, nth)), addr))
        if lie.order is Order.REVERSED:
            claims.reverse()
        elif lie.order is Order.SHUFFLED:
            Random(self._chance.bits(_NAMES, _about(target), liar.key)).shuffle(claims)
        claims += [member.info for member in self._population.referrals(liar, target, lie.truth)] if lie.truth else []
        return claims

    def _named(self, lie: Lie, liar: Member, target: bytes, now: float) -> Sequence[Member]:
        population, n = self._population, lie.named
        if lie.whom is Whom.CLOSEST:
            return self._closest(target, n, now)
        if lie.whom is Whom.TABLE:
            return population.referrals(liar, target, n)
        if lie.whom is Whom.FAR:
            return population.referrals(liar, bytes(byte ^ 0xFF for byte in target), n)
        if lie.whom is Whom.FELLOWS:
            return self._fellows(lie, liar, target, now)[:n]
        return ()

    def _closest(self, target: bytes, n: int, now: float) -> list[Member]:
        """The true closest nodes. Cached for the last few targets: each is asked for many times."""
        known = self._true.get((target, n))
        if known is None:
            if len(self._true) >= _TARGETS_KEPT:
                self._true.clear()
            known = self._true[target, n] = self._population.closest(target, n, now)
        return known

    def _fellows(self, lie: Lie, liar: Member, target: bytes, now: float) -> list[Member]:
        if self._population.conditions.liars:
            return [m for m in self._closest(target, FELLOWS_AMONG, now) if self.lies(m)]
        number = int.from_bytes(target, "big")
        return sorted(self._pool(lie.where, liar, now), key=lambda m: m.number ^ number)

    def _falsified(
        self, lie: Lie, members: Sequence[Member], liar: Member, target: bytes, now: float
    ) -> list[NodeInfo]:
        claims = []
        for place, member in enumerate(members):
            for nth in range(lie.claims):
                if lie.ids is Ids.SWAPPED:
                    node_id = members[(place + 1) % len(members)].id
                else:
                    node_id = self._false_id(lie.ids, member, target, nth)
                addr = self._false_addr(lie, member, liar, target, place, nth, now)
                claims.append(NodeInfo(node_id, addr))
                if lie.at is At.ACCOMPLICE:
                    self._ids[addr] = self._ids_for[addr, target] = node_id
        return claims

    def _false_id(self, ids: Ids, member: Member, target: bytes, nth: int) -> bytes:
        bits = self._chance.bits(_BITS, _about(target), member.key, nth)
        if ids is Ids.TRUE:
            return member.id
        if ids is Ids.LAST_BIT:
            number = member.number ^ 1
        elif ids is Ids.LOW_BIT:
            number = member.number ^ 1 << bits % 100
        elif ids is Ids.RANDOM or ids is Ids.FAR:
            number = Random(bits).getrandbits(ID_BITS)
            if ids is Ids.FAR:
                far = ~int.from_bytes(target, "big") & _SPACE >> 1
                number = number & (_SPACE >> 1) - 1 | far
        else:
            return self._made_up(ids, target, member.key ^ nth)
        return number.to_bytes(ID_LENGTH, "big")

    def _false_addr(
        self, lie: Lie, member: Member, liar: Member, target: bytes, place: int, nth: int, now: float
    ) -> Addr:
        ip, port = member.addr
        if lie.at is At.PORT:
            return ip, port + 1 + nth
        if lie.at is At.NET:
            packed, last = bytearray(self.family.pack_ip(ip)), self.family.host_bits // 8 - 1
            packed[last] ^= 1 + nth
            return self.family.unpack_ip(bytes(packed)), port
        if lie.at is At.ACCOMPLICE:
            return self._door(self._accomplice(lie.where, liar, target, place, now))
        if lie.at is At.DEAD:
            return self._nowhere(target, liar, place)
        return member.addr

    def _at_accomplices(self, lie: Lie, liar: Member, target: bytes, now: float) -> list[NodeInfo]:
        claims = []
        if lie.ids is Ids.FITTING:
            for node_id, accomplice in self._best_fitting(target, lie.named):
                claims.append(NodeInfo(node_id, self._door(accomplice)))
        else:
            for nth in range(lie.named):
                accomplice = self._accomplice(lie.where, liar, target, nth, now)
                claims.append(NodeInfo(self._made_up(lie.ids, target, accomplice.key), self._door(accomplice)))
        for node_id, door in claims:
            self._ids[door] = self._ids_for[door, target] = node_id
        return claims

    # ---- made-up nodes -----------------------------------------------------------------------------

    def _door(self, accomplice: Member) -> Addr:
        door = accomplice.addr[0], accomplice.addr[1] + 1
        self._doors[door] = accomplice
        return door

    def _accomplice(self, where: Where, liar: Member, target: bytes, nth: int, now: float) -> Member:
        pool = self._pool(where, liar, now)
        return pool[self._chance.bits(_NAMES, _about(target), liar.key, nth) % len(pool)]

    def _pool(self, where: Where, liar: Member, now: float) -> list[Member]:
        if where is Where.SELF and family_of(liar.addr[0]) is not self.family:
            where = Where.IP  # where it is itself in this family is not known
        ip = liar.addr[0] if where is Where.SELF else ""
        pool = self._pools.get((where, ip))
        if pool is None:
            pool = self._in_league(now) if where is Where.LEAGUE else []
            pool = self._pools[where, ip] = pool or [self._hire(where, ip, nth) for nth in range(HIRED)]
        return pool

    def _in_league(self, now: float) -> list[Member]:
        population, found = self._population, dict[Member, None]()
        for nth in range(DRAWS if population.conditions.liars else 0):
            member = population.member(self._chance.bits(_POOL, nth) % population.members)
            if population.lies(member) and population.alive(member, now):
                found[member] = None
        return list(found)

    def _hire(self, where: Where, ip: str, nth: int) -> Member:
        """An address that the attacker rents, and a node with a fitting id there."""
        port = 20_000
        if self.family is not IPV4:
            ip = self._rented_six(where, ip, nth)
        elif where is Where.SELF:
            port += 2 * nth
        elif where is Where.IP:
            ip, port = f"{self._net(0)}.1", port + 2 * nth
        elif where is Where.NET:
            ip = f"{self._net(1)}.{nth % 256}"
            port += 2 * (nth // 256)
        else:
            ip = f"{self._net(2 + nth % HIRED_NETS)}.{nth // HIRED_NETS}"
        key = self._chance.bits(_HIRED, nth, _HIRED + list(Where).index(where), _about(ip.encode().ljust(8)))
        crc = bep42(ip, key & 7).crc & 0xFFFFF800
        number = crc << ID_BITS - 32 | (key >> 20) << ID_BITS - 80 | key & 0xFF
        member = Member(number, key, (ip, port))
        self._hired[member.addr] = member
        return member

    def _net(self, nth: int) -> str:
        bits = self._chance.bits(_HIRED, nth)
        return f"{130 + nth % 60}.{bits & 255}.{bits >> 8 & 255}"

    def _rented_six(self, where: Where, ip: str, nth: int) -> str:
        """In IPv6 one IP means one /64, whose addresses cost nothing, and a /48 stands where a /24 does."""
        if where is Where.SELF:
            host = self.family.pack_ip(ip)[:8]
        elif where is Where.IP:
            host = self._net_six(0) + bytes(2)
        elif where is Where.NET:
            host = self._net_six(1) + nth.to_bytes(2)
        else:
            host = self._net_six(2 + nth % HIRED_NETS) + (nth // HIRED_NETS).to_bytes(2)
        return self.family.unpack_ip(host + self._chance.bits(_HIRED, nth, _HIRED).to_bytes(8))

    def _net_six(self, nth: int) -> bytes:
        """A /48 of its own, in 2a00::/16 and those behind."""
        return (0x2A00 + nth % 60).to_bytes(2) + (self._chance.bits(_HIRED, nth) & 0xFFFFFFFF).to_bytes(4)

    def _best_fitting(self, target: bytes, n: int) -> list[tuple[bytes, Member]]:
        """The ids nearest to a target that fit an address of the 100 /24s (BEP 42), one an address."""
        if not self._fitting:
            hired = (self._hire(Where.NETS, "", nth) for nth in range(256 * HIRED_NETS))
            self._fitting = sorted(
                ((bep42(m.addr[0], r).crc >> 11, r, m) for m in hired for r in range(8)), key=lambda fit: fit[:2]
            )
        number = int.from_bytes(target, "big")
        head = number >> ID_BITS - 21
        for free in range(22):
            low = bisect_left(self._fitting, (head >> free << free,), key=lambda fit: fit[:1])
            high = bisect_left(self._fitting, ((head >> free) + 1 << free,), key=lambda fit: fit[:1])
            by_ip: dict[str, tuple[int, int, Member]] = {}
            for fit in sorted(self._fitting[low:high], key=lambda fit: fit[0] ^ head):
                by_ip.setdefault(fit[2].addr[0], fit)
            if len(by_ip) >= n or free == 21:
                break
        rest = number & (1 << ID_BITS - 21) - 8
        return [((fit << ID_BITS - 21 | rest | r).to_bytes(ID_LENGTH, "big"), m) for fit, r, m in [*by_ip.values()][:n]]

    def _made_up(self, ids: Ids, target: bytes, key: int) -> bytes:
        """A made-up id next to the target: nearer than all true ones, or among them."""
        number, population = int.from_bytes(target, "big"), self._population
        bits = self._chance.bits(_ID, number >> (ID_BITS - 64), key)
        if ids is Ids.DENSE:
            distance = (bits << (ID_BITS - 64)) * CLOSEST // population.size
        else:
            shared = population.members.bit_length() + 4 + bits % NEARER_BITS
            distance = (1 << 63 | bits) << (ID_BITS - 64) >> shared
        return (number ^ distance).to_bytes(ID_LENGTH, "big")

    def _nowhere(self, target: bytes, liar: Member, nth: int) -> Addr:
        bits = self._chance.bits(_NOWHERE, _about(target), liar.key, nth)
        if self.family is not IPV4:
            return self.family.unpack_ip(b"\x2c\x0f" + bits.to_bytes(8) + b"nobody"), 1024 + (bits >> 32) % 60_000
        return f"{200 + bits % 20}.{bits >> 8 & 255}.{bits >> 16 & 255}.{bits >> 24 & 255}", 1024 + (
            bits >> 32
        ) % 60_000


def _about(target: bytes) -> int:
    return int.from_bytes(target[:8], "big")
