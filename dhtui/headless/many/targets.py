"""What --targets and --records have: checked as far as can be before any packet is sent, then read as there is room."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from io import RawIOBase
from os import fstat
from stat import S_ISREG

from ...actions.publishing import signed
from ...actions.request import Request
from ...engine.items import MutableItem
from ...engine.operations.limit import Limit
from ...errors import Failure, UsageError, quoted
from ...storage.named_file import open_named
from .jobs import Job, bad, jobs
from .journal import Journal
from .lines import Line, lines, lines_as_they_come

MAX_SHOWN = 3
"""Most lines that make no sense that are named."""


class Targets:
    """What --targets has, and the results of earlier runs. Checked as far as can be before any packet is sent."""

    def __init__(self, request: Request, file: RawIOBase | None, journal: Journal | None) -> None:
        """Raises `UsageError` for what makes no sense in an ordinary file, or a key that can't be used."""
        self._request, self._file, self.journal = request, file, journal
        self.items: list[tuple[str, MutableItem]] = []
        """Of records: the items, each with the name of its key."""
        if request.many is not None and request.many.zones:
            zones = request.many.zones
            self.items = [(zone.key.name, item) for zone, item in zip(zones, signed(zones, time.time()), strict=True)]
        self.total: int | None = None
        """How many are left to be done, if that is known."""
        if self.items:
            self.total = len(self.items)
        elif file is not None and _is_ordinary(file):
            try:
                self.total = self._checked(file)
                file.seek(0)
            except OSError as error:
                raise UsageError(f"--targets: cannot read {self._name}: {error.strerror}") from None

    @property
    def _name(self) -> str:
        assert self._request.many is not None
        return quoted(str(self._request.many.file))

    def _checked(self, file: RawIOBase) -> int:
        problems: list[str] = []
        left = wrong = 0
        for line in lines(file):
            try:
                left += sum(self._is_left(job) for job in jobs(line, self._request))
            except UsageError as error:
                wrong += 1
                if len(problems) < MAX_SHOWN:
                    problems.append(f"line {line.number}: {error}")
        if problems:
            more = f"; and {wrong - len(problems)} more" if wrong > len(problems) else ""
            raise UsageError(f"--targets: {'; '.join(problems)}{more}")
        return left

    def _is_left(self, job: Job) -> bool:
        return self.journal is None or not self.journal.has(job)

    async def left(self, limit: Limit) -> AsyncIterator[Job]:
        """What is to be done, as it is read; of a pipe also what makes no sense."""
        if self._file is None:
            for job in self._signed():
                yield job
            return
        try:
            async for line in lines_as_they_come(self._file, limit):
                for job in self._jobs(line):
                    if self._is_left(job):
                        yield job
        except OSError as error:
            raise Failure(f"--targets: {self._name} can't be read to its end: {error.strerror}") from None

    def _jobs(self, line: Line) -> list[Job]:
        try:
            return jobs(line, self._request)
        except UsageError as error:
            return [bad(line, error)]

    def _signed(self) -> Iterator[Job]:
        """The records of each key, as an item that it signed."""
        for number, (keyname, item) in enumerate(self.items, 1):
            request = self._request._replace(target=item.target, what=item)
            yield Job(number, 0, item.target.hex(), request, keyname=keyname)


@contextmanager
def targets_of(request: Request) -> Iterator[Targets]:
    """The targets of a request, open. Raises `UsageError`."""
    many = request.many
    assert many is not None
    with ExitStack() as stack:
        file = None
        if many.file is not None:
            try:
                file = open_named(many.file).detach()
            except (OSError, ValueError) as error:  # ValueError: a null byte in the name
                why = getattr(error, "strerror", error)
                raise UsageError(f"--targets: cannot read {quoted(str(many.file))}: {why}") from None
            stack.callback(file.close)  # a thread may wait for it still: it has no buffer, so nothing waits for that
        journal = None
        if many.journal is not None:
            journal = Journal(many.journal, request.action)
            stack.callback(journal.close)
        yield Targets(request, file, journal)


def _is_ordinary(file: RawIOBase) -> bool:
    """Whether it has all of its content by now, and can be read twice."""
    try:
        return S_ISREG(fstat(file.fileno()).st_mode)
    except OSError:  # a standard input that was replaced by something in memory
        return False
