"""What came of an action on a node, as a value, and its sentence: one for each value."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from ...engine.outcome import Outcome, Status
from ...engine.wire.methods import GivenSamples
from ..decisions import DOUBTS, outcome_stop_words
from ..format import plural
from ..outcomes import node_words
from ..swarms import scrape_words

_BAD = (Status.BAD_SIGNATURE, Status.BAD_VALUE)
_IT_DID = (Status.REFUSED, Status.ANSWERED, Status.ELSEWHERE, Status.UNMATCHED)
"""Statuses whose words have the node as their subject."""


class Came(StrEnum):
    """What an action came to. The values are stable: JSON has them."""

    JOINED = "joined"
    """bootstrap: the network was joined, or that is under way."""
    NOT_JOINED = "not_joined"
    """bootstrap: the way into the network was not found by then."""
    NOBODY_ANSWERED = "nobody_answered"
    NOBODY_TO_START_FROM = "nobody_to_start_from"
    OWN_ID = "own_id"
    ASKED = "asked"
    """Nodes were asked, and so many answered."""
    NOT_PINGED = "not_pinged"
    """The lookup of the nodes to ping did not run to its end."""
    PEERS = "peers"
    """Peers were looked for; that there are none is an answer too."""
    COUNTED = "counted"
    """scrape."""
    NOT_COUNTED = "not_counted"
    SAMPLED = "sampled"
    ANSWERED = "answered"
    """query: the one node answered, refused, or gave no answer."""
    NOTHING_SENT = "nothing_sent"
    STORED = "stored"
    STORED_ON_TOO_FEW = "stored_on_too_few"
    ANNOUNCED = "announced"
    ANNOUNCED_AS_SEED = "announced_as_seed"
    NOT_WRITTEN = "not_written"
    """Given up before anything was sent to be stored."""
    NOT_STORABLE = "not_storable"
    """Nobody could store it: the stop reason of the outcome says why."""
    DRY_RUN = "dry_run"
    BAD_ITEM = "bad_item"
    """A dry run of an item that can't be signed, or that no node would store."""
    CONFLICT = "conflict"
    KEPT_ALIVE = "kept_alive"
    """republish: the items that were due were looked after."""
    SOME_IN_VAIN = "some_in_vain"
    """republish: of those that were looked after, `Said.wanted` in vain."""
    NOTHING_KEPT = "nothing_kept"
    LIST_DAMAGED = "list_damaged"
    LIST_UNREAD = "list_unread"
    """republish: the list of kept items can't be read."""
    NOT_KEPT_ALIVE = "not_kept_alive"
    """get, put: the list of kept items can't be read or written, or it is full."""
    VERIFIED = "verified"
    """get: there is an item."""
    NOT_FOUND = "not_found"
    INCOMPLETE = "incomplete"
    """get: given up before there was a value."""
    NOT_KNOWN = "not_known"
    """get: nobody answered, so it is not known whether there is a value."""
    TOO_OLD = "too_old"
    """get: the newest has a lower seq than --seq."""
    NO_SEQ = "no_seq"
    """get: the item is immutable, and --seq was given."""
    NOT_NEWER = "not_newer"
    """get: nothing is newer than --newer-than."""
    NEEDS_SALT = "needs_salt"
    NEEDS_OTHER_SALT = "needs_other_salt"
    NOT_GENUINE = "not_genuine"
    HOLDERS = "holders"
    """closest_stores."""
    CENSUS = "census"
    CENSUS_ALONE = "census_alone"
    """census: nobody answers any more."""
    OUT_EXISTS = "out_exists"
    """get: the value was found, and the file for it exists already."""
    OUT_FAILED = "out_failed"
    """get: the value was found, and its file can't be written."""
    HEALTH = "health"
    """doctor."""
    DENSITY = "density"
    """sybil_check."""
    READY = "ready"
    """status."""
    LOST_ALL = "lost_all"
    """status: it had joined its network, and all nodes are gone."""
    STARTLESS = "startless"
    """status: it has nobody to start from."""
    JOINING = "joining"
    REACHED_NOBODY = "reached_nobody"


class Said(NamedTuple):
    """What an action came to, with what its sentence tells."""

    came: Came
    outcome: Outcome | None = None
    """What the counts are taken from."""
    number: int = 0
    of: int = 0
    wanted: int = 0
    """The seq or the number of nodes that was wanted."""
    text: str = ""
    """A name, or the message of an error."""
    problem: str = ""
    """The message of an error of the system."""


def said_words(said: Said) -> str:
    """That in one sentence."""
    return SENTENCES[said.came].format(
        text=said.text,
        problem=said.problem,
        number=said.number,
        nodes=_nodes(said.number),
        good=f"{said.number} good {'node' if said.number == 1 else 'nodes'}",
        of=said.of,
        wanted=said.wanted,
        **({} if said.outcome is None else _of_outcome(said.came, said.outcome)),
    )


def _of_outcome(came: Came, outcome: Outcome) -> dict[str, object]:
    found = _FOUND.get(came)
    return {
        "asked": asked_words(outcome),
        "doubted": _doubted(outcome),
        "stored": outcome.stored,
        "stopped": outcome_stop_words(outcome),
        "found": "" if found is None else found(outcome),
    }


SENTENCES: dict[Came, str] = {
    Came.JOINED: "{text}",
    Came.NOT_JOINED: "the way into the network was not found by then",
    Came.NOBODY_ANSWERED: "nobody answered",
    Came.NOBODY_TO_START_FROM: "there is nobody to start from: {text}",
    Came.OWN_ID: "own id {text}",
    Came.ASKED: "{asked}",
    Came.NOT_PINGED: "nobody was pinged: {asked}",
    Came.PEERS: "{found}{asked}",
    Came.COUNTED: "{found}{asked}",
    Came.NOT_COUNTED: "no node counts its peers (none knows the torrent, or none BEP 33): {asked}",
    Came.SAMPLED: "{found}{asked}",
    Came.ANSWERED: "{found}",
    Came.NOTHING_SENT: "nothing was sent",
    Came.STORED: "stored on {stored} of {nodes}",
    Came.STORED_ON_TOO_FEW: "stored on {stored} of {nodes}, at least {wanted} were wanted",
    Came.ANNOUNCED: "announced to {stored} of {nodes}",
    Came.ANNOUNCED_AS_SEED: "announced as a seed to {stored} of {nodes}",
    Came.NOT_WRITTEN: "nothing was sent to be stored: {asked}",
    Came.NOT_STORABLE: "{stopped}",
    Came.DRY_RUN: "dry run: nothing was put, it would go to {nodes}",
    Came.BAD_ITEM: "{text}",
    Came.KEPT_ALIVE: "looked after {number} of {of} kept items",
    Came.SOME_IN_VAIN: "looked after {number} of {of} kept items, {wanted} in vain",
    Came.NOTHING_KEPT: "no items are kept alive",
    Came.LIST_DAMAGED: "the list was damaged",
    Came.NOT_KEPT_ALIVE: "--keep: not kept alive: {text}",
    Came.LIST_UNREAD: "{text}",
    Came.VERIFIED: "verified; {found}",
    Came.NOT_FOUND: "value not found: {asked}",
    Came.INCOMPLETE: "no value by then: {asked}",
    Came.NOT_KNOWN: "nobody answered, so it is not known whether there is a value: {asked}",
    Came.TOO_OLD: "value not found: the newest has seq {number}, at least {wanted} was asked for{doubted}",
    Came.NO_SEQ: "value not found: the one that is there is immutable and has no seq, at least {wanted} was asked for"
    "{doubted}",
    Came.NOT_NEWER: "value not found: none is newer than seq {wanted}, the stored one has {number}{doubted}",
    Came.NEEDS_SALT: "value not found: {nodes} gave a mutable item that needs a salt: give --salt; {asked}",
    Came.NEEDS_OTHER_SALT: "value not found: {nodes} gave a mutable item that needs another salt than this; {asked}",
    Came.NOT_GENUINE: "value not found: {nodes} gave one that is not genuine; {asked}",
    Came.HOLDERS: "{asked}; {number} of the closest {of} hold the item",
    Came.OUT_EXISTS: "--out: {text} exists: it is left as it is",
    Came.OUT_FAILED: "--out: {text} can't be written: {problem}",
    Came.READY: "ready, with {good}",
    Came.LOST_ALL: "it runs and has lost all of its nodes",
    Came.STARTLESS: "it runs and has nobody to start from, with {good}",
    Came.JOINING: "it runs and is joining its network, with {good}",
    Came.REACHED_NOBODY: "it runs and reached nobody, with {good}",
}
"""What each came to, but for `SUMMARIES`. ``{asked}``: how many answered; ``{found}``: what they gave."""


def asked_words(outcome: Outcome) -> str:
    """How many answered; and why that proves nothing, where nothing was found among liars."""
    if not outcome.asked:
        return "there was no node to ask"
    asked = f"{outcome.answered} of {_nodes(len(outcome.asked))} answered"
    return asked if outcome.item is not None or outcome.peers else f"{asked}{_doubted(outcome)}"


def _doubted(outcome: Outcome) -> str:
    return "" if outcome.doubt is None else f", but {DOUBTS[outcome.doubt]}"


def _nodes(count: int) -> str:
    return plural(count, "node")


# ---- what was found -------------------------------------------------------------------------------------


def _peers(outcome: Outcome) -> str:
    return f"{plural(len(outcome.peers), 'peer')}; " if outcome.answered else ""


def _scraped(outcome: Outcome) -> str:
    return "" if outcome.scrape is None else f"{scrape_words(outcome.scrape)}; "


def _samples(outcome: Outcome) -> str:
    given = [part for one in outcome.asked for part in one.given if isinstance(part, GivenSamples)]
    found = len({each for part in given for each in part.samples})
    return f"{found} infohashes from {_nodes(len(given))}; " if outcome.answered else ""


def _answer(outcome: Outcome) -> str:
    """What the one node said that was asked by hand."""
    (one,) = outcome.asked
    if one.status is Status.ANSWERED and one.rtt is not None:
        return f"it answered after {one.rtt * 1000:.1f} ms"
    words = node_words(one)
    return f"it {words}" if one.status in _IT_DID else words


def _agreement(outcome: Outcome) -> str:
    """How many nodes gave this very item, and what the others gave that answered."""
    given = [one.item for one in outcome.asked if one.status is Status.VALUE]
    same = sum(other is not None and outcome.item is not None and other.v == outcome.item.v for other in given)
    counts = (
        (len(given) - same, "another value with the same seq"),
        (sum(one.status is Status.OLDER for one in outcome.asked), "an older one"),
        (sum(one.status in _BAD for one in outcome.asked), "one that is not genuine"),
        (sum(one.status is Status.UNPROVED for one in outcome.asked), "one that needs another salt"),
        (sum(one.status is Status.ANSWERED for one in outcome.asked), "nothing"),
    )
    others = ", ".join(f"{count} {what}" for count, what in counts if count)
    hidden = sum(one.behind is not None and one.item is not None for one in outcome.asked)
    behind = f" ({hidden} of them behind a value that is not genuine)" if hidden else ""
    return f"{_nodes(same)} had it{behind}" + (f", {others}" if others else "")


_FOUND: dict[Came, Callable[[Outcome], str]] = {
    Came.PEERS: _peers,
    Came.COUNTED: _scraped,
    Came.SAMPLED: _samples,
    Came.ANSWERED: _answer,
    Came.VERIFIED: _agreement,
}
