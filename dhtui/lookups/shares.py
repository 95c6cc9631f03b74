"""The time of a lookup in figures: rounded so that they add up to the whole, by parts and by reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..engine.views.snapshot import LookupDetail
from .budget import AVOIDABLE, Part, Reason, budget


@dataclass(frozen=True, slots=True)
class Share:
    """All parts of one reason."""

    reason: Reason
    parts: int
    places: tuple[int, ...]
    seconds: float
    time: str
    """The time in words: those of all shares add up to the whole."""
    percent: int
    """Percent; those of all shares add up to 100."""


@dataclass(frozen=True, slots=True)
class Shares:
    """The time of a lookup by reasons."""

    whole: str
    """In words."""
    shares: tuple[Share, ...]
    """The largest first."""
    without: str
    """The time without lost packets and nodes that did not answer; empty if nothing was lost, or all of it."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A part of the time with its time in words: those of all parts add up to the whole."""

    part: Part
    count: int
    """In units of the last digit shown."""
    time: str


def figures(detail: LookupDetail) -> tuple[str, tuple[Figure, ...]]:
    """The whole time of a lookup in words, and its parts in their order."""
    parts = budget(detail)
    whole, unit = _whole(detail)
    counts = rounded([part.seconds / unit for part in parts], whole)
    return _time(whole, unit), tuple(
        Figure(part, count, _time(count, unit)) for part, count in zip(parts, counts, strict=True)
    )


def shares(detail: LookupDetail) -> Shares:
    """The time of a lookup by reasons; no shares for one without queries or without duration."""
    found: dict[Reason, Share] = {}
    counts: dict[Reason, int] = {}
    for figure in figures(detail)[1]:
        part, count = figure.part, figure.count
        old = found.get(part.reason, Share(part.reason, 0, (), 0.0, "", 0))
        places = tuple(dict.fromkeys((*old.places, *part.places)))
        found[part.reason] = replace(old, parts=old.parts + 1, places=places, seconds=old.seconds + part.seconds)
        counts[part.reason] = counts.get(part.reason, 0) + count
    whole, unit = _whole(detail)
    seconds = detail.view.elapsed + detail.view.wrote
    listed = sorted(found.values(), key=lambda share: -share.seconds)
    percents = rounded([share.seconds / seconds * 100 for share in listed], 100)
    told = [
        replace(share, time=_time(counts[share.reason], unit), percent=percent)
        for share, percent in zip(listed, percents, strict=True)
        if counts[share.reason] or percent
    ]
    lost = sum(counts.get(reason, 0) for reason in AVOIDABLE)
    without = _time(whole - lost, unit) if 0 < lost < whole else ""
    return Shares(_time(whole, unit), tuple(told), without)


def culprits(detail: LookupDetail) -> tuple[int, ...]:
    """The queries that were waited for and were no round trips of the critical path, as indexes in `steps`: the one
    that cost most time first."""
    cost: dict[int, float] = {}
    for part in budget(detail):
        if part.places and part.reason is not Reason.TRIP:
            cost[part.places[0]] = cost.get(part.places[0], 0.0) + part.seconds
    return tuple(sorted(cost, key=lambda place: -cost[place]))


def _whole(detail: LookupDetail) -> tuple[int, float]:
    """The whole time, and the unit that it is counted in, seconds."""
    whole = detail.view.elapsed + detail.view.wrote
    unit = 1e-4 if whole < 0.00995 else 1e-3 if whole < 9.995 else 0.1
    return round(whole / unit), unit


def rounded(values: Sequence[float], whole: int) -> list[int]:
    """Whole numbers close to the values that add up to `whole` (the method of the largest remainder)."""
    floors = [int(value) for value in values]
    order = sorted(range(len(values)), key=lambda place: floors[place] - values[place])
    for place in order[: max(0, whole - sum(floors))]:
        floors[place] += 1
    return floors


def _time(count: int, unit: float) -> str:
    if unit == 1e-4:
        return f"{count / 10:.1f} ms"
    return f"{count} ms" if unit == 1e-3 else f"{count / 10:.1f} s"
