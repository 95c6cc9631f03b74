"""Two lookups side by side in figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..engine.views.snapshot import LookupDetail
from ..text.decisions import found_words
from ..text.format import power, short_id
from ..text.safe import safe_text
from .budget import unanswered
from .cost import cost, holders
from .critical import critical_path, floor
from .drawings.ladder import kth_best
from .query_status import QueryStatus, bits_of, helped, query_status, span_words


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of two lookups; all texts are safe to print."""

    what: str
    first: str
    second: str
    change: str
    """From the first to the second; empty where that has no meaning."""


_Figure = Callable[[LookupDetail], float | None]
_Words = Callable[[float | None], str]


def _count(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value * 100:.0f} %"


def _nearest(detail: LookupDetail) -> float | None:
    bits = (bits_of(s.id, detail.view.target) for s in detail.steps if helped(s, detail.view))
    return min((b for b in bits if b is not None), default=None)


def _kth(detail: LookupDetail) -> float | None:
    points = kth_best(detail)
    return points[-1][1] if points else None


def _first_find(detail: LookupDetail) -> float | None:
    found = (s.ended for s in detail.steps if query_status(s, detail.view) is QueryStatus.FOUND)
    return min((ended for ended in found if ended is not None), default=None)


def _silence(detail: LookupDetail) -> float | None:
    return unanswered(detail) / detail.view.elapsed if detail.view.elapsed > 0 else None


def _change(a: float, b: float) -> str:
    """By how much more or less, in percent of the first."""
    sign = "+" if b > a else "−"
    return f"{sign}{abs(b - a) / a * 100:.0f} %" if a else f"{sign}{abs(b - a):.3g}"


def _bits_nearer(a: float, b: float) -> str:
    return f"{abs(b - a):.1f} bits {'farther' if b > a else 'nearer'}"


def _points(a: float, b: float) -> str:
    return f"{'+' if b > a else '−'}{abs(b - a) * 100:.0f} points"


_FIGURES: tuple[tuple[str, _Figure, _Words, Callable[[float, float], str]], ...] = (
    ("time", lambda d: d.view.elapsed, span_words, _change),
    ("floor by round trips", lambda d: floor(d, critical_path(d)), span_words, _change),
    ("time without an answer", _silence, _share, _points),
    ("first found after", _first_find, span_words, _change),
    ("packets", lambda d: cost(d).packets, _count, _change),
    ("queries", lambda d: cost(d).queries, _count, _change),
    ("answers", lambda d: cost(d).answers, _count, _change),
    ("unusable", lambda d: cost(d).fates[QueryStatus.UNUSABLE], _count, _change),
    ("silent", lambda d: cost(d).fates[QueryStatus.SILENT], _count, _change),
    ("cancelled", lambda d: cost(d).fates[QueryStatus.CANCELLED], _count, _change),
    ("late", lambda d: cost(d).fates[QueryStatus.LATE], _count, _change),
    ("answers of no use", lambda d: cost(d).idle, _count, _change),
    ("hops at most", lambda d: max((s.hop for s in d.steps), default=0), _count, _change),
    ("nearest answer", _nearest, power, _bits_nearer),
    ("k-th nearest answer", _kth, power, _bits_nearer),
    ("closest that hold it", lambda d: holders(d)[0], _count, _change),
)


def differences(first: LookupDetail, second: LookupDetail) -> list[Difference]:
    """The figures of two lookups, and how they changed from the first to the second."""
    one, two = first.view, second.view
    rows = [
        Difference("what", safe_text(one.kind, 16), safe_text(two.kind, 16), ""),
        Difference("target", short_id(one.target), short_id(two.target), _same(one.target == two.target)),
    ]
    for what, figure, words, change in _FIGURES:
        a, b = figure(first), figure(second)
        known = "" if a is None or b is None else "=" if abs(a - b) < 1e-9 else change(a, b)
        rows.append(Difference(what, words(a), words(b), known))
    closest = [{c.addr for c in d.candidates if c.closest} for d in (first, second)]
    same = closest[0] == closest[1]
    common = f"the same {len(closest[0])}" if same and closest[0] else f"{len(closest[0] & closest[1])} in common"
    rows.append(Difference("closest nodes", str(len(closest[0])), str(len(closest[1])), common))
    rows.append(_paths(first, second))
    rows.append(Difference("found", found_words(one.found) or "–", found_words(two.found) or "–", ""))
    return rows


def _paths(first: LookupDetail, second: LookupDetail) -> Difference:
    """The critical paths, by the numbers of their queries, and how many nodes they have in common."""
    paths = [critical_path(detail) for detail in (first, second)]
    nodes = [[d.steps[place].addr for place in path] for d, path in zip((first, second), paths, strict=True)]
    words = [" ".join(str(place + 1) for place in path) or "–" for path in paths]
    common = "the same nodes" if nodes[0] == nodes[1] else f"{len(set(nodes[0]) & set(nodes[1]))} in common"
    return Difference("path, by queries", words[0], words[1], common)


def _same(equal: bool) -> str:
    return "the same" if equal else "another"
