"""Bloom filters of addresses, and how many addresses are in one (BEP 33).

A filter has m = 2048 bits, 2 for each address. It never tells which addresses are in it for sure, nor ports. The union
of filters is their bitwise or, so an address that several nodes know counts once.

Of n addresses the number of zero bits has the mean m q1^(2n) and the variance m q1^(2n) + m (m - 1) q2^(2n) - (m
q1^(2n))^2, where q1 = 1 - 1/m and q2 = 1 - 2/m. The estimate is the n whose mean was found. The interval holds all n
for which what was found lies within 1.96 standard deviations of the mean: the truth in 95 of 100 filters. It is about
the filter alone: no filter knows of peers that did not announce to its node.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha1
from math import log, sqrt
from typing import Final, NamedTuple

from .family import family_of

FILTER_BYTES: Final = 256
BITS: Final = 8 * FILTER_BYTES
MOST: Final = 6000
"""Addresses from which on a filter is too full for an estimate (BEP 33)."""
SIGMAS: Final = 1.96
_STAY, _STAY_BOTH = 1 - 1 / BITS, 1 - 2 / BITS


class Count(NamedTuple):
    """An estimated number, with the bounds of a 95 % interval."""

    value: float
    low: float
    high: float | None
    """`None`: the filter is too full to tell."""


def bits_of(ip: str) -> int:
    """The two bits of an address, in a number whose bit i is bit i of a filter."""
    digest = sha1(family_of(ip).pack_ip(ip), usedforsecurity=False).digest()
    first, second = digest[0] | digest[1] << 8, digest[2] | digest[3] << 8
    return 1 << first % BITS | 1 << second % BITS


def filter_of(ips: Iterable[str]) -> bytes:
    """The 256-byte filter of some addresses."""
    number = 0
    for ip in ips:
        number |= bits_of(ip)
    return number.to_bytes(FILTER_BYTES, "little")


def union(filters: Iterable[bytes]) -> bytes:
    """The filter of all addresses in any of the filters, 256 bytes each."""
    number = 0
    for each in filters:
        number |= int.from_bytes(each, "little")
    return number.to_bytes(FILTER_BYTES, "little")


def count(data: bytes) -> Count:
    """The estimated number of addresses in a 256-byte filter."""
    ones = int.from_bytes(data, "little").bit_count()
    if not ones:
        return Count(0.0, 0.0, 0.0)
    zeros = BITS - ones
    value = min(_inverse(max(zeros, 1)), float(MOST))
    # Each address sets at most 2 bits, so fewer than half the ones is impossible.
    low = max(_bound(zeros, SIGMAS), ones / 2)
    high = None if _deviation(MOST) * SIGMAS + _mean(MOST) > zeros else _bound(zeros, -SIGMAS)
    return Count(max(value, ones / 2), min(low, value), high if high is None else max(high, value))


def _inverse(zeros: float) -> float:
    """How many addresses leave so many zeros, in the mean."""
    return log(zeros / BITS) / (2 * log(_STAY))


def _mean(n: float) -> float:
    return float(BITS * _STAY ** (2 * n))


def _deviation(n: float) -> float:
    mean = _mean(n)
    return sqrt(max(0.0, mean + BITS * (BITS - 1) * _STAY_BOTH ** (2 * n) - mean * mean))


def _bound(zeros: int, sigmas: float) -> float:
    """The n whose mean of zeros lies `sigmas` of its standard deviations above what was found, by bisection."""
    low, high = 0.0, 2.0 * MOST
    for _ in range(50):
        middle = (low + high) / 2
        if _mean(middle) - sigmas * _deviation(middle) > zeros:
            low = middle
        else:
            high = middle
    return low
