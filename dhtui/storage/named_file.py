"""Files that the user names to be read: ordinary ones, standard input, devices, pipes such as the shell's ``<(…)``.

A pipe can stay silent for ever. So reading one waits no longer than it is told to, and a signal ends the wait.
"""

from __future__ import annotations

import errno
import io
import os
import re
import select
import stat
import sys
from io import BufferedReader
from pathlib import Path
from time import monotonic

WRITER_SECONDS = 3.0
"""Seconds until a pipe by name that no program has opened to write to counts as abandoned. A shell that makes such
pipes starts the writer at the same time."""
STDIN = "-"
_DESCRIPTOR = re.compile(r"/dev/fd/(\d{1,9})|/proc/(?:self|thread-self)/fd/(\d{1,9})|/dev/std(in)")


class Overdue(TimeoutError):
    """Nothing more came in time."""

    def __init__(self, patience: float) -> None:
        super().__init__(errno.ETIMEDOUT, f"nothing more came from it within {patience:g} s")


def open_named(path: Path, patience: float | None = None) -> BufferedReader:
    """Open a file for reading; ``-`` is standard input. `patience`: seconds to wait for a pipe in all; `None`: no end.

    A terminal is waited for without end: somebody types there. Raises `OSError`, `ValueError` for a null byte in the
    name; reading raises `Overdue`, or `OSError` for a pipe that nothing writes to.
    """
    descriptor, named = _opened(path)
    if descriptor is None:
        # Replaced by a stream in memory: there is nothing to wait for.
        return BufferedReader(io.BytesIO(sys.stdin.buffer.read()))
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if stat.S_ISREG(mode) or not hasattr(select, "poll"):
            return os.fdopen(descriptor, "rb")
        raw = _Waiting(descriptor, None if os.isatty(descriptor) else patience, named and stat.S_ISFIFO(mode))
    except BaseException:
        os.close(descriptor)
        raise
    return BufferedReader(raw)


def read_named(path: Path, limit: int, patience: float | None = None) -> bytes:
    """The first `limit` + 1 bytes. Otherwise the same as `open_named`."""
    with open_named(path, patience) as file:
        return file.read(limit + 1)


def _opened(path: Path) -> tuple[int | None, bool]:
    """A descriptor of its own, and whether it was opened by name; `None` for a standard input that has none.

    What names a descriptor is taken as that one. Opened anew, a pipe could not tell that its writer has gone.
    """
    found = _DESCRIPTOR.fullmatch(str(path))
    if found and not found[3]:
        return os.dup(int(found[1] or found[2])), False
    if found or str(path) == STDIN:
        try:
            return os.dup(sys.stdin.fileno()), False
        except io.UnsupportedOperation:
            return None, False
    return os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), True


class _Waiting(io.RawIOBase):
    """A descriptor that may have nothing to read yet."""

    def __init__(self, descriptor: int, patience: float | None, named_pipe: bool) -> None:
        super().__init__()
        self._descriptor, self._patience = descriptor, patience
        self._until = None if patience is None else monotonic() + patience
        self._writer_until = monotonic() + WRITER_SECONDS if named_pipe else None
        """Until when a writer is waited for; `None` once there is one, or for any other file."""
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)

    def readable(self) -> bool:
        """It is."""
        return True

    def fileno(self) -> int:
        """The descriptor, for its status."""
        return self._descriptor

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Wait for bytes, and take them. 0 at the end."""
        while True:
            read = self._now(buffer)
            if read is not None:
                return read

    def _now(self, buffer: memoryview) -> int | None:
        """The bytes that are there, 0 at the end, `None` if it has to be tried again."""
        ends = [at for at in (self._until, self._writer_until) if at is not None]
        left = None if not ends else max(0.0, min(ends) - monotonic()) * 1000
        ready = self._poll.poll(left)
        if not ready and self._until is not None and monotonic() >= self._until:
            assert self._patience is not None
            raise Overdue(self._patience)
        if not ready and self._writer_until is None:
            return None
        try:
            read = os.readv(self._descriptor, [buffer])
        except BlockingIOError:  # a writer is there, who has not written yet
            self._writer_until = None
            return None
        if not ready and not read:
            if self._writer_until is not None and monotonic() >= self._writer_until:
                raise OSError(errno.EPIPE, "it is a pipe that no program writes to")
            return None
        self._writer_until = None
        return read

    def close(self) -> None:
        """Close the descriptor."""
        if not self.closed:
            os.close(self._descriptor)
        super().close()
