"""The verdict on a lookup in words: why it stopped, what its rules did, what it found, its cost and its waits."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from textwrap import wrap

from ..engine.lookup.decisions import FoundKind, State
from ..engine.views.snapshot import LookupDetail, LookupView
from ..text.decisions import DOUBTS, found_words, lookup_stop_words
from ..text.lookups import verdicts as words
from ..text.spans import Line, Role, crop
from .cost import cost, holders
from .query_status import IN_TIME, MARKS, QueryStatus, bits_of, helped, query_status, span_words
from .time_spent import slow_lines, slow_words


@dataclass(frozen=True, slots=True)
class Verdict:
    """Five sentences, safe to print."""

    why: str
    policy: str
    """What its rules did."""
    found: str
    cost: str
    slow: str
    role: Role
    """``good``, ``bad``, ``warn`` if the result is doubtful, or ``plain`` while it runs."""


def verdict(detail: LookupDetail) -> Verdict:
    """The verdict on a lookup, or its progress while it runs."""
    view = detail.view
    role: Role = "plain" if view.running else "bad" if not view.best else "warn" if _doubted(view) else "good"
    return Verdict(_why(detail), policy_words(detail), _found(detail), cost_words(detail), slow_words(detail), role)


def verdict_lines(detail: LookupDetail, width: int, most: int | None = None) -> list[Line]:
    """The verdict in at most `most` lines of `width` cells; ``…`` at the end of the last line marks a cut."""
    said = verdict(detail)
    sign = {"plain": "…", "good": "✓", "warn": "?"}.get(said.role, "✗")
    lines: list[Line] = []
    rows: tuple[tuple[str, str, Role], ...] = (
        (sign, said.why, said.role),
        ("⇄", said.policy, "plain"),
        ("◆", said.found, "plain"),
        ("Σ", said.cost, "plain"),
    )
    room = max(20, width - 3)
    for mark, text, kind in rows:
        for place, part in enumerate(wrap(text, room)):
            lines.append(((f" {mark} " if not place else "   ", kind), (part, kind)))
    for place, line in enumerate(slow_lines(detail, room)):
        lines.append(((" ◷ " if not place else "   ", "plain"), *line))
    if most is None or len(lines) <= most:
        return lines
    return [*lines[: most - 1], crop((*lines[most - 1], (" …", "plain"), (" " * width, "plain")), width)]


def _why(detail: LookupDetail) -> str:
    view = detail.view
    if view.place:
        return words.not_begun_words(view.place)
    if view.running:
        return words.under_way_words(view.best, detail.k, view.in_flight)
    return words.ended_words(lookup_stop_words(view), _doubted(view))


def _doubted(view: LookupView) -> str:
    """Why a negative result is doubtful, in words; empty if something was found."""
    return "" if view.found is not None or view.doubt is None else DOUBTS[view.doubt]


def _found(detail: LookupDetail) -> str:
    view = detail.view
    if view.found is None:
        bits = [b for s in detail.steps if helped(s, view) and (b := bits_of(s.id, view.target)) is not None]
        return words.nearest_words(min(bits)) if bits else words.NOBODY
    have, closest = holders(detail)
    value = view.found.kind is not FoundKind.PEERS
    first = min(
        (s.ended for s in detail.steps if query_status(s, view) is QueryStatus.FOUND and s.ended is not None),
        default=None,
    )
    when = "" if first is None else span_words(first)
    return words.found_words(found_words(view.found), when, have, closest, value=value)


def cost_words(detail: LookupDetail) -> str:
    """The cost in words."""
    spent = cost(detail)
    if not spent.queries:
        return words.NO_COST
    rest = {str(what): spent.fates[what] for what in MARKS if what not in IN_TIME and spent.fates[what]}
    time = span_words(detail.view.elapsed)
    return words.cost_words(spent.packets, time, spent.queries, spent.answers, spent.idle, rest)


def policy_words(detail: LookupDetail) -> str:
    """What the rules of the lookup did: how many nodes stalled, were superseded, queried again, passed over,
    distrusted."""
    elapsed = detail.view.elapsed
    stalled = sum(step.stalled is not None and step.stalled <= elapsed and not step.again for step in detail.steps)
    return words.rules_words(
        stalled=stalled,
        overtaken=sum(step.overtaken is not None for step in detail.steps),
        again=sum(step.again for step in detail.steps),
        alive=_answered_then(detail),
        passed=sum(node.state is State.PASSED for node in detail.candidates),
        distrusted=sum(node.doubt is not None for node in detail.candidates),
        untold=detail.untold,
    )


def _answered_then(detail: LookupDetail) -> int:
    """How many nodes answered in time after a second query."""
    again = {step.addr: step.sent for step in detail.steps if step.again}
    return len(
        {
            step.addr
            for step in detail.steps
            if helped(step, detail.view) and again.get(step.addr, inf) <= (step.ended or 0.0)
        }
    )
