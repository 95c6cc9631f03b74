"""Robustness, in no BEP: only for nodes of one's own."""

from __future__ import annotations

from ..case import H, case
from ..messages import query
from ..outcomes import Miss, Need, Outcome
from ..probe import Probe
from .common import METHODS, all_methods

MUTATED = 500
EVERY = 25
"""Mutated packets between two control pings."""
MOST_OUT = 12.0
FLOOD = 400


@case("H.01", "robustness", H, "It lives on after each of 500 mutated packets.", needs=(Need.OWN,), waits=130.0)
async def mutated(probe: Probe) -> None:
    rng = probe.rng
    for n in range(MUTATED):
        method = rng.choice((*METHODS, "announce_peer", "put", "sample_infohashes"))
        args = {
            b"id": probe.id,
            b"target": rng.randbytes(20),
            b"info_hash": rng.randbytes(20),
            b"token": b"x",
            b"port": 7,
        }
        data = bytearray(query(method, args, probe.tid()))
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(data))
            match rng.randrange(4):
                case 0:
                    data[at] = rng.randrange(256)
                case 1:
                    del data[at : at + rng.randint(1, 8)]
                case 2:
                    data[at:at] = rng.randbytes(rng.randint(1, 8))
                case _:
                    data[at:at] = rng.choice((b"d", b"l", b"e", b"i-1e", b"0:", b"99999:"))
        await probe.send(bytes(data))
        if n % EVERY == EVERY - 1:
            await probe.lives(f"mutated packet {n + 1} of seed {probe.session.seed}, or one of the {EVERY - 1} before")


@case("H.02", "robustness", H, "To one who has proved nothing it sends less than 12 times the bytes that it got.")
async def amplification(probe: Probe) -> None:
    for answer in await all_methods(probe):
        factor = len(answer.data) / len(answer.sent)
        probe.check(factor < MOST_OUT, f"less than {MOST_OUT:.0f} times the bytes", f"{factor:.1f} times")


@case(
    "H.03",
    "robustness",
    H,
    "A flood from one address leaves others served.",
    needs=(Need.OWN, Need.SECOND_ADDRESS),
)
async def flood(probe: Probe) -> None:
    source = probe.newcomer()
    for _ in range(FLOOD):
        data = query("find_node", {b"id": probe.id, b"target": probe.rng.randbytes(20)}, probe.tid())
        probe.session.wire.send(data, source.addr, probe.target)
    answer = await probe.ask("ping", source=probe.source(1), tries=4)
    if not answer.data:
        raise Miss("that another address is served during a flood", "silence", Outcome.NON_STRICT)
    await probe.lives("a flood of queries")
