"""dhtui nodes for the tests with peers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig, Settings
from dhtui.engine.wire.address import address_text
from dhtui.engine.wire.compact import Addr


def config(bootstrap: Sequence[Addr] = (), query_timeout: float = 2.0, host: str = "127.0.0.1") -> NodeConfig:
    """A node on loopback that answers from its first moment."""
    return NodeConfig(
        listen=(host, 0),
        bootstrap=tuple(map(address_text, bootstrap)),
        settings=Settings(read_only=False, query_timeout=query_timeout),
    )


@asynccontextmanager
async def dhtui_nodes(count: int, host: str = "127.0.0.1") -> AsyncIterator[list[Node]]:
    """Some dhtui nodes that know each other."""
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(Node(config(host=host)))]
        for _ in range(count - 1):
            known = [node.address for node in nodes]
            nodes.append(await stack.enter_async_context(Node(config(known, host=host))))
        for node in nodes:
            await node.bootstrapped()
            await node.ping([other.address for other in nodes if other is not node])
        yield nodes
