"""A packet in a few words, for a row of a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from ..engine.views.events import USED
from ..engine.wire.bloom import count
from ..engine.wire.family import family_of
from ..engine.wire.krpc import ERROR_WORDS, AnnouncePeer, ErrorReply, Get, GetPeers, Message, Put, Query, Response
from ..engine.wire.methods import GivenItem, GivenPeers, GivenSamples, GivenScrape, Want
from ..text.clients import client_name
from ..text.faults import FAULT_WORDS
from ..text.format import plural
from ..text.safe import safe_text, value_text
from .packet import Packet

LIMIT = 200
"""Most characters of a summary."""


def summary(packet: Packet, *, kind: bool = True) -> str:
    """The contents of a packet in one safe line: ``get_peers 2d7c…9f10``, ``8 nodes 50 peers token``. Never raises.

    `kind`: whether an error is marked as one.
    """
    message = packet.message
    if message is None:
        said = f"{safe_text(packet.method, 30) or 'query'} refused" if packet.kind == "query" else "not read"
        return safe_text(f"{said}: {packet.problem}" if packet.problem else said, LIMIT)
    parts = _said(message)
    if isinstance(message, ErrorReply) and kind:
        parts = ["error", *parts]
    if packet.problem:
        parts.append(packet.problem if packet.problem in USED else f"! {packet.problem}")
    return safe_text(" ".join(parts), LIMIT)


def short(value: bytes) -> str:
    """The ends of an id or a key: ``2d7c…9f10``."""
    return f"{value[:2].hex()}…{value[-2:].hex()}"


def _said(message: Message) -> list[str]:
    if isinstance(message, Query):
        return _query(message)
    return _response(message) if isinstance(message, Response) else _error(message)


def record_fields(record: NamedTuple) -> list[tuple[str, str]]:
    """The names and values of arguments or of a part of a response, safe to print, without ids, tokens and absent
    ones."""
    found = []
    for name, value in record._asdict().items():
        if name in ("id", "token") or value is None or value in (b"", ()):
            continue
        if name == "want":
            found.append((name, want_words(value)))
            continue
        if isinstance(value, bytes):
            found.append((name, short(value)))
        else:
            found.append((name, str(len(value)) if isinstance(value, tuple) else safe_text(str(value), 20)))
    return found


def want_words(want: Want) -> str:
    """The families whose nodes are wanted (BEP 32): ``n4 n6``."""
    return " ".join(family.want.decode() for family in want)


def _wanted(args: GetPeers | Get) -> list[str]:
    return [f"want {want_words(args.want)}"] if args.want else []


def _record(record: NamedTuple) -> list[str]:
    return [value if name == "target" else f"{name} {value}" for name, value in record_fields(record)]


def _query(query: Query) -> list[str]:
    say = _ARGUMENTS.get(type(query.args), _record)
    parts = [safe_text(query.method, 30), *say(query.args)]
    if query.read_only:
        parts.append("read-only")
    return parts


def _announce(args: AnnouncePeer) -> list[str]:
    port = f"port {args.port}" if args.port else "implied port"
    return [short(args.target), port, *(["seed"] if args.seed else [])]


def _get_peers(args: GetPeers) -> list[str]:
    flags = [*(["no seeds"] if args.noseed else []), *(["scrape"] if args.scrape else [])]
    return [short(args.target), *flags, *_wanted(args)]


def _get(args: Get) -> list[str]:
    newer = [] if args.seq is None else [f"newer than seq {args.seq}"]
    return [short(args.target), *newer, *_wanted(args)]


def _put(args: Put) -> list[str]:
    parts = []
    if args.k is not None:
        parts.append(f"key {short(args.k)} seq {args.seq}")
    if args.salt:
        parts.append(f"salt {safe_text(args.salt, 20)}")
    if args.cas is not None:
        parts.append(f"cas {args.cas}")
    return [*parts, _value(args.v)]


def _value(v: bytes) -> str:
    return f"value {len(v)} B {safe_text(value_text(v), 60)}"


_ARGUMENTS: Final[dict[type, Callable[[Any], list[str]]]] = {
    AnnouncePeer: _announce,
    Get: _get,
    GetPeers: _get_peers,
    Put: _put,
}
"""Methods whose arguments need their own words."""


def _response(answer: Response) -> list[str]:
    parts = []
    if answer.nodes:
        parts.append(plural(len(answer.nodes), "node"))
    if answer.others:
        family = family_of(answer.others[0].addr[0])
        parts.append(f"{plural(len(answer.others), 'node')} of {family.name}")
    if answer.peers:
        parts.append(plural(len(answer.peers), "peer"))
    if answer.token is not None:
        parts.append("token")
    for given in answer.given:
        if isinstance(given, GivenItem):
            parts += _item(given)
        elif isinstance(given, GivenScrape):
            parts += scrape_words(given)
        elif isinstance(given, GivenSamples):
            parts += samples_words(given)
        elif not isinstance(given, GivenPeers):
            parts += _record(given)
    if not parts:
        parts = ["ok", *([f"from {client_name(answer.version)}"] if answer.version else [])]
    return [*parts, *(f"! {FAULT_WORDS[fault]}" for fault in answer.faults)]


def scrape_words(given: GivenScrape) -> list[str]:
    """How many peers two bloom filters hold, about."""
    named = (("seeds", given.seeds), ("downloaders", given.downloaders))
    return [f"{name} ~{count(data).value:.0f}" for name, data in named if data is not None]


def samples_words(given: GivenSamples) -> list[str]:
    """How many infohashes were given, of how many, and for how long."""
    of = "" if given.num is None else f" of {given.num}"
    return [f"{len(given.samples)}{of} infohashes", f"interval {given.interval} s"]


def _item(given: GivenItem) -> list[str]:
    parts = []
    if given.k is not None:
        parts.append(f"key {short(given.k)}")
    if given.seq is not None:
        parts.append(f"seq {given.seq}")
    if given.v is not None:
        parts.append(_value(given.v))
    return parts


def _error(answer: ErrorReply) -> list[str]:
    meaning = ERROR_WORDS.get(answer.code, "unknown code")
    text = safe_text(answer.message, 100)
    return [f"{answer.code} {meaning}" + (f": {text}" if text else "")]
