"""Addresses as users type them, of both families: nodes to ask, places to listen on, our own address.

An IPv6 literal stands in brackets wherever a port may follow it. A host name stands for the addresses of both
families. Every reader raises `UsageError` with what is wrong and what is accepted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, TypeAlias

from ..actions.request import HostPort as HostPort
from ..engine.wire.address import is_link_local, mapped_ip, read_ip
from ..engine.wire.compact import Addr, is_usable
from ..engine.wire.family import FAMILIES, IPV4, IPV6, family_of
from ..errors import UsageError, quoted

BootstrapNodes: TypeAlias = Literal["public", "no"] | tuple[str, ...]

LOOKUP_WORDS = ("closest_stores", "closest_store", "closest_peers", "closest_peer")
"""What `--remote` takes instead of addresses, for a full lookup."""
FAMILY_WORDS = ("4", "6", "both")
_SEPARATORS = re.compile(r"[\s,;]+")


def host_port(text: str) -> HostPort:
    """``a.b.c.d:port``, ``[IPv6]:port`` or ``name:port``, as a URL too; an address must be one that a node can have."""
    whole = re.sub("^[a-z]+://|/.*$", "", text.strip(), flags=re.IGNORECASE)
    host, port = _split(whole, text)
    if port is None or not host:
        raise UsageError(f"{quoted(text)} is not host:port")
    found = HostPort(_host(host, text), _port(port, text))
    if _is_address(found.host) and not is_usable(found):
        raise UsageError(f"{quoted(text)} is not an address that a node can have")
    return found


def _split(text: str, whole: str) -> tuple[str, str | None]:
    """Host and port; `None`: no port was given. An address in brackets comes with them."""
    if text.startswith("["):
        literal, bracket, rest = text.partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise UsageError(f"{quoted(whole)} is not [IPv6]:port, such as [2001:db8::1]:6881")
        return literal + bracket, rest[1:] if rest else None
    if text.count(":") > 1:
        raise UsageError(f"{quoted(whole)}: an IPv6 address stands in brackets, such as [2001:db8::1]:6881")
    host, colon, port = text.rpartition(":")
    return (host, port) if colon else (text, None)


def _port(text: str, whole: str, lowest: int = 1) -> int:
    if re.fullmatch(r"[0-9]{1,5}", text) and lowest <= int(text) <= 65535:
        return int(text)
    raise UsageError(f"the port in {quoted(whole)} must be a number from {lowest} to 65535")


def _is_address(host: str) -> bool:
    """Whether a host is one by number; a name has no colon, and letters."""
    return ":" in host or re.fullmatch(r"[0-9.]+", host) is not None


def _host(text: str, whole: str) -> str:
    """An address in its one spelling, without brackets, or a name."""
    if text.startswith("["):
        return _literal(text[1:-1], whole)
    if _is_address(text):
        try:
            return read_ip(text)
        except ValueError:
            raise UsageError(f"{quoted(text)} is not an IPv4 address") from None
    label = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
    if len(text) <= 253 and re.fullmatch(rf"{label}(\.{label})*\.?", text):
        return text
    raise UsageError(f"{quoted(text)} is not a host name")


def _literal(text: str, whole: str) -> str:
    """What stands between brackets: a global or local address of IPv6."""
    if "%" in text:
        raise UsageError(f"{quoted(whole)}: an address with a zone (%) can't be used, one without is needed")
    try:
        ip = read_ip(text)
    except ValueError:
        ip = ""
    if ":" not in ip:
        raise UsageError(f"{quoted(whole)}: in brackets stands an IPv6 address, such as [2001:db8::1]")
    if four := mapped_ip(ip):
        raise UsageError(f"{quoted(whole)} is an IPv4 address: write it as such, {four}")
    if is_link_local(ip):
        raise UsageError(f"{quoted(whole)} is a link-local address, which can't be used without a zone")
    return ip


def _host_ports(text: str) -> tuple[HostPort, ...]:
    found = tuple(dict.fromkeys(host_port(part) for part in _SEPARATORS.split(text) if part))
    if not found:
        raise UsageError(f"{quoted(text)} names no host:port")
    return found


def remotes(text: str) -> tuple[HostPort, ...]:
    """A list of ``host:port`` joined by commas, semicolons or blanks, or one of `LOOKUP_WORDS`, which gives ``()``."""
    return () if text in LOOKUP_WORDS else _host_ports(text)


def bootstrap_nodes(text: str) -> BootstrapNodes:
    """``public``, ``no``, or a list of ``host:port``."""
    if text == "public":
        return "public"
    if text == "no":
        return "no"
    return tuple(map(str, _host_ports(text)))


# ---- our own addresses ----------------------------------------------------------------------------------


def listen(text: str) -> tuple[Addr, ...]:
    """One address of each family at most, joined as in a list of nodes.

    ``host:port`` with an address of this machine; ``:port``, a port, ``localhost:port`` or nothing stand for both
    families.
    """
    parts = [part for part in _SEPARATORS.split(text) if part] or [":0"]
    return _one_of_each((addr for part in parts for addr in _places(part)), text)


def _places(text: str) -> tuple[Addr, ...]:
    host, port = ("", text) if text.isdigit() else _split(text, text)
    if port is None:
        raise UsageError(f"{quoted(text)} has no port: [HOST]:PORT or PORT is needed, 0 for a free one")
    number = _port(port, text, 0)
    if not host:
        return tuple((family.anywhere, number) for family in FAMILIES)
    if host == "localhost":
        return tuple((family.loopback, number) for family in FAMILIES)
    if not host.startswith("[") and not _is_address(host):
        raise UsageError(
            f"{quoted(text)}: the address to listen on must be a dotted IPv4 address or [IPv6], not a name"
        )
    ip = _host(host, text)
    if ip != family_of(ip).anywhere and not is_usable((ip, 1)):
        raise UsageError(f"{quoted(text)} is not an address that a node can have")
    return ((ip, number),)


def public_address(text: str) -> tuple[Addr, ...]:
    """An address of each family at most, with or without a port; port 0 where there is none."""
    parts = [part for part in _SEPARATORS.split(text) if part]
    if not parts:
        raise UsageError(f"{quoted(text)} names no address")
    return _one_of_each(map(_public_address, parts), text)


def _public_address(text: str) -> Addr:
    host, port = _split(text, text)
    if not host.startswith("[") and not _is_address(host):
        raise UsageError(
            f"{quoted(text)} is not a public address: a.b.c.d:port or [IPv6]:port, or either without its port"
        )
    addr = _host(host, text), 0 if port is None else _port(port, text)
    if not is_usable((addr[0], 1)):
        raise UsageError(f"{quoted(text)} is not an address that a node can have")
    return addr


def _one_of_each(addrs: Iterable[Addr], text: str) -> tuple[Addr, ...]:
    """The addresses, IPv4 first. Raises `UsageError` for two of one family: a node has one socket in each."""
    found: dict[str, Addr] = {}
    for addr in addrs:
        family = family_of(addr[0]).name
        if found.setdefault(family, addr) != addr:
            raise UsageError(f"{quoted(text)} names two addresses of {family}: one of each family is accepted")
    return tuple(found[family.name] for family in (IPV4, IPV6) if family.name in found)


def metrics(text: str) -> Addr:
    """``port``, or ``host:port``: the host an address of this machine, 127.0.0.1 by default."""
    host, colon, port = text.rpartition(":")
    if not colon or host == "localhost":
        return IPV4.loopback, _port(port, text, 0)
    host, found = _split(text, text)
    if found is None or not _is_address(host.strip("[]")):
        raise UsageError(f"{quoted(text)} is neither PORT nor ADDR:PORT, with an address of this machine")
    return _host(host, text), _port(found, text, 0)


# ---- addresses in a capture -----------------------------------------------------------------------------


def endpoint(text: str) -> Addr:
    """An address and a port, as a capture has them: ``203.0.113.9:6881`` or ``[2001:db8::1]:6881``."""
    host, port = _split(text, text)
    if port is None or not _is_address(host.strip("[]")):
        raise UsageError(f"{quoted(text)} is no address and port: a.b.c.d:port or [a:b::c]:port")
    bare = host.strip("[]")
    try:
        ip = family_of(bare).canonical(bare)
    except (OSError, ValueError):
        raise UsageError(f"{quoted(text)} is no address and port: a.b.c.d:port or [a:b::c]:port") from None
    return ip, _port(port, text, 1)
