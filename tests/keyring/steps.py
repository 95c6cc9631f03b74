"""Ends or fails a piece of work at each of its steps on disk: what a kill or a full disk does to it.

The steps are the calls of the functions in `STEPS`, and writes to files, which also end half done.
"""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

STEPS = ("open", "close", "fsync", "replace", "rename", "unlink", "mkdir", "chmod", "link")
KILLED = 77


class _HalfWriting(io.FileIO):
    """A file of which only half of what was to be written arrives before `step` is told."""

    step: Callable[[], None]

    def write(self, data: Any) -> int:
        view = memoryview(data)
        super().write(view[: len(view) // 2])
        self.step()
        return len(view) // 2 + super().write(view[len(view) // 2 :])


@contextmanager
def watched(step: Callable[[], None]) -> Iterator[None]:
    """Call `step` before each step on disk, and in the middle of each write."""
    real: dict[str, Any] = {name: getattr(os, name) for name in (*STEPS, "fdopen")}

    def before(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            step()
            return function(*args, **kwargs)

        return call

    def fdopen(descriptor: int, mode: str = "r", *_: Any, **__: Any) -> Any:
        raw = _HalfWriting(descriptor, mode.replace("b", ""))
        raw.step = step
        return io.BufferedWriter(raw)

    try:
        for name in STEPS:
            setattr(os, name, before(real[name]))
        setattr(os, "fdopen", fdopen)  # noqa: B010  (the stub has overloads)
        yield
    finally:
        for name, function in real.items():
            setattr(os, name, function)


def count_steps(work: Callable[[], object]) -> int:
    """How many steps a piece of work has."""
    count = 0

    def step() -> None:
        nonlocal count
        count += 1

    with watched(step):
        work()
    return count


def killed_at(number: int, work: Callable[[], object]) -> bool:
    """Do it in a process of its own, which dies before that step (from 0). Whether it got so far."""
    pid = os.fork()
    if pid == 0:
        left = number

        def step() -> None:
            nonlocal left
            if left == 0:
                os._exit(KILLED)
            left -= 1

        try:
            with watched(step):
                work()
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, KILLED), "the work failed of itself"
    return code == KILLED


@contextmanager
def full_from(number: int) -> Iterator[None]:
    """A disk that is full from that step on, but for what removes and closes files."""
    left = number

    def step() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")

    removing = {name: getattr(os, name) for name in ("close", "unlink")}
    with watched(step):
        for name, function in removing.items():
            setattr(os, name, function)
        yield
