"""Whether a node works: values, and the sentence with cause and remedy of each."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from ...engine.table import GOOD_SECONDS
from ...engine.views.snapshot import RecentView, Snapshot
from ..format import duration, milliseconds, plural, reach
from ..happenings import link_words
from ..safe import safe_text
from .details import detail_words


class State(StrEnum):
    """How a node does."""

    GOOD = "good"
    STARTING = "starting"
    FEW = "few"
    """Few nodes answer."""
    UNANSWERED = "unanswered"
    """None of its last queries was answered."""
    NO_ROUTE = "no_route"
    SEARCHING = "searching"
    """It has no nodes yet; the bootstrap runs."""
    NO_HOST = "no_host"
    """It has no nodes, and no bootstrap host was given."""
    LOST_ALL = "lost_all"
    """It had nodes before."""
    UNRESOLVED = "unresolved"
    """It has no nodes: no bootstrap name resolves."""
    BLOCKED = "blocked"
    """The same: the blocklist holds all of them."""
    SILENT = "silent"
    """The same: none answers."""
    FAILED = "failed"
    """The same, for the reason that the bootstrap gives."""


class HealthWords(NamedTuple):
    """The state and its cause, and the remedy; safe to print."""

    text: str
    remedy: str = ""
    short: str = ""
    """The state in the fewest words that matter, where `text` has more."""


WORDS: Final[dict[State, HealthWords]] = {
    State.GOOD: HealthWords("good: {answered}{rate}, {reach}", short="good: {many}, {reach}"),
    State.STARTING: HealthWords("starting: {good} answered so far"),
    State.FEW: HealthWords("few nodes: {answered}", "lookups may find little; the table fills with time"),
    State.UNANSWERED: HealthWords("no answers: {silence}", "check the network"),
    State.NO_ROUTE: HealthWords("no route: {link}", "check the network"),
    State.SEARCHING: HealthWords("no nodes yet: {asked}", "for {elapsed} so far"),
    State.NO_HOST: HealthWords("no nodes: no bootstrap host was given", "wait to be contacted{advice}"),
    State.LOST_ALL: HealthWords("no nodes any more{silent}", "check the network"),
    State.UNRESOLVED: HealthWords("no nodes: bootstrap names don't resolve", "check the network{advice}"),
    State.BLOCKED: HealthWords("no nodes: the blocklist holds all of them", "check the network{advice}"),
    State.SILENT: HealthWords("no nodes: none answers, UDP may be blocked", "check the network{advice}"),
    State.FAILED: HealthWords("no nodes: {why}", "check the network{advice}"),
}
"""The words of each state."""


def health_words(state: State, snapshot: Snapshot, answered: int, testnet_key: str) -> HealthWords:
    """The words of a state. `answered`: nodes that answered lately. `testnet_key` starts a testnet; empty for none."""
    start, recent = snapshot.bootstrap, snapshot.recent
    asked = next((source for source in start.sources if source.state in ("asked", "waiting")), None)
    silence = "" if recent is None else _silence(recent)
    told = {
        "answered": f"{plural(answered, 'node')} answered in {duration(GOOD_SECONDS)}",
        "many": plural(answered, "node"),
        "good": plural(snapshot.table.good, "node"),
        "rate": "" if recent is None else f", {_rate(recent)}",
        "reach": reach(snapshot.reachability.state),
        "silence": silence,
        "silent": silence and f": {silence}",
        "link": link_words(snapshot.family, snapshot.link),
        "asked": "looking for some" if asked is None else f"asking {safe_text(asked.name, 40)}",
        "elapsed": milliseconds(start.elapsed),
        "advice": testnet_key and f", or {testnet_key}: a testnet",
        "why": safe_text(detail_words(start.why)),
    }
    return HealthWords(*(part.format_map(told) for part in WORDS[state]))


def _rate(recent: RecentView) -> str:
    """The share of recent queries that were answered; pings to new queriers are not counted."""
    asked, span = recent.answered + recent.silent, duration(recent.seconds)
    if not asked:
        return f"no query in {span} but to newcomers"
    return f"{recent.answered} of {plural(asked, 'query', 'queries')} in {span}"


def _silence(recent: RecentView) -> str:
    last = "" if recent.last_answer is None else f", the last one came {duration(recent.last_answer)} ago"
    return f"the last {plural(recent.silent_since, 'query', 'queries')} got none{last}"
