"""The RPC methods (BEP 5, BEP 44): a row for each in `METHODS`, with all its properties.

Reading and writing of queries, counters, filters and links follow from the rows. A new method is described here; the
server needs an answer for it (`engine.server`), and its queries a question (`engine.lookup.questions`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from . import bencode
from .bencode import Bencached, Value
from .codes import PROTOCOL, UNKNOWN_METHOD
from .compact import is_usable
from .family import ID_LENGTH, Addr, Family
from .faults import Fault
from .ids import immutable_target, mutable_target

MAX_TOKEN = 256
MAX_PEERS_READ = 200

Arguments: TypeAlias = dict[bytes, Value]
"""The arguments of a query, ``a``, or the values of a response, ``r``, as received."""


# ---- queries ------------------------------------------------------------------------------------------


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
    """BEP 5, "announce_peer". `port` is 0 for the UDP source port (``implied_port``)."""

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


# ---- contents of responses to one method --------------------------------------------------------------


class GivenPeers(NamedTuple):
    """``values`` of a response to get_peers."""

    peers: tuple[Addr, ...]
    """The usable peers, each once, `MAX_PEERS_READ` at most."""


class GivenItem(NamedTuple):
    """The item in a response to get."""

    v: bytes | None
    """The bencoded value, exactly as received; `None` also if the response was not canonical."""
    k: bytes | None
    sig: bytes | None
    seq: int | None


Given: TypeAlias = GivenPeers | GivenItem


# ---- rows ---------------------------------------------------------------------------------------------

About: TypeAlias = Literal["", "node", "infohash", "target"]
StoredKind: TypeAlias = Literal["peer", "immutable", "mutable"]


GivenReader: TypeAlias = Callable[[Arguments, bool, list[Fault], Family], Given]
"""Reads a part of ``r``. The arguments: that, whether the message is canonical, where to add faults, and the family.
Raises nothing."""


class Answer(NamedTuple):
    """The contents of a response besides id, nodes and token."""

    keys: tuple[bytes, ...]
    """The keys that mark these contents: one suffices."""
    read: GivenReader


class Method(NamedTuple):
    """An RPC method."""

    name: str
    args: type[Args]
    read: Callable[[Arguments, bool], Args]
    """Reads ``a``; the second argument is whether the message is canonical. Raises `Refusal`."""
    write: Callable[[Any], dict[bytes, Any]]
    """Writes ``a``."""
    target: Callable[[Any], bytes | None]
    """The 20-byte target of a query; `None` if the method has none."""
    about: About
    """The kind of that target; empty if the method has none."""
    answer: Answer | None = None
    stores: Callable[[Any], StoredKind] | None = None
    """The kind of entry that a query stores; `None` for a method that only reads. Writes need a token."""


class Refusal(Exception):
    """A refusal of arguments: the error code, and the reason in this program's own words, safe to send."""

    def __init__(self, reason: str, code: int = PROTOCOL) -> None:
        super().__init__(reason)
        self.code = code


# ---- reading queries ----------------------------------------------------------------------------------


def _fixed(a: Arguments, name: bytes, length: int) -> bytes:
    value = a.get(name)
    if type(value) is not bytes or len(value) != length:
        raise Refusal(f"{name.decode()} must be {length} bytes")
    return value


def _token(a: Arguments) -> bytes:
    value = a.get(b"token")
    if type(value) is not bytes or len(value) > MAX_TOKEN:
        raise Refusal("token missing or malformed")
    return value


def _integer(a: Arguments, name: bytes) -> int | None:
    value = a.get(name)
    if value is not None and type(value) is not int:
        raise Refusal(f"{name.decode()} must be an integer")
    return value


def _read_ping(a: Arguments, _: bool) -> Ping:
    return Ping(_fixed(a, b"id", ID_LENGTH))


def _read_find_node(a: Arguments, _: bool) -> FindNode:
    return FindNode(_fixed(a, b"id", ID_LENGTH), _fixed(a, b"target", ID_LENGTH))


def _read_get_peers(a: Arguments, _: bool) -> GetPeers:
    return GetPeers(_fixed(a, b"id", ID_LENGTH), _fixed(a, b"info_hash", ID_LENGTH))


def _read_announce(a: Arguments, _: bool) -> AnnouncePeer:
    port = 0
    if not _integer(a, b"implied_port"):
        given = _integer(a, b"port")
        if given is None or not 0 < given < 65536:
            raise Refusal("port must be 1 to 65535")
        port = given
    return AnnouncePeer(_fixed(a, b"id", ID_LENGTH), _fixed(a, b"info_hash", ID_LENGTH), port, _token(a))


def _read_get(a: Arguments, _: bool) -> Get:
    return Get(_fixed(a, b"id", ID_LENGTH), _fixed(a, b"target", ID_LENGTH), _integer(a, b"seq"))


def _read_put(a: Arguments, canonical: bool) -> Put:
    node_id, token = _fixed(a, b"id", ID_LENGTH), _token(a)
    if not canonical:
        # Re-encoded, an unsorted value is another value: its hash and signature would not verify elsewhere.
        raise Refusal("put must be canonical bencode")
    if b"v" not in a:
        raise Refusal("v missing")
    v = bencode.encode(a[b"v"])
    if b"k" not in a:
        return Put(node_id, token, v)
    salt = a.get(b"salt", b"")
    if type(salt) is not bytes:
        raise Refusal("salt must be a string")
    seq = _integer(a, b"seq")
    if seq is None or seq < 0:
        raise Refusal("seq must be an integer of 0 or more")
    return Put(node_id, token, v, _fixed(a, b"k", 32), _fixed(a, b"sig", 64), seq, salt, _integer(a, b"cas"))


def read_unknown(a: Arguments, _: bool) -> FindNode:
    """Read an unknown method with a target as find_node, as BEP 44 and 51 require. Raises `Refusal`."""
    for name in (b"target", b"info_hash"):
        if name in a:
            return FindNode(_fixed(a, b"id", ID_LENGTH), _fixed(a, name, ID_LENGTH))
    raise Refusal("method unknown", UNKNOWN_METHOD)


# ---- writing queries ----------------------------------------------------------------------------------


def _write_announce(args: AnnouncePeer) -> dict[bytes, Any]:
    # Nodes without implied_port need a port: 1 is never the port of a peer, and some refuse 0.
    body: dict[bytes, Any] = {
        b"id": args.id,
        b"info_hash": args.target,
        b"port": args.port or 1,
        b"token": args.token,
    }
    if not args.port:
        body[b"implied_port"] = 1
    return body


def _write_get(args: Get) -> dict[bytes, Any]:
    body: dict[bytes, Any] = {b"id": args.id, b"target": args.target}
    if args.seq is not None:
        body[b"seq"] = args.seq
    return body


def _write_put(args: Put) -> dict[bytes, Any]:
    body: dict[bytes, Any] = {b"id": args.id, b"token": args.token, b"v": Bencached(args.v)}
    if args.k is not None:
        body |= {b"k": args.k, b"sig": args.sig, b"seq": args.seq}
        if args.salt:
            body[b"salt"] = args.salt
        if args.cas is not None:
            body[b"cas"] = args.cas
    return body


def _target_of_put(args: Put) -> bytes:
    return immutable_target(args.v) if args.k is None else mutable_target(args.k, args.salt)


# ---- reading responses --------------------------------------------------------------------------------


def _read_peers(body: Arguments, _: bool, faults: list[Fault], family: Family) -> GivenPeers:
    value, length, unpack = body[b"values"], family.peer_length, family.unpack
    if type(value) is not list:
        faults.append(Fault.PEERS_NO_LIST)
        return GivenPeers(())
    peers = [unpack(x) for x in value[:MAX_PEERS_READ] if type(x) is bytes and len(x) == length]
    usable = tuple(dict.fromkeys(peer for peer in peers if is_usable(peer)))
    if len(usable) != len(value):
        faults.append(Fault.PEERS)
    return GivenPeers(usable)


def _read_item(body: Arguments, canonical: bool, faults: list[Fault], _: Family) -> GivenItem:
    k, sig, seq = body.get(b"k"), body.get(b"sig"), body.get(b"seq")
    if type(seq) is not int:
        seq = None
    if b"v" not in body:
        return GivenItem(None, None, None, seq)
    if not canonical:
        faults.append(Fault.VALUE_REFUSED)
        return GivenItem(None, None, None, seq)
    if k is not None and (type(k) is not bytes or len(k) != 32):
        faults.append(Fault.KEY)
        k = None
    if sig is not None and (type(sig) is not bytes or len(sig) != 64):
        faults.append(Fault.SIGNATURE)
        sig = None
    if sig is not None and seq is None:
        faults.append(Fault.NO_SEQ)
    return GivenItem(bencode.encode(body[b"v"]), k, sig, seq)


# ---- the table ----------------------------------------------------------------------------------------

METHODS: Final = {
    row.name: row
    for row in (
        Method(
            name="ping",
            args=Ping,
            read=_read_ping,
            write=lambda args: {b"id": args.id},
            target=lambda args: None,
            about="",
        ),
        Method(
            name="find_node",
            args=FindNode,
            read=_read_find_node,
            write=lambda args: {b"id": args.id, b"target": args.target},
            target=lambda args: args.target,
            about="node",
        ),
        Method(
            name="get_peers",
            args=GetPeers,
            read=_read_get_peers,
            write=lambda args: {b"id": args.id, b"info_hash": args.target},
            target=lambda args: args.target,
            about="infohash",
            answer=Answer((b"values",), _read_peers),
        ),
        Method(
            name="announce_peer",
            args=AnnouncePeer,
            read=_read_announce,
            write=_write_announce,
            target=lambda args: args.target,
            about="infohash",
            stores=lambda args: "peer",
        ),
        Method(
            name="get",
            args=Get,
            read=_read_get,
            write=_write_get,
            target=lambda args: args.target,
            about="target",
            answer=Answer((b"v", b"seq"), _read_item),
        ),
        Method(
            name="put",
            args=Put,
            read=_read_put,
            write=_write_put,
            target=_target_of_put,
            about="target",
            stores=lambda args: "immutable" if args.k is None else "mutable",
        ),
    )
}
"""The known methods, by name, in the order in which they are shown."""
BY_ARGS: Final[dict[type, Method]] = {row.args: row for row in METHODS.values()}
"""The same by the class of their arguments."""
WRITES: Final = frozenset(row.args for row in METHODS.values() if row.stores)
"""The classes of the arguments of queries that store something."""


def target_of(args: Args) -> bytes | None:
    """The 20-byte target of a query, if any."""
    return BY_ARGS[type(args)].target(args)


def about(name: str) -> About:
    """The kind of target of a method; ``target`` for an unknown method."""
    row = METHODS.get(name)
    return row.about if row else "target"


def is_write(name: str) -> bool:
    """Whether a method stores something."""
    row = METHODS.get(name)
    return row is not None and row.stores is not None
