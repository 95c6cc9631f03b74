"""The explorer on a real node in a real, small testnet: what the paper node can't show."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dhtui.app import Explorer
from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig
from dhtui.testnet import Testnet

from .stage import Stage


async def test_the_explorer_shows_and_pings_the_nodes_of_a_testnet() -> None:
    @asynccontextmanager
    async def in_testnet() -> AsyncIterator[Node]:
        async with Testnet(8) as net, Node(NodeConfig(listen=("127.0.0.1", 0), bootstrap=net.bootstrap)) as node:
            await node.bootstrapped()
            yield node

    app = Explorer(in_testnet, label="testnet")
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        stage = Stage(app, pilot, None)  # type: ignore[arg-type]
        await stage.settle()
        assert "✓ good: 8 nodes answer" in stage.text()
        await stage.press("2")
        assert ", 8 nodes" in stage.text()
        await stage.press("p")
        await stage.press("r")
        assert "✓ refresh of bucket 0" in stage.text()
        assert ": answered, " in stage.toasts()[0]
    assert app.host.node is None
