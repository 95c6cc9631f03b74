"""The keys of the user: columns, details, links and forms. A private key appears in none of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from textwrap import wrap

from ...engine.items import mutable_target
from ...keyring import Entry
from ...packets.parts import Link
from ...text.format import short_id
from ...text.safe import magnet, safe_text
from ...text.spans import Line, Role, Span, fit
from ...widgets.table_model import Column
from ..verbs import CopyForm

_WIDTH = 64
"""Cells of a text: with its label it fits a window, beside the scroll bar."""
_LABEL = 7


def _state(entry: Entry) -> Span:
    """A sign and a word for what is special about a key."""
    if entry.damaged:
        return ("✗ damaged", "bad")
    if entry.is_public_test_key:
        return ("! public test key", "warn")
    if entry.exposed and not entry.encrypted:
        return ("! others read it", "warn")
    return ("✓ encrypted", "good") if entry.encrypted else ("✓ in the clear", "good")


def _public(entry: Entry) -> Span:
    return (entry.public.hex(), "data") if entry.public else (safe_text(entry.damaged), "warn")


def when(entry: Entry) -> str:
    """When a key was made, in UTC; of the built-in one nothing."""
    return "–" if entry.created is None else date(entry.created)


def date(seconds: float) -> str:
    """A time since 1970 as a date, in UTC."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):  # what a file system says need not be a date
        return "?"


def _name(entry: Entry) -> Span:
    return (safe_text(entry.name, 64), "strong")


def _last_put(entry: Entry) -> Span:
    if not entry.uses:
        return ("–", "dim")
    salts = f", {len(entry.uses)} salts" if len(entry.uses) > 1 else ""
    return (f"seq {entry.uses[0].seq}{salts}", "plain")


def _last_time(entry: Entry) -> float:
    return entry.uses[0].at if entry.uses else 0.0


KEY_COLUMNS: tuple[Column[Entry], ...] = (
    Column("name", 14, lambda r: (_name(r),), sort=lambda r: r.name),
    Column("state", 17, lambda r: (_state(r),), sort=lambda r: _state(r)[0]),
    Column("kind", 8, lambda r: ((r.form or "–", "plain"),), sort=lambda r: r.form, rank=1),
    Column("last put", 18, lambda r: (_last_put(r),), sort=_last_time),
    Column("public key", 14, lambda r: (_public(r),), grow=True, middle=True, sort=lambda r: r.public or b""),
    Column("z-base-32", 14, lambda r: ((r.zbase32, "data"),), grow=True, middle=True, sort=lambda r: r.zbase32, rank=3),
    Column("created, UTC", 16, lambda r: ((when(r), "plain"),), sort=lambda r: r.created or 0.0, rank=2),
)


def key_details(entry: Entry, is_open: bool = False, *, width: int = _WIDTH + _LABEL, puts: bool = True) -> list[Line]:
    """All about a key that anybody may know, in lines of at most `width` cells.

    `puts`: with the last put under each salt.
    """
    return [line for label, text, role in _facts(entry, is_open, puts) for line in _row(label, text, role, width)]


def _facts(entry: Entry, is_open: bool, puts: bool) -> Iterator[tuple[str, str, Role]]:
    if entry.damaged or entry.public is None:
        yield "fault", f"✗ {safe_text(entry.damaged, 400)}", "bad"
        yield "file", _file(entry), "plain"
        yield "", "It is never overwritten: mend it, move it away, or delete it.", "plain"
        return
    made = f"created {when(entry)} UTC" if entry.created is not None else "built in"
    yield "public", entry.public.hex(), "data"
    yield "pkarr", f"{entry.zbase32}  in z-base-32", "data"
    yield "target", f"{mutable_target(entry.public).hex()}  without a salt", "data"
    yield "kind", f"{_FORMS.get(entry.form, entry.form)}; {made}", "plain"
    yield "file", _file(entry), "plain"
    if entry.is_public_test_key:
        yield "secret", "! Its private half is published: anybody can change what it signs.", "warn"
    elif entry.encrypted:
        opened = "opened in this session" if is_open else "locked: its passphrase is asked for once a session"
        yield "secret", f"encrypted (argon2id, SecretBox); {opened}", "plain"
    elif entry.exposed:
        yield "secret", f"! in the clear, in a file that {entry.exposed} can read: chmod 600 it", "warn"
    else:
        yield "secret", "in the clear, in a file that only you can read", "plain"
    if puts and entry.path is not None:
        yield from _uses(entry)


def _uses(entry: Entry) -> Iterator[tuple[str, str, Role]]:
    """The last put under each salt, the latest first."""
    if not entry.uses:
        yield "puts", "none with it yet", "plain"
    for number, use in enumerate(entry.uses):
        salt = f"salt {safe_text(use.salt, 64)}" if use.salt else "no salt"
        yield "" if number else "puts", f"seq {use.seq}, {date(use.at)} UTC, {salt}", "plain"


_FORMS = {"seed": "seed of 32 bytes", "expanded": "expanded, 64 bytes"}


def _file(entry: Entry) -> str:
    return safe_text(str(entry.path), 300) if entry.path else "none"


def _row(label: str, text: str, role: Role, width: int) -> list[Line]:
    first, *rest = wrap(text, max(20, width - _LABEL)) or [""]
    return [((fit(label, _LABEL), "dim"), (first, role)), *(((" " * _LABEL, "plain"), (more, role)) for more in rest)]


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
