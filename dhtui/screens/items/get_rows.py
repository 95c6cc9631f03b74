"""What a get brought: every answer with its node, and what changed while the item was watched."""

from __future__ import annotations

from ...engine.items import Item, MutableItem
from ...engine.outcome import UNANSWERED, Outcome, Status
from ...engine.views.snapshot import LookupDetail, LookupView
from ...engine.wire.compact import Addr
from ...lookups.query_status import MARKS, QueryStatus, decisive, query_status
from ...text.decisions import found_words
from ...text.format import plural
from ...text.spans import Line, Span
from .put_rows import NodeRow, answer_words, mark_of


def answer_rows(outcome: Outcome, detail: LookupDetail | None = None) -> list[NodeRow]:
    """Every node that was asked, nearest first: its value, an older one, a bad signature, nothing, silence.

    By `detail`, the lookup as it is known now, also who answered late.
    """
    late = {} if detail is None or detail.view.running else _late(detail)
    return [
        late.get(one.addr, row) if one.status is Status.CANCELLED else row
        for one in outcome.asked
        for row in [NodeRow(one.addr, one.id, one.rtt, _mark(one.status), answer_words(one))]
    ]


def _late(detail: LookupDetail) -> dict[Addr, NodeRow]:
    words = "late: answered when the lookup was over"
    return {
        step.addr: NodeRow(step.addr, step.id, (step.ended or 0.0) - step.sent, MARKS[QueryStatus.LATE], words)
        for step in decisive(detail).values()
        if query_status(step, detail.view) is QueryStatus.LATE
    }


def answers_title(outcome: Outcome, rows: list[NodeRow]) -> str:
    """How many nodes were asked, and how many of them answered by now."""
    silent = sum(one.status in UNANSWERED for one in outcome.asked)
    late = sum(row.mark == MARKS[QueryStatus.LATE] for row in rows)
    told = f", {late} late" if late else ""
    return f"{plural(len(rows), 'node')} asked, {len(rows) - silent} answered{told}; nearest first"


def _mark(status: Status) -> Span:
    return ("!", "warn") if status is Status.OLDER else mark_of(status)


def running_line(view: LookupView | None) -> Line:
    """How far a get is."""
    if view is None:
        return (("… ", "accent"), ("the lookup is about to begin", "plain"))
    found = f"; found: {found_words(view.found)}" if view.found else ""
    words = f"{view.answered} of {plural(view.asked, 'query', 'queries')} answered; {view.best} of the 8 closest{found}"
    return (("… ", "accent"), (words, "plain"))


def change_words(before: Item | None, now: Item | None) -> str:
    """What changed between two looks, one sentence; "" for nothing."""
    if before == now:
        return ""
    if now is None:
        return "nobody gives it any more; the last one known is shown"
    if before is None:
        return f"it is there now{_seq(now)}"
    if isinstance(before, MutableItem) and isinstance(now, MutableItem):
        if now.seq < before.seq:
            return f"only seq {now.seq} is given now, {before.seq} had been; that one is shown"
        if now.seq == before.seq:
            return f"another value with the same seq {now.seq}: two writers have met"
        return f"seq {before.seq} became {now.seq}"
    return "it is another item now"


def _seq(item: Item) -> str:
    return f", seq {item.seq}" if isinstance(item, MutableItem) else ""


def newer(before: Item | None, now: Item | None) -> Item | None:
    """The one to show: the newest ever seen wins."""
    if now is None or before is None:
        return now or before
    older = isinstance(before, MutableItem) and isinstance(now, MutableItem) and now.seq < before.seq
    return before if older else now
