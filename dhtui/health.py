"""Whether the node works, in a sentence with cause and remedy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .engine.snapshot import BootstrapSource, Snapshot
from .report import safe_text
from .words import milliseconds, plural

ENOUGH_GOOD = 4
"""Good nodes with which a lookup is likely to work; jech/dht's rule, with `ENOUGH_KNOWN`."""
ENOUGH_KNOWN = 30
"""Good and questionable nodes together, likewise."""

Level = Literal["good", "wait", "weak", "bad"]


@dataclass(frozen=True, slots=True)
class Health:
    """How the node is."""

    level: Level
    text: str
    """What is so, and why."""
    remedy: str = ""
    """What to do about it."""

    @property
    def glyph(self) -> str:
        """A sign for the level that needs no colour."""
        return {"good": "✓", "wait": "…", "weak": "?", "bad": "✗"}[self.level]


def health(snapshot: Snapshot) -> Health:
    """The state of the node in words. `Health.text` is safe to print."""
    table, start = snapshot.table, snapshot.bootstrap
    if not table.good + table.questionable:
        return _no_nodes(snapshot)
    answering = f"{plural(table.good, 'node')} answer{'s' if table.good == 1 else ''}"
    if start.state == "running":
        return Health("wait", f"starting: {answering} so far")
    if table.good < ENOUGH_GOOD:
        return Health("weak", f"few nodes: {answering}", "lookups may find little; the table fills with time")
    return Health("good", f"good: {answering}, {_reach(snapshot)}")


def _reach(snapshot: Snapshot) -> str:
    if snapshot.reachability.state == "reachable":
        return "reachable"
    return "not seen from outside yet" if not snapshot.reachability.read_only else "read-only for now"


def _no_nodes(snapshot: Snapshot) -> Health:
    start = snapshot.bootstrap
    if start.state == "running":
        asked = [s for s in start.sources if s.state in ("asked", "waiting")]
        name = f": asking {safe_text(asked[0].name, 40)}" if asked else ": looking for some"
        return Health("wait", f"no nodes yet{name}", f"for {milliseconds(start.elapsed)} so far")
    if start.state == "idle" and not start.sources:
        return Health("weak", "no nodes: no bootstrap host was given", "wait to be contacted, or T: a testnet")
    why = _cause(start.sources) or safe_text(start.why)
    return Health("bad", f"no nodes: {why}", "check the network, or T: a testnet")


def _cause(sources: tuple[BootstrapSource, ...]) -> str:
    """What most likely went wrong, told from how the sources behaved."""
    states = {s.state for s in sources if not s.name.startswith("saved nodes")} or {s.state for s in sources}
    if states == {"unresolved"}:
        return "bootstrap names don't resolve"
    if states == {"blocked"}:
        return "the blocklist holds all of them"
    if states and states <= {"silent", "unresolved", "blocked"}:
        return "none answers, UDP may be blocked"
    return ""
