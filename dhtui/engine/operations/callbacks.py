"""Calls into the caller's code: made after the core is done with a datagram or a timer, never in the middle of that.

So this code may do with the node whatever it likes, and an exception in it breaks nothing: one of an operation's own
callback ends that operation; one of a listener is reported, and the listener goes on hearing events.
"""

from __future__ import annotations

from asyncio import CancelledError
from collections import deque
from collections.abc import Callable
from typing import Any, ParamSpec

from .. import checks
from ..lookup.running import LookupRun
from ..outcome import Outcome
from ..settings import Blocks
from ..views.snapshot import LookupView

P = ParamSpec("P")

Progress = Callable[[LookupView], None]
Report = Callable[[str, BaseException], None]


class Calls(deque[tuple[Callable[[Any], None], Any]]):
    """The calls to make, in order. (A deque, because a server tests for each query whether it is empty.)"""

    def __init__(self, report: Report) -> None:
        """`report` is called with an exception of the caller's code that no operation waits for."""
        super().__init__()
        self.report = report

    def later(self, function: Callable[[Any], None], argument: Any) -> None:
        """Call it once the core is done. It must not raise."""
        self.append((function, argument))

    def make(self) -> None:
        """Make the calls that are due now. Those that they add are left for the next time."""
        for _ in range(len(self)):
            function, argument = self.popleft()
            function(argument)


class Subscription:
    """A listener."""

    def __init__(self, calls: Calls, listener: Callable[[Any], None]) -> None:
        self._calls, self._listener = calls, listener
        self.wanted, self._failed = True, False

    def hear(self, event: Any) -> None:
        """Called by the core."""
        self._calls.later(self._tell, event)

    def _tell(self, event: Any) -> None:
        if not self.wanted:
            return
        try:
            self._listener(event)
        except (Exception, CancelledError) as error:
            if not self._failed:  # once: at thousands of events a second
                self._calls.report("a listener of a node has failed; it goes on hearing events", error)
            self._failed = True


class Caller:
    """The caller of one operation. An exception in its callbacks ends the operation, not the node."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self.done: Callable[[Outcome], None] = lambda outcome: None
        self.failed: Callable[[BaseException], None] = lambda error: None
        self.over: Callable[[], bool] = lambda: False

    def finish(self, outcome: Outcome, now: float) -> None:
        """The operation has ended. The caller learns it after the calls that were due before."""
        self._calls.later(self.done, outcome)

    def guard(self, name: str, function: Callable[[Any], None] | None) -> Callable[[Any], None] | None:
        """The same function, to be called by the core. Raises `ValueError` if it is no function."""
        checks.function(name, function)
        if function is None:
            return None
        wanted = function

        def call(argument: Any) -> None:
            if self.over():
                return
            try:
                wanted(argument)
            except (Exception, CancelledError) as error:
                self.failed(error)

        return lambda argument: self._calls.later(call, argument)

    def steps(self, progress: Progress | None) -> Callable[[LookupRun, float], None] | None:
        """`progress`, to be called by the core: with the view of the lookup at that moment."""
        told = self.guard("progress", progress)
        return None if told is None else lambda find, now: told(find.view(now))


class SafeBlocks:
    """The caller's set of blocked addresses. If it raises, the address counts as blocked."""

    def __init__(self, blocks: Blocks, report: Report) -> None:
        self._blocks, self._report, self._failed = blocks, report, False

    def __contains__(self, ip: str, /) -> bool:
        try:
            return ip in self._blocks
        except Exception as error:
            self._tell(error)
            return True

    def __len__(self) -> int:
        try:
            return len(self._blocks)
        except Exception as error:
            self._tell(error)
            return 0

    def _tell(self, error: Exception) -> None:
        if not self._failed:
            self._report("the blocks of a node have failed; it blocks what they fail for", error)
        self._failed = True
