"""The findings of an operation so far, and the outcome made from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..items import Item, MutableItem
from ..outcome import NodeOutcome, Outcome, Scrape, Status
from ..wire.bloom import count, union
from ..wire.compact import Addr
from ..wire.methods import GivenScrape
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


def scrape_of(closest: Iterable[NodeOutcome]) -> Scrape | None:
    """How many peers the bloom filters of the closest nodes hold together; `None` if they gave none (BEP 33)."""
    given = [part for node in closest for part in node.given if isinstance(part, GivenScrape)]
    usable = [part for part in given if part.seeds is not None or part.downloaders is not None]
    if not usable:
        return None
    # A single filter of ones would make any union say "very many": what tells nothing is left out.
    fit = [part for part in usable if not any(data and count(data).high is None for data in part)]
    chosen = fit or usable
    return Scrape(
        seeds=count(union(part.seeds for part in chosen if part.seeds)),
        downloaders=count(union(part.downloaders for part in chosen if part.downloaders)),
        nodes=len(chosen),
        too_full=len(usable) - len(fit),
    )


def with_age(outcome: NodeOutcome, highest: int | None) -> NodeOutcome:
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
    asked, closest = tuple(asked), tuple(closest)
    seqs = [o.item.seq for o in asked if isinstance(o.item, MutableItem)]
    highest = max(seqs) if seqs else None
    return Outcome(
        action=action,
        target=target,
        asked=tuple(with_age(o, highest) for o in asked),
        closest=tuple(with_age(o, highest) for o in closest),
        item=found.item,
        peers=tuple((found.peers or Counter()).most_common()),
        scrape=scrape_of(closest),
        elapsed=elapsed,
        stopped=stopped,
        highest_seen=highest,
    )
