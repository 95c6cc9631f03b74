"""Packets over IPv6: taken apart, filtered, judged, and written for other programs."""

from __future__ import annotations

import io
from typing import Any

import dpkt  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhtui.engine.wire.bencode import encode
from dhtui.engine.wire.family import IPV4, IPV6
from dhtui.engine.wire.krpc import FindNode, GetPeers
from dhtui.engine.wire.krpc import parse as parse_message
from dhtui.packets.dissect import dissect
from dhtui.packets.export import checksum, datagram, write_jsonl, write_pcapng
from dhtui.packets.filter import FilterError, parse
from dhtui.packets.packet import Packet
from dhtui.packets.parts import Part, walk
from dhtui.packets.summary import summary

from .samples import OWN, OWN_ID, TARGET, THEIR_ID, THEM, asked, datagrams, got, ring_of, sent

SIX, OWN_SIX = ("2001:db8::9", 6882), ("2001:db8:1::1", 6881)
PEER = IPV6.pack(SIX)


def parts_of(message: dict[bytes, Any]) -> list[Part]:
    return list(walk(dissect(encode(message), TARGET)))


def valued(parts: list[Part], word: str) -> list[Part]:
    return [part for part in parts if word in part.value]


def answer(**values: Any) -> dict[bytes, Any]:
    body = {b"id": THEIR_ID} | {name.encode(): value for name, value in values.items()}
    return {b"ip": PEER, b"r": body, b"t": b"aa", b"y": b"r"}


def test_an_answer_is_taken_apart() -> None:
    parts = parts_of(
        answer(nodes6=(THEIR_ID + PEER) * 2, values=[PEER, bytes(6)[:4] + b"\x7f\x00\x00\x01\x1a\xe1"[4:]])
    )
    shown = [part.value for part in valued(parts, "[2001:db8::9]:6882")]
    assert shown.count("[2001:db8::9]:6882") == 4, "ip, a peer, and the address of each node"
    assert any("2 nodes of 38 bytes" in part.value for part in parts)
    links = {link.value for part in parts for link in part.links if link.kind == "address"}
    assert SIX in links and {link.value for part in parts for link in part.links if link.kind == "node"} == {THEIR_ID}


def test_want_names_the_families() -> None:
    query = {
        b"a": {b"id": OWN_ID, b"target": TARGET, b"want": [b"n4", b"n6", b"n5"]},
        b"q": b"find_node",
        b"t": b"a",
        b"y": b"q",
    }
    parts = [part for part in parts_of(query) if "family" in part.label and part.value.startswith('"n')]
    assert [part.note for part in parts] == ["nodes, IPv4", "nodes6, IPv6", "neither n4 nor n6"]
    assert [part.mark for part in parts] == ["", "", "odd"]


@pytest.mark.parametrize("length", [0, 1, 5, 7, 17, 19, 38])
def test_an_address_of_another_length_is_odd(length: int) -> None:
    parts = parts_of(answer(values=[bytes(length)]))
    assert any("an address has 6 bytes (18 for IPv6)" in part.note for part in parts)


def test_an_unusable_address_and_a_node_cut_short_are_odd() -> None:
    parts = parts_of(answer(nodes6=THEIR_ID + IPV6.pack(("ff02::1", 1)) + b"xyz"))
    assert any(part.note == "no packet can be sent there" for part in parts)
    assert any("3 bytes too many" in part.note for part in parts)


# ---- filters --------------------------------------------------------------------------------------------


def packets() -> list[Packet]:
    events = (sent(1, GetPeers(OWN_ID, TARGET)), asked(2, GetPeers(THEIR_ID, TARGET)), got(3, b"x"))
    four = list(ring_of(*events))
    six = [event._replace(addr=SIX) for event in events]
    return [*four, *ring_of(*six)]


@pytest.mark.parametrize(
    ("text", "four", "six"),
    [
        ("net:4", 3, 0),
        ("net:6", 0, 3),
        ("!net:6", 3, 0),
        ("addr:2001:db8::9", 0, 3),
        ("addr:[2001:db8::9]", 0, 3),
        ("addr:[2001:db8:0::9]:6882", 0, 3),
        ("addr:[2001:db8::9]:6881", 0, 0),
        ("addr:2001:db8::/32", 0, 3),
        ("addr:2001:db8::9/128", 0, 3),
        ("addr:::/0", 0, 3),
        ("addr:0.0.0.0/0", 3, 0),
        ("to:2001:db8::/32", 0, 1),
        ("from:[2001:db8::9]", 0, 2),
        ("net:6 or dir:out", 1, 3),
        ("[2001:db8::9]:6882", 0, 3),
    ],
)
def test_filters_by_family_and_address(text: str, four: int, six: int) -> None:
    wanted = parse(text)
    matched = [wanted.matches(packet) for packet in packets()]
    assert (sum(matched[:3]), sum(matched[3:])) == (four, six)


@pytest.mark.parametrize(
    "text",
    [
        *("net:5", "net:", "net:46", "net:IPv6", "addr:[::1", "addr:::1]", "addr:[::1]:", "addr:[::1]:99999"),
        "addr:[1.2.3.4]",
        *("addr:2001:db8::/129", "addr:2001:db8::/255.0.0.0", "addr:fe80::1%eth0", "addr:[fe80::1%eth0]", "addr:1:2:3"),
        *("addr:2001:db8::/", "addr::::", "addr:[]", "addr:2001:db8::g"),
    ],
)  # fmt: skip
def test_what_is_no_family_or_address_is_refused(text: str) -> None:
    with pytest.raises(FilterError):
        parse(text)


@given(st.text(alphabet="[]:./%0123456789abcdef", max_size=30))
def test_any_address_in_a_filter_is_read_or_refused(text: str) -> None:
    try:
        wanted = parse(f"addr:{text}")
    except FilterError:
        return
    for packet in packets():
        wanted.matches(packet)


# ---- files ----------------------------------------------------------------------------------------------


def test_pcapng_of_both_families_is_read_by_another_program() -> None:
    ring = packets()
    file = io.BytesIO()
    assert write_pcapng(file, ring, [OWN, OWN_SIX], 1_700_000_000.0, summary) == len(ring)
    file.seek(0)
    found = [data for _, data in dpkt.pcapng.Reader(file)]
    six = [dpkt.ip6.IP6(data) for data in found if data[0] >> 4 == 6]
    assert len(six) == 3 and sum(data[0] >> 4 == 4 for data in found) == 3
    for ip in six:
        ends = {(IPV6.unpack_ip(ip.src), ip.data.sport), (IPV6.unpack_ip(ip.dst), ip.data.dport)}
        assert ends == {SIX, OWN_SIX} and ip.plen == len(ip.data) == 8 + len(ip.data.data)
        told = ip.data.sum
        ip.data.sum = 0
        again = dpkt.ip6.IP6(bytes(ip))
        assert again.data.sum == told


def test_the_checksum_over_ipv6_is_that_of_its_pseudo_header() -> None:
    """RFC 8200, 8.1: addresses, the length in four bytes, three zeros, 17."""
    data = datagram(b"odd", SIX, OWN_SIX, 1)
    udp = data[40:]
    pseudo = data[8:40] + len(udp).to_bytes(4, "big") + bytes(3) + b"\x11"
    assert checksum(pseudo + udp) == 0 and data[4:8] == bytes((0, 11, 17, 64))


def test_a_family_in_which_we_have_no_address_is_written_all_the_same() -> None:
    file = io.BytesIO()
    assert write_pcapng(file, packets(), [], 0.0) == 6


@settings(max_examples=40, deadline=None)
@given(datagrams)
def test_any_packet_over_ipv6_can_be_written(data: bytes) -> None:
    ring = ring_of(got(1, data)._replace(addr=SIX))
    file = io.BytesIO()
    write_pcapng(file, ring, [OWN_SIX], 0.0, summary)
    file.seek(0)
    ((_, raw),) = dpkt.pcapng.Reader(file)
    assert bytes(dpkt.ip6.IP6(raw).data.data) == data
    lines = io.BytesIO()
    write_jsonl(lines, ring, 0.0)
    assert b'"addr":"[2001:db8::9]:6882"' in lines.getvalue()


def test_what_we_sent_is_read_in_the_family_it_went_to() -> None:
    data = encode(answer(nodes6=THEIR_ID + PEER))
    (packet,) = ring_of(sent(1, GetPeers(OWN_ID, TARGET))._replace(addr=SIX, data=data))
    assert packet.message is not None and packet.message.external == SIX  # type: ignore[union-attr]
    (packet,) = ring_of(sent(1, GetPeers(OWN_ID, TARGET))._replace(addr=THEM, data=data))
    assert packet.message is not None and packet.message.external is None  # type: ignore[union-attr]


def test_what_was_wanted_and_named_in_the_other_family_is_in_the_summary() -> None:
    data = encode(answer(nodes6=(THEIR_ID + PEER) * 3, nodes=THEIR_ID + IPV4.pack(THEM)))
    (packet,) = ring_of(got(1, data)._replace(message=parse_message(data)))
    assert summary(packet).startswith("1 node 3 nodes of IPv6")
    queries = (FindNode(OWN_ID, TARGET, (IPV4, IPV6)), GetPeers(OWN_ID, TARGET, want=(IPV6,)))
    shown = [summary(packet) for packet in ring_of(*(sent(1, query) for query in queries))]
    assert "want n4 n6" in shown[0] and shown[1].endswith("want n6")
