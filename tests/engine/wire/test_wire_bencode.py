"""The strict codec (BEP 3, "bencoding"): hostile bytes end in one exception, and soon."""

from __future__ import annotations

import time
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhtui.engine.wire import bencode
from dhtui.engine.wire.bencode import MAX_DEPTH, Bencached, BencodeError, decode, decode_lenient, encode

values = st.recursive(
    st.integers(bencode.INT_MIN, bencode.INT_MAX) | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.binary(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(values)
@settings(max_examples=100, derandomize=True)
def test_decode_undoes_encode(value: Any) -> None:
    """BEP 3: every value of the four types survives the round trip, strictly and leniently."""
    assert decode(encode(value)) == value
    assert decode_lenient(encode(value)) == value


@given(values, st.randoms(use_true_random=False))
@settings(max_examples=200, derandomize=True)
def test_what_the_strict_decoder_takes_is_canonical(value: Any, rng: Random) -> None:
    """BEP 44 needs it: what was decoded encodes to the very bytes received, so hashes and signatures hold."""
    data = bytearray(encode(value))
    for _ in range(rng.randrange(4)):
        data[rng.randrange(len(data))] = rng.choice(b"0123456789:ilde-+ _ax\x00\xff")
    for decoder in (decode, decode_lenient):
        try:
            decoded = decoder(bytes(data))
        except BencodeError:
            continue
        if decoder is decode:
            assert encode(decoded) == bytes(data)
        else:
            assert len(encode(decoded)) == len(data)


KILLERS = [
    b"d0:0:-5:",  # the stock decoder goes back five bytes, for ever
    b"d1:ad0:0:-5:",
    b"ld0:0:-5:",
    b"d1:a-5:",
    b"l-1:",
    b"d-1:",
]


@pytest.mark.parametrize("data", KILLERS, ids=ascii)
def test_a_negative_length_does_not_hang(data: bytes) -> None:
    """``d0:0:-5:`` made the stock decoder, and the one of bittorrent-dht, loop for ever."""
    for decoder in (decode, decode_lenient):
        with pytest.raises(BencodeError):
            decoder(data)


SLOPPY = [
    b"",
    b"i1",
    b"ie",
    b"i-e",
    b"i-0e",
    b"i01e",
    b"i+1e",
    b"i 1e",
    b"i1 e",
    b"i1_0e",
    b"i\xb2e",
    b"i9223372036854775808e",
    b"i-9223372036854775809e",
    b"i" + b"9" * 5000 + b"e",
    b"3:ab",
    b"3 :abc",
    b" 3:abc",
    b"+3:abc",
    b"03:abc",
    b"00:",
    b"1_0:0123456789",
    b"\xb2:ab",
    b":",
    b"9999999:a",
    b"l",
    b"li1e",
    b"d",
    b"d1:a",
    b"d1:ae",
    b"di1ei2ee",
    b"dlei1ee",
    b"i1ei2e",
    b"dex",
    b"x",
    b"e",
    b"d1:ai1e1:ai2ee",
]


@pytest.mark.parametrize("data", SLOPPY, ids=lambda data: ascii(data[:24]))
def test_sloppy_bencode_is_refused(data: bytes) -> None:
    """Blanks, signs, underscores, leading zeros, big integers, cut or trailing bytes, repeated keys."""
    for decoder in (decode, decode_lenient):
        with pytest.raises(BencodeError):
            decoder(data)


def test_integers_are_64_bit() -> None:
    """int64: the largest and the smallest are read, one more is not."""
    assert decode(b"i9223372036854775807e") == 2**63 - 1
    assert decode(b"i-9223372036854775808e") == -(2**63)


@pytest.mark.parametrize("data", [b"d1:bi1e1:ai2ee", b"ld2:aai1e1:ai2eee"], ids=ascii)
def test_unsorted_keys_are_read_leniently_only(data: bytes) -> None:
    """BEP 3: keys are sorted. Who does not sort is understood, and known for it."""
    with pytest.raises(BencodeError):
        decode(data)
    assert decode_lenient(data)


@pytest.mark.parametrize(
    "data",
    [b"d1:ai1e1:ai2ee", b"d1:bi1e1:ai2e1:bi3ee", b"d1:ci1e1:ai2e1:bi3e1:ai4ee", b"ld1:bi1e1:ai2e1:bi3eee"],
    ids=ascii,
)
def test_a_key_twice_is_refused_also_out_of_order(data: bytes) -> None:
    """Two readers would take two different values for one key."""
    for decoder in (decode, decode_lenient):
        with pytest.raises(BencodeError):
            decoder(data)


@pytest.mark.parametrize(("opening", "inner"), [(b"l", b""), (b"d1:a", b"i1e")], ids=["lists", "dictionaries"])
def test_nesting_ends_at_depth_32(opening: bytes, inner: bytes) -> None:
    """Depth 32: lists and dictionaries nested deeper are refused before the stack is in danger."""
    assert MAX_DEPTH == 32
    assert decode(opening * MAX_DEPTH + inner + b"e" * MAX_DEPTH) is not None
    for depth in (MAX_DEPTH + 1, 3000):
        with pytest.raises(BencodeError):
            decode(opening * depth + inner + b"e" * depth)


@pytest.mark.parametrize(
    "data",
    [
        b"l" * 16384,
        b"d1:a" * 4096,
        b"d" + b"1" * 16383,
        b"d1:ai" + b"1" * 16378 + b"e",
        b"l" + b"0:" * 8191 + b"e",
        b"l" + b"i0e" * 5461,
        b"d" + b"".join(b"4:%04di0e" % (4999 - i) for i in range(1800)) + b"e",
    ],
    ids=lambda data: ascii(data[:8]),
)
def test_the_worst_datagram_costs_milliseconds(data: bytes) -> None:
    """16 KiB of anything is decoded or refused without quadratic work (here: under 0.1 s of CPU)."""
    started = time.process_time()
    for decoder in (decode, decode_lenient):
        with suppress(BencodeError):
            decoder(data)
    assert time.process_time() - started < 0.1


def test_the_encoder_sorts_keys_and_inserts_what_is_bencoded_already() -> None:
    """BEP 3: sorted as raw bytes. `Bencached` carries the original bytes of a BEP 44 value."""
    assert encode({b"b": 1, b"a": [b"x", -3], b"B": {}}) == b"d1:Bde1:al1:xi-3ee1:bi1ee"
    assert encode({b"v": Bencached(b"d1:bi1e1:ai2ee")}) == b"d1:vd1:bi1e1:ai2eee"


class Id(bytes):
    """A subclass, which the encoder does not know."""


@pytest.mark.parametrize(
    "value",
    [None, 1.5, bytearray(b"x"), Id(b"x"), {1: 2}, {b"a": None}, pytest.param([object()], id="a list of an object")],
    ids=repr,
)
def test_what_has_no_bencoding_raises_bencode_error(value: Any) -> None:
    """One exception type comes out of the encoder, too."""
    with pytest.raises(BencodeError):
        encode(value)


def test_a_value_that_holds_itself_raises_bencode_error() -> None:
    """No endless recursion."""
    value: list[Any] = []
    value.append(value)
    with pytest.raises(BencodeError):
        encode(value)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (1.5, "float can't be bencoded: int, bytes, list and dict can"),
        ([{b"a": None}], "NoneType can't be bencoded: int, bytes, list and dict can"),
        ({"a": 1, b"b": 2}, "can't bencode: the keys of a dict must be bytes"),
    ],
)
def test_what_can_not_be_bencoded_is_told_in_our_own_words(value: object, why: str) -> None:
    with pytest.raises(BencodeError) as raised:
        encode(value)
    assert str(raised.value) == why


def test_a_list_within_itself_is_too_deep() -> None:
    value: list[object] = []
    value.append(value)
    with pytest.raises(BencodeError, match="nested too deep"):
        encode(value)
