"""The meaning of the keys of a message (BEP 5, 32, 33, 42, 43, 44, 51), and the display of their values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias

from ..engine.wire.bloom import count
from ..engine.wire.compact import is_usable
from ..engine.wire.family import FAMILIES, IPV4, IPV6, Family
from ..engine.wire.krpc import ERROR_WORDS
from ..engine.wire.methods import MAX_INTERVAL, MAX_NUM
from ..text import format as words
from ..text.clients import client_name
from ..text.safe import safe_text
from .parts import Link, LinkKind, Part
from .spans import Piece, PieceKind

MAX_ENTRIES = 200
"""Most entries of a string of nodes or infohashes that are shown one by one."""
TEXT_LIMIT = 120
"""Most characters of a value shown; hex shows half as many bytes."""


class Shown(NamedTuple):
    """A value in words."""

    value: str
    children: tuple[Part, ...] = ()
    links: tuple[Link, ...] = ()
    odd: str = ""
    """The rule that it breaks; empty if none."""
    note: str = ""


Show: TypeAlias = Callable[[Piece, bytes | None], Shown]
"""Describes a value in words; the second argument is the target for distances, if there is one."""


class Field(NamedTuple):
    """The meaning of a key."""

    name: str
    kind: PieceKind | None = None
    """The type of its value; `None`: any."""
    show: Show | None = None
    inside: Mapping[bytes, Field] | None = None
    """Of a dictionary: the meaning of its keys."""
    elements: tuple[Field, ...] = ()
    """Of a list: the meaning of its values; the last one applies to all that follow."""


def text_or_hex(data: bytes) -> str:
    """A string of unknown meaning: as quoted text if it is printable, else as hex."""
    if not data:
        return '""'
    try:
        text = data[: 4 * TEXT_LIMIT].decode()
    except UnicodeDecodeError:
        text = ""
    if text and text.isprintable():
        return f'"{safe_text(text, TEXT_LIMIT)}"'
    return hex_text(data)


def hex_text(data: bytes) -> str:
    """Bytes in hex, the first 60 at most."""
    most = TEXT_LIMIT // 2
    return data[:most].hex() + ("…" if len(data) > most else "")


def _bytes(piece: Piece) -> bytes:
    return piece.value if isinstance(piece.value, bytes) else b""


def _int(piece: Piece) -> int:
    return piece.value if isinstance(piece.value, int) else 0


def _away(node_id: bytes, target: bytes | None) -> str:
    return f"{words.distance(target, node_id)} from the target" if target is not None else ""


# ---- strings of a fixed length --------------------------------------------------------------------


def _fixed(length: int, what: str, kind: LinkKind | None = None) -> Show:
    """Show a string in hex; one of the right length gets a link, one of another length a note."""

    def show(piece: Piece, target: bytes | None) -> Shown:
        data = _bytes(piece)
        if len(data) != length:
            return Shown(hex_text(data), odd=f"{what} has {length} bytes, this has {len(data)}")
        links = (Link(kind, data, f"{what} {words.short_id(data)}"),) if kind else ()
        return Shown(data.hex(), links=links, note=_away(data, target) if kind == "node" else "")

    return show


def _addr(piece: Piece, _: bytes | None) -> Shown:
    data = _bytes(piece)
    family = next((family for family in FAMILIES if family.peer_length == len(data)), None)
    if family is None:
        lengths = f"{IPV4.peer_length} bytes ({IPV6.peer_length} for {IPV6.name})"
        return Shown(hex_text(data), odd=f"an address has {lengths}, this has {len(data)}")
    return _addr_of(data, family)


def _addr_of(data: bytes, family: Family) -> Shown:
    addr = family.unpack(data)
    text = words.address(addr)
    odd = "" if is_usable(addr) else "no packet can be sent there"
    return Shown(text, links=(Link("address", addr, text),), odd=odd)


# ---- strings of many entries -----------------------------------------------------------------------


def _entries(piece: Piece, length: int) -> Iterator[tuple[int, int, bytes]]:
    """Number, place in the datagram, and bytes of each whole entry, `MAX_ENTRIES` at most."""
    data = _bytes(piece)
    for i in range(min(len(data) // length, MAX_ENTRIES)):
        yield i, piece.body + i * length, data[i * length : (i + 1) * length]


def _many(piece: Piece, length: int, children: tuple[Part, ...], what: str, many: str) -> Shown:
    whole, surplus = divmod(len(_bytes(piece)), length)
    shown = f"{words.plural(whole, what, many)} of {length} bytes"
    if whole > MAX_ENTRIES:
        shown += f", the first {MAX_ENTRIES} shown"
    return Shown(shown, children, odd=f"{words.plural(surplus, 'byte')} too many" if surplus else "")


def _nodes(family: Family) -> Show:
    def show(piece: Piece, target: bytes | None) -> Shown:
        parts = tuple(_node(i, at, data, target, family) for i, at, data in _entries(piece, family.node_length))
        return _many(piece, family.node_length, parts, "node", "nodes")

    return show


def _node(i: int, at: int, data: bytes, target: bytes | None, family: Family) -> Part:
    node_id, place = data[:20], _addr_of(data[20:], family)
    label = f"node {words.short_id(node_id)}"
    end = at + family.node_length
    children = (
        Part("id", node_id.hex(), at, at + 20, links=(Link("node", node_id, label),)),
        Part("address", place.value, at + 20, end, (), "odd" if place.odd else "", place.odd, place.links),
    )
    value = f"{words.short_id(node_id)} {place.value}"
    return Part(f"{i}  node", value, at, end, children, note=_away(node_id, target))


def _samples(piece: Piece, _: bytes | None) -> Shown:
    parts = tuple(
        Part(
            f"{i}  infohash",
            data.hex(),
            at,
            at + 20,
            links=(Link("infohash", data, f"infohash {words.short_id(data)}"),),
        )
        for i, at, data in _entries(piece, 20)
    )
    return _many(piece, 20, parts, "infohash", "infohashes")


# ---- the rest --------------------------------------------------------------------------------------


def _bloom(piece: Piece, _: bytes | None) -> Shown:
    """BEP 33: 2048 bits, 2 set for each address; the number is estimated from the remaining zeros."""
    data = _bytes(piece)
    if len(data) != 256:
        return Shown(hex_text(data), odd=f"a bloom filter has 256 bytes, this has {len(data)}")
    found = count(data)
    if found.high is None:
        return Shown("full: more than can be counted")
    return Shown(f"about {words.plural(round(found.value), 'address', 'addresses')}")


def _interval(piece: Piece, _: bytes | None) -> Shown:
    seconds = _int(piece)
    return Shown(str(seconds), odd="" if 0 <= seconds <= MAX_INTERVAL else f"an interval is 0 to {MAX_INTERVAL}")


def _num(piece: Piece, _: bytes | None) -> Shown:
    number = _int(piece)
    return Shown(str(number), odd="" if 0 <= number <= MAX_NUM else "no node stores so many")


def _version(piece: Piece, _: bytes | None) -> Shown:
    data = _bytes(piece)
    return Shown(f"{client_name(data) or 'empty'} ({hex_text(data)})")


def _hex(piece: Piece, _: bytes | None) -> Shown:
    data = _bytes(piece)
    return Shown(f"{hex_text(data)} ({words.plural(len(data), 'byte')})")


_TYPES: Final = {b"q": "query", b"r": "response", b"e": "error"}


def _type(piece: Piece, _: bytes | None) -> Shown:
    data = _bytes(piece)
    if data in _TYPES:
        return Shown(_TYPES[data])
    return Shown(text_or_hex(data), odd="neither q, r nor e")


def _code(piece: Piece, _: bytes | None) -> Shown:
    code = _int(piece)
    meaning = ERROR_WORDS.get(code)
    return Shown(f"{code} ({meaning})" if meaning else str(code), odd="" if meaning else "no BEP names this code")


def _flag(piece: Piece, _: bytes | None) -> Shown:
    number = _int(piece)
    return Shown({0: "no", 1: "yes"}.get(number, str(number)), odd="" if number in (0, 1) else "must be 0 or 1")


def _port(piece: Piece, _: bytes | None) -> Shown:
    number = _int(piece)
    return Shown(str(number), odd="" if 0 < number < 65536 else "a port is 1 to 65535")


def _family(piece: Piece, _: bytes | None) -> Shown:
    """BEP 32: the word for a family in ``want``."""
    data = _bytes(piece)
    family = next((family for family in FAMILIES if family.want == data), None)
    if family is None:
        return Shown(text_or_hex(data), odd="neither n4 nor n6")
    return Shown(text_or_hex(data), note=f"{family.nodes_key.decode()}, {family.name}")


def _text(piece: Piece, _: bytes | None) -> Shown:
    return Shown(text_or_hex(_bytes(piece)))


_ID = Field("node id of the sender", "string", _fixed(20, "a node id", "node"))
_TOKEN = Field("write token", "string", _hex)
_ITEM: Final = {
    b"k": Field("public key", "string", _fixed(32, "a public key", "key")),
    b"seq": Field("sequence number", "integer"),
    b"sig": Field("signature", "string", _fixed(64, "a signature")),
    b"v": Field("value"),
}
ARGUMENTS: Final[Mapping[bytes, Field]] = _ITEM | {
    b"cas": Field("write only if the stored seq is this", "integer"),
    b"id": _ID,
    b"implied_port": Field("take the port that the packet came from", "integer", _flag),
    b"info_hash": Field("infohash", "string", _fixed(20, "an infohash", "infohash")),
    b"noseed": Field("no seeds, please (BEP 33)", "integer", _flag),
    b"port": Field("port of the peer", "integer", _port),
    b"salt": Field("salt", "string", _text),
    b"scrape": Field("wants bloom filters (BEP 33)", "integer", _flag),
    b"seed": Field("the peer is a seed (BEP 33)", "integer", _flag),
    b"target": Field("target", "string", _fixed(20, "a target", "target")),
    b"token": _TOKEN,
    b"want": Field("address families wanted (BEP 32)", "list", elements=(Field("family", "string", _family),)),
}
"""Keys of ``a``, the arguments of a query."""
VALUES: Final[Mapping[bytes, Field]] = _ITEM | {
    b"BFpe": Field("bloom filter of the downloaders (BEP 33)", "string", _bloom),
    b"BFsd": Field("bloom filter of the seeds (BEP 33)", "string", _bloom),
    b"BFse": Field("bloom filter of the seeds, as mldht spells it (BEP 33: BFsd)", "string", _bloom),
    b"id": _ID,
    b"interval": Field("seconds until other samples come (BEP 51)", "integer", _interval),
    IPV4.nodes_key: Field("nodes nearest to the target", "string", _nodes(IPV4)),
    IPV6.nodes_key: Field("nodes nearest to the target, IPv6 (BEP 32)", "string", _nodes(IPV6)),
    b"num": Field("infohashes in its store (BEP 51)", "integer", _num),
    b"samples": Field("infohashes (BEP 51)", "string", _samples),
    b"token": _TOKEN,
    b"values": Field("peers", "list", elements=(Field("peer", "string", _addr),)),
}
"""Keys of ``r``, the values of a response."""
MESSAGE: Final[Mapping[bytes, Field]] = {
    b"a": Field("arguments of the query", "dict", inside=ARGUMENTS),
    b"e": Field("error", "list", elements=(Field("code", "integer", _code), Field("reason", "string", _text))),
    b"ip": Field("address of the receiver, as the sender sees it (BEP 42)", "string", _addr),
    b"q": Field("method of the query", "string", _text),
    b"r": Field("values of the response", "dict", inside=VALUES),
    b"ro": Field("the sender is read-only (BEP 43)", "integer", _flag),
    b"t": Field("transaction id", "string", _hex),
    b"v": Field("program of the sender", "string", _version),
    b"y": Field("type of the message", "string", _type),
}
"""Keys of a message."""
