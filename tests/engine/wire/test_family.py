"""The address families (BEP 5, 32, 42): packing, local addresses, ids that fit, and that no one else knows."""

from __future__ import annotations

import ast
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dhtui
from dhtui.engine.defence.shares import host_of, net_of
from dhtui.engine.wire.bencode import decode
from dhtui.engine.wire.compact import NodeInfo, is_usable, pack_addr, pack_node, unpack_nodes
from dhtui.engine.wire.family import FAMILIES, IPV4, IPV6, Family, family_of, is_local
from dhtui.engine.wire.faults import Fault
from dhtui.engine.wire.ids import bep42, bep42_id, bep42_valid
from dhtui.engine.wire.krpc import Response, encode_response, parse

families = pytest.mark.parametrize("family", FAMILIES, ids=str)


def test_bep5_and_bep32_lengths_and_keys() -> None:
    """Peers of 6 and 18 bytes, nodes of 26 and 38."""
    assert (IPV4.peer_length, IPV4.node_length, IPV4.nodes_key, IPV4.want) == (6, 26, b"nodes", b"n4")
    assert (IPV6.peer_length, IPV6.node_length, IPV6.nodes_key, IPV6.want) == (18, 38, b"nodes6", b"n6")


@families
@given(data=st.data())
@settings(max_examples=50, derandomize=True)
def test_an_address_survives_the_round_trip(family: Family, data: st.DataObject) -> None:
    packed = data.draw(st.binary(min_size=family.peer_length, max_size=family.peer_length))
    addr = family.unpack(packed)
    assert pack_addr(addr) == family.pack(addr) == packed
    assert family_of(addr[0]) is family
    assert family.canonical(addr[0]) == addr[0]


@families
@pytest.mark.parametrize("off", [-1, 1, -4])
def test_an_address_of_another_length_is_refused(family: Family, off: int) -> None:
    with pytest.raises(ValueError, match=f"has {family.peer_length} bytes"):
        family.unpack(bytes(family.peer_length + off))


@families
def test_a_string_of_nodes_is_read_by_its_family(family: Family) -> None:
    rng = Random(1)
    nodes = [NodeInfo(rng.randbytes(20), family.unpack(rng.randbytes(family.peer_length))) for _ in range(3)]
    packed = b"".join(map(pack_node, nodes))
    assert len(packed) == 3 * family.node_length
    assert unpack_nodes(packed, 2, family) == nodes[:2]
    with pytest.raises(ValueError, match=f"not a multiple of {family.node_length}"):
        unpack_nodes(packed[:-1], 3, family)


@families
def test_a_response_is_read_by_the_family_of_who_asked(family: Family) -> None:
    """Nodes under its own key, and our address in ``ip``: those of the other are left out. Peers may be of both."""
    (other,) = set(FAMILIES) - {family}
    public = {IPV4: ("203.0.113.9", 6881), IPV6: ("2001:db8::9", 6881)}
    node_id = b"i" * 20
    body: dict[bytes, Any] = {each.nodes_key: pack_node(NodeInfo(node_id, public[each])) for each in FAMILIES}
    body |= {b"id": node_id, b"values": [pack_addr(public[each]) for each in FAMILIES]}
    data = encode_response(b"aa", body, public[family])
    found = parse(data, family)
    assert isinstance(found, Response)
    assert found.nodes == (NodeInfo(node_id, public[family]),)
    assert found.peers == (public[IPV4], public[IPV6]), "32.09: a list that mixes both is read"
    assert found.external == public[family] and decode(data)[b"ip"] == pack_addr(public[family])
    assert Fault.PEERS not in found.faults
    foreign = parse(encode_response(b"aa", body, public[other]), family)
    assert isinstance(foreign, Response) and foreign.external is None


@pytest.mark.parametrize(
    ("ip", "local", "unicast"),
    [
        ("127.255.0.1", True, True),
        ("172.31.0.1", True, True),
        ("172.32.0.1", False, True),
        ("0.1.2.3", False, False),
        ("224.0.0.1", False, False),
        ("255.255.255.255", False, False),
        ("::1", True, True),
        ("fd00::1", True, True),
        ("fe80::1", True, True),
        ("febf::1", True, True),
        ("fec0::1", False, True),
        ("2001:db8::1", False, True),
        ("::", False, False),
        ("ff02::1", False, False),
        ("::ffff:10.0.0.1", False, False),
    ],
)
def test_local_and_unusable_addresses(ip: str, local: bool, unicast: bool) -> None:
    """An IPv4-mapped address is none of IPv6: a packet to it leaves by IPv4, past its rules."""
    assert is_local(ip) is local
    assert is_usable((ip, 6881)) is unicast
    assert not is_usable((ip, 0))


def test_what_one_host_and_one_network_own() -> None:
    """A /32 and a /24, or a /64 and a /48: each local address is a network of its own."""
    assert (host_of("203.0.113.9"), net_of("203.0.113.9"), net_of("10.0.0.9")) == (
        "203.0.113.9",
        "203.0.113",
        "10.0.0.9",
    )
    assert host_of("2001:db8:1:2:3:4:5:6") == host_of("2001:db8:1:2::1") == "2001:db8:1:2::"
    assert net_of("2001:db8:1:2::1") == net_of("2001:db8:1:ffff::1") == "2001:db8:1::"
    assert net_of("fd00::1") == "fd00::1"


@families
def test_loopback(family: Family) -> None:
    assert family.loopback in ("127.0.0.1", "::1")
    assert family.is_loopback(family.loopback) and is_local(family.loopback)
    assert not family.is_loopback(family.anywhere)
    assert str(IPV4.loopback_net) == "127.0.0.0/8" and IPV4.loopback_net.last == "127.255.255.255"
    assert IPV4.loopback_ip(0x010203) == "127.1.2.3"


# The IPv4 vectors of BEP 42 are in test_wire_ids. For IPv6 the BEP has a mask and none.
def test_bep42_of_ipv6_looks_at_the_first_8_bytes_masked() -> None:
    """Mask 01 03 07 0f 1f 3f 7f ff (BEP 42), r in the first 3 bits."""
    assert bep42("ffff:ffff:ffff:ffff:1::", 0).masked.hex() == "0103070f1f3f7fff"
    assert bep42("ffff:ffff:ffff:ffff::", 5).masked.hex() == "a103070f1f3f7fff"
    assert bep42("2001:db8::", 2) == bep42("2001:db8::ffff:1", 2), "the interface does not matter"


@pytest.mark.parametrize("ip", ["203.0.113.9", "2001:db8:85a3::8a2e:370:7334"])
def test_ids_that_we_make_fit(ip: str) -> None:
    rng = Random(7)
    for _ in range(20):
        node_id = bep42_id(ip, rng)
        assert bep42_valid(node_id, ip)
        assert not bep42_valid(bytes((node_id[0] ^ 0x80,)) + node_id[1:], ip)
    assert bep42_valid(bytes(20), "fe80::1"), "local networks are exempt"


# ---- nobody else knows ---------------------------------------------------------------------------------

ROOT = Path(dhtui.__file__).parent
KNOW = {"engine/wire/family.py", "serving.py"}
"""`serving` binds a web server to this host: nothing of the DHT."""
NAMES = {"AF_INET", "AF_INET6", "inet_aton", "inet_ntoa", "inet_pton", "inet_ntop"}
STRINGS = ("127.", "0.0.0.0")


def _family_facts(path: Path) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        names = {alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else {name}
        found += names & NAMES
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(STRINGS):
            found.append(node.value)
    return found


def test_nobody_else_knows_the_facts_of_a_family() -> None:
    """So that a second family comes by handing in another value, not by looking for sixes."""
    facts = {
        str(path.relative_to(ROOT)): facts
        for path in ROOT.rglob("*.py")
        if path.relative_to(ROOT).as_posix() not in KNOW and (facts := _family_facts(path))
    }
    assert facts == {}
