"""Queries that are made by hand: any method with any arguments, or the bytes of a whole datagram.

They are only sent. The transaction id, our node id and the size are never the caller's: an answer could not be told
from a forged one otherwise, and a node under a borrowed id misleads others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from . import bencode
from .bencode import Bencached

MAX_FREE = 2048
"""Most bytes of the datagram."""
MAX_NAME = 64
"""Most bytes of the name of a method."""
_ROOM = 64
"""Bytes that `t`, `v`, `ro` and their keys take at most."""


class FreeQuery(NamedTuple):
    """A query of any method, known or not."""

    method: str
    body: bytes
    """Its arguments with our id, bencoded."""

    def datagram(self, tid: bytes, read_only: bool, version: bytes) -> bytes:
        """The query under a transaction id."""
        name = self.method.encode()
        message: dict[bytes, Any] = {b"a": Bencached(self.body), b"q": name, b"t": tid, b"v": version, b"y": b"q"}
        if read_only:
            message[b"ro"] = 1
        return bencode.encode(message)


class RawQuery(NamedTuple):
    """The bytes of a datagram, as they were given but for the transaction id, which stands between them."""

    method: str
    before: bytes
    after: bytes

    def datagram(self, tid: bytes, read_only: bool, version: bytes) -> bytes:
        """The datagram under a transaction id; nothing is added to it."""
        return b"%b%d:%b%b" % (self.before, len(tid), tid, self.after)


MadeQuery: TypeAlias = FreeQuery | RawQuery


def free_query(own: bytes, method: str, args: Mapping[bytes, Any]) -> FreeQuery:
    """The query of a method, with our id among its arguments. Raises `ValueError`, which says what is accepted."""
    try:
        length = len(method.encode())
    except UnicodeEncodeError:
        raise ValueError("the method is no text") from None
    if not 0 < length <= MAX_NAME:
        raise ValueError(f"the name of a method has 1 to {MAX_NAME} bytes, not {length}")
    if b"id" in args:
        raise ValueError("the argument id is our own: leave it out")
    try:
        body = bencode.encode({**args, b"id": own})
    except (bencode.BencodeError, RecursionError) as error:
        raise ValueError(f"the arguments can't be bencoded: {error}") from None
    check_size(len(body) + length + _ROOM)
    return FreeQuery(method, body)


def raw_query(own: bytes, data: bytes) -> RawQuery:
    """A datagram to be sent as it is, but for `t` and `a.id`. Raises `ValueError`, which says what is accepted.

    It has to be a bencoded dictionary with a `t`; else it may break any rule: keys out of order, bytes behind its end.
    """
    check_size(len(data))
    try:
        parts = dict(_entries(data, 0))
    except ValueError:
        raise ValueError("the datagram is no bencoded dictionary") from None
    if b"t" not in parts:
        raise ValueError("the datagram has no transaction id: it needs a t, whose value is replaced by ours")
    changes = [(*parts[b"t"], b"")]
    if b"a" in parts and data[parts[b"a"][0] : parts[b"a"][0] + 1] == b"d":
        ours = dict(_entries(data, parts[b"a"][0])).get(b"id")
        changes += [(*ours, b"%d:%b" % (len(own), own))] if ours else []
    changes.sort()
    pieces, at, place = [], 0, 0
    for start, end, new in changes:
        pieces.append(data[at:start])
        if start == parts[b"t"][0]:
            place = len(pieces)
        pieces.append(new)
        at = end
    pieces.append(data[at:])
    check_size(sum(map(len, pieces)) + _ROOM // 8)
    return RawQuery(_name(data, parts), b"".join(pieces[:place]), b"".join(pieces[place:]))


def check_size(length: int) -> None:
    """Raise `ValueError` for a datagram that is too long."""
    if length > MAX_FREE:
        raise ValueError(f"a query has at most {MAX_FREE} bytes, this one has about {length}")


def _name(data: bytes, parts: dict[bytes, tuple[int, int]]) -> str:
    """The method, as far as it is named."""
    start, end = parts.get(b"q", (0, 0))
    _, colon, name = data[start:end].partition(b":")
    return name[:MAX_NAME].decode("latin-1") if colon and data[start : start + 1].isdigit() else ""


def _entries(data: bytes, at: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """The keys of a dictionary and where their values begin and end. Raises `ValueError`."""
    if data[at : at + 1] != b"d":
        raise ValueError
    at += 1
    while data[at : at + 1] != b"e":
        if not data[at : at + 1].isdigit():
            raise ValueError
        start = _end(data, at, 1)
        end = _end(data, start, 1)
        yield data[at:start].partition(b":")[2], (start, end)
        at = end


def _end(data: bytes, at: int, depth: int) -> int:
    """Where the value that begins there ends, whatever order its keys have. Raises `ValueError`."""
    head = data[at : at + 1]
    if head == b"i":
        return data.index(b"e", at) + 1
    if head in (b"l", b"d"):
        if depth > bencode.MAX_DEPTH:
            raise ValueError
        at += 1
        while data[at : at + 1] != b"e":
            at = _end(data, at, depth + 1)
        return at + 1
    colon = data.index(b":", at, at + 7)
    if not data[at:colon].isdigit():
        raise ValueError
    end = colon + 1 + int(data[at:colon])
    if end > len(data):
        raise ValueError
    return end
