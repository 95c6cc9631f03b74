"""Packets as files for other programs: pcapng for Wireshark, and JSON lines.

A line of JSON is one packet, an object with these fields:

``number``     the packet's number, increasing
``time``       when, UTC, as ``2026-01-31T12:04:31.204000Z``
``dir``        ``in`` or ``out``
``addr``       the other side, ``203.0.113.9:6881``
``kind``       ``query``, ``response``, ``error`` or ``unreadable``
``method``     of the query, also in its answer; empty where it is not known
``tid``        the transaction id, hex
``length``     of the datagram, in bytes
``problem``    why it was dropped or refused, or a remark; empty where all was well
``data``       the datagram, hex
``message``    the datagram as JSON, ``null`` where it is not bencode

In ``message`` a byte string, as a value or a key, is the text itself if it is all printable ASCII and does not begin
with ``0x``; any other is ``0x`` and its bytes in hex. So no two byte strings look the same.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import BinaryIO

from .. import __version__
from ..engine.views.snapshot import IdentityView
from ..engine.wire.bencode import BencodeError, Value, decode_lenient
from ..engine.wire.compact import Addr
from ..engine.wire.family import IPV4, family_of
from ..text.format import address
from .packet import Packet

# ---- pcapng (draft-ietf-opsawg-pcapng) -----------------------------------------------------------------

_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_BYTE_ORDER_MAGIC = 0x1A2B3C4D
LINKTYPE_RAW = 101
"""The link type: packets begin with their IP header."""
_END_OF_OPTIONS, _COMMENT = 0, 1
_SECTION_PROGRAM, _INTERFACE_NAME, _PACKET_FLAGS = 4, 2, 2
_INBOUND, _OUTBOUND = 1, 2
_IP_HEADER, _UDP_HEADER, _UDP = 20, 8, 17
_VERSION_6 = 6 << 28
_HOPS = 64


def write_pcapng(
    file: BinaryIO,
    packets: Iterable[Packet],
    own: Iterable[Addr],
    clock_offset: float,
    comment: Callable[[Packet], str] | None = None,
) -> int:
    """Write packets as pcapng in the order of their time, with generated IP and UDP headers. Returns how many.

    The order may differ from that of the numbers: a packet that was read late has a later number than one that was sent
    meanwhile.

    `own` is our address in each family, the other end of each packet. `clock_offset` (seconds) is added to the engine's
    clock to give Unix time. `comment` returns a text for a packet, or "".
    """
    file.write(_section() + _interface())
    count = 0
    ends = {family_of(addr[0]): addr for addr in own}
    for packet in sorted(packets, key=attrgetter("at")):
        family = family_of(packet.addr[0])
        end = ends.get(family, (family.anywhere, 0))
        file.write(_enhanced_packet(packet, end, clock_offset, comment(packet) if comment else ""))
        count += 1
    return count


def own_end(who: IdentityView) -> Addr:
    """Our end of each packet: the address of our socket; if that is the wildcard address, our external address."""
    anywhere = who.bound[0] == family_of(who.bound[0]).anywhere
    return who.external if anywhere and who.external is not None else who.bound


def _section() -> bytes:
    body = struct.pack("<IHHq", _BYTE_ORDER_MAGIC, 1, 0, -1)
    return _block(_SECTION, body, (_SECTION_PROGRAM, f"dhtui {__version__}".encode()))


def _interface() -> bytes:
    # Without an if_tsresol option the times are in microseconds.
    return _block(_INTERFACE, struct.pack("<HHI", LINKTYPE_RAW, 0, 0), (_INTERFACE_NAME, b"dhtui"))


def _enhanced_packet(packet: Packet, own: Addr, clock_offset: float, comment: str) -> bytes:
    inbound = packet.direction == "in"
    source, dest = (packet.addr, own) if inbound else (own, packet.addr)
    data = datagram(packet.data, source, dest, packet.number)
    micros = max(0, round((packet.at + clock_offset) * 1_000_000))
    body = struct.pack("<IIIII", 0, micros >> 32, micros & 0xFFFFFFFF, len(data), len(data)) + _padded(data)
    options = [(_PACKET_FLAGS, struct.pack("<I", _INBOUND if inbound else _OUTBOUND))]
    if comment:
        options.insert(0, (_COMMENT, comment.encode()[:65535]))
    return _block(_PACKET, body, *options)


def _block(kind: int, body: bytes, *options: tuple[int, bytes]) -> bytes:
    for code, value in (*options, (_END_OF_OPTIONS, b"")):
        body += struct.pack("<HH", code, len(value)) + _padded(value)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def datagram(data: bytes, source: Addr, dest: Addr, number: int) -> bytes:
    """An IP packet (RFC 791, RFC 8200) with a UDP datagram (RFC 768) in it; `number` gives its identification in IPv4.

    `data` has at most 65507 bytes, the limit of UDP over IPv4.
    """
    family = family_of(source[0])
    udp_length = _UDP_HEADER + len(data)
    ips = family.pack_ip(source[0]) + family.pack_ip(dest[0])
    # The pseudo-header of IPv6 has the length first, each in four bytes (RFC 8200, 8.1): the sum is the same.
    pseudo = ips + struct.pack("!HH", _UDP, udp_length)
    ports = struct.pack("!HHH", source[1], dest[1], udp_length)
    # In UDP a checksum of 0 means that there is none; a computed 0 is sent as all ones.
    udp = ports + struct.pack("!H", checksum(pseudo + ports + data) or 0xFFFF) + data
    if family is not IPV4:
        return struct.pack("!IHBB", _VERSION_6, udp_length, _UDP, _HOPS) + ips + udp
    head = struct.pack("!BBHHHBB", 0x45, 0, _IP_HEADER + udp_length, number & 0xFFFF, 0, _HOPS, _UDP)
    return head + struct.pack("!H", checksum(head + ips)) + ips + udp


def checksum(data: bytes) -> int:
    """The checksum of the internet protocols (RFC 1071), 16 bits."""
    if len(data) % 2:
        data += b"\0"
    # A number modulo 2**16 - 1 is the sum of its digits in base 2**16, with the carries added.
    number = int.from_bytes(data, "big")
    return 0xFFFF - (number % 0xFFFF or (0xFFFF if number else 0))


# ---- JSON lines ----------------------------------------------------------------------------------------


def write_jsonl(file: BinaryIO, packets: Iterable[Packet], clock_offset: float) -> int:
    """Write packets as JSON lines, plain ASCII; returns how many. `clock_offset` as for `write_pcapng`."""
    count = 0
    for packet in packets:
        file.write(json.dumps(as_json(packet, clock_offset), separators=(",", ":")).encode() + b"\n")
        count += 1
    return count


def as_json(packet: Packet, clock_offset: float) -> dict[str, object]:
    """The JSON object of a packet: see the module's table."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=packet.at + clock_offset)
    return {
        "number": packet.number,
        "time": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "dir": packet.direction,
        "addr": address(packet.addr),
        "kind": packet.kind,
        "method": packet.method,
        "tid": packet.tid.hex(),
        "length": len(packet.data),
        "problem": packet.problem,
        "data": packet.data.hex(),
        "message": _message(packet.data),
    }


def _message(data: bytes) -> object:
    try:
        return _plain(decode_lenient(data))
    except BencodeError:
        return None


def _plain(value: Value) -> object:
    if isinstance(value, bytes):
        return _string(value)
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {_string(key): _plain(part) for key, part in value.items()}
    return value


def _string(data: bytes) -> str:
    if data.isascii() and not data.startswith(b"0x"):
        text = data.decode("ascii")
        if text.isprintable():
            return text
    return "0x" + data.hex()
