"""Queries that are made by hand: the transaction id, our id and the size are ours, all else is the user's."""

from __future__ import annotations

import pytest

from dhtui.engine.wire import bencode
from dhtui.engine.wire.free import MAX_FREE, free_query, raw_query

OWN, TID = bytes(range(20)), b"\x00\x01\x02\x03"


def test_a_method_that_no_bep_names_goes_out_under_our_id_and_transaction() -> None:
    sent = free_query(OWN, "frob", {b"x": [1, b"\xff"]}).datagram(TID, True, b"dT\x00\x01")
    assert bencode.decode(sent) == {
        b"a": {b"id": OWN, b"x": [1, b"\xff"]},
        b"q": b"frob",
        b"ro": 1,
        b"t": TID,
        b"v": b"dT\x00\x01",
        b"y": b"q",
    }


@pytest.mark.parametrize(
    ("method", "args", "words"),
    [
        ("", {}, "1 to 64 bytes"),
        ("x" * 65, {}, "1 to 64 bytes"),
        ("\udc80", {}, "no text"),
        ("ping", {b"id": OWN}, "our own"),
        ("ping", {b"x": 1.5}, "bencoded"),
        ("ping", {b"x": bytes(MAX_FREE)}, "at most 2048 bytes"),
    ],
)
def test_what_can_not_be_sent_is_told(method: str, args: dict[bytes, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        free_query(OWN, method, args)


@pytest.mark.parametrize(
    ("data", "sent"),
    [
        (b"d1:ad2:id3:abc1:x1:ye1:q4:ping1:t2:aa1:y1:qe", b"d1:ad2:id20:%b1:x1:ye1:q4:ping1:t4:%b1:y1:qe" % (OWN, TID)),
        (b"d1:t0:1:ai5e1:q4:frobe", b"d1:t4:%b1:ai5e1:q4:frobe" % TID),
        (b"d1:q4:ping1:tli1eee rest", b"d1:q4:ping1:t4:%be rest" % TID),
    ],
    ids=["canonical", "unsorted", "bytes behind its end"],
)
def test_a_datagram_is_sent_as_it_is_but_for_both_ids(data: bytes, sent: bytes) -> None:
    assert raw_query(OWN, data).datagram(TID, True, b"") == sent


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"i1e",
        b"d",
        b"d1:t",
        b"d1:q4:pinge",
        b"d1:t99:aae",
        b"d1:t" + b"l" * 500,
        b"di1e1:t0:e",
        bytes(4000),
    ],
)
def test_bytes_that_are_no_query_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"datagram|at most"):
        raw_query(OWN, data)
