"""The decisions of a lookup and their reasons, as values. Their sentences are in `text/decisions.py`.

The values of the enums are the tokens of JSON and of recordings: they are never changed, only added to. L1 … L17 are
the rules in the essay of `algorithm.py`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from ..wire.compact import Addr

MAX_DECISIONS = 512
"""Most decisions of one lookup that are remembered, besides those to send a query (bounded by its queries)."""


class State(StrEnum):
    """The progress of a candidate."""

    NEW = "untried"
    PASSED = "passed_over"
    ASKED = "asked"
    STALLED = "stalled"
    ANSWERED = "answered"
    FAILED = "failed"


NEW, PASSED, ASKED, STALLED, ANSWERED, FAILED = State
# A lookup compares states some ten thousand times. Before Python 3.12 each `State.NEW` calls a function.


class Distrust(StrEnum):
    """Why a candidate is queried only when no better one is left, and fills no place among the closest."""

    TOO_NEAR = "too_near"
    """Sybil suspect: nearer to the target than its referrer can know of, or than the network size allows (L11)."""
    CHOSEN = "chosen_id"
    """The id that it answers with may have been chosen for the target (L8)."""
    MISLED = "misled"
    """Named only by bad referrers (L12)."""
    MISFIT = "misfit"
    """Its id does not fit its address (BEP 42)."""


class Reason(StrEnum):
    """Why a candidate was queried, kept back, passed over or queried again."""

    OPENING = "opening"
    """Queried: known from before, quick and near (L4). `seconds`: its round trip."""
    BOOTSTRAP_HOST = "bootstrap_host"
    """Queried: a bootstrap host, of which only the address is known."""
    NEAREST = "nearest"
    """Queried: the nearest untried candidate that is trusted."""
    LAST_RESORT = "last_resort"
    """Queried: it was kept in reserve, and no other trusted candidate was left or in flight (L4)."""
    FITTING_ID = "fitting_id"
    """Queried: its id fits its address (BEP 42); that of `by`, which is as near to the bit, does not (L10)."""
    VOUCHED = "vouched"
    """Queried: its id does not fit its address, but trusted nodes of `number` networks name it, more than name `by`,
    which is nearer (L10)."""
    MISFIT = "misfit"
    """Queried though its id does not fit its address: it is the nearest, and such ids don't hold too many slots
    (L10)."""
    BAD_REFERRER = "bad_referrer"
    """Queried, no better candidate being left: `number` other referrals of its referrers, `by` first, timed out or had
    other ids (L12)."""
    BAD_VALUE = "bad_value"
    """Queried, no better candidate being left: its referrer `by` gave an invalid value (L12)."""
    TOO_NEAR = "too_near"
    """Queried, no better candidate being left: it is nearer to the target than its referrer can know of (L11)."""
    ASKED_AGAIN = "asked_again"
    """Queried a second time at the end: it is among the nearest and had stalled (L3)."""
    LOOK_BEHIND = "look_behind"
    """Queried once more, for a signed value: its first answer was an unsigned or invalid one."""

    RESERVE = "reserve"
    """Kept back: known from before (L4). `seconds`: its round trip."""
    NAMED = "named"
    """No longer kept in reserve: `by` named it."""
    SECOND_OPINION = "second_opinion"
    """No longer kept in reserve: the closest responders were too far apart for a network of this size (L17)."""
    SAME_SUBNET = "same_subnet"
    """Kept back: `by`, of the same /24, is in the lookup (L9)."""
    PREFERRED = "preferred"
    """In the lookup in place of `by` of the same /24: it is trusted and `by` is not, or it is nearer, or as near and
    named by nodes of more networks (L9)."""
    INSTEAD = "instead"
    """In the lookup in place of `by` of the same /24, which timed out or answered with an error (L9)."""
    UNRESPONSIVE = "unresponsive"
    """Passed over: it let `number` queries in a row time out, the last one `seconds` ago."""
    TOO_MANY = "too_many"
    """Forgotten untried: the lookup knows as many candidates, or as many of this /24, as it remembers."""


ASKS = frozenset(
    (
        Reason.OPENING,
        Reason.BOOTSTRAP_HOST,
        Reason.NEAREST,
        Reason.LAST_RESORT,
        Reason.FITTING_ID,
        Reason.VOUCHED,
        Reason.MISFIT,
        Reason.BAD_REFERRER,
        Reason.BAD_VALUE,
        Reason.TOO_NEAR,
        Reason.ASKED_AGAIN,
        Reason.LOOK_BEHIND,
    )
)
"""Reasons to send a query. The n-th decision to query an address belongs to the n-th query that was sent there."""


class StopReason(StrEnum):
    """Why a lookup, or another operation, ended."""

    CLOSEST_ANSWERED = "closest_answered"
    """The k closest live nodes have answered."""
    ALL_ANSWERED = "all_answered"
    """Fewer than k nodes could be reached, and all of them have answered."""
    NOBODY_TO_ASK = "nobody_to_ask"
    """No node was known."""
    NOBODY_ANSWERED = "nobody_answered"
    NOTHING_HOLDS = "nothing_holds"
    """All responders gave invalid values."""
    VALUE_FOUND = "value_found"
    """An immutable value was found. It hashes to the target, so no second opinion is needed."""
    QUERY_LIMIT = "query_limit"
    """It has sent as many queries as one lookup may: the referrals are most likely invented."""
    STOPPED_BY_USER = "stopped_by_user"
    GIVEN_UP = "given_up"
    """The caller gave it up, at a deadline for example."""
    CANCELLED = "cancelled"
    """Ended without a result."""
    NAMED_ASKED = "named_asked"
    """Every node that the user named has been asked."""
    WRITTEN = "written"
    """Every node that was selected for the write has been written to."""
    NOT_STORABLE = "not_storable"
    """The item can't be stored: nothing was written."""
    QUIET = "quiet"
    """Inferred from a capture of somebody else's packets: no further query or answer followed."""


EARLY = frozenset((StopReason.STOPPED_BY_USER, StopReason.GIVEN_UP, StopReason.CANCELLED))
"""Reasons to end before there was a result."""


class FoundKind(StrEnum):
    """The kind of a finding."""

    PEERS = "peers"
    IMMUTABLE = "immutable"
    MUTABLE = "mutable"


class Found(NamedTuple):
    """A finding, in numbers."""

    kind: FoundKind
    """The item's, where one was found."""
    seq: int | None = None
    """Of a mutable item."""
    peers: int = 0


class Decision(NamedTuple):
    """One decision about one candidate."""

    at: float
    """Seconds on the engine's clock; in the views of a lookup, seconds since it was requested."""
    addr: Addr
    """The candidate's."""
    reason: Reason
    by: Addr | None = None
    """The other node that the reason refers to."""
    number: int = 0
    """The meaning of this and of `seconds` is described at the reason; 0 and `None` if it has none."""
    seconds: float | None = None


class Decisions:
    """The decisions of one lookup in the order in which they were taken. None is overwritten."""

    __slots__ = ("_others", "now", "taken", "untold")

    def __init__(self) -> None:
        """Start without decisions."""
        self.now = 0.0
        """The time of the decisions that follow, on the engine's clock. The caller that drives the lookup sets it."""
        self.taken: list[Decision] = []
        self.untold = 0
        """Decisions beyond `MAX_DECISIONS`: only counted."""
        self._others = 0

    def take(
        self, addr: Addr, reason: Reason, by: Addr | None = None, number: int = 0, seconds: float | None = None
    ) -> None:
        """Record one."""
        if reason not in ASKS:
            if self._others >= MAX_DECISIONS:
                self.untold += 1
                return
            self._others += 1
        self.taken.append(Decision(self.now, addr, reason, by, number, seconds))
