"""The closing verdict on a lookup in words: why it stopped, what its rules did, what it found, cost and waited for."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from statistics import median
from textwrap import wrap

from ..engine.snapshot import LookupDetail, LookupView
from ..report import safe_text
from ..widgets.paint import Line, Role, crop
from ..words import DOUBTS, plural, power
from .cost import cost, holders
from .course import bits_of, helped, responded, span_words, too_late
from .critical import critical_path, floor, round_trip
from .waiting import waiting

_NOTABLE = 0.15
"""The share of the time from which on a cause is worth a sentence."""
_SLOW_SHARE, _SLOW_TIMES = 0.4, 2.0
"""A node is called slow if it took this share of the whole time, and so many times the usual round trip."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Five sentences, safe to print."""

    why: str
    policy: str
    """What its rules did on the way."""
    found: str
    cost: str
    slow: str
    role: Role
    """good, bad, warn where it is not to be believed, or plain while it runs."""


def verdict(detail: LookupDetail) -> Verdict:
    """The verdict on a lookup, or how it stands while it runs."""
    view = detail.view
    role: Role = "plain" if view.running else "bad" if not view.best else "warn" if _doubted(view) else "good"
    return Verdict(_why(detail), policy_words(detail), _found(detail), cost_words(detail), slow_words(detail), role)


def verdict_lines(detail: LookupDetail, width: int, most: int | None = None) -> list[Line]:
    """The verdict, fitted to `width` cells, in `most` lines at most: ``…`` at the end of the last one says so."""
    said = verdict(detail)
    sign = {"plain": "…", "good": "✓", "warn": "?"}.get(said.role, "✗")
    lines: list[Line] = []
    rows: tuple[tuple[str, str, Role], ...] = (
        (sign, said.why, said.role),
        ("⇄", said.policy, "plain"),
        ("◆", said.found, "plain"),
        ("Σ", said.cost, "plain"),
        ("◷", said.slow, "plain"),
    )
    for mark, text, kind in rows:
        for place, part in enumerate(wrap(text, max(20, width - 3))):
            lines.append(((f" {mark} " if not place else "   ", kind), (part, kind)))
    if most is None or len(lines) <= most:
        return lines
    return [*lines[: most - 1], (*crop(lines[most - 1], width - 2), (" …", "plain"))]


def _why(detail: LookupDetail) -> str:
    view = detail.view
    if view.running:
        return f"Under way: {view.best} of the {detail.k} closest found so far, {view.in_flight} in flight."
    why = safe_text(view.why) or "it ended"
    doubt = f", but {_doubted(view)}" if _doubted(view) else ""
    return f"{why[:1].upper()}{why[1:]}{doubt}."


def _doubted(view: LookupView) -> str:
    """What speaks against believing what it did not find, in words; empty where something was found."""
    return "" if view.found else DOUBTS.get(view.doubt, "")


def _found(detail: LookupDetail) -> str:
    view = detail.view
    if not view.found:
        bits = [b for s in detail.steps if helped(s) and (b := bits_of(s.id, view.target)) is not None]
        return f"The nearest answer is at {power(min(bits))}." if bits else "Nobody answered."
    have, closest = holders(detail)
    value = view.found.startswith("value")
    what, article = ("it", "a ") if value else ("peers", "")
    first = min((s.ended for s in detail.steps if (s.item or s.peers) and s.ended is not None), default=None)
    came = f", the first after {span_words(first)}" if first is not None else ""
    holding = f"{have} of the closest {closest} {'holds' if have == 1 else 'hold'} {what}"
    return f"Found {article}{safe_text(view.found)}{came}; {holding}."


def cost_words(detail: LookupDetail) -> str:
    """What it cost."""
    spent = cost(detail)
    if not spent.queries:
        return "It cost nothing: no query was sent."
    queries, answers = plural(spent.queries, "query", "queries"), plural(spent.answers, "answer")
    for_nothing = f"{spent.dead} to the dead, {spent.wasted} wasted"
    return f"{spent.packets} packets in {span_words(detail.view.elapsed)}: {queries}, {answers}; {for_nothing}."


def policy_words(detail: LookupDetail) -> str:
    """What the rules of the lookup did: whom they replaced, overtook, asked again, passed over and distrusted."""
    elapsed = detail.view.elapsed
    stalled = sum(step.stalled is not None and step.stalled <= elapsed and not step.again for step in detail.steps)
    again = sum(step.again for step in detail.steps)
    came = _answered_then(detail)
    counts = (
        (stalled, "stalled"),
        (sum(step.overtaken is not None for step in detail.steps), "overtaken"),
        (again, f"asked again ({came} alive)" if came else "asked again"),
        (sum(node.state == "passed over" for node in detail.candidates), "passed over"),
        (sum(node.doubt != "" for node in detail.candidates), "distrusted"),
    )
    words = ", ".join(f"{count} {what}" for count, what in counts if count)
    return f"{words}." if words else "No query stalled, none was overtaken, none was asked again."


def _answered_then(detail: LookupDetail) -> int:
    """How many nodes answered, in time, after they had been asked again."""
    again = {step.addr: step.sent for step in detail.steps if step.again}
    return len(
        {
            step.addr
            for step in detail.steps
            if helped(step)
            and not too_late(step, detail.view.elapsed)
            and again.get(step.addr, inf) <= (step.ended or 0.0)
        }
    )


def slow_words(detail: LookupDetail) -> str:
    """What held it up, and how quick it could have been."""
    view, path = detail.view, critical_path(detail)
    if not path or view.elapsed <= 0:
        asked = plural(len(detail.steps), "node that was asked has", "nodes that were asked have")
        return f"The {asked} not answered." if detail.steps else "There was nobody to ask."
    least, went = floor(detail, path), waiting(detail)
    bottom = f"floor by round trips {span_words(least)}"
    if went.silence >= _NOTABLE * view.elapsed:
        silent = plural(went.silent, "silent node")
        return f"{_percent(went.silence, view.elapsed)} of the time was lost on {silent}; {bottom}."
    if went.idle >= _NOTABLE * view.elapsed:
        return f"{_percent(went.idle, view.elapsed)} of the time no query was under way; {bottom}."
    slowest = max(path, key=lambda place: round_trip(detail.steps[place]))
    took = round_trip(detail.steps[slowest])
    usual = median(round_trip(step) for step in detail.steps if responded(step))
    if len(path) > 1 and took >= _SLOW_SHARE * view.elapsed and took >= _SLOW_TIMES * usual:
        return f"{_percent(took, view.elapsed)} of the time went to one slow node, query {slowest + 1}; {bottom}."
    trips = f"{len(path)} round trips in a row" if len(path) > 1 else "1 round trip"
    if view.running:
        return f"Nothing has held it up so far: {trips} took {span_words(least)}."
    return f"Nothing held it up: {trips} took {span_words(least)} of the {span_words(view.elapsed)}."


def _percent(part: float, whole: float) -> str:
    return f"{part / whole * 100:.0f} %"
