"""The address families (BEP 5, BEP 32): all differences between IPv4 and IPv6, in one value for each.

Only this module knows how many bytes an address has, which addresses are local, and how BEP 42 masks them. The family
of an `Addr` follows from its spelling (`family_of`). Data without an address, such as a ``nodes`` string, is read by
the family of the core that reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from socket import (
    AF_INET,
    AF_INET6,
    IPPROTO_IPV6,
    IPV6_V6ONLY,
    AddressFamily,
    inet_aton,
    inet_ntoa,
    inet_ntop,
    inet_pton,
)
from typing import Final, Literal, NamedTuple, TypeAlias

Addr: TypeAlias = tuple[str, int]
"""An address in its canonical spelling, dotted or with colons, and a UDP port, as sockets return them."""

FamilyName: TypeAlias = Literal["IPv4", "IPv6"]
"""The name of a family, in views, events and JSON."""

ID_LENGTH: Final = 20
PORT_LENGTH: Final = 2


class Net(NamedTuple):
    """A block of addresses."""

    first: str
    last: str
    prefix: int
    """The first `bits` bits, as a number."""
    bits: int

    def __str__(self) -> str:
        return f"{self.first}/{self.bits}"


Blocks: TypeAlias = dict[int, list[Net]]
"""Blocks of addresses, by the first byte of the addresses in them: most first bytes are in no block."""


def _by_first_byte(nets: Iterable[Net]) -> Blocks:
    blocks: Blocks = {}
    for net in nets:
        spare = max(0, 8 - net.bits)
        first = net.prefix << spare >> max(0, net.bits - 8)
        for byte in range(first, first + (1 << spare)):
            blocks.setdefault(byte, []).append(net)
    return blocks


class Family:
    """An address family: lengths, keys, blocks of addresses, and the compact form."""

    def __init__(
        self,
        name: FamilyName,
        af: AddressFamily,
        *,
        ip_length: int,
        nodes_key: bytes,
        want: bytes,
        host_bits: int,
        net_bits: int,
        bep42_mask: bytes,
        anywhere: str,
        loopback: tuple[str, int],
        local: Iterable[tuple[str, int]],
        never: Iterable[tuple[str, int]],
        item_reply: int,
        says_want: bool,
        far: str,
        options: tuple[tuple[int, int, int], ...],
        pairs: bool,
        binds_one: bool,
        number_of: Callable[[str], bytes],
        text_of: Callable[[bytes], str],
        net_text: Callable[[str], str],
    ) -> None:
        """`number_of` gives the bytes of an address, `text_of` is its inverse; `net_text` names the network of an
        address. Blocks are first addresses and prefix lengths."""
        self.name: FamilyName = name
        """``IPv4`` or ``IPv6``."""
        self.af = af
        """The constant of the socket module."""
        self.ip_length = ip_length
        """Bytes of an address: 4 or 16."""
        self.peer_length = ip_length + PORT_LENGTH
        """Bytes of a peer in ``values``: 6 or 18."""
        self.node_length = ID_LENGTH + self.peer_length
        """Bytes of a node in `nodes_key`: 26 or 38."""
        self.nodes_key = nodes_key
        """The key of nodes in a response (BEP 32)."""
        self.want = want
        """The word in ``want`` of a query (BEP 32)."""
        self.host_bits, self.net_bits = host_bits, net_bits
        """Prefix lengths of a host and of a network."""
        self.bep42_mask = bep42_mask
        """The mask on the first bytes of an address (BEP 42)."""
        self.anywhere = anywhere
        """The wildcard address, to bind to all addresses of this host."""
        self.item_reply = item_reply
        """Most bytes of a reply that holds an item and nodes, if the item alone leaves room for any."""
        self.says_want = says_want
        """Whether every query says ``want``: some nodes name none in IPv6 unless they are asked to."""
        self.far = far
        """A global address, a root name server: the route to it shows whether and from where this host sends."""
        self.options = options
        """Options of a socket: level, name and value of each."""
        self.pairs = pairs
        """Whether sockets give addresses as pairs of address and port, not with more after them."""
        self.binds_one = binds_one
        """Whether a socket is bound to the one address that this host sends from, rather than to all (BEP 45): without
        a NAT an answer that leaves from another address than was asked is lost."""
        self.pack_ip, self._text_of, self._net_text = number_of, text_of, net_text
        self.loopback_net = self._block(*loopback)
        self._loopback = _by_first_byte((self.loopback_net,))
        self.loopback = self.loopback_ip(1)
        """The usual loopback address."""
        self._local = _by_first_byte(self._block(*block) for block in local)
        self._never = _by_first_byte(self._block(*block) for block in never)
        self.unpack: Callable[[bytes], Addr] = lru_cache(maxsize=16384)(self._unpack)
        """The address in `peer_length` bytes. Raises `ValueError` for any other length.

        The same nodes are named again and again: one cached object for each saves time, and half the memory of stored
        addresses."""
        self.unpack_usable: Callable[[bytes], Addr | None] = lru_cache(maxsize=16384)(self._unpack_usable)
        """The same; `None` if no packet may go to that address and port. For what other nodes name."""

    def __repr__(self) -> str:
        return self.name

    def _block(self, first: str, bits: int) -> Net:
        width = 8 * self.ip_length
        low = int.from_bytes(self.pack_ip(first))
        high = low | (1 << width - bits) - 1
        return Net(first, self._text(high), low >> width - bits, bits)

    def _text(self, number: int) -> str:
        return self._text_of(number.to_bytes(self.ip_length))

    def _inside(self, ip: str, blocks: Blocks) -> bool:
        packed = self.pack_ip(ip)
        near = blocks.get(packed[0])  # nearly always none
        if near is None:
            return False
        if near[0].bits <= 8:
            return True  # all addresses with this first byte
        number, width = int.from_bytes(packed), 8 * self.ip_length
        return any(number >> width - block.bits == block.prefix for block in near)

    # ---- compact form ------------------------------------------------------------------------------

    def pack(self, addr: Addr) -> bytes:
        """The `peer_length` bytes of an address and its port, network order."""
        return self.pack_ip(addr[0]) + addr[1].to_bytes(PORT_LENGTH, "big")

    def _unpack(self, data: bytes) -> Addr:
        if len(data) != self.peer_length:
            raise ValueError(f"a compact address has {self.peer_length} bytes, not {len(data)}")
        return self._text_of(data[: self.ip_length]), int.from_bytes(data[self.ip_length :])

    def _unpack_usable(self, data: bytes) -> Addr | None:
        addr = self._unpack(data)
        # What nearly all first bytes tell is told without a look at the blocks.
        return addr if addr[1] and (data[0] not in self._never or self.is_unicast(addr[0])) else None

    def unpack_ip(self, data: bytes) -> str:
        """The address in `ip_length` bytes."""
        return self._text_of(data)

    def canonical(self, text: str) -> str:
        """The canonical spelling of an address. Raises `OSError` or `ValueError`."""
        return inet_ntop(self.af, inet_pton(self.af, text))

    # ---- kinds of addresses ------------------------------------------------------------------------

    def is_local(self, ip: str) -> bool:
        """Whether an address belongs to this host or a private network."""
        return self._inside(ip, self._local)

    def is_unicast(self, ip: str) -> bool:
        """Whether a packet may be sent to an address."""
        return not self._inside(ip, self._never)

    def is_loopback(self, ip: str) -> bool:
        """Whether an address is a loopback address."""
        return self._inside(ip, self._loopback)

    def loopback_ip(self, nth: int) -> str:
        """The loopback address of a number. IPv6 has only one, number 1."""
        return self._text(int.from_bytes(self.pack_ip(self.loopback_net.first)) | nth)

    def host_of(self, ip: str) -> str:
        """The part of an address that one host owns."""
        spare = 8 * self.ip_length - self.host_bits
        return self._text(int.from_bytes(self.pack_ip(ip)) >> spare << spare) if spare else ip

    def net_of(self, ip: str) -> str:
        """The network that an address is counted under; a local address is a network of its own."""
        return ip if is_local(ip) else self._net_text(ip)

    # ---- BEP 42 ------------------------------------------------------------------------------------

    def bep42_input(self, ip: str, r: int) -> bytes:
        """The input of the CRC of BEP 42: the masked bytes, with the low 3 bits of `r` in the top bits."""
        length = len(self.bep42_mask)
        number = int.from_bytes(self.pack_ip(ip)[:length]) & int.from_bytes(self.bep42_mask)
        return (number | (r & 7) << 8 * length - 3).to_bytes(length)


def _colons(data: bytes) -> str:
    return inet_ntop(AF_INET6, data)


def _six(ip: str) -> bytes:
    return inet_pton(AF_INET6, ip)


def _net6(ip: str) -> str:
    return _colons(_six(ip)[:6] + bytes(10))


IPV4: Final = Family(
    "IPv4",
    AF_INET,
    ip_length=4,
    nodes_key=b"nodes",
    want=b"n4",
    host_bits=32,
    net_bits=24,
    bep42_mask=bytes.fromhex("030f3fff"),
    anywhere="0.0.0.0",
    loopback=("127.0.0.0", 8),
    local=(("127.0.0.0", 8), ("10.0.0.0", 8), ("172.16.0.0", 12), ("192.168.0.0", 16), ("169.254.0.0", 16)),
    never=(("0.0.0.0", 8), ("224.0.0.0", 3)),
    item_reply=1200,
    says_want=False,
    far="198.41.0.4",
    options=(),
    pairs=True,
    binds_one=False,
    number_of=inet_aton,
    text_of=inet_ntoa,
    net_text=lambda ip: ip.rpartition(".")[0],
)
"""Local: loopback, RFC 1918, link-local. Never sent to: 0/8, multicast, reserved, broadcast."""

IPV6: Final = Family(
    "IPv6",
    AF_INET6,
    ip_length=16,
    nodes_key=b"nodes6",
    want=b"n6",
    host_bits=64,
    net_bits=48,
    bep42_mask=bytes.fromhex("0103070f1f3f7fff"),
    anywhere="::",
    loopback=("::1", 128),
    local=(("::1", 128), ("fc00::", 7), ("fe80::", 10)),
    never=(("::", 128), ("::ffff:0:0", 96), ("ff00::", 8)),
    item_reply=1024,
    says_want=True,
    far="2001:503:ba3e::2:30",
    options=((IPPROTO_IPV6, IPV6_V6ONLY, 1),),
    pairs=False,
    binds_one=True,
    number_of=_six,
    text_of=_colons,
    net_text=_net6,
)
"""Local: loopback, unique local, link-local. Never sent to: unspecified, IPv4-mapped, multicast."""

FAMILIES: Final = (IPV4, IPV6)
OTHER: Final = {IPV4: IPV6, IPV6: IPV4}
BY_NAME: Final[dict[FamilyName, Family]] = {family.name: family for family in FAMILIES}


def family_of(ip: str) -> Family:
    """The family of an address, by its spelling."""
    return IPV6 if ":" in ip else IPV4


def host_of(ip: str) -> str:
    """The part of an address that one host owns: all of an IPv4 address, the /64 of one of IPv6."""
    # Called three times for each query: no method call for IPv4, where it is the address itself.
    return IPV6.host_of(ip) if ":" in ip else ip


@lru_cache(maxsize=8192)
def net_of(ip: str) -> str:
    """The network that an address is counted under: the /24 of an IPv4 address, the /48 of one of IPv6, or a local
    address itself."""
    return family_of(ip).net_of(ip)


@lru_cache(maxsize=4096)
def is_local(ip: str) -> bool:
    """Whether an address belongs to this host or a private network (loopback, RFC 1918 and 4193, link-local).

    BEP 42 and the one-node-per-address rules don't bind such addresses.
    """
    return family_of(ip).is_local(ip)
