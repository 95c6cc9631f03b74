"""The embedded testnet: real nodes on loopback, with something in them to be found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from apart import PATIENCE

from dhtui.engine.items import ImmutableItem, MutableItem
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig
from dhtui.testnet import Testnet

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def testnet() -> AsyncIterator[Testnet]:
    async with asyncio.timeout(PATIENCE), Testnet(16) as net:
        yield net


def joining(net: Testnet) -> Node:
    return Node(NodeConfig(listen=("127.0.0.1", 0), bootstrap=net.bootstrap))


async def test_testnet_starts_and_all_its_nodes_know_each_other(testnet: Testnet) -> None:
    """16 nodes on loopback addresses, each with its neighbours in the table."""
    assert len(testnet.nodes) == 16 and len(testnet.bootstrap) == 3
    assert all(node.address[0].startswith("127.") for node in testnet.nodes)
    assert len({node.id for node in testnet.nodes}) == 16
    for node in testnet.nodes:
        table = node.snapshot().table
        assert sum(len(bucket.nodes) for bucket in table.buckets) >= 8 and table.bad == 0


async def test_testnet_everything_it_says_it_holds_can_be_found(testnet: Testnet) -> None:
    """A node that joins finds every item and peers of every infohash."""
    async with joining(testnet) as node:
        assert (await node.bootstrapped()).state == "done"
        assert len(testnet.items) == 4 and len(testnet.infohashes) == 3
        for item in testnet.items:
            salt = item.salt if isinstance(item, MutableItem) else b""
            assert (await node.get(item.target, salt=salt)).item == item
        for infohash in testnet.infohashes:
            assert (await node.get_peers(infohash)).peers


async def test_testnet_holds_both_kinds_of_items(testnet: Testnet) -> None:
    """Immutable ones, and mutable ones under BEP 44's public test key, with and without salt."""
    mutable = [item for item in testnet.items if isinstance(item, MutableItem)]
    assert sum(isinstance(item, ImmutableItem) for item in testnet.items) == 2
    assert [item.salt for item in mutable] == [b"", b"foobar"]
    assert all(item.k == BEP44_TEST_KEY.public and item.verify() for item in mutable)


async def test_testnet_takes_in_who_joins(testnet: Testnet) -> None:
    """What a joining node stores, the others find; and it is known to its neighbours."""
    async with joining(testnet) as node:
        await node.bootstrapped()
        item = ImmutableItem(b"7:visitor")
        assert (await node.put(item)).stored == 8
        assert (await testnet.nodes[5].get(item.target)).item == item
        closest = await testnet.nodes[9].find_node(node.id)
        assert closest.closest[0].id == node.id


async def test_testnet_the_same_seed_gives_the_same_ids() -> None:
    """Ids and addresses follow from the seed; another seed gives others."""
    ids = []
    for seed in (7, 7, 8):
        async with Testnet(3, seed=seed) as net:
            ids.append([(node.id, node.address[0]) for node in net.nodes])
    assert ids[0] == ids[1] != ids[2]


async def test_testnet_of_one_node_works() -> None:
    """The smallest swarm: nothing is stored, but there is somebody to join."""
    async with Testnet(1) as net, joining(net) as node:
        assert (await node.bootstrapped()).state == "done" and net.items == []


@pytest.mark.parametrize("size", [0, -1, 1001])
async def test_testnet_sizes_are_checked(size: int) -> None:
    """1 to 1000 nodes."""
    with pytest.raises(ValueError, match="1 to 1000"):
        Testnet(size)


async def test_testnet_closing_leaves_nothing_behind() -> None:
    """All sockets are closed, all tasks are gone."""
    before = asyncio.all_tasks()
    async with Testnet(4) as net:
        addresses = [node.address for node in net.nodes]
    assert asyncio.all_tasks() == before
    for address in addresses:
        async with Node(NodeConfig(listen=address)):
            pass


async def test_testnet_of_64_nodes_works() -> None:
    """64 nodes start, and everything can be found."""
    async with asyncio.timeout(PATIENCE), Testnet(64) as net, joining(net) as node:
        await node.bootstrapped()
        for item in net.items:
            salt = item.salt if isinstance(item, MutableItem) else b""
            assert (await node.get(item.target, salt=salt)).item == item
        for infohash in net.infohashes:
            assert (await node.get_peers(infohash)).peers
        assert len((await node.find_node(net.nodes[40].id)).closest) == 8
