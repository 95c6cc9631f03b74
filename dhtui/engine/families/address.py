"""Whether this machine has an address family, and which address it sends from (BEP 45)."""

from __future__ import annotations

import socket

from ..wire.address import is_link_local
from ..wire.compact import canonical_ip, is_usable
from ..wire.family import Family

DISCARD = 9
"""A port to connect to. Nothing is sent there."""


def sending_address(family: Family) -> str | None:
    """The address that this machine sends from to the internet; `None` if it has no route there.

    The system chooses it (RFC 6724): a global address if there is one, a temporary one before others, a unique local or
    Teredo one only if there is no other. A link-local one leads nowhere, and counts as none. No packet is sent.
    """
    try:
        with socket.socket(family.af, socket.SOCK_DGRAM) as probe:
            probe.connect((family.far, DISCARD))
            ip = canonical_ip(probe.getsockname()[0])
    except (OSError, ValueError):
        return None
    return ip if is_usable((ip, DISCARD)) and not is_link_local(ip) else None
