"""What became of each query and node of a lookup: seven facts, one word and one sign each, for all that shows them.

A query was answered in time, answered late, or with what is no answer to it, or met silence, or was cancelled; or it
is waited for; or nothing was sent. An answer in time has a sign of its own where it found something, and where it
counts for nothing.
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
    """What became of a query, or of a node, in the word for it."""

    FOUND = "found"
    """Answered, with peers or a value."""
    ANSWERED = "answered"
    ERROR = "error"
    """Answered with what counts for nothing: an error, or a bad value."""
    LATE = "late"
    """Answered when the lookup was over: it counts for nothing."""
    UNUSABLE = "unusable"
    """Something came, but no answer to it: what can't be read, belongs to no query, or came from elsewhere."""
    SILENT = "silent"
    """No answer in all the time that it had."""
    CANCELLED = "cancelled"
    """No answer, but not all of its time either: the lookup was over first, or others needed its room."""
    WAITING = "waiting"
    UNASKED = "not asked"
    """Nothing was sent, or the system would not send it."""


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
"""The signs of the facts, in the order of a legend."""

IN_TIME = frozenset((QueryStatus.FOUND, QueryStatus.ANSWERED, QueryStatus.ERROR))
STALLED, OVERTAKEN, AGAIN = "┄", "»", "↻"
"""What happened to a query on the way: it was silent for so long that another node got its slot; nearer answers took
its slot; it is the second one to its node. One cell in every terminal."""
LIES = frozenset((Status.BAD_SIGNATURE, Status.BAD_VALUE))
"""Results of nodes whose value does not hold: whom they named has to wait."""
_ERRORS = LIES | {Status.REFUSED, Status.WRONG_ID}
_UNSENT = NOT_SENT | {Status.SEND_FAILED}


def responded(step: StepView) -> bool:
    """Whether anything came back, an error included, in time or late."""
    return step.ended is not None and step.result not in UNANSWERED


def query_status(step: StepView, view: LookupView) -> QueryStatus:
    """What became of a query of that lookup, by the end of the lookup."""
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
    """How many queries had which fate; but for those not asked they add up to the queries that were sent."""
    return Counter(query_status(step, detail.view) for step in detail.steps)


def sent(fates: Counter[QueryStatus]) -> int:
    """How many queries were sent: what the system would not send was not."""
    return fates.total() - fates[QueryStatus.UNASKED]


def helped(step: StepView, view: LookupView) -> bool:
    """Whether its answer counted: in time, no error, and without a value that does not hold."""
    return query_status(step, view) in (QueryStatus.FOUND, QueryStatus.ANSWERED)


def decisive(detail: LookupDetail) -> dict[Addr, StepView]:
    """Of each node that was asked the query that its fate is told by: the one whose answer counted, else the last."""
    found: dict[Addr, StepView] = {}
    for step in detail.steps:
        other = found.get(step.addr)
        if other is None or not responded(other) or (responded(step) and _before(step, other, detail.view)):
            found[step.addr] = step
    return found


def _before(step: StepView, other: StepView, view: LookupView) -> bool:
    """Whether an answer counted rather than another one of the same node: the first one that helped did."""
    return (not helped(step, view), step.ended or 0.0) < (not helped(other, view), other.ended or 0.0)


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


def answering(detail: LookupDetail) -> dict[Addr, int]:
    """The place in `steps` of the query whose answer counted, of each node that answered in time."""
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
    """What an answer brought, or what became of the query instead; at most 12 characters."""
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
