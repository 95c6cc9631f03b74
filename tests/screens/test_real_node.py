"""The explorer on a real node in a real, small testnet: what the paper node can't show."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dhtui.app import Explorer
from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig
from dhtui.engine.testnet import Testnet
from dhtui.runtime.host import Nodes
from dhtui.screens.base import ExplorerScreen

from .stage import Stage


def shown(stage: Stage, text: str) -> bool:
    """Whether the newest snapshot shows a text."""
    if isinstance(stage.app.screen, ExplorerScreen):
        stage.screen.tick()
    return text in stage.text()


async def test_the_explorer_shows_and_pings_the_nodes_of_a_testnet() -> None:
    @asynccontextmanager
    async def in_testnet() -> AsyncIterator[Node]:
        async with Testnet(8) as net, Node(NodeConfig(listen=("127.0.0.1", 0), bootstrap=net.bootstrap)) as node:
            await node.bootstrapped()
            yield node

    app = Explorer(Nodes(in_testnet, on_testnet=True))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        stage = Stage(app, pilot, None)  # type: ignore[arg-type]
        await stage.until(lambda: shown(stage, "✓ good: 8 nodes answer"))
        await stage.press("2")
        await stage.until(lambda: shown(stage, ", 8 nodes"))
        await stage.press("p")
        await stage.press("r")
        await stage.until(lambda: shown(stage, "✓ refresh of bucket 0"))
        assert ": answered, " in stage.toasts()[0]
    assert app.host.node is None
