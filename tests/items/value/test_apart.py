"""Values taken apart, whatever a stranger wrote."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhtui.engine.wire.bencode import encode
from dhtui.items.value.apart import MAX_LINES, content, take_apart

HASH = bytes(range(20))


@pytest.mark.parametrize(
    ("value", "kind", "says"),
    [
        (b"hello", "text", "hello"),
        ("grüß".encode(), "text", "grüß"),
        (b"", "text", ""),
        (b"\xff\x00", "bytes", None),
        (b'{"a": [1, 2.5, true, null]}', "json", {"a": [1, 2.5, True, None]}),
        (b" [1]", "json", [1]),
        (b"[1", "text", "[1"),
        (b"42", "text", "42"),
        (b'"x"', "text", '"x"'),
        (b"[1e999]", "text", "[1e999]"),
        (b"[NaN]", "text", "[NaN]"),
        (b"[" + b"9" * 400 + b"]", "text", "[" + "9" * 400 + "]"),
        (b"[" * 990, "text", "[" * 990),
        ({b"ih": HASH}, "torrent", {"info_hash": HASH.hex(), "magnet": f"magnet:?xt=urn:btih:{HASH.hex()}"}),
        ({b"ih": b"short"}, "bencode", {"ih": "short"}),
        ([1, b"\xff", b"hex:"], "bencode", [1, "hex:ff", "hex:6865783a"]),
        (7, "bencode", 7),
    ],
    ids=str,
)
def test_a_value_says_what_it_is(value: Any, kind: str, says: Any) -> None:
    apart = take_apart(encode(value))
    assert (apart.kind, apart.value) == (kind, says)


def test_dns_records_are_told() -> None:
    message = pytest.importorskip("dns.message")
    flags = pytest.importorskip("dns.flags")
    rrset = pytest.importorskip("dns.rrset")
    reply = message.Message()
    reply.flags |= flags.QR
    reply.answer.append(rrset.from_text("x.", 300, "IN", "A", "192.0.2.1"))
    apart = take_apart(encode(reply.to_wire()))
    assert apart.kind == "dns"
    assert apart.value == {
        "records": [{"name": "x", "ttl": 300, "type": "A", "data": "192.0.2.1"}],
        "problem": "",
    }


def test_a_document_is_shown_in_lines_with_a_bound() -> None:
    apart = take_apart(encode(json.dumps(list(range(200))).encode()))
    assert apart.lines[0] == "JSON" and len(apart.lines) == MAX_LINES + 2
    assert apart.lines[-1] == f"… {202 - MAX_LINES} more lines"


def test_the_content_of_a_string_is_its_bytes_and_of_all_else_its_bencode() -> None:
    assert content(b"3:a\x00b") == b"a\x00b" and content(b"li1ee") == b"li1ee"


@given(st.recursive(st.integers(-(2**63), 2**63 - 1) | st.binary(), lambda part: st.lists(part), max_leaves=20))
def test_nothing_that_is_taken_apart_is_unsafe_or_no_json(value: Any) -> None:
    apart = take_apart(encode(value))
    json.loads(json.dumps(apart.value, allow_nan=False))
    assert all(line.isprintable() for line in apart.lines)


@given(st.binary())
def test_what_is_no_bencode_raises_nothing(data: bytes) -> None:
    take_apart(data)
