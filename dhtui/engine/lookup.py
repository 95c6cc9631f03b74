"""The iterative lookup of Kademlia, as a state machine without a clock or a socket.

**What it has to do.** Ids are points in a space with the XOR metric. Every node knows many nodes near itself
and few far away, so whoever is asked for a target names nodes nearer to it than itself. Asking the nearest
known node again and again halves the distance at least once a step; after about log2(N) halvings, fewer with
8 nodes a bucket, the 8 nodes nearest to the target have been reached (Maymounkov and Mazieres, "Kademlia", 2002).

**What makes it slow** is never the arithmetic but waiting: three table entries in ten are dead, and a dead
node is silent. Three rules keep silence from costing time, after Jimenez, Osmani and Knutsson, "Sub-second
lookups on a large-scale Kademlia-based overlay" (IEEE P2P 2011) and the clients that were measured since:

1. *A slot is only held at the top.* Candidates are kept sorted by distance. Walking from the nearest, until 8
   that answered have been passed, the queries in flight count against alpha; a query that nearer candidates
   have overtaken holds no slot, for its answer no longer decides where the lookup goes.
2. *A slot is held for a short time.* After the soft deadline, which follows from measured round trips, the
   candidate has stalled: the next one is asked. A late answer is still welcome until the hard deadline.
3. *Nobody waits for the dead at the end.* When only stalled candidates stand among the nearest 8 they are asked
   once more, for 300 ms, because one packet in fifty is simply lost; then the lookup is over. Only if nobody at
   all has answered is there any reason to wait out the hard deadline.

**When it ends.** The 8 closest *responders* are known and nothing nearer is untried or in flight. Silent nodes
are never among the closest: storing at a dead node is losing.

**Against liars.** One candidate an address outside local networks, a bounded list, a bounded number of nodes
asked, referrals only of usable addresses; an answer under another id than the one referred to counts as no
answer; and where BEP 42 is enforced a node whose id does not fit its address is asked, but is none of the closest.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from .outcome import NodeOutcome, Status
from .policy import OURS, Policy
from .wire.compact import Addr, NodeInfo, is_local
from .wire.ids import ID_BITS, bep42_valid

MAX_CANDIDATES = 512
"""Beyond this many the farthest untried ones are forgotten: endless referrals must not fill memory."""
GRACE_SECONDS = OURS.grace
"""How long the silent ones among the nearest are given when they are asked again."""


class State(Enum):
    """Where a candidate stands."""

    NEW = "untried"
    ASKED = "asked"
    STALLED = "silent so far"
    ANSWERED = "answered"
    FAILED = "failed"


@dataclass(slots=True, eq=False)
class Candidate:
    """A node that the lookup knows of."""

    addr: Addr
    id: bytes | None
    """`None` for a bootstrap host, of which only the address is known."""
    distance: int
    """To the target; 2^160 while the id is unknown, so that it is asked when nobody nearer is left."""
    counts: bool = True
    """Whether it may be one of the closest. Bootstrap routers store nothing."""
    state: State = State.NEW
    asked_again: bool = False
    outcome: NodeOutcome | None = None
    parent: Candidate | None = None
    """Who referred us to it; `None` where the lookup started."""

    @property
    def hop(self) -> int:
        """How many referrals led to it: 0 where the lookup started."""
        hops, at = 0, self.parent
        while at is not None:
            hops, at = hops + 1, at.parent
        return hops

    def __lt__(self, other: Candidate) -> bool:
        return self.distance < other.distance


class Lookup:
    """One search for the nodes closest to a target. The caller sends what `next` names and reports what comes."""

    def __init__(
        self, target: bytes, own: bytes, *, alpha: int, k: int, enforce: bool = False, policy: Policy = OURS
    ) -> None:
        """`enforce`: only nodes whose ids fit their addresses (BEP 42) count among the closest."""
        self._policy = policy
        self.target = target
        self._number = int.from_bytes(target, "big")
        self._own = own
        self._alpha, self._k, self._enforce = alpha, k, enforce
        self.candidates: list[Candidate] = []
        self._addrs: set[Addr] = set()
        self._ips: set[str] = set()
        self.running = True
        self.why = ""

    # ---- candidates --------------------------------------------------------------------------------

    def add(self, node: NodeInfo, parent: Candidate | None = None) -> None:
        """A node to consider. Nodes that are known, or share an address with one that is, are passed over."""
        # A referral from outside into the local network would aim our packets at services that live there.
        from_outside = parent is not None and not is_local(parent.addr[0])
        if node.id != self._own and not (from_outside and is_local(node.addr[0])):
            distance = int.from_bytes(node.id, "big") ^ self._number
            self._insert(Candidate(node.addr, node.id, distance, self._fits(node.id, node.addr[0]), parent=parent))

    def _fits(self, node_id: bytes, ip: str) -> bool:
        return not self._enforce or bep42_valid(node_id, ip)

    def add_host(self, addr: Addr, router: bool) -> None:
        """A bootstrap host: an address without an id. A router never counts among the closest."""
        self._insert(Candidate(addr, None, 1 << ID_BITS, counts=not router))

    def _insert(self, candidate: Candidate) -> None:
        ip = candidate.addr[0]
        if candidate.addr in self._addrs or (ip in self._ips and not is_local(ip)):
            return
        self._addrs.add(candidate.addr)
        self._ips.add(ip)
        insort(self.candidates, candidate)
        if len(self.candidates) > MAX_CANDIDATES:
            self._forget_farthest()

    def _forget_farthest(self) -> None:
        for i in range(len(self.candidates) - 1, -1, -1):
            if self.candidates[i].state is State.NEW:
                del self.candidates[i]
                return

    def _nearest(self) -> Iterator[Candidate]:
        """Candidates from the nearest on, until the k closest responders have been passed."""
        passed = 0
        for candidate in self.candidates:
            yield candidate
            if self._fills_a_place(candidate):
                passed += 1
                if passed == self._k:
                    return

    def _fills_a_place(self, candidate: Candidate) -> bool:
        if self._policy.replace_dead:
            return candidate.state is State.ANSWERED and candidate.counts
        return candidate.counts

    def _in_play(self) -> int:
        """Queries that hold a slot wherever they stand."""
        return 0 if self._policy.top_only else sum(c.state is State.ASKED for c in self.candidates)

    # ---- progress ----------------------------------------------------------------------------------

    def next(self) -> Candidate | None:
        """The candidate to ask now. It counts as asked."""
        if not self.running:
            return None
        in_play = self._in_play()
        for candidate in self._nearest():
            if in_play >= self._alpha:
                return None
            if candidate.state is State.ASKED:
                in_play += self._policy.top_only
            elif candidate.state is State.NEW:
                candidate.state = State.ASKED
                return candidate
        return None

    def next_again(self) -> Candidate | None:
        """At the end: a silent candidate among the nearest to ask a second time, for `GRACE_SECONDS`."""
        if not self.running or self._policy.wait != "again":
            return None
        if any(c.state in (State.NEW, State.ASKED) and not c.asked_again for c in self._nearest()):
            return None
        for candidate in self._nearest():
            if candidate.state is State.STALLED and not candidate.asked_again:
                candidate.state, candidate.asked_again = State.ASKED, True
                return candidate
        return None

    def answered(self, candidate: Candidate, outcome: NodeOutcome) -> None:
        """An answer, judged. Its referrals become candidates."""
        candidate.outcome = outcome
        if outcome.status is Status.REFUSED:
            candidate.state = State.FAILED
            return
        if candidate.id is None and outcome.id is not None:
            self.candidates.remove(candidate)
            candidate.id = outcome.id
            candidate.distance = int.from_bytes(outcome.id, "big") ^ self._number
            candidate.counts = candidate.counts and self._fits(outcome.id, candidate.addr[0])
            insort(self.candidates, candidate)
        candidate.state = State.ANSWERED
        self.add_all(outcome.nodes, candidate)

    def add_all(self, nodes: Iterable[NodeInfo], parent: Candidate | None = None) -> None:
        """Several nodes to consider."""
        for node in nodes:
            self.add(node, parent)

    def stalled(self, candidate: Candidate) -> None:
        """The soft deadline of a candidate has passed."""
        if candidate.state is State.ASKED:
            candidate.state = State.STALLED

    def failed(self, candidate: Candidate, outcome: NodeOutcome) -> None:
        """The hard deadline of a candidate has passed, or its answer is worth nothing."""
        if candidate.state in (State.ASKED, State.STALLED):
            candidate.state, candidate.outcome = State.FAILED, outcome

    def settled(self) -> bool:
        """Whether there is nothing left to do or to wait for."""
        waiting, wait = False, self._policy.wait
        if wait == "all" and any(c.state in (State.ASKED, State.STALLED) for c in self.candidates):
            return False
        for candidate in self._nearest():
            if candidate.state in (State.NEW, State.ASKED):
                return False
            if candidate.state is State.STALLED:
                waiting = True
                if wait == "nearest" or not candidate.asked_again:
                    return False
        return not waiting or any(c.state is State.ANSWERED for c in self.candidates)

    def end(self, why: str) -> None:
        """It is over; `why` says so in words."""
        self.running, self.why = False, why

    # ---- results -----------------------------------------------------------------------------------

    def closest(self) -> list[Candidate]:
        """The up to k nearest responders, nearest first."""
        found = [c for c in self.candidates if c.state is State.ANSWERED and c.counts]
        return found[: self._k]

    def outcomes(self) -> tuple[NodeOutcome, ...]:
        """What happened at every node that was asked, nearest first."""
        asked = []
        for c in self.candidates:
            if c.outcome is not None:
                asked.append(c.outcome)
            elif c.state is State.STALLED:
                asked.append(NodeOutcome(addr=c.addr, id=c.id, status=Status.TIMED_OUT))
            elif c.state is State.ASKED:
                note = "the lookup ended before its answer"
                asked.append(NodeOutcome(addr=c.addr, id=c.id, status=Status.CANCELLED, note=note))
        return tuple(asked)

    def verdict(self) -> str:
        """Why a lookup that has settled is over."""
        if not self.candidates:
            return "there was no node to ask"
        closest = self.closest()
        if not closest:
            return "no node answered"
        if len(closest) < self._k:
            return f"all {len(closest)} reachable nodes have answered" if len(closest) > 1 else "the only node answered"
        return f"the {len(closest)} closest nodes that are alive have answered"
