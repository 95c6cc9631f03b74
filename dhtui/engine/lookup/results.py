"""What an operation has found so far, and the outcome that comes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..items import Item, MutableItem
from ..outcome import NodeOutcome, Outcome, Status
from ..wire.compact import Addr
from .validate import Question


@dataclass(slots=True)
class Found:
    """What answers gave so far."""

    item: Item | None = None
    peers: Counter[Addr] | None = None

    def take(self, outcome: NodeOutcome, at_least: int | None) -> bool:
        """Count one answer; whether it brought something new."""
        new = False
        if outcome.peers:
            self.peers = self.peers or Counter()
            new = any(peer not in self.peers for peer in outcome.peers)
            self.peers.update(outcome.peers)
        item = outcome.item
        if item is not None and _newer(item, self.item) and (at_least is None or _seq(item) >= at_least):
            self.item, new = item, True
        return new

    def words(self) -> str:
        """What was found, in words."""
        if isinstance(self.item, MutableItem):
            return f"value, seq {self.item.seq}"
        if self.item is not None:
            return "value"
        return f"{len(self.peers)} peers" if self.peers else ""


def _seq(item: Item) -> int:
    return item.seq if isinstance(item, MutableItem) else 0


def _newer(item: Item, best: Item | None) -> bool:
    return best is None or _seq(item) > _seq(best)


def _with_age(outcome: NodeOutcome, highest: int | None) -> NodeOutcome:
    """The same outcome, its value marked as older where the operation saw a newer one."""
    if outcome.status is Status.VALUE and highest is not None and (outcome.seq or 0) < highest:
        return replace(outcome, status=Status.OLDER)
    return outcome


def outcome_of(
    question: Question,
    asked: Iterable[NodeOutcome],
    closest: Iterable[NodeOutcome],
    found: Found,
    elapsed: float,
    why: str,
) -> Outcome:
    asked = tuple(asked)
    seqs = [o.item.seq for o in asked if isinstance(o.item, MutableItem)]
    highest = max(seqs) if seqs else None
    return Outcome(
        action=question.kind,
        target=question.target or None,
        asked=tuple(_with_age(o, highest) for o in asked),
        closest=tuple(_with_age(o, highest) for o in closest),
        item=found.item,
        peers=tuple((found.peers or Counter()).most_common()),
        elapsed=elapsed,
        why=why,
        highest_seen=highest,
    )
