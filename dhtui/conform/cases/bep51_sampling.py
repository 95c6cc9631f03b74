"""BEP 51: sample_infohashes."""

from __future__ import annotations

from typing import NamedTuple

from ...engine.wire.ids import distance
from ..case import M, S, case
from ..messages import Answer, Kind, polite
from ..outcomes import Need, Skip, Unsupported, Why
from ..probe import Probe
from . import common
from .items import stored, target_of, text_of

LOW, HIGH = b"\x01" * 20, b"\xff" * 20
TRIES = 3
INTERVAL = 21600
MAX_BYTES = 1024
MANY = 40
"""More than fit an answer."""
ENOUGH = 8
"""Samples of ours that tell whether they were chosen."""


class Sampled(NamedTuple):
    """An answer."""

    samples: tuple[bytes, ...]
    """Whole infohashes."""
    raw: object
    num: int | None
    interval: int | None
    answer: Answer


async def sample(probe: Probe, target: bytes = LOW) -> Sampled:
    """The samples of the node. Raises `Unsupported`."""
    answer = await probe.ask("sample_infohashes", {b"target": target})
    r = answer.r
    if answer.kind is not Kind.REPLY:
        raise Unsupported(f"sample_infohashes meets {answer.shown}", "samples")
    if not r.keys() & {b"samples", b"num", b"interval"}:
        raise Unsupported("sample_infohashes is answered like find_node", "samples")
    raw, num, interval = r.get(b"samples"), r.get(b"num"), r.get(b"interval")
    data = raw if isinstance(raw, bytes) else b""
    found = tuple(data[at : at + 20] for at in range(0, len(data) - 19, 20))
    number = num if type(num) is int else None
    return Sampled(found, raw, number, interval if type(interval) is int else None, answer)


async def announced(probe: Probe, count: int) -> list[bytes]:
    """New infohashes with a peer each."""
    infohashes = [probe.rng.randbytes(20) for _ in range(count)]
    for infohash in infohashes:
        await common.announced(probe, infohash, 6881)
    return infohashes


@case("51.01", "RPC", S, "samples is always there, if only as an empty string.", first=True)
async def samples(probe: Probe) -> None:
    found = await sample(probe)
    probe.check(isinstance(found.raw, bytes), "samples, a string", found.answer.shown)


@case("51.02", "RPC", M, "samples is made of whole infohashes of 20 bytes.")
async def whole_samples(probe: Probe) -> None:
    await announced(probe, 2)
    found = await sample(probe)
    data = found.raw if isinstance(found.raw, bytes) else b""
    probe.check(len(data) % 20 == 0, "a multiple of 20 bytes", f"samples of {len(data)} bytes")


@case("51.03", "RPC", M, "num tells how many infohashes are stored: no fewer than were announced or are given.")
async def num(probe: Probe) -> None:
    ours = await announced(probe, 5)
    if not await common.peers(probe, ours[-1]):
        raise Skip(Why.NOTHING_SEEN, "it stores no peers")
    found = await sample(probe)
    least = max(len(ours), len(found.samples))
    probe.check(found.num is not None and found.num >= least, f"a num of {least} or more", found.answer.shown)


@case("51.04", "RPC", M, "interval is a number of seconds from 0 to 21600.")
async def interval(probe: Probe) -> None:
    found = await sample(probe)
    probe.check(found.interval is not None and 0 <= found.interval <= INTERVAL, "0 to 21600", found.answer.shown)


@case(
    "51.05",
    "RPC",
    M,
    "nodes are those closest to the target, as in answer to find_node.",
    needs=(Need.SECOND_ADDRESS, Need.OWN),
)
async def nodes(probe: Probe) -> None:
    for _ in range(16):  # so that it knows more than it names
        source, own = probe.newcomer(), probe.rng.randbytes(20)
        probe.answer(source, polite(own))
        await probe.ask("ping", source=source, own=own)
    await probe.pause(2)
    for target in (LOW, HIGH):
        for _ in range(TRIES):  # its table may change between two queries
            answer = (await sample(probe, target)).answer
            found = (await probe.ask("find_node", {b"target": target})).nodes
            told, wanted = {node.id for node in answer.nodes}, {node.id for node in found}
            if told == wanted:
                break
        alike = 2 * len(told & wanted) > len(told | wanted)
        probe.check(told == wanted or alike, "the nodes that find_node names", answer.shown)


@case("51.06", "RPC", M, "The target decides which nodes are named, not which infohashes.")
async def whatever_the_target(probe: Probe) -> None:
    await announced(probe, 2)
    low, high = await sample(probe, LOW), await sample(probe, HIGH)
    if not low.interval and low.num is not None and low.num > len(low.samples):
        raise Skip(Why.NOTHING_SEEN, "it draws others each time")
    probe.check(set(low.samples) == set(high.samples), "the same samples for two targets", high.answer.shown)


@case("51.07", "RPC", M, "Samples are infohashes that have peers, and no targets of items.")
async def only_infohashes(probe: Probe) -> None:
    args = {b"v": text_of(probe)}
    await sample(probe)
    await stored(probe, args)
    found = await sample(probe)
    probe.check(target_of(args) not in found.samples, "no target of an item", "that of an item is among them")


@case("51.08", "RPC", S, "Of more infohashes than fit, random ones are given.", needs=(Need.OWN,))
async def random_samples(probe: Probe) -> None:
    await sample(probe)
    ours = await announced(probe, MANY)
    found = await sample(probe)
    mine = {each for each in found.samples if each in ours}
    count, own = len(mine), found.answer.id or LOW
    if not ENOUGH <= count < MANY:
        raise Skip(Why.NOTHING_SEEN, f"{count} of our {MANY} infohashes are among the samples")
    near = sorted(ours, key=lambda each: distance(each, own))
    for what, row in (("first", ours), ("lowest", sorted(ours)), ("nearest", near)):
        chosen = mine in (set(row[:count]), set(row[-count:]))
        probe.check(not chosen, "a random choice", f"the {count} {what}, or those at the other end")


@case(
    "51.10", "RPC", S, "Once the interval is over, other samples are given.", needs=(Need.OWN,), waits=INTERVAL + 60.0
)
async def other_samples(probe: Probe) -> None:
    await sample(probe)
    await announced(probe, MANY)
    before = await sample(probe)
    await probe.pause(INTERVAL + 60)
    await announced(probe, MANY)
    after = await sample(probe)
    probe.check(set(before.samples) != set(after.samples), "other samples", after.answer.shown)


@case("51.11", "Maximum packet size of BEP 32", M, "A reply with samples stays within 1024 bytes.")
async def size(probe: Probe) -> None:
    answer = (await sample(probe)).answer
    probe.check(len(answer.data) <= MAX_BYTES, f"at most {MAX_BYTES} bytes", f"a reply of {len(answer.data)} bytes")


@case("51.12", "RPC", M, "sample_infohashes without a target is refused.")
async def no_target(probe: Probe) -> None:
    await sample(probe)
    probe.refused(await probe.ask("sample_infohashes"), "sample_infohashes without a target")
