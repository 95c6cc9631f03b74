"""Ids: distance, prefixes, and BEP 42 with its published vectors."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhtui.engine.wire.ids import (
    bep42,
    bep42_id,
    bep42_valid,
    crc32c,
    distance,
    random_id,
    random_id_with_prefix,
    shared_prefix,
)

ids = st.binary(min_size=20, max_size=20)


def test_crc32c_vector() -> None:
    """CRC-32C of "123456789"."""
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(b"") == 0


BEP42 = [
    ("124.31.75.21", 1, 0x5FBFBDB2, "5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401"),
    ("21.75.31.124", 86, 0x5A3CE9B0, "5a3ce9c14e7a08645677bbd1cfe7d8f956d53256"),
    ("65.23.51.170", 22, 0xA5D4344A, "a5d43220bc8f112a3d426c84764f8c2a1150e616"),
    ("84.124.73.14", 65, 0x1B03217B, "1b0321dd1bb1fe518101ceef99462b947a01ff41"),
    ("43.213.53.83", 90, 0xE56F6972, "e56f6cbf5b7c4be0237986d5243b87aa6d51305a"),
]


@pytest.mark.parametrize(("ip", "r", "crc", "node_id"), BEP42, ids=[row[0] for row in BEP42])
def test_bep42_vectors(ip: str, r: int, crc: int, node_id: str) -> None:
    """BEP 42, the five published addresses: checksum, and the id that it allows."""
    assert bep42(ip, r).crc == crc
    assert bep42_valid(bytes.fromhex(node_id), ip)


@pytest.mark.parametrize(
    ("node_id", "ip", "valid"),
    [
        ("5fbfbff10c5d7a4ec8a88e4c6ab4c28b95eee401", "124.31.75.21", True),
        ("5a3ce1c14e7a08645677bbd1cfe7d8f956d53256", "21.75.31.124", False),  # bit 21 differs
        ("a5d43620bc8f112a3d426c84764f8c2a1150e616", "65.23.51.170", True),  # bit 22 is free
        ("1b0321dd1bb1fe518101ceef99462b947a01fe01", "84.124.73.14", True),  # only r's low 3 bits count
        ("e56f6cbf5b7c4be0237986d5243b87aa6d51303e", "43.213.53.83", False),
        ("e56f6cbf5b7c4be0237986d5243b87aa6d51305a", "10.213.53.83", True),  # private: exempt
        ("e56f6cbf5b7c4be0237986d5243b87aa6d51305a", "12.213.53.83", False),
        ("e56f6cbf5b7c4be0237986d5243b87aa6d51305a", "192.168.53.83", True),
    ],
)
def test_bep42_cases_of_anacrolix(node_id: str, ip: str, valid: bool) -> None:
    """BEP 42: 21 bits bind, private addresses are exempt."""
    assert bep42_valid(bytes.fromhex(node_id), ip) is valid


@pytest.mark.parametrize("ip", ["127.0.0.1", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.1.1"])
def test_bep42_exempts_local_networks(ip: str) -> None:
    """BEP 42, "local networks"."""
    assert bep42_valid(bytes(20), ip)


@given(st.integers(0x01000000, 0xDFFFFFFF), st.integers(0, 2**32))
@settings(max_examples=60, derandomize=True)
def test_bep42_ids_that_we_make_are_valid(number: int, seed: int) -> None:
    """BEP 42: an id made for an address fits it, whatever the random bits."""
    ip = ".".join(map(str, number.to_bytes(4, "big")))
    node_id = bep42_id(ip, Random(seed))
    assert len(node_id) == 20
    assert bep42_valid(node_id, ip)
    assert (int.from_bytes(node_id[:4], "big") ^ bep42(ip, node_id[19]).crc) >> 11 == 0


def test_bep42_ids_differ() -> None:
    """Neighbours behind one address need ids of their own."""
    rng = Random(1)
    assert len({bep42_id("203.0.113.5", rng) for _ in range(50)}) == 50


@given(ids, ids, ids)
@settings(max_examples=50, derandomize=True)
def test_distance_is_the_xor_metric(a: bytes, b: bytes, c: bytes) -> None:
    """BEP 5, "Overview": symmetric, zero only for equals, and the triangle holds."""
    assert distance(a, b) == distance(b, a) == int(a.hex(), 16) ^ int(b.hex(), 16)
    assert (distance(a, b) == 0) is (a == b)
    assert distance(a, c) <= distance(a, b) + distance(b, c)


def test_shared_prefix_counts_bits() -> None:
    """0 for ids that differ in the first bit, 160 for equals."""
    assert shared_prefix(bytes(20), b"\x80" + bytes(19)) == 0
    assert shared_prefix(bytes(20), b"\x00\x01" + bytes(18)) == 15
    assert shared_prefix(bytes(20), bytes(19) + b"\x01") == 159
    assert shared_prefix(bytes(20), bytes(20)) == 160


@given(ids, st.integers(0, 159), st.integers(0, 2**32))
@settings(max_examples=80, derandomize=True)
def test_a_random_id_of_a_bucket_lies_in_it(own: bytes, bits: int, seed: int) -> None:
    """BEP 5, "refresh": a random id that shares exactly so many bits, also at both ends."""
    made = random_id_with_prefix(own, bits, Random(seed))
    assert len(made) == 20
    assert shared_prefix(own, made) == bits


def test_random_ids_have_20_bytes_and_differ() -> None:
    """Ids are drawn from the source that is handed in."""
    assert random_id(Random(1)) == random_id(Random(1)) != random_id(Random(2))
    assert len(random_id(Random(1))) == 20
