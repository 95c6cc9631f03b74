"""BEP 44: get and put, tokens, immutable items, the size and form of values."""

from __future__ import annotations

from typing import Any

from ...engine.keys import BEP44_TEST_KEY
from ...engine.wire.bencode import encode
from ...engine.wire.ids import immutable_target
from ...text.runs.conformance import shown
from ..case import M, O, S, case
from ..messages import Kind, query
from ..outcomes import Need, Skip, Why
from ..probe import Probe
from .items import (
    declined,
    get,
    holds,
    new_key,
    put,
    signed,
    stored,
    takes_any_token,
    target_of,
    text_of,
    token_for,
    turned_down,
)

UNSORTED = b"d1:bi1e1:ai2ee"
SORTED = b"d1:ai2e1:bi1ee"
WIDE = 2**62 + 1


@case("44.01", "Messages", S, "A get is answered with nodes even where the item is there.")
async def nodes_beside_a_value(probe: Probe) -> None:
    args = {b"v": text_of(probe)}
    await stored(probe, args)
    answer = await get(probe, target_of(args))
    probe.check(b"nodes" in answer.r or b"nodes6" in answer.r, "nodes beside the value", answer.shown)


@case("44.02", "Messages", S, "A get is answered with a write token even where the item is there.")
async def token_beside_a_value(probe: Probe) -> None:
    args = {b"v": text_of(probe)}
    await stored(probe, args)
    answer = await get(probe, target_of(args))
    probe.check(answer.token is not None, "a token beside the value", answer.shown)


@case("44.03", "Immutable Items", M, "A value put without a key is found under the SHA-1 of its bencoded bytes.")
async def immutable(probe: Probe) -> None:
    args = {b"v": text_of(probe)}
    answer = probe.reply(await put(probe, args), "that the value is stored")
    answer = await get(probe, target_of(args))
    probe.check(answer.r.get(b"v") == args[b"v"], "the value under its hash", answer.shown)


@case("44.04", "put message", M, "A put names no target: it follows from the key, or from the value.")
async def put_without_target(probe: Probe) -> None:
    for args in ({b"v": text_of(probe)}, signed(new_key(probe), text_of(probe), 1)):
        token = await token_for(probe, target_of(args))
        answer = await probe.ask("put", args | {b"token": token})
        if answer.kind is not Kind.REPLY:
            named = await probe.ask("put", args | {b"token": token, b"target": target_of(args)})
            if named.kind is not Kind.REPLY:
                raise Skip(Why.NOTHING_SEEN, f"a put meets {named.shown} with a target, too")
        probe.reply(answer, "that a put without a target is stored")


@case("44.05", "Messages", M, "Strings, integers, lists and dictionaries are stored, and come back byte for byte.")
async def types_of_values(probe: Probe) -> None:
    text = text_of(probe)
    await stored(probe, {b"v": text})
    values: list[Any] = [b"\x00\xff" + text, WIDE + probe.rng.getrandbits(32), [text, [-7]], {b"a": {b"b": [text]}}]
    for v in values:
        args = {b"v": v}
        what = f"that {shown(v)} is stored"
        probe.reply(await put(probe, args), what)
        answer = await get(probe, target_of(args))
        probe.check(b"1:v" + encode(v) in answer.data, f"{shown(v)} byte for byte", answer.shown)


@case("44.06", "Messages", M, "A value that is not valid bencode, such as a dictionary out of order, is refused.")
async def malformed_value(probe: Probe) -> None:
    for v in (UNSORTED, SORTED):  # the token of what is sent, and of what a node may make of it
        token = await token_for(probe, immutable_target(v))
        args = {b"id": probe.id, b"target": immutable_target(v), b"token": token, b"v": b""}
        data = query("put", args, probe.tid()).replace(b"1:v0:", b"1:v" + UNSORTED)
        answer = await probe.raw(data)
        declined(probe, answer, "a dictionary whose keys are out of order")
        if answer.kind is Kind.ERROR:
            probe.slack(answer.code == 203, "error 203", answer.shown)


@case("44.07", "Messages", M, "A value of 1000 bytes, bencoded, is stored.")
async def largest_value(probe: Probe) -> None:
    await stored(probe, {b"v": text_of(probe)})
    args = {b"v": text_of(probe).ljust(996, b".")}
    answer = await put(probe, args)
    if answer.code == 202:
        raise Skip(Why.NOTHING_SEEN, "its store is full")
    probe.reply(answer, "that 1000 bytes are stored")
    answer = await get(probe, target_of(args))
    probe.check(answer.r.get(b"v") == args[b"v"], "the value of 1000 bytes", answer.shown)


@case("44.08", "Messages", O, "A value of more than 1000 bytes, bencoded, is refused.")
async def too_large_a_value(probe: Probe) -> None:
    for length in (997, 1001):
        args = {b"v": text_of(probe).ljust(length, b".")}
        declined(probe, await put(probe, args), f"a value of {length + 4} bytes, bencoded")


@case("44.09", "Messages", M, "A put without a token that the node gave is refused, and nothing is stored.")
async def false_token(probe: Probe) -> None:
    args = {b"v": text_of(probe)}
    token = await token_for(probe, target_of(args))
    for what, false in (("a made-up", probe.rng.randbytes(len(token) or 8)), ("an empty", b""), ("a cut", token[:-1])):
        await turned_down(probe, args, f"{what} token", token=false)


@case("44.10", "Messages", M, "A token that another address got is refused.", needs=(Need.SECOND_ADDRESS,))
async def token_of_another(probe: Probe) -> None:
    if await takes_any_token(probe):
        raise Skip(Why.NOTHING_SEEN, "it takes any token")
    args = {b"v": text_of(probe)}
    token = await token_for(probe, target_of(args), source=probe.source(1))
    await turned_down(probe, args, "a token of another address", token=token)


@case("44.11", "Messages", O, "A token that was given for one target is refused for another.")
async def token_of_another_target(probe: Probe) -> None:
    if await takes_any_token(probe):
        raise Skip(Why.NOTHING_SEEN, "it takes any token")
    args = {b"v": text_of(probe)}
    token = await token_for(probe, probe.rng.randbytes(20))
    declined(probe, await put(probe, args, token=token), "a token for another target")


@case("44.12", "Mutable Items", M, "A signed item is found under the SHA-1 of key and salt, with k, seq, sig and v.")
async def mutable(probe: Probe) -> None:
    for salt in (b"", b"foobar"):
        args = signed(BEP44_TEST_KEY, b"Hello World!", 1, salt)  # the test vectors
        answer = await put(probe, args)
        if answer.kind is not Kind.REPLY and not await holds(probe, args):
            probe.reply(answer, "that the item of the test vector is stored")
        answer = await get(probe, target_of(args))
        for name in (b"k", b"seq", b"sig", b"v"):
            probe.check(answer.r.get(name) == args[name], f"the {name.decode()} that was put", answer.shown)
        probe.check(b"salt" not in answer.r, "no salt in the reply", answer.shown)


@case("44.26", "CAS", M, "To an item without a key, cas has no meaning.")
async def cas_of_an_immutable_item(probe: Probe) -> None:
    args = {b"v": text_of(probe)}
    await stored(probe, args)
    for cas in (0, 5):
        probe.reply(await put(probe, args | {b"cas": cas}), f"that a value with cas {cas} is stored")


@case("44.29", "get message", M, "A get for what is not there is answered with nodes and a token, and no value.")
async def nothing_there(probe: Probe) -> None:
    answer = await get(probe, probe.rng.randbytes(20))
    expected = "nodes and a token, and nothing else"
    probe.check(b"nodes" in answer.r or b"nodes6" in answer.r, expected, answer.shown)
    probe.check(b"v" not in answer.r and b"k" not in answer.r, expected, answer.shown)


@case("44.31", "Expiration", S, "An item lives two hours at least.", waits=6900.0)
async def lifetime(probe: Probe) -> None:
    args = {b"v": text_of(probe)}
    await stored(probe, args)
    await probe.pause(6900.0)
    probe.check(await holds(probe, args), "the item after 1 hour and 55 minutes", "it is gone")
