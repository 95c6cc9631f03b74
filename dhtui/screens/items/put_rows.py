"""A put as it is shown: its phases while they happen, and what became of it at each node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from textwrap import wrap

from ...actions.run import Result
from ...engine.outcome import UNUSABLE, NodeOutcome, Outcome, Status
from ...engine.views.snapshot import LookupDetail, LookupView, QueryView
from ...engine.wire.compact import Addr
from ...headless.put_text import copy_words
from ...items.readback import Copy, Gives, ReadBack
from ...lookups import query_status
from ...lookups.query_status import MARKS, QueryStatus
from ...text.decisions import lookup_stop_words
from ...text.faults import FAULT_WORDS
from ...text.format import LONGEST_ADDRESS, address, milliseconds, plural
from ...text.outcomes import node_words
from ...text.spans import Line, Role, Span, fit
from ...widgets.table_model import Column


@dataclass(frozen=True, slots=True)
class NodeRow:
    """One node, and what is known of it by now. All texts are safe to print."""

    addr: Addr
    id: bytes | None
    rtt: float | None
    mark: Span
    words: str


NODE_COLUMNS: tuple[Column[NodeRow], ...] = (
    Column("", 1, lambda row: (row.mark,), sort=lambda row: row.mark[0]),
    Column(
        "node",
        21,
        lambda row: ((address(row.addr), "data"),),
        sort=lambda row: row.addr,
        middle=True,
        most=LONGEST_ADDRESS,
    ),
    Column("id", 9, lambda row: ((row.id.hex() if row.id else "–", "dim"),), middle=True, rank=1),
    Column("rtt", 6, lambda row: ((milliseconds(row.rtt), "plain"),), right=True, sort=lambda row: row.rtt or 0.0),
    Column("what it said", 40, lambda row: ((row.words, "plain"),), grow=True),
)

SIGNS = (
    ("✓", "took the item, or gives it"),
    ("·", "has nothing, or was not asked"),
    ("!", "refused, or gives an older one, another one, or one that does not hold"),
    ("✗", "was silent: nothing is known of what it has"),
    ("≠", "sent what is no answer: nothing is known of what it has"),
    ("□", "answered late, when the lookup was over"),
    ("–", "was cancelled: the end came before an answer"),
    ("…", "is asked"),
)
"""The signs of nodes, as the help of a put and of a get explains them."""

_NOTHING: Span = ("·", "dim")


def mark_of(status: Status) -> Span:
    """The sign of a status: that of all screens, but for an answer without the item."""
    if status in (Status.ANSWERED, Status.PEERS):
        return _NOTHING
    return ("!", "warn") if status is Status.UNPROVED else query_status.mark_of(status)


def written_rows(writes: Sequence[NodeOutcome]) -> list[NodeRow]:
    """What became of a put at each node: stored, refused with code and meaning, silent."""
    return [NodeRow(one.addr, one.id, one.rtt, mark_of(one.status), _said(one)) for one in writes]


def _said(one: NodeOutcome) -> str:
    """What a node said, without the round trip, which has its own column."""
    if one.status is Status.TIMED_OUT:
        return "silent: no answer in time"
    return node_words(replace(one, rtt=None))


def held_rows(outcome: Outcome) -> list[NodeRow]:
    """Where an item would go, and what is there now."""
    return [NodeRow(one.addr, one.id, one.rtt, mark_of(one.status), answer_words(one)) for one in outcome.closest]


def answer_words(one: NodeOutcome) -> str:
    """What a node said to a get."""
    if one.status is not Status.ANSWERED:
        return _said(one)
    return "; ".join(("has nothing", *(FAULT_WORDS[fault] for fault in one.faults)))


def read_rows(read: ReadBack) -> list[NodeRow]:
    """What each node gave when an item was read back."""
    return [
        NodeRow(copy.node.addr, copy.node.id, copy.node.rtt, _gives(copy.gives), f"{copy_words(copy)}{_how(copy)}")
        for copy in read.copies
    ]


def _gives(gives: Gives) -> Span:
    return _GIVES.get(gives, ("!", "warn"))


_GIVES: dict[Gives, Span] = {
    Gives.IT: MARKS[QueryStatus.ANSWERED],
    Gives.NOTHING: _NOTHING,
    Gives.REFUSED: MARKS[QueryStatus.ERROR],
    Gives.SILENT: MARKS[QueryStatus.SILENT],
    Gives.CANCELLED: MARKS[QueryStatus.CANCELLED],
    Gives.NOT_ASKED: MARKS[QueryStatus.UNASKED],
    Gives.UNUSABLE: MARKS[QueryStatus.UNUSABLE],
}
"""All others give another value than the one that was put."""


def _how(copy: Copy) -> str:
    return "" if copy.found else "; asked directly"


def waiting_rows(detail: LookupDetail, queries: Sequence[QueryView]) -> list[NodeRow]:
    """The closest nodes while they are written to."""
    asked = {query.addr for query in queries if query.method == "put"}
    return [
        NodeRow(node.addr, node.id, node.rtt, *_waiting(node.token, node.addr in asked))
        for node in detail.candidates
        if node.closest
    ]


def _waiting(token: bool, asked: bool) -> tuple[Span, str]:
    if asked:
        return ("…", "accent"), "is asked to store it"
    return (("·", "dim"), "has answered, or is next") if token else (MARKS[QueryStatus.ERROR], "gave no write token")


def node_details(row: NodeRow) -> list[Line]:
    """All that is known of what a node did."""
    first, *rest = wrap(row.words, 62) or [""]
    return [
        (("id      ", "dim"), (row.id.hex() if row.id else "unknown", "data")),
        (("rtt     ", "dim"), (milliseconds(row.rtt), "plain")),
        (("said    ", "dim"), (first, "plain")),
        *((("        ", "dim"), (line, "plain")) for line in rest),
    ]


# ---- phases ---------------------------------------------------------------------------------------------


def phase_lines(
    view: LookupView | None,
    detail: LookupDetail | None,
    queries: Sequence[QueryView],
    result: Result | None,
    *,
    dry: bool,
    width: int,
) -> list[Line]:
    """Lookup, tokens, put: what is over, what goes on, what is still to come. In as many lines as they take."""
    phase = partial(_phase, width=width)
    looking = result is None and (view is None or view.running)
    lines = phase("lookup", _lookup_words(view), looking, done=not looking)
    closest = [node for node in detail.candidates if node.closest] if detail is not None else []
    tokens = sum(node.token for node in closest)
    asked = detail is not None and detail.view.kind == "get"
    told = f"{tokens} of the {len(closest)} closest gave one" if asked else "none are asked for in a dry run"
    lines += phase("tokens", told if closest else "", looking, done=not looking and (bool(tokens) or not asked))
    if dry:
        return [*lines, *phase("put", "a dry run stores nothing", False, done=False)]
    return [*lines, *_put_phase(queries, result, looking, width)]


def _lookup_words(view: LookupView | None) -> str:
    if view is None:
        return "is about to begin"
    words = f"{view.answered} of {plural(view.asked, 'query', 'queries')} answered"
    return f"{words}; {view.best} of the 8 closest" if view.running else f"{words}; {lookup_stop_words(view)}"


def _put_phase(queries: Sequence[QueryView], result: Result | None, looking: bool, width: int) -> list[Line]:
    if looking:
        return _phase("put", "", False, done=False, width=width)
    if result is None:
        waiting = sum(query.method == "put" for query in queries)
        words = f"{plural(waiting, 'node')} still to answer" if waiting else "is over; what others put is looked for"
        return _phase("put", words, True, done=False, width=width)
    writes = result.outcome.writes if result.outcome is not None else ()
    words = _counts(writes) if writes else "nothing was sent"
    stored = any(one.status is Status.STORED for one in writes)
    return _phase("put", words, False, done=stored, failed=not stored, width=width)


_WRITTEN = {
    Status.STORED: "stored",
    Status.TIMED_OUT: "silent",
    Status.CANCELLED: "cancelled",
    **dict.fromkeys((*sorted(UNUSABLE), Status.WRONG_ID), "no answer that counts"),
}


def _counts(writes: Sequence[NodeOutcome]) -> str:
    counts = Counter(map(_written, writes))
    order = {words: place for place, words in enumerate(("stored", *_WRITTEN.values(), "not written to"))}
    return ", ".join(f"{counts[words]} {words}" for words in sorted(counts, key=lambda words: order.get(words, 1)))


def _written(one: NodeOutcome) -> str:
    """What became of a write in a few words, the same for all that went the same way."""
    if one.status is Status.REFUSED:
        return f"refused with {one.code}, {one.error_words}"
    return _WRITTEN.get(one.status, "not written to")


def _phase(name: str, words: str, running: bool, *, done: bool, width: int, failed: bool = False) -> list[Line]:
    ended: Span = ("✓", "good") if done else ("✗", "bad") if failed else ("·", "dim")
    mark: Span = ("…", "accent") if running else ended
    role: Role = "plain" if running or done or failed else "dim"
    first, *rest = wrap(words, max(20, width - 10)) or [""]
    more: list[Line] = [((" " * 10, "plain"), (line, role)) for line in rest]
    return [(mark, (f" {fit(name, 8)}", "dim"), (first, role)), *more]
