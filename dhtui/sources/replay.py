"""A loaded recording: the state of its node at any time.

A file may be hostile, damaged or cut off anywhere. Every line is checked when it is loaded. The lines after the first
bad one are left out, and `Replay.damage` says so; likewise text beyond `MAX_SIZE` bytes, or beyond the plausible
contents of a compressed file. Memory holds the packed text and the offsets of its lines. Lines are decoded again when
they are shown, with a cache.
"""

from __future__ import annotations

import os
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Final

from .. import __version__
from ..engine.views.events import Event, PacketSent
from ..engine.views.snapshot import ContactDetail, Holdings, LookupDetail, Snapshot
from ..engine.wire.compact import Addr
from ..packets.captures.files.reader import is_capture
from ..storage.named_file import open_named
from ..text.runs.recordings import PACKING, bad_line_words, ended_early_words, no_end_words, other_format_words
from ..text.safe import safe_text
from .codec import CodecError, Json, read_json
from .lines import (
    LINE,
    LONGEST_STATE,
    ContactAt,
    End,
    Heard,
    HoldingsAt,
    Line,
    LookupAt,
    Messages,
    event_of,
    longest,
)
from .pages import Pages
from .recording import FORMAT, FORMAT_KEY, GZIP, HEADER, MAX_SIZE, Header

LONGEST_HEADER: Final = 4096
MAX_RATIO: Final = 40
"""Most bytes of text for each byte of a compressed file. Recordings have up to 10."""
ALWAYS: Final = 1024 * 1024
"""Bytes of text that a compressed file of any size may hold."""
MAX_SECONDS: Final = 366 * 86_400
"""Most seconds from the start of a recording to a line: invalid times would break clocks and calendars."""
LATEST: Final = 2.0**32
"""The latest Unix time, in the year 2106: a bound for calendars."""
CHUNK: Final = 65_536
EVENTS_KEPT: Final = 16_384
STATES_KEPT: Final = 64
STATE_BYTES_KEPT: Final = 16 * 1024 * 1024
"""Most bytes of the lines of cached states; as values they take several times as much."""
GZIP_MAGIC: Final = b"\x1f\x8b"


class ReplayError(ValueError):
    """The file can't be played. The message is a clear sentence."""


class _Track:
    """The lines of one subject, in the order of their time."""

    __slots__ = ("ends", "starts", "times")

    def __init__(self) -> None:
        self.times, self.starts, self.ends = array("d"), array("q"), array("q")

    def add(self, at: float, start: int, end: int) -> None:
        self.times.append(at)
        self.starts.append(start)
        self.ends.append(end)

    def upto(self, at: float) -> int:
        """How many there are up to that time."""
        return bisect_right(self.times, at)


class Replay:
    """A recording. Times are on the engine's clock that was recorded."""

    def __init__(self, text: bytes | bytearray | Text, max_size: int = MAX_SIZE) -> None:
        """Load a recording from memory or from an open file. Raises `ReplayError`."""
        source = text if isinstance(text, Text) else Text([text], 0)
        self.damage = ""
        """The damage of the file, in a sentence or two; empty if none."""
        lines = _Lines(source, max_size)
        head = b""
        try:
            head = bytes(lines.take(LONGEST_HEADER) or lines.rest[:LONGEST_HEADER])
            self.header = _read_header(head)
        except CodecError as error:
            if is_capture(head or bytes(lines.rest[:4])):
                raise ReplayError("it is a capture of packets: --open opens it") from error
            raise ReplayError(f"it is no recording of dhtui ({error})") from error
        self.end = self.header.clock
        """When the last line was written."""
        self.text = Pages()
        """The text of all usable lines."""
        self._events, self._snapshots, self._holdings = _Track(), _Track(), _Track()
        self._lookups: dict[int, _Track] = {}
        self._contacts: dict[Addr, _Track] = {}
        self._packets = array("q")
        self._event = lru_cache(maxsize=EVENTS_KEPT)(self._read_event)
        self._states: OrderedDict[int, tuple[int, Any]] = OrderedDict()
        self._index(lines)
        self.damage = f"{self.damage} {source.damage}".strip()
        if not self._snapshots.times:
            raise ReplayError(f"nothing in it can be shown. {self.damage}".rstrip())

    @classmethod
    def load(cls, path: Path, max_size: int = MAX_SIZE) -> Replay:
        """Load a file, compressed or not, and at most `max_size` bytes of its text. Raises `ReplayError`."""
        name = safe_text(str(path))
        try:
            with open_named(path) as file:
                return cls(_text_of(file), max_size)
        except OSError as error:
            raise ReplayError(f"{name} can't be read: {error.strerror}") from error
        except ReplayError as error:
            raise ReplayError(f"{name} can't be played: {error}") from error

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.end - self.header.clock

    def at(self, position: float) -> float:
        """The time on the engine's clock at a position in seconds since the start."""
        # At the end the sum may be rounded below the time of the last line.
        return self.end if position >= self.duration else self.header.clock + position

    def wall(self, at: float) -> float:
        """The unix time of a time on the engine's clock."""
        return min(LATEST, max(0.0, self.header.started + at - self.header.clock))

    # ---- loading -----------------------------------------------------------------------------------

    def _index(self, lines: _Lines) -> None:
        number = 1
        line: Line | None = None
        while not isinstance(line, End):
            number += 1
            try:
                text = lines.take(LONGEST_STATE)
                if text is None:
                    self._ends(lines, number)
                    return
                line = self._add(text)
            except CodecError as error:
                self.damage = bad_line_words(number, self.duration, error)
                return
        if line.why:
            self.damage = ended_early_words(line.why)

    def _ends(self, lines: _Lines, number: int) -> None:
        """Note that the lines end without an `End`."""
        self.damage = no_end_words(number, self.duration, None if lines.left > 0 else lines.most)

    def _add(self, text: bytes | bytearray) -> Line:
        line = LINE.loads(text)
        if len(text) > longest(line):
            raise CodecError("too long")
        if abs(line.at - self.header.clock) > MAX_SECONDS:
            raise CodecError("not of the time of this recording")
        # An event may be reported shortly after a later one: the order of the file counts.
        self.end = max(self.end, line.at)
        track = self._track(line)
        if track is not None:
            track.add(self.end, *self.text.add(text))
        return line

    def _track(self, line: Line) -> _Track | None:
        if isinstance(line, End):
            return None
        if isinstance(line, Snapshot):
            return self._snapshots
        if isinstance(line, HoldingsAt):
            return self._holdings
        if isinstance(line, LookupAt):
            return self._lookups.setdefault(line.detail.view.number, _Track())
        if isinstance(line, ContactAt):
            return self._contacts.setdefault(line.detail.contact.addr, _Track())
        if isinstance(line, PacketSent) or (isinstance(line, Heard) and line.parsed != "again"):
            self._packets.append(len(self._events.times))
        return self._events

    # ---- states at a time --------------------------------------------------------------------------

    def _read(self, start: int, end: int) -> Any:
        return LINE.loads(self.text.read(start, end))

    def _last(self, track: _Track | None, at: float) -> Any:
        count = track.upto(at) if track else 0
        return self._state(track.starts[count - 1], track.ends[count - 1]) if track and count else None

    def _state(self, start: int, end: int) -> Any:
        """A state. The last ones read are cached, up to `STATES_KEPT` and `STATE_BYTES_KEPT`."""
        states = self._states
        if start not in states:
            states[start] = end - start, self._read(start, end)
        states.move_to_end(start)
        while len(states) > STATES_KEPT or (len(states) > 1 and sum(n for n, _ in states.values()) > STATE_BYTES_KEPT):
            states.popitem(last=False)
        return states[start][1]

    def snapshot(self, at: float) -> Snapshot:
        """The last snapshot up to a time; before the first one, the first."""
        found: Snapshot = self._last(self._snapshots, max(at, self._snapshots.times[0]))
        return found

    def lookup(self, number: int, at: float) -> LookupDetail | None:
        """A lookup as it was last recorded up to a time."""
        found: LookupAt | None = self._last(self._lookups.get(number), at)
        return found.detail if found else None

    def contact(self, addr: Addr, at: float) -> ContactDetail | None:
        """A node of the table as it was last recorded up to a time."""
        found: ContactAt | None = self._last(self._contacts.get(addr), at)
        return found.detail if found else None

    def holdings(self, at: float) -> Holdings:
        """The stores as last recorded up to a time."""
        found: HoldingsAt | None = self._last(self._holdings, at)
        return found.holdings if found else Holdings((), (), ())

    # ---- events ------------------------------------------------------------------------------------

    def _read_event(self, index: int) -> tuple[Event, bool]:
        return event_of(self._read(self._events.starts[index], self._events.ends[index]))

    def events_upto(self, at: float) -> int:
        """How many events there are up to a time."""
        return self._events.upto(at)

    def packets_before(self, event: int) -> int:
        """How many of the first `event` events are packets."""
        return bisect_left(self._packets, event)

    def event_of_packet(self, packet: int) -> int:
        """The index of the event of a packet, by the index of the packet; both from 0."""
        return self._packets[packet]

    def events(self, first: int, stop: int) -> Iterator[Event]:
        """The events of a range of indexes, as the engine reported them."""
        messages = Messages()
        for index in range(first, stop):
            yield messages.joined(*self._event(index))


# ---- reading files ------------------------------------------------------------------------------------


def _read_header(line: bytes | bytearray) -> Header:
    head = read_json(line)
    if type(head) is not dict or FORMAT_KEY not in head:
        raise CodecError("its first line says nothing of the kind")
    if (form := head.pop(FORMAT_KEY)) != FORMAT:
        raise ReplayError(_of_another_version(form, head.get("version")))
    header = HEADER.decode(head)
    if not 0 <= header.started <= LATEST or abs(header.clock) > LATEST:
        raise CodecError("its clock is out of range")
    return header


def _of_another_version(form: Json, version: Json) -> str:
    """Why a recording of another format is not played: the program that wrote it, and the format."""
    known = form if type(form) is int and 0 <= form < 1000 else None
    by = safe_text(version, 20) if type(version) is str else None
    return other_format_words(known, by, __version__, FORMAT)


class Text:
    """The text of a recording, in chunks."""

    def __init__(self, chunks: Iterable[bytes | bytearray], most: int) -> None:
        self.chunks = iter(chunks)
        self.most = most
        """The plausible number of bytes; 0: no bound."""
        self.damage = ""
        """The damage of its compression, so far."""


class _Lines:
    """The lines of a text, in order, up to `most` bytes."""

    def __init__(self, text: Text, max_size: int) -> None:
        self._text = text
        self.most = min(max_size, text.most or max_size)
        self.left = self.most
        """Bytes that may still be read; 0 or less: the bound was reached."""
        self.rest = bytearray()
        """Text that was read and not taken."""

    def take(self, longest: int) -> bytearray | None:
        """The next line, without its end; `None` at the end. Raises `CodecError` for one that is too long."""
        looked = 0
        while (end := self.rest.find(b"\n", looked)) < 0:
            looked = len(self.rest)
            if looked > longest:
                raise CodecError("too long")
            chunk = next(self._text.chunks, None) if self.left > 0 else None
            if chunk is None:
                return None
            self.rest += chunk[: self.left]
            self.left -= len(chunk)
        if end > longest:
            raise CodecError("too long")
        line = self.rest[:end]
        del self.rest[: end + 1]
        return line


def _text_of(file: BinaryIO) -> Text:
    """The text of an open file, compressed or not."""
    chunk = file.read(CHUNK)
    if not chunk.startswith(GZIP_MAGIC):
        return Text(_plain(file, chunk), 0)
    text = Text((), max(ALWAYS, MAX_RATIO * os.fstat(file.fileno()).st_size))
    text.chunks = _unpacked(file, chunk, text)
    return text


def _plain(file: BinaryIO, chunk: bytes) -> Iterator[bytes]:
    while chunk:
        yield chunk
        chunk = file.read(CHUNK)


def _unpacked(file: BinaryIO, chunk: bytes, text: Text) -> Iterator[bytes]:
    unpack = zlib.decompressobj(GZIP)
    while chunk and not unpack.eof:
        before = unpack.copy()
        try:
            yield unpack.decompress(chunk, CHUNK)
        except zlib.error:
            text.damage = PACKING[True]
            yield from _until_damage(before, chunk)
            return
        chunk = unpack.unconsumed_tail or file.read(CHUNK)
    if not unpack.eof:
        text.damage = PACKING[False]


def _until_damage(unpack: Any, chunk: bytes) -> Iterator[bytes]:
    """The readable part of a damaged chunk, decompressed byte by byte."""
    with suppress(zlib.error):
        for index in range(len(chunk)):
            yield unpack.decompress(chunk[index : index + 1])
