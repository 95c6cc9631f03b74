"""Why the policy of a lookup treated a node as it did: how it came to be asked, or why it never was."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from ..engine.candidates import MISLEADING
from ..engine.snapshot import CandidateView, LookupDetail, StepView
from ..engine.wire.compact import Addr
from ..report import safe_text
from .course import LIES, answering, came_back

Reason = Literal["", "opening", "reserve", "instead", "too near", "crowd", "silent", "twin"]
"""It opened the lookup; known from before, kept in reserve; in place of a silent one of its /24; too near for who
named it; too near for the size of the network; silent of late; another node of its /24 is in the lookup."""

_BEGINNINGS: tuple[tuple[str, Reason], ...] = (
    ("known from before, kept in reserve", "reserve"),
    ("known from before", "opening"),
    ("in place of", "instead"),
    ("too near: a crowd", "crowd"),
    ("too near", "too near"),
    ("silent to", "silent"),
    ("a node of the same /24", "twin"),
)
"""How the engine's notes on candidates begin."""
_FROM_THE_START = frozenset(("opening", "reserve", "instead", "too near"))


def reason(note: str) -> Reason:
    """The reason that a candidate's note gives; empty where it tells of something else."""
    return next((why for beginning, why in _BEGINNINGS if note.startswith(beginning)), "")


def known_when_asked(note: str) -> bool:
    """Whether a note was true before its node had answered anything."""
    return reason(note) in _FROM_THE_START


def too_near(node: CandidateView) -> bool:
    """Whether it fills no place among the closest as long as there are others: it is most likely made up."""
    return reason(node.note) in ("too near", "crowd")


def reasons(detail: LookupDetail) -> dict[Addr, Reason]:
    """The reason for each node that was treated unlike others."""
    return {node.addr: why for node in detail.candidates if (why := reason(node.note))}


@dataclass(frozen=True, slots=True)
class Origin:
    """How a node came to be asked."""

    sign: str
    """The number of the query that named it; ``op`` opened the lookup, ``kn`` was known from the start, ``bs`` is a
    bootstrap host, ``·`` is not known. At most 3 cells."""
    doubted: bool
    """Whether it is distrusted: too near, or named by one who misled."""
    words: str
    """All that in words, safe to print."""


def origins(detail: LookupDetail) -> list[Origin]:
    """The origin of each query in `steps`."""
    notes = {node.addr: node.note for node in detail.candidates}
    opened = {step.addr for step in detail.steps if step.sent <= detail.steps[0].sent}
    answered, misled = answering(detail), _misled(detail)
    lied = {step.addr for step in detail.steps if step.result in LIES}
    found = []
    for place, step in enumerate(detail.steps):
        note = notes.get(step.addr, "")
        sign, words = _came(step, note, answered, step.addr in opened)
        by_liar = step.parent in lied
        doubted = reason(note) == "too near" or place in misled or by_liar
        if reason(note) == "instead":
            words += f", {safe_text(note, 60)}"
        if reason(note) == "too near":
            words += ", distrusted: too near, who named it can hardly know of it"
        if by_liar:
            words += ", for want of a better one: the value that it gave does not hold"
        elif place in misled:
            words += f", for want of a better one: {misled[place]} others from there were silent"
        found.append(Origin(sign, doubted, words))
    return found


def _came(step: StepView, note: str, answered: dict[Addr, int], opened: bool) -> tuple[str, str]:
    if step.parent is not None and step.parent in answered:
        number = answered[step.parent] + 1
        return str(number), f"named by query {number}"
    if step.parent is not None:
        return "·", "named by a node that is not known"
    if step.id is None:
        return "bs", "a bootstrap host, of which only the address is known"
    if opened:
        rtt = note.removeprefix("known from before").partition(":")[0] if reason(note) == "opening" else ""
        return "op", f"it opened the lookup{safe_text(rtt, 20)}"
    if reason(note) == "reserve":
        return "kn", "known from before, kept in reserve until nobody else was left"
    return "kn", "known from the start"


def _misled(detail: LookupDetail) -> dict[int, int]:
    """Queries to nodes whose referrer misled by then: their places in `steps`, and how many it named were silent."""
    by_parent: defaultdict[Addr, list[int]] = defaultdict(list)
    for place, step in enumerate(detail.steps):
        if step.parent is not None:
            by_parent[step.parent].append(place)
    found = {}
    for places in by_parent.values():
        named = [detail.steps[place] for place in places]
        silent = sorted(at for step in named if not step.again and (at := _silent_since(step)) is not None)
        alive = {step.addr: step.ended for step in reversed(named) if came_back(step) and step.ended is not None}
        answered = sorted(alive.values())
        for place, step in zip(places, named, strict=True):
            missing = bisect_left(silent, step.sent)
            if not step.again and missing >= MISLEADING * max(1, bisect_right(answered, step.sent)):
                found[place] = missing
    return found


def _silent_since(step: StepView) -> float | None:
    """When a query was found to be silent, or was answered under another id."""
    if step.stalled is not None:
        return step.stalled
    return None if step.result == "refused" or came_back(step) else step.ended
