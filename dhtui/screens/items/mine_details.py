"""All about an own or watched item: how it stands, who holds it, its value now, and every value before."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from ...engine.wire.ids import ID_BITS
from ...items.following import VERSIONS, By, Version
from ...items.following.diff import diff
from ...packets.fields import text_or_hex
from ...text.format import date_time, plural
from ...text.item_words import care_words, condition_words
from ...text.keyspace import Mark, Part, marks, near_to, scale
from ...text.spans import Line, Role, fit
from .mine_rows import MineRow, sign_of, spark
from .value import Form, fitted, value_lines

_LABEL = 8
BY_WORDS: dict[By, str] = {By.US: "put by us", By.OTHER: "put by another", By.FOUND: "found there"}
"""Where a value came from."""


def mine_lines(row: MineRow, form: Form, own: bytes | None, width: int, now: float) -> list[Line]:
    """A row in lines of at most `width` cells. `own` is our id; `now` in seconds since 1970."""
    return [
        *_standing(row, width),
        *_looks(row, width, now),
        *_value(row, form, width, now),
        *_history(row, width, now),
        *_holders(row, own, width),
        *_who(row, own),
    ]


def value_title(row: MineRow) -> str:
    """What the pane is called."""
    seq = "" if row.seq is None else f"  seq {row.seq}"
    copies = "" if row.copies is None else f"  {plural(row.copies, 'copy', 'copies')}"
    return f"{row.name}{seq}{copies}"


def _standing(row: MineRow, width: int) -> Iterator[Line]:
    sign, role = sign_of(row)
    words = condition_words(row.condition, row.copies)
    watch = row.followed.watch if row.followed is not None else None
    every = None if watch is None else watch.every
    care = care_words(row.care, row.kept_in, row.watched_in, row.expires, every)
    for place, line in enumerate(wrap(f"{words} {care}", max(20, width - 2))):
        yield ((f"{sign} " if not place else "  ", role), (line, "plain"))


def _label(label: str, text: str, role: Role = "plain") -> Line:
    return ((fit(label, _LABEL), "dim"), (text, role))


def _who(row: MineRow, own: bytes | None) -> Iterator[Line]:
    yield ()
    yield _label("target", row.target.hex(), near_to(own, row.target))
    if row.public is not None:
        yield _label("key", row.public.hex(), "data")
    if row.salt:
        yield _label("salt", text_or_hex(row.salt))


def _holders(row: MineRow, own: bytes | None, width: int) -> Iterator[Line]:
    """The nodes that hold it, at the places of their ids, within the part of the id space that has them all."""
    followed = row.followed
    if followed is None or not (followed.holders or followed.others):
        return
    ids = (*followed.holders, *followed.others)
    part = Part.around(row.target, min(_shared(row.target, each) for each in ids))
    signs = [
        *(Mark(each, "·", "", "dim") for each in followed.others),
        *(Mark(each, "▲", "", "good") for each in followed.holders),
        Mark(row.target, "◆", "", "key"),
    ]
    held = f"▲ {plural(len(followed.holders), 'holder')}"
    others = f"  · {len(followed.others)} near, without it" if followed.others else ""
    prefix = f", {part.prefix()[:8]}…" if part.prefix() else ""
    where = f"  ◆ target  all share {plural(part.depth, 'bit')}{prefix}"
    yield ()
    yield ((held, "good"), (others, "dim"), (where, "dim"))
    yield scale(part, width)
    yield marks(part, signs, width)
    if own is not None and part.column(own, width) is not None:
        yield marks(part, [Mark(own, "▼", "us", "accent")], width)


def _shared(one: bytes, other: bytes) -> int:
    """Leading bits that two ids share."""
    return ID_BITS - (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_length()


def _looks(row: MineRow, width: int, now: float) -> Iterator[Line]:
    if not row.looks:
        return
    first, last = (_time(look.at, now) for look in (row.looks[0], row.looks[-1]))
    span = f"  {first} to {last}" if len(row.looks) > 1 else f"  {last}"
    shown = spark(row.looks, min(len(row.looks), max(1, width - _LABEL - len(span))))
    yield ((fit("copies", _LABEL), "dim"), (shown, "data"), (span, "dim"))


def _value(row: MineRow, form: Form, width: int, now: float) -> Iterator[Line]:
    if row.item is None:
        return
    versions = row.followed.versions if row.followed is not None else ()
    yield ()
    yield (*(_version(versions[-1], now) if versions else ()), (f"  as {form}", "dim"))
    yield from value_lines(row.item.v, form, width)


def _history(row: MineRow, width: int, now: float) -> Iterator[Line]:
    """The values, the newest first, each with what it changed."""
    versions = row.followed.versions if row.followed is not None else ()
    if len(versions) < 2:
        return
    yield ()
    bound = f", the last {VERSIONS} at most" if len(versions) == VERSIONS else ""
    yield ((f"{len(versions)} values seen{bound}", "title"), ("  what each changed:", "dim"))
    for place in reversed(range(len(versions))):
        yield _version(versions[place], now)
        if place:
            yield from _changes(diff(versions[place - 1].item.v, versions[place].item.v), width)


def _version(version: Version, now: float) -> Line:
    seq = getattr(version.item, "seq", None)
    named = "immutable" if seq is None else f"seq {seq}"
    role: Role = "warn" if version.by is By.OTHER else "plain"
    return ((f"{named}  ", "strong"), (f"{_time(version.at, now)}  ", "plain"), (BY_WORDS[version.by], role))


def _changes(lines: tuple[str, ...], width: int) -> Iterator[Line]:
    for line in lines:
        role: Role = "good" if line.startswith("+") else "bad" if line.startswith("-") else "dim"
        for part in fitted(f"{line[:1]} {line[1:]}", width - 2):
            yield ((f"  {part}", role),)


def _time(at: float, now: float) -> str:
    return date_time(at, now).partition(".")[0]
