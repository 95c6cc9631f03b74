"""Validation of answers, before any other code uses them."""

from __future__ import annotations

from dataclasses import replace

from ..outcome import NodeOutcome, Status
from ..queries import InFlight
from ..wire.faults import Note
from ..wire.krpc import ErrorReply, Response
from .questions import Question

__all__ = ["behind", "unanswered", "validate_response"]


def unanswered(query: InFlight, now: float, *, ended: bool = False) -> NodeOutcome:
    """The outcome of a node without an answer: timed out, or cancelled if its operation has `ended`."""
    status: Status = Status.CANCELLED if ended else Status.TIMED_OUT
    note: Note | None = None
    if query.failure:
        status, note = Status.SEND_FAILED, query.failure
    elif query.trouble is not None:
        status, note = query.trouble, query.unreadable
    elif query.given_up:
        status, note = Status.CANCELLED, query.given_up
    return NodeOutcome(
        addr=query.addr,
        id=query.expected,
        status=status,
        note=note,
        waited=None if query.failure else now - query.sent_at,
        came_from=query.came_from if status is Status.ELSEWHERE else None,
    )


def validate_response(
    question: Question | None, query: InFlight, answer: Response | ErrorReply | None, now: float
) -> NodeOutcome:
    """The outcome at one node. `question` is `None` for a write, which any response confirms."""
    if answer is None:
        return unanswered(query, now)
    rtt = query.rtt
    if isinstance(answer, ErrorReply):
        return NodeOutcome(
            addr=query.addr,
            id=query.expected,
            status=Status.REFUSED,
            rtt=rtt,
            code=answer.code,
            message=answer.message,
            version=answer.version,
            external=answer.external,
        )
    outcome = NodeOutcome(
        addr=query.addr,
        id=answer.id,
        status=Status.STORED if question is None else Status.ANSWERED,
        rtt=rtt,
        nodes=answer.nodes,
        token=answer.token,
        version=answer.version,
        external=answer.external,
        given=answer.given,
        faults=answer.faults,
    )
    if question is None:
        # The node that gave the token has to confirm: another node at its address did not store this write.
        renamed = query.expected is not None and answer.id != query.expected
        return replace(outcome, status=Status.WRONG_ID, token=None) if renamed else outcome
    return question.validate(answer, outcome)


def behind(first: NodeOutcome, second: NodeOutcome) -> NodeOutcome:
    """The outcome of a node that was queried twice: the second answer counts if it is better."""
    if not second.responded or second.status in (first.status, Status.BAD_VALUE, Status.BAD_SIGNATURE, Status.REFUSED):
        return first
    nodes = tuple(dict.fromkeys((*first.nodes, *second.nodes)))
    return replace(second, rtt=first.rtt, nodes=nodes, token=second.token or first.token, behind=first.status)
