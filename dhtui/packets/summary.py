"""A packet in a few words, for a line of a list."""

from __future__ import annotations

from ..engine.events import USED
from ..engine.wire.krpc import ERROR_WORDS, AnnouncePeer, ErrorReply, Get, Message, Ping, Put, Query, Response
from ..text.clients import client_name
from ..text.format import plural
from ..text.safe import safe_text, value_text
from .packet import Packet

LIMIT = 200
"""Characters of a summary, at most."""


def summary(packet: Packet, *, kind: bool = True) -> str:
    """What a packet says, in one safe line: ``get_peers 2d7c…9f10``, ``8 nodes 50 peers token``. Never raises.

    `kind`: whether an error is called one.
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


def _query(query: Query) -> list[str]:
    args = query.args
    parts = [safe_text(query.method, 30)]
    if isinstance(args, Put):
        parts += _put(args)
    elif not isinstance(args, Ping):
        parts.append(short(args.target))
    if isinstance(args, AnnouncePeer):
        parts.append(f"port {args.port}" if args.port else "implied port")
    if isinstance(args, Get) and args.seq is not None:
        parts.append(f"newer than seq {args.seq}")
    if query.read_only:
        parts.append("read-only")
    return parts


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


def _response(answer: Response) -> list[str]:
    parts = []
    if answer.nodes:
        parts.append(plural(len(answer.nodes), "node"))
    if answer.peers:
        parts.append(plural(len(answer.peers), "peer"))
    if answer.token is not None:
        parts.append("token")
    if answer.k is not None:
        parts.append(f"key {short(answer.k)}")
    if answer.seq is not None:
        parts.append(f"seq {answer.seq}")
    if answer.v is not None:
        parts.append(_value(answer.v))
    if not parts:
        parts = ["ok", *([f"from {client_name(answer.version)}"] if answer.version else [])]
    return [*parts, *(f"! {fault}" for fault in answer.faults)]


def _error(answer: ErrorReply) -> list[str]:
    meaning = ERROR_WORDS.get(answer.code, "unknown code")
    text = safe_text(answer.message, 100)
    return [f"{answer.code} {meaning}" + (f": {text}" if text else "")]
