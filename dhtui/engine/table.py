"""The routing table of one address family (BEP 5, "Routing Table").

Bucket number i holds nodes that share exactly i leading bits with our id; the last one holds all that share
at least as many. Only the last one splits. An entry is a node that has answered us. A referral alone gives no place:
else the first malicious node could fill the table with addresses of its choice.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from heapq import nsmallest
from math import inf
from random import Random
from typing import Literal, NamedTuple

from .defence.shares import Shares, host_of, net_of
from .views.details import DetailKind
from .views.snapshot import Bep42Verdict, BucketView, ContactDetail, ContactView, NodeState, TableView
from .views.statistics import Level
from .wire.compact import Addr, NodeInfo, is_local, pack_node
from .wire.ids import ID_BITS, bep42_valid

GOOD_SECONDS = 900.0
"""Seconds: a node that answered this recently is good (BEP 5)."""
REFRESH_SECONDS = 900.0
"""Seconds: a bucket unchanged for this long is refreshed (BEP 5)."""
REPLACEMENTS = 8
MAX_KNOWN = 4096
"""Most nodes without a place that answered, in this run or an earlier one: remembered for our own lookups. Replies to
other nodes hold entries of the table only."""
KNOWN_A_NET = 4
"""Most of them in one network. A host has at most one."""
PLACES_A_NET = 2
"""Most entries of one network in the whole table."""
SAVED_SHARE = 20
"""One network has at most one in this many of the saved nodes."""
MAX_FAILURES = 2
RTTS_KEPT = 16


@dataclass(slots=True, eq=False)
class Contact:
    """A node that has answered us."""

    id: bytes
    addr: Addr
    number: int
    packed: bytes
    """Its bytes in a ``nodes`` string: 26, or 38 of IPv6."""
    first_seen: float
    last_answer: float
    last_query: float
    """When it last queried us from a proved source; minus infinity: never."""
    rtt: float | None
    failures: int
    version: bytes | None
    bep42: Bep42Verdict
    queries: int = 0
    rtts: tuple[float, ...] = ()
    last: str = ""
    saved: bool = False
    """It answered in an earlier run: `first_seen` is when this run began."""
    turn: int = 0
    """The later it was remembered, the higher."""

    def state(self, now: float) -> NodeState:
        """Good, questionable or bad (BEP 5)."""
        if self.failures >= MAX_FAILURES:
            return "bad"
        fresh = now - max(self.last_answer, self.last_query) < GOOD_SECONDS
        return "good" if fresh and not self.failures else "questionable"

    def view(self, now: float) -> ContactView:
        """This contact as a screen shows it."""
        return ContactView(
            id=self.id,
            addr=self.addr,
            state=self.state(now),
            rtt=self.rtt,
            age=now - self.first_seen,
            seen=now - self.last_answer,
            failures=self.failures,
            version=self.version,
            bep42=self.bep42,
            saved=self.saved,
        )


@dataclass(slots=True, eq=False)
class Bucket:
    """One bucket and its replacement cache, the most recent last."""

    depth: int
    changed: float
    """When a node of it last answered; at first, when the bucket was created."""
    nodes: list[Contact] = field(default_factory=list)
    replacements: list[Contact] = field(default_factory=list)
    refreshed: float = float("-inf")
    """When its last refresh began."""

    @property
    def due_at(self) -> float:
        """When it is to be refreshed."""
        return max(self.changed, self.refreshed) + REFRESH_SECONDS


class Change(NamedTuple):
    """A change of the table."""

    added: Contact | None = None
    removed: Contact | None = None
    why: str = ""
    """Why `removed` was removed."""
    to_check: tuple[Contact, ...] = ()
    """Questionable nodes of a full bucket, to be pinged because a new node seeks a place."""


_NOTHING = Change()


def bep42_verdict(node_id: bytes, ip: str) -> Bep42Verdict:
    """How an id relates to its address under BEP 42."""
    if is_local(ip):
        return "exempt"
    return "valid" if bep42_valid(node_id, ip) else "invalid"


def _contact(node: NodeInfo, rtt: float | None, version: bytes | None, last_answer: float, now: float) -> Contact:
    return Contact(
        id=node.id,
        addr=node.addr,
        number=int.from_bytes(node.id, "big"),
        packed=pack_node(node),
        first_seen=now,
        last_answer=last_answer,
        last_query=float("-inf"),
        rtt=rtt,
        failures=0,
        version=version,
        bep42=bep42_verdict(node.id, node.addr[0]),
    )


def _one_a_net(contacts: Iterable[Contact], n: int, nets: set[Addr | str]) -> list[Contact]:
    """The first up to `n` contacts whose networks are not in `nets`. Their networks are added to it.

    Each local address and port is a network of its own.
    """
    found: list[Contact] = []
    for contact in contacts:
        if len(found) >= n:
            break
        net = contact.addr if is_local(contact.addr[0]) else net_of(contact.addr[0])
        if net not in nets:
            nets.add(net)
            found.append(contact)
    return found


class Table:
    """Buckets of nodes that have answered, and a memory of others that have, for lookups."""

    def __init__(
        self,
        own: bytes,
        now: float,
        *,
        rng: Random,
        k: int = 8,
        split_pings: int = 8,
        bep42: Literal["off", "prefer", "enforce"] = "prefer",
    ) -> None:
        self.own = own
        self._own = int.from_bytes(own, "big")
        self._rng = rng
        self._k = k
        self._split_pings = split_pings
        self._bep42 = bep42
        self.buckets = [Bucket(0, now)]
        self._by_addr: dict[Addr, Contact] = {}
        self._by_id: dict[bytes, Contact] = {}
        self._shares = Shares()
        self.locals = 0
        """How many entries have addresses of this host or of a private network."""
        self._known: dict[Addr, Contact] = {}
        """In the order of their last answers, the latest last."""
        self._known_ids: list[tuple[int, Addr]] = []
        """The same in the order of their ids, to find those near a target without looking at all of them."""
        self._turns: list[tuple[int, Addr]] = []
        """The same in the order of `_known`: a dict has to be walked to find the n-th."""
        self._known_nets: dict[str, list[Contact]] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Contact]:
        return iter(self._by_id.values())

    @property
    def nodes(self) -> Level:
        """How many nodes have a place."""
        return Level(len(self._by_id), ID_BITS * self._k)

    @property
    def replacements(self) -> Level:
        """How many nodes are in the replacement caches."""
        return Level(sum(len(bucket.replacements) for bucket in self.buckets), ID_BITS * REPLACEMENTS)

    @property
    def known(self) -> Level:
        """How many are remembered without a place."""
        return Level(len(self._known), MAX_KNOWN)

    def find(self, addr: Addr) -> Contact | None:
        """The entry at an address."""
        return self._by_addr.get(addr)

    def rtt(self, addr: Addr) -> float | None:
        """The smoothed round trip of a node that has answered us before, seconds; `None` if unknown."""
        contact = self._by_addr.get(addr) or self._known.get(addr)
        return contact.rtt if contact else None

    def bucket_of(self, number: int) -> Bucket:
        """The bucket that an id, as a number, belongs to."""
        buckets, shared = self.buckets, ID_BITS - (number ^ self._own).bit_length()
        return buckets[shared] if shared < len(buckets) else buckets[-1]

    # ---- answers, queries and failures -------------------------------------------------------------

    def answered(self, node: NodeInfo, rtt: float | None, version: bytes | None, now: float) -> Change:
        """A node answered a query of ours: note it, and admit it where there is room."""
        contact = self._by_addr.get(node.addr)
        if contact is not None:
            if contact.id != node.id:
                # It changes its id at will, or there are two nodes behind one address.
                return self._remove(contact, now, DetailKind.NEW_ID)
            self._refreshed(contact, rtt, version, now)
            return _NOTHING
        if node.id == self.own or node.id in self._by_id:
            return _NOTHING  # the id has an entry at another address, which has to fail first
        contact = self._forget(node.addr)
        if contact is None or contact.id != node.id:
            contact = _contact(node, rtt, version, now, now)
        self._refreshed(contact, rtt, version, now)
        return self._admit(contact, now)

    def _refreshed(self, contact: Contact, rtt: float | None, version: bytes | None, now: float) -> None:
        contact.last_answer = now
        contact.failures = 0
        if rtt is not None:
            contact.rtts = (*contact.rtts[1 - RTTS_KEPT :], rtt)
            contact.rtt = rtt if contact.rtt is None else 0.7 * contact.rtt + 0.3 * rtt
        contact.version = version or contact.version
        self.bucket_of(contact.number).changed = now

    def _remember(self, contact: Contact, now: float) -> bool:
        """Remember a node that has no place, unless its host or its network has its share. Returns whether it did.

        A node that answered lately is not replaced by another of its network: an attacker with one address easily gets
        the next.
        """
        ip = contact.addr[0]
        net = net_of(ip)
        if not is_local(ip):
            if self._shares.host(ip):
                return False
            mates, host = self._known_nets.get(net, ()), host_of(ip)
            rivals = [mate for mate in mates if host_of(mate.addr[0]) == host]
            if not rivals and len(mates) >= KNOWN_A_NET:
                rivals = list(mates)
            if rivals:
                oldest = min(rivals, key=lambda c: c.last_answer)
                if now - oldest.last_answer < GOOD_SECONDS or contact.last_answer <= oldest.last_answer:
                    return False
                self._forget(oldest.addr)
        self._known[contact.addr] = contact
        insort(self._known_ids, (contact.number, contact.addr))
        contact.turn = self._turns[-1][0] + 1 if self._turns else 0
        self._turns.append((contact.turn, contact.addr))
        self._known_nets.setdefault(net, []).append(contact)
        if len(self._known) > MAX_KNOWN:
            # A random one of the oldest quarter: an attacker that fills the memory can't predict which one goes.
            self._forget(self._turns[self._rng.randrange(MAX_KNOWN // 4)][1])
        return True

    def _recall(self, addr: Addr) -> Contact | None:
        """Remove a node from the memory, but not from the replacement cache."""
        contact = self._known.pop(addr, None)
        if contact is not None:
            del self._known_ids[bisect_left(self._known_ids, (contact.number, addr))]
            del self._turns[bisect_left(self._turns, (contact.turn,))]
            net = net_of(addr[0])
            self._known_nets[net].remove(contact)
            if not self._known_nets[net]:
                del self._known_nets[net]
        return contact

    def _forget(self, addr: Addr) -> Contact | None:
        """Remove an address from the memory and from the replacement cache."""
        contact = self._recall(addr)
        if contact is not None:
            replacements = self.bucket_of(contact.number).replacements
            if contact in replacements:
                replacements.remove(contact)
        return contact

    def queried(self, node_id: bytes, addr: Addr, now: float, *, proved: bool) -> bool:
        """A node queried us. Returns whether it is unknown and worth a ping.

        For a node of the table the query counts only if its host has `proved` that it receives: else the source may be
        forged.
        """
        contact = self._by_addr.get(addr)
        if contact is not None:
            if proved and contact.id == node_id:
                contact.last_query = now
                contact.queries += 1
            return False
        bucket = self.bucket_of(int.from_bytes(node_id, "big"))
        if node_id in self._by_id or node_id == self.own or not self._place_free(bucket, addr[0]):
            return False
        if self._bep42 == "enforce" and bep42_verdict(node_id, addr[0]) == "invalid":
            return False
        known = self._known.get(addr)
        has_room = len(bucket.nodes) < self._k
        if known is not None and now - known.last_answer < GOOD_SECONDS and (known.id != node_id or not has_room):
            # It answered lately, under another id or without getting a place: no ping for every query.
            return False
        if has_room:
            return True
        return (
            len(bucket.replacements) < REPLACEMENTS
            or bucket is self.buckets[-1]
            or any(contact.failures for contact in bucket.nodes)
        )

    def failed(self, addr: Addr, now: float, asked_at: float = inf) -> Change:
        """A node did not answer in time. 2 failures make it bad; 1 is enough if there is a replacement.

        A node that has answered any query since `asked_at`, when the query was sent, has not failed: a packet was lost.
        """
        contact = self._by_addr.get(addr) or self._known.get(addr)
        if contact is None or contact.last_answer > asked_at:
            return _NOTHING
        if self._forget(addr):
            return _NOTHING  # it had no place to lose
        contact.failures += 1
        bucket = self.bucket_of(contact.number)
        if contact.failures < MAX_FAILURES and not bucket.replacements:
            return _NOTHING
        # A bad node without a replacement stays, and is neither queried nor referred to: a short outage of our
        # own network must not empty the table.
        successor = self._next_replacement(bucket, now)
        if successor is None:
            return _NOTHING
        self._take_out(contact)
        bucket.replacements.remove(successor)
        self._put_in(bucket, successor, now)
        return Change(added=successor, removed=contact, why=DetailKind.SILENT_NODE)

    def id_at(self, addr: Addr) -> bytes | None:
        """The id under which the node at an address has answered us."""
        contact = self._by_addr.get(addr) or self._known.get(addr)
        return contact.id if contact else None

    def drop(self, addr: Addr, now: float, why: str) -> Change:
        """Remove the node at an address, if there is one."""
        self._forget(addr)
        contact = self._by_addr.get(addr)
        return self._remove(contact, now, why) if contact else _NOTHING

    def _next_replacement(self, bucket: Bucket, now: float) -> Contact | None:
        fit = [c for c in bucket.replacements if c.id not in self._by_id and self._place_free(bucket, c.addr[0])]
        if not fit:
            return None
        return max(fit, key=lambda c: (self._preferred(c), c.last_answer))

    # ---- admission ---------------------------------------------------------------------------------

    def _preferred(self, contact: Contact) -> bool:
        return self._bep42 == "off" or contact.bep42 != "invalid"

    def _place_free(self, bucket: Bucket, ip: str) -> bool:
        if is_local(ip):
            return True
        # One entry a host. One a /24 in a bucket, two in all: a rented subnet must not fill a bucket.
        if not self._shares.free(ip, a_host=1, a_net=PLACES_A_NET):
            return False
        net = net_of(ip)
        return not self._shares.net(ip) or all(net_of(contact.addr[0]) != net for contact in bucket.nodes)

    def _admit(self, contact: Contact, now: float) -> Change:
        """Give a node that answered a place, or remember it without one."""
        if self._bep42 == "enforce" and contact.bep42 == "invalid":
            self._remember(contact, now)
            return _NOTHING
        while True:
            bucket = self.bucket_of(contact.number)
            if not self._place_free(bucket, contact.addr[0]):
                self._remember(contact, now)
                return _NOTHING
            if len(bucket.nodes) < self._k:
                self._put_in(bucket, contact, now)
                return Change(added=contact)
            if victim := self._worse_than(contact, bucket):
                self._take_out(victim)
                self._put_in(bucket, contact, now)
                why = DetailKind.SILENT_NODE if victim.failures else DetailKind.MADE_ROOM
                return Change(added=contact, removed=victim, why=why)
            if bucket is not self.buckets[-1] or len(self.buckets) == ID_BITS:
                break
            self._split(now)
        if not self._remember(contact, now):
            return _NOTHING
        bucket.replacements.append(contact)
        del bucket.replacements[:-REPLACEMENTS]
        # Mostly there are none: whoever has just answered without a failure is good, whatever else is known of it.
        doubtful = [
            c
            for c in bucket.nodes
            if (c.failures or now - c.last_answer >= GOOD_SECONDS) and c.state(now) == "questionable"
        ]
        if not doubtful:
            return _NOTHING
        return Change(to_check=tuple(nsmallest(self._split_pings, doubtful, key=lambda c: c.last_answer)))

    def _worse_than(self, newcomer: Contact, bucket: Bucket) -> Contact | None:
        """The entry that the new node replaces: a bad one, or one whose id does not fit while the new node's does."""
        failures = [c.failures for c in bucket.nodes]
        if (most := max(failures)) >= MAX_FAILURES:
            return bucket.nodes[failures.index(most)]
        if self._bep42 != "off" and newcomer.bep42 != "invalid":
            for contact in bucket.nodes:
                if contact.bep42 == "invalid":
                    return contact
        return None

    def _split(self, now: float) -> None:
        full = self.buckets[-1]
        deeper = Bucket(full.depth + 1, full.changed, refreshed=full.refreshed)
        self.buckets.append(deeper)
        for attribute in ("nodes", "replacements"):
            contacts: list[Contact] = getattr(full, attribute)
            setattr(full, attribute, [c for c in contacts if self.bucket_of(c.number) is full])
            setattr(deeper, attribute, [c for c in contacts if self.bucket_of(c.number) is deeper])
        for bucket in (full, deeper):
            while bucket.replacements and len(bucket.nodes) < self._k:
                successor = self._next_replacement(bucket, now)
                if successor is None:
                    break
                bucket.replacements.remove(successor)
                self._put_in(bucket, successor, now)

    def _put_in(self, bucket: Bucket, contact: Contact, now: float) -> None:
        bucket.nodes.append(contact)
        bucket.changed = now
        self._by_addr[contact.addr] = contact
        self._by_id[contact.id] = contact
        self._shares.add(contact.addr[0])
        self.locals += is_local(contact.addr[0])
        self._recall(contact.addr)

    def _take_out(self, contact: Contact) -> Bucket:
        bucket = self.bucket_of(contact.number)
        bucket.nodes.remove(contact)
        del self._by_addr[contact.addr]
        del self._by_id[contact.id]
        self._shares.remove(contact.addr[0])
        self.locals -= is_local(contact.addr[0])
        return bucket

    def _remove(self, contact: Contact, now: float, why: str) -> Change:
        bucket = self._take_out(contact)
        successor = self._next_replacement(bucket, now)
        if successor:
            bucket.replacements.remove(successor)
            self._put_in(bucket, successor, now)
        return Change(added=successor, removed=contact, why=why)

    # ---- selections --------------------------------------------------------------------------------

    def _nearest_first(self, number: int) -> Iterator[Bucket]:
        """Buckets in the order of their distance to an id.

        Bucket i is nearer than all deeper ones exactly if the id differs from ours in bit i. So the bits of the id give
        the order of the buckets, and only the nodes within a bucket need sorting.
        """
        difference = number ^ self._own
        last = len(self.buckets) - 1
        later = []
        for i in range(last):
            if difference >> (ID_BITS - 1 - i) & 1:
                yield self.buckets[i]
            else:
                later.append(self.buckets[i])
        yield self.buckets[last]
        yield from reversed(later)

    def closest(self, target: bytes, n: int) -> list[Contact]:
        """The up to `n` entries nearest to a target that have no failures, nearest first: our referrals."""
        number = int.from_bytes(target, "big")
        # The nodes of the target's own bucket share a longer prefix with it than all others. Mostly there are enough.
        near = [(c.number ^ number, c) for c in self.bucket_of(number).nodes if not c.failures]
        if len(near) >= n:
            near.sort()  # no two have the same id, so only numbers are compared
            return [contact for _, contact in near[:n]]
        found: list[Contact] = []
        for bucket in self._nearest_first(number):
            nodes = [c for c in bucket.nodes if not c.failures]
            nodes.sort(key=lambda c: c.number ^ number)
            found += nodes
            if len(found) >= n:
                return found[:n]
        return found

    def nearest_known(self, target: bytes, n: int) -> list[Contact]:
        """The up to `n` nodes nearest to a target, one a network, that ever answered and are not bad: the starting
        nodes of our own lookups. Nearest first.

        Half of them are entries of the table. Becoming an entry takes time, so an attacker that is quickly remembered
        near a target does not choose all starting nodes of its lookups.
        """
        number = int.from_bytes(target, "big")
        nets: set[Addr | str] = set()
        found = _one_a_net(self._placed(number), n - n // 2, nets)
        found += _one_a_net(self._unplaced(number, n), n - len(found), nets)
        found += _one_a_net(self._placed(number), n - len(found), nets)
        found.sort(key=lambda c: c.number ^ number)
        return found

    def _placed(self, number: int) -> Iterator[Contact]:
        """The entries that are not bad, from the nearest to an id on."""
        for bucket in self._nearest_first(number):
            yield from sorted(self._alive(bucket.nodes), key=lambda c: c.number ^ number)

    def _unplaced(self, number: int, enough: int) -> Iterator[Contact]:
        """The remembered nodes, from the nearest to an id on; mostly not many more than `enough` are looked at.

        All that share a longer prefix with the id are nearer than all others, and stand side by side in the order of
        ids. So the range is widened bit by bit until there are enough.
        """
        ids, known = self._known_ids, self._known
        first = last = bisect_left(ids, (number,))
        free = max(0, ID_BITS - len(ids).bit_length())
        while last - first < len(ids):
            low = number >> free << free
            start, end = bisect_left(ids, (low,)), bisect_left(ids, (low + (1 << free),))
            if end - start >= enough or free == ID_BITS:
                more = [known[addr] for _, addr in (*ids[start:first], *ids[last:end])]
                more.sort(key=lambda c: (c.number ^ number, c.last_answer))
                yield from self._alive(more)
                first, last = start, end
            free += 1

    def farthest_known(self, target: bytes, n: int, avoid: Container[Addr]) -> list[Contact]:
        """The up to `n` such nodes farthest from a target, one a network, except those in `avoid`: the starting nodes
        of a read-back."""
        number = int.from_bytes(target, "big")
        known = (c for source in (self._by_addr, self._known) for c in self._alive(source.values()))
        others = (c for c in known if c.addr not in avoid)
        return _one_a_net(sorted(others, key=lambda c: -(c.number ^ number)), n, set())

    @staticmethod
    def _alive(contacts: Iterable[Contact]) -> Iterator[Contact]:
        return (contact for contact in contacts if contact.failures < MAX_FAILURES)

    def due_for_refresh(self, now: float) -> list[Bucket]:
        """Buckets that have neither changed nor been refreshed for 15 minutes."""
        return [bucket for bucket in self.buckets if now >= bucket.due_at]

    def to_save(self, n: int) -> list[Contact]:
        """The up to `n` nodes to save for the next run: entries of the table without failures, then remembered nodes,
        each by their last answer, latest first. At most one a host, and 5 % a network."""
        ours = sorted((c for c in self if not c.failures), key=lambda c: -c.last_answer)
        others = sorted(self._known.values(), key=lambda c: -c.last_answer)
        kept: list[Contact] = []
        shares = Shares()
        for contact in (*ours, *others):
            ip = contact.addr[0]
            if len(kept) < n and shares.free(ip, a_host=1, a_net=max(1, n // SAVED_SHARE)):
                kept.append(contact)
                shares.add(ip)
        return kept

    def restore(self, node: NodeInfo, rtt: float | None, now: float) -> None:
        """Remember a node of an earlier run: our lookups may start from it, but we do not refer others to it."""
        if node.addr not in self._by_addr and node.addr not in self._known and node.id != self.own:
            contact = _contact(node, rtt, None, float("-inf"), now)
            contact.saved = True
            self._remember(contact, now)

    def keep_only(self, addrs: Container[Addr], now: float) -> None:
        """Forget all nodes but those at `addrs`: the others belong to another network."""
        kept = [c for source in (self._by_addr, self._known) for c in source.values() if c.addr in addrs]
        self._known.clear()
        self._known_ids.clear()
        self._turns.clear()
        self._known_nets.clear()
        self._start_over(kept, now)

    def rebase(self, own: bytes, now: float) -> None:
        """Take a new own id, and sort all entries into new buckets."""
        contacts = list(self)
        self.own, self._own = own, int.from_bytes(own, "big")
        self._start_over((contact for contact in contacts if contact.id != own), now)

    def _start_over(self, contacts: Iterable[Contact], now: float) -> None:
        self.buckets = [Bucket(0, now)]
        self._by_addr, self._by_id = {}, {}
        self._shares.clear()
        self.locals = 0
        for contact in contacts:
            self._admit(contact, now)

    def detail(self, addr: Addr, now: float) -> ContactDetail | None:
        """All that is known about the node at an address, if it is in the table."""
        contact = self._by_addr.get(addr)
        if contact is None:
            return None
        depth = self.bucket_of(contact.number).depth
        age = now - contact.last_answer
        return ContactDetail(
            contact=contact.view(now),
            bucket=depth,
            rtts=contact.rtts,
            queries=contact.queries,
            last=contact.last,
            last_age=age,
        )

    def view(self, now: float) -> TableView:
        """The table as a screen shows it."""
        counts = {"good": 0, "questionable": 0, "bad": 0}
        for contact in self:
            counts[contact.state(now)] += 1
        last = self.buckets[-1]
        return TableView(
            buckets=tuple(
                BucketView(
                    depth=bucket.depth,
                    capacity=self._k,
                    nodes=tuple(c.view(now) for c in bucket.nodes),
                    replacements=tuple(c.view(now) for c in bucket.replacements),
                    changed=now - bucket.changed,
                    refresh_in=max(0.0, bucket.due_at - now),
                    own=bucket is last,
                )
                for bucket in self.buckets
            ),
            good=counts["good"],
            questionable=counts["questionable"],
            bad=counts["bad"],
            replacements=self.replacements.used,
            known=len(self._known),
            known_cap=MAX_KNOWN,
        )
