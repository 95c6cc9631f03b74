"""Lookups made by hand, always the same: what a walk through a network of that kind looks like."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from dhtui.engine.lookup.decisions import Decision, Distrust, Found, FoundKind, Reason, State, StopReason
from dhtui.engine.outcome import Status
from dhtui.engine.views.snapshot import CandidateView, LookupDetail, LookupView, StepView
from dhtui.lookups.query_status import bits_of, distance_of

TARGET = bytes.fromhex("4f1a9d3377c0aa55c3d2e1f00f1e2d3c4b5a6978")
SOFT, GRACE, HARD = 0.6, 0.3, 4.0


def counted(one: StepView) -> bool:
    """Whether its answer counts, if it comes in time."""
    return one.ended is not None and one.result in (Status.ANSWERED, Status.PEERS, Status.VALUE, Status.OLDER)


def node_id(bits: float, salt: int, target: bytes = TARGET) -> bytes:
    """An id at about that distance (log2) from the target."""
    number = int(2.0**bits) ^ salt
    return (int.from_bytes(target, "big") ^ number).to_bytes(20, "big")


IMMUTABLE = Found(FoundKind.IMMUTABLE)


def mutable(seq: int) -> Found:
    """A mutable item."""
    return Found(FoundKind.MUTABLE, seq)


def peers(count: int) -> Found:
    """So many peers."""
    return Found(FoundKind.PEERS, None, count)


def step(number: int, bits: float, sent: float, ended: float | None, **more: object) -> StepView:
    """A query that was answered with 8 nodes, if nothing else is said."""
    base = StepView(
        addr=(f"203.0.113.{number}", 6881),
        id=node_id(bits, number),
        bits=bits_of(node_id(bits, number), TARGET),
        parent=None,
        hop=0,
        again=False,
        sent=sent,
        stalled=None,
        ended=ended,
        result=None if ended is None else Status.ANSWERED,
        nodes=0 if ended is None else 8,
        found=None,
        code=None,
    )
    return base._replace(**more)  # type: ignore[arg-type]


def _bits(one: StepView) -> int:
    return int(one.bits or 0) + 1


def candidate(one: StepView, **more: object) -> CandidateView:
    """The node that a query went to."""
    waiting = State.ASKED if one.stalled is None else State.STALLED
    silent = one.result in (Status.TIMED_OUT, None)
    failed = silent or one.result in (Status.REFUSED, Status.WRONG_ID)
    state = waiting if one.ended is None else State.FAILED if failed else State.ANSWERED
    found = one.found or peers(0)
    base = CandidateView(
        addr=one.addr,
        id=one.id,
        bits=one.bits,
        hop=one.hop,
        state=state,
        result=None if one.ended is None else one.result,
        closest=False,
        rtt=None if silent or one.ended is None else one.ended - one.sent,
        token=state is State.ANSWERED,
        nodes=one.nodes,
        peers=tuple((f"198.51.100.{n + 1}", 51413) for n in range(found.peers)),
        seq=found.seq,
        version=b"LT\x02\x00",
        note=None,
        place="fills" if counted(one) else "",
    )
    return base._replace(**more)  # type: ignore[arg-type]


def overtaken_at(one: StepView, steps: list[StepView], elapsed: float, k: int) -> float | None:
    """When the k-th nearer node answered while a query held a slot; every answer that helped fills a place."""

    def far(other: StepView) -> int:
        distance = distance_of(other.id, TARGET)
        return 1 << 160 if distance is None else distance

    first: dict[object, float] = {}
    for other in sorted(steps, key=lambda other: other.ended or 0.0):
        if counted(other) and far(other) < far(one) and (other.ended or 0.0) <= elapsed:
            first.setdefault(other.addr, other.ended or 0.0)
    at = sorted(first.values())[k - 1 : k]
    held = min(end for end in (one.stalled, one.ended, 1e9) if end is not None)
    return at[0] if at and one.sent <= at[0] < held else None


def detail(
    steps: list[StepView],
    elapsed: float,
    *,
    running: bool = False,
    stopped: StopReason | None = None,
    k: int = 8,
    **view: object,
) -> LookupDetail:
    """The lookup that these queries make."""
    steps = [one._replace(overtaken=overtaken_at(one, steps, elapsed, k)) for one in steps]
    last = {one.addr: one for one in steps}
    nearest = sorted(last.values(), key=lambda s: int.from_bytes(s.id or b"", "big") ^ int.from_bytes(TARGET, "big"))
    candidates = []
    closest = 0
    for one in nearest:
        here = candidate(one)
        counts = counted(one) and closest < k and (one.ended or 0.0) <= elapsed
        closest += counts
        candidates.append(here._replace(closest=counts))
    over = [s for s in steps if s.ended is not None and s.ended <= elapsed]
    answered = [s for s in over if s.result not in (Status.TIMED_OUT, Status.SEND_FAILED, Status.UNREADABLE)]
    best = [c for c in candidates if c.closest]
    base = LookupView(
        number=3,
        kind="get_peers",
        target=TARGET,
        owner="user",
        started_at=990.0,
        elapsed=elapsed,
        running=running,
        asked=sum(s.result is not Status.SEND_FAILED for s in steps),
        answered=len(answered),
        timed_out=sum(s.result is Status.TIMED_OUT for s in over),
        in_flight=sum(s.ended is None for s in steps) if running else 0,
        nearest_bits=best[0].bits if best else None,
        best=len(best),
        found=None,
        stopped=stopped or (None if running else StopReason.CLOSEST_ANSWERED),
    )
    return LookupDetail(base._replace(**view), 8, k, tuple(steps), tuple(candidates))  # type: ignore[arg-type]


@dataclass
class _Walk:
    """A lookup played with dice: nodes of each hop are nearer by some bits, three in ten are dead."""

    rng: Random
    dead: float
    steps: list[StepView] = field(default_factory=list)

    def ask(self, bits: float, parent: StepView | None, at: float) -> StepView:
        number = len(self.steps) + 1
        rtt = 0.03 + self.rng.random() ** 2 * 0.3
        silent = parent is not None and self.rng.random() < self.dead
        near = bits < 141 and not silent
        one = step(
            number,
            bits,
            at,
            at + (HARD if silent else rtt),
            parent=parent.addr if parent else None,
            hop=parent.hop + 1 if parent else 0,
            stalled=at + SOFT if silent or rtt > SOFT else None,
            result=Status.TIMED_OUT if silent else Status.PEERS if near else Status.ANSWERED,
            nodes=0 if silent else 8,
            found=peers(self.rng.randrange(3, 40)) if near else None,
        )
        self.steps.append(one)
        return one


def walk(seed: int = 5, dead: float = 0.3, number: int = 3) -> LookupDetail:
    """A get_peers of about 37 queries through 6 hops of the public network, finished after some seconds."""
    rng = Random(seed)
    game = _Walk(rng, dead)
    front = [game.ask(150.5 + rng.random() * 9, None, 0.0) for _ in range(6)]
    for _ in range(5):
        alive = sorted((s for s in front if s.result is not Status.TIMED_OUT), key=_bits)
        front = []
        for parent in alive[:3]:
            for _ in range(2 + (len(alive) < 3)):
                low = max(133.5, _bits(parent) - 3 - rng.random() * 5)
                front.append(game.ask(low + rng.random(), parent, parent.ended or 0.0))
    answered = [s.ended or 0.0 for s in game.steps if s.result is not Status.TIMED_OUT]
    silent = [s for s in game.steps if s.result is Status.TIMED_OUT and _bits(s) < 141]
    elapsed = max(max(answered), max((s.sent + SOFT for s in silent), default=0.0)) + (GRACE if silent else 0.0)
    for one in silent[:2]:
        again = one._replace(again=True, sent=elapsed - GRACE, stalled=elapsed, ended=elapsed - GRACE + HARD)
        game.steps.append(again)
    given = {peer for s in game.steps for peer in candidate(s).peers}
    steps = sorted(game.steps, key=lambda s: s.sent)
    return detail(steps, elapsed, found=peers(len(given)), number=number)


def ruled() -> LookupDetail:
    """A lookup in which each rule of the policy had something to do."""
    opener = step(1, 156, 0.0, 0.1)
    liar = step(2, 155, 0.0, 0.08)
    dead = [step(n, 140 + n / 8, 0.1, 4.1, stalled=0.35, parent=liar.addr, hop=1) for n in range(4, 8)]
    near = [step(n, 138 + n / 8, 0.1, 0.3 + n / 100, parent=opener.addr, hop=1) for n in range(8, 16)]
    steps = [
        opener,
        liar,
        step(3, 150, 0.0, 4.0, result=Status.TIMED_OUT, stalled=0.5)._replace(id=None, bits=None),
        *(one._replace(result=Status.TIMED_OUT, nodes=0) for one in dead),
        *near,
        step(16, 152, 0.22, 0.6, parent=opener.addr, hop=1),
        step(17, 153, 0.25, 4.25, parent=opener.addr, hop=1, stalled=0.5, result=Status.TIMED_OUT, nodes=0),
        step(18, 151, 0.3, 0.7),
        step(19, 137, 0.36, 0.5, parent=liar.addr, hop=1, doubt=Distrust.MISLED),
        step(20, 120, 0.4, 0.55, parent=near[0].addr, hop=2, doubt=Distrust.TOO_NEAR),
        dead[0]._replace(again=True, sent=0.6, stalled=None, ended=0.66),
        dead[1]._replace(again=True, sent=0.6, stalled=0.96, ended=4.6, result=Status.TIMED_OUT, nodes=0),
    ]
    whole = detail(steps, 0.96, kind="find_node", number=5)
    facts: dict[object, dict[str, object]] = {
        steps[-3].addr: {"doubt": Distrust.TOO_NEAR, "place": "spare", "closest": False},
        steps[-4].addr: {"doubt": Distrust.MISLED, "place": "spare", "closest": False},
        ("203.0.113.16", 6881): {"named": node_id(157, 16)},
    }
    never: tuple[tuple[int, float, dict[str, object]], ...] = (
        (21, 149.5, {"state": State.PASSED}),
        (22, 118, {"doubt": Distrust.TOO_NEAR}),
        (23, 150.5, {}),
        (24, 138, {"state": State.PASSED}),
        (25, 154, {"doubt": Distrust.MISFIT}),
    )
    nodes = [one._replace(**facts.get(one.addr, {})) for one in whole.candidates]  # type: ignore[arg-type]
    for number, bits, more in never:
        nodes.append(candidate(step(number, bits, 0.0, None), **({"state": State.NEW} | more)))
    target = int.from_bytes(TARGET, "big")
    nodes.sort(key=lambda one: 2**160 if one.id is None else int.from_bytes(one.id, "big") ^ target)
    left = whole.k - sum(one.closest for one in nodes)
    for place, one in enumerate(nodes):
        if left and one.state is State.ANSWERED and not one.closest and one.place == "fills":
            nodes[place], left = one._replace(closest=True), left - 1
    decisions = (
        Decision(0.0, opener.addr, Reason.OPENING, None, 0, 0.04),
        Decision(0.0, ("203.0.113.18", 6881), Reason.RESERVE),
        Decision(0.0, ("203.0.113.23", 6881), Reason.RESERVE),
        Decision(0.1, ("203.0.113.21", 6881), Reason.SAME_SUBNET, ("203.0.113.9", 6881)),
        Decision(0.2, ("203.0.113.24", 6881), Reason.UNRESPONSIVE, None, 2, 30.0),
        Decision(0.3, ("203.0.113.18", 6881), Reason.LAST_RESORT),
        Decision(0.36, ("203.0.113.19", 6881), Reason.BAD_REFERRER, liar.addr, 4),
        Decision(0.4, ("203.0.113.20", 6881), Reason.TOO_NEAR),
        *(Decision(0.6, one.addr, reason) for one in dead[:2] for reason in (Reason.NEAREST, Reason.ASKED_AGAIN)),
    )
    return whole._replace(candidates=tuple(nodes), decisions=decisions)
