"""Diagnosis of a node and of the surroundings of a target: what is asked of the network for it."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from secrets import token_bytes

from ..engine import clock
from ..engine.commands import NodeCommands
from ..engine.diagnosis.doctor import PROOF_SECONDS, Probed, diagnose_both
from ..engine.diagnosis.findings import Check, Finding, Severity, Verdict, worst
from ..engine.diagnosis.sybil import NEAREST, Surroundings, sybil_signs
from ..engine.lookup.network_size import SizeEstimate
from ..engine.operations.callbacks import Progress
from ..engine.operations.limit import limit_here
from ..engine.outcome import Outcome
from ..engine.views.snapshot import ContactView, SizeView, Snapshot
from ..engine.wire.compact import Addr, is_local
from ..engine.wire.family import FamilyName, family_of
from ..engine.wire.ids import ID_LENGTH, distance
from ..text.actions.results import Came, Said
from .run import Result, standing

PINGED = 40
"""Most good nodes that are pinged for a diagnosis."""
CONTROLS = 16
"""Lookups of random targets that the surroundings of one are compared with."""
LOOK_SECONDS = 0.25
"""Seconds between two looks whether a proof of reachability has come."""
GAUGE = 4
"""Lookups of random targets from which the size of the network is known well enough."""


async def doctor(node: NodeCommands) -> Result:
    """Tell whether a node is healthy. Takes what the bootstrap takes, and some 15 seconds at most."""
    ahead = time.time() - clock.now()
    await node.bootstrapped()
    contacts = [one for each in node.snapshot().families for one in _some_good(each)]
    pings = (await node.ping([one.addr for one in contacts])).asked if contacts else ()
    waited = await _for_proof(node)
    snapshot = node.snapshot()
    probed = {}
    for family in (each.family for each in snapshot.families):
        there = tuple(ping for ping in pings if ping.family == family)
        probed[family] = Probed(
            pings=there,
            versions={one.addr: one.version for one in contacts if family_of(one.addr[0]).name == family},
            stepped=time.time() - clock.now() - ahead,
            wall=time.time(),
            waited=waited,
            own=_own_addresses(there[0].addr if there else None),
        )
    findings = diagnose_both(snapshot, probed)
    return Result(
        action="doctor",
        ok=worst(findings) is not Severity.FAULT,
        said=Said(Came.HEALTH),
        findings=findings,
        standing=standing(node),
    )


def _some_good(snapshot: Snapshot) -> list[ContactView]:
    """Up to `PINGED` good nodes, from the whole table of a family."""
    good = [one for bucket in snapshot.table.buckets for one in bucket.nodes if one.state == "good"]
    return good[:: max(1, -(-len(good) // PINGED))]


async def _for_proof(node: NodeCommands) -> float:
    """Wait until strangers are known to reach us, but not long. Returns for how many seconds our probe was out."""
    limit, began = limit_here(), clock.now()
    while clock.now() - began < PROOF_SECONDS and not (limit is not None and limit.expired):
        if not any(_may_be_reached_yet(each) for each in node.snapshot().families):
            return 0.0
        await asyncio.sleep(LOOK_SECONDS)
    return clock.now() - began


def _may_be_reached_yet(snapshot: Snapshot) -> bool:
    """Whether a proof of reachability may still come, in one family."""
    external = snapshot.identity.external
    return snapshot.reachability.state != "reachable" and external is not None and not is_local(external[0])


def _own_addresses(towards: Addr | None) -> frozenset[str]:
    """The address that packets to a node leave from. Nothing is sent for that."""
    if towards is not None:
        with suppress(OSError), socket.socket(family_of(towards[0]).af, socket.SOCK_DGRAM) as made:
            made.connect(towards)
            return frozenset((str(made.getsockname()[0]),))
    return frozenset()


# ---- around a target ------------------------------------------------------------------------------------


async def sybil_check(
    node: NodeCommands,
    target: bytes,
    progress: Progress | None = None,
    *,
    random: Callable[[int], bytes] = token_bytes,
) -> Result:
    """Tell whether somebody sits on a target, in each family: one lookup of it, and `CONTROLS` lookups of random
    targets."""
    await node.bootstrapped()
    # Without any node each lookup would ask the bootstrap hosts in vain.
    known = any(each.table.good + each.table.questionable for each in node.snapshot().families)
    elsewhere = [random(ID_LENGTH) for _ in range(CONTROLS if known else 0)]
    found = await asyncio.gather(*(node.find_node(other) for other in elsewhere))
    here = await node.find_node(target, progress=progress)
    findings: tuple[Finding, ...] = ()
    for family, there in _in_each(here).items():
        controls = [part for outcome in found if (part := _in_each(outcome).get(family)) is not None]
        around = await asyncio.gather(*(_asked_again(node, part, random(ID_LENGTH)) for part in (there, *controls)))
        signs = sybil_signs(around[0], around[1:], _size_by(node.k, controls))
        findings += tuple(one._replace(family=family) for one in signs)
    crowds = [one for one in findings if one.check is Check.DENSITY]
    return Result(
        action="sybil_check",
        ok=all(one.verdict is Verdict.SPARSE for one in crowds),
        said=Said(Came.DENSITY, here),
        outcome=here,
        findings=findings,
        standing=standing(node),
    )


def _in_each(outcome: Outcome) -> dict[FamilyName | None, Outcome]:
    """The outcome in each family that a lookup ran in; of one that ran in one only, under no name."""
    return {part.family: part for part in outcome.parts} or {None: outcome}


def _size_by(k: int, controls: Sequence[Outcome]) -> SizeView:
    """The size of the network by lookups of random targets."""
    size = SizeEstimate(k)
    for outcome in controls:
        if outcome.complete and outcome.target and len(outcome.closest) == k:
            size.add(outcome.target, distance(outcome.closest[-1].id or b"", outcome.target))
    return size.view()


async def _asked_again(node: NodeCommands, outcome: Outcome, other: bytes) -> Surroundings:
    """The surroundings, the nearest nodes asked once more for something else."""
    first = Surroundings(outcome)
    nearest = [one.addr for one in first.near[:NEAREST]]
    if not nearest:
        return first
    return first._replace(again=(await node.find_node(other, remotes=nearest)).asked)


async def gauge(node: NodeCommands, random: Callable[[int], bytes] = token_bytes) -> None:
    """See that the size of the network is known: a wide put goes by it."""
    await node.bootstrapped()
    missing = GAUGE - min(each.size.lookups for each in node.snapshot().families)
    if missing > 0:
        targets: Sequence[bytes] = [random(ID_LENGTH) for _ in range(missing)]
        await asyncio.gather(*(node.find_node(target) for target in targets))
