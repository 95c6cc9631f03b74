"""Calls into the caller's code. They are made after the core has finished with a datagram or a timer, never during it.

So this code may call any method of the node, and an exception in it does no harm: one in an operation's own callback
ends that operation; one in a listener is reported, and the listener still gets events.
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
    """The pending calls, in order. (A deque, because a server tests for each query whether it is empty.)"""

    def __init__(self, report: Report) -> None:
        """`report` is called with an exception of the caller's code that no operation waits for."""
        super().__init__()
        self.report = report

    def later(self, function: Callable[[Any], None], argument: Any) -> None:
        """Make this call once the core has finished. It must not raise."""
        self.append((function, argument))

    def make(self) -> None:
        """Make the pending calls. Calls that are added meanwhile are left for the next time."""
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
        """The operation has ended. Its caller is told after the calls that were pending before."""
        self._calls.later(self.done, outcome)

    def guard(self, name: str, function: Callable[[Any], None] | None) -> Callable[[Any], None] | None:
        """The function, wrapped for the core. Raises `ValueError` if it is not callable."""
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
        """`progress`, wrapped for the core: it gets the view of the lookup at that time."""
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
