"""What an operation has found so far, and the outcome that comes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..items import Item, MutableItem
from ..outcome import NodeOutcome, Outcome, Status
from ..wire.compact import Addr


@dataclass(slots=True)
class Findings:
    """What answers gave so far."""

    item: Item | None = None
    peers: Counter[Addr] | None = None

    def words(self) -> str:
        """What was found, in words."""
        if isinstance(self.item, MutableItem):
            return f"value, seq {self.item.seq}"
        if self.item is not None:
            return "value"
        return f"{len(self.peers)} peers" if self.peers else ""


def _with_age(outcome: NodeOutcome, highest: int | None) -> NodeOutcome:
    """The same outcome, its value marked as older where the operation saw a newer one."""
    if outcome.status is Status.VALUE and highest is not None and (outcome.seq or 0) < highest:
        return replace(outcome, status=Status.OLDER)
    return outcome


def outcome_of(
    action: str,
    target: bytes | None,
    asked: Iterable[NodeOutcome],
    closest: Iterable[NodeOutcome],
    found: Findings,
    elapsed: float,
    why: str,
) -> Outcome:
    asked = tuple(asked)
    seqs = [o.item.seq for o in asked if isinstance(o.item, MutableItem)]
    highest = max(seqs) if seqs else None
    return Outcome(
        action=action,
        target=target,
        asked=tuple(_with_age(o, highest) for o in asked),
        closest=tuple(_with_age(o, highest) for o in closest),
        item=found.item,
        peers=tuple((found.peers or Counter()).most_common()),
        elapsed=elapsed,
        why=why,
        highest_seen=highest,
    )
