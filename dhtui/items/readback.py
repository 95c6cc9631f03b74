"""Reading back what was put: whether a get that starts elsewhere finds it, and who holds it. Pure.

That a node said "stored" proves little. What a publisher needs to know is whether a stranger's get finds the
value: so it is looked up again, from nodes far off and none of those written to, as a stranger would. Whatever
that lookup does not come to is then asked directly: those who said that they stored it, and the next nearest.

In Kademlia only the nearest nodes store an item. That nobody else holds it is thus the usual case, and no fault.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ..engine.items import Item, MutableItem
from ..engine.outcome import NOT_SENT, UNUSABLE, NodeOutcome, Outcome, Status
from ..engine.wire.compact import Addr
from ..engine.wire.ids import distance
from ..text.decisions import outcome_stop_words


class Gives(StrEnum):
    """What a node gave when it was read."""

    IT = "gives it"
    OLDER = "gives an older value"
    NEWER = "gives a newer value"
    RIVAL = "gives another value with the same seq"
    FORGED = "gives a value that is not genuine"
    NOTHING = "gives nothing"
    REFUSED = "refuses"
    SILENT = "no answer"
    """It had all of its time."""
    CANCELLED = "cancelled"
    """The reading ended before its time: whether it would have answered is not known."""
    NOT_ASKED = "not asked"
    """Nothing was sent to it."""
    UNUSABLE = "no usable answer"
    """It answered from elsewhere, under another transaction id, or with what can't be read."""


_UNHEARD = {
    Gives.SILENT: "gave no answer",
    Gives.CANCELLED: "cancelled",
    Gives.NOT_ASKED: "not asked",
    Gives.UNUSABLE: "gave no usable answer",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One node that was read."""

    node: NodeOutcome
    gives: Gives
    acknowledged: bool
    """Whether it had said that it stored the item."""
    written: bool
    """Whether it was asked to store it at all."""
    found: bool
    """Whether the lookup came to it; else it was asked directly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """What came of reading an item back."""

    item: Item
    """The one that was put."""
    copies: tuple[Copy, ...]
    """Every node that was read, nearest to the target first."""
    why: str
    """Why the lookup ended, in words."""
    complete: bool = True
    """Whether it was read to the end, and not given up before."""

    @property
    def ok(self) -> bool:
        """Whether whoever looks it up gets it: the lookup found it, and nothing that would pass for newer."""
        if not self.complete:
            return False
        reading = [copy.gives for copy in self.copies if copy.found]
        return Gives.IT in reading and Gives.NEWER not in reading and Gives.RIVAL not in reading

    def count(self, gives: Gives, **where: bool) -> int:
        """How many gave that, among those where the fields are as told: ``count(Gives.IT, acknowledged=True)``."""
        return sum(
            copy.gives is gives and all(getattr(copy, name) is wanted for name, wanted in where.items())
            for copy in self.copies
        )

    @property
    def acknowledged(self) -> int:
        """How many nodes said that they stored it."""
        return sum(copy.acknowledged for copy in self.copies)

    @property
    def others(self) -> int:
        """How many nodes give it that did not say so: they had it before, or others put it there."""
        return self.count(Gives.IT, acknowledged=False)

    @property
    def strangers(self) -> int:
        """How many nodes that were not written to answered the lookup."""
        return sum(copy.found and not copy.written and copy.node.responded for copy in self.copies)

    def words(self) -> str:
        """What came of it, one sentence."""
        kept = f"{self.count(Gives.IT, acknowledged=True)} of the {self.acknowledged} that took it give it"
        held = f"{kept}{self._unheard()}, {_others(self.others)}"
        if not self.complete:
            return f"read back: given up before its end, by then {held}"
        if self.ok and not self.strangers:
            return f"read back: {held}; no other node answered, so what strangers find was not seen"
        if self.ok:
            return f"read back: a lookup from elsewhere finds it; {held}"
        newer = [copy.node.item for copy in self.copies if copy.found and copy.gives is Gives.NEWER]
        if newer:
            highest = max(item.seq for item in newer if isinstance(item, MutableItem))
            return f"read back: whoever looks it up gets seq {highest}, which is newer; {held}"
        if rivals := self.count(Gives.RIVAL, found=True):
            return f"read back: {_nodes(rivals)} {_verb(rivals)} another value with the same seq; {held}"
        return f"read back: a lookup from elsewhere does not find it ({self.why}); asked directly, {held}"

    def _unheard(self) -> str:
        """Of those that took it, how many said nothing, and why: that tells nothing about what they hold."""
        counts = [(self.count(gives, acknowledged=True), said) for gives, said in _UNHEARD.items()]
        return "".join(f", {count} {said}" for count, said in counts if count)


def to_ask(put: Outcome, lookup: Outcome, own: bytes, k: int) -> tuple[Addr, ...]:
    """Whom to ask directly, after the lookup: who acknowledged and was not heard, and the nearest others, those too
    that the lookup did not wait for.

    These are among the `2 * k` nearest of all nodes that were named. `own` is our id: we ask others only.
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
    """What came of reading back what was `put`: by the lookup, and by asking directly, to its end or not."""
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
    return ReadBack(item=put.item, copies=tuple(copies), why=outcome_stop_words(lookup), complete=complete)


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
    return Gives.IT  # it hashes to the target, or it would be forged


def _others(count: int) -> str:
    return f"{count or 'no'} other{'s' if count > 1 else ''} {'hold' if count > 1 else 'holds'} it"


def _nodes(count: int) -> str:
    return "1 node" if count == 1 else f"{count} nodes"


def _verb(count: int) -> str:
    return "gives" if count == 1 else "give"
