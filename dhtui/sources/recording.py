"""Recordings: a node's events and states as lines of JSON, for `--replay`, bug reports and pictures.

A header, then one `Line` a line in the order of reporting, `End` last. A datagram that was read late is reported later
than its time of receipt. Gzip if the name ends in ``.gz``. It holds all data of the screens and every datagram, and so
our address and those of the nodes that we communicated with. No recorded value holds private keys or the secret of
write tokens.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from .. import __version__
from ..engine.views.events import Event
from ..text.runs.recordings import Ended, ended_words, ends_here_words
from ..text.safe import safe_text
from .codec import CodecError, Coder, coder
from .lines import LINE, End, EventLines, Line, StateLines, longest
from .source import Readable

FORMAT: Final = 2
"""Format 1, of dhtui 0.1.0, has sentences in place of the tokens of decisions, and is not read."""
FORMAT_KEY: Final = "dhtui-recording"
MAX_SIZE: Final = 512 * 1024 * 1024
"""Most bytes of a recording, uncompressed: hours of a busy node. Recording ends there, and no more is read."""
ROOM_FOR_END: Final = 4096
COMPRESSION: Final = 3
GZIP: Final = 31
"""The `wbits` of zlib for the gzip format."""


class RecordingError(ValueError):
    """The recording can't be started. The message is a clear sentence."""


@dataclass(frozen=True, slots=True)
class Header:
    """The first line."""

    version: str
    """The dhtui that wrote it."""
    started: float
    """Unix time at `clock`."""
    clock: float
    """The engine's clock when the recording began."""
    id: bytes
    """Our id at that time."""
    packet: int = 0
    """The packet that it is about, by its number: the explorer opens there. 0: it is about no single one."""


HEADER: Final[Coder[Header]] = coder(Header)


def first_line(header: Header) -> bytes:
    """The first line, without its end."""
    told = HEADER.encode(header)
    if not header.packet:
        del told["packet"]
    return json.dumps({FORMAT_KEY: FORMAT, **told}).encode()


class Recordable(Readable, Protocol):
    """A source with events: a `LiveSource`."""

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` for every event from now on. Returns the function that ends that."""


class Recorder:
    """Records a source, from the constructor until `close`.

    Call `tick` at least once a second. If the disk is full or the file reaches `max_size`, the recording ends, and
    `on_end` is called once with a sentence that says why; the node runs on. `on_end` must not raise.
    """

    def __init__(
        self, path: Path, source: Recordable, on_end: Callable[[str], None], *, max_size: int = MAX_SIZE
    ) -> None:
        """Create `path`, readable only for its owner. Raises `RecordingError`, also if the file exists."""
        self._source, self._on_end, self._name = source, on_end, safe_text(str(path))
        self._left = max_size - ROOM_FOR_END
        self._file: _File | None = _create(path)
        now = source.clock()
        self._events, self._states = EventLines(), StateLines(source, self._put, now)
        self._unsubscribe = source.subscribe(self._hear)
        header = Header(__version__, source.wall(now), now, source.snapshot().identity.id)
        # Too short to be flushed: a full disk is noticed later.
        self._write(first_line(header))
        self.tick(now)

    @property
    def recording(self) -> bool:
        """Whether it still records."""
        return self._file is not None

    def tick(self, now: float) -> None:
        """Write the data due at `now`, on the source's clock, and flush it to the system. Never raises."""
        if self._file is None:
            return
        if self._states.tick(now):
            self._flush()

    def close(self) -> None:
        """Write the state as it is now, and end the recording. Never raises."""
        if self._file is None:
            return
        self._states.last(self._source.clock())
        self._flush()
        try:
            self._finish("")
        except OSError as error:
            self._stop(ended_words(Ended.SYSTEM, error.strerror or str(error)))

    # ---- contents ----------------------------------------------------------------------------------

    def _hear(self, event: Event) -> None:
        self._states.hear(event)
        self._put(self._events.of(event))

    # ---- writing -----------------------------------------------------------------------------------

    def _put(self, line: Line) -> None:
        if self._file is None:
            return
        try:
            data = LINE.dumps(line)
            if len(data) > longest(line):
                self._stop(ended_words(Ended.LONG_LINE))
            elif len(data) >= self._left:
                self._stop(ended_words(Ended.FULL))
            else:
                self._write(data)
        except CodecError as error:
            self._stop(ended_words(Ended.UNWRITABLE, str(error)))
        except OSError as error:
            self._stop(ended_words(Ended.SYSTEM, error.strerror or str(error)))

    def _write(self, data: bytes) -> None:
        if self._file is not None:
            self._left -= len(data) + 1
            self._file.write(data + b"\n")

    def _flush(self) -> None:
        if self._file is not None:
            try:
                self._file.flush()
            except OSError as error:
                self._stop(ended_words(Ended.SYSTEM, error.strerror or str(error)))

    def _stop(self, why: str) -> None:
        with suppress(OSError):  # the first fault is known already
            self._finish(why)
        self._on_end(ends_here_words(self._name, why))

    def _finish(self, why: str) -> None:
        file, self._file = self._file, None
        if file is not None:
            self._unsubscribe()
            file.close(LINE.dumps(End(self._source.clock(), why)) + b"\n")


class _File:
    """A new file, compressed if its name ends in ``.gz``."""

    def __init__(self, path: Path) -> None:
        """Raises `OSError`; `FileExistsError` if there is one."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._pack = zlib.compressobj(COMPRESSION, wbits=GZIP) if path.suffix.lower() == ".gz" else None

    def write(self, data: bytes) -> None:
        """Append data to the buffer."""
        self._file.write(self._pack.compress(data) if self._pack else data)

    def flush(self) -> None:
        """Flush all data to the system, so that the file is readable up to here."""
        if self._pack:
            self._file.write(self._pack.flush(zlib.Z_SYNC_FLUSH))
        self._file.flush()

    def close(self, data: bytes) -> None:
        """Flush and close it. It is closed even if this raises `OSError`."""
        with self._file:
            self.write(data)
            if self._pack:
                self._file.write(self._pack.flush())


def _create(path: Path) -> _File:
    try:
        return _File(path)
    except FileExistsError:
        raise RecordingError(
            f"{safe_text(str(path))} exists, and a recording overwrites nothing: name a new file"
        ) from None
    except OSError as error:
        raise RecordingError(f"{safe_text(str(path))} can't be written: {error.strerror}") from error
