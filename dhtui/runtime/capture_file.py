"""Opens a capture for the explorer, and reads it while that runs."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path
from typing import Final, NamedTuple

from ..engine.wire.compact import Addr
from ..errors import UsageError, quoted
from ..packets.captures.files.damage import NotACapture
from ..packets.captures.files.reader import FrameReader
from ..sources.captured.capture import Capture
from ..storage.named_file import STDIN, open_named
from ..text import captures as words
from ..text.runs.running import capture_words
from .garbage import seldom

CHUNK: Final = 65_536
MOST_SHOWN: Final = 60
"""Most characters of a path that is shown whole."""
_TERMINAL: Final = "/dev/tty"


class CaptureFile(NamedTuple):
    """An open capture, of which nothing is read yet."""

    file: BufferedReader
    capture: Capture
    size: int
    """Bytes of the file; 0: it is a pipe."""


def open_capture(path: Path, me: Addr | None) -> CaptureFile:
    """Open a file, of which it is seen at once whether it is a capture, or a pipe. Raises `UsageError`."""
    name = quoted(str(path))
    try:
        file = open_named(path)
    except OSError as error:
        raise UsageError(f"--open: {words.unreadable_words(name, error.strerror or str(error))}") from None
    try:
        if str(path) == STDIN:
            _take_terminal()
        status = os.fstat(file.fileno())
        ordinary = stat.S_ISREG(status.st_mode)
        if ordinary:
            _check(file, name)
    except OSError as error:
        file.close()
        raise UsageError(f"--open: {words.unreadable_words(name, error.strerror or str(error))}") from None
    except UsageError:
        file.close()
        raise
    return CaptureFile(file, Capture(_shown(path) if ordinary else "", me), status.st_size if ordinary else 0)


def _shown(path: Path) -> str:
    """The name of a file, to be shown: of a long path its end."""
    whole = str(path)
    return quoted(whole if len(whole) <= MOST_SHOWN else f"…/{path.name}")[1:-1]


def _check(file: BufferedReader, name: str) -> None:
    """Whether a file begins like a capture."""
    reader = FrameReader()
    try:
        for _ in reader.feed(file.read(CHUNK)):
            break
        else:
            reader.end()
    except NotACapture as refusal:
        raise UsageError(f"--open {name}: {words.REFUSALS[refusal.why]}") from None
    file.seek(0)


def _take_terminal() -> None:
    """Keys come from the terminal itself, as standard input is the capture. Raises `OSError`."""
    terminal = os.open(_TERMINAL, os.O_RDWR)
    try:
        os.dup2(terminal, sys.stdin.fileno())
    finally:
        os.close(terminal)


async def read_capture(opened: CaptureFile, say: Callable[[str], None]) -> None:
    """Read all of it, in threads, into the capture. `say` is told, in a sentence, why it can't be read on."""
    file, capture, size = opened
    done = 0
    try:
        with seldom():
            while not capture.broken and (data := await asyncio.to_thread(file.read1, CHUNK)):
                capture.take(await asyncio.to_thread(capture.read, data))
                done += len(data)
                capture.progress = min(1.0, done / size) if size else 0.0
    except OSError as error:
        say(capture_words(problem=error.strerror or str(error)))
    except NotACapture as refusal:
        say(capture_words(refusal=words.REFUSALS[refusal.why]))
    try:
        capture.end()
    except NotACapture as refusal:
        say(capture_words(refusal=words.REFUSALS[refusal.why]))
    capture.ended = True
    if (damage := capture.summary.damage) is not None:
        say(capture_words(damage=words.damage_words(damage.kind, damage.offset)))
