"""A session over real sockets, against our own node."""

import asyncio
from time import monotonic

from support.apart import PATIENCE

from dhtui.conform.catalogue import CASES
from dhtui.conform.outcomes import Outcome
from dhtui.conform.session import Session, Terms
from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig, Settings
from dhtui.runtime.conformance import carry_out, sockets_for

FAST = Terms(1000.0, 20.0, own=True)


async def test_our_node_passes_over_sockets() -> None:
    config = NodeConfig(listen=("127.0.0.1", 0), settings=Settings(read_only=False))
    async with Node(config) as node:
        sockets = await sockets_for(node.address)
        chosen = [case for case in CASES if case.id in ("5.04", "5.29", "5.32")]
        session = Session(chosen, node.address, sockets, 1, monotonic(), FAST)
        try:
            async with asyncio.timeout(PATIENCE):
                await carry_out(session, sockets, asyncio.Event())
        finally:
            sockets.close_all()
    assert [result.outcome for result in session.results] == [Outcome.PASS] * 3
