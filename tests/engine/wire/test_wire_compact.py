"""Compact addresses and nodes (BEP 5, "Contact Encoding"), and which addresses a packet may go to."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhtui.engine.wire.compact import (
    Addr,
    NodeInfo,
    canonical_ip,
    is_local,
    is_usable,
    pack_addr,
    pack_node,
    unpack_addr,
    unpack_nodes,
)
from dhtui.engine.wire.family import IPV4

six = st.binary(min_size=6, max_size=6)


def test_bep5_a_peer_is_6_bytes_in_network_order() -> None:
    """BEP 5: "axje.u" of the get_peers example is 97.120.106.101:11893."""
    assert unpack_addr(b"axje.u") == ("97.120.106.101", 11893)
    assert pack_addr(("97.120.106.101", 11893)) == b"axje.u"


@given(six)
@settings(max_examples=50, derandomize=True)
def test_addresses_survive_the_round_trip(data: bytes) -> None:
    """All 2^48 of them."""
    assert pack_addr(unpack_addr(data)) == data


@pytest.mark.parametrize("length", [0, 1, 5, 7, 18, 600])
def test_an_address_of_another_length_is_refused(length: int) -> None:
    """6 bytes, not one more (18 would be IPv6, BEP 32)."""
    with pytest.raises(ValueError, match="6 bytes"):
        unpack_addr(bytes(length))


@given(st.lists(st.tuples(st.binary(min_size=20, max_size=20), six), max_size=6))
@settings(max_examples=50, derandomize=True)
def test_bep5_a_node_is_26_bytes(rows: list[tuple[bytes, bytes]]) -> None:
    """BEP 5, "Compact node info": id, then address."""
    data = b"".join(node_id + addr for node_id, addr in rows)
    nodes = unpack_nodes(data, 100)
    assert nodes == [NodeInfo(node_id, unpack_addr(addr)) for node_id, addr in rows]
    assert b"".join(map(pack_node, nodes)) == data


def test_only_the_first_nodes_of_a_long_string_are_read() -> None:
    """A whole routing table of 201 nodes costs no more than the first of it."""
    assert len(unpack_nodes(bytes(26 * 201), 20)) == 20


@pytest.mark.parametrize("length", [1, 25, 27, 26 * 8 + 1])
def test_nodes_must_be_a_multiple_of_26_bytes(length: int) -> None:
    """Of a cut string nothing is to be believed."""
    with pytest.raises(ValueError, match="multiple of 26"):
        unpack_nodes(bytes(length), 8)


@pytest.mark.parametrize(
    ("ip", "local"),
    [
        ("127.0.0.1", True),
        ("127.255.255.255", True),
        ("10.0.0.0", True),
        ("172.15.255.255", False),
        ("172.16.0.0", True),
        ("172.31.255.255", True),
        ("172.32.0.0", False),
        ("192.168.255.255", True),
        ("192.169.0.0", False),
        ("169.254.0.1", True),
        ("11.0.0.0", False),
        ("128.0.0.1", False),
        ("203.0.113.5", False),
    ],
)
def test_local_addresses(ip: str, local: bool) -> None:
    """Loopback, RFC 1918 and link-local, with their neighbours."""
    assert is_local(ip) is local


@pytest.mark.parametrize(
    ("addr", "usable"),
    [
        (("203.0.113.5", 6881), True),
        (("127.0.0.1", 1), True),
        (("223.255.255.255", 65535), True),
        (("203.0.113.5", 0), False),
        (("0.0.0.0", 6881), False),
        (("0.1.2.3", 6881), False),
        (("224.0.0.1", 6881), False),
        (("239.255.255.255", 6881), False),
        (("240.0.0.1", 6881), False),
        (("255.255.255.255", 6881), False),
    ],
)
def test_usable_addresses(addr: Addr, usable: bool) -> None:
    """Port 0, 0/8, multicast, reserved and broadcast addresses get no packet."""
    assert is_usable(addr) is usable


def test_an_address_has_one_spelling() -> None:
    """No octal, no short forms: 010.0.0.1 is 8.0.0.1 to some and 10.0.0.1 to others."""
    assert canonical_ip("127.0.0.1") == "127.0.0.1"
    for text in ("010.0.0.1", "127.1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "::1", "", " 1.2.3.4", "a.b.c.d"):
        with pytest.raises((OSError, ValueError)):
            IPV4.canonical(text)
    assert canonical_ip("2001:DB8:0::1") == "2001:db8::1"
    for text in ("::1%lo", "1::2::3", ":", "::1.2.3", "[::1]", "12345::"):
        with pytest.raises((OSError, ValueError)):
            canonical_ip(text)
