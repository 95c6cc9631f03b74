"""What one node was in the lookups that are remembered: who named it, and what it gave."""

from __future__ import annotations

from typing import NamedTuple

from ..engine.views.snapshot import LookupDetail, LookupView, StepView
from ..engine.wire.compact import Addr
from .query_status import QueryStatus, decisive, gave_words, query_status


class Role(NamedTuple):
    """A node in a lookup."""

    view: LookupView
    place: int
    """From 1 on, by distance."""
    bits: float | None
    closest: bool
    step: StepView | None
    """The query that counts; `None`: it was not asked."""
    status: QueryStatus
    gave: str
    """What came of it, at most 12 characters; safe to print."""


def role_in(detail: LookupDetail, addr: Addr) -> Role | None:
    """The part of a node in a lookup; `None` if it had none."""
    for place, node in enumerate(detail.candidates, 1):
        if node.addr == addr:
            step = decisive(detail).get(addr)
            status = QueryStatus.UNASKED if step is None else query_status(step, detail.view)
            gave = "not asked" if step is None else gave_words(step, detail.view)
            return Role(detail.view, place, node.bits, node.closest, step, status, gave)
    return None
