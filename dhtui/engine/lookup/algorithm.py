"""The iterative lookup of Kademlia, as a state machine without a clock or a socket.

**What it has to do.** Ids are points in a space with the XOR metric. Every node knows many nodes near itself and few
far away, so a node that is queried for a target refers to nodes nearer to the target than itself. Each step to the
nearest known node halves the distance at least; after about log2(N) halvings, fewer with 8 nodes a bucket, the 8 nodes
nearest to the target have been reached (Maymounkov and Mazieres, "Kademlia", 2002).

**What makes it slow** is waiting: three table entries in ten are dead, and queries to them time out. Four rules keep
dead nodes from costing time, after Jimenez, Osmani and Knutsson, "Sub-second lookups on a large-scale Kademlia-based
overlay" (IEEE P2P 2011) and the clients that were measured since:

L1. *A slot is only held at the top.* Candidates are kept sorted by distance. Walking from the nearest, until 8 that
   answered have been passed, the queries in flight count against alpha. A superseded query, one behind 8 nearer
   responders, holds no slot, for its answer no longer decides where the lookup goes.
L2. *A slot is held for a short time.* After the soft deadline, which follows from measured round trips, the candidate
   has stalled: the next one is queried. A late answer counts until the hard deadline.
L3. *The end does not wait for dead nodes.* When only stalled candidates stand among the nearest 8 they are queried
   once more, for 0.4 s, because one packet in fifty is lost; then the lookup is over. Only if no node at all has
   answered does it wait until the hard deadline.
L4. *It opens with a quick step.* Every responder is remembered with its round trip, also without a place in the table,
   also from earlier runs; a fresh node makes a survey first (`survey.py`), to know nodes everywhere. A hop gains 3
   bits or more and takes as long as the quickest of the queried nodes, some 40 ms, so 1 bit of distance is worth 12 ms
   of round trip: by that measure the best are queried first. They are known to be alive, so half of alpha suffices,
   and the queries saved serve the hops that follow. The other known nodes stay in reserve until a referral names them,
   or until no other candidate is left.

**When it ends.**

L5. *The 8 closest responders are known* and no nearer candidate is untried or in flight. Only responders are among the
   closest: an item stored at a dead node would be lost.

**Against false referrals.** A referral says that a node of some id is at some address. A malicious node can falsify
either, name too few or too many nodes, or name its own. One attacker needs one node that the lookup queries; colluding
ones need a share of the network's addresses. The rules (after Baumgart and Mies, "S/Kademlia", 2007):

L6. *The id is the one that the node itself answers with.* The claims of others decide only when it is queried. Else a
   referrer that names the true nodes under ids that are off by one bit would have their answers, values included,
   discarded.
L7. *Claims about an address coexist* until it has answered. The order: a claim that is not too near for its referrer,
   then one that fits the address, then the nearest. So a false referral can't hide a node by naming it far from the
   target, discredit it by naming it too near, or decide by being the first. No claim changes what the node itself
   said.
L8. *An id that was chosen when it was queried*, much nearer than the one in the referral, fills no place until another
   node refers to the node by it.
L9. *One candidate a /24 in play* outside local networks, because addresses all over the world are expensive. When it
   times out the next one has its turn, in the order of how many networks vouch for each: a false port or a neighbour
   of a true address costs one timeout. A referrer counts for one address of a /24, so false ports can't outnumber a
   true one.
L10. *An id must fit its address* (BEP 42) to fill a place, if most ids of the network do. An attacker that wants a
   node next to a target finds no fitting id at its own address: an address has 8 of 2 million prefixes. One misfit may
   fill a place, for one honest node in five is one; others are queried, are among the closest if they are in reach,
   and hold half of the slots at most. Of many misfits in front, those that trusted nodes of most networks name are
   queried.
L11. *An id too near to the target is a Sybil suspect.* A node knows 8 others in each bucket, and the network has a
   size: both tell how many nodes can stand close to the target by chance (see `network_size.crowded`). This rule also
   works where no id has to fit, as in local networks.
L12. *Bad referrers are not followed.* After four referrals that timed out or had other ids for each true one, or after
   an invalid value, the other nodes that this node named wait, unless another node names them too.
L13. *Distrusted nodes fill no place*, so a lookup continues until it has reached 8 others behind them. No more than 16
   of them are queried beyond need, so it ends. They are also the first untried candidates to be forgotten; then come
   those whose ids don't fit, for one honest node in five is one. A node that named made-up nodes counts itself, but
   fills no place: it had a bucket of honest nodes to name, and the lookup asks one more in its stead.
L14. *It opens with nodes of two kinds*: entries of the table, which took time to get in, and remembered nodes. So an
   attacker that got itself remembered next to a target does not open the lookup alone.
L15. *Values need no trust*: they hash to the target or carry a signature, and are accepted from any node.
L16. *Doubt is reported* (`Lookup.doubt`): all starting nodes are bad referrers, or most responders are Sybil suspects.
L17. *Too few are as telling as too many.* Nodes in league that name only each other under their true ids are a tenth of
   what stands there. Where the k closest are farther than chance allows in a network of this size, the lookup begins
   again: all that have answered fill no place, and the nodes in reserve are queried, until k others have answered.

What attackers can still do, and at which price, is measured by `bench/attacks.py`: see docs/attacks.md.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import islice, takewhile
from typing import NamedTuple

from ..outcome import Doubt, NodeOutcome, Status
from ..unresponsive import Timeouts
from ..wire.compact import Addr, NodeInfo, is_local, is_private_referral
from ..wire.ids import ID_BITS, bep42_valid
from .candidates import CHOSEN_BITS, Candidate, Candidates
from .decisions import (
    ANSWERED,
    ASKED,
    FAILED,
    NEW,
    PASSED,
    STALLED,
    Decisions,
    Distrust,
    Reason,
    StopReason,
)
from .network_size import sparse
from .policy import OURS, Policy

GRACE_SECONDS = OURS.grace
"""Seconds for the second query to stalled candidates among the nearest (L3)."""
SECONDS_A_BIT = 0.012
"""Seconds of round trip that one bit of distance is worth: the time of a hop by the bits that it gains (L4)."""
RTT_UNTIL_MEASURED = 0.15
OPENING = 0.5
"""Initial batch as a fraction of alpha; nodes not heard from in 15 minutes count half."""
MAX_DISTRUSTED = 16
"""Most distrusted candidates that are queried beyond need (L13), of Sybil suspects and of the others each: an attacker
can invent new ones without end."""
MAX_ALONE = 64
"""The same if fewer than k others have answered: there may be no other nodes, or an attacker hides them."""
MAX_COMPARED = 64
"""Of untried nodes whose ids don't fit, how many of the nearest are compared by the nodes that vouch for them."""
ENOUGH_VOUCHERS = 3
"""A node whose id does not fit is worth a query in any case if trusted nodes of this many networks name it."""
REFUSED, INVALID = Status.REFUSED, (Status.BAD_VALUE, Status.BAD_SIGNATURE)
SMALL_NETWORK = 10_000
"""A network with fewer nodes at public addresses is doubtful (estimated from the distances of the closest): colluding
nodes that name only each other look like one."""
MAX_ROUNDS = 3
"""How often a lookup begins, at most (L17)."""
MISFITS = 1
"""Most nodes whose ids don't fit that fill one of the k places, if most ids of the network fit. Inventing an id next to
a target costs nothing; an address that fits it costs a search among thousands."""
MISFITS_CLOSEST = 3
"""Most of the closest k whose ids don't fit their addresses, if most ids of the network fit."""


class Start(NamedTuple):
    """A starting node, known from before."""

    node: NodeInfo
    rtt: float | None
    """Its round trip, seconds; `None` if it was not measured."""
    alive: bool
    """Whether it answered in the last 15 minutes. Of the others about half are gone."""
    placed: bool = False
    """Whether it has a place in the table."""


class Lookup:
    """One lookup of the nodes closest to a target. The caller queries the candidate that `next` returns, and reports
    what comes."""

    def __init__(
        self,
        target: bytes,
        own: bytes,
        *,
        alpha: int,
        k: int,
        enforce: bool = False,
        prefer: bool = False,
        size: float | None = None,
        policy: Policy = OURS,
        ours: Callable[[Addr], bool] = lambda addr: False,
        reach: int = 0,
    ) -> None:
        """`enforce`: only nodes whose ids fit their addresses (BEP 42) count among the closest; `prefer`: they are
        asked first. `size` is how many nodes the network has, if that is known. `ours` tells our own addresses.
        `reach` is a distance within which all nodes are sought, however many more than k they are."""
        self._policy = policy
        self.target = target
        self._number = int.from_bytes(target, "big")
        self._own, self._ours = own, ours
        self._alpha, self._k, self._enforce, self._prefer = alpha, k, enforce, prefer
        self._size, self._rounds = size, 1
        self._reach = reach
        self._candidates = Candidates(size, prefer)
        self._opening: deque[Candidate] = deque()
        self._walk: list[Candidate] | None = None
        self._tried: list[int | None] = [None, None]
        """How many distrusted candidates were queried: of the others, and of the Sybil suspects. Cached like `_walk`,
        but for one event more: a query."""
        self.running = True
        self.stopped: StopReason | None = None
        """Why it ended; `None` while it runs."""

    @property
    def decisions(self) -> Decisions:
        """The decisions about candidates. The caller that drives the lookup sets their time."""
        return self._candidates.decisions

    @property
    def candidates(self) -> list[Candidate]:
        """All nodes that it knows of, nearest first."""
        return self._candidates.all

    # ---- candidates --------------------------------------------------------------------------------

    def add(self, node: NodeInfo, parent: Candidate | None = None, *, made_up: bool = False) -> Candidate | None:
        """Add a node, or return the candidate that it is already; `None` if it can't be a candidate.

        `made_up`: the referral is a Sybil suspect, too near to the target for its referrer to know of it.
        """
        self._changed()
        return self._add(node, self._distance(node.id), parent, made_up)

    def _add(self, node: NodeInfo, distance: int, parent: Candidate | None, made_up: bool) -> Candidate | None:
        node_id, addr = node
        if node_id == self._own or self._ours(addr):
            return None
        if parent is not None and is_private_referral(addr[0], parent.addr[0]):
            return None
        known = self._candidates.find(addr)
        if known is not None:
            self._candidates.name_again(known, node_id, distance, parent, made_up=made_up)
            if known.reserve:
                known.reserve = False
                self.decisions.take(addr, Reason.NAMED, None if parent is None else parent.addr)
            return known
        candidate = Candidate(
            addr,
            node_id,
            distance,
            not self._enforce or self._may_count(node_id, addr[0]),
            parent=parent,
            namers=[] if parent is None else [parent],
            claimant=parent,
            first_hand=parent is None,
            sybil_suspect=made_up,
        )
        return candidate if self._candidates.add(candidate) else None

    def _may_count(self, node_id: bytes, ip: str) -> bool:
        return not self._enforce or bep42_valid(node_id, ip)

    def add_host(self, addr: Addr, router: bool, *, at_once: bool = False) -> None:
        """A bootstrap host: an address without an id. A router never counts among the closest.

        `at_once`: it is queried together with the known nodes, not only if there are none.
        """
        host = Candidate(addr, None, 1 << ID_BITS, counts=not router, first_hand=True)
        self._changed()
        if self._candidates.add(host) and at_once and host.state is NEW:
            self._opening.append(host.choose(Reason.BOOTSTRAP_HOST))

    def start_from(self, starts: Iterable[Start]) -> None:
        """Start from known nodes, nearest first. Of many, the quick and near ones open the lookup (L4)."""
        added = [(start, candidate) for start in starts if (candidate := self.add(start.node)) is not None]
        if not self._policy.quick_start or len(added) < 2 * self._alpha:
            return
        added.sort(key=lambda pair: _cost(*pair))
        living = 0.0
        for start, candidate in self._mixed(added):
            if living < OPENING * self._alpha and len(self._opening) < self._alpha:
                living += 1 if start.alive else 0.5
                self._opening.append(candidate.choose(Reason.OPENING, seconds=start.rtt))
            else:
                candidate.reserve = True
                self.decisions.take(candidate.addr, Reason.RESERVE, seconds=start.rtt)

    def _mixed(self, added: Sequence[tuple[Start, Candidate]]) -> list[tuple[Start, Candidate]]:
        """The same starts, reordered: those first whose ids fit their addresses; and if all of the best are of the
        table, or all of the memory, one of the other kind early.

        A node gets remembered next to a target by a few quick answers: an attacker's nodes must not open the lookup
        alone (L14).
        """
        ordered = sorted(added, key=lambda pair: not pair[1].fits)
        last = max(1, int(OPENING * self._alpha) - 1)
        best = {start.placed for start, _ in ordered[:last]}
        other = next((pair for pair in ordered[last:] if pair[0].placed not in best), None)
        if len(best) == 1 and other is not None:
            ordered.remove(other)
            ordered.insert(last, other)
        return ordered

    def _changed(self) -> None:
        """Something was learned about a candidate: forget what followed from the candidates."""
        self._walk = None
        self._tried = [None, None]

    def _nearest(self) -> list[Candidate]:
        """Candidates from the nearest on, until the k closest responders have been passed (L1).

        They are cached until an event may change them, because each answer leads to many reads.
        """
        if self._walk is None:
            self._walk = self._up_to_the_kth()
        return self._walk

    def _up_to_the_kth(self) -> list[Candidate]:
        known = self._candidates.all
        passed, last, misfits = 0, -1, 0
        k, reach, only_responders = self._k, self._reach, self._policy.replace_dead
        for place, candidate in enumerate(known):
            if passed >= k and candidate.distance > reach:
                return known[:place]
            if only_responders and candidate.state is not ANSWERED:
                continue
            # One id at two addresses is one node, or a node and an impostor: they share a place.
            if candidate.distance != last and self._may_fill(candidate):
                fits = candidate.fits
                misfits += not fits
                if not fits and misfits > MISFITS:
                    continue
                passed, last = passed + 1, candidate.distance
                if passed >= k and candidate.distance >= reach:
                    return known[: place + 1]
        return known.copy()

    def edge(self) -> int:
        """The distance beyond which no query holds a slot: that of the k-th responder, or of the farthest candidate."""
        nearest = self._nearest()
        return nearest[-1].distance if nearest else 0

    def distrust(self, candidate: Candidate) -> Distrust | None:
        """Why a candidate is not trusted; `None` if it is."""
        return self._candidates.distrust(candidate)

    def _may_fill(self, candidate: Candidate) -> bool:
        if self._policy.replace_dead:
            return candidate.counts and not (candidate.set_aside or candidate.deprioritised)
        return candidate.counts

    def _in_play(self) -> int:
        """Queries that hold a slot wherever they stand."""
        return 0 if self._policy.top_only else sum(c.state is ASKED for c in self.candidates)

    # ---- progress ----------------------------------------------------------------------------------

    def next(self) -> Candidate | None:
        """The candidate to query now, which then counts as queried; `None` if there is none."""
        if not self.running:
            return None
        chosen = self._opening.popleft() if self._opening else self._choose()
        if chosen is not None:
            chosen.state, self._tried = ASKED, [None, None]
        return chosen

    def _choose(self) -> Candidate | None:
        in_play, trusted, misfits = self._in_play(), 0, 0
        deprioritised, near, reserve, misfit = None, None, None, None
        alpha, top_only = self._alpha, self._policy.top_only
        for candidate in self._nearest():
            if in_play >= alpha:
                return self._best_misfit(misfit)
            state = candidate.state
            if state is ASKED:
                in_play += top_only
                trusted += not candidate.sybil_suspect
                misfits += not candidate.fits
            elif state is NEW:
                if candidate.reserve:
                    reserve = reserve or candidate
                elif candidate.sybil_suspect:
                    near = near or candidate
                elif candidate.deprioritised:
                    deprioritised = deprioritised or candidate
                elif candidate.fits:
                    usual = Reason.NEAREST if candidate.id is not None else Reason.BOOTSTRAP_HOST
                    return self._best_misfit(misfit) or candidate.choose(usual)
                elif misfits < max(1, alpha // 2):
                    # Ids that don't fit cost an attacker nothing: they must not hold all slots.
                    misfit = misfit or candidate
        misfit = self._best_misfit(misfit)
        if reserve is not None and not trusted:
            for candidate in self.candidates:
                candidate.reserve = False
            return reserve.choose(Reason.LAST_RESORT)
        wanted = self._wanted(lambda: not trusted and self._alone())
        if misfit is not None and wanted(misfit):
            return misfit
        if deprioritised is not None and wanted(deprioritised):
            return self._misled(deprioritised)
        return near.choose(Reason.TOO_NEAR) if near is not None and wanted(near) else None

    @staticmethod
    def _misled(candidate: Candidate) -> Candidate:
        """The same candidate, with its reason set: only bad referrers named it, and no better one is left."""
        misnamed = sum(namer.named_bad for namer in candidate.namers)
        parent = candidate.parent
        if not misnamed or (parent is not None and parent.served_bad_value):
            return candidate.choose(Reason.BAD_VALUE, parent)
        return candidate.choose(Reason.BAD_REFERRER, parent, misnamed)

    def _best_misfit(self, first: Candidate | None) -> Candidate | None:
        """The candidate to query if the id of the nearest one does not fit its address (L10).

        It is one as near to the bit whose id does fit, or else the misfit that most trusted nodes vouch for.
        """
        if first is None:
            return None
        bits = first.distance.bit_length()
        waiting = [c for c in self._nearest() if c.state is NEW and not (c.reserve or c.deprioritised)]
        for other in waiting:
            if other.distance.bit_length() == bits and other.fits:
                return other.choose(Reason.FITTING_ID, first)
        front = self.candidates[: self._k]
        crowd = sum(not c.untried and not c.fits for c in front) > len(front) // 2
        wanted = self._wanted()
        if not crowd and wanted(first):
            return first.choose(Reason.MISFIT)
        misfits = [c for c in waiting if not c.fits]
        best = max(misfits[:MAX_COMPARED], key=self._candidates.vouchers)
        if not wanted(best):
            best = next(filter(wanted, misfits), best)
        if best is first:
            return first.choose(Reason.MISFIT)
        return best.choose(Reason.VOUCHED, first, self._candidates.vouchers(best))

    def _wanted(self, alone: Callable[[], bool] = lambda: False) -> Callable[[Candidate], bool]:
        """Whether a candidate is worth a query (L13): of the distrusted ones a bounded number is, a higher one if they
        are `alone`, which is only found out when it matters. For as long as no state changes."""
        trusted = self._candidates.trusted

        @cache
        def tried() -> int:
            return sum(not c.untried and not trusted(c) for c in self.candidates)

        def wanted(candidate: Candidate) -> bool:
            if trusted(candidate):
                return True
            if alone():
                return tried() < MAX_ALONE
            vouchers = self._candidates.vouchers(candidate)
            if not candidate.deprioritised and not vouchers:
                return False  # misfits that name each other, one by one, would go on without end
            if self._distrusted_tried(candidate.sybil_suspect) < MAX_DISTRUSTED:
                return True
            return not candidate.deprioritised and vouchers >= ENOUGH_VOUCHERS

        return wanted

    def _distrusted_tried(self, near: bool) -> int:
        """How many distrusted candidates were queried, of the Sybil suspects (`near`) or of the others in front."""
        tried = self._tried[near]
        if tried is None:
            tried = 0
            for c in self.candidates if near else self._nearest():
                if c.sybil_suspect is near and (not c.fits or c.deprioritised):
                    tried += not c.untried
            self._tried[near] = tried
        return tried

    def next_again(self) -> Candidate | None:
        """At the end: a stalled candidate among the nearest to query a second time, for `GRACE_SECONDS` (L3)."""
        if not self.running or self._policy.wait != "again":
            return None
        wanted = self._wanted()
        for c in self._nearest():
            state = c.state
            if (state is NEW or state is ASKED) and not c.asked_again and not c.deprioritised and wanted(c):
                return None
        for candidate in (*self._nearest(), *self._hosts()):
            if candidate.state is STALLED and not candidate.asked_again and not candidate.deprioritised:
                candidate.state, candidate.asked_again = ASKED, True
                return candidate.choose(Reason.ASKED_AGAIN)
        return None

    def query_sent(self, candidate: Candidate, *, behind: bool = False) -> None:
        """A query was sent to a candidate: its first one, or one to look `behind` its first answer."""
        if behind:
            candidate.choose(Reason.LOOK_BEHIND)
        self.decisions.take(candidate.addr, *candidate.chosen_for)

    def answered(self, candidate: Candidate, outcome: NodeOutcome) -> None:
        """Take a validated answer. Its referrals become candidates."""
        self._changed()
        candidate.outcome = outcome
        status = outcome.status
        if status is REFUSED:
            candidate.state = FAILED
            self._candidates.give_way(candidate)
            return
        named_as = candidate.id
        if outcome.id is not None and outcome.id != named_as:
            self._renamed(candidate, outcome.id)
        candidate.state = ANSWERED
        if status in INVALID:
            candidate.served_bad_value, candidate.counts = True, False
        self._candidates.came_back(candidate, named_as)
        number = self._number
        named = [(node, int.from_bytes(node.id, "big") ^ number) for node in outcome.nodes]
        made_up = self._candidates.made_up(candidate, [distance for _, distance in named])
        candidate.set_aside = made_up > 0
        for node, distance in named:
            self._add(node, distance, candidate, 0 < distance <= made_up)
        self._candidates.judge_answers(candidate)

    def _distance(self, node_id: bytes) -> int:
        return int.from_bytes(node_id, "big") ^ self._number

    def _renamed(self, candidate: Candidate, node_id: bytes) -> None:
        """It answered under another id than the referral's: the node's own id counts (L6).

        An id that is much nearer to the target may have been chosen for it, until another node names it too (L8).
        """
        before, named_as = candidate.distance.bit_length(), candidate.id
        self._candidates.move(candidate, node_id, self._distance(node_id))
        if before > ID_BITS:
            candidate.counts = candidate.counts and self._may_count(node_id, candidate.addr[0])
            return
        candidate.counts = self._may_count(node_id, candidate.addr[0]) and node_id != self._own
        candidate.sybil_suspect, candidate.named = False, named_as
        candidate.chosen = candidate.distance.bit_length() <= before - CHOSEN_BITS

    def add_all(self, nodes: Iterable[NodeInfo]) -> None:
        """Add several nodes."""
        for node in nodes:
            self.add(node)

    def pass_over(self, candidate: Candidate, timeouts: Timeouts) -> None:
        """Skip a candidate: it is unresponsive."""
        self._changed()
        candidate.state, candidate.reserve = PASSED, False
        self.decisions.take(candidate.addr, Reason.UNRESPONSIVE, None, timeouts.queries, timeouts.seconds)
        self._candidates.give_way(candidate)

    def stalled(self, candidate: Candidate) -> None:
        """The soft deadline of a candidate has passed (L2)."""
        self._changed()
        if candidate.state is ASKED:
            candidate.state = STALLED
            if not candidate.asked_again:
                self._candidates.went_silent(candidate)

    def failed(self, candidate: Candidate, outcome: NodeOutcome) -> None:
        """The hard deadline of a candidate has passed, or nothing can be sent to it."""
        self._changed()
        before = candidate.state
        if before is ASKED or before is STALLED:
            candidate.state, candidate.outcome = FAILED, outcome
            if outcome.status is not Status.TIMED_OUT:
                self._candidates.give_way(candidate)
            elif before is ASKED and not candidate.asked_again:
                self._candidates.went_silent(candidate)

    def settled(self) -> bool:
        """Whether nothing is left to do or to wait for (L5)."""
        waiting, wait = False, self._policy.wait
        if wait == "all" and any(c.state in (ASKED, STALLED) for c in self.candidates):
            return False
        if wait == "again" and any(c.state is ASKED or not (c.asked_again or c.untried) for c in self._hosts()):
            return False  # the quickest of them may lie, and must not decide alone
        alone = cache(self._alone)  # nothing changes meanwhile
        wanted = self._wanted(alone)
        for candidate in self._nearest():
            state = candidate.state
            if state is NEW or state is ASKED:
                if (not candidate.sybil_suspect or alone()) and wanted(candidate):
                    return False
            elif state is STALLED:
                waiting = True
                if wait == "nearest" or not (candidate.asked_again or candidate.deprioritised):
                    return False
        return not waiting or any(c.state is ANSWERED for c in self.candidates)

    def begin_again(self) -> bool:
        """Whether a lookup that has settled goes on: its closest nodes are too sparse for the network (L17).

        The responders so far fill no place any more, and the nodes in reserve are queried like all others.
        """
        if self._rounds == MAX_ROUNDS or not self._sparse():
            return False
        self._changed()
        self._rounds += 1
        for candidate in self.candidates:
            candidate.set_aside = candidate.set_aside or candidate.state is ANSWERED
            if candidate.reserve:
                candidate.reserve = False
                self.decisions.take(candidate.addr, Reason.SECOND_OPINION)
        return True

    def _sparse(self) -> bool:
        """Whether the k closest that are trusted are farther from the target than chance allows."""
        found, _ = self.ranked()
        if self._size is None or len(found) < self._k:
            return False
        return sparse(found[self._k - 1].distance / 2**ID_BITS, self._k, self._size)

    def _hosts(self) -> list[Candidate]:
        """The bootstrap hosts that have not answered: the last of all candidates."""
        known = self.candidates
        if not known or known[-1].id is not None:
            return []  # mostly
        unnamed = takewhile(lambda c: c.id is None, reversed(known))
        return [host for host in unnamed if host.state is not FAILED]

    def _alone(self) -> bool:
        """Whether there are few trusted nodes: fewer than k have answered."""
        trusted = self._candidates.trusted
        found = (c for c in self.candidates if c.state is ANSWERED and c.counts and trusted(c))
        return sum(1 for _ in islice(found, self._k)) < self._k

    def end(self, why: StopReason) -> None:
        """End the lookup for `reason`."""
        self.running, self.stopped = False, why

    # ---- results -----------------------------------------------------------------------------------

    def closest(self) -> list[Candidate]:
        """The up to k nearest responders, nearest first: distrusted ones only if there are too few others. With a
        reach also all others within it."""
        found, others = self.ranked()
        ordered = found + others
        return sorted(ordered[: self._k] + [one for one in ordered[self._k :] if one.distance <= self._reach])

    def ranked(self) -> tuple[list[Candidate], list[Candidate]]:
        """The responders that fill a place among the closest, and the spare ones that do if there are too few; nearest
        first."""
        found: list[Candidate] = []
        others: list[Candidate] = []
        misfits = 0
        for candidate in self.candidates:
            if candidate.state is not ANSWERED or not candidate.counts:
                continue
            fits = candidate.fits
            misfits += not fits
            same_id = bool(found) and found[-1].distance == candidate.distance
            if same_id and fits and not found[-1].fits:
                others.append(found.pop())  # one id, two addresses: the one that it fits
                same_id = False
            if candidate.deprioritised or same_id or (not fits and misfits > MISFITS_CLOSEST * self._k // 8):
                others.append(candidate)
            else:
                found.append(candidate)
        return found, others

    def doubt(self) -> Doubt | None:
        """Why a negative result is doubtful (L16); `None` if nothing suggests that."""
        answered = [c for c in self.candidates if c.state is ANSWERED]
        starts = [c for c in answered if c.first_hand]
        if starts and all(c.bad_referrer for c in starts):
            return Doubt.STARTS
        if len(answered) == len(starts) > 1 and not any(c.namers for c in self.candidates):
            return Doubt.ALONE
        trusted = [c for c in answered if self._candidates.trusted(c)]
        if len(trusted) < min(self._k, len(answered) / 2):
            return Doubt.MADE_UP
        reach = trusted[self._k - 1].distance if len(trusted) >= self._k else 1 << ID_BITS
        small = reach * SMALL_NETWORK > self._k << ID_BITS
        return Doubt.SMALL if small and any(not is_local(c.addr[0]) for c in trusted) else None

    def outcomes(self, under_way: Mapping[Candidate, NodeOutcome]) -> tuple[NodeOutcome, ...]:
        """What happened at every node that was queried, nearest first; `under_way` has the outcomes so far of queries
        in flight."""
        known = (c.outcome or under_way.get(c) for c in self.candidates)
        return tuple(outcome for outcome in known if outcome is not None)

    def verdict(self) -> StopReason:
        """Why a lookup that has settled is over."""
        if not self.candidates:
            return StopReason.NOBODY_TO_ASK
        closest = self.closest()
        if not closest:
            served_bad_value = any(c.served_bad_value for c in self.candidates)
            return StopReason.NOTHING_HOLDS if served_bad_value else StopReason.NOBODY_ANSWERED
        return StopReason.ALL_ANSWERED if len(closest) < self._k else StopReason.CLOSEST_ANSWERED


def _cost(start: Start, candidate: Candidate) -> float:
    """The cost of a known node as the first step, in bits: its distance plus its round trip."""
    rtt = RTT_UNTIL_MEASURED if start.rtt is None else start.rtt
    return candidate.distance.bit_length() + rtt / SECONDS_A_BIT
