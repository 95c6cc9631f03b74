"""Tasks that run beside what the user asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from ..text.runs.running import Task, failed_words


class Background:
    """Runs tasks until `stop`. One that raises is told, the first time, and makes the run one that failed."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        """`warn` is told in a sentence."""
        self._warn, self._tasks = warn, set[asyncio.Task[None]]()
        self.failed = False
        """Whether one has raised."""

    def start(self, what: Coroutine[Any, Any, None], name: Task) -> asyncio.Task[None]:
        """Run it. `name`: what it does."""
        task = asyncio.create_task(what, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            self.died(Task(task.get_name()), problem)

    def died(self, name: Task, problem: BaseException | None) -> None:
        """Something ended that should not have."""
        if not self.failed:
            self._warn(failed_words(name, problem))
        self.failed = True

    async def stop(self) -> None:
        """Cancel them all, and wait for their end."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
