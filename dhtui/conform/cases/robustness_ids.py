"""Robustness: what made-up ids can do to a table."""

from __future__ import annotations

from ..case import H, case
from ..outcomes import Need
from ..probe import Probe
from .common import meet, named

IDS = 12
SETTLED = 2.0


@case("H.04", "robustness", H, "Many ids at one address get one place.", needs=(Need.SECOND_ADDRESS, Need.OWN))
async def many_ids(probe: Probe) -> None:
    source = probe.newcomer()
    ids = [probe.rng.randbytes(20) for _ in range(IDS)]
    for id in ids:
        await meet(probe, id, source)
    await probe.pause(SETTLED)
    found = set()
    for id in ids:
        found |= {node.id for node in await named(probe, id) if node.addr == source.addr}
    probe.check(len(found) <= 1, "one id at most under our address", f"{len(found)} are named")
