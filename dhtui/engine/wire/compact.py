"""Addresses, and the compact forms of BEP 5: 6 bytes a peer, 26 bytes a node."""

from __future__ import annotations

from functools import lru_cache
from socket import AF_INET, inet_aton, inet_ntop, inet_pton
from typing import NamedTuple, TypeAlias

Addr: TypeAlias = tuple[str, int]
"""An IPv4 address in dotted form and a UDP port, as sockets hand them over."""

PEER_LENGTH = 6
NODE_LENGTH = 26


class NodeInfo(NamedTuple):
    """A node as others name it: its 20-byte id and its address."""

    id: bytes
    addr: Addr


def pack_addr(addr: Addr) -> bytes:
    """The 6 bytes of an address, network order."""
    return inet_aton(addr[0]) + addr[1].to_bytes(2, "big")


@lru_cache(maxsize=16384)
def unpack_addr(data: bytes) -> Addr:
    """The address in 6 bytes. Raises `ValueError` for any other length.

    The same nodes are named over and over: one object for each saves time, and half the memory of whoever keeps them.
    """
    if len(data) != PEER_LENGTH:
        raise ValueError(f"a compact address has 6 bytes, not {len(data)}")
    return "%d.%d.%d.%d" % (data[0], data[1], data[2], data[3]), data[4] << 8 | data[5]


def pack_node(node: NodeInfo) -> bytes:
    """The 26 bytes of a node: id, IPv4 address, port."""
    return node.id + pack_addr(node.addr)


def unpack_nodes(data: bytes, most: int) -> list[NodeInfo]:
    """The first `most` nodes of a ``nodes`` string. Raises `ValueError` if it is not a multiple of 26 bytes."""
    if len(data) % NODE_LENGTH:
        raise ValueError(f"nodes has {len(data)} bytes, not a multiple of 26")
    end = min(len(data), most * NODE_LENGTH)
    return [NodeInfo(data[i : i + 20], unpack_addr(data[i + 20 : i + 26])) for i in range(0, end, NODE_LENGTH)]


@lru_cache(maxsize=4096)
def is_local(ip: str) -> bool:
    """Whether an address belongs to this host or a private network (loopback, RFC 1918, link-local).

    BEP 42 and the one-node-per-address rules don't bind such addresses.
    """
    a, b, _, _ = inet_aton(ip)
    return a in (10, 127) or (a == 172 and b >> 4 == 1) or (a, b) in ((192, 168), (169, 254))


def is_private_referral(named: str, named_by: str) -> bool:
    """Whether a referral from outside leads into the local network: it would aim our packets at services there."""
    return is_local(named) and not is_local(named_by)


@lru_cache(maxsize=4096)
def _is_unicast(ip: str) -> bool:
    return 0 < inet_aton(ip)[0] < 224


def is_usable(addr: Addr) -> bool:
    """Whether a packet may be sent there: a unicast address other than 0/8, a port but 0.

    A referral to port 0, to multicast or to broadcast is an attack or an error; either way it costs a query.
    """
    return addr[1] > 0 and _is_unicast(addr[0])


def canonical_ip(text: str) -> str:
    """The one spelling of an IPv4 address. Raises `OSError` or `ValueError`."""
    return inet_ntop(AF_INET, inet_pton(AF_INET, text))
