"""The bookmarks on the home screen: where each leads, and what is known of it now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...engine.views.snapshot import ContactView, Snapshot
from ...packets.parts import Link
from ...storage.memory import Bookmark
from ...text.format import address, duration, milliseconds
from ...text.keyspace import near_to
from ...text.safe import safe_text
from ...text.spans import Line
from ...widgets.table_model import Column
from ..bookmarks import link_of

_STATES: dict[str, Line] = {
    "good": (("✓ ", "good"),),
    "questionable": (("? ", "warn"),),
    "bad": (("✗ ", "bad"),),
}


@dataclass(frozen=True, slots=True)
class MarkRow:
    """A bookmark."""

    name: str
    """As it was given: not safe to print."""
    link: Link
    now: Line
    own: bytes | None = None
    """Our id, by which an id is painted."""


def mark_rows(bookmarks: Mapping[str, Bookmark], snapshot: Snapshot) -> list[MarkRow]:
    """The bookmarks that can be used, the newest first, with what the node knows of each."""
    contacts: dict[object, ContactView] = {
        key: node
        for view in snapshot.families
        for bucket in view.table.buckets
        for node in (*bucket.nodes, *bucket.replacements)
        for key in (node.id, node.addr)
    }
    own = snapshot.identity.id
    found = ((name, link_of(name, kept)) for name, kept in reversed(list(bookmarks.items())))
    return [MarkRow(name, link, _now(link, snapshot, contacts), own) for name, link in found if link is not None]


def _now(link: Link, snapshot: Snapshot, contacts: Mapping[object, ContactView]) -> Line:
    """What is known of a thing: of a node whether it is in the table, of the rest when it was looked up last."""
    if link.kind in ("node", "address"):
        node = contacts.get(link.value)
        if node is None:
            return (("not in our table", "dim"),)
        return (*_STATES[node.state], (f"{milliseconds(node.rtt)}, seen {duration(node.seen)} ago", "plain"))
    return next(_lookups(link, snapshot), (("not looked up lately", "dim"),))


def _lookups(link: Link, snapshot: Snapshot) -> Iterator[Line]:
    for one in sorted(snapshot.lookups, key=lambda one: -one.number):
        if one.target == link.value:
            ago = "now" if one.running else f"{duration(snapshot.at - one.started_at - one.elapsed)} ago"
            sign = "…" if one.running else "✓" if one.found else "·"
            yield ((f"{sign} {safe_text(one.kind, 13)} {ago}", "plain"),)


def _what(row: MarkRow) -> Line:
    value = row.link.value
    if isinstance(value, tuple):
        return ((address(value), "plain"),)
    return ((value.hex(), near_to(row.own, value)),) if isinstance(value, bytes) else ()


MARK_COLUMNS: tuple[Column[MarkRow], ...] = (
    Column("name", 14, lambda r: ((safe_text(r.name, 60), "strong"),), grow=True, sort=lambda r: r.name),
    Column("kind", 8, lambda r: ((r.link.kind, "dim"),), sort=lambda r: r.link.kind, rank=1),
    Column("what", 21, _what, middle=True, sort=lambda r: str(r.link.value)),
    Column("known now", 24, lambda r: r.now, grow=True),
)
