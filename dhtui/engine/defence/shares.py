"""Shares of bounded resources, by address prefix.

Ids, ports and datagrams cost nothing. Addresses cost, and they are rented by the block: an attacker that has one IPv4
address often has its /24 too, but a hundred /24s all over the world are expensive (Baumgart and Mies, "S/Kademlia",
2007; Heilman et al., "Eclipse attacks on Bitcoin's peer-to-peer network", 2015). So everything that is bounded (entries
of the table, memory, stores, pings, votes, bytes of replies) is counted by host and by network, and each gets no more
than its share. Loopback and private networks are exempt: there, one subnet may be the whole network. So each local
address counts as a network of its own.
"""

from __future__ import annotations

from collections import Counter

from ..wire.family import host_of, is_local, net_of

__all__ = ["Shares", "host_of", "net_of"]


class Shares:
    """How many of something each host and each network holds."""

    def __init__(self) -> None:
        self._hosts: Counter[str] = Counter()
        self._nets: Counter[str] = Counter()

    def add(self, ip: str) -> None:
        """Count one more for `ip`."""
        self._hosts[host_of(ip)] += 1
        self._nets[net_of(ip)] += 1

    def remove(self, ip: str) -> None:
        """Count one less for `ip`."""
        for counts, key in ((self._hosts, host_of(ip)), (self._nets, net_of(ip))):
            counts[key] -= 1
            if not counts[key]:
                del counts[key]

    def host(self, ip: str) -> int:
        """How many the host of `ip` holds."""
        return self._hosts.get(host_of(ip), 0)

    def net(self, ip: str) -> int:
        """How many the network of `ip` holds."""
        return self._nets.get(net_of(ip), 0)

    def free(self, ip: str, *, a_host: int, a_net: int) -> bool:
        """Whether `ip` may take one more, if a host may have `a_host` and a network `a_net`. Local ones always may."""
        return is_local(ip) or (self.host(ip) < a_host and self.net(ip) < a_net)

    def clear(self) -> None:
        """Set all counts to 0."""
        self._hosts.clear()
        self._nets.clear()
