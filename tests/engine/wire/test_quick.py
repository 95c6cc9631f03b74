"""The quick reader gives what the strict one gives, for whatever bytes."""

from __future__ import annotations

from random import Random

import pytest

from dhtui.engine.wire import quick
from dhtui.engine.wire.krpc import (
    AnnouncePeer,
    Args,
    FindNode,
    Get,
    GetPeers,
    MalformedDatagram,
    Ping,
    Put,
    RefusedQuery,
    encode_query,
    encode_response,
    parse,
    parse_any,
)

ID, TARGET, TOKEN = bytes(range(20)), b"d1:y1:qe1:t2:ab1:v4:", b"12345678"
COMMON: list[Args] = [
    Ping(ID),
    FindNode(ID, TARGET),
    GetPeers(ID, TARGET),
    Get(ID, TARGET),
    AnnouncePeer(ID, TARGET, 6881, TOKEN),
    AnnouncePeer(ID, TARGET, 0, TOKEN),
]


def outcome(read: object, data: bytes) -> object:
    """What a reader makes of a datagram: the message, or why it has none."""
    assert callable(read)
    try:
        return read(data)
    except MalformedDatagram as error:
        return error.note
    except RefusedQuery as error:
        return error.tid, error.method, error.code, error.reason


@pytest.mark.parametrize("args", COMMON, ids=lambda args: type(args).__name__)
@pytest.mark.parametrize("tid", [b"1", b"1:", b"1:t", b"2:ab"])
def test_the_common_spellings_are_read_quickly_and_alike(args: Args, tid: bytes) -> None:
    for read_only in (False, True):
        data = encode_query(tid, args, read_only)[1]
        for spelled in (data, data.replace(b"1:v4:dT\x00\x01", b"")):
            assert quick.read(spelled) is not None
            assert parse(spelled) == parse_any(spelled)
            assert parse(spelled).args == args  # type: ignore[union-attr]


def test_what_is_not_common_is_left_to_the_strict_reader() -> None:
    assert quick.read(encode_query(b"ab", Put(ID, TOKEN, b"1:x"), False)[1]) is None
    assert quick.read(encode_query(b"ab", Get(ID, TARGET, 5), False)[1]) is None
    assert quick.read(encode_query(b"abcdef", Ping(ID), False)[1]) is None
    assert quick.read(encode_response(b"ab", {b"id": ID}, ("127.0.0.1", 1))) is None


def test_port_numbers_beyond_the_last_one_are_refused_as_ever() -> None:
    data = encode_query(b"ab", AnnouncePeer(ID, TARGET, 6881, TOKEN), False)[1]
    for digits in (b"65535", b"65536", b"99999", b"0", b"01", b"-1", b"", b"+5", b"6_5"):
        other = data.replace(b"i6881e", b"i" + digits + b"e")
        assert outcome(parse, other) == outcome(parse_any, other)


def test_damaged_datagrams_are_read_alike() -> None:
    rng = Random(4)
    pieces = (b"1:", b"e", b"d", b"i1e", b"6:target", b"9:info_hash", b"2:ro", b"4:want", b"20:", b"q", b"\n", b"1:t")
    whole = [encode_query(b"ab"[: rng.randint(1, 2)], args, bool(n & 1))[1] for n, args in enumerate(COMMON * 2)]
    for _ in range(6000):
        data = bytearray(rng.choice(whole))
        for _ in range(rng.randint(1, 2)):
            at = rng.randrange(len(data))
            match rng.randrange(4):
                case 0:
                    data[at] = rng.randrange(256)
                case 1:
                    del data[at : at + rng.randint(1, 3)]
                case 2:
                    data[at:at] = rng.choice(pieces)
                case _:
                    data[at:at] = rng.choice(whole)[at : at + rng.randint(1, 30)]
        damaged = bytes(data)
        assert outcome(parse, damaged) == outcome(parse_any, damaged)
