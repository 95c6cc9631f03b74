"""Reads a capture of either format, compressed or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .damage import Damage, Frame, NotACapture, Refusal
from .pcap import HEADER_LENGTH, MAGICS, Pcap
from .pcapng import MAGIC as SECTION_MAGIC
from .pcapng import Pcapng
from .unpacking import Unpacking

_RECORDING: Final = b'{"dhtui-recording"'
_ENOUGH: Final = HEADER_LENGTH
"""Bytes that tell what a file is."""


class FrameReader:
    """Turns bytes into frames, as they come. Hand it all bytes with `feed`, then call `end`."""

    def __init__(self) -> None:
        self._unpacking = Unpacking()
        self._format: Pcap | Pcapng | None = None
        self._head = b""

    @property
    def damage(self) -> Damage | None:
        """Why it is not read to its end; `None`: nothing was wrong so far."""
        return (self._format.damage if self._format is not None else None) or self._unpacking.damage

    @property
    def name(self) -> str:
        """``pcap`` or ``pcapng``; empty before that is known."""
        return "" if self._format is None else "pcapng" if isinstance(self._format, Pcapng) else "pcap"

    def feed(self, data: bytes) -> Iterator[list[Frame]]:
        """The frames that are complete with these bytes. Raises `NotACapture` for a file of another kind."""
        for piece in self._unpacking.feed(data):
            if self._format is None:
                self._head += piece
                if len(self._head) < _ENOUGH:
                    continue
                piece, self._head = self._head, b""
                self._format = _format_of(piece)
            yield self._format.feed(piece)
            if self._format.damage is not None:
                return

    def end(self) -> None:
        """There are no more bytes. Raises `NotACapture` where there were too few to be one."""
        head = self._head + self._unpacking.end()
        if self._format is None:
            if not head and self._unpacking.damage is None:
                raise NotACapture(Refusal.EMPTY)
            self._format = _format_of(head)
            self._format.feed(head)
        # Where the compressed data ends early so does the capture, and that is no second fault.
        if self._unpacking.damage is None:
            self._format.end()


def is_capture(head: bytes) -> bool:
    """Whether a file begins like a capture, by its first four bytes."""
    return head[:4] in MAGICS or head.startswith(SECTION_MAGIC)


def _format_of(head: bytes) -> Pcap | Pcapng:
    if (known := MAGICS.get(head[:4])) is not None:
        return Pcap(*known)
    if head.startswith(SECTION_MAGIC):
        return Pcapng()
    raise NotACapture(Refusal.RECORDING if head.startswith(_RECORDING) else Refusal.NO_CAPTURE)
