"""A lookup as it was at an earlier time of its course, for stepping through it."""

from __future__ import annotations

from collections import Counter

from ..engine.lookup.decisions import Distrust, Found, FoundKind, State
from ..engine.outcome import Status
from ..engine.views.snapshot import CandidateView, LookupDetail, LookupView, StepView
from ..engine.wire.ids import ID_BITS
from .query_status import IN_TIME, bits_of, distance_of, query_status, responded, sent


def as_of(detail: LookupDetail, until: float | None) -> LookupDetail:
    """The lookup as it was `until` seconds after its start; with `None`, or beyond its end, as it is now.

    Nodes that were named but never queried are left out of its past: the times of their referrals are not known.
    """
    if until is None or until >= detail.view.elapsed:
        return detail
    named = {node.addr: node.named for node in detail.candidates if node.named is not None}
    steps = tuple(
        _step(step, named.get(step.addr), detail.view.target, until) for step in detail.steps if step.sent <= until
    )
    candidates = _candidates(detail, steps)
    return detail._replace(
        view=_view(detail.view, steps, candidates, until),
        steps=steps,
        candidates=candidates,
        decisions=tuple(decision for decision in detail.decisions if decision.at <= until),
    )


def _step(step: StepView, named: bytes | None, target: bytes, until: float) -> StepView:
    """A query as it was; `named`: the id of the referral, if its node answered with another one."""
    if step.ended is not None and step.ended <= until and not step.late:
        return step
    if named is not None:
        step = step._replace(id=named, bits=bits_of(named, target))
    return step._replace(
        stalled=_by(step.stalled, until),
        overtaken=_by(step.overtaken, until),
        ended=None,
        result=None,
        nodes=0,
        found=None,
        code=None,
        late=False,
    )


def _by(at: float | None, until: float) -> float | None:
    return at if at is not None and at <= until else None


def _candidates(detail: LookupDetail, steps: tuple[StepView, ...]) -> tuple[CandidateView, ...]:
    last = {step.addr: step for step in steps}
    first = {step.addr: step for step in reversed(detail.steps)}
    told = {step.addr for step in steps if responded(step)}
    found: list[CandidateView] = []
    for node in detail.candidates:
        asked = first.get(node.addr)
        if asked is None or (asked.parent is not None and asked.parent not in told):
            continue
        step = last.get(node.addr)
        over = node.addr in told or (step is not None and step.ended is not None)
        found.append(node if over else _candidate(node, step, asked.doubt, detail.view.target))
    found.sort(key=lambda node: _far(node, detail.view.target))
    # Places among the closest are those of the end: their times are not recorded.
    ranked = sorted((n for n in found if n.state is State.ANSWERED and n.place), key=lambda n: n.place != "fills")
    closest = {node.addr for node in ranked[: max(0, detail.k)]}
    return tuple(node._replace(closest=node.addr in closest) for node in found)


def _far(node: CandidateView, target: bytes) -> int:
    distance = distance_of(node.id, target)
    return 1 << ID_BITS if distance is None else distance


def _candidate(node: CandidateView, step: StepView | None, doubt: Distrust | None, target: bytes) -> CandidateView:
    """A candidate that had not answered; `step` is its last query by then."""
    if node.named is not None:
        node = node._replace(id=node.named, bits=bits_of(node.named, target), named=None)
    return node._replace(
        state=State.NEW if step is None else State.ASKED if step.stalled is None else State.STALLED,
        result=None,
        closest=False,
        rtt=None,
        token=False,
        nodes=0,
        peers=(),
        seq=None,
        version=None,
        note=None,
        doubt=doubt,
    )


def found_by(steps: tuple[StepView, ...], candidates: tuple[CandidateView, ...]) -> Found | None:
    """The findings by then; `None` for none."""
    peers = len({peer for candidate in candidates for peer in candidate.peers})
    items = [step.found for step in steps if step.found is not None and step.found.kind is not FoundKind.PEERS]
    if items:
        return max(items, key=lambda item: item.seq or 0)._replace(peers=peers)
    return Found(FoundKind.PEERS, None, peers) if peers else None


def _view(
    view: LookupView, steps: tuple[StepView, ...], candidates: tuple[CandidateView, ...], until: float
) -> LookupView:
    closest = [candidate for candidate in candidates if candidate.closest]
    then = view._replace(elapsed=until, running=True, stopped=None, wrote=0.0)
    return then._replace(
        asked=sent(Counter(query_status(step, then) for step in steps)),
        answered=sum(query_status(step, then) in IN_TIME for step in steps),
        timed_out=sum(step.result is Status.TIMED_OUT for step in steps),
        in_flight=sum(step.ended is None for step in steps),
        nearest_bits=closest[0].bits if closest else None,
        best=len(closest),
        found=found_by(steps, candidates),
    )
