"""A lookup that is inferred from a capture, in the form that all views of lookups read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from ....engine.lookup.decisions import Found, FoundKind, State, StopReason
from ....engine.outcome import Status
from ....engine.views.snapshot import INFERRED, CandidateView, LookupDetail, LookupView, StepView
from ....engine.wire.compact import Addr
from ....engine.wire.ids import bits, distance
from ....engine.wire.krpc import ErrorReply, Response
from ..message import Reading
from .walk import Step, Walk

SILENT_AFTER: Final = 10.0
"""Seconds without an answer after which a query is taken to be silent. What its client waited is not known."""
K: Final = 8
MOST_CANDIDATES: Final = 1024
"""Most nodes of a lookup that are told of."""
_FAR: Final = 1 << 161


@dataclass(slots=True)
class _Known:
    """What is known of a node."""

    addr: Addr
    id: bytes | None = None
    named: bytes | None = None
    """The id of the first referral to it."""
    parent: Addr | None = None
    hop: int = 0
    state: State = State.NEW
    result: Status | None = None
    rtt: float | None = None
    answer: Response | None = None


@dataclass(slots=True)
class _Course:
    """The nodes of a lookup, and its queries, as they came to be known."""

    target: bytes
    nodes: dict[Addr, _Known] = field(default_factory=dict)
    steps: list[StepView] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)
    """Where in `steps` each query is, by its number."""

    def node(self, addr: Addr) -> _Known:
        """What is known of a node, which is one from now on."""
        found = self.nodes.get(addr)
        if found is None:
            found = self.nodes[addr] = _Known(addr)
        return found

    def bits(self, node_id: bytes | None) -> float | None:
        """log2 of the distance to the target."""
        return None if node_id is None else bits(distance(node_id, self.target))


def detail(walk: Walk, read: Callable[[int], Reading | None], until: float, *, over: bool) -> LookupDetail:
    """The lookup as it was at `until`, unix time; `over`: whether it was over by then.

    `read` gives what a message says, by its number; `None`: it is not kept any more.
    """
    steps = [step for step in walk.steps if step.sent <= until]
    last = max((_last(step, until) for step in steps), default=walk.started)
    elapsed = max(0.0, (last if over else until) - walk.started)
    course = _Course(walk.target)
    for kind, step in _events(steps, until):
        if kind == "ask":
            _ask(course, walk, step, elapsed, over)
        else:
            _hear(course, walk, step, read)
    candidates = _candidates(course)
    return LookupDetail(
        view=_view(walk, course, candidates, elapsed, over),
        alpha=_most_in_flight(course.steps),
        k=K,
        steps=tuple(course.steps),
        candidates=candidates,
    )


def _last(step: Step, until: float) -> float:
    """When the query, or its answer by then, came."""
    return step.sent if step.ended is None or step.ended > until else max(step.sent, step.ended)


def _events(steps: Sequence[Step], until: float) -> list[tuple[str, Step]]:
    """Queries and answers in the order of time: an answer names nodes, of which one is asked next."""
    told = [(step.sent, 1, "ask", step) for step in steps]
    told += [(step.ended, 0, "hear", step) for step in steps if step.ended is not None and step.ended <= until]
    told.sort(key=lambda each: (each[0], each[1], each[3].query))
    # An answer can't come before its query, whatever a file says of the times.
    asked: set[int] = set()
    late: list[tuple[str, Step]] = []
    found: list[tuple[str, Step]] = []
    for _, _, kind, step in told:
        if kind == "ask":
            asked.add(step.query)
            found.append((kind, step))
        elif step.query in asked:
            found.append((kind, step))
        else:
            late.append((kind, step))
    return found + late


def _ask(course: _Course, walk: Walk, step: Step, elapsed: float, over: bool) -> None:
    node = course.node(step.dest)
    sent = max(0.0, step.sent - walk.started)
    again = node.state is not State.NEW
    gone = sent + SILENT_AFTER <= elapsed or over
    if node.state is not State.ANSWERED:
        node.state = State.FAILED if gone else State.ASKED
        node.result = Status.TIMED_OUT if gone else None
    course.places[step.query] = len(course.steps)
    course.steps.append(
        StepView(
            addr=step.dest,
            id=node.id or node.named,
            bits=course.bits(node.id or node.named),
            parent=node.parent,
            hop=node.hop,
            again=again,
            sent=sent,
            stalled=None,
            ended=min(sent + SILENT_AFTER, max(elapsed, sent)) if gone else None,
            result=Status.TIMED_OUT if gone else None,
            nodes=0,
            found=None,
            code=None,
        )
    )


def _hear(course: _Course, walk: Walk, step: Step, read: Callable[[int], Reading | None]) -> None:
    reading = None if step.answer is None else read(step.answer)
    message = None if reading is None else reading.message
    place = course.places[step.query]
    node = course.node(step.dest)
    assert step.ended is not None
    ended = max(course.steps[place].sent, step.ended - walk.started)
    status, found, code, named = Status.ANSWERED, None, None, 0
    if isinstance(message, Response):
        node.id, node.answer, found, named = message.id, message, found_in(message), len(message.nodes)
        status = Status.ANSWERED if found is None else _STATUS[found.kind]
        for info in message.nodes:
            if info.addr not in course.nodes and len(course.nodes) < MOST_CANDIDATES:
                known = course.node(info.addr)
                known.named, known.parent, known.hop = info.id, step.dest, node.hop + 1
    elif isinstance(message, ErrorReply):
        status, code = Status.REFUSED, message.code
    node.state, node.result, node.rtt = State.ANSWERED, status, ended - course.steps[place].sent
    course.steps[place] = course.steps[place]._replace(
        id=node.id or node.named, bits=course.bits(node.id or node.named), ended=ended, result=status, nodes=named,
        found=found, code=code,
    )  # fmt: skip


_STATUS: Final = {
    FoundKind.PEERS: Status.PEERS,
    FoundKind.MUTABLE: Status.VALUE,
    FoundKind.IMMUTABLE: Status.VALUE,
}


def found_in(message: Response) -> Found | None:
    """What a response brought. Values are not verified: that is the affair of the packet list."""
    item, peers = message.item, message.peers
    if item.v is not None:
        kind = FoundKind.IMMUTABLE if item.k is None else FoundKind.MUTABLE
        return Found(kind, item.seq if kind is FoundKind.MUTABLE else None, len(peers))
    return Found(FoundKind.PEERS, None, len(peers)) if peers else None


def _candidates(course: _Course) -> tuple[CandidateView, ...]:
    def far(node: _Known) -> int:
        known = node.id or node.named
        return _FAR if known is None else int.from_bytes(known) ^ int.from_bytes(course.target)

    nodes = sorted(course.nodes.values(), key=far)
    near = [node.addr for node in nodes if node.state is State.ANSWERED and node.result is not Status.REFUSED][:K]
    closest = set(near)
    return tuple(_candidate(course, node, node.addr in closest) for node in nodes)


def _candidate(course: _Course, node: _Known, closest: bool) -> CandidateView:
    answer = node.answer
    return CandidateView(
        addr=node.addr,
        id=node.id or node.named,
        bits=course.bits(node.id or node.named),
        hop=node.hop,
        state=node.state,
        result=node.result,
        closest=closest,
        rtt=node.rtt,
        token=answer is not None and answer.token is not None,
        nodes=0 if answer is None else len(answer.nodes),
        peers=() if answer is None else answer.peers,
        seq=None if answer is None else answer.item.seq,
        version=None if answer is None else answer.version,
        note=None,
        named=node.named if node.id is not None and node.named not in (None, node.id) else None,
        place="fills" if closest else "",
    )


def _view(walk: Walk, course: _Course, candidates: Sequence[CandidateView], elapsed: float, over: bool) -> LookupView:
    steps = course.steps
    answered = [step for step in steps if step.result is not None and step.result is not Status.TIMED_OUT]
    # Nodes that were named and not asked don't count: why they were not is known to their client alone.
    alive = [node for node in candidates if node.state in (State.ANSWERED, State.ASKED)][:K]
    near = next((node.bits for node in candidates if node.closest), None)
    return LookupView(
        number=walk.number,
        kind=walk.method,
        target=walk.target,
        owner=INFERRED,
        started_at=walk.started,
        elapsed=elapsed,
        running=not over,
        asked=len(steps),
        answered=len(answered),
        timed_out=sum(step.result is Status.TIMED_OUT for step in steps),
        in_flight=sum(step.result is None for step in steps),
        nearest_bits=near,
        best=sum(node.state is State.ANSWERED for node in alive),
        found=_all_found(steps, candidates),
        stopped=StopReason.QUIET if over else None,
    )


def _all_found(steps: Sequence[StepView], candidates: Sequence[CandidateView]) -> Found | None:
    peers = len({peer for node in candidates for peer in node.peers})
    items = [step.found for step in steps if step.found is not None and step.found.kind is not FoundKind.PEERS]
    if items:
        return max(items, key=lambda item: item.seq or 0)._replace(peers=peers)
    return Found(FoundKind.PEERS, None, peers) if peers else None


def _most_in_flight(steps: Sequence[StepView]) -> int:
    """The most queries that were under way at a time: about the parallelism of the client."""
    turns = sorted(turn for step in steps for turn in ((step.sent, 1), (step.ended or float("inf"), -1)))
    most = now = 0
    for _, step in turns:
        now += step
        most = max(most, now)
    return max(1, most)
