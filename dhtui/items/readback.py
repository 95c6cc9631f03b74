"""Read-back of a put: whether a get that starts elsewhere finds the item, and which nodes hold it. Pure.

The confirmation of a node proves little. A publisher needs to know whether the get of an unrelated node finds the
value. So it is looked up again, from distant nodes and none of those written to. Nodes that this lookup does not reach
are then queried directly: those that confirmed the store, and the next nearest.

In Kademlia only the nearest nodes store an item. So it is normal that no other node holds it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from ..engine.items import Item, MutableItem
from ..engine.outcome import NOT_SENT, UNUSABLE, NodeOutcome, Outcome, Status
from ..engine.wire.compact import Addr
from ..engine.wire.ids import distance


class Gives(StrEnum):
    """The answer of a node to the read-back."""

    IT = "gives it"
    OLDER = "gives an older value"
    NEWER = "gives a newer value"
    RIVAL = "gives another value with the same seq"
    FORGED = "gives a value that is not genuine"
    NOTHING = "gives nothing"
    REFUSED = "refuses"
    SILENT = "no answer"
    """Timed out."""
    CANCELLED = "cancelled"
    """The read-back ended before its hard deadline: whether it would have answered is not known."""
    NOT_ASKED = "not asked"
    """Nothing was sent."""
    UNUSABLE = "no usable answer"
    """It answered from another address, under another transaction id, or unreadably."""


_UNHEARD = (Gives.SILENT, Gives.CANCELLED, Gives.NOT_ASKED, Gives.UNUSABLE)


class Copy(NamedTuple):
    """One node that was read."""

    node: NodeOutcome
    gives: Gives
    acknowledged: bool
    """Whether it confirmed the store of the item."""
    written: bool
    """Whether the item was written to it."""
    found: bool
    """Whether the lookup reached it; else it was queried directly."""


class ReadBack(NamedTuple):
    """The result of a read-back."""

    item: Item
    """The item that was put."""
    copies: tuple[Copy, ...]
    """Every node that was read, nearest to the target first."""
    lookup: Outcome
    """The lookup from elsewhere."""
    complete: bool = True
    """Whether it ran to its end, and was not given up before."""

    @property
    def ok(self) -> bool:
        """Whether a lookup gets the item: it was found, and no value that counts as newer."""
        if not self.complete:
            return False
        reading = [copy.gives for copy in self.copies if copy.found]
        return Gives.IT in reading and Gives.NEWER not in reading and Gives.RIVAL not in reading

    def count(self, gives: Gives, **where: bool) -> int:
        """How many nodes gave that answer, of those with these field values: ``count(Gives.IT, acknowledged=True)``."""
        return sum(
            copy.gives is gives and all(getattr(copy, name) is wanted for name, wanted in where.items())
            for copy in self.copies
        )

    @property
    def acknowledged(self) -> int:
        """How many nodes confirmed the store."""
        return sum(copy.acknowledged for copy in self.copies)

    @property
    def others(self) -> int:
        """How many nodes give it without having confirmed the store: they had it before, or others put it there."""
        return self.count(Gives.IT, acknowledged=False)

    @property
    def strangers(self) -> int:
        """How many nodes answered the lookup that were not written to."""
        return sum(copy.found and not copy.written and copy.node.responded for copy in self.copies)

    @property
    def held(self) -> int:
        """How many of the nodes that confirmed the store give it."""
        return self.count(Gives.IT, acknowledged=True)

    @property
    def newer(self) -> int | None:
        """The highest seq of the newer ones that the lookup found; `None` if there are none."""
        newer = [copy.node.item for copy in self.copies if copy.found and copy.gives is Gives.NEWER]
        return max((item.seq for item in newer if isinstance(item, MutableItem)), default=None)

    @property
    def rivals(self) -> int:
        """How many nodes gave the lookup another value with the same seq."""
        return self.count(Gives.RIVAL, found=True)

    @property
    def unheard(self) -> dict[str, int]:
        """How many nodes confirmed the store but gave no answer, by the kind of silence: it is not known what they
        hold."""
        counts = {str(gives): self.count(gives, acknowledged=True) for gives in _UNHEARD}
        return {gives: count for gives, count in counts.items() if count}


def to_ask(put: Outcome, lookup: Outcome, own: bytes, k: int) -> tuple[Addr, ...]:
    """The nodes to query directly after the lookup: those that confirmed the store and gave no answer, and the nearest
    others, also those that the lookup did not wait for.

    They are among the `2 * k` nearest of all nodes that were named. `own` is our id, which is left out.
    """
    target = lookup.target or b""
    heard = {node.addr for node in lookup.asked if node.responded}
    missing = [node.addr for node in put.writes if node.status is Status.STORED and node.addr not in heard]
    named = {node for one in lookup.asked for node in one.nodes if node.id != own}
    hurried = {node.addr for node in lookup.asked if node.status is Status.CANCELLED}
    asked = ({node.addr for node in lookup.asked} | {node.addr for node in put.writes}) - hurried
    nearest = sorted(named, key=lambda node: distance(node.id, target))[: 2 * k]
    return tuple(dict.fromkeys([*missing, *(node.addr for node in nearest if node.addr not in asked)]))


def read_back_of(put: Outcome, lookup: Outcome, direct: Iterable[NodeOutcome], *, complete: bool = True) -> ReadBack:
    """The result of the read-back of `put`, from the lookup and the direct queries, complete or not."""
    assert put.item is not None
    target = lookup.target or b""
    ids = {node.addr: node.id for one in lookup.asked for node in one.nodes}
    written = {node.addr: node.status is Status.STORED for node in put.writes}
    reads = {node.addr: node for node in (*lookup.asked, *direct)}
    reads |= {node.addr: node for node in lookup.asked if node.responded}
    found = {node.addr for node in lookup.asked if reads[node.addr] is node}

    def far(addr: Addr) -> int:
        node_id = reads[addr].id or ids.get(addr)
        return distance(node_id, target) if node_id else 1 << 160

    copies = (
        Copy(
            node=reads[addr],
            gives=_gives(reads[addr], put.item),
            acknowledged=written.get(addr, False),
            written=addr in written,
            found=addr in found,
        )
        for addr in sorted(reads, key=far)
    )
    complete = complete and lookup.complete
    return ReadBack(item=put.item, copies=tuple(copies), lookup=lookup, complete=complete)


_WITHOUT_ITEM = {
    Status.BAD_SIGNATURE: Gives.FORGED,
    Status.BAD_VALUE: Gives.FORGED,
    Status.REFUSED: Gives.REFUSED,
    Status.TIMED_OUT: Gives.SILENT,
    Status.CANCELLED: Gives.CANCELLED,
    Status.SEND_FAILED: Gives.NOT_ASKED,
    **dict.fromkeys(UNUSABLE, Gives.UNUSABLE),
    **dict.fromkeys(NOT_SENT, Gives.NOT_ASKED),
}


def _gives(node: NodeOutcome, item: Item) -> Gives:
    if (gives := _WITHOUT_ITEM.get(node.status)) is not None:
        return gives
    held = node.item
    if held is None:
        return Gives.NOTHING
    if isinstance(held, MutableItem) and isinstance(item, MutableItem):
        if held.seq != item.seq:
            return Gives.NEWER if held.seq > item.seq else Gives.OLDER
        return Gives.IT if held.v == item.v else Gives.RIVAL
    return Gives.IT  # it hashes to the target: else it would not be verified
