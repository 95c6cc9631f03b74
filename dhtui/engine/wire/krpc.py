"""KRPC messages (BEP 5), with the arguments of BEP 42, 43 and 44: datagrams to typed values and back.

`parse` is the edge of the engine: what it returns has been checked, and nothing past it is checked twice.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

from . import bencode
from .bencode import Bencached, BencodeError, Value
from .compact import NODE_LENGTH, Addr, NodeInfo, is_usable, pack_addr, unpack_addr, unpack_nodes

VERSION: Final = b"dT\x00\x01"
"""What we call ourselves in ``v``."""

MAX_DATAGRAM = 16384
MAX_QUERY = 2048
"""Longer queries are refused: no argument of any BEP needs it."""
MAX_REPLY = 1256
"""Bytes of our longest reply, so that we are no amplifier: a mutable item of 1000 bytes with key, signature and
token. Nodes and peers are left out where a reply would pass 1200."""
MAX_TID = 20
MAX_TOKEN = 256
MAX_METHOD = 64
"""Of a longer method name (an unknown one, then) the rest is not kept."""
MAX_NODES_READ = 20
"""Of a longer ``nodes`` (one client answers with its whole table) the first 20 are read."""
MAX_PEERS_READ = 200

_one_copy: Callable[[bytes], bytes] = lru_cache(maxsize=256)(bytes)
"""The same object for equal bytes: there are few versions, and each is kept with every node that has it."""

GENERIC, SERVER, PROTOCOL, UNKNOWN_METHOD = 201, 202, 203, 204
TOO_BIG, BAD_SIGNATURE, SALT_TOO_BIG, CAS_MISMATCH, SEQ_TOO_LOW = 205, 206, 207, 301, 302
ERROR_WORDS: Final = {
    GENERIC: "generic error",
    SERVER: "server error",
    PROTOCOL: "protocol error",
    UNKNOWN_METHOD: "method unknown",
    TOO_BIG: "value too big",
    BAD_SIGNATURE: "invalid signature",
    SALT_TOO_BIG: "salt too big",
    CAS_MISMATCH: "cas mismatch: somebody else has written",
    SEQ_TOO_LOW: "seq not higher than the stored one",
}
"""The error codes of BEP 5 and BEP 44 in words."""


class MalformedDatagram(ValueError):
    """The bytes are no KRPC message. Drop and count: there is nobody to answer."""


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
        """Our own words, safe to send."""


class Ping(NamedTuple):
    """BEP 5, "ping"."""

    id: bytes


class FindNode(NamedTuple):
    """BEP 5, "find_node". Also any unknown method that carries a ``target`` or an ``info_hash``."""

    id: bytes
    target: bytes


class GetPeers(NamedTuple):
    """BEP 5, "get_peers"."""

    id: bytes
    target: bytes


class AnnouncePeer(NamedTuple):
    """BEP 5, "announce_peer". `port` is 0 where the UDP source port is meant (``implied_port``)."""

    id: bytes
    target: bytes
    port: int
    token: bytes


class Get(NamedTuple):
    """BEP 44, "get". With `seq`, a stored item is only returned if it is newer."""

    id: bytes
    target: bytes
    seq: int | None = None


class Put(NamedTuple):
    """BEP 44, "put". `v` is the bencoded value; `k`, `sig` and `seq` come together or not at all."""

    id: bytes
    token: bytes
    v: bytes
    k: bytes | None = None
    sig: bytes | None = None
    seq: int | None = None
    salt: bytes = b""
    cas: int | None = None


Args: TypeAlias = Ping | FindNode | GetPeers | AnnouncePeer | Get | Put


class Query(NamedTuple):
    """A query from a node, or one of ours."""

    tid: bytes
    method: str
    args: Args
    read_only: bool
    version: bytes | None
    canonical: bool


class Response(NamedTuple):
    """An answer to a query of ours."""

    tid: bytes
    id: bytes
    nodes: tuple[NodeInfo, ...]
    peers: tuple[Addr, ...]
    token: bytes | None
    v: bytes | None
    """The bencoded value, exactly as it was received; `None` also where the answer was not canonical."""
    k: bytes | None
    sig: bytes | None
    seq: int | None
    external: Addr | None
    """Our own address as the other side sees it (BEP 42, ``ip``)."""
    version: bytes | None
    canonical: bool
    faults: tuple[str, ...]
    """What is wrong with it, in our own words. It was usable all the same."""


class ErrorReply(NamedTuple):
    """An error in answer to a query of ours."""

    tid: bytes
    code: int
    message: bytes
    """As received, at most 256 bytes. Hostile: print it through `report.safe_text` only."""
    external: Addr | None
    version: bytes | None


Message: TypeAlias = Query | Response | ErrorReply


# ---- parsing ------------------------------------------------------------------------------------------


def parse(data: bytes) -> Message:
    """Read one datagram. Raises `MalformedDatagram`, or `RefusedQuery` for a query to answer with an error."""
    if not 2 <= len(data) <= MAX_DATAGRAM or data[0] != 0x64:
        raise MalformedDatagram("not a dictionary of 2 to 16384 bytes")
    canonical, wide = True, False
    try:
        message = bencode.decode(data)
    except BencodeError:
        canonical = False
        message, wide = _decode_lenient(data)
    get = message.get
    tid = get(b"t")
    if type(tid) is not bytes or not 0 < len(tid) <= MAX_TID:
        raise MalformedDatagram("no usable transaction id")
    version = get(b"v")
    version = _one_copy(version) if type(version) is bytes and len(version) <= 16 else None
    kind = get(b"y")
    if kind == b"q":
        if wide or len(data) > MAX_QUERY:
            name, why = message.get(b"q"), _WIDE if wide else f"a query of more than {MAX_QUERY} bytes"
            raise RefusedQuery(tid, _method(name) if type(name) is bytes else "", PROTOCOL, why)
        return _parse_query(tid, message, version, canonical)
    if wide:
        raise MalformedDatagram(_WIDE)
    if kind == b"r":
        return _parse_response(tid, message, version, canonical)
    if kind == b"e":
        return _parse_error(tid, message, version)
    raise MalformedDatagram("neither query, response nor error")


_WIDE: Final = "an integer of more than 64 bits"


def _decode_lenient(data: bytes) -> tuple[dict[bytes, Value], bool]:
    """A message that is not canonical bencode, and whether it has integers beyond 64 bits."""
    try:
        return bencode.decode_lenient(data), False
    except BencodeError:
        pass
    try:
        return bencode.decode_any_size(data), True
    except BencodeError as error:
        rest = f"{error.rest} {'byte' if error.rest == 1 else 'bytes'} behind the message"
        raise MalformedDatagram(rest if error.rest else "not bencode") from error


def _method(name: bytes) -> str:
    known = _READERS.get(name)
    return known[0] if known else name[:MAX_METHOD].decode("latin-1")


def _parse_query(tid: bytes, message: dict[bytes, Value], version: bytes | None, canonical: bool) -> Query:
    name = message.get(b"q")
    if type(name) is not bytes:
        raise RefusedQuery(tid, "", PROTOCOL, "no method")
    method, read = _READERS.get(name) or (name[:MAX_METHOD].decode("latin-1"), _parse_unknown)
    args = message.get(b"a")
    if type(args) is not dict:
        raise RefusedQuery(tid, method, PROTOCOL, "no arguments")
    try:
        parsed = read(args, canonical)
    except _Refusal as refusal:
        raise RefusedQuery(tid, method, refusal.code, str(refusal)) from None
    return Query(tid, method, parsed, message.get(b"ro") == 1, version, canonical)


Arguments: TypeAlias = dict[bytes, Value]
Reader: TypeAlias = Callable[[Arguments, bool], Args]


class _Refusal(Exception):
    """Why arguments are refused, and with which code."""

    def __init__(self, reason: str, code: int = PROTOCOL) -> None:
        super().__init__(reason)
        self.code = code


def _fixed(a: Arguments, name: bytes, length: int) -> bytes:
    value = a.get(name)
    if type(value) is not bytes or len(value) != length:
        raise _Refusal(f"{name.decode()} must be {length} bytes")
    return value


def _token(a: Arguments) -> bytes:
    value = a.get(b"token")
    if type(value) is not bytes or len(value) > MAX_TOKEN:
        raise _Refusal("token missing or malformed")
    return value


def _integer(a: Arguments, name: bytes) -> int | None:
    value = a.get(name)
    if value is not None and type(value) is not int:
        raise _Refusal(f"{name.decode()} must be an integer")
    return value


def _parse_ping(a: Arguments, _: bool) -> Ping:
    return Ping(_fixed(a, b"id", 20))


def _parse_find_node(a: Arguments, _: bool) -> FindNode:
    return FindNode(_fixed(a, b"id", 20), _fixed(a, b"target", 20))


def _parse_get_peers(a: Arguments, _: bool) -> GetPeers:
    return GetPeers(_fixed(a, b"id", 20), _fixed(a, b"info_hash", 20))


def _parse_announce(a: Arguments, _: bool) -> AnnouncePeer:
    port = 0
    if not _integer(a, b"implied_port"):
        given = _integer(a, b"port")
        if given is None or not 0 < given < 65536:
            raise _Refusal("port must be 1 to 65535")
        port = given
    return AnnouncePeer(_fixed(a, b"id", 20), _fixed(a, b"info_hash", 20), port, _token(a))


def _parse_get(a: Arguments, _: bool) -> Get:
    return Get(_fixed(a, b"id", 20), _fixed(a, b"target", 20), _integer(a, b"seq"))


def _parse_put(a: Arguments, canonical: bool) -> Put:
    node_id, token = _fixed(a, b"id", 20), _token(a)
    if not canonical:
        # Re-encoded, an unsorted value is another value: its hash and its signature would not hold elsewhere.
        raise _Refusal("put must be canonical bencode")
    if b"v" not in a:
        raise _Refusal("v missing")
    v = bencode.encode(a[b"v"])
    if b"k" not in a:
        return Put(node_id, token, v)
    salt = a.get(b"salt", b"")
    if type(salt) is not bytes:
        raise _Refusal("salt must be a string")
    seq = _integer(a, b"seq")
    if seq is None or seq < 0:
        raise _Refusal("seq must be an integer of 0 or more")
    return Put(node_id, token, v, _fixed(a, b"k", 32), _fixed(a, b"sig", 64), seq, salt, _integer(a, b"cas"))


def _parse_unknown(a: Arguments, _: bool) -> FindNode:
    """BEP 44 and 51 rely on it: an unknown method with a target is answered as find_node."""
    for name in (b"target", b"info_hash"):
        if name in a:
            return FindNode(_fixed(a, b"id", 20), _fixed(a, name, 20))
    raise _Refusal("method unknown", UNKNOWN_METHOD)


_PARSERS: Final[dict[str, Reader]] = {
    "ping": _parse_ping,
    "find_node": _parse_find_node,
    "get_peers": _parse_get_peers,
    "announce_peer": _parse_announce,
    "get": _parse_get,
    "put": _parse_put,
}
_READERS: Final = {name.encode(): (name, read) for name, read in _PARSERS.items()}
METHODS: Final = tuple(_PARSERS)
"""The methods that we speak."""


def _parse_response(tid: bytes, message: dict[bytes, Value], version: bytes | None, canonical: bool) -> Response:
    body = message.get(b"r")
    node_id = body.get(b"id") if type(body) is dict else None
    if type(body) is not dict or type(node_id) is not bytes or len(node_id) != 20:
        raise MalformedDatagram("a response without a 20-byte id")
    faults: list[str] = [] if canonical else ["not canonical bencode"]
    v, k, sig, seq = _parse_item(body, canonical, faults) if b"v" in body or b"seq" in body else _NO_ITEM
    return Response(
        tid,
        node_id,
        _parse_nodes(body[b"nodes"], faults) if b"nodes" in body else (),
        _parse_peers(body[b"values"], faults) if b"values" in body else (),
        _parse_token(body[b"token"], faults) if b"token" in body else None,
        v,
        k,
        sig,
        seq,
        _parse_external(message),
        version,
        canonical,
        tuple(faults),
    )


_NO_ITEM: Final = (None, None, None, None)


def _parse_nodes(value: Value, faults: list[str]) -> tuple[NodeInfo, ...]:
    # The type first: a list of 26 integers can be cut up like a string, and comes out as ids that are lists.
    if type(value) is not bytes or len(value) % NODE_LENGTH:
        faults.append("nodes is not a string of 26-byte entries")
        return ()
    return tuple(node for node in unpack_nodes(value, MAX_NODES_READ) if is_usable(node.addr))


def _parse_peers(value: Value, faults: list[str]) -> tuple[Addr, ...]:
    if type(value) is not list:
        faults.append("values is not a list")
        return ()
    peers = [unpack_addr(x) for x in value[:MAX_PEERS_READ] if type(x) is bytes and len(x) == 6]
    usable = tuple(dict.fromkeys(peer for peer in peers if is_usable(peer)))
    if len(usable) != len(value):
        faults.append("values has surplus, repeated or malformed peers")
    return usable


def _parse_token(value: Value, faults: list[str]) -> bytes | None:
    if type(value) is bytes and len(value) <= MAX_TOKEN:
        return value
    faults.append("token is not a string of at most 256 bytes")
    return None


def _parse_item(
    body: dict[bytes, Value], canonical: bool, faults: list[str]
) -> tuple[bytes | None, bytes | None, bytes | None, int | None]:
    k, sig, seq = body.get(b"k"), body.get(b"sig"), body.get(b"seq")
    if type(seq) is not int:
        seq = None
    if b"v" not in body:
        return None, None, None, seq
    if not canonical:
        faults.append("value refused: the answer is not canonical")
        return None, None, None, seq
    if k is not None and (type(k) is not bytes or len(k) != 32):
        faults.append("k is not 32 bytes")
        k = None
    if sig is not None and (type(sig) is not bytes or len(sig) != 64):
        faults.append("sig is not 64 bytes")
        sig = None
    if sig is not None and seq is None:
        faults.append("store omitted seq")
    return bencode.encode(body[b"v"]), k, sig, seq


def _parse_error(tid: bytes, message: dict[bytes, Value], version: bytes | None) -> ErrorReply:
    body = message.get(b"e")
    code, text = 0, b""
    if type(body) is list and len(body) >= 2 and type(body[0]) is int and type(body[1]) is bytes:
        code, text = body[0], body[1][:256]
    elif type(body) is bytes:
        text = body[:256]
    return ErrorReply(tid, code, text, _parse_external(message), version)


def _parse_external(message: dict[bytes, Value]) -> Addr | None:
    value = message.get(b"ip")
    if type(value) is not bytes or len(value) != 6:
        return None
    addr = unpack_addr(value)
    return addr if is_usable(addr) else None


# ---- writing ------------------------------------------------------------------------------------------


def encode_query(tid: bytes, args: Args, read_only: bool) -> tuple[str, bytes]:
    """A query's method name, and the query as a datagram."""
    method, body = _WRITERS[type(args)](args)
    message: dict[bytes, Any] = {b"a": body, b"q": method, b"t": tid, b"v": VERSION, b"y": b"q"}
    if read_only:
        message[b"ro"] = 1
    return method.decode(), bencode.encode(message)


def _write_announce(args: AnnouncePeer) -> tuple[bytes, dict[bytes, Any]]:
    # Nodes that don't know implied_port still want a port: 1 is never a peer's, and 0 is an error to some.
    body: dict[bytes, Any] = {
        b"id": args.id,
        b"info_hash": args.target,
        b"port": args.port or 1,
        b"token": args.token,
    }
    if not args.port:
        body[b"implied_port"] = 1
    return b"announce_peer", body


def _write_get(args: Get) -> tuple[bytes, dict[bytes, Any]]:
    body: dict[bytes, Any] = {b"id": args.id, b"target": args.target}
    if args.seq is not None:
        body[b"seq"] = args.seq
    return b"get", body


def _write_put(args: Put) -> tuple[bytes, dict[bytes, Any]]:
    body: dict[bytes, Any] = {b"id": args.id, b"token": args.token, b"v": Bencached(args.v)}
    if args.k is not None:
        body |= {b"k": args.k, b"sig": args.sig, b"seq": args.seq}
        if args.salt:
            body[b"salt"] = args.salt
        if args.cas is not None:
            body[b"cas"] = args.cas
    return b"put", body


_WRITERS: Final[dict[type, Callable[[Any], tuple[bytes, dict[bytes, Any]]]]] = {
    Ping: lambda args: (b"ping", {b"id": args.id}),
    FindNode: lambda args: (b"find_node", {b"id": args.id, b"target": args.target}),
    GetPeers: lambda args: (b"get_peers", {b"id": args.id, b"info_hash": args.target}),
    AnnouncePeer: _write_announce,
    Get: _write_get,
    Put: _write_put,
}


def encode_response(tid: bytes, body: dict[bytes, Any], to: Addr) -> bytes:
    """A response as a datagram. `body` is ``r``; the receiver's address goes into ``ip`` (BEP 42)."""
    packed = pack_addr(to), bencode.encode(body), len(tid), tid, VERSION
    return b"d2:ip6:%b1:r%b1:t%d:%b1:v4:%b1:y1:re" % packed


def encode_error(tid: bytes, code: int, reason: str, to: Addr) -> bytes:
    """An error as a datagram."""
    return bencode.encode({b"e": [code, reason.encode()], b"ip": pack_addr(to), b"t": tid, b"v": VERSION, b"y": b"e"})
