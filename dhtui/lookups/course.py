"""What became of each query of a lookup, and the words and signs for it."""

from __future__ import annotations

from typing import Literal

from ..engine.snapshot import CandidateView, LookupDetail, StepView
from ..engine.wire import ids
from ..engine.wire.compact import Addr
from ..report import safe_text
from ..widgets.paint import Span

Fate = Literal["gave", "answered", "refused", "silent", "stalled", "waiting"]

MARKS: dict[Fate, Span] = {
    "gave": ("◆", "accent"),
    "answered": ("✓", "good"),
    "refused": ("!", "bad"),
    "silent": ("✗", "bad"),
    "stalled": ("~", "warn"),
    "waiting": ("…", "plain"),
}
"""Gave peers or a value; answered; refused, or an answer that counts for nothing; no answer; late; under way."""

OVERTAKEN = "»"
"""The sign where nearer answers took a query's slot: one cell in every terminal."""
LIES = frozenset(("bad signature", "bad value"))
"""Results of nodes whose value does not hold: whom they named has to wait."""
_REFUSED = LIES | {"refused", "wrong id"}
_SILENT = frozenset(("timed out", "send failed", "blocked", "cancelled"))


def fate(step: StepView) -> Fate:
    """What became of a query."""
    if step.ended is None:
        return "waiting" if step.stalled is None else "stalled"
    if step.result in _SILENT:
        return "silent"
    if step.result in _REFUSED:
        return "refused"
    return "gave" if step.peers or step.item else "answered"


def responded(step: StepView) -> bool:
    """Whether anything came back, an error included."""
    return step.ended is not None and step.result not in _SILENT


def helped(step: StepView) -> bool:
    """Whether its answer counted: no error, from the node that was asked, and without a value that does not hold."""
    return fate(step) in ("gave", "answered")


def candidate_fate(candidate: CandidateView) -> Fate | None:
    """What became of a candidate; `None` while it has not been asked."""
    if candidate.state == "answered":
        if candidate.result in _REFUSED:
            return "refused"
        return "gave" if candidate.peers or candidate.result in ("value", "older value") else "answered"
    if candidate.state == "failed":
        return "refused" if candidate.result in _REFUSED else "silent"
    if candidate.state in ("untried", "passed over"):
        return None
    return "stalled" if candidate.state == "silent so far" else "waiting"


def distance_of(node_id: bytes | None, target: bytes) -> int | None:
    """The XOR distance of a node to the target, if its id is known."""
    return None if node_id is None else int.from_bytes(node_id, "big") ^ int.from_bytes(target, "big")


def bits_of(node_id: bytes | None, target: bytes) -> float | None:
    """`ids.bits` of its distance to the target; `None` while its id is unknown."""
    distance = distance_of(node_id, target)
    return None if distance is None else ids.bits(distance)


def end_of(step: StepView, elapsed: float) -> float:
    """When it was over, or the end of the lookup if that came first: seconds since the lookup began."""
    return elapsed if step.ended is None else min(step.ended, elapsed)


def too_late(step: StepView, elapsed: float) -> bool:
    """Whether its answer came when the lookup was over."""
    return responded(step) and end_of(step, elapsed) < (step.ended or 0.0)


def answering(detail: LookupDetail) -> dict[Addr, int]:
    """The place in `steps` of the query that each node answered first."""
    found: dict[Addr, int] = {}
    for place, step in enumerate(detail.steps):
        if responded(step):
            found.setdefault(step.addr, place)
    return found


def span_words(seconds: float | None) -> str:
    """A time within a lookup: ``3.4 ms``, ``412 ms``, ``1.24 s``, ``12.3 s``; ``–`` for `None`."""
    if seconds is None:
        return "–"
    if seconds < 0.9995:
        thousandths = seconds * 1000
        return "0 ms" if not thousandths else f"{thousandths:.{1 if thousandths < 9.95 else 0}f} ms"
    return f"{seconds:.{2 if seconds < 9.995 else 1}f} s"


def gave_words(step: StepView) -> str:
    """What an answer brought, or what became of the query instead; at most 12 characters."""
    match fate(step):
        case "gave" | "answered":
            parts = [f"{step.nodes}n"] if step.nodes else []
            parts += [f"{step.peers}p"] if step.peers else []
            parts += ["value" if step.item == "immutable" else safe_text(step.item, 9)] if step.item else []
            return safe_text(" ".join(parts) or "nothing", 12)
        case "refused":
            return f"error {step.code}" if step.code is not None else safe_text(step.result, 13)
        case "silent":
            return safe_text(step.result, 11)
        case "stalled":
            return "late"
        case _:
            return ""
