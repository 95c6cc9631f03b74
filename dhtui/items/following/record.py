"""What is known about one item over time. Pure: outcomes and times in, records out.

All times are seconds since 1970. Every item in a record was verified by the lookup that brought it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from ...engine.items import Item, MutableItem
from ...engine.outcome import Outcome, Status

LOOKS = 48
"""Looks that are remembered of one item."""
VERSIONS = 16
"""Values that are remembered of one item."""
HOLDERS = 24
"""Ids that are remembered of those that held it at the last look, and of those that did not."""


class By(StrEnum):
    """Where a value came from."""

    US = "us"
    """We put it, in this run."""
    OTHER = "another"
    """It replaced another value, and we did not put it."""
    FOUND = "found"
    """It was there when the item was first looked for."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at an item."""

    at: float
    copies: int | None
    """How many nodes held the newest value, after any put; `None`: nobody answered."""


@dataclass(frozen=True, slots=True)
class Version:
    """A value of an item, and when it was first seen."""

    at: float
    item: Item
    by: By


@dataclass(frozen=True, slots=True)
class Watch:
    """An item is looked for every so often."""

    every: float
    """Seconds from the end of a look to the next one."""
    due: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """One item over time."""

    target: bytes
    """20 bytes."""
    public: bytes | None = None
    """Whose it is, 32 bytes; `None`: not known, or an immutable one."""
    salt: bytes = b""
    mine: bool = False
    """We put it, in this run."""
    put_at: float | None = None
    """When we last put it, in this run."""
    watch: Watch | None = None
    looks: tuple[Look, ...] = ()
    """Oldest first; at most `LOOKS`."""
    versions: tuple[Version, ...] = ()
    """Oldest first; at most `VERSIONS`."""
    given: Item | None = None
    """What nodes gave at the last look; `None`: nobody gave anything."""
    holders: tuple[bytes, ...] = ()
    """Ids of the nodes that held the newest value at the last look."""
    others: tuple[bytes, ...] = ()
    """Ids of the nodes nearest to the target that did not."""
    unseen: int = 0
    """Changes that the user has not looked at."""

    @property
    def item(self) -> Item | None:
        """The newest value that was ever seen."""
        return self.versions[-1].item if self.versions else None


def newer(before: Item | None, now: Item | None) -> Item | None:
    """The newest of two: that of the higher seq, the later one where they have the same."""
    if now is None or before is None:
        return now or before
    older = isinstance(before, MutableItem) and isinstance(now, MutableItem) and now.seq < before.seq
    return before if older else now


def put(record: Followed, outcome: Outcome, now: float) -> Followed:
    """The record after a put of ours; as it was, if no node stored it."""
    item = outcome.item
    if item is None or not outcome.stored:
        return record
    record = replace(record, mine=True, put_at=now, given=item)
    return _looked(_with(record, item, By.US, now), item, outcome, now)


def seen(record: Followed, outcome: Outcome, now: float) -> tuple[Followed, bool]:
    """The record after a look, and whether what nodes give has changed since the one before.

    A look that was stopped shows nothing, nor does one that nobody answered, or that liars may have misled. What was
    never looked for before can't have changed.
    """
    if not outcome.complete:
        return record, False
    if not outcome.answered or (outcome.item is None and outcome.doubt is not None):
        return replace(record, looks=_with_look(record.looks, Look(now, None))), False
    found = outcome.item
    changed = bool(record.versions or record.looks) and found != record.given
    by = By.OTHER if record.versions else By.FOUND
    if found is not None and newer(record.item, found) is found and found != record.item:
        record = _with(record, found, by, now)
    changes = record.unseen + (1 if changed else 0)
    return _looked(replace(record, given=found, unseen=changes), record.item, outcome, now), changed


def _with(record: Followed, item: Item, by: By, now: float) -> Followed:
    """With another newest value."""
    if record.item == item:
        return record
    who = (item.k, item.salt) if isinstance(item, MutableItem) else (record.public, record.salt)
    versions = (*record.versions, Version(now, item, by))[-VERSIONS:]
    return replace(record, public=who[0], salt=who[1], versions=versions)


def _looked(record: Followed, item: Item | None, outcome: Outcome, now: float) -> Followed:
    """With the copies of `item` that an outcome shows: those that were read, and those that were written."""
    wrote = {node.addr for node in outcome.writes if node.status is Status.STORED}
    ids = {node.addr: node.id for node in (*outcome.asked, *outcome.writes)}
    held = wrote | {node.addr for node in outcome.asked if item is not None and _same(node.item, item)}
    holders = tuple(dict.fromkeys(node_id for addr, node_id in ids.items() if addr in held and node_id is not None))
    near = (node.id for node in outcome.closest if node.addr not in held and node.id is not None)
    looks = _with_look(record.looks, Look(now, len(held)))
    return replace(record, looks=looks, holders=holders[:HOLDERS], others=tuple(near)[:HOLDERS])


def _same(held: Item | None, item: Item) -> bool:
    if isinstance(held, MutableItem) and isinstance(item, MutableItem):
        return (held.seq, held.v) == (item.seq, item.v)
    return held is not None and held.v == item.v


def _with_look(looks: tuple[Look, ...], look: Look) -> tuple[Look, ...]:
    return (*looks, look)[-LOOKS:]
