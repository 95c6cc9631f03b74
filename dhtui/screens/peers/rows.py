"""The lines of the peers screen, and how far the sources of one lookup agree."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from heapq import merge

from ...engine.views.snapshot import (
    AnnounceView,
    CandidateView,
    Holdings,
    LookupDetail,
    LookupView,
    Snapshot,
    SwarmView,
)
from ...engine.wire.compact import Addr

MAX_NODES = 99
"""Nodes that the matrix has columns for, the nearest first."""
MAX_PEERS = 1000
"""Peers that the matrix has rows for, those first that most nodes named."""


@dataclass(frozen=True, slots=True)
class AnnounceRow:
    """An announce of ours. `place` counts from the oldest that is known, so that it stays as newer ones come."""

    announce: AnnounceView
    place: int


@dataclass(frozen=True, slots=True)
class Giver:
    """A node that gave peers."""

    node: CandidateView
    alone: int
    """How many of its peers nobody else named."""
    place: int = 1
    """Its place among those that gave peers, the nearest first, from 1: its column in the matrix."""


@dataclass(frozen=True, slots=True)
class NamedPeer:
    """A peer, and who named it."""

    peer: Addr
    nodes: tuple[Addr, ...]
    """The nearest to the infohash first."""
    givers: int
    """How many nodes gave peers at all."""


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A peer, and which of the nodes named it."""

    peer: Addr
    named: frozenset[int]
    """Places of the nodes that named it, from 1."""
    givers: int
    """How many nodes gave peers at all."""

    @property
    def alone(self) -> bool:
        """Whether one node alone named it, though others gave peers too."""
        return len(self.named) == 1 and self.givers > 1


@dataclass(frozen=True, slots=True)
class Results:
    """What a get_peers lookup brought, by source."""

    detail: LookupDetail
    givers: tuple[Giver, ...]
    """Nearest first."""
    peers: tuple[NamedPeer, ...]
    """The most often named first."""


def results_of(detail: LookupDetail) -> Results:
    """Who gave which peers, in both families."""
    found = merge(*(each.candidates for each in detail.families), key=_nearness)
    sources = [candidate for candidate in found if candidate.peers]
    named: dict[Addr, list[Addr]] = {}
    for source in sources:
        for peer in dict.fromkeys(source.peers):
            named.setdefault(peer, []).append(source.addr)
    alone = Counter(nodes[0] for nodes in named.values() if len(nodes) == 1)
    peers = (NamedPeer(peer, tuple(nodes), len(sources)) for peer, nodes in named.items())
    return Results(
        detail,
        tuple(Giver(source, alone[source.addr], place) for place, source in enumerate(sources, 1)),
        tuple(sorted(peers, key=lambda peer: -len(peer.nodes))),
    )


def _nearness(candidate: CandidateView) -> float:
    return 160.0 if candidate.bits is None else candidate.bits


def matrix_rows(results: Results) -> list[MatrixRow]:
    """Which node named which peer: first the peers that most nodes named, those of one node together."""
    place = {giver.node.addr: giver.place for giver in results.givers[:MAX_NODES]}
    rows = [
        MatrixRow(peer.peer, frozenset(place[node] for node in peer.nodes if node in place), peer.givers)
        for peer in results.peers
    ]
    return sorted(rows, key=lambda row: (-len(row.named), min(row.named, default=0)))[:MAX_PEERS]


def peer_lookups(snapshot: Snapshot) -> list[LookupView]:
    """The lookups that are remembered and looked for peers, the latest first."""
    found = [lookup for lookup in snapshot.lookups if lookup.kind == "get_peers"]
    return sorted(found, key=lambda lookup: lookup.number, reverse=True)


def swarm_rows(holdings: Holdings) -> list[SwarmView]:
    """The infohashes that we keep peers for, the last announced first."""
    return sorted(holdings.swarms, key=lambda swarm: (-swarm.newest_expires, swarm.infohash))


def announce_rows(holdings: Holdings) -> list[AnnounceRow]:
    """The announces that we made, newest first."""
    count = len(holdings.announces)
    return [AnnounceRow(announce, count - place) for place, announce in enumerate(holdings.announces)]
