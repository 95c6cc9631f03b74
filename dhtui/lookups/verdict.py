"""The verdict on a lookup in words: why it stopped, what its rules did, what it found, its cost and its waits."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from textwrap import wrap

from ..engine.lookup.decisions import FoundKind, State
from ..engine.views.snapshot import LookupDetail, LookupView
from ..text.decisions import DOUBTS, found_words, lookup_stop_words
from ..text.format import plural, power, waiting_words
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
        return f"It has not begun: {waiting_words(view.place)}."
    if view.running:
        return f"Under way: {view.best} of the {detail.k} closest found so far, {view.in_flight} in flight."
    why = lookup_stop_words(view) or "it ended"
    doubt = f", but {_doubted(view)}" if _doubted(view) else ""
    return f"{why[:1].upper()}{why[1:]}{doubt}."


def _doubted(view: LookupView) -> str:
    """Why a negative result is doubtful, in words; empty if something was found."""
    return "" if view.found is not None or view.doubt is None else DOUBTS[view.doubt]


def _found(detail: LookupDetail) -> str:
    view = detail.view
    if view.found is None:
        bits = [b for s in detail.steps if helped(s, view) and (b := bits_of(s.id, view.target)) is not None]
        return f"The nearest answer is at {power(min(bits))}." if bits else "Nobody answered."
    have, closest = holders(detail)
    value = view.found.kind is not FoundKind.PEERS
    what, article = ("it", "a ") if value else ("peers", "")
    first = min(
        (s.ended for s in detail.steps if query_status(s, view) is QueryStatus.FOUND and s.ended is not None),
        default=None,
    )
    came = f", the first after {span_words(first)}" if first is not None else ""
    holding = f"{have} of the closest {closest} {'holds' if have == 1 else 'hold'} {what}"
    return f"Found {article}{found_words(view.found)}{came}; {holding}."


def cost_words(detail: LookupDetail) -> str:
    """The cost in words."""
    spent = cost(detail)
    if not spent.queries:
        return "It cost nothing: no query was sent."
    queries, answers = plural(spent.queries, "query", "queries"), plural(spent.answers, "answer")
    others = [what for what in MARKS if what not in IN_TIME and spent.fates[what]]
    rest = "".join(f", {spent.fates[what]} {what}" for what in others)
    use = f" ({spent.idle} of no use)" if spent.idle else ""
    return f"{spent.packets} packets in {span_words(detail.view.elapsed)}: {queries}, {answers}{use}{rest}."


def policy_words(detail: LookupDetail) -> str:
    """What the rules of the lookup did: how many nodes stalled, were superseded, queried again, passed over,
    distrusted."""
    elapsed = detail.view.elapsed
    stalled = sum(step.stalled is not None and step.stalled <= elapsed and not step.again for step in detail.steps)
    again = sum(step.again for step in detail.steps)
    came = _answered_then(detail)
    counts = (
        (stalled, "stalled"),
        (sum(step.overtaken is not None for step in detail.steps), "overtaken"),
        (again, f"asked again ({came} alive)" if came else "asked again"),
        (sum(node.state is State.PASSED for node in detail.candidates), "passed over"),
        (sum(node.doubt is not None for node in detail.candidates), "distrusted"),
    )
    words = ", ".join(f"{count} {what}" for count, what in counts if count)
    if detail.untold:
        words += f"; {plural(detail.untold, 'decision')} more are not recorded"
    return f"{words}." if words else "No query stalled, none was overtaken, none was asked again."


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
