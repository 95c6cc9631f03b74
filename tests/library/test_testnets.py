"""A testnet as a program uses it."""

from __future__ import annotations

import asyncio

import pytest
from support.apart import PATIENCE

from dhtui import NodeError, Settings, Testnet


async def test_its_node_joins_with_the_settings_that_it_is_given() -> None:
    async with asyncio.timeout(PATIENCE), Testnet(4) as net, net.node(Settings(id=bytes(20), alpha=3)) as node:
        assert node.address[0] == "127.0.0.1" and node.config.bootstrap == net.bootstrap
        assert node.id == bytes(20) and node.config.settings.alpha == 3
        assert {one.id for one in (await node.find_node(node.id)).closest} == {one.id for one in net.nodes}


async def test_start_and_close_without_a_context() -> None:
    net = Testnet(3)
    assert repr(net) == "<Testnet of 0 nodes, bootstrap not started>"
    await net.close()
    async with asyncio.timeout(PATIENCE):
        assert await net.start() is net
        assert repr(net) == "<Testnet of 3 nodes, bootstrap %s>" % ", ".join(net.bootstrap)
        await net.close()
        await net.close()
    assert all(" closed, id " in repr(node) for node in net.nodes)
    with pytest.raises(NodeError):
        await net.nodes[0].ping([])


async def test_it_is_joined_while_it_runs_and_runs_once() -> None:
    net = Testnet(2)
    with pytest.raises(NodeError, match="does not run yet: start it"):
        net.node()
    async with asyncio.timeout(PATIENCE), net:
        with pytest.raises(NodeError, match="a testnet runs once"):
            await net.start()
        async with net.node() as node:
            assert (await node.find_node(node.id)).ok
    with pytest.raises(NodeError, match="the testnet was closed"):
        net.node()
    with pytest.raises(NodeError, match="a testnet runs once"):
        await net.start()
