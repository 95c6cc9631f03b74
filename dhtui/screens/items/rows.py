"""The items that our node keeps: columns, details, links, and forms for the clipboard and for files."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from ...engine.items import MAX_SALT, MAX_VALUE, immutable_target, mutable_target
from ...engine.keys import BEP44_TEST_KEY
from ...engine.store import SHOWN
from ...engine.views.snapshot import StoredItemView
from ...packets.fields import text_or_hex
from ...packets.parts import Link
from ...text.format import clock, distance, duration, plural, short_id
from ...text.keyspace import near_to
from ...text.safe import magnet
from ...text.spans import Line, Role, fit
from ...widgets.table_model import Column
from ..verbs import CopyForm
from .value import kind_of, preview, whole


def item_columns(own: Callable[[], bytes | None] = lambda: None) -> tuple[Column[StoredItemView], ...]:
    """The columns; `own` gives our id, by the distance from which targets are painted.

    ``kind``: mutable items are signed and can be changed by who has the key, immutable ones never.
    """
    return (
        Column(
            "kind", 4, lambda r: (("mut" if r.k else "imm", "strong" if r.k else "plain"),),
            sort=lambda r: r.k is None,
        ),
        Column(
            "target", 9, lambda r: ((r.target.hex(), near_to(own(), r.target)),), middle=True,
            sort=lambda r: r.target,
        ),
        Column("seq", 5, lambda r: _seq(r), right=True, sort=lambda r: -1 if r.seq is None else r.seq),
        Column("size", 4, lambda r: ((str(len(r.v)), "plain"),), right=True, sort=lambda r: len(r.v)),
        Column("expires", 7, lambda r: ((duration(r.expires), "plain"),), right=True, sort=lambda r: r.expires),
        Column(
            "key", 9, lambda r: ((r.k.hex() if r.k else "–", "data" if r.k else "dim"),), middle=True,
            sort=lambda r: r.k or b"",
        ),
        Column("salt", 10, lambda r: ((text_or_hex(r.salt) if r.salt else "–", "plain" if r.salt else "dim"),), rank=1),
        Column("value", 20, lambda r: ((preview(r.v), "plain"),), grow=True),
    )  # fmt: skip


def _seq(row: StoredItemView) -> Line:
    return (("–", "dim") if row.seq is None else (str(row.seq), "plain"),)


def item_key(row: StoredItemView) -> tuple[bytes, bool]:
    """What tells an item from all others."""
    return row.target, row.k is None


def fits_target(row: StoredItemView) -> bool:
    """Whether the target is the hash that it must be (BEP 44)."""
    return row.target == (immutable_target(row.v) if row.k is None else mutable_target(row.k, row.salt))


# ---- details --------------------------------------------------------------------------------------------


def _row(label: str, text: str, role: Role = "plain") -> Line:
    return ((fit(label, 8), "dim"), (text, role))


def item_details(row: StoredItemView, own: bytes | None = None) -> list[Line]:
    """All about an item but its value in full."""
    hashed = "the public key and the salt" if row.k else "the value"
    fits = fits_target(row)
    return [
        _row("kind", "mutable: signed, its owner can change it" if row.k else "immutable: it can never change"),
        _row("target", row.target.hex(), near_to(own, row.target)),
        *([_row("", f"{distance(own, row.target)} from our id")] if own else []),
        _row("", f"{'✓ it is' if fits else '✗ it is not'} the SHA-1 of {hashed}", "good" if fits else "bad"),
        *(_signed(row, row.k) if row.k else []),
        _row("value", preview(row.v)),
        _row("", f"{kind_of(row.v)}; {len(row.v)} of at most {MAX_VALUE} bytes bencoded"),
        _row("expires", f"in {clock(row.expires)}, unless it is stored here again"),
    ]


def _signed(row: StoredItemView, k: bytes) -> list[Line]:
    salt = f"{text_or_hex(row.salt)}   {len(row.salt)} of {MAX_SALT} bytes" if row.salt else "none"
    lines = [_row("key", k.hex(), "data")]
    if k == BEP44_TEST_KEY.public:
        lines.append(_row("", "! the test key of BEP 44: anybody can sign with it", "warn"))
    return [*lines, _row("salt", salt), _row("seq", str(row.seq))]


# ---- links and forms ------------------------------------------------------------------------------------


def item_links(row: StoredItemView) -> list[Link]:
    """What an item leads to."""
    links = [Link("target", row.target, f"the item {short_id(row.target)}: look it up")]
    return [*links, Link("key", row.k, f"the key {short_id(row.k)}")] if row.k else links


def item_forms(row: StoredItemView, line: str) -> list[CopyForm]:
    """An item to be copied."""
    forms = [("target", row.target.hex())]
    if row.k:
        forms += [("public key", row.k.hex()), ("magnet link", magnet(row.k, row.salt))]
    if row.salt:
        forms.append(("salt, in hex", row.salt.hex()))
    return [
        *forms,
        ("value", whole(row.v)),
        ("value, bencoded, in hex", row.v.hex()),
        ("JSON", json.dumps(item_facts(row))),
        ("the line", line),
    ]


def item_facts(row: StoredItemView) -> dict[str, Any]:
    """An item as JSON says it: bytes in hex, `expires` in seconds, `text` the value for people."""
    return {
        "target": row.target.hex(),
        "kind": "mutable" if row.k else "immutable",
        "public_key": row.k.hex() if row.k else None,
        "salt": row.salt.hex(),
        "seq": row.seq,
        "expires": round(row.expires, 1),
        "v": row.v.hex(),
        "text": whole(row.v),
    }


def as_json_lines(rows: Sequence[StoredItemView]) -> bytes:
    """Items, one JSON object a line."""
    return "".join(json.dumps(item_facts(row)) + "\n" for row in rows).encode()


def items_title(rows: Sequence[StoredItemView], missed: int, stored: int = 0) -> str:
    """What the list is called; `missed` came in since the view was frozen, less those that went. `stored`: how many
    there are in all, if only the last ones are shown."""
    if not rows:
        return f"kept for others{f', {missed:+} new' if missed else ''}"
    mutable = sum(row.k is not None for row in rows)
    kinds = f"{mutable} mutable, {len(rows) - mutable} immutable"
    cut = SHOWN in (mutable, len(rows) - mutable) and stored > len(rows)
    last = f"of {stored} the last: " if cut else ""
    return f"{last}{plural(len(rows), 'item')} kept for others: {kinds}{f', {missed:+} new' if missed else ''}"
