"""The critical path of a lookup: the chain of referrals that led to its end, and the least time of this path."""

from __future__ import annotations

from ..engine.lookup.decisions import FoundKind
from ..engine.views.snapshot import LookupDetail, StepView
from .query_status import QueryStatus, answering, query_status


def goal(detail: LookupDetail) -> int | None:
    """The index in `steps` of the query that decided when the lookup was over; `None` before any answer.

    That is the one that brought the value, if the lookup ended with it; else the last of the closest to answer.
    """
    steps, elapsed = detail.steps, detail.view.elapsed
    found = [
        place
        for place, step in enumerate(steps)
        if query_status(step, detail.view) is QueryStatus.FOUND
        and step.found is not None
        and step.found.kind is not FoundKind.PEERS
    ]
    if found and not detail.view.running:
        first = min(found, key=lambda place: steps[place].ended or 0.0)
        if (steps[first].ended or 0.0) >= elapsed:
            return first
    answered = answering(detail)
    closest = [answered[c.addr] for c in detail.candidates if c.closest and c.addr in answered]
    return max(closest, key=lambda place: steps[place].ended or 0.0, default=None)


def critical_path(detail: LookupDetail) -> tuple[int, ...]:
    """The queries from the start of the lookup to its `goal`, as indexes in `steps`."""
    place, answered = goal(detail), answering(detail)
    path: list[int] = []
    while place is not None and place not in path:  # a damaged recording could hold a cycle
        path.append(place)
        parent = detail.steps[place].parent
        place = None if parent is None else answered.get(parent)
    return tuple(reversed(path))


def round_trip(step: StepView) -> float:
    """Seconds from the query to its answer; 0 while there is none."""
    return 0.0 if step.ended is None else max(0.0, step.ended - step.sent)


def floor(detail: LookupDetail, path: tuple[int, ...]) -> float:
    """The sum of the round trips on a path: no lookup that goes this way can be quicker. Seconds."""
    return sum(round_trip(detail.steps[place]) for place in path)
