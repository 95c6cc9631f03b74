"""The columns of the queries screen, and its totals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from ...engine.views.snapshot import MethodCounts, Snapshot
from ...engine.wire.ids import distance
from ...engine.wire.krpc import Query
from ...packets.summary import summary
from ...text.clients import client_name
from ...text.decisions import lookup_stop_words
from ...text.faults import cause_words
from ...text.format import LONGEST_ADDRESS, address, duration, milliseconds, number, plural
from ...text.format import distance as distance_words
from ...text.keyspace import near
from ...text.safe import safe_text
from ...text.spans import Line, Role, Span, fit
from ...widgets.table_model import Column
from ..home.messages import method_rows
from .rows import AskedRow, OwnerRow, QueryRow, Row
from .timeline import RESULTS, TITLE, look_of

WAITS, STALLED = "…", "?"
_SHORT = {"announce_peer": "announce", "sample_infohashes": "samples"}


def short_method(method: str) -> str:
    """A method's name in 9 cells."""
    return _SHORT.get(method) or safe_text(method, 9)


def _stalled(row: QueryRow) -> bool:
    return row.soft is not None and row.hard is not None and row.soft < row.hard and row.age > row.soft


def state_sign(row: QueryRow) -> Span:
    """How the query stands, in one sign."""
    if row.result:
        return RESULTS[row.result]
    return (STALLED, "warn") if _stalled(row) else (WAITS, "accent")


def state_words(row: QueryRow) -> str:
    """How it stands, in a few safe words."""
    if row.answer is not None:
        return summary(row.answer, kind=False)
    if row.result:
        return safe_text(cause_words(row.result), 20)
    return "stalled" if _stalled(row) else "waits"


# ---- our queries ----------------------------------------------------------------------------------------


def _cell(head: Callable[[OwnerRow], Line], one: Callable[[QueryRow], Line]) -> Callable[[Row], Line]:
    """A cell that is dimmed in the row of a query that has ended."""

    def cell(row: Row) -> Line:
        if isinstance(row, OwnerRow):
            return head(row)
        line = one(row)
        return tuple((text, "dim") for text, _ in line) if row.result else line

    return cell


def _nothing(row: OwnerRow) -> Line:
    return (("", "plain"),)


def _kind(row: OwnerRow) -> Line:
    return ((short_method(row.lookup.kind if row.lookup else row.owner), "strong"),)


def _target_of_lookup(row: OwnerRow) -> Line:
    return ((row.lookup.target.hex() if row.lookup else "", "data"),)


def _summed_up(row: OwnerRow) -> Line:
    """What stands where the queries have their timeline: how many are open, and how the lookup goes."""
    _, role = look_of(row.owner)
    open_ = f"{row.in_flight} open" if row.in_flight else f"{row.ended} ended"
    if row.lookup is None:
        words = _OWNERS.get(row.owner, "")
        return ((open_, "strong" if row.in_flight else "dim"), (f", {words}" if words else "", "dim"))
    went = f", {row.lookup.answered}/{row.lookup.asked} ✓"
    return (f"#{row.lookup.number} ", role), (open_, "strong" if row.in_flight else "dim"), (went, "plain")


_OWNERS = {
    "newcomer": "it asked us something",
    "ping": "is it still there?",
    "user": "asked by you",
    "put": "a write",
    "announce_peer": "a write",
}


def _how_it_ended(row: OwnerRow) -> Line:
    lookup = row.lookup
    return (((lookup_stop_words(lookup) or "runs") if lookup else "", "dim"),)


def _sort(value: Callable[[QueryRow], Any]) -> Callable[[Row], tuple[bool, Any]]:
    """Heads of groups come last, where they are sorted at all."""
    return lambda row: (True, None) if isinstance(row, OwnerRow) else (False, value(row))


def _id(row: QueryRow) -> Line:
    if row.id is None:
        return (("–", "data"),)
    return ((row.id.hex(), near(row.target, row.id) if row.target else "data"),)


def _distance(row: QueryRow) -> Line:
    known = row.target is not None and row.id is not None
    return ((distance_words(row.target or b"", row.id or b"") if known else "–", "plain" if known else "dim"),)


def _how_far(row: QueryRow) -> tuple[bool, int]:
    if row.target is None or row.id is None:
        return True, 0
    return False, distance(row.target, row.id)


Lane: TypeAlias = Callable[[QueryRow], Line]
"""A query drawn over time, as wide as its column is."""


def query_columns(lane: Lane) -> tuple[Column[Row], ...]:
    """The columns of queries in no groups."""
    return (
        _SIGN, _AGE, _METHOD,
        Column(
            "target", 9, _cell(_target_of_lookup, lambda r: ((r.target.hex() if r.target else "–", "data"),)),
            middle=True, sort=_sort(lambda r: r.target or b""),
        ),
        Column("node", 21, _cell(_nothing, _node), sort=_sort(lambda r: r.addr), middle=True, most=LONGEST_ADDRESS),
        Column("asked by", 12, _cell(_nothing, lambda r: ((safe_text(r.owner, 40), look_of(r.owner)[1]),)),
               sort=_sort(lambda r: r.owner)),
        *_rest(lane, 11),
    )  # fmt: skip


def group_columns(lane: Lane) -> tuple[Column[Row], ...]:
    """The columns of queries under the lookup or task that asked, which tells the target."""
    return (
        _SIGN, _AGE, _METHOD,
        Column("node", 21, _cell(_target_of_lookup, _node), sort=_sort(lambda r: r.addr), middle=True),
        *_rest(lane, 20),
    )  # fmt: skip


def _node(row: QueryRow) -> Line:
    return ((address(row.addr), "plain"),)


_SIGN: Column[Row] = Column("", 1, _cell(lambda r: (("▾", "strong"),), lambda r: (state_sign(r),)))
_AGE: Column[Row] = Column(
    "age", 6, _cell(_nothing, lambda r: ((milliseconds(r.age), "plain"),)), right=True, sort=_sort(lambda r: r.age)
)
_METHOD: Column[Row] = Column(
    "method", 9, _cell(_kind, lambda r: ((short_method(r.method), "plain"),)), sort=_sort(lambda r: r.method)
)


def _rest(lane: Lane, width: int) -> tuple[Column[Row], ...]:
    """The timeline of that width at least, and what there is room for besides."""
    return (
        Column(TITLE, width, lambda r: _summed_up(r) if isinstance(r, OwnerRow) else lane(r), grow=True),
        Column("how it goes", 13, _cell(_how_it_ended, lambda r: ((state_words(r), "plain"),)), rank=1, grow=True),
        Column("dist", 7, _cell(_nothing, _distance), right=True, sort=_sort(_how_far), rank=2),
        Column(
            "id", 9, _cell(_nothing, _id), rank=3,
            middle=True, sort=_sort(lambda r: r.id or b""),
        ),
        Column("tid", 8, _cell(_nothing, lambda r: ((r.tid.hex()[:8], "dim"),)), rank=4),
    )  # fmt: skip


# ---- queries of others ----------------------------------------------------------------------------------


def answer_sign(row: AskedRow) -> Span:
    """What became of it: answered, refused, ignored."""
    answer = row.asked.answer
    if answer is None:
        return "–", "dim"
    return ("!", "warn") if answer.kind == "error" else ("✓", "good")


def answer_words(row: AskedRow) -> str:
    """What we said, in a few safe words."""
    answer = row.asked.answer
    if answer is not None:
        return summary(answer, kind=False)
    return safe_text(row.asked.packet.problem, 60) or "nothing: the system did not send it"


def client(row: AskedRow) -> str:
    """What program asks; safe."""
    message = row.asked.packet.message
    return client_name(message.version) if isinstance(message, Query) else ""


def _sender(row: AskedRow) -> Line:
    sender = row.asked.packet.sender
    return ((sender.hex() if sender else "–", "data"),)


def _asked_target(row: AskedRow) -> Line:
    target = row.asked.packet.target
    return ((target.hex() if target else "–", "data"),)


ASKED_COLUMNS: tuple[Column[AskedRow], ...] = (
    Column("age", 5, lambda r: ((duration(r.age), "plain"),), right=True, sort=lambda r: r.age),
    Column(
        "method", 9, lambda r: ((short_method(r.asked.packet.method), "plain"),), sort=lambda r: r.asked.packet.method
    ),
    Column(
        "from",
        21,
        lambda r: ((address(r.asked.packet.addr), "plain"),),
        sort=lambda r: r.asked.packet.addr,
        middle=True,
        most=LONGEST_ADDRESS,
    ),
    Column("id", 9, _sender, middle=True, sort=lambda r: r.asked.packet.sender or b"", rank=2),
    Column("target", 9, _asked_target, middle=True, sort=lambda r: r.asked.packet.target or b""),
    Column("", 1, lambda r: (answer_sign(r),)),
    Column("we said", 14, lambda r: ((answer_words(r), "plain"),), grow=True, sort=answer_words),
    Column("client", 12, lambda r: ((client(r) or "–", "dim"),), sort=lambda r: client(r).casefold(), rank=1),
)


# ---- totals ---------------------------------------------------------------------------------------------

_ASKED = (("sent", 6), ("✓", 6), ("✗", 5), ("!", 4))
_CAME = (("came", 7),)
_CAME_WIDE = (("came", 7), ("✓", 7), ("!", 5))
_NAME = 9
_GAP = 3
_BLOCK, _BLOCK_WIDE = 37 + _GAP, 49 + _GAP


def total_lines(snapshot: Snapshot, width: int) -> list[Line]:
    """What we asked and were asked, by method, in as many blocks side by side as fit into `width` cells."""
    wide = width > 3 * _BLOCK_WIDE - _GAP
    block = _BLOCK_WIDE if wide else _BLOCK
    blocks = max(1, (width - 1 + _GAP) // block)
    rows = method_rows(snapshot.methods)
    count = -(-len(rows) // blocks)
    lines = [_side_by_side([_titles(wide)] * blocks)]
    for place in range(count):
        lines.append(_side_by_side([_total(*row, wide) for row in rows[place::count]]))
    return lines


def _side_by_side(parts: list[Line]) -> Line:
    spans: list[Span] = [(" ", "plain")]
    for part in parts:
        spans += (*part, (" " * _GAP, "plain"))
    return tuple(spans[:-1])


def _titles(wide: bool) -> Line:
    text = fit("", _NAME) + "".join(fit(title, width, right=True) for title, width in _ASKED)
    came = "".join(fit(title, width, right=True) for title, width in (_CAME_WIDE if wide else _CAME))
    return ((text + came, "title"),)


def _total(name: str, counts: MethodCounts, wide: bool) -> Line:
    asked = zip((counts.sent, counts.answered, counts.timed_out, counts.errors), _ASKED, _ASKED_ROLES, strict=True)
    came = zip((counts.received, counts.replied, counts.refused), _CAME_WIDE, _CAME_ROLES, strict=True)
    cells = [*asked, *came][: None if wide else 5]
    spans: list[Span] = [(fit(short_method(name), _NAME), "strong" if counts.sent or counts.received else "dim")]
    spans += [(fit(number(count), width, right=True), role if count else "dim") for count, (_, width), role in cells]
    return tuple(spans)


_ASKED_ROLES: tuple[Role, ...] = ("plain", "good", "warn", "bad")
_CAME_ROLES: tuple[Role, ...] = ("plain", "good", "warn")


def flight_title(rows: int, in_flight: int, grouped: bool) -> str:
    """The title of the upper list."""
    if not rows:
        return "no query in flight"
    order = ", by who asked" if grouped else ""
    ended = f", {rows - in_flight} just ended" if rows > in_flight else ""
    return f"{plural(in_flight, 'query', 'queries')} in flight{ended}{order}"
