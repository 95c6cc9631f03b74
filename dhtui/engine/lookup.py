"""The iterative lookup of Kademlia, as a state machine without a clock or a socket.

**What it has to do.** Ids are points in a space with the XOR metric. Every node knows many nodes near itself
and few far away, so whoever is asked for a target names nodes nearer to it than itself. Asking the nearest
known node again and again halves the distance at least once a step; after about log2(N) halvings, fewer with
8 nodes a bucket, the 8 nodes nearest to the target have been reached (Maymounkov and Mazieres, "Kademlia", 2002).

**What makes it slow** is never the arithmetic but waiting: three table entries in ten are dead, and a dead
node is silent. Four rules keep silence from costing time, after Jimenez, Osmani and Knutsson, "Sub-second
lookups on a large-scale Kademlia-based overlay" (IEEE P2P 2011) and the clients that were measured since:

1. *A slot is only held at the top.* Candidates are kept sorted by distance. Walking from the nearest, until 8
   that answered have been passed, the queries in flight count against alpha; a query that nearer candidates
   have overtaken holds no slot, for its answer no longer decides where the lookup goes.
2. *A slot is held for a short time.* After the soft deadline, which follows from measured round trips, the
   candidate has stalled: the next one is asked. A late answer is still welcome until the hard deadline.
3. *Nobody waits for the dead at the end.* When only stalled candidates stand among the nearest 8 they are asked
   once more, for 0.4 s, because one packet in fifty is simply lost; then the lookup is over. Only if
   nobody at all has answered is there any reason to wait out the hard deadline.
4. *It opens with a quick step.* Every node met is remembered with its round trip, also those without a place in the
   table, also from earlier runs; a fresh node takes a survey first (`survey.py`), to know some everywhere. A hop
   gains 3 bits or more and takes as long as the quickest of those that were asked, some 40 ms, so 1 bit of distance
   is worth 12 ms of round trip: by that measure the best are asked first. They are known to be alive, so half of
   alpha suffices, and the queries saved serve the hops that follow. The other known ones stay in reserve until an
   answer names them, or until there is nobody else to ask.

**When it ends.** The 8 closest *responders* are known and nothing nearer is untried or in flight. Silent nodes
are never among the closest: storing at a dead node is losing.

**Against liars.** An answer under another id than the one referred to counts as no answer, and referrals are
followed to usable addresses only, a bounded number of them; then:

- *One candidate an address, one a /24* outside local networks, for addresses all over the world are not cheap
  (Baumgart and Mies, "S/Kademlia", 2007). The next of a /24 gets its turn when the first is silent.
- *Too near is made up.* A node knows 8 others in each bucket, and the network has a size: both tell how many nodes
  can stand close to the target by chance (see `size.crowded`). Whoever is in a crowd beyond that is asked when a slot
  is free, and is none of the closest 8 as long as there are others, so the lookup goes on until it has reached the
  honest ones behind the crowd.
- *Who misleads is not followed.* After four silent nodes in a row that somebody named, the others it named wait; so
  do those of a node whose value does not hold, and it is none of the closest itself.
- *Ids that fit their addresses* (BEP 42) come first among equally close ones; where that is enforced a node whose id
  does not fit is asked, but is none of the closest.
- Values need no trust: they hash to the target or carry a signature.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .candidates import Candidate, Candidates, State
from .outcome import NodeOutcome, Status
from .policy import OURS, Policy
from .wire.compact import Addr, NodeInfo, leads_inside
from .wire.ids import ID_BITS, bep42_valid

GRACE_SECONDS = OURS.grace
"""How long the silent ones among the nearest are given when they are asked again."""
SECONDS_A_BIT = 0.012
"""Round trip that a known node may take longer for being nearer by one bit: a hop's time by the bits it gains."""
RTT_UNTIL_MEASURED = 0.15
OPENING = 0.5
"""So many known nodes that are alive open a lookup, as a share of alpha; one that may be gone counts as half of one."""
MAX_TOO_NEAR = 16
"""So many of those that stand too near are asked as long as there are others: liars invent new ones for ever."""


@dataclass(frozen=True, slots=True)
class Start:
    """A node known from before."""

    node: NodeInfo
    rtt: float | None
    """Its round trip, seconds, where that was measured."""
    alive: bool
    """Whether it answered in the last quarter of an hour. Of others about half are gone."""


class Lookup:
    """One search for the nodes closest to a target. The caller sends what `next` names and reports what comes."""

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
    ) -> None:
        """`enforce`: only nodes whose ids fit their addresses (BEP 42) count among the closest; `prefer`: they are
        asked first. `size` is how many nodes the network has, if that is known."""
        self._policy = policy
        self.target = target
        self._number = int.from_bytes(target, "big")
        self._own = own
        self._alpha, self._k, self._enforce, self._prefer = alpha, k, enforce, prefer
        self._candidates = Candidates(size)
        self._opening: deque[Candidate] = deque()
        self.running = True
        self.why = ""

    @property
    def candidates(self) -> list[Candidate]:
        """All nodes that it knows of, nearest first."""
        return self._candidates.all

    # ---- candidates --------------------------------------------------------------------------------

    def add(self, node: NodeInfo, parent: Candidate | None = None) -> Candidate | None:
        """A node to consider, or the candidate that it is already; `None` if it is of no use."""
        if node.id == self._own or (parent is not None and leads_inside(node.addr[0], parent.addr[0])):
            return None
        known = self._candidates.find(node.addr)
        if known is not None:
            if known.id != node.id:
                return None
            if known.reserve:
                known.reserve, known.note = False, ""
            return known
        distance = int.from_bytes(node.id, "big") ^ self._number
        candidate = Candidate(node.addr, node.id, distance, self._may_count(node.id, node.addr[0]), parent=parent)
        return candidate if self._candidates.add(candidate) else None

    def _may_count(self, node_id: bytes, ip: str) -> bool:
        return not self._enforce or bep42_valid(node_id, ip)

    def add_host(self, addr: Addr, router: bool) -> None:
        """A bootstrap host: an address without an id. A router never counts among the closest."""
        self._candidates.add(Candidate(addr, None, 1 << ID_BITS, counts=not router))

    def start_from(self, starts: Iterable[Start]) -> None:
        """Known nodes, nearest first. With many of them the quick and near ones open the lookup."""
        added = [(start, candidate) for start in starts if (candidate := self.add(start.node)) is not None]
        if not self._policy.quick_start or len(added) < 2 * self._alpha:
            return
        added.sort(key=lambda pair: _cost(*pair))
        living = 0.0
        for start, candidate in added:
            if living < OPENING * self._alpha and len(self._opening) < self._alpha:
                living += 1 if start.alive else 0.5
                rtt = f", {start.rtt * 1000:.0f} ms away" if start.rtt is not None else ""
                candidate.note = f"known from before{rtt}: it opens the lookup"
                self._opening.append(candidate)
            else:
                candidate.reserve, candidate.note = True, "known from before, kept in reserve"

    def _nearest(self) -> Iterator[Candidate]:
        """Candidates from the nearest on, until the k closest responders have been passed."""
        passed = 0
        for candidate in self._candidates.all:
            yield candidate
            if self._fills_a_place(candidate):
                passed += 1
                if passed == self._k:
                    return

    def _fills_a_place(self, candidate: Candidate) -> bool:
        if self._policy.replace_dead:
            return candidate.state is State.ANSWERED and candidate.counts and not candidate.too_near
        return candidate.counts

    def _in_play(self) -> int:
        """Queries that hold a slot wherever they stand."""
        return 0 if self._policy.top_only else sum(c.state is State.ASKED for c in self.candidates)

    # ---- progress ----------------------------------------------------------------------------------

    def next(self) -> Candidate | None:
        """The candidate to ask now. It counts as asked."""
        if not self.running:
            return None
        chosen = self._opening.popleft() if self._opening else self._choose()
        if chosen is not None:
            chosen.state = State.ASKED
        return chosen

    def _choose(self) -> Candidate | None:
        in_play, trusted, doubtful, near, reserve = self._in_play(), 0, None, None, None
        for candidate in self._nearest():
            if in_play >= self._alpha:
                return None
            if candidate.state is State.ASKED:
                in_play += self._policy.top_only
                trusted += not candidate.too_near
            elif candidate.state is State.NEW:
                if candidate.reserve:
                    reserve = reserve or candidate
                elif candidate.too_near:
                    near = near or candidate
                elif candidate.doubtful:
                    doubtful = doubtful or candidate
                else:
                    return self._fitting(candidate)
        if reserve is not None and not trusted:
            for candidate in self.candidates:
                candidate.reserve = False
            return reserve
        if doubtful is not None or near is None or (not trusted and self._alone()):
            return doubtful or near
        tried = sum(c.too_near and c.state not in (State.NEW, State.PASSED) for c in self.candidates)
        return near if tried < MAX_TOO_NEAR else None

    def _fitting(self, candidate: Candidate) -> Candidate:
        """The candidate, or one as near to the bit whose id fits its address where its own does not (BEP 42)."""
        if not self._prefer or candidate.id is None or bep42_valid(candidate.id, candidate.addr[0]):
            return candidate
        bits = candidate.distance.bit_length()
        for other in self._nearest():
            waits = other.state is State.NEW and not (other.reserve or other.doubtful)
            if waits and other.id and other.distance.bit_length() == bits and bep42_valid(other.id, other.addr[0]):
                return other
        return candidate

    def next_again(self) -> Candidate | None:
        """At the end: a silent candidate among the nearest to ask a second time, for `GRACE_SECONDS`."""
        if not self.running or self._policy.wait != "again":
            return None
        if any(c.state in (State.NEW, State.ASKED) and not c.asked_again and not c.too_near for c in self._nearest()):
            return None
        for candidate in self._nearest():
            if candidate.state is State.STALLED and not candidate.asked_again and not candidate.too_near:
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
            self._candidates.move(candidate, outcome.id, int.from_bytes(outcome.id, "big") ^ self._number)
            candidate.counts = candidate.counts and self._may_count(outcome.id, candidate.addr[0])
        candidate.state = State.ANSWERED
        if outcome.status in (Status.BAD_VALUE, Status.BAD_SIGNATURE):
            candidate.lied, candidate.counts = True, False
            candidate.note = "its value does not hold: it is none of the closest, and whom it names has to wait"
        self._candidates.came_back(candidate)
        self._candidates.judge_referrals(candidate, self.add_all(outcome.nodes, candidate))
        self._candidates.judge_answers()

    def add_all(self, nodes: Iterable[NodeInfo], parent: Candidate | None = None) -> list[Candidate]:
        """Several nodes to consider; the candidates that they are."""
        return [candidate for node in nodes if (candidate := self.add(node, parent)) is not None]

    def pass_over(self, candidate: Candidate, why: str) -> None:
        """It is not to be asked after all."""
        candidate.state, candidate.note = State.PASSED, why
        candidate.reserve = False

    def stalled(self, candidate: Candidate) -> None:
        """The soft deadline of a candidate has passed."""
        if candidate.state is State.ASKED:
            candidate.state = State.STALLED
            if not candidate.asked_again:
                self._candidates.went_silent(candidate)

    def failed(self, candidate: Candidate, outcome: NodeOutcome) -> None:
        """The hard deadline of a candidate has passed, or its answer is worth nothing."""
        if candidate.state in (State.ASKED, State.STALLED):
            if candidate.state is State.ASKED and not candidate.asked_again:
                self._candidates.went_silent(candidate)
            candidate.state, candidate.outcome = State.FAILED, outcome

    def settled(self) -> bool:
        """Whether there is nothing left to do or to wait for."""
        waiting, wait = False, self._policy.wait
        if wait == "all" and any(c.state in (State.ASKED, State.STALLED) for c in self.candidates):
            return False
        pending = False
        for candidate in self._nearest():
            if candidate.state in (State.NEW, State.ASKED):
                if not candidate.too_near:
                    return False
                pending = True
            elif candidate.state is State.STALLED:
                waiting = True
                if wait == "nearest" or not (candidate.asked_again or candidate.too_near):
                    return False
        if pending and self._alone():
            return False
        return not waiting or any(c.state is State.ANSWERED for c in self.candidates)

    def _alone(self) -> bool:
        """Whether the ones that stand too near are all there is: fewer than k others have answered."""
        return sum(c.state is State.ANSWERED and not c.too_near and c.counts for c in self.candidates) < self._k

    def end(self, why: str) -> None:
        """It is over; `why` says so in words."""
        self.running, self.why = False, why

    # ---- results -----------------------------------------------------------------------------------

    def closest(self) -> list[Candidate]:
        """The up to k nearest responders, nearest first."""
        found = [c for c in self.candidates if c.state is State.ANSWERED and c.counts]
        trusted = [c for c in found if not c.too_near]
        return trusted[: self._k] if len(trusted) >= self._k else found[: self._k]

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
            lied = any(c.lied for c in self.candidates)
            return "no node answered with anything that holds" if lied else "no node answered"
        if len(closest) < self._k:
            return f"all {len(closest)} reachable nodes have answered" if len(closest) > 1 else "the only node answered"
        return f"the {len(closest)} closest nodes that are alive have answered"


def _cost(start: Start, candidate: Candidate) -> float:
    """What a known node costs as the first step: its distance in bits, and its round trip in bits."""
    rtt = RTT_UNTIL_MEASURED if start.rtt is None else start.rtt
    return candidate.distance.bit_length() + rtt / SECONDS_A_BIT
