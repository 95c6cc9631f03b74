"""Judging an answer: what a node gave us, checked before anybody else sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..items import MAX_VALUE, Draft, ImmutableItem, Item, MutableItem, immutable_target, mutable_target
from ..outcome import NodeOutcome, Status
from ..queries import InFlight
from ..wire.krpc import Args, ErrorReply, FindNode, Get, GetPeers, Ping, Response

__all__ = ["Question", "behind", "in_the_way", "looking_behind", "question_about", "unanswered", "validate_response"]


@dataclass(frozen=True, slots=True)
class Question:
    """What a lookup, or a query to a named node, wants to know."""

    kind: str
    """``ping``, ``find_node``, ``get_peers`` or ``get``."""
    target: bytes = b""
    salt: bytes = b""
    newer_than: int | None = None
    """get: the filter of BEP 44, only items with a higher seq are sent."""
    blind: bool = False
    """get: only the target is known, not whose item it is: one under another salt than ours may be the true one."""
    mutable: bool | None = None
    """get: whether the item is mutable, where that is known."""

    def args(self, own: bytes) -> Args:
        """The query to send, from our id."""
        match self.kind:
            case "ping":
                return Ping(own)
            case "find_node":
                return FindNode(own, self.target)
            case "get_peers":
                return GetPeers(own, self.target)
            case _:
                return Get(own, self.target, self.newer_than)


def question_about(what: ImmutableItem | MutableItem | Draft) -> Question:
    """What is there before something is stored."""
    if isinstance(what, ImmutableItem):
        return Question("get", what.target, mutable=False)
    return Question("get", what.target, what.salt, mutable=True)


def unanswered(query: InFlight, now: float, *, ended: bool = False) -> NodeOutcome:
    """What is known of a node that gave no answer: in all of its time, or until now where its operation has `ended`."""
    status, note = Status.CANCELLED if ended else Status.TIMED_OUT, ""
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
    """What happened at one node. `question` is `None` for a write, which any response confirms."""
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
        peers=answer.peers,
        seq=answer.seq,
        token=answer.token,
        version=answer.version,
        external=answer.external,
        faults=answer.faults,
    )
    if question is None:
        # Who gave the token has to confirm: another node at its address has stored something else, or nothing.
        renamed = query.expected is not None and answer.id != query.expected
        return replace(outcome, status=Status.WRONG_ID, token=None) if renamed else outcome
    if question.kind == "ping":
        return outcome
    if question.kind == "get_peers" and answer.peers:
        return replace(outcome, status=Status.PEERS)
    if question.kind == "get":
        return _judge_item(question, answer, outcome)
    return outcome


def _judge_item(question: Question, answer: Response, outcome: NodeOutcome) -> NodeOutcome:
    if answer.v is None:
        if "value refused: the answer is not canonical" in answer.faults:
            return replace(outcome, status=Status.BAD_VALUE, note="the answer is not canonical bencode")
        return outcome
    item = _verified(question, answer)
    if isinstance(item, _Fault):
        return replace(outcome, status=item.status, note=item.note)
    return replace(outcome, status=Status.VALUE, item=item, seq=item.seq if isinstance(item, MutableItem) else None)


def in_the_way(question: Question | None, outcome: NodeOutcome) -> bool:
    """Whether what a node gave may stand in the way of a signed item that it has, so that it is asked once more.

    A store may hold a value without a signature under the target of a mutable item, and give that to a plain get. A
    ``seq`` in the get makes it give what is signed.
    """
    if question is None or question.kind != "get" or question.mutable is False or question.newer_than is not None:
        return False
    return outcome.status in (Status.BAD_VALUE, Status.BAD_SIGNATURE)


def looking_behind(question: Question) -> Question:
    """The question for what is signed."""
    return replace(question, newer_than=0)


def behind(first: NodeOutcome, second: NodeOutcome) -> NodeOutcome:
    """What a node has whose first answer stood in the way: the second decides, if it is any better."""
    if not second.responded or second.status in (first.status, Status.BAD_VALUE, Status.BAD_SIGNATURE, Status.REFUSED):
        return first
    nodes = tuple(dict.fromkeys((*first.nodes, *second.nodes)))
    return replace(second, rtt=first.rtt, nodes=nodes, token=second.token or first.token, behind=first.status)


@dataclass(frozen=True, slots=True)
class _Fault:
    """Why what a node gave does not count as the item."""

    status: Status
    note: str


def _verified(question: Question, answer: Response) -> Item | _Fault:
    """The item in an answer, or why it is none (BEP 44: by hash, or by key, salt and signature)."""
    v = answer.v
    assert v is not None
    if len(v) > MAX_VALUE:
        return _Fault(Status.BAD_VALUE, f"the value has {len(v)} bytes, more than {MAX_VALUE}")
    if not question.mutable and immutable_target(v) == question.target:
        return ImmutableItem(v)
    if answer.k is None or answer.sig is None:
        unsigned = "the value has no signature" if question.mutable else "the value does not hash to the target"
        return _Fault(Status.BAD_VALUE, unsigned)
    if mutable_target(answer.k, question.salt) != question.target:
        return _of_another(question)
    # A store that leaves seq out (one is known) can only be right about items of seq 0.
    item = MutableItem(v, answer.k, answer.sig, answer.seq or 0, question.salt)
    return item if item.seq >= 0 and item.verify() else _Fault(Status.BAD_SIGNATURE, "the signature does not hold")


def _of_another(question: Question) -> _Fault:
    """A mutable item that is not at home here: of another key, or under another salt, which only its owner knows."""
    if not question.blind:
        return _Fault(Status.BAD_VALUE, "the public key and salt do not hash to the target")
    if question.salt:
        return _Fault(Status.UNPROVED, "its public key and this salt do not hash to the target: it needs another salt")
    return _Fault(Status.UNPROVED, "it needs a salt")
