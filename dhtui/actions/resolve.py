"""The addresses of a node that was named: by its number, or by a name that is looked up in both families."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from socket import SOCK_DGRAM

from ..engine.wire.address import read_ip
from ..engine.wire.compact import Addr
from ..engine.wire.family import FAMILIES, Family, family_of
from ..text.actions.notices import NoAddress, Unusable
from .request import HostPort


async def look_up(remote: HostPort, families: Collection[Family] = FAMILIES) -> tuple[Addr, ...] | NoAddress:
    """Its address in each of those families, or why there is none."""
    found: dict[Family, Addr] = {}
    try:
        ip = read_ip(remote.host)
        found[family_of(ip)] = ip, remote.port
        why = Unusable.IS_OF_FAMILY
    except ValueError:
        try:
            loop = asyncio.get_running_loop()
            answers = await loop.getaddrinfo(remote.host, remote.port, type=SOCK_DGRAM)
        except (OSError, UnicodeError) as error:
            problem = (getattr(error, "strerror", None) or str(error)).lower()
            return NoAddress(Unusable.UNRESOLVED, problem)
        for ip in (str(answer[4][0]) for answer in answers):
            if "%" not in ip:
                found.setdefault(family_of(ip), (ip, remote.port))
        why = Unusable.HAS_FAMILIES
    usable = tuple(found[family] for family in FAMILIES if family in families and family in found)
    if usable or not found:
        return usable or NoAddress(Unusable.NO_ADDRESS)
    there, ours = (tuple(str(family.name) for family in some) for some in (found, families))
    return NoAddress(why, found=there, ours=ours)


def families_of(addrs: Collection[Addr]) -> tuple[Family, ...]:
    """The families of some addresses, such as those that a node is bound to, IPv4 first."""
    return tuple(family for family in FAMILIES if any(family_of(ip) is family for ip, _ in addrs))
