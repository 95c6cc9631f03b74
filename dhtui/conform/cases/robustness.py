"""What no BEP asks for: that a node outlives whatever comes."""

from __future__ import annotations

from random import Random

from ...engine.wire.ids import immutable_target
from ..case import H, case
from ..messages import polite, query
from ..outcomes import Need
from ..probe import Probe
from .common import all_methods, crowd

MUTATED = 500
BATCH = 25
"""Packets between two control pings."""
IDS = 12
FLOOD = 400
"""Queries that come at once."""
FACTOR = 12
QUIET = 2.0
"""Seconds in which all has come that comes in answer to a query."""


def _samples(probe: Probe) -> list[bytes]:
    """Queries to mutate."""
    own, target = probe.id, probe.rng.randbytes(20)
    made = {b"id": own, b"token": b"token", b"v": [b"x", {b"a": 1}], b"k": bytes(32), b"sig": bytes(64), b"seq": 1}
    announced = {b"id": own, b"info_hash": target, b"port": 1, b"token": b"token"}
    return [
        query("ping", {b"id": own}, b"aa"),
        query("find_node", {b"id": own, b"target": target, b"want": [b"n4", b"n6"]}, b"aa"),
        query("get_peers", {b"id": own, b"info_hash": target, b"scrape": 1}, b"aa"),
        query("announce_peer", announced, b"aa"),
        query("get", {b"id": own, b"target": immutable_target(b"1:x"), b"seq": 1}, b"aa"),
        query("put", made, b"aa"),
        query("sample_infohashes", {b"id": own, b"target": target}, b"aa"),
    ]


def mutated(data: bytes, rng: Random) -> bytes:
    """A datagram with a few bytes changed, left out, doubled or put in."""
    found = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at, length = rng.randrange(len(found) + 1), rng.randint(1, 8)
        part = bytes(found[at : at + length])
        found[at : at + length] = rng.choice(
            (rng.randbytes(length), b"", part * 2, b"i-1e", b"999999999:", b"d" * length)
        )
    return bytes(found)


@case("H.01", "Robustness", H, "It outlives 500 queries with mistakes in them.", needs=(Need.OWN,), waits=MUTATED / 4)
async def mistakes(probe: Probe) -> None:
    samples = _samples(probe)
    for nth in range(MUTATED):
        await probe.send(mutated(probe.rng.choice(samples), probe.rng))
        if nth % BATCH == BATCH - 1:
            await probe.lives(f"{BATCH} queries with mistakes in them")


@case(
    "H.02",
    "Robustness",
    H,
    "What it sends to whom it does not know is less than 12 times what came.",
    needs=(Need.SECOND_ADDRESS, Need.OWN),
)
async def amplification(probe: Probe) -> None:
    infohash = await crowd(probe)
    source = probe.newcomer()
    args = {b"id": probe.id, b"info_hash": infohash, b"want": [b"n4", b"n6"]}
    sent = query("get_peers", args, b"aa")
    await probe.send(sent, source)
    await probe.pause(QUIET)
    came = sum(len(packet.data) for packet in probe.received(source))
    probe.check(came < FACTOR * len(sent), f"less than {FACTOR} times {len(sent)} bytes", f"{came} bytes came")
    for answer in await all_methods(probe):
        most = FACTOR * len(answer.sent)
        probe.check(len(answer.data) < most, f"less than {most} bytes", f"{len(answer.data)} bytes came")


@case(
    "H.04",
    "Robustness",
    H,
    "Many ids at one address get one place in the table.",
    needs=(Need.SECOND_ADDRESS, Need.OWN),
)
async def many_ids(probe: Probe) -> None:
    source = probe.newcomer()
    ids = [probe.rng.randbytes(20) for _ in range(IDS)]
    for own in ids:
        probe.answer(source, polite(own))
        await probe.ask("ping", source=source, own=own)
    await probe.pause(QUIET)
    named = set()
    for own in ids:
        nodes = (await probe.ask("find_node", {b"target": own})).nodes
        named |= {node.id for node in nodes if node.addr == source.addr}
    probe.check(len(named) <= 1, "one id at most under our address", f"{len(named)} are named")


@case("H.03", "Robustness", H, "A flood from one address leaves others served.", needs=(Need.SECOND_ADDRESS, Need.OWN))
async def flood(probe: Probe) -> None:
    source = probe.newcomer()
    for _ in range(FLOOD):
        data = query("find_node", {b"id": probe.id, b"target": probe.rng.randbytes(20)}, probe.tid())
        probe.session.wire.send(data, source.addr, probe.target)
    probe.reply(await probe.ask("ping", source=probe.source(1), tries=4), "a reply to another address during a flood")
    await probe.lives("a flood of queries")
