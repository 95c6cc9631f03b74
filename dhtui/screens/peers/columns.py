"""The columns of the peers screen."""

from __future__ import annotations

from ...engine.views.snapshot import SwarmView
from ...text.clients import client_name
from ...text.format import LONGEST_ADDRESS, address, duration, milliseconds, power
from ...text.keyspace import near_bits
from ...text.spans import Line, Span
from ...widgets.table_model import Column
from .rows import AnnounceRow, Giver, MatrixRow, NamedPeer

_SWARM_PEERS = 3


def _hash(infohash: bytes) -> Line:
    return ((infohash.hex(), "data"),)


def port_words(port: int) -> str:
    """The port of an announce; 0 is whichever our packets come from."""
    return str(port) if port else "implied"


def _newest_peers(swarm: SwarmView) -> Line:
    return ((", ".join(address(peer) for peer in swarm.peers[:_SWARM_PEERS]), "dim"),)


SWARM_COLUMNS: tuple[Column[SwarmView], ...] = (
    Column("infohash", 9, lambda r: _hash(r.infohash), grow=True, middle=True, most=40, sort=lambda r: r.infohash),
    Column("peers", 6, lambda r: ((str(r.total), "plain"),), right=True, sort=lambda r: r.total),
    Column(
        "first ends",
        10,
        lambda r: ((duration(r.oldest_expires), "plain"),),
        right=True,
        sort=lambda r: r.oldest_expires,
    ),
    Column(
        "last ends", 9, lambda r: ((duration(r.newest_expires), "dim"),), right=True, sort=lambda r: r.newest_expires
    ),
    Column("last announced", 23, _newest_peers, grow=True, rank=1),
)


def _stored(row: AnnounceRow) -> Line:
    announce = row.announce
    return ((f"{announce.stored}/{announce.asked}", "good" if announce.stored else "bad"),)


def _expires(row: AnnounceRow) -> Line:
    left = row.announce.expires
    return (("over", "dim") if left <= 0 else (duration(left), "plain"),)


ANNOUNCE_COLUMNS: tuple[Column[AnnounceRow], ...] = (
    Column(
        "infohash", 9, lambda r: _hash(r.announce.info_hash), grow=True, middle=True,
        sort=lambda r: r.announce.info_hash,
    ),
    Column("port", 7, lambda r: ((port_words(r.announce.port), "plain"),), right=True, sort=lambda r: r.announce.port),
    Column("stored", 6, _stored, right=True, sort=lambda r: r.announce.stored),
    Column("made", 5, lambda r: ((duration(r.announce.age), "dim"),), right=True, sort=lambda r: r.announce.age),
    Column("ends", 5, _expires, right=True, sort=lambda r: r.announce.expires),
)  # fmt: skip
"""``stored``: how many of the nodes that were asked keep it; ``ends``: when they will have forgotten it."""


def _gave(row: Giver) -> Line:
    return ((", ".join(address(peer) for peer in row.node.peers[:20]), "dim"),)


GIVER_COLUMNS: tuple[Column[Giver], ...] = (
    Column("#", 2, lambda r: ((str(r.place), "dim"),), right=True),
    Column(
        "node", 21, lambda r: ((address(r.node.addr), "plain"),), sort=lambda r: r.node.addr, middle=True,
        most=LONGEST_ADDRESS,
    ),
    Column(
        "id", 9, lambda r: ((r.node.id.hex() if r.node.id else "–", near_bits(r.node.bits)),), middle=True,
        sort=lambda r: r.node.id or b"",
    ),
    Column(
        "dist", 7, lambda r: ((power(r.node.bits), "plain"),), right=True,
        sort=lambda r: 161.0 if r.node.bits is None else r.node.bits,
    ),
    Column(
        "rtt", 6, lambda r: ((milliseconds(r.node.rtt), "plain"),), right=True,
        sort=lambda r: (r.node.rtt is None, r.node.rtt or 0.0),
    ),
    Column("client", 14, lambda r: ((client_name(r.node.version) or "–", "dim"),), rank=1),
    Column("peers", 5, lambda r: ((str(len(r.node.peers)), "strong"),), right=True, sort=lambda r: len(r.node.peers)),
    Column(
        "alone", 5, lambda r: ((str(r.alone), "warn" if r.alone else "dim"),), right=True, sort=lambda r: r.alone
    ),
    Column("gave", 10, _gave, grow=True),
)  # fmt: skip
"""``alone``: how many of its peers no other node named."""


def _named_by(row: NamedPeer) -> Line:
    return _agreed(len(row.nodes), row.givers)


def _agreed(named: int, givers: int) -> Line:
    """By how many nodes a peer was named; of one node alone, where others gave peers too, that is said."""
    if named == 1 and givers > 1:
        return ((f"alone, 1 of {givers}", "warn"),)
    return ((f"{named} of {givers}", "strong"),)


PEER_COLUMNS: tuple[Column[NamedPeer], ...] = (
    Column(
        "peer", 21, lambda r: ((address(r.peer), "plain"),), sort=lambda r: r.peer, middle=True, most=LONGEST_ADDRESS
    ),
    Column("named by", 14, _named_by, right=True, sort=lambda r: len(r.nodes)),
    Column(
        "nodes that named it", 20, lambda r: ((", ".join(address(node) for node in r.nodes[:20]), "dim"),), grow=True
    ),
)


def _agreed_in_matrix(row: MatrixRow) -> Line:
    return (("alone", "warn"),) if row.alone else _agreed(len(row.named), row.givers)


_NODE = 3
"""Cells of the column of a node."""


def matrix_columns(first: int, nodes: int) -> tuple[Column[MatrixRow], ...]:
    """The columns of the matrix: the nodes from the place `first` on, of so many, in one, as wide as the pane is."""
    places = range(first, nodes + 1)

    def named(row: MatrixRow) -> Line:
        sign: Span = ("○", "warn") if row.alone else ("●", "good")
        return tuple(
            span for place in places for span in (("  ", "plain"), sign if place in row.named else ("·", "dim"))
        )

    return (
        Column(
            "peer",
            21,
            lambda r: ((address(r.peer), "plain"),),
            sort=lambda r: r.peer,
            middle=True,
            most=LONGEST_ADDRESS,
        ),
        Column("named by", 8, _agreed_in_matrix, right=True, sort=lambda r: len(r.named)),
        Column("".join(f"{place:{_NODE}}" for place in places), 20, named, grow=True),
    )
