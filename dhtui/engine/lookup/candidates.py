"""The nodes that a lookup knows of, nearest to its target first, and which of them it distrusts.

L1 … L17 are the rules in the essay of `algorithm.py`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import inf

from ..defence.shares import net_of
from ..outcome import NodeOutcome
from ..wire.compact import Addr, is_local
from ..wire.ids import ID_BITS, bep42_valid
from .decisions import ANSWERED, FAILED, NEW, PASSED, STALLED, Decisions, Distrust, Reason, State
from .network_size import LOOKED_AT, SHARE, crowded

MAX_CANDIDATES = 512
"""Most candidates. Beyond this the farthest untried ones are forgotten, first the distrusted ones that few nodes vouch
for: endless referrals must neither fill memory nor evict what honest nodes named."""
MISLEADING = 4
"""A node is a bad referrer if this many of its referrals timed out or had other ids, for each that answered."""
MAX_RIVALS = 8
"""Most claims about one /24 that are remembered."""
MAX_NAMERS = 8
"""Most referrers of a candidate that are remembered."""
CHOSEN_BITS = 2
"""A node that answers under an id nearer by this many bits than the referral's may have chosen it."""

BUCKET, WIDEST_BUCKET = 8, 128
"""Nodes in a bucket; libtorrent's first ones hold 128, 64, 32 and 16."""


@dataclass(slots=True, eq=False)
class Candidate:
    """A node that the lookup may query."""

    addr: Addr
    id: bytes | None
    """The best claim, until it has answered; then the id that it answered with. `None` for a bootstrap host, of which
    only the address is known."""
    distance: int
    """To the target; 2^160 while the id is unknown, so that it is queried when no nearer candidate is left."""
    counts: bool = True
    """Whether it may be one of the closest. Bootstrap routers may not: they store nothing."""
    state: State = NEW
    asked_again: bool = False
    outcome: NodeOutcome | None = None
    parent: Candidate | None = None
    """The first referrer; `None` for a starting node."""
    namers: list[Candidate] = field(default_factory=list)
    """All referrers that are remembered."""
    claimant: Candidate | None = None
    """The referrer of the claim that holds its id."""
    fits: bool = True
    """Whether its id fits its address (BEP 42); true if that does not matter here."""
    first_hand: bool = False
    """Whether it gave its id itself: then the claims of others don't count."""
    reserve: bool = False
    """Known from before, and left out when the lookup opened: queried when no other is left, or after a referral."""
    sybil_suspect: bool = False
    """Sybil suspect: nearer to the target than chance allows in a network of this size."""
    set_aside: bool = False
    """It fills no place: it named made-up nodes (L13), or it answered before the lookup began again (L17)."""
    chosen: bool = False
    """It answered under an id much nearer than the referral's, and no other node has named it under that id."""
    named: bytes | None = None
    """The id of the referral, if it answered with another one."""
    served_bad_value: bool = False
    """Whether it gave an invalid value."""
    named_bad: int = 0
    named_alive: int = 0
    """Of its referrals that were queried: how many timed out or had another id, and how many answered."""
    chosen_for: tuple[Reason, Addr | None, int, float | None] = (Reason.NEAREST, None, 0, None)
    """Why it was last chosen for a query: the reason and details of a `Decision`."""

    @property
    def hop(self) -> int:
        """How many referrals led to it: 0 for a starting node."""
        hops, at = 0, self.parent
        while at is not None:
            hops, at = hops + 1, at.parent
        return hops

    @property
    def deprioritised(self) -> bool:
        """Whether it is queried only when no better one is left: a Sybil suspect, or named only by bad referrers."""
        if self.sybil_suspect or self.chosen:
            return True
        parent = self.parent
        if parent is None or (parent.named_bad < MISLEADING and not parent.served_bad_value):
            return False  # without a call: this is asked more often than anything else
        return parent.bad_referrer and all(namer.bad_referrer for namer in self.namers)

    @property
    def bad_referrer(self) -> bool:
        """Whether nearly all of its referrals timed out or had other ids, or it gave an invalid value (L12)."""
        if self.named_bad < MISLEADING:
            return self.served_bad_value
        return self.served_bad_value or self.named_bad >= MISLEADING * self.named_alive

    @property
    def untried(self) -> bool:
        """Whether nothing has been sent to it."""
        state = self.state
        return state is NEW or state is PASSED

    def choose(
        self, reason: Reason, by: Candidate | None = None, number: int = 0, seconds: float | None = None
    ) -> Candidate:
        """Remember why it is chosen for a query. Returns itself."""
        self.chosen_for = reason, None if by is None else by.addr, number, seconds
        return self

    def __lt__(self, other: Candidate) -> bool:
        return self.distance < other.distance


class Candidates:
    """A bounded number of candidates in the order of distance: one an address, one in play a /24."""

    def __init__(self, size: float | None, prefer: bool = False) -> None:
        """`size` is the estimated number of nodes in the network, if known. `prefer`: whether ids should fit their
        addresses (BEP 42)."""
        self._size, self._prefer = size, prefer
        self.decisions = Decisions()
        self.all: list[Candidate] = []
        self._distances: list[int] = []
        """The distance of each: numbers are compared many times as quickly as candidates."""
        self._looked_to: float = inf
        """The distance of the last responder that `judge_answers` has looked at."""
        self._by_addr: dict[Addr, Candidate] = {}
        self._by_net: dict[str, list[Candidate]] = {}
        """All candidates of a /24; the first one is in play."""

    def __iter__(self) -> Iterator[Candidate]:
        return iter(self.all)

    def find(self, addr: Addr) -> Candidate | None:
        """The candidate at an address."""
        return self._by_addr.get(addr)

    def _fits(self, node_id: bytes | None, addr: Addr) -> bool:
        return not self._prefer or node_id is None or bep42_valid(node_id, addr[0])

    def trusted(self, candidate: Candidate) -> bool:
        """Whether there is no reason to distrust it."""
        return candidate.fits and not candidate.deprioritised

    def distrust(self, candidate: Candidate) -> Distrust | None:
        """Why it is not trusted; `None` if it is."""
        if candidate.sybil_suspect:
            return Distrust.TOO_NEAR
        if candidate.chosen:
            return Distrust.CHOSEN
        if candidate.deprioritised:
            return Distrust.MISLED
        return None if candidate.fits else Distrust.MISFIT

    def vouchers(self, candidate: Candidate) -> int:
        """In how many networks its trusted referrers are, plus one if it answered us before."""
        good = [n for n in candidate.namers if n.fits and not n.bad_referrer and not n.deprioritised]
        if len(good) > 1:
            return len({net_of(n.addr[0]) for n in good}) + candidate.first_hand
        return len(good) + candidate.first_hand

    # ---- claims ------------------------------------------------------------------------------------

    def add(self, candidate: Candidate) -> bool:
        """Add one, unless its address is taken. A second one of a /24 waits until the first has failed (L9)."""
        if candidate.addr in self._by_addr:
            return False
        candidate.fits = self._fits(candidate.id, candidate.addr)
        ip = candidate.addr[0]
        # Addresses of one subnet are cheap; addresses all over the world are not (S/Kademlia; BEP 42).
        # Loopback and private networks are exempt: there, one subnet may be the whole network.
        if not is_local(ip) and not self._join(candidate, self._by_net.setdefault(net_of(ip), [])):
            return False
        self._by_addr[candidate.addr] = candidate
        self._put(candidate)
        if len(self.all) > MAX_CANDIDATES:
            self._forget_one()
        return True

    def _join(self, candidate: Candidate, rivals: list[Candidate]) -> bool:
        if not rivals:
            rivals.append(candidate)
            return True
        first, parent = rivals[0], candidate.parent
        # One claim a /24 counts for each referrer: else a true address could be hidden among false ports.
        if parent is not None and any(parent in rival.namers for rival in rivals):
            return False
        if first.state is STALLED or first.state is FAILED:
            rivals.insert(0, candidate)
        else:
            self._let_wait(candidate, first)
            rivals.append(candidate)
            self._reconsider(candidate, rivals)
        if len(rivals) > MAX_RIVALS:
            waiting = [rival for rival in rivals[1:-1] if rival.untried]
            self._drop(min(waiting, key=self.vouchers, default=rivals[-1]))
        return candidate in rivals

    def name_again(
        self, candidate: Candidate, node_id: bytes, distance: int, parent: Candidate | None, *, made_up: bool = False
    ) -> None:
        """A candidate is named again, under the same id or another one (L7).

        Until it has answered the best claim counts: one that is not `made_up` (too near for the node that claims it),
        then one that fits the address, then the nearest. So a false referral can neither hide a node by naming it far
        from the target, nor discredit it by naming it too near or first.
        """
        if parent is not None and len(candidate.namers) < MAX_NAMERS and parent not in candidate.namers:
            candidate.namers.append(parent)
        state = candidate.state
        if state is ANSWERED or state is FAILED:
            if candidate.chosen and node_id == candidate.id:
                candidate.chosen = False
            return
        if node_id == candidate.id:
            candidate.sybil_suspect = candidate.sybil_suspect and made_up
        elif candidate.id is not None and not candidate.first_hand:
            misfit = not self._fits(node_id, candidate.addr)
            if (made_up, misfit, distance) < (candidate.sybil_suspect, not candidate.fits, candidate.distance):
                self.move(candidate, node_id, distance)
                candidate.sybil_suspect, candidate.claimant = made_up, parent
        if state is PASSED:
            self._reconsider(candidate, self._by_net.get(net_of(candidate.addr[0]), []))

    def _reconsider(self, candidate: Candidate, rivals: list[Candidate]) -> None:
        """A waiting candidate replaces the untried one of its /24 if it is better (L9).

        It is better if it is trusted and the other is not, or if it is nearer, or as near and named by nodes of more
        networks. Without this rule a far one, which may never be queried, would keep the place.
        """
        if candidate not in rivals[1:] or rivals[0].state is not NEW or rivals[0].first_hand:
            return
        first = rivals[0]
        new, old = ((not self.trusted(c), c.distance, -self.vouchers(c)) for c in (candidate, first))
        if new < old:
            self._let_wait(first, candidate)
            self._put_first(rivals, candidate, Reason.PREFERRED, first)

    def _let_wait(self, candidate: Candidate, first: Candidate) -> None:
        candidate.state = PASSED
        self.decisions.take(candidate.addr, Reason.SAME_SUBNET, first.addr)

    def _put_first(self, rivals: list[Candidate], candidate: Candidate, reason: Reason, first: Candidate) -> None:
        rivals.remove(candidate)
        rivals.insert(0, candidate)
        candidate.state = NEW
        self.decisions.take(candidate.addr, reason, first.addr)

    def move(self, candidate: Candidate, node_id: bytes, distance: int) -> None:
        """A candidate gets another id, and so another distance."""
        self._take_out(candidate)
        candidate.id, candidate.distance, candidate.fits = node_id, distance, self._fits(node_id, candidate.addr)
        self._put(candidate)

    def _put(self, candidate: Candidate) -> None:
        place = bisect_right(self._distances, candidate.distance)
        self._distances.insert(place, candidate.distance)
        self.all.insert(place, candidate)

    def _take_out(self, candidate: Candidate) -> None:
        place = self.all.index(candidate, bisect_left(self._distances, candidate.distance))
        del self.all[place], self._distances[place]

    def _forget_one(self) -> None:
        untried = [c for c in self.all if c.untried]
        if untried:
            self._drop(min(reversed(untried), key=lambda c: (not c.deprioritised, c.fits, self.vouchers(c) > 1)))

    def _drop(self, candidate: Candidate) -> None:
        self.decisions.take(candidate.addr, Reason.TOO_MANY)
        if self._by_addr.pop(candidate.addr, None) is not None:
            self._take_out(candidate)
        rivals = self._by_net.get(net_of(candidate.addr[0]), [])
        if candidate in rivals:
            rivals.remove(candidate)

    # ---- trust -------------------------------------------------------------------------------------

    def went_silent(self, candidate: Candidate) -> None:
        """It timed out: its referrer is trusted less, and the next of its /24 has its turn."""
        if candidate.claimant is not None:
            candidate.claimant.named_bad += 1
        self.give_way(candidate)

    def give_way(self, candidate: Candidate) -> None:
        """It failed: another one of its /24 takes its place, the one that most networks vouch for."""
        rivals = self._by_net.get(net_of(candidate.addr[0]), [])
        if not rivals or rivals[0] is not candidate:
            return
        waiting = [rival for rival in rivals[1:] if rival.state is PASSED]
        if waiting:
            del rivals[0]
            following = max(waiting, key=self.vouchers)
            self._put_first(rivals, following, Reason.INSTEAD, candidate)

    def came_back(self, candidate: Candidate, named_as: bytes | None) -> None:
        """It answered, under the id of the referral or under another one, which then counts."""
        if candidate.claimant is None:
            return
        if named_as == candidate.id:
            candidate.claimant.named_alive += 1
        else:
            candidate.claimant.named_bad += 1

    @property
    def _sought(self) -> Candidate | None:
        """Whether it is the node whose id is the target: it may be that near, but one address only."""
        return self.all[0] if self.all and not self.all[0].distance else None

    def made_up(self, parent: Candidate, distances: Sequence[int]) -> int:
        """The distance up to which claims of one answer are Sybil suspects; 0 for none (L11).

        They are much nearer to the target than a node at the place of `parent` can know of.

        The bucket of `parent` towards the target holds 8 nodes, evenly spread up to its own distance.
        """
        while not self.trusted(parent) and parent.parent is not None:
            parent = parent.parent  # the referrals of a Sybil suspect count for nothing
        reach = parent.distance * SHARE
        if not reach:
            return 0
        bucket = max(BUCKET, WIDEST_BUCKET >> (ID_BITS - parent.distance.bit_length()))
        # The node whose id is the target may be that near.
        nearest = sorted(distance for distance in distances if distance)[:LOOKED_AT]
        crowd = crowded([distance * SHARE for distance in nearest], bucket / reach)
        return nearest[crowd - 1] if crowd else 0

    def judge_answers(self, latest: Candidate) -> None:
        """Flag the nearest responders as Sybil suspects if they are too many for the size of the network (L11).

        `latest` has just answered: beyond the nearest, which have been looked at before, it changes nothing.
        """
        if self._size is None or latest.distance > self._looked_to:
            return
        nearest: list[Candidate] = []
        sought = self._sought
        for candidate in self.all:
            if candidate.state is ANSWERED and candidate is not sought:
                nearest.append(candidate)
                if len(nearest) == LOOKED_AT:
                    self._looked_to = candidate.distance
                    break
        for candidate in nearest[: crowded([c.distance * SHARE for c in nearest], self._size)]:
            candidate.sybil_suspect = True
