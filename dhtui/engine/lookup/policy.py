"""How a lookup chooses whom to ask and how long to wait: one value, so that policies can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .. import checks


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules of a lookup besides alpha and k. The defaults are ours; `bench/simulate.py` has those of others."""

    survey: int = 512
    """Queries that get to know nodes all over the network as soon as a way in is found, unless as many are known."""
    fill: bool = True
    """Whether something is then looked up in every bucket that has room."""
    start: int = 32
    """Known nodes nearest to the target that it starts from."""
    quick_start: bool = True
    """Whether it opens with those of them that are quick and near, rather than with the nearest."""
    top_only: bool = True
    """Whether only the queries among the nearest still in play hold a slot, or all that are in flight."""
    soft: float | None = None
    """Seconds until a silent node loses its slot; `None`: as measured round trips say."""
    hard: float = 4.0
    """Seconds until an answer counts no more."""
    replace_dead: bool = True
    """Whether the next nearest steps in for a silent node; else the k nearest ever heard of are all there is."""
    wait: Literal["again", "nearest", "all"] = "again"
    """Whom it waits for at the end: for nobody, but it asks the silent ones again; for those nearer than the k-th
    responder; or for all that are in flight."""
    grace: float = 0.4
    """Seconds that the ones asked again have."""

    def __post_init__(self) -> None:
        """Raises `ValueError` for what makes no sense."""
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
