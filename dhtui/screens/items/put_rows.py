"""A put as it is shown: its phases while they happen, and what became of it at each node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from textwrap import wrap

from ...actions.run import Result
from ...engine.outcome import UNUSABLE, NodeOutcome, Outcome, Status
from ...engine.views.snapshot import LookupDetail, LookupView, QueryView
from ...engine.wire.compact import Addr
from ...headless.put_text import copy_words
from ...items.readback import Copy, Gives, ReadBack
from ...lookups.query_status import MARKS, QueryStatus
from ...text.decisions import lookup_stop_words
from ...text.faults import FAULT_WORDS
from ...text.format import address, milliseconds, plural
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
    Column("node", 21, lambda row: ((address(row.addr), "data"),), sort=lambda row: row.addr),
    Column("id", 9, lambda row: ((row.id.hex() if row.id else "–", "dim"),), middle=True, rank=1),
    Column("rtt", 6, lambda row: ((milliseconds(row.rtt), "plain"),), right=True, sort=lambda row: row.rtt or 0.0),
    Column("what it said", 40, lambda row: ((row.words, "plain"),), grow=True),
)

SIGNS = (
    ("✓", "took the item, or gives it"),
    ("·", "has nothing, or has not been asked yet"),
    ("!", "gives an older one, or another one"),
    ("✗", "refused, or gave what does not hold"),
    ("□", "answered late, when the lookup was over"),
    ("–", "was cancelled: the end came before an answer"),
    ("?", "gave no answer: nothing is known of what it has"),
    ("…", "is asked"),
)
"""The signs of nodes, as the help of a put and of a get explains them."""

_GOOD = (Status.STORED, Status.VALUE)
_UNKNOWN = UNUSABLE | {Status.TIMED_OUT}
"""Nothing is known of what they have."""


def mark_of(status: Status) -> Span:
    """The sign of a status."""
    if status in _GOOD:
        return ("✓", "good")
    if status is Status.CANCELLED:
        return MARKS[QueryStatus.CANCELLED]
    if status in _UNKNOWN:
        return ("?", "dim")
    return ("·", "dim") if status in (Status.ANSWERED, Status.PEERS) else ("✗", "bad")


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
    if gives in (Gives.NOTHING, Gives.REFUSED):
        return "·", "dim"
    if gives is Gives.CANCELLED:
        return MARKS[QueryStatus.CANCELLED]
    if gives in (Gives.SILENT, Gives.NOT_ASKED, Gives.UNUSABLE):
        return "?", "dim"
    return ("✓", "good") if gives is Gives.IT else ("!", "warn")


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
    return (("·", "dim"), "has answered, or is next") if token else (("✗", "bad"), "gave no write token")


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
) -> list[Line]:
    """Lookup, tokens, put: what is over, what goes on, what is still to come."""
    looking = result is None and (view is None or view.running)
    lines = [_phase("lookup", _lookup_words(view), looking, done=not looking)]
    closest = [node for node in detail.candidates if node.closest] if detail is not None else []
    tokens = sum(node.token for node in closest)
    asked = detail is not None and detail.view.kind == "get"
    told = f"{tokens} of the {len(closest)} closest gave one" if asked else "none are asked for in a dry run"
    lines.append(_phase("tokens", told if closest else "", looking, done=not looking and (bool(tokens) or not asked)))
    if dry:
        return [*lines, _phase("put", "a dry run stores nothing", False, done=False)]
    return [*lines, _put_phase(queries, result, looking)]


def _lookup_words(view: LookupView | None) -> str:
    if view is None:
        return "is about to begin"
    words = f"{view.answered} of {plural(view.asked, 'query', 'queries')} answered"
    return f"{words}; {view.best} of the 8 closest" if view.running else f"{words}; {lookup_stop_words(view)}"


def _put_phase(queries: Sequence[QueryView], result: Result | None, looking: bool) -> Line:
    if looking:
        return _phase("put", "", False, done=False)
    if result is None:
        waiting = sum(query.method == "put" for query in queries)
        words = f"{plural(waiting, 'node')} still to answer" if waiting else "is over; what others put is looked for"
        return _phase("put", words, True, done=False)
    writes = result.outcome.writes if result.outcome is not None else ()
    words = _counts(writes) if writes else "nothing was sent"
    stored = any(one.status is Status.STORED for one in writes)
    return _phase("put", words, False, done=stored, failed=not stored)


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


def _phase(name: str, words: str, running: bool, *, done: bool, failed: bool = False) -> Line:
    ended: Span = ("✓", "good") if done else ("✗", "bad") if failed else ("·", "dim")
    mark: Span = ("…", "accent") if running else ended
    role: Role = "plain" if running or done or failed else "dim"
    return (mark, (f" {fit(name, 8)}", "dim"), (words, role))
