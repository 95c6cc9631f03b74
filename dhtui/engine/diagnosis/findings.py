"""Findings: what was checked, what was measured, and what it came to, as values. `text.findings` has the sentences."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from ..wire.family import FamilyName


class Severity(StrEnum):
    """How bad a finding is."""

    FINE = "fine"
    WARNING = "warning"
    """It works, but not as it could."""
    FAULT = "fault"
    """It does not work, or another one works against it."""
    UNKNOWN = "unknown"
    """It could not be told."""


class Check(StrEnum):
    """What was checked. The values are stable."""

    FAMILY = "family"
    REACHABILITY = "reachability"
    NAT = "nat"
    ADDRESS_RANGE = "address_range"
    ID = "id"
    BOOTSTRAP = "bootstrap"
    TABLE = "table"
    ANSWERS = "answers"
    CLIENTS = "clients"
    LOSS = "loss"
    ROUND_TRIPS = "round_trips"
    CLOCK = "clock"
    BLOCKLIST = "blocklist"
    RECEIVE_BUFFER = "receive_buffer"
    SENDING = "sending"
    BUSY = "busy"
    DENSITY = "density"
    BEP42 = "bep42"
    SUBNETS = "subnets"
    TWINS = "twins"
    NAMERS = "namers"
    SHIFTING_IDS = "shifting_ids"
    FORGETTING = "forgetting"


class Verdict(StrEnum):
    """What a check came to. The values are stable."""

    FAMILY_THERE = "family there"
    FAMILY_MISSING = "family missing"
    ROUTE_LOST = "route lost"
    NO_ROUTE = "no route"
    REACHABLE = "reachable"
    NOT_TESTED = "not tested"
    UNREACHED = "not reached"
    TOO_EARLY = "too early to tell"
    NO_NAT = "no nat"
    PORT_KEPT = "port kept"
    PORT_CHANGED = "port changed"
    PORT_VARIES = "port varies"
    ADDRESS_VARIES = "address varies"
    ADDRESS_UNKNOWN = "address unknown"
    ORDINARY_RANGE = "ordinary range"
    LOCAL_RANGE = "local range"
    IGNORED_RANGE = "ignored range"
    RANGE_UNKNOWN = "range unknown"
    ID_FITS = "id fits"
    ID_EXEMPT = "id exempt"
    ID_UNFIT = "id does not fit"
    ID_UNKNOWN = "id unknown"
    HOST_ANSWERED = "host answered"
    HOST_NOT_ASKED = "host not asked"
    HOST_SILENT = "host silent"
    HOST_UNRESOLVED = "host unresolved"
    HOST_BLOCKED = "host blocked"
    HOST_DISAGREES = "host disagrees"
    NO_HOSTS = "no hosts"
    NO_ENTRY = "no entry"
    ENOUGH_NODES = "enough nodes"
    FEW_NODES = "few nodes"
    NO_NODES = "no nodes"
    ANSWERS_USUAL = "answers usual"
    ANSWERS_FEW = "answers few"
    ANSWERS_NONE = "answers none"
    ANSWERS_UNKNOWN = "answers unknown"
    CLIENTS_ANSWER = "clients answer"
    CLIENT_SILENT = "client silent"
    CLIENTS_UNKNOWN = "clients unknown"
    LOSS_USUAL = "loss usual"
    LOSS_HIGH = "loss high"
    LOSS_SEVERE = "loss severe"
    LOSS_UNKNOWN = "loss unknown"
    TRIPS_USUAL = "round trips usual"
    TRIPS_LONG = "round trips long"
    TRIPS_UNKNOWN = "round trips unknown"
    CLOCK_STEADY = "clock steady"
    CLOCK_SET = "clock set"
    CLOCK_WRONG = "clock wrong"
    CLOCK_UNKNOWN = "clock unknown"
    NO_BLOCKLIST = "no blocklist"
    BLOCKLIST_QUIET = "blocklist quiet"
    BLOCKLIST_BUSY = "blocklist busy"
    NOTHING_LOST = "nothing lost"
    SOME_LOST = "some lost"
    MUCH_LOST = "much lost"
    LOSSES_UNKNOWN = "losses unknown"
    ALL_SENT = "all sent"
    SOME_UNSENT = "some not sent"
    NONE_SENT = "none sent"
    PROMPT = "prompt"
    LATE = "late"

    SPARSE = "sparse"
    CROWDED = "crowded"
    DENSITY_UNKNOWN = "density unknown"
    BEP42_USUAL = "bep42 usual"
    BEP42_UNUSUAL = "bep42 unusual"
    BEP42_UNKNOWN = "bep42 unknown"
    SUBNETS_USUAL = "subnets usual"
    SUBNETS_SHARED = "subnets shared"
    SUBNETS_UNKNOWN = "subnets unknown"
    TWINS_USUAL = "twins usual"
    TWINS_MANY = "twins many"
    TWINS_UNKNOWN = "twins unknown"
    NAMERS_USUAL = "namers usual"
    NAMERS_FEW = "namers few"
    NAMERS_UNKNOWN = "namers unknown"
    IDS_STEADY = "ids steady"
    IDS_SHIFT = "ids shift"
    IDS_UNKNOWN = "ids unknown"
    KEPT = "kept"
    FORGOTTEN = "forgotten"
    NOTHING_WRITTEN = "nothing written"


_W, _F, _U = Severity.WARNING, Severity.FAULT, Severity.UNKNOWN
SEVERITIES: Final[dict[Verdict, Severity]] = dict.fromkeys(Verdict, Severity.FINE) | {
    Verdict.FAMILY_MISSING: _W,
    Verdict.ROUTE_LOST: _W,
    Verdict.NO_ROUTE: _F,
    Verdict.NOT_TESTED: _U,
    Verdict.UNREACHED: _W,
    Verdict.TOO_EARLY: _U,
    Verdict.PORT_VARIES: _W,
    Verdict.ADDRESS_VARIES: _F,
    Verdict.ADDRESS_UNKNOWN: _U,
    Verdict.IGNORED_RANGE: _F,
    Verdict.RANGE_UNKNOWN: _U,
    Verdict.ID_UNFIT: _W,
    Verdict.ID_UNKNOWN: _U,
    Verdict.HOST_NOT_ASKED: _U,
    Verdict.HOST_SILENT: _W,
    Verdict.HOST_UNRESOLVED: _W,
    Verdict.HOST_BLOCKED: _W,
    Verdict.HOST_DISAGREES: _W,
    Verdict.NO_HOSTS: _U,
    Verdict.NO_ENTRY: _F,
    Verdict.FEW_NODES: _W,
    Verdict.NO_NODES: _F,
    Verdict.ANSWERS_FEW: _W,
    Verdict.ANSWERS_NONE: _F,
    Verdict.ANSWERS_UNKNOWN: _U,
    Verdict.CLIENT_SILENT: _W,
    Verdict.CLIENTS_UNKNOWN: _U,
    Verdict.LOSS_HIGH: _W,
    Verdict.LOSS_SEVERE: _F,
    Verdict.LOSS_UNKNOWN: _U,
    Verdict.TRIPS_LONG: _W,
    Verdict.TRIPS_UNKNOWN: _U,
    Verdict.CLOCK_SET: _W,
    Verdict.CLOCK_WRONG: _F,
    Verdict.CLOCK_UNKNOWN: _U,
    Verdict.BLOCKLIST_BUSY: _W,
    Verdict.SOME_LOST: _W,
    Verdict.MUCH_LOST: _F,
    Verdict.LOSSES_UNKNOWN: _U,
    Verdict.SOME_UNSENT: _W,
    Verdict.NONE_SENT: _F,
    Verdict.LATE: _W,
    Verdict.CROWDED: _F,
    Verdict.DENSITY_UNKNOWN: _U,
    Verdict.BEP42_UNUSUAL: _W,
    Verdict.BEP42_UNKNOWN: _U,
    Verdict.SUBNETS_SHARED: _W,
    Verdict.SUBNETS_UNKNOWN: _U,
    Verdict.TWINS_MANY: _W,
    Verdict.TWINS_UNKNOWN: _U,
    Verdict.NAMERS_FEW: _W,
    Verdict.NAMERS_UNKNOWN: _U,
    Verdict.IDS_SHIFT: _W,
    Verdict.IDS_UNKNOWN: _U,
    Verdict.FORGOTTEN: _W,
    Verdict.NOTHING_WRITTEN: _U,
}
"""How bad each is; all others are fine."""


class Unit(StrEnum):
    """What a measured number counts."""

    NONE = ""
    SECONDS = "s"
    BYTES = "bytes"
    SHARE = "share"
    """0 to 1."""
    NODES = "nodes"
    DATAGRAMS = "datagrams"
    QUERIES = "queries"
    RANGES = "ranges"
    NETS = "networks"


class Measure(NamedTuple):
    """One thing that was measured."""

    name: str
    """A word that stays, in our words; of `Check.CLIENTS` what a client calls itself, printable."""
    value: float | str | None
    unit: Unit = Unit.NONE


class Finding(NamedTuple):
    """What one check came to."""

    check: Check
    verdict: Verdict
    measured: tuple[Measure, ...] = ()
    about: str = ""
    """Of several of one check: which of them it is about, a host; hostile or the user's."""
    p_value: float | None = None
    """How often chance alone shows as much; `None`: that is not known."""
    false_alarm_rate: float | None = None
    """How often the check raises an alarm where there is nothing, at most; `None`: that is not known."""
    family: FamilyName | None = None
    """Of a node in two address families: the one that it is about; `None`: all that there are."""

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return SEVERITIES[self.verdict]


def worst(findings: tuple[Finding, ...]) -> Severity:
    """The severity of the worst of them; what is unknown is no worse than what is fine."""
    order = (Severity.FINE, Severity.UNKNOWN, Severity.WARNING, Severity.FAULT)
    return max((each.severity for each in findings), key=order.index, default=Severity.UNKNOWN)
