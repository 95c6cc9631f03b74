"""Why a lookup queried each node, from the recorded decisions, in signs and in words."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from ..engine.lookup.decisions import ASKS, Decision, Reason
from ..engine.views.snapshot import INFERRED, LookupDetail, StepView
from ..engine.wire.compact import Addr
from ..text.decisions import ASKED_THOUGH, decision_words
from ..text.lookups.nodes import Origin as Known
from ..text.lookups.nodes import origin_words
from .query_status import answering

_TELL_DISTRUST = frozenset((Reason.VOUCHED, Reason.BAD_REFERRER, Reason.BAD_VALUE))
"""Reasons that say why the node was distrusted."""
_TOLD_OF_QUERIES = _TELL_DISTRUST | {Reason.FITTING_ID, Reason.LOOK_BEHIND}
"""Reasons that are shown in addition to the origin of a node; the others follow from it, or are the rule."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of a query."""

    sign: str
    """The number of the query that named it; ``op`` opened the lookup, ``kn`` was known from the start, ``bs`` is a
    bootstrap host, ``·`` is not known. At most 3 cells."""
    doubted: bool
    """Whether the node was distrusted when it was queried."""
    words: str
    """The origin in words, safe to print."""


def decisions_about(detail: LookupDetail) -> dict[Addr, list[Decision]]:
    """The decisions about each node other than to query it, in the order of time."""
    found: dict[Addr, list[Decision]] = {}
    for decision in detail.decisions:
        if decision.reason not in ASKS:
            found.setdefault(decision.addr, []).append(decision)
    return found


def queries_decided(detail: LookupDetail) -> list[Decision | None]:
    """The decision to send each query in `steps`; `None` if a recording does not have it."""
    asked: dict[Addr, deque[Decision]] = {}
    for decision in detail.decisions:
        if decision.reason in ASKS:
            asked.setdefault(decision.addr, deque()).append(decision)
    return [asked[step.addr].popleft() if asked.get(step.addr) else None for step in detail.steps]


def origins(detail: LookupDetail) -> list[Origin]:
    """The origin of each query in `steps`."""
    opened = {step.addr for step in detail.steps if step.sent <= detail.steps[0].sent}
    answered, about, first = answering(detail), decisions_about(detail), dict[Addr, Decision]()
    found = []
    for step, decision in zip(detail.steps, queries_decided(detail), strict=True):
        if decision is not None:
            first.setdefault(step.addr, decision)
        before = [d for d in about.get(step.addr, ()) if d.at <= step.sent]
        sign, words = _came(step, first.get(step.addr), before, answered, step.addr in opened)
        why = [decision_words(decision)] if decision is not None and decision.reason in _TOLD_OF_QUERIES else []
        if step.doubt is not None and (decision is None or decision.reason not in _TELL_DISTRUST):
            why.append(ASKED_THOUGH[step.doubt])
        if detail.view.owner == INFERRED and step.parent is None:
            sign, words = "·", origin_words(Known.BY_ITS_CLIENT, 0, None)
        found.append(Origin(sign, step.doubt is not None, ", ".join((words, *why))))
    return found


def _came(
    step: StepView, asked: Decision | None, before: list[Decision], answered: dict[Addr, int], opened: bool
) -> tuple[str, str]:
    """How a node came to be known; `asked`: why it was queried first, `before`: the earlier decisions about it."""
    subnet = [d for d in before if d.reason in (Reason.INSTEAD, Reason.PREFERRED)]
    instead = subnet[-1] if subnet else None
    if step.parent is not None:
        if step.parent in answered:
            number = answered[step.parent] + 1
            return str(number), origin_words(Known.BY_QUERY, number, instead)
        return "·", origin_words(Known.BY_UNKNOWN, 0, instead)
    if step.id is None:
        return "bs", origin_words(Known.HOST, 0, None)
    if opened:
        opening = asked is not None and asked.reason is Reason.OPENING
        return "op", decision_words(asked) if asked is not None and opening else origin_words(Known.OPENED, 0, None)
    if any(d.reason is Reason.RESERVE for d in before) and not any(d.reason is Reason.NAMED for d in before):
        return "kn", origin_words(Known.RESERVED, 0, None)
    return "kn", origin_words(Known.FROM_START, 0, instead)
