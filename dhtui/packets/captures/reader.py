"""Reads a capture: bytes in, KRPC messages out, each with its query or answer and its lookup."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .datagrams import Datagrams
from .duplicates import Duplicates
from .files import FrameReader
from .files.damage import Damage, Frame
from .message import Captured, glance, may_be_krpc
from .pairs import Pairs
from .parties import Parties
from .walks.walk import Walk, Walks


class Summary(NamedTuple):
    """What a capture holds, as far as it was read."""

    packets: int
    """Captured packets of any kind."""
    datagrams: int
    """UDP datagrams, without duplicates."""
    krpc: int
    """KRPC messages."""
    malformed: int
    """Datagrams that look like bencoded dictionaries, and are no KRPC messages."""
    cut: int
    """Datagrams that look like KRPC, and were cut short by the snap length of the capture: they can't be read."""
    queries: int
    unanswered: int
    """Queries without an answer in the capture."""
    duplicates: int
    """Datagrams that were dropped, as an equal one came within a millisecond before."""
    fragments: int
    """Datagrams that lack a fragment."""
    nodes: int
    """Endpoints that sent a message."""
    first: float | None
    """Unix time of the first message, and of the last one."""
    last: float | None
    name: str
    """``pcap`` or ``pcapng``."""
    unknown_links: tuple[int, ...]
    """Link types of packets that could not be read."""
    damage: Damage | None


class CaptureReader:
    """Hand it all bytes with `feed`, then call `end`. Memory is bounded, however long the capture is."""

    def __init__(self, *, follows: bool = True) -> None:
        """`follows`: whether nodes are counted and lookups inferred, as an explorer does in another thread."""
        self.parties = Parties()
        self.frames = FrameReader()
        self.over: list[Walk] = []
        """Lookups that are over since this was emptied last: whoever reads them empties it."""
        self._datagrams = Datagrams()
        self._duplicates = Duplicates()
        self._pairs = Pairs()
        self._walks = Walks() if follows else None
        self._number = self._malformed = self._cut = 0
        self._packets = self._udp = 0
        self._first: float | None = None
        self._last: float | None = None

    def feed(self, data: bytes) -> Iterator[list[Captured]]:
        """The messages that are complete with these bytes, in pieces. Raises `NotACapture`, and nothing else."""
        for frames in self.frames.feed(data):
            yield self._messages(frames)

    def end(self) -> None:
        """There are no more bytes. Raises `NotACapture` where there were too few."""
        self.frames.end()
        if self._walks is not None:
            self.over += self._walks.end()

    def _messages(self, frames: list[Frame]) -> list[Captured]:
        self._packets += len(frames)
        find, is_double = self._datagrams.of, self._duplicates.is_one
        found: list[Captured] = []
        for frame in frames:
            datagram = find(frame)
            if datagram is None or is_double(datagram):
                continue
            self._udp += 1
            at, source, dest, data, cut = datagram
            if cut:
                self._cut += data[:1] == b"d"
            elif may_be_krpc(data):
                self._number += 1
                heard = Captured(self._number, at, source, dest, data, *glance(data, source))
                self._follow(heard)
                found.append(heard)
        return found

    def _follow(self, heard: Captured) -> None:
        if heard.kind == "unreadable":
            self._malformed += 1
        else:
            self._pairs.follow(heard)
        if self._walks is not None:
            self.parties.follow(heard)
            self.over += self._walks.follow(heard)
        if self._first is None:
            self._first = heard.at
        self._last = heard.at

    @property
    def summary(self) -> Summary:
        """What there was so far."""
        fragments = self._datagrams.fragments
        return Summary(
            packets=self._packets,
            datagrams=self._udp,
            krpc=self._number - self._malformed,
            malformed=self._malformed,
            cut=self._cut,
            queries=self._pairs.queries,
            unanswered=self._pairs.queries - self._pairs.answered,
            duplicates=self._duplicates.count,
            fragments=fragments.lost + fragments.waiting,
            nodes=self.parties.nodes,
            first=self._first,
            last=self._last,
            name=self.frames.name,
            unknown_links=tuple(sorted(self._datagrams.unknown_links)),
            damage=self.frames.damage,
        )
