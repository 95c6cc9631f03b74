"""The keys of the user: columns, details, links and forms. A private key appears in none of them."""

from __future__ import annotations

from datetime import UTC, datetime
from textwrap import wrap

from ..engine.items import mutable_target
from ..keyring import Entry
from ..packets.parts import Link
from ..report import magnet, safe_text
from ..widgets.paint import Line, Role, Span, fit
from ..widgets.table_model import Column
from ..words import short_id
from .verbs import CopyForm

_WIDTH = 64


def _state(entry: Entry) -> Span:
    """A sign and a word for what is special about a key."""
    if entry.damaged:
        return ("✗ damaged", "bad")
    if entry.is_public_test_key:
        return ("! public test key", "warn")
    return ("✓ encrypted", "good") if entry.encrypted else ("✓", "good")


def _public(entry: Entry) -> Span:
    return (entry.public.hex(), "data") if entry.public else (safe_text(entry.damaged), "warn")


def when(entry: Entry) -> str:
    """When a key was made, in UTC; of the built-in one nothing."""
    if entry.created is None:
        return "–"
    try:
        return datetime.fromtimestamp(entry.created, UTC).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):  # what a file system says need not be a date
        return "?"


def _name(entry: Entry) -> Span:
    return (safe_text(entry.name, 64), "strong")


KEY_COLUMNS: tuple[Column[Entry], ...] = (
    Column("name", 14, lambda r: (_name(r),), sort=lambda r: r.name),
    Column("state", 17, lambda r: (_state(r),), sort=lambda r: _state(r)[0]),
    Column("form", 8, lambda r: ((r.form or "–", "plain"),), sort=lambda r: r.form, rank=1),
    Column("created, UTC", 16, lambda r: ((when(r), "plain"),), sort=lambda r: r.created or 0.0),
    Column("public key", 18, lambda r: (_public(r),), grow=True, sort=lambda r: r.public or b""),
)


def key_details(entry: Entry) -> list[Line]:
    """All about a key that anybody may know."""
    if entry.damaged or entry.public is None:
        return [
            *_row("name", safe_text(entry.name, 64), "strong"),
            *_row("damaged", f"✗ {safe_text(entry.damaged, 400)}", "bad"),
            *_row("file", _file(entry)),
            *_row("", "It is never overwritten: mend it or move it away."),
        ]
    lines = [
        *_row("name", safe_text(entry.name, 64), "strong"),
        *_row("public key", entry.public.hex(), "data"),
        *_row("z-base-32", entry.zbase32, "data"),
        *_row("target", f"{mutable_target(entry.public).hex()}", "data"),
        *_row("", "where its item without a salt lies"),
        *_row("form", _FORMS.get(entry.form, entry.form)),
        *_row("created", f"{when(entry)} UTC" if entry.created is not None else "built in"),
        *_row("file", _file(entry)),
    ]
    if entry.is_public_test_key:
        return [*lines, *_row("public", "! Its private half is published: anybody can change what it signs.", "warn")]
    return [*lines, *_row("secret", "encrypted" if entry.encrypted else "in the file, not encrypted")]


_FORMS = {"seed": "seed: 32 bytes that the key follows from", "expanded": "expanded: 64 bytes, as libtorrent keeps it"}


def _file(entry: Entry) -> str:
    return safe_text(str(entry.path), 300) if entry.path else "none"


def _row(label: str, text: str, role: Role = "plain") -> list[Line]:
    first, *rest = wrap(text, _WIDTH) or [""]
    return [((fit(label, 12), "dim"), (first, role)), *(((" " * 12, "plain"), (more, role)) for more in rest)]


def key_links(entry: Entry) -> list[Link]:
    """What a key leads to."""
    if entry.public is None:
        return []
    name = safe_text(entry.name, 64)
    target = mutable_target(entry.public)
    return [
        Link("key", entry.public, f"items of {name} that we keep"),
        Link("target", target, f"the item of {name} without a salt, {short_id(target)}"),
    ]


def key_forms(entry: Entry) -> list[CopyForm]:
    """A key to be copied: its public half."""
    forms = [("name", safe_text(entry.name, 64))]
    if entry.public is not None:
        forms += [
            ("public key", entry.public.hex()),
            ("public key, z-base-32", entry.zbase32),
            ("target without a salt", mutable_target(entry.public).hex()),
            ("magnet link without a salt", magnet(entry.public)),
        ]
    return [*forms, ("file", _file(entry))] if entry.path else forms
