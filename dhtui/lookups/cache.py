"""The lookups that a screen has asked for: what can't change any more is asked for once."""

from __future__ import annotations

from collections.abc import Callable, Container

from ..engine.views.snapshot import LookupDetail, LookupView
from .as_of import as_of


class LookupCache:
    """Lookups by number, as many as `forget` leaves; and each of them at one moment of its course."""

    def __init__(self) -> None:
        self._details: dict[int, LookupDetail] = {}
        self._moments: dict[int, tuple[LookupDetail, float, LookupDetail]] = {}

    def forget(self, listed: Container[int]) -> None:
        """Drops those whose numbers are not listed any more."""
        self._details = {number: detail for number, detail in self._details.items() if number in listed}
        self._moments = {number: moment for number, moment in self._moments.items() if number in listed}

    def get(self, view: LookupView, ask: Callable[[int], LookupDetail | None]) -> LookupDetail | None:
        """The lookup that a list shows as `view`; `ask` gives it by its number."""
        known = self._details.get(view.number)
        if known is not None and _is_over(known, view):
            return known
        found = ask(view.number)
        if found is not None:
            self._details[view.number] = found
        return found or known

    def at(self, detail: LookupDetail, until: float | None) -> LookupDetail:
        """As `as_of`, made once for each moment."""
        if until is None:
            return detail
        known = self._moments.get(detail.view.number)
        if known is None or known[0] is not detail or known[1] != until:
            known = self._moments[detail.view.number] = (detail, until, as_of(detail, until))
        return known[2]


def _is_over(known: LookupDetail, view: LookupView) -> bool:
    """Whether nothing will change. Answers still come in for seconds when a lookup has ended."""
    return known.view == view and not view.running and all(step.ended is not None for step in known.steps)
