"""Verdicts on tokens (BEP 5) and items (BEP 44)."""

from __future__ import annotations

from collections.abc import Iterator

from ...engine.items import MAX_SALT, MAX_VALUE, MutableItem, immutable_target, mutable_target
from ...engine.wire.krpc import Get, Put, Query, Response
from ...engine.wire.methods import GivenItem
from ...text.format import duration, plural, short_id
from ..packet import Packet
from .judgement import Context, Verdict

TOKEN_SECONDS = 600
"""Most seconds that a token is valid (BEP 5)."""


def token(packet: Packet, context: Context) -> Iterator[Verdict]:
    """The origin and the age of a token."""
    value = packet.token
    if value is None:
        return
    size = plural(len(value), "byte")
    if packet.kind == "response":
        ago = duration(max(0.0, context.now - packet.at))
        sentence = f"Hands out a token of {size}, {ago} ago; it serves for a write for 5 to 10 minutes."
        yield Verdict("token", "info", sentence)
        return
    granted = context.granted
    if granted is None:
        sentence = f"The answer that handed out this token of {size} is not kept: it is too old, or there was none."
        yield Verdict("token", "info", sentence)
        return
    age = max(0.0, packet.at - granted.at)
    sentence = f"Handed out by packet {granted.number}, {duration(age)} before"
    if age > TOKEN_SECONDS:
        yield Verdict("token", "warn", f"{sentence}: over 10 minutes, a node need not take it any more.")
    else:
        yield Verdict("token", "ok", f"{sentence}: fresh enough for any node.")
    if granted.target is not None and packet.target is not None and granted.target != packet.target:
        sentence = (
            f"The token was handed out for {short_id(granted.target)}, the write goes to {short_id(packet.target)}: "
            "nodes that bind tokens to the target refuse that."
        )
        yield Verdict("token", "warn", sentence)


def items(packet: Packet, context: Context) -> Iterator[Verdict]:
    """Whether an item is genuine and within the limits."""
    message = packet.message
    if isinstance(message, Query) and isinstance(message.args, Put):
        yield from _put(message.args)
    elif isinstance(message, Response):
        yield from _given(message.item, packet, context)


def _given(item: GivenItem, packet: Packet, context: Context) -> Iterator[Verdict]:
    if item.v is not None:
        yield from _size("value", len(item.v), MAX_VALUE)
        if item.k is None:
            yield _immutable(item.v, packet.target)
        else:
            yield from _mutable(item, item.v, item.k, packet.target, context.salts)
    elif item.seq is not None:
        yield _nothing_newer(item.seq, packet.query)


def _size(what: str, size: int, most: int) -> Iterator[Verdict]:
    used = f"The {what} takes {size} of {most} bytes"
    yield Verdict(what, "bad", f"{used}: too many.") if size > most else Verdict(what, "ok", f"{used}.")


def _put(args: Put) -> Iterator[Verdict]:
    yield from _size("value", len(args.v), MAX_VALUE)
    if args.k is None or args.sig is None or args.seq is None:
        sentence = f"Immutable: the SHA-1 of the value, {immutable_target(args.v).hex()}, is its target."
        yield Verdict("target", "info", sentence)
        return
    item = MutableItem(args.v, args.k, args.sig, args.seq, args.salt)
    of_what = "key and salt" if args.salt else "key"
    yield Verdict("target", "info", f"Mutable: the SHA-1 of the {of_what}, {item.target.hex()}, is its target.")
    yield _signature(item)
    if args.salt:
        yield from _size("salt", len(args.salt), MAX_SALT)
    if args.cas is not None:
        sentence = f"To be written only where the stored seq is {args.cas}; else error 301 is due."
        yield Verdict("cas", "info", sentence)
        if args.cas > args.seq:
            sentence = f"cas {args.cas} is above seq {args.seq}: where cas fits, the seq is too low (error 302)."
            yield Verdict("cas", "bad", sentence)


def _signature(item: MutableItem) -> Verdict:
    over = "salt, seq and value" if item.salt else "seq and value"
    if item.verify():
        return Verdict("signature", "ok", f"The signature over {over} is good: seq {item.seq} is the key owner's.")
    return Verdict("signature", "bad", f"The signature over {over} does not fit the key: forged, altered or damaged.")


def _immutable(v: bytes, target: bytes | None) -> Verdict:
    found = immutable_target(v)
    if target is None:
        return Verdict("target", "info", f"Immutable: the SHA-1 of the value is {found.hex()}; the query is not kept.")
    if found == target:
        return Verdict("target", "ok", "The SHA-1 of the value is the target: this is what was asked for.")
    sentence = f"The SHA-1 of the value is {found.hex()}, not the target {target.hex()}: altered, or never genuine."
    return Verdict("target", "bad", sentence)


def _mutable(
    answer: GivenItem, v: bytes, k: bytes, target: bytes | None, salts: tuple[bytes, ...]
) -> Iterator[Verdict]:
    if answer.sig is None or answer.seq is None:
        yield Verdict("signature", "bad", "A mutable item without signature or seq: nobody can trust it.")
        return
    readings = [MutableItem(v, k, answer.sig, answer.seq, salt) for salt in (b"", *salts)]
    if target is None:
        yield Verdict("target", "info", "Whether the key belongs to the target can't be said: the query is not kept.")
        item = next((item for item in readings if item.verify()), None)
    else:
        item = next((item for item in readings if item.target == target), None)
        yield _key_of_target(item, k, target)
    if item is None:
        sentence = "Whether the signature is good can't be said: the salt, if there is one, is part of what is signed."
        yield Verdict("signature", "info", sentence)
    else:
        yield _signature(item)


def _key_of_target(item: MutableItem | None, k: bytes, target: bytes) -> Verdict:
    if item is not None:
        of_what = "key and salt" if item.salt else "key"
        return Verdict("target", "ok", f"The SHA-1 of the {of_what} is the target: this is the key asked for.")
    sentence = (
        f"The SHA-1 of the key, {mutable_target(k).hex()}, is not the target {target.hex()}: "
        "it is stored under a salt, which no answer carries, or this is another key's item."
    )
    return Verdict("target", "warn", sentence)


def _nothing_newer(seq: int, query: Packet | None) -> Verdict:
    message = query.message if query is not None else None
    asked = message.args.seq if isinstance(message, Query) and isinstance(message.args, Get) else None
    if asked is None:
        return Verdict("seq", "info", f"Has the item with seq {seq}, and sends no value.")
    if seq > asked:
        sentence = f"Has seq {seq}, newer than the {asked} that was asked for, yet sends no value."
        return Verdict("seq", "warn", sentence)
    return Verdict("seq", "ok", f"Has seq {seq}, nothing newer than the {asked} that was asked for: no value is due.")
