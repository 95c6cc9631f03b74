"""The embedded testnet: real nodes on loopback, with something in them to be found."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from random import Random

import pytest
import pytest_asyncio
from support.apart import PATIENCE

from dhtui.engine.items import ImmutableItem, MutableItem
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig
from dhtui.engine.testnet import Testnet
from dhtui.engine.testnet import swarm as testnet_module
from dhtui.engine.wire.ids import distance

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


async def test_testnet_is_of_the_size_that_was_asked_for() -> None:
    """Every node knows its neighbours, so lookups from anywhere find the nodes that are closest to anything."""
    size, lookups, rng = 150, 20, Random(3)
    async with asyncio.timeout(PATIENCE), Testnet(size) as net:
        assert len(net.nodes) == size and net.strays == []
        for node in net.nodes:
            assert sum(len(bucket.nodes) for bucket in node.snapshot().table.buckets) >= 8
        right = 0
        for _ in range(lookups):
            asker, target = rng.choice(net.nodes), rng.randbytes(20)
            others = sorted((node.id for node in net.nodes if node is not asker), key=lambda id_: distance(id_, target))
            found = {node.id for node in (await asker.find_node(target)).closest}
            right += len(found & set(others[:8]))
        assert right >= 0.95 * 8 * lookups


async def test_testnet_a_node_that_has_not_joined_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """As often as it takes; one that never finds its neighbours is named in the end."""
    neighbour, looks = bytes(20), Counter[bytes]()

    async def look(node: Node) -> set[bytes]:
        looks[node.id] += 1
        late, never = node.id[0] < 64, node.id[0] >= 224
        return set() if never or (late and looks[node.id] < 3) else {neighbour}

    monkeypatch.setattr(testnet_module, "_look_around", look)
    monkeypatch.setattr(Testnet, "_neighbours", lambda net: {node.id: {neighbour} for node in net.nodes})
    async with asyncio.timeout(PATIENCE), Testnet(40) as net:
        assert net.strays == [node for node in net.nodes if node.id[0] >= 224] != []
        for node in net.nodes:
            often = testnet_module.TRIES if node in net.strays else 3 if node.id[0] < 64 else 1
            assert looks[node.id] == often


async def test_testnet_where_loopback_has_one_address_the_nodes_differ_by_port() -> None:
    """macOS binds 127.0.0.1 only: everything is found all the same, and the swarm says what it is."""
    asked: list[str] = []

    def bind(host: str) -> bool:
        asked.append(host)
        return host == "127.0.0.1"

    async with asyncio.timeout(PATIENCE), Testnet(16, bind=bind) as net, joining(net) as node:
        assert net.one_address and net.strays == [] and len(asked) == 1
        assert {node.address[0] for node in net.nodes} == {"127.0.0.1"}
        assert len({node.address for node in net.nodes}) == 16
        await node.bootstrapped()
        for item in net.items:
            salt = item.salt if isinstance(item, MutableItem) else b""
            assert (await node.get(item.target, salt=salt)).item == item
        for infohash in net.infohashes:
            assert (await node.get_peers(infohash)).peers


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
