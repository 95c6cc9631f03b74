"""The walk through what a node knows: paced queries, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

from ...engine.commands import NodeCommands
from ...engine.wire.compact import Addr
from ...lookups.walk import Walk, pause


async def walk_through(
    node: NodeCommands,
    addr: Addr,
    node_id: bytes | None,
    rng: Random,
    begins: Callable[[Walk], None],
    moved: Callable[[], None],
) -> None:
    """Ask a node until its table is mapped. `moved` is called after each answer. Cancelling it ends the walk."""
    if node_id is None:
        outcome = await node.ping([addr])
        node_id = outcome.asked[0].id if outcome.asked else None
        await asyncio.sleep(pause(addr))
    walk = Walk(node_id or rng.randbytes(20), rng)
    begins(walk)
    while not walk.over:
        outcome = await node.find_node(walk.next(), remotes=[addr])
        one = outcome.asked[0]
        if one.responded:
            walk.heard(one.nodes)
        else:
            walk.silent()
        moved()
        if not walk.over:
            await asyncio.sleep(pause(addr))
