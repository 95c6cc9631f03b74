"""Ed25519 in its three forms, against the vectors of BEP 44 and of libtorrent's issue 6286."""

from __future__ import annotations

from hashlib import sha512

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhtui.engine import keys
from dhtui.engine.keys import BEP44_TEST_KEY, BadKey, PrivateKey, read_original_key_file, read_private, verify

SEED = bytes.fromhex("829ee32a86b93d3766df28d8d77069fdc04e05b17fb095043c72a56d846d0372")
EXPANDED = bytes.fromhex(
    "d80f1dd2960eb009dfddc59869cfdfdcc7f1b53eced672bb44ec5a1ed5bb4b6b"
    "782b47fb7767f2d231dc37d84acaf1097ebd82636568e69a85759f9a13d274df"
)
PUBLIC = bytes.fromhex("b5ed5efc01b59d13708efa6186a6b11df026e1f5f66d417492c795bbc53211ee")

BEP44_PUBLIC = bytes.fromhex("77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548")
BEP44_MESSAGE = b"3:seqi1e1:v12:Hello World!"
BEP44_SIGNATURE = bytes.fromhex(
    "305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff"
    "1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01"
)
BEP44_SALTED_MESSAGE = b"4:salt6:foobar" + BEP44_MESSAGE
BEP44_SALTED_SIGNATURE = bytes.fromhex(
    "6834284b6b24c3204eb2fea824d82f88883a3d95e8b4a21b8c0ded553d17d17d"
    "df9a8a7104b1258f30bed3787e6cb896fca78c58f8e03b5f18f14951a87d9a08"
)

GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
LOW_SEED = bytes(range(32))
"""Byte 31 is 31: the original could publish with it."""
HIGH_SEED = bytes(range(224, 256))
"""Byte 31 is 255: it could not."""


def key_file(seed: bytes) -> str:
    """What the original's genkey wrote for a seed."""
    return (seed + PrivateKey.from_seed(seed).public).hex()


def test_the_seed_of_libtorrent_6286_has_its_public_key() -> None:
    assert PrivateKey.from_seed(SEED).public == PUBLIC


def test_the_seed_of_libtorrent_6286_expands_to_its_expanded_key() -> None:
    digest = bytearray(sha512(SEED).digest())
    digest[0] &= 248
    digest[31] = digest[31] & 63 | 64
    assert bytes(digest) == EXPANDED
    assert PrivateKey.from_expanded(EXPANDED).public == PUBLIC


def test_a_seed_and_its_expanded_key_make_the_same_signatures() -> None:
    assert PrivateKey.from_seed(SEED).sign(b"message") == PrivateKey.from_expanded(EXPANDED).sign(b"message")


def test_the_bep44_key_has_the_published_public_key() -> None:
    assert BEP44_TEST_KEY.public == BEP44_PUBLIC
    assert BEP44_TEST_KEY.form == "expanded"
    assert PrivateKey.from_expanded(BEP44_TEST_KEY.secret) == BEP44_TEST_KEY, "its public key is not computed at start"


@pytest.mark.parametrize(
    ("message", "signature"),
    [(BEP44_MESSAGE, BEP44_SIGNATURE), (BEP44_SALTED_MESSAGE, BEP44_SALTED_SIGNATURE)],
    ids=["mutable", "salted"],
)
def test_bep44_signatures_are_made_and_verified(message: bytes, signature: bytes) -> None:
    assert BEP44_TEST_KEY.sign(message) == signature
    assert verify(BEP44_PUBLIC, message, signature)


def test_a_changed_message_key_or_signature_does_not_verify() -> None:
    assert not verify(BEP44_PUBLIC, BEP44_MESSAGE + b"!", BEP44_SIGNATURE)
    assert not verify(PUBLIC, BEP44_MESSAGE, BEP44_SIGNATURE)
    for place in (0, 31, 32, 63):
        changed = bytearray(BEP44_SIGNATURE)
        changed[place] ^= 1
        assert not verify(BEP44_PUBLIC, BEP44_MESSAGE, bytes(changed))


@pytest.mark.parametrize("length", [0, 1, 31, 33, 64])
def test_public_keys_of_a_wrong_length_verify_nothing(length: int) -> None:
    assert not verify((BEP44_PUBLIC * 2)[:length], BEP44_MESSAGE, BEP44_SIGNATURE)


@pytest.mark.parametrize("length", [0, 1, 32, 63, 65, 128])
def test_signatures_of_a_wrong_length_do_not_verify(length: int) -> None:
    assert not verify(BEP44_PUBLIC, BEP44_MESSAGE, (BEP44_SIGNATURE * 2)[:length])


def test_bytes_cannot_move_from_the_signature_to_the_message() -> None:
    assert not verify(BEP44_PUBLIC, BEP44_SIGNATURE[-1:] + BEP44_MESSAGE, BEP44_SIGNATURE[:-1])


@given(st.binary(max_size=40), st.binary(max_size=80), st.binary(max_size=70))
@settings(max_examples=100, deadline=None)
def test_verify_never_raises(public: bytes, message: bytes, signature: bytes) -> None:
    assert verify(public, message, signature) is False


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=64, max_size=64))
@settings(max_examples=100, deadline=None)
def test_verify_never_raises_on_right_lengths(public: bytes, signature: bytes) -> None:
    verify(public, b"", signature)


def test_a_key_of_small_order_verifies_nothing() -> None:
    # With the neutral element for a key, (R=neutral, S=0) would be a signature of every message.
    neutral = b"\x01" + bytes(31)
    assert not verify(neutral, b"anything", neutral + bytes(32))


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
@settings(max_examples=50, deadline=None)
def test_what_any_seed_signs_verifies(seed: bytes, message: bytes) -> None:
    key = PrivateKey.from_seed(seed)
    assert verify(key.public, message, key.sign(message))


def test_generate_takes_the_bytes_it_is_given() -> None:
    assert PrivateKey.generate(SEED) == PrivateKey.from_seed(SEED)


def test_generate_makes_another_seed_each_time() -> None:
    one, other = PrivateKey.generate(), PrivateKey.generate()
    assert one.form == "seed" and len(one.secret) == 32
    assert one.public != other.public


@pytest.mark.parametrize("key", [PrivateKey.from_seed(SEED), BEP44_TEST_KEY], ids=["seed", "expanded"])
def test_the_secret_is_not_in_the_repr(key: PrivateKey) -> None:
    for text in (repr(key), str(key), f"{[key]}"):
        assert "secret" not in text
        assert key.secret.hex() not in text and repr(key.secret)[2:-1] not in text


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_seeds_of_a_wrong_length_are_refused(length: int) -> None:
    with pytest.raises(BadKey, match=f"32 bytes, not {length}"):
        PrivateKey.from_seed(bytes(length))


@pytest.mark.parametrize("length", [0, 32, 63, 65, 128])
def test_expanded_keys_of_a_wrong_length_are_refused(length: int) -> None:
    with pytest.raises(BadKey, match=f"64 bytes, not {length}"):
        PrivateKey.from_expanded(bytes(length))


def test_a_scalar_over_255_bits_is_refused() -> None:
    with pytest.raises(BadKey, match="byte 31 of the private key is 255, over 127"):
        PrivateKey.from_expanded(HIGH_SEED + bytes(32))


def test_a_scalar_of_zero_is_refused() -> None:
    with pytest.raises(BadKey, match="zero"):
        PrivateKey.from_expanded(bytes(64))


def test_a_signature_that_does_not_verify_is_never_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "_sign_expanded", lambda *_: bytes(64))
    with pytest.raises(BadKey, match="does not verify"):
        BEP44_TEST_KEY.sign(b"message")


def test_32_bytes_are_a_seed() -> None:
    assert read_private(SEED) == PrivateKey.from_seed(SEED)
    assert read_private(SEED, PUBLIC).form == "seed"


def test_64_bytes_that_end_in_the_public_key_of_their_head_are_the_form_of_go() -> None:
    assert read_private(SEED + PUBLIC) == PrivateKey.from_seed(SEED)
    assert read_private(SEED + PUBLIC, PUBLIC) == PrivateKey.from_seed(SEED)


def test_other_64_bytes_are_an_expanded_key() -> None:
    assert read_private(EXPANDED) == PrivateKey.from_expanded(EXPANDED)
    assert read_private(EXPANDED, PUBLIC).form == "expanded"


def test_the_public_key_decides_between_the_readings_of_64_bytes() -> None:
    data = bytes.fromhex(key_file(LOW_SEED))
    published = PrivateKey.from_expanded(data)
    assert read_private(data).form == "seed"
    assert read_private(data, published.public) == published


@pytest.mark.parametrize("data", [SEED, SEED + PUBLIC, EXPANDED], ids=["seed", "go", "expanded"])
@pytest.mark.parametrize("public", [BEP44_PUBLIC, b"", PUBLIC[:31]], ids=["another", "none", "short"])
def test_a_public_key_that_does_not_belong_is_refused(data: bytes, public: bytes) -> None:
    with pytest.raises(BadKey, match="does not belong"):
        read_private(data, public)


@pytest.mark.parametrize("length", [0, 1, 4, 31, 33, 63, 65, 96, 128])
def test_private_keys_of_a_wrong_length_are_refused(length: int) -> None:
    with pytest.raises(BadKey, match=f"not {length}$"):
        read_private(bytes(length))


@pytest.mark.parametrize(
    "data",
    [SEED + bytes(32), b"\x01" + EXPANDED[1:], EXPANDED[:31] + b"\x00" + EXPANDED[32:], bytes(64)],
    ids=["go with a wrong tail", "low bits set", "bit 254 clear", "zeros"],
)
def test_64_bytes_of_garbage_are_refused(data: bytes) -> None:
    with pytest.raises(BadKey):
        read_private(data)


def test_a_key_file_of_the_original_has_two_readings() -> None:
    original = read_original_key_file(key_file(LOW_SEED))
    assert original.standard == PrivateKey.from_seed(LOW_SEED)
    assert original.as_published is not None
    assert original.as_published.secret[:32] == LOW_SEED, "the scalar is the seed as it stands"
    assert original.as_published.public != original.standard.public
    assert original.unusable == ""


def test_both_readings_of_a_key_file_sign() -> None:
    original = read_original_key_file(key_file(LOW_SEED))
    for key in (original.standard, original.as_published):
        assert key is not None
        assert verify(key.public, b"message", key.sign(b"message"))


def test_a_key_file_whose_byte_31_is_over_127_has_no_published_reading() -> None:
    original = read_original_key_file(key_file(HIGH_SEED))
    assert original.as_published is None
    assert original.standard == PrivateKey.from_seed(HIGH_SEED)
    assert original.unusable == "byte 31 of the private key is 255, over 127: no signature by it can verify"


def test_byte_31_decides_at_127() -> None:
    for last, usable in ((127, True), (128, False)):
        original = read_original_key_file(key_file(LOW_SEED[:31] + bytes((last,))))
        assert (original.as_published is not None) is usable


def test_the_standard_public_key_gives_the_published_secret_away() -> None:
    """Why the standard reading is never taken unasked: it *is* the nonce prefix of the published one."""
    original = read_original_key_file(key_file(LOW_SEED))
    assert original.as_published is not None and original.standard is not None
    message, public = b"published years ago", original.as_published.public
    signature = original.as_published.sign(message)

    def number(data: bytes) -> int:
        return int.from_bytes(data, "little")

    nonce = number(sha512(original.standard.public + message).digest())
    challenge = number(sha512(signature[:32] + public + message).digest())
    secret = (number(signature[32:]) - nonce) * pow(challenge, -1, GROUP_ORDER) % GROUP_ORDER
    assert secret == number(LOW_SEED) % GROUP_ORDER


def test_a_key_file_with_a_true_expanded_key_is_read_as_such() -> None:
    original = read_original_key_file(BEP44_TEST_KEY.secret.hex())
    assert original.as_published == BEP44_TEST_KEY
    assert original.standard is None


def test_a_line_end_and_capitals_in_a_key_file_do_no_harm() -> None:
    text = key_file(LOW_SEED)
    assert read_original_key_file(text.upper() + "\r\n") == read_original_key_file(text)


@pytest.mark.parametrize("length", [0, 2, 4, 64, 127, 129, 256])
def test_key_files_of_a_wrong_length_are_refused(length: int) -> None:
    with pytest.raises(BadKey, match=f"128 hex digits, this has {length} characters"):
        read_original_key_file("0" * length)


@pytest.mark.parametrize("text", ["zz" * 64, "é" * 128, "ab " * 42 + "ab", "0x" + "ab" * 63], ids=ascii)
def test_key_files_that_are_not_hex_are_refused(text: str) -> None:
    with pytest.raises(BadKey, match="this has other characters in it"):
        read_original_key_file(text)


def test_a_damaged_key_file_is_refused_without_showing_it() -> None:
    text = key_file(LOW_SEED)[:-1] + "0"
    with pytest.raises(BadKey, match="damaged") as caught:
        read_original_key_file(text)
    assert text[:16] not in str(caught.value)
