"""What a line of the table leads to, and its forms for the clipboard and for files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from ...engine.views.snapshot import Snapshot
from ...engine.wire.compact import NodeInfo, pack_node
from ...engine.wire.ids import shared_prefix
from ...packets.parts import Link
from ...text.clients import client_name
from ...text.format import address, plural, prefix_bits, short_id
from ...text.safe import safe_text
from ..verbs import CopyForm
from .columns import BucketRow, NodeRow

MAX_LOOKUPS = 5
"""Lookups that a bucket leads to."""


def node_links(row: NodeRow) -> list[Link]:
    """What a node leads to."""
    node = row.node
    return [
        Link("node", node.id, f"the node {short_id(node.id)}"),
        Link("address", node.addr, f"packets to and from {address(node.addr)}"),
    ]


def bucket_links(row: BucketRow, snapshot: Snapshot) -> list[Link]:
    """The last lookups of an id in the bucket, such as its refreshes."""
    depth, own = row.bucket.depth, row.bucket.own
    found = []
    for lookup in snapshot.lookups:
        shared = shared_prefix(row.own, lookup.target)
        if shared == depth or (own and shared > depth):
            words = f"{safe_text(lookup.kind, 20)} {short_id(lookup.target)} in this bucket"
            found.append(Link("lookup", lookup.number, words))
    return found[:MAX_LOOKUPS]


def node_facts(row: NodeRow, depth: int) -> dict[str, Any]:
    """A node as JSON says it. Times are seconds, `rtt_ms` milliseconds; `v` is hex, `client` safe to print."""
    node = row.node
    return {
        "bucket": depth,
        "replacement": row.replacement,
        "id": node.id.hex(),
        "ip": node.addr[0],
        "port": node.addr[1],
        "state": node.state,
        "rtt_ms": None if node.rtt is None else round(node.rtt * 1000, 1),
        "age": round(node.age, 1),
        "seen": None if node.seen is None else round(node.seen, 1),
        "failures": node.failures,
        "client": client_name(node.version),
        "v": (node.version or b"").hex(),
        "bep42": node.bep42,
    }


def node_forms(row: NodeRow, depth: int, line: str) -> list[CopyForm]:
    """A node to be copied."""
    node = row.node
    return [
        ("id", node.id.hex()),
        ("address", address(node.addr)),
        ("the line", line),
        ("JSON", json.dumps(node_facts(row, depth))),
        ("compact node info, in hex", pack_node(NodeInfo(node.id, node.addr)).hex()),
    ]


def bucket_forms(row: BucketRow, line: str) -> list[CopyForm]:
    """A bucket to be copied."""
    bits = prefix_bits(row.own, row.bucket.depth)
    return [
        ("the line", line),
        ("prefix", bits[:-1] if row.bucket.own else bits),
        ("JSON", json.dumps([node_facts(node, row.bucket.depth) for node in bucket_nodes(row)])),
        (plural(len(row.bucket.nodes), "address", "addresses"), " ".join(address(n.addr) for n in row.bucket.nodes)),
    ]


def bucket_nodes(row: BucketRow) -> list[NodeRow]:
    """The nodes of a bucket, then its replacements."""
    bucket, own = row.bucket, row.own
    return [
        *(NodeRow(node, own) for node in bucket.nodes),
        *(NodeRow(node, own, replacement=True) for node in bucket.replacements),
    ]


# ---- files ----------------------------------------------------------------------------------------------


def _all_facts(rows: Sequence[BucketRow]) -> Iterator[dict[str, Any]]:
    for row in rows:
        for node in bucket_nodes(row):
            yield node_facts(node, row.bucket.depth)


def as_json_lines(rows: Sequence[BucketRow]) -> bytes:
    """Every node of some buckets, one JSON object a line."""
    return "".join(json.dumps(facts) + "\n" for facts in _all_facts(rows)).encode()


def as_csv(rows: Sequence[BucketRow]) -> bytes:
    """Every node of some buckets, as CSV with a line of titles."""
    file = io.StringIO()
    writer: csv.DictWriter[str] | None = None
    for facts in _all_facts(rows):
        if writer is None:
            writer = csv.DictWriter(file, list(facts))
            writer.writeheader()
        writer.writerow({**facts, "client": _no_formula(facts["client"])})
    return file.getvalue().encode()


def _no_formula(text: str) -> str:
    """A spreadsheet would compute a client's name that begins with ``=``."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text
