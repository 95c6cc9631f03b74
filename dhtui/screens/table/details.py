"""All that is known about one node or one bucket, for the window that enter opens."""

from __future__ import annotations

from collections.abc import Sequence

from ...engine.views.snapshot import ContactDetail, ContactView
from ...engine.wire.compact import is_local
from ...engine.wire.family import family_of
from ...engine.wire.ids import bep42, bep42_valid, shared_prefix
from ...lookups.query_status import span_words
from ...text.clients import client_name
from ...text.format import address, clock, duration, plural
from ...text.format import distance as distance_words
from ...text.safe import safe_text
from ...text.spans import Line, Role, Span, fit
from ...widgets.spark import graph
from .columns import STATES, BucketRow, NodeRow, fill_cells

_STATE_WORDS = {
    "good": "good: it answered lately",
    "questionable": "questionable: silent for a while, or not asked yet",
    "bad": "bad: it left several queries in a row unanswered",
}
_BEP42_WORDS = {
    "valid": "✓ its id fits its address",
    "invalid": "✗ its id does not fit its address",
    "exempt": "– a local address is exempt",
    "unknown": "? not checked",
}
_WANTED_BITS = 21
_CHART = 3
"""Rows of the chart of round trips."""


def _row(label: str, text: str, role: Role = "plain") -> Line:
    return ((fit(label, 14), "dim"), (text, role))


def node_details(row: NodeRow, detail: ContactDetail | None = None) -> list[Line]:
    """A node of the table. `detail` is what the table knows beyond the row, if the node is still in it."""
    node = row.node
    glyph, role = STATES[node.state]
    shared = shared_prefix(row.own, node.id)
    version = f"{client_name(node.version)}   v = {safe_text(node.version, 40)}" if node.version else "it gave none"
    place = "a replacement: waits for a place in the bucket" if row.replacement else "in the bucket"
    return [
        _row("state", f"{glyph} {_STATE_WORDS[node.state]}", role),
        _row("place", place),
        _row("id", node.id.hex(), "data"),
        _row("our id", row.own.hex(), "data"),
        _row("distance", f"{distance_words(row.own, node.id)}: {plural(shared, 'leading bit')} shared"),
        _row("address", address(node.addr)),
        _row("bep 42", _BEP42_WORDS[node.bep42]),
        _row("client", version),
        _row("first met", f"{clock(node.age)} ago" if not node.saved else "in an earlier run"),
        _row("last answer", f"{clock(node.seen)} ago" if node.seen is not None else "never"),
        _row("failures", f"{node.failures} in a row", "warn" if node.failures else "plain"),
        *_told(node, detail),
        *rtt_lines(node.rtt, detail.rtts if detail else ()),
    ]


def _told(node: ContactView, detail: ContactDetail | None) -> list[Line]:
    if detail is None:
        return []
    told = asked = "nothing so far"
    if detail.last and node.seen is not None:
        told = f"{safe_text(detail.last, 60)}, {clock(detail.last_age)} ago"
    if detail.queries:
        asked = plural(detail.queries, "query", "queries")
    return [_row("it told us", told), _row("it asked us", asked)]


def rtt_lines(smoothed: float | None, rtts: Sequence[float]) -> list[Line]:
    """The round trips of a node, oldest at the left, as a small chart."""
    if not rtts:
        words = "not measured yet" if smoothed is None else f"{span_words(smoothed)} smoothed"
        return [_row("round trip", words)]
    low, high = min(rtts), max(rtts)
    words = f"the last {span_words(rtts[-1])}, smoothed {span_words(smoothed)}, {plural(len(rtts), 'sample')}"
    notes = (f" {span_words(high)} at most", "", f" {span_words(low)} at least")
    # Two cells for each, as 16 thin columns are hard to read.
    chart = graph([rtt for rtt in rtts for _ in range(2)], 2 * len(rtts), _CHART)
    return [
        _row("round trip", words),
        *(((" " * 14, "plain"), (bars, "accent"), (note, "dim")) for bars, note in zip(chart, notes, strict=True)),
    ]


def bep42_lines(node_id: bytes, ip: str) -> list[Line]:
    """The computation of BEP 42, step by step."""
    family = family_of(ip)
    mask, step, packed = family.bep42_mask, bep42(ip, node_id[19]), family.pack_ip(ip)
    masked = bytes(a & b for a, b in zip(packed, mask, strict=False))
    wanted = _bits(step.crc.to_bytes(4, "big"))
    actual = _bits(node_id[:4])
    same = [a == b for a, b in zip(wanted, actual, strict=True)]
    fits = bep42_valid(node_id, ip)
    if is_local(ip):
        verdict: Span = ("– exempt: any id may be used at a local address", "dim")
    elif fits:
        verdict = ("✓ all 21 bits are the same: the id fits the address", "good")
    else:
        differ = plural(same.count(False), "bit differs", "bits differ")
        verdict = (f"✗ {differ}: the id does not fit the address", "warn")
    id_bits: list[Span] = [(bit, "data" if equal else "bad") for bit, equal in zip(actual, same, strict=True)]
    marks = "".join(" " if equal else "^" for equal in same)
    below: list[Line] = [((" " * 14, "plain"), (_grouped(marks), "bad"))] if False in same else []
    counted = packed[: len(mask)]
    address = [_row("address", f"{packed.hex(' ')}   {ip}")]
    if len(counted) < len(packed):
        address = [_row("address", ip), _row("upper half", f"{counted.hex(' ')}   the network, a /{8 * len(counted)}")]
    return [
        (("The id that its address wants (BEP 42)", "title"),),
        *address,
        _row("mask", mask.hex(" ")),
        _row("masked", masked.hex(" ")),
        _row("r", f"{node_id[19] & 7}: the low 3 bits of the id's last byte, {node_id[19]:02x}"),
        _row("r on top", f"{step.masked.hex(' ')}   r in the first 3 bits"),
        _row("crc32c", f"{step.crc:08x}"),
        ((fit("wanted", 14), "dim"), (_grouped(wanted), "data"), ("   its first 21 bits", "dim")),
        ((fit("the id has", 14), "dim"), *_grouped_spans(id_bits)),
        *below,
        ((fit("verdict", 14), "dim"), verdict),
    ]


def _bits(data: bytes) -> str:
    return f"{int.from_bytes(data, 'big'):032b}"[:_WANTED_BITS]


def _grouped(bits: str) -> str:
    return " ".join((bits[:8], bits[8:16], bits[16:]))


def _grouped_spans(bits: Sequence[Span]) -> list[Span]:
    gap: Span = (" ", "plain")
    return [*bits[:8], gap, *bits[8:16], gap, *bits[16:]]


def bucket_details(row: BucketRow) -> list[Line]:
    """A bucket of the table."""
    bucket = row.bucket
    least = "at least" if bucket.own else "exactly"
    return [
        _row("depth", f"{bucket.depth}: its nodes share {least} {plural(bucket.depth, 'bit')} with our id"),
        _row("our id", f"{int.from_bytes(row.own, 'big'):0160b}"[: bucket.depth + 8] + "…", "data"),
        ((fit("nodes", 14), "dim"), *fill_cells(bucket), (f"  {len(bucket.nodes)} of {bucket.capacity}", "plain")),
        _row("states", "   ".join(f"{STATES[s][0]} {row.count(s)} {s}" for s in STATES)),
        _row("replacements", f"{len(bucket.replacements)} wait for a place"),
        _row("last change", f"{clock(bucket.changed)} ago"),
        _row("refresh", f"in {duration(bucket.refresh_in)}" if bucket.refresh_in > 0 else "due now"),
        _row("kept here", f"{plural(row.items, 'item')}, peers of {plural(row.infohashes, 'infohash', 'infohashes')}"),
        _row("our path", "our own id falls into it: it is split as it fills" if bucket.own else "no"),
    ]
