"""The addresses of a node that was named: by its number, or by a name that is looked up in both families."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from socket import SOCK_DGRAM

from ..engine.wire.address import read_ip
from ..engine.wire.compact import Addr
from ..engine.wire.family import FAMILIES, Family, family_of
from .request import HostPort


async def look_up(remote: HostPort, families: Collection[Family] = FAMILIES) -> tuple[Addr, ...] | str:
    """Its address in each of those families, or why there is none, to go behind the name."""
    try:
        found = [read_ip(remote.host)]
    except ValueError:
        try:
            loop = asyncio.get_running_loop()
            answers = await loop.getaddrinfo(remote.host, remote.port, type=SOCK_DGRAM)
        except (OSError, UnicodeError) as error:
            return f"can't be resolved: {(getattr(error, 'strerror', None) or str(error)).lower()}"
        found = [str(answer[4][0]) for answer in answers if answer[0] in {family.af for family in FAMILIES}]
    addrs = {family: (ip, remote.port) for ip in reversed(found) if "%" not in ip and (family := family_of(ip))}
    usable = tuple(addrs[family] for family in FAMILIES if family in families and family in addrs)
    if usable or not addrs:
        return usable or "has no address that can be used"
    return f"has {next(iter(addrs)).name} addresses only, and this node is in {_names(families)} only"


def families_of(addrs: Collection[Addr]) -> tuple[Family, ...]:
    """The families of some addresses, such as those that a node is bound to, IPv4 first."""
    return tuple(family for family in FAMILIES if any(family_of(ip) is family for ip, _ in addrs))


def _names(families: Collection[Family]) -> str:
    return " and ".join(family.name for family in families)
