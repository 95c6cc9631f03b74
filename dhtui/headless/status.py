"""The status of a node that runs, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..actions.run import Result
from ..engine.views.snapshot import Snapshot
from ..text import format as words
from . import json_lines
from .lines import Lines
from .text import Shown, identity


def text(result: Result, shown: Shown) -> Lines:
    """Who it is, and how much of everything it has. Of one that is not ready, too."""
    lines = identity(result._replace(ok=True), shown)
    now, counts = _status(result), _counts(_status(result))
    table, store, traffic = now.table, now.store, now.traffic
    lines.out += [
        f"nodes    {table.good} good, {table.questionable} questionable, {table.bad} bad",
        f"uptime   {words.duration(now.uptime)}",
        f"asks     {words.plural(counts['sent'], 'query', 'queries')}, {counts['answered']} answered, "
        f"{counts['timed_out']} silent",
        f"answers  {counts['replied']} of {words.plural(counts['received'], 'query', 'queries')}, "
        f"{counts['refused']} refused",
        f"holds    {words.plural(store.immutable + store.mutable, 'item')}, "
        f"{words.plural(store.peers, 'peer')} of {words.plural(store.infohashes, 'infohash', 'infohashes')}",
        f"packets  {traffic.packets_in} in, {traffic.packets_out} out",
    ]
    lines.err = [result.summary if result.ok else f"status: not ready: {result.summary}"]
    return lines


def _nodes(now: Snapshot) -> dict[str, Any]:
    table = now.table
    return {"nodes": {"good": table.good, "questionable": table.questionable, "bad": table.bad}}


def json(result: Result) -> Iterator[dict[str, Any]]:
    """One object."""
    now = _status(result)
    store, traffic = now.store, now.traffic
    lines = json_lines.plain(
        result,
        ready=result.ok,
        uptime_seconds=round(now.uptime, 3),
        queries=_counts(now),
        traffic={name: getattr(traffic, name) for name in ("packets_in", "packets_out", "bytes_in", "bytes_out")},
        stored={name: getattr(store, name) for name in ("immutable", "mutable", "peers", "infohashes")},
        lookups_running=sum(view.running for view in now.lookups),
        network_size=now.size.nodes,
    )
    for line in lines:
        told = zip(line["families"], now.families, strict=True)
        yield line | {"families": [each | _nodes(state) for each, state in told]}


def _status(result: Result) -> Snapshot:
    assert result.status is not None
    return result.status


def _counts(now: Snapshot) -> dict[str, int]:
    """The queries of all methods, ours and those of others."""
    names = ("sent", "answered", "errors", "timed_out", "received", "replied", "refused")
    return {name: sum(getattr(counts, name) for counts in now.methods.values()) for name in names}
