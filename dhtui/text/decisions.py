"""The sentences for the decisions of a lookup, its stop reason and its findings: one for each value.

They are parts of sentences, without a capital and a full stop, and safe to print.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..engine.lookup.decisions import Decision, Distrust, Found, FoundKind, Reason, StopReason
from ..engine.outcome import Doubt, Outcome
from .format import plural
from .safe import safe_text

if TYPE_CHECKING:
    from ..engine.views.snapshot import LookupView

REASONS: Final[dict[Reason, str]] = {
    Reason.OPENING: "it opened the lookup, known from before{away}",
    Reason.BOOTSTRAP_HOST: "a bootstrap host, of which only the address is known",
    Reason.NEAREST: "the nearest that was left",
    Reason.LAST_RESORT: "known from before, kept in reserve until no other was left",
    Reason.FITTING_ID: "its id fits its address, that of {by}, which is as near, does not",
    Reason.VOUCHED: "its id does not fit its address, but nodes of {number} networks name it",
    Reason.MISFIT: "the nearest that was left, though its id does not fit its address",
    Reason.BAD_REFERRER: "no better candidate: {others} from that node were silent or had other ids",
    Reason.BAD_VALUE: "no better candidate: that node gave an invalid value",
    Reason.TOO_NEAR: "no better candidate: too near for its referrer to know of it",
    Reason.ASKED_AGAIN: "asked again, being among the nearest",
    Reason.LOOK_BEHIND: "asked once more, for what it gave may stand in the way of a signed value",
    Reason.RESERVE: "kept in reserve, known from before{away}",
    Reason.NAMED: "no longer kept in reserve, for {by} named it",
    Reason.SECOND_OPINION: "no longer kept in reserve, for the closest were too far apart to be all",
    Reason.SAME_SUBNET: "a node of the same /24, {by}, is in the lookup",
    Reason.PREFERRED: "preferred to {by}, of the same /24",
    Reason.INSTEAD: "in place of {by}, of the same /24, which gave nothing",
    Reason.UNRESPONSIVE: "silent to {queries}, the last {seconds:.0f} s ago",
    Reason.TOO_MANY: "forgotten untried, for there were too many",
}
"""The reason of a decision about a candidate."""

ASKED_THOUGH: Final[dict[Distrust, str]] = {
    Distrust.TOO_NEAR: "distrusted: too near for its referrer to know of it",
    Distrust.CHOSEN: "distrusted: its id may have been chosen for the target",
    Distrust.MISLED: "distrusted: only bad referrers named it",
    Distrust.MISFIT: "distrusted: its id does not fit its address",
}
"""Why a node was distrusted when it was queried."""

DISTRUSTED: Final[dict[Distrust, str]] = {
    Distrust.TOO_NEAR: "it is too near to be believed",
    Distrust.CHOSEN: "its id is much nearer than the one it was named under, and no other node names it",
    Distrust.MISLED: "only bad referrers named it",
    Distrust.MISFIT: "its id does not fit its address",
}
"""Why a node is distrusted now."""

UNASKED: Final[dict[Reason, str]] = {
    Reason.SAME_SUBNET: "one of its /24 is in the lookup, for addresses of one subnet are cheap",
    Reason.RESERVE: "known from before and kept in reserve, until it is named or no other is left",
    Reason.UNRESPONSIVE: REASONS[Reason.UNRESPONSIVE],
}
"""Why a node was never queried, if that was the last decision about it."""

SHORT_REASONS: Final[dict[Reason, str]] = {
    Reason.SAME_SUBNET: "same /24",
    Reason.RESERVE: "reserve",
    Reason.UNRESPONSIVE: "gone?",
}
"""The same in at most 9 cells."""

SHORT_DISTRUST: Final[dict[Distrust, str]] = {
    Distrust.TOO_NEAR: "too near",
    Distrust.CHOSEN: "chosen id",
    Distrust.MISLED: "misled",
    Distrust.MISFIT: "misfit",
}
"""Why a node is distrusted, in at most 9 cells."""

STOPS: Final[dict[StopReason, str]] = {
    StopReason.CLOSEST_ANSWERED: "the {closest} closest nodes that are alive have answered",
    StopReason.ALL_ANSWERED: "all {closest} reachable nodes have answered",
    StopReason.NOBODY_TO_ASK: "there was no node to ask",
    StopReason.NOBODY_ANSWERED: "no node answered",
    StopReason.NOTHING_HOLDS: "no node answered with anything that holds",
    StopReason.VALUE_FOUND: "an immutable value that hashes to the target needs no second opinion",
    StopReason.QUERY_LIMIT: "{asked} queries led nowhere: the referrals are most likely invented",
    StopReason.STOPPED_BY_USER: "stopped by the user",
    StopReason.GIVEN_UP: "it was given up",
    StopReason.CANCELLED: "cancelled",
    StopReason.NAMED_ASKED: "every node that was named has been asked",
    StopReason.WRITTEN: "stored on {stored} of {writes} nodes",
    StopReason.NOT_STORABLE: "what was to be stored can't be",
    StopReason.QUIET: "inferred from a capture: no further query or answer followed",
}
"""Why a lookup, or another operation, ended."""

FOUND: Final[dict[FoundKind, str]] = {
    FoundKind.PEERS: "{peers}",
    FoundKind.IMMUTABLE: "value",
    FoundKind.MUTABLE: "value, seq {seq}",
}
"""The finding."""

DOUBTS: Final[dict[Doubt, str]] = {
    Doubt.STARTS: "the nodes that it started from disagree with everything else: it can't be known what there is",
    Doubt.ALONE: "only the nodes that it started from answered, and they name nobody: it can't be known what there is",
    Doubt.SMALL: "the nodes that answered are few, and may not be of the network that is meant",
    Doubt.MADE_UP: "most of the nodes that answered look made up: it can't be known what there is",
}
"""Why a negative result is doubtful, a clause."""


def decision_words(decision: Decision) -> str:
    """The reason of a decision, with its numbers filled in."""
    return _filled(REASONS[decision.reason], decision)


def unasked_words(decision: Decision) -> str:
    """Why a node was never queried, by the last decision about it; empty if that gives no reason."""
    return _filled(UNASKED.get(decision.reason, ""), decision)


def _filled(words: str, decision: Decision) -> str:
    seconds, number = decision.seconds, decision.number
    return words.format(
        away="" if seconds is None else f", {seconds * 1000:.0f} ms away",
        by="another one" if decision.by is None else decision.by[0],
        number=number,
        others=plural(number, "other referral"),
        queries=plural(number, "query", "queries"),
        seconds=seconds or 0.0,
    )


def stop_words(
    stopped: StopReason | None, *, closest: int = 0, asked: int = 0, stored: int = 0, writes: int = 0
) -> str:
    """Why it ended, with its numbers of closest nodes and of queries; empty while it runs."""
    if stopped is None:
        return ""
    if stopped is StopReason.ALL_ANSWERED and closest == 1:
        return "the only node answered"
    return STOPS[stopped].format(closest=closest, asked=asked, stored=stored, writes=writes)


def lookup_stop_words(view: LookupView) -> str:
    """Why a lookup ended; empty while it runs."""
    return stop_words(view.stopped, closest=view.best, asked=view.asked)


def outcome_stop_words(outcome: Outcome) -> str:
    """Why an operation ended."""
    if outcome.problem is not None:
        return safe_text(str(outcome.problem), 1000)
    return stop_words(
        outcome.stopped,
        closest=len(outcome.closest),
        asked=len(outcome.asked),
        stored=outcome.stored,
        writes=len(outcome.writes),
    )


def found_words(found: Found | None) -> str:
    """The finding; empty for none."""
    return "" if found is None else FOUND[found.kind].format(peers=plural(found.peers, "peer"), seq=found.seq)
