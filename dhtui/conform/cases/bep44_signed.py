"""BEP 44: mutable items: signature, salt, seq and cas, and the errors."""

from __future__ import annotations

from typing import Any

from ...engine.items import signing_buffer
from ...engine.keys import PrivateKey
from ...engine.wire.bencode import encode
from ..case import M, O, S, case
from ..messages import Answer, Kind
from ..outcomes import Miss, Need, Outcome, Skip, Why
from ..probe import Probe
from .items import declined, get, holds, new_key, put, signed, stored, target_of, text_of, token_for, turned_down

HIGHEST = 2**63 - 1
SALT = b"dhtui conform"


async def _item(probe: Probe, seq: int, salt: bytes = b"") -> tuple[PrivateKey, dict[bytes, Any]]:
    """An item that is stored, and its key."""
    key = new_key(probe)
    args = signed(key, text_of(probe), seq, salt)
    await stored(probe, args)
    return key, args


async def _kept(probe: Probe, args: dict[bytes, Any], what: str) -> None:
    """The item of these arguments should still be there after `what`."""
    answer = await get(probe, target_of(args))
    expected = f"the item of seq {args[b'seq']} as before after {what}"
    probe.check((answer.r.get(b"v"), answer.r.get(b"seq")) == (args[b"v"], args[b"seq"]), expected, answer.shown)


@case("44.13", "Signature Verification", M, "A signature is over salt, seq and value; one without the salt is false.")
async def what_is_signed(probe: Probe) -> None:
    key, _ = await _item(probe, 1)
    args = signed(key, text_of(probe), 1, SALT)
    probe.reply(await put(probe, args), "that an item with a salt is stored")
    false = signed(key, text_of(probe), 2, SALT)
    if (await put(probe, false | {b"sig": _flipped(false[b"sig"])})).kind is Kind.REPLY:
        raise Skip(Why.NOTHING_SEEN, "it takes any signature")
    bare = signed(key, text_of(probe), 2) | {b"salt": SALT}
    answer = await put(probe, bare)  # whether it says so is for 44.16
    probe.check(answer.kind is not Kind.REPLY, "no reply to a signature without the salt", answer.shown)
    probe.check(not await holds(probe, bare), "that it is not stored", "a get finds it")


@case("44.14", "Mutable Items", M, "An empty salt is none: neither in the target, nor in what is signed.")
async def empty_salt(probe: Probe) -> None:
    await _item(probe, 1)
    args = signed(new_key(probe), text_of(probe), 1) | {b"salt": b""}
    probe.reply(await put(probe, args), "that an item with an empty salt is stored")
    probe.check(await holds(probe, args), "the item under the hash of its key", "it is not there")


@case("44.15", "Mutable Items", M, "A salt may have 64 bytes, and no more.")
async def length_of_salt(probe: Probe) -> None:
    key, _ = await _item(probe, 1, SALT)
    args = signed(key, text_of(probe), 1, SALT.ljust(64, b"."))
    probe.reply(await put(probe, args), "that an item with a salt of 64 bytes is stored")
    declined(probe, await put(probe, signed(key, text_of(probe), 1, SALT.ljust(65, b"."))), "a salt of 65 bytes")


def _flipped(data: bytes) -> bytes:
    return bytes((data[0] ^ 1,)) + data[1:]


@case("44.16", "Signature Verification", M, "An item whose signature does not hold is refused, and not stored.")
async def false_signature(probe: Probe) -> None:
    good = signed(new_key(probe), text_of(probe), 5)
    for name, false in (
        ("sig", {b"sig": _flipped(good[b"sig"])}),
        ("v", {b"v": _flipped(good[b"v"])}),
        ("seq", {b"seq": 6}),
        ("k", {b"k": new_key(probe).public}),
    ):
        await turned_down(probe, good | false, f"a {name} that is not the one signed")


@case("44.17", "put message", M, "A seq lower than the stored one is refused.")
async def lower_seq(probe: Probe) -> None:
    key, args = await _item(probe, 5)
    declined(probe, await put(probe, signed(key, text_of(probe), 4)), "a seq that is lower than the stored one")
    await _kept(probe, args, "a put of a lower one")


@case("44.18", "put message", M, "Another value under the stored seq is refused.")
async def same_seq(probe: Probe) -> None:
    key, args = await _item(probe, 5)
    declined(probe, await put(probe, signed(key, text_of(probe), 5)), "another value under the same seq")
    await _kept(probe, args, "a put of another value")


@case("44.19", "put message", S, "The same seq and value again is a success.")
async def same_again(probe: Probe) -> None:
    _, args = await _item(probe, 5)
    probe.reply(await put(probe, args), "that the same item is taken again")


@case("44.20", "Mutable Items", M, "A higher seq replaces the stored item.")
async def higher_seq(probe: Probe) -> None:
    key, _ = await _item(probe, 5)
    args = signed(key, text_of(probe), 6)
    probe.reply(await put(probe, args), "that a higher seq is stored")
    await _kept(probe, args, "a put of a higher one")


@case("44.21", "put message", M, "A put that is signed in part only is refused, and found nowhere.", needs=(Need.OWN,))
async def signed_in_part(probe: Probe) -> None:
    key, args = await _item(probe, 5)
    for name in (b"sig", b"seq"):
        part = signed(key, text_of(probe), 6)
        del part[name]
        answer = await put(probe, part)
        await probe.lives("a put that is signed in part")
        declined(probe, answer, "a put that is signed in part")
        probe.check(not await holds(probe, part), "that it is not stored", "a get finds it")
        await _kept(probe, args, "such a put")


@case("44.22", "Mutable Items", O, "A seq of 2^63-1 is taken; one below zero, or higher than that, is refused.")
async def range_of_seq(probe: Probe) -> None:
    key, _ = await _item(probe, 1, SALT)
    answer = await put(probe, signed(key, text_of(probe), HIGHEST, SALT))
    if answer.kind is not Kind.REPLY:
        raise Miss("that a seq of 2^63-1 is stored", answer.shown, Outcome.FAIL)
    probe.check(
        (await put(probe, signed(key, text_of(probe), -1))).kind is not Kind.REPLY, "no seq of -1", "it is taken"
    )
    args = signed(key, text_of(probe), HIGHEST)
    token = await token_for(probe, target_of(args))
    args[b"sig"] = key.sign(signing_buffer(encode(args[b"v"]), HIGHEST + 1))
    beyond = await _beyond(probe, args | {b"token": token})
    probe.check(beyond.kind is not Kind.REPLY, "no seq of 2^63", "it is taken")


async def _beyond(probe: Probe, args: dict[bytes, Any]) -> Answer:
    """A put of a seq that our own encoder does not write."""
    from ..messages import query

    data = query("put", {b"id": probe.id} | args, probe.tid())
    return await probe.raw(data.replace(b"3:seqi%de" % HIGHEST, b"3:seqi%de" % (HIGHEST + 1)))


@case("44.23", "CAS", M, "A put whose cas is not the stored seq is refused.")
async def cas_that_differs(probe: Probe) -> None:
    key, args = await _item(probe, 5)
    for cas in (4, 6):
        refused = await put(probe, signed(key, text_of(probe), 7) | {b"cas": cas})
        declined(probe, refused, f"cas {cas} where seq 5 is stored")
    await _kept(probe, args, "a put with another cas")


@case("44.24", "CAS", M, "A put whose cas is the stored seq is stored; 0 is a number like any other.")
async def cas_that_fits(probe: Probe) -> None:
    for seq in (5, 0):
        key, _ = await _item(probe, seq)
        if seq:
            seq += 1  # not by a first put alone
            await stored(probe, signed(key, text_of(probe), seq))
        update = signed(key, text_of(probe), seq + 1)
        probe.reply(await put(probe, update | {b"cas": seq}), f"that cas {seq} is taken where seq {seq} is stored")
        await _kept(probe, update, f"a put with cas {seq}")
        if not seq:
            continue
        if (await put(probe, signed(key, text_of(probe), seq + 2) | {b"cas": seq + 9})).kind is Kind.REPLY:
            raise Skip(Why.NOTHING_SEEN, "it takes any cas")
        refused = await put(probe, signed(key, text_of(probe), seq + 2) | {b"cas": 0})
        declined(probe, refused, f"cas 0 where seq {seq + 1} is stored")


@case("44.25", "CAS", S, "Where nothing is stored yet, cas is ignored.")
async def cas_of_nothing(probe: Probe) -> None:
    await _item(probe, 6)
    args = signed(new_key(probe), text_of(probe), 6)
    probe.reply(await put(probe, args | {b"cas": 5}), "that a first item is stored whatever its cas")


@case("44.27", "get message", S, "To a get with a seq that the stored one does not exceed, only seq is told.")
async def get_of_nothing_newer(probe: Probe) -> None:
    _, args = await _item(probe, 5)
    for seq in (5, 6):
        answer = await get(probe, target_of(args), seq=seq)
        expected = f"seq 5 and no value to a get with seq {seq}"
        probe.check(not answer.r.keys() & {b"v", b"k", b"sig"}, expected, answer.shown)
        probe.check(answer.r.get(b"seq") == 5, expected, answer.shown)


@case("44.28", "get message", M, "To a get with a lower seq the whole item is told.")
async def get_of_something_newer(probe: Probe) -> None:
    _, args = await _item(probe, 5)
    for seq in (0, 4):
        answer = await get(probe, target_of(args), seq=seq)
        expected = f"the whole item to a get with seq {seq}"
        probe.check(
            all(answer.r.get(name) == args[name] for name in (b"k", b"seq", b"sig", b"v")), expected, answer.shown
        )


@case("44.30", "Errors", M, "The codes of errors are 205, 206, 207, 301 and 302, each for its own fault.")
async def codes(probe: Probe) -> None:
    key, args = await _item(probe, 5)
    newer = signed(key, text_of(probe), 6)
    for code, wrong in (
        (205, signed(key, text_of(probe).ljust(1001, b"."), 6)),
        (206, args | {b"seq": 7}),
        (207, signed(key, text_of(probe), 1, SALT.ljust(65, b"."))),
        (301, newer | {b"cas": 4}),
        (302, signed(key, text_of(probe), 4)),
    ):
        answer = await put(probe, wrong)
        if answer.code is not None:  # whether there is an error, and of which form, is for other cases
            probe.check(answer.code == code, f"error {code}", answer.shown)


@case(
    "44.33",
    "Expiration",
    M,
    "Anybody may put a signed item again, from another address too.",
    needs=(Need.SECOND_ADDRESS,),
)
async def put_by_another(probe: Probe) -> None:
    _, args = await _item(probe, 5)
    await stored(probe, args)
    probe.reply(await put(probe, args, source=probe.source(1)), "that the item is taken from another address")
