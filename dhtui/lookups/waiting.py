"""Where the time of a lookup went: into round trips, into waiting for the silent, or into nothing at all."""

from __future__ import annotations

from dataclasses import dataclass

from ..engine.snapshot import LookupDetail
from .course import end_of, fate, responded, too_late


@dataclass(frozen=True, slots=True)
class Waiting:
    """Seconds of a lookup by what it was waiting for; they add up to its length."""

    answers: float
    """At least one query was under way that was answered in time, or may yet be."""
    silence: float
    """Only queries were under way that were not."""
    idle: float
    """No query was under way."""
    silent: int
    """How many nodes the silence was due to."""


def waiting(detail: LookupDetail) -> Waiting:
    """Adds up what a lookup was waiting for, from its start to its end, or until now."""
    elapsed = detail.view.elapsed
    turns: list[tuple[float, int, int]] = []
    silent = set()
    for place, step in enumerate(detail.steps):
        end = end_of(step, elapsed)
        if end > step.sent:
            turns += [(step.sent, 1, place), (end, -1, place)]
        if too_late(step, elapsed) or not (responded(step) or (detail.view.running and fate(step) == "waiting")):
            silent.add(place)
    answers = silence = idle = since = 0.0
    under_way: set[int] = set()
    hopeful = 0
    blamed: set[object] = set()
    for at, turn, place in [*sorted(turns), (elapsed, 0, -1)]:
        length = min(at, elapsed) - since
        if length > 0:
            if hopeful:
                answers += length
            elif under_way:
                silence += length
                blamed |= {detail.steps[waited].addr for waited in under_way}
            else:
                idle += length
            since = min(at, elapsed)
        if place in silent:
            under_way.symmetric_difference_update((place,))
        else:
            hopeful += turn
    return Waiting(answers, silence, idle, len(blamed))
