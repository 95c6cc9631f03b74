"""Where the IP header of a frame begins, by the link type of its interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_IP: Final = frozenset((b"\x08\x00", b"\x86\xdd"))
"""The types of IPv4 and IPv6, as of Ethernet."""
_VLAN: Final = frozenset((b"\x81\x00", b"\x88\xa8", b"\x91\x00"))
MOST_TAGS: Final = 8
"""Most VLAN tags in a row."""
_FAMILIES4: Final = frozenset((2,))
_FAMILIES6: Final = frozenset((10, 24, 28, 30))
"""Numbers of address families in the headers of loopback interfaces: those of Linux, the BSDs and macOS."""


def ip_start(link: int, data: bytes) -> int:
    """The offset of the IP header; -1: there is none, or the link type is not known. Never raises."""
    find = _STARTS.get(link)
    return -1 if find is None else find(data)


def is_known(link: int) -> bool:
    """Whether frames of a link type are read."""
    return link in _STARTS


def _behind(data: bytes, place: int) -> int:
    """The offset of the IP header, where the two bytes of the type stand at `place`: behind all VLAN tags."""
    for _ in range(MOST_TAGS + 1):
        kind = data[place : place + 2]
        if kind in _IP:
            return place + 2
        if kind not in _VLAN:
            return -1
        place += 4
    return -1


def _ethernet(data: bytes) -> int:
    return 14 if data[12:14] in _IP else _behind(data, 12)


def _cooked(data: bytes) -> int:
    return 16 if data[14:16] in _IP else _behind(data, 14)


def _cooked2(data: bytes) -> int:
    if data[:2] in _IP:
        return 20
    if data[:2] not in _VLAN:
        return -1
    return _behind(data, 22)  # behind the header comes the rest of the tag, then the type


def _null(data: bytes) -> int:
    """The family comes in the byte order of the machine that captured."""
    return 4 if _is_family(int.from_bytes(data[:4], "little")) or _is_family(int.from_bytes(data[:4], "big")) else -1


def _loop(data: bytes) -> int:
    return 4 if _is_family(int.from_bytes(data[:4], "big")) else -1


def _is_family(number: int) -> bool:
    return number in _FAMILIES4 or number in _FAMILIES6


def _raw(_: bytes) -> int:
    return 0


_STARTS: Final[dict[int, Callable[[bytes], int]]] = {
    0: _null,
    1: _ethernet,
    12: _raw,
    14: _raw,
    101: _raw,
    108: _loop,
    113: _cooked,
    228: _raw,
    229: _raw,
    276: _cooked2,
}
"""NULL, Ethernet, raw IP (as three systems number it), LOOP, Linux cooked, IPv4, IPv6, Linux cooked 2."""
