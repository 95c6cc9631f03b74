"""A cache of the lookups that a screen shows: a finished lookup is fetched once."""

from __future__ import annotations

from collections.abc import Callable, Container

from ..engine.views.snapshot import LookupDetail, LookupView
from .as_of import as_of


class LookupCache:
    """Lookups by number, bounded by `forget`; and each of them as of one time of its course."""

    def __init__(self) -> None:
        self._details: dict[int, LookupDetail] = {}
        self._moments: dict[int, tuple[LookupDetail, float, LookupDetail]] = {}

    def forget(self, listed: Container[int]) -> None:
        """Drop lookups that are no longer listed."""
        self._details = {number: detail for number, detail in self._details.items() if number in listed}
        self._moments = {number: moment for number, moment in self._moments.items() if number in listed}

    def get(self, view: LookupView, ask: Callable[[int], LookupDetail | None]) -> LookupDetail | None:
        """The lookup that a list shows as `view`; `ask` fetches it by its number."""
        known = self._details.get(view.number)
        if known is not None and _is_over(known, view):
            return known
        found = ask(view.number)
        if found is not None:
            self._details[view.number] = found
        return found or known

    def at(self, detail: LookupDetail, until: float | None) -> LookupDetail:
        """The result of `as_of`, computed once for each time."""
        if until is None:
            return detail
        known = self._moments.get(detail.view.number)
        if known is None or known[0] is not detail or known[1] != until:
            known = self._moments[detail.view.number] = (detail, until, as_of(detail, until))
        return known[2]


def _is_over(known: LookupDetail, view: LookupView) -> bool:
    """Whether it can't change any more. Answers still come for seconds after the end of a lookup."""
    if known.other is not None:  # the list shows both families as one
        same = not any(each.view.running for each in known.families) and known.view.number == view.number
    else:
        same = known.view == view
    return same and not view.running and all(step.ended is not None for each in known.families for step in each.steps)
