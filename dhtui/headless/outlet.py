"""Standard output and standard error, written to by a thread, so that a slow reader delays nothing.

A pipe is full when nobody reads it, and a write to it then waits. In the event loop it would wait for ever, with the
node, its timers and its signals. So lines go into a queue of bounded size; what finds no room there is left out, and
counted. What can't be written at all (a reader that has gone, a full disk) ends the outlet, and nothing else.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from stat import S_ISREG
from threading import Condition, Thread
from typing import TextIO

BATCH = 65_536
"""Bytes of one write at most: so much can be lost twice over when a reader goes."""


class Outlet:
    """One of the two streams. Nothing here raises, or waits, but `drain`."""

    def __init__(self, stream: TextIO, writer: Writer | None, room: int) -> None:
        """`room`: bytes that may wait. Without a `writer` all is written at once: a file never waits for a reader."""
        self.lost: Exception | None = None
        """Why nothing can be written any more."""
        self.on_lost: Callable[[Exception], None] = lambda error: None
        """Told once, in any thread. Must not raise."""
        self.gap: Callable[[int], str] = "... {} lines are missing here: nobody read them in time\n".format
        """What is written in place of the missing lines; given their number. Called in any thread."""
        self._stream, self._room, self._writer = stream, room, writer
        self.waiting = self.missing = 0
        """Bytes that are still to be written, and lines that were left out since."""

    def write(self, text: str | bytes) -> None:
        """Write whole lines, or bytes as they are: now, soon, or, if there is no room, never."""
        if self.lost is not None or not text:
            return
        if self._writer is None:
            self._write_now(text)
            return
        data = text if isinstance(text, bytes) else text.encode(self._stream.encoding, self._stream.errors or "strict")
        with self._writer.changed:
            # Once something is missing, all is, until the rest is written: a gap is in one place.
            if self.missing or (self.waiting and self.waiting + len(data) > self._room):
                self.missing += data.count(b"\n")
                return
            self.waiting += len(data)
            self._writer.put(self, data)

    def fails(self, error: Exception) -> None:
        """It can't be written to any more."""
        if self.lost is None:
            self.on_lost(error)  # first: who waits for the end must find that it has been said
            self.lost = error

    def write_bytes(self, data: bytes) -> None:
        """Write, and wait for that. Raises `OSError`."""
        descriptor = self._stream.fileno()
        while data:
            data = data[os.write(descriptor, data) :]

    def filled(self) -> bytes:
        """What stands for the missing lines."""
        return self.gap(self.missing).encode(self._stream.encoding, self._stream.errors or "strict")

    def drain(self, patience: float | None = None) -> None:
        """Wait until all is written; `patience` is the most seconds without progress. A signal ends the wait."""
        if self._writer is not None:
            self._writer.drain(self, patience)

    def _write_now(self, text: str | bytes) -> None:
        try:
            if isinstance(text, bytes):
                self._stream.buffer.write(text)
            else:
                self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError) as error:  # ValueError: the stream is closed
            with suppress(OSError, ValueError):
                self._stream.close()  # it holds what it could not write, and Python would try again at its end
            self.fails(error)


class Writer:
    """A thread that writes to one file, a pipe or a terminal: of two outlets that are the same, in their order."""

    def __init__(self) -> None:
        self.changed = Condition()
        self._queue: deque[tuple[Outlet, bytes]] = deque()
        self._thread: Thread | None = None

    def put(self, outlet: Outlet, data: bytes) -> None:
        """Write this in its turn. To be called with `changed` held."""
        self._queue.append((outlet, data))
        if self._thread is None:
            self._thread = Thread(target=self._work, name="output", daemon=True)  # nobody waits for a stuck one
            self._thread.start()
        self.changed.notify_all()

    def drain(self, outlet: Outlet, patience: float | None) -> None:
        """See `Outlet.drain`."""
        with self.changed:
            while outlet.lost is None and (outlet.waiting or outlet.missing):
                before = outlet.waiting
                if not self.changed.wait(patience) and outlet.waiting == before:
                    return

    def _work(self) -> None:
        while True:
            outlet, data = self._next()
            if outlet.lost is None:
                try:
                    outlet.write_bytes(data)
                except (OSError, ValueError) as error:
                    outlet.fails(error)
            with self.changed:
                outlet.waiting -= len(data)
                if outlet.missing and not outlet.waiting:
                    if note := outlet.filled():
                        outlet.waiting += len(note)
                        self._queue.append((outlet, note))
                    outlet.missing = 0
                self.changed.notify_all()

    def _next(self) -> tuple[Outlet, bytes]:
        """What is to be written next, of one outlet."""
        with self.changed:
            while not self._queue:
                self.changed.wait()
            outlet, data = self._queue.popleft()
            while self._queue and self._queue[0][0] is outlet and len(data) < BATCH:
                data += self._queue.popleft()[1]
            return outlet, data


def outlets(out: TextIO, err: TextIO, room_out: int, room_err: int) -> tuple[Outlet, Outlet]:
    """Outlets for two streams. Where both are the same file, lines come in the order in which they were written."""
    writers: dict[tuple[int, int], Writer] = {}

    def writer_of(stream: TextIO) -> Writer | None:
        try:
            status = os.fstat(stream.fileno())
        except (OSError, ValueError):  # none of the system's, such as a test's
            return None
        return None if S_ISREG(status.st_mode) else writers.setdefault((status.st_dev, status.st_ino), Writer())

    return Outlet(out, writer_of(out), room_out), Outlet(err, writer_of(err), room_err)
