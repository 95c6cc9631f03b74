"""Packets as lines, for ``--vv``. Everything in them came from the network: it is made safe here."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from ..engine.views.events import USED, DatagramsLost, Event, PacketReceived, PacketSent, Woke
from ..engine.wire.bloom import count
from ..engine.wire.family import family_of
from ..engine.wire.krpc import (
    AnnouncePeer,
    Args,
    ErrorReply,
    GetPeers,
    MalformedDatagram,
    Message,
    Put,
    Query,
    RefusedQuery,
    Response,
    parse,
)
from ..engine.wire.methods import GivenItem, GivenPeers, GivenSamples, GivenScrape
from ..packets.summary import record_fields, want_words
from ..text import format as words
from ..text.clients import client_name
from ..text.faults import FAULT_WORDS, problem_words
from ..text.safe import safe_text, value_text

_WIDEST = 240


def packet_line(event: Event) -> str | None:
    """One line for a packet, or for packets that were lost; `None` for other events."""
    if isinstance(event, PacketSent):
        message: Message | None = None
        with suppress(MalformedDatagram, RefusedQuery):  # our own, so it parses
            message = parse(event.data, family_of(event.addr[0]))
        return _line("send", event.addr, message, "", len(event.data))
    if isinstance(event, PacketReceived):
        return _line("recv", event.addr, event.message, problem_words(event.problem), len(event.data))
    if isinstance(event, DatagramsLost):
        return f"lost {words.lost_unread(event.lost, event.total)}"
    if isinstance(event, Woke):
        return f"woke {words.woke(event.away)}"
    return None


def _line(way: str, addr: tuple[str, int], message: Message | None, problem: str, size: int) -> str:
    head = f"{way} {_kind(message)} {words.address(addr)}"
    parts = [head, *_details(message)]
    if message is None:
        parts.append(f"{size} bytes")
    if problem:
        parts.append(problem if problem in USED else f"dropped: {safe_text(problem, 100)}")
    return safe_text(" ".join(parts), _WIDEST)


def _kind(message: Message | None) -> str:
    if message is None:
        return "???"
    return {Query: "query", Response: "answer", ErrorReply: "error"}[type(message)]


def _details(message: Message | None) -> list[str]:
    if message is None:
        return []
    parts = [f"tx:{message.tid.hex()}"]
    if isinstance(message, Query):
        parts += [safe_text(message.method, 30), *_arguments(message.args)]
        if message.read_only:
            parts.append("ro")
    elif isinstance(message, Response):
        parts += _answer(message)
    else:
        parts.append(f'{message.code} "{safe_text(message.message, 80)}"')
    if message.version:
        parts.append(f"by {client_name(message.version)}")
    return parts


def _arguments(args: Args) -> list[str]:
    parts = [f"id:{words.short_id(args.id)}"]
    if isinstance(args, Put):
        parts.append(f"v:{safe_text(value_text(args.v), 60)}")
        if args.k is not None:
            parts += [f"k:{words.short_id(args.k)}", f"seq:{args.seq}"]
        if args.salt:
            parts.append(f"salt:{safe_text(args.salt, 40)}")
        if args.cas is not None:
            parts.append(f"cas:{args.cas}")
    elif isinstance(args, AnnouncePeer):
        port = f"port:{args.port}" if args.port else "implied port"
        parts += [f"target:{words.short_id(args.target)}", port, *(["seed"] if args.seed else [])]
    elif isinstance(args, GetPeers):
        flags = [name for name in ("noseed", "scrape") if getattr(args, name)]
        wanted = [f"want:{want_words(args.want)}"] if args.want else []
        parts += [f"target:{words.short_id(args.target)}", *flags, *wanted]
    else:
        parts += _record(args)
    return parts


def _record(record: NamedTuple) -> list[str]:
    return [f"{name}:{value}" for name, value in record_fields(record)]


def _answer(message: Response) -> list[str]:
    parts = [f"id:{words.short_id(message.id)}"]
    if message.nodes:
        parts.append(f"nodes:{len(message.nodes)}")
    if message.others:
        parts.append(f"others:{len(message.others)}")
    if message.peers:
        parts.append(f"peers:{len(message.peers)}")
    if message.token is not None:
        parts.append(f"token:{message.token.hex()[:16]}")
    for given in message.given:
        if isinstance(given, GivenItem):
            parts += [f"seq:{given.seq}"] if given.seq is not None else []
            parts += [f"v:{safe_text(value_text(given.v), 60)}"] if given.v is not None else []
        elif isinstance(given, GivenScrape):
            named = (("seeds", given.seeds), ("downloaders", given.downloaders))
            parts += [f"{name}:~{count(data).value:.0f}" for name, data in named if data is not None]
        elif isinstance(given, GivenSamples):
            parts += [f"samples:{len(given.samples)}", f"num:{given.num}", f"interval:{given.interval}"]
        elif not isinstance(given, GivenPeers):
            parts += _record(given)
    return [*parts, *(FAULT_WORDS[fault] for fault in message.faults)]
