"""The saved filters that are for the packets. They are remembered with all others, which the command bar names too."""

from __future__ import annotations

from typing import Final

from ...packets.filter import FilterError, parse
from ...storage.memory import MAX_NAMED, Memory, SavedFilter

PLACE: Final = "packets.packets"
MAX_NAME: Final = 24
"""Characters of a name."""


class SavedFilters:
    """Filters by name, in the order of saving; what can't be read, say from a file of another version, is left out."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def __len__(self) -> int:
        return len(self.items())

    def items(self) -> list[tuple[str, str]]:
        """Names and filters."""
        saved = self._memory.filters.items()
        return [(name, one.text) for name, one in saved if one.place == PLACE and _can_be_read(one.text)]

    def name_of(self, text: str) -> str:
        """The name of a filter; empty if it has none."""
        return next((name for name, saved in self.items() if saved == text), "")

    def fault(self, name: str) -> str:
        """Why a filter can't be saved under that name; empty if it can be. A known name is replaced."""
        name, known = name.strip(), self._memory.filters
        if not name or not name.isprintable() or name.startswith("@") or len(name) > MAX_NAME:
            return f"a name has 1 to {MAX_NAME} printable characters, and does not begin with @"
        if name in known and known[name].place != PLACE:
            return "a filter of another list has that name"
        if name not in known and len(known) >= MAX_NAMED:
            return f"{MAX_NAMED} filters are saved, which is the most: let one go, or replace one by its name"
        return ""

    def save(self, name: str, text: str) -> None:
        """Save a valid filter under a name that has no `fault`."""
        self._memory.name_filter(name.strip(), SavedFilter(PLACE, text))

    def forget(self, name: str) -> None:
        """Let a filter go."""
        self._memory.filters.pop(name, None)


def _can_be_read(text: str) -> bool:
    try:
        parse(text)
    except FilterError:
        return False
    return True
