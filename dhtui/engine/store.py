"""What we keep for others: write tokens, peers and BEP 44 items. All bounded, all expiring by the clock."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2s
from random import Random
from typing import Generic, TypeVar

from .items import ImmutableItem, Item, MutableItem
from .snapshot import StoredItemView, SwarmView
from .wire.compact import Addr, pack_addr, unpack_addr
from .wire.ids import distance
from .wire.krpc import CAS_MISMATCH, SEQ_TOO_LOW

TOKEN_SECONDS = 300.0
TOKEN_LENGTH = 8
MAX_INFOHASHES = 2000
MAX_PEERS = 500
MAX_ITEMS = 700
"""Of each kind, immutable and mutable."""
PEERS_SHOWN = 50
PEER_SECONDS = 45 * 60.0
ITEM_SECONDS = 2 * 3600.0


class Tokens:
    """Write tokens (BEP 5): a keyed hash of address and target, good for 5 to 10 minutes.

    They prove that whoever writes can also receive at its address, so nobody can announce a victim. The port
    is not bound: some NATs change it between two packets.
    """

    def __init__(self, secret: bytes, clock: float = 0.0) -> None:
        """`secret` may have any length; the same one gives the same tokens in the same epoch.

        `clock` (seconds) is added to every `now` before it is cut into epochs.
        """
        self._master, self._clock = blake2s(secret).digest(), clock
        self._epoch: int | None = None
        self._now = self._before = blake2s()

    def _turn(self, now: float) -> None:
        epoch = int((now + self._clock) // TOKEN_SECONDS)
        if epoch != self._epoch:
            self._epoch = epoch
            self._now, self._before = self._keyed(epoch), self._keyed(epoch - 1)

    def _keyed(self, epoch: int) -> blake2s:
        key = blake2s(epoch.to_bytes(8, "big", signed=True), key=self._master).digest()
        return blake2s(key=key, digest_size=TOKEN_LENGTH)

    def make(self, ip: str, target: bytes, now: float) -> bytes:
        """The 8-byte token for an address and a target."""
        self._turn(now)
        return self._hash(self._now, ip, target)

    def valid(self, token: bytes, ip: str, target: bytes, now: float) -> bool:
        """Whether a token was made for this address and target, in this epoch or the one before."""
        self._turn(now)
        return token in (self._hash(self._now, ip, target), self._hash(self._before, ip, target))

    @staticmethod
    def _hash(keyed: blake2s, ip: str, target: bytes) -> bytes:
        state = keyed.copy()
        state.update(ip.encode() + target)
        return state.digest()


V = TypeVar("V")


class _Nearest(Generic[V]):
    """A bounded map by target. When it is full the entry farthest from our id goes: it is least our duty."""

    def __init__(self, own: bytes, cap: int) -> None:
        self._own, self._cap = own, cap
        self._entries: dict[bytes, V] = {}
        self._by_distance: list[tuple[int, bytes]] = []

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, target: bytes) -> V | None:
        return self._entries.get(target)

    def items(self) -> list[tuple[bytes, V]]:
        return list(self._entries.items())

    def put(self, target: bytes, value: V) -> bool:
        """Store; whether it is there now. A full map refuses what is farther than all it holds."""
        if target not in self._entries:
            place = (distance(self._own, target), target)
            if len(self._entries) >= self._cap:
                if place > self._by_distance[-1]:
                    return False
                del self._entries[self._by_distance.pop()[1]]
            insort(self._by_distance, place)
        self._entries[target] = value
        return True

    def remove(self, target: bytes) -> None:
        del self._entries[target]
        del self._by_distance[bisect_left(self._by_distance, (distance(self._own, target), target))]

    def rebase(self, own: bytes) -> None:
        self._own = own
        self._by_distance = sorted((distance(own, target), target) for target in self._entries)


class PeerStore:
    """Peers by infohash: at most 2000 x 500, each for 45 minutes after its last announce."""

    def __init__(self, own: bytes) -> None:
        self._swarms: _Nearest[OrderedDict[bytes, float]] = _Nearest(own, MAX_INFOHASHES)

    def __len__(self) -> int:
        return len(self._swarms)

    @property
    def peers(self) -> int:
        """Peers of all infohashes together."""
        return sum(len(swarm) for _, swarm in self._swarms.items())

    def announce(self, infohash: bytes, peer: Addr, now: float) -> bool:
        """Keep a peer; whether there was room. Beyond 500 of one infohash the one that announced longest ago goes."""
        swarm = self._swarms.get(infohash)
        if swarm is None:
            swarm = OrderedDict()
            if not self._swarms.put(infohash, swarm):
                return False
        packed = pack_addr(peer)
        swarm[packed] = now + PEER_SECONDS
        swarm.move_to_end(packed)
        if len(swarm) > MAX_PEERS:
            swarm.popitem(last=False)
        return True

    def views(self, now: float) -> tuple[SwarmView, ...]:
        """The infohashes as a screen shows them."""
        views = []
        for infohash, swarm in self._swarms.items():
            live = [peer for peer, until in swarm.items() if until > now]
            if live:
                newest = tuple(unpack_addr(peer) for peer in live[: -PEERS_SHOWN - 1 : -1])
                views.append(SwarmView(infohash, newest, len(live), swarm[live[-1]] - now, swarm[live[0]] - now))
        return tuple(views)

    def sample(self, infohash: bytes, n: int, rng: Random, now: float) -> list[bytes]:
        """Up to `n` random peers of an infohash, 6 bytes each."""
        swarm = self._swarms.get(infohash)
        if not swarm:
            return []
        peers = [peer for peer, until in swarm.items() if until > now]
        return peers if len(peers) <= n else rng.sample(peers, n)

    def sweep(self, now: float) -> None:
        """Forget what has expired."""
        for infohash, swarm in self._swarms.items():
            while swarm and next(iter(swarm.values())) <= now:
                swarm.popitem(last=False)
            if not swarm:
                self._swarms.remove(infohash)

    def rebase(self, own: bytes) -> None:
        """Take a new own id."""
        self._swarms.rebase(own)


@dataclass(slots=True)
class _Kept(Generic[V]):
    item: V
    until: float


class ItemStore:
    """BEP 44 items: at most 700 immutable and 700 mutable ones, each for 2 hours after its last put."""

    def __init__(self, own: bytes) -> None:
        self._immutable: _Nearest[_Kept[ImmutableItem]] = _Nearest(own, MAX_ITEMS)
        self._mutable: _Nearest[_Kept[MutableItem]] = _Nearest(own, MAX_ITEMS)

    @property
    def immutable(self) -> int:
        """How many immutable items are kept."""
        return len(self._immutable)

    @property
    def mutable(self) -> int:
        """How many mutable items are kept."""
        return len(self._mutable)

    def get(self, target: bytes, now: float) -> Item | None:
        """The item at a target, unless it has expired."""
        kept = self._mutable.get(target) or self._immutable.get(target)
        return kept.item if kept and kept.until > now else None

    def put_immutable(self, target: bytes, item: ImmutableItem, now: float) -> bool:
        """Keep a value under its hash; whether there was room."""
        return self._immutable.put(target, _Kept(item, now + ITEM_SECONDS))

    def conflict(self, target: bytes, item: MutableItem, cas: int | None, now: float) -> int | None:
        """The error code that a put of `item` deserves, or `None` (BEP 44, "CAS" and "seq").

        `cas` is compared with the *seq* of what is stored. The same seq with the same value is welcome: it only
        starts the clock again.
        """
        kept = self._mutable.get(target)
        if kept is None or kept.until <= now:
            return None
        stored = kept.item
        if cas is not None and cas != stored.seq:
            return CAS_MISMATCH
        if item.seq < stored.seq or (item.seq == stored.seq and item.v != stored.v):
            return SEQ_TOO_LOW
        return None

    def put_mutable(self, target: bytes, item: MutableItem, now: float) -> bool:
        """Keep an item whose signature holds and which is in no conflict; whether there was room."""
        return self._mutable.put(target, _Kept(item, now + ITEM_SECONDS))

    def views(self, now: float) -> tuple[StoredItemView, ...]:
        """The items as a screen shows them."""
        mutable = (
            StoredItemView(target, kept.item.v, kept.item.k, kept.item.salt, kept.item.seq, kept.until - now)
            for target, kept in self._mutable.items()
        )
        immutable = (
            StoredItemView(target, kept.item.v, None, b"", None, kept.until - now)
            for target, kept in self._immutable.items()
        )
        return tuple(view for views in (mutable, immutable) for view in views if view.expires > 0)

    def sweep(self, now: float) -> None:
        """Forget what has expired."""
        for target, immutable in self._immutable.items():
            if immutable.until <= now:
                self._immutable.remove(target)
        for target, mutable in self._mutable.items():
            if mutable.until <= now:
                self._mutable.remove(target)

    def rebase(self, own: bytes) -> None:
        """Take a new own id."""
        self._immutable.rebase(own)
        self._mutable.rebase(own)
