"""A census under way: what was counted so far, and how it ended. It outlives its window."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ...actions.census import CensusReport, census
from ...actions.request import CensusOf
from ...actions.run import Result
from ...engine.commands import NodeCommands
from ...engine.operations.limit import Limit
from ...errors import Failure
from ...text.failure import failure_words


class CensusRun:
    """One census by one node."""

    def __init__(self, node: NodeCommands, want: CensusOf) -> None:
        self.node, self.want = node, want
        self.result: Result | None = None
        """`None` while it runs, and where it failed."""
        self.trouble = ""
        """Why it failed; safe to print."""
        self.ended = False
        self.said = ""
        """The last line about its progress; safe to print."""
        self.stopping = False
        self._limit = Limit()
        self._task: asyncio.Task[None] | None = None
        self._so_far: Callable[[], CensusReport] | None = None

    @property
    def report(self) -> CensusReport | None:
        """What was counted so far; `None` before it is known what is walked."""
        if self.result is not None:
            return self.result.census
        return None if self._so_far is None else self._so_far()

    def begin(self) -> None:
        """Takes it in a task of its own, which no window and no screen ends."""
        self._task = asyncio.create_task(self.take(), name="the census")

    async def take(self) -> None:
        """Takes it, to its end or until it is stopped. Whatever goes wrong is kept in `trouble`."""
        try:
            with self._limit.applied():
                self.result = await census(self.node, self.want, self._say, self._know)
        except Failure as problem:
            self.trouble = str(problem)
        except Exception as problem:  # such as a node that is closed meanwhile
            self.trouble = failure_words(problem)
        finally:
            self.ended = True

    def stop(self) -> None:
        """Ends it with what was counted so far."""
        self.stopping = True
        self._limit.expire()

    def _say(self, text: str) -> None:
        self.said = text

    def _know(self, so_far: Callable[[], CensusReport]) -> None:
        self._so_far = so_far
