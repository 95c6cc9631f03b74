"""Shares of what is scarce, by address prefix.

Ids, ports and datagrams cost nothing. Addresses cost, and they are rented by the block: an attacker that has one IPv4
address often has its /24 too, but a hundred /24s all over the world are expensive (Baumgart and Mies, "S/Kademlia",
2007; Heilman et al., "Eclipse attacks on Bitcoin's peer-to-peer network", 2015). So everything that is bounded (entries
of the table, memory, stores, pings, votes, bytes of replies) is counted by host and by network, and each gets no more
than its share. Loopback and private networks are exempt: there, one subnet may be the whole network. So each local
address counts as a network of its own.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from ..wire.compact import is_local

HOST_BITS, NET_BITS = 32, 24
"""Prefix lengths of a host and of a network, IPv4. (IPv6 has 64 and 48: a host there owns a /64.)"""


def host_of(ip: str) -> str:
    """The part of an address that one host owns: all 32 bits of an IPv4 address."""
    return ip


@lru_cache(maxsize=8192)
def net_of(ip: str) -> str:
    """The network that an address is counted under: the /24 of an IPv4 address, or a local address itself."""
    return ip if is_local(ip) else ip.rpartition(".")[0]


class Shares:
    """How many of something each host and each network holds."""

    def __init__(self) -> None:
        self._hosts: Counter[str] = Counter()
        self._nets: Counter[str] = Counter()

    def add(self, ip: str) -> None:
        """`ip` takes one more."""
        self._hosts[host_of(ip)] += 1
        self._nets[net_of(ip)] += 1

    def remove(self, ip: str) -> None:
        """`ip` gives one back."""
        for counts, key in ((self._hosts, host_of(ip)), (self._nets, net_of(ip))):
            counts[key] -= 1
            if not counts[key]:
                del counts[key]

    def host(self, ip: str) -> int:
        """How many the host of `ip` holds."""
        return self._hosts[host_of(ip)]

    def net(self, ip: str) -> int:
        """How many the network of `ip` holds."""
        return self._nets[net_of(ip)]

    def free(self, ip: str, *, a_host: int, a_net: int) -> bool:
        """Whether `ip` may take one more, if a host may have `a_host` and a network `a_net`. Local ones always may."""
        return is_local(ip) or (self.host(ip) < a_host and self.net(ip) < a_net)

    def clear(self) -> None:
        """Forget all."""
        self._hosts.clear()
        self._nets.clear()
