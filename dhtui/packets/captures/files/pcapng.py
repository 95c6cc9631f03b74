"""Files in the format pcapng: several sections and interfaces, each section in its own byte order.

Blocks without packets (names, statistics, secrets) are passed over, whatever their length, without being kept.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from .damage import LATEST, MOST_CAPTURED, Damage, DamageKind, Frame

SECTION: Final = 0x0A0D0D0A
MAGIC: Final = b"\x0a\x0d\x0d\x0a"
_INTERFACE, _OLD, _SIMPLE, _ENHANCED = 1, 2, 3, 6
MOST_BLOCK: Final = MOST_CAPTURED + 65_536
"""Most bytes of a block that is kept: a packet, and options."""
MOST_INTERFACES: Final = 4096
"""Of a section."""
_MOST_OPTIONS: Final = 256
_RESOLUTION, _OFFSET = 9, 14
_LENGTHS: Final = {SECTION: 28, _INTERFACE: 20, _OLD: 32, _SIMPLE: 16, _ENHANCED: 32}
"""The fewest bytes of the blocks that are read."""


class _Order:
    """The layouts in one byte order."""

    def __init__(self, mark: str) -> None:
        self.block, self.word = Struct(f"{mark}II"), Struct(f"{mark}I")
        self.interface, self.option = Struct(f"{mark}HHI"), Struct(f"{mark}HH")
        self.enhanced, self.old = Struct(f"{mark}IIIII"), Struct(f"{mark}HHIIII")
        self.offset = Struct(f"{mark}q")


_ORDERS: Final = {b"\x1a\x2b\x3c\x4d": _Order(">"), b"\x4d\x3c\x2b\x1a": _Order("<")}
"""By the byte-order magic of a section."""


class _Interface(NamedTuple):
    link: int
    snap: int
    """Most bytes of a packet; 0: no bound."""
    ticks: int
    """A second has so many."""
    offset: int
    """Seconds to be added to each time."""


class _Broken(Exception):
    def __init__(self, kind: DamageKind) -> None:
        super().__init__(kind.value)
        self.kind = kind


class Pcapng:
    """Reads a file piece by piece. Keeps no more than one block and the interfaces of one section."""

    def __init__(self) -> None:
        self.damage: Damage | None = None
        self._order: _Order | None = None
        self._interfaces: list[_Interface] = []
        self._last = 0.0
        """The time of the last packet: a simple block has none of its own."""
        self._rest = b""
        self._skip = 0
        """Bytes of a block that are still to be passed over."""
        self._offset = 0

    def feed(self, data: bytes) -> list[Frame]:
        """The packets that are complete with these bytes. None after a damage. Never raises."""
        frames: list[Frame] = []
        if self.damage is not None:
            return frames
        passed = min(self._skip, len(data))
        self._skip -= passed
        self._offset += passed
        if passed:
            data = data[passed:]
        buffer = self._rest + data if self._rest else data
        start = 0
        try:
            while (length := self._block(buffer, start, frames)) > 0:
                start += length
        except _Broken as fault:
            self.damage = Damage(fault.kind, self._offset + start)
        self._offset += min(start, len(buffer))
        self._skip += max(0, start - len(buffer))
        self._rest = buffer[start:]
        return frames

    def end(self) -> None:
        """There are no more bytes."""
        if self.damage is None and (self._rest or self._skip or self._order is None):
            self.damage = Damage(DamageKind.CUT_OFF, self._offset)

    def _block(self, buffer: bytes, start: int, frames: list[Frame]) -> int:
        """Read the block at `start`. Returns its length, also of one to be passed over; 0: it is not all there."""
        have = len(buffer) - start
        if have < 12:
            return 0
        if buffer[start : start + 4] == MAGIC:
            self._section(buffer[start + 8 : start + 12])
        order = self._order
        if order is None:
            raise _Broken(DamageKind.BLOCK)
        kind, length = order.block.unpack_from(buffer, start)
        if length < _LENGTHS.get(kind, 12) or length % 4:
            raise _Broken(DamageKind.LENGTH)
        if kind not in _LENGTHS or kind == SECTION:
            return int(length)
        if length > MOST_BLOCK:
            raise _Broken(DamageKind.LENGTH)
        if have < length:
            return 0
        if order.word.unpack_from(buffer, start + length - 4)[0] != length:
            raise _Broken(DamageKind.BLOCK)
        body = start + 8, start + length - 4
        if kind == _INTERFACE:
            self._add_interface(order, buffer, *body)
        else:
            read = {_ENHANCED: self._enhanced, _OLD: self._old, _SIMPLE: self._simple}[kind]
            frames.append(read(order, buffer, *body))
        return int(length)

    def _section(self, mark: bytes) -> None:
        order = _ORDERS.get(mark)
        if order is None:
            raise _Broken(DamageKind.BLOCK)
        self._order = order
        self._interfaces.clear()

    def _add_interface(self, order: _Order, buffer: bytes, start: int, end: int) -> None:
        if len(self._interfaces) >= MOST_INTERFACES:
            raise _Broken(DamageKind.BLOCK)
        link, _, snap = order.interface.unpack_from(buffer, start)
        ticks, offset, at = 1_000_000, 0, start + 8
        for _ in range(_MOST_OPTIONS):
            if end - at < 4:
                break
            code, length = order.option.unpack_from(buffer, at)
            if code == 0:
                break
            if at + 4 + length > end:
                raise _Broken(DamageKind.LENGTH)
            if code == _RESOLUTION and length == 1:
                value = buffer[at + 4]
                ticks = 2 ** (value & 0x7F) if value & 0x80 else 10**value
            elif code == _OFFSET and length == 8:
                (offset,) = order.offset.unpack_from(buffer, at + 4)
            at += 4 + length + -length % 4
        self._interfaces.append(_Interface(link, snap, ticks, offset))

    def _of(self, number: int) -> _Interface:
        if number >= len(self._interfaces):
            raise _Broken(DamageKind.BLOCK)
        return self._interfaces[number]

    def _enhanced(self, order: _Order, buffer: bytes, start: int, end: int) -> Frame:
        number, high, low, captured, length = order.enhanced.unpack_from(buffer, start)
        return self._frame(self._of(number), high << 32 | low, buffer, (start + 20, end), captured, length)

    def _old(self, order: _Order, buffer: bytes, start: int, end: int) -> Frame:
        number, _, high, low, captured, length = order.old.unpack_from(buffer, start)
        return self._frame(self._of(number), high << 32 | low, buffer, (start + 20, end), captured, length)

    def _simple(self, order: _Order, buffer: bytes, start: int, end: int) -> Frame:
        (length,) = order.word.unpack_from(buffer, start)
        interface = self._of(0)
        captured = min(length, interface.snap or length)
        return self._frame(interface, None, buffer, (start + 4, end), captured, length)

    def _frame(
        self,
        interface: _Interface,
        ticks: int | None,
        buffer: bytes,
        room: tuple[int, int],
        captured: int,
        length: int,
    ) -> Frame:
        start, end = room
        if captured > end - start or captured > MOST_CAPTURED:
            raise _Broken(DamageKind.LENGTH)
        if ticks is not None:
            self._last = min(max(0.0, ticks / interface.ticks + interface.offset), LATEST)
        return Frame(self._last, interface.link, buffer[start : start + captured], length)
