"""What came of a put, in words: another writer's value in its way, and what a stranger finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ...engine.items import MutableItem
from ...engine.outcome import Outcome
from ..decisions import outcome_stop_words
from ..format import plural


class ConflictView(Protocol):
    """What is told of an `items.conflict.Conflict`."""

    @property
    def seq(self) -> int | None:
        """That ours was signed with; `None`: it was not put."""

    @property
    def theirs(self) -> Sequence[MutableItem]:
        """The values in its way, newest first."""

    @property
    def stored(self) -> int:
        """How many nodes stored ours."""

    @property
    def refused(self) -> int:
        """How many refused it."""


def conflict_words(conflict: ConflictView) -> str:
    """The conflict in one sentence."""
    highest = conflict.theirs[0].seq
    if conflict.seq is None:
        return f"conflict: seq {highest} is there already; yours was not put"
    if highest == conflict.seq:
        what = f"another value with the same seq {highest} is there"
    else:
        what = f"another value with seq {highest} is there, yours was seq {conflict.seq}"
    return f"conflict: {what}; yours was stored on {plural(conflict.stored, 'node')}, refused by {conflict.refused}"


class ReadBackView(Protocol):
    """What is told of an `items.readback.ReadBack`."""

    @property
    def complete(self) -> bool:
        """Whether it ran to its end."""

    @property
    def ok(self) -> bool:
        """Whether a lookup gets the item."""

    @property
    def acknowledged(self) -> int:
        """How many nodes confirmed the store."""

    @property
    def held(self) -> int:
        """How many of them give it."""

    @property
    def unheard(self) -> Mapping[str, int]:
        """How many of them gave no answer, by the key of `UNHEARD`."""

    @property
    def others(self) -> int:
        """How many others give it."""

    @property
    def strangers(self) -> int:
        """How many others answered the lookup."""

    @property
    def newer(self) -> int | None:
        """The seq of a newer one that the lookup found."""

    @property
    def rivals(self) -> int:
        """How many nodes gave the lookup another value with the same seq."""

    @property
    def lookup(self) -> Outcome:
        """The lookup."""


UNHEARD = {
    "no answer": "gave no answer",
    "cancelled": "cancelled",
    "not asked": "not asked",
    "no usable answer": "gave no usable answer",
}
"""Nodes that confirmed the store and gave no answer to the read-back, by the value of an `items.readback.Gives`."""


def read_back_words(read: ReadBackView) -> str:
    """The result of a read-back in one sentence."""
    unheard = "".join(f", {count} {UNHEARD[gives]}" for gives, count in read.unheard.items())
    others = f"{read.others or 'no'} other{'s' if read.others > 1 else ''} {'hold' if read.others > 1 else 'holds'} it"
    held = f"{read.held} of the {read.acknowledged} that took it give it{unheard}, {others}"
    if not read.complete:
        return f"read back: given up before its end, by then {held}"
    if read.ok and not read.strangers:
        return f"read back: {held}; no other node answered, so what strangers find was not seen"
    if read.ok:
        return f"read back: a lookup from elsewhere finds it; {held}"
    if read.newer is not None:
        return f"read back: whoever looks it up gets seq {read.newer}, which is newer; {held}"
    if read.rivals:
        who = plural(read.rivals, "node gives", "nodes give")
        return f"read back: {who} another value with the same seq; {held}"
    why = outcome_stop_words(read.lookup)
    return f"read back: a lookup from elsewhere does not find it ({why}); asked directly, {held}"
