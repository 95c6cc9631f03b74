"""What the page of a node tells in lines: who it is, its table by bucket, the walk through that."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from ...bindings.keymap import key_of
from ...engine.views.snapshot import Ban, ContactDetail, Snapshot
from ...engine.wire.compact import Addr, NodeInfo
from ...engine.wire.ids import shared_prefix
from ...lookups.walk import MAX_QUERIES, Walk, by_bucket
from ...packets.packet import Packet
from ...text.clients import client_name
from ...text.format import address, duration, plural, short_id
from ...text.format import distance as distance_words
from ...text.safe import safe_text
from ...text.spans import Line, Role, Span, crop, fit, width_of
from ..table.columns import STATES, NodeRow
from ..table.details import node_details

TABS = ("overview", "bep42", "packets", "lookups", "knows", "holds", "ask")
LABELS = {"bep42": "BEP 42"}
_BARS = 8
_LABEL = 14


class Known(NamedTuple):
    """All that is known of a node now."""

    addr: Addr
    id: bytes | None
    own: bytes
    row: NodeRow | None
    """Its place in our table, if it has one."""
    detail: ContactDetail | None
    packets: Sequence[Packet]
    """Those kept, newest first."""
    ban: Ban | None

    @property
    def version(self) -> bytes | None:
        """Its `v`, hostile."""
        if self.row is not None and self.row.node.version:
            return self.row.node.version
        said = (packet.message.version for packet in self.packets if packet.direction == "in" and packet.message)
        return next((version for version in said if version), None)


def find(view: Snapshot, addr: Addr) -> NodeRow | None:
    """A node in the table of a snapshot."""
    for each in view.families:
        for bucket in each.table.buckets:
            for nodes, spare in ((bucket.nodes, False), (bucket.replacements, True)):
                for node in nodes:
                    if node.addr == addr:
                        return NodeRow(node, each.identity.id, spare)
    return None


def in_table(view: Snapshot) -> set[Addr]:
    """The addresses of all nodes in the table."""
    return {node.addr for each in view.families for bucket in each.table.buckets for node in bucket.nodes}


def heading(known: Known | None, width: int) -> str:
    """Who it is, in one line: as much of it as fits."""
    if known is None:
        return "ask a node"
    parts = [f"node {safe_text(address(known.addr), 60)}"]
    state = f"{STATES[known.row.node.state][0]} {known.row.node.state}" if known.row else "not in our table"
    parts += ["this is us" if known.id == known.own else state]
    parts += [f"{distance_words(known.own, known.id)} from us"] if known.id and known.id != known.own else []
    parts += [client_name(known.version)] if known.version else []
    parts += [short_id(known.id)] if known.id else []
    while len(parts) > 1 and width_of(((" · ".join(parts), "plain"),)) > width:
        parts.pop()
    return " · ".join(parts)


def tabs_line(shown: str, counts: dict[str, int], width: int) -> Line:
    """The tabs with their keys and numbers, the one shown in brackets; where they don't fit, without the numbers."""
    for numbers in (True, False):
        spans: list[Span] = []
        for place, name in enumerate(TABS, 1):
            label = LABELS.get(name, name)
            count = f" {counts[name]}" if numbers and name in counts else ""
            if name == shown:
                spans.append((f"[{place} {label}{count}]", "strong"))
            else:
                spans += [(f" {place}", "key"), (f" {label}{count} ", "dim")]
        if width_of(spans) <= width:
            return tuple(spans)
    return crop(spans, width)


def overview(known: Known, story: Sequence[Line], *, stopped: bool = False) -> list[Line]:
    """The node as a whole, and what the line told that the page was opened from. `stopped`: by hand, on a testnet."""
    lines = _stranger(known) if known.row is None else node_details(known.row, known.detail)
    if stopped:
        how = f"by hand: {key_of('stop_node')} on it, in any list, starts it again"
        lines.insert(0, _row("stopped", how, "bad"))
    if known.ban is not None:
        lines.insert(0, _row("banned", f"for another {duration(known.ban.left)}: nothing is sent to it", "bad"))
    return [*story, (), (("What is known of it", "title"),), *lines] if story else lines


def _stranger(known: Known) -> list[Line]:
    """A node that has no place in our table."""
    sent = [packet for packet in known.packets if packet.direction == "out"]
    came = [packet for packet in known.packets if packet.direction == "in"]
    version = known.version
    client = f"{client_name(version)}   v = {safe_text(version, 40)}" if version else "it gave none"
    own = known.id == known.own
    near = "not known" if known.id is None else distance_words(known.own, known.id)
    shared = "" if known.id is None else f": {plural(shared_prefix(known.own, known.id), 'leading bit')} shared"
    state = "this is us" if own else "not in our table"
    return [
        _row("state", state, "accent" if own else "plain"),
        _row("id", known.id.hex() if known.id else "not known: it has not answered", "data"),
        _row("our id", known.own.hex(), "data"),
        _row("distance", f"{near}{shared}"),
        _row("address", safe_text(address(known.addr), 60)),
        _row("client", client),
        _row("packets", f"{plural(len(sent), 'packet')} to it and {len(came)} from it are kept"),
    ]


def _row(label: str, text: str, role: Role = "plain") -> Line:
    return ((fit(label, _LABEL), "dim"), (text, role))


def table_lines(node_id: bytes | None, named: Collection[NodeInfo], ours: Collection[Addr], width: int) -> list[Line]:
    """The table of a node, as far as it is known, bucket by bucket; and how much of it is in ours."""
    if node_id is None or not named:
        return [((" It has named no node that is still known here.", "dim"),)]
    shared = sum(info.addr in ours for info in named)
    head: Line = ((f" {shared} of its {len(named)} are in ours", "strong"), ("; its buckets:", "dim"))
    cells: list[Line] = []
    for depth, count in enumerate(by_bucket(node_id, named)):
        bar = "█" * min(count, _BARS) + "·" * max(0, _BARS - count)
        cells.append(((f" {depth:>2} ", "dim"), (bar, "data"), (f" {count:<3}", "plain")))
    each = width_of(cells[0]) if cells else 1
    across = max(1, width // each)
    rows = [cells[place : place + across] for place in range(0, len(cells), across)]
    return [head, *(tuple(span for cell in row for span in cell) for row in rows)]


def walk_words(walk: Walk) -> str:
    """How far a walk is."""
    asked, found = plural(walk.asked, "query", "queries"), plural(len(walk.named), "node")
    if not walk.over:
        return f"walking: {asked} of at most {MAX_QUERIES}, bucket {max(0, walk.depth)}, {found} so far; esc ends it"
    why = "no new node came" if walk.mapped else "it left queries unanswered"
    if walk.asked >= MAX_QUERIES and not walk.mapped:
        why = f"{MAX_QUERIES} queries are the most"
    return f"walked: {found} after {asked}; {why}"
