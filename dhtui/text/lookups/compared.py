"""Two lookups beside each other, in words."""

from __future__ import annotations

from collections.abc import Sequence


def judged_words(one: str, other: str, figures: Sequence[str], more: int, *, better: bool) -> str:
    """What the `other` one did better, or worse. `more`: figures that are not told."""
    name = f"Lookup {other}" if other.isdigit() else other
    listed = ", ".join((*figures, *([f"{more} more"] if more else [])))
    return f"{name} did {'better' if better else 'worse'} than {one}: {listed}."


def closest_words(count: int, common: int, only: Sequence[tuple[str, str]]) -> str:
    """The closest nodes of both. `only`: of each that has some of its own, its name and those nodes."""
    parts = (in_common_words(common), *(f"only in {name}: {nodes}" for name, nodes in only))
    return f"Closest {count}: {'; '.join(parts)}."


def in_common_words(count: int) -> str:
    """How many nodes both have."""
    return f"{count} in common"
