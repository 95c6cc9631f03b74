"""The items that a key has signed, as far as they are known here: what was put with it, is kept alive or watched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...bindings.keymap import key_of
from ...engine.items import mutable_target
from ...keyring import Entry
from ...packets.parts import Link
from ...text.safe import safe_text
from ...text.spans import Line, Span, cell_len, crop, fit, width_of
from ..items.mine_rows import MineRow, copies_words, sign_of, spark
from .rows import date

_NAME, _SEQ, _COPIES, _SPARK = 12, 7, 11, 12
_MOST, _REST = 24, 62
"""Cells of a name where there is room for it, and of what stands around it."""
MAX_LINKS = 9
"""Items that a key leads to; the window lists all."""


@dataclass(frozen=True, slots=True)
class Signed:
    """An item of a key."""

    target: bytes
    salt: bytes
    seq: int | None
    """The highest that is known."""
    put: float | None
    """When it was last put from here, seconds since 1970; `None`: it is not noted."""
    row: MineRow | None
    """How it stands; `None`: it was not looked for in this run."""


def signed_items(entry: Entry, rows: Sequence[MineRow]) -> list[Signed]:
    """The items of a key, the last put first, then those that are only kept or watched. `rows` are own items."""
    if entry.public is None:
        return []
    known = {row.target: row for row in rows if row.public == entry.public}
    found = []
    for use in entry.uses:
        row = known.pop(target := mutable_target(entry.public, use.salt), None)
        seq = use.seq if row is None or row.seq is None else max(use.seq, row.seq)
        found.append(Signed(target, use.salt, seq, use.at, row))
    return [*found, *(Signed(row.target, row.salt, row.seq, None, row) for row in known.values())]


def signed_lines(items: Sequence[Signed], width: int, height: int) -> list[Line]:
    """The items in up to so many lines of at most `width` cells."""
    if not items:
        screen, put = key_of("show.items"), key_of("items.put")
        return [(("Nothing was put with it yet: ", "dim"), (f"{screen} {put}", "key"), (" puts an item.", "dim"))]
    fits = len(items) <= height
    shown = items[: height if fits else height - 1]
    name = max(_NAME, min(_MOST, width - _REST, max((cell_len(_name(one)) for one in shown), default=0)))
    lines = [crop(_line(one, name), width) for one in shown]
    if not fits:
        lines.append(((f"and {len(items) - len(lines)} more; {key_of('inspect')} lists all puts", "dim"),))
    return lines


def _line(one: Signed, name: int) -> Line:
    row = one.row
    sign: Span = ("·", "dim") if row is None else sign_of(row)
    seq = "–" if one.seq is None else f"seq {one.seq}"
    head: Line = (sign, (f" {fit(_name(one), name)} {fit(seq, _SEQ)} ", "plain"))
    put = "" if one.put is None else f" put {date(one.put)}"
    if row is None:
        return (*head, (put.strip(), "plain"), ("  not looked for in this run", "dim"))
    copies = copies_words(row)
    pad = " " * max(1, _COPIES + 1 - width_of(copies))
    looks: Span = (spark(row.looks, _SPARK), "data")
    return (*head, *copies, (pad, "plain"), looks, (f" {row.care.value}", "plain"), (put, "dim"))


def signed_links(items: Sequence[Signed]) -> list[Link]:
    """The items, to go to."""
    return [Link("target", one.target, f"the item {_name(one)}") for one in items[:MAX_LINKS] if one.salt]


def _name(one: Signed) -> str:
    return safe_text(one.salt, 64) if one.salt else "without a salt"
