"""The RPC methods (BEP 5, 33, 44, 51): a row for each in `METHODS`, with all its properties.

Reading and writing of queries, counters, filters and links follow from the rows. A new method is described here; the
server needs an answer for it (`engine.server`), and its queries a question (`engine.lookup.questions`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from . import bencode
from .bencode import Bencached, Value
from .bloom import FILTER_BYTES
from .codes import PROTOCOL, UNKNOWN_METHOD
from .family import FAMILIES, ID_LENGTH, OTHER, Addr, Family
from .faults import Fault
from .ids import immutable_target, mutable_target

MAX_WANTS: Final = 16
"""Most words of a ``want`` that are read."""
MAX_TOKEN = 256
MAX_PEERS_READ = 200
MAX_SAMPLES_READ: Final = 100
"""Most infohashes read of ``samples``: 50 fit a packet of 1024 bytes."""
MAX_INTERVAL: Final = 21600
"""Seconds: the longest ``interval`` (BEP 51)."""
MAX_NUM: Final = 1 << 32
"""The highest ``num`` that is believed (BEP 51)."""

Arguments: TypeAlias = dict[bytes, Value]
"""The arguments of a query, ``a``, or the values of a response, ``r``, as received."""


# ---- queries ------------------------------------------------------------------------------------------


Want: TypeAlias = tuple[Family, ...]
"""The families of the nodes that an answer shall name (BEP 32, ``want``); empty: that of the packet."""


class Ping(NamedTuple):
    """BEP 5, "ping"."""

    id: bytes


class FindNode(NamedTuple):
    """BEP 5, "find_node". Also any unknown method that carries a ``target`` or an ``info_hash``."""

    id: bytes
    target: bytes
    want: Want = ()


class GetPeers(NamedTuple):
    """BEP 5, "get_peers". BEP 33: `noseed` asks for peers that are no seeds, `scrape` for a count of all."""

    id: bytes
    target: bytes
    noseed: bool = False
    scrape: bool = False
    want: Want = ()


class AnnouncePeer(NamedTuple):
    """BEP 5, "announce_peer". `port` is 0 for the UDP source port (``implied_port``)."""

    id: bytes
    target: bytes
    port: int
    token: bytes
    seed: bool = False
    """BEP 33: the peer has the whole torrent."""


class Get(NamedTuple):
    """BEP 44, "get". With `seq`, a stored item is only returned if it is newer."""

    id: bytes
    target: bytes
    seq: int | None = None
    want: Want = ()


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


class SampleInfohashes(NamedTuple):
    """BEP 51, "sample_infohashes"."""

    id: bytes
    target: bytes
    want: Want = ()


Args: TypeAlias = Ping | FindNode | GetPeers | AnnouncePeer | Get | Put | SampleInfohashes


# ---- contents of responses to one method --------------------------------------------------------------


class GivenPeers(NamedTuple):
    """``values`` of a response to get_peers."""

    peers: tuple[Addr, ...]
    """The usable peers, each once, `MAX_PEERS_READ` at most."""


class GivenScrape(NamedTuple):
    """The bloom filters in a response to get_peers with ``scrape`` (BEP 33), 256 bytes each; `None`: missing or
    unusable."""

    seeds: bytes | None
    """``BFsd``; mldht names it ``BFse``."""
    downloaders: bytes | None
    """``BFpe``."""


class GivenSamples(NamedTuple):
    """A response to sample_infohashes (BEP 51)."""

    samples: tuple[bytes, ...]
    """Infohashes, each once, `MAX_SAMPLES_READ` at most."""
    num: int | None
    """How many infohashes it stores; `None` if it does not say."""
    interval: int
    """Seconds until other samples may be asked for, at most `MAX_INTERVAL`."""


class GivenItem(NamedTuple):
    """The item in a response to get."""

    v: bytes | None
    """The bencoded value, exactly as received; `None` also if the response was not canonical."""
    k: bytes | None
    sig: bytes | None
    seq: int | None


Given: TypeAlias = GivenPeers | GivenScrape | GivenItem | GivenSamples


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
    also: Answer | None = None
    """Further contents, of their own keys, that its responses may have beside those of `answer`."""
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


def _want(a: Arguments) -> Want:
    """What is no list of known words counts as absent (BEP 32)."""
    value = a.get(b"want")
    if type(value) is not list:
        return ()
    return tuple(family for family in FAMILIES if family.want in value[:MAX_WANTS])


def _read_ping(a: Arguments, _: bool) -> Ping:
    return Ping(_fixed(a, b"id", ID_LENGTH))


def _read_find_node(a: Arguments, _: bool) -> FindNode:
    node_id, target = _fixed(a, b"id", ID_LENGTH), _fixed(a, b"target", ID_LENGTH)
    return FindNode(node_id, target) if len(a) == 2 else FindNode(node_id, target, _want(a))


def _read_get_peers(a: Arguments, _: bool) -> GetPeers:
    node_id, target = _fixed(a, b"id", ID_LENGTH), _fixed(a, b"info_hash", ID_LENGTH)
    if len(a) == 2:
        return GetPeers(node_id, target)
    return GetPeers(node_id, target, a.get(b"noseed") == 1, a.get(b"scrape") == 1, _want(a))


def _read_announce(a: Arguments, _: bool) -> AnnouncePeer:
    port = 0
    if not _integer(a, b"implied_port"):
        given = _integer(a, b"port")
        if given is None or not 0 < given < 65536:
            raise Refusal("port must be 1 to 65535")
        port = given
    node_id, target = _fixed(a, b"id", ID_LENGTH), _fixed(a, b"info_hash", ID_LENGTH)
    return AnnouncePeer(node_id, target, port, _token(a), a.get(b"seed") == 1)


def _read_get(a: Arguments, _: bool) -> Get:
    node_id, target = _fixed(a, b"id", ID_LENGTH), _fixed(a, b"target", ID_LENGTH)
    return Get(node_id, target) if len(a) == 2 else Get(node_id, target, _integer(a, b"seq"), _want(a))


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


def _read_sample(a: Arguments, _: bool) -> SampleInfohashes:
    return SampleInfohashes(_fixed(a, b"id", ID_LENGTH), _fixed(a, b"target", ID_LENGTH), _want(a))


def read_unknown(a: Arguments, _: bool) -> FindNode:
    """Read an unknown method with a target as find_node, as BEP 44 and 51 require. Raises `Refusal`."""
    for name in (b"target", b"info_hash"):
        if name in a:
            return FindNode(_fixed(a, b"id", ID_LENGTH), _fixed(a, name, ID_LENGTH), _want(a))
    raise Refusal("method unknown", UNKNOWN_METHOD)


# ---- writing queries ----------------------------------------------------------------------------------


def _with_want(body: dict[bytes, Any], want: Want) -> dict[bytes, Any]:
    if want:
        body[b"want"] = [family.want for family in want]
    return body


def _write_target(args: FindNode | SampleInfohashes) -> dict[bytes, Any]:
    return _with_want({b"id": args.id, b"target": args.target}, args.want)


def _write_get_peers(args: GetPeers) -> dict[bytes, Any]:
    body: dict[bytes, Any] = _with_want({b"id": args.id, b"info_hash": args.target}, args.want)
    if args.noseed:
        body[b"noseed"] = 1
    if args.scrape:
        body[b"scrape"] = 1
    return body


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
    if args.seed:
        body[b"seed"] = 1
    return body


def _write_get(args: Get) -> dict[bytes, Any]:
    body: dict[bytes, Any] = _with_want({b"id": args.id, b"target": args.target}, args.want)
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
    value, other = body[b"values"], OTHER[family]
    if type(value) is not list:
        faults.append(Fault.PEERS_NO_LIST)
        return GivenPeers(())
    # A list may mix both families (BEP 32): the length of an entry tells which it is of.
    readers = {family.peer_length: family.unpack_usable, other.peer_length: other.unpack_usable}
    peers = [readers[len(x)](x) for x in value[:MAX_PEERS_READ] if type(x) is bytes and len(x) in readers]
    usable = tuple(dict.fromkeys([peer for peer in peers if peer is not None]))
    if len(usable) != len(value):
        faults.append(Fault.PEERS)
    return GivenPeers(usable)


def _read_scrape(body: Arguments, _: bool, faults: list[Fault], family: Family) -> GivenScrape:
    seeds = b"BFsd" if b"BFsd" in body else b"BFse"
    return GivenScrape(_filter(body, seeds, faults), _filter(body, b"BFpe", faults))


def _filter(body: Arguments, name: bytes, faults: list[Fault]) -> bytes | None:
    value = body.get(name)
    if type(value) is bytes and len(value) == FILTER_BYTES:
        return value
    if Fault.BLOOM not in faults:
        faults.append(Fault.BLOOM)
    return None


def _read_samples(body: Arguments, _: bool, faults: list[Fault], family: Family) -> GivenSamples:
    value, num, interval = body[b"samples"], body.get(b"num"), body.get(b"interval")
    samples: tuple[bytes, ...] = ()
    if type(value) is not bytes or len(value) % ID_LENGTH:
        faults.append(Fault.SAMPLES)
    else:
        most = min(len(value), MAX_SAMPLES_READ * ID_LENGTH)
        samples = tuple(dict.fromkeys(value[at : at + ID_LENGTH] for at in range(0, most, ID_LENGTH)))
        if len(samples) * ID_LENGTH != len(value):
            faults.append(Fault.SAMPLES)
    if type(num) is not int or not len(samples) <= num <= MAX_NUM:
        faults.append(Fault.NUM)
        num = None
    if type(interval) is not int or not 0 <= interval <= MAX_INTERVAL:
        faults.append(Fault.INTERVAL)
        interval = MAX_INTERVAL
    return GivenSamples(samples, num, interval)


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
            write=_write_target,
            target=lambda args: args.target,
            about="node",
        ),
        Method(
            name="get_peers",
            args=GetPeers,
            read=_read_get_peers,
            write=_write_get_peers,
            target=lambda args: args.target,
            about="infohash",
            answer=Answer((b"values",), _read_peers),
            also=Answer((b"BFsd", b"BFse", b"BFpe"), _read_scrape),
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
        Method(
            name="sample_infohashes",
            args=SampleInfohashes,
            read=_read_sample,
            write=_write_target,
            target=lambda args: args.target,
            about="target",
            answer=Answer((b"samples",), _read_samples),
        ),
    )
}
"""The known methods, by name, in the order in which they are shown."""
BY_ARGS: Final[dict[type, Method]] = {row.args: row for row in METHODS.values()}
"""The same by the class of their arguments."""
WANTING: Final = frozenset((FindNode, GetPeers, Get, SampleInfohashes))
"""The classes of those whose answers name nodes."""
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
