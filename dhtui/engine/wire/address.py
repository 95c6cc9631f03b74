"""Addresses as text: ``203.0.113.9:6881``, and of IPv6 ``[2001:db8::9]:6881`` (RFC 3986, section 3.2.2)."""

from __future__ import annotations

from .family import IPV6, Addr, family_of

_LINK_LOCAL = 0xFE80 >> 6


def address_text(addr: Addr) -> str:
    """An address with its port; of IPv6 in brackets, for its colons would run into that of the port."""
    ip, port = addr
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def read_ip(text: str) -> str:
    """The one spelling of an address of either family, without a zone. Raises `ValueError`."""
    if "%" in text:
        raise ValueError("an address without a zone is needed")
    try:
        return family_of(text).canonical(text)
    except (OSError, ValueError):
        raise ValueError("not an address") from None


def read_addr(text: str) -> Addr:
    """The inverse of `address_text`. Raises `ValueError` for anything else."""
    host, _, port = text.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    if (":" in bare) != (host == f"[{bare}]") or not (port.isascii() and port.isdigit() and len(port) <= 5):
        raise ValueError("not a.b.c.d:port, nor [IPv6]:port")
    if (number := int(port)) > 0xFFFF:
        raise ValueError("the port is above 65535")
    return read_ip(bare), number


def is_link_local(ip: str) -> bool:
    """Whether an IPv6 address is link-local (fe80::/10): it means nothing without a zone, which no packet carries."""
    return ":" in ip and int.from_bytes(IPV6.pack_ip(ip)[:2]) >> 6 == _LINK_LOCAL


def mapped_ip(ip: str) -> str:
    """The IPv4 address in an IPv4-mapped one (``::ffff:1.2.3.4``), or ""."""
    packed = IPV6.pack_ip(ip) if ":" in ip else b""
    return ".".join(map(str, packed[12:])) if packed[:12] == bytes(10) + b"\xff\xff" else ""
