"""The items that are kept alive: columns, details, and what of them is said in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from ...engine.items import Item, MutableItem
from ...items.keepalive import Check, CheckVerdict, Keeper, KeptItem
from ...options.values import Target, target
from ...options.values import item as wanted_item
from ...packets.fields import text_or_hex
from ...packets.parts import Link
from ...text.actions.keeping import check_words
from ...text.format import clock, duration, plural, short_id
from ...text.safe import magnet, value_text
from ...text.spans import Line, Role, fit
from ...widgets.table_model import Column
from ..verbs import CopyForm


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A kept item as it stands now."""

    kept: KeptItem
    wait: int
    """Whole seconds until it is looked after; 0 where it is time."""
    since: int | None
    """Whole seconds since it was looked after; `None`: never."""
    looking: bool
    """It is being looked after."""


def rows_of(keeper: Keeper) -> list[KeptRow]:
    """All that a keeper keeps, as it stands now."""
    now = keeper.clock()
    return [
        KeptRow(
            kept,
            max(0, int(kept.due - now)),
            None if kept.last is None else max(0, int(now - kept.last.at)),
            kept.target in keeper.looking,
        )
        for kept in keeper.items
    ]


def row_key(row: KeptRow) -> bytes:
    """What tells a kept item from all others."""
    return row.kept.target


def _state(row: KeptRow) -> Line:
    if row.looking:
        return (("…", "accent"),)
    if row.kept.paused:
        return (("‖", "dim"),)
    if row.kept.last is None:
        return (("·", "dim"),)
    return (("✗", "bad"),) if row.kept.last.verdict is CheckVerdict.FAILED else (("✓", "good"),)


def _seq(item: Item) -> Line:
    return ((str(item.seq), "plain"),) if isinstance(item, MutableItem) else (("–", "dim"),)


def _outcome(last: Check | None) -> tuple[str, Role]:
    """What came of the last look, in a few words."""
    if last is None:
        return "not yet", "dim"
    if last.verdict is CheckVerdict.FAILED:
        return f"failed, {last.stored} of {last.tried}" if last.tried else "failed", "bad"
    if last.tried:
        return f"put on {last.stored} of {last.tried}", "plain"
    return "enough copies", "good"


def next_words(row: KeptRow) -> str:
    """When it is looked after next."""
    if row.looking:
        return "now"
    if row.kept.paused:
        return "paused"
    return duration(row.wait) if row.wait else "now"


def _salt(item: Item) -> Line:
    salt = item.salt if isinstance(item, MutableItem) else b""
    return ((text_or_hex(salt), "plain"),) if salt else (("–", "dim"),)


KEPT_COLUMNS: tuple[Column[KeptRow], ...] = (
    Column("", 1, _state, sort=lambda r: _state(r)[0][0]),
    Column("target", 9, lambda r: ((r.kept.target.hex(), "data"),), middle=True, sort=lambda r: r.kept.target),
    Column("seq", 5, lambda r: _seq(r.kept.item), right=True, sort=lambda r: getattr(r.kept.item, "seq", -1)),
    Column("last look", 14, lambda r: (_outcome(r.kept.last),), sort=lambda r: _outcome(r.kept.last)),
    Column(
        "copies",
        6,
        lambda r: ((str(r.kept.last.copies) if r.kept.last else "–", "plain" if r.kept.last else "dim"),),
        right=True,
        sort=lambda r: r.kept.last.copies if r.kept.last else -1,
    ),
    Column("next", 6, lambda r: ((next_words(r), "plain"),), right=True, sort=lambda r: r.wait),
    Column("salt", 10, lambda r: _salt(r.kept.item), rank=1),
    Column("value", 16, lambda r: ((value_text(r.kept.item.v), "plain"),), grow=True),
)
"""The first one is a sign."""
SIGNS = (
    ("✓", "looked after, well"),
    ("✗", "looked after in vain: it is not where it should be"),
    ("·", "not yet looked after"),
    ("…", "is looked after now"),
    ("‖", "paused"),
)
"""What it means, for the help."""


# ---- details --------------------------------------------------------------------------------------------


def _row(label: str, text: str, role: Role = "plain") -> Line:
    return ((fit(label, 8), "dim"), (text, role))


def kept_details(row: KeptRow, width: int) -> list[Line]:
    """All about a kept item, in lines of at most `width` cells."""
    item, last = row.kept.item, row.kept.last
    lines = [_row("target", item.target.hex(), "data")]
    if isinstance(item, MutableItem):
        salt = f", salt {text_or_hex(item.salt)}" if item.salt else ""
        lines += [_row("key", item.k.hex(), "data"), _row("", f"seq {item.seq}{salt}")]
    said = looked_words(last, row.since)
    after = "is paused: nobody looks after it" if row.kept.paused else f"in {clock(row.wait)}"
    first, *more = wrap(said, max(20, width - 8))
    lines += [
        _row("value", value_text(item.v)),
        _row("last", first, "bad" if last is not None and last.verdict is CheckVerdict.FAILED else "plain"),
        *(_row("", text) for text in more),
        _row("next", "it is looked after now" if row.looking or not (row.wait or row.kept.paused) else after),
    ]
    return lines


def looked_words(last: Check | None, since: int | None) -> str:
    """What the last look at an item saw and did, a sentence."""
    if last is None or since is None:
        return "it was not looked after yet"
    seen = f"{plural(last.copies, 'copy', 'copies')} seen"
    put = f", stored on {last.stored} of {last.tried}" if last.tried else ""
    note = f"; {check_words(last.note)}" if last.note else ""
    return f"{duration(since)} ago: {last.verdict}, {seen}{put}{note}"


def kept_title(rows: Sequence[KeptRow]) -> str:
    """What the list is called."""
    if not rows:
        return "kept alive"
    paused = sum(row.kept.paused for row in rows)
    failed = sum(row.kept.last is not None and row.kept.last.verdict is CheckVerdict.FAILED for row in rows)
    notes = [f"{count} {what}" for count, what in ((failed, "in vain"), (paused, "paused")) if count]
    return f"{plural(len(rows), 'item')} kept alive" + (f": {', '.join(notes)}" if notes else "")


def read_wanted(text: str) -> Target:
    """What the user wants kept: a magnet link, a public key, or a target. Raises `UsageError`."""
    return wanted_item(target(text))


def kept_links(row: KeptRow) -> list[Link]:
    """What a kept item leads to."""
    item = row.kept.item
    target = Link("target", row.kept.target, f"the item {short_id(row.kept.target)}: look it up")
    return [target, Link("key", item.k, f"the key {short_id(item.k)}")] if isinstance(item, MutableItem) else [target]


def kept_forms(row: KeptRow) -> list[CopyForm]:
    """A kept item to be copied."""
    item = row.kept.item
    link = [("magnet link", magnet(item.k, item.salt))] if isinstance(item, MutableItem) else []
    return [("target", row.kept.target.hex()), *link, ("value", value_text(item.v))]
