"""Datagrams out of frames: link types, VLANs, options, extension headers, fragments, short snap lengths."""

from __future__ import annotations

import struct

import pytest
from support.captures import ME, ipv4, ipv6, node_at, packet, udp

from dhtui.packets.captures import fragments as bounds
from dhtui.packets.captures.datagrams import Datagram, Datagrams
from dhtui.packets.captures.duplicates import MOST, Duplicates
from dhtui.packets.captures.files.damage import Frame
from dhtui.packets.captures.fragments import Fragments

DATA = b"d1:qe"
THERE = node_at(1)
ME6, THERE6 = ("2001:db8::1", 6881), ("2001:db8::2", 6882)
V4, V6 = packet(ME, THERE, DATA), packet(ME6, THERE6, DATA)
MACS = bytes(12)
VLAN = bytes.fromhex("8100 0001")
OUTER = bytes.fromhex("88a8 0002")


def found(link: int, data: bytes, length: int | None = None) -> Datagram | None:
    return Datagrams().of(Frame(5.0, link, data, len(data) if length is None else length))


LINKS = [
    (0, struct.pack("<I", 2) + V4),
    (0, struct.pack(">I", 2) + V4),
    (1, MACS + b"\x08\x00" + V4),
    (1, MACS + VLAN + b"\x08\x00" + V4),
    (1, MACS + OUTER + VLAN + b"\x08\x00" + V4),
    (1, MACS + OUTER * 7 + b"\x08\x00" + V4),
    (12, V4),
    (14, V4),
    (101, V4),
    (108, struct.pack(">I", 2) + V4),
    (113, bytes(14) + b"\x08\x00" + V4),
    (113, bytes(14) + VLAN + b"\x08\x00" + V4),
    (228, V4),
    (276, b"\x08\x00" + bytes(18) + V4),
    (276, b"\x81\x00" + bytes(18) + b"\x00\x01\x08\x00" + V4),
]
LINKS6 = [
    (0, struct.pack("<I", 30) + V6),
    (0, struct.pack(">I", 24) + V6),
    (1, MACS + VLAN + b"\x86\xdd" + V6),
    (101, V6),
    (108, struct.pack(">I", 28) + V6),
    (113, bytes(14) + b"\x86\xdd" + V6),
    (229, V6),
    (276, b"\x86\xdd" + bytes(18) + V6),
]


@pytest.mark.parametrize(("link", "data"), LINKS)
def test_link_types_over_ipv4(link: int, data: bytes) -> None:
    assert found(link, data) == (5.0, ME, THERE, DATA, 0)


@pytest.mark.parametrize(("link", "data"), LINKS6)
def test_link_types_over_ipv6(link: int, data: bytes) -> None:
    assert found(link, data) == (5.0, ME6, THERE6, DATA, 0)


@pytest.mark.parametrize(
    ("link", "data"),
    [
        (1, MACS + b"\x08\x06" + V4),
        (1, MACS + VLAN * 12 + b"\x08\x00" + V4),
        (1, MACS),
        (1, b""),
        (0, struct.pack("<I", 7) + V4),
        (101, b"\x15" + V4[1:]),
        (101, V4[:9] + b"\x06" + V4[10:]),
        (101, b"\x42" + V4[1:]),
        (101, V4[:27]),
        (101, b""),
        (147, V4),
    ],
)
def test_what_is_no_datagram_is_passed_over(link: int, data: bytes) -> None:
    assert found(link, data) is None


def test_unknown_link_types_are_noted() -> None:
    datagrams = Datagrams()
    for link in (147, 147, 195, *range(1000, 1100)):
        datagrams.of(Frame(1.0, link, V4, len(V4)))
    datagrams.of(Frame(1.0, 1, b"", 0))
    assert {147, 195} <= datagrams.unknown_links and len(datagrams.unknown_links) == 16


def test_options_and_padding() -> None:
    plain = udp(ME, THERE, DATA)
    assert found(101, ipv4(ME, THERE, plain, options=b"\x01" * 40)) == (5.0, ME, THERE, DATA, 0)
    assert found(101, V4 + bytes(20)) == (5.0, ME, THERE, DATA, 0)  # Ethernet pads short frames
    unset = V4[:2] + b"\0\0" + V4[4:]  # segmentation offload leaves the length to the network card
    assert found(101, unset) == (5.0, ME, THERE, DATA, 0)


def test_lengths_that_lie() -> None:
    assert found(101, ipv4(ME, THERE, struct.pack("!HHHH", 1, 2, 5, 0) + DATA)) is None
    short = struct.pack("!HHHH", *(ME[1], THERE[1]), 10, 0) + DATA
    assert found(101, ipv4(ME, THERE, short)) == (5.0, ME, THERE, DATA[:2], 0)
    beyond = struct.pack("!HHHH", *(ME[1], THERE[1]), 500, 0) + DATA  # the IP packet ends before: so does the datagram
    assert found(101, ipv4(ME, THERE, beyond)) == (5.0, ME, THERE, DATA, 0)
    assert found(101, V4[:2] + b"\0\x08" + V4[4:]) is None


def test_a_short_snap_length_is_told() -> None:
    whole = packet(ME, THERE, b"d" * 100)
    assert found(101, whole[:60], len(whole)) == (5.0, ME, THERE, b"d" * 32, 68)
    six = packet(ME6, THERE6, b"d" * 100)
    assert found(101, six[:60], len(six)) == (5.0, ME6, THERE6, b"d" * 12, 88)


def test_extension_headers_of_ipv6() -> None:
    body = udp(ME6, THERE6, DATA)
    hop = bytes((60, 0)) + bytes(6)
    dest = bytes((17, 1)) + bytes(14)
    assert found(101, ipv6(ME6, THERE6, hop + dest + body, 0)) == (5.0, ME6, THERE6, DATA, 0)
    auth = bytes((17, 4)) + bytes(22)
    assert found(101, ipv6(ME6, THERE6, auth + body, 51)) == (5.0, ME6, THERE6, DATA, 0)
    assert found(101, ipv6(ME6, THERE6, (bytes((0, 0)) + bytes(6)) * 40 + body, 0)) is None
    assert found(101, ipv6(ME6, THERE6, bytes((60, 255)) + bytes(6) + body, 0)) is None
    assert found(101, ipv6(ME6, THERE6, body, 6)) is None
    atomic = bytes((17, 0)) + struct.pack("!HI", 0, 9)
    assert found(101, ipv6(ME6, THERE6, atomic + body, 44)) == (5.0, ME6, THERE6, DATA, 0)


def test_ipv4_in_the_spelling_of_ipv6_is_ipv4() -> None:
    head = struct.pack("!IHBB", 6 << 28, 8 + len(DATA), 17, 64)
    mapped = bytes(10) + b"\xff\xff"
    data = head + mapped + bytes((192, 0, 2, 1)) + mapped + bytes((198, 51, 100, 1)) + udp(ME, THERE, DATA)
    assert found(101, data) == (5.0, ME, THERE, DATA, 0)


def pieces(data: bytes, size: int) -> list[tuple[int, bool, bytes]]:
    return [(at, at + size < len(data), data[at : at + size]) for at in range(0, len(data), size)]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_fragments_of_ipv4_in_any_order(order: tuple[int, ...]) -> None:
    datagrams, body = Datagrams(), udp(ME, THERE, bytes(range(40)))
    parts = [
        ipv4(ME, THERE, part, place=(0x2000 if more else 0) | at // 8, ident=7) for at, more, part in pieces(body, 16)
    ]
    results = [datagrams.of(Frame(5.0, 101, parts[place], len(parts[place]))) for place in order]
    assert results == [None, None, (5.0, ME, THERE, bytes(range(40)), 0)]
    assert datagrams.fragments.waiting == datagrams.fragments.lost == 0


def test_fragments_of_ipv6() -> None:
    datagrams, body = Datagrams(), udp(ME6, THERE6, bytes(range(40)))
    results = []
    for at, more, part in reversed(pieces(body, 24)):
        head = bytes((17, 0)) + struct.pack("!HI", at | more, 99)
        data = ipv6(ME6, THERE6, head + part, 44)
        results.append(datagrams.of(Frame(5.0, 101, data, len(data))))
    assert results == [None, (5.0, ME6, THERE6, bytes(range(40)), 0)]


KEY = (b"a", b"b", 1)


def test_fragments_that_repeat_contradict_or_overlap() -> None:
    held = Fragments()
    assert held.add(KEY, 0.0, 0, True, b"12345678") is None
    assert held.add(KEY, 0.0, 0, True, b"12345678") is None and held.lost == 0
    assert held.add(KEY, 0.0, 0, True, b"abcdefgh") is None and (held.lost, held.waiting) == (1, 0)
    held.add(KEY, 0.0, 0, True, bytes(16))
    assert held.add(KEY, 0.0, 8, False, bytes(8)) is None and (held.lost, held.waiting) == (2, 0)
    assert held.add(KEY, 0.0, 65_528, False, bytes(80)) is None and held.lost == 3
    assert held.add(KEY, 0.0, 0, True, bytes(7)) is None and held.lost == 4
    assert held.add(KEY, 0.0, 8, False, b"") is None and held.lost == 5


def test_fragments_that_wait_are_bounded_in_number_bytes_and_time() -> None:
    held = Fragments()
    for place in range(3 * bounds.MOST_OPEN):
        held.add((b"a", b"b", place), 0.0, 0, True, bytes(8))
    assert held.waiting == bounds.MOST_OPEN and held.lost == 2 * bounds.MOST_OPEN
    held.add((b"a", b"b", 9999), bounds.SECONDS + 1, 0, True, bytes(8))
    assert held.waiting == 1
    for place in range(200):
        held.add((b"a", b"c", place), bounds.SECONDS + 1, 8, True, bytes(65_000))
    assert held._bytes <= bounds.MOST_BYTES and held.waiting < 80
    for place in range(100):
        held.add((b"x", b"c", 1), bounds.SECONDS + 1, 8 * place, True, bytes(8))
    assert all(len(one.pieces) <= bounds.MOST_PIECES for one in held._open.values())


def test_equal_datagrams_within_a_millisecond_are_one() -> None:
    seen = Duplicates()
    first = Datagram(5.0, ME, THERE, DATA)
    assert not seen.is_one(first)
    assert seen.is_one(first._replace(at=5.0009)) and seen.count == 1
    assert not seen.is_one(first._replace(at=5.0011))
    assert not seen.is_one(first._replace(data=b"d2:qqe"))
    assert not seen.is_one(first._replace(dest=node_at(2)))
    assert not seen.is_one(first._replace(source=THERE, dest=ME))


def test_what_is_remembered_of_datagrams_is_bounded() -> None:
    seen = Duplicates()
    for place in range(30_000):
        seen.is_one(Datagram(5.0, ME, THERE, b"%d" % place))
    assert len(seen._seen) <= 3 * MOST
