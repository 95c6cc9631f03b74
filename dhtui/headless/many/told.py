"""The result of each of many targets, as a line for people and as one for programs, and what they came to together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ...actions.run import Result
from ...engine.items import MutableItem
from ...engine.outcome import NodeOutcome, Outcome, Status
from ...engine.wire.compact import Addr, NodeInfo
from ...errors import Exit
from ...text.clients import client_name
from ...text.format import address
from ...text.outcomes import node_words
from ...text.safe import safe_text, value_text
from .. import json_lines
from ..text import nearest
from .jobs import Job
from .journal import TYPE

Near = Sequence[NodeInfo | NodeOutcome]
Holder = tuple[Addr, bytes | None]
"""A node, with its id."""
SHOWN = 300
"""Most characters of a value in a line for people."""

FIELDS = """\
| `target` | `action`, `line`, `part`, `name` | with --targets, one of each: the line of the file in which it stands, \
from 1; 1 for the second infohash of a hybrid torrent, else 0; the target in hex, of ping `host:port`, or what the \
line holds, if it makes no sense. With --records `line` is the number of the key |
| | `keyname` | with --records the key that signed it, else null |
| | `found` | whether there is what was looked for: the action succeeded, and get_peers found peers |
| | `ok`, `exit`, `summary`, `target`, `elapsed_ms`, `asked`, `answered`, `stored`, `stopped`, `doubt`, `highest_seq` \
| as in the result of the action by itself; null where nothing was asked |
| | `peers`, `item`, `scrape` | what was found, as there |
| | `closest` | find_node: the closest nodes that answered, of --remote the closest that were named, `{addr, id}` |
| | `node` | ping: null, or the node, `{addr, id, status, rtt_ms, client, version_hex, external}` |
| | `holders` | put: the nodes that stored it, `{addr, id}` |
| `many` | `action`, `ok`, `exit`, `complete`, `summary` | the last line with --targets or --records, in place of the \
result: as there |
| | `targets`, `found`, `failed`, `unanswered`, `bad` | how many results this run told, how many of them found \
what was looked for and how many did not; of the latter, of how many nobody answered, and how many lines made no sense |
| | `before`, `found_before` | results that were in the file of --resume, and how many of them found something |
| | `share`, `least` | found of all, with those from before, 0 to 1; and what --least wants |
| | `elapsed_ms` | milliseconds |
"""


class Told(NamedTuple):
    """What came of one target."""

    job: Job
    result: Result | None
    """`None` for a line that makes no sense, and for a name without an address."""
    problem: str = ""
    code: Exit = Exit.OK
    """Without a result: the exit code that it comes to."""

    @property
    def found(self) -> bool:
        """Whether there is what was looked for."""
        result = self.result
        if result is None or not result.ok:
            return False
        return result.action != "get_peers" or bool(result.outcome is not None and result.outcome.peers)

    @property
    def closest(self) -> Near:
        """find_node: the closest nodes that answered; of nodes that the user named, the closest ones that they know."""
        if self.result is None or self.result.outcome is None or self.result.action != "find_node":
            return ()
        return nearest(self.result.outcome, named=self.job.request is not None and bool(self.job.request.remotes))

    @property
    def exit(self) -> Exit:
        """What a run would end with that had this target alone."""
        return self.code if self.result is None else self.result.exit

    @property
    def unanswered(self) -> bool:
        """Whether nobody answered. Of a ping that is a result; else it says nothing of the target."""
        return self.exit is Exit.NO_ANSWER

    @property
    def summary(self) -> str:
        """In a sentence."""
        return self.problem if self.result is None else self.result.summary


# ---- JSON -----------------------------------------------------------------------------------------------


def as_json(told: Told, action: str) -> dict[str, Any]:
    """One target."""
    job, outcome = told.job, None if told.result is None else told.result.outcome
    return {
        "type": TYPE,
        "action": action,
        "line": job.line,
        "part": job.part,
        "name": job.name,
        "keyname": job.keyname or None,
        "found": told.found,
        "ok": told.result is not None and told.result.ok,
        "exit": told.exit,
        "summary": safe_text(told.summary, 1000),
        **_outcome(outcome, action, told.closest),
    }


_TAKEN = ("target", "elapsed_ms", "asked", "answered", "stored", "stopped", "doubt", "peers", "item", "highest_seq")


def _outcome(outcome: Outcome | None, action: str, closest: Near) -> dict[str, Any]:
    if outcome is None:
        nothing = dict.fromkeys(_TAKEN) | {"asked": 0, "answered": 0, "stored": 0, "peers": []}
        return nothing | {"scrape": None, "closest": [], "node": None, "holders": []}
    # The nodes of a lookup are named where they are what was looked for: else they would be most of each line.
    whole = json_lines.outcome_fields(outcome, near=False)
    own: dict[str, Any] = {"scrape": None, "closest": [], "node": None, "holders": []}
    if action == "scrape" and outcome.scrape is not None:
        from ..swarm import counts

        own["scrape"] = counts(outcome.scrape)
    elif action == "find_node":
        own["closest"] = named((one.addr, one.id) for one in closest)
    elif action == "ping" and outcome.asked:
        node = json_lines.node_fields(outcome.asked[0])
        own["node"] = {name: node[name] for name in _OF_NODE}
    own["holders"] = named(stored_by(outcome))
    return {name: whole[name] for name in _TAKEN} | own


_OF_NODE = ("addr", "id", "status", "rtt_ms", "client", "version_hex", "external")


def named(nodes: Iterable[Holder]) -> list[dict[str, Any]]:
    """Nodes by address and id."""
    return [{"addr": "%s:%d" % addr, "id": None if node_id is None else node_id.hex()} for addr, node_id in nodes]


def stored_by(outcome: Outcome) -> tuple[Holder, ...]:
    """The nodes that took what was put."""
    return tuple((one.addr, one.id) for one in outcome.writes if one.status is Status.STORED)


# ---- text -----------------------------------------------------------------------------------------------


def as_text(told: Told, action: str) -> str:
    """One target: its name first, then what was found, or why nothing was."""
    job = told.job
    name = f"{job.name}  {job.keyname}" if job.keyname else job.name if job.request else f"line {job.line}"
    outcome = None if told.result is None else told.result.outcome
    if not told.found or outcome is None:
        nothing = told.result is not None and told.result.ok
        return safe_text(f"{name}  {'nothing' if nothing else 'failed'}: {told.summary}", 1000)
    return f"{name}  {_found(told, outcome, action)}"


def _found(told: Told, outcome: Outcome, action: str) -> str:
    if action == "get_peers":
        return f"{len(outcome.peers)} peers  {' '.join(address(peer) for peer, _ in outcome.peers)}"
    if action == "find_node":
        return f"{len(told.closest)} nodes  {' '.join(address(one.addr) for one in told.closest)}"
    if action == "ping":
        one = outcome.asked[0]
        client = f"  client {client_name(one.version)}" if one.version else ""
        return f"{(one.id or b'').hex()}  {node_words(one)}{client}"
    if action == "get" and outcome.item is not None:
        from ...items.value.apart import take_apart

        seq = f"seq {outcome.item.seq}  " if isinstance(outcome.item, MutableItem) else ""
        apart = take_apart(outcome.item.v)
        known = "; ".join(" ".join(line.split()) for line in apart.lines) if apart.kind in ("torrent", "dns") else ""
        return seq + safe_text(known or value_text(outcome.item.v), SHOWN)
    holders = "".join(f"  {address(addr)}" for addr, _ in stored_by(outcome))
    return safe_text(told.summary, 1000) + holders


# ---- together -------------------------------------------------------------------------------------------


class Tally:
    """What all results came to."""

    def __init__(self, before: int = 0, found_before: int = 0) -> None:
        """`before`: results of earlier runs."""
        self.before, self.found_before = before, found_before
        self.count = self.found = self.unanswered = self.bad = self.missing = 0

    def add(self, told: Told) -> None:
        """One more result of this run."""
        self.count += 1
        self.found += told.found
        self.unanswered += told.unanswered
        self.bad += told.exit is Exit.USAGE
        self.missing += not told.found and told.exit in (Exit.NOT_FOUND, Exit.OK)

    @property
    def share(self) -> float:
        """Found of all, those of earlier runs too; 1 of none."""
        every = self.before + self.count
        return (self.found_before + self.found) / every if every else 1.0

    def exit(self, least: float) -> Exit:
        """How the run ends: `Exit.OK` where enough was found, else why not, if all failed for one reason."""
        if self.share >= least:
            return Exit.OK
        if self.count and self.count == self.unanswered:
            return Exit.NO_ANSWER
        if self.count and self.count == self.missing:
            return Exit.NOT_FOUND
        return Exit.FAILED

    def words(self, action: str) -> str:
        """In a sentence."""
        failed = self.count - self.found
        why = [f"{self.unanswered} unanswered"] if self.unanswered else []
        why += [f"{self.bad} of them lines that make no sense"] if self.bad else []
        rest = f", {failed} not{' (' + ', '.join(why) + ')' if why else ''}" if failed else ""
        before = f"; {self.before} results were there before" if self.before else ""
        of = f"{self.found} of {self.count} targets"
        done = f"{of} succeeded" if action in ("put", "ping") else f"found {of}"
        return f"{done}{rest}{before}"


def summary_json(tally: Tally, action: str, code: Exit, least: float, seconds: float, given_up: str) -> dict[str, Any]:
    """The last line."""
    return {
        "type": "many",
        "action": action,
        "ok": code is Exit.OK,
        "exit": code,
        "complete": not given_up,
        "summary": f"{given_up}: {tally.words(action)}" if given_up else tally.words(action),
        "targets": tally.count,
        "found": tally.found,
        "failed": tally.count - tally.found,
        "unanswered": tally.unanswered,
        "bad": tally.bad,
        "before": tally.before,
        "found_before": tally.found_before,
        "share": round(tally.share, 6),
        "least": least,
        "elapsed_ms": round(seconds * 1000, 3),
    }
