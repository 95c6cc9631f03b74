"""What came of a run of conform."""

from __future__ import annotations

from typing import NamedTuple

from ...actions.request import ConformRequest
from ...conform.outcomes import Outcome
from ...conform.session import Result
from ...engine.wire.compact import Addr
from ...errors import Exit


class Conformed(NamedTuple):
    """What came of a run."""

    request: ConformRequest
    results: tuple[Result, ...] = ()
    """In the order of their numbers; empty where the cases are listed only."""
    remote: Addr | None = None
    seed: int = 0
    reached: bool = True
    recordings: dict[str, str] = {}  # noqa: RUF012  # never changed
    """Paths, by the number of the case."""
    ended: Exit | None = None
    """How it was given up, if it was."""

    @property
    def failures(self) -> list[Result]:
        """The results that count as failed."""
        bad = (Outcome.FAIL, Outcome.NON_STRICT) if self.request.strict else (Outcome.FAIL,)
        return [each for each in self.results if each.outcome in bad and not each.known]

    @property
    def exit(self) -> Exit:
        """The exit code."""
        if not self.reached:
            return Exit.NO_ANSWER
        if self.ended is not None:
            return self.ended
        return Exit.FAILED if self.failures else Exit.OK
