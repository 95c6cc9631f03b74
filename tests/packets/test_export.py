"""Packets as files: pcapng, read back by programs that are not ours, and JSON lines."""

from __future__ import annotations

import io
import json
import struct
from typing import Any

import dpkt  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhtui.engine.wire.krpc import GetPeers
from dhtui.packets.export import checksum, datagram, write_jsonl, write_pcapng
from dhtui.packets.summary import summary

from .samples import OWN, OWN_ID, TARGET, THEIR_ID, THEM, answered, asked, datagrams, got, ring_of, sent

OFFSET = 1_700_000_000.25
RING = ring_of(
    sent(1.0, GetPeers(OWN_ID, TARGET)),
    answered(1.041, {b"token": b"odd"}),
    asked(2.5, GetPeers(THEIR_ID, TARGET)),
    got(3.000001, b"rubbish\x00\xff"),
)


def test_pcapng_is_read_by_another_program() -> None:
    """Times, addresses, ports, bytes and checksums."""
    file = io.BytesIO()
    assert write_pcapng(file, RING, [OWN], OFFSET, summary) == 4
    file.seek(0)
    reader = dpkt.pcapng.Reader(file)
    assert reader.datalink() == 101
    for packet, (at, data) in zip(RING, reader, strict=True):
        assert at == pytest.approx(packet.at + OFFSET, abs=2e-6)
        ip = dpkt.ip.IP(data)
        ends = [(".".join(map(str, ip.src)), ip.data.sport), (".".join(map(str, ip.dst)), ip.data.dport)]
        assert ends == ([THEM, OWN] if packet.direction == "in" else [OWN, THEM])
        assert bytes(ip.data.data) == packet.data
        sums = ip.sum, ip.data.sum
        ip.sum = ip.data.sum = 0
        again = dpkt.ip.IP(bytes(ip))
        assert (again.sum, again.data.sum) == sums


def test_pcapng_is_in_the_order_of_time_and_whole() -> None:
    """Though a datagram, here the largest there is, was read after others that came later had been answered."""
    ring = ring_of(asked(2.5, GetPeers(THEIR_ID, TARGET)), got(2.4, b"d" * 65_507), sent(3.0, GetPeers(OWN_ID, TARGET)))
    file = io.BytesIO()
    assert write_pcapng(file, ring, [OWN], OFFSET) == 3
    file.seek(0)
    read = [(at - OFFSET, dpkt.ip.IP(data)) for at, data in dpkt.pcapng.Reader(file)]
    assert [at for at, _ in read] == pytest.approx([2.4, 2.5, 3.0], abs=2e-6)
    assert len(read[0][1].data.data) == 65_507 and read[0][1].len == 65_535


def test_pcapng_keeps_direction_and_summary_of_each_packet() -> None:
    """As options of the block; the blocks follow each other without a gap."""
    file = io.BytesIO()
    write_pcapng(file, RING, [OWN], OFFSET, summary)
    data, blocks = file.getvalue(), []
    while data:
        kind, length = struct.unpack("<II", data[:8])
        assert length % 4 == 0 and data[length - 4 : length] == data[4:8]
        blocks.append((kind, data[8 : length - 4]))
        data = data[length:]
    assert [kind for kind, _ in blocks] == [0x0A0D0D0A, 1, 6, 6, 6, 6]
    first = blocks[2][1]
    assert summary(next(iter(RING))).encode() in first
    assert first.endswith(struct.pack("<HHI", 2, 4, 2) + bytes(4))
    assert blocks[3][1].endswith(struct.pack("<HHI", 2, 4, 1) + bytes(4))


def test_a_checksum_of_zero_is_sent_as_all_ones() -> None:
    """RFC 768: zero means that there is no checksum."""
    zeroed = next(
        packet
        for i in range(65536)
        if struct.unpack("!H", (packet := datagram(struct.pack("!H", i), OWN, THEM, 1))[26:28]) == (0xFFFF,)
    )
    ips, udp = zeroed[12:20], zeroed[20:]
    assert checksum(ips + struct.pack("!HH", 17, len(udp)) + udp) == 0


@given(st.binary(max_size=64))
def test_the_checksum_is_the_ones_complement_sum(data: bytes) -> None:
    """RFC 1071, added up word by word."""
    total = 0
    padded = data + b"\0" * (len(data) % 2)
    for (word,) in struct.iter_unpack("!H", padded):
        total += word
        total = (total & 0xFFFF) + (total >> 16)
    assert checksum(data) == total ^ 0xFFFF


def lines(*events: Any) -> list[dict[str, Any]]:
    """The JSON lines of a ring, parsed."""
    file = io.BytesIO()
    ring = ring_of(*events)
    assert write_jsonl(file, ring, OFFSET) == len(ring)
    return [json.loads(line) for line in file.getvalue().splitlines()]


def test_json_lines_have_the_documented_fields() -> None:
    """One object for each packet."""
    query, answer, junk = lines(
        sent(1.0, GetPeers(OWN_ID, TARGET)), answered(1.041, {b"token": b"0xfe"}), got(3.000001, b"rubbish\x00\xff")
    )
    assert query == {
        "number": 1,
        "time": "2023-11-14T22:13:21.250000Z",
        "dir": "out",
        "addr": "203.0.113.9:6882",
        "kind": "query",
        "method": "get_peers",
        "tid": "6161",
        "length": 104,
        "problem": "",
        "data": next(iter(RING)).data.hex(),
        "message": {
            "a": {"id": "0x" + OWN_ID.hex(), "info_hash": "-" * 20},
            "q": "get_peers",
            "t": "aa",
            "v": "0x64540001",
            "y": "q",
        },
    }
    assert (answer["method"], answer["message"]["r"]["token"]) == ("get_peers", "0x30786665")
    assert junk["kind"] == "unreadable" and junk["message"] is None and junk["problem"]


@settings(max_examples=80, deadline=None)
@given(datagrams)
def test_any_packet_can_be_written(data: bytes) -> None:
    """As ASCII lines, and as blocks."""
    (line,) = lines(got(1, data))
    assert bytes.fromhex(line["data"]) == data
    file = io.BytesIO()
    write_pcapng(file, ring_of(got(1, data)), [OWN], OFFSET, summary)
    file.seek(0)
    ((_, raw),) = dpkt.pcapng.Reader(file)
    assert bytes(dpkt.ip.IP(raw).data.data) == data
