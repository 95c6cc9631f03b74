"""One snapshot for a node in two address families: what lists show is of both, the rest of the one that is chosen."""

from __future__ import annotations

from collections import Counter
from heapq import merge
from operator import attrgetter

from ..engine.views.snapshot import LookupDetail, LookupView, MethodCounts, Snapshot, StoreView
from ..engine.wire.family import FamilyName

MOST_ERRORS = 50
"""As many as a snapshot of one family has."""


def seen(snapshot: Snapshot, family: FamilyName | None) -> Snapshot:
    """The snapshot with the state in that family, if the node has it, and the other one in `other`.

    Queries, lookups, counts by method, errors and what is stored are of both families. A wish that runs in both is one
    lookup in the list. The same snapshot comes back where there is but one family.
    """
    other = snapshot.other
    if other is None:
        return snapshot
    first, second = (snapshot, other) if family in (None, snapshot.family) else (other, snapshot)
    return first._replace(
        other=second._replace(other=None),
        missing=snapshot.missing,
        queries=(*snapshot.queries, *other.queries),
        lookups=_lookups(snapshot.lookups, other.lookups),
        methods=_methods(snapshot.methods, other.methods),
        drops=dict(Counter(snapshot.drops) + Counter(other.drops)),
        errors=tuple(merge(snapshot.errors, other.errors, key=attrgetter("at"), reverse=True))[:MOST_ERRORS],
        noted=snapshot.noted + other.noted,
        waiting=max(snapshot.waiting, other.waiting),
        store=_stored(snapshot.store, other.store),
    )


def seen_lookup(detail: LookupDetail | None, family: FamilyName | None) -> LookupDetail | None:
    """A lookup with what it did in that family first, if it ran there; the rest is in `other`."""
    if detail is None or detail.other is None or family in (None, detail.view.family):
        return detail
    return detail.other._replace(other=detail._replace(other=None))


def _methods(one: dict[str, MethodCounts], two: dict[str, MethodCounts]) -> dict[str, MethodCounts]:
    none = MethodCounts(*(0,) * len(MethodCounts._fields))
    names = dict.fromkeys((*one, *two))
    return {name: MethodCounts(*map(sum, zip(one.get(name, none), two.get(name, none), strict=True))) for name in names}


def _stored(one: StoreView, two: StoreView) -> StoreView:
    """Items are counted for both in either; peers are counted in each."""
    return one._replace(infohashes=max(one.infohashes, two.infohashes), peers=one.peers + two.peers)


def _lookups(one: tuple[LookupView, ...], two: tuple[LookupView, ...]) -> tuple[LookupView, ...]:
    """The lookups of both, in the order of either: running ones, those that wait, ended ones, newest first."""
    by_number = {view.number: view for view in two}
    wishes = [_wish(view, by_number.pop(view.number, None)) for view in one]
    return tuple(sorted((*wishes, *by_number.values()), key=_order))


def _order(view: LookupView) -> tuple[int, float]:
    if view.running:
        return (1, view.place) if view.place else (0, 0.0)
    return 2, -(view.started_at + view.elapsed)


def _wish(one: LookupView, two: LookupView | None) -> LookupView:
    """A lookup in both families as one: one cost, the best of what was found, over when both are."""
    if two is None:
        return one
    running = one.running or two.running
    nearest = [bits for bits in (one.nearest_bits, two.nearest_bits) if bits is not None]
    found = max((each for each in (one.found, two.found) if each), key=lambda f: (f.seq or 0, f.peers), default=None)
    return one._replace(
        started_at=min(one.started_at, two.started_at),
        elapsed=max(one.elapsed, two.elapsed),
        running=running,
        asked=one.asked + two.asked,
        answered=one.answered + two.answered,
        timed_out=one.timed_out + two.timed_out,
        in_flight=one.in_flight + two.in_flight,
        nearest_bits=min(nearest, default=None),
        best=min(one.best, two.best),
        found=found,
        stopped=None if running else one.stopped or two.stopped,
        doubt=one.doubt if one.doubt and two.doubt else None,
        place=min(one.place, two.place),
        wrote=max(one.wrote, two.wrote),
    )
