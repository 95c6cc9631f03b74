"""The stores of this node: peers and BEP 44 items of other nodes, and the write tokens. All are bounded and expire.

Targets, keys and ports cost nothing, so an attacker with one address can write without limit, at any distance from our
id. Four rules keep it from evicting the entries of others:

- Every swarm and every item is charged to the network of an address that wrote it, as proved by a token. A network is
  charged for at most 1 in 20 of each map: for n in 20 of it an attacker needs n networks.
- A full map evicts from the network that holds the most. A write never evicts an entry of a network that holds less
  than the writer's. So a map that one network has filled, over loopback too, has room for every new network.
- The same holds for the peers of a swarm. A host has one of them: the last announce counts (BEP 33).
- Before an entry that several networks wrote is evicted, it is charged to the one of them that holds the least. So an
  attacker can't get an honest swarm evicted by creating it first, nor an honest item by refreshing it.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2s
from heapq import heapify, heappop, heappush
from itertools import islice, takewhile
from math import ceil
from operator import itemgetter
from random import Random
from typing import Final, Generic, Protocol, TypeAlias, TypeVar

from .defence.shares import net_of
from .items import ImmutableItem, Item, MutableItem
from .views.snapshot import StoredItemView, SwarmView
from .views.statistics import Level
from .wire.bloom import filter_of
from .wire.compact import Addr, is_local, pack_addr
from .wire.family import FAMILIES, IPV4, Family
from .wire.ids import distance
from .wire.krpc import CAS_MISMATCH, SEQ_TOO_LOW

TOKEN_SECONDS = 300.0
TOKEN_LENGTH = 8
MAX_INFOHASHES = 2000
MAX_PEERS = 500
MAX_ITEMS = 700
"""Of each kind, immutable and mutable."""
SHARE = 20
"""Most entries that a network is charged for: one in 20 of the swarms, of the immutable and of the mutable items."""
HOST_PEERS = 1
"""Most peers of a host in one swarm: infohash and address are unique, the port is updated (BEP 33). On a local address,
where many programs of a testnet may be, each node is a host by itself: its id counts beside the address."""
NET_PEERS = MAX_PEERS // SHARE
MAX_ALL_PEERS = MAX_INFOHASHES * MAX_PEERS
"""Of all swarms together, however many there may be."""
SHOWN = MAX_INFOHASHES
"""Most infohashes, and items of each kind, that are shown: as many as a node stores by default."""
PEERS_SHOWN = 50
PEER_SECONDS = 45 * 60.0
ITEM_SECONDS = 2 * 3600.0
SAMPLES: Final = 20
"""Most infohashes in one answer (BEP 51): 400 bytes."""
SAMPLE_SECONDS: Final = 21600
"""How long the same samples are given: the longest ``interval`` that there is (BEP 51)."""
SWEPT = 2000
"""Most swarms that one sweep looks into: it must not delay the answers of a node that stores many."""
_NOBODY: Final[frozenset[bytes]] = frozenset()


class Tokens:
    """Write tokens (BEP 5): a keyed hash of address and target, good for 5 to 10 minutes.

    A token proves that its writer receives at its address, so a third party can't be announced. It does not depend on
    the port: some NATs change it between two packets.
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
        return self._hash(self._now, ip, target) == token or self._hash(self._before, ip, target) == token

    @staticmethod
    def _hash(keyed: blake2s, ip: str, target: bytes) -> bytes:
        state = keyed.copy()
        state.update(ip.encode() + target)
        return state.digest()


Place: TypeAlias = tuple[int, bytes]
"""The distance of a target from our id, and the target."""


class Accounted(Protocol):
    """An entry of a bounded map. It is charged to one of the networks that wrote it."""

    net: str

    @property
    def until(self) -> float:
        """When it expires if nobody writes it again."""

    def others(self) -> Iterator[str]:
        """The other networks that wrote it."""


V = TypeVar("V", bound=Accounted)


class _Nearest(Generic[V]):
    """A bounded map by target, with a share for each network. Among equals it evicts the entry farthest from our id."""

    def __init__(self, own: bytes, cap: int) -> None:
        self._cap = cap
        self._owns: tuple[bytes, ...] = (own,)
        """Our ids: of a node in both address families, one in each."""
        self._entries: dict[bytes, V] = {}
        """The one that was written longest ago first."""
        # The farthest first, with the negative distance; also entries that are gone, and some twice.
        self._farthest: list[Place] = []
        self._by_net: dict[str, list[Place]] = {}
        # The networks that hold 2 or more, by how many, and the highest such number: a quick way to the largest holder.
        self._by_count: dict[int, dict[str, None]] = {}
        self._most = 1

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, target: bytes) -> V | None:
        return self._entries.get(target)

    @property
    def level(self) -> Level:
        return Level(len(self._entries), self._cap)

    @property
    def full(self) -> bool:
        return len(self._entries) >= self._cap

    @property
    def _share(self) -> int:
        """Most entries that a network is charged for."""
        return max(1, self._cap // SHARE)

    def items(self) -> list[tuple[bytes, V]]:
        return list(self._entries.items())

    def last(self) -> list[tuple[bytes, V]]:
        """Those to be shown: of many the ones that were written last, the newest at the end."""
        shown = list(islice(reversed(self._entries.items()), SHOWN))
        shown.reverse()
        return shown

    def targets(self) -> list[bytes]:
        return list(self._entries)

    def touch(self, target: bytes) -> None:
        """Note that an entry was written again."""
        self._entries[target] = self._entries.pop(target)

    def held(self, net: str) -> int:
        """How many entries are charged to a network."""
        return len(self._by_net.get(net, ()))

    def _sated(self, net: str) -> bool:
        """Whether a network has its full share. Local ones have no limit. (The first two octets, which `net` has,
        suffice.)"""
        return self.held(net) >= self._share and not is_local(net)

    def add(self, target: bytes, entry: V) -> bool:
        """Store a new entry. Returns whether there was room for it."""
        place = self._place(target)
        scarce = self.full or self.held(entry.net) >= self._share
        if scarce and not self._make_room(place, entry.net):
            return False
        self._entries[target] = entry
        heappush(self._farthest, (-place[0], target))
        self._charge(entry.net, place)
        return True

    def _place(self, target: bytes) -> Place:
        if len(self._owns) == 1:
            return distance(self._owns[0], target), target
        return min(distance(own, target) for own in self._owns), target

    def _make_room(self, place: Place, net: str) -> bool:
        """Evict an entry, if one has to go for a new one. Returns whether there is room then."""
        while True:
            held, by_share = self.held(net), self._sated(net)
            if not by_share and not self.full:
                return True
            unfair = not by_share and self._most >= held + 2
            if unfair:
                # Of several, the one that reached that number last: an attacker's networks come later than honest ones.
                loser = self._by_net[next(reversed(self._by_count[self._most]))][-1]
            else:
                loser = self._last()
                if by_share or self.held(self._entries[loser[1]].net) < held:
                    loser = self._by_net[net][-1]
            if self._hand_over(loser):
                continue
            if not unfair and place > loser:
                return False
            self.remove(loser[1])
            return True

    def _last(self) -> Place:
        """The entry farthest from our id."""
        while (target := self._farthest[0][1]) not in self._entries:
            heappop(self._farthest)
        return -self._farthest[0][0], target

    def _hand_over(self, place: Place) -> bool:
        """Charge an entry to another of its networks, if one holds at least 2 less. Returns whether there was one.

        Each such step makes the charges more even, so few follow each other, and at most one for each writer.
        """
        entry = self._entries[place[1]]
        held = self.held(entry.net)
        heir = min(entry.others(), key=self.held, default=None) if held > 1 else None
        if heir is None or self.held(heir) > held - 2:
            return False
        self._move(place, entry, heir)
        return True

    def disown(self, target: bytes) -> None:
        """Charge an entry to another of its networks, because the network that was charged has no part in it any more.

        If all of them have their full share, it is evicted. Otherwise one network could exceed its share by entries
        that other networks create and leave.
        """
        entry = self._entries[target]
        heir = min(entry.others(), key=self.held)
        if self._sated(heir):
            self.remove(target)
        else:
            self._move(self._place(target), entry, heir)

    def _move(self, place: Place, entry: V, net: str) -> None:
        self._acquit(entry.net, place)
        self._charge(net, place)
        entry.net = net

    def _charge(self, net: str, place: Place) -> None:
        places = self._by_net.get(net)
        if places is None:
            self._by_net[net] = [place]
        else:
            insort(places, place)
            self._recount(net, len(places) - 1, len(places))

    def _acquit(self, net: str, place: Place) -> None:
        places = self._by_net[net]
        if len(places) == 1:
            del self._by_net[net]
        else:
            del places[bisect_left(places, place)]
            self._recount(net, len(places) + 1, len(places))

    def _recount(self, net: str, before: int, after: int) -> None:
        if before > 1:
            equals = self._by_count[before]
            del equals[net]
            if not equals:
                del self._by_count[before]
        if after > 1:
            self._by_count.setdefault(after, {})[net] = None
        if after > self._most or self._most not in self._by_count:
            self._most = after

    def remove(self, target: bytes) -> None:
        place = self._place(target)
        self._acquit(self._entries.pop(target).net, place)
        if len(self._farthest) > 2 * len(self._entries) + 64:
            self._measure()

    def _measure(self) -> None:
        places = map(self._place, self._entries)
        self._farthest = [(-far, target) for far, target in places]
        heapify(self._farthest)

    def expire(self, now: float) -> None:
        over = [target for target, _ in takewhile(lambda kept: kept[1].until <= now, self._entries.items())]
        for target in over:
            self.remove(target)

    def rebase(self, owns: tuple[bytes, ...]) -> None:
        self._owns = owns
        self._measure()
        for places in self._by_net.values():
            places[:] = sorted(self._place(target) for _, target in places)


class _Form:
    """The compact form of the peers of an address family, and where in it host and network end."""

    def __init__(self, family: Family) -> None:
        self._ip_length, self._unpack_ip = family.ip_length, family.unpack_ip
        self.unpack, self.peer_length = family.unpack, family.peer_length
        self.host_bytes, self.net_bytes = family.host_bits // 8, family.net_bits // 8
        self.net_prefix = itemgetter(slice(self.net_bytes))

    def ip(self, packed: bytes) -> str:
        """The address of a packed peer."""
        return self._unpack_ip(packed[: self._ip_length])

    def net(self, packed: bytes) -> bytes:
        """The prefix of all packed peers in the network of a packed peer (`net_of`); of a local one its address."""
        return packed[: self._ip_length if is_local(self.ip(packed)) else self.net_bytes]

    def net_of_most(self, peers: Iterable[bytes]) -> tuple[bytes, int]:
        """The network that has the most peers, and how many."""
        ((net, most),) = Counter(map(self.net_prefix, peers)).most_common(1)
        if len(self.net(net.ljust(self._ip_length, b"\0"))) != len(net):
            ((net, most),) = Counter(map(self.net, peers)).most_common(1)
        return net, most


_FORMS: Final = {family: _Form(family) for family in FAMILIES}


class _Swarm:
    """The peers of an infohash, each with the time at which it expires, in the order of their last announces."""

    __slots__ = ("_filters", "_form", "_most", "_sorted", "by", "net", "peers", "seeds")

    def __init__(self, net: str, form: _Form) -> None:
        self.net, self._form = net, form
        self.peers: dict[bytes, float] = {}
        self.seeds: set[bytes] | frozenset[bytes] = _NOBODY
        """Those that said that they have the whole torrent (BEP 33)."""
        self.by: dict[bytes, bytes] = {}
        """The id of the node that announced a peer, of peers at local addresses."""
        self._filters: tuple[bytes, bytes] | None = None
        self._sorted: list[bytes] = []
        """The peers in the order of addresses: those of a host or a network are adjacent. 8 bytes a peer."""
        self._most = MAX_PEERS
        """An upper bound of the peers that one network has. Computed when the swarm is full."""

    @property
    def until(self) -> float:
        """When its last peer expires."""
        return next(reversed(self.peers.values()))

    def others(self) -> Iterator[str]:
        """The networks that have peers here, except the one that the swarm is charged to."""
        names = dict.fromkeys(net_of(self._form.ip(packed)) for packed in self._sorted)
        return (name for name in names if name != self.net)

    def held(self, prefix: bytes) -> int:
        """How many peers begin with `prefix`."""
        at = bisect_left(self._sorted, prefix)
        return bisect_left(self._sorted, prefix.ljust(self._form.peer_length + 1, b"\xff"), at) - at

    def announce(
        self, packed: bytes, until: float, seed: bool, who: bytes = b"", *, alone: bool = True
    ) -> bytes | None:
        """Store a peer. `who`: the id of the node that announced it, at a local address. Not `alone`: all swarms
        together are full. Returns the peer evicted for it, if any."""
        loser, self._filters = None, None
        if who:
            if (before := self._before(packed, who)) is not None:
                self.drop(before)
            self.by[packed] = who
        if self.peers.pop(packed, None) is None:
            full = len(self.peers) >= MAX_PEERS or (not alone and bool(self.peers))
            if full or (len(self._sorted) >= HOST_PEERS and self._crowded(packed)):
                loser = self._loser(packed, full)
                if loser is not None:
                    self.drop(loser)
            insort(self._sorted, packed)
            self._most = max(self._most, self.held(self._form.net(packed))) if full else MAX_PEERS
        self.peers[packed] = until
        if seed:
            self.seeds = self.seeds or set()
            assert isinstance(self.seeds, set)
            self.seeds.add(packed)
        elif packed in self.seeds:
            self._no_seed(packed)
        return loser

    def _before(self, packed: bytes, who: bytes) -> bytes | None:
        """The peer at another port that the same node of this host announced before."""
        host = packed[:-2]  # without the port
        same = takewhile(lambda peer: peer.startswith(host), self._sorted[bisect_left(self._sorted, host) :])
        return next((peer for peer in same if peer != packed and self.by.get(peer) == who), None)

    def _no_seed(self, packed: bytes) -> None:
        if isinstance(self.seeds, set):
            self.seeds.discard(packed)

    def filters(self) -> tuple[bytes, bytes]:
        """The bloom filters of seeds and downloaders (BEP 33). Made once for each change: that takes a hash a peer."""
        if self._filters is None:
            # An address of several peers counts once; if one of them is a seed, as a seed.
            seeds = {self._form.ip(peer) for peer in self.seeds}
            others = {self._form.ip(peer) for peer in self.peers} - seeds
            self._filters = filter_of(seeds), filter_of(others)
        return self._filters

    def _crowded(self, packed: bytes) -> bool:
        """Whether the network of a peer has as many peers as a host may have: a quick first test, mostly false."""
        net = packed[: self._form.net_bytes]
        last = bisect_left(self._sorted, net) + HOST_PEERS - 1
        return last < len(self._sorted) and self._sorted[last].startswith(net)

    def _loser(self, packed: bytes, full: bool) -> bytes | None:
        """The peer to evict for a new one; `None` if there is none."""
        form = self._form
        host, net = packed[: form.host_bytes], form.net(packed)
        held = self.held(net)
        if len(net) == form.net_bytes:  # not a local one
            if self.held(host) >= HOST_PEERS:
                return self._oldest(host)
            if held >= NET_PEERS:
                return self._oldest(net)
        if not full:
            return None
        if self._most >= held + 2:
            most, self._most = form.net_of_most(self._sorted)
            if self._most >= held + 2:
                return self._oldest(most)
        oldest = next(iter(self.peers))
        return oldest if self.held(form.net(oldest)) >= held else self._oldest(net)

    def _oldest(self, prefix: bytes) -> bytes:
        return next(peer for peer in self.peers if peer.startswith(prefix))

    def drop(self, packed: bytes) -> None:
        """Forget a peer."""
        self._filters = None
        self._no_seed(packed)
        self.by.pop(packed, None)
        del self.peers[packed]
        del self._sorted[bisect_left(self._sorted, packed)]


class _Swarms(_Nearest[_Swarm]):
    """The swarms by infohash. They are full, too, when they have all peers together that there may be."""

    def __init__(self, own: bytes, cap: int) -> None:
        super().__init__(own, cap)
        self.peers = 0

    @property
    def crowded(self) -> bool:
        return self.peers >= MAX_ALL_PEERS

    @property
    def full(self) -> bool:
        return len(self._entries) >= self._cap or self.crowded

    def remove(self, target: bytes) -> None:
        self.peers -= len(self._entries[target].peers)
        super().remove(target)


class PeerStore:
    """Peers of a family: at most 2000 infohashes (or `most`) of 500 peers, each for 45 minutes after its last
    announce."""

    def __init__(self, own: bytes, family: Family = IPV4, *, most: int = MAX_INFOHASHES) -> None:
        self._form = _FORMS[family]
        self._swarms = _Swarms(own, most)
        self._to_sweep: list[bytes] = []
        """Those that the next sweeps look into."""
        self._sampled: tuple[bytes, ...] = ()
        self._sampled_until = 0.0

    def __len__(self) -> int:
        return len(self._swarms)

    @property
    def swarms(self) -> Level:
        """How many infohashes have peers."""
        return self._swarms.level

    @property
    def peers(self) -> int:
        """How many peers all infohashes have together."""
        return self._swarms.peers

    def announce(self, infohash: bytes, peer: Addr, now: float, *, seed: bool = False, who: bytes = b"") -> bool:
        """Store a peer, at the address that announced it. Returns whether there was room.

        `who` is the id of the node that announced it; it counts on local addresses, see `HOST_PEERS`.

        A host that has a peer in this swarm, or a network that has 25, loses its own oldest one. A swarm of 500 loses
        one of the network that has the most, or the one that announced longest ago.
        """
        swarms = self._swarms
        swarm = swarms.get(infohash)
        if swarm is None:
            swarm = _Swarm(net_of(peer[0]), self._form)
            if not swarms.add(infohash, swarm):
                return False
        else:
            swarms.touch(infohash)
        before, local = len(swarm.peers), is_local(peer[0])
        gone = swarm.announce(
            pack_addr(peer), now + PEER_SECONDS, seed, who if local else b"", alone=not swarms.crowded
        )
        swarms.peers += len(swarm.peers) - before
        if gone is not None:
            self._settle(infohash, swarm, gone)
        return True

    def _settle(self, infohash: bytes, swarm: _Swarm, gone: bytes) -> None:
        """Charge a swarm to another network if the one charged has lost its last peer."""
        if net_of(self._form.ip(gone)) == swarm.net and not swarm.held(self._form.net(gone)):
            self._swarms.disown(infohash)

    def views(self, now: float) -> tuple[SwarmView, ...]:
        """The infohashes as a screen shows them."""
        views = []
        for infohash, swarm in self._swarms.last():
            live = [(peer, until - now) for peer, until in swarm.peers.items() if until > now]
            if live:
                newest = tuple(self._form.unpack(peer) for peer, _ in live[: -PEERS_SHOWN - 1 : -1])
                views.append(
                    SwarmView(
                        infohash=infohash,
                        peers=newest,
                        total=len(live),
                        newest_expires=live[-1][1],
                        oldest_expires=live[0][1],
                    )
                )
        return tuple(views)

    def sample(self, infohash: bytes, n: int, rng: Random, now: float, *, noseed: bool = False) -> list[bytes]:
        """Up to `n` random peers of an infohash in compact form; with `noseed` none that is a seed."""
        swarm = self._swarms.get(infohash)
        if swarm is None:
            return []
        peers = [peer for peer, until in swarm.peers.items() if until > now]
        if noseed and swarm.seeds:
            peers = [peer for peer in peers if peer not in swarm.seeds]
        return peers if len(peers) <= n else rng.sample(peers, n)

    def filters(self, infohash: bytes) -> tuple[bytes, bytes] | None:
        """The bloom filters of seeds and of downloaders (BEP 33); `None` for an unknown infohash. Peers that have
        expired are in them until the next sweep."""
        swarm = self._swarms.get(infohash)
        return swarm.filters() if swarm is not None else None

    def infohashes(self, rng: Random, now: float) -> tuple[list[bytes], int]:
        """Up to 20 of the infohashes that have peers, and the seconds until others are given (BEP 51).

        If there are more, these are random ones, the same for everybody until that time: whoever asks often learns
        nothing new.
        """
        if now >= self._sampled_until:
            self._sampled_until = now + SAMPLE_SECONDS
            self._sampled = ()
        if len(self._swarms) <= SAMPLES and not self._sampled:
            return self._swarms.targets(), self._wait(now)
        if not self._sampled:
            self._sampled = tuple(rng.sample(self._swarms.targets(), SAMPLES))
        return [infohash for infohash in self._sampled if self._swarms.get(infohash)], self._wait(now)

    def _wait(self, now: float) -> int:
        return min(SAMPLE_SECONDS, ceil(self._sampled_until - now))

    def sweep(self, now: float) -> None:
        """Forget the swarms that have expired, and the expired peers of up to 2000 others."""
        swarms = self._swarms
        swarms.expire(now)
        if not self._to_sweep:
            self._to_sweep = swarms.targets()
        for infohash in self._to_sweep[:SWEPT]:
            if (swarm := swarms.get(infohash)) is not None:
                self._sweep(infohash, swarm, now)
        del self._to_sweep[:SWEPT]

    def _sweep(self, infohash: bytes, swarm: _Swarm, now: float) -> None:
        expired = [peer for peer, _ in takewhile(lambda kept: kept[1] <= now, swarm.peers.items())]
        for peer in expired:
            swarm.drop(peer)
        self._swarms.peers -= len(expired)
        mine = [peer for peer in expired if net_of(self._form.ip(peer)) == swarm.net]
        if mine:
            self._settle(infohash, swarm, mine[0])

    def rebase(self, own: bytes) -> None:
        """Take a new own id."""
        self._swarms.rebase((own,))


T = TypeVar("T", bound=Item)


@dataclass(slots=True)
class _Held(Generic[T]):
    item: T
    until: float
    net: str
    also: str = ""
    """Another network that wrote it; empty if there is none."""

    def others(self) -> Iterator[str]:
        """The other network that wrote it."""
        return iter((self.also,) if self.also else ())


class ItemStore:
    """BEP 44 items: at most 700 immutable and 700 mutable ones (or as many as are said), each for 2 hours after its
    last put."""

    def __init__(self, own: bytes, family: Family = IPV4, *, most: int = MAX_ITEMS) -> None:
        self._owns = {family: own}
        """Our ids. A node in both address families has one in each, and the items of both in one store."""
        self._immutable: _Nearest[_Held[ImmutableItem]] = _Nearest(own, most)
        self._mutable: _Nearest[_Held[MutableItem]] = _Nearest(own, most)

    @property
    def immutable(self) -> int:
        """How many immutable items are stored."""
        return len(self._immutable)

    @property
    def mutable(self) -> int:
        """How many mutable items are stored."""
        return len(self._mutable)

    @property
    def levels(self) -> tuple[Level, Level]:
        """The same of both kinds, with their bounds."""
        return self._immutable.level, self._mutable.level

    def get(self, target: bytes, now: float) -> Item | None:
        """The item at a target, unless it has expired."""
        kept = self._mutable.get(target) or self._immutable.get(target)
        return kept.item if kept and kept.until > now else None

    def put_immutable(self, target: bytes, item: ImmutableItem, ip: str, now: float) -> bool:
        """Store a value, written from `ip`, under its hash. Returns whether there was room."""
        return self._put(self._immutable, target, item, ip, now)

    def conflict(self, target: bytes, item: MutableItem, cas: int | None, now: float) -> int | None:
        """The error code for a put of `item`, or `None` if it is acceptable (BEP 44, "CAS" and "seq").

        `cas` is compared with the *seq* of the stored item. The same seq with the same value is accepted, and starts
        the time to expiry again.
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

    def put_mutable(self, target: bytes, item: MutableItem, ip: str, now: float) -> bool:
        """Store an item, written from `ip`, whose signature is valid and which has no conflict.

        Returns whether there was room.
        """
        return self._put(self._mutable, target, item, ip, now)

    @staticmethod
    def _put(items: _Nearest[_Held[T]], target: bytes, item: T, ip: str, now: float) -> bool:
        net, until = net_of(ip), now + ITEM_SECONDS
        kept = items.get(target)
        if kept is None:
            return items.add(target, _Held(item, until, net))
        kept.item, kept.until = item, until
        items.touch(target)
        # Charge the network that holds the least; of two that hold as much, the earlier one: else an attacker with
        # two addresses could refresh an item until its honest writer is forgotten.
        if net != kept.net and (not kept.also or items.held(net) < items.held(kept.also)):
            kept.also = net
        return True

    def views(self, now: float) -> tuple[StoredItemView, ...]:
        """The items as a screen shows them."""
        mutable = (
            StoredItemView(
                target=target,
                v=kept.item.v,
                k=kept.item.k,
                salt=kept.item.salt,
                seq=kept.item.seq,
                expires=kept.until - now,
            )
            for target, kept in self._mutable.last()
        )
        immutable = (
            StoredItemView(target=target, v=kept.item.v, k=None, salt=b"", seq=None, expires=kept.until - now)
            for target, kept in self._immutable.last()
        )
        return tuple(view for views in (mutable, immutable) for view in views if view.expires > 0)

    def sweep(self, now: float) -> None:
        """Forget what has expired."""
        self._immutable.expire(now)
        self._mutable.expire(now)

    def rebase(self, own: bytes, family: Family = IPV4) -> None:
        """Take a new own id in a family: items that are near to one of our ids are kept first."""
        self._owns[family] = own
        for items in (self._immutable, self._mutable):
            items.rebase(tuple(self._owns.values()))
