"""The address of a node that was named: by its number, or by a name that is looked up."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from socket import SOCK_DGRAM

from ..engine.node import has_ipv6
from ..engine.wire.compact import Addr, canonical_ip
from ..engine.wire.family import IPV4
from .request import HostPort


async def look_up(remote: HostPort) -> Addr | str:
    """The address, or why there is none, to go behind the name."""
    with suppress(OSError):
        return canonical_ip(remote.host), remote.port
    try:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(remote.host, remote.port, family=IPV4.af, type=SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        if await has_ipv6(remote.host):
            return "has IPv6 addresses only, and IPv6 is not supported yet"
        return f"can't be resolved: {(getattr(error, 'strerror', None) or str(error)).lower()}"
    return str(found[0][4][0]), remote.port
