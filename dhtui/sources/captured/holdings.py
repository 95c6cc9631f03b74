"""What a node of a capture keeps for others and has announced, as far as the announces in the capture tell."""

from __future__ import annotations

from typing import Final

from ...engine.views.snapshot import AnnounceView, Holdings, SwarmView
from ...engine.wire.compact import Addr
from ...engine.wire.krpc import AnnouncePeer, Query
from ...packets.captures.message import read
from .node_view import NodeView

EXPIRES: Final = 1800.0
"""Seconds after which a node forgets a peer, as most do."""
_PEERS: Final = 50
_ANNOUNCES: Final = 64


def holdings(view: NodeView, at: float) -> Holdings:
    """The stores at a time. Whether an announce was taken is not checked: the packets tell."""
    swarms: dict[bytes, dict[Addr, float]] = {}
    mine: dict[tuple[bytes, int], list[float]] = {}
    for sent, message in view.announces(at, at - EXPIRES):
        parsed = read(message.data, message.source).message
        if not isinstance(parsed, Query) or not isinstance(parsed.args, AnnouncePeer):
            continue
        args = parsed.args
        if message.source == view.me:
            mine.setdefault((args.target, args.port), []).append(sent)
        else:
            peer = message.source[0], args.port or message.source[1]
            swarms.setdefault(args.target, {}).setdefault(peer, sent)
    return Holdings(
        tuple(_swarm(target, peers, at) for target, peers in swarms.items()),
        (),
        tuple(
            AnnounceView(target, port, at - sent[0], len(sent), len(sent), sent[0] + EXPIRES - at)
            for (target, port), sent in list(mine.items())[:_ANNOUNCES]
        ),
    )


def _swarm(target: bytes, peers: dict[Addr, float], at: float) -> SwarmView:
    newest, oldest = max(peers.values()), min(peers.values())
    return SwarmView(target, tuple(peers)[:_PEERS], len(peers), newest + EXPIRES - at, oldest + EXPIRES - at)
