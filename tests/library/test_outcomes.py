"""Outcomes and items as a program meets them: whether it went well, what the value is, how they are shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhtui import (
    Addr,
    Draft,
    ImmutableItem,
    ItemError,
    MutableItem,
    NodeOutcome,
    Outcome,
    PrivateKey,
    Status,
    Value,
    bencode,
    sign,
)

ADDR: Addr = ("192.0.2.1", 6881)
ID = bytes(range(20))
KEY = PrivateKey.from_seed(bytes(32))
ITEM = ImmutableItem(b"12:Hello World!")
ANSWERED = NodeOutcome(addr=ADDR, status=Status.ANSWERED, id=ID, rtt=0.0123)
SILENT = NodeOutcome(addr=ADDR, status=Status.TIMED_OUT)
REFUSED = NodeOutcome(addr=ADDR, status=Status.REFUSED, id=ID, rtt=0.5, code=302, message=b"\x1b[2J")
STORED = NodeOutcome(addr=ADDR, status=Status.STORED, id=ID, rtt=0.01)
ESCAPES = b"\x1b]0;owned\x07\n\xff\xe2\x80\xae" * 20
"""What a terminal would obey."""


def outcome(action: str, asked: NodeOutcome = SILENT) -> Outcome:
    closest = (asked,) if asked.responded else ()
    return Outcome(action=action, target=ID, asked=(asked,), closest=closest)


@pytest.mark.parametrize(
    ("came", "ok"),
    [
        (outcome("ping"), False),
        (outcome("ping", ANSWERED), True),
        (outcome("ping", REFUSED), True),
        (outcome("find_node"), False),
        (outcome("find_node", ANSWERED), True),
        (outcome("get_peers"), False),
        (outcome("get_peers", ANSWERED), True),
        (outcome("get", ANSWERED), False),
        (replace(outcome("get", ANSWERED), item=ITEM), True),
        (replace(outcome("get", ANSWERED), item=ITEM, complete=False), True),
        (replace(outcome("put", ANSWERED), item=ITEM), False),
        (replace(outcome("put", ANSWERED), item=ITEM, writes=(REFUSED,)), False),
        (replace(outcome("put", ANSWERED), item=ITEM, writes=(REFUSED, STORED)), True),
        (replace(outcome("announce_peer", ANSWERED), writes=(SILENT,)), False),
        (replace(outcome("announce_peer", ANSWERED), writes=(STORED,)), True),
    ],
)
def test_ok_says_whether_the_action_did_what_it_is_for(came: Outcome, ok: bool) -> None:
    assert came.ok is ok


@pytest.mark.parametrize(
    ("v", "value"),
    [
        (b"12:Hello World!", b"Hello World!"),
        (b"i-7e", -7),
        (b"0:", b""),
        (b"li1e2:abe", [1, b"ab"]),
        (b"d2:ih20:" + ID + b"e", {b"ih": ID}),
    ],
)
def test_value_is_the_decoded_value(v: bytes, value: Value) -> None:
    assert ImmutableItem(v).value == value
    assert sign(KEY, v, 1).value == value
    assert bencode(value) == v


@pytest.mark.parametrize(
    "v",
    [
        b"",
        b"x",
        b"i01e",
        b"1:a1:b",
        b"d1:bi1e1:ai1ee",
        b"i%de" % 2**63,
        b"l" * 500 + b"e" * 500,
        b"l" * 1000,
        b"1001:" + bytes(1001),
    ],
    ids=lambda v: repr(v[:12]),
)
def test_the_value_of_what_no_node_would_store_is_an_item_error(v: bytes) -> None:
    """However deep or large: nothing else is raised."""
    for item in (ImmutableItem(v), MutableItem(v, KEY.public, bytes(64), 1)):
        with pytest.raises(ItemError):
            _ = item.value


def test_reprs_are_short_and_safe() -> None:
    """One line of printable ASCII, whatever a node or its item holds."""
    item = MutableItem(ESCAPES, ESCAPES[:32], ESCAPES[:64], 2**63 - 1, ESCAPES[:64])
    node = replace(REFUSED, message=ESCAPES, version=ESCAPES[:4], token=ESCAPES[:8], item=item)
    came = Outcome(action="get", target=ID, asked=(node,) * 200, item=item, peers=((ADDR, 1),) * 500)
    for thing in (item, ImmutableItem(ESCAPES), Draft(ESCAPES, KEY, ESCAPES[:64]), KEY, node, came):
        text = repr(thing)
        assert text.isascii() and text.isprintable() and len(text) < 600, text


def test_reprs_say_what_matters() -> None:
    assert repr(ITEM) == "<ImmutableItem e5f96f6f38320f0f33959cb4d3d656452117aadb: b'12:Hello World!'>"
    public = KEY.public.hex()
    assert repr(sign(KEY, b"i7e", 3, b"s")) == f"<MutableItem of {public} salt b's' seq 3: b'i7e'>"
    assert repr(sign(KEY, b"i7e", 3)) == f"<MutableItem of {public} seq 3: b'i7e'>"
    assert repr(ANSWERED) == "<NodeOutcome 192.0.2.1:6881 answered, 12.3 ms>"
    assert repr(REFUSED) == "<NodeOutcome 192.0.2.1:6881 refused 302, 500.0 ms>"
    assert repr(SILENT) == "<NodeOutcome 192.0.2.1:6881 timed out>"
    assert repr(outcome("ping", ANSWERED)) == "<Outcome ping ok: 1 of 1 answered>"
    assert repr(outcome("ping")) == "<Outcome ping failed: 0 of 1 answered>"
    put = replace(outcome("put", ANSWERED), item=ITEM, writes=(REFUSED, STORED), complete=False)
    assert repr(put) == f"<Outcome put ok: 1 of 1 answered, 1 of 2 stored, {ITEM!r}, incomplete>"
    assert repr(KEY) == f"<PrivateKey of {public}>"
