"""Two lookups side by side in figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from textwrap import wrap

from ..engine.views.snapshot import CandidateView, LookupDetail, LookupView
from ..text.decisions import found_words
from ..text.format import power, short_id
from ..text.lookups.compared import closest_words, in_common_words, judged_words
from ..text.safe import safe_text
from ..text.spans import Line, Role, Span, cell_len, crop
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
    better: bool | None = None
    """Whether the second did better in it, or worse; `None` where that has no meaning."""


_Figure = Callable[[LookupDetail], float | None]
_Words = Callable[[float | None], str]


TIME, _NEAREST, _KTH, _HOLD = "time", "nearest answer", "k-th nearest answer", "closest that hold it"
_ANSWERS, _HOPS = "answers", "hops at most"
_NEITHER = frozenset((_ANSWERS, _HOPS))
"""Figures of which neither more nor less is better."""
_OF_ONE_TARGET = frozenset((_NEAREST, _KTH, _HOLD))
"""Figures that mean something only if both looked for the same."""
JUDGED: dict[bool, Span] = {False: ("✗ worse", "bad"), True: ("✓ better", "good")}
"""The sign and the word for what the second one did worse, or better."""
_SHOWN = 3
"""How many nodes that only one of them found are named."""


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
    (TIME, lambda d: d.view.elapsed, span_words, _change),
    ("floor by round trips", lambda d: floor(d, critical_path(d)), span_words, _change),
    ("time without an answer", _silence, _share, _points),
    ("first found after", _first_find, span_words, _change),
    ("packets", lambda d: cost(d).packets, _count, _change),
    ("queries", lambda d: cost(d).queries, _count, _change),
    (_ANSWERS, lambda d: cost(d).answers, _count, _change),
    ("unusable", lambda d: cost(d).fates[QueryStatus.UNUSABLE], _count, _change),
    ("silent", lambda d: cost(d).fates[QueryStatus.SILENT], _count, _change),
    ("cancelled", lambda d: cost(d).fates[QueryStatus.CANCELLED], _count, _change),
    ("late", lambda d: cost(d).fates[QueryStatus.LATE], _count, _change),
    ("answers of no use", lambda d: cost(d).idle, _count, _change),
    (_HOPS, lambda d: max((s.hop for s in d.steps), default=0), _count, _change),
    (_NEAREST, _nearest, power, _bits_nearer),
    (_KTH, _kth, power, _bits_nearer),
    (_HOLD, lambda d: holders(d)[0], _count, _change),
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
        rows.append(Difference(what, words(a), words(b), known, _better(what, a, b, one, two)))
    closest = [{c.addr for c in d.candidates if c.closest} for d in (first, second)]
    same = closest[0] == closest[1]
    common = f"the same {len(closest[0])}" if same and closest[0] else in_common_words(len(closest[0] & closest[1]))
    rows.append(Difference("closest nodes", str(len(closest[0])), str(len(closest[1])), common))
    rows.append(_paths(first, second))
    rows.append(Difference("found", found_words(one.found) or "–", found_words(two.found) or "–", ""))
    return rows


def _better(what: str, a: float | None, b: float | None, one: LookupView, two: LookupView) -> bool | None:
    """Whether the second one did better in a figure; `None` if that can't be said."""
    if a is None or b is None or abs(a - b) < 1e-9 or what in _NEITHER or one.kind != two.kind:
        return None
    if what in _OF_ONE_TARGET and one.target != two.target:
        return None
    return (b > a) == (what == _HOLD)


@dataclass(frozen=True, slots=True)
class Closest:
    """The closest nodes of two lookups, by their addresses, nearest first."""

    common: int
    first: tuple[CandidateView, ...]
    """Those of the first one only."""
    second: tuple[CandidateView, ...]


def closest_of(first: LookupDetail, second: LookupDetail) -> Closest:
    """Which of the closest nodes two lookups have in common."""
    one, two = ([node for node in detail.candidates if node.closest] for detail in (first, second))
    known, others = {node.addr for node in one}, {node.addr for node in two}
    return Closest(
        len(known & others),
        tuple(node for node in one if node.addr not in others),
        tuple(node for node in two if node.addr not in known),
    )


def comparison_lines(first: LookupDetail, second: LookupDetail, width: int, most: int | None = None) -> list[Line]:
    """The closest nodes of both, and in what the second one did better and worse, in lines of `width` cells.

    If that is more than `most` lines, each sentence is one, and says how much is left out.
    """
    lines = [line for sign, words in _told(first, second, None) for line in _folded(sign, words, width)]
    if most is None or len(lines) <= most:
        return lines
    return [
        crop(((f" {sign} ", role), (words, "plain")), width)
        for (sign, role), words in _told(first, second, max(20, width - 3))
    ]


def _told(first: LookupDetail, second: LookupDetail, width: int | None) -> list[tuple[tuple[str, Role], str]]:
    """The sentences with their signs, each as long as `width` allows."""
    told: list[tuple[tuple[str, Role], str]] = [(("≠", "plain"), _closest_words(first, second, width))]
    rows = differences(first, second)
    for better, sign in JUDGED.items():
        figures = [f"{row.what} {row.change}" for row in rows if row.better is better]
        if figures:
            one, other = names(first, second)
            counts = range(len(figures), 0, -1)
            words = [judged_words(one, other, figures[:n], len(figures) - n, better=better) for n in counts]
            told.append(((sign[0][0], sign[1]), _first_that_fits(words, width)))
    return told


def names(first: LookupDetail, second: LookupDetail) -> tuple[str, str]:
    """What two lookups are called beside each other: their numbers; of one wish in both families these."""
    if first.view.number == second.view.number:
        return first.view.family, second.view.family
    return str(first.view.number), str(second.view.number)


def _first_that_fits(tried: list[str], width: int | None) -> str:
    return next((words for words in tried if width is None or cell_len(words) <= width), tried[-1])


def _closest_words(first: LookupDetail, second: LookupDetail, width: int | None) -> str:
    """``Closest 8: 7 in common; only in 3: …; only in 2: ….`` Safe to print."""
    sets = closest_of(first, second)
    count = sets.common + max(len(sets.first), len(sets.second))
    both = tuple(zip(names(first, second), (sets.first, sets.second), strict=True))
    tried = []
    for shown in range(_SHOWN, -1, -1):
        tried.append(closest_words(count, sets.common, [(n, _ids(nodes, shown)) for n, nodes in both if nodes]))
    return _first_that_fits(tried, width)


def _ids(nodes: tuple[CandidateView, ...], shown: int) -> str:
    named = [short_id(node.id) if node.id is not None else "?" for node in nodes[:shown]]
    more = len(nodes) - len(named)
    return " ".join((*named, *([f"+{more}" if named else str(more)] if more else [])))


def _folded(sign: tuple[str, Role], words: str, width: int) -> list[Line]:
    parts = wrap(words, max(20, width - 3))
    return [((f" {sign[0]} " if not nth else "   ", sign[1]), (part, "plain")) for nth, part in enumerate(parts)]


def _paths(first: LookupDetail, second: LookupDetail) -> Difference:
    """The critical paths, by the numbers of their queries, and how many nodes they have in common."""
    paths = [critical_path(detail) for detail in (first, second)]
    nodes = [[d.steps[place].addr for place in path] for d, path in zip((first, second), paths, strict=True)]
    words = [" ".join(str(place + 1) for place in path) or "–" for path in paths]
    common = "the same nodes" if nodes[0] == nodes[1] else in_common_words(len(set(nodes[0]) & set(nodes[1])))
    return Difference("path, by queries", words[0], words[1], common)


def _same(equal: bool) -> str:
    return "the same" if equal else "another"
