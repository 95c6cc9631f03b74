"""Conflicts of two writers of one key: whether a put met another writer's, and which values exist now. Pure.

A node refuses a put that compares with a seq it does not hold (301) or that is not newer (302); but some confirm a put
that they don't store. A refusal alone proves nothing, because any node can refuse. The proof of a conflict is a value
signed with the same key, not ours, and as new as ours or newer than the one that ours was made from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from ..engine.items import Draft, ImmutableItem, Item, MutableItem
from ..engine.keys import PrivateKey
from ..engine.outcome import NodeOutcome, Outcome, Status
from ..engine.wire.codes import CAS_MISMATCH, SEQ_TOO_LOW
from ..engine.wire.compact import Addr

NOTHING = -1
"""The base seq if there was no value yet."""
MAX_THEIRS = 8


class Conflict(NamedTuple):
    """A put that met another writer's: the three values, and the result of ours."""

    yours: bytes
    """The value that was to be put, bencoded."""
    seq: int | None
    """The seq that it was signed with; `None` if it was neither signed nor put."""
    theirs: tuple[MutableItem, ...]
    """The other values, newest first, at most 8. More than one if several writers met."""
    base: MutableItem | None
    """The value that ours was made from; `None` if there was none, or it is not known."""
    stored: int
    """How many nodes stored ours."""
    refused: int
    """How many nodes refused ours with 301 or 302."""

    @property
    def newest(self) -> int:
        """The highest seq in the network: the base of the next attempt."""
        return max([item.seq for item in self.theirs] + ([self.seq] if self.seq is not None and self.stored else []))


class Whose(StrEnum):
    """The writer of a conflicting value. The value is its words."""

    THEIRS = "theirs"
    YOURS = "yours, put earlier"
    LIKELY_YOURS = "likely yours, put earlier"
    """It has the seq that is recorded as the last one put from here; the value of that put is not known."""


def whose(item: MutableItem, earlier: Iterable[Item], noted: int | None) -> Whose:
    """The writer of a value. `earlier` are the known items put from here; `noted` is the last seq put from here under
    the key and salt of the item."""
    seqs = [one for one in earlier if isinstance(one, MutableItem) and (one.target, one.seq) == (item.target, item.seq)]
    if any(one.v == item.v for one in seqs):
        return Whose.YOURS
    return Whose.LIKELY_YOURS if item.seq == noted and not seqs else Whose.THEIRS


def refusers(outcome: Outcome) -> tuple[Addr, ...]:
    """The nodes that refused a put with 301 or 302: those to read again, to see what they hold.

    None of an immutable item: under its hash nothing else can be in the way, whatever a node says.
    """
    if isinstance(outcome.item, ImmutableItem):
        return ()
    return tuple(node.addr for node in outcome.writes if _refused(node))


def to_read_again(outcome: Outcome, remotes: Sequence[Addr] | None) -> tuple[Sequence[Addr] | None, ...]:
    """The nodes to read after a put: all (`None`: a lookup) and the `refusers`, or only the nodes named.

    Another writer's put may have come after our lookup. A confirmation proves nothing: libtorrent confirms a second
    value under one seq, and keeps the first. And the other put may have reached other nodes than ours.
    """
    addrs = refusers(outcome)
    if not (outcome.stored or addrs):
        return ()
    return (remotes,) if remotes is not None or not addrs else (None, addrs)


def conflict_of(
    outcome: Outcome,
    yours: bytes,
    *,
    base: MutableItem | None = None,
    base_seq: int | None = None,
    again: Sequence[Outcome] = (),
) -> Conflict | None:
    """The conflict of a put, or `None`. `yours` is the value to be put, bencoded.

    `base_seq` is that of `base`, `NOTHING` if there was none, `None` if there was no lookup; then only values as new as
    ours count. `again` are the gets after the put, see `to_read_again`.
    """
    put = outcome.item if isinstance(outcome.item, MutableItem) else None
    known = base.seq if base is not None else base_seq
    if known is None and put is None:
        return None
    floor = known + 1 if known is not None else put.seq if put is not None else 0
    seen = _values(node for one in (outcome, *again) for node in one.asked)
    theirs = [item for item in seen if item.v != yours and item.seq >= floor]
    if not theirs:
        return None
    return Conflict(
        yours=yours,
        seq=None if put is None else put.seq,
        theirs=_newest(theirs),
        base=base,
        stored=outcome.stored,
        refused=len(refusers(outcome)),
    )


def retry(conflict: Conflict, v: bytes, key: PrivateKey, salt: bytes = b"") -> Draft:
    """A put of `v` that replaces all values of the conflict; newer ones give a new conflict."""
    return Draft(v, key, salt, base=conflict.newest, known=conflict.newest)


def reread(conflict: Conflict, now: Outcome) -> Conflict:
    """The same conflict, with the findings of a later get. Earlier findings still count: nodes may have left."""
    items = (*conflict.theirs, *(node.item for node in now.asked if isinstance(node.item, MutableItem)))
    theirs = [item for item in _best(items) if item.v != conflict.yours]
    return conflict._replace(theirs=_newest(theirs))


def _newest(items: Iterable[MutableItem]) -> tuple[MutableItem, ...]:
    return tuple(sorted(items, key=lambda item: -item.seq)[:MAX_THEIRS])


def _values(nodes: Iterable[NodeOutcome]) -> list[MutableItem]:
    return _best(node.item for node in nodes if isinstance(node.item, MutableItem))


def _best(items: Iterable[MutableItem]) -> list[MutableItem]:
    """The distinct values among verified items, each with the highest seq that it was seen under."""
    best: dict[bytes, MutableItem] = {}
    for item in items:
        if item.v not in best or item.seq > best[item.v].seq:
            best[item.v] = item
    return list(best.values())


def _refused(node: NodeOutcome) -> bool:
    return node.status is Status.REFUSED and node.code in (CAS_MISMATCH, SEQ_TOO_LOW)
