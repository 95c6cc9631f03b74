"""Judging an answer: what a node gave us, checked before anybody else sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .items import MAX_VALUE, ImmutableItem, Item, MutableItem, immutable_target, mutable_target
from .outcome import NodeOutcome, Status
from .queries import InFlight
from .wire.krpc import Args, ErrorReply, FindNode, Get, GetPeers, Ping, Response

__all__ = ["Question", "judge", "unanswered"]


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


def unanswered(query: InFlight, status: Status, note: str = "") -> NodeOutcome:
    """What happened at a node that gave no answer."""
    return NodeOutcome(addr=query.addr, id=query.expected, status=status, note=note)


def judge(question: Question | None, query: InFlight, answer: Response | ErrorReply | None, now: float) -> NodeOutcome:
    """What happened at one node. `question` is `None` for a write, which any response confirms."""
    if answer is None:
        if query.gave_way:
            return unanswered(query, Status.CANCELLED, "it was silent, and gave way to other queries before its time")
        return unanswered(query, Status.SEND_FAILED if query.failure else Status.TIMED_OUT, query.failure)
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
    if immutable_target(v) == question.target:
        return ImmutableItem(v)
    if answer.k is None or answer.sig is None:
        return _Fault(Status.BAD_VALUE, "the value does not hash to the target")
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
    return _Fault(Status.UNPROVED, "a mutable item that needs a salt")
