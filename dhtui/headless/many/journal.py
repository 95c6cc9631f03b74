"""The results of --resume: one line of JSON each, only ever added to, so that a killed run loses none and repeats none.

The file of results is itself the record of what is done. There is no second file that could disagree with it: a target
is done once its whole line is in the file. A line reaches the system in one write, before its result is told anywhere
else, so a killed process leaves whole lines. What a power failure leaves behind the last line end is cut off.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from array import array
from pathlib import Path
from typing import Any
from zlib import crc32

from ...errors import Failure, UsageError, quoted
from ...storage.atomic import try_lock
from .jobs import Job

TYPE = "target"
MAX_LINES = 1 << 24
"""Lines of --targets that can be told apart: 8 bytes of memory each."""
LONGEST = 4 << 20
"""Bytes of a line: a result has at most some thousand peers."""


class Journal:
    """The file, open and held by this run alone, and which lines of --targets have a result in it."""

    def __init__(self, path: Path, action: str) -> None:
        """Raises `UsageError` for a file that holds anything else, which is left as it is."""
        self._path, self._action = path, action
        self._marks = array("I")
        """Of each part of each line a mark of its name, 0: it has no result."""
        self.count = self.found = 0
        """Results that were there, and how many of them found what was looked for."""
        self._unsynced = False
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        try:
            self._descriptor = os.open(path, flags, 0o666)
        except OSError as error:
            raise UsageError(f"--resume: {self._name} can't be used: {error.strerror}") from None
        try:
            self._open()
        except BaseException:
            os.close(self._descriptor)
            raise

    @property
    def _name(self) -> str:
        return quoted(str(self._path))

    def _open(self) -> None:
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            raise UsageError(f"--resume: {self._name} is not a file")
        if _is_standard_output(self._descriptor):
            raise UsageError(f"--resume: {self._name} is where standard output goes: name another file")
        if not try_lock(self._descriptor):
            raise UsageError(f"--resume: another run is adding its results to {self._name}")
        end = self._read()
        if end != os.fstat(self._descriptor).st_size:
            os.ftruncate(self._descriptor, end)

    def _read(self) -> int:
        """Read the results. Returns where the last whole line ends."""
        end = number = 0
        with open(self._descriptor, "rb", closefd=False) as file:
            while line := file.readline(LONGEST):
                number += 1
                if not line.endswith(b"\n"):
                    if len(line) >= LONGEST or not _begins(line):
                        raise self._foreign(number)
                    break
                self._take(line, number)
                end += len(line)
        return end

    def _take(self, line: bytes, number: int) -> None:
        try:
            told: Any = json.loads(line)
            at, part, name = told["line"], told["part"], told["name"]
            if (told["type"], told["action"]) != (TYPE, self._action) or type(name) is not str or part not in (0, 1):
                raise ValueError
            if type(at) is not int or not 0 < at <= MAX_LINES:
                raise ValueError
            self.found += told["found"] is True
        except (ValueError, TypeError, KeyError, RecursionError):
            raise self._foreign(number) from None
        self.count += 1
        self._mark(at, part, name)

    def _foreign(self, number: int) -> UsageError:
        return UsageError(
            f"--resume: line {number} of {self._name} is no result of {self._action} with --targets: the file is left "
            "as it is; name another one"
        )

    def _mark(self, line: int, part: int, name: str) -> None:
        place = 2 * line + part
        if place >= len(self._marks):
            self._marks.extend([0] * (2 * place - len(self._marks) + 2))
        self._marks[place] = _mark_of(name)

    def has(self, job: Job) -> bool:
        """Whether there is a result of it. Raises `UsageError` for one of another target in that line."""
        if job.line > MAX_LINES:
            raise UsageError(f"--resume: at most {MAX_LINES} lines can be gone on with")
        place = 2 * job.line + job.part
        mark = self._marks[place] if place < len(self._marks) else 0
        if mark and mark != _mark_of(job.name):
            raise UsageError(
                f"--resume: {self._name} has a result of another target for line {job.line} of --targets: these are "
                "not the targets that it was begun with"
            )
        return mark != 0

    def add(self, results: str) -> None:
        """Add whole lines. Raises `Failure`."""
        data = results.encode()
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError as error:
            raise Failure(f"--resume: {self._name} can't be written: {error.strerror}") from None
        self._unsynced = True

    def sync(self) -> None:
        """Bring what was added to the disk. Raises `Failure`."""
        if not self._unsynced:
            return
        self._unsynced = False
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            raise Failure(f"--resume: {self._name} can't be written: {error.strerror}") from None

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


def _is_standard_output(descriptor: int) -> bool:
    try:
        return os.path.sameopenfile(descriptor, sys.stdout.fileno())
    except (OSError, ValueError):  # it is none of the system's, or closed
        return False


def _mark_of(name: str) -> int:
    return crc32(name.encode("utf-8", "surrogateescape")) or 1


def _begins(line: bytes) -> bool:
    """Whether this may be the beginning of a result: of what a power failure left, zeros too."""
    begin = b'{"type": "%b"' % TYPE.encode()
    return line[: len(begin)] == begin[: len(line)] or not line.strip(b"\0")
