"""The result of an action in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .results import Came, Said, said_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Protocol

    from ...engine.census.walk import Tally
    from ...engine.diagnosis.findings import Finding
    from ...engine.wire.family import FamilyName
    from .items import ConflictView, ReadBackView

    class FamilyCensusView(Protocol):
        """What is told of an `actions.census.FamilyCensus`."""

        @property
        def tally(self) -> Tally:
            """What was counted."""

        @property
        def planned(self) -> int:
            """Blocks."""

        @property
        def share(self) -> float:
            """Of the id space, in the blocks that were walked."""

        @property
        def alone(self) -> bool:
            """Whether nobody answered any more."""

    class CensusView(Protocol):
        """What is told of an `actions.census.CensusReport`."""

        @property
        def families(self) -> Mapping[FamilyName, FamilyCensusView]:
            """By family."""

    class ResultView(Protocol):
        """What is told of an `actions.run.Result`."""

        @property
        def said(self) -> Said:
            """What it came to."""

        @property
        def also(self) -> Said | None:
            """What failed besides."""

        @property
        def conflict(self) -> ConflictView | None:
            """The value in its way."""

        @property
        def read_back(self) -> ReadBackView | None:
            """What came of reading it back."""

        @property
        def census(self) -> CensusView | None:
            """What was counted."""

        @property
        def findings(self) -> Sequence[Finding]:
            """What was found."""


def result_words(result: ResultView) -> str:
    """What it came to, in one sentence."""
    parts = [_head(result)]
    if result.read_back is not None:
        from .items import read_back_words  # here, for only puts need it

        parts.append(read_back_words(result.read_back))
    if result.also is not None:
        parts.append(said_words(result.also))
    return "; ".join(parts)


def _head(result: ResultView) -> str:
    match result.said.came:
        case Came.CONFLICT if result.conflict is not None:
            from .items import conflict_words

            return conflict_words(result.conflict)
        case Came.CENSUS | Came.CENSUS_ALONE if result.census is not None:
            return _census(result.census)
        case Came.HEALTH | Came.DENSITY as came:
            from ..findings import crowds_summary, health_summary  # here, for only doctor and sybil_check need it

            return health_summary(result.findings) if came is Came.HEALTH else crowds_summary(result.findings)
    return said_words(result.said)


def _census(census: CensusView) -> str:
    both = len(census.families) > 1
    return "; ".join(f"{name}: {_family(one)}" if both else _family(one) for name, one in census.families.items())


def _family(one: FamilyCensusView) -> str:
    tally = one.tally
    gone = f"nobody answers{' any more' if tally.blocks else ''}; " if one.alone else ""
    done = f"{tally.blocks} of {one.planned} blocks walked, {100 * one.share:.3g} % of the id space"
    return f"{gone}{done}: {tally.nodes} of {tally.visited} nodes answered"
