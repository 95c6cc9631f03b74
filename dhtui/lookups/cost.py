"""The cost of a lookup in packets, and how much of it was of no use."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ..engine.views.snapshot import LookupDetail
from .query_status import IN_TIME, QueryStatus, counts, helped, query_status, sent


@dataclass(frozen=True, slots=True)
class Cost:
    """Packets of a lookup."""

    fates: Counter[QueryStatus]
    """How many queries had each status."""
    idle: int
    """Answers in time that were of no use: errors, and those without an effect on the result."""

    @property
    def queries(self) -> int:
        """Queries sent, second ones included."""
        return sent(self.fates)

    @property
    def answers(self) -> int:
        """Answers in time, errors included."""
        return sum(self.fates[query_status] for query_status in IN_TIME)

    @property
    def packets(self) -> int:
        """Packets sent and received until the end."""
        return self.queries + self.answers


def cost(detail: LookupDetail) -> Cost:
    """The cost of a lookup. An answer is of use if it brought peers or a value, is among the closest, or led to a
    query."""
    view, steps = detail.view, detail.steps
    closest = {candidate.addr for candidate in detail.candidates if candidate.closest}
    led = {step.parent for step in steps}
    answers = [step for step in steps if query_status(step, view) in IN_TIME]
    useful = sum(
        helped(step, view) and (step.found is not None or step.addr in closest or step.addr in led) for step in answers
    )
    return Cost(counts(detail), len(answers) - useful)


def holders(detail: LookupDetail) -> tuple[int, int]:
    """How many of the closest nodes gave peers or a value, and how many closest nodes there are."""
    gave = {step.addr for step in detail.steps if query_status(step, detail.view) is QueryStatus.FOUND}
    closest = [candidate for candidate in detail.candidates if candidate.closest]
    return sum(candidate.addr in gave for candidate in closest), len(closest)
