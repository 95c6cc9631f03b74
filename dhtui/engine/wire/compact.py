"""The compact forms of addresses and nodes (BEP 5, BEP 32), and which addresses a packet may go to."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from .family import ID_LENGTH, IPV4, Addr, Family, family_of, is_local

__all__ = [
    "Addr",
    "NodeInfo",
    "canonical_ip",
    "is_local",
    "is_private_referral",
    "is_usable",
    "pack_addr",
    "pack_node",
    "unpack_addr",
    "unpack_nodes",
]


class NodeInfo(NamedTuple):
    """A node in a referral: its 20-byte id and its address."""

    id: bytes
    addr: Addr


def pack_addr(addr: Addr) -> bytes:
    """The compact form of an address: 6 bytes, or 18 of IPv6, network order."""
    return _packed_ip(addr[0]) + addr[1].to_bytes(2, "big")


@lru_cache(maxsize=4096)
def _packed_ip(ip: str) -> bytes:
    return family_of(ip).pack_ip(ip)


unpack_addr: Final = IPV4.unpack
"""The IPv4 address in 6 bytes. Raises `ValueError` for any other length."""


def pack_node(node: NodeInfo) -> bytes:
    """The compact form of a node: id and address, 26 bytes, or 38 of IPv6."""
    return node.id + pack_addr(node.addr)


def unpack_nodes(data: bytes, most: int, family: Family = IPV4, *, usable: bool = False) -> list[NodeInfo]:
    """The first `most` nodes of a ``nodes`` string; only those of them that a packet may go to, if they shall be
    `usable`. Raises `ValueError` if its length is not a multiple of a node's."""
    length, unpack = family.node_length, family.unpack_usable if usable else family.unpack
    if len(data) % length:
        raise ValueError(f"nodes has {len(data)} bytes, not a multiple of {length}")
    end = min(len(data), most * length)
    return [
        NodeInfo(data[i : i + ID_LENGTH], addr)
        for i in range(0, end, length)
        if (addr := unpack(data[i + ID_LENGTH : i + length])) is not None
    ]


def is_private_referral(named: str, named_by: str) -> bool:
    """Whether a referral from a public address names a local one: it would aim our packets at local services."""
    return not is_local(named_by) and is_local(named)


@lru_cache(maxsize=4096)
def _is_unicast(ip: str) -> bool:
    return family_of(ip).is_unicast(ip)


def is_usable(addr: Addr) -> bool:
    """Whether a packet may be sent there: a unicast address other than 0/8, and a port other than 0.

    A referral to port 0, to multicast or to broadcast is an attack or an error, and would cost a query.
    """
    return addr[1] > 0 and _is_unicast(addr[0])


def canonical_ip(text: str) -> str:
    """The one spelling of an address of either family. Raises `OSError` or `ValueError`."""
    return family_of(text).canonical(text)
