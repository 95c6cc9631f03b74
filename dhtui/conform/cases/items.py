"""Items of BEP 44: what cases put, and get back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...engine.items import signing_buffer
from ...engine.keys import PrivateKey
from ...engine.wire.bencode import encode
from ...engine.wire.ids import immutable_target, mutable_target
from ..messages import Answer, Kind
from ..outcomes import Skip, Unsupported, Why
from ..probe import Probe, Source


def new_key(probe: Probe) -> PrivateKey:
    """A key that no other case has."""
    return PrivateKey.from_seed(probe.rng.randbytes(32))


def text_of(probe: Probe) -> bytes:
    """A value that no other case has."""
    return b"dhtui conform " + probe.rng.randbytes(4).hex().encode()


def signed(key: PrivateKey, v: Any, seq: int, salt: bytes = b"") -> dict[bytes, Any]:
    """The arguments of a mutable put, without its token."""
    made: dict[bytes, Any] = {b"k": key.public, b"seq": seq, b"v": v}
    made[b"sig"] = key.sign(signing_buffer(encode(v), seq, salt))
    return made | ({b"salt": salt} if salt else {})


def target_of(args: Mapping[bytes, Any]) -> bytes:
    """Where the item of a put is stored."""
    k = args.get(b"k")
    return immutable_target(encode(args[b"v"])) if k is None else mutable_target(k, args.get(b"salt", b""))


async def get(probe: Probe, target: bytes, *, source: Source | None = None, seq: int | None = None) -> Answer:
    """The reply to a get. Raises `Unsupported`."""
    answer = await probe.ask("get", {b"target": target, b"seq": seq}, source=source)
    if answer.kind is not Kind.REPLY or not answer.r:
        raise Unsupported(f"a get meets {answer.shown}", "a reply to get")
    return answer


async def token_for(probe: Probe, target: bytes, *, source: Source | None = None) -> bytes:
    """A write token for an item: a new one, or where none is given this time the last one. Raises `Unsupported`."""
    answer = await get(probe, target, source=source)
    place = (source or probe.source()).addr, target
    token = probe.tokens.get(place) if answer.token is None else answer.token
    if token is None:
        raise Unsupported("get is answered without a token", "a write token")
    probe.tokens[place] = token
    return token


async def put(
    probe: Probe, args: Mapping[bytes, Any], *, token: bytes | None = None, source: Source | None = None
) -> Answer:
    """Put an item, with a fresh token unless one is given. Some nodes read no put without a target: where there is
    silence or error 203, one is sent along."""
    target = target_of(args)
    if token is None:
        token = await token_for(probe, target, source=source)
    answer = await probe.ask("put", dict(args) | {b"token": token}, source=source)
    if answer.kind is Kind.SILENCE or answer.code == 203:
        answer = await probe.ask("put", dict(args) | {b"token": token, b"target": target}, source=source, tries=1)
    return answer


async def stored(probe: Probe, args: Mapping[bytes, Any], *, source: Source | None = None) -> None:
    """Put an item that a case needs, and see that it is there. Raises `Skip`: other cases are about that."""
    answer = await put(probe, args, source=source)
    if answer.kind is not Kind.REPLY:
        raise Skip(Why.NOTHING_SEEN, f"a put that is in order meets {answer.shown}")
    found = (await get(probe, target_of(args))).r
    if any(found.get(name) != args[name] for name in args.keys() & {b"k", b"seq", b"sig", b"v"}):
        raise Skip(Why.NOTHING_SEEN, "a put that is in order is not found as it was put")


async def takes_any_token(probe: Probe) -> bool:
    """Whether it takes a token that it never gave: then there is nothing to see of whom it gave one to."""
    answer = await put(probe, {b"v": text_of(probe)}, token=probe.rng.randbytes(8))
    return answer.kind is Kind.REPLY


async def holds(probe: Probe, args: Mapping[bytes, Any]) -> bool:
    """Whether a get finds the value of a put."""
    found: object = (await get(probe, target_of(args))).r.get(b"v")
    return bool(found == args[b"v"])


async def turned_down(probe: Probe, args: Mapping[bytes, Any], what: str, *, token: bytes | None = None) -> None:
    """A put that has to be refused, and must not be found afterwards."""
    answer = await put(probe, args, token=token)
    declined(probe, answer, what)
    if await holds(probe, args):
        probe.check(False, f"that {what} is not stored", "a get finds it")


def declined(probe: Probe, answer: Answer, what: str) -> None:
    """There should be an error, of whatever code: 44.30 is about codes."""
    probe.check(answer.kind is not Kind.REPLY, f"an error to {what}", answer.shown)
    probe.slack(answer.kind is Kind.ERROR, f"an error to {what}", answer.shown)
