"""The questions of lookups and of queries to named nodes: their arguments, the check of answers, and when they are
done.

One class for each kind. The callers (`running`, `operations.direct`) depend on none of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal, NamedTuple, TypeAlias, get_args

from ..items import MAX_VALUE, Draft, ImmutableItem, Item, MutableItem, immutable_target, mutable_target
from ..outcome import NodeOutcome, Status
from ..wire.faults import Fault, Note, NoteKind
from ..wire.free import MadeQuery
from ..wire.krpc import Response
from ..wire.methods import Args, FindNode, Get, GetPeers, GivenItem, Ping, SampleInfohashes
from .results import Findings

LookupKind: TypeAlias = Literal["find_node", "get_peers", "get", "sample_infohashes"]
Kind: TypeAlias = Literal["ping"] | LookupKind


@dataclass(frozen=True, slots=True)
class Question(ABC):
    """A question, about a target."""

    kind: ClassVar[Kind | Literal["query"]]
    """The RPC method, which also names its lookups; ``query`` of one that was made by hand."""
    target: bytes = b""
    """20 bytes; empty if it has none."""

    @abstractmethod
    def args(self, own: bytes) -> Args | MadeQuery:
        """The query to send, from our id."""

    def validate(self, answer: Response, outcome: NodeOutcome) -> NodeOutcome:
        """The outcome with the checked contents of a node's answer. `outcome` already has the answer and its
        referrals."""
        return outcome

    def merge(self, findings: Findings, outcome: NodeOutcome) -> bool:
        """Add the contents of an answer to those of others. Returns whether anything is new."""
        return False

    def done(self, findings: Findings) -> bool:
        """Whether no other node can give a better result."""
        return False

    def again(self, outcome: NodeOutcome) -> Question | None:
        """A second query to a node whose first answer may hide a better one; mostly `None`."""
        return None


@dataclass(frozen=True, slots=True)
class PingNode(Question):
    """Whether a node is there (BEP 5)."""

    kind = "ping"

    def args(self, own: bytes) -> Args:
        """A ping."""
        return Ping(own)


@dataclass(frozen=True, slots=True)
class FindClosest(Question):
    """Which nodes are closest to the target (BEP 5)."""

    kind = "find_node"

    def args(self, own: bytes) -> Args:
        """A find_node."""
        return FindNode(own, self.target)


@dataclass(frozen=True, slots=True)
class FindPeers(Question):
    """Which peers an infohash has (BEP 5)."""

    kind = "get_peers"

    scrape: bool = False
    """Ask for the bloom filters too (BEP 33)."""
    noseed: bool = False
    """Ask for peers that are no seeds (BEP 33)."""

    def args(self, own: bytes) -> Args:
        """A get_peers."""
        return GetPeers(own, self.target, self.noseed, self.scrape)

    def validate(self, answer: Response, outcome: NodeOutcome) -> NodeOutcome:
        """Its peers."""
        return replace(outcome, status=Status.PEERS, peers=answer.peers) if answer.peers else outcome

    def merge(self, findings: Findings, outcome: NodeOutcome) -> bool:
        """Count the nodes that name each peer; a peer is new if no other node named it before."""
        if not outcome.peers:
            return False
        peers = findings.peers = findings.peers or Counter()
        new = any(peer not in peers for peer in outcome.peers)
        peers.update(outcome.peers)
        return new


@dataclass(frozen=True, slots=True)
class SampleNodes(Question):
    """Some of the infohashes that a node stores (BEP 51). The target has no effect on them, only on the referrals."""

    kind = "sample_infohashes"

    def args(self, own: bytes) -> Args:
        """A sample_infohashes."""
        return SampleInfohashes(own, self.target)


@dataclass(frozen=True, slots=True)
class GetItem(Question):
    """Which item is stored at the target (BEP 44)."""

    kind = "get"

    salt: bytes = b""
    newer_than: int | None = None
    """The ``seq`` of the query: only items with a higher seq are sent (BEP 44)."""
    blind: bool = False
    """Only the target is known, not the public key: an item under another salt than ours may be the right one."""
    mutable: bool | None = None
    """Whether the item is mutable; `None` if that is not known."""
    at_least: int | None = None
    """An item with a lower seq is shown at its node, but is not the result."""

    def args(self, own: bytes) -> Args:
        """A get."""
        return Get(own, self.target, self.newer_than)

    def validate(self, answer: Response, outcome: NodeOutcome) -> NodeOutcome:
        """Its item, if that is genuine."""
        given = answer.item
        if given.seq is not None:
            outcome = replace(outcome, seq=given.seq)
        if given.v is None:
            if Fault.VALUE_REFUSED in answer.faults:
                return replace(outcome, status=Status.BAD_VALUE, note=Note(NoteKind.NOT_CANONICAL))
            return outcome
        item = self._verified(given.v, given)
        if isinstance(item, _NoItem):
            return replace(outcome, status=item.status, note=Note(item.kind, item.number))
        return replace(outcome, status=Status.VALUE, item=item, seq=item.seq if isinstance(item, MutableItem) else None)

    def merge(self, findings: Findings, outcome: NodeOutcome) -> bool:
        """Take an item that is newer than the one found before."""
        item = outcome.item
        if item is None or (findings.item is not None and _seq(item) <= _seq(findings.item)):
            return False
        if self.at_least is not None and _seq(item) < self.at_least:
            return False
        findings.item = item
        return True

    def done(self, findings: Findings) -> bool:
        """An immutable value that hashes to the target needs no second opinion."""
        return isinstance(findings.item, ImmutableItem)

    def again(self, outcome: NodeOutcome) -> Question | None:
        """A node may store an unsigned value under the target of a mutable item, and give that for a plain get. A get
        with ``seq`` makes it give the signed one."""
        if self.mutable is False or self.newer_than is not None:
            return None
        return replace(self, newer_than=0) if outcome.status in (Status.BAD_VALUE, Status.BAD_SIGNATURE) else None

    def _verified(self, v: bytes, given: GivenItem) -> Item | _NoItem:
        """The item in an answer, or why it is none (BEP 44: by hash, or by key, salt and signature)."""
        if len(v) > MAX_VALUE:
            return _NoItem(Status.BAD_VALUE, NoteKind.TOO_LONG, len(v))
        if not self.mutable and immutable_target(v) == self.target:
            return ImmutableItem(v)
        if given.k is None or given.sig is None:
            return _NoItem(Status.BAD_VALUE, NoteKind.UNSIGNED if self.mutable else NoteKind.WRONG_HASH)
        if mutable_target(given.k, self.salt) != self.target:
            return self._of_another()
        # An implementation that leaves seq out (one is known) can only be right about items of seq 0.
        item = MutableItem(v, given.k, given.sig, given.seq or 0, self.salt)
        return item if item.seq >= 0 and item.verify() else _NoItem(Status.BAD_SIGNATURE, NoteKind.FORGED)

    def _of_another(self) -> _NoItem:
        """A mutable item whose key and salt don't hash to the target: of another key, or under a salt that is unknown
        here."""
        if not self.blind:
            return _NoItem(Status.BAD_VALUE, NoteKind.WRONG_KEY)
        return _NoItem(Status.UNPROVED, NoteKind.WRONG_SALT if self.salt else NoteKind.NO_SALT)


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeQuestion(Question):
    """A query that the user made by hand, for named nodes only. Any answer will do."""

    kind = "query"

    made: MadeQuery

    def args(self, own: bytes) -> MadeQuery:
        """That query, which has our id already."""
        return self.made


QUESTIONS: Final[dict[Kind, type[Question]]] = {
    question.kind: question for question in (PingNode, FindClosest, FindPeers, GetItem, SampleNodes)
}
"""The kinds of questions, in the order in which they are shown."""
LOOKUP_KINDS: Final[tuple[LookupKind, ...]] = get_args(LookupKind)
"""Those that have a target, and so can be asked of whatever nodes are nearest to it."""


class _NoItem(NamedTuple):
    """Why an answer holds no valid item."""

    status: Status
    kind: NoteKind
    number: int | None = None


def _seq(item: Item) -> int:
    return item.seq if isinstance(item, MutableItem) else 0


def question_about(what: ImmutableItem | MutableItem | Draft) -> GetItem:
    """The question of the lookup before a store."""
    if isinstance(what, ImmutableItem):
        return GetItem(what.target, mutable=False)
    return GetItem(what.target, what.salt, mutable=True)
