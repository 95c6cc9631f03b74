"""What a get brought: every answer with its node."""

from __future__ import annotations

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
