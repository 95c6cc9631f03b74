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
from itertools import islice
from pathlib import Path
from typing import Final, Literal, Protocol, TypeAlias, get_args

from .. import __version__
from ..engine.views.events import (
    Event,
    LookupFinished,
    LookupStarted,
    PacketReceived,
    PacketSent,
    QueryFinished,
    StateEvent,
)
from ..engine.views.snapshot import ContactDetail, Holdings, LookupDetail, Snapshot
from ..engine.wire.compact import Addr
from ..engine.wire.krpc import Message
from ..text.safe import safe_text
from .codec import CodecError, Coder, coder
from .source import Readable

FORMAT: Final = 2
"""Format 1, of dhtui 0.1.0, has sentences in place of the tokens of decisions, and is not read."""
FORMAT_KEY: Final = "dhtui-recording"
MAX_SIZE: Final = 512 * 1024 * 1024
"""Most bytes of a recording, uncompressed: hours of a busy node. Recording ends there, and no more is read."""
ROOM_FOR_END: Final = 4096
LONGEST_EVENT: Final = 256 * 1024
"""Most bytes of the line of an event: twice those of a datagram, which is in hex."""
LONGEST_STATE: Final = 8 * 1024 * 1024
"""Most bytes of the line of a state: full stores, 2000 swarms and 1400 items, take 6 MiB."""

SNAPSHOT_SECONDS = 1.0
DETAILS_SECONDS = 10.0
"""Holdings, and the details of the nodes in the table, are written this often."""
MAX_CONTACTS = 1024
"""Most nodes whose details are written at a time. A table holds some 200."""
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


@dataclass(frozen=True, slots=True)
class Heard:
    """A `PacketReceived` without its message, which is parsed again from the bytes."""

    at: float
    addr: Addr
    data: bytes
    parsed: Literal["no", "yes", "again"]
    """Whether it had a message; ``again``: the one of the previous event, a query that was parsed and then refused."""
    problem: str


@dataclass(frozen=True, slots=True)
class LookupAt:
    """A lookup at a time."""

    at: float
    detail: LookupDetail


@dataclass(frozen=True, slots=True)
class ContactAt:
    """A node of the table at a time."""

    at: float
    detail: ContactDetail


@dataclass(frozen=True, slots=True)
class HoldingsAt:
    """The stores at a time."""

    at: float
    holdings: Holdings


@dataclass(frozen=True, slots=True)
class End:
    """The last line. A file without it is cut off."""

    at: float
    why: str


State: TypeAlias = Snapshot | LookupAt | ContactAt | HoldingsAt
Line: TypeAlias = Heard | PacketSent | QueryFinished | StateEvent | State | End
"""All events, `PacketReceived` as `Heard`, and the states."""
_STATES: Final = get_args(State)


def longest(line: Line) -> int:
    """The most bytes of a line of that kind."""
    return LONGEST_STATE if isinstance(line, _STATES) else LONGEST_EVENT


HEADER: Final[Coder[Header]] = coder(Header)
LINE: Final[Coder[Line]] = coder(Line)


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
        self._message: Message | None = None
        self._changed: set[int] = set()
        self._finished: set[int] = set()
        now = source.clock()
        self._snapshot_at = self._details_at = now
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
        if now >= self._snapshot_at:
            self._snapshot_at = now + SNAPSHOT_SECONDS
            self._write_state(now)
        elif self._changed:
            self._write_lookups(now, self._changed)

    def close(self) -> None:
        """Write the state as it is now, and end the recording. Never raises."""
        if self._file is None:
            return
        now = self._details_at = self._source.clock()
        self._write_state(now)
        try:
            self._finish("")
        except OSError as error:
            self._stop(error.strerror or str(error))

    # ---- contents ----------------------------------------------------------------------------------

    def _hear(self, event: Event) -> None:
        if isinstance(event, PacketReceived):
            message = event.message
            parsed: Literal["no", "yes", "again"] = (
                "no" if message is None else "again" if message is self._message else "yes"
            )
            self._message = message
            self._put(Heard(event.at, event.addr, event.data, parsed, event.problem))
            return
        if isinstance(event, LookupStarted | LookupFinished):
            self._changed.add(event.number)
        self._put(event)

    def _write_state(self, now: float) -> None:
        snapshot = self._source.snapshot()
        self._put(snapshot)
        running = {view.number for view in snapshot.lookups if view.running}
        finished = {view.number for view in snapshot.lookups} - running
        self._write_lookups(now, running | self._changed | finished - self._finished)
        self._finished = finished
        if now >= self._details_at:
            self._details_at = now + DETAILS_SECONDS
            self._put(HoldingsAt(now, self._source.holdings()))
            nodes = (node for bucket in snapshot.table.buckets for node in bucket.nodes)
            for node in islice(nodes, MAX_CONTACTS):
                contact = self._source.contact(node.addr)
                if contact is not None:
                    self._put(ContactAt(now, contact))
        self._flush()

    def _write_lookups(self, now: float, numbers: set[int]) -> None:
        for number in sorted(numbers):
            detail = self._source.lookup(number)
            if detail is not None:
                self._put(LookupAt(now, detail))
        self._changed.clear()

    # ---- writing -----------------------------------------------------------------------------------

    def _put(self, line: Line) -> None:
        if self._file is None:
            return
        try:
            data = LINE.dumps(line)
            if len(data) > longest(line):
                self._stop("it has a line that is too long to be read")
            elif len(data) >= self._left:
                self._stop("it has reached its greatest size")
            else:
                self._write(data)
        except CodecError as error:
            self._stop(f"something can't be written, {error}")
        except OSError as error:
            self._stop(error.strerror or str(error))

    def _write(self, data: bytes) -> None:
        if self._file is not None:
            self._left -= len(data) + 1
            self._file.write(data + b"\n")

    def _flush(self) -> None:
        if self._file is not None:
            try:
                self._file.flush()
            except OSError as error:
                self._stop(error.strerror or str(error))

    def _stop(self, why: str) -> None:
        with suppress(OSError):  # the first fault is known already
            self._finish(why)
        self._on_end(f"The recording {self._name} ends here: {why}. The node runs on.")

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
