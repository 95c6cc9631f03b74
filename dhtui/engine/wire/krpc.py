"""KRPC messages (BEP 5), with the arguments of BEP 33, 42, 43, 44 and 51: datagrams to typed values and back.

`parse` is the edge of the engine: its results have been checked, and are not checked again behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from . import bencode, quick
from .bencode import BencodeError, Value
from .codes import (
    BAD_SIGNATURE,
    CAS_MISMATCH,
    ERROR_WORDS,
    GENERIC,
    PROTOCOL,
    SALT_TOO_BIG,
    SEQ_TOO_LOW,
    SERVER,
    TOO_BIG,
    UNKNOWN_METHOD,
)
from .compact import Addr, NodeInfo, pack_addr, unpack_nodes
from .family import IPV4, OTHER, Family
from .faults import Fault, Note, NoteKind
from .free import FreeQuery, MadeQuery, RawQuery
from .methods import (
    MAX_TOKEN,
    METHODS,
    AnnouncePeer,
    Args,
    FindNode,
    Get,
    GetPeers,
    Given,
    GivenItem,
    GivenPeers,
    Ping,
    Put,
    Refusal,
    SampleInfohashes,
    read_unknown,
)

__all__ = [
    "BAD_SIGNATURE",
    "CAS_MISMATCH",
    "ERROR_WORDS",
    "GENERIC",
    "MAX_DATAGRAM",
    "MAX_NODES_READ",
    "MAX_QUERY",
    "MAX_REPLY",
    "METHODS",
    "PROTOCOL",
    "SALT_TOO_BIG",
    "SEQ_TOO_LOW",
    "SERVER",
    "TOO_BIG",
    "UNKNOWN_METHOD",
    "VERSION",
    "AnnouncePeer",
    "Args",
    "ErrorReply",
    "Fault",
    "FindNode",
    "Get",
    "GetPeers",
    "MalformedDatagram",
    "Message",
    "Ping",
    "Put",
    "Query",
    "RefusedQuery",
    "Response",
    "SampleInfohashes",
    "encode_error",
    "encode_query",
    "encode_response",
    "parse",
]

VERSION: Final = b"dT\x00\x01"
"""The version string of this program, ``v``."""

MAX_DATAGRAM = 16384
MAX_QUERY = 2048
"""Most bytes of a query. Longer ones are refused: no BEP needs them."""
MAX_REPLY = 1256
"""Bytes of our longest reply, a bound against amplification: a mutable item of 1000 bytes with key, signature and
token. Nodes and peers are left out if a reply would exceed 1200."""
MAX_TID = 20
MAX_METHOD = 64
"""Most bytes kept of a method name; only unknown ones are longer."""
MAX_NODES_READ = 20
"""Most nodes read of a ``nodes`` string: one client answers with its whole table."""

_one_copy: Callable[[bytes], bytes] = lru_cache(maxsize=256)(bytes)
"""The same object for equal bytes: there are few versions, and one is stored with every node."""


class MalformedDatagram(ValueError):
    """The bytes are no KRPC message. It is dropped and counted: there is no query to answer."""

    def __init__(self, kind: NoteKind, number: int | None = None) -> None:
        self.note = Note(kind, number)
        super().__init__(str(self.note))


class RefusedQuery(Exception):
    """A query that can be answered, though only with an error."""

    def __init__(self, tid: bytes, method: str, code: int, reason: str) -> None:
        super().__init__(reason)
        self.tid = tid
        """The transaction id to echo."""
        self.method = method
        self.code = code
        """One of the codes in `ERROR_WORDS`."""
        self.reason = reason
        """This program's own words, safe to send."""


class Query(NamedTuple):
    """A received query, or one of ours."""

    tid: bytes
    method: str
    args: Args
    read_only: bool
    version: bytes | None
    canonical: bool


G = TypeVar("G", bound=Given)


class Response(NamedTuple):
    """A response. `given` has its contents besides nodes and token."""

    tid: bytes
    id: bytes
    nodes: tuple[NodeInfo, ...]
    token: bytes | None
    given: tuple[Given, ...]
    """Contents that only responses to one method have, such as `GivenPeers`."""
    external: Addr | None
    """Our own address as the responder sees it (BEP 42, ``ip``)."""
    version: bytes | None
    canonical: bool
    faults: tuple[Fault, ...]
    """Its faults. It was usable all the same."""
    others: tuple[NodeInfo, ...] = ()
    """Nodes of the other family, which ``want`` asked for (BEP 32)."""

    def part(self, kind: type[G]) -> G | None:
        """The part of `given` of that class; `None` if it has none."""
        for part in self.given:
            if isinstance(part, kind):
                return part
        return None

    @property
    def peers(self) -> tuple[Addr, ...]:
        """The peers given."""
        found = self.part(GivenPeers)
        return found.peers if found else ()

    @property
    def item(self) -> GivenItem:
        """The parts of an item in it; all fields are `None` if it has none."""
        return self.part(GivenItem) or _NO_ITEM


_NO_ITEM: Final = GivenItem(None, None, None, None)


class ErrorReply(NamedTuple):
    """An error in answer to a query of ours."""

    tid: bytes
    code: int
    message: bytes
    """As received, at most 256 bytes. Hostile: print it through `text.safe.safe_text` only."""
    external: Addr | None
    version: bytes | None


Message: TypeAlias = Query | Response | ErrorReply


# ---- parsing ------------------------------------------------------------------------------------------


def parse(data: bytes, family: Family = IPV4) -> Message:
    """Read one datagram. Raises `MalformedDatagram`, or `RefusedQuery` for a query to answer with an error."""
    if (found := quick.read(data)) is not None:
        tid, method, args, read_only, version = found
        return Query(tid, method, args, read_only, None if version is None else _one_copy(version), True)
    return parse_any(data, family)


def parse_any(data: bytes, family: Family = IPV4) -> Message:
    """The same, for all spellings: that of `quick` too, which gives the same."""
    if not 2 <= len(data) <= MAX_DATAGRAM or data[0] != 0x64:
        raise MalformedDatagram(NoteKind.NO_DICTIONARY)
    canonical, wide = True, False
    try:
        message = bencode.decode(data)
    except BencodeError:
        canonical = False
        message, wide = _decode_lenient(data)
    get = message.get
    tid = get(b"t")
    if type(tid) is not bytes or not 0 < len(tid) <= MAX_TID:
        raise MalformedDatagram(NoteKind.NO_TID)
    version = get(b"v")
    version = _one_copy(version) if type(version) is bytes and len(version) <= 16 else None
    kind = get(b"y")
    if kind == b"q":
        if wide or len(data) > MAX_QUERY:
            why = "an integer of more than 64 bits" if wide else f"a query of more than {MAX_QUERY} bytes"
            name = message.get(b"q")
            raise RefusedQuery(tid, _method(name) if type(name) is bytes else "", PROTOCOL, why)
        return _parse_query(tid, message, version, canonical)
    if wide:
        raise MalformedDatagram(NoteKind.WIDE_INTEGER)
    if kind == b"r":
        return _parse_response(tid, message, version, canonical, family)
    if kind == b"e":
        return _parse_error(tid, message, version, family)
    raise MalformedDatagram(NoteKind.NO_MESSAGE)


def _decode_lenient(data: bytes) -> tuple[dict[bytes, Value], bool]:
    """A message that is not canonical bencode, and whether it has integers beyond 64 bits."""
    try:
        return bencode.decode_lenient(data), False
    except BencodeError:
        pass
    try:
        return bencode.decode_any_size(data), True
    except BencodeError as error:
        if error.rest:
            raise MalformedDatagram(NoteKind.SURPLUS, error.rest) from error
        raise MalformedDatagram(NoteKind.NO_BENCODE) from error


def _method(name: bytes) -> str:
    known = _READERS.get(name)
    return known[0] if known else name[:MAX_METHOD].decode("latin-1")


def _parse_query(tid: bytes, message: dict[bytes, Value], version: bytes | None, canonical: bool) -> Query:
    name = message.get(b"q")
    if type(name) is not bytes:
        raise RefusedQuery(tid, "", PROTOCOL, "no method")
    method, read = _READERS.get(name) or (name[:MAX_METHOD].decode("latin-1"), read_unknown)
    args = message.get(b"a")
    if type(args) is not dict:
        raise RefusedQuery(tid, method, PROTOCOL, "no arguments")
    try:
        parsed = read(args, canonical)
    except Refusal as refusal:
        raise RefusedQuery(tid, method, refusal.code, str(refusal)) from None
    return Query(tid, method, parsed, message.get(b"ro") == 1, version, canonical)


_READERS: Final = {name.encode(): (name, row.read) for name, row in METHODS.items()}
_ANSWERS: Final = tuple(part for row in METHODS.values() for part in (row.answer, row.also) if part)
_GIVEN: Final = frozenset(key for answer in _ANSWERS for key in answer.keys)
"""Keys of ``r`` that mark contents of responses to one method."""


def _parse_response(
    tid: bytes, message: dict[bytes, Value], version: bytes | None, canonical: bool, family: Family
) -> Response:
    body = message.get(b"r")
    node_id = body.get(b"id") if type(body) is dict else None
    if type(body) is not dict or type(node_id) is not bytes or len(node_id) != 20:
        raise MalformedDatagram(NoteKind.NO_ID)
    faults: list[Fault] = [] if canonical else [Fault.NOT_CANONICAL]
    given = () if _GIVEN.isdisjoint(body) else _parse_given(body, canonical, faults, family)
    nodes, other = family.nodes_key, OTHER[family]
    return Response(
        tid,
        node_id,
        _parse_nodes(body[nodes], faults, family) if nodes in body else (),
        _parse_token(body[b"token"], faults) if b"token" in body else None,
        given,
        _parse_external(message, family),
        version,
        canonical,
        tuple(faults),
        _parse_nodes(body[other.nodes_key], [], other) if other.nodes_key in body else (),
    )


def _parse_given(body: dict[bytes, Value], canonical: bool, faults: list[Fault], family: Family) -> tuple[Given, ...]:
    found: list[Given] = []
    for answer in _ANSWERS:
        for key in answer.keys:
            if key in body:
                found.append(answer.read(body, canonical, faults, family))
                break
    return tuple(found)


def _parse_nodes(value: Value, faults: list[Fault], family: Family) -> tuple[NodeInfo, ...]:
    # The type first: a list of 26 integers can be sliced like a string, which would give ids that are lists.
    if type(value) is not bytes or len(value) % family.node_length:
        faults.append(Fault.NODES)
        return ()
    return tuple(unpack_nodes(value, MAX_NODES_READ, family, usable=True))


def _parse_token(value: Value, faults: list[Fault]) -> bytes | None:
    if type(value) is bytes and len(value) <= MAX_TOKEN:
        return value
    faults.append(Fault.TOKEN)
    return None


def _parse_error(tid: bytes, message: dict[bytes, Value], version: bytes | None, family: Family) -> ErrorReply:
    body = message.get(b"e")
    code, text = 0, b""
    if type(body) is list and len(body) >= 2 and type(body[0]) is int and type(body[1]) is bytes:
        code, text = body[0], body[1][:256]
    elif type(body) is bytes:
        text = body[:256]
    return ErrorReply(tid, code, text, _parse_external(message, family), version)


def _parse_external(message: dict[bytes, Value], family: Family) -> Addr | None:
    value = message.get(b"ip")
    if type(value) is not bytes or len(value) != family.peer_length:
        return None
    return family.unpack_usable(value)


# ---- writing ------------------------------------------------------------------------------------------


_WRITERS: Final = {row.args: (name, name.encode(), row.write) for name, row in METHODS.items()}


def encode_query(tid: bytes, args: Args | MadeQuery, read_only: bool) -> tuple[str, bytes]:
    """A query's method name, and the query as a datagram."""
    if isinstance(args, FreeQuery | RawQuery):
        return args.method, args.datagram(tid, read_only, VERSION)
    name, method, write = _WRITERS[type(args)]
    parts = bencode.encode(write(args)), len(method), method, b"2:roi1e" if read_only else b"", len(tid), tid, VERSION
    return name, b"d1:a%b1:q%d:%b%b1:t%d:%b1:v4:%b1:y1:qe" % parts


def encode_response(tid: bytes, body: dict[bytes, Any], to: Addr) -> bytes:
    """A response as a datagram. `body` is ``r``; the receiver's address goes into ``ip`` (BEP 42)."""
    ip = pack_addr(to)
    packed = len(ip), ip, bencode.encode(body), len(tid), tid, VERSION
    return b"d2:ip%d:%b1:r%b1:t%d:%b1:v4:%b1:y1:re" % packed


def encode_error(tid: bytes, code: int, reason: str, to: Addr) -> bytes:
    """An error as a datagram."""
    return bencode.encode({b"e": [code, reason.encode()], b"ip": pack_addr(to), b"t": tid, b"v": VERSION, b"y": b"e"})
