"""Which queries of a lookup were overtaken: so many nearer nodes had answered that they held no slot any more."""

from __future__ import annotations

from itertools import islice
from math import inf

from ..engine.snapshot import LookupDetail
from ..engine.wire.compact import Addr
from ..engine.wire.ids import ID_BITS
from .course import came_back, distance_of, helped
from .moment import never_counting
from .reasons import too_near

OVERTAKEN = "»"
"""The sign for it: one cell in every terminal."""


def overtaken(detail: LookupDetail) -> dict[int, float]:
    """When each query lost its slot to nearer answers: its place in `steps`, and seconds since the lookup began.

    Queries count against alpha from the nearest node on, until k nodes that answered have been passed: that of a node
    is overtaken at the moment when the k-th nearer one answers. Left out are those that were over by then, and those
    that had stalled, for they held no slot. Who is too near counts for nothing: so it was judged at last, as no detail
    of a lookup tells when.
    """
    target, answers = detail.view.target, _answers(detail)
    # Where a node was asked twice, either answer ends both.
    over: dict[Addr, float] = {}
    for step in detail.steps:
        if came_back(step) and step.ended is not None:
            over[step.addr] = min(over.get(step.addr, inf), step.ended)
    found: dict[int, float] = {}
    for place, step in enumerate(detail.steps):
        distance = distance_of(step.id, target)
        far = 1 << ID_BITS if distance is None else distance
        nearer = (at for at, other in answers if other < far)
        at = next(islice(nearer, max(0, detail.k - 1), None), inf)
        held = min(inf if end is None else end for end in (step.stalled, step.ended, over.get(step.addr)))
        # What is sent at that very moment was sent before the answer: behind k answers nobody is asked.
        if step.sent <= at < held:
            found[place] = at
    return found


def _answers(detail: LookupDetail) -> list[tuple[float, int]]:
    """When each node first answered that may be one of the closest, and its distance; in the order of time."""
    never = never_counting(detail)
    may = {
        node.addr
        for node in detail.candidates
        if node.state == "answered" and node.addr not in never and not too_near(node)
    }
    first: dict[Addr, tuple[float, int]] = {}
    for step in detail.steps:
        distance = distance_of(step.id, detail.view.target)
        if step.addr not in may or not helped(step) or step.ended is None or distance is None:
            continue
        if step.ended <= detail.view.elapsed:
            first[step.addr] = min(first.get(step.addr, (inf, 0)), (step.ended, distance))
    return sorted(first.values())
