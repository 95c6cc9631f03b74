"""The nodes that a lookup knows of, nearest to its target first, and whom of them it distrusts."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice

from .outcome import NodeOutcome
from .size import LOOKED_AT, crowded
from .wire.compact import Addr, is_local
from .wire.ids import ID_BITS

MAX_CANDIDATES = 512
"""Beyond this many the farthest untried ones are forgotten: endless referrals must not fill memory."""
MISLEADING = 4
"""With so many silent ones among the nodes that somebody named, for each that answered, the others have to wait."""

BUCKET, WIDEST_BUCKET = 8, 128
"""Nodes in a bucket; libtorrent's first ones hold 128, 64, 32 and 16."""


class State(Enum):
    """Where a candidate stands."""

    NEW = "untried"
    PASSED = "passed over"
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
    fits: bool = True
    """Whether its id fits its address (BEP 42)."""
    reserve: bool = False
    """Known from before, and left out when the lookup opened: asked when there is nobody else, or it is named."""
    too_near: bool = False
    """So near to the target that in a network of this size it is most likely made up."""
    lied: bool = False
    """Whether it gave a value that does not hold."""
    named_silent: int = 0
    named_alive: int = 0
    """Of the nodes it named and that were asked, how many were silent, and how many answered."""
    note: str = ""
    """Why it is treated unlike others, for the screens."""

    @property
    def hop(self) -> int:
        """How many referrals led to it: 0 where the lookup started."""
        hops, at = 0, self.parent
        while at is not None:
            hops, at = hops + 1, at.parent
        return hops

    @property
    def doubtful(self) -> bool:
        """Whether it is asked only when nobody better is left: too near, or named by someone who misleads."""
        return self.too_near or (self.parent is not None and self.parent.misleads)

    @property
    def misleads(self) -> bool:
        """Whether the nodes that it named were silent, all or nearly all, or it lied itself."""
        return self.lied or self.named_silent >= MISLEADING * max(1, self.named_alive)

    def __lt__(self, other: Candidate) -> bool:
        return self.distance < other.distance


class Candidates:
    """Candidates by distance: one an address, one a /24, a bounded number."""

    def __init__(self, size: float | None) -> None:
        """`size` is how many nodes the network is thought to have, if that is known."""
        self._size = size
        self.all: list[Candidate] = []
        self._by_addr: dict[Addr, Candidate] = {}
        self._by_ip: dict[str, Candidate] = {}
        self._by_net: dict[str, Candidate] = {}

    def __iter__(self) -> Iterator[Candidate]:
        return iter(self.all)

    def find(self, addr: Addr) -> Candidate | None:
        """The candidate at an address."""
        return self._by_addr.get(addr)

    def add(self, candidate: Candidate) -> bool:
        """Take one in, unless its address is taken. A second one of a /24 waits until the first has failed."""
        addr = candidate.addr
        ip = addr[0]
        if addr in self._by_addr:
            return False
        if not is_local(ip):
            if ip in self._by_ip:
                return False
            # Addresses of one subnet are cheap; addresses all over the world are not (S/Kademlia; BEP 42).
            # Loopback and private networks are exempt: there one subnet is all there is.
            net = ip.rpartition(".")[0]
            first = self._by_net.setdefault(net, candidate)
            if first is not candidate:
                if first.state in (State.STALLED, State.FAILED):
                    self._by_net[net] = candidate
                else:
                    candidate.state = State.PASSED
                    candidate.note = f"a node of the same /24, {first.addr[0]}, is in the lookup"
            self._by_ip[ip] = candidate
        self._by_addr[addr] = candidate
        insort(self.all, candidate)
        if len(self.all) > MAX_CANDIDATES:
            self._forget_farthest()
        return True

    def _forget_farthest(self) -> None:
        for i in range(len(self.all) - 1, -1, -1):
            if self.all[i].state in (State.NEW, State.PASSED):
                del self.all[i]
                return

    def move(self, candidate: Candidate, node_id: bytes, distance: int) -> None:
        """A candidate has told its id, and so its distance."""
        self.all.remove(candidate)
        candidate.id, candidate.distance = node_id, distance
        insort(self.all, candidate)

    # ---- trust -------------------------------------------------------------------------------------

    def went_silent(self, candidate: Candidate) -> None:
        """It did not answer in time: who named it is trusted less, and its /24 gets another chance."""
        if candidate.parent is not None:
            candidate.parent.named_silent += 1
        ip = candidate.addr[0]
        if is_local(ip):
            return
        net = ip.rpartition(".")[0]
        if self._by_net.get(net) is not candidate:
            return
        for other in self.all:
            if other.state is State.PASSED and other.addr[0].rpartition(".")[0] == net:
                other.state, other.note = State.NEW, f"in place of {ip}, which is silent"
                self._by_net[net] = other
                return

    def came_back(self, candidate: Candidate) -> None:
        """It answered: who named it told the truth."""
        if candidate.parent is not None:
            candidate.parent.named_alive += 1

    @property
    def _sought(self) -> Candidate | None:
        """The very node whose id is looked for: it may be as near as that, but only one of its name."""
        return self.all[0] if self.all and not self.all[0].distance else None

    def judge_referrals(self, parent: Candidate, named: Sequence[Candidate]) -> None:
        """Flag those of one answer that are much nearer to the target than a node at its place can know of.

        Its bucket towards the target holds 8 nodes, evenly spread up to its own distance. Later, an answer that
        stands this test clears those it names.
        """
        while parent.too_near and parent.parent is not None:
            parent = parent.parent  # who is made up itself vouches for nobody
        reach = parent.distance / 2**ID_BITS
        if not reach:
            return
        bucket = max(BUCKET, WIDEST_BUCKET >> (ID_BITS - parent.distance.bit_length()))
        nearest = sorted(c for c in named if c is not self._sought)
        made_up = crowded([c.distance / 2**ID_BITS for c in nearest[:LOOKED_AT]], bucket / reach)
        for place, candidate in enumerate(nearest):
            before, candidate.too_near = candidate.too_near, place < made_up
            if candidate.too_near:
                candidate.note = "too near: who named it can hardly know of it"
            elif before:
                candidate.note = ""

    def judge_answers(self) -> None:
        """Flag the nearest of those that answered if they are too many for the size of the network."""
        if self._size is None:
            return
        answered = (c for c in self.all if c.state is State.ANSWERED and c is not self._sought)
        nearest = list(islice(answered, LOOKED_AT))
        for candidate in nearest[: crowded([c.distance / 2**ID_BITS for c in nearest], self._size)]:
            candidate.too_near = True
            candidate.note = f"too near: a crowd, in a network of {self._size:,.0f} nodes"
