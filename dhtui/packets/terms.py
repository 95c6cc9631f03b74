"""The terms of the filter language: the values that each accepts, and the packets that it matches."""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import eq, ge, gt, le, lt
from typing import Final, NamedTuple, TypeAlias

from ..engine.views.events import OWN_PROBE
from ..engine.wire.address import read_addr, read_ip
from ..engine.wire.compact import Addr
from ..engine.wire.family import IPV4, IPV6, family_of
from ..engine.wire.methods import METHODS
from ..text.format import address
from .packet import Packet
from .summary import summary

Test: TypeAlias = Callable[[Packet], bool]


class Term(NamedTuple):
    """A kind of term, such as ``method:``."""

    read: Callable[[str], Test]
    """Makes a test from the value after the colon. Raises `ValueError`."""
    accepted: str
    """The accepted values, as part of a sentence."""
    meaning: str
    example: str
    values: tuple[str, ...] = ()
    """The usual values, offered while the user types."""


def _one_of(words: dict[str, str], pick: Callable[[Packet], str]) -> Callable[[str], Test]:
    """A term whose value is one of some words; `words` maps each to a value of the packet."""

    def read(text: str) -> Test:
        if text not in words:
            raise ValueError(text)
        wanted = words[text]
        return lambda packet: pick(packet) == wanted

    return read


def _method(text: str) -> Test:
    if not re.fullmatch(r"[A-Za-z0-9_]{1,64}", text):
        raise ValueError(text)
    return lambda packet: packet.method == text


def _error(text: str) -> Test:
    if text == "any":
        return _is_trouble
    if text == "none":
        return lambda packet: not _is_trouble(packet)
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise ValueError(text)
    code = int(text)
    return lambda packet: packet.kind == "error" and packet.code == code


def _is_trouble(packet: Packet) -> bool:
    return packet.kind in ("error", "unreadable") or packet.problem not in ("", OWN_PROBE)


def _hex(pick: Callable[[Packet], bytes | None], most: int) -> Callable[[str], Test]:
    def read(text: str) -> Test:
        prefix = text.lower()
        if not re.fullmatch(rf"[0-9a-f]{{1,{most}}}", prefix):
            raise ValueError(text)

        def test(packet: Packet) -> bool:
            value = pick(packet)
            return value is not None and value.hex().startswith(prefix)

        return test

    return read


_COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {"": eq, "=": eq, ">": gt, ">=": ge, "<": lt, "<=": le}


def _comparison(text: str) -> tuple[Callable[[float, float], bool], int]:
    """Raises `ValueError`."""
    found = re.fullmatch(r"(>=|<=|>|<|=|)([0-9]{1,6})", text)
    if not found:
        raise ValueError(text)
    return _COMPARISONS[found[1]], int(found[2])


def _length(text: str) -> Test:
    compare, number = _comparison(text)
    return lambda packet: compare(len(packet.data), number)


def _round_trip(text: str) -> Test:
    compare, number = _comparison(text)

    def test(packet: Packet) -> bool:
        query = packet.query
        return query is not None and compare(round(1000 * (packet.at - query.at)), number)

    return test


def _text(text: str) -> Test:
    wanted = text.casefold()
    return lambda packet: wanted in f"{address(packet.addr)} {summary(packet)}".casefold()


def _place(direction: str) -> Callable[[str], Test]:
    """A term about the remote address; with a direction, only for packets in that direction."""

    def read(text: str) -> Test:
        matches = _addresses(text)
        if not direction:
            return lambda packet: matches(packet.addr)
        return lambda packet: packet.direction == direction and matches(packet.addr)

    return read


def _addresses(text: str) -> Callable[[Addr], bool]:
    """Raises `ValueError`."""
    if "/" in text:
        return _block(text)
    if text.startswith("[") or text.count(":") > 1:
        return _exactly6(text)
    ip, colon, port = text.partition(":")
    octets = ip.removesuffix(".").split(".")
    if len(octets) > 4 or not all(re.fullmatch(r"[0-9]{1,3}", part) and int(part) < 256 for part in octets):
        raise ValueError(text)
    exact = ".".join(str(int(part)) for part in octets)
    if colon:
        if len(octets) < 4 or not re.fullmatch(r"[0-9]{1,5}", port):
            raise ValueError(text)
        wanted = (exact, int(port))
        return lambda addr: addr == wanted
    if len(octets) == 4:
        return lambda addr: addr[0] == exact
    head = exact + "."
    return lambda addr: addr[0].startswith(head)


def _block(text: str) -> Callable[[Addr], bool]:
    """A block of addresses, its prefix as a number of bits or, of IPv4, as a netmask. Raises `ValueError`."""
    from ipaddress import ip_network  # 4 ms, and seldom needed

    net = ip_network(text, strict=False)
    family = IPV6 if net.version == 6 else IPV4
    base, mask = int(net.network_address), int(net.netmask)

    def test(addr: Addr) -> bool:
        return family_of(addr[0]) is family and int.from_bytes(family.pack_ip(addr[0])) & mask == base

    return test


def _exactly6(text: str) -> Callable[[Addr], bool]:
    """An IPv6 address: in brackets with or without a port, or by itself. Raises `ValueError`."""
    if text.startswith("[") and not text.endswith("]"):
        wanted = read_addr(text)
        return lambda addr: addr == wanted
    ip = read_ip(text[1:-1] if text.startswith("[") else text)
    if ":" not in ip:
        raise ValueError(text)
    return lambda addr: addr[0] == ip


def _family(text: str) -> Test:
    wanted = {"4": IPV4, "6": IPV6}.get(text)
    if wanted is None:
        raise ValueError(text)
    return lambda packet: family_of(packet.addr[0]) is wanted


_ADDRESSES = (
    "an address such as 1.2.3.4, its first numbers (10.1), a block (10.0.0.0/8, 2001:db8::/32), address:port, "
    "or of IPv6 2001:db8::1 or [2001:db8::1]:6881"
)
_TYPES: Final = {
    "q": "query",
    "query": "query",
    "r": "response",
    "response": "response",
    "e": "error",
    "error": "error",
    "u": "unreadable",
    "unreadable": "unreadable",
}
TERMS: Final[dict[str, Term]] = {
    "method": Term(
        _method,
        "a method: " + ", ".join(METHODS),
        "queries of this method and their answers",
        "method:get",
        tuple(METHODS),
    ),
    "dir": Term(
        _one_of({"in": "in", "out": "out"}, lambda packet: packet.direction),
        "in or out",
        "came in, or went out",
        "dir:in",
        ("in", "out"),
    ),
    "type": Term(
        _one_of(_TYPES, lambda packet: packet.kind),
        "q (query), r (response), e (error) or u (unreadable)",
        "queries (q), responses (r), errors (e), unreadable ones (u)",
        "type:q",
        ("q", "r", "e", "u"),
    ),
    "err": Term(
        _error,
        "any, none, or a code such as 203",
        "errors with this code; any: also what was dropped or refused",
        "err:203",
        ("any", "none", "201", "202", "203", "204", "205", "206", "207", "301", "302"),
    ),
    "from": Term(_place("in"), _ADDRESSES, "came from there", "from:1.2.3.4"),
    "to": Term(_place("out"), _ADDRESSES, "went there", "to:10.0.0.0/8"),
    "net": Term(_family, "4 or 6", "over IPv4 (4) or IPv6 (6)", "net:6", ("4", "6")),
    "addr": Term(_place(""), _ADDRESSES, "came from there or went there", "addr:1.2.3.4:6881"),
    "id": Term(
        _hex(lambda packet: packet.sender, 40),
        "the first hex digits of a node id, 1 to 40",
        "the sender's node id begins so",
        "id:2d7c",
    ),
    "target": Term(
        _hex(lambda packet: packet.target, 40),
        "the first hex digits of a target or an infohash, 1 to 40",
        "queries for such a target or infohash, and their answers",
        "target:2d7c",
    ),
    "tid": Term(
        _hex(lambda packet: packet.tid, 40),
        "the first hex digits of a transaction id, 1 to 40",
        "the transaction id begins so",
        "tid:a1f0",
    ),
    "len": Term(
        _length,
        "a number of bytes, with <, >, <= or >= before it if need be",
        "so many bytes long",
        "len:>300",
        (">300", ">1200", "<100"),
    ),
    "rtt": Term(
        _round_trip,
        "a number of milliseconds, with <, >, <= or >= before it if need be",
        "answers that came so many milliseconds after their query",
        "rtt:>500",
        (">500", ">100", "<50"),
    ),
    "text": Term(_text, "a text", "it is in the address or the summary; a bare word means the same", "text:nodes"),
}
"""By name, in the order of the help."""
