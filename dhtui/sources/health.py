"""Whether the node works, in a sentence with cause and remedy.

It counts the nodes that answered within 15 minutes, and the outcomes of the queries of the last 5. A node that was not
queried since may be gone, so it is not said to answer.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from ..bindings.keymap import key_of
from ..engine.table import GOOD_SECONDS
from ..engine.views.events import LinkState
from ..engine.views.snapshot import BootstrapSource, RecentView, Snapshot
from ..text.format import duration, milliseconds, plural, reach
from ..text.happenings import link_words
from ..text.safe import safe_text

ENOUGH_GOOD = 4
"""Fewest good nodes with which a lookup is likely to work; jech/dht's rule, with `ENOUGH_KNOWN`."""
ENOUGH_KNOWN = 30
"""Fewest good and questionable nodes together, likewise."""

ENOUGH_SILENT = 8
"""Queries in a row without an answer that mean more than dead nodes: in a working network half are answered."""

Level = Literal["good", "wait", "weak", "bad"]


class Health(NamedTuple):
    """The health of the node."""

    level: Level
    text: str
    """The state and its cause."""
    remedy: str = ""
    """The remedy."""
    short: str = ""
    """The state in the fewest words that matter, where `text` has more."""

    @property
    def brief(self) -> str:
        """The state without what only explains it."""
        return self.short or self.text.partition(",")[0]

    @property
    def glyph(self) -> str:
        """A sign for the level that needs no colour."""
        return {"good": "✓", "wait": "…", "weak": "?", "bad": "✗"}[self.level]


def health(snapshot: Snapshot, *, on_testnet: bool = False) -> Health:
    """The state of the node in words. `Health.text` is safe to print."""
    table, start = snapshot.table, snapshot.bootstrap
    if snapshot.link is LinkState.LOST:
        return Health("bad", f"no route: {link_words(snapshot.family, snapshot.link)}", "check the network")
    if not table.good + table.questionable:
        return _no_nodes(snapshot, "" if on_testnet else f", or {key_of('testnet')}: a testnet")
    if start.state == "running":
        return Health("wait", f"starting: {plural(table.good, 'node')} answered so far")
    recent = snapshot.recent
    if recent is not None and recent.silent_since >= ENOUGH_SILENT:
        return Health("bad", f"no answers: {_silence(recent)}", "check the network")
    answered = sum(
        node.state == "good" and node.seen is not None and node.seen <= GOOD_SECONDS
        for bucket in table.buckets
        for node in bucket.nodes
    )
    words = f"{plural(answered, 'node')} answered in {duration(GOOD_SECONDS)}"
    if answered < ENOUGH_GOOD:
        return Health("weak", f"few nodes: {words}", "lookups may find little; the table fills with time")
    rate = "" if recent is None else f", {_rate(recent)}"
    reached = reach(snapshot.reachability.state)
    return Health("good", f"good: {words}{rate}, {reached}", short=f"good: {plural(answered, 'node')}, {reached}")


def _rate(recent: RecentView) -> str:
    """The share of recent queries that were answered, in words; pings to new queriers are not counted."""
    asked, span = recent.answered + recent.silent, duration(recent.seconds)
    if not asked:
        return f"no query in {span} but to newcomers"
    return f"{recent.answered} of {plural(asked, 'query', 'queries')} in {span}"


def _silence(recent: RecentView) -> str:
    last = "" if recent.last_answer is None else f", the last one came {duration(recent.last_answer)} ago"
    return f"the last {plural(recent.silent_since, 'query', 'queries')} got none{last}"


def _no_nodes(snapshot: Snapshot, advice: str) -> Health:
    start = snapshot.bootstrap
    if start.state == "running":
        asked = [s for s in start.sources if s.state in ("asked", "waiting")]
        name = f": asking {safe_text(asked[0].name, 40)}" if asked else ": looking for some"
        return Health("wait", f"no nodes yet{name}", f"for {milliseconds(start.elapsed)} so far")
    if start.state == "idle" and not start.sources:
        return Health("weak", "no nodes: no bootstrap host was given", f"wait to be contacted{advice}")
    if start.state == "done":  # it had nodes before
        silence = "" if snapshot.recent is None else f": {_silence(snapshot.recent)}"
        return Health("bad", f"no nodes any more{silence}", "check the network")
    why = _cause(start.sources) or safe_text(start.why)
    return Health("bad", f"no nodes: {why}", f"check the network{advice}")


def _cause(sources: tuple[BootstrapSource, ...]) -> str:
    """The most likely cause, from the states of the bootstrap sources."""
    states = {s.state for s in sources if not s.saved} or {s.state for s in sources}
    if states == {"unresolved"}:
        return "bootstrap names don't resolve"
    if states == {"blocked"}:
        return "the blocklist holds all of them"
    if states and states <= {"silent", "unresolved", "blocked"}:
        return "none answers, UDP may be blocked"
    return ""
