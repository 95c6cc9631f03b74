"""What a case comes to, and why it was not run: values. The words for them are in `text.runs.conformance`."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """How binding a rule is."""

    M = "M"
    """Must: the text says so, or the format has no other reading."""
    S = "S"
    """Should."""
    O = "O"  # noqa: E741  # the letter is its name
    """Optional."""
    H = "H"
    """Robustness, in no BEP: never counts against conformance."""


class Outcome(StrEnum):
    """What a case came to."""

    PASS = "pass"
    FAIL = "fail"
    NON_STRICT = "non-strict"
    """A SHOULD or a rule of robustness missed, or silence where an error is due."""
    UNSUPPORTED = "unsupported"
    """The node does not have what the rule is about."""
    INCONCLUSIVE = "inconclusive"
    """It did not answer the control ping either, so its silence tells nothing."""
    SKIPPED = "skipped"


class Need(StrEnum):
    """What a case can't do without."""

    SECOND_ADDRESS = "second address"
    IPV6 = "ipv6"
    NETWORK = "our network"
    OWN = "own node"
    """Only a node of one's own is asked: on a loopback or private address, or with --mine."""
    PUBLIC = "public addresses"
    """Nodes on public addresses: BEP 42 exempts the others."""


class Why(StrEnum):
    """Why a case was skipped. The values are stable: JSON has them."""

    SECOND_ADDRESS = "second_address"
    """It needs one, as the next kinds need other things."""
    IPV6 = "ipv6"
    NETWORK = "network"
    NOT_JOINED = "not_joined"
    """The node did not join our network."""
    OWN = "own"
    PUBLIC = "public"
    TOO_LONG = "too_long"
    NOTHING_SEEN = "nothing_seen"
    """The node did nothing that shows it."""
    STOPPED = "stopped"
    """The run was."""


class Doubt(StrEnum):
    """Why a case tells nothing, for reasons that are not its own."""

    NO_CONTROL = "no_control"
    """The control ping was not answered either."""
    DEAD = "dead"
    """The node answers nothing any more."""
    FAILED = "failed"
    """The case itself did."""


MISSING = {
    Need.SECOND_ADDRESS: Why.SECOND_ADDRESS,
    Need.IPV6: Why.IPV6,
    Need.NETWORK: Why.NETWORK,
    Need.OWN: Why.OWN,
    Need.PUBLIC: Why.PUBLIC,
}


class CaseEnd(Exception):
    """Ends a case before its end."""


class Miss(CaseEnd):
    """The node did not do what the rule wants. Both are clauses, `actual` with what it sent made safe to print."""

    def __init__(self, expected: str, actual: str, outcome: Outcome | None = None) -> None:
        super().__init__(expected, actual)
        self.expected, self.actual = expected, actual
        self.outcome = outcome
        """`None`: as the level of the case has it."""


class Unsupported(CaseEnd):
    """The node does not have the extension. A clause says how it shows."""

    def __init__(self, actual: str, expected: str = "") -> None:
        super().__init__(actual)
        self.expected, self.actual = expected, actual


class Skip(CaseEnd):
    """The case can't be run here."""

    def __init__(self, why: Why, detail: str = "") -> None:
        super().__init__(why)
        self.why, self.detail = why, detail


class Inconclusive(CaseEnd):
    """What was seen tells nothing. A clause says why."""


def outcome_of(level: Level, miss: Miss) -> Outcome:
    """What a miss comes to at a level."""
    if miss.outcome is not None:
        return miss.outcome
    return {Level.M: Outcome.FAIL, Level.O: Outcome.UNSUPPORTED}.get(level, Outcome.NON_STRICT)
