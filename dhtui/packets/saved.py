"""Filters kept under names."""

from __future__ import annotations

from typing import Final

from .filter import FilterError, parse

MAX_SAVED: Final = 30
MAX_NAME: Final = 24
"""Characters of a name."""
FIRST: Final = {
    "trouble": "err:any",
    "slow answers": "rtt:>500",
    "writes": "method:put or method:announce_peer",
    "not canonical": '"not canonical"',
}
"""Filters that are there from the start."""


class SavedFilters:
    """At most `MAX_SAVED` filters by name, in the order of saving. They last as long as this object.

    Who keeps them longer takes `items` and makes another one of them.
    """

    def __init__(self, filters: dict[str, str] = FIRST) -> None:
        self._filters: dict[str, str] = {}
        for name, text in filters.items():
            if not self.fault(name) and _can_be_read(text):
                self._filters[name] = text

    def __len__(self) -> int:
        return len(self._filters)

    def items(self) -> list[tuple[str, str]]:
        """Names and filters."""
        return list(self._filters.items())

    def name_of(self, text: str) -> str:
        """The name of a filter; empty if it has none."""
        return next((name for name, saved in self._filters.items() if saved == text), "")

    def fault(self, name: str) -> str:
        """Why a filter can't be saved under that name; empty if it can be. A known name is replaced."""
        if not name.strip() or not name.isprintable() or len(name) > MAX_NAME:
            return f"a name has 1 to {MAX_NAME} printable characters"
        if name.strip() not in self._filters and len(self._filters) >= MAX_SAVED:
            return f"{MAX_SAVED} filters are saved, which is the most: let one go, or replace one by its name"
        return ""

    def save(self, name: str, text: str) -> None:
        """Save a valid filter under a name that has no `fault`."""
        self._filters[name.strip()] = text

    def forget(self, name: str) -> None:
        """Let a filter go."""
        self._filters.pop(name, None)


def _can_be_read(text: str) -> bool:
    try:
        parse(text)
    except FilterError:
        return False
    return True
