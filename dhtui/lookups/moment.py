"""A lookup as it was at a moment of its course, so that one can go back and forth in it."""

from __future__ import annotations

from ..engine.snapshot import CandidateView, LookupDetail, LookupView, StepView
from ..engine.wire.compact import Addr
from .course import candidate_fate, responded
from .reasons import known_when_asked


def as_of(detail: LookupDetail, until: float | None) -> LookupDetail:
    """The lookup as it was `until` seconds after its start; `None`, or beyond its end: as it is.

    Nodes that were named but never asked are left out of its past: when they were named is not known.
    """
    if until is None or until >= detail.view.elapsed:
        return detail
    steps = tuple(_step(step, until) for step in detail.steps if step.sent <= until)
    candidates = _candidates(detail, steps)
    return detail._replace(view=_view(detail.view, steps, candidates, until), steps=steps, candidates=candidates)


def _step(step: StepView, until: float) -> StepView:
    if step.ended is not None and step.ended <= until:
        return step
    stalled = step.stalled if step.stalled is not None and step.stalled <= until else None
    return step._replace(stalled=stalled, ended=None, result="in flight", nodes=0, peers=0, item="", code=None)


def _candidates(detail: LookupDetail, steps: tuple[StepView, ...]) -> tuple[CandidateView, ...]:
    last = {step.addr: step for step in steps}
    parents = {step.addr: step.parent for step in detail.steps}
    told = {step.addr for step in steps if responded(step)}
    outside = never_counting(detail)
    found: list[CandidateView] = []
    closest = 0
    for candidate in detail.candidates:
        addr = candidate.addr
        if addr not in parents or (parents[addr] is not None and parents[addr] not in told):
            continue
        then = _candidate(candidate, last.get(addr))
        counts = then.state == "answered" and addr not in outside and closest < detail.k
        closest += counts
        found.append(then._replace(closest=counts) if then.closest != counts else then)
    return tuple(found)


def _candidate(candidate: CandidateView, step: StepView | None) -> CandidateView:
    if step is not None and step.ended is not None:
        return candidate
    state = "untried" if step is None else "asked" if step.stalled is None else "silent so far"
    return candidate._replace(
        state=state,
        result="",
        closest=False,
        rtt=None,
        token=False,
        nodes=0,
        peers=(),
        seq=None,
        version=None,
        note=candidate.note if known_when_asked(candidate.note) else "",
    )


def never_counting(detail: LookupDetail) -> set[Addr]:
    """Nodes that answered and yet may not be among the closest: routers, ids that don't fit (BEP 42), liars."""
    places = [place for place, candidate in enumerate(detail.candidates) if candidate.closest]
    edge = places[-1] if len(places) >= detail.k else len(detail.candidates)
    answered = [(place, c) for place, c in enumerate(detail.candidates) if c.state == "answered"]
    return {c.addr for place, c in answered if candidate_fate(c) == "refused" or (place < edge and not c.closest)}


def found_words(steps: tuple[StepView, ...], candidates: tuple[CandidateView, ...]) -> str:
    """What was found, in words; empty for nothing."""
    items = [step.item for step in steps if step.item]
    if items:
        seqs = [int(item[4:]) for item in items if item.startswith("seq ") and item[4:].isdecimal()]
        return f"value, seq {max(seqs)}" if seqs else "value"
    peers = {peer for candidate in candidates for peer in candidate.peers}
    return f"{len(peers)} peers" if peers else ""


def _view(
    view: LookupView, steps: tuple[StepView, ...], candidates: tuple[CandidateView, ...], until: float
) -> LookupView:
    closest = [candidate for candidate in candidates if candidate.closest]
    return view._replace(
        elapsed=until,
        running=True,
        asked=len(steps),
        answered=sum(map(responded, steps)),
        timed_out=sum(step.result == "timed out" for step in steps),
        in_flight=sum(step.ended is None for step in steps),
        nearest_bits=closest[0].bits if closest else None,
        best=len(closest),
        found=found_words(steps, candidates),
        why="",
    )
