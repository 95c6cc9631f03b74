"""Values in the forms in which people write them: each becomes the bencode it means, or a line that says why not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhtui.engine.items import immutable_target, mutable_target
from dhtui.engine.wire import bencode
from dhtui.items.value import FORMS, FormError, preview, to_bencode
from dhtui.items.value.forms import as_json

bencodable: st.SearchStrategy[Any] = st.recursive(
    st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=20) | st.text(max_size=9).map(str.encode),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.binary(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("form", "text", "v"),
    [
        ("text", "Hello World!", b"12:Hello World!"),
        ("text", "", b"0:"),
        ("text", "é", b"2:\xc3\xa9"),
        ("hex", "00 fF\n10", b"3:\x00\xff\x10"),
        ("hex", "", b"0:"),
        ("bencode", "d2:ihli1eee", b"d2:ihli1eee"),
        ("json", '"text"', b"4:text"),
        ("json", "-5", b"i-5e"),
        ("json", '"hex:00ff"', b"2:\x00\xff"),
        ("json", '{"b": [1, "x"], "a": {}, "hex:ff": 0}', b"d1:ade1:bli1e1:xe1:\xffi0ee"),
        ("json", "[]", b"le"),
        ("json", "9223372036854775807", b"i9223372036854775807e"),
    ],
)
def test_each_form_becomes_its_bencode(form: str, text: str, v: bytes) -> None:
    assert to_bencode(form, text.encode()) == v


@pytest.mark.parametrize(
    ("form", "text", "words"),
    [
        ("hex", "abc", "odd number"),
        ("hex", "0x00", "'x' is no hex digit"),
        ("hex", "é", "no hex digit"),
        ("bencode", "", "no bencoded value: it is empty"),
        ("bencode", "i1ei2e", "3 bytes after the value, from byte 3 on"),
        ("bencode", "i01e", "the integer at byte 0 has a zero or a sign too many"),
        ("bencode", "d1:bi1e1:ai1ee", "the key at byte 7 stands behind a higher one"),
        ("json", "", "not JSON: Expecting value in line 1, column 1"),
        ("json", '{"a": 1,\n}', "line 2, column 1"),
        ("json", "1.5", "1.5: bencode has no fractions"),
        ("json", "1e3", "bencode has no fractions"),
        ("json", "NaN", "NaN: bencode has no such number"),
        ("json", "true", "true: bencode has no such value"),
        ("json", '{"a": [null]}', "null: bencode has no such value"),
        ("json", "9223372036854775808", "integers go from"),
        ("json", "9" * 5000, f"{'9' * 39}…: integers go from"),
        ("json", "9" * 22, f"{'9' * 22}: integers go from"),
        ("json", '{"a": 1, "a": 2}', "'a' is there twice"),
        ("json", '{"a": 1, "hex:61": 2}', "is there twice"),
        ("json", '"hex:0"', "only pairs of hex digits"),
        ("json", '"\\ud800"', "surrogate"),
        ("json", "[" * 40 + "]" * 40, "nested deeper"),
        ("json", "[" * 100_000 + "]" * 100_000, "nested deeper"),
    ],
)
def test_what_is_no_value_is_refused_with_the_reason(form: str, text: str, words: str) -> None:
    with pytest.raises(FormError) as caught:
        to_bencode(form, text.encode())
    assert words in str(caught.value)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 200


@given(bencodable)
def test_json_goes_both_ways_without_loss(value: Any) -> None:
    v = bencode.encode(value)
    text = as_json(v)
    assert to_bencode("json", text.encode()) == v
    assert all(line.isascii() and line.isprintable() for line in text.split("\n"))


@given(st.binary(max_size=60), st.sampled_from(sorted(FORMS)))
def test_nothing_written_fails_in_another_way(text: bytes, form: str) -> None:
    seen = preview(form, text)
    assert (seen.v is None) <= bool(seen.problem)
    if seen.v is not None and not seen.problem:
        assert bencode.encode(bencode.decode(seen.v)) == seen.v


def test_text_that_begins_like_hex_is_kept_apart_from_it() -> None:
    assert json.loads(as_json(b"6:hex:00")) == "hex:6865783a3030"
    assert json.loads(as_json(b"1:\xff")) == "hex:ff"


# ---- previews -----------------------------------------------------------------------------------------------


def test_a_preview_of_an_immutable_item() -> None:
    seen = preview("text", b"Hello World!")
    assert (seen.v, seen.size, seen.problem, seen.buffer) == (b"12:Hello World!", 15, "", None)
    assert seen.target == immutable_target(b"12:Hello World!")


def test_a_preview_of_a_mutable_item_shows_what_is_signed() -> None:
    seen = preview("text", b"Hello World!", public=bytes(32), salt=b"foobar", seq=1)
    assert seen.buffer == b"4:salt6:foobar3:seqi1e1:v12:Hello World!"
    assert seen.target == mutable_target(bytes(32), b"foobar")


def test_the_target_of_a_mutable_item_is_there_before_its_value() -> None:
    seen = preview("json", b"[", public=bytes(32))
    assert seen.v is None and seen.target == mutable_target(bytes(32)) and "not JSON" in seen.problem


@pytest.mark.parametrize(
    ("text", "salt", "seq", "words"),
    [
        (b"x" * 997, b"", 1, "1001 bytes bencoded, at most 1000"),
        (b"x", b"s" * 65, 1, "salt has 65 bytes"),
        (b"x", b"", -1, "sequence number"),
    ],
)
def test_a_preview_tells_what_no_node_would_store(text: bytes, salt: bytes, seq: int, words: str) -> None:
    seen = preview("text", text, public=bytes(32), salt=salt, seq=seq)
    assert words in seen.problem and seen.v is not None
    assert preview("text", b"x" * 996, public=bytes(32)).problem == ""
