"""All that is known about a line of the peers screen, and what it leads to."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from ...actions.run import Result
from ...bindings.keymap import key_of
from ...engine.views.snapshot import LookupView, Snapshot, SwarmView
from ...engine.wire.compact import Addr
from ...engine.wire.ids import distance
from ...lookups.query_status import mark_of
from ...packets.parts import Link
from ...text.clients import client_name
from ...text.format import address, clock, elide, milliseconds, plural, power, short_id
from ...text.format import distance as distance_words
from ...text.outcomes import node_words
from ...text.safe import safe_text
from ...text.spans import Line, fit
from ..queries.details import detail
from .columns import port_words
from .rows import AnnounceRow, Giver, NamedPeer

_WIDTH = 72
CLOSEST = 8
"""Nodes that keep the peers of an infohash."""


def _addresses(label: str, addrs: tuple[Addr, ...]) -> list[Line]:
    """Addresses, two a line if they are short enough."""
    lines: list[Line] = []
    beside = 2 if all(len(address(addr)) < 24 for addr in addrs) else 1
    for place in range(0, len(addrs), beside):
        text = "".join(fit(address(addr), max(24, len(address(addr)))) for addr in addrs[place : place + beside])
        lines.append(((fit("" if place else label, 14), "dim"), (text, "plain")))
    return lines


def swarm_details(swarm: SwarmView, snapshot: Snapshot | None = None, counted: str = "") -> list[Line]:
    """An infohash that we keep peers for; `snapshot` tells how near to it we are, `counted` what came of a scrape."""
    first, last = clock(swarm.oldest_expires), clock(swarm.newest_expires)
    older = swarm.total - len(swarm.peers)
    return [
        *detail("infohash", swarm.infohash.hex(), "data"),
        *detail("kept here", plural(swarm.total, "peer")),
        *(detail("counted", counted) if counted else ()),
        *(detail("distance", _nearness(swarm.infohash, snapshot)) if snapshot is not None else ()),
        *detail("expire", f"the first in {first}, the last in {last}, unless they announce again"),
        (),
        *_addresses("newest", swarm.peers),
        *(detail("", f"and {plural(older, 'older one')}", "dim") if older else ()),
    ]


def _nearness(infohash: bytes, snapshot: Snapshot) -> str:
    """How near to an infohash we are, by what we know: peers are kept by the 8 nodes nearest to it."""
    own = snapshot.identity.id
    ours = distance(own, infohash)
    nearer = sum(
        node.state != "bad" and distance(node.id, infohash) < ours
        for bucket in snapshot.table.buckets
        for node in bucket.nodes
    )
    far = f"{distance_words(own, infohash)} from our id"
    if nearer < CLOSEST:
        return f"{far}: this node is among the {CLOSEST} closest to it that we know of"
    return f"{far}; {plural(nearer, 'node')} of our table are closer to it: whoever announced it here did not know them"


def announce_details(row: AnnounceRow) -> list[Line]:
    """An announce that we made."""
    made = row.announce
    rest = f"in {clock(made.expires)}: announce again before" if made.expires > 0 else "over: announce again"
    return [
        *detail("infohash", made.info_hash.hex(), "data"),
        *detail("port", str(made.port) if made.port else "implied: the one that our packets come from"),
        *detail("made", f"{clock(made.age)} ago"),
        *detail("stored", f"on {made.stored} of {plural(made.asked, 'node')}", "plain" if made.stored else "bad"),
        *detail("ends", f"{rest}. Nodes keep peers for about half an hour."),
    ]


def giver_details(row: Giver, counted: str = "") -> list[Line]:
    """A node that gave peers; `counted`: what came of a scrape of their infohash."""
    node = row.node
    return [
        *detail("node", address(node.addr)),
        *detail("its id", node.id.hex() if node.id else "not known", "data"),
        *detail("distance", "not known" if node.bits is None else f"{power(node.bits)} from the infohash"),
        *detail("hop", str(node.hop)),
        *detail("round trip", milliseconds(node.rtt)),
        *detail("client", client_name(node.version) or "it gave none"),
        *detail("gave", f"{plural(len(node.peers), 'peer')}, {row.alone} of them named by nobody else"),
        *(detail("counted", f"for this infohash: {counted}") if counted else ()),
        (),
        *_addresses("peers", node.peers),
    ]


def peer_details(row: NamedPeer) -> list[Line]:
    """A peer that was found."""
    agreed = "Several nodes agree." if len(row.nodes) > 1 else "Nobody else confirms it: nodes can make peers up."
    return [
        *detail("peer", address(row.peer)),
        *detail("named by", f"{len(row.nodes)} of {plural(row.givers, 'node')} that gave peers. {agreed}"),
        (),
        *_addresses("nodes", row.nodes),
    ]


# ---- announcing -----------------------------------------------------------------------------------------


def announced_lines(result: Result, port: int) -> list[Line]:
    """What came of an announce at each node."""
    outcome = result.outcome
    lines = [
        *detail("result", f"{'✓' if result.ok else '✗'} {safe_text(result.summary)}", "good" if result.ok else "bad"),
        *detail("port", port_words(port)),
        (),
    ]
    for one in outcome.writes if outcome else ():
        sign, role = mark_of(one.status)
        first, *rest = wrap(node_words(one), _WIDTH - 25)
        lines.append(((f"{sign} ", role), (fit(elide(address(one.addr), 22), 23), "plain"), (first, "plain")))
        lines += [((" " * 25 + more, "plain"),) for more in rest]
    if not (outcome and outcome.writes):
        tells = f"{key_of('show.home')} tells whether there are nodes at all"
        lines += detail("", f"No node could be asked to keep it: {tells}.")
    return lines


# ---- links ----------------------------------------------------------------------------------------------


def infohash_links(infohash: bytes, lookups: Sequence[LookupView]) -> list[Link]:
    """An infohash, and the lookups for it that are remembered."""
    found = [
        Link("lookup", lookup.number, f"the lookup get_peers#{lookup.number}")
        for lookup in lookups
        if lookup.target == infohash
    ]
    return [*found, Link("infohash", infohash, f"the infohash {short_id(infohash)}")]


def address_links(addrs: tuple[Addr, ...], what: str) -> list[Link]:
    """Addresses of nodes or peers."""
    return [Link("address", addr, f"the {what} {address(addr)}") for addr in addrs]


def giver_links(row: Giver) -> list[Link]:
    """A node that gave peers."""
    found = address_links((row.node.addr,), "node")
    if row.node.id is not None:
        found.append(Link("node", row.node.id, f"the node {short_id(row.node.id)}"))
    return found
