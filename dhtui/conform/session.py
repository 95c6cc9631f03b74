"""Runs cases against one node: the pace, the control ping, the outcomes. Without I/O: see `wire.Wire`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from random import Random
from typing import Any, Final, NamedTuple

from ..engine.wire.compact import Addr, is_local
from ..text.failure import failure_words
from ..text.runs.conformance import doubt_words
from ..text.safe import safe_text
from .case import Case
from .messages import Asked, query, read
from .network import Network
from .outcomes import MISSING, Doubt, Inconclusive, Miss, Need, Outcome, Skip, Unsupported, Why, outcome_of
from .pace import Pace
from .probe import Probe
from .strands import Strands, Wait, wait
from .wire import Packet, Wire

LONG: Final = 45.0
"""Cases that wait as long as this, seconds, run only where that is wanted."""
TID_LENGTHS: Final = (2, 4, 8)
"""Lengths of our transaction ids: the first that the node answers to. Three pings begin a run."""
REACH_TRIES: Final = 2
PING_WAITS: Final = (0.0, 1.0, 2.0, 4.0)
"""Seconds before each try of the control ping."""
AGAIN: Final = 2
"""How often a case is tried again that was missed and met silence: packets may have been lost."""
LOST_PINGS: Final = 3
"""Once so many control pings in a row were in vain, with all their tries, the node is asked nothing more."""
FIRST_HOST: Final = 2
"""Our addresses 0 and 1 are used again and again, those from here on once."""


class Terms(NamedTuple):
    """How a node is treated."""

    rate: float
    """Most packets a second."""
    patience: float
    """Seconds to wait for an answer."""
    own: bool
    """Whether it is a node of one's own, which may be tried hard."""
    long: bool = False
    """Whether cases that wait for minutes or hours are run, too."""
    join_seconds: float = 120.0
    """How long to wait for the node to join our network."""


def terms_for(addr: Addr, *, mine: bool = False, long: bool = False) -> Terms:
    """The terms of a node at an address: four packets a second to one's own, one to a stranger's."""
    own = mine or is_local(addr[0])
    return Terms(4.0 if own else 1.0, 1.0 if is_local(addr[0]) else 2.0, own, long)


class Result(NamedTuple):
    """What a case came to."""

    case: Case
    outcome: Outcome
    expected: str = ""
    actual: str = ""
    """Clauses. What the node sent is in it, safe to print."""
    why: Why | None = None
    """Why it was skipped."""
    sent: bytes = b""
    """The datagram that decided."""
    received: tuple[bytes, ...] = ()
    """What came from the node since."""
    packets: tuple[Packet, ...] = ()
    """All packets of the case."""
    decisive: int = 0
    """The place among them of the datagram that decided."""
    known: str = ""
    """The reason that the user's file of known failures gives; empty: it is not in it."""

    @property
    def stale(self) -> bool:
        """Whether it passed though it is listed as a known failure."""
        return bool(self.known) and self.outcome is Outcome.PASS


@dataclass(eq=False)
class Session:
    """One run of cases. Call `receive` for each datagram, `handle_timer` at `next_timer`, until it is `done`."""

    cases: Sequence[Case]
    target: Addr
    wire: Wire
    seed: int
    now: float
    terms: Terms
    network: Network | None = None
    """Our network, whose sockets are open."""
    known: Mapping[str, str] = field(default_factory=dict)
    """Known failures: their reasons by the number of the case."""
    public: bool = False
    """Whether all is on public addresses."""
    on_result: Callable[[Result], None] = lambda result: None
    results: list[Result] = field(default_factory=list)
    reached: bool | None = None
    """Whether the node answered at all; `None`: not known yet."""
    listening: dict[Addr, Probe] = field(default_factory=dict)
    crowd: bytes | None = None
    """The infohash of a swarm of many peers, once a case has announced it (`cases.common.crowd`)."""

    def __post_init__(self) -> None:
        self.pace = Pace(self.terms.rate, lambda: self.now)
        self._rng = Random(f"{self.seed}")
        self._strands = Strands()
        self._tid_length = TID_LENGTHS[0]
        self._tids = 0
        self._host = FIRST_HOST
        self._lost = 0

    # ---- driven from outside -----------------------------------------------------------------------

    @property
    def patience(self) -> float:
        """Seconds to wait for an answer."""
        return self.terms.patience

    def start(self) -> None:
        """Begin."""
        self._strands.start(self._main())

    @property
    def done(self) -> bool:
        """Whether all cases have a result."""
        return not self._strands

    def next_timer(self) -> float:
        """When `handle_timer` has to be called."""
        return self._strands.next_timer()

    def handle_timer(self, now: float) -> None:
        """Time has passed."""
        self.now = max(self.now, now)
        self._strands.turn(self.now)

    def receive(self, data: bytes, theirs: Addr, ours: Addr, now: float) -> None:
        """A datagram came. Never raises."""
        self.now = max(self.now, now)
        packet = Packet(self.now, False, ours, theirs, data)
        probe = self.listening.get(ours)
        if probe is not None:
            probe.receive(packet)
        elif self.network is not None and ours in self.network.at:
            self._answer_for_network(packet)
        self._strands.turn(self.now)

    def stop(self) -> None:
        """End here. Cases without a result are skipped."""
        self._strands.close()
        done = {result.case.id for result in self.results}
        for case in self.cases:
            if case.id not in done:
                self._tell(Result(case, Outcome.SKIPPED, why=Why.STOPPED))

    def _answer_for_network(self, packet: Packet) -> None:
        message = read(packet.data)
        if self.network is None or message.get(b"y") != b"q" or packet.theirs != self.target:
            return
        asked = Asked(packet.at, packet.ours, packet.theirs, message, packet.data)
        said = self.network.answer(asked)
        if said is not None:
            self.wire.send(said, packet.ours, packet.theirs)

    # ---- for probes --------------------------------------------------------------------------------

    def fresh_tid(self) -> bytes:
        """A transaction id that was not used of late."""
        self._tids += 1
        return (self._tids * 40503 + self.seed).to_bytes(16, "big", signed=True)[-self._tid_length :]

    def beside(self, strand: Coroutine[Wait, Any, None]) -> None:
        """Let something go on beside the cases. All has ended when they have."""
        self._strands.start(strand)

    def next_host(self) -> int:
        """The number of an address of ours that was not used yet."""
        self._host += 1
        return self._host - 1

    async def control_ping(self, waits: Sequence[float] = PING_WAITS) -> bool:
        """Whether the node is there."""
        probe = Probe(self, self._rng, self._rng.randbytes(20))
        try:
            for pause in waits:
                if pause:
                    await probe.pause(pause)
                if (await probe.ask("ping", tries=1)).data:
                    self._lost = 0
                    return True
        finally:
            probe.close()
        self._lost += 1
        return False

    # ---- the run -----------------------------------------------------------------------------------

    async def _main(self) -> None:
        if self.network is not None:
            await wait(self.now + self.terms.join_seconds, lambda: self.network is None or self.network.joined)
        self.reached = await self._reaches()
        if not self.reached:
            return
        waiting = [case for case in self.cases if case.waits and not self._missing(case)]
        # What may end the node comes last.
        for case in sorted(self.cases, key=lambda each: (not each.first, Need.OWN in each.needs)):
            if case not in waiting:
                await self._run(case)
        for case in waiting:
            self._strands.start(self._run(case))
        waited = {case.id for case in waiting}
        await wait(inf, lambda: waited <= {result.case.id for result in self.results})

    async def _reaches(self) -> bool:
        """Whether the node answers a ping, and with which length of transaction ids."""
        probe = Probe(self, self._rng, self._rng.randbytes(20))
        try:
            for _ in range(REACH_TRIES):
                at, tids = len(probe.packets), []
                for self._tid_length in TID_LENGTHS:
                    tids.append(self.fresh_tid())
                    await probe.send(query("ping", {b"id": probe.id}, tids[-1]))
                found = await probe.awaited(at, probe.source(), tuple(tids))
                if found is not None:
                    self._tid_length = len(read(found.data)[b"t"])
                    return True
        finally:
            probe.close()
        return False

    def _missing(self, case: Case) -> Why | None:
        """Why a case can't be run here; `None` if it can."""
        has = {Need.OWN: self.terms.own, Need.PUBLIC: self.public, Need.NETWORK: self.network is not None}
        has[Need.IPV6] = ":" in self.target[0]
        for need in Need:
            if need in case.needs and not has.get(need, True):
                return MISSING[need]
        if Need.NETWORK in case.needs and self.network is not None and not self.network.joined:
            return Why.NOT_JOINED
        return Why.TOO_LONG if case.waits >= LONG and not self.terms.long else None

    async def _run(self, case: Case) -> None:
        if why := self._missing(case):
            self._tell(Result(case, Outcome.SKIPPED, why=why))
            return
        if self._lost >= LOST_PINGS:
            self._tell(Result(case, Outcome.INCONCLUSIVE, actual=doubt_words(Doubt.DEAD)))
            return
        result, probe = await self._tried(case, f"{self.seed}/{case.id}")
        for nth in range(AGAIN):
            missed = result.outcome in (Outcome.FAIL, Outcome.NON_STRICT)
            if not missed or not probe.silences or self._lost or case.waits:
                break
            result, probe = await self._tried(case, f"{self.seed}/{case.id}/{nth}")
        sent, received = probe.decisive
        self._tell(result._replace(sent=sent, received=received, packets=tuple(probe.packets), decisive=probe.last))

    async def _tried(self, case: Case, seed: str) -> tuple[Result, Probe]:
        """A result, and the probe that it came from, which is closed."""
        rng = Random(seed)
        probe = Probe(self, rng, rng.randbytes(20), case.level)
        result = await self._judged(case, probe)
        probe.close()
        return result, probe

    async def _judged(self, case: Case, probe: Probe) -> Result:
        result, certain = Result(case, Outcome.PASS), False
        try:
            await case.run(probe)
        except Miss as miss:
            result = Result(case, outcome_of(case.level, miss), miss.expected, miss.actual)
            certain = miss.outcome is Outcome.FAIL
        except Unsupported as lack:
            result = Result(case, Outcome.UNSUPPORTED, lack.expected, lack.actual)
        except Skip as skip:
            return Result(case, Outcome.SKIPPED, actual=skip.detail, why=skip.why)
        except Inconclusive as doubt:
            return Result(case, Outcome.INCONCLUSIVE, actual=safe_text(str(doubt)))
        except Exception as fault:  # a fault of the case: the run goes on, and the others are not lost
            return Result(case, Outcome.INCONCLUSIVE, actual=doubt_words(Doubt.FAILED, failure_words(fault)))
        if result.outcome is Outcome.PASS and probe.lax is not None:
            result = Result(case, outcome_of(case.level, probe.lax), probe.lax.expected, probe.lax.actual)
        if probe.silences and not certain and not probe.alive_checked and not await self.control_ping():
            return Result(case, Outcome.INCONCLUSIVE, result.expected, doubt_words(Doubt.NO_CONTROL))
        return result

    def _tell(self, result: Result) -> None:
        result = result._replace(known=self.known.get(result.case.id, ""))
        self.results.append(result)
        self.on_result(result)
