"""The id space on the peers screen: the infohash, the nodes that gave peers of it, and the infohashes kept here."""

from __future__ import annotations

from collections.abc import Sequence

from ...engine.views.snapshot import Snapshot, SwarmView
from ...text.format import plural, short_id
from ...text.keyspace import Mark
from ...text.strip import Inhabitants
from .rows import Giver, Results

MOST = 200
"""Kept infohashes that are drawn at most: the last announced ones."""


def inhabitants(
    snapshot: Snapshot, infohash: bytes | None, results: Results | None, swarms: Sequence[SwarmView]
) -> Inhabitants:
    """The nodes of the table; below them what is kept here, who gave peers of the infohash, and where that lies."""
    kept = [Mark(swarm.infohash, "○", "", "dim") for swarm in swarms[:MOST]]
    gave = [Mark(giver.node.id, "●", "", "data") for giver in _givers(infohash, results) if giver.node.id is not None]
    here = [Mark(infohash, "◆", short_id(infohash))] if infohash is not None else []
    return Inhabitants(
        snapshot.identity.id,
        tuple(node.id for bucket in snapshot.table.buckets for node in bucket.nodes),
        tuple(node.id for bucket in snapshot.table.buckets for node in bucket.replacements),
        tuple(bucket.depth for bucket in snapshot.table.buckets),
        marked=(*kept, *gave, *here),
    )


def note(infohash: bytes | None, results: Results | None, swarms: Sequence[SwarmView]) -> str:
    """What its signs are, for the title."""
    told = []
    if infohash is not None:
        told.append("◆ the infohash")
    if gave := len(_givers(infohash, results)):
        told.append(f"● {plural(gave, 'node')} that gave peers of it")
    if swarms:
        told.append(f"○ kept here{f', the last {MOST}' if len(swarms) > MOST else ''}")
    return "".join(f", {each}" for each in told)


def _givers(infohash: bytes | None, results: Results | None) -> Sequence[Giver]:
    return () if results is None or results.detail.view.target != infohash else results.givers
