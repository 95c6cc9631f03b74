"""The explorer on a real node in both address families, in a small testnet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from dhtui.app import Explorer
from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig
from dhtui.engine.testnet import Testnet
from dhtui.runtime.host import Nodes

from .stage import Stage
from .test_real_node import shown

pytestmark = pytest.mark.slow


async def test_a_wish_in_both_families_is_one_lookup_with_two_ladders() -> None:
    @asynccontextmanager
    async def in_testnet() -> AsyncIterator[Node]:
        config = NodeConfig(listen=("127.0.0.1", 0), listen_also=("::1", 0))
        async with Testnet(8, family="both") as net, Node(net.joining(config)) as node:
            await node.bootstrapped()
            await node.get_peers(net.infohashes[0])
            yield node

    app = Explorer(Nodes(in_testnet, on_testnet=True))
    async with app.run_test(size=(120, 35), notifications=True) as pilot:
        stage = Stage(app, pilot, None)  # type: ignore[arg-type]
        await stage.until(lambda: shown(stage, "IPv4: good") and shown(stage, "IPv6: good"))
        await stage.press("2")
        await stage.until(lambda: shown(stage, "IPv4: "))
        await stage.press("I")
        await stage.until(lambda: shown(stage, "IPv6: ") and shown(stage, "[::1]:"))
        await stage.press("4")
        await stage.until(lambda: shown(stage, "ladder: log2 distance, IPv6") and shown(stage, "I shows IPv4"))
        await stage.press("m")
        await stage.until(lambda: shown(stage, "in IPv4 and IPv6"))
        assert "IPv4" in stage.text() and "ladder, IPv6" in stage.text()
        await stage.press("m")
        await pilot.resize_terminal(160, 45)
        # Where there is room both ladders are there unasked, beside the queries of the family that is shown.
        await stage.until(lambda: shown(stage, "ladder: log2 distance, IPv4"))
        text = stage.text()
        assert "ladder: log2 distance, IPv6" in text and "waterfall" in text and "I IPv4: 8/8 closest" in text
        assert all(len(line) <= 160 for line in stage.lines())
        await pilot.resize_terminal(120, 35)
        await stage.until(lambda: not shown(stage, "ladder: log2 distance, IPv4"))
        await stage.press("8")
        await stage.until(lambda: shown(stage, "16 of 16 nodes") or shown(stage, "[::1]:"))
        await stage.press("I", "1")
        await stage.until(lambda: shown(stage, "IPv4: good"))
