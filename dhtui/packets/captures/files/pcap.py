"""Files in the format of libpcap: both byte orders, microseconds and nanoseconds."""

from __future__ import annotations

from struct import Struct
from typing import Final

from .damage import LATEST, MOST_CAPTURED, Damage, DamageKind, Frame

HEADER_LENGTH: Final = 24
MAGICS: Final[dict[bytes, tuple[str, float]]] = {
    b"\xa1\xb2\xc3\xd4": (">", 1e-6),
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6),
    b"\xa1\xb2\x3c\x4d": (">", 1e-9),
    b"\x4d\x3c\xb2\xa1": ("<", 1e-9),
}
"""The byte order and the unit of time of a file, in seconds, by its first four bytes."""


class Pcap:
    """Reads a file piece by piece. Keeps no more than one packet."""

    def __init__(self, order: str, unit: float) -> None:
        self.damage: Damage | None = None
        self._unit, self._order = unit, order
        self._record = Struct(f"{order}IIII")
        self._link: int | None = None
        self._rest = b""
        self._offset = 0
        """Bytes before `_rest`."""

    def feed(self, data: bytes) -> list[Frame]:
        """The packets that are complete with these bytes. None after a damage. Never raises."""
        if self.damage is not None:
            return []
        buffer = self._rest + data if self._rest else data
        start = 0
        if self._link is None:
            if len(buffer) < HEADER_LENGTH:
                self._rest = buffer
                return []
            (word,) = Struct(f"{self._order}I").unpack_from(buffer, 20)
            self._link = word & 0xFFFF  # what is above tells of frame check sequences
            start = HEADER_LENGTH
        frames, start = self._records(buffer, start, self._link)
        self._offset += start
        self._rest = buffer[start:]
        return frames

    def _records(self, buffer: bytes, start: int, link: int) -> tuple[list[Frame], int]:
        frames: list[Frame] = []
        unpack, unit, end, heard = self._record.unpack_from, self._unit, len(buffer), frames.append
        while end - start >= 16:
            seconds, fraction, captured, length = unpack(buffer, start)
            if captured > MOST_CAPTURED:
                self.damage = Damage(DamageKind.LENGTH, self._offset + start)
                break
            stop = start + 16 + captured
            if stop > end:
                break
            heard(Frame(min(seconds + fraction * unit, LATEST), link, buffer[start + 16 : stop], length))
            start = stop
        return frames, start

    def end(self) -> None:
        """There are no more bytes."""
        if self.damage is None and (self._rest or self._link is None):
            self.damage = Damage(DamageKind.CUT_OFF, self._offset)
