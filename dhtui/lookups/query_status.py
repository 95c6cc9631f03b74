"""The status of each query and node of a lookup: one word and one sign for each status, used by all views.

A query was answered in time, answered late, answered unusably, timed out or cancelled; or it is in flight; or nothing
was sent. An answer in time has a sign of its own if it found something, and if it does not count.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum

from ..engine.lookup.decisions import Found, FoundKind
from ..engine.outcome import NOT_SENT, UNANSWERED, UNUSABLE, Status
from ..engine.views.snapshot import LookupDetail, LookupView, StepView
from ..engine.wire import ids
from ..engine.wire.compact import Addr
from ..text.safe import safe_text
from ..text.spans import Span


class QueryStatus(StrEnum):
    """The status of a query or of a node. The value is its word."""

    FOUND = "found"
    """Answered, with peers or a value."""
    ANSWERED = "answered"
    ERROR = "error"
    """Answered, but it does not count: an error, or an invalid value."""
    LATE = "late"
    """Answered after the end of the lookup: it does not count."""
    UNUSABLE = "unusable"
    """No valid answer: unreadable, under another transaction id, or from another address."""
    SILENT = "silent"
    """Timed out."""
    CANCELLED = "cancelled"
    """No answer before it was given up: the lookup was over first, or others needed its room."""
    WAITING = "waiting"
    UNASKED = "not asked"
    """Nothing was sent."""


MARKS: dict[QueryStatus, Span] = {
    QueryStatus.ANSWERED: ("✓", "good"),
    QueryStatus.FOUND: ("◆", "accent"),
    QueryStatus.ERROR: ("!", "bad"),
    QueryStatus.LATE: ("□", "warn"),
    QueryStatus.UNUSABLE: ("≠", "warn"),
    QueryStatus.SILENT: ("✗", "bad"),
    QueryStatus.CANCELLED: ("–", "dim"),
    QueryStatus.WAITING: ("…", "plain"),
    QueryStatus.UNASKED: ("·", "dim"),
}
"""The signs of the statuses, in the order of a legend."""

IN_TIME = frozenset((QueryStatus.FOUND, QueryStatus.ANSWERED, QueryStatus.ERROR))
STALLED, OVERTAKEN, AGAIN = "┄", "»", "↻"
"""Signs of a query's events: it stalled; it was superseded by nearer responders; it is the second one to its node. Each
takes one cell in every terminal."""
LIES = frozenset((Status.BAD_SIGNATURE, Status.BAD_VALUE))
"""Results of nodes that gave an invalid value: their referrals have to wait."""
_ERRORS = LIES | {Status.REFUSED, Status.WRONG_ID}
_UNSENT = NOT_SENT | {Status.SEND_FAILED}


def mark_of(status: Status) -> Span:
    """The sign of what became of a query outside a lookup's own views: ✓ for all that is an answer and counts."""
    if status in _UNSENT:
        return MARKS[QueryStatus.UNASKED]
    if status in UNUSABLE:
        return MARKS[QueryStatus.UNUSABLE]
    if status in _ERRORS or status is Status.NO_TOKEN:
        return MARKS[QueryStatus.ERROR]
    if status is Status.CANCELLED:
        return MARKS[QueryStatus.CANCELLED]
    return MARKS[QueryStatus.SILENT if status is Status.TIMED_OUT else QueryStatus.ANSWERED]


def responded(step: StepView) -> bool:
    """Whether it was answered, in time or late, errors included."""
    return step.ended is not None and step.result not in UNANSWERED


def query_status(step: StepView, view: LookupView) -> QueryStatus:
    """The status of a query at the end of its lookup."""
    if step.result in _UNSENT:
        return QueryStatus.UNASKED
    if step.ended is None:
        return QueryStatus.WAITING if view.running else QueryStatus.CANCELLED
    if step.result in UNUSABLE:
        return QueryStatus.UNUSABLE
    if step.late or (step.ended > view.elapsed and not view.running):
        return QueryStatus.LATE if responded(step) else QueryStatus.CANCELLED
    if step.result in _ERRORS:
        return QueryStatus.ERROR
    if not responded(step):
        return QueryStatus.CANCELLED if step.result is Status.CANCELLED else QueryStatus.SILENT
    return QueryStatus.ANSWERED if step.found is None else QueryStatus.FOUND


def counts(detail: LookupDetail) -> Counter[QueryStatus]:
    """How many queries had each status. Without those not asked they add up to the queries sent."""
    return Counter(query_status(step, detail.view) for step in detail.steps)


def sent(fates: Counter[QueryStatus]) -> int:
    """How many queries were sent, without those that the system did not send."""
    return fates.total() - fates[QueryStatus.UNASKED]


def helped(step: StepView, view: LookupView) -> bool:
    """Whether its answer counted: in time, no error, and no invalid value."""
    return query_status(step, view) in (QueryStatus.FOUND, QueryStatus.ANSWERED)


def decisive(detail: LookupDetail) -> dict[Addr, StepView]:
    """For each queried node the query that gives its status: the one whose answer counted, else the last."""
    found: dict[Addr, StepView] = {}
    for step in detail.steps:
        other = found.get(step.addr)
        if other is None or not responded(other) or (responded(step) and _before(step, other, detail.view)):
            found[step.addr] = step
    return found


def _before(step: StepView, other: StepView, view: LookupView) -> bool:
    """Whether `step` counts rather than `other`, of the same node: the first one that helped counts."""
    return (not helped(step, view), step.ended or 0.0) < (not helped(other, view), other.ended or 0.0)


def distance_of(node_id: bytes | None, target: bytes) -> int | None:
    """The XOR distance of a node to the target, if its id is known."""
    return None if node_id is None else int.from_bytes(node_id, "big") ^ int.from_bytes(target, "big")


def bits_of(node_id: bytes | None, target: bytes) -> float | None:
    """`ids.bits` of its distance to the target; `None` while its id is unknown."""
    distance = distance_of(node_id, target)
    return None if distance is None else ids.bits(distance)


def end_of(step: StepView, elapsed: float) -> float:
    """Its end, or that of the lookup if that came first: seconds since the lookup began."""
    return elapsed if step.ended is None else min(step.ended, elapsed)


def answering(detail: LookupDetail) -> dict[Addr, int]:
    """The index in `steps` of the query whose answer counted, for each node that answered in time."""
    counted = decisive(detail)
    return {
        step.addr: place
        for place, step in enumerate(detail.steps)
        if step is counted[step.addr] and responded(step) and query_status(step, detail.view) in IN_TIME
    }


def span_words(seconds: float | None) -> str:
    """A time within a lookup: ``3.4 ms``, ``412 ms``, ``1.24 s``, ``12.3 s``; ``–`` for `None`."""
    if seconds is None:
        return "–"
    if seconds < 0.9995:
        thousandths = seconds * 1000
        return "0 ms" if not thousandths else f"{thousandths:.{1 if thousandths < 9.95 else 0}f} ms"
    return f"{seconds:.{2 if seconds < 9.995 else 1}f} s"


def _item(found: Found) -> str:
    return "value" if found.kind is FoundKind.IMMUTABLE else f"seq {found.seq}"


def gave_words(step: StepView, view: LookupView) -> str:
    """The finding of an answer, or else the status of the query; at most 12 characters."""
    result = step.result or ""
    match query_status(step, view):
        case QueryStatus.FOUND | QueryStatus.ANSWERED:
            parts = [f"{step.nodes}n"] if step.nodes else []
            if step.found is not None:
                parts += [f"{step.found.peers}p"] if step.found.peers else []
                parts += [] if step.found.kind is FoundKind.PEERS else [_item(step.found)]
            return safe_text(" ".join(parts) or "nothing", 12)
        case QueryStatus.ERROR:
            return f"error {step.code}" if step.code is not None else safe_text(result, 13)
        case QueryStatus.UNUSABLE | QueryStatus.UNASKED:
            return safe_text(result, 12)
        case QueryStatus.WAITING:
            return "overtaken" if step.overtaken is not None else "stalled" if step.stalled is not None else ""
        case other:
            return other.value
