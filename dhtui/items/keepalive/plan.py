"""When an item is checked, and where it is put again. Pure: times in, decisions out.

BEP 44 has items put once an hour, and not at all while more than 8 copies are seen and the 8 closest nodes have the
newest. That is the only rule if others put the item. About our own puts we know more: a node keeps an item for two
hours from its last put. So until our copies expire, only those of the closest nodes are written to that lack the item;
and all of them are written to before our copies would expire between two checks.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from random import Random
from typing import NamedTuple

from ...engine.items import Item, MutableItem
from ...engine.outcome import NodeOutcome, Outcome, Status
from ...engine.wire.compact import Addr
from ...text.actions.keeping import CheckNote, CheckWhy

INTERVAL = (3000.0, 3540.0)
"""Seconds from one check to the next, at random. Two of them and `MARGIN` are less than `LIFETIME`."""
RETRY = (300.0, 600.0)
"""The same after a failed check."""
AVERAGE = sum(INTERVAL) / 2
"""Seconds."""
LIFETIME = 7200.0
"""Seconds that nodes keep an item after its last put (BEP 44)."""
MARGIN = 90.0
"""Seconds that a check may take, or be late."""
ENOUGH = 8
"""With more copies than this, and all of the closest nodes among the holders, no put is needed (BEP 44)."""


class CheckVerdict(StrEnum):
    """The result of a check."""

    ENOUGH = "enough copies"
    TOPPED_UP = "put where it was missing"
    PUT = "put"
    FAILED = "failed"


class Check(NamedTuple):
    """One check of an item."""

    at: float
    """Seconds since 1970."""
    verdict: CheckVerdict
    copies: int = 0
    """How many nodes held the newest one before any put."""
    stored: int = 0
    tried: int = 0
    """How many nodes were written to."""
    note: CheckNote | None = None
    """Why it came to that, where there is something to say."""


class KeptItem(NamedTuple):
    """An item that is kept alive."""

    item: Item
    added: float
    """Seconds since 1970, like all times here."""
    due: float
    """The time of its next check."""
    put_at: float | None = None
    """When we last wrote to all of the closest nodes."""
    paused: bool = False
    last: Check | None = None

    @property
    def target(self) -> bytes:
        """20 bytes: there is one item a target."""
        return self.item.target


class Decision(NamedTuple):
    """An item, and the nodes to put it to."""

    item: Item
    """The newest known one: the network may have a newer one than the list."""
    where: frozenset[Addr]
    verdict: CheckVerdict
    copies: int
    note: CheckNote | None = None


def begin(item: Item, now: float, rng: Random, *, put: bool) -> KeptItem:
    """A new kept item; `put` if it has just been put by us."""
    return KeptItem(item=item, added=now, due=now + rng.uniform(*INTERVAL) if put else now, put_at=now if put else None)


def spread(items: Iterable[tuple[Item, bool]], now: float) -> list[KeptItem]:
    """New kept items, each with whether it has just been put by us: those are due evenly until an average `INTERVAL`
    is over, when the first of them is due again; the others at once."""
    all_of_them = list(items)
    step = AVERAGE / max(1, len(all_of_them))
    return [
        KeptItem(item=item, added=now, due=now + (place * step if put else 0.0), put_at=now if put else None)
        for place, (item, put) in enumerate(all_of_them, 1)
    ]


def is_due(kept: KeptItem, now: float, early: float = 0.0) -> bool:
    """Whether it is due now, or within `early` seconds. A due time too far in the future means that the clock was set
    back."""
    return not kept.paused and (kept.due <= now + early or kept.due > now + INTERVAL[1])


def paused(kept: KeptItem, pause: bool, now: float) -> KeptItem:
    """The item, paused, or resumed and due at once."""
    return kept._replace(paused=pause, due=kept.due if pause else now)


def newest(one: Item, other: Item | None) -> Item:
    """The item with the higher seq; `one`, if they have the same."""
    if isinstance(one, MutableItem) and isinstance(other, MutableItem) and other.seq > one.seq:
        return other
    return one


def replaces(item: Item, kept: Item, *, put: bool) -> bool:
    """Whether an item replaces a kept one: a newer one does, the same one, and with the same seq the one that the user
    has `put` last."""
    if item == kept:
        return True
    return newest(item, kept) is item if put else newest(kept, item) is item


def decide(kept: KeptItem, found: Outcome, now: float) -> Decision:
    """The decision after a complete lookup of the item's target."""
    item = newest(kept.item, found.item)
    writable = [node for node in found.closest if node.token is not None]
    missing = frozenset(node.addr for node in writable if not _holds(node, item))
    copies = sum(_holds(node, item) for node in found.asked)
    if _outlives(kept, now):
        verdict = CheckVerdict.TOPPED_UP if missing else CheckVerdict.ENOUGH
        return Decision(item, missing, verdict, copies, _rivals(found, item))
    if _kept_by_others(kept, now) and copies > ENOUGH and not missing and writable:
        return Decision(item, missing, CheckVerdict.ENOUGH, copies, CheckNote(CheckWhy.OTHERS))
    return Decision(item, frozenset(node.addr for node in writable), CheckVerdict.PUT, copies, _rivals(found, item))


def after(kept: KeptItem, decision: Decision, outcome: Outcome, now: float, rng: Random) -> KeptItem:
    """The item after a check, with the time of the next one. `outcome` is that of the puts."""
    verdict, note = decision.verdict, decision.note
    written = [node for node in outcome.writes if node.addr in decision.where]
    stored = sum(node.addr in decision.where for node in outcome.writes if node.status is Status.STORED)
    if not outcome.complete:
        verdict, note = CheckVerdict.FAILED, CheckNote(CheckWhy.GIVEN_UP)
    elif (decision.where and not stored) or not outcome.closest:
        verdict, note = CheckVerdict.FAILED, note or CheckNote.of(outcome)
    check = Check(at=now, verdict=verdict, copies=decision.copies, stored=stored, tried=len(written), note=note)
    put_at = now if verdict is CheckVerdict.PUT else kept.put_at
    due = now + rng.uniform(*(RETRY if verdict is CheckVerdict.FAILED else INTERVAL))
    return kept._replace(item=decision.item, due=due, put_at=put_at, last=check)


def failed(kept: KeptItem, why: CheckNote, now: float, rng: Random) -> KeptItem:
    """The item after a check that failed."""
    return kept._replace(due=now + rng.uniform(*RETRY), last=Check(at=now, verdict=CheckVerdict.FAILED, note=why))


def _outlives(kept: KeptItem, now: float) -> bool:
    """Whether the copies that we put will still exist at the next check, at its latest."""
    return kept.put_at is not None and kept.put_at <= now and now + INTERVAL[1] + MARGIN < kept.put_at + LIFETIME


def _kept_by_others(kept: KeptItem, now: float) -> bool:
    """Whether the copies seen must be those of others: we never put it, or our copies have expired."""
    return kept.put_at is None or now >= kept.put_at + LIFETIME


def _holds(node: NodeOutcome, item: Item) -> bool:
    held = node.item
    if isinstance(held, MutableItem) and isinstance(item, MutableItem):
        return (held.seq, held.v) == (item.seq, item.v)
    return held is not None and held.v == item.v


def _rivals(found: Outcome, item: Item) -> CheckNote | None:
    """Whether there is another value under the same seq."""
    if not isinstance(item, MutableItem):
        return None
    rivals = sum(
        isinstance(node.item, MutableItem) and node.item.seq == item.seq and node.item.v != item.v
        for node in found.asked
    )
    return CheckNote(CheckWhy.RIVALS, rivals) if rivals else None
