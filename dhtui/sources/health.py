"""Whether the node works. `text.node.health` has the sentences with cause and remedy.

It counts the nodes that answered within 15 minutes, and the outcomes of the queries of the last 5. A node that was not
queried since may be gone, so it is not said to answer.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from ..bindings.keymap import key_of
from ..engine.table import GOOD_SECONDS
from ..engine.views.events import LinkState
from ..engine.views.snapshot import BootstrapView, Snapshot
from ..text.node.health import State, health_words

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
    state: State
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
    """The state of the node. `Health.text` is safe to print."""
    answered = sum(
        node.state == "good" and node.seen is not None and node.seen <= GOOD_SECONDS
        for bucket in snapshot.table.buckets
        for node in bucket.nodes
    )
    state = _state(snapshot, answered)
    words = health_words(state, snapshot, answered, "" if on_testnet else key_of("testnet"))
    return Health(_LEVELS.get(state, "bad"), state, *words)


_LEVELS: dict[State, Level] = {
    State.GOOD: "good",
    State.STARTING: "wait",
    State.SEARCHING: "wait",
    State.FEW: "weak",
    State.NO_HOST: "weak",
}
"""All others are bad."""


def _state(snapshot: Snapshot, answered: int) -> State:
    table = snapshot.table
    if snapshot.link is LinkState.LOST:
        return State.NO_ROUTE
    if not table.good + table.questionable:
        return _without_nodes(snapshot.bootstrap)
    if snapshot.bootstrap.state == "running":
        return State.STARTING
    if snapshot.recent is not None and snapshot.recent.silent_since >= ENOUGH_SILENT:
        return State.UNANSWERED
    return State.FEW if answered < ENOUGH_GOOD else State.GOOD


def _without_nodes(start: BootstrapView) -> State:
    if start.state == "running":
        return State.SEARCHING
    if start.state == "idle" and not start.sources:
        return State.NO_HOST
    if start.state == "done":
        return State.LOST_ALL
    states = {s.state for s in start.sources if not s.saved} or {s.state for s in start.sources}
    if states == {"unresolved"}:
        return State.UNRESOLVED
    if states == {"blocked"}:
        return State.BLOCKED
    return State.SILENT if states and states <= {"silent", "unresolved", "blocked"} else State.FAILED
