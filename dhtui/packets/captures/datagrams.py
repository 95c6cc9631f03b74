"""From frames to UDP datagrams: IPv4 with options, IPv6 with extension headers, fragments. No checksum is tested:
many network cards fill them in only after the capture."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from struct import Struct
from typing import Final, NamedTuple

from ...engine.wire.compact import Addr
from ...engine.wire.family import IPV4, IPV6
from .files.damage import Frame
from .fragments import Fragments
from .links import ip_start, is_known

_V4: Final = Struct("!BBHHHBBH4s4s").unpack_from
_UDP_PORTS: Final = Struct("!HHH").unpack_from
_UDP, _FRAGMENT, _AUTHENTICATION = 17, 44, 51
_EXTENSIONS: Final = frozenset((0, 43, 60, 135, 139, 140))
"""IPv6 headers that tell their own length: hop-by-hop, routing, destination, mobility, HIP, shim6."""
MOST_HEADERS: Final = 16
MOST_LINKS_NOTED: Final = 16
"""Most unknown link types that are remembered."""

_text4: Final = lru_cache(maxsize=16_384)(IPV4.unpack_ip)


@lru_cache(maxsize=16_384)
def _text6(data: bytes) -> str:
    """An IPv4 address that is written as one of IPv6 is that IPv4 address."""
    mapped = ip_address(data).ipv4_mapped if data.startswith(bytes(10) + b"\xff\xff") else None  # type: ignore[union-attr]
    return IPV6.unpack_ip(data) if mapped is None else IPV4.unpack_ip(data[12:])


class Datagram(NamedTuple):
    """A UDP datagram."""

    at: float
    """Unix time, seconds."""
    source: Addr
    dest: Addr
    data: bytes
    """The payload, as far as it was captured."""
    cut: int = 0
    """Bytes of the payload that the capture left out."""


class Datagrams:
    """Finds the datagrams in frames. Keeps fragments that wait, see `Fragments`."""

    def __init__(self) -> None:
        self.fragments = Fragments()
        self.unknown_links: set[int] = set()
        """Link types of frames that could not be read, at most `MOST_LINKS_NOTED`."""

    def of(self, frame: Frame) -> Datagram | None:
        """The datagram that is in a frame, or complete with it; `None`: there is none. Never raises."""
        data = frame.data
        start = ip_start(frame.link, data)
        if start < 0:
            if not is_known(frame.link) and len(self.unknown_links) < MOST_LINKS_NOTED:
                self.unknown_links.add(frame.link)
            return None
        have = len(data)
        if have <= start:
            return None
        version = data[start] >> 4
        if version == 4 and have >= start + 20:
            return self._v4(frame.at, data, start)
        if version == 6 and have >= start + 40:
            return self._v6(frame.at, data, start)
        return None

    def _v4(self, at: float, data: bytes, start: int) -> Datagram | None:
        first, _, total, ident, place, _, protocol, _, source, dest = _V4(data, start)
        header = (first & 15) * 4
        if protocol != _UDP or header < 20:
            return None
        body = start + header
        end = start + total if total else len(data)  # 0: the network card cuts it into packets later
        if end < body:
            return None
        if place & 0x3FFF:
            if end > len(data):  # cut short: it will never be whole
                return None
            whole = self.fragments.add(
                (source, dest, ident), at, (place & 0x1FFF) * 8, bool(place & 0x2000), data[body:end]
            )
            return None if whole is None else _udp(at, _text4(source), _text4(dest), whole, 0, len(whole))
        return _udp(at, _text4(source), _text4(dest), data, body, end)

    def _v6(self, at: float, data: bytes, start: int) -> Datagram | None:
        length = int.from_bytes(data[start + 4 : start + 6])
        source, dest = data[start + 8 : start + 24], data[start + 24 : start + 40]
        body = start + 40
        end = body + length if length else len(data)
        found = _behind_headers(data[start + 6], data, body, end)
        if found is None:
            return None
        kind, body = found
        if kind == _UDP:
            return _udp(at, _text6(source), _text6(dest), data, body, end)
        if end > len(data) or end < body + 8:
            return None
        following, place = data[body], int.from_bytes(data[body + 2 : body + 4])
        ident = int.from_bytes(data[body + 4 : body + 8])
        more, offset, body = bool(place & 1), place & 0xFFF8, body + 8
        if not offset and not more:  # an atomic fragment, RFC 6946
            whole: bytes | None = data[body:end]
        else:
            whole = self.fragments.add((source, dest, ident), at, offset, more, data[body:end])
        if whole is None:
            return None
        found = _behind_headers(following, whole, 0, len(whole))
        if found is None or found[0] != _UDP:
            return None
        return _udp(at, _text6(source), _text6(dest), whole, found[1], len(whole))


def _behind_headers(kind: int, data: bytes, start: int, end: int) -> tuple[int, int] | None:
    """The first header of IPv6 that is UDP or a fragment's, and where it begins; `None`: there is none."""
    have = min(end, len(data))
    for _ in range(MOST_HEADERS):
        if kind in (_UDP, _FRAGMENT):
            return kind, start
        if start + 8 > have:
            return None
        if kind in _EXTENSIONS:
            kind, start = data[start], start + 8 + 8 * data[start + 1]
        elif kind == _AUTHENTICATION:
            kind, start = data[start], start + 8 + 4 * data[start + 1]
        else:
            return None
    return None


def _udp(at: float, source: str, dest: str, data: bytes, start: int, end: int) -> Datagram | None:
    """The datagram at `start`; its IP packet ends at `end`, which may lie beyond what was captured."""
    have = len(data)
    if have < start + 8 or end < start + 8:
        return None
    sport, dport, length = _UDP_PORTS(data, start)
    body = start + 8
    if length >= 8:
        end = min(end, start + length)
    elif length:  # 0 is that of jumbograms, and of what the network card cuts into packets later
        return None
    if end <= have:
        return Datagram(at, (source, sport), (dest, dport), data[body:end])
    return Datagram(at, (source, sport), (dest, dport), data[body:], end - have)
