"""A census of the network, taken over `NodeCommands`: lookups into blocks, visits at a bounded rate, a file to go on
from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random, SystemRandom
from typing import Final

from ..engine.census.estimate import infohashes_of, nodes_of
from ..engine.census.walk import Tally, Visit, Walk, planned
from ..engine.commands import NodeCommands
from ..engine.operations.limit import Limit, limit_here
from ..engine.outcome import NodeOutcome, Outcome
from ..engine.wire.bloom import Count
from ..engine.wire.compact import NodeInfo
from ..engine.wire.family import FamilyName
from ..engine.wire.methods import GivenSamples
from ..errors import Failure, quoted
from ..storage import census_file
from .request import CensusOf
from .run import Result, standing

AT_ONCE: Final = 16
"""Most visits at once: of a silent node one waits for the answer."""
FIRST_LOOKUPS: Final = 4
"""Lookups that estimate the size of the network, if it is not known."""
MAX_LISTED: Final = 100_000
"""Most infohashes that are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CensusReport:
    """What was counted."""

    tally: Tally
    planned: int
    """Blocks."""
    share: float
    """Of the id space, in the blocks that were walked."""
    nodes: Count | None
    """Of the network, or of both families' networks together; `None` before the first block is done."""
    families: dict[FamilyName, Count]
    """Of each family's network in which nodes were found."""
    infohashes: Count | None
    listed: tuple[bytes, ...] | None
    """The infohashes that were given, if they are to be listed."""
    visiting: int = 0
    """Nodes of the block that is being walked that were visited."""


@dataclass(slots=True)
class _Census:
    node: NodeCommands
    want: CensusOf
    say: Callable[[str], None]
    walk: Walk
    stop: asyncio.Event
    listed: dict[bytes, None] = field(default_factory=dict)
    alone: bool = False
    """Nobody answered a lookup: the network is gone, and an empty block would be a false count."""
    free_at: float = 0.0
    """When the next query may be sent."""

    async def take(self) -> None:
        """All blocks that are left, or until it is told to stop."""
        try:
            while not (self.walk.done or self.alone or self.stop.is_set()):
                await self._block()
        finally:
            await self._save()

    async def _save(self) -> None:
        if self.want.file is None:
            return
        try:
            await asyncio.to_thread(census_file.save, self.want.file, self.walk)
        except OSError as error:
            raise Failure(f"--resume: {quoted(str(self.want.file))} can't be written: {error.strerror}") from None

    async def _turn(self, queries: int = 1) -> None:
        """Wait until so many queries may be sent."""
        now = asyncio.get_running_loop().time()
        at = self.free_at = max(self.free_at, now)
        self.free_at += queries / self.want.rate
        with suppress(TimeoutError):
            async with asyncio.timeout(at - now):
                await self.stop.wait()

    async def _block(self) -> None:
        """Enter a block by a lookup, then visit all that are named."""
        target = self.walk.target()
        await self._turn()
        entry = await self.node.find_node(target)
        self.free_at += max(0, len(entry.asked) - 1) / self.want.rate
        if not entry.answered:
            self.alone = entry.complete
            return
        self.walk.name(_named(entry))
        self.walk.name(NodeInfo(one.id, one.addr) for one in entry.closest if one.id is not None)
        running: set[asyncio.Task[None]] = set()
        try:
            while not self.stop.is_set():
                node = self.walk.next() if len(running) < AT_ONCE else None
                if node is not None:
                    await self._turn()
                    running.add(asyncio.create_task(self._visit(node)))
                elif running:
                    over, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                    for task in over:
                        task.result()
                else:
                    break
            if running:
                await asyncio.wait(running)
        finally:
            for task in running:
                task.cancel()
        if not self.stop.is_set():
            self._end_block()
            await self._save()

    async def _visit(self, node: NodeInfo) -> None:
        """Ask a node whom it knows, and if it answers for samples. Given up on the way, it is asked again later."""
        found = await self.node.find_node(self.walk.target(), remotes=[node.addr])
        first = found.asked[0] if found.asked else None
        if not found.complete:
            self.walk.put_back(node)
            return
        if first is None or first.id is None or not first.responded:
            self.walk.visited(Visit(node.addr, None), ())
            return
        await self._turn()
        sampled = await self.node.sample_infohashes(node.id, remotes=[node.addr])
        if not sampled.complete:
            self.walk.put_back(node)
            return
        given = _samples(sampled.asked)
        visit = Visit(node.addr, first.id, first.rtt, first.version, given)
        self.walk.visited(visit, (*first.nodes, *_named(sampled)))

    def _end_block(self) -> None:
        walk = self.walk
        if self.want.listed and len(self.listed) < MAX_LISTED:
            self.listed.update(walk.infohashes)
        before = walk.tally.nodes, walk.tally.visited
        walk.end_block()
        tally, nodes = walk.tally, nodes_of(walk.tally.nodes, walk.share)
        found = f"{tally.nodes - before[0]} of {tally.visited - before[1]} nodes answered"
        high = nodes.value if nodes.high is None else nodes.high
        so_far = f"so far {nodes.value:.0f} nodes in the network ({nodes.low:.0f} to {high:.0f})"
        self.say(f"census: block {tally.blocks} of {len(walk.plan.blocks)}: {found}; {so_far}")


def _named(outcome: Outcome) -> Iterable[NodeInfo]:
    return (node for one in outcome.asked for node in one.nodes)


def _samples(asked: Iterable[NodeOutcome]) -> GivenSamples | None:
    return next((part for one in asked for part in one.given if isinstance(part, GivenSamples)), None)


async def census(
    node: NodeCommands,
    want: CensusOf,
    say: Callable[[str], None],
    begun: Callable[[Callable[[], CensusReport]], None] = lambda _: None,
) -> Result:
    """Take a census, or go on with one. Raises `Failure` where its file can't be used.

    `begun` is called once it is known what is walked, with what gives the count so far.
    """
    rng, stop = SystemRandom(), asyncio.Event()
    limit = limit_here() or Limit()
    with limit.ending(stop.set):
        start = await node.bootstrapped()
        walk = await _kept(node, want, rng, say)
        if walk is None:
            walk = Walk(planned(await _size(node, rng), want.nodes, rng), node.id, rng)
        if start.state == "failed" and not walk.done:
            return Result(action="census", ok=False, summary="nobody answered", standing=standing(node))
        taken = _Census(node, want, say, walk, stop)
        begun(lambda: _report(taken))
        try:
            await taken.take()
        finally:
            limit.cut = limit.cut or (stop.is_set() and not walk.done)
    return _result(node, taken)


async def _kept(node: NodeCommands, want: CensusOf, rng: Random, say: Callable[[str], None]) -> Walk | None:
    """The walk that a file has, if it has one."""
    if want.file is None:
        return None
    try:
        walk, warning = await asyncio.to_thread(census_file.load, want.file, node.id, rng)
    except OSError as error:
        raise Failure(f"--resume: {quoted(str(want.file))} can't be read: {error.strerror or error}") from None
    if warning:
        say(f"census: {warning}")
    if walk is not None:
        blocks = f"{walk.tally.blocks} of {len(walk.plan.blocks)} blocks are walked"
        say(f"census: {want.file}: {blocks}" + (", it is finished: nobody is asked again" if walk.done else ""))
    return walk


async def _size(node: NodeCommands, rng: Random) -> float:
    """About how many nodes the network has."""
    for _ in range(FIRST_LOOKUPS):
        if (size := node.snapshot().size).nodes is not None and size.lookups >= FIRST_LOOKUPS:
            break
        await node.find_node(rng.randbytes(20))
    return node.snapshot().size.nodes or 1.0


def _report(taken: _Census) -> CensusReport:
    walk = taken.walk
    tally, share = walk.tally, walk.share
    nodes = nodes_of(tally.nodes, share) if tally.blocks else None
    found: dict[FamilyName, int] = {"IPv4": tally.nodes - tally.six, "IPv6": tally.six}
    return CensusReport(
        tally=tally,
        planned=len(walk.plan.blocks),
        share=share,
        nodes=nodes,
        families={name: nodes_of(count, share) for name, count in found.items() if count},
        infohashes=infohashes_of(tally.owned, share) if tally.sampling else None,
        listed=tuple(taken.listed)[:MAX_LISTED] if taken.want.listed else None,
        visiting=len(walk.visits),
    )


def _result(node: NodeCommands, taken: _Census) -> Result:
    report, share, tally = _report(taken), taken.walk.share, taken.walk.tally
    done = f"{tally.blocks} of {report.planned} blocks walked, {100 * share:.3g} % of the id space"
    summary = f"{done}: {tally.nodes} of {tally.visited} nodes answered"
    if taken.alone:
        summary = f"nobody answers{' any more' if tally.blocks else ''}; {summary}"
    return Result(
        action="census",
        ok=tally.nodes > 0 and not taken.alone,
        partial=taken.alone and tally.nodes > 0,
        summary=summary,
        census=report,
        standing=standing(node),
    )
