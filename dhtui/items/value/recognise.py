"""Values with known contents: a pointer to a torrent (BEP 46), or DNS records as pkarr publishes them."""

from __future__ import annotations

from typing import NamedTuple

from ...engine.wire import bencode
from ...text.actions.lists import READ_DNS, first_records_words
from ...text.safe import safe_text

INFO_HASH_LENGTH = 20
MAX_RECORDS = 100

_HEADER = 12
"""Bytes of the header of a DNS message."""


class Torrent(NamedTuple):
    """The torrent that a mutable item points to (BEP 46)."""

    info_hash: bytes
    """20 bytes."""

    @property
    def magnet(self) -> str:
        """A magnet link to it."""
        return f"magnet:?xt=urn:btih:{self.info_hash.hex()}"

    def lines(self) -> list[str]:
        """Lines to show, safe to print."""
        return [f"torrent {self.info_hash.hex()}", self.magnet]


class Record(NamedTuple):
    """One DNS record. All text is safe to print."""

    name: str
    ttl: int
    """Seconds."""
    type: str
    data: str


class DnsPacket(NamedTuple):
    """A DNS packet, as pkarr puts it under a public key."""

    records: tuple[Record, ...] = ()
    problem: str = ""
    """Why records are missing; else empty."""

    def lines(self) -> list[str]:
        """Lines to show, safe to print."""
        head = "DNS packet" + (f": {self.problem}" if self.problem else "")
        width = max((len(record.name) for record in self.records), default=0)
        return [head, *(f"{one.name:<{width}}  {one.ttl:>6}  {one.type:<6}{one.data}" for one in self.records)]


def pointer(info_hash: bytes) -> bytes:
    """The bencoded value of a mutable item that points to a torrent (BEP 46), 20 bytes."""
    return bencode.encode({b"ih": info_hash})


def recognise(v: bytes) -> Torrent | DnsPacket | None:
    """The known contents of a bencoded value; `None` for any other. Never raises."""
    try:
        value = bencode.decode(v)
    except bencode.BencodeError:
        return None
    if isinstance(value, dict):
        info_hash = value.get(b"ih")
        if isinstance(info_hash, bytes) and len(info_hash) == INFO_HASH_LENGTH:
            return Torrent(info_hash)
    elif isinstance(value, bytes) and _looks_like_dns(value):
        return _dns(value)
    return None


def _looks_like_dns(data: bytes) -> bool:
    """Whether the bytes look like a DNS reply without a question, with as many records as may fit."""
    if len(data) <= _HEADER or not data[2] & 0x80 or data[2] & 0x78 or data[3] & 0x0F:
        return False
    questions, answers, authorities, additional = (int.from_bytes(data[at : at + 2], "big") for at in (4, 6, 8, 10))
    smallest = 11  # root name, type, class, TTL, length
    return questions == 0 < answers and (answers + authorities + additional) * smallest <= len(data) - _HEADER


def _dns(data: bytes) -> DnsPacket | None:
    try:
        from dns.exception import DNSException
        from dns.message import from_wire
    except ImportError:
        return DnsPacket(problem=READ_DNS)
    try:
        message = from_wire(data)
    except DNSException:
        return None  # it only looked like a DNS message
    records = [
        Record(safe_text(rrset.name.to_text(omit_final_dot=True)), rrset.ttl, _type(rrset.rdtype), _data(rdata))
        for rrset in message.answer
        for rdata in rrset
    ]
    cut = first_records_words(MAX_RECORDS, len(records)) if len(records) > MAX_RECORDS else ""
    return DnsPacket(tuple(records[:MAX_RECORDS]), cut)


def _type(number: int) -> str:
    from dns.rdatatype import to_text

    return to_text(number)  # type: ignore[arg-type]  # any number will do


def _data(rdata: object) -> str:
    return safe_text(rdata.to_text(), 1100)  # type: ignore[attr-defined]
