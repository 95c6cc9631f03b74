"""Sharing out what is scarce by address prefix.

Ids, ports and datagrams cost nothing. What costs is addresses, and they are rented by the block: whoever has one
IPv4 address mostly has its /24 too, and a hundred /24s all over the world are dear (Baumgart and Mies, "S/Kademlia",
2007; Heilman et al., "Eclipse attacks on Bitcoin's peer-to-peer network", 2015). So every bounded thing of ours,
places in the table, memory, stores, pings, votes, bytes of replies, is counted by host and by network, and none of
them gets more than its share. Loopback and private networks are exempt: there one subnet is all there is, so each
of their addresses is a network of its own.
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
        """An address takes one more."""
        self._hosts[host_of(ip)] += 1
        self._nets[net_of(ip)] += 1

    def remove(self, ip: str) -> None:
        """An address gives one back."""
        for counts, key in ((self._hosts, host_of(ip)), (self._nets, net_of(ip))):
            counts[key] -= 1
            if not counts[key]:
                del counts[key]

    def host(self, ip: str) -> int:
        """How many the host at an address holds."""
        return self._hosts[host_of(ip)]

    def net(self, ip: str) -> int:
        """How many the network of an address holds."""
        return self._nets[net_of(ip)]

    def free(self, ip: str, *, a_host: int, a_net: int) -> bool:
        """Whether an address may take one more, where a host has at most `a_host` and a network `a_net`.

        Local addresses always may.
        """
        return is_local(ip) or (self.host(ip) < a_host and self.net(ip) < a_net)

    def clear(self) -> None:
        """Forget all."""
        self._hosts.clear()
        self._nets.clear()
