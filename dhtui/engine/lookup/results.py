"""The findings of an operation so far, and the outcome made from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..items import Item, MutableItem
from ..outcome import NodeOutcome, Outcome, Status
from ..wire.compact import Addr
from .decisions import Found, FoundKind, StopReason


@dataclass(slots=True)
class Findings:
    """The contents of the answers so far."""

    item: Item | None = None
    peers: Counter[Addr] | None = None

    def found(self) -> Found | None:
        """What was found, in numbers; `None` for nothing."""
        return found_of(self.item, len(self.peers or ()))


def found_of(item: Item | None, peers: int) -> Found | None:
    """What was found, in numbers; `None` for nothing."""
    if isinstance(item, MutableItem):
        return Found(FoundKind.MUTABLE, item.seq, peers)
    if item is not None:
        return Found(FoundKind.IMMUTABLE, None, peers)
    return Found(FoundKind.PEERS, None, peers) if peers else None


def _with_age(outcome: NodeOutcome, highest: int | None) -> NodeOutcome:
    """The same outcome, its value marked as older if the operation saw a newer one."""
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
    stopped: StopReason,
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
        stopped=stopped,
        highest_seen=highest,
    )
