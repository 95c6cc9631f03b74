"""What a lookup cost in packets, and how much of it was for nothing."""

from __future__ import annotations

from dataclasses import dataclass

from ..engine.snapshot import LookupDetail
from .course import helped, responded, too_late


@dataclass(frozen=True, slots=True)
class Cost:
    """Packets of a lookup."""

    queries: int
    answers: int
    """Errors included."""
    dead: int
    """Queries that nothing came back for."""
    wasted: int
    """Answers that were of no use: errors, those that came too late, those that led to nothing."""

    @property
    def packets(self) -> int:
        """Sent and received."""
        return self.queries + self.answers


def cost(detail: LookupDetail) -> Cost:
    """Adds it up. An answer was of use if it brought peers or a value, is among the closest, or led to a query."""
    view, steps = detail.view, detail.steps
    closest = {candidate.addr for candidate in detail.candidates if candidate.closest}
    led = {step.parent for step in steps}
    answers = [step for step in steps if responded(step)]
    useful = sum(
        helped(step)
        and not too_late(step, view.elapsed)
        and bool(step.peers or step.item or step.addr in closest or step.addr in led)
        for step in answers
    )
    waiting = sum(step.ended is None for step in steps) if view.running else 0
    return Cost(len(steps), len(answers), len(steps) - len(answers) - waiting, len(answers) - useful)


def holders(detail: LookupDetail) -> tuple[int, int]:
    """How many of the closest nodes gave peers or a value, and how many the closest are."""
    gave = {step.addr for step in detail.steps if step.item or step.peers}
    closest = [candidate for candidate in detail.candidates if candidate.closest]
    return sum(candidate.addr in gave for candidate in closest), len(closest)
