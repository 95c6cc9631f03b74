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
from ..engine.wire.family import FAMILIES, FamilyName
from ..engine.wire.methods import GivenSamples
from ..errors import Failure, quoted
from ..storage import census_file
from ..text.actions.notices import block_words, census_warning_words, resumed_words
from ..text.actions.results import Came, Said
from .request import CensusOf
from .run import Result, standing

AT_ONCE: Final = 16
"""Most visits at once: of a silent node one waits for the answer."""
FIRST_LOOKUPS: Final = 4
"""Lookups that estimate the size of the network, if it is not known."""
MAX_LISTED: Final = 100_000
"""Most infohashes that are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyCensus:
    """What was counted in one address family, which is a network of its own."""

    tally: Tally
    planned: int
    """Blocks."""
    share: float
    """Of the id space, in the blocks that were walked."""
    nodes: Count | None
    """Of the network; `None` before the first block is done."""
    infohashes: Count | None
    """Of the network; `None` where no node gave samples."""
    alone: bool
    """Whether nobody answered any more, before all blocks were walked."""
    visiting: int
    """Nodes of the block that is being walked that were visited."""

    @classmethod
    def of(cls, walk: Walk, *, alone: bool) -> FamilyCensus:
        """What a walk tells of its network."""
        tally, share = walk.tally, walk.share
        return cls(
            tally=tally,
            planned=len(walk.plan.blocks),
            share=share,
            nodes=nodes_of(tally.nodes, share) if tally.blocks else None,
            infohashes=infohashes_of(tally.owned, share) if tally.sampling else None,
            alone=alone,
            visiting=len(walk.visits),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CensusReport:
    """What was counted in each family that was walked, or whose walk is in the file."""

    families: dict[FamilyName, FamilyCensus]
    listed: tuple[bytes, ...] | None
    """The infohashes that were given, if they are to be listed."""

    @property
    def planned(self) -> int:
        """Blocks of all families."""
        return sum(one.planned for one in self.families.values())

    @property
    def walked(self) -> int:
        """How many of them were walked."""
        return sum(one.tally.blocks for one in self.families.values())


@dataclass(slots=True)
class _Census:
    node: NodeCommands
    want: CensusOf
    say: Callable[[str], None]
    walks: dict[FamilyName, Walk]
    stop: asyncio.Event
    listed: dict[bytes, None] = field(default_factory=dict)
    alone: set[FamilyName] = field(default_factory=set)
    """Families in which nobody answered a lookup: the network is gone, and an empty block would be a false count."""
    free_at: float = 0.0
    """When the next query may be sent."""

    async def take(self) -> None:
        """All blocks that are left, of each family about as many in turn; or until it is told to stop."""
        here = {each.family for each in self.node.snapshot().families}
        self.alone |= {name for name, walk in self.walks.items() if name not in here and not walk.done}
        try:
            while not self.stop.is_set():
                left = [walk for name, walk in self.walks.items() if name not in self.alone and not walk.done]
                if not left:
                    break
                await self._block(min(left, key=lambda walk: walk.tally.blocks / len(walk.plan.blocks)))
        finally:
            await self._save()

    async def _save(self) -> None:
        if self.want.file is None:
            return
        try:
            await asyncio.to_thread(census_file.save, self.want.file, self.walks)
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

    async def _block(self, walk: Walk) -> None:
        """Enter a block by a lookup, then visit all that are named."""
        target, family = walk.target(), walk.family.name
        await self._turn()
        entry = await self.node.find_node(target)
        self.free_at += max(0, len(entry.asked) - 1) / self.want.rate
        if not any(one.responded and one.family == family for one in entry.asked):
            if entry.complete:
                self.alone.add(family)
            return
        walk.name(_named(entry))
        walk.name(NodeInfo(one.id, one.addr) for one in entry.closest if one.id is not None)
        running: set[asyncio.Task[None]] = set()
        try:
            while not self.stop.is_set():
                node = walk.next() if len(running) < AT_ONCE else None
                if node is not None:
                    await self._turn()
                    running.add(asyncio.create_task(self._visit(walk, node)))
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
            self._end_block(walk)
            await self._save()

    async def _visit(self, walk: Walk, node: NodeInfo) -> None:
        """Ask a node whom it knows, and if it answers for samples. Given up on the way, it is asked again later."""
        found = await self.node.find_node(walk.target(), remotes=[node.addr])
        first = found.asked[0] if found.asked else None
        if not found.complete:
            walk.put_back(node)
            return
        if first is None or first.id is None or not first.responded:
            walk.visited(Visit(node.addr, None), ())
            return
        await self._turn()
        sampled = await self.node.sample_infohashes(node.id, remotes=[node.addr])
        if not sampled.complete:
            walk.put_back(node)
            return
        given = _samples(sampled.asked)
        visit = Visit(node.addr, first.id, first.rtt, first.version, given)
        walk.visited(visit, (*first.nodes, *_named(sampled)))

    def _end_block(self, walk: Walk) -> None:
        if self.want.listed and len(self.listed) < MAX_LISTED:
            self.listed.update(walk.infohashes)
        before = walk.tally.nodes, walk.tally.visited
        walk.end_block()
        tally, nodes = walk.tally, nodes_of(walk.tally.nodes, walk.share)
        high = nodes.value if nodes.high is None else nodes.high
        new, visited = tally.nodes - before[0], tally.visited - before[1]
        told = f"{walk.family.name}: " if len(self.walks) > 1 else ""
        self.say(block_words(told, tally.blocks, len(walk.plan.blocks), new, visited, (nodes.value, nodes.low, high)))


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
        walks = await _kept(node, want, rng, say) or await _planned(node, want, rng)
        if start.state == "failed" and not all(walk.done for walk in walks.values()):
            return Result(action="census", ok=False, said=Said(Came.NOBODY_ANSWERED), standing=standing(node))
        taken = _Census(node, want, say, walks, stop)
        begun(lambda: _report(taken))
        try:
            await taken.take()
        finally:
            limit.cut = limit.cut or (stop.is_set() and not all(walk.done for walk in walks.values()))
    return _result(node, taken)


async def _kept(
    node: NodeCommands, want: CensusOf, rng: Random, say: Callable[[str], None]
) -> dict[FamilyName, Walk] | None:
    """The walks that a file has, if it has any: they are gone on with in the families that they are of."""
    if want.file is None:
        return None
    own = {each.family: each.identity.id for each in node.snapshot().families}
    try:
        walks, warning = await asyncio.to_thread(census_file.load, want.file, own, rng)
    except OSError as error:
        raise Failure(f"--resume: {quoted(str(want.file))} can't be read: {error.strerror or error}") from None
    if warning:
        say(census_warning_words(warning))
    for name, walk in (walks or {}).items():
        told = f"{name}: " if walks and len(walks) > 1 else ""
        say(resumed_words(str(want.file), told, walk.tally.blocks, len(walk.plan.blocks), done=walk.done))
    return walks


async def _planned(node: NodeCommands, want: CensusOf, rng: Random) -> dict[FamilyName, Walk]:
    """A walk through each family's network, by what is known of its size."""
    for _ in range(FIRST_LOOKUPS):
        sizes = [each.size for each in node.snapshot().families]
        if all(size.nodes is not None and size.lookups >= FIRST_LOOKUPS for size in sizes):
            break
        await node.find_node(rng.randbytes(20))
    walks: dict[FamilyName, Walk] = {}
    for each in node.snapshot().families:
        plan = planned(each.size.nodes or 1.0, want.nodes, rng)
        family = next(family for family in FAMILIES if family.name == each.family)
        walks[each.family] = Walk(plan, each.identity.id, rng, family=family)
    return walks


def _report(taken: _Census) -> CensusReport:
    found = {name: FamilyCensus.of(walk, alone=name in taken.alone) for name, walk in taken.walks.items()}
    return CensusReport(families=found, listed=tuple(taken.listed)[:MAX_LISTED] if taken.want.listed else None)


def _result(node: NodeCommands, taken: _Census) -> Result:
    report = _report(taken)
    # A family in which nobody ever answered is told as such; it does not spoil the census of the other one.
    counted = [one for one in report.families.values() if one.tally.nodes] or [*report.families.values()]
    alone = any(one.alone for one in counted)
    some = any(one.tally.nodes for one in counted)
    return Result(
        action="census",
        ok=some and not alone,
        partial=alone and some,
        said=Said(Came.CENSUS_ALONE if alone else Came.CENSUS),
        census=report,
        standing=standing(node),
    )
