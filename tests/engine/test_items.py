"""BEP 44 items: targets, signatures and limits, against the published vectors."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhtui.engine import items, keys
from dhtui.engine.items import (
    MAX_SALT,
    MAX_SEQ,
    MAX_VALUE,
    Draft,
    ImmutableItem,
    ItemError,
    MutableItem,
    check_salt,
    check_seq,
    check_value,
    immutable_target,
    mutable_target,
    sign,
    signing_buffer,
)
from dhtui.engine.keys import BEP44_TEST_KEY, BadKey, PrivateKey
from dhtui.engine.wire import bencode

HELLO = b"12:Hello World!"
TARGET = "4a533d47ec9c7d95b1ad75f576cffc641853b750"
SALTED_TARGET = "411eba73b6f087ca51a3795d9c8c938d365e32c1"
SIGNATURE = (
    "305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff"
    "1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01"
)
SALTED_SIGNATURE = (
    "6834284b6b24c3204eb2fea824d82f88883a3d95e8b4a21b8c0ded553d17d17d"
    "df9a8a7104b1258f30bed3787e6cb896fca78c58f8e03b5f18f14951a87d9a08"
)


def value_of(length: int) -> bytes:
    """A byte string that takes exactly `length` bytes bencoded, 104 to 1003."""
    return bencode.encode(b"x" * (length - 4))


def test_bep44_vector_1_mutable() -> None:
    item = sign(BEP44_TEST_KEY, HELLO, 1)
    assert signing_buffer(HELLO, 1) == b"3:seqi1e1:v12:Hello World!"
    assert item.sig.hex() == SIGNATURE
    assert item.target.hex() == TARGET
    assert item.verify()


def test_bep44_vector_2_mutable_with_salt() -> None:
    item = sign(BEP44_TEST_KEY, HELLO, 1, b"foobar")
    assert signing_buffer(HELLO, 1, b"foobar") == b"4:salt6:foobar3:seqi1e1:v12:Hello World!"
    assert item.sig.hex() == SALTED_SIGNATURE
    assert item.target.hex() == SALTED_TARGET
    assert item.verify()


def test_bep44_vector_3_immutable() -> None:
    assert ImmutableItem(HELLO).target.hex() == "e5f96f6f38320f0f33959cb4d3d656452117aadb"


@pytest.mark.parametrize(
    ("salt", "sig_start", "sig_end", "target"),
    [(b"", "9551f633", "6604", TARGET), (b"foobar", "5d0b6f04", "1f07", SALTED_TARGET)],
    ids=["plain", "salted"],
)
def test_seq_0_gives_what_mh_cbon_dht_signs_by_default(salt: bytes, sig_start: str, sig_end: str, target: str) -> None:
    item = sign(BEP44_TEST_KEY, HELLO, 0, salt)
    assert item.sig.hex().startswith(sig_start)
    assert item.sig.hex().endswith(sig_end)
    assert item.target.hex() == target


def test_the_immutable_vector_of_pubky_mainline() -> None:
    value = bytes.fromhex("ab766f6fae6dc3208a8c71b04c8774849c7e4bad")
    assert immutable_target(b"20:" + value).hex() == "0217712b430bb91a1a1ecceecc010d54342856e7"


@pytest.mark.parametrize(
    ("salt", "target"),
    [(b"", "cc3f9d90b572172053626f9980ce261a850d050b"), (b"n", "59ee7c2cb9b4f7eb1986ee2d18fd2fdb8a56554f")],
    ids=["plain", "salted"],
)
def test_bep46_targets(salt: bytes, target: str) -> None:
    key = bytes.fromhex("8543d3e6115f0f98c944077a4493dcd543e49c739fd998550a1f614ab36ed63e")
    assert mutable_target(key, salt).hex() == target


def test_an_empty_salt_is_no_salt() -> None:
    assert signing_buffer(HELLO, 1, b"") == signing_buffer(HELLO, 1)
    assert sign(BEP44_TEST_KEY, HELLO, 1, b"") == sign(BEP44_TEST_KEY, HELLO, 1)


def test_a_value_may_take_1000_bytes_bencoded() -> None:
    check_value(value_of(MAX_VALUE))
    assert len(value_of(MAX_VALUE)) == 1000


def test_a_value_of_1001_bytes_bencoded_is_refused_with_205() -> None:
    with pytest.raises(ItemError, match="takes 1001 bytes bencoded, at most 1000") as caught:
        check_value(value_of(MAX_VALUE + 1))
    assert caught.value.code == 205


@pytest.mark.parametrize("value", [b"i7e", b"0:", b"le", b"de", b"l1:ai1ee", b"d1:ai1e1:bl1:cee"], ids=ascii)
def test_a_value_may_be_of_any_bencoded_type(value: bytes) -> None:
    check_value(value)
    assert sign(BEP44_TEST_KEY, value, 1).verify()


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"Hello World!",
        b"12:Hello",
        b"i1ei2e",
        b"elle",
        b"2:abc",
        b"i01e",
        b"i-0e",
        b"i 1e",
        b"01:a",
        b"d1:bi1e1:ai1ee",
        b"d1:ai1e1:ai1ee",
        b"d0:0:-5:",
        b"l" * 500 + b"e" * 500,
    ],
    ids=lambda value: ascii(value[:20]),
)
def test_a_value_that_is_not_canonical_is_refused_with_203(value: bytes) -> None:
    with pytest.raises(ItemError) as caught:
        check_value(value)
    assert caught.value.code == 203


def test_a_salt_may_have_64_bytes() -> None:
    check_salt(b"")
    check_salt(b"s" * MAX_SALT)
    assert MAX_SALT == 64


def test_a_salt_of_65_bytes_is_refused_with_207() -> None:
    with pytest.raises(ItemError, match="65 bytes, at most 64") as caught:
        check_salt(b"s" * 65)
    assert caught.value.code == 207


@pytest.mark.parametrize("seq", [0, 1, 2**63 - 1])
def test_seq_is_a_signed_64_bit_number_from_0_on(seq: int) -> None:
    check_seq(seq)
    assert sign(BEP44_TEST_KEY, HELLO, seq).verify()


@pytest.mark.parametrize("seq", [-1, -5, -(2**63), 2**63, 2**64])
def test_a_seq_out_of_range_is_refused_with_203(seq: int) -> None:
    with pytest.raises(ItemError, match=f"not {seq}$") as caught:
        check_seq(seq)
    assert caught.value.code == 203


@pytest.mark.parametrize(
    ("value", "seq", "salt", "code"),
    [
        (value_of(1001), 1, b"", 205),
        (b"Hello", 1, b"", 203),
        (HELLO, -3, b"", 203),
        (HELLO, 1, b"s" * 65, 207),
    ],
    ids=["too big", "not bencode", "negative seq", "long salt"],
)
def test_nothing_is_signed_that_no_node_would_store(value: bytes, seq: int, salt: bytes, code: int) -> None:
    with pytest.raises(ItemError) as caught:
        sign(BEP44_TEST_KEY, value, seq, salt)
    assert caught.value.code == code


def test_a_signature_that_fails_makes_no_item(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "_sign_expanded", lambda *_: bytes(64))
    with pytest.raises(BadKey):
        sign(BEP44_TEST_KEY, HELLO, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"v": b"12:Hello world!"},
        {"seq": 2},
        {"seq": -1},
        {"salt": b""},
        {"salt": b"foobaz"},
        {"k": PrivateKey.from_seed(bytes(32)).public},
        {"k": b""},
        {"k": bytes(31)},
        {"sig": b""},
        {"sig": bytes(63)},
        {"sig": bytes(64)},
    ],
    ids=ascii,
)
def test_a_changed_item_does_not_verify(change: dict[str, bytes | int]) -> None:
    item = sign(BEP44_TEST_KEY, HELLO, 1, b"foobar")
    assert not replace(item, **change).verify()  # type: ignore[arg-type]


def test_bytes_cannot_move_between_salt_and_value() -> None:
    buffers = {signing_buffer(b"1:a", 1, salt) for salt in (b"", b"1", b"3:seqi1e1:v1:a")}
    assert len(buffers) == 3
    item = sign(BEP44_TEST_KEY, HELLO, 1, b"foobar")
    assert not MutableItem(v=item.v, k=item.k, sig=item.sig, seq=1, salt=b"fooba").verify()


def test_the_salt_is_part_of_the_target() -> None:
    assert len({mutable_target(BEP44_TEST_KEY.public, salt) for salt in (b"", b"a", b"b")}) == 3


def test_a_draft_knows_its_target_before_it_is_signed() -> None:
    assert Draft(HELLO, BEP44_TEST_KEY).target.hex() == TARGET
    assert Draft(HELLO, BEP44_TEST_KEY, b"foobar").target.hex() == SALTED_TARGET


@pytest.mark.parametrize(("highest", "seq"), [(None, 1), (0, 1), (1, 2), (41, 42)])
def test_a_draft_without_seq_takes_the_highest_seen_plus_one(highest: int | None, seq: int) -> None:
    item = Draft(HELLO, BEP44_TEST_KEY, b"foobar").signed(highest)
    assert item.seq == seq
    assert item == sign(BEP44_TEST_KEY, HELLO, seq, b"foobar")


@pytest.mark.parametrize(("highest", "known", "seq"), [(None, 4, 5), (3, 4, 5), (9, 4, 10), (None, 0, 1)])
def test_a_draft_never_goes_below_what_is_known_of_it_here(highest: int | None, known: int, seq: int) -> None:
    assert Draft(HELLO, BEP44_TEST_KEY, known=known).signed(highest).seq == seq


@pytest.mark.parametrize("highest", [None, 0, 7, 100])
def test_a_draft_with_a_seq_keeps_it(highest: int | None) -> None:
    assert Draft(HELLO, BEP44_TEST_KEY, seq=0).signed(highest).seq == 0


def test_a_draft_has_no_seq_left_above_the_highest() -> None:
    with pytest.raises(ItemError) as caught:
        Draft(HELLO, BEP44_TEST_KEY).signed(MAX_SEQ)
    assert caught.value.code == 203


def test_a_draft_shows_no_secret() -> None:
    assert BEP44_TEST_KEY.secret.hex() not in repr(Draft(HELLO, BEP44_TEST_KEY))
    assert "secret" not in repr(Draft(HELLO, BEP44_TEST_KEY))


@given(st.binary(max_size=1100))
@settings(max_examples=100, deadline=None)
def test_check_value_raises_nothing_but_item_errors(value: bytes) -> None:
    try:
        check_value(value)
    except ItemError as error:
        assert error.code in (203, 205)
    else:
        assert bencode.encode(bencode.decode(value)) == value


def test_the_limits_are_those_of_bep44() -> None:
    assert (items.MAX_VALUE, items.MAX_SALT, items.MAX_SEQ) == (1000, 64, 2**63 - 1)
