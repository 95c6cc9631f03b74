"""How a headless run is stopped: by a signal, which cancels the action or ends the wait after it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ..engine.operations.limit import Limit
from ..runtime.signals import taken_signals
from .output import Output

LATEST = 2.0
"""Seconds after its deadline until an action that has not ended by itself is cut off, and what it knew is lost."""


class Stop:
    """Takes the signals while it is entered. The first stops the action, or the wait after it; a second ends all."""

    def __init__(self, output: Output, *, reloads: bool = False) -> None:
        """`reloads`: SIGHUP ends nothing, it asks for the settings to be read anew: at once, or when the run waits."""
        self._output = output
        self.signum: int | None = None
        self._waiting = False
        self.asked = asyncio.Event()
        self.hung_up = asyncio.Event() if reloads else None
        """Whether SIGHUP has come; `None`: it ends the run, as SIGTERM does."""
        self.on_waiting: Callable[[], None] = lambda: None
        """Called once the run waits."""
        self._task: asyncio.Task[Any] | None = None
        self._limits: list[Limit] = []
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Stop:
        # Not by the loop: what comes while its last round ends would be lost.
        for signum in taken_signals():
            with suppress(ValueError):  # outside the main thread
                self._before[signum] = signal.signal(signum, self._on)
        return self

    def __exit__(self, *_: object) -> None:
        if self.signum is None:
            for signum, before in self._before.items():
                signal.signal(signum, before)

    @property
    def waiting(self) -> bool:
        """Whether the action is done, and the run stays: a signal ends the wait, and is no failure."""
        return self._waiting

    @waiting.setter
    def waiting(self, now: bool) -> None:
        began, self._waiting = now and not self._waiting, now
        if began:
            self.on_waiting()

    def code(self, code: int) -> int:
        """The exit code: `code`, unless the action was stopped. To be asked for once the signals are given back."""
        if self.signum is None or self.waiting:
            return code
        self._output.notes([f"dhtui: stopped by {signal.Signals(self.signum).name}"])
        return 128 + self.signum

    def cancels(self, task: asyncio.Task[Any] | None) -> None:
        """This is the task of the action."""
        self._task = task
        if self.signum is not None:
            self._stop()

    def _on(self, signum: int, frame: object) -> None:
        if self.hung_up is not None and signal.Signals(signum).name == "SIGHUP":
            if self._task is None:
                self.hung_up.set()
            else:
                with suppress(RuntimeError):  # the loop is closed
                    self._task.get_loop().call_soon_threadsafe(self.hung_up.set)
            return
        self.signum = signum
        self._output.hurried = True
        for each in self._before:
            # Whatever is waited for now, a second signal ends it. But a shell that ends hangs up twice, by itself and
            # by its terminal, and means nothing by it.
            signal.signal(each, signal.SIG_DFL if each in (signal.SIGINT, signal.SIGTERM) else signal.SIG_IGN)
        if self._task is not None:
            with suppress(RuntimeError):  # the loop is closed
                self._task.get_loop().call_soon_threadsafe(self._stop)

    def _stop(self) -> None:
        self.asked.set()
        if self.waiting or self._task is None:
            return
        for limit in self._limits:
            limit.expire()
        if self._limits:  # what is known by now is printed, if that takes no longer
            self._task.get_loop().call_later(LATEST, self._cancel)
        else:
            self._cancel()

    def _cancel(self) -> None:
        if not self.waiting and self._task is not None:
            self._task.cancel()

    @contextmanager
    def ends(self, limit: Limit) -> Iterator[None]:
        """A signal makes this limit expire."""
        self._limits.append(limit)
        try:
            if self.signum is not None:
                limit.expire()
            yield
        finally:
            self._limits.remove(limit)
