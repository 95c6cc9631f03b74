"""The record of one lookup: every query with its times, and the referrals. For the screens that show it."""

from __future__ import annotations

from dataclasses import dataclass

from ..outcome import NodeOutcome
from ..views.snapshot import CandidateView, StepView
from ..wire import ids
from .algorithm import Lookup
from .candidates import Candidate
from .decisions import Decision, Distrust, Found
from .results import found_of


@dataclass(slots=True, eq=False)
class Step:
    """One query of a lookup. Times are on the engine's clock."""

    candidate: Candidate
    again: bool
    sent_at: float
    doubt: Distrust | None
    """Why the candidate was distrusted when it was asked."""
    first: NodeOutcome | None = None
    """The outcome of the previous query to the node, if this one looks behind it."""
    held_since: float | None = None
    """Since when it had waited for room among all our queries; `None`: it did not wait."""
    stalled_at: float | None = None
    ended_at: float | None = None
    overtaken_at: float | None = None
    """When it was superseded: so many nearer nodes had answered that it held no slot any more."""
    outcome: NodeOutcome | None = None
    """Its outcome."""
    late: bool = False
    """Whether the lookup was over before the outcome was known."""


def bits(candidate: Candidate) -> float | None:
    """`ids.bits` of a candidate's distance to the target; `None` while its id is unknown."""
    return None if candidate.id is None else ids.bits(candidate.distance)


def _found(outcome: NodeOutcome | None) -> Found | None:
    return None if outcome is None else found_of(outcome.item, len(outcome.peers))


def decision_views(lookup: Lookup, started_at: float, began_at: float) -> tuple[Decision, ...]:
    """The decisions of a lookup. Those about its starting nodes precede its start."""
    return tuple(d._replace(at=max(d.at, began_at) - started_at) for d in lookup.decisions.taken)


def step_view(step: Step, started_at: float) -> StepView:
    """A step as a screen shows it."""
    outcome, candidate = step.outcome, step.candidate
    return StepView(
        candidate.addr,
        candidate.id,
        bits(candidate),
        candidate.parent.addr if candidate.parent else None,
        candidate.hop,
        step.again,
        step.sent_at - started_at,
        None if step.stalled_at is None else step.stalled_at - started_at,
        None if step.ended_at is None else step.ended_at - started_at,
        outcome.status if outcome else None,
        len(outcome.nodes) if outcome else 0,
        _found(outcome),
        outcome.code if outcome else None,
        None if step.overtaken_at is None else step.overtaken_at - started_at,
        step.doubt,
        None if step.held_since is None else step.held_since - started_at,
        step.late,
    )


def candidate_views(lookup: Lookup) -> tuple[CandidateView, ...]:
    """A lookup's candidates as a screen shows them, nearest first."""
    closest = set(map(id, lookup.closest()))
    fills, spare = (set(map(id, found)) for found in lookup.ranked())
    return tuple(
        CandidateView(
            c.addr,
            c.id,
            bits(c),
            c.hop,
            c.state,
            c.outcome.status if c.outcome else None,
            id(c) in closest,
            c.outcome.rtt if c.outcome else None,
            c.outcome is not None and c.outcome.token is not None,
            len(c.outcome.nodes) if c.outcome else 0,
            c.outcome.peers if c.outcome else (),
            c.outcome.seq if c.outcome else None,
            c.outcome.version if c.outcome else None,
            c.outcome.note if c.outcome else None,
            lookup.distrust(c),
            c.named,
            "fills" if id(c) in fills else "spare" if id(c) in spare else "",
        )
        for c in lookup.candidates
    )
