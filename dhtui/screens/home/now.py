"""The lookups on the home screen: the columns of their list."""

from __future__ import annotations

from dataclasses import dataclass

from ...engine.views.snapshot import LookupView
from ...engine.wire.methods import about
from ...packets.parts import Link
from ...text.decisions import found_words, lookup_stop_words
from ...text.format import duration, milliseconds, power, short_id, waiting_words
from ...text.keyspace import near
from ...text.safe import safe_text
from ...text.spans import Line, Span
from ...widgets.table_model import Column


@dataclass(frozen=True, slots=True)
class NowRow:
    """A lookup, running or finished."""

    lookup: LookupView
    ago: float
    """Seconds since it ended; 0 while it runs."""
    own: bytes | None = None
    """Our id, by which its target is painted."""


def now_rows(lookups: tuple[LookupView, ...], now: float, own: bytes | None = None) -> list[NowRow]:
    """The lookups of a snapshot taken at `now`."""
    return [
        # Whole seconds, as shown: a row that looks the same is the same.
        NowRow(one, 0.0 if one.running else float(int(max(0.0, now - one.started_at - one.elapsed))), own)
        for one in lookups
    ]


def _target(row: NowRow) -> Line:
    target = row.lookup.target
    return ((target.hex(), near(row.own, target) if row.own else "data"),)


def _kind(row: NowRow) -> Line:
    one = row.lookup
    ended: Span = ("✓ ", "good") if one.answered else ("✗ ", "bad")
    return (("… ", "accent") if one.running else ended, (safe_text(one.kind, 13), "strong"))


def _result(row: NowRow) -> Line:
    one = row.lookup
    state = lookup_stop_words(one)
    if one.running:
        state = waiting_words(one.place) if one.place else f"{one.in_flight} in flight"
    return ((f"{found_words(one.found)}  " if one.found else "", "plain"), (state, "dim"))


def _when(row: NowRow) -> Line:
    one = row.lookup
    return ((milliseconds(one.elapsed) if one.running else f"{duration(row.ago)} ago", "dim"),)


def _bits(row: NowRow) -> float:
    bits = row.lookup.nearest_bits
    return 161.0 if bits is None else bits


NOW_COLUMNS: tuple[Column[NowRow], ...] = (
    Column("lookup", 15, _kind, sort=lambda r: r.lookup.kind),
    Column("target", 9, _target, middle=True, sort=lambda r: r.lookup.target),
    Column(
        "answers", 7, lambda r: ((f"{r.lookup.answered}/{r.lookup.asked}", "plain"),), right=True,
        sort=lambda r: r.lookup.answered,
    ),
    Column("nearest", 7, lambda r: ((power(r.lookup.nearest_bits), "plain"),), right=True, sort=_bits),
    Column("best", 4, lambda r: ((f"{r.lookup.best}/8", "plain"),), right=True, sort=lambda r: r.lookup.best, rank=1),
    Column("result", 16, _result, grow=True),
    Column("when", 9, _when, right=True, sort=lambda r: -r.ago),
)  # fmt: skip


def now_links(row: NowRow) -> tuple[Link, ...]:
    """What a lookup leads to."""
    one = row.lookup
    kind, what = safe_text(one.kind, 20), about(one.kind)
    target = short_id(one.target)
    lookup = Link("lookup", one.number, f"the lookup {kind} {target}")
    if what == "infohash":
        return lookup, Link("infohash", one.target, f"the infohash {target}")
    if what == "target":
        return lookup, Link("target", one.target, f"the item {target}")
    return lookup, Link("node", one.target, f"the id {target}")
