"""What a lookup and its nodes lead to, and the forms in which they can be taken away."""

from __future__ import annotations

from functools import partial

from ...engine.views.snapshot import LookupDetail, LookupView
from ...engine.wire.methods import about
from ...packets.packet import Packet
from ...packets.parts import Link
from ...packets.ring import PacketRing
from ...text.format import address, short_id
from ...text.safe import safe_text
from ..verbs import CopyForm, ExportForm
from .panes import CandidateRow


def links_of(detail: LookupDetail, row: CandidateRow | None, packets: PacketRing) -> tuple[Link, ...]:
    """Where to go to from a node of a lookup, or from the lookup itself."""
    view = detail.view
    kind = view.kind
    if about(kind) == "infohash":
        target = Link("infohash", view.target, f"infohash {short_id(view.target)}")
    elif about(kind) == "target":
        target = Link("target", view.target, f"target {short_id(view.target)}")
    else:
        target = Link("node", view.target, f"the node {short_id(view.target)}")
    if row is None:
        return (_nearest(detail) or target if target.kind == "node" else target,)
    node = row.node
    found = [Link("node", node.id, f"node {short_id(node.id)}")] if node.id is not None else []
    found.append(Link("address", node.addr, safe_text(address(node.addr))))
    packet = _packet(detail, row, packets)
    if packet is not None:
        found.insert(0, Link("packet", packet.number, f"its query, packet {packet.number}"))
    return (*found, target)


def _nearest(detail: LookupDetail) -> Link | None:
    """What a lookup of an id came to: the nearest node that answered, which need not have that id."""
    found = next((one for one in detail.candidates if one.closest), None)
    if found is None:
        return None
    return Link("address", found.addr, safe_text(f"the nearest that answered, {address(found.addr)}"))


def _packet(detail: LookupDetail, row: CandidateRow, packets: PacketRing) -> Packet | None:
    """The last query of this lookup to that node, while it is kept."""
    view = detail.view
    for packet in reversed(packets):
        if packet.at < view.started_at:
            return None
        ours = packet.direction == "out" and packet.addr == row.node.addr and packet.method == view.kind
        if ours and packet.at <= view.started_at + view.elapsed and packet.target == view.target:
            return packet
    return None


def copies(view: LookupView, row: CandidateRow | None) -> tuple[CopyForm, ...]:
    """The forms in which a node, or the target of a lookup, can be copied."""
    if row is not None:
        node = row.node
        forms: list[CopyForm] = [("id", node.id.hex())] if node.id is not None else []
        return (*forms, ("address", safe_text(address(node.addr))), *_peers(row))
    target = view.target.hex()
    forms = [("target", target)]
    if view.kind == "get_peers":
        forms.append(("magnet link", f"magnet:?xt=urn:btih:{target}"))
    return tuple(forms)


def _peers(row: CandidateRow) -> tuple[CopyForm, ...]:
    peers = row.node.peers
    return (("its peers", safe_text(" ".join(map(address, peers)), 20_000)),) if peers else ()


def files(detail: LookupDetail) -> tuple[ExportForm, ...]:
    """The forms in which a lookup can be written to a file."""
    from ...lookups.export import as_json, as_text  # when they are asked for: they take a while to load

    name = f"lookup-{detail.view.number}"
    return (
        ("the drawings and the verdict, as text", f"{name}.txt", partial(as_text, detail)),
        ("all queries and nodes, as JSON", f"{name}.json", partial(as_json, detail)),
    )
