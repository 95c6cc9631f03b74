"""The defences of a node: limits on the cost of remote hosts, and on the effect of their claims.

A source address costs nothing: many providers let their customers send datagrams "from" any address. Ids and ports cost
nothing either. Addresses that receive do cost, and they are rented by the block (`shares.py`). Hence four rules. An
unproved datagram causes only its own reply. A claim about a node never outweighs what the node itself said.
Scarce resources are counted by host and by network, with a part reserved for proved hosts and for old entries.
Evictions are random where an attacker could otherwise choose the victim. The attacks on a node, their price and the
defence:

- *Silencing other nodes by forging their addresses.* The price is one datagram in 0.2 s for each address. A node that
  ignores every host that sends too much then ignores its whole table. `RateLimiter` counts queries only, and leaves
  those beyond the limit without a reply. It never blocks our own queries, never drops an answer to one, and never
  touches the table. Its buckets refill, so a host whose address is forged keeps a share. Only the user can ban
  (`Bans`).
- *Being an amplifier.* A forged query of 90 bytes drew 1100 (Urdaneta, Pierre, van Steen, "A survey of DHT security
  techniques", 2011, on forged sources in general). `ReplyBudget`: a host that has proved nothing (`Proved`: by an
  answer with our random transaction id, or by a write token) gets one full reply in 10 s, then 3 bytes for each that
  it sends; a network gets 64 kB in 10 s; half of both buckets is reserved for proved hosts. A reply that does not fit
  is made smaller (`shrink.py`). One reply takes a small part of what is left, so that under a flood replies shrink for
  all instead of failing for most.
- *Making us flood others, or crowding out newcomers.* Forged queries under new ids, 40 a second. We ping new queriers
  (`pings.py`), but have one such ping in flight to each network. When all places are taken a random one gives way, so
  a newcomer mostly keeps its place for the one round trip that it needs. Checks of the table have places of their own.
- *Filling the table.* Ids are free (Baumgart and Mies, "S/Kademlia", 2007), and two machines eclipsed an Ethereum node
  (Marcus, Heilman, Goldberg, "Low-Resource Eclipse Attacks on Ethereum's Peer-to-Peer Network", 2018). `table.py`: a
  node enters only after it answered, under the id that it claimed before; one node a host, one of a network in a
  bucket and two in all; and a query keeps a node good only from a proved source.
- *Owning the memory* of known nodes, over restarts too: one address with 4000 ports took all of it. Now it holds one
  node a host and 4 a network; a node that still answers is not replaced by another of its network; a full memory loses
  a random one of the oldest quarter (Heilman et al., "Eclipse Attacks on Bitcoin's Peer-to-Peer Network", 2015: test
  before evict, random eviction, shares by group); and half of the nodes that a lookup starts from are the table's.
- *Evicting by referral.* A referral to an honest node under a false id made it look as if it had changed its id: 4
  answers evicted 9 nodes. Only a difference from the id that the node itself gave us counts (`core.py`).
- *Moving our id.* BEP 42 binds it to the address that others see. So false votes re-sort the table and the stores, and
  aim our probe at a victim. `AddressVote` has one vote a network, of nodes that we chose to query. `identity.py` waits
  for 10 votes before it decides, moves at most once in 30 minutes, and remembers its earlier ids.
- *Noise.* Malformed datagrams, and answers to no query of ours, are counted and forgotten. Their entries in the error
  log can't push out those of our own queries (`counters.py`).

No rule here stops an attacker that holds many networks all over the world: it gets a share of everything for each.
"""

from __future__ import annotations

from collections import Counter
from random import Random

from ..bounded import BoundedDict
from ..views.statistics import Level
from ..wire.compact import Addr, is_local
from .shares import host_of, net_of

WINDOW = 10.0
"""Seconds in which buckets of the rate limit and of networks refill, and in which a host gets one full reply."""
MAX_TRACKED = 10_000
"""Most hosts, networks and bans that are remembered, however many addresses a flood forges."""

TELL_SECONDS = 300.0
"""Seconds: a host beyond the rate limit is reported at most once in this time."""
MAX_MUTED = 1024

PROOF_SECONDS, RENEWAL_SECONDS = 900.0, 60.0
MAX_PROVED = 4096
PROVED_A_NET = MAX_PROVED // 32

NET_BYTES = 32_768
"""Most bytes of replies to a network in each window of 10 s. Windows don't slide: some 10 s may have 64 kB."""
CREDIT = 3
"""Bytes of replies for each byte that an unproved host sent, after its full reply."""
TOTAL_PARTS, NET_PARTS = 64, 8
"""A reply takes at most this part of the bytes left for all replies, and of those left for its network..."""
SMALL, FULL = 128, 1500
"""...or `SMALL` bytes, which is enough for a bare reply. No reply is larger than `FULL`."""

MIN_VOTERS = 3
MAX_VOTERS = 64
ENOUGH_VOTERS = 10
VOTE_SECONDS = 15.0
"""The first result needs 10 votes, or this time after the first vote: the quickest voters may be liars."""


class Bans:
    """Addresses that the user has banned: their datagrams are dropped unread, and nothing is sent there."""

    def __init__(self) -> None:
        self._until: BoundedDict[str, float] = BoundedDict(MAX_TRACKED)

    @property
    def level(self) -> Level:
        """How many bans are remembered."""
        return Level(len(self._until), MAX_TRACKED)

    def add(self, ip: str, until: float) -> None:
        """Ban `ip` until the time `until`. Beyond 10,000 the oldest ban is lifted."""
        self._until.put(ip, until)

    def has(self, ip: str, now: float) -> bool:
        """Whether `ip` is banned now."""
        return bool(self._until) and self._until.get(ip, now) > now

    def lift(self, ip: str, now: float) -> bool:
        """End the ban of `ip`. Returns whether it was banned."""
        return self._until.pop(ip, now) > now

    def list(self, now: float) -> tuple[tuple[str, float], ...]:
        """The addresses that are banned now, the last one banned first, each with the end of its ban."""
        return tuple((ip, until) for ip, until in reversed(self._until.items()) if until > now)

    def count(self, now: float) -> int:
        """How many addresses are banned now."""
        return sum(until > now for until in self._until.values())

    def sweep(self, now: float) -> None:
        """Forget bans that are over."""
        for ip in [ip for ip, until in self._until.items() if until <= now]:
            del self._until[ip]


class RateLimiter:
    """Allows a host `rate` queries a second, and as many as 10 s allow at once.

    A bucket is one number: when it will be full again. A bucket that was not touched for 10 s is full. So two
    generations of buckets are kept, and the older one is forgotten every 10 s, or when there are too many.
    """

    def __init__(self, rate: float) -> None:
        """`rate` 0: no limit."""
        self.adjust(rate)
        self._full_at: dict[str, float] = {}
        self._before: dict[str, float] = {}
        self._turn_at = 0.0
        self._muted: BoundedDict[str, tuple[float, float]] = BoundedDict(MAX_MUTED)
        """By host: when a query was last beyond the limit, and when that was last reported."""

    def adjust(self, rate: float) -> None:
        """Take another rate; what hosts have used lately counts on."""
        self._gap = 1 / rate if rate else 0.0
        self._slack = max(0.0, WINDOW - self._gap) + 1e-6

    @property
    def hosts(self) -> Level:
        """How many hosts have a bucket."""
        return Level(len(self._full_at) + len(self._before), MAX_TRACKED)

    @property
    def muted_hosts(self) -> Level:
        """How many hosts were beyond the limit lately."""
        return Level(len(self._muted), MAX_MUTED)

    def allow(self, ip: str, now: float) -> bool:
        """Count a query from `ip`. Returns whether it is to be answered."""
        if not self._gap:
            return True
        if now >= self._turn_at or len(self._full_at) >= MAX_TRACKED // 2:
            self._before, self._full_at, self._turn_at = self._full_at, {}, now + WINDOW
        host = host_of(ip)
        full_at = self._full_at.get(host)
        if full_at is None:
            full_at = self._before.get(host, now)
        if full_at < now:
            full_at = now
        if full_at - now > self._slack:
            return False
        self._full_at[host] = full_at + self._gap
        return True

    def muted(self, ip: str, now: float) -> bool:
        """Note that a query of `ip` was beyond the limit. Returns whether that is to be reported."""
        host = host_of(ip)
        told_at = self._muted.get(host, (now, float("-inf")))[1]
        news = now - told_at >= TELL_SECONDS
        self._muted.put(host, (now, now if news else told_at))
        return news

    def count(self, now: float) -> int:
        """How many hosts have been beyond the limit in the last 10 s."""
        return sum(now - at < WINDOW for at, _ in self._muted.values())

    def sweep(self, now: float) -> None:
        """Forget hosts whose last report is long ago."""
        for host in [host for host, (at, _) in self._muted.items() if now - at >= TELL_SECONDS]:
            del self._muted[host]


class Proved:
    """Hosts that have lately proved that they receive what we send them, the latest last.

    A network has at most 1/32 of the places. When all are taken the oldest proof gives way.
    """

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        self._nets: dict[str, int] = {}
        """How many hosts of each network are in it."""

    @property
    def level(self) -> Level:
        """How many hosts have a proof: valid, or expired and not swept yet."""
        return Level(len(self._until), MAX_PROVED)

    def add(self, ip: str, now: float) -> None:
        """Record that a datagram of `ip` proves that it received something from us. Valid for 15 minutes."""
        host = host_of(ip)
        until = self._until.get(host)
        if until is not None:
            if until - now > PROOF_SECONDS - RENEWAL_SECONDS:
                return  # not reordered each time, because some hosts answer often
            del self._until[host]
        else:
            net = net_of(ip)
            mates = self._nets.get(net, 0)
            if mates >= PROVED_A_NET:
                return
            self._nets[net] = mates + 1
            if len(self._until) >= MAX_PROVED:
                self._forget(next(iter(self._until)))
        self._until[host] = now + PROOF_SECONDS

    def _forget(self, host: str) -> None:
        del self._until[host]
        net = net_of(host)
        self._nets[net] -= 1
        if not self._nets[net]:
            del self._nets[net]

    def has(self, ip: str, now: float) -> bool:
        """Whether `ip` has a proof of the last 15 minutes."""
        until = self._until.get(host_of(ip))
        return until is not None and now < until

    def sweep(self, now: float) -> None:
        """Forget expired proofs."""
        while self._until:
            oldest = next(iter(self._until))
            if self._until[oldest] > now:
                return
            self._forget(oldest)


class ReplyBudget:
    """Limits the bytes of replies: in all, to a network, and to an unproved host."""

    def __init__(self, rate: int, proved: Proved, now: float) -> None:
        """`rate` bytes a second in all; a burst may use those of 2 seconds. 0: no limits."""
        self._rate, self._proved = rate, proved
        self._left, self._at = 2.0 * rate, now
        self._turn_at = self._nets_turn_at = now + WINDOW
        self._nets: dict[str, int] = {}
        """Bytes sent to each network in the present window of 10 s."""
        self._accounts: dict[str, list[float]] = {}
        """By unproved host: when it got its full reply, and the bytes that it may have besides."""
        self._before: dict[str, list[float]] = {}
        """Accounts opened in the previous window."""

    @property
    def hosts(self) -> Level:
        """How many unproved hosts have an account."""
        return Level(len(self._accounts) + len(self._before), MAX_TRACKED)

    @property
    def nets(self) -> Level:
        """How many networks have an account. Beyond 10,000 only proved hosts open another one."""
        return Level(len(self._nets), MAX_TRACKED + MAX_PROVED)

    def spent(self, now: float) -> Level:
        """Bytes spent of the bucket of all replies at `now`."""
        most = 2 * self._rate
        return Level(most - int(min(most, self._left + (now - self._at) * self._rate)), most)

    def adjust(self, rate: int, now: float) -> None:
        """Take another rate; what has been spent lately counts on."""
        spent = self.spent(now).used
        self._rate, self._left, self._at = rate, max(0.0, 2.0 * rate - spent), now

    def take(self, ip: str, got: int, length: int, now: float) -> int:
        """Take `length` bytes for the reply to a datagram of `got` bytes.

        Returns how many bytes may go to `ip`; where those are fewer than `length`, none are taken.
        """
        rate = self._rate
        if not rate:
            return length
        if now >= self._turn_at or len(self._accounts) >= MAX_TRACKED // 2:
            self._before, self._accounts, self._turn_at = self._accounts, {}, now + WINDOW
        if now >= self._nets_turn_at:
            self._nets, self._nets_turn_at = {}, now + WINDOW
        left = self._left = min(2.0 * rate, self._left + (now - self._at) * rate)
        self._at = now
        net = net_of(ip)
        used = self._nets.get(net, 0)
        spare, here = left, NET_BYTES - used
        proved = self._proved.has(ip, now)
        if not proved:
            if not used and len(self._nets) >= MAX_TRACKED:
                return 0  # a flood from many networks must not evict the account of one network
            spare, here = spare - rate, here - NET_BYTES // 2
        if spare >= FULL * TOTAL_PARTS and here >= FULL * NET_PARTS:
            room: float = FULL
        else:
            room = min(_part(spare, TOTAL_PARTS), _part(here, NET_PARTS))
        if not proved:
            host = host_of(ip)
            account = self._accounts.get(host) or self._before.get(host)
            if account is None or now - account[0] >= WINDOW:
                if length > room:
                    return int(room)
                self._accounts[host] = [now, CREDIT * got]
            else:
                account[1] += CREDIT * got
                room = min(room, account[1])
                if length > room:
                    return int(room)
                account[1] -= length
        elif length > room:
            return int(room)
        self._left = left - length
        self._nets[net] = used + length
        return length

    def afford(self, ip: str, length: int, now: float) -> bool:
        """Whether `length` bytes besides the reply may go to `ip`, given what it sent. If so they are taken."""
        if self._rate and not self._proved.has(ip, now):
            host = host_of(ip)
            account = self._accounts.get(host) or self._before.get(host)
            if account is None or now - account[0] >= WINDOW:
                return False
        return self.take(ip, 0, length, now) >= length


def _part(left: float, parts: int) -> float:
    """The part of the bytes left that one reply may take, so that a flood leaves some for other queries."""
    return min(left, max(left / parts, SMALL), FULL)


class AddressVote:
    """Our external address, as a majority of at least 3 networks sees it (BEP 42, "ip").

    One vote a /24; its latest counts. When there are 64, a random one gives way. So neither one node that answers often
    nor one network full of nodes can move our id.
    """

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._votes: dict[str, Addr] = {}
        self._majority: Addr | None = None
        self._first_at: float | None = None

    def vote(self, voter: str, seen: Addr, now: float) -> bool:
        """Count that `voter` sees us at `seen`. Returns whether that changed a vote.

        Local voters don't count for a public address, nor the reverse.
        """
        net = net_of(voter)
        if is_local(voter) != is_local(seen[0]) or self._votes.get(net) == seen:
            return False
        if self._first_at is None:
            self._first_at = now
        if net not in self._votes and len(self._votes) >= MAX_VOTERS:
            del self._votes[self._rng.choice(list(self._votes))]
        self._votes[net] = seen
        # A vote for what the majority names already, which nearly all are, leaves it the majority.
        if seen != self._majority:
            self._majority = self._count()
        return True

    @property
    def voters(self) -> int:
        """How many networks have voted."""
        return len(self._votes)

    def ripe(self, now: float) -> bool:
        """Whether there are enough votes, or enough time has passed, for a first result."""
        waited = 0.0 if self._first_at is None else now - self._first_at
        return len(self._votes) >= ENOUGH_VOTERS or waited >= VOTE_SECONDS

    def result(self) -> Addr | None:
        """The IP that a majority names, with the port that most of those name; `None` if there is no majority."""
        return self._majority

    def _count(self) -> Addr | None:
        if len(self._votes) < MIN_VOTERS:
            return None
        named = Counter(self._votes.values())
        votes: Counter[str] = Counter()
        for (ip, _), count in named.items():
            votes[ip] += count
        first = max(votes, key=votes.__getitem__)
        if votes[first] * 2 <= len(self._votes):
            return None
        return max((addr for addr in named if addr[0] == first), key=named.__getitem__)
