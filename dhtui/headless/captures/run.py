"""Reads a capture for an action, and prints its messages or its lookups as they come."""

from __future__ import annotations

import os
import select
import stat
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from io import BufferedReader, UnsupportedOperation
from typing import Final, TypeAlias

from ...actions.request import ReadCapture
from ...engine.wire.compact import Addr
from ...errors import Exit, Failure, UsageError, quoted
from ...packets.captures.files.damage import NotACapture
from ...packets.captures.message import Captured
from ...packets.captures.reader import CaptureReader, Summary
from ...packets.captures.walks.walk import Walk
from ...packets.filter import Filter, parse
from ...packets.packet import Packet
from ...runtime.garbage import seldom
from ...storage.named_file import open_named
from ...text import captures as words
from ...text.format import size
from ..output import Output
from . import json_lines, text

CHUNK: Final = 262_144
IDLE_SECONDS: Final = 0.3
"""After which what came from a pipe is printed, whether its answers are known or not."""
HELD_SECONDS: Final = 10.0
"""Of the capture, for which a query waits for its answer to be told with it."""
MOST_HELD: Final = 10_000

Format: TypeAlias = Callable[[Captured], str]


def carry_out(request: ReadCapture, output: Output) -> int:
    """Reads all of it. Returns the exit code. Raises `UsageError`, `Failure`."""
    name = quoted(str(request.file))
    reader = CaptureReader()
    wanted = _Wanted(request, output.as_json)
    try:
        opened = open_named(request.file)
    except OSError as error:
        raise UsageError(f"--open: {words.unreadable_words(name, error.strerror or str(error))}") from None
    try:
        with seldom(), opened as file:
            if request.filter and request.me is None and _is_ordinary(file):
                wanted.me = _most_of(file)
            for heard in _pieces(reader, file):
                _print(output, wanted.lines(heard, reader))
                _progress(output, reader.summary, file)
                if output.lost:  # nobody reads on
                    return Exit.OK
        _print(output, wanted.rest(reader))
    except NotACapture as refusal:
        raise UsageError(f"--open {name}: {words.REFUSALS[refusal.why]}") from None
    except OSError as error:
        raise Failure(words.unreadable_words(name, error.strerror or str(error))) from None
    summary = reader.summary
    if output.as_json:
        output.objects([json_lines.summary(summary)])
    else:
        output.results(text.summary(summary))
    for warning in text.warnings(summary, reader.parties.exact):
        output.warn(warning)
    return Exit.OK


def _is_ordinary(file: BufferedReader) -> bool:
    """Whether it is a file with an end, that waits for nobody."""
    try:
        return stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    except UnsupportedOperation:  # standard input was replaced by a stream in memory
        return True


def _pieces(reader: CaptureReader, file: BufferedReader) -> Iterator[list[Captured] | None]:
    """The messages, piece by piece; `None` where a pipe is silent for a moment."""
    ordinary = _is_ordinary(file)
    while True:
        if not ordinary and not select.select([file], [], [], IDLE_SECONDS)[0]:
            yield None
            continue
        data = file.read1(CHUNK)
        if not data:
            break
        yield from reader.feed(data)
        if reader.frames.damage is not None:
            break
    reader.end()


def _most_of(file: BufferedReader) -> Addr | None:
    """The endpoint of most messages of a file, which is then read again from its start."""
    reader = CaptureReader()
    for _ in _pieces(reader, file):
        pass
    file.seek(0)
    return reader.parties.most()


def _print(output: Output, lines: Sequence[str]) -> None:
    if lines:
        output.results(lines)
        output.wait()


def _progress(output: Output, summary: Summary, file: BufferedReader) -> None:
    """How far it is read, on a terminal."""
    share = f"{size(file.tell())}, " if _is_ordinary(file) else ""
    output.step(f"reading: {share}{summary.krpc} messages")


class _Wanted:
    """Chooses and formats what is printed."""

    def __init__(self, request: ReadCapture, as_json: bool) -> None:
        self.me = request.me
        self._lookups = request.action == "lookups"
        self._filter = parse(request.filter) if request.filter else None
        self._as_json = as_json
        self._held: deque[Captured] = deque()
        """Messages that are to be printed, in their order: the first is a query that waits for its answer."""

    def lines(self, heard: list[Captured] | None, reader: CaptureReader) -> list[str]:
        """What is to be printed by now. `None`: nothing came for a while."""
        if self._lookups:
            return self._walks(reader)
        reader.over.clear()
        if heard is None:
            return self._let_go(everything=True)
        self._held += heard if self._filter is None else self._passing(heard, self._filter, reader)
        return self._let_go(everything=False)

    def rest(self, reader: CaptureReader) -> list[str]:
        """What is left at the end."""
        return self._walks(reader) if self._lookups else self._let_go(everything=True)

    def _walks(self, reader: CaptureReader) -> list[str]:
        over, reader.over = reader.over, []
        # Lookups end in another order than they begin in.
        shown = sorted((walk for walk in over if self._shows(walk)), key=lambda walk: walk.number)
        return [json_lines.walk(walk) if self._as_json else text.walk(walk) for walk in shown]

    def _shows(self, walk: Walk) -> bool:
        return walk.source == self.me if self.me is not None else walk.is_lookup

    def _passing(self, heard: list[Captured], wanted: Filter, reader: CaptureReader) -> Iterator[Captured]:
        me = self.me or reader.parties.most()
        return (each for each in heard if wanted.matches(packet_of(each, me)))

    def _let_go(self, *, everything: bool) -> list[str]:
        held, ready = self._held, []
        newest = held[-1].at if held else 0.0
        while held:
            first = held[0]
            waits = first.kind == "query" and first.pair is None and newest - first.at < HELD_SECONDS
            if waits and not everything and len(held) <= MOST_HELD:
                break
            ready.append(held.popleft())
        say: Format = json_lines.packet if self._as_json else text.packet
        return [say(each) for each in ready]


def packet_of(heard: Captured, me: Addr | None) -> Packet:
    """The message as the packet list has it, from the view of the node at `me`."""
    out = heard.source == me
    query = None if heard.query is None else packet_of(heard.query, me)
    return Packet(
        heard.number, heard.at, "out" if out else "in", heard.dest if out else heard.source, heard.data, heard.kind,
        heard.method, heard.tid, text.problem(heard), heard.message, query,
    )  # fmt: skip
