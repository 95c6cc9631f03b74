"""How a lookup chooses candidates and how long it waits: one value, so that policies can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .. import checks


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules of a lookup besides alpha and k. The defaults are ours; `bench/simulate.py` has those of others."""

    survey: int = 512
    """Queries of the survey after the bootstrap, unless as many nodes are known already."""
    fill: bool = True
    """Whether a lookup in every bucket with room follows."""
    start: int = 32
    """Known nodes nearest to the target that it starts from."""
    quick_start: bool = True
    """Whether it opens with those of them that are quick and near, rather than with the nearest."""
    top_only: bool = True
    """Whether only the queries among the nearest still in play hold a slot, or all that are in flight."""
    soft: float | None = None
    """Seconds until a silent node loses its slot; `None`: as measured round trips say."""
    hard: float = 4.0
    """Seconds from which on an answer no longer counts."""
    replace_dead: bool = True
    """Whether the next nearest candidate replaces one that stalled; else only the k nearest ever named are queried."""
    wait: Literal["again", "nearest", "all"] = "again"
    """Which queries it waits for at the end: none, but it queries stalled nodes again; those to nodes nearer than the
    k-th responder; or all in flight."""
    grace: float = 0.4
    """Seconds for the nodes that are queried again."""

    def __post_init__(self) -> None:
        """Raises `ValueError` for invalid values."""
        checks.whole("survey", self.survey, 0, 1 << 20)
        checks.whole("start", self.start, 1, 1 << 20)
        for name in ("fill", "quick_start", "top_only", "replace_dead"):
            checks.truth(name, getattr(self, name))
        if self.soft is not None:
            checks.positive("soft", self.soft)
        checks.positive("hard", self.hard)
        checks.one_of("wait", self.wait, ("again", "nearest", "all"))
        checks.positive("grace", self.grace)


OURS = Policy()
