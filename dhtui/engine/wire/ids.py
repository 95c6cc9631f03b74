"""Node ids: 160-bit numbers as 20 bytes, their XOR distance, and the rule of BEP 42."""

from __future__ import annotations

from hashlib import sha1
from math import log2
from random import Random
from typing import Final, NamedTuple

from .family import ID_LENGTH, IPV4, family_of, is_local

__all__ = [
    "ID_BITS",
    "ID_LENGTH",
    "Bep42",
    "bep42",
    "bep42_id",
    "bep42_valid",
    "bits",
    "crc32c",
    "distance",
    "immutable_target",
    "mutable_target",
    "random_id",
    "random_id_with_prefix",
    "shared_prefix",
]

ID_BITS = 160


def distance(a: bytes, b: bytes) -> int:
    """The XOR distance of two ids (BEP 5, "Overview")."""
    return int.from_bytes(a, "big") ^ int.from_bytes(b, "big")


def shared_prefix(a: bytes, b: bytes) -> int:
    """How many leading bits two ids share, 0 to 160."""
    return ID_BITS - distance(a, b).bit_length()


def bits(apart: int) -> float:
    """log2 of an XOR distance, 0.0 to 159.9, rounded down to tenths; -1.0 for the distance 0.

    Rounded down, its integer part is always 159 minus the number of shared leading bits.
    """
    if not apart:
        return -1.0
    whole = apart.bit_length() - 1
    return round(whole + min(9, max(0, int((log2(apart) - whole) * 10))) / 10, 1)


def immutable_target(v: bytes) -> bytes:
    """The 20-byte target of an immutable item: SHA-1 of its bencoded value (BEP 44, "Immutable items")."""
    return sha1(v, usedforsecurity=False).digest()


def mutable_target(k: bytes, salt: bytes = b"") -> bytes:
    """The 20-byte target of a mutable item: SHA-1 of public key and salt (BEP 44, "Mutable items")."""
    return sha1(k + salt, usedforsecurity=False).digest()


def random_id(rng: Random) -> bytes:
    """A uniformly random id."""
    return rng.randbytes(ID_LENGTH)


def random_id_with_prefix(prefix_of: bytes, bits: int, rng: Random) -> bytes:
    """A random id that shares exactly `bits` (0 to 159) leading bits with `prefix_of`: one of bucket `bits`."""
    free = ID_BITS - bits - 1
    own = int.from_bytes(prefix_of, "big")
    number = ((own >> free) ^ 1) << free | rng.getrandbits(free) if free else own ^ 1
    return number.to_bytes(ID_LENGTH, "big")


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


_CRC = _crc_table()


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli), the checksum of BEP 42."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def _crc_of_byte(place: int, bits: int, shift: int = 0) -> tuple[int, ...]:
    """For each value of a byte: what it adds to the CRC of four, if it stands in `place` and only its low `bits` count.

    A CRC is linear: that of four bytes is the XOR of those of each byte alone, and of that of zeros for each of them.
    """
    zeros = crc32c(bytes(4))
    mask = (1 << bits) - 1
    return tuple(
        crc32c((((byte & mask) << shift) << 8 * (3 - place)).to_bytes(4, "big")) ^ zeros for byte in range(256)
    )


_FOUR: Final = tuple(_crc_of_byte(place, mask.bit_length()) for place, mask in enumerate(IPV4.bep42_mask))
_FOUR_R: Final = tuple(crc ^ crc32c(bytes(4)) for crc in _crc_of_byte(0, 3, 5))
"""The CRC of BEP 42 for IPv4, taken apart: every node that a lookup meets is checked."""


class Bep42(NamedTuple):
    """The computation of BEP 42 for one address, step by step."""

    masked: bytes
    """The first bytes of the address, masked, the low 3 bits of `r` in the top bits: 4 bytes, masked with 03.0f.3f.ff,
    or 8 of IPv6."""
    crc: int
    """CRC-32C of `masked`. The first 21 bits of the id must be the first 21 bits of this."""


def bep42(ip: str, r: int) -> Bep42:
    """The required start of an id at an address, for a last byte `r` (only its low 3 bits count; BEP 42)."""
    data = family_of(ip).bep42_input(ip, r)
    return Bep42(data, crc32c(data))


def bep42_id(ip: str, rng: Random) -> bytes:
    """A random id that BEP 42 accepts at an address."""
    r = rng.randrange(256)
    crc = bep42(ip, r).crc
    top = crc & 0xFFFFF800 | rng.getrandbits(11)
    return top.to_bytes(4, "big") + rng.randbytes(15) + bytes((r,))


def bep42_valid(node_id: bytes, ip: str) -> bool:
    """Whether an id fits its address. Loopback and private addresses are exempt (BEP 42, "local networks")."""
    if is_local(ip):
        return True
    if ":" in ip:
        wanted = bep42(ip, node_id[19]).crc
    else:
        a, b, c, d = IPV4.pack_ip(ip)
        wanted = _FOUR[0][a] ^ _FOUR[1][b] ^ _FOUR[2][c] ^ _FOUR[3][d] ^ _FOUR_R[node_id[19]]
    return (int.from_bytes(node_id[:4], "big") ^ wanted) & 0xFFFFF800 == 0
