"""The rows of cases."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from .outcomes import Level, Need

if TYPE_CHECKING:
    from .probe import Probe

Run: TypeAlias = "Callable[[Probe], Awaitable[None]]"

M, S, O, H = Level.M, Level.S, Level.O, Level.H  # noqa: E741  # the letters are their names


class Case(NamedTuple):
    """A rule, and how it is tried."""

    id: str
    """Stable for ever, such as ``5.04`` or ``H.01``."""
    section: str
    """Of the BEP."""
    level: Level
    requirement: str
    """The rule, one sentence of ours."""
    run: Run
    needs: frozenset[Need] = frozenset()
    waits: float = 0.0
    """Seconds that it waits at least, besides the answers."""
    name: str = ""
    first: bool = False
    """Whether it tells most of a node that stores nothing yet, and is run before the others."""

    @property
    def group(self) -> str:
        """The BEP as digits, or ``H``."""
        return self.id.partition(".")[0]

    @property
    def bep(self) -> int | None:
        """The BEP; `None` for robustness."""
        return int(self.group) if self.group.isdigit() else None

    @property
    def order(self) -> tuple[int, str]:
        """Sorts by BEP and number, robustness last."""
        return (1 << 16 if self.bep is None else self.bep), self.id


def case(
    number: str,
    section: str,
    level: Level,
    requirement: str,
    *,
    needs: tuple[Need, ...] = (),
    waits: float = 0.0,
    first: bool = False,
) -> Callable[[Run], Case]:
    """Makes a coroutine the case of that number."""

    def row(run: Run) -> Case:
        name = getattr(run, "__name__", "")
        return Case(number, section, level, requirement, run, frozenset(needs), waits, name, first)

    return row
